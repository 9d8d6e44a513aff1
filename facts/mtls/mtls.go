// Package mtls answers which mutual-TLS mode of Istio counts for a namespace.
package mtls

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/control"
	"bulwark/world"
)

// Modes of a PeerAuthentication.
const (
	Strict     = "STRICT"
	Permissive = "PERMISSIVE" // also what counts when nothing is said
)

// Root is the namespace whose policies count for the whole mesh, unless the mesh was installed otherwise.
const Root = "istio-system"

const kind = "PeerAuthentication.security.istio.io"

// Fact is the index of the policies that count for whole namespaces.
var Fact = &control.Fact[*Index]{
	Name:  "mtls",
	Doc:   "Istio's mutual-TLS mode of every namespace.",
	Kinds: []string{kind},
	Derive: func(v *control.View) (*Index, error) {
		x := &Index{policies: map[string]policy{}, view: v}
		for o := range v.All(kind) {
			x.add(o)
		}
		return x, nil
	},
}

// Index holds the policy without a selector of each namespace. It is immutable.
type Index struct {
	policies map[string]policy
	view     *control.View
}

type policy struct {
	object *world.Object
	mode   string
}

// add keeps the oldest policy without a selector of each namespace, as Istio does; an unset mode inherits.
func (x *Index) add(o *world.Object) {
	var s struct {
		Selector metav1.LabelSelector `json:"selector"`
		MTLS     struct {
			Mode string `json:"mode"`
		} `json:"mtls"`
	}
	if o.Decode("spec", &s) != nil || len(s.Selector.MatchLabels) > 0 {
		return
	}
	if have, ok := x.policies[o.Namespace]; ok && !o.Meta.CreationTimestamp.Before(&have.object.Meta.CreationTimestamp) {
		return
	}
	x.policies[o.Namespace] = policy{o, s.MTLS.Mode}
}

// Mode returns the mode that counts for a namespace and the policy that says so, nil when it is the default.
func (x *Index) Mode(namespace string) (mode string, by *world.Object) {
	for _, ns := range [...]string{namespace, Root} {
		if p, ok := x.policies[ns]; ok && p.mode != "" && p.mode != "UNSET" {
			return p.mode, p.object
		}
	}
	return Permissive, nil
}

// Knows returns nil when finding no policy for a namespace proves that there is none: its own and the root namespace's
// policies must have been read.
func (x *Index) Knows(namespace string) error {
	err := x.view.Knows(kind, namespace)
	if err == nil {
		return nil
	}
	return x.view.Knows(kind, Root)
}

// Enrolled says whether a Namespace asks for Istio's sidecars or ambient mode.
func Enrolled(ns *world.Object) bool {
	labels := ns.Meta.Labels
	return labels["istio-injection"] == "enabled" || labels["istio.io/rev"] != "" && labels["istio-injection"] != "disabled" ||
		labels["istio.io/dataplane-mode"] == "ambient"
}
