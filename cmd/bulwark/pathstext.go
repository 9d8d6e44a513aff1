package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"bulwark/facts/attackgraph"
	"bulwark/internal/plain"
	"bulwark/internal/tri"
	"bulwark/world"
)

// sheet writes answers about paths for people.
type sheet struct {
	w     io.Writer
	width int
	color bool
	g     *attackgraph.Graph
	err   error
}

func (q *pathsQuestion) sheet(g *attackgraph.Graph) *sheet {
	return &sheet{w: q.sys.stdout, width: min(max(q.sys.width, 60), 110), color: q.sys.terminal && q.sys.getenv("NO_COLOR") == "", g: g}
}

// Styles of a terminal.
const (
	bold  = "1"
	dim   = "2"
	red   = "1;31"
	amber = "33"
	green = "32"
	cyan  = "36"
)

func (s *sheet) paint(style, text string) string {
	if !s.color || style == "0" {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

func (s *sheet) line(format string, args ...any) {
	if s.err == nil {
		_, s.err = fmt.Fprintf(s.w, format+"\n", args...)
	}
}

// sides writes a text at the left and another at the right end of the line.
// The head stands before the first line; the others are indented as far.
func (s *sheet) sides(head, headStyle, left, style, right string) {
	left, right = plain.Line(left), plain.Line(right)
	width := plain.Width(head)
	indent := strings.Repeat(" ", width)
	room := s.width - width - plain.Width(right) - 2
	if room < 24 { // the right text gets a line of its own
		room = s.width - width
	}
	lines := plain.Wrap(left, room)
	pad := s.width - width - plain.Width(lines[0]) - plain.Width(right)
	if right == "" || pad < 1 {
		s.line("%s%s", s.paint(headStyle, head), s.paint(style, lines[0]))
	} else {
		s.line("%s%s%s%s", s.paint(headStyle, head), s.paint(style, lines[0]), strings.Repeat(" ", pad), s.paint(dim, right))
		right = ""
	}
	for _, l := range lines[1:] {
		s.line("%s%s", indent, s.paint(style, l))
	}
	if right != "" {
		s.line("%s%s", indent, s.paint(dim, right))
	}
}

func (s *sheet) wrapped(indent, text, style string) {
	for _, l := range plain.Wrap(plain.Line(text), s.width-len(indent)) {
		s.line("%s%s", indent, s.paint(style, l))
	}
}

func (s *sheet) title(v uint32) string { return plain.Line(s.g.At(v).Title()) }

// steps writes the numbered steps of a path and what breaks it.
func (s *sheet) steps(p *attackgraph.Path) {
	for i := range p.Steps {
		st := &p.Steps[i]
		number := fmt.Sprintf("  %2d  ", i+1)
		right := strings.Join(append([]string{st.Technique.ID}, st.Technique.Refs...), " ") + ", " + st.Technique.Phase
		s.sides(number, bold, upper(st.Technique.Title), bold, right)
		s.line("      → %s", s.paint(cyan, s.title(st.To)))
		for _, e := range st.Evidence {
			s.evidence(e)
		}
		for _, g := range st.Guards {
			mark, style := "✓ open", dim
			if g.Open == tri.Unknown {
				mark, style = "? unknown", amber
			}
			s.wrapped("        ", fmt.Sprintf("%s: %s: %s", mark, g.Name, g.Why), style)
		}
	}
	if f, ok := p.Fix(); ok {
		s.line("")
		s.fix("      Breaks it: ", f)
	}
}

func (s *sheet) fix(label string, f attackgraph.Fix) {
	at := spotOf(f.Pos)
	if f.Control != "" {
		at = strings.TrimPrefix(at+", "+f.Control, ", ")
	}
	text := label + f.Message
	if at != "" {
		text += " (" + at + ")"
	}
	indent := strings.Repeat(" ", len(label)-len(strings.TrimLeft(label, " ")))
	for i, l := range plain.Wrap(plain.Line(strings.TrimLeft(text, " ")), s.width-len(indent)) {
		if i > 0 {
			l = "  " + l
		}
		s.line("%s%s", indent, s.paint(green, l))
	}
}

func (s *sheet) evidence(e attackgraph.Evidence) {
	text := e.Name
	if e.Says != "" {
		text = strings.TrimPrefix(text+" "+e.Says, " ")
	}
	s.sides("        ", "0", text, "0", spotOf(e.Pos))
}

// spotOf is where a field stands: its line in a file, else its path.
func spotOf(p world.Pos) string {
	if p.File == "" {
		return p.Path
	}
	if p.Line == 0 {
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line)
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// certainty says how sure a path is.
func certainty(p *attackgraph.Path) string {
	if p.Certain {
		return plain.Count(len(p.Steps), "step")
	}
	return plain.Count(len(p.Steps), "step") + ", possible"
}

func (q *pathsQuestion) showPaths(g *attackgraph.Graph, paths []*attackgraph.Path, from, to []uint32) error {
	switch q.output {
	case "json":
		return writeJSON(q.sys.stdout, pathsAnswer{Paths: jsonPaths(g, paths), Missing: pathsMissing(g)})
	case "text":
	default:
		return q.drawPaths(g, "Ways from "+q.sheet(g).list(from)+" to "+q.sheet(g).list(to), paths)
	}
	s := q.sheet(g)
	for i, p := range paths {
		if i > 0 {
			s.line("")
		}
		s.sides("", "0", "From "+g.At(p.From).Title()+" to "+g.At(p.To).Title(), bold, certainty(p))
		s.line("")
		s.steps(p)
		if len(p.Steps) == 0 {
			s.line("  it has that already")
		}
	}
	if len(paths) == 0 {
		s.line("No way from %s to %s%s.", s.list(from), s.list(to), q.unlessPossible(g, from, to))
	}
	s.missing()
	return s.err
}

// unlessPossible says that there is a way if something unseen does not stop it.
func (q *pathsQuestion) unlessPossible(g *attackgraph.Graph, from, to []uint32) string {
	if q.certain && len(g.Shortest(from, to, attackgraph.Options{Possible: true})) > 0 {
		return " is certain; one is possible, and shown without --certain"
	}
	return ""
}

// list names a few vertices and counts the rest.
func (s *sheet) list(vs []uint32) string {
	const most = 3
	var names []string
	for _, v := range vs[:min(len(vs), most)] {
		names = append(names, s.title(v))
	}
	if more := len(vs) - most; more > 0 {
		return strings.Join(names, ", ") + " and " + strconv.Itoa(more) + " more"
	}
	return strings.Join(names, ", ")
}

// missing says which parts of the estate could not be read.
func (s *sheet) missing() {
	for i, m := range s.g.Missing() {
		if i == 0 {
			s.line("")
			s.line("%s", s.paint(amber, "Not seen, so that more may be possible:"))
		}
		s.wrapped("  ", m.What+": "+m.Why.Error(), amber)
	}
}
