// Package netpolicies answers which policy isolates pods that are given by their labels. It asks package reach, which
// reads policies of every kind.
package netpolicies

import (
	"k8s.io/apimachinery/pkg/labels"

	"bulwark/control"
	"bulwark/facts/reach"
	"bulwark/world"
)

// Direction of traffic, seen from the pod.
type Direction = reach.Direction

// Directions.
const (
	Ingress = reach.Ingress
	Egress  = reach.Egress
)

// Fact is the index of all policies of the snapshot.
var Fact = &control.Fact[*Index]{
	Name:     "network policies",
	Doc:      "Which network policies select a pod, and in which directions they isolate it.",
	Requires: []control.AnyFact{reach.Fact},
	Partial:  true,
	Derive: func(v *control.View) (*Index, error) {
		m, err := reach.Fact.Of(v)
		return &Index{m}, err
	},
}

// Index answers from a model of the network.
type Index struct{ m *reach.Model }

// ErrUndecided is the reason of an answer that rests on a policy which cannot be judged without more knowledge.
var ErrUndecided = reach.ErrUndecided

// Isolates is reach.Model.IsolatedBy for pods with these labels.
func (x *Index) Isolates(namespace string, pod labels.Set, d Direction) (*world.Object, error) {
	return x.m.IsolatedBy(reach.StandIn(namespace, pod), d)
}

// DefaultDeny is reach.Model.DefaultDeny.
func (x *Index) DefaultDeny(namespace string, d Direction) (*world.Object, error) {
	return x.m.DefaultDeny(namespace, d)
}

// Any is reach.Model.AnyPolicy.
func (x *Index) Any(namespace string) (*world.Object, error) { return x.m.AnyPolicy(namespace) }
