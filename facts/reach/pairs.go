package reach

import (
	"encoding/binary"

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
}

// group is classes with the same row, which are therefore judged once.
type group struct {
	class    *Class
	policies [][]selected // by link, those that are about the direction
	entries  []portMatch  // of all their rules
	last     []byte       // which entries held for the row that was computed last
	row      row
}

// row is what may come of connections with each class.
type row struct{ accept, deny Bits }

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
	var certain, possible [2][]Bits
	same := true
	for d, side := range s.sides {
		sure := make([]Bits, len(side.groups))
		for i, g := range side.groups {
			s.refresh(g, Direction(d), protocol, port)
			sure[i] = g.row.accept
			if overlap(g.row.accept, g.row.deny) {
				same = false
				sure[i] = newBits(s.n)
				for w := range sure[i] {
					sure[i][w] = g.row.accept[w] &^ g.row.deny[w]
				}
			}
		}
		certain[d], possible[d] = make([]Bits, s.n), make([]Bits, s.n)
		for c, g := range side.of {
			certain[d][c], possible[d][c] = sure[g], side.groups[g].row.accept
		}
	}
	out := &Pairs{Certain: s.join(certain)}
	out.Possible = out.Certain
	if !same {
		out.Possible = s.join(possible)
	}
	s.exempt(out)
	return out
}

func overlap(a, b Bits) bool {
	for i := range b {
		if a[i]&b[i] != 0 {
			return true
		}
	}
	return false
}

// join keeps what both directions let through, by destination.
func (s *sweep) join(rows [2][]Bits) []Bits {
	out := transpose(rows[Egress], s.n)
	for to, r := range out {
		and(r, rows[Ingress][to])
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
// one that was computed before.
func (s *sweep) refresh(g *group, d Direction, protocol corev1.Protocol, port int32) {
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
		return
	}
	g.last = held
	g.row = s.compute(g, q)
}

// compute runs all classes through the chain at once.
func (s *sweep) compute(g *group, q *query) row {
	words := len(s.ones)
	flat := make(Bits, 2*words)
	out := row{flat[:words], flat[words:]}
	flow := append(Bits(nil), s.ones...)
	if g.class.HostNetwork {
		copy(out.accept, flow)
		return out
	}
	for li, l := range s.m.chain {
		flow = s.link(&out, l, g.policies[li], q, flow)
	}
	or(out.accept, flow)
	if len(s.m.unread) > 0 {
		copy(out.accept, s.ones)
		copy(out.deny, s.ones)
	}
	return out
}

// link is link.evaluate for sets of classes: flow may come to the link, what is
// returned may go on to the next one.
func (s *sweep) link(out *row, l *link, policies []selected, q *query, flow Bits) Bits {
	missing := error(nil)
	if l.missing != nil {
		missing = l.missing(q.subject.Namespace)
	}
	if len(policies) == 0 && missing == nil {
		return flow
	}
	passed := newBits(s.n)
	if l.active == maybe {
		or(passed, flow)
	}
	if missing != nil {
		or(passed, flow)
		or(out.accept, flow)
		or(out.deny, flow)
	}
	isolated := no
	stay := append(Bits(nil), flow...)
	for len(policies) > 0 {
		group := l.group(policies)
		policies = policies[len(group):]
		start := stay
		if len(group) > 1 {
			start = append(Bits(nil), stay...)
		}
		for _, p := range group {
			side := &p.policy.sides[q.direction]
			if side.isolates {
				isolated = isolated.or(p.sure)
			}
			at := stay
			if len(group) > 1 {
				at = append(Bits(nil), start...)
			}
			s.policy(out, passed, p, side, q, at)
			if len(group) > 1 {
				and(stay, at)
			}
		}
	}
	switch {
	case l.lenient || isolated == no:
		or(passed, stay)
	case isolated == yes:
		or(out.deny, stay)
	default:
		or(out.deny, stay)
		or(passed, stay)
	}
	return passed
}

// policy asks the rules of one policy, taking from stay what they surely decide.
func (s *sweep) policy(out *row, passed Bits, p selected, side *section, q *query, stay Bits) {
	rest := stay
	if p.sure != yes {
		rest = append(Bits(nil), stay...)
	}
	for _, r := range side.rules {
		sure, unsure := s.matches(r, q)
		for _, part := range [...]span{sure, unsure} {
			for i, w := range part.words {
				hit := rest[part.at+i] & w
				if r.action&accept != 0 {
					out.accept[part.at+i] |= hit
				}
				if r.action&deny != 0 {
					out.deny[part.at+i] |= hit
				}
				if r.action&next != 0 {
					passed[part.at+i] |= hit
				}
			}
		}
		for i, w := range sure.words {
			rest[sure.at+i] &^= w
		}
	}
}

// matches returns the classes that a rule surely and perhaps is about on a port.
func (s *sweep) matches(r *rule, q *query) (sure, unsure span) {
	limit := yes
	if r.self != nil {
		limit = r.self.selects(s.m, q.subject)
	}
	if r.doubt != "" {
		limit = limit.and(maybe)
	}
	byPeer := q.direction == Egress && r.namesPorts()
	if !byPeer {
		limit = limit.and(r.matchPorts(q))
	}
	if limit == no {
		return span{}, span{}
	}
	set := s.m.index.peersOf(r)
	if byPeer {
		set = s.narrow(set, r, q)
	}
	if limit == maybe {
		b := newSetBuilder(0, s.n)
		b.merge(set3{set.unsure, set.unsure})
		b.unsure[set.sure.at:].or(set.sure.words)
		return span{}, span{0, b.unsure}.trimmed()
	}
	return set.sure, set.unsure
}

func (r *rule) namesPorts() bool {
	for _, list := range [...][]portMatch{r.ports, r.never} {
		for i := range list {
			if list[i].name != "" {
				return true
			}
		}
	}
	return false
}

// narrow keeps the classes on which the rule is about the port.
func (s *sweep) narrow(set set3, r *rule, q *query) set3 {
	b := newSetBuilder(0, s.n)
	each := *q
	for k, part := range [...]span{set.sure, set.unsure} {
		for i := range part.members() {
			each.other = &s.m.index.ends[i]
			t := r.matchPorts(&each)
			if k == 1 {
				t = t.and(maybe)
			}
			b.add(i, t)
		}
	}
	return b.done()
}
