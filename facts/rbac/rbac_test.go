package rbac

import (
	"context"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/control"
	"bulwark/internal/ytree"
	"bulwark/world"
)

// policyOf derives the fact from manifests, as a control would be given it.
func policyOf(t *testing.T, text string) *Policy {
	t.Helper()
	b := new(world.Builder)
	for _, s := range ytree.Split(text) {
		b.AddDoc(&world.Doc{File: "x.yaml", Text: text, Start: s.Start, End: s.End})
	}
	b.Add(world.NewObject("v1", "ConfigMap", nil, world.Declared))
	snap := b.Snapshot()
	var p *Policy
	probe := &control.Control{ID: "BW0000", Kinds: []string{control.AnyKind}, Requires: []control.AnyFact{Of}}
	probe.Check = func(pass *control.Pass) (err error) {
		p, err = Of.Of(pass)
		return err
	}
	opts := control.Options{Controls: []*control.Control{probe}, Strict: true}
	if err := control.Run(context.Background(), snap, opts, func(*control.Verdicts) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if p == nil {
		t.Fatal("the fact was not derived")
	}
	return p
}

const estate = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: widgets-edit
  labels: {rbac.authorization.k8s.io/aggregate-to-edit: "true"}
rules:
- apiGroups: [example.com]
  resources: [widgets]
  verbs: [create]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admin}
subjects:
- {kind: User, name: jane}
- {kind: ServiceAccount, name: ci}
- {kind: User, name: "system:serviceaccount:tools:bot"}
---
apiVersion: rbac.authorization.k8s.io/v1beta1
kind: ClusterRole
metadata: {name: reader, namespace: ignored}
rules:
- apiGroups: [""]
  resources: [secrets, "*/log"]
  verbs: [get]
  resourceNames: [one]
- nonResourceURLs: ["/metrics*"]
  verbs: [get]
---
apiVersion: rbac.authorization.k8s.io/v1beta1
kind: ClusterRoleBinding
metadata: {name: reader}
roleRef: {kind: ClusterRole, name: reader}
subjects:
- {kind: Group, name: readers}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: lost, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: nowhere}
`

func TestAllow(t *testing.T) {
	p := policyOf(t, estate)
	for _, tt := range []struct {
		name   string
		user   string
		groups []string
		req    Request
		want   bool
	}{
		{"aggregated through edit into admin", "jane", nil, Request{Verb: "create", Group: "example.com", Resource: "widgets", Namespace: "shop"}, true},
		{"built-in admin", "jane", nil, Request{Verb: "create", Resource: "pods/exec", Namespace: "shop", Name: "x"}, true},
		{"other namespace", "jane", nil, Request{Verb: "list", Resource: "pods", Namespace: "bank"}, false},
		{"cluster-scoped through a RoleBinding", "jane", nil, Request{Verb: "list", Resource: "nodes"}, false},
		{"account of the binding's namespace", "system:serviceaccount:shop:ci", nil, Request{Verb: "get", Resource: "secrets", Namespace: "shop", Name: "x"}, true},
		{"account named as a user", "system:serviceaccount:tools:bot", nil, Request{Verb: "get", Resource: "secrets", Namespace: "shop", Name: "x"}, true},
		{"resourceNames", "x", []string{"readers"}, Request{Verb: "get", Resource: "secrets", Namespace: "a", Name: "one"}, true},
		{"resourceNames, other", "x", []string{"readers"}, Request{Verb: "get", Resource: "secrets", Namespace: "a", Name: "two"}, false},
		{"resourceNames, none", "x", []string{"readers"}, Request{Verb: "list", Resource: "secrets", Namespace: "a"}, false},
		{"subresource wildcard", "x", []string{"readers"}, Request{Verb: "get", Resource: "pods/log", Namespace: "a", Name: "one"}, true},
		{"path prefix", "x", []string{"readers"}, Request{Verb: "get", Path: "/metrics/slis"}, true},
		{"path", "x", []string{"readers"}, Request{Verb: "get", Path: "/logs"}, false},
		{"everybody's discovery", "x", []string{GroupAuthenticated}, Request{Verb: "get", Path: "/api"}, true},
	} {
		if got := p.Allow(tt.user, tt.groups, tt.req) != nil; got != tt.want {
			t.Errorf("%s: allowed = %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestDangling(t *testing.T) {
	p := policyOf(t, estate)
	for _, b := range p.Bindings() {
		if b.Ref.Name == "lost" && (b.Role != nil || b.Unproven != nil) {
			t.Errorf("the role of %s: %v, %v; want none, and known to be absent", b.Ref, b.Role, b.Unproven)
		}
		if b.Object == nil && b.Role == nil {
			t.Errorf("built-in %s refers to a role that is not built in", b.Ref)
		}
	}
}

func TestBuiltinAggregation(t *testing.T) {
	for _, name := range []string{"admin", "edit", "view"} {
		rules, ok := BuiltinRules("ClusterRole", "", name)
		if !ok || len(rules) == 0 {
			t.Errorf("%s has no rules", name)
		}
		covered := false
		for i := range rules {
			covered = covered || Matches(&rules[i], &Request{Verb: "list", Resource: "pods"})
		}
		if !covered {
			t.Errorf("%s cannot list pods", name)
		}
	}
	if _, ok := BuiltinRules("ClusterRole", "", "system:invented"); ok {
		t.Error("system:invented is no built-in role")
	}
}

func TestGrant(t *testing.T) {
	nodes := Grant{Resources: []string{"nodes/proxy"}, Verbs: []string{"get"}, Cluster: true}
	secrets := Grant{Resources: []string{"secrets"}, Verbs: []string{"get"}, Names: []string{"root"}}
	rule := func(group, resource, verb string, names ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: []string{verb}, ResourceNames: names}
	}
	for _, tt := range []struct {
		grant Grant
		kind  string
		rule  rbacv1.PolicyRule
		want  bool
	}{
		{nodes, "ClusterRole", rule("", "*", "*"), true},
		{nodes, "Role", rule("", "*", "*"), false},
		{nodes, "Role", rule("", "nodes/proxy", "get"), true},
		{nodes, "ClusterRole", rule("", "*/proxy", "get"), true},
		{nodes, "ClusterRole", rule("", "nodes/*", "get"), false},
		{nodes, "ClusterRole", rule("", "nodes", "get"), false},
		{secrets, "Role", rule("", "secrets", "get"), true},
		{secrets, "Role", rule("apps", "secrets", "get"), false},
		{secrets, "Role", rule("*", "secrets", "get"), true},
		{secrets, "Role", rule("", "secrets", "get", "leaf"), false},
		{secrets, "Role", rule("", "secrets", "get", "leaf", "root"), true},
		{secrets, "Role", rule("", "secrets", "list"), false},
	} {
		if got := tt.grant.In(tt.kind, &tt.rule); got != tt.want {
			t.Errorf("%v in %s %v: %v, want %v", tt.grant.Resources, tt.kind, tt.rule, got, tt.want)
		}
	}
}
