package ytree

import "strings"

// How the fast parser looks at its text and moves through it.

func (p *parser) eof() bool { return p.pos >= len(p.s) }

func (p *parser) peek(i int) byte {
	if p.pos+i < len(p.s) {
		return p.s[p.pos+i]
	}
	return 0
}

func (p *parser) col() int { return p.pos - p.lineStart }

func (p *parser) newline() {
	p.pos++
	p.lineStart = p.pos
}

// blankAt says whether the byte at offset i ends a token: space, tab, newline or the end.
func (p *parser) blankAt(i int) bool {
	if i >= len(p.s) {
		return true
	}
	switch p.s[i] {
	case ' ', '\t', '\n', '\r':
		return true
	}
	return false
}

// skipBlank moves to the next token, over spaces, comments and line ends. A tab
// before a token on its line is left to the full parser.
func (p *parser) skipBlank() error {
	for p.pos < len(p.s) {
		switch p.s[p.pos] {
		case ' ':
			p.pos++
		case '\n':
			p.newline()
		case '\r':
			if p.peek(1) != '\n' {
				return errUnsure
			}
			p.pos++
		case '#':
			if p.pos > p.lineStart && !p.blankAt(p.pos-1) {
				return errUnsure
			}
			p.skipLine()
		case '\t':
			if !p.restBlank() {
				return errUnsure
			}
			p.skipLine()
		default:
			if p.pos == p.lineStart && p.marker() {
				return errUnsure
			}
			return nil
		}
	}
	return nil
}

// marker says whether a line begins with a document marker or a directive.
func (p *parser) marker() bool {
	rest := p.s[p.pos:]
	return strings.HasPrefix(rest, "...") || strings.HasPrefix(rest, "---") || rest[0] == '%'
}

func (p *parser) skipLine() {
	if i := strings.IndexByte(p.s[p.pos:], '\n'); i >= 0 {
		p.pos += i
		return
	}
	p.pos = len(p.s)
}

// restBlank says whether the rest of the line is white space.
func (p *parser) restBlank() bool {
	for i := p.pos; i < len(p.s); i++ {
		switch p.s[i] {
		case ' ', '\t', '\r':
		case '\n':
			return true
		default:
			return false
		}
	}
	return true
}

// endLine passes the rest of a line after a value: spaces and a comment only.
func (p *parser) endLine() error {
	for p.pos < len(p.s) {
		switch p.s[p.pos] {
		case ' ', '\t':
			p.pos++
		case '\r':
			if p.peek(1) != '\n' {
				return errUnsure
			}
			p.pos++
		case '\n':
			return nil
		case '#':
			if !p.blankAt(p.pos - 1) {
				return errUnsure
			}
			p.skipLine()
		default:
			return errUnsure
		}
	}
	return nil
}

func (p *parser) dash() bool { return p.s[p.pos] == '-' && p.blankAt(p.pos+1) }

// toValue moves to the value after a colon and says whether it stands on the same line.
func (p *parser) toValue() (inline bool, err error) {
	line := p.lineStart
	for p.pos < len(p.s) && (p.s[p.pos] == ' ' || p.s[p.pos] == '\t') {
		p.pos++
	}
	if err := p.skipBlank(); err != nil {
		return false, err
	}
	return !p.eof() && p.lineStart == line, nil
}
