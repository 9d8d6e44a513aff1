// Package text writes a run for a person at a terminal: findings by concept and
// control with the worst first, what could not be judged or read, the scorecard
// of all concepts, and what to do next. It is built for 80 columns and up.
package text

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"bulwark/internal/plain"
	"bulwark/report"
	"bulwark/report/internal/digest"
)

// Options says how to write. The zero value is right for a pipe.
type Options struct {
	Width int  // columns; 0 means 80. Lines never get longer than 110
	Color bool // ANSI colours; the caller decides from the terminal and NO_COLOR
	ASCII bool // no lines, bars and bullets from beyond ASCII
	All   bool // show every finding, gap and reason instead of the first few
}

// Limits of what is shown without Options.All.
const (
	perControl = 5
	maxGaps    = 20
	maxReasons = 8
)

// Bounds of the width: wider lines are harder to read, not easier.
const (
	minWidth, defaultWidth, maxWidth = 48, 80, 110
)

type handler struct {
	*digest.Digest
	page
	all bool
}

// New returns a handler that writes to w when the run ends.
func New(w io.Writer, o Options) report.Handler {
	if o.Width <= 0 {
		o.Width = defaultWidth
	}
	keep := digest.Options{PerControl: perControl}
	if o.All {
		keep = digest.Options{}
	}
	return &handler{
		Digest: digest.New(keep),
		page:   page{w: bufio.NewWriter(w), width: min(max(o.Width, minWidth), maxWidth), color: o.Color, glyphs: glyphsFor(o.ASCII)},
		all:    o.All,
	}
}

// End implements report.Handler.
func (h *handler) End(s *report.Summary) error {
	h.head()
	for _, sec := range h.Sections() {
		h.section(sec)
	}
	h.gaps(s)
	h.unknowns()
	h.exceptions(s)
	h.scorecard(s.Concepts)
	h.foot(s)
	if err := h.w.Flush(); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func (h *handler) head() {
	h.row(cells{{"Bulwark", bold}, {" " + plain.Line(h.Meta.Version), dim}},
		cells{{fmt.Sprintf("judged for Kubernetes 1.%d", h.Meta.Target), dim}})
	if len(h.Meta.Inputs) > 0 {
		h.wrap(0, plain.Line(strings.Join(h.Meta.Inputs, ", ")), dim)
	}
	h.gap()
}

// section writes one concept.
func (h *handler) section(s *digest.Section) {
	h.rule(plain.Line(s.Concept.Title), fmt.Sprintf("%s, concept %d", plain.Count(s.Count, "finding"), s.Concept.Number))
	for _, g := range s.Groups {
		h.gap()
		h.group(g)
	}
	h.gap()
}

// group writes one control with its findings, subject by subject.
func (h *handler) group(g *digest.Group) {
	sev := severityStyle(g.Severity)
	label := fmt.Sprintf(" %s %-8s  ", h.glyphs.bullet, g.Severity)
	id := plain.Line(g.Control.ID)
	title := plain.Wrap(plain.Line(g.Control.Title), h.width-plain.Width(label)-plain.Width(id)-2)
	for i, part := range title {
		if i == 0 {
			h.row(cells{{label, sev}, {part, bold}}, cells{{id, dim}})
			continue
		}
		h.row(cells{{strings.Repeat(" ", plain.Width(label)), none}, {part, bold}}, nil)
	}
	h.findings(g)
	if more := g.More(); more > 0 {
		h.wrap(subjectIndent, fmt.Sprintf("and %d more", more), dim)
	}
	if g.Suppressed > 0 {
		h.wrap(subjectIndent, fmt.Sprintf("%d excused", g.Suppressed), dim)
	}
}
