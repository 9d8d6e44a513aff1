package reach

import (
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"bulwark/control"
	"bulwark/facts/ingress"
	"bulwark/world"
)

// Service is a Service with what stands behind it.
type Service struct {
	Object  *world.Object
	Spec    *corev1.ServiceSpec
	Classes []*Class // that its selector surely matches
	// Addresses are what a Service without a selector leads to, by EndpointSlices written by hand.
	Addresses []netip.Addr
	slices    []*discoveryv1.EndpointSlice
}

// Backend is one end that a port of a Service leads to.
type Backend struct {
	End      Endpoint
	Port     *corev1.ServicePort
	Protocol corev1.Protocol
	Number   int32 // after translation, on the backend; 0 when the pods have no port of that name
}

func readServices(v *control.View, relevant map[string]bool) []*Service {
	var out []*Service
	byName := map[world.Ref]*Service{}
	for o := range v.All("Service") {
		typed, ok := o.Typed.(*corev1.Service)
		if !ok {
			continue
		}
		s := &Service{Object: o, Spec: &typed.Spec}
		out = append(out, s)
		if byName[o.Ref] == nil {
			byName[o.Ref] = s
		}
		for k := range typed.Spec.Selector {
			relevant[k] = true
		}
	}
	for o := range v.All("EndpointSlice.discovery.k8s.io") {
		slice, ok := o.Typed.(*discoveryv1.EndpointSlice)
		if !ok {
			continue
		}
		s := byName[world.Ref{Kind: "Service", Namespace: o.Namespace, Name: o.Meta.Labels[discoveryv1.LabelServiceName]}]
		if s != nil && len(s.Spec.Selector) == 0 {
			s.slices = append(s.slices, slice)
		}
	}
	return out
}

// joinServices finds the classes behind each Service.
func (m *Model) joinServices(services []*Service) {
	m.services, m.byService = services, make(map[world.Ref]*Service, len(services))
	m.servicesOf = map[*Class][]*Service{}
	for _, s := range services {
		if m.byService[s.Object.Ref] == nil {
			m.byService[s.Object.Ref] = s
		}
		for _, slice := range s.slices {
			for _, e := range slice.Endpoints {
				for _, text := range e.Addresses {
					if a, err := netip.ParseAddr(text); err == nil {
						s.Addresses = append(s.Addresses, a.Unmap())
					}
				}
			}
		}
		if len(s.Spec.Selector) == 0 || s.Spec.Type == corev1.ServiceTypeExternalName {
			continue
		}
		m.joinService(s)
	}
}

// joinService looks among all classes of the namespace: Services lead to pods with the host's network as well.
func (m *Model) joinService(s *Service) {
	n := m.namespaces[s.Object.Namespace]
	if n == nil {
		return
	}
	sel := fromLabels(labels.SelectorFromSet(s.Spec.Selector))
	candidates := m.classes[n.first:n.last]
	for _, c := range candidates {
		if sel.match(c) == yes {
			s.Classes = append(s.Classes, c)
			m.servicesOf[c] = append(m.servicesOf[c], s)
		}
	}
}

// readIngresses reads what proxies in the cluster serve.
func (m *Model) readIngresses(v *control.View) {
	for _, kind := range slices.Concat([]string{"Service"}, ingress.Kinds, ingress.RouteKinds, []string{ingress.GrantKind}) {
		if err := v.Gapped(kind); err != nil {
			m.doorsUnread = err
			break
		}
	}
	for _, kind := range ingress.Kinds {
		for o := range v.All(kind) {
			if in := ingress.Read(o); in != nil {
				m.ingresses = append(m.ingresses, in)
			}
		}
	}
	for _, kind := range ingress.RouteKinds {
		for o := range v.All(kind) {
			if r := ingress.ReadRoute(o); r != nil {
				m.routes = append(m.routes, r)
			}
		}
	}
	m.grants = ingress.ReadGrants(v.All(ingress.GrantKind))
}

// DoorsUnread returns why there may be more ways in than those that EntriesOf
// returns: a kind that opens them could not be read.
func (m *Model) DoorsUnread() error { return m.doorsUnread }

// Services returns all Services.
func (m *Model) Services() []*Service { return m.services }

