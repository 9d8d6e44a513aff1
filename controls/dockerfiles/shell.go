package dockerfiles

import (
	"path"
	"slices"
	"strings"
	"sync"

	"mvdan.cc/sh/v3/syntax"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
)

func shellControls() []*control.Control {
	return []*control.Control{uncheckedDirectory, unquoted, dangerousRemoval, missingFeature, brokenShell, doubtful}
}

// scripts makes the Check of a rule about the scripts of RUN in a POSIX shell.
// Those in other languages pass; one that cannot be parsed, and holds one of the
// words without which the rule says nothing, is unknown.
func scripts(check func(*control.Pass, *dockerfile.Instruction, *dockerfile.Script), words ...string) func(*control.Pass) error {
	return dockerrules.Each("RUN", func(p *control.Pass, in *dockerfile.Instruction) {
		switch s := in.Script; {
		case s == nil || !s.Dialect.POSIX():
		case s.Err != nil:
			if len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(s.Text, w) }) {
				p.Unknown(in.Path("script"), "%v", s.Unread())
			}
		case s.Tree != nil:
			check(p, in, s)
		}
	})
}

var uncheckedDirectory = &control.Control{
	ID: "BW2886", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "A failing cd goes unnoticed",
	Doc: `When cd fails the next commands run in the wrong directory: they delete, unpack or build where nobody meant it.

It fires for cd, pushd and popd in a RUN whose result nothing uses: no && or || behind it, no condition, no set -e, and not the last
command. A cd to .., . or / passes.

` + "```dockerfile\nRUN cd /usr/src/app && make install\n```",
	Refs:  []string{"shellcheck SC2164", "shellcheck SC2103"},
	Kinds: dockerrules.Kinds(),
	Check: scripts(func(p *control.Pass, in *dockerfile.Instruction, s *dockerfile.Script) {
		if s.ErrExit {
			return
		}
		for i, c := range s.Commands {
			if c.Name != "cd" && c.Name != "pushd" && c.Name != "popd" || c.After != dockerfile.NoOperator || c.Condition || c.Negated {
				continue
			}
			if i == len(s.Commands)-1 || len(c.Args) > 0 && slices.Contains([]string{"..", ".", "/", "../.."}, c.Args[len(c.Args)-1].Text) {
				continue
			}
			p.Report(c.Path(in, ""), "when this %s fails the commands behind it run elsewhere", c.Name)
		}
	}, "cd ", "pushd", "popd"),
}

var unquoted = &control.Control{
	ID: "BW2887", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "Expansion without quotes",
	Doc: `A shell splits the value of a variable or the output of a command at blanks and replaces wildcards in it when it stands without quotes. A value
with a blank becomes two arguments, and one with a * becomes the names of files.

It fires for $(…) in an argument of a RUN without quotes, and for a variable that the script sets itself, unless it is set to a text
without blanks and wildcards, or is a number such as $#. Variables of ENV and ARG pass: their values are known, or meant to be split.

` + "```dockerfile\nRUN dir=\"$(mktemp -d)\" && tar -C \"$dir\" -xf /tmp/app.tar\n```",
	Refs:  []string{"shellcheck SC2086", "shellcheck SC2046", "shellcheck SC2248"},
	Kinds: dockerrules.Kinds(),
	Check: scripts(func(p *control.Pass, in *dockerfile.Instruction, s *dockerfile.Script) {
		safe := sync.OnceValue(func() map[string]bool { return safeVariables(s) })
		for _, c := range s.Commands {
			if c.Call == nil || len(c.Call.Args) == 0 {
				continue
			}
			for i, w := range c.Call.Args[1:] {
				if i >= len(c.Args) || c.Args[i].Literal {
					continue
				}
				for _, part := range w.Parts {
					switch x := part.(type) {
					case *syntax.CmdSubst:
						p.Report(c.ArgPath(in, i), "the output of a command stands without quotes: SC2046").Answers("shellcheck SC2046")
					case *syntax.ParamExp:
						if known, set := safe()[x.Param.Value]; set && !known && !x.Length {
							p.Report(c.ArgPath(in, i), "%s stands without quotes: SC2086", x.Param.Value).Answers("shellcheck SC2086", "shellcheck SC2248")
						}
					}
				}
			}
		}
	}, "$", "`"),
}

