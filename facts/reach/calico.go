package reach

import (
	"math"
	"strconv"

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
