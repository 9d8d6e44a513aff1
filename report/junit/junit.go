// Package junit writes a run as JUnit XML, which every CI system shows. Each
// subject with a verdict other than pass is a test suite with a test case for
// each verdict: a finding is a failure, an unknown an error, an excused finding
// skipped. Controls that no subject failed are the passing cases of a last
// suite, and what could not be read are the errors of another.
package junit

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"bulwark/control"
	"bulwark/internal/plain"
	"bulwark/report"
	"bulwark/report/internal/digest"
	"bulwark/world"
)

type suite struct {
	Name, File                       string
	Tests, Failures, Errors, Skipped int
	Cases                            []testcase
}

type testcase struct {
	Name, Classname, File   string
	Line                    int
	Failure, Error, Skipped *outcome
}

type outcome struct{ Message, Type, Text string }

// maxCases bounds the cases of one suite: those of a single subject, or the gaps.
const maxCases = 10000

type handler struct {
	w        *bufio.Writer
	controls []*control.Control
	subject  world.Ref
	open     *suite // of subject; nil when nothing is held back
}

// New returns a handler that writes to w, holding back one subject at a time.
func New(w io.Writer) report.Handler { return &handler{w: bufio.NewWriter(w)} }

// Begin implements report.Handler.
func (h *handler) Begin(m *report.Meta) error {
	h.controls = m.Controls
	h.w.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<testsuites name="bulwark">` + "\n")
	return nil
}

// Finding implements report.Handler. Fixed findings are left out.
func (h *handler) Finding(f *control.Finding) error {
	if f.Status == control.Fixed {
		return nil
	}
	at := digest.Place(f)
	c := h.testcase(f.Control, f.Subject, at)
	message := plain.Line(f.Message)
	if s := f.Suppressed; s != nil {
		c.Skipped = &outcome{Message: plain.Line("excused: " + s.Reason)}
	} else {
		c.Failure = &outcome{Message: message, Type: f.Severity.String(), Text: details(f)}
	}
	h.add(f.Subject, at.File, c)
	return nil
}

// details are the lines below a failure.
func details(f *control.Finding) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s: %s\n", plain.Line(f.Control.Title), plain.Line(f.Subject.String()), plain.Line(f.Message))
	for _, ev := range f.Evidence {
		fmt.Fprintf(&b, "%s %s", ev.Tier, plain.Line(strings.TrimSpace(digest.At(ev.Pos)+" "+ev.Pos.Path)))
		if ev.Value != "" {
			fmt.Fprintf(&b, " = %s", plain.Line(ev.Value))
		}
		b.WriteByte('\n')
	}
	if len(f.Fixes) > 0 {
		fmt.Fprintf(&b, "fix: %s\n", plain.Line(f.Fixes[0].Message))
	}
	return b.String()
}

func (h *handler) testcase(c *control.Control, ref world.Ref, at world.Pos) testcase {
	name := c.ID + " " + c.Title
	if at.Path != "" {
		name += " [" + at.Path + "]"
	}
	return testcase{Name: plain.Line(name), Classname: plain.Line(ref.String()), File: plain.Line(at.File), Line: at.Line}
}

// Unknown implements report.Handler.
func (h *handler) Unknown(u *control.Unknown) error {
	c := h.testcase(u.Control, u.Subject, u.Pos)
	c.Error = &outcome{Message: plain.Line("unknown: " + u.Why), Type: "unknown"}
	h.add(u.Subject, u.Pos.File, c)
	return nil
}

// add puts a case into the suite of its subject, which is written when another subject comes.
func (h *handler) add(ref world.Ref, file string, c testcase) {
	if h.open != nil && (h.subject != ref || len(h.open.Cases) >= maxCases) {
		h.close()
	}
	if h.open == nil {
		h.open, h.subject = &suite{Name: plain.Line(ref.String()), File: plain.Line(file)}, ref
	}
	h.open.Cases = append(h.open.Cases, c)
}

func (h *handler) close() {
	s := h.open
	h.open = nil
	if s == nil || len(s.Cases) == 0 {
		return
	}
	s.Tests = len(s.Cases)
	for _, c := range s.Cases {
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	h.write(s)
}

// write is by hand: encoding/xml takes ten times as long, which CI jobs would
// notice. Write errors stay for the last Flush.
func (h *handler) write(s *suite) {
	h.w.WriteString("  <testsuite")
	h.attr("name", s.Name)
	h.attr("file", s.File)
	fmt.Fprintf(h.w, ` tests="%d" failures="%d" errors="%d" skipped="%d">`+"\n", s.Tests, s.Failures, s.Errors, s.Skipped)
	for i := range s.Cases {
		c := &s.Cases[i]
		h.w.WriteString("    <testcase")
		h.attr("name", c.Name)
		h.attr("classname", c.Classname)
		h.attr("file", c.File)
		if c.Line > 0 {
			fmt.Fprintf(h.w, ` line="%d"`, c.Line)
		}
		h.w.WriteString(">")
		h.outcome("failure", c.Failure)
		h.outcome("error", c.Error)
		h.outcome("skipped", c.Skipped)
		h.w.WriteString("</testcase>\n")
	}
	h.w.WriteString("  </testsuite>\n")
}

func (h *handler) outcome(name string, o *outcome) {
	if o == nil {
		return
	}
	h.w.WriteString("<" + name)
	h.attr("message", o.Message)
	h.attr("type", o.Type)
	h.w.WriteString(">")
	h.w.WriteString(escaper().Replace(o.Text))
	h.w.WriteString("</" + name + ">")
}

func (h *handler) attr(name, value string) {
	if value != "" {
		h.w.WriteString(" " + name + `="`)
		h.w.WriteString(escaper().Replace(value))
		h.w.WriteString(`"`)
	}
}

