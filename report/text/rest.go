package text

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bulwark/internal/plain"
	"bulwark/report"
	"bulwark/report/internal/digest"
	"bulwark/world"
)

// gaps writes what could not be read.
func (h *handler) gaps(s *report.Summary) {
	if len(s.Gaps) == 0 {
		return
	}
	h.row(cells{{" " + h.glyphs.bullet + " Not read", alarm}, {"  what is in here was not judged", none}}, nil)
	shown := s.Gaps
	if !h.all {
		shown = shown[:min(len(shown), maxGaps)]
	}
	for _, g := range shown {
		h.wrap(subjectIndent, h.gapPlace(g), bold)
		if g.Why != nil {
			h.wrap(findingIndent, plain.Line(g.Why.Error()), none)
		}
	}
	if more := len(s.Gaps) - len(shown); more > 0 {
		h.wrap(subjectIndent, fmt.Sprintf("and %d more", more), dim)
	}
	h.gap()
}

func (h *handler) gapPlace(g world.Gap) string {
	var parts []string
	if g.Pos.File != "" {
		parts = append(parts, h.place(world.Pos{File: g.Pos.File, Line: g.Pos.Line, Col: g.Pos.Col}))
	}
	if what := digest.What(g.What); what != "" {
		parts = append(parts, plain.Line(what))
	}
	if len(parts) == 0 {
		return "an input"
	}
	return strings.Join(parts, " "+h.glyphs.dot+" ")
}

// unknowns writes why verdicts are missing, by reason.
func (h *handler) unknowns() {
	if h.UnknownTotal == 0 {
		return
	}
	h.row(cells{{" " + h.glyphs.bullet + " Unknown", yellow}, {"   " + plain.Count(h.UnknownTotal, "verdict") + " missing, and none of them is a pass", none}}, nil)
	reasons := h.Reasons()
	shown := reasons
	if !h.all {
		shown = shown[:min(len(shown), maxReasons)]
	}
	rest := h.UnknownRest
	for _, r := range reasons[len(shown):] {
		rest += r.Count
	}
	digits := len(strconv.Itoa(h.UnknownTotal))
	for _, r := range shown {
		h.hang(subjectIndent, fmt.Sprintf("%*d  ", digits, r.Count), plain.Cut(plain.Line(r.Why), maxMessage), none)
		h.wrap(subjectIndent+digits+2, few(r.Controls, 6)+", such as for "+plain.Cut(plain.Line(r.Example.Subject.String()), maxMessage), dim)
	}
	if rest > 0 {
		h.hang(subjectIndent, fmt.Sprintf("%*d  ", digits, rest), "for other reasons", dim)
	}
	h.gap()
}

// few joins the first ids in order and counts the others.
func few(ids []string, n int) string {
	ids = slices.Sorted(slices.Values(ids))
	more := ""
	if len(ids) > n {
		more = fmt.Sprintf(" and %d more", len(ids)-n)
		ids = ids[:n]
	}
	return plain.Line(strings.Join(ids, ", ")) + more
}

// exceptions writes what is wrong with exceptions.
func (h *handler) exceptions(s *report.Summary) {
	if len(s.Exceptions) == 0 {
		return
	}
	h.row(cells{{" " + h.glyphs.bullet + " Exceptions", yellow}, {"  that need a look", none}}, nil)
	shown := s.Exceptions
	if !h.all {
		shown = shown[:min(len(shown), maxGaps)]
	}
	for _, e := range shown {
		h.wrap(subjectIndent, plain.Line(e.Message), none)
		if place := h.place(e.Pos); place != "" {
			h.wrap(subjectIndent, place, dim)
		}
	}
	if more := len(s.Exceptions) - len(shown); more > 0 {
		h.wrap(subjectIndent, fmt.Sprintf("and %d more", more), dim)
	}
	h.gap()
}
