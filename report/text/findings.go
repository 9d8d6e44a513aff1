package text

import (
	"strings"

	"bulwark/control"
	"bulwark/internal/plain"
	"bulwark/report/internal/digest"
	"bulwark/world"
)

// Columns that stand left of subjects and of their findings.
const (
	subjectIndent = 4
	findingIndent = 6
)

// maxMessage and maxValue bound what one finding takes on the screen, in columns.
const (
	maxMessage = 400
	maxValue   = 60
)

// line is one finding, ready to be shown.
type line struct {
	subject, message, value, place string
	isNew                          bool
}

// lines prepares the findings of a group and says whether each fits on one line.
func (h *handler) lines(g *digest.Group) (out []line, oneLine bool) {
	oneLine = true
	for _, f := range g.Findings {
		l := line{
			subject: plain.Line(f.Subject.String()),
			message: plain.Cut(plain.Line(f.Message), maxMessage),
			value:   shownValue(f),
			place:   h.place(digest.Place(f)),
			isNew:   f.Status == control.New,
		}
		if findingIndent+l.width()+2+plain.Width(l.place) > h.width {
			oneLine = false
		}
		out = append(out, l)
	}
	return out, oneLine
}

func (l line) width() int {
	w := plain.Width(l.message) + plain.Width(l.value)
	if l.isNew {
		w += len(newMark)
	}
	return w
}

const newMark = "new: "

// shownValue returns the value found, unless the message tells it already.
func shownValue(f *control.Finding) string {
	if len(f.Evidence) == 0 || f.Evidence[0].Value == "" || strings.Contains(f.Message, f.Evidence[0].Value) {
		return ""
	}
	return " (" + plain.Cut(plain.Line(f.Evidence[0].Value), maxValue) + ")"
}

// place returns file:line:col, or the field for an object that was read from no file.
func (h *handler) place(p world.Pos) string {
	if p.File == "" {
		return plain.CutMiddle(plain.Line(p.Path), h.width-findingIndent)
	}
	suffix := digest.At(world.Pos{File: ":", Line: p.Line, Col: p.Col})[1:]
	return plain.CutMiddle(plain.Line(p.File), h.width-findingIndent-len(suffix)) + suffix
}

// findings writes the findings of a group, subject by subject.
func (h *handler) findings(g *digest.Group) {
	lines, oneLine := h.lines(g)
	for i := 0; i < len(lines); {
		n := 1
		for i+n < len(lines) && lines[i+n].subject == lines[i].subject {
			n++
		}
		of := lines[i : i+n]
		i += n
		switch {
		case oneLine:
			h.wrap(subjectIndent, of[0].subject, none)
			for _, l := range of {
				h.row(append(l.message1(), cell{l.value, dim}), cells{{l.place, dim}})
			}
		case n == 1 && subjectIndent+plain.Width(of[0].subject)+2+plain.Width(of[0].place) <= h.width:
			h.row(cells{{strings.Repeat(" ", subjectIndent), none}, {of[0].subject, none}}, cells{{of[0].place, dim}})
			h.message(of[0])
		default:
			h.wrap(subjectIndent, of[0].subject, none)
			for _, l := range of {
				h.message(l)
				h.wrap(findingIndent, l.place, dim)
			}
		}
	}
}

// message1 is the message on a line of its own.
func (l line) message1() cells {
	out := cells{{strings.Repeat(" ", findingIndent), none}}
	if l.isNew {
		out = append(out, cell{newMark, bold})
	}
	return append(out, cell{l.message, none})
}

// message writes the message on as many lines as it takes.
func (h *handler) message(l line) {
	mark := ""
	if l.isNew {
		mark = newMark
	}
	h.wrap(findingIndent, mark+l.message+l.value, none)
}
