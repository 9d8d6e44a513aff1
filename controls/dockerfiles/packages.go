package dockerfiles

import (
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
)

func packageControls() []*control.Control {
	return []*control.Control{updateAlone, aptCommand, aptQuestion, yumQuestion, zypperQuestion, distUpgrade, lostPin}
}

// refreshes says whether a call only makes the lists of packages new. For yum,
// dnf and zypper update upgrades everything; alone in a layer it does so once, and then never again.
func refreshes(call dockerrules.Call) bool {
	switch call.Manager {
	case dockerrules.Apt, dockerrules.Apk:
		return call.Is("update", "up")
	case dockerrules.Yum, dockerrules.Dnf, dockerrules.Zypper:
		return call.Is("update", "up", "refresh", "ref", "makecache") && len(call.Rest) == 0
	}
	return false
}

// follows says whether a call uses what a refresh has brought.
func follows(call dockerrules.Call) bool {
	return call.Installs() && !refreshes(call) || call.Is("upgrade", "source-install", "download", "satisfy", "build-dep", "module install", "group install", "fix")
}

var updateAlone = &control.Control{
	ID: "BW2813", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "Package lists are updated in a layer of their own",
	Doc: `A builder keeps the layer of a RUN as long as its text is the same. With the update in a RUN of its own, later installs use lists from the day of the
first build: they fail, or install old versions with holes that were mended long ago.

It fires for an update of apt, apk, yum, dnf or zypper that no install, add or upgrade follows in the same RUN. An update of yum, dnf or
zypper upgrades packages itself and fires all the same: the layer is kept with what was current once. A cache mount for the lists passes.

Write both into one RUN.

` + "```dockerfile\nRUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*\n```",
	Refs:  []string{"trivy DS-0017", "checkov CKV_DOCKER_5", "dockle CIS-DI-0007", "CIS Docker 4.7"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		managers := []dockerrules.Manager{dockerrules.Apt, dockerrules.Apk, dockerrules.Yum, dockerrules.Dnf, dockerrules.Zypper}
		dockerrules.UnreadPackages(p, f, managers...)
		if !dockerrules.Uses(f, managers...) {
			return
		}
		for _, in := range f.Keyword("RUN") {
			if in.Script == nil || dockerrules.Mounted(in, "/var/lib/apt/lists", "/etc/apk/cache", "/var/cache/apk") {
				continue
			}
			pending := map[dockerrules.Manager]*dockerfile.Command{}
			for _, c := range in.Script.Commands {
				call, ok := dockerrules.PackageCall(c)
				switch {
				case !ok:
					if strings.Contains(c.Name, "apt") || scriptFile(c) {
						delete(pending, dockerrules.Apt) // a helper that installs with apt
					}
				case refreshes(call):
					pending[call.Manager] = c
				case follows(call):
					delete(pending, call.Manager)
				}
			}
			for _, c := range in.Script.Commands {
				call, ok := dockerrules.PackageCall(c)
				if ok && pending[call.Manager] == c {
					p.Report(c.Path(in, ""), "nothing is installed in this layer after %s %s: the lists grow old in it", c.Name, call.Verb)
				}
			}
		}
	}),
}

// scriptFile says whether a command is a script of the image, which may do anything.
func scriptFile(c *dockerfile.Command) bool {
	return len(c.Words) > 0 && strings.HasSuffix(c.Words[0].Text, ".sh") || interprets(c) && len(c.Operands()) > 0
}

