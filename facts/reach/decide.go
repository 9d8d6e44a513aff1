package reach

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// maxPieces bounds the parts that an address range is judged in.
const maxPieces = 1024

// Decide says whether from may connect to a port of to, and why. Ports are those
// of the end itself: of the pod, not of a Service.
func (m *Model) Decide(from, to Endpoint, protocol corev1.Protocol, port int32) Answer {
	return m.decide(from, to, protocol, port, true)
}

func (m *Model) decide(from, to Endpoint, protocol corev1.Protocol, port int32, explain bool) Answer {
	var a Answer
	if m.exempt(&from, &to, &a) {
		return a
	}
	pieces, ok := m.split(&from, &to)
	if !ok {
		a.Reasons = []string{fmt.Sprintf("the policies cut the addresses into more than %d parts", maxPieces)}
		return a
	}
	if len(pieces) == 0 {
		m.decideOne(&a, &from, &to, protocol, port, explain)
		return m.finish(a, &from, &to)
	}
	return m.finish(m.decidePieces(pieces, from, to, protocol, port, explain), &from, &to)
}

// Verdict is Decide without the explanation, for who asks often.
func (m *Model) Verdict(from, to Endpoint, protocol corev1.Protocol, port int32) Verdict {
	var a Answer
	if m.exempt(&from, &to, &a) {
		return a.Verdict
	}
	if from.pieces() || to.pieces() {
		return m.decide(from, to, protocol, port, false).Verdict
	}
	e, i := m.halves(&from, &to, protocol, port, nil)
	return m.enforced(combine(e.verdict(), i.verdict()))
}

// exempt answers what no policy is asked about.
func (m *Model) exempt(from, to *Endpoint, a *Answer) bool {
	switch {
	case from.Kind == Pods && to.Kind == Pods && from.Class == to.Class && from.Class.Single:
		a.note("", "a pod always reaches itself under its own address")
	case from.Kind == Node && to.Kind == Pods && from.Node != "" && len(to.Class.Nodes) == 1 && to.Class.Nodes[0] == from.Node:
		a.note("ingress", "a node always reaches the pods that run on it")
	case from.Kind != Pods && to.Kind != Pods:
		a.note("", "neither end is a pod with an address of its own: no policy for pods is about this")
	default:
		return false
	}
	a.Verdict, a.Egress, a.Ingress = Allowed, Allowed, Allowed
	return true
}

func (a *Answer) note(side, text string) {
	a.Steps = append(a.Steps, Step{Side: side, Effect: Note, Text: text})
}

// combine is the conjunction of the two sides.
func combine(e, i Verdict) Verdict {
	switch {
	case e == Denied || i == Denied:
		return Denied
	case e == Allowed && i == Allowed:
		return Allowed
	}
	return Unknown
}

// enforced is what becomes of a verdict when policies may have no effect.
func (m *Model) enforced(v Verdict) Verdict {
	switch {
	case m.unenforced == yes:
		return Allowed
	case m.unenforced == maybe && v == Denied:
		return Unknown
	}
	return v
}

// halves asks the policies of the source and of the destination.
func (m *Model) halves(from, to *Endpoint, protocol corev1.Protocol, port int32, trace *[]Step) (e, i outcome) {
	e, i = accept, accept
	if from.Kind == Pods {
		q := query{m: m, subject: from.Class, other: to, direction: Egress, protocol: protocol, port: port, trace: trace}
		e = q.direct()
	}
	if to.Kind == Pods {
		q := query{m: m, subject: to.Class, other: from, direction: Ingress, protocol: protocol, port: port, trace: trace}
		i = q.direct()
	}
	if len(m.unread) > 0 && (from.Kind == Pods || to.Kind == Pods) {
		return e | accept | deny, i | accept | deny
	}
	return e, i
}

func (m *Model) decideOne(a *Answer, from, to *Endpoint, protocol corev1.Protocol, port int32, explain bool) {
	trace := &a.Steps
	if !explain {
		trace = nil
	}
	e, i := m.halves(from, to, protocol, port, trace)
	a.Egress, a.Ingress = e.verdict(), i.verdict()
	a.Verdict = combine(a.Egress, a.Ingress)
}

