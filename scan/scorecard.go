package scan

import (
	"slices"
	"strings"

	"bulwark/concept"
	"bulwark/control"
	"bulwark/report"
)

// finish fills what can be known only at the end.
func (r *run) finish() {
	s := &r.summary
	s.Controls = make(map[string]report.Tally, len(r.tallies))
	byConcept := map[string]*report.Tally{}
	for c, t := range r.tallies {
		s.Controls[c.ID] = *t
		sum := byConcept[c.Concept]
		if sum == nil {
			sum = new(report.Tally)
			byConcept[c.Concept] = sum
		}
		sum.Add(*t)
	}
	for _, c := range concept.All() {
		s.Concepts = append(s.Concepts, r.row(c, byConcept[c.ID]))
	}
	if r.cfg.Excuses != nil {
		s.Exceptions = r.cfg.Excuses.Notes()
	}
	if r.cfg.Baseline != nil {
		s.Fixed = r.cfg.Baseline.Gone()
	}
}

// row is one line of the scorecard: what was judged, or which input would judge it.
func (r *run) row(c concept.Concept, t *report.Tally) report.Row {
	row := report.Row{Concept: c}
	if t != nil {
		row.Tally = *t
		row.Judged = t.Pass+t.Fail+t.Unknown+t.Suppressed > 0
		row.Worst = r.worst[c.ID]
	}
	if !row.Judged {
		row.Needs = r.needs(c)
	}
	return row
}

// needs says what would judge a concept: objects that this input lacks, or an
// input of another kind.
func (r *run) needs(c concept.Concept) string {
	var kinds []string
	known := false
	for _, k := range r.cfg.Controls {
		if k.Concept != c.ID {
			continue
		}
		known = true
		for _, kind := range k.Kinds {
			name, _, _ := strings.Cut(kind, ".")
			if kind != control.Pods && kind != control.AnyKind && !slices.Contains(kinds, name) {
				kinds = append(kinds, name)
			}
		}
	}
	if len(kinds) > 0 {
		return objectsOf(kinds)
	}
	if known {
		return "pods"
	}
	if r.cfg.Offered == nil || slices.ContainsFunc(r.cfg.Offered, func(k *control.Control) bool { return k.Concept == c.ID }) {
		return "other controls than selected"
	}
	inputs := c.Inputs()
	for _, in := range inputs {
		if in.Available() {
			return "controls (none in this version)"
		}
	}
	return inputs[0].Need()
}

// maxNeeds is how many characters a row of the scorecard has for what it needs.
const maxNeeds = 33

// objectsOf names as many kinds as a row has room for.
func objectsOf(kinds []string) string {
	for n := len(kinds); n > 0; n-- {
		text := strings.Join(kinds[:n], ", ") + " objects"
		if n < len(kinds) {
			text = strings.Join(kinds[:n], ", ") + " or such"
		}
		if len(text) <= maxNeeds {
			return text
		}
	}
	return kinds[0]
}
