package dockerfile

import (
	"strings"
	"sync"

	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

// scope holds the variables of a stage in the order in which they are set.
type scope struct {
	up   *scope // of the parent stage
	upN  int    // how many variables of it count
	list []Var
	by   map[string][]int
}

func newScope(up *scope, upN int) *scope { return &scope{up: up, upN: upN} }

func (s *scope) add(v Var) {
	if s.by == nil {
		s.by = map[string][]int{}
	}
	s.by[v.Name] = append(s.by[v.Name], len(s.list))
	s.list = append(s.list, v)
}

// lookup finds a variable among the first n: the last ENV, else the last ARG.
func (s *scope) lookup(name string, n int) (Var, bool) {
	var arg *Var
	for ; s != nil; s, n = s.up, s.upN {
		at := s.by[name]
		for i := len(at) - 1; i >= 0; i-- {
			switch v := &s.list[at[i]]; {
			case at[i] >= n:
			case v.Origin == FromEnv:
				return *v, true
			case arg == nil:
				arg = v
			}
		}
	}
	if arg == nil {
		return Var{}, false
	}
	return *arg, true
}

// Lookup returns the variable that a name means at this point. One that the
// base image sets is not found.
func (s *State) Lookup(name string) (Var, bool) { return s.vars.lookup(name, s.n) }

// Vars yields the variables that this stage and its parents set up to this
// point, oldest last; a name that was set twice comes twice.
func (s *State) Vars(yield func(Var) bool) {
	for sc, n := s.vars, s.n; sc != nil; sc, n = sc.up, sc.upN {
		for i := n - 1; i >= 0; i-- {
			if !yield(sc.list[i]) {
				return
			}
		}
	}
}

// Bounds of an expansion, so that no file makes texts much larger than itself.
const (
	maxValue   = 2 << 10  // bytes of a variable that is used
	maxWord    = 64 << 10 // bytes of a word and of what is put into it
	maxPattern = 1 << 10  // bytes of a word with ${x/y/z} and the like
)

// Expand replaces variables in the text of an instruction as the builder
// would, and takes quotes away. missing lists the names without a value here,
// but for those that the text gives a default, as in ${NAME:-default}. text is
// as written when there are any, or when it cannot be expanded.
func (s *State) Expand(word string, escape byte) (text string, missing []string) {
	e := s.expand(word, escape)
	return e.text, e.missing
}

// expansion is a word with its variables replaced.
type expansion struct {
	text        string
	missing     []string // without a value and a default
	unset       []string // without a value
	overridable bool
}

func (s *State) expand(word string, escape byte) expansion {
	if !strings.ContainsAny(word, `$"'`) && strings.IndexByte(word, escape) < 0 {
		return expansion{text: word}
	}
	if len(word) > maxWord || len(word) > maxPattern && strings.Contains(word, "${") {
		return expansion{text: word, missing: []string{word[:32] + "…"}}
	}
	env := &getter{state: s, left: maxWord, missing: map[string]bool{}}
	pool := &lexers[0]
	if escape == '`' {
		pool = &lexers[1]
	}
	lex, ok := pool.Get().(*shell.Lex)
	if !ok {
		lex = shell.NewLex(rune(escape))
	}
	got, err := lex.ProcessWordWithMatches(word, env)
	pool.Put(lex)
	e := expansion{text: word, unset: env.order, overridable: env.overridable}
	for _, name := range env.order {
		if defaulted(word, name) {
			e.overridable = true
			continue
		}
		e.missing = append(e.missing, name)
	}
	if err != nil {
		e.missing = append(e.missing, word)
	}
	if len(e.missing) == 0 {
		e.text = got.Result
	}
	return e
}

// lexers are used again: of the escape character \ and of the backtick.
var lexers [2]sync.Pool

// defaulted says whether a text names a variable only where it says what to take when there is none.
func defaulted(word, name string) bool {
	uses := strings.Count(word, "$"+name) + strings.Count(word, "${"+name)
	defaults := 0
	for _, modifier := range []string{":-", "-", ":+", "+"} {
		defaults += strings.Count(word, "${"+name+modifier)
	}
	return uses > 0 && uses == defaults
}

// getter answers BuildKit's questions for variables and notes what it could not answer.
type getter struct {
	state       *State
	left        int
	missing     map[string]bool
	order       []string
	overridable bool
}

func (g *getter) Get(name string) (string, bool) {
	v, ok := g.state.Lookup(name)
	if ok && v.Overridable() {
		g.overridable = true
	}
	if !ok || !v.HasValue || len(v.Value) > maxValue || len(v.Value) > g.left {
		if !g.missing[name] {
			g.missing[name] = true
			g.order = append(g.order, name)
		}
		return "", false
	}
	g.left -= len(v.Value)
	return v.Value, true
}

func (g *getter) Keys() []string { return nil }

// platform holds the variables that a builder gives to FROM, and to stages that
// redeclare them. Nothing is ever added to it.
var platform = func() *scope {
	s := newScope(nil, 0)
	for _, name := range []string{
		"BUILDPLATFORM", "BUILDOS", "BUILDOSVERSION", "BUILDARCH", "BUILDVARIANT",
		"TARGETPLATFORM", "TARGETOS", "TARGETOSVERSION", "TARGETARCH", "TARGETVARIANT", "TARGETSTAGE",
	} {
		s.add(Var{Name: name, Origin: FromPlatform})
	}
	return s
}()

// set applies what an instruction changes to the state behind it.
func (in *Instruction) set(s *State, global *scope, escape byte) {
	if in.Err != nil {
		return
	}
	switch in.Keyword {
	case "USER", "WORKDIR":
		if len(in.Args) == 0 {
			return
		}
		raw := in.Text[in.argsAt:]
		text, missing := s.Expand(strings.TrimSpace(raw), escape)
		v := Value{Text: text, Set: in, Known: len(missing) == 0}
		if in.Keyword == "USER" {
			s.User = v
			return
		}
		s.Workdir = under(s.Workdir, v)
	case "SHELL":
		s.Shell, s.ShellSet = nil, in
		for _, w := range in.Args {
			s.Shell = append(s.Shell, w.Text)
		}
	case "ENV":
		before := *s
		for i := range in.Pairs {
			s.vars.add(in.variable(i, &before, FromEnv, escape))
			s.n = len(s.vars.list)
		}
	case "ARG":
		for i := range in.Pairs {
			v := in.variable(i, s, FromArg, escape)
			if !in.Pairs[i].HasValue {
				v = in.redeclared(v, global)
			}
			s.vars.add(v)
			s.n = len(s.vars.list)
		}
	}
}

// under returns the directory that a WORKDIR leads to.
func under(old, v Value) Value {
	if !v.Known || v.Text == "" || strings.HasPrefix(v.Text, "/") || len(v.Text) > 1 && v.Text[1] == ':' {
		return v
	}
	v.Known = old.Known && len(old.Text)+len(v.Text) < maxValue
	if v.Known {
		v.Text = strings.TrimSuffix(old.Text, "/") + "/" + v.Text
	}
	return v
}

// variable makes the variable of a pair.
func (in *Instruction) variable(i int, s *State, origin Origin, escape byte) Var {
	p := &in.Pairs[i]
	v := Var{Name: p.Key.Text, Origin: origin, Set: in, Path: in.pairPath(i)}
	if p.HasValue {
		var missing []string
		v.Value, missing = s.Expand(p.raw, escape)
		v.HasValue = len(missing) == 0
	}
	return v
}

// redeclared gives an ARG without value that of the global one, or of the builder.
func (in *Instruction) redeclared(v Var, global *scope) Var {
	if g, ok := global.lookup(v.Name, len(global.list)); ok {
		v.Origin, v.Value, v.HasValue = g.Origin, g.Value, g.HasValue
	}
	return v
}
