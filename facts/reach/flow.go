package reach

// compute runs all classes through the chain at once.
func (s *sweep) compute(g *group, q *query) row {
	words := len(s.ones)
	flat := make(Bits, 2*words)
	out := row{accept: flat[:words], deny: flat[words:]}
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
