package dockerfile

import (
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"bulwark/fix"
)

// plainChain says whether a statement is a simple command, or several joined by &&.
func plainChain(s *syntax.Stmt) bool {
	for {
		if s.Negated || s.Background || s.Coprocess {
			return false
		}
		switch cmd := s.Cmd.(type) {
		case *syntax.BinaryCmd:
			if cmd.Op != syntax.AndStmt || !plainChain(cmd.Y) {
				return false
			}
			s = cmd.X
		case *syntax.CallExpr, *syntax.DeclClause, *syntax.TestClause, *syntax.Block, *syntax.Subshell, *syntax.IfClause, *syntax.ForClause, *syntax.WhileClause, *syntax.CaseClause:
			return true
		default:
			return false
		}
	}
}

// removeWord takes out a word with the blanks before it, and with its line
// where it stands alone on a continued one.
func (f *File) removeWord(c change) ([]change, error) {
	text := f.Text
	start := c.start
	for start > 0 && (text[start-1] == ' ' || text[start-1] == '\t') {
		start--
	}
	if start > 0 && text[start-1] != '\n' {
		c.start = start
		return []change{c}, nil
	}
	// It is the first word of its line.
	end := c.end
	for end < len(text) && (text[end] == ' ' || text[end] == '\t') {
		end++
	}
	if end < len(text) && text[end] == f.Escape {
		if n := strings.IndexByte(text[end:], '\n'); n >= 0 && strings.TrimSpace(text[end+1:end+n]) == "" {
			c.start, c.end = start, end+n+1
			return []change{c}, nil
		}
	}
	if end < len(text) && text[end] != '\n' && text[end] != '\r' {
		c.end = end
		return []change{c}, nil
	}
	before, ok := f.beforeContinuation(start)
	if !ok {
		return nil, fmt.Errorf("%w: it is the last word, below a comment", fix.ErrCannotEdit)
	}
	c.start = before
	return []change{c}, nil
}

// beforeContinuation returns where the text of the line above ends that goes
// on in the line that starts at an offset.
func (f *File) beforeContinuation(at int) (int, bool) {
	line := strings.TrimRight(f.Text[:at], "\r\n")
	from := strings.LastIndexByte(line, '\n') + 1
	cut, ok := continued(line[from:], f.Escape)
	if !ok {
		return 0, false
	}
	return from + len(strings.TrimRight(line[from:from+cut], " \t")), true
}

// removeString takes a string out of a JSON array, with its comma.
func (f *File) removeString(p part) ([]change, error) {
	c := change{start: p.start, end: p.end, in: p.in, cmd: p.cmd}
	before := strings.TrimRight(f.Text[:c.start], " \t")
	after := strings.TrimLeft(f.Text[c.end:], " \t")
	switch {
	case strings.HasSuffix(before, ","):
		c.start = len(before) - 1
	case strings.HasPrefix(after, ","):
		c.end = len(f.Text) - len(strings.TrimLeft(after[1:], " \t"))
	default:
		return nil, fmt.Errorf("%w: it is the only string of the array, or stands on a line of its own", fix.ErrCannotEdit)
	}
	return []change{c}, nil
}

// removeCommand takes a command out with the && or ; that joins it; with its
// instruction where it is the only one.
func (f *File) removeCommand(p part) ([]change, error) {
	c, s := p.cmd, p.in.Script
	if !c.Top || c.InPipe || c.Negated || c.Background || c.Before == Or || c.After == Or || s.Form == ExecForm {
		return nil, fmt.Errorf("%w: it is joined to others by more than &&", fix.ErrCannotEdit)
	}
	prev, next := s.previous(c), s.next(c)
	out := change{start: c.Start, end: c.End, in: p.in, cmd: c}
	switch {
	case next != nil && f.joint(c.End, next.Start) && c.After == And:
		out.end = next.Start
	case prev != nil && f.joint(prev.End, c.Start):
		out.start = prev.End
	case next != nil && f.joint(c.End, next.Start):
		out.end = next.Start
	case prev == nil && next == nil && len(s.Tree.Stmts) == 1 && s.Tree.Stmts[0] == c.Stmt && !p.in.Onbuild:
		return f.remove(f.find(p.in.Path("")))
	default:
		return nil, fmt.Errorf("%w: it cannot be told from what stands around it", fix.ErrCannotEdit)
	}
	return []change{out}, nil
}

// joint says whether nothing stands in a range but blanks, continuations and
// one operator that joins commands.
func (f *File) joint(from, to int) bool {
	between := strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\r', '\n', rune(f.Escape):
			return -1
		}
		return r
	}, f.Text[from:max(from, to)])
	return between == "&&" || between == ";" || between == ""
}
