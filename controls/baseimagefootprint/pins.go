package baseimagefootprint

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/internal/podimages"
	"bulwark/source/dockerfile"
)

func itoa(i int) string { return strconv.Itoa(i) }

// compilers are images for compiling; a program is not run in them.
var compilers = podimages.Products(`golang`, `rust`, `gcc`, `maven`, `gradle`, `haskell`, `swift`, `dotnet/sdk`, `composer`, `sbt`, `buildpack-deps`)

// pin is one package manager whose packages should have versions.
type pin struct {
	id, tool, ref string
	manager       dockerrules.Manager
	verbs         []string
	form          string // how a version is written
	pinned        func(name string) bool
	excused       func(*dockerfile.Command) bool // the whole call
}

// pinControls want every installed package to have a version. The opinion is
// loud and contradicts that of people who want fixes, so they are off by default.
func pinControls() []*control.Control {
	var out []*control.Control
	for _, x := range pins() {
		out = append(out, x.control())
	}
	return out
}

func (x pin) control() *control.Control {
	return &control.Control{
		ID: x.id, Concept: concept, Severity: control.Info, Profile: control.Strict,
		Title: "Package of " + x.tool + " has no version",
		Doc: `Without a version the build takes what is current: the same Dockerfile makes another image tomorrow. With one it fails as soon as the repository drops
that version, and gets no fixes until somebody raises it. Houses differ, so it is off by default.

It fires for each package that ` + x.tool + ` installs in a RUN without a version, ` + x.form + `. Files, addresses and packages from a variable pass.

Pin what a lock or a bot keeps fresh.
`,
		Refs:  []string{x.ref},
		Kinds: dockerrules.Kinds(),
		Check: dockerrules.Packages(func(p *control.Pass, in *dockerfile.Instruction, call dockerrules.Call) {
			c := call.Command
			if !slices.Contains(x.verbs, call.Verb) || x.excused != nil && x.excused(c) {
				return
			}
			rest := call.Rest
			if call.Verb == "run" && len(rest) > 1 {
				rest = rest[:1] // the others are arguments of the program
			}
			for _, i := range rest {
				w := call.Word(i)
				if name := w.Text; !strings.HasPrefix(name, "$") && !isFile(name) && !x.pinned(name) {
					p.Report(c.ArgPath(in, i), "%q has no version", name)
				}
			}
		}, x.manager),
	}
}

// isFile says whether a package is given as a file or by an address.
func isFile(name string) bool {
	return strings.HasPrefix(name, "/") || strings.HasPrefix(name, ".") || strings.Contains(name, "://")
}

func holds(chars string, endings ...string) func(string) bool {
	return func(name string) bool {
		return strings.ContainsAny(name, chars) || slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(name, e) })
	}
}

// rpmVersion finds the version in a name such as bash-5.2.26-3.
var rpmVersion = regexp.MustCompile(`-[0-9][0-9A-Za-z.~^_:+]*(-[0-9A-Za-z.~^_:+]+)*$`)

func rpmPinned(name string) bool {
	return rpmVersion.MatchString(name) || strings.HasSuffix(name, ".rpm") || strings.Contains(name, "$") && strings.Contains(name, "-") || strings.HasPrefix(name, "@")
}

var pipPinned = regexp.MustCompile(`(===?|>=|<=|>|<|!=|~=)|@|\.(whl|tar\.gz|zip)$|/`)

func pins() []pin {
	return []pin{
		{id: "BW2340", tool: "apt-get", ref: "hadolint DL3008", manager: dockerrules.Apt, verbs: []string{"install"},
			form: "as name=1.2-3 or name/release", pinned: holds("=/", ".deb")},
		{id: "BW2341", tool: "apk", ref: "hadolint DL3018", manager: dockerrules.Apk, verbs: []string{"add"},
			form: "as name=1.2-r3, name~1.2 or name>1.2", pinned: holds("=~<>@", ".apk")},
		{id: "BW2342", tool: "yum", ref: "hadolint DL3033", manager: dockerrules.Yum, verbs: []string{"install", "localinstall"},
			form: "as name-1.2-3", pinned: rpmPinned},
		{id: "BW2343", tool: "dnf", ref: "hadolint DL3041", manager: dockerrules.Dnf, verbs: []string{"install", "in", "localinstall"},
			form: "as name-1.2-3", pinned: rpmPinned},
		{id: "BW2344", tool: "zypper", ref: "hadolint DL3037", manager: dockerrules.Zypper, verbs: []string{"install", "in"},
			form: "as name=1.2 or name>=1.2", pinned: holds("=<>", ".rpm")},
		{id: "BW2345", tool: "pip", ref: "hadolint DL3013", manager: dockerrules.Pip, verbs: []string{"install"},
			form: "as name==1.2 or a range; a requirements or constraints file counts as one", pinned: pipPinned.MatchString,
			excused: func(c *dockerfile.Command) bool { return c.Flag("-r", "--requirement", "-c", "--constraint") }},
		{id: "BW2346", tool: "npm", ref: "hadolint DL3016", manager: dockerrules.Npm, verbs: []string{"install", "i", "add"},
			form: "as name@1.2", pinned: npmPinned},
		{id: "BW2347", tool: "gem", ref: "hadolint DL3028", manager: dockerrules.Gem, verbs: []string{"install", "i"},
			form: "as name:1.2 or with --version", pinned: holds(":", ".gem"),
			excused: func(c *dockerfile.Command) bool { return c.Flag("-v", "--version") }},
		{id: "BW2348", tool: "go", ref: "hadolint DL3062", manager: dockerrules.Go, verbs: []string{"install", "get", "run"},
			form: "as path@v1.2; packages of the module itself and files pass", pinned: goPinned},
	}
}

func npmPinned(name string) bool {
	return strings.LastIndexByte(name, '@') > 0 || strings.HasSuffix(name, ".tgz") || strings.HasSuffix(name, ".tar.gz") || strings.HasPrefix(name, "git+") ||
		!strings.HasPrefix(name, "@") && strings.Contains(name, "/")
}

func goPinned(name string) bool {
	path, version, ok := strings.Cut(name, "@")
	return ok && version != "latest" && version != "none" && version != "" || strings.HasSuffix(path, ".go") || !ok && !strings.Contains(path, ".")
}
