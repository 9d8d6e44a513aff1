package rbac

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/control"
	"bulwark/facts/identities"
	"bulwark/facts/rbac"
	"bulwark/world"
)

var adminWorkload = &control.Control{
	ID: "BW1292", Concept: concept, Title: "Workload holds a token with full control", Severity: control.Critical,
	Doc: `A bug in this program is a bug in the cluster: whoever makes it run a command, read a file or send a request of their choice finds the token and holds every right of its account. Ingress controllers, build agents and dashboards have all been such a door.

It fires on a pod or workload that has a token of its service account (mounted by default, by the account's or the pod's word, or as a projected volume) when a binding gives that account, or a group it is in, a role with every verb on every resource of the core group or of all groups.

Give the account a role that lists what the program does. If it needs no API at all, turn the token off.

` + "```yaml\nspec:\n  serviceAccountName: web\n  automountServiceAccountToken: false\n```\n",
	Refs:     []string{"CIS 1.12 5.1.1", "CIS 1.12 5.1.6", "ATT&CK T1078", "kubescape C-0272", "regolibrary workload-with-administrative-roles"},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{rbac.Of, identities.Of},
	Check: eachToken(func(b *rbac.Binding) string {
		if slices.ContainsFunc(b.Rules(), administrative) {
			return "every verb on every resource"
		}
		return ""
	}, "has a token of ServiceAccount %q, to which %s %q gives %s"),
	Implies: []string{"BW1293", "BW1295"},
}

// administrative says whether a rule is all of the core group, or of all groups.
func administrative(r rbacv1.PolicyRule) bool {
	return slices.Contains(r.Verbs, star) && slices.Contains(r.Resources, star) && len(r.ResourceNames) == 0 &&
		(slices.Contains(r.APIGroups, star) || slices.Contains(r.APIGroups, ""))
}

var takeoverWorkload = &control.Control{
	ID: "BW1293", Concept: concept, Title: "Workload holds a token that can take over the cluster", Severity: control.High,
	Doc: `Some rights end at cluster-admin in one or two steps, without looking like it: reading Secrets of kube-system, creating a pod there, minting tokens, impersonating, binding or escalating roles, proxying to kubelets. A program that holds one of them cluster-wide is as valuable to an attacker as the control plane, and usually much easier to reach.

It fires on a pod or workload that has a token of its service account when a ClusterRoleBinding, or a RoleBinding in kube-system, gives that account such a right.

Bind the role in the namespaces that the program serves, or name the objects it may touch. Where an operator must have the right, isolate it: no ingress from other pods, a namespace and node pool of its own.

` + "```yaml\nkind: RoleBinding\nmetadata:\n  name: operator\n  namespace: shop\n```\n",
	Refs:     []string{"ATT&CK T1078", "kubescape C-0267", "regolibrary workload-with-cluster-takeover-roles"},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{rbac.Of, identities.Of},
	Check: eachToken(func(b *rbac.Binding) string {
		if b.ClusterWide() || b.Ref.Namespace == "kube-system" {
			return takeover(b)
		}
		return ""
	}, "has a token of ServiceAccount %q, which through %s %q can %s"),
}

var namespaceWorkload = &control.Control{
	ID: "BW1295", Concept: concept, Title: "Workload holds a token that can take over its namespace", Severity: control.Medium, Profile: control.Strict,
	Doc: `Within one namespace, reading Secrets, creating pods or minting tokens gives every account and every credential of that namespace. Where namespaces hold a single program this adds little; where teams share one, a compromised helper reaches the valuable neighbour.

It fires on a pod or workload that has a token of its service account when a RoleBinding outside kube-system gives that account a right of this kind. BW1293 reports the rights that reach the whole cluster.

Name the objects the program may touch, or give it a namespace of its own.

` + "```yaml\nrules:\n- apiGroups: [\"\"]\n  resources: [secrets]\n  resourceNames: [web-session]\n  verbs: [get]\n```\n",
	Refs:     []string{"ATT&CK T1078", "kubescape C-0267", "regolibrary workload-with-cluster-takeover-roles"},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{rbac.Of, identities.Of},
	Check: eachToken(func(b *rbac.Binding) string {
		if b.ClusterWide() || b.Ref.Namespace == "kube-system" {
			return ""
		}
		return takeover(b)
	}, "has a token of ServiceAccount %q, which through %s %q can %s"),
}

// takeover names the first right of the binding that ends at full control of its scope.
func takeover(b *rbac.Binding) string {
	kind := "Role"
	if b.ClusterWide() {
		kind = "ClusterRole"
	}
	for _, p := range table() {
		switch p.id {
		case "BW1210", "BW1213", "BW1214", "BW1220", "BW1222", "BW1223", "BW1225", "BW1231":
			if g, _ := firstGrant(kind, b.Rules(), p.grants); g != nil {
				return p.can
			}
		}
	}
	return ""
}

var anyRightsWorkload = &control.Control{
	ID: "BW1294", Concept: concept, Title: "Workload holds a token with rights in the API", Severity: control.Info, Profile: control.Strict,
	Doc: `An inventory rather than a defect: these are the pods through which an attacker gets any right in the Kubernetes API. In most estates they should be few, operators and agents of the platform, and an application that appears here deserves the question why.

It fires on a pod or workload that has a token of its service account when some binding gives rights to that account or to a group of service accounts. What every account has, such as discovery of the API, does not count.

Turn the token off where the program does not talk to the API, and remove bindings that nobody needs.

` + "```yaml\nspec:\n  automountServiceAccountToken: false\n```\n",
	Refs:     []string{"ATT&CK T1078", "kubescape C-0053", "regolibrary access-container-service-account-v1", "regolibrary access-container-service-account"},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{rbac.Of, identities.Of},
	Check: eachToken(func(b *rbac.Binding) string {
		if b.Object == nil || rbac.BuiltinBinding(b.Object) {
			return ""
		}
		return "rights"
	}, "has a token of ServiceAccount %q, to which %s %q gives %s"),
}

// eachToken makes a Check that looks at the bindings of every pod with a
// token; judge says what is wrong with one, and the first wrong one is reported.
func eachToken(judge func(*rbac.Binding) string, format string) func(*control.Pass) error {
	return func(p *control.Pass) error {
		policy, err := rbac.Of.Of(p)
		if err != nil {
			return err
		}
		ids, err := identities.Of.Of(p)
		if err != nil {
			return err
		}
		for t := range p.Subject.Pods {
			id := ids.Of(t)
			if id == nil || !id.HasToken() {
				continue
			}
			reportFirst(p, t, id, policy.Account(id.Account.Namespace, id.Account.Name), judge, format)
		}
		return nil
	}
}

func reportFirst(p *control.Pass, t *world.PodTemplate, id *identities.Identity, bindings []*rbac.Binding, judge func(*rbac.Binding) string, format string) {
	for _, b := range bindings {
		what := judge(b)
		if what == "" {
			continue
		}
		r := p.ReportPod(t, "serviceAccountName", format, id.Account.Name, b.Ref.Kind, b.Ref.Name, what)
		if b.Object != nil {
			r.Related(b.Object, "roleRef.name")
		}
		return
	}
}
