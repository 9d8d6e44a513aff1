package attackgraph

import (
	"strings"
	"testing"
)

// server is an API server's pod with more flags.
func server(flags string) string {
	return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: kube-apiserver-cp, namespace: kube-system, annotations: {kubernetes.io/config.mirror: x}}\nspec: {nodeName: cp, containers: [{name: c, image: \"registry.k8s.io/kube-apiserver:v1.37.2\", command: [kube-apiserver, --anonymous-auth=false" + flags + "]}]}\n"
}

// joins binds a group to a role for nodes that join.
func joins(role, group string) string {
	return "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: \"j-" + role + "\"}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: \"" + role +
		"\"}\nsubjects: [{kind: Group, name: \"" + group + "\"}]\n"
}

const bootSecret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: bootstrap-token-abcdef, namespace: kube-system}\ntype: bootstrap.kubernetes.io/token\n"

// TestBootstrapTokens is R8 with each of its guards.
func TestBootstrapTokens(t *testing.T) {
	const (
		asks, approved = "system:node-bootstrapper", "system:certificates.k8s.io:certificatesigningrequests:nodeclient"
		nodes          = "system:bootstrappers:kubeadm:default-node-token"
		on             = ", --enable-bootstrap-token-auth=true"
	)
	rights := joins(asks, nodes) + joins(approved, nodes)
	maker := may("r", "kube-system", "create core secrets")
	noManager, _, _ := strings.Cut(base, "---\napiVersion: v1\nkind: Pod\nmetadata: {name: kube-controller-manager-cp")
	for _, c := range []struct{ name, yaml, want string }{
		{"made", base + maker + rights + server(on), "R8 L5 R1"},
		{"made from everywhere", base + may("r", "*", "create core secrets") + rights + server(", --enable-bootstrap-token-auth"), "R8 L5 R1"},
		{"groups of two bindings", base + maker + joins(asks, "system:bootstrappers") + joins(approved, "system:bootstrappers:x") + server(on), "R8 L5 R1"},
		{"server not seen", base + maker + rights, "R8? L5 R1"},
		{"signer not seen", noManager + maker + rights + server(on), "R8? L5 R1"},
		{"in another namespace", base + may("r", "shop", "create core secrets") + rights + server(on), ""},
		{"server does not take them", base + maker + rights + server(""), ""},
		{"turned off", base + maker + rights + server(on+", --enable-bootstrap-token-auth=false"), ""},
		{"nobody approves", base + maker + joins(asks, nodes) + server(on), ""},
		{"approved for others", base + maker + joins(asks, nodes) + joins(approved, "team") + server(on), ""},
		{"may not ask", base + maker + joins(approved, nodes) + server(on), ""},
		{"read one that is there", base + may("r", "kube-system", "get core secrets bootstrap-token-abcdef") + bootSecret + rights + server(on), "R6 R8? L5 R1"},
		{"change one that is there", base + may("r", "kube-system", "patch core secrets") + bootSecret + rights + server(on), "R8 L5 R1"},
		{"change it by name", base + may("r", "kube-system", "update core secrets bootstrap-token-abcdef") + bootSecret + rights + server(on), "R8 L5 R1"},
		{"change another", base + may("r", "kube-system", "update core secrets other") + bootSecret + rights + server(on), ""},
		{"none to change", base + may("r", "kube-system", "patch core secrets") + rights + server(on), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := way(t, c.yaml, ClusterAdmin, 0); got != c.want {
				t.Errorf("the way is %q, want %q", got, c.want)
			}
		})
	}
}

// TestDefaultClusterJoins wants no way on a new cluster with bootstrap tokens on.
func TestDefaultClusterJoins(t *testing.T) {
	text := defaultCluster() + joins("system:node-bootstrapper", "system:bootstrappers:kubeadm:default-node-token") + bootSecret + server(", --enable-bootstrap-token-auth=true")
	g := graphOf(t, read(t, text, complete))
	if s := g.Survey(g.Sources(), g.Sinks(), Options{Possible: true}); len(s.Classes) > 0 {
		t.Errorf("a workload of a new cluster is reported: %s", outline(g, s.Classes[0].Path))
	}
	if s := g.Survey(g.Holders(), g.Sinks(), Options{Possible: true}); len(s.Classes) != 1 || g.At(s.Classes[0].Path.From).ID() != "group:kubeadm:cluster-admins" {
		for _, c := range s.Classes {
			t.Errorf("reported: %s", outline(g, c.Path))
		}
	}
}
