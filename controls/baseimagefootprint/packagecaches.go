package baseimagefootprint

import (
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
)

// installs makes the Check of a rule about single installations in layers that can be in an image.
func installs(m dockerrules.Manager, check func(*control.Pass, *dockerfile.Instruction, dockerrules.Call)) func(*control.Pass) error {
	return dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		products := dockerrules.Products(f)
		dockerrules.EachPackage(p, f, func(in *dockerfile.Instruction, call dockerrules.Call) {
			if dockerrules.InProduct(products, in) {
				check(p, in, call)
			}
		}, m)
	})
}

const layersOnly = "Stages that only build are left alone, since nothing of their layers is shipped, and so are directories under a cache or tmpfs mount."

var recommends = &control.Control{
	ID: "BW2320", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "apt-get installs packages that nobody asked for",
	Doc: `Debian's packages recommend others that make sense on a desktop. apt-get installs all of them: often more than what was asked for, each with holes
of its own.

It fires for apt-get, apt or aptitude install in a RUN without --no-install-recommends, as an option or as a setting. ` + layersOnly + `

Add the option, and name what is really needed: the program may miss something that came along until now.

` + "```dockerfile\nRUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*\n```",
	Refs:  []string{"hadolint DL3015", "trivy DS-0029"},
	Kinds: dockerrules.Kinds(),
	Check: installs(dockerrules.Apt, func(p *control.Pass, in *dockerfile.Instruction, call dockerrules.Call) {
		c := call.Command
		if !call.Is("install") || c.Flag("--no-install-recommends", "--without-recommends", "-R") && (c.Name == "aptitude" || c.Flag("--no-install-recommends")) || configured(c) {
			return
		}
		p.Report(c.Path(in, ""), "%s install brings the recommended packages too", c.Name).
			Fix("install what is named and what it needs; name what is missing then", dockerrules.After(c.ArgPath(in, call.VerbAt), "--no-install-recommends"))
	}),
}

// configured says whether a setting on the command line leaves recommended packages out.
func configured(c *dockerfile.Command) bool {
	return slices.ContainsFunc(c.Args, func(w dockerfile.Word) bool {
		key, value, _ := strings.Cut(strings.TrimPrefix(strings.ToLower(w.Text), "-o"), "=")
		return strings.TrimSpace(key) == "apt::install-recommends" && (value == "false" || value == "0" || value == "no")
	})
}

var aptLists = &control.Control{
	ID: "BW2321", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Package lists of apt stay in the layer",
	Doc: `The lists are tens of megabytes, are of no use without apt-get update, and grow stale.

It fires for a RUN with apt-get, apt or aptitude update that does not remove /var/lib/apt/lists afterwards. ` + layersOnly + `

Remove them in the same RUN. The fix does so where no later RUN installs without an update of its own.

` + "```dockerfile\nRUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*\n```",
	Refs:  []string{"hadolint DL3009", "dockle DKL-DI-0005"},
	Kinds: dockerrules.Kinds(),
	Check: leftover(dockerrules.Apt, func(c dockerrules.Call) bool { return c.Is("update") },
		"rm -rf /var/lib/apt/lists/*", "remove the lists again", laterInstall),
}

// laterInstall says whether something after an instruction installs with the lists that it has brought.
func laterInstall(f *dockerfile.File, in *dockerfile.Instruction) bool {
	for _, other := range f.Instructions {
		if other.Index <= in.Index || other.Script == nil {
			continue
		}
		fresh := false
		for _, c := range other.Script.Commands {
			call, ok := dockerrules.PackageCall(c)
			switch {
			case ok && call.Manager == dockerrules.Apt && call.Is("update"):
				fresh = true
			case ok && call.Manager == dockerrules.Apt && call.Installs() && !fresh, strings.HasSuffix(c.Name, ".sh"):
				return true
			}
		}
	}
	return false
}

