package ytree

import (
	"strings"
	"unicode/utf8"
)

const maxKey = 1024 // bytes of a simple key, by the YAML specification

// key reads a map key and its colon if one stands here, else it leaves the position alone.
func (p *parser) key() (e Entry, ok bool, err error) {
	start, line := p.pos, p.lineStart
	switch p.s[p.pos] {
	case '"', '\'':
		n, err := p.quoted()
		if err != nil {
			return e, false, err
		}
		e = Entry{Key: n.Str, KeyStart: int32(start), KeyEnd: int32(p.pos)}
		after := p.pos
		for after < len(p.s) && (p.s[after] == ' ' || p.s[after] == '\t') {
			after++
		}
		if p.lineStart == line && after < len(p.s) && p.s[after] == ':' && p.blankAt(after+1) && p.pos-start <= maxKey {
			p.pos = after + 1
			return e, true, nil
		}
		p.pos, p.lineStart = start, line
		return e, false, nil
	}
	end, colon := p.plainKeyEnd()
	if colon < 0 {
		return e, false, nil
	}
	if err := p.plainStart(); err != nil || end-start > maxKey {
		return e, false, errUnsure
	}
	if !plainText(p.s[start:end]) {
		return e, false, errUnsure
	}
	name, err := keyString(p.s[start:end])
	if err != nil {
		return e, false, err
	}
	p.pos = colon + 1
	return Entry{Key: name, KeyStart: int32(start), KeyEnd: int32(end)}, true, nil
}

// plainKeyEnd finds the end of a plain key and its colon on this line; colon is -1 when there is none.
func (p *parser) plainKeyEnd() (end, colon int) {
	for i := p.pos; i < len(p.s); i++ {
		switch p.s[i] {
		case ':':
			if p.blankAt(i + 1) {
				return len(strings.TrimRight(p.s[:i], " \t")), i
			}
		case '#':
			if i > p.pos && p.blankAt(i-1) {
				return 0, -1
			}
		case '\n':
			return 0, -1
		}
	}
	return 0, -1
}

// keyString gives the text that a plain key becomes in JSON.
func keyString(s string) (string, error) {
	switch kind, canonical := resolve(s); kind {
	case String:
		if s == "<<" {
			return "", errUnsure
		}
		return s, nil
	case Bool:
		return canonical, nil
	case Int:
		return intText(s)
	default:
		return "", errUnsure // null and floats as keys
	}
}

// plainStart refuses characters that cannot begin a plain scalar, or mean something else here.
func (p *parser) plainStart() error {
	switch p.s[p.pos] {
	case ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`':
		return errUnsure
	case '-', '?', ':':
		if p.blankAt(p.pos + 1) {
			return errUnsure
		}
	}
	return nil
}

// inlineScalar parses a plain or quoted scalar that may go on over lines indented deeper than parent.
func (p *parser) inlineScalar(parent int) (n Node, err error) {
	if c := p.s[p.pos]; c == '"' || c == '\'' {
		return p.quoted()
	}
	if err := p.plainStart(); err != nil {
		return n, err
	}
	start := p.pos
	end, err := p.plainLine()
	if err != nil {
		return n, err
	}
	text := p.s[start:end]
	if more, err := p.continues(parent); err != nil {
		return n, err
	} else if more {
		text, end, err = p.plainRest(text, parent)
		if err != nil {
			return n, err
		}
	}
	return plainNode(text, start, end), nil
}

func plainNode(text string, start, end int) Node {
	kind, canonical := resolve(text)
	return Node{Kind: kind, Str: canonical, Style: Plain, Start: int32(start), End: int32(end)}
}

// plainLine reads plain text to the end of its line or a comment and returns
// where it ends; the position is left after it.
func (p *parser) plainLine() (end int, err error) {
	i := p.pos
	for ; i < len(p.s); i++ {
		c := p.s[i]
		if c == '\n' || (c == '#' && p.blankAt(i-1)) {
			break
		}
		if c == ':' && p.blankAt(i+1) {
			return 0, errUnsure // a key where a value stands
		}
		if c < 0x20 && c != '\t' && !p.crlfAt(i) {
			return 0, errUnsure
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(p.s[i:])
			if !printable(r, size) {
				return 0, errUnsure
			}
			i += size - 1
		}
	}
	end = len(strings.TrimRight(p.s[p.pos:i], " \t\r")) + p.pos
	p.pos = end
	return end, nil
}

// crlfAt says whether a Windows line end stands at offset i.
func (p *parser) crlfAt(i int) bool { return strings.HasPrefix(p.s[i:], "\r\n") }

// plainText says whether every character may stand raw in a plain scalar of one line.
func plainText(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < 0x20 && c != '\t' || c == 0x7F:
			return false
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(s[i:])
			if !printable(r, size) {
				return false
			}
			i += size - 1
		}
	}
	return true
}

// printable refuses what YAML does not allow raw, and the line breaks that only YAML 1.1 knows.
func printable(r rune, size int) bool {
	if r == utf8.RuneError && size <= 1 {
		return false
	}
	switch {
	case r >= 0x80 && r < 0xA0, r == 0x2028, r == 0x2029, r == 0xFEFF, r == 0xFFFE, r == 0xFFFF:
		return false
	}
	return true
}

// continues says whether the next line goes on with the scalar.
func (p *parser) continues(parent int) (bool, error) {
	i := p.pos
	for i < len(p.s) && (p.s[i] == ' ' || p.s[i] == '\t' || p.s[i] == '\r') {
		i++
	}
	if i >= len(p.s) || p.s[i] != '\n' {
		return false, nil
	}
	for line := i + 1; ; {
		j := line
		for j < len(p.s) && p.s[j] == ' ' {
			j++
		}
		switch {
		case j >= len(p.s):
			return false, nil
		case p.s[j] == '\t':
			return false, errUnsure
		case p.s[j] == '\n':
			line = j + 1
			continue
		case p.s[j] == '\r':
			if !p.crlfAt(j) {
				return false, errUnsure
			}
			line = j + 2
			continue
		}
		return j-line > parent && p.s[j] != '#', nil
	}
}

// plainRest reads the further lines of a plain scalar and folds them.
func (p *parser) plainRest(first string, parent int) (text string, end int, err error) {
	var b strings.Builder
	b.WriteString(first)
	for {
		p.foldBreak(&b)
		if p.col() == 0 && p.marker() {
			return "", 0, errUnsure
		}
		start := p.pos
		if end, err = p.plainLine(); err != nil {
			return "", 0, err
		}
		b.WriteString(p.s[start:end])
		if more, err := p.continues(parent); err != nil || !more {
			return b.String(), end, err
		}
	}
}

// foldBreak passes white space with at least one line break: one becomes a space, n become n-1 newlines.
func (p *parser) foldBreak(b *strings.Builder) {
	breaks := 0
	for p.pos < len(p.s) {
		switch p.s[p.pos] {
		case ' ', '\t', '\r':
			p.pos++
			continue
		case '\n':
			p.newline()
			breaks++
			continue
		}
		break
	}
	if breaks == 1 {
		b.WriteByte(' ')
		return
	}
	for ; breaks > 1; breaks-- {
		b.WriteByte('\n')
	}
}
