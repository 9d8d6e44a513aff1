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

func privilegeControls() []*control.Control {
	return []*control.Control{openModes, insecureRun, systemDirectory}
}

var sudo = &control.Control{
	ID: "BW2818", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "RUN uses sudo",
	Doc: `A build runs as root unless USER says otherwise, so sudo is either useless or a sign that the user of the image may become root
again. Then whoever takes over the program may too.

It fires for every command that sudo runs in a RUN, in chains and here-documents too. Installing sudo, or copying its
configuration, is not meant.

Switch with USER where root is needed, and back afterwards. Where the user is known to be root the fix drops the word.

` + "```dockerfile\nUSER root\nRUN apk add --no-cache tini\nUSER 10001\n```",
	Refs:  []string{"hadolint DL3004", "trivy DS-0010", "checkov CKV2_DOCKER_1", "checkov RunUsingSudo", "dockle DKL-DI-0001"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.Commands(func(p *control.Pass, in *dockerfile.Instruction, c *dockerfile.Command) {
		at := c.Path(in, "name")
		if c.Name != "sudo" {
			i := strayWord(c)
			if i < 0 {
				return
			}
			at = c.ArgPath(in, i)
		}
		r := p.Report(at, "sudo is called in a build")
		if c.Name == "sudo" && in.Before.User.Known && dockerrules.IsRoot(dockerrules.UserName(in.Before.User.Text)) && len(c.Args) > 0 && !strings.HasPrefix(c.Args[0].Text, "-") &&
			!strings.Contains(c.Args[0].Text, "=") {
			r.Fix("call the program directly: the build runs as root here", dockerrules.Drop(c.Path(in, "name")))
		}
	}, "sudo", "RUN"),
}

// strayWord finds sudo behind an instruction's name that was written twice ("RUN RUN sudo …").
func strayWord(c *dockerfile.Command) int {
	if c.Name == "RUN" && len(c.Args) > 0 && c.Args[0].Text == "sudo" {
		return 0
	}
	return -1
}

var passwordless = &control.Control{
	ID: "BW2819", Concept: concept, Severity: control.High,
	Title: "Image lets a user become root without a password",
	Doc: `A user who may run everything as root, a second account with number 0 or an account without a password undo what USER was meant for:
code that runs as that user is root with one command, unless the pod forbids new privileges.

It fires when a RUN, here-documents included, writes NOPASSWD into a file, removes a password (passwd -d), or creates or changes a
user to have number 0 (useradd -o -u 0, usermod -u 0).

Leave out what needs root, or do it before USER.

` + "```dockerfile\nRUN useradd -u 10001 app\nUSER 10001\n```",
	Refs:  []string{"ATT&CK T1548.003", "ATT&CK T1136"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		words := []string{"passwd", "useradd", "usermod", "adduser", "nopasswd"}
		dockerrules.EachMentioning(p, f, words, func(in *dockerfile.Instruction, c *dockerfile.Command) {
			switch {
			case c.Name == "passwd" && c.Flag("-d", "--delete"):
				p.Report(c.Path(in, ""), "a password is removed")
			case (c.Name == "useradd" || c.Name == "usermod" || c.Name == "adduser") && isZero(dockerrules.OptionValue(c, "-u", "--uid")):
				p.Report(c.Path(in, ""), "%s makes another user with the rights of root", c.Name)
			default:
				if i := slices.IndexFunc(c.Args, func(w dockerfile.Word) bool { return grantsRoot(w.Text) }); i >= 0 {
					p.Report(c.ArgPath(in, i), "sudo is configured to ask for no password")
				}
			}
		})
		for in := range f.All {
			for _, doc := range in.Heredocs {
				if grantsRoot(doc.Content) && (in.Keyword != "RUN" || in.Script == nil || in.Script.Form != dockerfile.HeredocForm) {
					p.Report(in.Path(""), "sudo is configured to ask for no password")
				}
			}
		}
	}),
}

// grantsRoot says whether a text is or holds a line of sudoers that lets somebody do anything without a password.
func grantsRoot(text string) bool {
	return strings.Contains(text, "NOPASSWD:") && strings.Contains(text, "ALL")
}

func isZero(id string) bool { return id != "" && strings.Trim(id, "0") == "" }