// leftover makes the Check of a rule about what a package manager leaves in a
// layer: leaves says which calls leave something, clean is the command that removes it.
func leftover(m dockerrules.Manager, leaves func(dockerrules.Call) bool, clean, message string, unless func(*dockerfile.File, *dockerfile.Instruction) bool) func(*control.Pass) error {
	return dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		dockerrules.UnreadPackages(p, f, m)
		if !dockerrules.Uses(f, m) {
			return
		}
		products := dockerrules.Products(f)
		for _, in := range f.Keyword("RUN") {
			if in.Script == nil || !dockerrules.InProduct(products, in) || dockerrules.Mounted(in, dockerrules.Leftovers(m)...) {
				continue
			}
			call, found := dockerrules.Uncleaned(in, m, leaves)
			if !found {
				continue
			}
			r := p.Report(call.Command.Path(in, ""), "%s leaves what it downloads in the layer", call.Command.Name)
			switch {
			case call.Command.Name == "microdnf":
				r.Answers("trivy DS-0027")
			case m == dockerrules.Dnf:
				r.Answers("trivy DS-0019")
			}
			if dockerrules.Appendable(in) && (unless == nil || !unless(f, in)) {
				r.Fix(message, dockerrules.After(in.Path("script"), strings.ReplaceAll(clean, "TOOL", call.Command.Name)))
			}
		}
	})
}

var apkCache = &control.Control{
	ID: "BW2322", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "apk keeps its index in the layer",
	Doc: `Without --no-cache apk add writes the index of the repositories into the layer, or uses an old one that a layer below has.

It fires for apk add in a RUN without --no-cache, unless the same RUN removes /var/cache/apk. ` + layersOnly + `

` + "```dockerfile\nRUN apk add --no-cache ca-certificates\n```",
	Refs:  []string{"hadolint DL3019", "trivy DS-0025", "dockle DKL-DI-0004"},
	Kinds: dockerrules.Kinds(),
	Check: installs(dockerrules.Apk, func(p *control.Pass, in *dockerfile.Instruction, call dockerrules.Call) {
		c := call.Command
		if !call.Is("add") || c.Flag("--no-cache") || dockerrules.Mounted(in, dockerrules.Leftovers(dockerrules.Apk)...) || cleanedAfter(in, c, dockerrules.Apk) {
			return
		}
		p.Report(c.Path(in, ""), "apk add keeps the index of the repositories").
			Fix("do not keep the index", dockerrules.After(c.ArgPath(in, call.VerbAt), "--no-cache"))
	}),
}

func cleanedAfter(in *dockerfile.Instruction, c *dockerfile.Command, m dockerrules.Manager) bool {
	return slices.ContainsFunc(in.Script.Commands[c.Index+1:], func(later *dockerfile.Command) bool { return dockerrules.Cleans(later, m) })
}

var pipCache = &control.Control{
	ID: "BW2326", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "pip keeps its downloads in the layer",
	Doc: `pip stores every download for the next installation. In an image there is none: the files only make it larger.

It fires for pip install in a RUN without --no-cache-dir, unless PIP_NO_CACHE_DIR is set by ENV, ARG or the command itself, or the same RUN purges the
cache. ` + layersOnly + `

` + "```dockerfile\nRUN pip install --no-cache-dir -r requirements.txt\n```",
	Refs:  []string{"hadolint DL3042"},
	Kinds: dockerrules.Kinds(),
	Check: installs(dockerrules.Pip, func(p *control.Pass, in *dockerfile.Instruction, call dockerrules.Call) {
		c := call.Command
		if !call.Is("install") || c.Flag("--no-cache-dir") || dockerrules.Mounted(in, "~/.cache/pip") || cleanedAfter(in, c, dockerrules.Pip) || cacheOff(in) {
			return
		}
		p.Report(c.Path(in, ""), "%s install keeps its downloads", c.Name).
			Fix("do not keep downloads", dockerrules.After(c.ArgPath(in, call.VerbAt), "--no-cache-dir"))
	}),
}