// escaper escapes text that went through plain, which leaves no character that XML lacks.
var escaper = sync.OnceValue(func() *strings.Replacer {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;")
})

// End implements report.Handler.
func (h *handler) End(s *report.Summary) error {
	h.close()
	h.open = gaps(s.Gaps)
	h.close()
	h.open = h.passes(s)
	h.close()
	h.w.WriteString("</testsuites>\n")
	if err := h.w.Flush(); err != nil {
		return fmt.Errorf("writing JUnit XML: %w", err)
	}
	return nil
}

func gaps(list []world.Gap) *suite {
	s := &suite{Name: "inputs that could not be read"}
	for i, g := range list {
		if i == maxCases {
			s.Cases = append(s.Cases, testcase{Name: "the rest", Classname: "inputs", Error: &outcome{Message: fmt.Sprintf("%d more", len(list)-i), Type: "not read"}})
			break
		}
		name := strings.TrimSpace(digest.What(g.What) + " " + digest.At(g.Pos))
		why := ""
		if g.Why != nil {
			why = g.Why.Error()
		}
		s.Cases = append(s.Cases, testcase{
			Name: plain.Line(name), Classname: "inputs", File: plain.Line(g.Pos.File), Line: g.Pos.Line,
			Error: &outcome{Message: plain.Line(why), Type: "not read"},
		})
	}
	return s
}

// passes are the controls that met subjects, of which none failed, was excused or stayed unknown.
func (h *handler) passes(sum *report.Summary) *suite {
	s := &suite{Name: "controls without findings"}
	for _, c := range slices.SortedFunc(slices.Values(h.controls), func(a, b *control.Control) int { return strings.Compare(a.ID, b.ID) }) {
		if t := sum.Controls[c.ID]; t.Pass > 0 && t.Fail+t.Unknown+t.Suppressed == 0 {
			s.Cases = append(s.Cases, testcase{Name: plain.Line(fmt.Sprintf("%s %s: none of %d", c.ID, c.Title, t.Pass)), Classname: "controls"})
		}
	}
	return s
}
