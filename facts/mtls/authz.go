package mtls

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/internal/tri"
	"bulwark/world"
)

// Identity is what a client proves by its certificate; nil stands for plaintext.
type Identity struct{ TrustDomain, Namespace, Account string }

// Principal is the identity as policies write it.
func (id *Identity) Principal() string {
	return id.TrustDomain + "/ns/" + id.Namespace + "/sa/" + id.Account
}

// Gate is what one AuthorizationPolicy of Istio says.
type Gate struct {
	Object    *world.Object
	Namespace string
	Action    string // ALLOW, DENY, AUDIT or CUSTOM
	Selector  map[string]string
	Targets   bool // is for waypoints, gateways or Services, not for the workload itself
	DryRun    bool
	Rules     []GateRule
}

// GateRule matches when one of From (or there is none), one of To (or there is none) and all of When match.
type GateRule struct {
	From []struct {
		Source GateSource `json:"source"`
	} `json:"from"`
	To []struct {
		Operation GateOperation `json:"operation"`
	} `json:"to"`
	When []struct {
		Key       string   `json:"key"`
		Values    []string `json:"values"`
		NotValues []string `json:"notValues"`
	} `json:"when"`
}

// GateSource is who a rule is about: all that is set must match.
type GateSource struct {
	Principals           []string `json:"principals"`
	NotPrincipals        []string `json:"notPrincipals"`
	Namespaces           []string `json:"namespaces"`
	NotNamespaces        []string `json:"notNamespaces"`
	ServiceAccounts      []string `json:"serviceAccounts"`
	NotServiceAccounts   []string `json:"notServiceAccounts"`
	TrustDomains         []string `json:"trustDomains"`
	NotTrustDomains      []string `json:"notTrustDomains"`
	IPBlocks             []string `json:"ipBlocks"`
	NotIPBlocks          []string `json:"notIpBlocks"`
	RemoteIPBlocks       []string `json:"remoteIpBlocks"`
	NotRemoteIPBlocks    []string `json:"notRemoteIpBlocks"`
	RequestPrincipals    []string `json:"requestPrincipals"`
	NotRequestPrincipals []string `json:"notRequestPrincipals"`
}

// GateOperation is what a rule is about: all that is set must match.
type GateOperation struct {
	Ports      []string `json:"ports"`
	NotPorts   []string `json:"notPorts"`
	Hosts      []string `json:"hosts"`
	NotHosts   []string `json:"notHosts"`
	Methods    []string `json:"methods"`
	NotMethods []string `json:"notMethods"`
	Paths      []string `json:"paths"`
	NotPaths   []string `json:"notPaths"`
}

func readGate(o *world.Object) (*Gate, error) {
	var s struct {
		Action   string                `json:"action"`
		Selector *metav1.LabelSelector `json:"selector"`
		Target   *struct{}             `json:"targetRef"`
		Targets  []struct{}            `json:"targetRefs"`
		Rules    []GateRule            `json:"rules"`
	}
	if err := o.Decode("spec", &s); err != nil {
		return nil, err
	}
	g := &Gate{Object: o, Namespace: o.Namespace, Action: s.Action, Rules: s.Rules, Targets: s.Target != nil || len(s.Targets) > 0}
	if g.Action == "" {
		g.Action = "ALLOW"
	}
	if s.Selector != nil {
		g.Selector = s.Selector.MatchLabels
	}
	g.DryRun, _ = strconv.ParseBool(o.Annotation("istio.io/dry-run"))
	return g, nil
}

// Matches says whether a connection to a port matches the policy. Only layer 4 can be told: what a rule asks of a
// request is unknown for sidecars, and ztunnel drops such ALLOW rules and ignores that part of DENY rules.
func (g *Gate) Matches(id *Identity, port uint32, ztunnel bool) tri.Value {
	result := tri.No
	for i := range g.Rules {
		result = tri.Or(result, g.rule(&g.Rules[i], id, port, ztunnel))
	}
	return result
}

func (g *Gate) rule(r *GateRule, id *Identity, port uint32, ztunnel bool) tri.Value {
	request := tri.Unknown // a condition on the request
	if ztunnel {
		request = tri.Of(g.Action == "DENY")
	}
	from := tri.Of(len(r.From) == 0)
	for i := range r.From {
		from = tri.Or(from, g.source(&r.From[i].Source, id, request))
	}
	to := tri.Of(len(r.To) == 0)
	for i := range r.To {
		to = tri.Or(to, r.To[i].Operation.matches(port, request))
	}
	all := tri.And(from, to)
	if ztunnel && g.Action != "DENY" && r.asksRequest() {
		return tri.No
	}
	for i := range r.When {
		w := &r.When[i]
		all = tri.And(all, g.condition(w.Key, w.Values, w.NotValues, id, port, request))
	}
	return all
}

// asksRequest says whether any part of the rule is about requests: ztunnel then drops an ALLOW rule whole.
func (r *GateRule) asksRequest() bool {
	for i := range r.From {
		s := &r.From[i].Source
		if len(s.RemoteIPBlocks)+len(s.NotRemoteIPBlocks)+len(s.RequestPrincipals)+len(s.NotRequestPrincipals) > 0 {
			return true
		}
	}
	for i := range r.To {
		if r.To[i].Operation.asksRequest() {
			return true
		}
	}
	for i := range r.When {
		if !layer4[r.When[i].Key] {
			return true
		}
	}
	return false
}

// layer4 are the keys of conditions that ztunnel knows.
var layer4 = map[string]bool{"source.ip": true, "source.namespace": true, "source.principal": true, "destination.ip": true, "destination.port": true}

func (op *GateOperation) asksRequest() bool {
	return len(op.Hosts)+len(op.NotHosts)+len(op.Methods)+len(op.NotMethods)+len(op.Paths)+len(op.NotPaths) > 0
}