// cacheOff says whether a variable tells pip not to keep downloads.
func cacheOff(in *dockerfile.Instruction) bool {
	const name = "PIP_NO_CACHE_DIR"
	truthy := func(v string) bool {
		switch strings.ToLower(v) {
		case "1", "true", "on", "yes":
			return true
		}
		return false
	}
	if v, ok := in.Before.Lookup(name); ok && truthy(v.Value) {
		return true
	}
	return slices.ContainsFunc(in.Script.Commands, func(c *dockerfile.Command) bool {
		return slices.ContainsFunc(c.Assigns, func(a dockerfile.Assign) bool { return a.Name == name && truthy(a.Value.Text) })
	})
}

// leftoverControls are about managers that are told to clean up in the same way.
func leftoverControls() []*control.Control {
	installing := dockerrules.Call.Installs
	return []*control.Control{
		{
			ID: "BW2323", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
			Title: "yum keeps its downloads in the layer",
			Doc: `yum stores the lists of the repositories and often the packages too: up to hundreds of megabytes of no use.

It fires for yum install and the like in a RUN that no yum clean all, or rm of /var/cache/yum, follows in the same RUN. ` + layersOnly + `

` + "```dockerfile\nRUN yum -y install ca-certificates && yum clean all\n```",
			Refs:  []string{"hadolint DL3032", "trivy DS-0015"},
			Kinds: dockerrules.Kinds(),
			Check: leftover(dockerrules.Yum, installing, "yum clean all", "remove the lists and packages again", nil),
		},
		{
			ID: "BW2324", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
			Title: "dnf keeps its downloads in the layer",
			Doc: `dnf and microdnf store the lists of the repositories and often the packages too: up to hundreds of megabytes of no use.

It fires for dnf, microdnf or tdnf install, upgrade and the like in a RUN that no clean all, or rm of the cache, follows in the same RUN. ` + layersOnly + `

` + "```dockerfile\nRUN dnf -y install ca-certificates && dnf clean all\n```",
			Refs:  []string{"hadolint DL3040", "trivy DS-0019", "trivy DS-0027"},
			Kinds: dockerrules.Kinds(),
			Check: leftover(dockerrules.Dnf, installing, "TOOL clean all", "remove the lists and packages again", nil),
		},
		{
			ID: "BW2325", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
			Title: "zypper keeps its downloads in the layer",
			Doc: `zypper stores the lists of the repositories: tens of megabytes of no use.

It fires for zypper install, remove, patch and the like in a RUN that no zypper clean, or rm of /var/cache/zypp, follows in the same RUN. ` + layersOnly + `

` + "```dockerfile\nRUN zypper --non-interactive install ca-certificates && zypper clean\n```",
			Refs:  []string{"hadolint DL3036", "trivy DS-0020"},
			Kinds: dockerrules.Kinds(),
			Check: leftover(dockerrules.Zypper, installing, "zypper clean", "remove the lists again", nil),
		},
		{
			ID: "BW2327", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
			Title: "yarn keeps its downloads in the layer",
			Doc: `yarn stores every package a second time for the next installation. In an image there is none.

It fires for yarn, yarn install or yarn add in a RUN that no yarn cache clean follows in the same RUN. ` + layersOnly + `

` + "```dockerfile\nRUN yarn install --frozen-lockfile && yarn cache clean\n```",
			Refs:  []string{"hadolint DL3060"},
			Kinds: dockerrules.Kinds(),
			Check: leftover(dockerrules.Yarn, yarnInstalls, "yarn cache clean", "remove the downloads again", nil),
		},
	}
}

// yarnInstalls says whether yarn installs; without a sub-command it does, unless it only tells something.
func yarnInstalls(call dockerrules.Call) bool {
	return call.Installs() && !call.Command.Flag("--version", "-v", "--help", "-h")
}
