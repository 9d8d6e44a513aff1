package reach

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/facts/ingress"
	"bulwark/world"
)

// Audience is who stands before an entry.
type Audience uint8

// Audiences.
const (
	FromInternet Audience = iota // everybody
	FromNetwork                  // whoever reaches the nodes or the private addresses around them
)

// String returns "internet" or "network".
func (a Audience) String() string { return [...]string{"internet", "network"}[a] }

// MarshalText writes what String returns.
func (a Audience) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// Hop is one object on the way in.
type Hop struct {
	Object *world.Object // nil for something that is not in the input
	Path   string        // field that opens or leads on
	Text   string        // in a few words
}

// Entry is one way by which something outside of the cluster comes to pods.
type Entry struct {
	Audience Audience
	Ranges   []netip.Prefix // the only sources that the entry admits; empty: all of the audience
	Hops     []Hop          // from the outside to the pods
	To       Endpoint
	Protocol corev1.Protocol
	Port     int32 // of the pods
	Verdict  Verdict
	Answer   Answer // of the last part of the way
	Reasons  []string
}

// entryMaker finds entries.
type entryMaker struct {
	m       *Model
	proxies []proxy
	direct  map[*Class][]Entry // ways that need no proxy, by where they lead
	out     []Entry
}

// Entries returns all ways in, with the verdict for the addresses that the pods
// really see: of the client, of a node, or of an ingress controller.
func (m *Model) Entries() []Entry {
	x := &entryMaker{m: m, proxies: m.proxies(), direct: map[*Class][]Entry{}}
	for _, s := range m.services {
		x.service(s)
	}
	for _, c := range m.classes {
		x.host(c)
	}
	for _, e := range x.out {
		x.direct[e.To.Class] = append(x.direct[e.To.Class], e)
	}
	for _, in := range m.ingresses {
		x.ingress(in)
	}
	for _, r := range m.routes {
		x.route(r)
	}
	return x.out
}

// service adds what a Service opens by its type and its external addresses.
func (x *entryMaker) service(s *Service) {
	if s.Spec.Type == corev1.ServiceTypeExternalName {
		return
	}
	for _, b := range x.m.Backends(s) {
		if b.End.Kind != Pods && b.End.Class == nil {
			continue
		}
		to := fmt.Sprintf("Service port %d", b.Port.Port)
		if s.Spec.Type == corev1.ServiceTypeLoadBalancer {
			e := x.loadBalancer(s, &b)
			e.Hops = []Hop{{s.Object, "spec.type", "load balancer, " + to}}
			x.out = append(x.out, e)
		}
		if s.Spec.Type == corev1.ServiceTypeNodePort || s.Spec.Type == corev1.ServiceTypeLoadBalancer && !noNodePorts(s.Spec) {
			e := Entry{Audience: x.m.nodeAudience(), To: b.End, Protocol: b.Protocol, Port: b.Number}
			text := "node port chosen by the cluster, " + to
			if b.Port.NodePort != 0 {
				text = fmt.Sprintf("node port %d, %s", b.Port.NodePort, to)
			}
			e.Hops = []Hop{{s.Object, "spec.ports", text}}
			x.judge(&e, s.Spec, x.m.audience(e.Audience))
			x.out = append(x.out, e)
		}
		if len(s.Spec.ExternalIPs) > 0 {
			e := Entry{Audience: externalAudience(s.Spec.ExternalIPs), To: b.End, Protocol: b.Protocol, Port: b.Number}
			e.Hops = []Hop{{s.Object, "spec.externalIPs", "external address " + strings.Join(s.Spec.ExternalIPs, ", ") + ", " + to}}
			x.judge(&e, s.Spec, x.m.audience(e.Audience))
			x.out = append(x.out, e)
		}
	}
}

func noNodePorts(s *corev1.ServiceSpec) bool {
	return s.AllocateLoadBalancerNodePorts != nil && !*s.AllocateLoadBalancerNodePorts
}