// Service returns a Service by its namespace and name, nil when it was not read.
func (m *Model) Service(namespace, name string) *Service {
	return m.byService[world.Ref{Kind: "Service", Namespace: namespace, Name: name}]
}

// ServicesOf returns the Services that lead to a class.
func (m *Model) ServicesOf(c *Class) []*Service { return m.servicesOf[c] }

// Backends returns where a Service leads to, for each of its ports.
func (m *Model) Backends(s *Service) []Backend {
	var out []Backend
	for i := range s.Spec.Ports {
		p := &s.Spec.Ports[i]
		for _, c := range s.Classes {
			out = append(out, Backend{m.Pods(c), p, p.Protocol, targetPort(p, c)})
		}
		for _, slice := range s.slices {
			out = append(out, m.written(p, slice)...)
		}
	}
	return out
}

func targetPort(p *corev1.ServicePort, c *Class) int32 {
	if p.TargetPort.Type == intstr.Int {
		return p.TargetPort.IntVal
	}
	return c.number(p.TargetPort.StrVal, p.Protocol)
}

// written returns the endpoints of a slice that somebody wrote for a Service
// without a selector, under the port of the same name.
func (m *Model) written(p *corev1.ServicePort, slice *discoveryv1.EndpointSlice) []Backend {
	number := int32(0)
	for _, ep := range slice.Ports {
		if ep.Port != nil && (ep.Name == nil && p.Name == "" || ep.Name != nil && *ep.Name == p.Name) {
			number = *ep.Port
		}
	}
	var out []Backend
	for _, e := range slice.Endpoints {
		for _, text := range e.Addresses {
			if a, err := netip.ParseAddr(text); err == nil {
				out = append(out, Backend{m.At(a.Unmap()), p, p.Protocol, number})
			}
		}
	}
	return out
}

// At returns the end that has an address: pods, a node, the metadata service, the
// API server, or just the address.
func (m *Model) At(a netip.Addr) Endpoint {
	for _, c := range m.classes {
		if slices.Contains(c.Addresses, a) {
			e := m.Pods(c)
			e.Range = []Range{{a, a}}
			return e
		}
	}
	for _, name := range m.nodeNames {
		if slices.Contains(m.nodes[name].addresses, a) {
			e, _ := m.NodeNamed(name)
			return e
		}
	}
	for _, e := range []Endpoint{m.MetadataService(), m.Server()} {
		for _, r := range e.Range {
			if r.From == a {
				e.Range = []Range{r}
				return e
			}
		}
	}
	return m.Block(netip.PrefixFrom(a, a.BitLen()))
}

// DNSClass is the pods that answer names for the cluster: those behind the
// Service kube-system/kube-dns or, when the input does not hold it, pods with the
// labels and ports that every installer gives them.
func (m *Model) DNSClass() *Class {
	if s := m.Service("kube-system", "kube-dns"); s != nil && len(s.Classes) > 0 {
		return s.Classes[0]
	}
	if n := m.namespaces["kube-system"]; n != nil {
		for _, c := range m.classes[n.first:n.last] {
			if c.Labels["k8s-app"] == "kube-dns" {
				return c
			}
		}
	}
	return m.dns
}

// standInDNS is the DNS of a cluster whose input does not hold it.
func standInDNS() *Class {
	return &Class{Index: -1, Namespace: "kube-system", Name: "kube-system/kube-dns", Labels: map[string]string{"k8s-app": "kube-dns"},
		ServiceAccount: "coredns", kind: "Deployment", owner: "coredns", runtime: true,
		Ports: []Port{{Name: "dns", Protocol: corev1.ProtocolUDP, Number: 53}, {Name: "dns-tcp", Protocol: corev1.ProtocolTCP, Number: 53}}}
}

// NodeLocalDNS is the address of the DNS cache on each node; false when the
// input does not hold one.
func (m *Model) NodeLocalDNS() (Endpoint, bool) {
	for _, c := range m.classes {
		if c.kind == "DaemonSet" && c.owner == "node-local-dns" {
			a := netip.MustParseAddr("169.254.20.10")
			e := m.Block(netip.PrefixFrom(a, 32))
			e.Name = "node-local-dns"
			return e, true
		}
	}
	return Endpoint{}, false
}