func (op *GateOperation) matches(port uint32, request tri.Value) tri.Value {
	result := values(op.Ports, op.NotPorts, tri.Yes, func(p string) bool { return p == strconv.FormatUint(uint64(port), 10) })
	if op.asksRequest() {
		result = tri.And(result, request)
	}
	return result
}

func (g *Gate) source(s *GateSource, id *Identity, request tri.Value) tri.Value {
	result := tri.And(
		g.condition("source.principal", s.Principals, s.NotPrincipals, id, 0, request),
		g.condition("source.namespace", s.Namespaces, s.NotNamespaces, id, 0, request),
		g.condition("source.serviceAccount", s.ServiceAccounts, s.NotServiceAccounts, id, 0, tri.Yes),
		g.condition("source.trustDomain", s.TrustDomains, s.NotTrustDomains, id, 0, tri.Yes),
		g.condition("source.ip", s.IPBlocks, s.NotIPBlocks, id, 0, request),
	)
	if len(s.RemoteIPBlocks)+len(s.NotRemoteIPBlocks)+len(s.RequestPrincipals)+len(s.NotRequestPrincipals) > 0 {
		result = tri.And(result, request)
	}
	return result
}

// condition evaluates one key with the values that must and must not be.
func (g *Gate) condition(key string, want, not []string, id *Identity, port uint32, request tri.Value) tri.Value {
	known := tri.Yes
	var is func(string) bool
	switch key {
	case "source.principal":
		is = func(p string) bool { return id != nil && wild(p, id.Principal()) }
	case "source.namespace":
		is = func(p string) bool { return id != nil && wild(p, id.Namespace) }
	case "source.serviceAccount":
		is = func(p string) bool { return id != nil && g.account(p, id) }
	case "source.trustDomain":
		is = func(p string) bool { return id != nil && wild(p, id.TrustDomain) }
	case "destination.port":
		is = func(p string) bool { return p == strconv.FormatUint(uint64(port), 10) }
	case "source.ip", "destination.ip":
		known, is = tri.Unknown, everyAddress
	default:
		return request
	}
	return values(want, not, known, is)
}

// account reads "name" as one of the policy's own namespace and "namespace/name".
func (g *Gate) account(text string, id *Identity) bool {
	namespace, name, ok := strings.Cut(text, "/")
	if !ok {
		namespace, name = g.Namespace, text
	}
	return namespace == id.Namespace && name == id.Account
}

func everyAddress(cidr string) bool { return strings.HasSuffix(cidr, "/0") }

// values says whether one of want matches (or there is none) and none of not does. Where a value that does not match may
// match after all, known is Unknown.
func values(want, not []string, known tri.Value, is func(string) bool) tri.Value {
	miss := tri.No
	if known == tri.Unknown {
		miss = tri.Unknown
	}
	any := func(list []string) tri.Value {
		switch {
		case len(list) == 0:
			return tri.No
		case slices.ContainsFunc(list, is):
			return tri.Yes
		}
		return miss
	}
	result := any(not).Not()
	if len(want) > 0 {
		result = tri.And(result, any(want))
	}
	return result
}

// wild matches "*", which needs something to be there, a prefix "x*", a suffix "*x", and the word itself.
func wild(pattern, s string) bool {
	switch {
	case pattern == "*":
		return s != ""
	case strings.HasPrefix(pattern, "*"):
		return strings.HasSuffix(s, pattern[1:])
	case strings.HasSuffix(pattern, "*"):
		return strings.HasPrefix(s, pattern[:len(pattern)-1])
	}
	return pattern == s
}

// gates returns the policies that apply to a workload: those of its namespace and of the root namespace whose selector
// matches.
func (m *Model) gatesOf(to *Member) []*Gate {
	var found []*Gate
	for _, namespace := range namespaces(to.Namespace(), m.Config.Root) {
		for _, g := range m.gates[namespace] {
			if !g.Targets && !g.DryRun && selects(g.Selector, to.Labels) {
				found = append(found, g)
			}
		}
	}
	return found
}

func namespaces(own, root string) []string {
	if own == root {
		return []string{own}
	}
	return []string{own, root}
}

// permits says whether Istio's AuthorizationPolicies let a connection in: DENY first, then ALLOW, and without ALLOW
// policies everything.
func (m *Model) permits(to *Member, id *Identity, port uint32) (s side) {
	ztunnel := to.Mesh == Ambient
	verdict, allows, allowed := tri.Yes, []*Gate(nil), tri.No
	for _, g := range m.gatesOf(to) {
		hit := g.Matches(id, port, ztunnel)
		switch {
		case g.Action == "ALLOW":
			allows, allowed = append(allows, g), tri.Or(allowed, hit)
		case hit == tri.No || g.Action == "AUDIT" || g.Action == "CUSTOM" && ztunnel:
		case g.Action == "DENY" && hit == tri.Yes:
			s.settle(tri.No, fmt.Sprintf("AuthorizationPolicy %q denies it", g.Object.Name), g.Object, "spec.rules")
			return s
		default:
			verdict = tri.Unknown
			s.say(fmt.Sprintf("AuthorizationPolicy %q (%s) may deny it, by what the request is", g.Object.Name, g.Action), g.Object, "spec.rules")
		}
	}
	if len(allows) > 0 {
		verdict = tri.And(verdict, allowed)
		text := map[tri.Value]string{tri.No: "no AuthorizationPolicy allows it", tri.Yes: "an AuthorizationPolicy allows it",
			tri.Unknown: "an AuthorizationPolicy may allow it, by what the request is"}[allowed]
		s.settle(verdict, text, allows[0].Object, "spec.rules")
	}
	s.value = verdict
	return s
}
