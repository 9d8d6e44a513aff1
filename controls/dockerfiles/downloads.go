package dockerfiles

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
)

func downloadControls() []*control.Control {
	return []*control.Control{downloadExecuted, addRemote}
}

var downloadExecuted = &control.Control{
	ID: "BW2830", Concept: concept, Severity: control.Medium,
	Title: "Download is executed without being checked",
	Doc: `A script that is piped from the net into a shell runs with the rights of the build, today's version of it, and whatever somebody puts in its
place tomorrow. A server can even tell a pipe from a browser and answer differently.

It fires in a RUN when the output of curl, wget or fetch goes into a shell or an interpreter, by a pipe, by sh -c "$(curl …)" or by
bash <(curl …), and when a downloaded file is run, or made executable, with no check of it in between: sha256sum -c,
gpg --verify, cosign verify and the like.

Download a fixed version, check its digest, then run it.

` + "```dockerfile\nADD --checksum=sha256:0123… https://example.com/install-1.4.2.sh /tmp/install.sh\nRUN sh /tmp/install.sh\n```",
	Refs:  []string{"ATT&CK T1195.002", "ATT&CK T1059.004"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		dockerrules.Unread(p, f, append(slices.Clip(downloaders), "iwr", "iex", "irm", "Invoke-WebRequest", "Invoke-RestMethod", "Invoke-Expression", "DownloadString", "DownloadFile", "bitsadmin", "certutil")...)
		var in *dockerfile.Instruction
		for _, call := range f.Calls(downloaders...) {
			if call.In != in {
				in = call.In
				reportDownloads(p, in)
			}
		}
	}),
}

// reportDownloads follows what the commands of one RUN download.
func reportDownloads(p *control.Pass, in *dockerfile.Instruction) {
	files := map[string]*dockerfile.Command{} // by target
	seen := map[int]bool{}                    // what stands within sh -c "$(…)" is listed for both
	for _, c := range in.Script.Commands {
		if seen[c.Start] && downloads(c) {
			continue
		}
		seen[c.Start] = true
		switch {
		case checks(c):
			clear(files)
		case downloads(c):
			if run := interpreterAfter(c); run != nil {
				p.Report(c.Path(in, ""), "what %s downloads is executed by %s unseen", c.Name, run.Name)
			} else if c.Subst && substituted(in, c) {
				p.Report(c.Path(in, ""), "what %s downloads is executed unseen", c.Name)
			} else if target := downloadTarget(c); target != "" {
				files[target] = c
			}
		default:
			if from := runs(c, files); from != nil {
				p.Report(c.Path(in, ""), "what %s has downloaded is run, or made to be, without a check", from.Name)
				clear(files)
			}
		}
	}
}

// downloaders are the programs that download what they are told to.
var downloaders = []string{"curl", "wget", "fetch", "aria2c"}

func downloads(c *dockerfile.Command) bool {
	if slices.Contains(downloaders, c.Name) {
		return slices.ContainsFunc(c.Args, func(w dockerfile.Word) bool { return isURL(w.Text) || strings.HasPrefix(w.Text, "$") })
	}
	return false
}

func isURL(text string) bool {
	return strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "ftp://")
}

var interpreters = []string{"sh", "bash", "dash", "ash", "zsh", "ksh", "python", "python2", "python3", "perl", "ruby", "node", "php"}

// interprets says whether a command runs what it reads or the file that it is given.
func interprets(c *dockerfile.Command) bool { return slices.Contains(interpreters, c.Name) }

// interpreterAfter follows the pipe behind a command to an interpreter that
// reads its standard input; what sudo or env runs counts.
func interpreterAfter(c *dockerfile.Command) *dockerfile.Command {
	for next := c.PipeTo; next != nil; next = next.PipeTo {
		if checks(next) {
			return nil
		}
		if readsInput(next) {
			return next
		}
	}
	return nil
}

func readsInput(c *dockerfile.Command) bool {
	if c.Name == "sudo" || c.Name == "env" || c.Name == "doas" {
		return slices.ContainsFunc(c.Args, func(w dockerfile.Word) bool { return slices.Contains(interpreters, path.Base(w.Text)) })
	}
	if !interprets(c) || c.Has("-c", "-e", "-m") {
		return false
	}
	operands := c.Operands()
	return len(operands) == 0 || c.Flag("-s") || c.Args[operands[0]].Text == "-" || strings.HasPrefix(c.Args[operands[0]].Text, "/dev/stdin")
}

// substituted says whether a download within $( ) or <( ) is what an interpreter gets to run.
func substituted(in *dockerfile.Instruction, c *dockerfile.Command) bool {
	for _, outer := range in.Script.Commands {
		if outer == c || outer.Start > c.Start || outer.End < c.End {
			continue
		}
		if (interprets(outer) || outer.Name == "eval" || outer.Name == "source" || outer.Name == ".") && !downloads(outer) {
			return outer.Name != "node" && outer.Name != "php" || outer.Has("-e", "-r")
		}
	}
	return false
}

