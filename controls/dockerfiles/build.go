package dockerfiles

import (
	"mvdan.cc/sh/v3/syntax"
	"strings"

	"bulwark/control"
	"bulwark/internal/dockerrules"
	"bulwark/source/dockerfile"
)

func buildControls() []*control.Control {
	return []*control.Control{swallowed, unnoticed, pipeStatus}
}

var swallowed = &control.Control{
	ID: "BW2880", Concept: concept, Severity: control.High, Profile: control.Hygiene,
	Title: "Comment swallows the rest of a RUN",
	Doc: `The lines of a continued RUN reach the shell as one. A comment behind a command, on a line that goes on, therefore ends only where the whole
RUN ends: the commands below it are never run, and the build succeeds.

It fires for a # comment that the shell sees and that reaches over a line end. Comments on lines of their own are taken out by the builder
and are fine.

Give the comment a line of its own.

` + "```dockerfile\nRUN apk add --no-cache curl && \\\n    # the tool itself\n    curl -fsSLO https://example.com/tool\n```",
	Kinds: dockerrules.Kinds(),
	Check: dockerrules.File(func(p *control.Pass, f *dockerfile.File) {
		for in := range f.All {
			if in.Script == nil {
				continue
			}
			for _, c := range in.Script.Comments {
				if c.Swallows {
					p.Report(in.Path("script"), "the comment on line %d swallows the lines below it", lineOf(f, in, c.Start))
				}
			}
		}
	}),
}

// lineOf is the 1-based line of an offset within an instruction.
func lineOf(f *dockerfile.File, in *dockerfile.Instruction, at int) int {
	return in.Line + strings.Count(f.Text[in.Start:max(at, in.Start)], "\n")
}

var unnoticed = &control.Control{
	ID: "BW2881", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "Failure in the middle of a RUN goes unnoticed",
	Doc: `The status of a script is that of its last command. In a here-document, and in a line with ; between the commands, everything before may fail, a
download or a check of a signature too, and the image is built.

It fires for a RUN of a POSIX shell with several commands in a row that are not joined by &&, unless set -e comes first or SHELL sets it.
Assignments and export alone do not count.

Begin with set -e.

` + "```dockerfile\nRUN <<EOF\nset -e\napk add --no-cache curl\ncurl -fsSLO https://example.com/tool\nEOF\n```",
	Kinds: dockerrules.Kinds(),
	Check: scripts(func(p *control.Pass, in *dockerfile.Instruction, s *dockerfile.Script) {
		if s.ErrExit {
			return
		}
		working := 0
		for _, stmt := range s.Tree.Stmts[:max(0, len(s.Tree.Stmts)-1)] {
			if mayFail(stmt) {
				working++
			}
		}
		if working > 0 {
			p.Report(in.Path(""), "only the last command decides: the failure of %d above it goes unnoticed", working)
		}
	}),
}

// mayFail says whether a statement does something whose failure matters.
func mayFail(s *syntax.Stmt) bool {
	if s.Background {
		return false
	}
	switch cmd := s.Cmd.(type) {
	case *syntax.CallExpr:
		if len(cmd.Args) == 0 {
			return false
		}
		switch cmd.Args[0].Lit() {
		case "echo", "printf", ":", "true", "set", "unset", "export", "umask", "shopt", "exit", "trap", "alias":
			return false
		}
		return true
	case *syntax.DeclClause, *syntax.FuncDecl, *syntax.LetClause, *syntax.ArithmCmd, nil:
		return false
	case *syntax.BinaryCmd:
		return cmd.Op != syntax.OrStmt
	}
	return true
}

var pipeStatus = &control.Control{
	ID: "BW2884", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Failure in front of a pipe goes unnoticed",
	Doc: `A pipe has the status of its last command. When the download in front of it fails, tar or the shell behind it gets nothing, or half of it, and
may be content.

It fires for each RUN of a POSIX shell with a pipe, unless pipefail is set by SHELL or at the start of the script. dash, the /bin/sh of Debian
and Ubuntu, has no pipefail before 0.5.13: there, name bash.

` + "```dockerfile\nSHELL [\"/bin/bash\", \"-eo\", \"pipefail\", \"-c\"]\n```",
	Refs:  []string{"hadolint DL4006"},
	Kinds: dockerrules.Kinds(),
	Check: scripts(func(p *control.Pass, in *dockerfile.Instruction, s *dockerfile.Script) {
		if s.PipeFail {
			return
		}
		for _, c := range s.Commands {
			if c.PipeTo != nil {
				p.Report(c.Path(in, ""), "when %s fails, the pipe behind it does not show it", nameOf(c))
				return
			}
		}
	}, "|"),
}

func nameOf(c *dockerfile.Command) string {
	if c.Name == "" {
		return "the command"
	}
	return c.Name
}
