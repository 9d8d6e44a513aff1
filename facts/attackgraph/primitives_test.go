package attackgraph

import (
	"strings"
	"testing"

	"bulwark/world"
)

// base is the estate that every primitive is tried in: namespace shop, which
// admits no dangerous pod, with an account that owns the cluster and a pod that
// owns its node; namespace open, which admits any pod; two nodes.
const base = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline}}
---
apiVersion: v1
kind: Namespace
metadata: {name: open}
---
apiVersion: v1
kind: Namespace
metadata: {name: kube-system}
---
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: v1
kind: Node
metadata: {name: cp, labels: {node-role.kubernetes.io/control-plane: ""}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: boss, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: boss}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: boss, namespace: shop}]
---
apiVersion: v1
kind: Pod
metadata: {name: root, namespace: shop}
spec:
  nodeName: n1
  automountServiceAccountToken: false
  containers: [{name: c, image: x, securityContext: {privileged: true, runAsUser: 0}}]
---
apiVersion: v1
kind: Pod
metadata: {name: boss, namespace: shop}
spec:
  nodeName: n1
  serviceAccountName: boss
  containers: [{name: c, image: x}]
---
apiVersion: v1
kind: Pod
metadata: {name: kube-controller-manager-cp, namespace: kube-system, annotations: {kubernetes.io/config.mirror: x}}
spec:
  nodeName: cp
  containers: [{name: c, image: "registry.k8s.io/kube-controller-manager:v1.37.2"}]
