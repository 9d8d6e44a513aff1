package reach

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/world"
)

func (r *reader) calicoRules(o *world.Object, d Direction, in []calicoRule) []*rule {
	var out []*rule
	for i := range in {
		c := &in[i]
		n := &rule{path: "spec." + d.String() + "[" + strconv.Itoa(i) + "]"}
		switch c.Action {
		case "Allow":
			n.action = accept
		case "Deny":
			n.action = deny
		case "Pass":
			n.action = next
		case "Log":
			continue
		default:
			n.action = accept | deny
			n.doubt = r.defect(o, n.path+".action", "its action is %q", c.Action)
		}
		other, self := &c.Source, &c.Destination
		if d == Egress {
			other, self = self, other
		}
		n.peers = []peer{r.calicoEnd(o, n, other)}
		if !self.empty() {
			r.calicoSelf(o, n, self)
		}
		if len(c.Source.Ports)+len(c.Source.NotPorts) > 0 {
			n.doubt = "it looks at the port that the connection comes from"
		}
		if len(c.HTTP) > 0 {
			n.doubt = "it looks at HTTP requests"
		}
		r.calicoPorts(o, n, c)
		if c.IPVersion == 4 || c.IPVersion == 6 {
			n.peers = []peer{allOf{n.peers[0], family{c.IPVersion == 4}}}
		}
		out = append(out, n)
	}
	return out
}

// calicoSelf adds the condition that a rule makes about the pod that the policy is for.
func (r *reader) calicoSelf(o *world.Object, n *rule, e *calicoEnd) {
	if e.Selector == "" && e.NamespaceSelector == "" || e.NotSelector != "" || len(e.Nets)+len(e.NotNets)+len(e.Domains)+len(e.Services) > 0 || e.Accounts != nil {
		n.doubt = "it has a condition about the pod's own address or account"
		return
	}
	self, err := r.calicoPods(o, e.Selector, e.NamespaceSelector)
	if err != nil {
		n.doubt = err.Error()
		return
	}
	n.self = self
}

// calicoEnd reads the other end: the conjunction of all that is said of it.
func (r *reader) calicoEnd(o *world.Object, n *rule, e *calicoEnd) peer {
	var all allOf
	if e.Selector != "" || e.NamespaceSelector != "" {
		all = append(all, r.calicoSelected(o, n, e.Selector, e.NamespaceSelector))
	}
	if e.NotSelector != "" {
		all = append(all, noneOf{r.calicoSelected(o, n, e.NotSelector, "all()")})
	}
	if nets := r.calicoNets(o, n, e.Nets); len(nets) > 0 {
		all = append(all, anyOf(nets))
	}
	if nets := r.calicoNets(o, n, e.NotNets); len(nets) > 0 {
		all = append(all, noneOf(nets))
	}
	if e.Accounts != nil {
		all = append(all, r.calicoAccounts(o, n, e))
	}
	if len(e.Domains) > 0 || len(e.Services) > 0 {
		all = append(all, perhaps{why: "what stands behind names or Services"})
	}
	switch len(all) {
	case 0:
		return anyone{}
	case 1:
		return all[0]
	}
	return all
}

func (r *reader) calicoSelected(o *world.Object, n *rule, pods, ns string) peer {
	if strings.TrimSpace(ns) == "global()" {
		return perhaps{why: "host endpoints and network sets", only: []EndKind{Node, Addresses, Internet, APIServer, Metadata}}
	}
	p, err := r.calicoPods(o, pods, ns)
	if err != nil {
		n.doubt = err.Error()
		return perhaps{why: err.Error()}
	}
	return orNetworkSets{p}
}

// orNetworkSets is pods by a selector that matches network sets too, which are
// addresses that the input may not tell.
type orNetworkSets struct{ *podPeer }

func (p orNetworkSets) match(m *Model, e *Endpoint) truth {
	if e.Kind != Pods && e.Kind != Unidentified && m.networkSets {
		return maybe
	}
	return p.podPeer.match(m, e)
}

