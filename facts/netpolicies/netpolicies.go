// Package netpolicies answers which policies select a pod and in which directions they isolate it: NetworkPolicy,
// Cilium and Calico policies exactly, admin-tier policies as far as they can be decided without evaluating traffic.
package netpolicies

import (
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/labels"

	"bulwark/control"
	"bulwark/world"
)

// Direction of traffic, seen from the pod.
type Direction string

// Directions, named as in spec.policyTypes.
const (
	Ingress Direction = "Ingress"
	Egress  Direction = "Egress"
)

const (
	policyKind = "NetworkPolicy.networking.k8s.io"
	namespaces = "Namespace"
)

var (
	ciliumKinds = []string{"CiliumNetworkPolicy.cilium.io", "CiliumClusterwideNetworkPolicy.cilium.io"}
	calicoKinds = []string{
		"NetworkPolicy.crd.projectcalico.org", "NetworkPolicy.projectcalico.org",
		"GlobalNetworkPolicy.crd.projectcalico.org", "GlobalNetworkPolicy.projectcalico.org",
	}
	adminKinds = []string{
		"AdminNetworkPolicy.policy.networking.k8s.io", "BaselineAdminNetworkPolicy.policy.networking.k8s.io",
		"ClusterNetworkPolicy.policy.networking.k8s.io",
	}
)

// Policy is one policy, or one of the specs of a Cilium policy, reduced to what it selects and isolates.
type Policy struct {
	Object  *world.Object
	All     bool // selects every pod of its namespace, or of every namespace when it has none
	Whole   bool // selects either all pods of a namespace or none of them
	Ingress Section
	Egress  Section

	matches func(namespace labels.Set, knowsNamespace bool, pod labels.Set) (bool, error)
}

// Section says what a policy does in one direction.
type Section struct {
	Applies bool // pods that it selects are isolated in this direction
	Allows  bool // at least one rule lets something through
}

// Of returns the section of a direction.
func (p *Policy) Of(d Direction) Section {
	if d == Ingress {
		return p.Ingress
	}
	return p.Egress
}

// Fact is the index of all policies of the snapshot.
var Fact = &control.Fact[*Index]{
	Name:   "network policies",
	Doc:    "Which network policies select a pod, and in which directions they isolate it.",
	Kinds:  slices.Concat([]string{policyKind, namespaces}, ciliumKinds, calicoKinds, adminKinds),
	Derive: derive,
}

// Index holds the policies by namespace. It is immutable.
type Index struct {
	byNamespace map[string][]*Policy
	everywhere  []*Policy // of clusterwide kinds
	unread      []error   // policies that this code cannot understand
	deny        map[Direction]*world.Object
	namespaces  map[string]labels.Set
	view        *control.View
}

func derive(v *control.View) (*Index, error) {
	x := &Index{byNamespace: map[string][]*Policy{}, deny: map[Direction]*world.Object{}, namespaces: map[string]labels.Set{}, view: v}
	for o := range v.All(namespaces) {
		x.namespaces[o.Name] = namespaceLabels(o)
	}
	read := func(kinds []string, parse func(*world.Object) ([]*Policy, error)) {
		for _, kind := range kinds {
			for o := range v.All(kind) {
				policies, err := parse(o)
				if err != nil {
					x.unread = append(x.unread, fmt.Errorf("%s: %w", o.Ref, err))
				}
				x.add(o, policies)
			}
		}
	}
	read([]string{policyKind}, readPolicy)
	read(ciliumKinds, readCilium)
	read(calicoKinds, readCalico)
	for _, kind := range adminKinds {
		for o := range v.All(kind) {
			x.addAdmin(o)
		}
	}
	return x, nil
}

func (x *Index) add(o *world.Object, policies []*Policy) {
	if world.Namespaced(o.GroupKind()) {
		x.byNamespace[o.Namespace] = append(x.byNamespace[o.Namespace], policies...)
		return
	}
	x.everywhere = append(x.everywhere, policies...)
}

