package mtls

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/world"
)

// IstioMutual is the TLS mode of a DestinationRule that means the mesh's own mutual TLS.
const IstioMutual = "ISTIO_MUTUAL"

// Rule is what one DestinationRule says about TLS, or several of one host merged.
type Rule struct {
	Object    *world.Object // the first of those merged; nil in tests
	Namespace string
	Name      string
	Created   time.Time
	Host      string
	ExportTo  map[string]bool
	Selector  map[string]string // of client pods
	Selects   bool              // has a selector, even an empty one
	Policy    *TrafficTLS       // nil when there is no traffic policy
	Subsets   []Subset
}

// Subset is a named part of the endpoints.
type Subset struct {
	Name   string
	Policy *TrafficTLS
	index  int // in spec.subsets of object
	object *world.Object
}

// TrafficTLS is the TLS part of a traffic policy.
type TrafficTLS struct {
	Mode  string // "" when it says nothing
	Ports []PortTLS
	from  *world.Object
}

// PortTLS is the TLS part of the settings of one port of a Service.
type PortTLS struct {
	Port  uint32
	Mode  string
	index int
}

// port returns the mode for a port of the Service and where it stands within the policy.
func (t *TrafficTLS) port(port uint32) (mode, path string) {
	if t == nil {
		return "", ""
	}
	for _, p := range t.Ports {
		if p.Port == port && p.Mode != "" {
			return p.Mode, fmt.Sprintf("portLevelSettings[%d].tls.mode", p.index)
		}
	}
	return t.Mode, "tls.mode"
}

// TLS returns the mode that clients use for a port of the Service and a subset of it ("" for all): "" when the rule leaves
// it to the mesh. The object and the field say where it stands.
func (r *Rule) TLS(subset string, port uint32) (mode string, o *world.Object, path string) {
	for _, s := range r.Subsets {
		if subset == "" || s.Name != subset {
			continue
		}
		if mode, path := s.Policy.port(port); mode != "" {
			return mode, s.object, fmt.Sprintf("spec.subsets[%d].trafficPolicy.%s", s.index, path)
		}
		subset = ""
		break
	}
	if subset != "" || r.Policy == nil {
		return "", r.Object, "spec"
	}
	mode, path = r.Policy.port(port)
	return mode, r.Policy.from, "spec.trafficPolicy." + path
}

type trafficPolicyJSON struct {
	TLS *struct {
		Mode string `json:"mode"`
	} `json:"tls"`
	Ports []struct {
		Port struct {
			Number uint32 `json:"number"`
		} `json:"port"`
		TLS *struct {
			Mode string `json:"mode"`
		} `json:"tls"`
	} `json:"portLevelSettings"`
}

func (j *trafficPolicyJSON) read(o *world.Object) *TrafficTLS {
	if j == nil {
		return nil
	}
	t := &TrafficTLS{from: o}
	if j.TLS != nil {
		t.Mode = cmp.Or(j.TLS.Mode, Disable)
	}
	for i := range j.Ports {
		if p := &j.Ports[i]; p.TLS != nil {
			t.Ports = append(t.Ports, PortTLS{Port: p.Port.Number, Mode: cmp.Or(p.TLS.Mode, Disable), index: i})
		}
	}
	return t
}

func readRule(o *world.Object, domain string) (*Rule, error) {
	var s struct {
		Host     string                `json:"host"`
		Policy   *trafficPolicyJSON    `json:"trafficPolicy"`
		ExportTo []string              `json:"exportTo"`
		Selector *metav1.LabelSelector `json:"workloadSelector"`
		Subsets  []struct {
			Name   string             `json:"name"`
			Policy *trafficPolicyJSON `json:"trafficPolicy"`
		} `json:"subsets"`
	}
	if err := o.Decode("spec", &s); err != nil {
		return nil, err
	}
	r := &Rule{
		Object: o, Namespace: o.Namespace, Name: o.Name, Created: o.Meta.CreationTimestamp.Time,
		Host: FullHost(s.Host, o.Namespace, domain), ExportTo: map[string]bool{}, Policy: s.Policy.read(o),
	}
	for _, e := range s.ExportTo {
		r.ExportTo[e] = true
	}
	if s.Selector != nil {
		r.Selects, r.Selector = true, s.Selector.MatchLabels
	}
	for i := range s.Subsets {
		r.Subsets = append(r.Subsets, Subset{Name: s.Subsets[i].Name, Policy: s.Subsets[i].Policy.read(o), index: i, object: o})
	}
	return r, nil
}

// FullHost completes a short name as Istio does for Kubernetes: only a name without a dot is one.
func FullHost(host, namespace, domain string) string {
	if _, err := netip.ParseAddr(host); err == nil || host == "" || host == "*" || strings.Contains(host, ".") {
		return host
	}
	return host + "." + namespace + ".svc." + domain
}

// Rules finds the DestinationRule that counts for a client and a host.
type Rules struct {
	root     string
	local    map[string]hostRules // by namespace: what its own clients see
	exported map[string]hostRules // by namespace: what others see
	private  hostRules            // of the root namespace, for its own clients
}

