package ytree

import "strings"

// flow parses a flow map or sequence, JSON included, at the current bracket.
func (p *parser) flow() (n Node, err error) {
	if err := p.enter(); err != nil {
		return n, err
	}
	defer func() { p.depth-- }()
	n.Kind, n.Style, n.Start = Seq, Flow, int32(p.pos)
	if p.s[p.pos] == '{' {
		n.Kind = Map
		n.Entries, err = p.flowMap()
	} else {
		n.Items, err = p.flowSeq()
	}
	n.End = int32(p.pos)
	return n, err
}

// flowSpace passes white space, line ends and comments inside brackets.
func (p *parser) flowSpace() error {
	for p.pos < len(p.s) {
		switch p.s[p.pos] {
		case ' ', '\t':
			p.pos++
		case '\r':
			if !p.crlfAt(p.pos) {
				return errUnsure
			}
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

func (p *parser) flowMap() ([]Entry, error) {
	mark := len(p.entries)
	p.pos++
	for {
		if err := p.flowSpace(); err != nil {
			return nil, err
		}
		if p.s[p.pos] == '}' {
			break
		}
		e, err := p.flowKey()
		if err != nil {
			return nil, err
		}
		if e.Value, err = p.flowValue(); err != nil {
			return nil, err
		}
		p.entries = append(p.entries, e)
		if done, err := p.flowNext('}'); err != nil {
			return nil, err
		} else if done {
			break
		}
	}
	p.pos++
	kept := p.entrySlab.keep(p.entries[mark:])
	p.entries = p.entries[:mark]
	return kept, nil
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
	if c := p.s[p.pos]; c == '"' || c == '\'' {
		line := p.lineStart
		n, err := p.quoted()
		if err != nil || p.lineStart != line {
			return e, errUnsure
		}
		e.Key = n.Str
	} else {
		n, err := p.flowPlain()
		if err != nil {
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
func (p *parser) flowValue() (Node, error) {
	n := Node{Start: int32(p.pos), End: int32(p.pos)}
	if err := p.flowSpace(); err != nil {
		return n, err
	}
	switch p.s[p.pos] {
	case ',', '}':
		return n, nil
	}
	return p.flowNode()
}

func (p *parser) flowSeq() ([]Node, error) {
	mark := len(p.items)
	p.pos++
	for {
		if err := p.flowSpace(); err != nil {
			return nil, err
		}
		if p.s[p.pos] == ']' {
			break
		}
		item, err := p.flowNode()
		if err != nil {
			return nil, err
		}
		p.items = append(p.items, item)
		if done, err := p.flowNext(']'); err != nil {
			return nil, err
		} else if done {
			break
		}
	}
	p.pos++
	kept := p.itemSlab.keep(p.items[mark:])
	p.items = p.items[:mark]
	return kept, nil
}

func (p *parser) flowNode() (Node, error) {
	p.nodes++
	switch p.s[p.pos] {
	case '{', '[':
		return p.flow()
	case '"', '\'':
		return p.quoted()
	}
	return p.flowPlain()
}

// flowPlain reads a plain scalar inside brackets, on one line.
func (p *parser) flowPlain() (n Node, err error) {
	if err := p.plainStart(); err != nil {
		return n, err
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
			if c < 0x20 && c != '\t' && !p.crlfAt(p.pos) || c >= 0x7F {
				return n, errUnsure
			}
		}
	}
	if p.peek(0) == '?' {
		return n, errUnsure
	}
	end := start + len(strings.TrimRight(p.s[start:p.pos], " \t\r"))
	if end == start {
		return n, errUnsure
	}
	if p.peek(0) == '\n' && !p.flowEnds() {
		return n, errUnsure // goes on over lines
	}
	return plainNode(p.s[start:end], start, end), nil
}

// flowEnds looks past white space for something that ends a plain scalar in brackets.
func (p *parser) flowEnds() bool {
	rest := strings.TrimLeft(p.s[p.pos:], " \t\r\n")
	return rest != "" && strings.IndexByte(",]}#:", rest[0]) >= 0
}
