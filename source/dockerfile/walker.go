package dockerfile

import (
	"path"

	"mvdan.cc/sh/v3/syntax"
)

// walker lists the simple commands of a syntax tree.
type walker struct {
	script   *Script
	text     mapped // what the offsets of the tree refer to
	outer    *Command
	depth    int // of scripts within scripts
	jsonText func(Word) mapped
}

// place says where in a script a statement stands.
type place struct {
	top, subshell, function, subst, condition, loop, background, negated, inPipe bool
	before, after                                                                Operator
}

// within is the place of statements inside a compound command.
func (p place) within() place {
	p.top, p.before, p.after = false, NoOperator, NoOperator
	return p
}

func (w *walker) add(c *Command) *Command {
	if len(c.Words) > 0 {
		c.Args = c.Words[1:]
		if c.Words[0].Literal {
			c.Name = path.Base(c.Words[0].Text)
		}
	}
	c.Outer = w.outer
	c.nested = w.depth > 0
	if w.outer != nil {
		c.Top = false
	}
	w.script.Commands = append(w.script.Commands, c)
	return c
}

// stmts walks statements and returns the first and the last simple command.
func (w *walker) stmts(list []*syntax.Stmt, p place) (first, last *Command) {
	for _, s := range list {
		a, b := w.stmt(s, p)
		if first == nil {
			first = a
		}
		if b != nil {
			last = b
		}
	}
	return first, last
}

func (w *walker) stmt(s *syntax.Stmt, p place) (first, last *Command) {
	if s == nil {
		return nil, nil
	}
	p.negated, p.background = s.Negated, p.background || s.Background
	inner := p.within()
	inner.negated = false
	switch cmd := s.Cmd.(type) {
	case *syntax.CallExpr:
		c := w.call(s, cmd, p)
		return c, c
	case *syntax.DeclClause:
		c := w.decl(s, cmd, p)
		return c, c
	case *syntax.TestClause:
		c := w.test(s, cmd, p)
		return c, c
	case *syntax.BinaryCmd:
		return w.binary(cmd, p)
	case *syntax.Subshell:
		inner.subshell = true
		first, last = w.stmts(cmd.Stmts, inner)
	case *syntax.Block:
		first, last = w.stmts(cmd.Stmts, inner)
	case *syntax.IfClause:
		first, last = w.ifs(cmd, inner)
	case *syntax.WhileClause:
		inner.loop = true
		cond := inner
		cond.condition = true
		first, _ = w.stmts(cmd.Cond, cond)
		_, last = w.stmts(cmd.Do, inner)
	case *syntax.ForClause:
		if it, ok := cmd.Loop.(*syntax.WordIter); ok {
			w.words(it.Items, inner)
		}
		inner.loop = true
		first, last = w.stmts(cmd.Do, inner)
	case *syntax.CaseClause:
		w.words([]*syntax.Word{cmd.Word}, inner)
		for _, item := range cmd.Items {
			if a, b := w.stmts(item.Stmts, inner); b != nil {
				last = b
				if first == nil {
					first = a
				}
			}
		}
	case *syntax.FuncDecl:
		inner.function = true
		w.stmt(cmd.Body, inner)
	case *syntax.TimeClause:
		return w.stmt(cmd.Stmt, p)
	case *syntax.CoprocClause:
		inner.background = true
		first, last = w.stmt(cmd.Stmt, inner)
	case *syntax.LetClause, *syntax.ArithmCmd:
		w.substs(cmd, inner)
	}
	for _, r := range s.Redirs {
		w.words([]*syntax.Word{r.Word, r.Hdoc}, inner)
	}
	return first, last
}

func (w *walker) binary(cmd *syntax.BinaryCmd, p place) (first, last *Command) {
	x, y := p, p
	switch cmd.Op {
	case syntax.AndStmt:
		x.after, y.before = And, And
	case syntax.OrStmt:
		x.after, y.before = Or, Or
	default:
		x.after, y.before = Pipe, Pipe
		x.inPipe, y.inPipe = true, true
	}
	first, from := w.stmt(cmd.X, x)
	to, last := w.stmt(cmd.Y, y)
	if cmd.Op == syntax.Pipe || cmd.Op == syntax.PipeAll {
		if from != nil && to != nil {
			from.PipeTo, to.PipeFrom = to, from
		}
	}
	if first == nil {
		first = to
	}
	if last == nil {
		last = from
	}
	return first, last
}

