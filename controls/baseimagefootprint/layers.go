package baseimagefootprint

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
)

var progress = &control.Control{
	ID: "BW2330", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "wget fills the log of the build",
	Doc: `wget draws a bar with a line for every few kilobytes: real messages drown in it.

It fires for wget in a RUN without --progress, -q, -nv, -o, -a or their long forms.

` + "```dockerfile\nRUN wget -nv https://example.com/tool.tar.gz\n```",
	Refs:  []string{"hadolint DL3047"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.Commands(func(p *control.Pass, in *dockerfile.Instruction, c *dockerfile.Command) {
		quiet := c.Flag("--progress", "-q", "--quiet", "-o", "--output-file", "-a", "--append-output", "-nv", "--no-verbose") || c.Has("-nv")
		if quiet || c.Flag("--version", "--help", "-V", "-h") {
			return
		}
		p.Report(c.Path(in, ""), "wget draws its progress into the log").
			Fix("say what was downloaded and no more", dockerrules.After(c.Path(in, "name"), "-nv"))
	}, "wget"),
}

var manyLayers = &control.Control{
	ID: "BW2331", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Two RUN in a row could be one",
	Doc: `Every RUN makes a layer. For a house that wants few of them; with cache mounts, and for builds that are changed often, several are better, so it is off
by default.

It fires for a RUN directly after another one with the same mount, network and security options when neither has more than one command.
`,
	Refs:  []string{"hadolint DL3059"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		var before *dockerfile.Instruction
		for _, in := range f.Instructions {
			if in.Keyword != "RUN" || in.Script == nil {
				before = nil
				continue
			}
			if before != nil && single(before) && single(in) && sameFlags(before, in) {
				p.Report(in.Path(""), "this RUN and the one on line %d could be one", before.Line)
				continue
			}
			before = in
		}
	}),
}

func single(in *dockerfile.Instruction) bool {
	return len(in.Script.Commands) <= 1 && len(in.Heredocs) == 0
}

func sameFlags(a, b *dockerfile.Instruction) bool {
	return slices.EqualFunc(a.Flags, b.Flags, func(x, y dockerfile.Flag) bool { return x.Name == y.Name && x.Value == y.Value })
}

var archive = regexp.MustCompile(`\.(tar|Z|bz2|gz|lz|lzma|tZ|tb2|tbz|tbz2|tgz|tlz|tpz|txz|xz|zip|zst|tzst)$`)

var copiedArchive = &control.Control{
	ID: "BW2332", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "Archive is copied and then unpacked",
	Doc: `The archive stays in the layer of the COPY, beside what was unpacked from it.

It fires for a COPY from the build context of a file that ends like an archive when a later RUN of the stage unpacks a file of that name with tar,
unzip, gunzip and the like.

Use ADD, which unpacks, or mount the archive for the RUN.

` + "```dockerfile\nRUN --mount=type=bind,source=app.tar.gz,target=/tmp/app.tar.gz tar -C /app -xzf /tmp/app.tar.gz\n```",
	Refs:  []string{"hadolint DL3010"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for _, s := range f.Stages {
			for n, in := range s.Instructions {
				if in.Keyword != "COPY" || in.Err != nil || in.Flag("--from") != nil || len(in.Args) < 2 {
					continue
				}
				for i, w := range in.Args[:len(in.Args)-1] {
					if archive.MatchString(w.Text) && (unpacked(s.Instructions[n+1:], path.Base(w.Text)) || unpacked(s.Instructions[n+1:], path.Base(in.Args[len(in.Args)-1].Text))) {
						p.Report(in.Path("args["+itoa(i)+"]"), "the archive %q stays in the layer after it was unpacked", w.Text)
					}
				}
			}
		}
	}),
}

// unpacked says whether a RUN unpacks a file of a name.
func unpacked(later []*dockerfile.Instruction, base string) bool {
	for _, in := range later {
		if in.Keyword != "RUN" || in.Script == nil {
			continue
		}
		for _, c := range in.Script.Commands {
			if unpacks(c) && slices.ContainsFunc(c.Args, func(w dockerfile.Word) bool { return path.Base(w.Text) == base }) {
				return true
			}
		}
	}
	return false
}

