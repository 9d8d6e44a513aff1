package dockerrules

import (
	"slices"
	"strings"

	"bulwark/source/dockerfile"
)

// Manager is a package manager by the way it is called.
type Manager string

// Managers. Apt stands for apt, apt-get and aptitude, Dnf for dnf, dnf5, microdnf and tdnf.
const (
	Apt    Manager = "apt-get"
	Apk    Manager = "apk"
	Yum    Manager = "yum"
	Dnf    Manager = "dnf"
	Zypper Manager = "zypper"
	Pip    Manager = "pip"
	Npm    Manager = "npm"
	Yarn   Manager = "yarn"
	Gem    Manager = "gem"
	Go     Manager = "go"
)

// Call is one use of a package manager.
type Call struct {
	Manager Manager
	Command *dockerfile.Command
	Verb    string // the sub-command, such as "install"; "" when there is none
	VerbAt  int    // its index in Command.Args; -1 when there is none
	Rest    []int  // indices of the operands after the verb: packages, as a rule
}

// Is says whether the sub-command is one of the verbs.
func (c Call) Is(verbs ...string) bool { return slices.Contains(verbs, c.Verb) }

// Word returns an argument.
func (c Call) Word(i int) dockerfile.Word { return c.Command.Args[i] }

// Installs says whether the call puts packages on the system.
func (c Call) Installs() bool { return c.Is(installing(c.Manager)...) }

func installing(m Manager) []string {
	switch m {
	case Apt:
		return []string{"install", "upgrade", "dist-upgrade", "full-upgrade", "build-dep", "reinstall"}
	case Apk:
		return []string{"add"}
	case Yum:
		return []string{"install", "groupinstall", "localinstall", "reinstall", "upgrade", "update"}
	case Dnf:
		return []string{"install", "in", "groupinstall", "localinstall", "reinstall", "rei", "upgrade", "up", "upgrade-minimal", "up-min", "update",
			"install-n", "install-na", "install-nevra"}
	case Zypper:
		return []string{"install", "in", "source-install", "si", "patch", "update", "up", "remove", "rm"}
	case Npm:
		return []string{"install", "i", "add", "ci"}
	case Yarn:
		return []string{"install", "add", ""}
	case Gem:
		return []string{"install", "i"}
	case Go:
		return []string{"install", "get", "run"}
	}
	return []string{"install"}
}

// PackageCall reads a command as the use of a package manager.
func PackageCall(c *dockerfile.Command) (Call, bool) {
	m, skip, ok := manager(c)
	if !ok {
		return Call{}, false
	}
	call := Call{Manager: m, Command: c, VerbAt: -1}
	takes := valued[m]
	rest := false
	for i := skip; i < len(c.Args); i++ {
		text := c.Args[i].Text
		switch {
		case text == "--" && !rest:
			rest = true
		case !rest && strings.HasPrefix(text, "-") && len(text) > 1:
			if slices.Contains(takes, text) && (call.VerbAt >= 0 || !verbOnly(m, text)) {
				i++
			}
		case call.VerbAt < 0:
			call.Verb, call.VerbAt = text, i
			if next := i + 1; text == "module" || text == "group" && m == Dnf {
				if next < len(c.Args) && c.Args[next].Text == "install" {
					call.Verb, call.VerbAt, i = text+" install", next, next
				}
			}
		default:
			call.Rest = append(call.Rest, i)
		}
	}
	return call, true
}

// manager names the package manager of a command, and the arguments that belong to its name.
func manager(c *dockerfile.Command) (m Manager, skip int, ok bool) {
	switch name := c.Name; {
	case name == "apt-get" || name == "apt" || name == "aptitude":
		return Apt, 0, true
	case name == "apk" || name == "yum" || name == "zypper" || name == "npm" || name == "yarn" || name == "gem" || name == "go":
		return Manager(name), 0, true
	case name == "dnf" || name == "dnf5" || name == "microdnf" || name == "tdnf":
		return Dnf, 0, true
	case strings.HasPrefix(name, "pip") && versioned(name[3:]):
		return Pip, 0, true
	case strings.HasPrefix(name, "python") && versioned(name[6:]) && len(c.Args) > 1 && c.Args[0].Text == "-m" && c.Args[1].Text == "pip":
		return Pip, 2, true
	}
	return "", 0, false
}

// programs lists the names by which a manager is called, without versions.
func programs(m Manager) []string {
	switch m {
	case Apt:
		return []string{"apt-get", "apt", "aptitude"}
	case Dnf:
		return []string{"dnf", "dnf5", "microdnf", "tdnf"}
	}
	return []string{string(m)}
}

// versioned says whether the end of a program's name is nothing but a version.
func versioned(s string) bool { return strings.Trim(s, "0123456789.") == "" }

// verbOnly says of an option that it has no value in front of the sub-command.
func verbOnly(m Manager, option string) bool { return m == Zypper && option == "-n" }

