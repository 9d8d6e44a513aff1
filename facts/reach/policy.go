package reach

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/world"
)

// policy is one policy of any kind in the form that they share.
type policy struct {
	object  *world.Object
	path    string // of its specification
	subject *podPeer
	order   float64 // within its link
	doubt   string  // why it may not be in force; "" when it is
	sides   [2]section
}

// section is what a policy says about one direction.
type section struct {
	applies  bool // it is about this direction at all
	isolates bool // what no rule accepts is refused
	rules    []*rule
}

// rule is one rule of a policy.
type rule struct {
	path   string
	action outcome // accept, deny or next
	peers  []peer  // alternatives
	ports  []portMatch
	every  bool        // every port and protocol: ports is not looked at
	never  []portMatch // ports that it is not about
	self   *podPeer    // a further condition on the pod itself; nil: none
	doubt  string      // a condition that cannot be judged; "" when there is none
	note   string      // what is decided above the connection, such as HTTP paths
}

// portMatch is one entry of a rule's ports.
type portMatch struct {
	protocol    corev1.Protocol // "" is every protocol
	first, last int32           // 0 to 0 is every port, unless there is a name
	name        string          // a port by the name that the destination gives it
}

// String returns the entry for people, such as "TCP 80" or "UDP".
func (p portMatch) String() string {
	protocol := string(p.protocol)
	if protocol == "" {
		protocol = "any protocol"
	}
	switch {
	case p.name != "":
		return protocol + " " + strconv.Quote(p.name)
	case p.first == 0 && p.last == 0:
		return protocol
	case p.first == p.last:
		return fmt.Sprintf("%s %d", protocol, p.first)
	}
	return fmt.Sprintf("%s %d-%d", protocol, p.first, p.last)
}

// query is one connection in one direction.
type query struct {
	m         *Model
	subject   *Class    // whose policies are asked
	other     *Endpoint // the other end
	direction Direction
	protocol  corev1.Protocol
	port      int32
	trace     *[]Step // nil: nobody wants to know why
}

func (p *portMatch) match(q *query) truth {
	if p.protocol != "" && p.protocol != q.protocol {
		return no
	}
	if p.name == "" {
		return known(p.first == 0 && p.last == 0 || p.first <= q.port && q.port <= p.last)
	}
	to := q.subject
	if q.direction == Egress {
		switch q.other.Kind {
		case Pods:
			to = q.other.Class
		case Unidentified:
			return maybe
		default:
			return no // names are looked up in pods only
		}
	}
	n := to.number(p.name, q.protocol)
	return known(n != 0 && n == q.port)
}

func (r *rule) matchPorts(q *query) truth {
	t := known(r.every)
	for i := range r.ports {
		t = t.or(r.ports[i].match(q))
	}
	for i := range r.never {
		t = t.and(r.never[i].match(q).not())
	}
	return t
}

func (r *rule) matchPeers(m *Model, e *Endpoint) truth {
	t := no
	for _, p := range r.peers {
		if t = t.or(p.match(m, e)); t == yes {
			break
		}
	}
	return t
}

// match compares a rule with a connection.
func (r *rule) match(q *query) truth {
	t := r.matchPorts(q)
	if t != no {
		t = t.and(r.matchPeers(q.m, q.other))
	}
	if t != no && r.self != nil {
		t = t.and(r.self.selects(q.m, q.subject))
	}
	if r.doubt != "" {
		t = t.and(maybe)
	}
	return t
}

// about describes what a rule matches.
func (r *rule) about(d Direction) string {
	way := "from "
	if d == Egress {
		way = "to "
	}
	text := way + joinPeers(r.peers, " or ")
	if len(r.peers) == 0 {
		text = way + "nobody"
	}
	if !r.every {
		ports := make([]string, len(r.ports))
		for i, p := range r.ports {
			ports[i] = p.String()
		}
		text += " on " + strings.Join(ports, ", ")
	}
	if len(r.never) > 0 {
		ports := make([]string, len(r.never))
		for i, p := range r.never {
			ports[i] = p.String()
		}
		text += " but not on " + strings.Join(ports, ", ")
	}
	return cut(text)
}

// cut bounds a description: policies can be of any size.
func cut(s string) string {
	const limit = 240
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit-3], "") + "..."
}

// selects says whether the policy is about a class.
func (p *policy) selects(m *Model, c *Class) truth { return p.further(p.subject.selects(m, c)) }

// further adds what the subject does not tell: whether the policy is in force.
func (p *policy) further(t truth) truth {
	if p.doubt != "" {
		t = t.and(maybe)
	}
	return t
}
