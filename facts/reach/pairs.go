package reach

import (
	corev1 "k8s.io/api/core/v1"
)

// Pairs says for all pairs of classes at once which connections can be made.
type Pairs struct {
	// Certain holds for each destination the sources that surely get through,
	// Possible those that perhaps do as well. Both are indexed by Class.Index; rows
	// may be shared and must not be changed.
	Certain, Possible []Bits
}

// Verdict returns the verdict for one pair.
func (p *Pairs) Verdict(from, to int) Verdict {
	switch {
	case p.Certain[to].Has(from):
		return Allowed
	case p.Possible[to].Has(from):
		return Unknown
	}
	return Denied
}

// Pairs judges all pairs for one port. It agrees with Decide.
func (m *Model) Pairs(protocol corev1.Protocol, port int32) *Pairs {
	m.mu.Lock()
	defer m.mu.Unlock()
	return newSweep(m).pairs(protocol, port)
}

// AnyPort joins all ports: Certain and Possible hold the pairs for which some
// port of some protocol is open. every holds those for which all are.
func (m *Model) AnyPort() (some, every *Pairs) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := newSweep(m)
	for _, a := range m.distinct() {
		p := s.pairs(a.Protocol, a.First)
		if some == nil {
			some, every = p.clone(), p.clone()
			continue
		}
		for to := range p.Certain {
			or(some.Certain[to], p.Certain[to])
			or(some.Possible[to], p.Possible[to])
			and(every.Certain[to], p.Certain[to])
			and(every.Possible[to], p.Possible[to])
		}
	}
	return some, every
}

func or(a, b Bits) {
	b = b[:len(a)]
	for i := range a {
		a[i] |= b[i]
	}
}

func and(a, b Bits) {
	b = b[:len(a)]
	for i := range a {
		a[i] &= b[i]
	}
}

func (p *Pairs) clone() *Pairs {
	out := &Pairs{Certain: cloneRows(p.Certain)}
	out.Possible = out.Certain
	if len(p.Possible) > 0 && &p.Possible[0] != &p.Certain[0] {
		out.Possible = cloneRows(p.Possible)
	}
	return out
}
