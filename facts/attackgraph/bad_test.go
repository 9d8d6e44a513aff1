package attackgraph

import (
	"errors"
	"strings"
	"testing"

	"bulwark/world"
)

// TestBadInput wants an answer, and no panic, for estates that are broken or half there.
func TestBadInput(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "",
		"dangling role and subject": may("r", "shop", "create core pods/exec") +
			"---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: gone, namespace: nowhere}\nroleRef: {kind: Role, name: missing}\nsubjects: [{kind: ServiceAccount, name: a}, {kind: Robot, name: b}, {kind: Group}]\n",
		"owners in a circle": "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: x, ownerReferences: [{apiVersion: v1, kind: Pod, name: b, controller: true}]}\nspec: {containers: [{name: c}]}\n" +
			"---\napiVersion: v1\nkind: Pod\nmetadata: {name: b, namespace: x, ownerReferences: [{apiVersion: v1, kind: Pod, name: a, controller: true}]}\nspec: {containers: [{name: c}]}\n",
		"its own owner": "apiVersion: v1\nkind: Pod\nmetadata: {name: a, ownerReferences: [{apiVersion: v1, kind: Pod, name: a, controller: true}]}\nspec: {containers: [{name: c}]}\n",
		"roles in a circle": "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a, labels: {x: y}}\naggregationRule: {clusterRoleSelectors: [{matchLabels: {x: y}}]}\n" +
			"---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: b, labels: {x: y}}\naggregationRule: {clusterRoleSelectors: [{matchLabels: {x: y}}]}\n" + bound("a", "*"),
		"binds a role that binds": may("a", "*", "create "+rbacG+" clusterrolebindings", "bind "+rbacG+" clusterroles a"),
		"no namespaces":           "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {serviceAccountName: b, containers: [{name: c, securityContext: {privileged: true}}]}\n",
		"nothing in the template": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n",
		"two of the same name":    "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: x}\nspec: {containers: [{name: c}]}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: x}\nspec: {containers: [{name: d}]}\n",
		"names of terminals":      "apiVersion: v1\nkind: Pod\nmetadata: {name: \"\\e[31m\", namespace: \"*\"}\nspec: {nodeName: \"../..\", containers: [{name: c, securityContext: {privileged: true, runAsUser: 0}}]}\n",
		"token of nobody":         "apiVersion: v1\nkind: Secret\nmetadata: {name: t, annotations: {kubernetes.io/service-account.name: x}}\ntype: kubernetes.io/service-account-token\n",
	} {
		for _, scope := range []world.Completeness{world.Auto, world.Complete, world.Partial} {
			t.Run(name, func(t *testing.T) {
				g := graphOf(t, read(t, strings.TrimPrefix(text, "---\n"), func(b *world.Builder) { b.Completeness = scope }))
				s := g.Survey(append(g.Sources(), g.Holders()...), g.Sinks(), Options{Possible: true})
				for _, c := range s.Classes {
					if len(c.Sources) == 0 || len(c.Path.Steps) == 0 {
						t.Errorf("a class without sources or steps: %+v", c)
					}
				}
				g.Chokepoints(g.Sources(), g.Sinks(), 5, Options{Possible: true})
				g.Blast(g.Sources())
			})
		}
	}
}

// TestForbiddenKinds wants what could not be read told, and no certain way made of it.
func TestForbiddenKinds(t *testing.T) {
	for _, kind := range []string{"ServiceAccount", "Secret", "Namespace", "Node", "RoleBinding.rbac.authorization.k8s.io", "ClusterRole.rbac.authorization.k8s.io", "Service",
		"ValidatingWebhookConfiguration.admissionregistration.k8s.io"} {
		g := graphOf(t, read(t, base+may("r", "open", "create core pods"), func(b *world.Builder) {
			b.AddKindGap(kind, errors.New("forbidden"))
		}))
		told := false
		for _, m := range g.Missing() {
			told = told || strings.Contains(m.Why.Error(), "forbidden")
		}
		if !told {
			t.Errorf("that %s could not be read is not told: %v", kind, g.Missing())
		}
	}
}

func TestResolve(t *testing.T) {
	g := graphOf(t, read(t, base+web))
	for word, want := range map[string]string{
		"sa:shop/boss": "sa:shop/boss", "serviceaccount:shop/boss": "sa:shop/boss", "pod:shop/root": "pod:shop/root", "deploy:shop/web": "deployment:shop/web",
		"node:n1": "node:n1", "internet": "internet", "user:system:serviceaccount:shop:boss": "sa:shop/boss", "user:nobody": "group:system:authenticated",
		"cluster-admin": "cluster-admin", "group:system:masters": "group:system:masters",
	} {
		if vs, err := g.Resolve(word); err != nil || len(vs) != 1 || g.At(vs[0]).ID() != want {
			t.Errorf("%s: %v, %v", word, vs, err)
		}
	}
	if vs, err := g.Resolve("namespace:shop"); err != nil || len(vs) != 3 {
		t.Errorf("namespace:shop: %v, %v", vs, err)
	}
	for word, want := range map[string]string{"": "names nothing", "boss": "names nothing", "sa:": "names nothing", "sa:shop/bos": "did you mean sa:shop/boss?", "namespace:x": "no workload", "robot:x/y": "nothing in the input"} {
		if _, err := g.Resolve(word); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", word, err, want)
		}
	}
}
