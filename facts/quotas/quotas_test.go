package quotas_test

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/quotas"
	"bulwark/internal/ytree"
	"bulwark/world"
)

const input = `apiVersion: v1
kind: LimitRange
metadata: {name: l, namespace: shop}
spec:
  limits:
  - type: Pod
    max: {cpu: "4"}
  - type: Container
    max: {memory: 1Gi}
    min: {cpu: 10m}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: probe, namespace: shop}
`

// ask runs f with the fact of the snapshot of text.
func ask(t *testing.T, text string, scope world.Completeness, f func(*quotas.ByNamespace)) {
	t.Helper()
	b := &world.Builder{Completeness: scope}
	for _, s := range ytree.Split(text) {
		b.AddDoc(&world.Doc{File: "in.yaml", Text: text, Start: s.Start, End: s.End})
	}
	asked := false
	probe := &control.Control{
		ID: "BW0000", Kinds: []string{"ConfigMap"}, Requires: []control.AnyFact{quotas.Fact},
		Check: func(p *control.Pass) error {
			n, err := quotas.Fact.Of(p)
			if err == nil {
				asked = true
				f(n)
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

func TestDefaultsAreFilledAsTheAPIServerDoes(t *testing.T) {
	ask(t, input, world.Auto, func(n *quotas.ByNamespace) {
		for _, tt := range []struct {
			name            corev1.ResourceName
			limit, requests bool
		}{
			{corev1.ResourceMemory, true, true}, // from the maximum
			{corev1.ResourceCPU, false, true},   // from the minimum; the maximum is of pods
			{corev1.ResourceEphemeralStorage, false, false},
		} {
			if got := n.Limit("shop", tt.name); got != tt.limit {
				t.Errorf("Limit(%s) = %v", tt.name, got)
			}
			if got := n.Request("shop", tt.name); got != tt.requests {
				t.Errorf("Request(%s) = %v", tt.name, got)
			}
		}
		if n.Limit("other", corev1.ResourceMemory) {
			t.Error("a LimitRange counts only in its own namespace")
		}
	})
}

func TestAbsenceNeedsKnowledge(t *testing.T) {
	ask(t, input, world.Auto, func(n *quotas.ByNamespace) {
		if has, err := n.HasLimitRange("shop"); !has || err != nil {
			t.Errorf("HasLimitRange = %v, %v", has, err)
		}
		if has, err := n.HasQuota("shop"); has || err == nil {
			t.Errorf("without any quota in the input HasQuota must say that it does not know, got %v, %v", has, err)
		}
	})
	ask(t, input, world.Complete, func(n *quotas.ByNamespace) {
		if has, err := n.HasQuota("shop"); has || err != nil {
			t.Errorf("a complete input proves the absence, got %v, %v", has, err)
		}
	})
}
