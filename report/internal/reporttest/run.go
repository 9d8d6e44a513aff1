// Package reporttest has runs to test handlers with: a small one that is
// written by hand with names nobody should trust, and one of any size.
package reporttest

import (
	"errors"
	"time"

	"bulwark/concept"
	"bulwark/control"
	"bulwark/report"
	"bulwark/world"
)

// Run is everything a handler receives, in order.
type Run struct {
	Meta     *report.Meta
	Findings []*control.Finding
	Unknowns []*control.Unknown
	Summary  *report.Summary
}

// Play sends the run to a handler.
func (r *Run) Play(h report.Handler) error {
	if err := h.Begin(r.Meta); err != nil {
		return err
	}
	for _, f := range r.Findings {
		if err := h.Finding(f); err != nil {
			return err
		}
	}
	for _, u := range r.Unknowns {
		if err := h.Unknown(u); err != nil {
			return err
		}
	}
	return h.End(r.Summary)
}

// Evil is a name that tries every interpreter: a terminal, HTML, Markdown, a
// spreadsheet, XML, YAML, and a reader's eye.
const Evil = "=1+1|\x1b[31m<script>alert('x')</script>\u202e`**[x](http://e)\n::error::\x00\u009b\xff]]> & \"q\" {{.}}"

// Small returns a run with each thing that a report can show at least once.
func Small() *Run {
	privileged := &control.Control{
		ID: "BW1901", Concept: "os-level-security-domains", Title: "Container is privileged", Severity: control.Critical,
		Doc:  "A privileged container is root on its node.\n\n- Remove `privileged: true`.\n- Add single capabilities instead.",
		Refs: []string{"PSS baseline privileged", "ATT&CK T1611", "trivy KSV-0017"},
	}
	tag := &control.Control{
		ID: "BW2301", Concept: "base-image-footprint", Title: "Image is not pinned", Severity: control.Medium,
		Doc: "A tag can move; a digest cannot.", Profile: control.Hygiene,
	}
	ports := &control.Control{ID: "BW0701", Concept: "ingress-objects", Title: "Ingress serves <b>any</b> host", Severity: control.Low, Doc: "One line."}
	web := world.Ref{Group: "apps", Kind: "Deployment", Namespace: "shop", Name: "web"}
	evil := world.Ref{Kind: "Pod", Namespace: "shop", Name: Evil}
	at := func(line int, path string) world.Pos {
		return world.Pos{File: "deploy/shop web.yaml", Line: line, Col: 11, Path: path}
	}
	return &Run{
		Meta: &report.Meta{
			Schema: "bulwark.dev/report/v1", Version: "0.1.0", Started: time.Date(2026, 11, 23, 9, 30, 0, 500, time.UTC),
			Inputs: []string{"deploy", "chart with space"}, Target: 37, Controls: []*control.Control{ports, privileged, tag},
			Honoured: []string{"kube-linter annotations", "Trivy comments"},
		},
		Findings: []*control.Finding{
			{
				ID: "aaaa000000000001", Control: privileged, Severity: control.Critical, Subject: web,
				Message: `container "app" is privileged`, Status: control.New, Covers: []string{"BW1902", "BW1903"},
				Evidence: []control.Evidence{
					{Tier: world.Declared, Pos: at(34, "spec.template.spec.containers[0].securityContext.privileged"), Value: "true"},
					{Tier: world.Effective, Pos: world.Pos{Path: "status.seccomp"}, Value: "Unconfined"},
				},
				Fixes: []control.Fix{
					{Message: "Run the container without privileges.", Edits: []control.Edit{
						{Path: "spec.template.spec.containers[0].securityContext.privileged", Op: control.Set, Value: false},
						{Path: "spec.template.spec.containers[0].securityContext.capabilities.add", Op: control.Remove},
						{Path: "spec.template.spec.containers[0].args", Op: control.Append, Value: map[string]any{"n": int64(3), "f": 1.0, "l": []any{"a", nil, true}}},
					}},
					{Message: "Allow it in one namespace.", Object: "apiVersion: v1\nkind: Namespace\n"},
				},
			},
			{
				ID: "aaaa000000000002", Control: privileged, Severity: control.Critical, Subject: web,
				Message: `container "sidecar" is privileged`, Status: control.Unchanged,
				Evidence: []control.Evidence{{Pos: at(58, "spec.template.spec.containers[1].securityContext.privileged"), Value: "true"}},
			},
			{
				ID: "aaaa000000000003", Control: tag, Severity: control.High, Subject: evil,
				Message: "image " + Evil + " has no digest", Status: control.New,
				Evidence: []control.Evidence{{Pos: world.Pos{File: "deploy/" + Evil + ".yaml", Line: 3, Col: 1, Path: "spec.containers[0].image"}, Value: Evil}},
			},
			{
				ID: "aaaa000000000004", Control: tag, Severity: control.Medium, Subject: web, Message: "image nginx:latest has no digest",
				Evidence:   []control.Evidence{{Pos: at(30, "spec.template.spec.containers[0].image"), Value: "nginx:latest"}},
				Suppressed: &control.Suppression{Kind: "exception", By: "bulwark", Pos: world.Pos{File: ".bulwark.yaml", Line: 4}, Reason: "base image moves on purpose " + Evil, Owner: "team-web", Expiry: "2027-01-31"},
			},
			{
				ID: "aaaa000000000005", Control: tag, Severity: control.Medium, Subject: world.Ref{Kind: "Pod", Namespace: "old", Name: "gone"},
				Message: "image gone:1 has no digest", Status: control.Fixed,
			},
			{
				ID: "aaaa000000000006", Control: ports, Severity: control.Low,
				Subject:  world.Ref{Group: "networking.k8s.io", Kind: "IngressClass", Name: "public"},
				Message:  "serves every host name",
				Evidence: []control.Evidence{{Tier: world.Effective, Pos: world.Pos{Path: "spec.rules"}}},
			},
		},
		Unknowns: []*control.Unknown{
			{Control: privileged, Subject: world.Ref{Group: "argoproj.io", Kind: "Rollout", Namespace: "shop", Name: "api"}, Pos: at(7, "spec.template"), Why: "the pod template is still a template: render it first"},
			{Control: tag, Subject: evil, Pos: world.Pos{Path: "spec"}, Why: "listing Secrets is forbidden " + Evil},
		},
		Summary: summary(),
	}
}

