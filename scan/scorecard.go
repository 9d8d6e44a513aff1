package scan

import (
	"bulwark/concept"
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
		row.Needs = needs(c)
	}
	return row
}

// needs names the input that would judge a concept: one that this version reads where there is one.
func needs(c concept.Concept) string {
	inputs := c.Inputs()
	for _, in := range inputs {
		if in.Available() {
			return "nothing of it in this input"
		}
	}
	return inputs[0].Need()
}
