package text

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bulwark/control"
	"bulwark/internal/plain"
	"bulwark/report"
)

// Columns of the scorecard: the titles of the guide take up to 32.
const (
	titleColumns  = 32
	countColumns  = 6 // of pass and fail
	unsureColumns = 8
	worstColumns  = 10
	maxBar        = 20
)

// layout is how the columns of the scorecard share the width.
type layout struct{ title, bar int }

func (h *handler) layout() layout {
	l := layout{title: titleColumns}
	l.bar = h.width - len(" 37  ") - titleColumns - 2 - 2*countColumns - unsureColumns - worstColumns
	if l.bar < 6 {
		l.title += min(l.bar+1, 0)
		return layout{title: max(l.title, 8)}
	}
	return layout{title: titleColumns, bar: min(l.bar, maxBar)}
}

// scorecard writes one row for each concept.
func (h *handler) scorecard(rows []report.Row) {
	l := h.layout()
	h.rule("Scorecard", fmt.Sprintf("%d of %d concepts judged", judged(rows), len(rows)))
	blank := 0
	if l.bar > 0 {
		blank = l.bar + 1
	}
	h.row(cells{{fmt.Sprintf(" %2s  %s %*s%*s%*s%*s  worst", "#", pad("concept", l.title), blank, "", countColumns, "pass", countColumns, "fail", unsureColumns, "unknown"), dim}}, nil)
	for _, r := range rows {
		h.scoreRow(r, l)
	}
	h.gap()
}

func judged(rows []report.Row) (n int) {
	for _, r := range rows {
		if r.Judged {
			n++
		}
	}
	return n
}

func (h *handler) scoreRow(r report.Row, l layout) {
	nth := fmt.Sprintf(" %2d  ", r.Concept.Number)
	title := pad(plain.Cut(plain.Line(r.Concept.Title), l.title), l.title) + " "
	if !r.Judged {
		needs := "not judged"
		if r.Needs != "" {
			needs = "needs " + plain.Line(r.Needs)
		}
		left := cells{{nth, dim}, {title, dim}}
		h.row(append(left, cell{plain.Cut(h.glyphs.dot+" "+needs, h.width-left.width()), dim}), nil)
		return
	}
	row := cells{{nth, dim}, {title, none}}
	if l.bar > 0 {
		row = append(row, h.bar(r.Tally, l.bar)...)
		row = append(row, cell{" ", none})
	}
	row = append(row, number(r.Pass, countColumns), number(r.Fail, countColumns), number(r.Unknown, unsureColumns), cell{"  ", none})
	switch {
	case r.Fail > 0:
		row = append(row, cell{r.Worst.String(), severityStyle(r.Worst)})
	case r.Unknown == 0 && r.Pass > 0:
		row = append(row, cell{"good", green})
	case r.Unknown > 0:
		row = append(row, cell{"unknown", yellow})
	case r.Suppressed > 0:
		row = append(row, cell{"excused", dim})
	}
	h.row(row, nil)
}

// number is n at the right of its column, a faint dash for zero.
func number(n, width int) cell {
	if n == 0 {
		return cell{fmt.Sprintf("%*s", width, "-"), dim}
	}
	return cell{fmt.Sprintf("%*d", width, n), none}
}

// bar draws the shares of pass, unknown and fail. What is not zero gets at least one column.
func (h *handler) bar(t report.Tally, width int) cells {
	total := t.Pass + t.Fail + t.Unknown
	if total == 0 {
		return cells{{strings.Repeat(" ", width), none}}
	}
	share := func(n int) int {
		if n == 0 {
			return 0
		}
		return max(1, n*width/total)
	}
	fail, unknown := share(t.Fail), share(t.Unknown)
	pass := width - fail - unknown
	if t.Pass == 0 { // what rounding left over
		if t.Fail > 0 {
			fail += pass
		} else {
			unknown += pass
		}
		pass = 0
	}
	return cells{
		{strings.Repeat(h.glyphs.pass, pass), green},
		{strings.Repeat(h.glyphs.unknown, unknown), yellow},
		{strings.Repeat(h.glyphs.fail, fail), red},
	}
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-plain.Width(s)))
}