var aptCommand = &control.Control{
	ID: "BW2825", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "apt is used where apt-get is meant",
	Doc: `apt is for people at a terminal: its output and options change between releases, and it warns about that itself. apt-get and apt-cache are
stable.

It fires for every call of apt in a RUN.

Write apt-get; the fix does so where both have the command.

` + "```dockerfile\nRUN apt-get update && apt-get install -y --no-install-recommends ca-certificates\n```",
	Refs:  []string{"hadolint DL3027", "checkov CKV_DOCKER_9"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.Packages(func(p *control.Pass, in *dockerfile.Instruction, call dockerrules.Call) {
		c := call.Command
		if c.Name != "apt" {
			return
		}
		r := p.Report(c.Path(in, "name"), "apt is for people: its options change between releases")
		if call.Is("install", "update", "upgrade", "remove", "purge", "autoremove", "clean", "autoclean", "build-dep", "download", "source") && c.Words[0].Text == "apt" {
			r.Fix("use apt-get, which has the same command", dockerrules.Replace(c.Path(in, "name"), "apt-get"))
		}
	}, dockerrules.Apt),
}

// answered says whether something answers the questions of a command: yes, or a here-document.
func answered(c *dockerfile.Command) bool {
	return c.PipeFrom != nil || slices.ContainsFunc(c.Redirs, func(r dockerfile.Redirect) bool { return strings.HasPrefix(r.Op, "<") })
}

// addYes attaches the fix that answers yes, right behind the sub-command.
func addYes(r control.Reporter, in *dockerfile.Instruction, call dockerrules.Call) {
	r.Fix("answer yes to every question", dockerrules.After(call.Command.ArgPath(in, call.VerbAt), "-y"))
}

var aptQuestion = &control.Control{
	ID: "BW2826", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "apt-get asks a question that nobody answers",
	Doc: `Without -y apt-get asks before it installs more than what was named. Nobody is there during a build: it stops, on the day on which a package
needs another one.

It fires for apt-get, apt or aptitude install and upgrade in a RUN without -y, --yes, --assume-yes or -qq, unless its input is piped.

` + "```dockerfile\nRUN apt-get update && apt-get install -y --no-install-recommends ca-certificates\n```",
	Refs:  []string{"hadolint DL3014", "trivy DS-0021"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.Packages(func(p *control.Pass, in *dockerfile.Instruction, call dockerrules.Call) {
		c := call.Command
		if !call.Installs() || answered(c) || c.Flag("-y", "--yes", "--assume-yes", "--force-yes") || quiet(c) >= 2 {
			return
		}
		if c.Flag("-s", "--simulate", "--dry-run", "-d", "--download-only", "--print-uris") {
			return
		}
		addYes(p.Report(c.Path(in, ""), "%s %s asks a question that nobody answers", c.Name, call.Verb), in, call)
	}, dockerrules.Apt),
}

// quiet counts how quiet apt-get is told to be; twice answers yes.
func quiet(c *dockerfile.Command) int {
	n := 0
	for _, w := range c.Args {
		switch {
		case w.Text == "--quiet":
			n++
		case w.Text == "-q=2" || w.Text == "--quiet=2" || w.Text == "--qq":
			n += 2
		case len(w.Text) > 1 && w.Text[0] == '-' && w.Text[1] != '-' && !strings.Contains(w.Text, "="):
			n += strings.Count(w.Text, "q")
		}
	}
	return n
}

var yumQuestion = &control.Control{
	ID: "BW2827", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "yum or dnf asks a question that nobody answers",
	Doc: `Without -y yum and dnf ask before every installation. Nobody is there during a build, and it ends.

It fires for install, groupinstall, localinstall, reinstall, upgrade and update of yum, dnf, microdnf and tdnf in a RUN without -y or
--assumeyes, unless the input is piped.

` + "```dockerfile\nRUN dnf -y install ca-certificates && dnf clean all\n```",
	Refs:  []string{"hadolint DL3030", "hadolint DL3038"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.Packages(func(p *control.Pass, in *dockerfile.Instruction, call dockerrules.Call) {
		c := call.Command
		if answered(c) || c.Flag("-y", "--assumeyes", "--downloadonly", "--assumeno") {
			return
		}
		if call.Is("install", "groupinstall", "localinstall", "reinstall", "upgrade", "update", "group install", "module install") {
			id := "hadolint DL3038"
			if call.Manager == dockerrules.Yum {
				id = "hadolint DL3030"
			}
			addYes(p.Report(c.Path(in, ""), "%s %s asks a question that nobody answers", c.Name, call.Verb).Answers(id), in, call)
		}
	}, dockerrules.Yum, dockerrules.Dnf),
}

var zypperQuestion = &control.Control{
	ID: "BW2828", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "zypper asks a question that nobody answers",
	Doc: `Without --non-interactive zypper asks before it changes anything. Nobody is there during a build, and it ends.

It fires for zypper install, remove, source-install, patch, update and dist-upgrade in a RUN without -n, --non-interactive, -y or
--no-confirm, unless the input is piped.

` + "```dockerfile\nRUN zypper --non-interactive install --no-recommends ca-certificates && zypper clean\n```",
	Refs:  []string{"hadolint DL3034"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.Packages(func(p *control.Pass, in *dockerfile.Instruction, call dockerrules.Call) {
		c := call.Command
		if answered(c) || c.Flag("-n", "--non-interactive", "-y", "--no-confirm") {
			return
		}
		if call.Installs() || call.Is("dist-upgrade", "dup") {
			addYes(p.Report(c.Path(in, ""), "zypper %s asks a question that nobody answers", call.Verb), in, call)
		}
	}, dockerrules.Zypper),
}

var distUpgrade = &control.Control{
	ID: "BW2829", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "Build upgrades the whole distribution",
	Doc: `dist-upgrade may remove packages and change what the base image is. What comes out depends on the day of the build, and the layer holds every
upgraded file a second time.

It fires for dist-upgrade and full-upgrade of apt-get, apt or aptitude, and for dist-upgrade and dup of zypper, in a RUN.

Take a newer base image; upgrade single packages where one must not wait for it.

` + "```dockerfile\nFROM debian:13.2-slim\n```",
	Refs:  []string{"hadolint DL3035", "trivy DS-0024", "dockle DKL-DI-0003"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.Packages(func(p *control.Pass, in *dockerfile.Instruction, call dockerrules.Call) {
		if call.Manager == dockerrules.Apt && call.Is("dist-upgrade", "full-upgrade") || call.Manager == dockerrules.Zypper && call.Is("dist-upgrade", "dup") {
			p.Report(call.Command.ArgPath(in, call.VerbAt), "%s %s upgrades the whole distribution", call.Command.Name, call.Verb)
		}
	}, dockerrules.Apt, dockerrules.Zypper),
}

var lostPin = &control.Control{
	ID: "BW2882", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "Version of a package is taken for a redirection",
	Doc: `To a shell the > in pip install requests>=2 is a redirection: it installs any version of requests and writes the output to a file called =2.
The same happens with <.

It fires for an installing command in a RUN with a redirection to a name that begins with = or with a digit that is a version, stuck to a
package name.

Put the word in quotes.

` + "```dockerfile\nRUN pip install --no-cache-dir \"requests>=2.32\"\n```",
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.Packages(func(p *control.Pass, in *dockerfile.Instruction, call dockerrules.Call) {
		if !call.Installs() {
			return
		}
		for _, r := range call.Command.Redirs {
			if (r.Op == ">" || r.Op == "<") && r.FD == "" && (strings.HasPrefix(r.Target.Text, "=") || r.Op == "<" && version(r.Target.Text)) {
				p.Report(call.Command.Path(in, ""), "the shell takes %q for a redirection: the version is lost", r.Op+r.Target.Text)
			}
		}
	}),
}

// version says whether a text begins like a version: digits and a dot, or digits alone.
func version(text string) bool {
	return text != "" && text[0] >= '0' && text[0] <= '9' && strings.Trim(text, "0123456789.") == ""
}
