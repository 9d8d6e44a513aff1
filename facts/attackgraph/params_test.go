package attackgraph

import (
	"testing"

	"bulwark/world"
)

// steered is a policy with parameters, its binding and what else goes with it.
func steered(prefix, kind, resources, ref string) string {
	return "---\napiVersion: admissionregistration.k8s.io/v1\nkind: " + prefix + "AdmissionPolicy\nmetadata: {name: p}\nspec: {paramKind: " + kind + ", matchConstraints: {resourceRules: [{apiGroups: [\"*\"], apiVersions: [\"*\"], operations: [CREATE], resources: [" + resources + "]}]}}\n" +
		"---\napiVersion: admissionregistration.k8s.io/v1\nkind: " + prefix + "AdmissionPolicyBinding\nmetadata: {name: b}\nspec: {policyName: p, paramRef: {" + ref + "}}\n"
}

const (
	configKind = "{apiVersion: v1, kind: ConfigMap}"
	ownKind    = "{apiVersion: example.com/v1, kind: Policy}"
	settings   = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: open}\n"
	ownCRD     = "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: policez.example.com}\nspec: {group: example.com, scope: Cluster, names: {plural: policez, singular: policy, kind: Policy}}\n"
)

// TestMutatingParams is R25 by the objects that a mutating policy takes its parameters from.
func TestMutatingParams(t *testing.T) {
	named := steered("Mutating", configKind, "pods", "name: settings, namespace: open")
	anyOf := steered("Mutating", configKind, "deployments", "selector: {matchLabels: {a: b}}, namespace: open")
	local := steered("Mutating", configKind, "pods", "name: settings")
	global := steered("Mutating", ownKind, "pods", "name: main")
	for _, c := range []struct {
		name, yaml, want string
		target           int
	}{
		{"changes it", settings + named + may("r", "open", "update core configmaps"), "R25? E1", 0},
		{"before such policies are on by default", settings + named + may("r", "open", "update core configmaps"), "R25? E1", 33},
		{"changes it by name", settings + named + may("r", "open", "patch core configmaps settings"), "R25? E1", 0},
		{"makes it", named + may("r", "open", "create core configmaps"), "R25? E1", 0},
		{"everywhere", settings + named + may("r", "*", "update core configmaps"), "R25? E1", 0},
		{"any with its labels", anyOf + may("r", "open", "patch core configmaps mine"), "R25? E1", 0},
		{"in the namespace of the pod", local + may("r", "shop", "update core configmaps"), "R25? E1", 0},
		{"of a definition", global + ownCRD + may("r", "*", "update example.com policez main"), "R25? E1", 0},
		{"whole namespace", settings + named + may("r", "open", "create "+rbacG+" rolebindings", "bind "+rbacG+" clusterroles"), "R3 R10", 0},

		{"another one", settings + named + may("r", "open", "patch core configmaps other"), "", 0},
		{"another namespace", settings + named + may("r", "shop", "update core configmaps"), "", 0},
		{"there is one, so none can be made", settings + named + may("r", "open", "create core configmaps"), "", 0},
		{"there is none to change", named + may("r", "open", "update core configmaps"), "", 0},
		{"reads it", settings + named + may("r", "open", "get core configmaps"), "", 0},
		{"namespace without dangerous pods", local + may("r", "open", "update core configmaps"), "", 0},
		{"policy about something else", settings + steered("Mutating", configKind, "services", "name: settings, namespace: open") + may("r", "open", "update core configmaps"), "", 0},
		{"not the definition's name", global + ownCRD + may("r", "*", "update example.com policies main"), "", 0},
		{"cluster-wide object, namespaced right", global + ownCRD + may("r", "shop", "update example.com policez main"), "", 0},
		{"refusing only", settings + steered("Validating", configKind, "pods", "name: settings, namespace: open") + may("r", "open", "update core configmaps"), "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := way(t, base+c.yaml, NodeRoot, c.target); got != c.want {
				t.Errorf("the way is %q, want %q", got, c.want)
			}
		})
	}
}

// TestValidatingParams is R26 by the parameters of a policy that refuses pods.
func TestValidatingParams(t *testing.T) {
	policy := settings + steered("Validating", configKind, "pods", "name: settings, namespace: open")
	local := steered("Validating", configKind, "pods", "name: settings")
	pods := may("p", "shop", "create core pods")
	for name, c := range map[string]struct {
		yaml string
		want bool
	}{
		"in another namespace":       {policy + pods + may("r", "open", "update core configmaps settings"), true},
		"everywhere":                 {policy + pods + may("r", "*", "update core configmaps"), true},
		"in one role":                {local + may("r", "shop", "create core pods,configmaps"), true},
		"no pods":                    {policy + may("r", "open", "update core configmaps settings"), false},
		"another object":             {policy + pods + may("r", "open", "update core configmaps other"), false},
		"the wrong namespace's":      {local + pods + may("r", "open", "update core configmaps"), false},
		"a policy that only changes": {settings + steered("Mutating", configKind, "pods", "name: settings, namespace: open") + pods + may("r", "open", "update core configmaps settings"), false},
	} {
		t.Run(name, func(t *testing.T) {
			g := graphOf(t, read(t, base+c.yaml, func(b *world.Builder) { b.Completeness = world.Complete }))
			from, err := g.Resolve("user:eve")
			if err != nil {
				t.Fatal(err)
			}
			right, there := g.ids[key{kind: rightAt, sub: uint8(bypassedEscape), namespace: "shop"}]
			certainly := there && len(g.Shortest(from, []uint32{right}, Options{})) > 0
			possibly := there && len(g.Shortest(from, []uint32{right}, Options{Possible: true})) > 0
			if possibly != c.want || certainly {
				t.Errorf("certain %v, possible %v, want possible %v", certainly, possibly, c.want)
			}
		})
	}
}
