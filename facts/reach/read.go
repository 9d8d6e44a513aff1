package reach

import (
	"fmt"
	"slices"
	"strconv"

	networkingv1 "k8s.io/api/networking/v1"

	"bulwark/internal/ytree"
	"bulwark/world"
)

// Defect is a place in a policy that the API server would refuse or that can
// never have an effect.
type Defect struct {
	Object *world.Object
	Path   string
	Why    string
}

// reader reads policies of all kinds.
type reader struct {
	m        *Model
	policies map[string][]*policy // by name of the link
	defects  map[*world.Object][]Defect
	relevant map[string]bool
	matchers map[string]*selector // one of each text
}

func (r *reader) defect(o *world.Object, path, format string, args ...any) string {
	why := fmt.Sprintf(format, args...)
	if d := (Defect{o, path, why}); !slices.Contains(r.defects[o], d) {
		r.defects[o] = append(r.defects[o], d)
	}
	return why
}

// use returns the one selector of a text and notes which labels matter.
func (r *reader) use(s *selector) *selector {
	if have := r.matchers[s.text]; have != nil {
		return have
	}
	r.matchers[s.text] = s
	s.keys(func(k string) { r.relevant[k] = true })
	return s
}

// noting notes which labels a matcher looks at.
func (r *reader) noting(m matcher) matcher {
	m.keys(func(k string) { r.relevant[k] = true })
	return m
}

// malformed returns why an object would not be stored as it is written: a value
// of the wrong type where the types are known. "" when there is none.
func malformed(o *world.Object) string {
	for _, p := range o.Problems {
		if p.Kind == ytree.WrongType {
			return "the API server refuses it: " + p.Message
		}
	}
	return ""
}

// invalidPolicy is the doubt about a policy that the API server would refuse:
// either it is not there, or another version of it is.
func invalidPolicy(why string) string {
	return "it is not valid, so whether it is in force is not known: " + why
}

// networkPolicy reads a NetworkPolicy of Kubernetes, which normalisation has given its defaults.
func (r *reader) networkPolicy(o *world.Object) {
	np, ok := o.Typed.(*networkingv1.NetworkPolicy)
	if !ok {
		r.unreadable(o, "it is no networking.k8s.io/v1 NetworkPolicy")
		return
	}
	p := &policy{object: o, path: "spec", order: kubernetesOrder, doubt: malformed(o)}
	sel, err := newSelector(&np.Spec.PodSelector)
	if err != nil {
		p.doubt = invalidPolicy(r.defect(o, "spec.podSelector", "%s", err))
		sel = everything()
	}
	p.subject = &podPeer{home: o.Namespace, pod: r.use(sel)}
	in, out := &p.sides[Ingress], &p.sides[Egress]
	for _, t := range np.Spec.PolicyTypes {
		switch t {
		case networkingv1.PolicyTypeIngress:
			*in = section{applies: true, isolates: true}
		case networkingv1.PolicyTypeEgress:
			*out = section{applies: true, isolates: true}
		}
	}
	if r.m.dialect == Cilium && len(np.Spec.Egress) > 0 {
		*out = section{applies: true, isolates: true} // it does not consult policyTypes
	}
	for i := range np.Spec.Ingress {
		n := &np.Spec.Ingress[i]
		in.rules = append(in.rules, r.npRule(p, "spec.ingress["+strconv.Itoa(i)+"]", "from", n.From, n.Ports))
	}
	for i := range np.Spec.Egress {
		n := &np.Spec.Egress[i]
		out.rules = append(out.rules, r.npRule(p, "spec.egress["+strconv.Itoa(i)+"]", "to", n.To, n.Ports))
	}
	r.add(kubernetesLink, p)
}

func (r *reader) npRule(p *policy, path, field string, peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) *rule {
	out := &rule{path: path, action: accept, every: len(ports) == 0}
	if len(peers) == 0 {
		out.peers = []peer{anyone{}}
	}
	for i := range peers {
		at := path + "." + field + "[" + strconv.Itoa(i) + "]"
		q, why := r.npPeer(p.object, at, &peers[i])
		if why != "" {
			p.doubt = invalidPolicy(why)
		}
		out.peers = append(out.peers, q)
	}
	for i := range ports {
		at := path + ".ports[" + strconv.Itoa(i) + "]"
		m, why := r.npPort(p.object, at, &ports[i])
		if why != "" {
			p.doubt = invalidPolicy(why)
			continue
		}
		out.ports = append(out.ports, m)
	}
	return out
}

func (r *reader) npPeer(o *world.Object, at string, p *networkingv1.NetworkPolicyPeer) (peer, string) {
	if p.IPBlock != nil {
		if p.PodSelector != nil || p.NamespaceSelector != nil {
			why := r.defect(o, at, "a peer with an ipBlock has no selectors")
			return nobody{why}, why
		}
		return r.npBlock(o, at+".ipBlock", p.IPBlock)
	}
	if p.PodSelector == nil && p.NamespaceSelector == nil {
		why := r.defect(o, at, "a peer needs a podSelector, a namespaceSelector or an ipBlock")
		return nobody{why}, why
	}
	out := &podPeer{home: o.Namespace}
	sel, err := newSelector(p.PodSelector)
	if err != nil {
		why := r.defect(o, at+".podSelector", "%s", err)
		return nobody{why}, why
	}
	out.pod = r.use(sel)
	if p.NamespaceSelector != nil {
		sel, err := newSelector(p.NamespaceSelector)
		if err != nil {
			why := r.defect(o, at+".namespaceSelector", "%s", err)
			return nobody{why}, why
		}
		out.ns = r.use(sel)
	}
	return r.intern(out), ""
}

func (r *reader) npBlock(o *world.Object, at string, b *networkingv1.IPBlock) (peer, string) {
	cidr := b.CIDR
	q, err := r.block(cidr, b.Except, r.m.dialect == Cilium)
	if err != nil {
		why := r.defect(o, at, "%s", err)
		return nobody{why}, why
	}
	return q, ""
}

// maxPort is the highest port number.
const maxPort = 65535

func (r *reader) npPort(o *world.Object, at string, p *networkingv1.NetworkPolicyPort) (portMatch, string) {
	m := portMatch{}
	if p.Protocol != nil {
		m.protocol = *p.Protocol
	}
	if p.Port == nil {
		if p.EndPort != nil {
			return m, r.defect(o, at+".endPort", "an endPort needs a port")
		}
		return m, ""
	}
	if p.Port.Type == 1 { // a name
		if p.EndPort != nil {
			return m, r.defect(o, at+".endPort", "an endPort needs a port number, not the name %q", p.Port.StrVal)
		}
		m.name = p.Port.StrVal
		if m.name == "" {
			return m, r.defect(o, at+".port", "the name of a port cannot be empty")
		}
		return m, ""
	}
	m.first, m.last = p.Port.IntVal, p.Port.IntVal
	if p.EndPort != nil {
		m.last = *p.EndPort
	}
	return m, r.checkPorts(o, at, m)
}

// checkPorts returns why a range of numbers can hold no port.
func (r *reader) checkPorts(o *world.Object, at string, m portMatch) string {
	switch {
	case m.first < 1 || m.last > maxPort:
		return r.defect(o, at, "ports are numbers from 1 to 65535, not %d", badPort(m))
	case m.last < m.first:
		return r.defect(o, at, "the range %d-%d ends before it begins", m.first, m.last)
	}
	return ""
}

func badPort(m portMatch) int32 {
	if m.first < 1 || m.first > maxPort {
		return m.first
	}
	return m.last
}
