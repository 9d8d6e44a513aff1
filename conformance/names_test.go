package main

import "testing"

func row(check, input, kind, name, namespace string) *Row {
	r := &Row{Check: check, Input: input}
	if kind != "" {
		r.Object = &struct{ Kind, Name, Namespace string }{kind, name, namespace}
	}
	return r
}

func TestCheckovNames(t *testing.T) {
	objects := read("a.yaml", `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec: {containers: [{name: c, image: nginx}]}
---
apiVersion: v1
kind: Pod
metadata: {labels: {app: nginx}}
spec: {containers: [{name: c, image: nginx}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: crb}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: r}
`)
	for _, c := range []struct {
		kind, name, namespace string
		want                  [3]bool
	}{
		{"Deployment", "web", "shop", [3]bool{true, false, false}},
		{"Pod", "web.app-nginx", "shop", [3]bool{true, false, false}},
		{"Pod", "web.app-nginx", "default", [3]bool{false, false, false}},
		{"Pod", "app-nginx", "default", [3]bool{false, true, false}},
		{"Pod", "app-other", "default", [3]bool{false, false, false}},
		{"ClusterRoleBinding", "crb", "default", [3]bool{false, false, true}},
	} {
		for i, o := range objects {
			if got := checkovNames(row("", "", c.kind, c.name, c.namespace), o); got != c.want[i] {
				t.Errorf("checkovNames(%s %s/%s, %s %s) = %v", c.kind, c.namespace, c.name, o.Kind, o.Name, got)
			}
		}
	}
}

func TestRegolibraryCase(t *testing.T) {
	for input, want := range map[string]string{
		"rules/x/test/fail/input/pod.yaml": "rules/x/test/fail/input",
		"rules/x/test/fail/input":          "rules/x/test/fail/input",
		"elsewhere/pod.yaml":               "elsewhere/pod.yaml",
	} {
		if got := regolibraryCase(row("", input, "", "", "")); got != want {
			t.Errorf("regolibraryCase(%q) = %q, want %q", input, got, want)
		}
	}
}

func TestPolarisJudges(t *testing.T) {
	binding := read("b.yaml", `
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: r}
`)[0]
	for check, want := range map[string]bool{
		"rolebindingRolePodExecAttach": false, "rolebindingClusterRolePodExecAttach": true, "hostIPCSet": true,
	} {
		if got := polarisJudges(row(check, "", "", "", ""), binding); got != want {
			t.Errorf("polarisJudges(%s) = %v", check, got)
		}
	}
}

// Two entries for the same rows would hide that one of them is not needed.
func TestDisagreementsAreDistinct(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range disagreements() {
		key := d.oracle + " " + d.check + " " + d.input + " " + d.name + " " + d.expect
		if seen[key] {
			t.Errorf("listed twice: %s", key)
		}
		seen[key] = true
		if d.reason == "" || d.expect != "pass" && d.expect != "fail" {
			t.Errorf("incomplete: %+v", d)
		}
	}
}
