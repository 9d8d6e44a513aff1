package roles

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/facts/rbac"
	"bulwark/source/audit"
	"bulwark/world"
)

const user = "system:serviceaccount:shop:web"

func event(verb, group, resource, ns, name string) *audit.Event {
	ref := &audit.ObjectRef{APIGroup: group, Resource: resource, Namespace: ns, Name: name}
	ref.Resource, ref.Subresource, _ = strings.Cut(resource, "/")
	return &audit.Event{Stage: "ResponseComplete", Verb: verb, User: audit.User{Username: user}, ObjectRef: ref, ResponseStatus: &audit.Status{Code: 200}}
}

func propose(t *testing.T, o Options, current *rbac.Policy, events ...*audit.Event) *Proposal {
	t.Helper()
	l := NewLog()
	for _, e := range events {
		l.Add(e)
	}
	p, err := l.Propose(user, o, current)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Unmet) > 0 {
		t.Fatalf("not granted: %+v", p.Unmet)
	}
	return p
}

// said writes the rules of a proposal in short.
func said(p *Proposal) string {
	var out []string
	for _, o := range p.Objects {
		switch o := o.(type) {
		case *rbacv1.ClusterRole:
			for i := range o.Rules {
				out = append(out, "*: "+rbac.Phrase(&o.Rules[i]))
			}
		case *rbacv1.Role:
			for i := range o.Rules {
				out = append(out, o.Namespace+": "+rbac.Phrase(&o.Rules[i]))
			}
		}
	}
	return strings.ReplaceAll(strings.Join(out, "; "), `"`, "")
}

func TestPropose(t *testing.T) {
	url := &audit.Event{Stage: "ResponseComplete", Verb: "get", RequestURI: "/metrics?x=1", User: audit.User{Username: user}}
	version := &audit.Event{Stage: "ResponseComplete", Verb: "get", RequestURI: "/version", User: audit.User{Username: user}}
	refused := event("get", "", "secrets", "shop", "db")
	refused.ResponseStatus = &audit.Status{Code: 403, Reason: "Forbidden"}
	early := event("delete", "", "secrets", "shop", "db")
	early.Stage = "RequestReceived"
	as := event("list", "", "pods", "shop", "")
	as.ImpersonatedUser = &audit.User{Username: "bob", Groups: []string{"ops", "system:authenticated"}}
	for name, c := range map[string]struct {
		o      Options
		events []*audit.Event
		want   string
	}{
		"names":             {Options{}, []*audit.Event{event("get", "", "configmaps", "shop", "c"), event("update", "", "configmaps", "shop", "c")}, "shop: get,update on configmaps named c"},
		"made-up names":     {Options{}, []*audit.Event{event("get", "", "pods", "shop", "web-5d9f7b6c4-x7k2p")}, "shop: get on pods"},
		"no names":          {Options{Names: NoNames}, []*audit.Event{event("get", "", "configmaps", "shop", "c")}, "shop: get on configmaps"},
		"create":            {Options{}, []*audit.Event{event("create", "apps", "deployments", "shop", "d")}, "shop: create on deployments.apps"},
		"exec":              {Options{Names: AllNames}, []*audit.Event{event("create", "", "pods/exec", "shop", "p-0")}, "shop: create on pods/exec named p-0"},
		"cluster-wide":      {Options{}, []*audit.Event{event("list", "", "pods", "", ""), event("list", "", "pods", "shop", "")}, "*: list on pods"},
		"merged":            {Options{}, []*audit.Event{event("list", "", "pods", "shop", ""), event("watch", "", "pods", "shop", ""), event("list", "", "services", "shop", ""), event("watch", "", "services", "shop", "")}, "shop: list,watch on pods,services"},
		"widened":           {Options{Widen: 2}, []*audit.Event{event("list", "", "pods", "a", ""), event("list", "", "pods", "b", "")}, "*: list on pods"},
		"not widened":       {Options{}, []*audit.Event{event("list", "", "pods", "a", ""), event("list", "", "pods", "b", "")}, "a: list on pods; b: list on pods"},
		"URLs":              {Options{}, []*audit.Event{url, version}, "*: get on /metrics"},
		"refused":           {Options{}, []*audit.Event{refused}, ""},
		"refused, asked":    {Options{Refused: true}, []*audit.Event{refused}, "shop: get on secrets named db"},
		"not yet ended":     {Options{}, []*audit.Event{early, event("list", "", "pods", "shop", "")}, "shop: list on pods"},
		"acting as another": {Options{}, []*audit.Event{as}, "*: impersonate on groups named ops; *: impersonate on users named bob"},
	} {
		if got := said(propose(t, c.o, nil, c.events...)); got != c.want {
			t.Errorf("%s: %s\nwant %s", name, got, c.want)
		}
	}
}

