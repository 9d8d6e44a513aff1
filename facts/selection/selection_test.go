package selection_test

import (
	"context"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/control"
	"bulwark/facts/selection"
	"bulwark/internal/ytree"
	"bulwark/world"
)

const input = `apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: a, labels: {app: object}}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop, tier: web}}
    spec:
      containers: [{name: app, image: x}]
---
apiVersion: v1
kind: Pod
metadata:
  name: shop-1
  namespace: a
  labels: {app: shop}
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: shop, uid: "1", controller: true}]
spec:
  containers: [{name: app, image: x}]
---
apiVersion: v1
kind: Pod
metadata: {name: shop, namespace: b, labels: {app: shop}}
spec:
  containers: [{name: app, image: x}]
---
apiVersion: v1
kind: PodTemplate
metadata: {name: unused, namespace: a}
template:
  metadata: {labels: {app: shop}}
  spec:
    containers: [{name: app, image: x}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: probe}
`

// ask runs f with the index of the snapshot of input.
func ask(t *testing.T, f func(*selection.Index)) {
	t.Helper()
	b := &world.Builder{}
	for _, s := range ytree.Split(input) {
		b.AddDoc(&world.Doc{File: "in.yaml", Text: input, Start: s.Start, End: s.End})
	}
	asked := false
	probe := &control.Control{
		ID: "BW0000", Kinds: []string{"ConfigMap"}, Requires: []control.AnyFact{selection.Pods},
		Check: func(p *control.Pass) error {
			x, err := selection.Pods.Of(p)
			if err == nil {
				asked = true
				f(x)
			}
			return err
		},
	}
	err := control.Run(context.Background(), b.Snapshot(), control.Options{Controls: []*control.Control{probe}, Strict: true},
		func(*control.Verdicts) error { return nil })
	if err != nil || !asked {
		t.Fatalf("the fact was not derived: %v", err)
	}
}

func names(targets []selection.Target) []string {
	var all []string
	for _, t := range targets {
		all = append(all, t.Object.Ref.String())
	}
	return all
}

func TestMatch(t *testing.T) {
	ask(t, func(x *selection.Index) {
		for _, tt := range []struct {
			name      string
			namespace string
			selector  *metav1.LabelSelector
			want      int
		}{
			{"labels of pods, not of the object", "a", &metav1.LabelSelector{MatchLabels: map[string]string{"app": "object"}}, 0},
			{"own namespace only", "a", &metav1.LabelSelector{MatchLabels: map[string]string{"app": "shop"}}, 2},
			{"expressions", "a", &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "tier", Operator: metav1.LabelSelectorOpExists}}}, 1},
			{"empty matches everything", "b", &metav1.LabelSelector{}, 1},
			{"nil matches nothing", "b", nil, 0},
			{"unknown namespace", "c", &metav1.LabelSelector{}, 0},
		} {
			sel, err := selection.Selector(tt.selector)
			if err != nil {
				t.Fatal(err)
			}
			if got := x.Match(tt.namespace, sel); len(got) != tt.want {
				t.Errorf("%s: matched %v, want %d", tt.name, names(got), tt.want)
			}
		}
		if got := x.Match("b", selection.Equal(nil)); len(got) != 0 {
			t.Errorf("the empty selector of a Service matched %v", names(got))
		}
	})
}

func TestTargets(t *testing.T) {
	ask(t, func(x *selection.Index) {
		in := x.In("a")
		if len(in) != 2 {
			t.Fatalf("targets of namespace a: %v; a PodTemplate is no workload", names(in))
		}
		for _, target := range in {
			if want := target.Object.Kind == "Pod"; target.Owned != want {
				t.Errorf("%s: Owned = %v", target.Object.Ref, target.Owned)
			}
		}
	})
}

func TestKnows(t *testing.T) {
	ask(t, func(x *selection.Index) {
		if err := x.Knows("a"); err != nil {
			t.Errorf("the input holds workloads of a: %v", err)
		}
		if x.Knows("c") == nil {
			t.Error("nothing was read of c: absence proves nothing")
		}
	})
}

func TestSelectorRefusesBadExpressions(t *testing.T) {
	_, err := selection.Selector(&metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Like"}}})
	if err == nil {
		t.Error("an unknown operator must be an error")
	}
}
