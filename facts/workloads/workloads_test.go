package workloads_test

import (
	"context"
	"testing"

	"bulwark/control"
	"bulwark/facts/workloads"
	"bulwark/internal/ytree"
	"bulwark/world"
)

const input = `apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: a}
spec:
  replicas: 4
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers: [{name: app, image: x}]
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: canary, namespace: a}
spec:
  replicas: 3
  template:
    metadata: {labels: {app: canary}}
    spec:
      containers: [{name: app, image: x}]
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: shop, namespace: a}
spec:
  scaleTargetRef: {name: shop}
---
apiVersion: autoscaling/v2beta1
kind: HorizontalPodAutoscaler
metadata: {name: canary, namespace: a}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Rollout, name: canary}
  minReplicas: 2
  maxReplicas: 9
---
apiVersion: policy/v1beta1
kind: PodDisruptionBudget
metadata: {name: old, namespace: a}
spec: {selector: {}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: new, namespace: a}
spec: {selector: {}}
---
apiVersion: v1
kind: Service
metadata: {name: shop, namespace: a, annotations: {external-dns.alpha.kubernetes.io/hostname: "Shop.example.com , b.example.com"}}
spec: {selector: {app: shop}}
---
apiVersion: v1
kind: Service
metadata: {name: twin, namespace: a, annotations: {external-dns.alpha.kubernetes.io/hostname: shop.example.com}}
spec: {selector: {app: shop}}
---
apiVersion: v1
kind: Service
metadata: {name: manual, namespace: a}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: probe}
`

// inventory gives f the inventory of input and a way to find its objects.
func inventory(t *testing.T, f func(inv *workloads.Inventory, get func(groupKind, name string) *world.Object)) {
	t.Helper()
	b := &world.Builder{}
	for _, s := range ytree.Split(input) {
		b.AddDoc(&world.Doc{File: "in.yaml", Text: input, Start: s.Start, End: s.End})
	}
	snap := b.Snapshot()
	get := func(groupKind, name string) *world.Object {
		for o := range snap.All(groupKind) {
			if o.Name == name {
				return o
			}
		}
		t.Fatalf("no %s %s", groupKind, name)
		return nil
	}
	asked := false
	probe := &control.Control{
		ID: "BW0000", Kinds: []string{"ConfigMap"}, Requires: []control.AnyFact{workloads.Fact},
		Check: func(p *control.Pass) error {
			inv, err := workloads.Fact.Of(p)
			if err == nil {
				asked = true
				f(inv, get)
			}
			return err
		},
	}
	err := control.Run(context.Background(), snap, control.Options{Controls: []*control.Control{probe}, Strict: true},
		func(*control.Verdicts) error { return nil })
	if err != nil || !asked {
		t.Fatalf("the fact was not derived: %v", err)
	}
}

func TestCount(t *testing.T) {
	inventory(t, func(inv *workloads.Inventory, get func(string, string) *world.Object) {
		shop := inv.Of(get("Deployment.apps", "shop"))[0]
		if shop.Scaler == nil || shop.Count() != 0 {
			t.Errorf("a ScaledObject without floor scales to zero, got %d", shop.Count())
		}
		canary := inv.Of(get("Rollout.argoproj.io", "canary"))[0]
		if canary.Replicas == nil || *canary.Replicas != 3 {
			t.Errorf("replicas of a custom resource: %v", canary.Replicas)
		}
		if canary.Scaler != nil || canary.Count() != 3 {
			t.Errorf("an autoscaler that names another API group does not target it: %d", canary.Count())
		}
		if s := inv.Scaler(get("HorizontalPodAutoscaler.autoscaling", "canary")); s == nil || s.Workload != nil || s.Floor() != 2 || s.Max != 9 {
			t.Errorf("an autoscaler of a version that is gone must be read: %+v", s)
		}
	})
}

func TestEmptySelectorOfABudget(t *testing.T) {
	inventory(t, func(inv *workloads.Inventory, get func(string, string) *world.Object) {
		for name, want := range map[string]int{"old": 0, "new": 2} {
			if got := inv.Budget(get("PodDisruptionBudget.policy", name)); len(got.Workloads) != want {
				t.Errorf("budget %s selects %d workloads, want %d", name, len(got.Workloads), want)
			}
		}
	})
}

func TestServices(t *testing.T) {
	inventory(t, func(inv *workloads.Inventory, get func(string, string) *world.Object) {
		shop := inv.Named("a", "shop")
		if shop == nil || len(shop.Workloads) != 1 || len(inv.Of(get("Deployment.apps", "shop"))[0].Services) != 2 {
			t.Fatalf("Services and workloads are not joined: %+v", shop)
		}
		if twins := inv.SameSelector(shop); len(twins) != 1 || twins[0].Object.Name != "twin" {
			t.Errorf("SameSelector = %v", twins)
		}
		if twins := inv.SameHost(shop, "shop.example.com"); len(twins) != 1 || twins[0].Object.Name != "twin" {
			t.Errorf("SameHost = %v", twins)
		}
		if manual := inv.Service(get("Service", "manual")); manual.Selects() || len(manual.Workloads) != 0 {
			t.Errorf("a Service without selector selects %v", manual.Workloads)
		}
		if inv.KnowsServices("a") != nil || inv.KnowsServices("b") == nil {
			t.Error("absence is known where Services were read, and only there")
		}
	})
}
