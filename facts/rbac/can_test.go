package rbac

import (
	"slices"
	"strings"
	"testing"
)

const rights = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: mixed}
rules:
- apiGroups: ["", apps]
  resources: [secrets, deployments]
  verbs: [watch, get]
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [b, a]
  verbs: [get]
- apiGroups: [""]
  resources: [nodes, namespaces, pods/*]
  verbs: ["*"]
- nonResourceURLs: [/metrics]
  verbs: [get]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: mixed, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: mixed}
subjects: [{kind: User, name: jane}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: secrets}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: secrets}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: secrets}
subjects: [{kind: User, name: jane}, {kind: Group, name: "system:serviceaccounts"}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: gone, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: elsewhere}
subjects: [{kind: User, name: jane}]
`

// lines writes permissions shortly.
func lines(list []Permission) []string {
	var out []string
	for _, p := range list {
		at := p.Namespace
		if p.Everywhere {
			at = "*"
		}
		line := at + ": " + Phrase(new(p.rule()))
		if p.Idle != "" {
			line += " (idle)"
		}
		if p.Resource == "" && p.URL == "" {
			line = at + ": " + p.Unclear + p.Idle
		}
		for _, d := range p.Dangers {
			line += " " + d.ID
		}
		out = append(out, line)
	}
	return out
}

func TestCan(t *testing.T) {
	p := policyOf(t, rights)
	got, complete := p.Can(User{Name: "jane"}, NewCatalog())
	want := []string{
		"*: list on secrets R6",
		"shop: ClusterRole elsewhere does not exist; who creates it decides what this gives",
		"shop: get,watch on deployments", // in the core group it is nothing, but not known to be
		"shop: * on namespaces R27",
		"shop: * on nodes (idle)",
		"shop: * on pods/* (idle)",
		"shop: get,watch on secrets R6",
		"shop: get,watch on deployments.apps",
		"shop: get,watch on secrets.apps",
		"shop: get on /metrics (idle)",
	}
	if diff := lines(got); !complete || !slices.Equal(diff, want) {
		t.Errorf("jane can\n%s\nwant\n%s", strings.Join(diff, "\n"), strings.Join(want, "\n"))
	}
}

func TestWhoCan(t *testing.T) {
	p := policyOf(t, rights)
	ask := func(q Question) []string {
		var out []string
		for _, h := range p.Index().WhoCan(q) {
			if h.Binding.Object != nil {
				out = append(out, h.Subject.String()+" by "+h.Binding.Ref.String()+" "+strings.Join(h.Names, ","))
			}
		}
		return out
	}
	for _, tt := range []struct {
		name string
		q    Question
		want []string
	}{
		{"cluster-wide only", Question{Request: Request{Verb: "list", Resource: "secrets"}}, []string{
			"User jane by ClusterRoleBinding secrets ", "Group system:serviceaccounts by ClusterRoleBinding secrets "}},
		{"in a namespace", Question{Request: Request{Verb: "get", Resource: "secrets", Namespace: "shop"}}, []string{"User jane by RoleBinding shop/mixed "}},
		{"in another", Question{Request: Request{Verb: "get", Resource: "secrets", Namespace: "bank"}}, nil},
		{"anywhere", Question{Request: Request{Verb: "watch", Group: "apps", Resource: "deployments"}, Anywhere: true}, []string{"User jane by RoleBinding shop/mixed "}},
		{"no namespace", Question{Request: Request{Verb: "get", Resource: "nodes"}, Anywhere: true, Cluster: true}, nil},
		{"its own namespace", Question{Request: Request{Verb: "patch", Resource: "namespaces", Name: "shop"}, Anywhere: true, Cluster: true}, []string{"User jane by RoleBinding shop/mixed "}},
		{"another namespace", Question{Request: Request{Verb: "patch", Resource: "namespaces", Name: "bank"}, Anywhere: true, Cluster: true}, nil},
		{"some namespace", Question{Request: Request{Verb: "patch", Resource: "namespaces"}, Anywhere: true, Cluster: true, Limited: true}, []string{"User jane by RoleBinding shop/mixed "}},
		{"all namespaces", Question{Request: Request{Verb: "list", Resource: "namespaces"}, Anywhere: true, Cluster: true, Limited: true}, nil},
		{"URL", Question{Request: Request{Verb: "get", Path: "/metrics"}}, nil},
	} {
		if got := ask(tt.q); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestDiff(t *testing.T) {
	before := policyOf(t, rights)
	after := policyOf(t, strings.NewReplacer(
		"{apiGroups: [\"\"], resources: [secrets], verbs: [list]}", "{apiGroups: [\"\"], resources: [secrets, pods], verbs: [list, get]}",
		"metadata: {name: mixed, namespace: shop}", "metadata: {name: renamed, namespace: shop}",
		"verbs: [watch, get]", "verbs: [get]",
	).Replace(rights)+`---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: more, namespace: bank}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: secrets}
subjects: [{kind: ServiceAccount, name: web}, {kind: User, name: joe}]
`)
	var got []string
	for _, c := range Diff(before, after, NewCatalog()) {
		for _, l := range lines(c.Gained) {
			got = append(got, c.Subject.String()+" + "+l)
		}
		for _, l := range lines(c.Lost) {
			got = append(got, c.Subject.String()+" - "+l)
		}
	}
	want := []string{
		"Group system:serviceaccounts + *: get,list on pods",
		"Group system:serviceaccounts + *: get on secrets R6",
		"ServiceAccount bank/web + bank: get,list on pods", // through its group it has them too, but not before
		"ServiceAccount bank/web + bank: get on secrets R6",
		"User jane + *: get,list on pods",
		"User jane + *: get on secrets R6",
		"User jane - shop: watch on deployments",
		"User jane - shop: watch on secrets R6",
		"User jane - shop: watch on deployments.apps",
		"User jane - shop: watch on secrets.apps",
		"User joe + bank: get,list on pods",
		"User joe + bank: get,list on secrets R6",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the difference is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if again := Diff(after, after, NewCatalog()); len(again) != 0 {
		t.Errorf("a policy differs from itself: %v", again)
	}
}
