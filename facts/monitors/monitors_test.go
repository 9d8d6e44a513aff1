package monitors_test

import (
	"testing"

	"bulwark/control/controltest"
	"bulwark/facts/monitors"
	"bulwark/world"
)

const services = `apiVersion: v1
kind: Service
metadata: {name: shop, namespace: a, labels: {app: shop, tier: web}}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: b, labels: {app: db}}
`

func TestMatches(t *testing.T) {
	for _, tt := range []struct {
		name, spec string
		scope      world.Completeness
		none       bool // the input has no Services
		want       bool
		unknown    bool
	}{
		{name: "own namespace", spec: "{selector: {matchLabels: {app: shop}}}", want: true},
		{name: "own namespace only", spec: "{selector: {matchLabels: {app: db}}}"},
		{name: "everything", spec: "{selector: {}}", want: true},
		{name: "expression", spec: "{selector: {matchExpressions: [{key: tier, operator: NotIn, values: [web]}]}}"},
		{name: "named namespace", spec: "{selector: {matchLabels: {app: db}}, namespaceSelector: {matchNames: [b]}}", want: true},
		{name: "named, and not its own", spec: "{selector: {matchLabels: {app: shop}}, namespaceSelector: {matchNames: [b]}}"},
		{name: "any namespace", spec: "{selector: {matchLabels: {app: db}}, namespaceSelector: {any: true}}", want: true},
		{name: "any namespace, none matches", spec: "{selector: {matchLabels: {app: web}}, namespaceSelector: {any: true}}"},
		{name: "a namespace that was not read", spec: "{selector: {}, namespaceSelector: {matchNames: [c]}}", unknown: true},
		{name: "an empty namespace", spec: "{selector: {}, namespaceSelector: {matchNames: [c]}}", scope: world.Complete},
		{name: "part of a namespace", spec: "{selector: {matchLabels: {app: db}}}", scope: world.Partial, unknown: true},
		{name: "any namespace, no Services", spec: "{selector: {}, namespaceSelector: {any: true}}", none: true, unknown: true},
		{name: "any namespace, really no Services", spec: "{selector: {}, namespaceSelector: {any: true}}", none: true, scope: world.Complete},
		{name: "bad selector", spec: "{selector: {matchExpressions: [{key: tier, operator: Near}]}}", unknown: true},
		{name: "wrong type", spec: "{selector: 3}", unknown: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := services
			if tt.none {
				text = ""
			}
			s, err := monitors.Fact.In(controltest.Snapshot(t, tt.scope, text))
			if err != nil {
				t.Fatal(err)
			}
			monitor := controltest.Only(t, "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: m, namespace: a}\nspec: "+tt.spec+"\n")
			got, err := s.Matches(monitor)
			if got != tt.want || (err != nil) != tt.unknown {
				t.Errorf("got %v, %v; want %v, unknown %v", got, err, tt.want, tt.unknown)
			}
		})
	}
}
