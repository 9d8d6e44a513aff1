package ytree

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// quoted parses a single or double quoted scalar, over lines if need be.
func (p *parser) quoted() (n Node, err error) {
	n.Kind, n.Style, n.Start = String, DoubleQuoted, int32(p.pos)
	quote := p.s[p.pos]
	if quote == '\'' {
		n.Style = SingleQuoted
	}
	p.pos++
	start := p.pos
	for i := start; i < len(p.s); i++ { // the common case: nothing to decode
		c := p.s[i]
		if c == quote && !(quote == '\'' && i+1 < len(p.s) && p.s[i+1] == '\'') {
			n.Str = p.s[start:i]
			p.pos = i + 1
			n.End = int32(p.pos)
			return n, nil
		}
		if c == '\n' || c == '\r' || c == quote || (c == '\\' && quote == '"') {
			break
		}
		if c < 0x20 && c != '\t' {
			return n, errUnsure
		}
		if c >= 0x7F {
			r, size := utf8.DecodeRuneInString(p.s[i:])
			if c == 0x7F || !printable(r, size) {
				return n, errUnsure
			}
			i += size - 1
		}
	}
	var b strings.Builder
	for p.pos < len(p.s) {
		switch c := p.s[p.pos]; {
		case c == quote && quote == '\'' && p.peek(1) == '\'':
			b.WriteByte('\'')
			p.pos += 2
		case c == quote:
			p.pos++
			n.Str, n.End = b.String(), int32(p.pos)
			return n, nil
		case c == '\n' || c == '\r' && p.peek(1) == '\n' || (c == ' ' || c == '\t') && p.blankToBreak():
			if err := p.quotedBreak(&b); err != nil {
				return n, err
			}
		case c == '\\' && quote == '"':
			if err := p.escape(&b); err != nil {
				return n, err
			}
		case c < 0x20 && c != '\t' || c == 0x7F:
			return n, errUnsure
		case c < utf8.RuneSelf:
			b.WriteByte(c)
			p.pos++
		default:
			r, size := utf8.DecodeRuneInString(p.s[p.pos:])
			if !printable(r, size) {
				return n, errUnsure
			}
			b.WriteString(p.s[p.pos : p.pos+size])
			p.pos += size
		}
	}
	return n, errUnsure // never closed
}

// blankToBreak says whether only blanks stand between here and the end of the line.
func (p *parser) blankToBreak() bool {
	for i := p.pos; i < len(p.s); i++ {
		switch p.s[i] {
		case ' ', '\t':
		case '\n':
			return true
		case '\r':
			return i+1 < len(p.s) && p.s[i+1] == '\n'
		default:
			return false
		}
	}
	return false
}

func (p *parser) quotedBreak(b *strings.Builder) error {
	p.foldBreak(b)
	if p.eof() || p.pos == p.lineStart && p.marker() {
		return errUnsure
	}
	return nil
}

var simpleEscapes = map[byte]string{
	'0': "\x00", 'a': "\a", 'b': "\b", 't': "\t", '\t': "\t", 'n': "\n", 'v': "\v", 'f': "\f", 'r': "\r", 'e': "\x1b",
	' ': " ", '"': "\"", '/': "/", '\\': "\\", 'N': "\u0085", '_': "\u00a0", 'L': "\u2028", 'P': "\u2029",
}

// escape decodes one backslash sequence of a double quoted scalar.
func (p *parser) escape(b *strings.Builder) error {
	c := p.peek(1)
	if s, ok := simpleEscapes[c]; ok {
		b.WriteString(s)
		p.pos += 2
		return nil
	}
	width := 0
	switch c {
	case 'x':
		width = 2
	case 'u':
		width = 4
	case 'U':
		width = 8
	default:
		return errUnsure // an escaped line break, or nonsense
	}
	r, ok := p.hex(2, width)
	if !ok {
		return errUnsure
	}
	p.pos += 2 + width
	if utf16.IsSurrogate(r) {
		low, ok := rune(0), false
		if p.peek(0) == '\\' && p.peek(1) == 'u' {
			low, ok = p.hex(2, 4)
		}
		if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
			return errUnsure
		}
		p.pos += 6
	}
	if !utf8.ValidRune(r) {
		return errUnsure
	}
	b.WriteRune(r)
	return nil
}

func (p *parser) hex(from, width int) (rune, bool) {
	var r rune
	for i := range width {
		c := p.peek(from + i)
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