// foot writes the totals and what to do next.
func (h *handler) foot(s *report.Summary) {
	total := cells{}
	for sev := control.Critical; ; sev-- {
		if n := s.Counts[sev]; n > 0 {
			total = append(total, cell{fmt.Sprintf("%d %s", n, sev), severityStyle(sev)}, cell{"  ", none})
		}
		if sev == control.Info {
			break
		}
	}
	switch {
	case len(total) > 0:
	case s.Objects == 0:
		total = cells{{"Nothing was judged", yellow}}
	default:
		total = cells{{"No findings", bold}}
	}
	objects := plain.Count(s.Objects, "object")
	if s.Elapsed > 0 {
		objects += " in " + elapsed(s.Elapsed)
	}
	h.row(total, cells{{objects, dim}})
	for _, remark := range h.remarks(s) {
		h.wrap(0, remark, none)
	}
	h.next()
}

func elapsed(d time.Duration) string {
	if d >= time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return max(d.Round(time.Millisecond), time.Millisecond).String()
}

// remarks are the sentences below the totals.
func (h *handler) remarks(s *report.Summary) (out []string) {
	if s.New+s.Unchanged+s.Fixed > 0 {
		out = append(out, fmt.Sprintf("Since the baseline: %d new, %d unchanged, %d fixed.", s.New, s.Unchanged, s.Fixed))
	}
	if s.Suppressed > 0 {
		out = append(out, plain.Count(s.Suppressed, "finding")+" excused.")
	}
	if h.UnknownTotal > 0 {
		out = append(out, plain.Count(h.UnknownTotal, "verdict")+" unknown: see above.")
	}
	if len(s.Gaps) > 0 {
		out = append(out, plain.Count(len(s.Gaps), "input")+" not read: see above.")
	}
	if len(h.Meta.Honoured) > 0 {
		out = append(out, "Honoured: "+plain.Line(strings.Join(h.Meta.Honoured, ", "))+".")
	}
	return out
}

// next names the commands that lead on.
func (h *handler) next() {
	groups := h.Groups()
	if len(groups) == 0 {
		return
	}
	h.gap()
	h.row(cells{{"Next  ", dim}, {"bulwark explain " + plain.Line(groups[0].Control.ID), bold}, {"  why it matters and what to do", dim}}, nil)
	if h.Fixable > 0 {
		h.row(cells{{"      ", none}, {"bulwark fix " + h.fixArgs(), bold}, {"  " + fixes(h.Fixable) + ", as a diff first", dim}}, nil)
	}
}

func fixes(n int) string {
	if n == 1 {
		return "a fix for 1 finding"
	}
	return fmt.Sprintf("fixes for %d findings", n)
}

// maxArgs bounds the inputs that are repeated in the footer, in bytes.
const maxArgs = 32

// fixArgs returns the inputs as they can be pasted, or a word for them.
func (h *handler) fixArgs() string {
	if len(h.Meta.Inputs) == 1 {
		if name, live := strings.CutPrefix(h.Meta.Inputs[0], "cluster "); live && strings.Trim(name, shellSafe) == "" {
			return "--context " + name
		} else if live {
			return "--cluster"
		}
	}
	args := strings.Join(h.Meta.Inputs, " ")
	unsafe := func(in string) bool {
		return in == "" || strings.HasPrefix(in, "-") || strings.Trim(in, shellSafe) != ""
	}
	if args == "" || len(args) > maxArgs || slices.ContainsFunc(h.Meta.Inputs, unsafe) {
		return "INPUT"
	}
	return args
}

// shellSafe are the characters that no shell takes for anything else.
const shellSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-@:"