// TestEveryNeedIsMet: whatever a log holds, the proposal allows all of it, and
// with names always kept there is no right in it that no request used.
func TestEveryNeedIsMet(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	for range 300 {
		l := NewLog()
		for range 1 + r.IntN(40) {
			e := event(pick("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"), pick("", "apps"), pick("pods", "secrets", "namespaces", "pods/log", "deployments"),
				pick("", "a", "b", "c"), pick("x", "y", "web-5d9f7b6c4-x7k2p", "z.1"))
			e.RequestURI = pick("/", "/?fieldSelector=metadata.name%3Dx")
			l.Add(e)
		}
		for _, o := range []Options{{}, {Names: AllNames}, {Names: NoNames, Widen: 2}} {
			p, err := l.Propose(user, o, nil)
			if err != nil || len(p.Unmet) > 0 {
				t.Fatalf("%v: %+v of %s", err, p.Unmet, said(p))
			}
			if o.Names == AllNames {
				wantNoneIdle(t, p)
			}
		}
	}
}

// wantNoneIdle checks that each single right of each role is used by a request.
func wantNoneIdle(t *testing.T, p *Proposal) {
	t.Helper()
	for _, o := range p.Objects {
		var granted []rbacv1.PolicyRule
		ns := ""
		switch o := o.(type) {
		case *rbacv1.ClusterRole:
			granted = o.Rules
		case *rbacv1.Role:
			granted, ns = o.Rules, o.Namespace
		}
		for _, rule := range granted {
			for _, verb := range rule.Verbs {
				for _, resource := range rule.Resources {
					one := rule
					one.Verbs, one.Resources = []string{verb}, []string{resource}
					used := false
					for _, n := range p.Needs {
						used = used || (ns == "" || n.Namespace == ns) && rbac.Matches(&one, &n.Request)
					}
					if !used {
						t.Fatalf("idle: %s in %q of %s", rbac.Phrase(&one), ns, said(p))
					}
				}
			}
		}
	}
}

func TestWhatIsLost(t *testing.T) {
	b := &world.Builder{Completeness: world.Complete}
	for _, d := range world.Docs(world.Doc{File: "rbac.yaml", Text: `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: wide, namespace: shop}
rules: [{apiGroups: [""], resources: [pods, secrets], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: wide, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: wide}
subjects: [{kind: ServiceAccount, name: web, namespace: shop}]
`}) {
		b.AddDoc(d)
	}
	current, err := rbac.Of.In(b.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	p := propose(t, Options{}, current, event("list", "", "pods", "shop", ""))
	var out bytes.Buffer
	if err := p.WriteYAML(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# Replaces: RoleBinding shop/wide", "get on pods", "get on secrets", "list on secrets", "kind: RoleBinding", "  - list\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "list on pods\n") {
		t.Errorf("what is granted is not lost:\n%s", out.String())
	}
}

func TestBounds(t *testing.T) {
	l := NewLog()
	for i := range MaxNeeds + 5 {
		l.Add(event("get", "", "pods", "a", fmt.Sprint("p", i)))
	}
	if l.Dropped != 5 {
		t.Errorf("dropped %d", l.Dropped)
	}
	if _, err := l.Propose("nobody", Options{}, nil); err == nil {
		t.Error("an unknown user is an error")
	}
}
