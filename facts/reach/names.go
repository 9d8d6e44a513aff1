package reach

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Names lists the words that Find understands besides names and addresses.
func Names() []string {
	return []string{"internet", "node", "imds", "api-server", "dns", "kubelet", "etcd"}
}

// Found is what a name means as an end of a connection.
type Found struct {
	Ends    []Endpoint
	Service *Service // when a Service was named: its own ports are meant
	// Protocol and Port are the ones to ask for when nobody says: 0 for all.
	Protocol corev1.Protocol
	Port     int32
}

// Find understands the name of an end: internet, node, node/NAME, imds,
// api-server, dns, kubelet, etcd, an address, a CIDR, NAMESPACE/NAME,
// NAMESPACE/KIND/NAME, or a NAME that only one workload has.
func (m *Model) Find(text string) (*Found, error) {
	one := func(e Endpoint) (*Found, error) { return &Found{Ends: []Endpoint{e}}, nil }
	switch text {
	case "":
		return nil, errorText("an end has no name: give NAMESPACE/NAME, an address, or one of " + strings.Join(Names(), ", "))
	case "internet", "world":
		return one(m.TheInternet())
	case "node", "nodes":
		return one(m.AnyNode())
	case "imds", "metadata":
		return &Found{Ends: []Endpoint{m.MetadataService()}, Protocol: corev1.ProtocolTCP, Port: 80}, nil
	case "api-server", "apiserver", "kube-apiserver":
		return &Found{Ends: []Endpoint{m.Server()}, Protocol: corev1.ProtocolTCP, Port: m.ServerPort()}, nil
	case "kubelet":
		return &Found{Ends: []Endpoint{m.AnyNode()}, Protocol: corev1.ProtocolTCP, Port: 10250}, nil
	case "etcd":
		return &Found{Ends: []Endpoint{m.AnyNode()}, Protocol: corev1.ProtocolTCP, Port: 2379}, nil
	case "dns":
		f := &Found{Protocol: corev1.ProtocolUDP, Port: 53}
		if e, ok := m.NodeLocalDNS(); ok {
			f.Ends = append(f.Ends, e)
		}
		f.Ends = append(f.Ends, m.Pods(m.DNSClass()))
		return f, nil
	}
	if a, err := netip.ParseAddr(text); err == nil {
		return one(m.At(a.WithZone("").Unmap()))
	}
	if _, err := netip.ParsePrefix(text); err == nil {
		p, err := parseBlock(text)
		if err != nil {
			return nil, fmt.Errorf("reading %q: %w", text, err)
		}
		return one(m.Block(p))
	}
	if name, ok := strings.CutPrefix(text, "node/"); ok {
		if e, ok := m.NodeNamed(name); ok {
			return one(e)
		}
	}
	return m.findNamed(text)
}

// kindNames are the short names of kinds.
var kindNames = map[string]string{
	"deploy": "deployment", "sts": "statefulset", "ds": "daemonset", "po": "pod", "rs": "replicaset", "cj": "cronjob",
	"svc": "service", "rc": "replicationcontroller",
}

func (m *Model) findNamed(text string) (*Found, error) {
	readings, err := readName(text)
	if err != nil {
		return nil, err
	}
	for _, r := range readings {
		if f, err := m.findAs(text, r); f != nil || err != nil {
			return f, err
		}
	}
	return nil, m.notFound(text, readings[0].name)
}

// reading is one way to understand a name.
type reading struct {
	anywhere       bool // in any namespace
	ns, kind, name string
}

// readName reads NAME, NAMESPACE/NAME, KIND/NAME, and both orders of all three.
func readName(text string) ([]reading, error) {
	p := strings.Split(text, "/")
	switch len(p) {
	case 1:
		return []reading{{true, "", "", p[0]}}, nil
	case 2:
		return []reading{{false, p[0], "", p[1]}, {true, "", kindName(p[0]), p[1]}}, nil
	case 3:
		return []reading{{false, p[0], kindName(p[1]), p[2]}, {false, p[1], kindName(p[0]), p[2]}}, nil
	}
	return nil, fmt.Errorf("%q is no end: give NAMESPACE/NAME or NAMESPACE/KIND/NAME", text)
}

func kindName(text string) string {
	text = strings.ToLower(text)
	if long, ok := kindNames[text]; ok {
		return long
	}
	return strings.TrimSuffix(text, "s")
}

