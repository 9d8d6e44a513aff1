package ytree

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// flow parses a flow map or sequence, JSON included, at the current bracket.
func (p *parser) flow(n *Node) error {
	if err := p.enter(); err != nil {
		return err
	}
	defer func() { p.depth-- }()
	n.Style, n.Start = Flow, int32(p.pos)
	var err error
	if p.s[p.pos] == '{' {
		err = p.flowMap(n)
	} else {
		err = p.flowSeq(n)
	}
	n.End = int32(p.pos)
	return err
}

// flowSpace passes white space, line ends and comments inside brackets.
func (p *parser) flowSpace() error {
	for p.pos < len(p.s) {
		switch p.s[p.pos] {
		case ' ', '\t', '\r':
			p.pos++
		case '\n':
			p.newline()
		case '#':
			if !p.blankAt(p.pos - 1) {
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
	return errUnsure // no closing bracket
}

func (p *parser) flowMap(n *Node) error {
	n.Kind = Map
	mark := len(p.entries)
	p.pos++
	for {
		if err := p.flowSpace(); err != nil {
			return err
		}
		if p.s[p.pos] == '}' {
			break
		}
		e, err := p.flowKey()
		if err != nil {
			return err
		}
		if err := p.flowValue(&e.Value); err != nil {
			return err
		}
		p.entries = append(p.entries, e)
		if done, err := p.flowNext('}'); err != nil {
			return err
		} else if done {
			break
		}
	}
	p.pos++
	n.Entries = append([]Entry(nil), p.entries[mark:]...)
	p.entries = p.entries[:mark]
	return nil
}

// flowNext passes a comma, or says that the closing bracket is next.
func (p *parser) flowNext(closing byte) (done bool, err error) {
	if err := p.flowSpace(); err != nil {
		return false, err
	}
	switch p.s[p.pos] {
	case ',':
		p.pos++
		return false, nil
	case closing:
		return true, nil
	}
	return false, errUnsure
}

// flowKey reads a key and its colon.
func (p *parser) flowKey() (Entry, error) {
	e := Entry{KeyStart: int32(p.pos)}
	var n Node
	if c := p.s[p.pos]; c == '"' || c == '\'' {
		line := p.lineStart
		if err := p.quoted(&n); err != nil || p.lineStart != line {
			return e, errUnsure
		}
		e.Key = n.Str
	} else {
		if err := p.flowPlain(&n); err != nil {
			return e, err
		}
		name, err := keyString(p.s[n.Start:n.End])
		if err != nil {
			return e, err
		}
		e.Key = name
	}
	e.KeyEnd = int32(p.pos)
	if err := p.flowSpace(); err != nil {
		return e, err
	}
	if p.s[p.pos] != ':' {
		return e, errUnsure
	}
	p.pos++
	if c := p.s[e.KeyStart]; c != '"' && c != '\'' && !p.blankAt(p.pos) {
		return e, errUnsure
	}
	return e, nil
}

// flowValue reads the value of a key; an absent one is null.
func (p *parser) flowValue(n *Node) error {
	n.Start, n.End = int32(p.pos), int32(p.pos)
	if err := p.flowSpace(); err != nil {
		return err
	}
	switch p.s[p.pos] {
	case ',', '}':
		return nil
	}
	return p.flowNode(n)
}

func (p *parser) flowSeq(n *Node) error {
	n.Kind = Seq
	mark := len(p.items)
	p.pos++
	for {
		if err := p.flowSpace(); err != nil {
			return err
		}
		if p.s[p.pos] == ']' {
			break
		}
		var item Node
		if err := p.flowNode(&item); err != nil {
			return err
		}
		p.items = append(p.items, item)
		if done, err := p.flowNext(']'); err != nil {
			return err
		} else if done {
			break
		}
	}
	p.pos++
	n.Items = append([]Node(nil), p.items[mark:]...)
	p.items = p.items[:mark]
	return nil
}

func (p *parser) flowNode(n *Node) error {
	p.nodes++
	switch p.s[p.pos] {
	case '{', '[':
		return p.flow(n)
	case '"', '\'':
		return p.quoted(n)
	}
	return p.flowPlain(n)
}

// flowPlain reads a plain scalar inside brackets, on one line.
func (p *parser) flowPlain(n *Node) error {
	if err := p.plainStart(); err != nil {
		return err
	}
	start := p.pos
loop:
	for ; p.pos < len(p.s); p.pos++ {
		switch c := p.s[p.pos]; c {
		case ',', '[', ']', '{', '}', '\n', '?':
			break loop
		case ':':
			if p.blankAt(p.pos+1) || strings.IndexByte(",[]{}", p.peek(1)) >= 0 {
				break loop
			}
		case '#':
			if p.blankAt(p.pos - 1) {
				break loop
			}
		default:
			if c < 0x20 && c != '\t' && c != '\r' || c >= 0x7F {
				return errUnsure
			}
		}
	}
	if p.peek(0) == '?' {
		return errUnsure
	}
	end := start + len(strings.TrimRight(p.s[start:p.pos], " \t\r"))
	if end == start {
		return errUnsure
	}
	if p.peek(0) == '\n' && !p.flowEnds() {
		return errUnsure // goes on over lines
	}
	p.setPlain(n, p.s[start:end], start, end)
	return nil
}

// flowEnds looks past white space for something that ends a plain scalar in brackets.
func (p *parser) flowEnds() bool {
	rest := strings.TrimLeft(p.s[p.pos:], " \t\r\n")
	return rest != "" && strings.IndexByte(",]}#:", rest[0]) >= 0
}

// quoted parses a single or double quoted scalar, over lines if need be.
func (p *parser) quoted(n *Node) error {
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
			return nil
		}
		if c == '\n' || c == '\r' || c == quote || (c == '\\' && quote == '"') {
			break
		}
		if c < 0x20 && c != '\t' {
			return errUnsure
		}
		if c >= 0x7F {
			r, size := utf8.DecodeRuneInString(p.s[i:])
			if c == 0x7F || !printable(r, size) {
				return errUnsure
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
			return nil
		case c == '\n' || c == '\r' && p.peek(1) == '\n' || (c == ' ' || c == '\t') && p.blankToBreak():
			if err := p.quotedBreak(&b); err != nil {
				return err
			}
		case c == '\\' && quote == '"':
			if err := p.escape(&b); err != nil {
				return err
			}
		case c < 0x20 && c != '\t' || c == 0x7F:
			return errUnsure
		case c < utf8.RuneSelf:
			b.WriteByte(c)
			p.pos++
		default:
			r, size := utf8.DecodeRuneInString(p.s[p.pos:])
			if !printable(r, size) {
				return errUnsure
			}
			b.WriteString(p.s[p.pos : p.pos+size])
			p.pos += size
		}
	}
	return errUnsure // never closed
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
	width := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
	if width == 0 {
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
