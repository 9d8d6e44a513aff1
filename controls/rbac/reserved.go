package rbac

import (
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/control"
	"bulwark/facts/rbac"
)

// reservedRole compares roles under Kubernetes' own names with what Kubernetes ships.
var reservedRole = &control.Control{
	ID: "BW1207", Concept: concept, Title: "Role with a name of Kubernetes' own grants more than Kubernetes does", Severity: control.High,
	Doc: `Roles named cluster-admin, admin, edit, view or system:… are trusted by habit: reviews skip them, tools exempt them, and every cluster binds some of them. An attacker who may write roles hides new rights there, and an operator who widens one widens it for all its holders.

It fires on such a role when it holds a dangerous right (one that a control of this concept reports by default) which the role of the same name lacks in Kubernetes 1.37; a system: role unknown to Kubernetes is compared with nothing. Aggregated roles are judged by what they select. Older versions of Kubernetes granted a little more, such as endpoints in edit.

Put your own rights into a role with a name of your own.

` + "```yaml\nkind: ClusterRole\nmetadata:\n  name: shop:deployer\n```\n",
	Refs:     []string{"ATT&CK T1098.006", "ATT&CK T1036.005"},
	Kinds:    rbac.Roles(),
	Requires: []control.AnyFact{rbac.Of},
	Check:    checkReserved,
}

func checkReserved(p *control.Pass) error {
	o := p.Subject
	if !rbac.ReservedName(o.Kind, o.Name) {
		p.NotApplicable()
		return nil
	}
	shipped, _ := rbac.BuiltinRules(o.Kind, o.Namespace, o.Name)
	if slices.ContainsFunc(shipped, isEverything) {
		return nil
	}
	rules := rbac.RulesOf(o)
	for i := range rules {
		if extra := extraRights(o.Kind, &rules[i], shipped); len(extra) > 0 {
			p.Report(fmt.Sprintf("rules[%d]", i), "%s %q has a name of Kubernetes' own, which lacks this: the holder can %s", o.Kind, o.Name, strings.Join(extra, "; "))
		}
	}
	return nil
}

// extraRights names up to two dangerous rights that the rule holds and no shipped rule does.
func extraRights(kind string, rule *rbacv1.PolicyRule, shipped []rbacv1.PolicyRule) []string {
	if isEverything(*rule) {
		return []string{"do everything"}
	}
	var out []string
	for _, power := range table() {
		if power.profile != control.Security || len(out) == 2 {
			continue
		}
		for i := range power.grants {
			g := &power.grants[i]
			if g.In(kind, rule) && !slices.ContainsFunc(shipped, func(s rbacv1.PolicyRule) bool { return g.In(kind, &s) }) {
				out = append(out, power.can)
				break
			}
		}
	}
	return out
}

func isEverything(r rbacv1.PolicyRule) bool {
	return slices.Contains(r.Verbs, star) && slices.Contains(r.Resources, star) && slices.Contains(r.APIGroups, star)
}

// endpointsInEdit is the leftover of clusters older than 1.22.
var endpointsInEdit = &control.Control{
	ID: "BW1208", Concept: concept, Title: "Default edit role may still change endpoints", Severity: control.Medium,
	Doc: `Clusters that were created before Kubernetes 1.22 keep the right to write Endpoints in system:aggregate-to-edit, and with it in edit and admin. Anybody with edit in one namespace can then make a load balancer or ingress controller forward to pods of another namespace, past network policies (CVE-2021-25740). Upgrades do not remove the right.

It fires on the ClusterRole system:aggregate-to-edit when a rule with a writing verb names endpoints or endpointslices, in whatever API group, because old manifests put them in odd places.

Remove the resources from the rule and set the annotation rbac.authorization.kubernetes.io/autoupdate to "true" so that it stays as Kubernetes ships it.

` + "```yaml\n- apiGroups: [\"\"]\n  resources: [configmaps, secrets, services]\n  verbs: [create, delete, patch, update]\n```\n",
	Refs:  []string{"CVE-2021-25740", "ATT&CK T1557", "gatekeeper general/block-endpoint-edit-default-role", "kyverno restrict-edit-for-endpoints"},
	Kinds: []string{rbac.KindClusterRole},
	Check: func(p *control.Pass) error {
		if p.Subject.Name != "system:aggregate-to-edit" {
			p.NotApplicable()
			return nil
		}
		rules := rbac.RulesOf(p.Subject)
		for i := range rules {
			for j, r := range rules[i].Resources {
				if endpointWrite.In("ClusterRole", &rules[i]) && slices.Contains(endpointWrite.Resources, r) {
					p.Report(fmt.Sprintf("rules[%d].resources[%d]", i, j), "the default edit role lets its holders change %s", r).
						Fix("takes the resource out of the rule", control.Edit{Path: fmt.Sprintf("rules[%d].resources[%d]", i, j), Op: control.Remove})
				}
			}
		}
		return nil
	},
	Deny: "object.metadata.?name.orValue('') == 'system:aggregate-to-edit' && " + rbac.RulesCEL + ".exists(r, " + endpointWrite.CEL() + ")",
}

var endpointWrite = &rbac.Grant{AnyGroup: true, AnyName: true, Literal: true, Resources: []string{"endpoints", "endpointslices"}, Verbs: changing}
