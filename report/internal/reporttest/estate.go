package reporttest

import (
	"fmt"

	"bulwark/concept"
	"bulwark/control"
	"bulwark/report"
	"bulwark/world"
)

// Estate returns a run of n findings over about 60 controls, the same for the
// same n: for benchmarks, for tests of limits and for looking at.
func Estate(n int) *Run {
	small := Small()
	r := &Run{Meta: &report.Meta{}, Unknowns: small.Unknowns}
	*r.Meta = *small.Meta
	for i, c := range concept.All()[:30] {
		for j := range 2 {
			r.Meta.Controls = append(r.Meta.Controls, &control.Control{
				ID: fmt.Sprintf("BW%02d%02d", c.Number, 50+j), Concept: c.ID, Title: "Something about " + c.Title + " is not as it should be",
				Severity: control.Severity((i*7 + j*3) % 5), Doc: c.What, Refs: []string{"NSA pods", "CIS 1.12 5.2.2"},
			})
		}
	}
	own := r.Meta.Controls[len(small.Meta.Controls):]
	sum := &report.Summary{Objects: 1 + n/3, Counts: map[control.Severity]int{}, Controls: map[string]report.Tally{}}
	for i := range n {
		c := own[(i*i+i/3)%len(own)]
		ref := world.Ref{Group: "apps", Kind: "Deployment", Namespace: fmt.Sprintf("team-%d", i%17), Name: fmt.Sprintf("service-%d", i/3)}
		file := fmt.Sprintf("estate/team-%d/service-%d.yaml", i%17, i/3)
		path := fmt.Sprintf("spec.template.spec.containers[%d].securityContext.allowPrivilegeEscalation", i%3)
		r.Findings = append(r.Findings, &control.Finding{
			ID: fmt.Sprintf("%016x", i*2654435761), Control: c, Severity: c.Severity, Subject: ref,
			Message:  fmt.Sprintf("container %q may gain more privileges than the process that started it", fmt.Sprintf("app-%d", i%3)),
			Evidence: []control.Evidence{{Pos: world.Pos{File: file, Line: 20 + i%90, Col: 9, Path: path}, Value: "true"}},
			Fixes:    []control.Fix{{Message: "Set allowPrivilegeEscalation to false.", Edits: []control.Edit{{Path: path, Value: false}}}},
		})
	}
	for _, f := range r.Findings {
		sum.Counts[f.Severity]++
		tally := sum.Controls[f.Control.ID]
		tally.Fail++
		tally.Pass += int(f.Control.Severity)
		sum.Controls[f.Control.ID] = tally
	}
	sum.Concepts = scorecard(own, sum.Controls)
	r.Summary = sum
	return r
}

func scorecard(controls []*control.Control, tallies map[string]report.Tally) (rows []report.Row) {
	for _, c := range concept.All() {
		row := report.Row{Concept: c}
		for _, x := range controls {
			if t, ok := tallies[x.ID]; ok && x.Concept == c.ID {
				row.Judged = true
				row.Pass += t.Pass
				row.Fail += t.Fail
				row.Worst = max(row.Worst, x.Severity)
			}
		}
		if !row.Judged {
			row.Needs = c.Inputs()[0].Need()
		}
		rows = append(rows, row)
	}
	return rows
}