// checks says whether a command proves that a file is what it should be.
func checks(c *dockerfile.Command) bool {
	switch c.Name {
	case "sha1sum", "sha224sum", "sha256sum", "sha384sum", "sha512sum", "shasum", "b2sum", "md5sum":
		return c.Flag("-c", "--check") || slices.ContainsFunc(c.Args, func(w dockerfile.Word) bool {
			return strings.HasPrefix(w.Text, "-") && !strings.HasPrefix(w.Text, "--") && strings.Contains(w.Text, "c")
		})
	case "gpg", "gpg2", "gpgv":
		return c.Name == "gpgv" || c.Flag("--verify") || c.Flag("--batch") && c.Has("--verify")
	case "cosign", "minisign", "openssl", "slsa-verifier", "rekor-cli":
		return slices.ContainsFunc(c.Args, func(w dockerfile.Word) bool {
			return strings.Contains(w.Text, "verif") || w.Text == "-V" || w.Text == "-Vm"
		})
	}
	return false
}

// downloadTarget returns the file that a download is written to, "" when none is named.
func downloadTarget(c *dockerfile.Command) string {
	for _, r := range c.Redirs {
		if strings.HasPrefix(r.Op, ">") && r.Target.Text != "/dev/null" {
			return r.Target.Text
		}
	}
	if v := dockerrules.OptionValue(c, "-o", "-O", "--output", "--output-document"); v != "" && !isURL(v) && v != "-" {
		return v
	}
	for i, w := range c.Args { // clusters such as -fsSLo FILE and -qO FILE
		if len(w.Text) > 2 && w.Text[0] == '-' && w.Text[1] != '-' && i+1 < len(c.Args) && !isURL(c.Args[i+1].Text) {
			if last := w.Text[len(w.Text)-1]; last == 'o' || last == 'O' && c.Name == "wget" {
				return c.Args[i+1].Text
			}
		}
	}
	if c.Name == "wget" || c.Flag("-O", "--remote-name") {
		for _, w := range c.Args {
			if isURL(w.Text) {
				return path.Base(w.Text)
			}
		}
	}
	return ""
}

// runs returns the download that a command executes or makes executable.
func runs(c *dockerfile.Command, files map[string]*dockerfile.Command) *dockerfile.Command {
	if len(files) == 0 || len(c.Words) == 0 {
		return nil
	}
	if from := downloaded(c.Words[0].Text, files); from != nil {
		return from
	}
	switch {
	case interprets(c) || c.Name == "source" || c.Name == ".":
		if operands := c.Operands(); len(operands) > 0 {
			return downloaded(c.Args[operands[0]].Text, files)
		}
	case c.Name == "chmod":
		if operands := c.Operands(); len(operands) > 1 && makesExecutable(c.Args[operands[0]].Text) {
			for _, i := range operands[1:] {
				if from := downloaded(c.Args[i].Text, files); from != nil {
					return from
				}
			}
		}
	}
	return nil
}

func makesExecutable(mode string) bool {
	if octal.MatchString(mode) {
		return strings.ContainsAny(mode[len(mode)-3:], "1357")
	}
	_, rights, ok := cutAny(mode, "+=")
	return ok && strings.ContainsAny(rights, "xX")
}

func downloaded(name string, files map[string]*dockerfile.Command) *dockerfile.Command {
	if from := files[name]; from != nil {
		return from
	}
	return files[strings.TrimPrefix(name, "./")]
}

var addRemote = &control.Control{
	ID: "BW2831", Concept: concept, Severity: control.Low,
	Title: "ADD downloads without a checksum",
	Doc: `ADD with an address takes what the server sends on the day of the build. Nothing in the Dockerfile notices when that is another file,
and over http anybody on the way can make it one.

It fires for every source of ADD that is an address: http:// always, https:// without --checksum, and a git repository that names
no commit. A variable in the address does not matter.

Name the digest, which BuildKit has checked since frontend 1.6.

` + "```dockerfile\nADD --checksum=sha256:0123… https://example.com/tool-1.4.2.tar.gz /tmp/\n```",
	Refs:  []string{"checkov CKV_DOCKER_4", "dockle CIS-DI-0009", "ATT&CK T1195.002"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.Each("ADD", func(p *control.Pass, in *dockerfile.Instruction) {
		add, ok := in.Cmd.(*instructions.AddCommand)
		if !ok {
			return
		}
		sum := in.Flag("--checksum")
		for i := range addSources(in, add) {
			text := in.Args[i].Text
			switch {
			case isGit(text):
				if !commit(text) {
					p.Report(in.Path(argPart(i)), "the repository is fetched without a commit that it must be at")
				}
			case sum != nil && sum.Value != "":
			case strings.HasPrefix(text, "http://"):
				p.Report(in.Path(argPart(i)), "the file is fetched without encryption and without a checksum")
			case isURL(text):
				p.Report(in.Path(argPart(i)), "the file is fetched without a checksum")
			}
		}
	}),
}

// addSources are the arguments of ADD that are sources.
func addSources(in *dockerfile.Instruction, add *instructions.AddCommand) []dockerfile.Word {
	return in.Args[:min(len(add.SourcePaths), max(0, len(in.Args)-1))]
}

func isGit(text string) bool {
	address, _, _ := strings.Cut(text, "#")
	return strings.HasPrefix(text, "git@") || strings.HasPrefix(text, "git://") || strings.HasPrefix(text, "ssh://") || isURL(text) && strings.HasSuffix(address, ".git")
}

// commit says whether a git address names a commit: 40 or 64 hexadecimal digits.
func commit(text string) bool {
	_, ref, _ := strings.Cut(text, "#")
	ref, _, _ = strings.Cut(ref, ":")
	return (len(ref) == 40 || len(ref) == 64) && strings.Trim(ref, "0123456789abcdef") == ""
}
