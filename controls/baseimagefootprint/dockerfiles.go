package baseimagefootprint

import (
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
)

func dockerfileControls() []*control.Control {
	return slices.Concat(
		[]*control.Control{
			endedBase, shippedToolchain, recommends, aptLists, apkCache, pipCache,
			progress, manyLayers, copiedArchive, removedLater, rechowned, earlyContext, ignoredCopy,
		},
		leftoverControls(), pinControls(),
	)
}

var endedBase = &control.Control{
	ID: "BW2310", Concept: concept, Severity: control.Medium,
	Title: "Image is built on a release that gets no more fixes",
	Doc: `What is built on a release after its end starts with all holes found since, and rebuilding it mends nothing.

It fires for a FROM in a stage that can become an image when the name and tag say that it is a distribution, language or database whose release got its
last public fixes before ` + asOf + `; the list is that of BW2303. Variables are judged by their defaults, without one it is unknown. Stages that only build
are left alone.

Move to a release that is maintained.

` + "```dockerfile\nFROM python:3.14-slim-trixie\n```",
	Refs:  []string{"ATT&CK T1525", "NSA upgrade"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		products := dockerrules.Products(f)
		for _, s := range f.Stages {
			switch {
			case !products[s] || s.Parent != nil || s.Scratch:
			case s.Image == "":
				p.Unknown(s.From.Path("base"), "the base image %q is not known before the build", s.Base)
			case ended.Match(s.Image):
				p.Report(s.From.Path("base"), "the base image is %q, a release without fixes (as of %s)", s.Image, asOf)
			}
		}
	}),
}

// buildPackages are compilers and headers by the names that distributions give them.
var buildPackages = []string{
	"build-essential", "build-base", "gcc", "g++", "make", "cmake", "automake", "autoconf", "libtool", "python3-dev", "python-dev", "linux-headers", "musl-dev", "libc6-dev",
	"gcc-c++", "rpm-build", "kernel-devel", "git", "subversion", "mercurial",
}

var shippedToolchain = &control.Control{
	ID: "BW2311", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Final stage ships what is only needed to build",
	Doc: `Compilers, headers and version control in the image that runs let an intruder make what was not there, and fill the scan reports with holes that nobody
gets round to.

It fires for a final stage, with the stages that it builds on, whose base is an image for compiling (golang, rust, gcc, maven, gradle, dotnet/sdk and the like) without
a reduced variant in the tag, and for a RUN in it that installs a compiler, headers or git and does not remove them in the same
layer.

Build in one stage, run in another.

` + "```dockerfile\nFROM golang:1.27 AS build\nRUN go build -o /app ./cmd/app\nFROM gcr.io/distroless/static-debian13:nonroot\nCOPY --from=build /app /app\n```",
	Refs:  []string{"ATT&CK T1059", "CIS Docker 4.3"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for s := f.Final(); s != nil; s = s.Parent {
			if s.Parent == nil && compilers.Match(s.Image) && !small.Match(s.Image) {
				p.Report(s.From.Path("base"), "the final image is built on %q, an image for compiling", s.Image)
			}
			for _, in := range s.Instructions {
				if in.Keyword == "RUN" && in.Script != nil {
					shippedPackages(p, in)
				}
			}
		}
	}),
}

// shippedPackages reports compilers and the like that a RUN installs and keeps.
func shippedPackages(p *control.Pass, in *dockerfile.Instruction) {
	for n, c := range in.Script.Commands {
		call, ok := dockerrules.PackageCall(c)
		if !ok || !call.Installs() || !slices.Contains([]dockerrules.Manager{dockerrules.Apt, dockerrules.Apk, dockerrules.Yum, dockerrules.Dnf, dockerrules.Zypper}, call.Manager) ||
			c.Flag("-t", "--virtual") && call.Manager == dockerrules.Apk {
			continue
		}
		for _, i := range call.Rest {
			name, _, _ := strings.Cut(call.Word(i).Text, "=")
			if slices.Contains(buildPackages, name) && !removedAgain(in.Script.Commands[n+1:], name) {
				p.Report(c.ArgPath(in, i), "%s stays in the final image", name)
			}
		}
	}
}

// removedAgain says whether a later command takes a package out, alone or with all that nobody asked for.
func removedAgain(later []*dockerfile.Command, name string) bool {
	return slices.ContainsFunc(later, func(c *dockerfile.Command) bool {
		call, ok := dockerrules.PackageCall(c)
		return ok && call.Is("remove", "purge", "autoremove", "del", "erase", "rm") &&
			slices.ContainsFunc(call.Rest, func(i int) bool { return call.Word(i).Text == name || !call.Word(i).Literal })
	})
}

var removedLater = &control.Control{
	ID: "BW2333", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "File is removed in a later layer than it came with",
	Doc: `A layer only adds. A file that one instruction brings and a later one deletes is hidden, not gone: it is still downloaded with the image, and whoever
unpacks the layer has it. For credentials that is a leak.

It fires for rm in a RUN of a stage that can become an image with a path that an earlier COPY, ADD or download in the same stage has written, in another
instruction.

Bring, use and delete it in one RUN, or mount it.

` + "```dockerfile\nRUN --mount=type=bind,source=setup.tar,target=/tmp/setup.tar tar -C / -xf /tmp/setup.tar\n```",
	Refs:  []string{"ATT&CK T1552.001"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		dockerrules.Unread(p, f, "rm", "rmdir", "del", "erase", "Remove-Item")
		if len(f.Calls("rm")) == 0 {
			return
		}
		products := dockerrules.Products(f)
		for _, s := range f.Stages {
			if products[s] {
				reportRemoved(p, s)
			}
		}
	}),
}

// reportRemoved follows the files that the instructions of a stage bring.
func reportRemoved(p *control.Pass, s *dockerfile.Stage) {
	brought := map[string]*dockerfile.Instruction{}
	for _, in := range s.Instructions {
		if in.Script == nil || in.Keyword != "RUN" {
			for _, target := range copyTargets(in) {
				brought[target] = in
			}
			continue
		}
		for _, c := range in.Script.Commands {
			if c.Name != "rm" {
				continue
			}
			for _, i := range c.Operands() {
				target := strings.TrimSuffix(strings.TrimSuffix(c.Args[i].Text, "/*"), "/")
				if from := brought[target]; from != nil {
					p.Report(c.ArgPath(in, i), "%q stays in the layer of line %d", target, from.Line).Related(p.Subject, from.Path(""))
				}
			}
		}
	}
}

// copyTargets are the files that a COPY or ADD brings, as far as their names tell.
func copyTargets(in *dockerfile.Instruction) []string {
	if in.Keyword != "COPY" && in.Keyword != "ADD" || in.Err != nil || len(in.Args) < 2 {
		return nil
	}
	last := in.Args[len(in.Args)-1]
	target := last.Text
	if !last.Literal || !strings.HasPrefix(target, "/") {
		return nil
	}
	if !strings.HasSuffix(target, "/") && len(in.Args) == 2 {
		return []string{target}
	}
	var out []string
	for _, w := range in.Args[:len(in.Args)-1] {
		if base := w.Text[strings.LastIndexByte(w.Text, '/')+1:]; w.Literal && base != "" && base != "." {
			out = append(out, strings.TrimSuffix(target, "/")+"/"+base)
		}
	}
	if target = strings.TrimSuffix(target, "/"); target != "" && target != "/tmp" {
		out = append(out, target)
	}
	return out
}
