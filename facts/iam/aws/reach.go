package aws

import (
	"slices"

	"bulwark/internal/tri"
)

// Reach says whether a principal comes to have all rights, and by which steps.
type Reach struct {
	Verdict tri.Value
	Steps   []Escalation // empty for a principal that has them anyway
}

// edge is a way from one principal to another, or to all rights.
type edge struct {
	from *Principal
	way  Escalation
}

// ReachesAdmin answers whether a principal of the estate has all rights or comes to have them; of another it is unknown.
func (e *Estate) ReachesAdmin(p *Principal) Reach {
	e.reachOnce.Do(e.solve)
	return e.reach[p]
}

// solve walks backwards from those that have all rights: first along ways that
// are certainly open, then along possible ones too.
func (e *Estate) solve() {
	e.reach = map[*Principal]Reach{}
	into := map[*Principal][]edge{} // by who is become
	var ends []edge                 // ways that lead to all rights by themselves
	admins := map[tri.Value][]*Principal{}
	for _, p := range e.Principals {
		v := e.Administers(p).Verdict
		admins[v] = append(admins[v], p)
		if v == tri.Yes {
			continue
		}
		for _, w := range e.escalations(p, true) {
			if tri.And(w.Verdict, w.Admin) != tri.No {
				ends = append(ends, edge{p, w})
			}
			if w.Becomes != nil && w.Becomes != p && w.Kind != SelfEscalation {
				into[w.Becomes] = append(into[w.Becomes], edge{p, w})
			}
		}
	}
	for _, least := range []tri.Value{tri.Yes, tri.Unknown} {
		e.spread(least, admins[least], ends, into)
	}
	for _, p := range e.Principals {
		if _, ok := e.reach[p]; !ok {
			e.reach[p] = Reach{Verdict: tri.No}
		}
	}
}

// spread gives every principal that is not yet reached its shortest way at one certainty.
func (e *Estate) spread(least tri.Value, admins []*Principal, ends []edge, into map[*Principal][]edge) {
	var queue []*Principal
	reached := func(p *Principal, r Reach) {
		if _, done := e.reach[p]; !done {
			e.reach[p] = r
			queue = append(queue, p)
		}
	}
	for p := range e.reach {
		queue = append(queue, p)
	}
	slices.SortFunc(queue, func(a, b *Principal) int { return compareARN(a, b) })
	for _, p := range admins {
		reached(p, Reach{Verdict: least})
	}
	for _, x := range ends {
		if tri.Compare(tri.And(x.way.Verdict, x.way.Admin), least) >= 0 {
			reached(x.from, Reach{Verdict: least, Steps: []Escalation{x.way}})
		}
	}
	for len(queue) > 0 {
		p := queue[0]
		queue = queue[1:]
		for _, x := range into[p] {
			if tri.Compare(x.way.Verdict, least) >= 0 {
				reached(x.from, Reach{Verdict: least, Steps: append([]Escalation{x.way}, e.reach[p].Steps...)})
			}
		}
	}
}

func compareARN(a, b *Principal) int {
	switch {
	case a.ARN < b.ARN:
		return -1
	case a.ARN > b.ARN:
		return 1
	}
	return 0
}
