package rbac

import (
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/control"
	"bulwark/facts/rbac"
)

const (
	anyUID     = "anyuid"
	anyUIDRole = "system:openshift:scc:anyuid"
)

// anyUser is about the constraint that stops short of the node: BW1246 has those that do not.
var anyUser = &control.Control{
	ID: "BW1296", Concept: concept, Title: "Right to run as any user on OpenShift", Severity: control.Medium, Profile: control.Strict,
	Doc: `OpenShift gives each project a range of user ids, so that a process that breaks out of its container is nobody in particular on the node and nobody in the next project. The constraint anyuid lifts that: pods run as whatever user their image names, root included.

It fires on a rule of a Role or ClusterRole that grants use, or every verb, on the constraint anyuid by name, and on a binding to the role system:openshift:scc:anyuid. Rights on all constraints are the matter of BW1246. It is a house rule: clusters that run images from outside often need the constraint for some of them, and then bind it to those service accounts alone.

Build images that run as an arbitrary user of group 0, or use the constraint nonroot-v2.

` + "```yaml\n- apiGroups: [security.openshift.io]\n  resources: [securitycontextconstraints]\n  resourceNames: [nonroot-v2]\n  verbs: [use]\n```\n",
	Refs:  []string{"kyverno disallow-security-context-constraint-anyuid", "ATT&CK T1611"},
	Kinds: slices.Concat(rbac.Roles(), rbac.Bindings()),
	Check: func(p *control.Pass) error {
		o := p.Subject
		if l := rbac.LinkOf(o); l != nil {
			if l.RoleRef.Name == anyUIDRole {
				p.Report("roleRef.name", "%s %q lets its subjects run pods as any user", o.Kind, o.Name)
			}
			return nil
		}
		for i, r := range rbac.RulesOf(o) {
			if o.Name != anyUIDRole && grantsAnyUID(&r) {
				p.Report(fmt.Sprintf("rules[%d]", i), "%s %q lets its holder run pods as any user (rule %d)", o.Kind, o.Name, i+1)
			}
		}
		return nil
	},
	Deny: `object.kind in ['RoleBinding', 'ClusterRoleBinding'] ? object.roleRef.name == '` + anyUIDRole + `' : object.metadata.name != '` + anyUIDRole + `' && ` +
		rbac.RulesCEL + `.exists(r, '` + anyUID + `' in r.?resourceNames.orValue([]) && r.?verbs.orValue([]).exists(v, v in ['use', '*']) && ` +
		`r.?resources.orValue([]).exists(x, x in ['securitycontextconstraints', '*']) && r.?apiGroups.orValue([]).exists(g, g in ['security.openshift.io', '*']))`,
}

// grantsAnyUID says whether a rule names the constraint and allows its use.
func grantsAnyUID(r *rbacv1.PolicyRule) bool {
	either := func(list []string, name string) bool {
		return slices.Contains(list, name) || slices.Contains(list, star)
	}
	return slices.Contains(r.ResourceNames, anyUID) && either(r.Verbs, "use") &&
		either(r.Resources, "securitycontextconstraints") && either(r.APIGroups, "security.openshift.io")
}
