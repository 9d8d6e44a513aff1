// Package corefile reads CoreDNS configuration: server blocks, their
// directives with arguments and nested lines, and snippets that are imported.
// It keeps to the grammar of the Caddyfile of github.com/coredns/caddy and
// knows no plugin.
package corefile

import (
	"fmt"
	"strings"
)

// Bounds on untrusted input.
const (
	maxBytes      = 1 << 20
	maxDepth      = 16
	maxDirectives = 100_000 // after imports
)

// Server is one block with the zones or addresses that it answers for.
type Server struct {
	Keys       []string
	Line       int // 1-based
	Directives []Directive
}

// Directive is one line of a block: a plugin or an option of one.
type Directive struct {
	Name string
	Args []string
	Line int         // 1-based
	Body []Directive // the lines in braces after it
}

// Find returns the directives of this name, in order.
func Find(in []Directive, name string) []Directive {
	var out []Directive
	for _, d := range in {
		if d.Name == name {
			out = append(out, d)
		}
	}
	return out
}

// Parse reads a whole Corefile. Imports of files, which are not there, are
// kept as directives; imports of snippets are replaced by their lines.
func Parse(text string) ([]Server, error) {
	p, err := newParser(text)
	if err != nil {
		return nil, err
	}
	var servers []Server
	for !p.end() {
		s, snippet, err := p.server()
		if err != nil {
			return nil, err
		}
		if snippet != "" {
			p.snippets[snippet] = s.Directives
			continue
		}
		servers = append(servers, s)
	}
	return servers, nil
}

// ParseDirectives reads lines that stand inside a server block, as override
// files of some distributions hold them.
func ParseDirectives(text string) ([]Directive, error) {
	p, err := newParser(text)
	if err != nil {
		return nil, err
	}
	return p.directives(0, false)
}

type parser struct {
	tokens   []token
	at       int
	snippets map[string][]Directive
	imported int // directives that imports added
}

func newParser(text string) (*parser, error) {
	if len(text) > maxBytes {
		return nil, fmt.Errorf("the Corefile has %d bytes, more than the %d that are read", len(text), maxBytes)
	}
	return &parser{tokens: tokens(text), snippets: map[string][]Directive{}}, nil
}

func (p *parser) end() bool { return p.at >= len(p.tokens) }

// server reads the keys of a block and the block; a block may leave out its
// braces when it is the only one. A key in parentheses names a snippet.
func (p *parser) server() (Server, string, error) {
	s := Server{Line: p.tokens[p.at].line}
	open, comma := false, true
	for !p.end() {
		t := p.tokens[p.at]
		if t.text == "{" && !t.quoted {
			open = true
			p.at++
			break
		}
		if len(s.Keys) > 0 && t.first && !comma {
			break
		}
		if t.text == "}" && !t.quoted {
			return s, "", fmt.Errorf("line %d: a closing brace without an opening one", t.line)
		}
		comma = strings.HasSuffix(t.text, ",")
		for _, key := range strings.Split(t.text, ",") {
			if key != "" {
				s.Keys = append(s.Keys, key)
			}
		}
		p.at++
	}
	var err error
	if s.Directives, err = p.directives(0, open); err != nil {
		return s, "", err
	}
	if len(s.Keys) == 1 && strings.HasPrefix(s.Keys[0], "(") && strings.HasSuffix(s.Keys[0], ")") {
		return s, strings.Trim(s.Keys[0], "()"), nil
	}
	return s, "", nil
}

// directives reads lines up to the closing brace, or to the end when there is none to come.
func (p *parser) directives(depth int, braces bool) ([]Directive, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("line %d: more than %d blocks inside each other", p.tokens[min(p.at, len(p.tokens)-1)].line, maxDepth)
	}
	var out []Directive
	for !p.end() {
		t := p.tokens[p.at]
		if t.text == "}" && !t.quoted {
			if !braces {
				return nil, fmt.Errorf("line %d: a closing brace without an opening one", t.line)
			}
			p.at++
			return out, nil
		}
		d, err := p.directive(depth)
		if err != nil {
			return nil, err
		}
		if lines, ok := p.snippets[firstArg(d)]; d.Name == "import" && ok {
			if p.imported += len(lines) + 1; p.imported > maxDirectives {
				return nil, fmt.Errorf("line %d: imports add more than %d lines", d.Line, maxDirectives)
			}
			out = append(out, lines...)
			continue
		}
		out = append(out, d)
	}
	if braces {
		return nil, fmt.Errorf("a block is not closed before the end")
	}
	return out, nil
}

// directive reads one line, and its block when the line ends in a brace.
func (p *parser) directive(depth int) (Directive, error) {
	t := p.tokens[p.at]
	p.at++
	d := Directive{Name: t.text, Line: t.line}
	for !p.end() {
		next := p.tokens[p.at]
		if next.text == "{" && !next.quoted && !next.first {
			p.at++
			body, err := p.directives(depth+1, true)
			d.Body = body
			return d, err
		}
		if next.first || next.text == "}" && !next.quoted {
			return d, nil
		}
		d.Args = append(d.Args, next.text)
		p.at++
	}
	return d, nil
}

func firstArg(d Directive) string {
	if len(d.Args) == 0 {
		return ""
	}
	return d.Args[0]
}
