package reach

import (
	"encoding/binary"

	corev1 "k8s.io/api/core/v1"
)

// sweep computes rows of bits for many ports, sharing what ports have in common.
type sweep struct {
	m     *Model
	n     int
	ones  Bits
	sides [2]*side
}

// side is one direction: the classes in groups that the same policies select.
type side struct {
	groups []*group
	of     []int // class → group

	// columns are the rows turned round, of the certain and of the possible;
	// nil when rows have changed since.
	columns [2][]Bits
}

// group is classes with the same row, which are therefore judged once.
type group struct {
	class    *Class
	policies [][]selected // by link, those that are about the direction
	entries  []portMatch  // of all their rules
	last     []byte       // which entries held for the row that was computed last
	row      row
}

// row is what may come of connections with each class. Certain is accept
// without deny, the same memory where they have nothing in common.
type row struct{ accept, deny, certain Bits }

// settle computes certain, and whether it differs from accept.
func (r *row) settle() {
	r.certain = r.accept
	for i := range r.deny {
		if r.accept[i]&r.deny[i] != 0 {
			r.certain = make(Bits, len(r.accept))
			for w := range r.certain {
				r.certain[w] = r.accept[w] &^ r.deny[w]
			}
			return
		}
	}
}

// mixed says whether some of it is not certain.
func (r *row) mixed() bool { return len(r.accept) > 0 && &r.certain[0] != &r.accept[0] }

func newSweep(m *Model) *sweep {
	s := &sweep{m: m, n: len(m.classes), ones: newBits(len(m.classes))}
	for i := range s.n {
		s.ones.set(i)
	}
	for d := range s.sides {
		s.sides[d] = s.newSide(Direction(d))
	}
	return s
}

// newSide groups the classes. Names of ports and conditions on the pod itself
// depend on the class, so that classes with such rules share nothing.
func (s *sweep) newSide(d Direction) *side {
	out := &side{of: make([]int, s.n)}
	have := map[string]int{}
	ids := make(map[*policy]uint32, len(s.m.policies))
	for i, p := range s.m.policies {
		ids[p] = uint32(i)
	}
	var key []byte
	for i, c := range s.m.classes {
		key = key[:0]
		own := false
		for li, list := range s.m.selectedBy[i] {
			for _, p := range list {
				if !p.policy.sides[d].applies {
					continue
				}
				key = binary.LittleEndian.AppendUint32(key, ids[p.policy])
				key = append(key, byte(li), byte(p.sure))
				own = own || p.policy.sides[d].personal(d)
			}
		}
		if missing := s.m.missingFrom(c.Namespace); missing != nil {
			key = append(key, 1)
		}
		if c.HostNetwork {
			key = append(key[:0], 2)
		}
		if own {
			key = binary.LittleEndian.AppendUint32(key, uint32(i))
		}
		g, ok := have[string(key)]
		if !ok {
			g = len(out.groups)
			have[string(key)] = g
			out.groups = append(out.groups, s.newGroup(c, d))
		}
		out.of[i] = g
	}
	return out
}

// personal says whether rules mean something else for each class that the policy selects.
func (s *section) personal(d Direction) bool {
	for _, r := range s.rules {
		if r.self != nil {
			return true
		}
		if d == Egress {
			continue
		}
		for _, list := range [...][]portMatch{r.ports, r.never} {
			for i := range list {
				if list[i].name != "" {
					return true
				}
			}
		}
	}
	return false
}

func (s *sweep) newGroup(c *Class, d Direction) *group {
	g := &group{class: c, policies: make([][]selected, len(s.m.chain))}
	if c.HostNetwork {
		return g
	}
	for li, list := range s.m.selectedBy[c.Index] {
		for _, p := range list {
			if !p.policy.sides[d].applies {
				continue
			}
			g.policies[li] = append(g.policies[li], p)
			for _, r := range p.policy.sides[d].rules {
				g.entries = append(append(g.entries, r.ports...), r.never...)
			}
		}
	}
	return g
}