func summary() *report.Summary {
	s := &report.Summary{
		Objects:  214,
		Counts:   map[control.Severity]int{control.Critical: 2, control.High: 1, control.Low: 1},
		Controls: map[string]report.Tally{"BW1901": {Pass: 40, Fail: 1, Unknown: 1}, "BW2301": {Pass: 3, Fail: 1, Unknown: 1, Suppressed: 1, NotApplicable: 2}, "BW0701": {Fail: 1}},
		Gaps: []world.Gap{
			{Pos: world.Pos{File: "deploy/broken.yaml", Line: 12, Col: 3}, Why: errors.New("reading deploy/broken.yaml: mapping values are not allowed here; quote the value or check the indentation")},
			{What: world.Ref{Kind: "Secret"}, Why: errors.New("listing secrets: forbidden " + Evil)},
		},
		New: 2, Unchanged: 2, Fixed: 1, Suppressed: 1,
		Exceptions: []report.ExceptionNote{{Pos: world.Pos{File: ".bulwark.yaml", Line: 9}, Message: "the exception expired on 2026-10-01 and no longer counts"}},
		Elapsed:    1234 * time.Millisecond,
	}
	for _, c := range concept.All() {
		row := report.Row{Concept: c, Needs: c.Inputs()[0].Need()}
		switch c.ID {
		case "os-level-security-domains":
			row = report.Row{Concept: c, Tally: report.Tally{Pass: 40, Fail: 1, Unknown: 1}, Worst: control.Critical, Judged: true}
		case "base-image-footprint":
			row = report.Row{Concept: c, Tally: report.Tally{Pass: 3, Fail: 1, Unknown: 1, Suppressed: 1}, Worst: control.High, Judged: true}
		case "ingress-objects":
			row = report.Row{Concept: c, Tally: report.Tally{Fail: 1}, Worst: control.Low, Judged: true}
		case "rbac":
			row = report.Row{Concept: c, Tally: report.Tally{Pass: 12}, Judged: true}
		}
		s.Concepts = append(s.Concepts, row)
	}
	return s
}