func (m *Model) findAs(text string, r reading) (*Found, error) {
	var found []*Class
	for _, c := range m.classes {
		if r.kind != "service" && (r.anywhere || c.Namespace == r.ns) && m.answersTo(c, r.kind, r.name) {
			found = append(found, c)
		}
	}
	if len(found) > 0 {
		return m.oneOwner(text, found)
	}
	for _, s := range m.services {
		if (r.kind == "" || r.kind == "service") && (r.anywhere || s.Object.Namespace == r.ns) && s.Object.Name == r.name {
			return m.foundService(s), nil
		}
	}
	return nil, nil
}

func (m *Model) foundService(s *Service) *Found {
	f := &Found{Service: s}
	for _, b := range m.Backends(s) {
		if !slices.ContainsFunc(f.Ends, func(e Endpoint) bool { return e.Name == b.End.Name }) {
			f.Ends = append(f.Ends, b.End)
		}
	}
	return f
}

// answersTo says whether a class goes by a name: its workload's, or that of one of its pods.
func (m *Model) answersTo(c *Class, kind, name string) bool {
	if (kind == "" || kind == strings.ToLower(c.kind)) && c.owner == name {
		return true
	}
	if kind != "" && kind != "pod" && kind != "replicaset" && kind != "job" {
		return false
	}
	return c.made[name]
}

// oneOwner refuses a name that several workloads have.
func (m *Model) oneOwner(text string, found []*Class) (*Found, error) {
	var names []string
	for _, c := range found {
		if name := c.Namespace + "/" + strings.ToLower(c.kind) + "/" + c.owner; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > 1 {
		return nil, fmt.Errorf("%q is ambiguous: say %s", text, strings.Join(names[:min(len(names), 5)], " or "))
	}
	f := &Found{}
	for _, c := range found {
		f.Ends = append(f.Ends, m.Pods(c))
	}
	return f, nil
}

func (m *Model) notFound(text, name string) error {
	var near []string
	for _, c := range m.classes {
		if len(near) < 5 && (strings.Contains(c.owner, name) || strings.Contains(name, c.owner)) {
			near = append(near, c.Name)
		}
	}
	hint := "; 'bulwark reach --matrix' lists what there is"
	if len(near) > 0 {
		hint = "; there is " + strings.Join(near, ", ")
	}
	return fmt.Errorf("nothing in the input is called %q%s", text, hint)
}

// WantedPort is the port of a question.
type WantedPort struct {
	Protocol corev1.Protocol
	Number   int32 // 0: all ports
	Name     string
}

// ParsePort reads 80, 80/udp, http or http/tcp. Without a protocol it is TCP for
// numbers, and whatever the port of that name has.
func ParsePort(text string) (WantedPort, error) {
	port, protocol, given := strings.Cut(text, "/")
	w := WantedPort{Protocol: corev1.Protocol(strings.ToUpper(protocol))}
	if given && !slices.Contains(KnownProtocols(), w.Protocol) {
		return w, fmt.Errorf("reading the port %q: the protocol is tcp, udp or sctp", text)
	}
	n, err := strconv.Atoi(port)
	switch {
	case err != nil && port != "" && strings.Trim(port, "abcdefghijklmnopqrstuvwxyz0123456789-") == "":
		w.Name = port
		return w, nil
	case err != nil || n < 1 || n > maxPort:
		return w, fmt.Errorf("reading the port %q: give a number from 1 to 65535 or a name, with /udp or /sctp where it is not TCP", text)
	}
	w.Number = int32(n)
	if !given {
		w.Protocol = corev1.ProtocolTCP
	}
	return w, nil
}

// On returns what the port is at an end, in the numbers of the end itself;
// nothing when it has no such port.
func (w WantedPort) On(f *Found, e Endpoint, m *Model) []WantedPort {
	if f.Service != nil {
		return w.behind(f.Service, e, m)
	}
	if w.Name == "" {
		return []WantedPort{w}
	}
	var out []WantedPort
	if e.Class != nil {
		for _, p := range e.Class.Ports {
			if p.Name == w.Name && (w.Protocol == "" || p.Protocol == w.Protocol) {
				out = append(out, WantedPort{Protocol: p.Protocol, Number: p.Number, Name: p.Name})
			}
		}
	}
	return out
}

func (w WantedPort) behind(s *Service, e Endpoint, m *Model) []WantedPort {
	var out []WantedPort
	for _, b := range m.Backends(s) {
		if b.End.Name != e.Name || b.Number == 0 || w.Protocol != "" && b.Protocol != w.Protocol {
			continue
		}
		if w.Number == b.Port.Port || w.Name != "" && w.Name == b.Port.Name {
			out = append(out, WantedPort{Protocol: b.Protocol, Number: b.Number, Name: b.Port.Name})
		}
	}
	return out
}
