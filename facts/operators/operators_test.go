package operators_test

import (
	"testing"

	"bulwark/control/controltest"
	"bulwark/facts/operators"
	"bulwark/world"
)

// TestIn: a resource counts in its own namespace, by group as well as by kind, and not where its template shows the pods.
func TestIn(t *testing.T) {
	x, err := operators.Fact.In(controltest.Snapshot(t, world.Auto, `apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: main, namespace: watch}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: db, namespace: shop}
---
apiVersion: cluster.x-k8s.io/v1beta1
kind: Cluster
metadata: {name: fleet, namespace: fleet}
---
apiVersion: v1
kind: Service
metadata: {name: plain, namespace: plain}
---
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: function, namespace: seen}
spec: {template: {spec: {containers: [{name: a, image: b}]}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	for namespace, want := range map[string]string{"watch": "main", "shop": "db", "fleet": "", "plain": "", "seen": "", "": ""} {
		got := ""
		if o := x.In(namespace); o != nil {
			got = o.Name
		}
		if got != want {
			t.Errorf("in namespace %q: %q, want %q", namespace, got, want)
		}
	}
}
