// Package report is how verdicts leave the engine: a Handler receives them one
// by one, in order, and each output format is one Handler in a package of its own.
package report

import (
	"errors"
	"time"

	"bulwark/concept"
	"bulwark/control"
	"bulwark/world"
)

// Schema is the version of the JSON protocol; readers refuse another major one.
const Schema = "bulwark.dev/report/v1"

// Handler receives one run. Begin comes first, then findings and unknowns in a
// deterministic order, End last. An error stops the run.
type Handler interface {
	Begin(*Meta) error
	Finding(*control.Finding) error
	Unknown(*control.Unknown) error
	End(*Summary) error
}

// Meta describes a run before its first verdict.
type Meta struct {
	Schema   string // version of the JSON protocol, "bulwark.dev/report/v1"
	Version  string // of Bulwark
	Started  time.Time
	Inputs   []string // what was asked for, as given
	Target   int      // Kubernetes minor version judged for
	Controls []*control.Control
	Honoured []string // forms of other tools' exceptions that were found and honoured
}

// Summary closes a run.
type Summary struct {
	Objects                           int
	Counts                            map[control.Severity]int // findings that count: neither suppressed nor fixed
	Controls                          map[string]Tally         // by control id
	Concepts                          []Row                    // the scorecard: all 37, in the guide's order
	Gaps                              []world.Gap
	New, Unchanged, Fixed, Suppressed int
	Exceptions                        []ExceptionNote // exceptions that expired, expire soon or excused nothing
	Elapsed                           time.Duration   // wall time; zero where output must be reproducible
}

// Tally counts the (control, subject) pairs of one control by outcome.
type Tally struct {
	Pass, Fail, Unknown, NotApplicable, Suppressed int
}

// Add adds the counts of u.
func (t *Tally) Add(u Tally) {
	t.Pass += u.Pass
	t.Fail += u.Fail
	t.Unknown += u.Unknown
	t.NotApplicable += u.NotApplicable
	t.Suppressed += u.Suppressed
}

// Row is one concept in the scorecard.
type Row struct {
	Concept concept.Concept
	Tally
	Worst  control.Severity // of its counting findings; meaningless when Fail is 0
	Judged bool             // some control of this concept met a subject
	Needs  string           // when not judged, which input would judge it
}

// ExceptionNote says what is wrong with an exception.
type ExceptionNote struct {
	Pos     world.Pos
	Message string
}

// Multi sends a run to several handlers.
func Multi(hs ...Handler) Handler { return multi(hs) }

type multi []Handler

func (m multi) each(f func(Handler) error) error {
	var errs []error
	for _, h := range m {
		errs = append(errs, f(h))
	}
	return errors.Join(errs...)
}

func (m multi) Begin(x *Meta) error { return m.each(func(h Handler) error { return h.Begin(x) }) }
func (m multi) Finding(x *control.Finding) error {
	return m.each(func(h Handler) error { return h.Finding(x) })
}
func (m multi) Unknown(x *control.Unknown) error {
	return m.each(func(h Handler) error { return h.Unknown(x) })
}
func (m multi) End(x *Summary) error { return m.each(func(h Handler) error { return h.End(x) }) }
