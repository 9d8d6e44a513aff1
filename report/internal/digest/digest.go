// Package digest keeps of a run what a report for people shows: the first
// findings of each control, counts of everything, and unknowns by reason. Its
// memory is bounded by its options, not by the run.
package digest

import (
	"cmp"
	"fmt"
	"slices"

	"bulwark/concept"
	"bulwark/control"
	"bulwark/report"
	"bulwark/world"
)

// Options bounds what is kept. Zero means without limit.
type Options struct {
	PerControl int // findings of one control
	Total      int // findings of all controls, shared out evenly among them
}

// maxReasons bounds the different reasons for unknowns that are told apart.
const maxReasons = 200

// Digest is a report.Handler that collects. A handler embeds it and writes in
// its own End.
type Digest struct {
	Meta *report.Meta

	// UnknownTotal counts every unknown; UnknownRest counts those whose
	// reasons were too many to tell apart.
	UnknownTotal, UnknownRest int

	Fixable int // counting findings that carry a fix

	opts    Options
	kept    int
	groups  map[string]*Group
	reasons map[string]*Reason
}

// New returns an empty digest.
func New(opts Options) *Digest {
	return &Digest{opts: opts, groups: map[string]*Group{}, reasons: map[string]*Reason{}}
}

// Group is everything about one control that fired.
type Group struct {
	Control    *control.Control
	Severity   control.Severity   // the worst of its counting findings
	Findings   []*control.Finding // those kept, new ones first, else as they came
	Count      int                // findings that count: neither excused nor fixed
	New        int                // of Count, new since the baseline
	Suppressed int                // excused findings
}

// More says how many counting findings were not kept.
func (g *Group) More() int { return g.Count - len(g.Findings) }

// Section is the groups of one concept, worst first.
type Section struct {
	Concept  concept.Concept
	Severity control.Severity
	Count    int
	Groups   []*Group
}

// Reason is why a number of subjects could not be judged.
type Reason struct {
	Why      string
	Count    int
	Controls []string // ids, in the order they came
	Example  control.Unknown
}

// Begin implements report.Handler.
func (d *Digest) Begin(m *report.Meta) error {
	d.Meta = m
	return nil
}

// Finding implements report.Handler.
func (d *Digest) Finding(f *control.Finding) error {
	g := d.groups[f.Control.ID]
	if g == nil {
		g = &Group{Control: f.Control}
		d.groups[f.Control.ID] = g
	}
	switch {
	case f.Status == control.Fixed:
		return nil
	case f.Suppressed != nil:
		g.Suppressed++
		return nil
	}
	if len(f.Fixes) > 0 {
		d.Fixable++
	}
	g.Count++
	g.Severity = max(g.Severity, f.Severity)
	if f.Status == control.New {
		g.New++
	}
	d.keep(g, f)
	return nil
}

// keep adds a copy of the finding, or drops a less telling one, or the finding itself.
func (d *Digest) keep(g *Group, f *control.Finding) {
	if d.opts.PerControl > 0 && len(g.Findings) >= d.opts.PerControl {
		if f.Status != control.New || !g.dropUnchanged() {
			return
		}
		d.kept--
	}
	if d.opts.Total > 0 && d.kept >= d.opts.Total {
		most := d.largest(g)
		if most == g && (f.Status != control.New || !g.dropUnchanged()) {
			return
		} else if most != g {
			most.Findings = most.Findings[:len(most.Findings)-1]
		}
		d.kept--
	}
	kept := *f // the original may share its memory with findings that are not kept
	g.Findings = append(g.Findings, &kept)
	d.kept++
}

// dropUnchanged drops the last kept finding that is not new, if there is one.
func (g *Group) dropUnchanged() bool {
	for i := len(g.Findings) - 1; i >= 0; i-- {
		if g.Findings[i].Status != control.New {
			g.Findings = slices.Delete(g.Findings, i, i+1)
			return true
		}
	}
	return false
}

