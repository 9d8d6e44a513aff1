package reach

import (
	"testing"

	"bulwark/world"
)

// modelOf derives the model of a text of YAML documents.
func modelOf(t testing.TB, completeness world.Completeness, text string) *Model {
	t.Helper()
	b := &world.Builder{Completeness: completeness}
	for _, d := range world.Docs(world.Doc{File: "test.yaml", Text: text}) {
		b.AddDoc(d)
	}
	snap := b.Snapshot()
	for _, g := range snap.Gaps() {
		t.Fatalf("reading the fixture: %v", g.Why)
	}
	m, err := Fact.In(snap)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// class finds a class by its name.
func class(t testing.TB, m *Model, name string) *Class {
	t.Helper()
	for _, c := range m.Classes() {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no class %q among %v", name, m.Classes())
	return nil
}

func pods(t testing.TB, m *Model, name string) Endpoint { return m.Pods(class(t, m, name)) }

func TestSmoke(t *testing.T) {
	m := modelOf(t, world.Complete, `
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: x, labels: {app: a}}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: x, labels: {app: b}}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: x}
spec:
  podSelector: {matchLabels: {app: b}}
  ingress: [{ports: [{port: 80}]}]
`)
	for port, want := range map[int32]Verdict{80: Allowed, 81: Denied} {
		a := m.Decide(pods(t, m, "x/a"), pods(t, m, "x/b"), "TCP", port)
		if a.Verdict != want {
			t.Errorf("port %d: %v, want %v: %+v", port, a.Verdict, want, a)
		}
		if v := m.Pairs("TCP", port).Verdict(0, 1); v != want {
			t.Errorf("pairs: port %d: %v, want %v", port, v, want)
		}
	}
}