var chpasswd = &control.Control{
	ID: "BW2820", Concept: concept, Severity: control.Medium,
	Title: "Password is set during the build",
	Doc: `A password that a build sets is the same in every container, and mostly stands in the Dockerfile or in the history of the image.
Somebody who reads either can log in wherever a login is possible.

It fires for every call of chpasswd in a RUN.

Leave accounts without a password, and let people in through the cluster.
`,
	Refs:  []string{"checkov CKV2_DOCKER_17", "checkov RunChpasswd", "ATT&CK T1078"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.Commands(func(p *control.Pass, in *dockerfile.Instruction, c *dockerfile.Command) {
		p.Report(c.Path(in, "name"), "a password is set during the build")
	}, "chpasswd"),
}

// octal finds a numeric mode.
var octal = regexp.MustCompile(`^[0-7]{3,5}$`)

// widens says what a mode of chmod opens, "" for nothing.
func widens(mode string) string {
	if octal.MatchString(mode) {
		last := mode[len(mode)-1]
		switch {
		case len(mode) > 3 && (mode[len(mode)-4]-'0')&6 != 0:
			return "runs as its owner or group (setuid, setgid)"
		case (last-'0')&2 != 0 && !(len(mode) > 3 && (mode[len(mode)-4]-'0')&1 != 0):
			return "may be written by everybody"
		}
		return ""
	}
	for clause := range strings.SplitSeq(mode, ",") {
		who, rights, ok := cutAny(clause, "+=")
		if !ok {
			continue
		}
		all := who == "" || strings.ContainsAny(who, "ao")
		switch {
		case strings.Contains(rights, "s") && (who == "" || strings.ContainsAny(who, "aug")):
			return "runs as its owner or group (setuid, setgid)"
		case strings.Contains(rights, "w") && all && who != "" && !strings.Contains(rights, "t"):
			return "may be written by everybody"
		}
	}
	return ""
}

func cutAny(s, chars string) (before, after string, found bool) {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// scratchDirs are there to be written to by everybody.
func scratchDir(dir string) bool {
	return slices.Contains([]string{"/tmp", "/var/tmp", "/dev/shm", "/run/lock"}, path.Clean(dir))
}

var openModes = &control.Control{
	ID: "BW2821", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "File or directory is opened to everybody, or made setuid",
	Doc: `A program, library or start script that everybody may write is how code that runs as a harmless user gets run by another one. A setuid
program is how it becomes root.

It fires for chmod in a RUN and for --chmod of COPY and ADD when the mode lets everybody write (777, 666, a+w, o+w) without the
sticky bit, or sets the setuid or setgid bit (4755, u+s). The usual temporary directories may be open.

Give the file to the user that needs it.

` + "```dockerfile\nCOPY --chown=10001:10001 --chmod=0755 app /app\n```",
	Refs:  []string{"ATT&CK T1548.001", "CIS Docker 4.8"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		dockerrules.EachCommand(p, f, func(in *dockerfile.Instruction, c *dockerfile.Command) {
			modes := c.Operands()
			if len(modes) < 2 {
				return
			}
			if why := widens(c.Args[modes[0]].Text); why != "" && !onlyScratch(c, modes[1:]) {
				p.Report(c.ArgPath(in, modes[0]), "after chmod %s, %q %s", c.Args[modes[0]].Text, c.Args[modes[1]].Text, why)
			}
		}, "chmod")
		for in := range f.All {
			if flag := in.Flag("--chmod"); flag != nil {
				if why := widens(flag.Value); why != "" {
					p.Report(flag.Path(in), "with --chmod=%s what is copied %s", flag.Value, why)
				}
			}
		}
	}),
}

func onlyScratch(c *dockerfile.Command, targets []int) bool {
	for _, i := range targets {
		if !scratchDir(c.Args[i].Text) {
			return false
		}
	}
	return true
}

var insecureRun = &control.Control{
	ID: "BW2822", Concept: concept, Severity: control.High,
	Title: "RUN gets more of the build host than it should",
	Doc: `With --security=insecure a command of the build runs with all capabilities of the builder, with --network=host in its network, where
metadata services and local ports answer, and with --device it holds a device of the host. Whoever can change the Dockerfile, or
a script that it downloads, gets them too.

It fires for a RUN with --security=insecure, --network=host or --device. Builders refuse the first two unless they are
started with an entitlement.

Build without them, or in a virtual machine of its own.
`,
	Refs:  []string{"ATT&CK T1611", "ATT&CK T1195.002"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.Each("RUN", func(p *control.Pass, in *dockerfile.Instruction) {
		for i := range in.Flags {
			flag := &in.Flags[i]
			switch {
			case flag.Name == "--security" && flag.Value == "insecure", flag.Name == "--network" && flag.Value == "host", flag.Name == "--device":
				p.Report(flag.Path(in), "the command gets %s=%s of the build host", flag.Name, flag.Value)
			}
		}
	}),
}

// systemRoots belong to the kernel or to the start of the machine.
var systemRoots = []string{"/proc", "/sys", "/dev", "/boot", "/initrd", "/lost+found"}

// inSystem says whether a directory is one of the kernel's, or lies in one. A
// directory below /dev/shm is ordinary memory.
func inSystem(dir string) bool {
	dir = path.Clean(dir)
	if dir == "/dev/shm" || strings.HasPrefix(dir, "/dev/shm/") {
		return false
	}
	return slices.ContainsFunc(systemRoots, func(root string) bool { return dir == root || strings.HasPrefix(dir, root+"/") })
}

var systemDirectory = &control.Control{
	ID: "BW2824", Concept: concept, Severity: control.Medium,
	Title: "Working directory or volume lies in a directory of the system",
	Doc: `A working directory such as /proc/self/fd/8 was the way into the node in more than one hole of the container runtimes: the process starts
with a directory of the host open. A volume over /proc, /dev or /sys hides what runtimes put there to protect the node, and one of the
container runtime's socket is the runtime itself.

It fires for WORKDIR at or below /proc, /sys, /dev, /boot, /initrd or /lost+found, for a VOLUME there, and for a VOLUME that is the
socket of Docker or containerd. /dev/shm is ordinary memory.

Work in a directory of your own.

` + "```dockerfile\nWORKDIR /app\n```",
	Refs:  []string{"trivy DS-0030", "dockle DKL-DI-0002", "ATT&CK T1611", "CVE-2024-21626"},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for in := range f.All {
			if in.Err != nil || in.Keyword != "WORKDIR" && in.Keyword != "VOLUME" {
				continue
			}
			for i, w := range in.Args {
				dir, _ := in.Before.Expand(w.Text, f.Escape)
				if in.Keyword == "WORKDIR" && inSystem(dir) && strings.HasPrefix(dir, "/") {
					p.Report(in.Path(argPart(i)), "the working directory %q belongs to the system", dir)
				}
				if in.Keyword == "VOLUME" && (inSystem(dir) || strings.HasSuffix(dir, "/docker.sock") || strings.HasSuffix(dir, "/containerd.sock")) {
					p.Report(in.Path(argPart(i)), "the volume %q belongs to the system", dir)
				}
			}
		}
	}),
}
