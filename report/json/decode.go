package json

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"time"

	"bulwark/concept"
	"bulwark/control"
	"bulwark/report"
	"bulwark/world"
)

// The lines as they are read. Their fields are those that json.go writes.

type metaLine struct {
	Schema, Version string
	Started         time.Time
	Inputs          []string
	Target          int
	Honoured        []string
	Controls        []struct {
		ID, Concept, Title, Severity, Profile, Doc string
		Refs                                       []string
	}
}

type findingLine struct {
	ID, Control, Severity, Message, Status string
	Subject                                world.Ref
	Evidence                               []struct {
		Tier, Value string
		posFields
	}
	Fixes []struct {
		Message, Object string
		Edits           []struct {
			Path  string
			Op    control.Op
			Value stdjson.RawMessage
		}
	}
	Suppressed *struct {
		Kind, By, Reason, Owner, Expiry string
		posFields
	}
	Covers []string
}

type unknownLine struct {
	Control, Why string
	Subject      world.Ref
	posFields
}

type summaryLine struct {
	Objects  int
	Counts   map[string]int
	Controls map[string]report.Tally
	Concepts []struct {
		Number           int
		ID, Title, Needs string
		Worst            string
		Judged           bool
		report.Tally
	}
	Gaps []struct {
		What world.Ref
		Why  string
		posFields
	}
	Exceptions []struct {
		Message string
		posFields
	}
	New, Unchanged, Fixed, Suppressed int
	ElapsedMicroseconds               int64
}

// posFields are the fields of a position.
type posFields struct {
	File, Path string
	Line, Col  int
}

func (p posFields) pos() world.Pos {
	return world.Pos{File: p.File, Line: max(p.Line, 0), Col: max(p.Col, 0), Path: p.Path}
}

func (l *metaLine) decode() (*report.Meta, error) {
	m := &report.Meta{
		Schema: l.Schema, Version: l.Version, Started: l.Started, Inputs: l.Inputs,
		Target: l.Target, Honoured: l.Honoured, Controls: make([]*control.Control, 0, len(l.Controls)),
	}
	for i := range l.Controls {
		c := &l.Controls[i]
		sev, err := control.ParseSeverity(c.Severity)
		if err != nil {
			return nil, fmt.Errorf("control %q: %w", c.ID, err)
		}
		m.Controls = append(m.Controls, &control.Control{
			ID: c.ID, Concept: c.Concept, Title: c.Title, Doc: c.Doc, Severity: sev, Profile: profile(c.Profile), Refs: c.Refs,
		})
	}
	return m, nil
}

// profile reads what Profile.String writes; anything else is the default one.
func profile(s string) control.Profile {
	for p := control.Security; p <= control.Strict; p++ {
		if p.String() == s {
			return p
		}
	}
	return control.Security
}

func (l *findingLine) decode() (*control.Finding, error) {
	f := &control.Finding{ID: l.ID, Subject: l.Subject, Message: l.Message, Covers: l.Covers}
	var err error
	if f.Severity, err = control.ParseSeverity(l.Severity); err != nil {
		return nil, err
	}
	if f.Status, err = status(l.Status); err != nil {
		return nil, err
	}
	for i := range l.Evidence {
		ev := &l.Evidence[i]
		t, err := tier(ev.Tier)
		if err != nil {
			return nil, err
		}
		f.Evidence = append(f.Evidence, control.Evidence{Tier: t, Pos: ev.pos(), Value: ev.Value})
	}
	for i := range l.Fixes {
		x := &l.Fixes[i]
		fix := control.Fix{Message: x.Message, Object: x.Object}
		for _, e := range x.Edits {
			v, err := value(e.Value)
			if err != nil {
				return nil, fmt.Errorf("the value of the edit at %q: %w", e.Path, err)
			}
			fix.Edits = append(fix.Edits, control.Edit{Path: e.Path, Op: e.Op, Value: v})
		}
		f.Fixes = append(f.Fixes, fix)
	}
	if s := l.Suppressed; s != nil {
		f.Suppressed = &control.Suppression{Kind: s.Kind, By: s.By, Pos: s.pos(), Reason: s.Reason, Owner: s.Owner, Expiry: s.Expiry}
	}
	return f, nil
}

func status(s string) (control.Status, error) {
	for st := control.NoBaseline; st <= control.Fixed; st++ {
		if st.String() == s {
			return st, nil
		}
	}
	return 0, fmt.Errorf("unknown status %q: it is new, unchanged or fixed", s)
}

func tier(s string) (world.Tier, error) {
	for t := world.Declared; t <= world.Observed; t++ {
		if t.String() == s {
			return t, nil
		}
	}
	return 0, fmt.Errorf("unknown tier %q: it is declared, effective or observed", s)
}

// value reads a JSON-like value; a number without point and exponent is an int64 if it fits.
func value(raw stdjson.RawMessage) (any, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	dec := stdjson.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	return numbers(v)
}

// numbers replaces every json.Number below v.
func numbers(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case stdjson.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		return v.Float64()
	case []any:
		for i := range v {
			if v[i], err = numbers(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for k := range v {
			if v[k], err = numbers(v[k]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

func (l *summaryLine) decode() (*report.Summary, error) {
	s := &report.Summary{
		Objects: l.Objects, Counts: map[control.Severity]int{}, Controls: l.Controls,
		New: l.New, Unchanged: l.Unchanged, Fixed: l.Fixed, Suppressed: l.Suppressed,
		Elapsed: time.Duration(l.ElapsedMicroseconds) * time.Microsecond,
	}
	for name, n := range l.Counts {
		sev, err := control.ParseSeverity(name)
		if err != nil {
			return nil, fmt.Errorf("counts: %w", err)
		}
		if n > 0 {
			s.Counts[sev] = n
		}
	}
	for i := range l.Concepts {
		r := &l.Concepts[i]
		row := report.Row{Concept: conceptOf(r.ID, r.Title, r.Number), Tally: r.Tally, Judged: r.Judged, Needs: r.Needs}
		if r.Worst != "" {
			sev, err := control.ParseSeverity(r.Worst)
			if err != nil {
				return nil, fmt.Errorf("concept %q: %w", r.ID, err)
			}
			row.Worst = sev
		}
		s.Concepts = append(s.Concepts, row)
	}
	for i := range l.Gaps {
		g := &l.Gaps[i]
		s.Gaps = append(s.Gaps, world.Gap{What: g.What, Pos: g.pos(), Why: errors.New(g.Why)})
	}
	for i := range l.Exceptions {
		s.Exceptions = append(s.Exceptions, report.ExceptionNote{Pos: l.Exceptions[i].pos(), Message: l.Exceptions[i].Message})
	}
	return s, nil
}

// conceptOf returns the guide's concept, or one with only what the line says about it.
func conceptOf(id, title string, number int) concept.Concept {
	if c, ok := concept.ByID(id); ok && c.ID == id {
		return c
	}
	return concept.Concept{ID: id, Title: title, Number: number}
}