// namespaceLabels adds the label that the API server puts on every namespace.
func namespaceLabels(o *world.Object) labels.Set {
	set := labels.Set{metadataName: o.Name}
	for k, v := range o.Meta.Labels {
		set[k] = v
	}
	return set
}

// Policies yields the policies that can select pods of a namespace: its own, then those of every namespace.
func (x *Index) Policies(namespace string) func(func(*Policy) bool) {
	return func(yield func(*Policy) bool) {
		for _, list := range [...][]*Policy{x.byNamespace[namespace], x.everywhere} {
			for _, p := range list {
				if !yield(p) {
					return
				}
			}
		}
	}
}

// ErrUndecided is the reason of an answer that rests on a policy which cannot be judged without more knowledge.
var ErrUndecided = errors.New("cannot be decided")

// Isolates returns the first policy that isolates a pod with these labels in a direction, nil when none does. It
// returns an error wrapping ErrUndecided when none is known to and one that cannot be judged might, and an error of
// world.Snapshot.Knows when a policy may be missing from the input.
func (x *Index) Isolates(namespace string, pod labels.Set, d Direction) (*Policy, error) {
	ns, known := x.namespaceOf(namespace)
	var doubt error
	for p := range x.Policies(namespace) {
		if !p.Of(d).Applies {
			continue
		}
		if p.All {
			return p, nil
		}
		yes, err := p.matches(ns, known, pod)
		if yes {
			return p, nil
		}
		if err != nil && doubt == nil {
			doubt = fmt.Errorf("whether %s selects the pod %w: %w", p.Object.Ref, ErrUndecided, err)
		}
	}
	return nil, x.doubt(namespace, d, doubt)
}

// DefaultDeny returns a policy that isolates every pod of a namespace in a direction and lets nothing through, nil
// when there is none. Errors are as of Isolates.
func (x *Index) DefaultDeny(namespace string, d Direction) (*Policy, error) {
	ns, known := x.namespaceOf(namespace)
	for p := range x.Policies(namespace) {
		s := p.Of(d)
		if !s.Applies || s.Allows {
			continue
		}
		if p.All {
			return p, nil
		}
		if p.Whole {
			if yes, err := p.matches(ns, known, nil); yes && err == nil {
				return p, nil
			}
		}
	}
	return nil, x.doubt(namespace, d, nil)
}

// Any returns one policy of a namespace, or one for every namespace that selects all of its pods; nil when there is
// none. Errors are as of Isolates.
func (x *Index) Any(namespace string) (*Policy, error) {
	for _, p := range x.byNamespace[namespace] {
		return p, nil
	}
	ns, known := x.namespaceOf(namespace)
	for _, p := range x.everywhere {
		if p.All {
			return p, nil
		}
		if yes, err := p.matches(ns, known, nil); p.Whole && yes && err == nil {
			return p, nil
		}
	}
	return nil, x.doubt(namespace, Ingress, nil)
}

func (x *Index) doubt(namespace string, d Direction, found error) error {
	switch {
	case found != nil:
		return found
	case x.deny[d] != nil:
		return fmt.Errorf("whether %s denies the traffic of this pod %w by looking at selectors alone", x.deny[d].Ref, ErrUndecided)
	case len(x.unread) > 0:
		return fmt.Errorf("what a policy selects %w: %w", ErrUndecided, x.unread[0])
	}
	return x.Knows(namespace)
}

// Knows returns nil when finding no policy in a namespace proves that there is none.
func (x *Index) Knows(namespace string) error {
	var why error
	for _, kind := range slices.Concat([]string{policyKind}, ciliumKinds[:1], calicoKinds[:2]) {
		err := x.view.Knows(kind, namespace)
		if err == nil {
			return nil
		}
		if why == nil {
			why = err
		}
	}
	return why
}

func (x *Index) namespaceOf(name string) (set labels.Set, known bool) {
	if set, ok := x.namespaces[name]; ok {
		return set, true
	}
	return labels.Set{metadataName: name}, false
}
