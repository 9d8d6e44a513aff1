package dockerfiles

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
)

func copyControls() []*control.Control {
	return []*control.Control{addLocal, manySources, relativeTarget, relativeWorkdir, wholeRoot, unusedStage}
}

// archives are the endings of files that ADD may unpack. The builder goes by content; the file alone is all there is here.
var archives = regexp.MustCompile(`\.(tar|Z|bz2|gz|lz|lzma|tZ|tb2|tbz|tbz2|tgz|tlz|tpz|txz|xz|zst|tzst)$`)

// addPlain lists the flags of ADD that COPY has too.
var addPlain = []string{"--chown", "--chmod", "--link", "--exclude"}

var addLocal = &control.Control{
	ID: "BW2850", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "ADD is used where COPY would do",
	Doc: `ADD does more than copy: it downloads addresses and unpacks archives, whether the author knew or not. A file that turns out to be a
crafted archive is unpacked over the image; a variable that turns out to be an address is fetched.

It fires for an ADD with a source that is no address, no git repository and does not end like an archive. Sources that hold a
variable are judged by what is written.

Use COPY.

` + "```dockerfile\nCOPY app.conf /etc/app.conf\n```",
	Refs:  []string{"hadolint DL3020", "trivy DS-0005", "checkov CKV_DOCKER_4", "dockle CIS-DI-0009", "CIS Docker 4.9"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for in := range f.All {
			if in.Keyword != "ADD" || in.Err != nil || len(in.Args) < 2 || fromHistory(in) {
				continue
			}
			if local, all := plainSources(in); local {
				r := p.Report(in.Path("keyword"), "ADD copies a file of the build context: COPY does that and no more")
				if all && copyTakes(in) {
					r.Fix("use COPY, which does not unpack: where a source is an archive in spite of its name, keep ADD", dockerrules.Replace(in.Path("keyword"), sameCase(in.Written, "COPY")))
				}
			}
		}
	}),
}

// fromHistory says whether a line was taken from the history of an image, which
// writes the digest of what was copied ("ADD file:8b88… in /"): it is nothing to mend.
func fromHistory(in *dockerfile.Instruction) bool {
	kind, _, ok := strings.Cut(in.Args[0].Text, ":")
	return ok && (kind == "file" || kind == "multi" || kind == "dir") && len(in.Args) > 2 && in.Args[1].Text == "in"
}

// plainSources says whether some, and whether all, sources of an ADD are ordinary files.
func plainSources(in *dockerfile.Instruction) (some, all bool) {
	all = true
	for _, w := range in.Args[:len(in.Args)-1] {
		remote := isURL(w.Text) || isGit(w.Text)
		if remote || archives.MatchString(w.Text) {
			all = false
			continue
		}
		if slices.ContainsFunc(in.Heredocs, func(h dockerfile.Heredoc) bool { return strings.HasPrefix(w.Text, "<<") }) {
			continue
		}
		some = true
	}
	return some, all
}

func copyTakes(in *dockerfile.Instruction) bool {
	for i := range in.Flags {
		if !slices.Contains(addPlain, in.Flags[i].Name) {
			return false
		}
	}
	return true
}

// sameCase writes a keyword in lower case where the one that it replaces is.
func sameCase(like, word string) string {
	if like == strings.ToLower(like) {
		return strings.ToLower(word)
	}
	return word
}

