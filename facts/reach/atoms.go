package reach

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Atom is a range of ports of one protocol that no policy tells apart.
type Atom struct {
	Protocol    corev1.Protocol
	First, Last int32
}

// Atoms returns all ports, cut wherever some rule or some port's name makes a
// difference.
func (m *Model) Atoms() []Atom { return m.atomsOf(m.policies, m.classes) }

// PortAnswer is the verdict for a range of ports.
type PortAnswer struct {
	Atom
	Verdict Verdict
}

// Ports returns the verdicts for all ports between two ends, joined where neighbours agree.
func (m *Model) Ports(from, to Endpoint) []PortAnswer {
	var about []*policy
	for _, e := range [...]*Endpoint{&from, &to} {
		if e.Kind != Pods {
			continue
		}
		for _, list := range m.selecting(e.Class) {
			for _, s := range list {
				about = append(about, s.policy)
			}
		}
	}
	var named []*Class
	if to.Kind == Pods {
		named = []*Class{to.Class}
	}
	var out []PortAnswer
	for _, a := range m.atomsOf(about, named) {
		v := m.Verdict(from, to, a.Protocol, a.First)
		if n := len(out); n > 0 && out[n-1].Protocol == a.Protocol && out[n-1].Verdict == v && out[n-1].Last+1 == a.First {
			out[n-1].Last = a.Last
			continue
		}
		out = append(out, PortAnswer{a, v})
	}
	return out
}

func (m *Model) atomsOf(policies []*policy, classes []*Class) []Atom {
	starts := map[corev1.Protocol][]int32{}
	cut := func(protocol corev1.Protocol, first, last int32) {
		for _, p := range KnownProtocols() {
			if protocol == "" || protocol == p {
				starts[p] = append(starts[p], first, last+1)
			}
		}
	}
	names := map[string]bool{}
	seen := map[portMatch]bool{}
	for _, p := range policies {
		for d := range p.sides {
			for _, r := range p.sides[d].rules {
				for _, list := range [...][]portMatch{r.ports, r.never} {
					for _, e := range list {
						switch {
						case seen[e]:
						case e.name != "":
							names[e.name] = true
						case e.last > 0:
							cut(e.protocol, e.first, e.last)
						}
						seen[e] = true
					}
				}
			}
		}
	}
	if len(names) > 0 {
		for _, c := range classes {
			for i := range c.Ports {
				if p := &c.Ports[i]; names[p.Name] {
					cut(p.Protocol, p.Number, p.Number)
				}
			}
		}
	}
	var out []Atom
	for _, p := range KnownProtocols() {
		list := append(starts[p], 1, maxPort+1)
		slices.Sort(list)
		list = slices.Compact(list)
		for i, s := range list {
			if s >= 1 && s <= maxPort {
				out = append(out, Atom{p, s, list[i+1] - 1})
			}
		}
	}
	return out
}

// distinct returns one atom for each set of rules that is about its ports: most
// of what lies between the ports that rules name is alike.
func (m *Model) distinct() []Atom {
	entries := map[portMatch]int{}
	for _, p := range m.policies {
		for d := range p.sides {
			for _, r := range p.sides[d].rules {
				for _, list := range [...][]portMatch{r.ports, r.never} {
					for _, e := range list {
						if _, ok := entries[e]; !ok {
							entries[e] = len(entries)
						}
					}
				}
			}
		}
	}
	seen := map[string]bool{}
	var out []Atom
	atoms := m.Atoms()
	slices.SortStableFunc(atoms, func(a, b Atom) int { return cmp.Compare(b.Last-b.First, a.Last-a.First) })
	key := make(Bits, (len(entries)+63)/64)
	for _, a := range atoms {
		clear(key)
		var own int32 // which classes have a port of some name differs from port to port
		for e, i := range entries {
			if m.mentions(e, a.Protocol, a.First) {
				key.set(i)
				if e.name != "" {
					own = a.First
				}
			}
		}
		if text := fmt.Sprint(own, key); !seen[text] {
			seen[text] = true
			out = append(out, a)
		}
	}
	return out
}

// mentions says whether an entry is about a port on some class.
func (m *Model) mentions(e portMatch, protocol corev1.Protocol, port int32) bool {
	if e.protocol != "" && e.protocol != protocol {
		return false
	}
	if e.name != "" {
		return len(m.index.namedPort[portKey(e.name, protocol, port)]) > 0
	}
	return e.last == 0 || e.first <= port && port <= e.last
}