// pairs computes the rows of all groups for a port and joins the two directions.
func (s *sweep) pairs(protocol corev1.Protocol, port int32) *Pairs {
	mixed := false
	for d, side := range s.sides {
		for _, g := range side.groups {
			if s.refresh(g, Direction(d), protocol, port) {
				side.columns = [2][]Bits{}
			}
			mixed = mixed || g.row.mixed()
		}
	}
	out := &Pairs{Certain: s.join(0, func(r *row) Bits { return r.certain })}
	out.Possible = out.Certain
	if mixed {
		out.Possible = s.join(1, func(r *row) Bits { return r.accept })
	}
	s.exempt(out)
	return out
}

// join keeps what both directions let through, by destination.
func (s *sweep) join(k int, of func(*row) Bits) []Bits {
	egress, ingress := s.sides[Egress], s.sides[Ingress]
	if egress.columns[k] == nil {
		rows := make([]Bits, s.n)
		for c, g := range egress.of {
			rows[c] = of(&egress.groups[g].row)
		}
		egress.columns[k] = transpose(rows, s.n)
	}
	out := cloneRows(egress.columns[k])
	for to, r := range out {
		and(r, of(&ingress.groups[ingress.of[to]].row))
	}
	return out
}

// exempt adds what no policy is asked about, and takes back all that policies
// say where nothing enforces them.
func (s *sweep) exempt(p *Pairs) {
	switch s.m.unenforced {
	case yes:
		for i := range p.Certain {
			p.Certain[i], p.Possible[i] = s.ones, s.ones
		}
		return
	case maybe:
		p.Certain = cloneRows(p.Certain)
		for i := range p.Possible {
			p.Possible[i] = s.ones
		}
	}
	for i, c := range s.m.classes {
		if c.Single && !c.HostNetwork {
			p.Certain[i].set(i)
			if s.m.unenforced == no {
				p.Possible[i].set(i)
			}
		}
	}
	s.ownNodes(p)
}

// ownNodes lets pods with a node's network reach the pods of that node.
func (s *sweep) ownNodes(p *Pairs) {
	var hosts []*Class
	for _, c := range s.m.classes {
		if c.HostNetwork && len(c.Nodes) == 1 {
			hosts = append(hosts, c)
		}
	}
	for i, c := range s.m.classes {
		if c.HostNetwork || len(c.Nodes) != 1 {
			continue
		}
		for _, h := range hosts {
			if h.Nodes[0] == c.Nodes[0] {
				p.Certain[i].set(h.Index)
				if s.m.unenforced == no {
					p.Possible[i].set(h.Index)
				}
			}
		}
	}
}

func cloneRows(rows []Bits) []Bits {
	if len(rows) == 0 {
		return nil
	}
	words := len(rows[0])
	flat := make(Bits, len(rows)*words)
	out := make([]Bits, len(rows))
	for i, r := range rows {
		out[i] = flat[i*words : (i+1)*words]
		copy(out[i], r)
	}
	return out
}

// refresh computes the row of a group unless the port makes no difference to the
// one that was computed before. It says whether it did.
func (s *sweep) refresh(g *group, d Direction, protocol corev1.Protocol, port int32) bool {
	held := make([]byte, len(g.entries))
	fresh := g.row.accept == nil
	q := &query{m: s.m, subject: g.class, direction: d, protocol: protocol, port: port}
	for i := range g.entries {
		switch e := &g.entries[i]; {
		case e.name == "" || d == Ingress:
			held[i] = byte(e.match(q))
		case s.m.mentions(*e, protocol, port):
			held[i], fresh = byte(maybe), true // which classes have it differs from port to port
		}
	}
	if !fresh && string(held) == string(g.last) {
		return false
	}
	g.last = held
	g.row = s.compute(g, q)
	g.row.settle()
	return true
}
