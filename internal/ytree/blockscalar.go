package ytree

import (
	"strings"
	"unicode/utf8"
)

// blockScalar parses a literal or folded scalar below a block node at column parent.
func (p *parser) blockScalar(parent int) (n Node, err error) {
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
		return n, errUnsure
	}
	if err := p.endLine(); err != nil {
		return n, err
	}
	if p.eof() {
		n.End = int32(p.pos)
		return n, nil
	}
	p.newline()
	if indent < 0 {
		if indent, err = p.detectIndent(parent); err != nil {
			return n, err
		}
	}
	n.Str, n.End = p.blockLines(indent, folded, chomp)
	if !blockText(n.Str) {
		return n, errUnsure
	}
	return n, nil
}

// blockText says whether every character may stand raw in a block scalar.
func blockText(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= ' ' && c < 0x7F:
		case c == '\n' || c == '\t':
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(s[i:])
			if !printable(r, size) {
				return false
			}
			i += size - 1
		default:
			return false
		}
	}
	return true
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
		if p.crlfAt(j) {
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
			deepest = max(deepest, j-i)
			break
		}
		if deepest > j-i {
			return 0, errUnsure
		}
		return max(j-i, parent+1, 1), nil
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
		if stop > line && p.crlfAt(stop-1) {
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