`

// may makes a role with rules in flow form and binds it to user eve: in a
// namespace, or everywhere for "*".
func may(name, scope string, rules ...string) string {
	kind, ns := "Role", "namespace: "+scope+", "
	if scope == "*" {
		kind, ns = "ClusterRole", ""
	}
	text := "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: " + kind + "\nmetadata: {" + ns + "name: " + name + "}\nrules:\n"
	for _, r := range rules {
		f := strings.Split(r, " ") // verbs group resources [names]
		group := f[1]
		if group == "core" {
			group = `""`
		}
		text += "- {verbs: [" + f[0] + "], apiGroups: [" + group + "], resources: [" + f[2] + "]"
		if len(f) > 3 {
			text += ", resourceNames: [" + f[3] + "]"
		}
		text += "}\n"
	}
	return text + "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: " + kind + "Binding\nmetadata: {" + ns + "name: " + name +
		"}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: " + kind + ", name: " + name + "}\nsubjects: [{kind: User, name: eve}]\n"
}

func bound(role, scope string) string {
	if scope == "*" {
		return "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: eve-" + role + "}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: " + role + "}\nsubjects: [{kind: User, name: eve}]\n"
	}
	return "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {namespace: " + scope + ", name: eve-" + role + "}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: " + role + "}\nsubjects: [{kind: User, name: eve}]\n"
}

const (
	rbacG = "rbac.authorization.k8s.io"
	certG = "certificates.k8s.io"
	admG  = "admissionregistration.k8s.io"
)

const tokenSecret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: boss-token, namespace: shop, annotations: {kubernetes.io/service-account.name: boss}}\ntype: kubernetes.io/service-account-token\n"

const web = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {automountServiceAccountToken: false, containers: [{name: c, image: x}]}}}\n"

const argo = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: controller, namespace: shop}\nspec: {selector: {matchLabels: {a: c}}, template: {metadata: {labels: {a: c}}, spec: {serviceAccountName: boss, automountServiceAccountToken: false, containers: [{name: c, image: ghcr.io/fluxcd/kustomize-controller:v1}]}}}\n"

const openshift = "---\napiVersion: security.openshift.io/v1\nkind: SecurityContextConstraints\nmetadata: {name: privileged}\n"

func TestPrimitives(t *testing.T) {
	for _, c := range []struct {
		name, to, steps string // techniques of the way; a mark ? behind those in doubt
		yaml            string // that opens it
		near            string // that nearly does
		target          int
	}{
		{"R1", ClusterAdmin, "R1", may("r", "*", `"*" "*" "*"`), may("r", "*", `"*" apps "*"`), 0},
		{"R1 on one group", ClusterAdmin, "R3", may("r", "*", `"*" `+rbacG+` "*"`), may("r", "*", "get,list,watch "+rbacG+` "*"`), 0},
		{"R2", ClusterAdmin, "R2", may("r", "*", "escalate,update "+rbacG+" clusterroles"), may("r", "*", "escalate "+rbacG+" clusterroles"), 0},
		{"R2 own role", ClusterAdmin, "R2", may("r", "*", "escalate,update "+rbacG+" clusterroles r"), may("r", "*", "escalate,update "+rbacG+" clusterroles other"), 0},
		{"R2 create and aggregate", ClusterAdmin, "R2", may("r", "*", "escalate,create "+rbacG+" clusterroles") + bound("view", "*"),
			may("r", "*", "escalate,create "+rbacG+" clusterroles"), 0},
		{"R2 in a namespace", ClusterAdmin, "R2 R4 R1", may("r", "shop", "escalate,patch "+rbacG+" roles"),
			may("r", "open", "escalate,patch "+rbacG+" roles x"), 0},
		{"R3", ClusterAdmin, "R3", may("a", "*", "create "+rbacG+" clusterrolebindings") + may("b", "*", "bind "+rbacG+" clusterroles"),
			may("a", "*", "create "+rbacG+" clusterrolebindings") + may("b", "*", "bind "+rbacG+" clusterroles view"), 0},
		{"R3 bind by name", ClusterAdmin, "R3 R1", may("a", "*", "create "+rbacG+" clusterrolebindings", "bind "+rbacG+" clusterroles cluster-admin"),
			may("a", "*", "bind "+rbacG+" clusterroles cluster-admin"), 0},
		{"R3 in a namespace", ClusterAdmin, "R3 R4 R1", may("a", "shop", "create "+rbacG+" rolebindings", "bind "+rbacG+" clusterroles"),
			may("a", "shop", "create "+rbacG+" clusterrolebindings", "bind "+rbacG+" clusterroles"), 0},
		{"R4 account", ClusterAdmin, "R4 R1", may("r", "shop", "impersonate core serviceaccounts boss"), may("r", "shop", "impersonate core serviceaccounts other"), 0},
		{"R4 accounts", ClusterAdmin, "R4 R1", may("r", "shop", "impersonate core serviceaccounts"), may("r", "open", "impersonate core serviceaccounts"), 0},
		{"R4 masters", ClusterAdmin, "R4", may("a", "*", "impersonate core groups") + may("b", "*", "impersonate core users jane"),
			may("a", "*", "impersonate core groups"), 0},
		{"R4 users", ClusterAdmin, "R4 R9 R1", may("a", "*", "impersonate core users system:kube-controller-manager"), may("a", "*", "impersonate core users jane"), 0},
		{"R5", ClusterAdmin, "R5 R9 R1", may("r", "*", "impersonate:serviceaccount authentication.k8s.io serviceaccounts cm", "impersonate-on:serviceaccount:create core serviceaccounts/token") + cmAccount,
			may("r", "*", "impersonate:serviceaccount authentication.k8s.io serviceaccounts cm") + cmAccount, 36},
		{"R5 before", ClusterAdmin, "", may("r", "*", "impersonate:serviceaccount authentication.k8s.io serviceaccounts cm", "impersonate-on:serviceaccount:create core serviceaccounts/token") + cmAccount, "", 34},
		{"R6", AllSecrets, "R6", may("r", "*", "list core secrets"), may("r", "shop", "list core secrets"), 0},
		{"R6 token", ClusterAdmin, "R6 R6 R1", may("r", "shop", "get core secrets boss-token") + tokenSecret, may("r", "shop", "get core secrets boss-token"), 0},
		{"R7", ClusterAdmin, "R7 R1", may("a", "shop", "create core secrets") + may("b", "shop", "get core secrets mine"), may("a", "shop", "create core secrets"), 0},
		{"R7 by patch", ClusterAdmin, "R7 R1", may("a", "shop", "patch core secrets") + tokenSecret, may("a", "shop", "patch core secrets"), 0},
		{"R9", ClusterAdmin, "R9 R1", may("r", "shop", "create core serviceaccounts/token"), may("r", "shop", "create core serviceaccounts"), 0},
		{"R9 by name", ClusterAdmin, "R9 R1", may("r", "shop", "create core serviceaccounts/token boss"), may("r", "shop", "create core serviceaccounts/token default"), 0},
		{"R10 account", ClusterAdmin, "R10 R1", may("r", "shop", "create core pods"), may("r", "shop", "create core pods x"), 0},
		{"R10 escape", NodeRoot, "R10", may("r", "open", "create core pods"), may("r", "open", "get core pods"), 0},
		{"R11", ClusterAdmin, "R11 R10 R1", may("r", "shop", "patch apps deployments") + web, may("r", "shop", "patch apps deployments"), 0},
		{"R11 by name", ClusterAdmin, "R11 R10 R1", may("r", "shop", "patch apps deployments web") + web, may("r", "shop", "patch apps deployments api") + web, 0},
		{"R12", NodeRoot, "R13 E1", may("r", "shop", "create core pods/exec root"), may("r", "shop", "create core pods/exec web"), 0},
		{"R13", ClusterAdmin, "R13 L1 R1", may("r", "shop", "create core pods/exec"), may("r", "shop", "get core pods/exec"), 0},
		{"R13 with get", ClusterAdmin, "R13 L1 R1", may("r", "shop", "get core pods/exec"), may("r", "shop", "list core pods/exec"), 34},
		{"R13 star", ClusterAdmin, "R13 L1 R1", may("r", "shop", `create core "*/exec"`), may("r", "shop", `create core "pods/*"`), 0},
		{"R15", ClusterAdmin, "R15 L1 R1", may("r", "shop", "patch core pods/ephemeralcontainers"), may("r", "shop", "get core pods/ephemeralcontainers"), 0},
		{"R16", ClusterAdmin, "R16 L1 R1", may("r", "shop", "patch core pods"), may("r", "shop", "patch core pods/status"), 0},
		{"R14", NodeRoot, "R14 E1", may("r", "open", "create core pods/portforward") + docker, may("r", "shop", "create core pods/portforward") + docker, 0},
		{"R17", NodeRoot, "R17 E1", may("r", "*", "get core nodes/proxy"), may("r", "*", "list core nodes/proxy"), 0},
		{"R17 by name", NodeRoot, "R17 E1", may("r", "*", "get core nodes/proxy n1"), may("r", "*", "get core nodes/proxy cp"), 0},
		{"R18", NodeRoot, "R17 E1", may("r", "*", "create core nodes/proxy"), may("r", "open", "create core nodes/proxy"), 0},
		{"R20", ClusterAdmin, "R20 L5 R1", may("a", "*", "create "+certG+" certificatesigningrequests") + may("b", "*", "patch "+certG+" certificatesigningrequests/approval") + may("c", "*", "approve "+certG+" signers"),
			may("a", "*", "create "+certG+" certificatesigningrequests") + may("c", "*", "approve "+certG+" signers"), 0},
		{"R24", NodeRoot, "R24 E1", may("r", "*", "create "+admG+" mutatingwebhookconfigurations"), may("r", "*", "delete "+admG+" mutatingwebhookconfigurations"), 0},
		{"R25", NodeRoot, "R25 E1", may("a", "*", "create "+admG+" mutatingadmissionpolicies") + may("b", "*", "create "+admG+" mutatingadmissionpolicybindings"),
			may("a", "*", "create "+admG+" mutatingadmissionpolicies"), 36},
		{"R25 before", NodeRoot, "", may("a", "*", "create "+admG+" mutatingadmissionpolicies,mutatingadmissionpolicybindings"), "", 33},
		{"R26", NodeRoot, "R26", may("a", "open", "create core pods") + may("b", "*", "delete "+admG+" validatingwebhookconfigurations") + hook, may("a", "open", "create core pods") + hook, 0},
		{"R27", NodeRoot, "R27", may("a", "shop", "patch core namespaces") + may("b", "shop", "create batch jobs"), may("b", "shop", "create batch jobs"), 0},
		{"R27 by status", NodeRoot, "R27", may("a", "*", "patch core namespaces/status shop") + may("b", "shop", "create core pods"),
			may("a", "*", "patch core namespaces/status other") + may("b", "shop", "create core pods"), 0},
		{"R28", NodeRoot, "R28", may("a", "*", "create core persistentvolumes") + may("b", "shop", "create core pods,persistentvolumeclaims"),
			may("a", "*", "create core persistentvolumes") + may("b", "shop", "create core pods"), 0},
		{"R38", ClusterAdmin, "R38 R1", may("r", "open", "create kustomize.toolkit.fluxcd.io kustomizations") + argo, may("r", "open", "create kustomize.toolkit.fluxcd.io kustomizations"), 0},
		{"R42", NodeRoot, "R42", may("r", "shop", "create core pods", "use security.openshift.io securitycontextconstraints privileged") + openshift,
			may("r", "shop", "create core pods", "use security.openshift.io securitycontextconstraints restricted") + openshift, 0},
		{"L5", ClusterAdmin, "R13 E8 R1", may("r", "shop", "create core pods/exec root"), may("r", "shop", "create core pods/attach other"), 0},
		{"L6", ClusterAdmin, "R10 L6", may("r", "open", "create core pods"), may("r", "open", "create core pods/log"), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := way(t, base+c.yaml, c.to, c.target)
			if want := strings.TrimSpace(c.steps); got != want {
				t.Errorf("the way is %q, want %q", got, want)
			}
			if c.near != "" {
				if got := way(t, base+c.near, c.to, c.target); certain(got) && got == c.steps {
					t.Errorf("the near miss has the way %q", got)
				}
			}
		})
	}
}

// certain says whether no step of a way is in doubt.
func certain(steps string) bool { return steps != "" && !strings.Contains(steps, "?") }

const cmAccount = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: cm, namespace: shop}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: cm}\n" +
	"roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: system:kube-controller-manager}\nsubjects: [{kind: ServiceAccount, name: cm, namespace: shop}]\n"

const docker = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: dind, namespace: open}\nspec: {nodeName: n1, automountServiceAccountToken: false, containers: [{name: c, image: docker, args: [\"--host=tcp://0.0.0.0:2375\"], securityContext: {privileged: true, runAsUser: 0}}]}\n"

const hook = "---\napiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: guard}\nwebhooks: [{name: a.example.com, clientConfig: {url: \"https://x\"}, rules: [{apiGroups: [\"\"], apiVersions: [v1], operations: [CREATE], resources: [pods]}], sideEffects: None, admissionReviewVersions: [v1]}]\n"

// way returns the techniques of the shortest certain way of eve, or else of the shortest possible one.
func way(t *testing.T, text, to string, target int) string {
	t.Helper()
	g := graphOf(t, read(t, text, func(b *world.Builder) { b.Completeness, b.Target = world.Complete, target }))
	from, err := g.Resolve("user:eve")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{{}, {Possible: true}} {
		ps := g.Shortest(from, []uint32{g.Sink(to)}, o)
		if len(ps) == 0 {
			continue
		}
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
	return ""
}
