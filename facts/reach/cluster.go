package reach

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/world"
)

// Kinds of the policy.networking.k8s.io group: ClusterNetworkPolicy of v1alpha2
// and the two of v1alpha1 that it replaced.
const (
	clusterKind  = "ClusterNetworkPolicy.policy.networking.k8s.io"
	adminKind    = "AdminNetworkPolicy.policy.networking.k8s.io"
	baselineKind = "BaselineAdminNetworkPolicy.policy.networking.k8s.io"
)

// adminSpec is the specification of all three.
type adminSpec struct {
	Tier     string      `json:"tier"`
	Priority int32       `json:"priority"`
	Subject  adminPeer   `json:"subject"`
	Ingress  []adminRule `json:"ingress"`
	Egress   []adminRule `json:"egress"`
}

type adminRule struct {
	Action    string          `json:"action"`
	From      []adminPeer     `json:"from"`
	To        []adminPeer     `json:"to"`
	Protocols []adminProtocol `json:"protocols"` // v1alpha2
	Ports     []adminPort     `json:"ports"`     // v1alpha1
}

type adminPeer struct {
	Namespaces *metav1.LabelSelector `json:"namespaces"`
	Pods       *struct {
		Namespaces metav1.LabelSelector `json:"namespaceSelector"`
		Pods       metav1.LabelSelector `json:"podSelector"`
	} `json:"pods"`
	Nodes    *metav1.LabelSelector `json:"nodes"`
	Networks []string              `json:"networks"`
	Domains  []string              `json:"domainNames"`
}

type adminProtocol struct {
	TCP   *adminDestination `json:"tcp"`
	UDP   *adminDestination `json:"udp"`
	SCTP  *adminDestination `json:"sctp"`
	Named string            `json:"destinationNamedPort"`
}

type adminDestination struct {
	Port *struct {
		Number int32      `json:"number"`
		Range  *portRange `json:"range"`
	} `json:"destinationPort"`
}

type portRange struct {
	Protocol corev1.Protocol `json:"protocol"` // v1alpha1
	Start    int32           `json:"start"`
	End      int32           `json:"end"`
}

type adminPort struct {
	Number *struct {
		Protocol corev1.Protocol `json:"protocol"`
		Port     int32           `json:"port"`
	} `json:"portNumber"`
	Named string     `json:"namedPort"`
	Range *portRange `json:"portRange"`
}

// adminPolicy reads a policy of either tier. None of them isolates: what no rule
// decides is left to the next tier.
func (r *reader) adminPolicy(o *world.Object) {
	var s adminSpec
	if !r.decode(o, "spec", &s) {
		return
	}
	p := &policy{object: o, path: "spec", order: float64(s.Priority)}
	link := adminLink
	switch kind := o.GroupKind(); {
	case kind == baselineKind, kind == clusterKind && s.Tier == "Baseline":
		link = baselineLink
	case kind == clusterKind && s.Tier != "Admin":
		p.doubt = invalidPolicy(r.defect(o, "spec.tier", "its tier is %q, which is neither Admin nor Baseline", s.Tier))
	}
	subject, why := r.adminPods(o, "spec.subject", &s.Subject)
	if subject == nil {
		if why == "" {
			why = r.defect(o, "spec.subject", "a subject needs namespaces or pods")
		}
		p.doubt = invalidPolicy(why)
		subject = &podPeer{everyNS: true, pod: everything()}
	}
	p.subject = subject
	p.sides[Ingress] = r.adminRules(p, "spec.ingress", "from", s.Ingress)
	p.sides[Egress] = r.adminRules(p, "spec.egress", "to", s.Egress)
	r.add(link, p)
}

func (r *reader) adminRules(p *policy, list, field string, rules []adminRule) section {
	out := section{applies: len(rules) > 0}
	for i := range rules {
		in := &rules[i]
		at := list + "[" + strconv.Itoa(i) + "]"
		n := &rule{path: at, every: len(in.Protocols)+len(in.Ports) == 0}
		switch in.Action {
		case "Accept", "Allow":
			n.action = accept
		case "Deny":
			n.action = deny
		case "Pass":
			n.action = next
		default:
			p.doubt = invalidPolicy(r.defect(p.object, at+".action", "its action is %q", in.Action))
			continue
		}
		peers := in.From
		if field == "to" {
			peers = in.To
		}
		for j := range peers {
			r.adminPeers(p, n, at+"."+field+"["+strconv.Itoa(j)+"]", &peers[j])
		}
		for j := range in.Protocols {
			r.adminProtocol(p, n, at+".protocols["+strconv.Itoa(j)+"]", &in.Protocols[j])
		}
		for j := range in.Ports {
			r.adminPort(p, n, at+".ports["+strconv.Itoa(j)+"]", &in.Ports[j])
		}
		out.rules = append(out.rules, n)
	}
	return out
}

