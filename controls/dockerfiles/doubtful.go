package dockerfiles

import (
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"bulwark/control"
	"bulwark/source/dockerfile"

	"bulwark/internal/dockerrules"
)

// doubt is one habit that goes wrong sooner or later. test returns the index of
// the argument to point at, -1 for the command, and whether it is there.
type doubt struct {
	id, message string
	names       []string // of the commands that it is about; none for all
	test        func(s *dockerfile.Script, c *dockerfile.Command) (int, bool)
}

var doubtful = &control.Control{
	ID: "BW2899", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Doubtful shell",
	Doc: `Shell lines that work today and fail with other data: lists of files taken from ls, results that are lost, redirections in the wrong order, forms
that shells dropped. ShellCheck knows them by number; the number stands in the message.

It fires for these in the RUN of a POSIX shell: SC2002, SC2005, SC2006, SC2010, SC2012, SC2015, SC2016, SC2024, SC2028, SC2035, SC2038, SC2044, SC2045,
SC2059, SC2069, SC2094, SC2097, SC2116, SC2126, SC2155, SC2162, SC2166, SC2174, SC2181, SC2196, SC2197, SC2226, SC1007 and SC2283. The conditions
are ours and look at what can be seen in the Dockerfile.

` + "```dockerfile\nRUN find /app -name '*.pyc' -print0 | xargs -0 rm -f\n```",
	Refs:  doubtRefs(),
	Kinds: dockerrules.Kinds(),
	Check: scripts(func(p *control.Pass, in *dockerfile.Instruction, s *dockerfile.Script) {
		for _, c := range s.Commands {
			name := c.Name
			if bracket(c) {
				name = "["
			}
			for _, list := range [][]doubt{doubtsByName[name], doubtsByName[""]} {
				for _, d := range list {
					if i, ok := d.test(s, c); ok {
						at := c.Path(in, "")
						if i >= 0 {
							at = c.ArgPath(in, i)
						}
						p.Report(at, "%s: %s", d.message, d.id).Answers(answersOf(d.id)...)
					}
				}
			}
		}
		if strings.Contains(s.Text, "`") || strings.Contains(s.Text, "for") || strings.Contains(s.Text, "||") {
			reportNodes(p, in, s)
		}
	}),
}