// hostRules holds merged rules by host.
type hostRules struct{ specific, wildcard map[string][]*Rule }

func newHostRules() hostRules {
	return hostRules{specific: map[string][]*Rule{}, wildcard: map[string][]*Rule{}}
}

// NewRules indexes rules by where they are seen (release 1.31, pilot/pkg/model: setDestinationRules). private says that
// rules without exportTo stay in their namespace, as MeshConfig.defaultDestinationRuleExportTo may say.
func NewRules(root string, private bool, rules []*Rule) *Rules {
	x := &Rules{root: root, local: map[string]hostRules{}, exported: map[string]hostRules{}, private: newHostRules()}
	for _, r := range slices.SortedStableFunc(slices.Values(rules), rulesFirst) {
		to := r.ExportTo
		if r.Selects {
			to = map[string]bool{".": true}
		}
		if len(to) == 0 || to["*"] || to["."] || to[r.Namespace] {
			within(x.local, r.Namespace).add(r, to)
		}
		switch own := len(to) == 0 && private || len(to) == 1 && (to["."] || to[r.Namespace]); {
		case !own:
			within(x.exported, r.Namespace).add(r, to)
		case r.Namespace == root:
			x.private.add(r, to)
		}
	}
	return x
}

// rulesFirst orders rules with a selector before those without, then by age and name.
func rulesFirst(a, b *Rule) int {
	if a.Selects != b.Selects {
		if a.Selects {
			return -1
		}
		return 1
	}
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Namespace, b.Namespace))
}

func within(m map[string]hostRules, namespace string) hostRules {
	h, ok := m[namespace]
	if !ok {
		h = newHostRules()
		m[namespace] = h
	}
	return h
}

// add merges a rule into those of the same host, or puts it beside them (mergeDestinationRule).
func (h hostRules) add(r *Rule, to map[string]bool) {
	by := h.specific
	if strings.HasPrefix(r.Host, "*") {
		by = h.wildcard
	}
	beside := true
	for i, have := range by[r.Host] {
		switch {
		case maps.Equal(to, have.ExportTo):
			beside = false
		case len(have.ExportTo) > 0 && contains(to, have.ExportTo):
			beside = true
		default:
			beside = true
			continue
		}
		same := maps.Equal(r.Selector, have.Selector)
		if r.Selects && have.Selects && !same {
			beside = true
			continue
		}
		if r.Selects == have.Selects {
			beside = false
		}
		by[r.Host][i] = have.merge(r)
	}
	if beside {
		own := *r
		own.ExportTo = to
		by[r.Host] = append(by[r.Host], &own)
	}
}

func contains(set, part map[string]bool) bool {
	for k := range part {
		if !set[k] {
			return false
		}
	}
	return true
}

// merge adds what r lacks of other: subsets by name and, when there is none, the whole traffic policy.
func (r *Rule) merge(other *Rule) *Rule {
	merged := *r
	merged.Subsets = slices.Clone(r.Subsets)
	for _, s := range other.Subsets {
		if !slices.ContainsFunc(r.Subsets, func(have Subset) bool { return have.Name == s.Name }) {
			merged.Subsets = append(merged.Subsets, s)
		}
	}
	if merged.Policy == nil {
		merged.Policy = other.Policy
	}
	return &merged
}

// For returns the rule that counts for a client of a namespace with these labels, and a Service: nil when there is none.
func (x *Rules) For(client string, labels map[string]string, host, service string) *Rule {
	var all *Rule
	for _, r := range x.visible(client, host, service) {
		if !r.Selects {
			all = r
		}
		if r.Selects && r.Namespace == client && selects(r.Selector, labels) {
			return r
		}
	}
	return all
}

// visible returns the merged rules of the first place that has any for the host: the client's namespace, the Service's,
// the root namespace.
func (x *Rules) visible(client, host, service string) []*Rule {
	own := x.local[client]
	if client == x.root {
		own = x.private
	}
	if rules, ok := own.match(host); ok {
		return rules
	}
	for _, namespace := range [...]string{service, x.root} {
		rules, _ := x.exported[namespace].match(host)
		var seen []*Rule
		for _, r := range rules {
			if len(r.ExportTo) == 0 || r.ExportTo["*"] || r.ExportTo[client] {
				seen = append(seen, r)
			}
		}
		if len(seen) > 0 {
			return seen
		}
	}
	return nil
}

// match finds the most specific host: the name itself, else the longest wildcard.
func (h hostRules) match(host string) ([]*Rule, bool) {
	if rules, ok := h.specific[host]; ok {
		return rules, true
	}
	best, found := "", false
	for pattern := range h.wildcard {
		if strings.HasSuffix(host, pattern[1:]) && (!found || len(pattern) > len(best) || len(pattern) == len(best) && pattern < best) {
			best, found = pattern, true
		}
	}
	return h.wildcard[best], found
}

// selects says whether labels carry everything that a selector wants.
func selects(selector, labels map[string]string) bool {
	for k, v := range selector {
		if have, ok := labels[k]; !ok || have != v {
			return false
		}
	}
	return true
}
