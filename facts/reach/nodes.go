package reach

import (
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"bulwark/control"
)

// node is one Node of the cluster.
type node struct {
	name      string
	labels    map[string]string
	addresses []netip.Addr
	pods      []netip.Prefix // that its pods get addresses from
}

// label implements labelled.
func (n *node) label(key string) (string, truth) {
	v, ok := n.labels[key]
	return v, known(ok)
}

func (n *node) addressRanges() []Range {
	if n == nil {
		return nil
	}
	out := make([]Range, len(n.addresses))
	for i, a := range n.addresses {
		out[i] = Range{a, a}
	}
	return out
}

// readNodes reads the nodes, and where pods have their addresses.
func (m *Model) readNodes(v *control.View) {
	m.nodes = map[string]*node{}
	for o := range v.All("Node") {
		typed, ok := o.Typed.(*corev1.Node)
		if !ok || m.nodes[o.Name] != nil {
			continue
		}
		n := &node{name: o.Name, labels: o.Meta.Labels}
		for _, a := range typed.Status.Addresses {
			if ip, err := netip.ParseAddr(a.Address); err == nil {
				n.addresses = append(n.addresses, ip.Unmap())
			}
		}
		for _, c := range append(typed.Spec.PodCIDRs, typed.Spec.PodCIDR) {
			if p, err := parseBlock(c); err == nil && !slices.Contains(n.pods, p) {
				n.pods = append(n.pods, p)
			}
		}
		m.nodes[o.Name] = n
		m.nodeNames = append(m.nodeNames, o.Name)
	}
	for _, name := range m.nodeNames {
		for _, p := range m.nodes[name].pods {
			m.podNets = append(m.podNets, rangeOf(p))
		}
		m.nodeRanges = append(m.nodeRanges, m.nodes[name].addressRanges()...)
	}
	m.nodeRanges = disjoint(m.nodeRanges)
	m.podNets = disjoint(m.podNets)
	if len(m.podNets) == 0 {
		m.podNets, m.podNetsAssumed = private(), true
	}
}

// disjoint orders ranges and joins those that touch.
func disjoint(ranges []Range) []Range {
	slices.SortFunc(ranges, func(a, b Range) int { return a.From.Compare(b.From) })
	var out []Range
	for _, r := range ranges {
		n := len(out)
		if n > 0 && out[n-1].is4() == r.is4() && (out[n-1].To.Compare(r.From) >= 0 || out[n-1].To.Next() == r.From) {
			if out[n-1].To.Less(r.To) {
				out[n-1].To = r.To
			}
			continue
		}
		out = append(out, r)
	}
	return out
}

// readServer finds the addresses of the API server: what stands behind the
// Service "kubernetes".
func (m *Model) readServer(v *control.View) {
	add := func(text string, port int32) {
		if ip, err := netip.ParseAddr(text); err == nil {
			m.server = append(m.server, Range{ip.Unmap(), ip.Unmap()})
			m.serverPort = port
		}
	}
	for o := range v.All("EndpointSlice.discovery.k8s.io") {
		s, ok := o.Typed.(*discoveryv1.EndpointSlice)
		if !ok || o.Namespace != "default" || o.Meta.Labels[discoveryv1.LabelServiceName] != "kubernetes" {
			continue
		}
		port := int32(443)
		if len(s.Ports) > 0 && s.Ports[0].Port != nil {
			port = *s.Ports[0].Port
		}
		for _, e := range s.Endpoints {
			for _, a := range e.Addresses {
				add(a, port)
			}
		}
	}
	m.server = disjoint(m.server)
}

// podRange returns the addresses of a class, empty when they are not known.
func (m *Model) podRange(c *Class) []Range {
	out := make([]Range, len(c.Addresses))
	for i, a := range c.Addresses {
		out[i] = Range{a, a}
	}
	return disjoint(out)
}