func unpacks(c *dockerfile.Command) bool {
	switch c.Name {
	case "tar", "bsdtar":
		return c.Flag("-x", "--extract", "--get") || len(c.Args) > 0 && !strings.HasPrefix(c.Args[0].Text, "-") && strings.Contains(c.Args[0].Text, "x") && len(c.Args[0].Text) < 6
	case "unzip", "gunzip", "bunzip2", "unlzma", "unxz", "zgz", "uncompress", "zcat", "gzcat", "unzstd":
		return true
	}
	return false
}

var rechowned = &control.Control{
	ID: "BW2334", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Files are stored twice to change their owner",
	Doc: `chown -R in a RUN of its own writes every file that it touches into the new layer: the image holds them twice.

It fires for chown -R or chmod -R in a RUN of a stage that can become an image with a directory that a COPY or ADD of the stage has filled
before.

Copy with --chown and --chmod.

` + "```dockerfile\nCOPY --chown=10001:10001 app /app\n```",
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		dockerrules.Unread(p, f, "chown", "chmod")
		if len(f.Calls("chown", "chmod")) == 0 {
			return
		}
		products := dockerrules.Products(f)
		for _, s := range f.Stages {
			if !products[s] {
				continue
			}
			filled := map[string]int{}
			for _, in := range s.Instructions {
				for _, target := range copyTargets(in) {
					filled[path.Clean(target)] = in.Line
				}
				if in.Script == nil || in.Keyword != "RUN" {
					continue
				}
				for _, c := range in.Script.Commands {
					if c.Name != "chown" && c.Name != "chmod" || !c.Flag("-R", "--recursive") || len(c.Operands()) < 2 {
						continue
					}
					for _, i := range c.Operands()[1:] {
						if line := filled[path.Clean(c.Args[i].Text)]; line > 0 {
							p.Report(c.ArgPath(in, i), "what line %d has copied to %q is stored a second time", line, c.Args[i].Text)
						}
					}
				}
			}
		}
	}),
}

var earlyContext = &control.Control{
	ID: "BW2335", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Everything is copied before the dependencies are installed",
	Doc: `A change of any file throws away the layers below the COPY: every build downloads all dependencies again, from servers that may serve something else
today.

It fires for a COPY or ADD of the whole context (.) in front of a RUN of the same stage that installs the dependencies of a project: npm ci, pip install -r,
go mod download, bundle install, composer install, cargo fetch and the like.

Copy the lists of dependencies first.

` + "```dockerfile\nCOPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .\n```",
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for _, s := range f.Stages {
			var whole *dockerfile.Instruction
			for _, in := range s.Instructions {
				switch {
				case (in.Keyword == "COPY" || in.Keyword == "ADD") && in.Err == nil && in.Flag("--from") == nil && len(in.Args) == 2 && (in.Args[0].Text == "." || in.Args[0].Text == "./"):
					if whole == nil {
						whole = in
					}
				case whole != nil && in.Keyword == "RUN" && in.Script != nil && slices.ContainsFunc(in.Script.Commands, installsProject):
					p.Report(whole.Path(""), "everything is copied in front of line %d, which installs the dependencies", in.Line)
					whole = nil
				}
			}
		}
	}),
}

// installsProject says whether a command installs what a project lists.
func installsProject(c *dockerfile.Command) bool {
	first := ""
	if operands := c.Operands(); len(operands) > 0 {
		first = c.Args[operands[0]].Text
	}
	switch c.Name {
	case "npm":
		return first == "ci" || first == "install" && len(c.Operands()) == 1
	case "yarn", "pnpm":
		return first == "" || first == "install"
	case "pip", "pip3":
		return first == "install" && c.Flag("-r", "--requirement")
	case "go":
		return first == "mod" && c.Has("download")
	case "bundle", "composer", "poetry":
		return first == "install"
	case "cargo":
		return first == "fetch"
	case "mvn":
		return c.Has("dependency:go-offline", "dependency:resolve")
	}
	return false
}
