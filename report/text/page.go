package text

import (
	"bufio"
	"fmt"
	"strings"

	"bulwark/control"
	"bulwark/internal/plain"
)

// style is the parameters of an ANSI colour sequence. Only the 16 colours of
// the terminal's own theme are used, so that they are readable on it.
type style string

const (
	none   style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	blue   style = "34"
	alarm  style = "1;31"
)

func severityStyle(s control.Severity) style {
	return [...]style{dim, blue, yellow, red, alarm}[min(s, control.Critical)]
}

// glyphs are the characters that text is not made of.
type glyphs struct {
	bullet, rule, pass, fail, unknown, dot string
	ascii                                  bool
}

func glyphsFor(ascii bool) glyphs {
	if ascii {
		return glyphs{bullet: "*", rule: "-", pass: "=", fail: "x", unknown: "?", dot: "-", ascii: true}
	}
	return glyphs{bullet: "●", rule: "─", pass: "━", fail: "×", unknown: "┄", dot: "·"}
}

// cell is a piece of a line in one style; its text is safe to show.
type cell struct {
	text  string
	style style
}

type cells []cell

func (cs cells) width() (n int) {
	for _, c := range cs {
		n += plain.Width(c.text)
	}
	return n
}

// page writes lines. Errors stay in the buffered writer until it is flushed.
type page struct {
	w      *bufio.Writer
	width  int
	color  bool
	glyphs glyphs
}

// row writes one line with left at the left and right at the right edge, or on
// two lines when they do not fit. What is still too long is cut.
func (p *page) row(left, right cells) {
	room := p.width - left.width()
	if room < 0 {
		left, room = left.cut(p.width), 0
	}
	if w := right.width(); w > 0 {
		if room < w+2 {
			p.write(left)
			p.gap()
			left, room = nil, p.width
			right = right.cut(p.width)
		}
		left = append(append(left, cell{strings.Repeat(" ", max(0, room-w)), none}), right...)
	}
	p.write(left)
	p.gap()
}

// cut shortens the last pieces so that the line is at most width columns.
func (cs cells) cut(width int) cells {
	var out cells
	for _, c := range cs {
		c.text = plain.Cut(c.text, width)
		width -= plain.Width(c.text)
		out = append(out, c)
	}
	return out
}

func (p *page) write(cs cells) {
	for _, c := range cs {
		if c.text == "" {
			continue
		}
		if p.glyphs.ascii {
			c.text = strings.ReplaceAll(c.text, "…", "~")
		}
		if p.color && c.style != none {
			fmt.Fprintf(p.w, "\x1b[%sm%s\x1b[0m", c.style, c.text)
			continue
		}
		p.w.WriteString(c.text)
	}
}

// gap ends a line; after a finished line it makes an empty one.
func (p *page) gap() { p.w.WriteByte('\n') }

// wrap writes a paragraph with every line indented.
func (p *page) wrap(indent int, text string, s style) { p.hang(indent, "", text, s) }

// hang is wrap with a lead before the first line, under which nothing stands.
func (p *page) hang(indent int, lead, text string, s style) {
	space := strings.Repeat(" ", indent)
	for _, l := range plain.Wrap(text, p.width-indent-len(lead)) {
		p.row(cells{{space, none}, {lead, dim}, {l, s}}, nil)
		lead = strings.Repeat(" ", len(lead))
	}
}

// rule writes a heading with a line to its right, and a remark at the end of it.
func (p *page) rule(title, remark string) {
	title = plain.Cut(title, p.width-4)
	line := p.width - plain.Width(title) - plain.Width(remark) - 2
	if line < 3 {
		p.row(cells{{title, bold}}, nil)
		return
	}
	p.row(cells{{title, bold}, {" " + strings.Repeat(p.glyphs.rule, line) + " ", dim}, {remark, dim}}, nil)
}