// largest returns the group that has most findings kept: mine when none has
// more, and among equals the one with the last id, so that the choice does not
// depend on the order of a map.
func (d *Digest) largest(mine *Group) *Group {
	most := mine
	for _, g := range d.groups {
		switch c := cmp.Compare(len(g.Findings), len(most.Findings)); {
		case c > 0, c == 0 && most != mine && g.Control.ID > most.Control.ID:
			most = g
		}
	}
	return most
}

// Unknown implements report.Handler.
func (d *Digest) Unknown(u *control.Unknown) error {
	d.UnknownTotal++
	r := d.reasons[u.Why]
	if r == nil {
		if len(d.reasons) >= maxReasons {
			d.UnknownRest++
			return nil
		}
		r = &Reason{Why: u.Why, Example: *u}
		d.reasons[u.Why] = r
	}
	r.Count++
	if !slices.Contains(r.Controls, u.Control.ID) {
		r.Controls = append(r.Controls, u.Control.ID)
	}
	return nil
}

// Sections returns the controls with counting findings by concept, worst first.
func (d *Digest) Sections() []*Section {
	byConcept := map[string]*Section{}
	var out []*Section
	for _, g := range d.groups {
		if g.Count == 0 {
			continue
		}
		s := byConcept[g.Control.Concept]
		if s == nil {
			s = &Section{Concept: conceptOf(g.Control)}
			byConcept[g.Control.Concept] = s
			out = append(out, s)
		}
		slices.SortStableFunc(g.Findings, newFirst)
		s.Groups = append(s.Groups, g)
		s.Severity = max(s.Severity, g.Severity)
		s.Count += g.Count
	}
	for _, s := range out {
		slices.SortFunc(s.Groups, func(a, b *Group) int {
			return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Control.ID, b.Control.ID))
		})
	}
	slices.SortFunc(out, func(a, b *Section) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.Concept.Number, b.Concept.Number), cmp.Compare(a.Concept.ID, b.Concept.ID))
	})
	return out
}

// Groups returns the controls with counting findings, worst first.
func (d *Digest) Groups() []*Group {
	var out []*Group
	for _, s := range d.Sections() {
		out = append(out, s.Groups...)
	}
	slices.SortStableFunc(out, func(a, b *Group) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(b.Count, a.Count))
	})
	return out
}

// Reasons returns why subjects could not be judged, the most frequent reason first.
func (d *Digest) Reasons() []*Reason {
	var out []*Reason
	for _, r := range d.reasons {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *Reason) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Why, b.Why))
	})
	return out
}

// Place returns the position of the verdict: of the first evidence.
func Place(f *control.Finding) world.Pos {
	if len(f.Evidence) == 0 {
		return world.Pos{}
	}
	return f.Evidence[0].Pos
}

// At returns "file:line:col" as far as it is known, "" for what was read from no file.
func At(p world.Pos) string {
	switch {
	case p.File == "" || p.Line <= 0:
		return p.File
	case p.Col <= 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// What names what a gap is about: a subject, every object of a kind, or "" when
// it is only about a place.
func What(ref world.Ref) string {
	switch {
	case ref.Kind == "":
		return ""
	case ref.Name != "":
		return ref.String()
	case ref.Namespace != "":
		return "every " + ref.GroupKind() + " in " + ref.Namespace
	}
	return "every " + ref.GroupKind()
}

func newFirst(a, b *control.Finding) int {
	rank := func(f *control.Finding) int {
		if f.Status == control.New {
			return 0
		}
		return 1
	}
	return cmp.Compare(rank(a), rank(b))
}

// conceptOf returns the guide's concept, or for a control of somebody's own
// without one a concept that has only the name the control gives it.
func conceptOf(c *control.Control) concept.Concept {
	if known, ok := concept.ByID(c.Concept); ok {
		return known
	}
	return concept.Concept{ID: c.Concept, Title: c.Concept, Number: len(concept.All()) + 1}
}
