package kubedns

import (
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/control"
	"bulwark/facts/rbac"
)

// writers are the rights to change the ConfigMaps of the cluster's DNS.
var writers = []rbac.Grant{{
	Resources: []string{"configmaps"}, Verbs: []string{"update", "patch"},
	Names: []string{"coredns", "coredns-custom", "kube-dns", "node-local-dns"},
}}

var configWriter = &control.Control{
	ID: "BW0501", Concept: concept, Title: "Role may rewrite the configuration of the cluster's DNS", Severity: control.High,
	Doc: `The Corefile is a ConfigMap in kube-system. Whoever changes it answers every name that any pod asks for: the database, the payment provider, the cloud's metadata service. CoreDNS reloads it by itself, no pod restarts and no workload changes, so the attack is quiet and covers the whole cluster.

It fires on a rule of a ClusterRole, or of a Role in kube-system, that grants update or patch on configmaps without limiting names, or with coredns, coredns-custom, kube-dns or node-local-dns among them. ` + "`*`" + ` among verbs, groups or resources counts. Roles that Kubernetes itself ships are judged by BW1207.

Give writers of ConfigMaps a Role in their own namespace, or the names that they need.

` + "```yaml\nkind: Role\nmetadata:\n  name: leader\n  namespace: shop\nrules:\n- apiGroups: [\"\"]\n  resources: [configmaps]\n  verbs: [update]\n```\n",
	Refs: []string{
		"ATT&CK T1557", "ATT&CK T1584.002", "kubescape C-0037", "regolibrary rule-can-update-configmap-v1", "regolibrary rule-can-update-configmap",
	},
	Kinds: rbac.Roles(),
	Check: func(p *control.Pass) error {
		o := p.Subject
		if rbac.ReservedName(o.Kind, o.Name) || o.Kind == "Role" && o.Namespace != "kube-system" {
			return nil
		}
		rules := rbac.RulesOf(o)
		for i := range rules {
			if writers[0].In(o.Kind, &rules[i]) {
				p.Report(fmt.Sprintf("rules[%d]", i), "%s %q: the holder can rewrite the cluster's DNS (%s)", o.Kind, o.Name, writers[0].Found(o.Kind, &rules[i]))
			}
		}
		return nil
	},
	Deny: "(object.kind == 'ClusterRole' || object.metadata.?namespace.orValue('') == 'kube-system') && " + rbac.AnyCEL(writers),
}

var configWriterBound = &control.Control{
	ID: "BW0503", Concept: concept, Title: "Binding lets its subjects rewrite the cluster's DNS", Severity: control.High, Profile: control.Strict,
	Doc: `Rights become real in a binding: here the question is who can change the Corefile. Reviewing bindings also finds the built-in roles admin and edit, which no role of your own shows.

It fires on a ClusterRoleBinding, or a RoleBinding in kube-system, whose role, aggregated and built-in ones included, grants update or patch on configmaps without limiting names or with those of the DNS. Bindings that Kubernetes creates are left alone, and a role that is not in the input is unknown. BW0501 judges each role once.

Bind the role in the namespaces where it is needed.

` + "```yaml\nkind: RoleBinding\nmetadata:\n  name: team\n  namespace: shop\n```\n",
	Refs:     []string{"ATT&CK T1557", "kubescape C-0037", "regolibrary rule-can-update-configmap-v1"},
	Kinds:    rbac.Bindings(),
	Requires: []control.AnyFact{rbac.Of},
	Check:    checkConfigWriterBound,
}

func checkConfigWriterBound(p *control.Pass) error {
	policy, err := rbac.Of.Of(p)
	if err != nil {
		return err
	}
	b := policy.BindingOf(p.Subject)
	if b == nil || !b.ClusterWide() && b.Ref.Namespace != "kube-system" || rbac.BuiltinBinding(p.Subject) || len(b.Subjects) == 0 {
		return nil
	}
	if b.Role == nil {
		if b.Unproven != nil {
			p.Unknown("roleRef.name", "what %s %q grants: %s", b.RoleRef.Kind, b.RoleRef.Name, b.Unproven)
		}
		return nil
	}
	if rule := writingRule(b.Rules()); rule != nil {
		p.Report("roleRef.name", "%s %q lets %s rewrite the cluster's DNS (%s)", p.Subject.Kind, p.Subject.Name, b.Subjects[0], writers[0].Found("ClusterRole", rule))
	}
	return nil
}

func writingRule(rules []rbacv1.PolicyRule) *rbacv1.PolicyRule {
	for i := range rules {
		if writers[0].In("ClusterRole", &rules[i]) {
			return &rules[i]
		}
	}
	return nil
}