// decidePieces judges each part of an address range by itself. The answer is
// that of the part with the most that is possible.
func (m *Model) decidePieces(pieces []Range, from, to Endpoint, protocol corev1.Protocol, port int32, explain bool) Answer {
	var best Answer
	var parts []Part
	for n, piece := range pieces {
		f, t := from, to
		if from.pieces() {
			f.Range = []Range{piece}
		} else {
			t.Range = []Range{piece}
		}
		var a Answer
		m.decideOne(&a, &f, &t, protocol, port, explain)
		parts = append(parts, Part{piece, a.Verdict})
		if n == 0 || rank(a.Verdict) > rank(best.Verdict) {
			best = a
		}
	}
	if from.Kind == Node || to.Kind == Node {
		return best // the pieces are examples
	}
	if slices.ContainsFunc(parts, func(p Part) bool { return p.Verdict != parts[0].Verdict }) {
		best.Parts = merge(parts)
	}
	return best
}

// rank orders verdicts by how much is possible.
func rank(v Verdict) int { return [...]int{Unknown: 1, Denied: 0, Allowed: 2}[v] }

// split cuts the addresses of the end that has some where policies of the other
// end tell them apart. No pieces: neither end needs it.
func (m *Model) split(from, to *Endpoint) ([]Range, bool) {
	end, subject, d := from, to, Ingress
	if to.pieces() {
		end, subject, d = to, from, Egress
	}
	if !end.pieces() || subject.Kind != Pods {
		return nil, true
	}
	var cuts []Range
	for _, list := range m.selecting(subject.Class) {
		for _, s := range list {
			for _, r := range s.policy.sides[d].rules {
				for _, p := range r.peers {
					blocks(p, func(b Range) { cuts = append(cuts, b) })
				}
			}
		}
	}
	if end.Kind == Node {
		return oneOfEach(end.Range, cuts), true
	}
	return split(end.Range, cuts, maxPieces)
}

// finish adds what concerns the answer as a whole.
func (m *Model) finish(a Answer, from, to *Endpoint) Answer {
	if a.Verdict == Unknown {
		a.Reasons = m.reasons(&a)
	}
	if m.unenforced != no && len(m.policies) > 0 {
		a.note("", "nothing makes policies take effect: "+m.why)
		if m.unenforced == maybe {
			a.Steps[len(a.Steps)-1].Text = "whether policies take effect is not known: " + m.why
		}
	}
	if v := m.enforced(a.Verdict); v != a.Verdict {
		a.Verdict = v
		if v == Unknown {
			a.Reasons = append(a.Reasons, m.why)
		}
		for i := range a.Parts {
			a.Parts[i].Verdict = m.enforced(a.Parts[i].Verdict)
		}
	}
	m.ownNode(&a, from, to)
	return a
}

// ownNode tells the exceptions that hold for a pod and the node it runs on.
func (m *Model) ownNode(a *Answer, from, to *Endpoint) {
	switch {
	case from.Kind == Node && to.Kind == Pods && from.Node == "" && a.Verdict != Allowed:
		a.note("ingress", "the node that a pod runs on reaches it all the same")
	case from.Kind == Pods && to.Kind == Node && a.Verdict == Denied:
		a.note("egress", "the API lets a pod reach the node that it runs on; not every plugin does")
	}
}

// reasons collects why a verdict is unknown.
func (m *Model) reasons(a *Answer) []string {
	var out []string
	add := func(text string) {
		if !slices.Contains(out, text) && len(out) < 8 {
			out = append(out, text)
		}
	}
	for i := range a.Steps {
		if s := &a.Steps[i]; s.Effect == Unsure {
			text := s.Text
			if s.Policy != nil {
				text = s.Policy.Ref.String() + ": " + text
			}
			add(text)
		}
	}
	for _, err := range m.unread {
		add(err.Error())
	}
	if len(out) == 0 {
		add("policies of equal priority disagree, and which of them comes first is not defined")
	}
	return out
}
