package policies

import (
	"bytes"
	"strings"
	"testing"

	"bulwark/facts/reach"
	"bulwark/facts/relations"
	"bulwark/source/flows"
	"bulwark/world"
)

const shop = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: data}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, pod-template-hash: abc}}
    spec:
      containers:
      - name: web
        image: web
        ports: [{name: http, containerPort: 8080}]
        env:
        - {name: DATABASE_URL, value: "postgres://u:p@db.data:5432/shop"}
        - {name: PAY_URL, value: "https://api.pay.example.com/v1"}
        - {name: CACHE_HOST, value: cache}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: idle, namespace: shop}
spec:
  selector: {matchLabels: {app: idle}}
  template:
    metadata: {labels: {app: idle}}
    spec: {containers: [{name: idle, image: idle}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: data}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: postgres, ports: [{name: pg, containerPort: 5433}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: data}
spec: {selector: {app: db}, ports: [{port: 5432, targetPort: pg}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}
`

func snapshot(t *testing.T, text string) *world.Snapshot {
	t.Helper()
	b := &world.Builder{Completeness: world.Complete}
	for _, d := range world.Docs(world.Doc{File: "shop.yaml", Text: text}) {
		b.AddDoc(d)
	}
	return b.Snapshot()
}

func proposal(t *testing.T, snap *world.Snapshot, more ...relations.Relation) *Proposal {
	t.Helper()
	rel, err := relations.Fact.In(snap)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Propose(snap, append(more, rel.List...), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// with returns the network once the proposal is applied.
func with(t *testing.T, snap *world.Snapshot, p *Proposal) *reach.Model {
	t.Helper()
	var out bytes.Buffer
	if err := p.WriteYAML(&out); err != nil {
		t.Fatal(err)
	}
	b := snap.Rebuild(func(*world.Object) bool { return true })
	for _, d := range world.Docs(world.Doc{File: "policies.yaml", Text: out.String()}) {
		b.AddDoc(d)
	}
	applied := b.Snapshot()
	for _, o := range applied.Slice() {
		if len(o.Problems) > 0 {
			t.Fatalf("%s: %v", o.Ref, o.Problems)
		}
	}
	m, err := reach.Fact.In(applied)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func workload(t *testing.T, m *reach.Model, snap *world.Snapshot, kind, namespace, name string) reach.Endpoint {
	t.Helper()
	e, ok := m.Workload(snap.Get(world.Ref{Group: "apps", Kind: kind, Namespace: namespace, Name: name}))
	if !ok {
		t.Fatalf("no %s %s/%s", kind, namespace, name)
	}
	return e
}

// TestPropose applies what is written and asks the network: needs get through, nothing else does.
func TestPropose(t *testing.T) {
	snap := snapshot(t, shop)
	p := proposal(t, snap)
	if len(p.Unmet) > 0 {
		t.Fatalf("not met: %+v", p.Unmet)
	}
	m := with(t, snap, p)
	web, db, idle := workload(t, m, snap, "Deployment", "shop", "web"), workload(t, m, snap, "StatefulSet", "data", "db"), workload(t, m, snap, "Deployment", "shop", "idle")
	for _, c := range []struct {
		what     string
		from, to reach.Endpoint
		port     int32
		want     reach.Verdict
	}{
		{"the database, on the pod's port", web, db, 5433, reach.Allowed},
		{"not on the Service's", web, db, 5432, reach.Denied},
		{"nobody else", idle, db, 5433, reach.Denied},
		{"not back", db, web, 8080, reach.Denied},
		{"https outside", web, m.TheInternet(), 443, reach.Allowed},
		{"nothing else outside", web, m.TheInternet(), 80, reach.Denied},
		{"no metadata", web, m.MetadataService(), 80, reach.Denied},
		{"idle is idle", idle, m.TheInternet(), 443, reach.Denied},
		{"and cannot be reached", web, idle, 80, reach.Denied},
	} {
		if got := m.Decide(c.from, c.to, "TCP", c.port); got.Verdict != c.want {
			t.Errorf("%s: %s, want %s: %+v", c.what, got.Verdict, c.want, got)
		}
	}
	if p.Before.Pairs != 6 || p.After.Pairs != 1 || p.After.Metadata != 0 {
		t.Errorf("before %+v, after %+v", p.Before, p.After)
	}
}

func TestReasons(t *testing.T) {
	var out bytes.Buffer
	if err := proposal(t, snapshot(t, shop)).WriteYAML(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`# variable DATABASE_URL of container "web" names "db.data" (shop.yaml:23)`, `# Ingress "web" leads to Service "web" (shop.yaml:`, "name: default-deny\n  namespace: data", "name: allow-dns",
		"kubernetes.io/metadata.name: data",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "pod-template-hash") {
		t.Error("labels of one release are no selector")
	}
}

