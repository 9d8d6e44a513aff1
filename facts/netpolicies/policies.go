package netpolicies

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"bulwark/facts/selection"
	"bulwark/world"
)

// readPolicy reads a Kubernetes NetworkPolicy, whose policyTypes normalisation has filled in.
func readPolicy(o *world.Object) ([]*Policy, error) {
	np, ok := o.Typed.(*networkingv1.NetworkPolicy)
	if !ok {
		return nil, errors.New("it is no networking.k8s.io/v1 NetworkPolicy")
	}
	sel, err := selection.Selector(&np.Spec.PodSelector)
	if err != nil {
		return nil, err
	}
	return []*Policy{{
		Object: o, All: sel.Empty(), matches: podMatcher(sel),
		Ingress: Section{slices.Contains(np.Spec.PolicyTypes, networkingv1.PolicyTypeIngress), len(np.Spec.Ingress) > 0},
		Egress:  Section{slices.Contains(np.Spec.PolicyTypes, networkingv1.PolicyTypeEgress), len(np.Spec.Egress) > 0},
	}}, nil
}

func podMatcher(sel labels.Selector) func(labels.Set, bool, labels.Set) (bool, error) {
	return func(_ labels.Set, _ bool, pod labels.Set) (bool, error) { return sel.Matches(pod), nil }
}

// ciliumRule is the part of a Cilium rule that decides what it isolates.
type ciliumRule struct {
	Endpoint    *metav1.LabelSelector `json:"endpointSelector"`
	Ingress     []map[string]any      `json:"ingress"`
	IngressDeny []map[string]any      `json:"ingressDeny"`
	Egress      []map[string]any      `json:"egress"`
	EgressDeny  []map[string]any      `json:"egressDeny"`
	DefaultDeny struct {
		Ingress *bool `json:"ingress"`
		Egress  *bool `json:"egress"`
	} `json:"enableDefaultDeny"`
}

// readCilium reads spec and specs of a Cilium policy. A rule that selects nodes isolates no pods.
func readCilium(o *world.Object) ([]*Policy, error) {
	var all struct {
		Spec  *ciliumRule   `json:"spec"`
		Specs []*ciliumRule `json:"specs"`
	}
	if err := o.Decode("", &all); err != nil {
		return nil, err
	}
	var found []*Policy
	for _, r := range append(all.Specs, all.Spec) {
		if r == nil || r.Endpoint == nil {
			continue
		}
		p := &Policy{Object: o,
			Ingress: ciliumSection(r.Ingress, r.IngressDeny, r.DefaultDeny.Ingress),
			Egress:  ciliumSection(r.Egress, r.EgressDeny, r.DefaultDeny.Egress)}
		p.All = len(r.Endpoint.MatchLabels)+len(r.Endpoint.MatchExpressions) == 0
		var err error
		if p.matches, p.Whole, err = ciliumMatcher(r.Endpoint); err != nil {
			return found, err
		}
		found = append(found, p)
	}
	return found, nil
}

// ciliumSection: a direction is isolated when the rule has a section for it, unless it says otherwise. An empty rule
// ({}) matches nothing and is how default deny is written.
func ciliumSection(allow, deny []map[string]any, explicit *bool) Section {
	s := Section{Applies: len(allow)+len(deny) > 0}
	if explicit != nil {
		s.Applies = *explicit
	}
	for _, rule := range allow {
		s.Allows = s.Allows || len(rule) > 0
	}
	return s
}

const (
	podNamespace = "io.kubernetes.pod.namespace"
	nsLabels     = "io.cilium.k8s.namespace.labels."
)

// ciliumMatcher translates an endpoint selector: label sources are cut off, and keys about the namespace look there.
// whole says that it has no other keys.
func ciliumMatcher(s *metav1.LabelSelector) (match func(labels.Set, bool, labels.Set) (bool, error), whole bool, err error) {
	trimmed := s.DeepCopy()
	trimmed.MatchLabels = map[string]string{}
	aboutNamespace := false
	whole = true
	key := func(k string) (string, error) {
		source, rest, found := strings.Cut(k, ":")
		if !found {
			rest = k
		} else if source != "k8s" && source != "any" {
			return "", fmt.Errorf("it selects by the label source %q", source)
		}
		aboutNamespace = aboutNamespace || strings.HasPrefix(rest, nsLabels)
		whole = whole && (rest == podNamespace || strings.HasPrefix(rest, nsLabels))
		return rest, nil
	}
	for k, v := range s.MatchLabels {
		short, err := key(k)
		if err != nil {
			return nil, false, err
		}
		trimmed.MatchLabels[short] = v
	}
	for i := range trimmed.MatchExpressions {
		short, err := key(trimmed.MatchExpressions[i].Key)
		if err != nil {
			return nil, false, err
		}
		trimmed.MatchExpressions[i].Key = short
	}
	sel, err := selection.Selector(trimmed)
	if err != nil {
		return nil, false, err
	}
	return func(ns labels.Set, known bool, pod labels.Set) (bool, error) {
		if aboutNamespace && !known {
			return false, errors.New("the labels of its namespace are not in the input")
		}
		all := make(labels.Set, len(ns)+len(pod)+1)
		for k, v := range ns {
			all[nsLabels+k] = v
		}
		all[podNamespace] = ns[metadataName]
		for k, v := range pod {
			all[k] = v
		}
		return sel.Matches(all), nil
	}, whole, nil
}

