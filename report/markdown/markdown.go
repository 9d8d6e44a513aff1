// Package markdown writes a run as Markdown for the summary of a CI job or a
// comment on a change: totals, the first findings of each control folded below
// its title, what could not be read or judged, and the scorecard.
package markdown

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"bulwark/control"
	"bulwark/internal/plain"
	"bulwark/report"
	"bulwark/report/internal/digest"
)

// Bounds of the output: GitHub refuses job summaries of more than 1 MiB.
const (
	perControl  = 10
	maxControls = 100
	maxReasons  = 20
	maxGaps     = 50
	maxText     = 160       // columns of a name, a message or a place
	maxFindings = 700 << 10 // bytes after which no further control is shown
)

type handler struct {
	*digest.Digest
	w    *bufio.Writer
	size int // bytes written
}

// New returns a handler that writes to w when the run ends.
func New(w io.Writer) report.Handler {
	return &handler{Digest: digest.New(digest.Options{PerControl: perControl}), w: bufio.NewWriter(w)}
}

// End implements report.Handler.
func (h *handler) End(s *report.Summary) error {
	h.head(s)
	h.gaps(s)
	h.findings()
	h.unknowns()
	h.exceptions(s)
	h.scorecard(s)
	if err := h.w.Flush(); err != nil {
		return fmt.Errorf("writing Markdown: %w", err)
	}
	return nil
}

// printf leaves write errors to the last Flush.
func (h *handler) printf(format string, args ...any) {
	n, _ := fmt.Fprintf(h.w, format, args...)
	h.size += n
}

func (h *handler) head(s *report.Summary) {
	var totals []string
	for sev := control.Critical; ; sev-- {
		if n := s.Counts[sev]; n > 0 {
			totals = append(totals, fmt.Sprintf("%d %s", n, sev))
		}
		if sev == control.Info {
			break
		}
	}
	title := strings.Join(totals, ", ")
	if title == "" {
		title = "no findings"
	}
	h.printf("## Bulwark: %s\n\n", title)
	h.printf("%s, judged for Kubernetes 1.%d by Bulwark %s.", plain.Count(s.Objects, "object"), h.Meta.Target, text(h.Meta.Version))
	if s.New+s.Unchanged+s.Fixed > 0 {
		h.printf(" Since the baseline: **%d new**, %d unchanged, %d fixed.", s.New, s.Unchanged, s.Fixed)
	}
	if s.Suppressed > 0 {
		h.printf(" Excused: %d.", s.Suppressed)
	}
	if h.Fixable > 0 {
		h.printf(" `bulwark fix` can change %d of them.", h.Fixable)
	}
	h.printf("\n\n")
}

func (h *handler) gaps(s *report.Summary) {
	if len(s.Gaps) == 0 {
		return
	}
	h.printf("> [!CAUTION]\n> Not read, and therefore not judged: %d.\n>\n", len(s.Gaps))
	for _, g := range s.Gaps[:min(len(s.Gaps), maxGaps)] {
		why := ""
		if g.Why != nil {
			why = g.Why.Error()
		}
		h.printf("> - %s %s\n", code(strings.TrimSpace(digest.At(g.Pos)+" "+digest.What(g.What))), text(why))
	}
	if more := len(s.Gaps) - maxGaps; more > 0 {
		h.printf("> - and %d more\n", more)
	}
	h.printf("\n")
}

func (h *handler) findings() {
	groups := h.Groups()
	left := 0
	for i, g := range groups {
		if i >= maxControls || h.size > maxFindings {
			left = len(groups) - i
			break
		}
		news := ""
		if g.New > 0 {
			news = fmt.Sprintf(", %d new", g.New)
		}
		h.printf("<details><summary><b>%s</b> · %s · %s · %d%s</summary>\n\n", g.Severity, text(g.Control.Title), code(g.Control.ID), g.Count, news)
		h.printf("| Subject | Finding | Place |\n|---|---|---|\n")
		for _, f := range g.Findings {
			mark := ""
			if f.Status == control.New {
				mark = "**new:** "
			}
			at := digest.Place(f)
			place := digest.At(at)
			if place == "" {
				place = at.Path
			}
			h.printf("| %s | %s%s | %s |\n", code(f.Subject.String()), mark, text(f.Message), code(place))
		}
		if more := g.More(); more > 0 {
			h.printf("\nand %d more\n", more)
		}
		h.printf("\n</details>\n\n")
	}
	if left > 0 {
		h.printf("Findings of %d more controls are left out here.\n\n", left)
	}
}

func (h *handler) unknowns() {
	if h.UnknownTotal == 0 {
		return
	}
	reasons := h.Reasons()
	shown := reasons[:min(len(reasons), maxReasons)]
	h.printf("<details><summary><b>unknown</b> · %d verdicts are missing, none of them is a pass</summary>\n\n", h.UnknownTotal)
	rest := h.UnknownTotal
	for _, r := range shown {
		h.printf("- %d: %s (such as for %s)\n", r.Count, text(r.Why), code(r.Example.Subject.String()))
		rest -= r.Count
	}
	if rest > 0 {
		h.printf("- %d for other reasons\n", rest)
	}
	h.printf("\n</details>\n\n")
}

func (h *handler) exceptions(s *report.Summary) {
	for i, e := range s.Exceptions {
		if i == maxGaps {
			h.printf("- and %d more exceptions that need a look\n", len(s.Exceptions)-i)
			break
		}
		h.printf("- %s %s\n", code(digest.At(e.Pos)), text(e.Message))
	}
	if len(s.Exceptions) > 0 {
		h.printf("\n")
	}
}

func (h *handler) scorecard(s *report.Summary) {
	judged := 0
	for _, r := range s.Concepts {
		if r.Judged {
			judged++
		}
	}
	h.printf("<details><summary><b>scorecard</b> · %d of %d concepts judged</summary>\n\n", judged, len(s.Concepts))
	h.printf("| # | Concept | Pass | Fail | Unknown | |\n|--:|---|--:|--:|--:|---|\n")
	for _, r := range s.Concepts {
		title := text(r.Concept.Title)
		switch {
		case !r.Judged:
			h.printf("| %d | %s | | | | needs %s |\n", r.Concept.Number, title, text(r.Needs))
		case r.Fail > 0:
			h.printf("| %d | %s | %d | %d | %d | **%s** |\n", r.Concept.Number, title, r.Pass, r.Fail, r.Unknown, r.Worst)
		default:
			h.printf("| %d | %s | %d | %d | %d | |\n", r.Concept.Number, title, r.Pass, r.Fail, r.Unknown)
		}
	}
	h.printf("\n</details>\n")
}

// code shows a name in a fixed-width font, in which nobody is mentioned.
func code(s string) string {
	if s == "" {
		return ""
	}
	return "<code>" + text(s) + "</code>"
}

// text writes what Markdown and HTML would obey as character references, which
// mean nothing but themselves.
func text(s string) string {
	s = plain.Cut(plain.Line(s), maxText)
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		special := strings.IndexByte("&<>`*_[]|\\~#@!${}\"'", c) >= 0
		switch c {
		case ':': // http://, and :names: of pictures
			special = i+1 < len(s) && s[i+1] != ' ' && (s[i+1] < '0' || s[i+1] > '9')
		case '.': // www.
			special = i > 0 && s[i-1]|0x20 == 'w'
		}
		if special {
			fmt.Fprintf(&b, "&#%d;", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
