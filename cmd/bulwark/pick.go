package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"bulwark/facts/selection"
	"bulwark/world"
)

// topWorkloads returns what makes pods, without what another object of the snapshot makes: no ReplicaSets of Deployments
// and no pods of either. They are ordered by namespace, kind and name.
func topWorkloads(snap *world.Snapshot) []*world.Object {
	var top []*world.Object
	for o := range snap.All("pods") {
		if o.Kind != "PodTemplate" && !owned(snap, o) {
			top = append(top, o)
		}
	}
	slices.SortStableFunc(top, func(a, b *world.Object) int { return a.Ref.Compare(b.Ref) })
	return top
}

func owned(snap *world.Snapshot, o *world.Object) bool {
	c := metav1.GetControllerOfNoCopy(o.Meta)
	return c != nil && snap.Get(world.Ref{Group: world.Group(c.APIVersion), Kind: c.Kind, Namespace: o.Namespace, Name: c.Name}) != nil
}

// pickWorkload finds the one workload that people mean by NAME, NAMESPACE/NAME, KIND/NAME or KIND/NAMESPACE/NAME. A Service
// stands for the workload behind it.
func pickWorkload(snap *world.Snapshot, text string) (*world.Object, error) {
	var found []*world.Object
	for _, o := range topWorkloads(snap) {
		if named(o, text) {
			found = append(found, o)
		}
	}
	if len(found) == 0 {
		for o := range snap.All("Service") {
			if named(o, text) {
				found = append(found, behind(snap, o)...)
			}
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("the input holds no workload %q: give its NAME, NAMESPACE/NAME or KIND/NAMESPACE/NAME%s", text, lookAlikes(snap, text))
	case 1:
		return found[0], nil
	}
	var names []string
	for _, o := range found[:min(len(found), 5)] {
		names = append(names, strings.ToLower(o.Kind)+"/"+o.Namespace+"/"+o.Name)
	}
	return nil, fmt.Errorf("%q may be any of %d workloads, such as %s: name one of them", text, len(found), strings.Join(names, ", "))
}

// lookAlikes names a few workloads whose names begin like one that nothing has.
func lookAlikes(snap *world.Snapshot, text string) string {
	const alike = 3 // letters
	if _, err := os.Stat(text); err == nil {
		return "; what to look at is named with -i, as in -i " + text
	}
	last := text[strings.LastIndexAny(text, "/:")+1:]
	var near []string
	for _, o := range topWorkloads(snap) {
		if name := o.Namespace + "/" + o.Name; o.Name == last || len(last) >= alike && strings.HasPrefix(o.Name, last[:alike]) {
			near = append(near, name)
		}
	}
	if len(near) == 0 {
		return ""
	}
	return "; there is " + someOf(near, alike)
}

// named says whether text means an object; NAMESPACE/KIND/NAME and KIND:NAMESPACE/NAME, which other commands take, are
// understood too.
func named(o *world.Object, text string) bool {
	parts := strings.Split(strings.Replace(text, ":", "/", 1), "/")
	if parts[len(parts)-1] != o.Name {
		return false
	}
	switch len(parts) {
	case 1:
		return true
	case 2:
		return parts[0] == o.Namespace || strings.EqualFold(parts[0], o.Kind)
	case 3:
		return strings.EqualFold(parts[0], o.Kind) && parts[1] == o.Namespace || strings.EqualFold(parts[1], o.Kind) && parts[0] == o.Namespace
	}
	return false
}

// behind returns the workloads that a Service selects.
func behind(snap *world.Snapshot, o *world.Object) []*world.Object {
	svc, ok := o.Typed.(*corev1.Service)
	if !ok {
		return nil
	}
	sel := selection.Equal(svc.Spec.Selector)
	var found []*world.Object
	for _, w := range topWorkloads(snap) {
		for t := range w.Pods {
			if w.Namespace == o.Namespace && t.Meta != nil && sel.Matches(labels.Set(t.Meta.Labels)) {
				found = append(found, w)
			}
		}
	}
	return found
}
