// Package json writes and reads the protocol of Bulwark: a stream of JSON
// objects, one a line, each with exactly one of the keys meta, finding, unknown
// and summary, in that order. The meta line carries what is known about the
// controls, so that Replay can turn a saved stream into any other report.
//
// The stream is plain ASCII: every other character is escaped, so that it can
// be shown on a terminal and survives any encoding.
package json

import (
	"fmt"
	"io"
	"slices"
	"time"

	"bulwark/control"
	"bulwark/report"
	"bulwark/world"
)

// Schema is the version of the protocol. Within a major version fields are only added.
const Schema = "bulwark.dev/report/v1"

type handler struct {
	w   io.Writer
	buf []byte
}

// New returns a handler that writes each verdict to w when it comes. Writes are
// of about 32 KB; only the last one is smaller.
func New(w io.Writer) report.Handler { return &handler{w: w, buf: make([]byte, 0, 2*flushAt)} }

// flushAt is how many bytes are collected before they are written.
const flushAt = 32 << 10

// line ends the line that e holds and writes when enough has come together.
func (h *handler) line(e encoder) error {
	if e.err != nil {
		return e.err
	}
	h.buf = append(e.b, '\n')
	if len(h.buf) < flushAt {
		return nil
	}
	return h.flush()
}

func (h *handler) flush() error {
	_, err := h.w.Write(h.buf)
	h.buf = h.buf[:0]
	if err != nil {
		return fmt.Errorf("writing the JSON stream: %w", err)
	}
	return nil
}

// Begin implements report.Handler.
func (h *handler) Begin(m *report.Meta) error {
	e := encoder{b: h.buf}
	e.raw(`{"meta":{"schema":`).str(Schema)
	e.raw(`,"version":`).str(m.Version)
	if !m.Started.IsZero() {
		e.raw(`,"started":`).str(m.Started.Format(time.RFC3339Nano))
	}
	e.raw(`,"inputs":`).strs(m.Inputs)
	e.raw(`,"target":`).int(m.Target)
	e.raw(`,"honoured":`).strs(m.Honoured)
	e.raw(`,"controls":[`)
	for i, c := range m.Controls {
		e.comma(i)
		e.raw(`{"id":`).str(c.ID)
		e.raw(`,"concept":`).str(c.Concept)
		e.raw(`,"title":`).str(c.Title)
		e.raw(`,"severity":`).str(c.Severity.String())
		e.raw(`,"profile":`).str(c.Profile.String())
		e.raw(`,"refs":`).strs(c.Refs)
		e.raw(`,"doc":`).str(c.Doc)
		e.raw(`}`)
	}
	e.raw(`]}}`)
	if err := h.line(e); err != nil {
		return err
	}
	return h.flush() // who reads along sees at once that the run has begun
}

// Finding implements report.Handler.
func (h *handler) Finding(f *control.Finding) error {
	e := encoder{b: h.buf}
	e.raw(`{"finding":{"id":`).str(f.ID)
	e.raw(`,"control":`).str(f.Control.ID)
	e.raw(`,"concept":`).str(f.Control.Concept)
	e.raw(`,"severity":`).str(f.Severity.String())
	e.raw(`,"subject":`).ref(f.Subject)
	e.raw(`,"message":`).str(f.Message)
	e.raw(`,"evidence":[`)
	for i := range f.Evidence {
		ev := &f.Evidence[i]
		e.comma(i)
		e.raw(`{"tier":`).str(ev.Tier.String())
		e.raw(`,`).pos(ev.Pos)
		e.raw(`,"value":`).str(ev.Value)
		e.raw(`}`)
	}
	e.raw(`],"fixes":[`)
	for i := range f.Fixes {
		e.comma(i)
		e.fix(&f.Fixes[i])
	}
	e.raw(`]`)
	if f.Status != control.NoBaseline {
		e.raw(`,"status":`).str(f.Status.String())
	}
	if s := f.Suppressed; s != nil {
		e.suppression(s)
	}
	if len(f.Covers) > 0 {
		e.raw(`,"covers":`).strs(f.Covers)
	}
	e.raw(`}}`)
	return h.line(e)
}

// Unknown implements report.Handler.
func (h *handler) Unknown(u *control.Unknown) error {
	e := encoder{b: h.buf}
	e.raw(`{"unknown":{"control":`).str(u.Control.ID)
	e.raw(`,"concept":`).str(u.Control.Concept)
	e.raw(`,"subject":`).ref(u.Subject)
	e.raw(`,`).pos(u.Pos)
	e.raw(`,"why":`).str(u.Why)
	e.raw(`}}`)
	return h.line(e)
}

// End implements report.Handler.
func (h *handler) End(s *report.Summary) error {
	e := encoder{b: h.buf}
	e.raw(`{"summary":{"objects":`).int(s.Objects)
	e.raw(`,"counts":{`)
	for sev := control.Critical; ; sev-- {
		e.str(sev.String()).raw(`:`).int(s.Counts[sev])
		if sev == control.Info {
			break
		}
		e.raw(`,`)
	}
	e.raw(`},"controls":{`)
	for i, id := range sortedKeys(s.Controls) {
		e.comma(i)
		e.str(id).raw(`:{`).tally(s.Controls[id]).raw(`}`)
	}
	e.raw(`},"concepts":[`)
	for i := range s.Concepts {
		e.comma(i)
		e.row(&s.Concepts[i])
	}
	e.raw(`],"gaps":[`)
	for i, g := range s.Gaps {
		e.comma(i)
		e.gap(g)
	}
	e.raw(`],"exceptions":[`)
	for i, x := range s.Exceptions {
		e.comma(i)
		e.raw(`{`).pos(x.Pos)
		e.raw(`,"message":`).str(x.Message)
		e.raw(`}`)
	}
	e.raw(`],"new":`).int(s.New)
	e.raw(`,"unchanged":`).int(s.Unchanged)
	e.raw(`,"fixed":`).int(s.Fixed)
	e.raw(`,"suppressed":`).int(s.Suppressed)
	if s.Elapsed > 0 {
		e.raw(`,"elapsedMicroseconds":`).int(int(s.Elapsed.Microseconds()))
	}
	e.raw(`}}`)
	if err := h.line(e); err != nil {
		return err
	}
	return h.flush()
}

func (e *encoder) suppression(s *control.Suppression) {
	e.raw(`,"suppressed":{"kind":`).str(s.Kind)
	e.raw(`,"by":`).str(s.By)
	e.raw(`,`).pos(s.Pos)
	e.raw(`,"reason":`).str(s.Reason)
	e.raw(`,"owner":`).str(s.Owner)
	e.raw(`,"expiry":`).str(s.Expiry)
	e.raw(`}`)
}

func (e *encoder) row(r *report.Row) {
	e.raw(`{"number":`).int(r.Concept.Number)
	e.raw(`,"id":`).str(r.Concept.ID)
	e.raw(`,"title":`).str(r.Concept.Title)
	e.raw(`,`).tally(r.Tally)
	if r.Fail > 0 {
		e.raw(`,"worst":`).str(r.Worst.String())
	}
	e.raw(`,"judged":`).bool(r.Judged)
	e.raw(`,"needs":`).str(r.Needs)
	e.raw(`}`)
}

func (e *encoder) gap(g world.Gap) {
	e.raw(`{"what":`).ref(g.What)
	e.raw(`,`).pos(g.Pos)
	why := ""
	if g.Why != nil {
		why = g.Why.Error()
	}
	e.raw(`,"why":`).str(why)
	e.raw(`}`)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
