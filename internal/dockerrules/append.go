package dockerrules

import (
	"mvdan.cc/sh/v3/syntax"

	"bulwark/source/dockerfile"
)

// Appendable says whether "&& command" at the end of a script is run when, and
// only when, all that stands before it has worked.
func Appendable(in *dockerfile.Instruction) bool {
	s := in.Script
	if s == nil || s.Tree == nil || len(s.Tree.Stmts) == 0 || in.Onbuild {
		return false
	}
	if s.Form == dockerfile.HeredocForm {
		return s.ErrExit && s.Dialect.POSIX()
	}
	if len(s.Comments) > 0 {
		return false
	}
	last := s.Tree.Stmts[len(s.Tree.Stmts)-1]
	return s.Form == dockerfile.ShellForm && len(in.Heredocs) == 0 && !last.Semicolon.IsValid() && chain(last)
}

// chain says whether a statement is a command, or several joined by &&.
func chain(s *syntax.Stmt) bool {
	if s.Negated || s.Background || s.Coprocess {
		return false
	}
	switch cmd := s.Cmd.(type) {
	case *syntax.BinaryCmd:
		return cmd.Op == syntax.AndStmt && chain(cmd.X) && chain(cmd.Y)
	case *syntax.CallExpr, *syntax.DeclClause, *syntax.TestClause:
		return true
	}
	return false
}

// Uncleaned returns the first call of a manager that puts something on the
// system, or renews its lists, and that no clean-up follows in the script; ok is false for none.
func Uncleaned(in *dockerfile.Instruction, m Manager, leaves func(Call) bool) (Call, bool) {
	var pending *Call
	for _, c := range in.Script.Commands {
		call, ok := PackageCall(c)
		switch {
		case ok && call.Manager == m && leaves(call):
			if pending == nil {
				pending = &call
			}
		case pending != nil && Cleans(c, m):
			pending = nil
		}
	}
	if pending == nil {
		return Call{}, false
	}
	return *pending, true
}