var manySources = &control.Control{
	ID: "BW2851", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "COPY of several sources to a target without a slash",
	Doc: `With several sources the target has to be a directory. BuildKit takes it for one; the older builder and other tools refuse the file
unless it ends in a slash, and a reader cannot tell.

It fires for a COPY with more than one source whose target does not end in a slash. The targets . and .. are directories.

` + "```dockerfile\nCOPY package.json package-lock.json /app/\n```",
	Refs:  []string{"hadolint DL3021", "trivy DS-0011"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.Each("COPY", func(p *control.Pass, in *dockerfile.Instruction) {
		n := len(in.Args)
		if n < 3 || in.Flag("--parents") != nil || fromHistory(in) {
			return
		}
		target := in.Args[n-1]
		if strings.HasSuffix(target.Text, "/") || strings.HasSuffix(target.Text, `\`) || target.Text == "." || target.Text == ".." {
			return
		}
		r := p.Report(in.Path(argPart(n-1)), "%d sources are copied to %q, which does not end in a slash", n-1, target.Text)
		if target.Literal && !target.Quoted && !in.JSON {
			r.Fix("end the target in a slash", dockerrules.Replace(in.Path(argPart(n-1)), target.Text+"/"))
		}
	}),
}

// absolute says whether a path of an image does not depend on the working directory; a variable in front may be anything.
func absolute(target string) bool {
	return strings.HasPrefix(target, "/") || strings.HasPrefix(target, "$") || strings.HasPrefix(target, `\`) || drive.MatchString(target)
}

var drive = regexp.MustCompile(`^[A-Za-z]:`)

var relativeTarget = &control.Control{
	ID: "BW2852", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "COPY goes to a directory that nobody chose",
	Doc: `A relative target depends on the working directory. When no WORKDIR was given, that is whatever the base image had: the next release of
it may put the files elsewhere.

It fires for a COPY or ADD with a relative target in a stage where neither it nor its parents have set WORKDIR before.

Set WORKDIR first, or write the whole path.

` + "```dockerfile\nWORKDIR /app\nCOPY . .\n```",
	Refs:  []string{"hadolint DL3045"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for in := range f.All {
			if in.Keyword != "COPY" && in.Keyword != "ADD" || in.Err != nil || in.Onbuild || len(in.Args) < 2 || in.Stage == nil {
				continue
			}
			target := in.Args[len(in.Args)-1]
			if !absolute(target.Text) && in.Before.Workdir.Set == nil {
				p.Report(in.Path(argPart(len(in.Args)-1)), "the target %q is relative, and no WORKDIR was set", target.Text)
			}
		}
	}),
}

var relativeWorkdir = &control.Control{
	ID: "BW2853", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "WORKDIR is relative",
	Doc: `A relative WORKDIR continues the one before it. The line alone does not say where the commands run, and another base image or a line
that moves changes it.

It fires for a WORKDIR that starts with neither a slash, a variable nor a drive.

Write the whole path. The fix does so where the one before is known.

` + "```dockerfile\nWORKDIR /app/server\n```",
	Refs:  []string{"hadolint DL3000", "buildkit WorkdirRelativePath", "trivy DS-0009", "checkov CKV_DOCKER_10"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.Each("WORKDIR", func(p *control.Pass, in *dockerfile.Instruction) {
		if len(in.Args) == 0 || absolute(in.Args[0].Text) {
			return
		}
		r := p.Report(in.Path("args[0]"), "the working directory %q continues the one before", in.Args[0].Text)
		before := in.Before.Workdir
		if len(in.Args) == 1 && in.Args[0].Literal && !in.Onbuild && before.Set != nil && before.Known && strings.HasPrefix(before.Text, "/") {
			full := path.Join(before.Text, in.Args[0].Text)
			if !strings.ContainsAny(full, " \t\"'$\\") {
				r.Fix("write the whole path", dockerrules.Replace(in.Path("args[0]"), full))
			}
		}
	}),
}

var wholeRoot = &control.Control{
	ID: "BW2854", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "COPY takes over the whole file system of another stage",
	Doc: `Copying / of a stage to / makes an image that has everything of both: the packages, caches and credentials that the other stage was to
keep out of it, in one layer that nothing can be removed from. Files that the target stage had are overwritten.

It fires for a COPY --from with the source / and the target /. It passes when the stage is FROM scratch: that is the way to make
one layer of many on purpose.

Copy the directories that the program needs.

` + "```dockerfile\nCOPY --from=build /app /app\n```",
	Refs:  []string{"hadolint DL3067"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.Each("COPY", func(p *control.Pass, in *dockerfile.Instruction) {
		n := len(in.Args)
		if in.Flag("--from") == nil || n < 2 || in.Args[n-1].Text != "/" || in.Stage != nil && in.Stage.Scratch {
			return
		}
		for i, w := range in.Args[:n-1] {
			if w.Text == "/" {
				p.Report(in.Path(argPart(i)), "everything of %q is copied over the image", in.Flag("--from").Value)
			}
		}
	}),
}

var unusedStage = &control.Control{
	ID: "BW2855", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Stage is not part of the final image",
	Doc: `BuildKit leaves out stages that the target does not need. A stage that nothing copies from or builds on is either another target, or
left over: its tests are not run, and its holes are not seen.

It fires for every stage that the last one does not need in any way.

Remove it, or give it a target of the build.
`,
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for _, s := range f.Stages {
			if !s.Used && !s.Final {
				p.Report(s.From.Path(""), "the final image does not need stage %d (%q)", s.Index, s.Alias)
			}
		}
	}),
}
