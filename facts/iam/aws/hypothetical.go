package aws

import (
	"bulwark/facts/iam/awspolicy"
	"bulwark/internal/tri"
)

// Hypothetical returns the ways that policies would open to whoever has them, in
// an account of which nothing else is known: what a path needs besides the
// rights, such as a role worth passing, is taken to be there.
func Hypothetical(policies []*awspolicy.Policy) []Escalation {
	h := &hypothesis{layers: awspolicy.Layers{Identity: policies}}
	var out []Escalation
	for _, w := range catalogue() {
		if w.gain == identity && (w.target == itself || w.target == itselfRole) {
			continue // there is no boundary to take away
		}
		if x := h.try(&w); x.Verdict != tri.No {
			out = append(out, x)
		}
	}
	return out
}

type hypothesis struct{ layers awspolicy.Layers }

// somebody stands for a caller of which nothing is known.
func somebody() *Principal { return &Principal{Partition: "aws", Account: "*"} }

func (h *hypothesis) request(w *path, s step) *awspolicy.Request {
	c := &awspolicy.Context{Values: map[string][]string{"aws:securetransport": {"true"}, "aws:viaawsservice": {"false"}}}
	r := &awspolicy.Request{Action: s.action, Context: c}
	for k, v := range extras(w, somebody(), s) {
		r.Context = r.Context.With(k, v)
	}
	return r
}

// try asks whether some target makes the path open.
func (h *hypothesis) try(w *path) Escalation {
	best := Escalation{ID: w.id, Title: w.title, Kind: w.kind, Verdict: tri.No, Admin: tri.Unknown}
	for _, s := range w.steps {
		best.Actions = append(best.Actions, s.action)
	}
	for _, target := range h.targets(w) {
		x := best
		x.Verdict, x.Target, x.By, x.Reasons = tri.Yes, "", nil, nil
		for _, s := range w.steps {
			d := h.step(w, s, target)
			x.Verdict = tri.And(x.Verdict, d.Verdict)
			x.By, x.Reasons = append(x.By, d.By...), append(x.Reasons, d.Reasons...)
		}
		if tri.Compare(x.Verdict, best.Verdict) > 0 {
			best = x
		}
	}
	return best
}

// targets returns ARNs that the steps about the target could be about.
func (h *hypothesis) targets(w *path) []string {
	var out []string
	for _, s := range w.steps {
		if s.on == theTarget {
			for _, t := range templates(s.action, "aws", "*") {
				out = append(out, awspolicy.Witnesses(h.layers.Identity, h.request(w, s), t)...)
			}
		}
	}
	if out == nil {
		return []string{""}
	}
	return out
}

func (h *hypothesis) step(w *path, s step, target string) awspolicy.Decision {
	r := h.request(w, s)
	if s.on == theTarget {
		r.Resource = target
		return h.layers.Decide(r)
	}
	all := awspolicy.Decision{Verdict: tri.Yes}
	for _, t := range templates(s.action, "aws", "*") {
		d := h.layers.DecideAny(r, t)
		all.Verdict = tri.And(all.Verdict, d.Verdict)
		all.By, all.Reasons = append(all.By, d.By...), append(all.Reasons, d.Reasons...)
	}
	return all
}