// calicoSpec is the part of a Calico policy that decides what it isolates.
type calicoSpec struct {
	Selector          string           `json:"selector"`
	NamespaceSelector string           `json:"namespaceSelector"`
	Types             []string         `json:"types"`
	Ingress           []map[string]any `json:"ingress"`
	Egress            []map[string]any `json:"egress"`
}

func readCalico(o *world.Object) ([]*Policy, error) {
	var s calicoSpec
	if err := o.Decode("spec", &s); err != nil {
		return nil, err
	}
	types := s.Types
	if len(types) == 0 { // Calico's own default
		if len(s.Ingress) > 0 || len(s.Egress) == 0 {
			types = append(types, string(Ingress))
		}
		if len(s.Egress) > 0 {
			types = append(types, string(Egress))
		}
	}
	p := &Policy{Object: o,
		Ingress: Section{slices.Contains(types, string(Ingress)), calicoAllows(s.Ingress)},
		Egress:  Section{slices.Contains(types, string(Egress)), calicoAllows(s.Egress)},
		All:     calicoAll(s.Selector) && calicoAll(s.NamespaceSelector),
		Whole:   calicoAll(s.Selector),
	}
	pod, ns := s.Selector, s.NamespaceSelector
	p.matches = func(nsLabels labels.Set, known bool, set labels.Set) (bool, error) {
		nsLabels = labels.Merge(nsLabels, labels.Set{calicoName: nsLabels[metadataName]})
		if yes, err := calicoMatch(ns, nsLabels, known); !yes || err != nil {
			return false, err
		}
		return calicoMatch(pod, set, true)
	}
	return []*Policy{p}, nil
}

func calicoAllows(rules []map[string]any) bool {
	return slices.ContainsFunc(rules, func(r map[string]any) bool { return r["action"] != "Deny" && r["action"] != "Log" })
}

func calicoAll(selector string) bool {
	s := strings.TrimSpace(selector)
	return s == "" || s == "all()"
}

// labels that every namespace has
const (
	metadataName = "kubernetes.io/metadata.name"
	calicoName   = "projectcalico.org/name"
)

// calicoMatch evaluates a conjunction of comparisons, the common form; anything else is an error. Where the labels are
// not all known only those that every namespace has can be compared.
func calicoMatch(selector string, set labels.Set, known bool) (bool, error) {
	if calicoAll(selector) {
		return true, nil
	}
	for term := range strings.SplitSeq(selector, "&&") {
		op, want := "==", true
		if strings.Contains(term, "!=") {
			op, want = "!=", false
		}
		key, value, ok := strings.Cut(term, op)
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !ok || len(value) < 2 || value[0] != value[len(value)-1] || value[0] != '\'' && value[0] != '"' ||
			strings.ContainsAny(key, "(){}|! ") || strings.ContainsAny(value[1:len(value)-1], `'"|`) {
			return false, fmt.Errorf("its selector %q is beyond what is understood", selector)
		}
		if !known && key != metadataName && key != calicoName {
			return false, errors.New("the labels of its namespace are not in the input")
		}
		if (set[key] == value[1:len(value)-1]) != want {
			return false, nil
		}
	}
	return true, nil
}

// addAdmin notes which directions an admin-tier policy may deny; who it selects is left to the reachability engine.
func (x *Index) addAdmin(o *world.Object) {
	var s struct {
		Ingress []adminRule `json:"ingress"`
		Egress  []adminRule `json:"egress"`
	}
	if err := o.Decode("spec", &s); err != nil {
		x.unread = append(x.unread, err)
		return
	}
	for d, rules := range map[Direction][]adminRule{Ingress: s.Ingress, Egress: s.Egress} {
		for _, r := range rules {
			if r.Action == "Deny" && x.deny[d] == nil {
				x.deny[d] = o
			}
		}
	}
}

type adminRule struct {
	Action string `json:"action"`
}
