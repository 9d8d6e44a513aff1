package reach

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"bulwark/world"
)

// DefectsOf returns the places of one policy that the API server would refuse or
// that can never have an effect.
func (m *Model) DefectsOf(o *world.Object) []Defect { return m.defects[o] }

// DeadNames returns the rules of a policy that name a port which none of the
// pods has that it could stand for, as far as the input holds them.
func (m *Model) DeadNames(o *world.Object) []Defect {
	var out []Defect
	for _, p := range m.byObject[o] {
		for d := range p.sides {
			if !p.sides[d].applies {
				continue
			}
			for _, r := range p.sides[d].rules {
				for i, e := range r.ports {
					if e.name != "" && m.dead(p, Direction(d), r, &e) {
						out = append(out, Defect{o, r.path + ".ports[" + strconv.Itoa(i) + "].port",
							fmt.Sprintf("no pod that it can stand for has a port named %q for %s", e.name, protocolText(e.protocol))})
					}
				}
			}
		}
	}
	return out
}

// dead says whether a rule leads to classes of which none has a port of a name.
// Leading to none is a fault of its own.
func (m *Model) dead(p *policy, d Direction, r *rule, e *portMatch) bool {
	peers := r.peers
	if d == Ingress {
		peers = []peer{p.subject}
	}
	some := false
	for _, q := range peers {
		for _, c := range m.near(q) {
			end := m.Pods(c)
			if c.HostNetwork || q.match(m, &end) == no {
				continue
			}
			if c.number(e.name, e.protocol) != 0 {
				return false
			}
			some = true
		}
	}
	return some
}

// near returns the classes that a peer can be about: those of one namespace where it names it.
func (m *Model) near(p peer) []*Class {
	pods, ok := p.(*podPeer)
	if !ok || pods.ns != nil || pods.everyNS {
		return m.classes
	}
	n := m.namespaces[pods.home]
	if n == nil {
		return nil
	}
	return m.classes[n.first:n.last]
}

func protocolText(p corev1.Protocol) string {
	if p == "" {
		return "any protocol"
	}
	return string(p)
}

// Rival is another policy of the same tier and priority that is about some of the same pods.
type Rival struct {
	Object *world.Object
	Class  *Class // one that both select
}

// Rivals returns the policies that a policy of an admin tier has no defined order with.
func (m *Model) Rivals(o *world.Object) []Rival {
	var out []Rival
	for li, l := range m.chain {
		if !l.unordered {
			continue
		}
		for _, p := range l.policies {
			if p.object == o {
				out = append(out, m.rivalsOf(li, l, p)...)
			}
		}
	}
	return out
}

func (m *Model) rivalsOf(li int, l *link, p *policy) []Rival {
	var out []Rival
	for _, q := range l.policies {
		if q == p || q.order != p.order || !overlapping(p, q) {
			continue
		}
		for i, c := range m.classes {
			has := func(want *policy) bool {
				return slices.ContainsFunc(m.selectedBy[i][li], func(s selected) bool { return s.policy == want && s.sure == yes })
			}
			if has(p) && has(q) {
				out = append(out, Rival{q.object, c})
				break
			}
		}
	}
	return out
}

// overlapping says whether two policies have rules for a common direction that could disagree.
func overlapping(p, q *policy) bool {
	for d := range p.sides {
		for _, a := range p.sides[d].rules {
			for _, b := range q.sides[d].rules {
				if a.action != b.action {
					return true
				}
			}
		}
	}
	return false
}

// Shadowed returns the rules of an ordered policy that an earlier rule of the
// same policy leaves nothing to decide.
func (m *Model) Shadowed(o *world.Object) []Defect {
	var out []Defect
	for _, p := range m.byObject[o] {
		for d := range p.sides {
			rules := p.sides[d].rules
			for j, r := range rules {
				i := slices.IndexFunc(rules[:j], func(q *rule) bool { return q.covers(r) })
				if i >= 0 {
					out = append(out, Defect{o, r.path, fmt.Sprintf("never decides anything: rule %s comes first and matches all of it", rules[i].path)})
				}
			}
		}
	}
	return out
}

// covers says whether a rule surely matches whatever another one matches.
func (r *rule) covers(other *rule) bool {
	if r.doubt != "" || r.self != nil || len(r.never) > 0 || len(other.peers) == 0 {
		return false
	}
	for _, p := range other.peers {
		if !slices.ContainsFunc(r.peers, func(q peer) bool { return contains(q, p) }) {
			return false
		}
	}
	if r.every {
		return true
	}
	if other.every {
		return false
	}
	for _, e := range other.ports {
		if !slices.ContainsFunc(r.ports, func(f portMatch) bool { return f.covers(e) }) {
			return false
		}
	}
	return len(other.ports) > 0
}

// contains says whether every end that q describes is one that p describes.
func contains(p, q peer) bool {
	switch p := p.(type) {
	case anyone:
		return true
	case *podPeer:
		q, ok := q.(*podPeer)
		if !ok {
			return false
		}
		allNS := p.everyNS || p.ns != nil && p.ns.String() == ""
		sameNS := p.ns != nil && q.ns != nil && p.ns.String() == q.ns.String() || p.ns == nil && q.ns == nil && p.home == q.home
		return (allNS || sameNS) && (p.pod.String() == "" || p.pod.String() == q.pod.String())
	case *blockPeer:
		q, ok := q.(*blockPeer)
		return ok && len(p.except) == 0 && prefixHolds(p.block, q.block)
	}
	return false
}

func prefixHolds(p, q netip.Prefix) bool { return p.Bits() <= q.Bits() && p.Contains(q.Addr()) }

func (p portMatch) covers(q portMatch) bool {
	if p.protocol != "" && p.protocol != q.protocol {
		return false
	}
	if p.name != "" || q.name != "" {
		return p.name == q.name || p.name == "" && p.last == 0
	}
	if p.last == 0 {
		return true
	}
	return q.last != 0 && p.first <= q.first && q.last <= p.last
}

// ClientBlocks returns the policies that let in a class's clients by public
// addresses: lists that count only while pods see the client's own address.
func (m *Model) ClientBlocks(c *Class) []*world.Object {
	var out []*world.Object
	for _, list := range m.selecting(c) {
		for _, s := range list {
			if s.sure != yes || slices.Contains(out, s.policy.object) {
				continue
			}
			for _, r := range s.policy.sides[Ingress].rules {
				if slices.ContainsFunc(r.peers, m.listsClients) {
					out = append(out, s.policy.object)
					break
				}
			}
		}
	}
	return out
}

// listsClients says whether a peer is some public addresses but not all of them.
func (m *Model) listsClients(p peer) bool {
	b, ok := p.(*blockPeer)
	return ok && holds(b.set, m.public) == maybe && b.block.Bits() > 0
}

// Foreign returns the name of the plugin that runs, when it is another one than
// a policy is written for; "" when the policy is in force as far as that goes.
func (m *Model) Foreign(o *world.Object) string {
	gk := o.GroupKind()
	if m.Plugin.Name == "" {
		return ""
	}
	if slices.Contains(ciliumKinds, gk) && m.dialect != Cilium || slices.Contains(calicoKinds, gk) && m.dialect != Calico {
		return m.Plugin.Name
	}
	return ""
}
