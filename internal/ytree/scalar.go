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
		var n Node
		if err := p.quoted(&n); err != nil {
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
func (p *parser) inlineScalar(n *Node, parent int) error {
	if c := p.s[p.pos]; c == '"' || c == '\'' {
		return p.quoted(n)
	}
	if err := p.plainStart(); err != nil {
		return err
	}
	start := p.pos
	end, err := p.plainLine()
	if err != nil {
		return err
	}
	text := p.s[start:end]
	if more, err := p.continues(parent); err != nil {
		return err
	} else if more {
		text, end, err = p.plainRest(text, end, parent)
		if err != nil {
			return err
		}
	}
	p.setPlain(n, text, start, end)
	return nil
}

func (p *parser) setPlain(n *Node, text string, start, end int) {
	kind, canonical := resolve(text)
	n.Kind, n.Str, n.Style, n.Start, n.End = kind, canonical, Plain, int32(start), int32(end)
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
		if c < 0x20 && c != '\t' && c != '\r' {
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
			if j+1 >= len(p.s) || p.s[j+1] != '\n' {
				return false, errUnsure
			}
			line = j + 2
			continue
		}
		return j-line > parent && p.s[j] != '#', nil
	}
}

// plainRest reads the further lines of a plain scalar and folds them.
func (p *parser) plainRest(first string, end, parent int) (string, int, error) {
	var b strings.Builder
	b.WriteString(first)
	for {
		p.foldBreak(&b)
		if p.col() == 0 && p.marker() {
			return "", 0, errUnsure
		}
		start := p.pos
		e, err := p.plainLine()
		if err != nil {
			return "", 0, err
		}
		b.WriteString(p.s[start:e])
		end = e
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

// blockScalar parses a literal or folded scalar below a block node at column parent.
func (p *parser) blockScalar(n *Node, parent int) error {
	n.Kind, n.Style, n.Start = String, Literal, int32(p.pos)
	folded := p.s[p.pos] == '>'
	if folded {
		n.Style = Folded
	}
	p.pos++
	chomp, indent := byte(0), -1
	for range 2 {
		switch c := p.peek(0); {
		case c == '+' || c == '-':
			chomp = c
			p.pos++
		case c >= '1' && c <= '9':
			indent = max(parent, 0) + int(c-'0')
			p.pos++
		}
	}
	if !p.blankAt(p.pos) {
		return errUnsure
	}
	if err := p.endLine(); err != nil {
		return err
	}
	if p.eof() {
		n.End = int32(p.pos)
		return nil
	}
	p.newline()
	if indent < 0 {
		var err error
		if indent, err = p.detectIndent(parent); err != nil {
			return err
		}
	}
	n.Str, n.End = p.blockLines(indent, folded, chomp)
	if strings.IndexByte(n.Str, '\r') >= 0 || !utf8.ValidString(n.Str) || strings.ContainsAny(n.Str, "\u0085\u2028\u2029\uFEFF") {
		return errUnsure
	}
	for i := 0; i < len(n.Str); i++ {
		if c := n.Str[i]; c < 0x20 && c != '\t' && c != '\n' || c == 0x7F {
			return errUnsure
		}
	}
	return nil
}

// detectIndent finds the indentation of a block scalar's first line with text.
func (p *parser) detectIndent(parent int) (int, error) {
	deepest := 0
	for i := p.pos; i < len(p.s); {
		j := i
		for j < len(p.s) && p.s[j] == ' ' {
			j++
		}
		if j < len(p.s) && p.s[j] == '\t' && j-i <= parent {
			return 0, errUnsure
		}
		if j < len(p.s) && p.s[j] == '\r' && j+1 < len(p.s) && p.s[j+1] == '\n' {
			deepest = max(deepest, j-i)
			i = j + 2
			continue
		}
		if j < len(p.s) && p.s[j] == '\n' {
			deepest = max(deepest, j-i)
			i = j + 1
			continue
		}
		if j >= len(p.s) {
			break
		}
		if deepest > j-i {
			return 0, errUnsure
		}
		return max(j-i, parent+1), nil
	}
	return max(deepest, parent+1, 1), nil
}

// blockLines reads the lines of a block scalar that are indented by at least
// indent, as libyaml does, and leaves the position at the line after them.
func (p *parser) blockLines(indent int, folded bool, chomp byte) (string, int32) {
	var b strings.Builder
	end := int32(p.pos)
	breaks := 0 // line breaks seen and not yet written
	first, lastBlank := true, false
	for p.pos < len(p.s) {
		line := p.pos
		stop := strings.IndexByte(p.s[line:], '\n')
		next := len(p.s)
		if stop >= 0 {
			next = line + stop + 1
			stop += line
		} else {
			stop = len(p.s)
		}
		if stop > line && p.s[stop-1] == '\r' {
			stop--
		}
		spaces := 0
		for line+spaces < stop && spaces < indent && p.s[line+spaces] == ' ' {
			spaces++
		}
		if line+spaces == stop { // blank
			breaks++
			p.pos, p.lineStart = next, next
			if next == len(p.s) && p.s[next-1] != '\n' {
				breaks--
				break
			}
			continue
		}
		if spaces < indent || (indent == 0 && strings.HasPrefix(p.s[line:], "---")) {
			break
		}
		content := p.s[line+spaces : stop]
		blank := content[0] == ' ' || content[0] == '\t'
		writeBreaks(&b, breaks, folded && !first && !blank && !lastBlank)
		b.WriteString(content)
		first, lastBlank, breaks, end = false, blank, 0, int32(stop)
		if next > stop && p.s[next-1] == '\n' {
			breaks = 1
		}
		p.pos, p.lineStart = next, next
	}
	if first {
		if chomp == '+' {
			writeBreaks(&b, breaks, false)
		}
		return b.String(), end
	}
	switch {
	case chomp == '+':
		writeBreaks(&b, breaks, false)
	case chomp == 0 && breaks > 0:
		b.WriteByte('\n')
	}
	return b.String(), end
}

func writeBreaks(b *strings.Builder, breaks int, fold bool) {
	if fold {
		if breaks == 1 {
			b.WriteByte(' ')
			return
		}
		breaks--
	}
	for ; breaks > 0; breaks-- {
		b.WriteByte('\n')
	}
}