func TestUnclear(t *testing.T) {
	rel, err := relations.Fact.In(snapshot(t, shop))
	if err != nil {
		t.Fatal(err)
	}
	if len(rel.Unclear) != 1 || !strings.Contains(rel.Unclear[0].Why, `"cache"`) {
		t.Errorf("%+v", rel.Unclear)
	}
}

func TestObserved(t *testing.T) {
	snap := snapshot(t, shop)
	seen := new(Observed)
	stats, err := flows.Read(strings.NewReader(`
{"flow":{"verdict":"FORWARDED","is_reply":false,"IP":{"source":"10.0.0.1","destination":"10.0.0.2"},"l4":{"TCP":{"source_port":40000,"destination_port":9999}},"source":{"namespace":"shop","pod_name":"idle-1","workloads":[{"name":"idle","kind":"Deployment"}]},"destination":{"namespace":"shop","pod_name":"web-1","workloads":[{"name":"web","kind":"Deployment"}]}}}
{"flow":{"verdict":"FORWARDED","is_reply":true,"l4":{"TCP":{"destination_port":40000}},"source":{"namespace":"shop"},"destination":{"namespace":"shop"}}}
{"flow":{"verdict":"DROPPED","l4":{"TCP":{"destination_port":1}},"source":{"namespace":"shop"},"destination":{"namespace":"shop"}}}
{"flow":{"verdict":"FORWARDED","IP":{"destination":"192.0.2.7"},"l4":{"UDP":{"destination_port":123}},"source":{"namespace":"data","pod_name":"db-0","workloads":[{"name":"db","kind":"StatefulSet"}]},"destination":{"labels":["reserved:world"]}}}
nonsense
`), seen.Add)
	if err != nil || stats.Flows != 2 || stats.Other != 2 || stats.Skipped != 1 {
		t.Fatalf("%+v %v", stats, err)
	}
	p := proposal(t, snap, seen.Needs(snap)...)
	if len(p.Unmet) > 0 {
		t.Fatalf("not met: %+v", p.Unmet)
	}
	m := with(t, snap, p)
	idle, web, db := workload(t, m, snap, "Deployment", "shop", "idle"), workload(t, m, snap, "Deployment", "shop", "web"), workload(t, m, snap, "StatefulSet", "data", "db")
	if m.Decide(idle, web, "TCP", 9999).Verdict != reach.Allowed || m.Decide(web, idle, "TCP", 9999).Verdict != reach.Denied {
		t.Error("what was seen is allowed, the other way is not")
	}
	if _, err := flows.Read(strings.NewReader("{}"), seen.Add); err == nil {
		t.Error("no flow is an error")
	}
	if m.Decide(db, m.TheInternet(), "UDP", 123).Verdict == reach.Denied {
		t.Error("one address of the internet is allowed")
	}
}

// TestBlocked: a policy that is already there and denies by its tier wins, and that is said.
func TestBlocked(t *testing.T) {
	p := proposal(t, snapshot(t, shop+`
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: no}
spec:
  priority: 1
  subject: {namespaces: {matchLabels: {kubernetes.io/metadata.name: data}}}
  ingress: [{action: Deny, from: [{namespaces: {}}]}]
`))
	if len(p.Unmet) != 1 || !strings.Contains(p.Unmet[0].Why, "DATABASE_URL") {
		t.Errorf("%+v", p.Unmet)
	}
}