func doubtRefs() []string {
	refs := []string{"shellcheck SC2006", "shellcheck SC2015", "shellcheck SC2044", "shellcheck SC2045", "shellcheck SC2197"}
	for _, d := range doubtTable {
		refs = append(refs, "shellcheck "+d.id)
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}

// answersOf are the refs that a doubt speaks of.
func answersOf(id string) []string {
	if id == "SC2196" {
		return []string{"shellcheck SC2196", "shellcheck SC2197"} // egrep and fgrep
	}
	return []string{"shellcheck " + id}
}

// named makes a test of a command alone, which points at the command.
func named(test func(c *dockerfile.Command) bool) func(*dockerfile.Script, *dockerfile.Command) (int, bool) {
	return func(_ *dockerfile.Script, c *dockerfile.Command) (int, bool) { return -1, test(c) }
}

var escapes = regexp.MustCompile(`\\[ntr0]`)

// doubtsByName are the entries of the table by the name of the command, under ""
// those about any.
var doubtsByName = func() map[string][]doubt {
	out := map[string][]doubt{}
	for _, d := range doubtTable {
		for _, n := range d.names {
			out[n] = append(out[n], d)
		}
		if len(d.names) == 0 {
			out[""] = append(out[""], d)
		}
	}
	return out
}()

var doubtTable = []doubt{
	{"SC2002", "cat of one file into a pipe: the program can read the file itself", []string{"cat"}, named(func(c *dockerfile.Command) bool {
		return c.PipeTo != nil && len(c.Args) == 1 && c.Args[0].Literal && !strings.HasPrefix(c.Args[0].Text, "-") && len(c.Redirs) == 0
	})},
	{"SC2005", "echo of the output of a command: call the command", []string{"echo"}, named(func(c *dockerfile.Command) bool { return onlySubst(c) && !c.Subst })},
	{"SC2116", "echo within $( ): write its arguments", []string{"echo"}, named(func(c *dockerfile.Command) bool {
		return c.Subst && c.After == dockerfile.NoOperator && c.Before == dockerfile.NoOperator && !c.InPipe && len(c.Args) == 1 && len(c.Redirs) == 0 && !strings.HasPrefix(c.Args[0].Text, "-")
	})},
	{"SC2010", "ls into grep: names with odd characters are lost", []string{"ls"}, named(func(c *dockerfile.Command) bool { return c.PipeTo != nil && strings.HasSuffix(c.PipeTo.Name, "grep") })},
	{"SC2012", "ls into another program: names with odd characters are lost", []string{"ls"}, named(func(c *dockerfile.Command) bool {
		return c.PipeTo != nil && !strings.HasSuffix(c.PipeTo.Name, "grep") && c.PipeTo.Name != "tee" && c.PipeTo.Name != "cat"
	})},
	{"SC2016", "a variable in single quotes is not replaced", []string{"echo", "cd", "cp", "mv", "mkdir"}, func(_ *dockerfile.Script, c *dockerfile.Command) (int, bool) {
		if c.Call == nil || len(c.Redirs) > 0 || c.PipeTo != nil {
			return -1, false
		}
		for i, w := range c.Call.Args[1:] {
			if q, ok := w.Parts[0].(*syntax.SglQuoted); ok && !q.Dollar && len(dockerrules.Variables(q.Value)) > 0 {
				return i, true
			}
		}
		return -1, false
	}},
	{"SC2024", "sudo does not hold for a redirection", []string{"sudo"}, named(func(c *dockerfile.Command) bool {
		return slices.ContainsFunc(c.Redirs, func(r dockerfile.Redirect) bool { return r.Op == ">" || r.Op == ">>" || r.Op == "<" })
	})},
	{"SC2028", "echo may print the escape as it is: use printf", []string{"echo"}, func(s *dockerfile.Script, c *dockerfile.Command) (int, bool) {
		if s.Dialect == dockerfile.Dash || len(c.Args) == 0 || strings.HasPrefix(c.Args[0].Text, "-") {
			return -1, false
		}
		i := slices.IndexFunc(c.Args, func(w dockerfile.Word) bool { return w.Quoted && escapes.MatchString(w.Text) })
		return i, i >= 0
	}},
	{"SC2035", "a wildcard in front may become an option: write ./*", []string{"rm", "cp", "mv", "chmod", "chown", "tar", "cat", "ls", "ln", "install"}, func(_ *dockerfile.Script, c *dockerfile.Command) (int, bool) {
		for i, w := range c.Args {
			if w.Text == "--" {
				return -1, false
			}
			if !w.Literal && !w.Quoted && (strings.HasPrefix(w.Text, "*") || strings.HasPrefix(w.Text, "?")) {
				return i, true
			}
		}
		return -1, false
	}},
	{"SC2038", "find into xargs: names with blanks are split: use -print0 and -0", []string{"find"}, named(func(c *dockerfile.Command) bool {
		return c.PipeTo != nil && c.PipeTo.Name == "xargs" && !c.Has("-print0", "-printf") && !c.PipeTo.Flag("-0", "--null", "-d", "--delimiter")
	})},
	{"SC2059", "a variable is the format of printf", []string{"printf"}, func(_ *dockerfile.Script, c *dockerfile.Command) (int, bool) {
		if len(c.Args) == 0 {
			return -1, false
		}
		return 0, !c.Args[0].Literal && len(dockerrules.Variables(c.Args[0].Text)) > 0
	}},
	{"SC2069", "2>&1 in front of > leaves errors on the terminal", nil, func(_ *dockerfile.Script, c *dockerfile.Command) (int, bool) {
		for i, r := range c.Redirs {
			if r.FD == "2" && r.Op == ">&" && r.Target.Text == "1" && c.PipeTo == nil {
				return -1, slices.ContainsFunc(c.Redirs[i+1:], func(o dockerfile.Redirect) bool { return (o.Op == ">" || o.Op == ">>") && (o.FD == "" || o.FD == "1") })
			}
		}
		return -1, false
	}},
	{"SC2094", "the file that is read is written at the same time", nil, func(_ *dockerfile.Script, c *dockerfile.Command) (int, bool) {
		for last := c; last != nil; last = last.PipeTo {
			for _, r := range last.Redirs {
				if r.Op == ">" && r.Target.Literal && r.Target.Text != "/dev/null" && c.Has(r.Target.Text) && c.Name != "echo" && c.Name != "printf" {
					return c.Find(r.Target.Text), true
				}
			}
		}
		return -1, false
	}},
	{"SC2097", "the variable is not set yet where the same line uses it", nil, func(_ *dockerfile.Script, c *dockerfile.Command) (int, bool) {
		for _, a := range c.Assigns {
			i := slices.IndexFunc(c.Args, func(w dockerfile.Word) bool {
				return !w.Literal && slices.Contains(dockerrules.Variables(w.Text), a.Name)
			})
			if i >= 0 && c.Call != nil && c.Outer == nil && !strings.Contains(a.Value.Text, "$"+a.Name) {
				return i, true
			}
		}
		return -1, false
	}},
	{"SC2126", "grep into wc -l: use grep -c", []string{"grep"}, named(func(c *dockerfile.Command) bool {
		return c.PipeTo != nil && c.PipeTo.Name == "wc" && c.PipeTo.Flag("-l") && !c.Flag("-o", "-r", "-R", "-l", "--only-matching")
	})},
	{"SC2155", "the result of the command is lost: set the variable first", []string{"export", "local", "declare", "readonly"}, func(_ *dockerfile.Script, c *dockerfile.Command) (int, bool) {
		return -1, slices.ContainsFunc(c.Assigns, func(a dockerfile.Assign) bool {
			return strings.Contains(a.Value.Text, "$(") || strings.Contains(a.Value.Text, "`")
		})
	}},
	{"SC2162", "read without -r eats backslashes", []string{"read"}, named(func(c *dockerfile.Command) bool { return !c.Flag("-r") })},
	{"SC2166", "-a and -o in a test are gone from the standard: use && and ||", []string{"["}, named(func(c *dockerfile.Command) bool { return len(c.Args) > 4 && c.Has("-a", "-o") })},
	{"SC2174", "mkdir -p -m sets the mode of the last directory only", []string{"mkdir"}, named(func(c *dockerfile.Command) bool {
		operands := c.Operands()
		return c.Flag("-p", "--parents") && c.Flag("-m", "--mode") && len(operands) > 0 && strings.Count(strings.Trim(c.Args[operands[len(operands)-1]].Text, "/"), "/") > 0
	})},
	{"SC2181", "test the command itself, not $?", []string{"["}, named(func(c *dockerfile.Command) bool { return len(c.Args) > 0 && c.Args[0].Text == "$?" })},
	{"SC2196", "egrep and fgrep are gone from the standard: use grep -E and grep -F", []string{"egrep", "fgrep"}, named(func(*dockerfile.Command) bool { return true })},
	{"SC2226", "ln has one argument only: the link lands in the working directory", []string{"ln"}, named(func(c *dockerfile.Command) bool {
		return len(c.Operands()) == 1 && c.Args[c.Operands()[0]].Literal && !c.Flag("-t", "--target-directory")
	})},
	{"SC1007", "a blank behind = makes the variable empty", nil, func(_ *dockerfile.Script, c *dockerfile.Command) (int, bool) {
		n := len(c.Assigns)
		return -1, n > 0 && len(c.Words) == 1 && c.Assigns[n-1].Value.End <= c.Assigns[n-1].Value.Start && c.Words[0].Start == c.Assigns[n-1].End+1 && c.Outer == nil && c.Assigns[n-1].Name != "IFS"
	}},
	{"SC2283", "blanks around = make it a command", nil, func(_ *dockerfile.Script, c *dockerfile.Command) (int, bool) {
		return 0, len(c.Args) > 0 && c.Args[0].Text == "=" && !c.Args[0].Quoted && !bracket(c) && c.Name != "test" && c.Name != "expr" && c.Words[0].Text != "[["
	}},
}

// onlySubst says whether the only argument of a command is the output of another.
func onlySubst(c *dockerfile.Command) bool {
	if c.Call == nil || len(c.Call.Args) != 2 || len(c.Redirs) > 0 || c.InPipe {
		return false
	}
	parts := c.Call.Args[1].Parts
	if q, ok := parts[0].(*syntax.DblQuoted); ok && len(parts) == 1 {
		parts = q.Parts
	}
	_, ok := parts[0].(*syntax.CmdSubst)
	return ok && len(parts) == 1
}

// reportNodes reports what is seen in the tree only.
func reportNodes(p *control.Pass, in *dockerfile.Instruction, s *dockerfile.Script) {
	syntax.Walk(s.Tree, func(n syntax.Node) bool {
		switch x := n.(type) {
		case *syntax.CmdSubst:
			if x.Backquotes {
				p.Report(in.Path("script"), "backquotes cannot be nested: use $( ): SC2006").Answers("shellcheck SC2006")
			}
		case *syntax.WordIter:
			for _, item := range x.Items {
				switch listing(item) {
				case "find":
					p.Report(in.Path("script"), "the loop over find splits names at blanks: SC2044").Answers("shellcheck SC2044")
				case "ls":
					p.Report(in.Path("script"), "the loop over ls splits names at blanks: SC2045").Answers("shellcheck SC2045")
				}
			}
		case *syntax.BinaryCmd:
			if left, ok := x.X.Cmd.(*syntax.BinaryCmd); ok && x.Op == syntax.OrStmt && left.Op == syntax.AndStmt && !harmless(x.Y) {
				p.Report(in.Path("script"), "a && b || c runs c when b fails as well: SC2015").Answers("shellcheck SC2015")
			}
		}
		return true
	})
}

// listing returns the name of the command whose output a word is.
func listing(w *syntax.Word) string {
	if len(w.Parts) != 1 {
		return ""
	}
	sub, ok := w.Parts[0].(*syntax.CmdSubst)
	if !ok || len(sub.Stmts) != 1 {
		return ""
	}
	call, ok := sub.Stmts[0].Cmd.(*syntax.CallExpr)
	if !ok || len(call.Args) == 0 {
		return ""
	}
	return call.Args[0].Lit()
}

// harmless says whether a statement may well run when the one before it failed.
func harmless(s *syntax.Stmt) bool {
	switch cmd := s.Cmd.(type) {
	case *syntax.CallExpr:
		if len(cmd.Args) == 0 {
			return true
		}
		switch cmd.Args[0].Lit() {
		case "exit", "return", "echo", "printf", "true", ":", "false":
			return true
		}
	case *syntax.Block:
		return true
	}
	return false
}