func (r *reader) calicoAccounts(o *world.Object, n *rule, e *calicoEnd) peer {
	if e.Accounts.Selector != "" {
		return perhaps{why: "pods by the labels of their service accounts", only: []EndKind{Pods}}
	}
	p := &podPeer{home: o.Namespace, everyNS: !world.Namespaced(o.GroupKind()), pod: everything()}
	if e.NamespaceSelector != "" {
		p.everyNS = true // the selector is another part of the conjunction
	}
	return accountPeer{p, e.Accounts.Names}
}

// accountPeer is pods by the names of their service accounts.
type accountPeer struct {
	*podPeer
	names []string
}

func (p accountPeer) match(m *Model, e *Endpoint) truth {
	t := p.podPeer.match(m, e)
	if t != no && e.Kind == Pods && len(p.names) > 0 {
		t = t.and(known(slices.Contains(p.names, e.Class.ServiceAccount)))
	}
	return t
}

func (p accountPeer) String() string {
	return p.podPeer.String() + " with service account " + strings.Join(p.names, " or ")
}

func (r *reader) calicoNets(o *world.Object, n *rule, nets []string) []peer {
	var out []peer
	for _, text := range nets {
		b, err := r.block(text, nil, false)
		if err != nil {
			n.doubt = r.defect(o, n.path, "%s", err)
			continue
		}
		out = append(out, b)
	}
	return out
}

// calicoPorts reads protocol and destination ports.
func (r *reader) calicoPorts(o *world.Object, n *rule, c *calicoRule) {
	protocol, ok := calicoProtocol(c.Protocol)
	n.every = c.Protocol == nil
	if !ok {
		return // a protocol without ports: the rule is about no connection that is asked for here
	}
	if without, ok := calicoProtocol(c.NotProtocol); c.NotProtocol != nil && ok {
		n.never = append(n.never, portMatch{protocol: without})
	}
	if len(c.Destination.Ports) > 0 {
		n.every = false
		n.ports = r.calicoPortList(o, n, protocol, c.Destination.Ports)
	} else if c.Protocol != nil {
		n.ports = []portMatch{{protocol: protocol}}
	}
	n.never = append(n.never, r.calicoPortList(o, n, protocol, c.Destination.NotPorts)...)
}

// calicoProtocol reads a name or a number; false for what has no ports.
func calicoProtocol(v any) (corev1.Protocol, bool) {
	var text string
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		text = strings.ToUpper(v)
	case int64:
		text = strconv.FormatInt(v, 10)
	case float64:
		text = strconv.FormatFloat(v, 'f', -1, 64)
	}
	switch text {
	case "TCP", "6":
		return corev1.ProtocolTCP, true
	case "UDP", "17":
		return corev1.ProtocolUDP, true
	case "SCTP", "132":
		return corev1.ProtocolSCTP, true
	}
	return "", false
}

func (r *reader) calicoPortList(o *world.Object, n *rule, protocol corev1.Protocol, list []any) []portMatch {
	var out []portMatch
	for _, v := range list {
		m := portMatch{protocol: protocol}
		switch v := v.(type) {
		case int64:
			m.first, m.last = clampPort(v), clampPort(v)
		case float64:
			m.first, m.last = clampPort(int64(v)), clampPort(int64(v))
		case string:
			first, last, ranged := strings.Cut(v, ":")
			from, err1 := strconv.Atoi(first)
			to, err2 := strconv.Atoi(last)
			switch {
			case ranged && err1 == nil && err2 == nil:
				m.first, m.last = clampPort(int64(from)), clampPort(int64(to))
			case !ranged && err1 == nil:
				m.first, m.last = clampPort(int64(from)), clampPort(int64(from))
			default:
				m.name = v
			}
		}
		if m.name == "" {
			if why := r.checkPorts(o, n.path, m); why != "" {
				n.doubt = why
				continue
			}
		}
		out = append(out, m)
	}
	return out
}

func clampPort(n int64) int32 { return int32(min(max(n, -1), maxPort+1)) }