func (x *entryMaker) loadBalancer(s *Service, b *Backend) Entry {
	e := Entry{To: b.End, Protocol: b.Protocol, Port: b.Number}
	typed, _ := s.Object.Typed.(*corev1.Service)
	if InternalLoadBalancer(typed) {
		e.Audience = FromNetwork
	}
	from := x.m.audience(e.Audience)
	if ranges := SourceRanges(typed); len(ranges) > 0 {
		e.Ranges = ranges
		from = Endpoint{Kind: Addresses, Name: "the allowed sources"}
		for _, p := range ranges {
			from.Range = append(from.Range, rangeOf(p))
		}
		if len(subtract(from.Range, private())) == 0 {
			e.Audience = FromNetwork
		}
	}
	x.judge(&e, s.Spec, from)
	return e
}

// judge decides the last part of the way. Unless a Service keeps the client's
// address, pods see that of the node on which the traffic arrived; a pod cannot
// be closed to its own node.
func (x *entryMaker) judge(e *Entry, s *corev1.ServiceSpec, from Endpoint) {
	if e.To.Kind != Pods {
		e.Verdict = Allowed
		e.Answer.Verdict = Allowed
		return
	}
	if s.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal {
		e.Answer = x.m.Decide(from, e.To, e.Protocol, e.Port)
		e.Verdict, e.Reasons = e.Answer.Verdict, e.Answer.Reasons
		return
	}
	e.Answer = x.m.Decide(x.m.AnyNode(), e.To, e.Protocol, e.Port)
	e.Verdict, e.Reasons = e.Answer.Verdict, e.Answer.Reasons
	if e.Verdict == Denied {
		e.Verdict = Unknown
		e.Reasons = []string{"with externalTrafficPolicy Cluster pods see a node's address: what arrives on their own node is let in whatever the policies say"}
	}
}

// audience is the address that clients of an audience have.
func (m *Model) audience(a Audience) Endpoint {
	if a == FromInternet {
		return m.TheInternet()
	}
	return Endpoint{Kind: Addresses, Name: "the network around", Range: subtract(private(), m.podNetsKnown())}
}

func (m *Model) podNetsKnown() []Range {
	if m.podNetsAssumed {
		return nil
	}
	return m.podNets
}

// nodeAudience is who reaches a node: everybody when one has a public address.
func (m *Model) nodeAudience() Audience {
	for _, name := range m.nodeNames {
		for _, r := range m.nodes[name].addressRanges() {
			if holds(m.public, []Range{r}) == yes {
				return FromInternet
			}
		}
	}
	return FromNetwork
}

func externalAudience(ips []string) Audience {
	for _, text := range ips {
		if a, err := netip.ParseAddr(text); err == nil && holds(public(), []Range{{a.Unmap(), a.Unmap()}}) == yes {
			return FromInternet
		}
	}
	return FromNetwork
}

// host adds the ports that pods open on their node.
func (x *entryMaker) host(c *Class) {
	for _, p := range c.Ports {
		if p.HostPort == 0 && !c.HostNetwork {
			continue
		}
		e := Entry{Audience: x.m.nodeAudience(), To: x.m.Pods(c), Protocol: p.Protocol, Port: p.Number}
		hop := Hop{Object: c.Object, Text: fmt.Sprintf("host port %d", p.HostPort)}
		if c.HostNetwork {
			hop.Text = fmt.Sprintf("the node's own port %d, as the pod shares its network", p.Number)
		}
		if c.Object != nil {
			hop.Path = c.Pod.SpecPath("hostNetwork")
			if !c.HostNetwork {
				hop.Path = hostPortPath(c.Pod, p.HostPort)
			}
		}
		e.Hops = []Hop{hop}
		e.Answer = x.m.Decide(x.m.audience(e.Audience), e.To, e.Protocol, e.Port)
		e.Verdict, e.Reasons = e.Answer.Verdict, e.Answer.Reasons
		x.out = append(x.out, e)
	}
}

