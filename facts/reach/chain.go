package reach

import (
	"slices"
	"strings"
)

// link is one evaluator of the chain that a connection goes through, once for
// each direction: it accepts, denies, or leaves the decision to the next one.
type link struct {
	name     string
	policies []*policy // by order
	// unordered: which of two policies of equal order comes first is not defined.
	unordered bool
	// active is no when the plugin pays no heed to these policies; why says so.
	active truth
	why    string
	// lenient: policies that select a pod and decide nothing leave it to the next link.
	lenient bool
	// missing returns why there may be more policies than the input holds.
	missing func(namespace string) error
}

// selected is a policy that is, or may be, about a class.
type selected struct {
	policy *policy
	sure   truth
}

// evaluate asks the policies of the link in their order.
func (l *link) evaluate(q *query, policies []selected) outcome {
	var out outcome
	isolated := no
	open := true // the connection may get past the policies asked so far
	for len(policies) > 0 && open {
		group := l.group(policies)
		policies = policies[len(group):]
		var got outcome
		decided := 0
		for _, s := range group {
			side := &s.policy.sides[q.direction]
			if !side.applies {
				continue
			}
			if side.isolates {
				isolated = isolated.or(s.sure)
			}
			o, falls := l.ask(q, s, side)
			got |= o
			open = open && falls
			if o != 0 {
				decided++
			}
		}
		if decided > 1 && got&(got-1) != 0 {
			q.note(l, "policies of equal priority disagree, and which of them comes first is not defined")
		}
		out |= got
	}
	if open {
		out |= l.fallThrough(q, isolated)
	}
	if l.active == maybe {
		out |= next
	}
	return out
}

// group returns the first policies whose order among themselves is not defined:
// one, unless the link says that equal orders are that.
func (l *link) group(policies []selected) []selected {
	n := 1
	for l.unordered && n < len(policies) && policies[n].policy.order == policies[0].policy.order {
		n++
	}
	return policies[:n]
}

// ask walks the rules of one policy. falls says whether the connection may get
// past them.
func (l *link) ask(q *query, s selected, side *section) (out outcome, falls bool) {
	q.selects(l, s, side)
	for _, r := range side.rules {
		t := r.match(q)
		q.rule(l, s, r, t)
		if t == no {
			continue
		}
		out |= r.action
		if t == yes {
			return out, s.sure != yes
		}
	}
	return out, true
}

func (l *link) fallThrough(q *query, isolated truth) outcome {
	if l.lenient {
		return next
	}
	switch isolated {
	case yes:
		q.step(l, nil, "", Denies, "no rule lets it through and the policies isolate the pod for "+q.direction.String())
		return deny
	case maybe:
		return deny | next
	}
	return next
}

// direct runs one direction through the chain.
func (q *query) direct() outcome {
	var out outcome
	selected := q.m.selecting(q.subject)
	for i, l := range q.m.chain {
		got := l.evaluate(q, selected[i])
		if l.missing != nil {
			if err := l.missing(q.subject.Namespace); err != nil {
				q.step(l, nil, "", Unsure, err.Error())
				got |= accept | deny | next
			}
		}
		if l.active == maybe && len(selected[i]) > 0 {
			q.note(l, l.why)
		}
		out |= got &^ next
		if got&next == 0 {
			return out
		}
	}
	return out | accept
}

// step records what was looked at.
func (q *query) step(l *link, p *policy, path string, e Effect, text string) {
	if q.trace == nil {
		return
	}
	s := Step{Side: q.direction.String(), Path: path, Effect: e, Text: text}
	if l != nil {
		s.Stage = l.name
	}
	if p != nil {
		s.Policy = p.object
	}
	*q.trace = append(*q.trace, s)
}

func (q *query) note(l *link, text string) { q.step(l, nil, "", Note, text) }

func (q *query) selects(l *link, s selected, side *section) {
	if q.trace == nil {
		return
	}
	var text []string
	switch {
	case s.policy.doubt != "":
		text = append(text, s.policy.doubt)
	case s.sure == maybe:
		text = append(text, "whether it selects the pod cannot be decided: "+s.policy.subject.String())
	default:
		text = append(text, "the pod")
	}
	if side.isolates {
		text = append(text, "isolates it for "+q.direction.String())
	}
	if len(side.rules) == 0 {
		text = append(text, "has no rule for "+q.direction.String())
	}
	effect := Selects
	if s.sure == maybe {
		effect = Unsure
	}
	q.step(l, s.policy, specPath(s.policy), effect, cut(strings.Join(text, ", ")))
}

// specPath is the field that a policy's selection stands at.
func specPath(p *policy) string {
	if p.path == "" {
		return "spec"
	}
	return p.path
}

func (q *query) rule(l *link, s selected, r *rule, t truth) {
	if q.trace == nil {
		return
	}
	switch {
	case t == no:
		q.step(l, s.policy, r.path, Misses, q.missText(r))
	case t == maybe:
		text := "whether it matches cannot be decided: "
		if r.doubt != "" {
			text += r.doubt
		} else {
			text += r.about(q.direction) + q.unsureText(r)
		}
		q.step(l, s.policy, r.path, Unsure, cut(text))
	default:
		effect := map[outcome]Effect{accept: Accepts, deny: Denies, next: Passes}[r.action]
		text := r.about(q.direction)
		if r.note != "" {
			text += "; " + r.note
		}
		q.step(l, s.policy, r.path, effect, cut(text))
	}
}

// missText says why a rule does not match: the port or the peer.
func (q *query) missText(r *rule) string {
	switch {
	case len(r.peers) == 0 || !slices.ContainsFunc(r.peers, func(p peer) bool { return p.match(q.m, q.other) != no }):
		return cut("another peer: " + r.about(q.direction))
	case r.matchPorts(q) == no:
		return cut("another port: " + r.about(q.direction))
	}
	return cut("another pod: " + r.about(q.direction))
}

// unsureText says which fact is missing.
func (q *query) unsureText(r *rule) string {
	for _, p := range r.peers {
		switch p := p.(type) {
		case *podPeer:
			if p.ns != nil && q.other.Kind == Pods && p.ns.match(q.m.namespaceOf(q.other.Class.Namespace)) == maybe {
				return "; the labels of namespace \"" + q.other.Class.Namespace + "\" are not in the input"
			}
		case *blockPeer:
			if p.match(q.m, q.other) == maybe {
				return "; the address of " + q.other.Name + " is not in the input"
			}
		}
	}
	return ""
}