// adminPods reads the part of a peer that is about pods; nil when it is about none.
func (r *reader) adminPods(o *world.Object, at string, p *adminPeer) (*podPeer, string) {
	ns, pods := p.Namespaces, (*metav1.LabelSelector)(nil)
	if p.Pods != nil {
		ns, pods = &p.Pods.Namespaces, &p.Pods.Pods
	}
	if ns == nil {
		return nil, ""
	}
	nsSel, err := newSelector(ns)
	if err != nil {
		return nil, r.defect(o, at, "%s", err)
	}
	podSel, err := newSelector(pods)
	if err != nil {
		return nil, r.defect(o, at, "%s", err)
	}
	return r.intern(&podPeer{ns: r.use(nsSel), pod: r.use(podSel)}).(*podPeer), ""
}

// adminPeers adds one peer of a rule. A peer with no field that is known here was
// written for a newer API, which says what to do: Accept matches nobody, Deny and
// Pass refuse everybody.
func (r *reader) adminPeers(p *policy, n *rule, at string, in *adminPeer) {
	pods, why := r.adminPods(p.object, at, in)
	if why != "" {
		p.doubt = invalidPolicy(why)
		return
	}
	if pods != nil {
		n.peers = append(n.peers, pods)
	}
	if in.Nodes != nil {
		sel, err := newSelector(in.Nodes)
		if err != nil {
			p.doubt = invalidPolicy(r.defect(p.object, at+".nodes", "%s", err))
			return
		}
		n.peers = append(n.peers, &nodePeer{sel})
	}
	for k, text := range in.Networks {
		b, err := r.block(text, nil, false)
		if err != nil {
			p.doubt = invalidPolicy(r.defect(p.object, at+".networks["+strconv.Itoa(k)+"]", "%s", err))
			continue
		}
		n.peers = append(n.peers, b)
	}
	if len(in.Domains) > 0 {
		n.peers = append(n.peers, perhaps{"the addresses that DNS gives for " + cut(in.Domains[0]), []EndKind{Addresses, Internet, APIServer, Node}})
	}
	if pods == nil && in.Nodes == nil && len(in.Networks)+len(in.Domains) == 0 {
		why := r.defect(p.object, at, "the peer has no field that is known: it matches nobody where it accepts, and everybody is denied where it denies or passes")
		if n.action == accept {
			n.peers = append(n.peers, nobody{why})
			return
		}
		n.action = deny
		n.peers = append(n.peers, anyone{})
	}
}

func (r *reader) adminProtocol(p *policy, n *rule, at string, in *adminProtocol) {
	known := false
	for _, d := range [...]struct {
		protocol corev1.Protocol
		to       *adminDestination
	}{{corev1.ProtocolTCP, in.TCP}, {corev1.ProtocolUDP, in.UDP}, {corev1.ProtocolSCTP, in.SCTP}} {
		if d.to == nil {
			continue
		}
		known = true
		m := portMatch{protocol: d.protocol}
		if d.to.Port != nil {
			m.first, m.last = d.to.Port.Number, d.to.Port.Number
			if d.to.Port.Range != nil {
				m.first, m.last = d.to.Port.Range.Start, d.to.Port.Range.End
			}
			if why := r.checkPorts(p.object, at, m); why != "" {
				p.doubt = invalidPolicy(why)
				continue
			}
		}
		n.ports = append(n.ports, m)
	}
	if in.Named != "" {
		known = true
		n.ports = append(n.ports, portMatch{name: in.Named})
	}
	if !known {
		n.doubt = "its protocol has no field that is known"
		n.every = true
	}
}

func (r *reader) adminPort(p *policy, n *rule, at string, in *adminPort) {
	m := portMatch{}
	switch {
	case in.Number != nil:
		m = portMatch{protocol: in.Number.Protocol, first: in.Number.Port, last: in.Number.Port}
	case in.Range != nil:
		m = portMatch{protocol: in.Range.Protocol, first: in.Range.Start, last: in.Range.End}
	case in.Named != "":
		n.ports = append(n.ports, portMatch{name: in.Named})
		return
	}
	if m.protocol == "" {
		m.protocol = corev1.ProtocolTCP
	}
	if why := r.checkPorts(p.object, at, m); why != "" {
		p.doubt = invalidPolicy(why)
		return
	}
	n.ports = append(n.ports, m)
}
