// Package selection answers which pods a label selector matches: pods that
// exist and pods that workloads will make of their templates.
package selection

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"bulwark/control"
	"bulwark/world"
)

// workloadKinds are the built-in kinds that carry pods; where one of them was
// read, the workloads of its namespace are taken to have been read.
var workloadKinds = []string{
	"Pod", "Deployment.apps", "StatefulSet.apps", "DaemonSet.apps", "ReplicaSet.apps",
	"ReplicationController", "Job.batch", "CronJob.batch",
}

// Target is one pod template that selectors are matched against.
type Target struct {
	Object *world.Object
	Pod    *world.PodTemplate
	Labels labels.Set // of the pods, not of the object that makes them
	Owned  bool       // made by a controller that is likely to be a target too
}

// Pods is the index of all pods and pod templates by namespace.
var Pods = &control.Fact[*Index]{
	Name:  "selection",
	Doc:   "Pods and pod templates by namespace, for matching label selectors.",
	Kinds: append([]string{control.Pods}, workloadKinds...),
	Derive: func(v *control.View) (*Index, error) {
		x := &Index{byNamespace: map[string][]Target{}}
		for o := range v.All(control.Pods) {
			if o.GroupKind() != "PodTemplate" {
				x.add(o)
			}
		}
		x.absence = absenceOf(v)
		return x, nil
	},
}

// Index holds targets by namespace. It is immutable.
type Index struct {
	byNamespace map[string][]Target
	absence     func(namespace string) error
}

func (x *Index) add(o *world.Object) {
	for t := range o.Pods {
		var set labels.Set
		if t.Meta != nil {
			set = t.Meta.Labels
		}
		x.byNamespace[o.Namespace] = append(x.byNamespace[o.Namespace], Target{
			Object: o, Pod: t, Labels: set, Owned: metav1.GetControllerOfNoCopy(o.Meta) != nil,
		})
	}
}

// In returns all targets of a namespace; the slice must not be changed.
func (x *Index) In(namespace string) []Target { return x.byNamespace[namespace] }

// Match returns the targets of a namespace that a selector matches.
func (x *Index) Match(namespace string, s labels.Selector) []Target {
	if s.Empty() {
		return x.byNamespace[namespace]
	}
	var found []Target
	for _, t := range x.byNamespace[namespace] {
		if s.Matches(t.Labels) {
			found = append(found, t)
		}
	}
	return found
}

// Knows returns nil when matching nothing in a namespace proves that there is
// no such workload, and otherwise why it does not.
func (x *Index) Knows(namespace string) error { return x.absence(namespace) }

// absenceOf answers Knows from whichever workload kind was read in the namespace.
func absenceOf(v *control.View) func(string) error {
	return func(namespace string) error {
		var why error
		for _, kind := range workloadKinds {
			err := v.Knows(kind, namespace)
			if err == nil {
				return nil
			}
			if why == nil {
				why = err
			}
		}
		return why
	}
}

// Selector reads a LabelSelector as the API server does: nil matches nothing
// and an empty one matches everything.
func Selector(s *metav1.LabelSelector) (labels.Selector, error) {
	sel, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return nil, fmt.Errorf("reading a label selector: %w", err)
	}
	return sel, nil
}

// Equal returns the selector of a plain label map, as Services have it; an
// empty map matches nothing.
func Equal(set map[string]string) labels.Selector {
	if len(set) == 0 {
		return labels.Nothing()
	}
	return labels.SelectorFromSet(set)
}