// safeVariables returns the variables that a script sets, and whether every
// value is a text that a shell leaves in one piece.
func safeVariables(s *dockerfile.Script) map[string]bool {
	out := map[string]bool{}
	note := func(name string, w *syntax.Word) {
		ok := w == nil || whole(w)
		if old, seen := out[name]; seen {
			ok = ok && old
		}
		out[name] = ok
	}
	syntax.Walk(s.Tree, func(n syntax.Node) bool {
		switch x := n.(type) {
		case *syntax.Assign:
			if x.Name != nil && x.Array == nil {
				note(x.Name.Value, x.Value)
			}
		case *syntax.WordIter:
			for _, item := range x.Items {
				note(x.Name.Value, item)
			}
			if len(x.Items) == 0 {
				note(x.Name.Value, nil)
			}
		}
		return true
	})
	return out
}

// whole says whether a word is a text without blanks and wildcards.
func whole(w *syntax.Word) bool {
	for _, part := range w.Parts {
		switch x := part.(type) {
		case *syntax.Lit:
			if strings.ContainsAny(x.Value, "*?[ \t") {
				return false
			}
		case *syntax.SglQuoted:
			if strings.ContainsAny(x.Value, "*?[ \t\n") {
				return false
			}
		case *syntax.DblQuoted:
			if !whole(&syntax.Word{Parts: x.Parts}) {
				return false
			}
		case *syntax.ArithmExp:
		default:
			return false
		}
	}
	return true
}

// systemDirs must not be removed as a whole.
var systemDirs = []string{
	"/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/opt", "/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/usr", "/usr/bin", "/usr/lib",
	"/usr/local", "/usr/local/bin", "/usr/local/lib", "/usr/sbin", "/usr/share", "/var", "/var/lib",
}

var dangerousRemoval = &control.Control{
	ID: "BW2888", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "rm may remove more than is meant",
	Doc: `rm -rf "$DIR/" is rm -rf / when the variable is empty. Within a build it destroys the image; with a bind mount, or in a script that is run
elsewhere, more.

It fires for rm with -r in a RUN whose argument is a variable followed by a slash and nothing, a wildcard or a directory such as bin or lib, unless
the variable must have a value (${DIR:?}), and for rm -r of a directory of the system itself, such as /usr or /etc.

` + "```dockerfile\nRUN rm -rf \"${DIR:?}/\"\n```",
	Refs:  []string{"shellcheck SC2115", "shellcheck SC2114"},
	Kinds: dockerrules.Kinds(),
	Check: scripts(func(p *control.Pass, in *dockerfile.Instruction, s *dockerfile.Script) {
		for _, c := range s.Commands {
			if c.Name != "rm" || !c.Flag("-r", "-R", "--recursive") {
				continue
			}
			for _, i := range c.Operands() {
				text := strings.TrimSuffix(c.Args[i].Text, "*")
				switch {
				case openEnded(text):
					p.Report(c.ArgPath(in, i), "%q is / when the variable is empty: SC2115", c.Args[i].Text).Answers("shellcheck SC2115")
				case c.Args[i].Text != "" && slices.Contains(systemDirs, path.Clean(c.Args[i].Text)):
					p.Report(c.ArgPath(in, i), "a directory of the system is removed (%q): SC2114", c.Args[i].Text).Answers("shellcheck SC2114")
				}
			}
		}
	}, "rm "),
}

// openEnded says whether a path is a variable and a directory right below the root.
func openEnded(text string) bool {
	names := dockerrules.Variables(text)
	if len(names) == 0 || !strings.HasPrefix(text, "$") || strings.Contains(text, ":?") || strings.Contains(text, ":-") {
		return false
	}
	rest, ok := strings.CutPrefix(text, "${"+names[0]+"}")
	if !ok {
		if rest, ok = strings.CutPrefix(text, "$"+names[0]); !ok {
			return false
		}
	}
	return rest == "/" || rest != "" && slices.Contains(systemDirs, strings.TrimSuffix(rest, "/"))
}

var brokenShell = &control.Control{
	ID: "BW2898", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "Shell text cannot be parsed",
	Doc: `What a shell cannot read it does not run: the build fails there, or worse, runs half of it. Rules about commands are silent for such a text.

It fires for the script of a RUN, CMD, ENTRYPOINT or HEALTHCHECK in a POSIX shell that does not parse even as Bash, the largest of them.

Mend it; for another language say so with SHELL.

` + "```dockerfile\nSHELL [\"pwsh\", \"-Command\"]\n```",
	Refs: []string{
		"shellcheck SC1009", "shellcheck SC1046", "shellcheck SC1047", "shellcheck SC1072", "shellcheck SC1073", "shellcheck SC1089",
	},
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for in := range f.All {
			if s := in.Script; s != nil && s.Err != nil && s.Dialect.POSIX() {
				p.Report(in.Path("script"), "the shell text cannot be parsed on line %d: %s", lineOf(f, in, s.ErrAt), oneLine(s.Err))
			}
		}
	}),
}
