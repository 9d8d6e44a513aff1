package rbac

import (
	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/control"
	"bulwark/facts/rbac"
)

func roles(verbs ...string) []rbac.Grant {
	return []rbac.Grant{
		{Group: rbacv1.GroupName, Resources: []string{"clusterroles"}, Verbs: verbs, Cluster: true},
		{Group: rbacv1.GroupName, Resources: []string{"roles"}, Verbs: verbs},
	}
}

// rulePowers are rights on RBAC itself.
func rulePowers() []*power {
	escalate := roles("escalate")
	for i := range escalate {
		escalate[i].AnyName = true
	}
	bind := roles("bind")
	for i := range bind {
		bind[i].Names = []string{"cluster-admin", "admin", "edit"}
	}
	anyName := roles("bind", "escalate", "impersonate")
	for i := range anyName {
		anyName[i].AnyName = true
	}
	return []*power{{
		id: "BW1222", title: "Role may escalate roles", can: "write rules that exceed its own rights", severity: control.Critical,
		refs: []string{
			"CIS 1.12 5.1.8", "ATT&CK T1098.006", "kubescape C-0191", "regolibrary rule-can-bind-escalate", "checkov CKV_K8S_158", "kyverno restrict-escalation-verbs-roles",
		},
		why: "The API server refuses to let anybody write a role with more rights than they hold themselves. The verb `escalate` switches that check off: the holder edits a role that is already bound to it and owns the cluster. " +
			"Naming the roles does not help when one of them is the holder's own.",
		instead: "Grant plain create and update on roles; the server then keeps the writer within its own rights.",
		good:    "- apiGroups: [rbac.authorization.k8s.io]\n  resources: [roles]\n  verbs: [get, list, watch]",
		grants:  escalate,
	}, {
		id: "BW1223", title: "Role may bind any role", can: "hand out roles it does not hold", severity: control.Critical,
		refs: []string{
			"CIS 1.12 5.1.8", "ATT&CK T1098.006", "kubescape C-0191", "regolibrary rule-can-bind-escalate", "kyverno restrict-escalation-verbs-roles",
			"trivy KSV-0051", "trivy KSV-0052",
		},
		why: "With `bind` a holder may create a binding to a role whose rights it lacks. Without names, or with cluster-admin, admin or edit among them, that ends at full control of the cluster or of the namespace. " +
			"The server checks the name in the binding's namespace, so one rule in a ClusterRole covers them all.",
		instead: "List the harmless roles that may be handed out under `resourceNames`.",
		good:    "- apiGroups: [rbac.authorization.k8s.io]\n  resources: [clusterroles]\n  resourceNames: [view]\n  verbs: [bind]",
		grants:  bind,
	}, {
		id: "BW1224", title: "Role may change roles or bindings", can: "change who may do what", severity: control.High,
		refs: []string{
			"ATT&CK T1098.006", "trivy KSV-0050", "trivy KSV-0051", "trivy KSV-0052", "trivy KSV-0055",
		},
		why: "Writing bindings lets the holder pass its own rights to others for good, and adding a subject to a binding survives the removal of the first account. Deleting a binding or a role takes rights away from everybody else, without any check. " +
			"Together with bind or escalate it is cluster-admin.",
		instead: "Manage RBAC from a reviewed repository with one account, and let teams read it.",
		good:    "- apiGroups: [rbac.authorization.k8s.io]\n  resources: [roles, rolebindings]\n  verbs: [get, list, watch]",
		grants: []rbac.Grant{
			{Group: rbacv1.GroupName, Resources: []string{"clusterroles", "clusterrolebindings"}, Verbs: changing, Cluster: true},
			{Group: rbacv1.GroupName, Resources: []string{"roles", "rolebindings"}, Verbs: changing},
		},
	}, {
		id: "BW1247", title: "Role uses a verb of privilege escalation on roles", can: "bind, escalate or impersonate roles", severity: control.Low, profile: control.Strict,
		refs: []string{"kyverno restrict-escalation-verbs-roles"},
		why: "A house rule without exceptions: the verbs bind, escalate and impersonate do not appear on roles and clusterroles, not even for named harmless roles. " +
			"Impersonating a role means nothing to Kubernetes, so it marks a rule that nobody understood.",
		instead: "Drop the verb. Where an operator must hand out one role, keep BW1223 instead of this rule and name the role.",
		good:    "- apiGroups: [rbac.authorization.k8s.io]\n  resources: [clusterroles]\n  verbs: [get, update]",
		grants:  anyName,
	}, {
		id: "BW1248", title: "Role may do anything to bindings", can: "bind, or do anything else to bindings", severity: control.Low, profile: control.Strict,
		refs: []string{"checkov CKV_K8S_157"},
		why: "The verb bind belongs to roles; on rolebindings and clusterrolebindings it means nothing by itself. Only `*` gives real power there, which BW1224 reports in detail. " +
			"This house rule refuses both, because the author wanted to hand out roles.",
		instead: "Grant bind on named harmless roles, and create on rolebindings.",
		good:    "- apiGroups: [rbac.authorization.k8s.io]\n  resources: [rolebindings]\n  verbs: [get, list, watch]",
		grants: []rbac.Grant{
			{Group: rbacv1.GroupName, Resources: []string{"clusterrolebindings"}, Verbs: []string{"bind"}, Cluster: true, AnyName: true},
			{Group: rbacv1.GroupName, Resources: []string{"rolebindings"}, Verbs: []string{"bind"}, AnyName: true},
		},
	}}
}
