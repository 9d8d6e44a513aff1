package reach

import (
	"math"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/world"
)

// Kinds of Calico, under the names of its own API and of the resources it is stored in.
var (
	calicoKinds = []string{
		"NetworkPolicy.crd.projectcalico.org", "NetworkPolicy.projectcalico.org",
		"GlobalNetworkPolicy.crd.projectcalico.org", "GlobalNetworkPolicy.projectcalico.org",
	}
	tierKinds = []string{"Tier.crd.projectcalico.org", "Tier.projectcalico.org"}
)

// Orders of the tiers that Calico makes itself.
const (
	calicoAdminOrder    = 1_000
	calicoDefaultOrder  = 1_000_000
	calicoBaselineOrder = 10_000_000

	defaultTier = "default"
)

type calicoSpec struct {
	Tier              string       `json:"tier"`
	Order             *float64     `json:"order"`
	Selector          string       `json:"selector"`
	NamespaceSelector string       `json:"namespaceSelector"`
	AccountSelector   string       `json:"serviceAccountSelector"`
	Types             []string     `json:"types"`
	Ingress           []calicoRule `json:"ingress"`
	Egress            []calicoRule `json:"egress"`
	PreDNAT           bool         `json:"preDNAT"`
	Untracked         bool         `json:"doNotTrack"`
}

type calicoRule struct {
	Action      string         `json:"action"`
	Protocol    any            `json:"protocol"`
	NotProtocol any            `json:"notProtocol"`
	IPVersion   int            `json:"ipVersion"`
	ICMP        map[string]any `json:"icmp"`
	HTTP        map[string]any `json:"http"`
	Source      calicoEnd      `json:"source"`
	Destination calicoEnd      `json:"destination"`
}

type calicoEnd struct {
	Selector          string   `json:"selector"`
	NamespaceSelector string   `json:"namespaceSelector"`
	NotSelector       string   `json:"notSelector"`
	Nets              []string `json:"nets"`
	NotNets           []string `json:"notNets"`
	Ports             []any    `json:"ports"`
	NotPorts          []any    `json:"notPorts"`
	Domains           []string `json:"domains"`
	Accounts          *struct {
		Names    []string `json:"names"`
		Selector string   `json:"selector"`
	} `json:"serviceAccounts"`
	Services map[string]any `json:"services"`
}

func (e *calicoEnd) empty() bool {
	return e.Selector+e.NamespaceSelector+e.NotSelector == "" && len(e.Nets)+len(e.NotNets)+len(e.Domains)+len(e.Services) == 0 && e.Accounts == nil
}

// tier is one of Calico's tiers.
type tier struct {
	order   float64
	lenient bool // what it does not decide goes on to the next
}

func (r *reader) calicoTier(o *world.Object) {
	var s struct {
		Order   *float64 `json:"order"`
		Default string   `json:"defaultAction"`
	}
	if !r.decode(o, "spec", &s) {
		return
	}
	t := tier{order: math.Inf(1), lenient: s.Default == "Pass"}
	if s.Order != nil {
		t.order = *s.Order
	}
	r.m.tiers[o.Name] = t
}

// calicoPolicy reads a NetworkPolicy or GlobalNetworkPolicy of Calico.
func (r *reader) calicoPolicy(o *world.Object) {
	var s calicoSpec
	if !r.decode(o, "spec", &s) {
		return
	}
	if s.PreDNAT || s.Untracked {
		return // about host endpoints alone
	}
	name := s.Tier
	if name == "" {
		name = defaultTier
	}
	p := &policy{object: o, path: "spec", order: math.Inf(1)}
	if s.Order != nil {
		p.order = *s.Order
	}
	var err error
	if p.subject, err = r.calicoPods(o, s.Selector, s.NamespaceSelector); err != nil {
		p.doubt = err.Error()
		p.subject = &podPeer{everyNS: true, pod: everything()}
	}
	if s.AccountSelector != "" {
		p.doubt = "it selects by the labels of service accounts"
	}
	types := s.Types
	if len(types) == 0 {
		if len(s.Ingress) > 0 || len(s.Egress) == 0 {
			types = append(types, "Ingress")
		}
		if len(s.Egress) > 0 {
			types = append(types, "Egress")
		}
	}
	for _, t := range types {
		switch t {
		case "Ingress":
			p.sides[Ingress] = section{applies: true, isolates: true, rules: r.calicoRules(o, Ingress, s.Ingress)}
		case "Egress":
			p.sides[Egress] = section{applies: true, isolates: true, rules: r.calicoRules(o, Egress, s.Egress)}
		}
	}
	r.add(calicoLink(name), p)
}

// calicoLink is the link of a tier. The default one holds NetworkPolicies too.
func calicoLink(tier string) string {
	if tier == defaultTier {
		return kubernetesLink
	}
	return "Calico tier " + strconv.Quote(tier)
}

// calicoPods reads a selector of pods with one of their namespaces. Without the
// latter a namespaced policy means its own namespace.
func (r *reader) calicoPods(o *world.Object, pods, ns string) (*podPeer, error) {
	p := &podPeer{home: o.Namespace}
	e, err := parseExpression(pods)
	if err != nil {
		return nil, err
	}
	p.pod = r.noting(e)
	switch {
	case ns != "":
		e, err := parseExpression(ns)
		if err != nil {
			return nil, err
		}
		p.ns = r.noting(e)
	case !world.Namespaced(o.GroupKind()):
		p.everyNS = true
	}
	return r.intern(p).(*podPeer), nil
}

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
