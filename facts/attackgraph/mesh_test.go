package attackgraph

import (
	"strings"
	"testing"
)

// meshed is a namespace in Istio's ambient mesh with a program that asks for no
// credentials and takes over its node, two clients, and a policy that lets the first in.
const meshed = `
---
apiVersion: v1
kind: Namespace
metadata: {name: mesh, labels: {istio.io/dataplane-mode: ambient, pod-security.kubernetes.io/enforce: baseline}}
---
apiVersion: v1
kind: Namespace
metadata: {name: istio-system}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: front, namespace: mesh}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: other, namespace: mesh}
---
apiVersion: v1
kind: Pod
metadata: {name: dind, namespace: mesh, labels: {app: dind}}
spec: {nodeName: n1, automountServiceAccountToken: false, containers: [{name: c, image: docker, args: ["--host=tcp://0.0.0.0:2375"], securityContext: {privileged: true, runAsUser: 0}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: front, namespace: mesh}
spec: {nodeName: n1, serviceAccountName: front, automountServiceAccountToken: false, containers: [{name: c, image: x}]}
---
apiVersion: v1
kind: Pod
metadata: {name: other, namespace: mesh}
spec: {nodeName: n1, serviceAccountName: other, automountServiceAccountToken: false, containers: [{name: c, image: x}]}
`

// lets is the policy.
func lets(account string) string {
	return "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: only, namespace: mesh}\nspec: {selector: {matchLabels: {app: dind}}, rules: [{from: [{source: {principals: [cluster.local/ns/mesh/sa/" + account + "]}}]}]}\n"
}

// carrier is a program of the node, on one node or as a DaemonSet on all.
func carrier(image, node string) string {
	spec := "{automountServiceAccountToken: false, containers: [{name: c, image: " + image + ", securityContext: {runAsUser: 1337, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}"
	if node != "" {
		return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: carrier, namespace: istio-system}\nspec: {nodeName: " + node + ", " + spec[1:] + "\n"
	}
	return "---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: carrier, namespace: istio-system}\nspec: {selector: {matchLabels: {a: z}}, template: {metadata: {labels: {a: z}}, spec: " + spec + "}}\n"
}

// from returns the way from a thing to a node, the shortest of those that are certain or else possible.
func from(t *testing.T, text, thing string) string {
	t.Helper()
	g := graphOf(t, read(t, text, complete))
	start, err := g.Resolve(thing)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{{}, {Possible: true}} {
		if ps := g.Shortest(start, []uint32{g.Sink(NodeRoot)}, o); len(ps) > 0 {
			var ids []string
			for i := range ps[0].Steps {
				id := ps[0].Steps[i].Technique.ID
				if !ps[0].Steps[i].Certain() {
					id += "?"
				}
				ids = append(ids, id)
			}
			return strings.Join(ids, " ")
		}
	}
	return ""
}

// TestMesh is L4 by the policy of a mesh, L7 and L8.
func TestMesh(t *testing.T) {
	estate := base + meshed
	tokens := may("r", "mesh", "create core serviceaccounts/token front")
	for _, c := range []struct{ name, text, from, want string }{
		{"the client that is let in", estate + lets("front"), "pod:mesh/front", "L4 E1"},
		{"the client that is not", estate + lets("front"), "pod:mesh/other", ""},
		{"a pod outside the mesh", estate + lets("front") + web, "deployment:shop/web", ""},
		{"a pod outside, without a policy", estate + web, "deployment:shop/web", "L4 E1"},
		{"without a policy", estate, "pod:mesh/other", "L4 E1"},

		{"a token of the account", estate + lets("front") + tokens, "user:eve", "R9 L7? L4? E1"},
		{"a token of another account", estate + lets("other") + tokens, "user:eve", ""},
		{"the mesh refuses nobody", estate + tokens, "user:eve", ""},
		{"the account itself", estate + lets("front"), "sa:mesh/front", "L7? L4? E1"},
		{"another account", estate + lets("front"), "sa:mesh/other", ""},

		{"ztunnel on the node", estate + lets("front") + carrier("istio/ztunnel:1.28.0", "n1"), "pod:istio-system/carrier", "L8 L4? E1"},
		{"ztunnel on another node", estate + lets("front") + carrier("istio/ztunnel:1.28.0", "cp"), "pod:istio-system/carrier", ""},
		{"ztunnel on every node", estate + lets("front") + carrier("istio/ztunnel:1.28.0", ""), "daemonset:istio-system/carrier", "L8 L4? E1"},
		{"Istio's plugin", estate + lets("front") + carrier("istio/install-cni:1.28.0", "n1"), "pod:istio-system/carrier", "L8 L4? E1"},
		{"Cilium", estate + lets("front") + carrier("quay.io/cilium/cilium:v1.19.0", "n1"), "pod:istio-system/carrier", "L8 L4? E1"},
		{"another program of the node", estate + lets("front") + carrier("agent", "n1"), "pod:istio-system/carrier", ""},
		{"an identity that nobody lets in", estate + lets("nobody") + carrier("istio/ztunnel:1.28.0", "n1"), "pod:istio-system/carrier", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := from(t, c.text, c.from); got != c.want {
				t.Errorf("the way is %q, want %q", got, c.want)
			}
		})
	}
}

// TestMeshNames wants mesh identities named and found like other things.
func TestMeshNames(t *testing.T) {
	g := graphOf(t, read(t, base+meshed+lets("front"), complete))
	vs, err := g.Resolve("mesh:mesh/front")
	if err != nil || len(vs) != 1 || g.At(vs[0]).ID() != "mesh:mesh/front" || g.At(vs[0]).Title() != "mesh identity of service account mesh/front" {
		t.Errorf("%v, %v", vs, err)
	}
	if _, err := g.Resolve("mesh:mesh/other"); err == nil {
		t.Error("an identity that nobody lets in is in the graph")
	}
}