func hostPortPath(t *world.PodTemplate, port int32) string {
	for c := range t.Containers {
		for i := range c.Ports {
			if c.Ports[i].HostPort == port {
				return c.Path(fmt.Sprintf("ports[%d].hostPort", i))
			}
		}
	}
	return t.SpecPath("containers")
}

// ingress adds what an Ingress leads to through its controller.
func (x *entryMaker) ingress(in *ingress.Ingress) {
	seen := map[string]bool{}
	for b := range in.Backends {
		key := b.Service + "\x00" + b.Port.String()
		s := x.m.Service(in.Object.Namespace, b.Service)
		if s == nil || seen[key] {
			continue
		}
		seen[key] = true
		hop := Hop{in.Object, b.Field, "Ingress"}
		x.through(hop, s, func(p *corev1.ServicePort) bool {
			return b.Port.StrVal != "" && p.Name == b.Port.StrVal || b.Port.StrVal == "" && p.Port == b.Port.IntVal
		}, x.controllers(in.Class), "the ingress controller")
	}
}

// route adds what a route of the Gateway API leads to. References into other
// namespaces need a ReferenceGrant there.
func (x *entryMaker) route(r *ingress.Route) {
	seen := map[world.Ref]bool{}
	for b := range r.Backends {
		ref, ok := b.Service(r.Object.Namespace)
		if !ok || seen[ref] || ref.Namespace != r.Object.Namespace && !x.m.grants.Allow(r.Object.Ref, ref) {
			continue
		}
		seen[ref] = true
		s := x.m.Service(ref.Namespace, ref.Name)
		if s == nil {
			continue
		}
		port := b.Port
		hop := Hop{r.Object, b.Field, r.Object.Kind}
		x.through(hop, s, func(p *corev1.ServicePort) bool { return port == 0 || p.Port == port }, x.gateways(), "the gateway")
	}
}

// through adds the entries of something that a proxy in the cluster serves: the
// proxy must be reached from outside, and must reach the pods.
func (x *entryMaker) through(hop Hop, s *Service, serves func(*corev1.ServicePort) bool, proxies []*Class, stranger string) {
	for _, b := range x.m.Backends(s) {
		if !serves(b.Port) || b.End.Class == nil {
			continue
		}
		leads := Hop{s.Object, "spec.selector", fmt.Sprintf("Service port %d", b.Port.Port)}
		if len(proxies) == 0 {
			e := Entry{To: b.End, Protocol: b.Protocol, Port: b.Number, Hops: []Hop{{Text: stranger + ", which is not in the input"}, hop, leads}}
			e.Answer = x.m.Decide(x.m.Stranger(stranger), b.End, b.Protocol, b.Number)
			e.Verdict, e.Reasons = e.Answer.Verdict, e.Answer.Reasons
			x.out = append(x.out, e)
			continue
		}
		for _, c := range proxies {
			x.behind(c, hop, leads, &b)
		}
	}
}

// behind joins the ways to a proxy with the way from it to a backend.
func (x *entryMaker) behind(c *Class, hop, leads Hop, b *Backend) {
	answer := x.m.Decide(x.m.Pods(c), b.End, b.Protocol, b.Number)
	for _, way := range x.direct[c] {
		e := way
		e.To, e.Protocol, e.Port = b.End, b.Protocol, b.Number
		e.Hops = append(slices.Clone(way.Hops), Hop{c.Object, "", "proxy " + c.Name}, hop, leads)
		e.Verdict = combine(way.Verdict, answer.Verdict)
		e.Reasons = nil
		if e.Verdict == Unknown {
			e.Reasons = slices.Concat(way.Reasons, answer.Reasons)
		}
		e.Answer = answer
		x.out = append(x.out, e)
	}
}

// EntriesOf returns the ways in that lead to a class.
func (m *Model) EntriesOf(c *Class) []Entry {
	m.once.Do(func() {
		m.entriesOf = map[*Class][]Entry{}
		for _, e := range m.Entries() {
			m.entriesOf[e.To.Class] = append(m.entriesOf[e.To.Class], e)
		}
	})
	return m.entriesOf[c]
}
