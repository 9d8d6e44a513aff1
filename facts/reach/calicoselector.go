package reach

import (
	"fmt"
	"slices"
	"strings"
)

// expression is a selector in Calico's language: comparisons of labels joined
// by !, && and ||.
type expression struct {
	text string
	root node3
}

// node3 is one node of the expression.
type node3 interface {
	eval(labelled) truth
	walk(func(string))
}

func (e *expression) match(l labelled) truth  { return e.root.eval(l) }
func (e *expression) keys(yield func(string)) { e.root.walk(yield) }
func (e *expression) String() string {
	if e.text == "all()" {
		return ""
	}
	return e.text
}

type (
	constant   bool
	negation   struct{ of node3 }
	together   struct{ a, b node3 }
	either     struct{ a, b node3 }
	comparison struct {
		key, op string
		values  []string
	}
)

func (c constant) eval(labelled) truth        { return known(bool(c)) }
func (constant) walk(func(string))            {}
func (n negation) eval(l labelled) truth      { return n.of.eval(l).not() }
func (n negation) walk(yield func(string))    { n.of.walk(yield) }
func (n together) eval(l labelled) truth      { return n.a.eval(l).and(n.b.eval(l)) }
func (n together) walk(yield func(string))    { n.a.walk(yield); n.b.walk(yield) }
func (n either) eval(l labelled) truth        { return n.a.eval(l).or(n.b.eval(l)) }
func (n either) walk(yield func(string))      { n.a.walk(yield); n.b.walk(yield) }
func (c *comparison) walk(yield func(string)) { yield(c.key) }

// eval: an absent label satisfies != and "not in", and nothing else.
func (c *comparison) eval(l labelled) truth {
	value, state := l.label(c.key)
	holds := func(test bool) truth {
		if state == yes {
			return known(test)
		}
		return state
	}
	switch c.op {
	case "has":
		return state
	case "==", "in":
		return holds(slices.Contains(c.values, value))
	case "!=", "not in":
		return holds(slices.Contains(c.values, value)).not()
	case "contains":
		return holds(strings.Contains(value, c.values[0]))
	case "starts with":
		return holds(strings.HasPrefix(value, c.values[0]))
	}
	return holds(strings.HasSuffix(value, c.values[0])) // ends with
}

// maxExpression and maxNesting bound what is read of an expression.
const (
	maxExpression = 64 << 10
	maxNesting    = 100
)

// parseExpression reads a selector of Calico; an empty one matches everything.
func parseExpression(text string) (*expression, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		text = "all()"
	}
	if len(text) > maxExpression {
		return nil, fmt.Errorf("a selector of %d bytes is too long", len(text))
	}
	p := &expressionParser{rest: text}
	root, err := p.or()
	if err == nil && p.space() != "" {
		err = p.unexpected("the end")
	}
	if err != nil {
		return nil, fmt.Errorf("the selector %q cannot be read: %w", cut(text), err)
	}
	return &expression{text: text, root: root}, nil
}

type expressionParser struct {
	rest  string
	depth int
}

// space skips blanks and returns what is left.
func (p *expressionParser) space() string {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	return p.rest
}

func (p *expressionParser) take(token string) bool {
	if !strings.HasPrefix(p.space(), token) {
		return false
	}
	p.rest = p.rest[len(token):]
	return true
}

func (p *expressionParser) unexpected(wanted string) error {
	if p.space() == "" {
		return fmt.Errorf("it ends where %s should stand", wanted)
	}
	return fmt.Errorf("%q stands where %s should", cut(p.rest), wanted)
}

func (p *expressionParser) or() (node3, error) {
	a, err := p.and()
	for err == nil && p.take("||") {
		var b node3
		b, err = p.and()
		a = either{a, b}
	}
	return a, err
}

func (p *expressionParser) and() (node3, error) {
	a, err := p.not()
	for err == nil && p.take("&&") {
		var b node3
		b, err = p.not()
		a = together{a, b}
	}
	return a, err
}

func (p *expressionParser) not() (node3, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, errorText("it is nested too deeply")
	}
	defer func() { p.depth-- }()
	if p.take("!") {
		of, err := p.not()
		return negation{of}, err
	}
	if p.take("(") {
		of, err := p.or()
		if err == nil && !p.take(")") {
			err = p.unexpected(")")
		}
		return of, err
	}
	return p.term()
}

func (p *expressionParser) term() (node3, error) {
	key := p.word()
	if key == "" {
		return nil, p.unexpected("a label")
	}
	switch key {
	case "all", "global", "has":
		if !p.take("(") {
			break
		}
		inner := p.word()
		if !p.take(")") || (key == "has") == (inner == "") {
			return nil, p.unexpected(")")
		}
		if key == "has" {
			return &comparison{key: inner, op: "has"}, nil
		}
		return constant(key == "all"), nil // no pod is global
	}
	return p.compare(key)
}

func (p *expressionParser) compare(key string) (node3, error) {
	for _, op := range [...]string{"==", "!=", "contains", "starts with", "ends with"} {
		if !p.take(op) {
			continue
		}
		value, err := p.quoted()
		return &comparison{key: key, op: op, values: []string{value}}, err
	}
	for _, op := range [...]string{"not in", "in"} {
		if !p.take(op) {
			continue
		}
		values, err := p.list()
		return &comparison{key: key, op: op, values: values}, err
	}
	return nil, p.unexpected("a comparison")
}

// word reads a label key.
func (p *expressionParser) word() string {
	s := p.space()
	n := 0
	for n < len(s) && (s[n] >= 'a' && s[n] <= 'z' || s[n] >= 'A' && s[n] <= 'Z' || s[n] >= '0' && s[n] <= '9' || strings.IndexByte("_./-", s[n]) >= 0) {
		n++
	}
	p.rest = s[n:]
	return s[:n]
}

func (p *expressionParser) quoted() (string, error) {
	s := p.space()
	if s == "" || s[0] != '\'' && s[0] != '"' {
		return "", p.unexpected("a quoted value")
	}
	end := strings.IndexByte(s[1:], s[0])
	if end < 0 {
		return "", errorText("a quoted value does not end")
	}
	p.rest = s[end+2:]
	return s[1 : end+1], nil
}

func (p *expressionParser) list() ([]string, error) {
	if !p.take("{") {
		return nil, p.unexpected("{")
	}
	var values []string
	for !p.take("}") {
		if len(values) > 0 && !p.take(",") {
			return nil, p.unexpected("a comma")
		}
		value, err := p.quoted()
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, nil
}