func (w *walker) ifs(cmd *syntax.IfClause, p place) (first, last *Command) {
	for ; cmd != nil; cmd = cmd.Else {
		cond := p
		cond.condition = true
		a, _ := w.stmts(cmd.Cond, cond)
		if first == nil {
			first = a
		}
		if _, b := w.stmts(cmd.Then, p); b != nil {
			last = b
		}
	}
	return first, last
}

func (w *walker) command(s *syntax.Stmt, n syntax.Node, p place) *Command {
	end := n.End().Offset()
	c := &Command{
		Start: w.text.offset(int(n.Pos().Offset())), Before: p.before, After: p.after, InPipe: p.inPipe,
		Top: p.top, Subshell: p.subshell, Function: p.function, Subst: p.subst, Condition: p.condition, Loop: p.loop,
		Negated: p.negated, Background: p.background, Stmt: s,
	}
	for _, r := range s.Redirs {
		red := Redirect{Op: r.Op.String(), Start: w.text.offset(int(r.Pos().Offset()))}
		if r.N != nil {
			red.FD = r.N.Value
		}
		if r.Word != nil {
			red.Target = w.word(r.Word)
			red.End = red.Target.End
			end = max(end, r.Word.End().Offset())
		}
		c.Redirs = append(c.Redirs, red)
	}
	c.End = w.text.end(int(end))
	return c
}

func (w *walker) call(s *syntax.Stmt, call *syntax.CallExpr, p place) *Command {
	c := w.command(s, call, p)
	c.Call = call
	if n := len(call.Args); n > 0 {
		c.Words = make([]Word, n)
		for i, a := range call.Args {
			c.Words[i] = w.word(a)
		}
	}
	for _, a := range call.Assigns {
		c.Assigns = append(c.Assigns, w.assign(a))
	}
	w.add(c)
	inner := p.within()
	for _, a := range call.Assigns {
		w.assigned(a, inner)
	}
	w.words(call.Args, inner)
	w.redirected(s, inner)
	w.runs(c, call.Args, 0)
	return c
}

func (w *walker) decl(s *syntax.Stmt, d *syntax.DeclClause, p place) *Command {
	c := w.command(s, d, p)
	c.Words = []Word{{Text: d.Variant.Value, Literal: true, Start: w.text.offset(int(d.Variant.Pos().Offset())), End: w.text.end(int(d.Variant.End().Offset()))}}
	for _, a := range d.Args {
		if a.Name == nil && a.Value != nil {
			c.Words = append(c.Words, w.word(a.Value))
			continue
		}
		c.Assigns = append(c.Assigns, w.assign(a))
	}
	w.add(c)
	for _, a := range d.Args {
		w.assigned(a, p.within())
	}
	w.redirected(s, p.within())
	return c
}

// test makes a command of [[ … ]], without arguments.
func (w *walker) test(s *syntax.Stmt, t *syntax.TestClause, p place) *Command {
	c := w.command(s, t, p)
	at := int(t.Left.Offset())
	c.Words = []Word{{Text: "[[", Literal: true, Start: w.text.offset(at), End: w.text.end(at + 2)}}
	w.add(c)
	w.substs(t, p.within())
	return c
}

func (w *walker) assign(a *syntax.Assign) Assign {
	out := Assign{Naked: a.Naked, Start: w.text.offset(int(a.Pos().Offset())), End: w.text.end(int(a.End().Offset()))}
	if a.Name != nil {
		out.Name = a.Name.Value
	}
	out.Value = Word{Literal: true, Start: out.End, End: out.End}
	if a.Value != nil {
		out.Value = w.word(a.Value)
	} else if a.Array != nil {
		out.Value.Literal = false
	}
	return out
}

func (w *walker) assigned(a *syntax.Assign, p place) {
	if a.Value != nil {
		w.words([]*syntax.Word{a.Value}, p)
	}
	if a.Array != nil {
		w.substs(a.Array, p)
	}
}

func (w *walker) redirected(s *syntax.Stmt, p place) {
	for _, r := range s.Redirs {
		w.words([]*syntax.Word{r.Word, r.Hdoc}, p)
	}
}

// words walks what substitutions within words run.
func (w *walker) words(list []*syntax.Word, p place) {
	for _, word := range list {
		if word == nil {
			continue
		}
		for _, part := range word.Parts {
			switch part.(type) {
			case *syntax.Lit, *syntax.SglQuoted:
			default:
				w.substs(part, p)
			}
		}
	}
}

// substs finds the outermost substitutions below a node.
func (w *walker) substs(n syntax.Node, p place) {
	p.subst, p.inPipe = true, false
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst:
			w.stmts(n.Stmts, p)
			return false
		case *syntax.ProcSubst:
			w.stmts(n.Stmts, p)
			return false
		}
		return true
	})
}
