package dockerfiles

import (
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
)

func commandControls() []*control.Control {
	return []*control.Control{uselessCommand, twoDownloaders, linkedShell, sparseLog, changeDirectory, lostState}
}

// useless do nothing of use while an image is built.
var useless = []string{"free", "kill", "mount", "ps", "service", "shutdown", "ssh", "top", "vim"}

var uselessCommand = &control.Control{
	ID: "BW2847", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "RUN calls a program that makes no sense in a build",
	Doc: `A service that is started, a process that is killed and a file system that is mounted are gone when the layer is written. Editors and
monitors wait for somebody.

It fires for free, kill, mount, ps, service, shutdown, ssh, top and vim as a command of a RUN.

Start programs in CMD or ENTRYPOINT.
`,
	Refs:  []string{"hadolint DL3001"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.Commands(func(p *control.Pass, in *dockerfile.Instruction, c *dockerfile.Command) {
		p.Report(c.Path(in, "name"), "%s has no effect on the image", c.Name)
	}, useless...),
}

var twoDownloaders = &control.Control{
	ID: "BW2848", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "Both curl and wget are used",
	Doc: `One program for downloads is enough. The second brings its own libraries, options and certificate settings.

It fires once for a stage in which RUN calls both curl and wget, at the first call of the second. Installing them is not calling them.

Use one of them, or ADD with a checksum.

` + "```dockerfile\nADD --checksum=sha256:0123… https://example.com/tool.tar.gz /tmp/\n```",
	Refs:  []string{"hadolint DL4001", "trivy DS-0014"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		first := map[*dockerfile.Stage]string{}
		done := map[*dockerfile.Stage]bool{}
		dockerrules.EachCommand(p, f, func(in *dockerfile.Instruction, c *dockerfile.Command) {
			switch before := first[in.Stage]; {
			case before == "":
				first[in.Stage] = c.Name
			case before != c.Name && !done[in.Stage]:
				done[in.Stage] = true
				p.Report(c.Path(in, "name"), "%s is used beside %s", c.Name, before)
			}
		}, "curl", "wget")
	}),
}

var linkedShell = &control.Control{
	ID: "BW2849", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "/bin/sh is replaced by another shell",
	Doc: `Scripts of the distribution are written for the /bin/sh that it has, and packages may put it back. SHELL says the same to the builder without
changing the system.

It fires for ln with /bin/sh as an argument in a RUN.

` + "```dockerfile\nSHELL [\"/bin/bash\", \"-eo\", \"pipefail\", \"-c\"]\n```",
	Refs:  []string{"hadolint DL4005"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.Commands(func(p *control.Pass, in *dockerfile.Instruction, c *dockerfile.Command) {
		if i := c.Find("/bin/sh"); i >= 0 {
			p.Report(c.ArgPath(in, i), "/bin/sh is replaced: use SHELL")
		}
	}, "ln"),
}

var sparseLog = &control.Control{
	ID: "BW2879", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "useradd makes a huge log file for a high number",
	Doc: `useradd writes into /var/log/lastlog and faillog at a place that depends on the number of the user. For a number of a million the files are
hundreds of megabytes long, empty, but written out by some builders.

It fires for useradd in a RUN with a number of more than five digits and without -l or --no-log-init.

` + "```dockerfile\nRUN useradd -l -u 1000001 app\n```",
	Refs:  []string{"hadolint DL3046"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.Commands(func(p *control.Pass, in *dockerfile.Instruction, c *dockerfile.Command) {
		id := dockerrules.OptionValue(c, "-u", "--uid")
		if len(id) <= 5 || strings.Trim(id, "0123456789") != "" || c.Flag("-l", "--no-log-init") {
			return
		}
		p.Report(c.Path(in, ""), "useradd for number %s fills log files with emptiness", id).
			Fix("do not touch the log files", dockerrules.After(c.Path(in, "name"), "-l"))
	}, "useradd"),
}

var changeDirectory = &control.Control{
	ID: "BW2885", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "RUN changes the directory with cd",
	Doc: `A cd holds for its RUN only. The next one starts at WORKDIR again, which surprises, and a failing cd goes unnoticed in a line of several
commands.

It fires for every cd in a RUN.

Use WORKDIR.

` + "```dockerfile\nWORKDIR /usr/src/app\nRUN make install\n```",
	Refs:  []string{"hadolint DL3003", "trivy DS-0013"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.Commands(func(p *control.Pass, in *dockerfile.Instruction, c *dockerfile.Command) {
		p.Report(c.Path(in, "name"), "cd holds for this RUN only: use WORKDIR")
	}, "cd"),
}

// stateOnly are commands that change nothing but the shell that runs them, or
// processes that end with it.
var stateOnly = []string{"cd", "export", "source", ".", "alias", "ulimit", "umask", "set", "unset", "shopt", "su", "service"}

var lostState = &control.Control{
	ID: "BW2883", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "RUN has an effect that ends with it",
	Doc: `Each RUN has a shell of its own. A variable that it exports, a directory that it changes to, an alias, a limit or a service that it starts is
gone when it ends: the author thinks otherwise, and a later step works with other settings.

It fires for a RUN of which every command is cd, export, source, alias, ulimit, umask, set, unset, su or service, or an assignment.

Use WORKDIR, ENV and USER, or write what depends on it into the same RUN.

` + "```dockerfile\nENV PATH=/opt/tool/bin:$PATH\n```",
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.Each("RUN", func(p *control.Pass, in *dockerfile.Instruction) {
		s := in.Script
		if s == nil || s.Err != nil || len(s.Commands) == 0 || s.Form == dockerfile.ExecForm {
			return
		}
		for _, c := range s.Commands {
			fleeting := len(c.Words) == 0 || slices.Contains(stateOnly, c.Name)
			if !fleeting && c.Outer == nil && !c.Subst || slices.ContainsFunc(c.Redirs, func(r dockerfile.Redirect) bool { return strings.HasPrefix(r.Op, ">") }) {
				return
			}
			if c.Outer != nil && c.Outer.Name != "su" && !slices.Contains(stateOnly, c.Name) || c.Name == "su" && c.Flag("-c", "--command") {
				return
			}
			if (c.Name == "source" || c.Name == ".") && len(s.Commands) > 1 {
				return
			}
		}
		p.Report(in.Path("script"), "what this RUN sets is gone when it ends")
	}),
}