// valued are the options whose value is the next word.
var valued = map[Manager][]string{
	Apt: {"-t", "--target-release", "--default-release", "-o", "--option", "-c", "--config-file", "-a", "--host-architecture", "-P", "--build-profiles"},
	Apk: {"-t", "--virtual", "-X", "--repository", "-p", "--root", "--keys-dir", "--wait", "--arch", "--repositories-file", "--cache-dir"},
	Yum: {"-c", "--config", "-d", "--debuglevel", "-e", "--errorlevel", "-R", "--randomwait", "--enablerepo", "--disablerepo", "--repo", "--repoid",
		"--installroot", "--releasever", "--setopt", "-x", "--exclude", "--forcearch", "--enable-repo", "--disable-repo"},
	Dnf: {"-c", "--config", "-d", "--debuglevel", "-e", "--errorlevel", "-R", "--randomwait", "--enablerepo", "--disablerepo", "--repo", "--repoid",
		"--installroot", "--releasever", "--setopt", "-x", "--exclude", "--forcearch", "--enable-repo", "--disable-repo"},
	Zypper: {"-r", "--repo", "--from", "-t", "--type", "-R", "--root", "-C", "--cache-dir", "-c", "--config", "-D", "--reposd-dir", "--download"},
	Pip: {"--abi", "-b", "--build", "-e", "--editable", "--extra-index-url", "-f", "--find-links", "-i", "--index-url", "--implementation",
		"--no-binary", "--only-binary", "--platform", "--prefix", "--progress-bar", "--proxy", "--python", "--python-version", "--root", "--root-user-action",
		"--src", "-t", "--target", "--trusted-host", "--upgrade-strategy", "-r", "--requirement", "-c", "--constraint", "--cert", "--client-cert",
		"--cache-dir", "--log", "--timeout", "--retries", "--report", "--config-settings", "-C"},
	Npm:  {"--loglevel", "--registry", "--prefix", "-C", "--cache", "--userconfig", "-w", "--workspace", "--omit", "--include", "--tag"},
	Yarn: {"--cwd", "--registry", "--cache-folder", "--modules-folder", "--network-timeout", "--mutex", "--cache"},
	Gem:  {"-v", "--version", "-i", "--install-dir", "-n", "--bindir", "-s", "--source", "-P", "--trust-policy", "-p", "--http-proxy", "--platform", "-g", "--file"},
	Go: {"-ldflags", "-tags", "-o", "-mod", "-gcflags", "-asmflags", "-gccgoflags", "-p", "-C", "-modfile", "-overlay", "-toolexec", "-exec",
		"-buildmode", "-compiler", "-installsuffix", "-pkgdir", "-covermode", "-coverpkg", "-vcs"},
}

// Cleans says whether a command that follows an installation removes what the
// package manager keeps: its own clean-up, or rm of one of the directories.
func Cleans(c *dockerfile.Command, m Manager) bool {
	if call, ok := PackageCall(c); ok && call.Manager == m {
		switch m {
		case Apt:
			return call.Is("distclean")
		case Yum:
			return call.Is("clean") && operand(call, "all")
		case Dnf:
			return call.Is("clean") && operand(call, "all")
		case Zypper:
			return call.Is("clean", "cc")
		case Pip:
			return call.Is("cache") && operand(call, "purge")
		case Npm, Yarn:
			return call.Is("cache") && operand(call, "clean")
		case Apk:
			return call.Is("cache") && (operand(call, "clean") || operand(call, "purge"))
		}
		return false
	}
	return Removes(c, Leftovers(m)...)
}

func operand(c Call, word string) bool {
	return slices.ContainsFunc(c.Rest, func(i int) bool { return c.Word(i).Text == word })
}

// Leftovers lists the directories in which a manager keeps what a layer does not need.
func Leftovers(m Manager) []string {
	switch m {
	case Apt:
		return []string{"/var/lib/apt/lists"}
	case Apk:
		return []string{"/var/cache/apk", "/etc/apk/cache"}
	case Yum:
		return []string{"/var/cache/yum", "/var/cache/dnf", "/var/cache/libdnf5"}
	case Dnf:
		return []string{"/var/cache/dnf", "/var/cache/libdnf5", "/var/cache/yum", "/var/cache/tdnf"}
	case Zypper:
		return []string{"/var/cache/zypp"}
	case Pip:
		return []string{"~/.cache/pip", "/root/.cache/pip"}
	case Npm:
		return []string{"~/.npm", "/root/.npm"}
	case Yarn:
		return []string{"~/.cache/yarn", "/usr/local/share/.cache/yarn", "/root/.cache/yarn"}
	}
	return nil
}

// Removes says whether a command deletes one of the directories, what is in it, or what it lies in.
func Removes(c *dockerfile.Command, dirs ...string) bool {
	switch c.Name {
	case "rm":
		if !c.Flag("-r", "-R", "--recursive") {
			return false
		}
	case "find":
		if !c.Has("-delete") && !c.Has("rm") {
			return false
		}
	default:
		return false
	}
	for _, w := range c.Args {
		for _, target := range expandBraces(w.Text) {
			target = homeless(strings.TrimSuffix(strings.TrimSuffix(target, "*"), "/"))
			for _, dir := range dirs {
				if dir = homeless(dir); target != "" && (dir == target || strings.HasPrefix(dir, target+"/")) {
					return true
				}
			}
		}
	}
	return false
}

// homeless writes every home directory alike.
func homeless(dir string) string {
	for _, home := range []string{"/root", "$HOME", "${HOME}", "~root"} {
		if rest, ok := strings.CutPrefix(dir, home+"/"); ok {
			return "~/" + rest
		}
	}
	return dir
}

// expandBraces writes out the first {a,b} of a word.
func expandBraces(s string) []string {
	open := strings.IndexByte(s, '{')
	if open < 0 || open > 0 && s[open-1] == '$' {
		return []string{s}
	}
	end := strings.IndexByte(s[open:], '}')
	if end < 0 {
		return []string{s}
	}
	var out []string
	for part := range strings.SplitSeq(s[open+1:open+end], ",") {
		out = append(out, s[:open]+part+s[open+end+1:])
	}
	return out
}
