package rbac

import (
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/control"
	"bulwark/facts/rbac"
)

const star = "*"

// everything is the role that equals cluster-admin, whatever its name.
var everything = &control.Control{
	ID: "BW1202", Concept: concept, Title: "Role grants every verb on every resource", Severity: control.Critical,
	Doc: `A rule with ` + "`*`" + ` for verbs, resources and API groups is cluster-admin under another name: it covers kinds and verbs that do not exist yet, also impersonate, bind and escalate. In a Role it is full control of the namespace, every Secret and every service account included.

It fires on a rule of a Role or ClusterRole in which all three lists contain ` + "`*`" + `. Findings about single rights of the same role are folded into this one. Roles that Kubernetes itself ships are judged by BW1207.

List what the holder really does. The audit log, or ` + "`kubectl auth can-i --list`" + ` while the program runs, shows it.

` + "```yaml\nrules:\n- apiGroups: [apps]\n  resources: [deployments]\n  verbs: [get, list, watch, patch]\n```\n",
	Refs: []string{
		"CIS 1.12 5.1.1", "CIS 1.12 5.1.3", "ATT&CK T1098.006", "NSA authz", "kubescape C-0187", "trivy KSV-0044",
		"kyverno restrict-escalation-verbs-roles",
	},
	Kinds: rbac.Roles(),
	Check: eachRule(func(r *rbacv1.PolicyRule) bool {
		return slices.Contains(r.Verbs, star) && slices.Contains(r.Resources, star) && slices.Contains(r.APIGroups, star)
	}, "every verb on every resource is allowed"),
	Deny: ruleCEL(has("verbs") + " && " + has("resources") + " && " + has("apiGroups")),
	Implies: []string{
		"BW1203", "BW1204", "BW1205", "BW1210", "BW1211", "BW1213", "BW1214", "BW1215", "BW1216", "BW1217", "BW1218", "BW1219", "BW1220", "BW1221",
		"BW1222", "BW1223", "BW1224", "BW1225", "BW1226", "BW1227", "BW1228", "BW1229", "BW1231", "BW1232", "BW1233", "BW1234", "BW1237", "BW1238",
		"BW1239", "BW1240", "BW1241", "BW1242", "BW1243", "BW1244", "BW1245", "BW1247", "BW1248", "BW0501",
	},
}

var wildcardVerbs = &control.Control{
	ID: "BW1203", Concept: concept, Title: "Role grants every verb on some resources", Severity: control.Medium,
	Doc: wildcardDoc("verbs", "The wildcard covers verbs that few people think of: `deletecollection`, `impersonate`, `bind`, `escalate`, `approve`, `use`, and those of future versions.",
		"Spell out the verbs: most controllers get by with get, list, watch and patch."),
	Refs: []string{
		"CIS 1.12 5.1.3", "ATT&CK T1098.006", "kubescape C-0187", "trivy KSV-0045", "checkov CKV_K8S_49", "kube-linter wildcard-in-rules", "kyverno restrict-wildcard-verbs",
	},
	Kinds: rbac.Roles(),
	Check: eachRule(func(r *rbacv1.PolicyRule) bool { return slices.Contains(r.Verbs, star) }, "every verb is allowed"),
	Deny:  ruleCEL(has("verbs")),
}

var wildcardResources = &control.Control{
	ID: "BW1204", Concept: concept, Title: "Role grants rights on every resource", Severity: control.Medium,
	Doc: wildcardDoc("resources", "The wildcard covers all kinds of the group and all their subresources, so `get` on `*` of the core group reads Secrets and reaches nodes/proxy, and kinds that are installed later are covered from their first day.",
		"Name the resources, and subresources as `pods/log`; `pods/*` grants nothing."),
	Refs: []string{
		"CIS 1.12 5.1.3", "ATT&CK T1098.006", "kubescape C-0187", "trivy KSV-0046", "trivy KSV-0112", "checkov CKV_K8S_49", "kube-linter wildcard-in-rules",
		"kyverno restrict-wildcard-resources",
	},
	Kinds: rbac.Roles(),
	Check: eachRule(func(r *rbacv1.PolicyRule) bool { return slices.Contains(r.Resources, star) }, "every resource of the group is covered"),
	Deny:  ruleCEL(has("resources")),
}

var wildcardGroups = &control.Control{
	ID: "BW1205", Concept: concept, Title: "Role grants rights in every API group", Severity: control.Low,
	Doc: wildcardDoc("apiGroups", "The wildcard covers same-named resources of all groups, also of those that are installed later: a rule on `*` / `services` reaches the Services of a mesh or a serverless platform as well.",
		"Name the group; the core group is the empty string."),
	Refs:  []string{"CIS 1.12 5.1.3", "ATT&CK T1098.006", "kubescape C-0187", "checkov CKV_K8S_49"},
	Kinds: rbac.Roles(),
	Check: eachRule(func(r *rbacv1.PolicyRule) bool { return slices.Contains(r.APIGroups, star) }, "every API group is covered"),
	Deny:  ruleCEL(has("apiGroups")),
}

var wildcardURLs = &control.Control{
	ID: "BW1206", Concept: concept, Title: "Role grants every URL that is no resource", Severity: control.Low,
	Doc: wildcardDoc("nonResourceURLs", "The wildcard covers `/metrics`, `/logs`, `/debug/pprof` and whatever an aggregated server publishes beside its resources: names, timings and stack traces of the control plane.",
		"Name the paths. They count only through a ClusterRoleBinding."),
	Refs:  []string{"CIS 1.12 5.1.3", "ATT&CK T1613"},
	Kinds: []string{rbac.KindClusterRole},
	Check: eachRule(func(r *rbacv1.PolicyRule) bool { return slices.Contains(r.NonResourceURLs, star) }, "every URL is covered"),
	Deny:  ruleCEL(has("nonResourceURLs")),
}

func wildcardDoc(field, why, instead string) string {
	return "A star is not a list of what is there today but of all that will ever be. " + why +
		"\n\nIt fires on every rule of a Role or ClusterRole whose `" + field + "` contain exactly `*`. Roles that Kubernetes itself ships are judged by BW1207. " +
		"A rule with stars in verbs, resources and groups at once is BW1202.\n\n" + instead +
		"\n\n```yaml\nrules:\n- apiGroups: [apps]\n  resources: [deployments]\n  verbs: [get, list, watch]\n```\n"
}

// eachRule makes a Check that reports every rule that is bad.
func eachRule(bad func(*rbacv1.PolicyRule) bool, what string) func(*control.Pass) error {
	return func(p *control.Pass) error {
		o := p.Subject
		if rbac.ReservedName(o.Kind, o.Name) {
			return nil
		}
		rules := rbac.RulesOf(o)
		for i := range rules {
			if bad(&rules[i]) {
				path := fmt.Sprintf("rules[%d]", i)
				p.Report(path, "%s %q: %s (rule %d)", o.Kind, o.Name, what, i+1).Within(path)
			}
		}
		return nil
	}
}

func ruleCEL(condition string) string {
	return "!" + rbac.ReservedCEL + " && " + rbac.RulesCEL + ".exists(r, " + condition + ")"
}

func has(field string) string { return "r.?" + field + ".orValue([]).exists(x, x == '*')" }
