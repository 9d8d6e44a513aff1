package rbac

import (
	"sync"

	"bulwark/control"
	"bulwark/facts/rbac"
)

// table is allPowers, made once.
var table = sync.OnceValue(allPowers)

// allPowers returns the table of rights that roles are searched for.
func allPowers() []*power {
	var list []*power
	for _, part := range [][]*power{dataPowers(), podPowers(), identityPowers(), rulePowers(), nodePowers(), admissionPowers(), objectPowers(), networkPowers(), enginePowers(), restPowers()} {
		list = append(list, part...)
	}
	return list
}

var (
	reading  = []string{"get", "list", "watch"}
	writing  = []string{"create", "update", "patch"}
	changing = []string{"create", "update", "patch", "delete", "deletecollection"}
)

// dataPowers are rights on Secrets.
func dataPowers() []*power {
	return []*power{{
		id: "BW1210", title: "Role may read Secrets", can: "read Secrets", severity: control.High,
		refs: []string{
			"CIS 1.12 5.1.2", "ATT&CK T1552.007", "NSA authz", "kubescape C-0015", "kubescape C-0186", "regolibrary rule-can-list-get-secrets-v1",
			"regolibrary rule-can-list-get-secrets", "trivy KSV-0041", "trivy KSV-0113", "kyverno restrict-secret-role-verbs",
		},
		why: "Secrets hold service-account tokens, registry and TLS keys, cloud credentials and bootstrap tokens: whoever reads them becomes those identities. " +
			"`list` and `watch` return the contents exactly as `get` does, so a role that may only list Secrets has them all.",
		instead: "Name the Secrets that are needed, mount them as volumes instead of reading them through the API, or give the job to a controller that watches one namespace.",
		good:    "- apiGroups: [\"\"]\n  resources: [secrets]\n  resourceNames: [app-config]\n  verbs: [get]",
		grants:  []rbac.Grant{{Resources: []string{"secrets"}, Verbs: reading}},
	}, {
		id: "BW1211", title: "Role may change or delete Secrets", can: "change Secrets", severity: control.Medium,
		refs: []string{"ATT&CK T1098", "trivy KSV-0041", "trivy KSV-0113"},
		why: "Writing a Secret of type service-account-token makes the API server fill in a token of any account of the namespace; in kube-system a written bootstrap token lets new nodes join. " +
			"Overwriting a TLS or registry Secret redirects whoever trusts it, and deleting one stops what mounts it.",
		instead: "Let one controller own the Secrets it makes, in its own namespace, and name the ones it may change.",
		good:    "- apiGroups: [\"\"]\n  resources: [secrets]\n  resourceNames: [app-session-key]\n  verbs: [update, patch]",
		grants:  []rbac.Grant{{Resources: []string{"secrets"}, Verbs: changing}},
	}, {
		id: "BW1212", title: "Role names Secrets at all", can: "do something to Secrets", severity: control.Low, profile: control.Strict,
		refs: []string{"trivy KSV-0041", "trivy KSV-0113"},
		why: "A house rule for estates that keep credentials outside the cluster: no role should mention Secrets in any form, whatever the verb and however narrow the names. " +
			"Most estates want BW1210 and BW1211 instead, which accept narrow rules.",
		instead: "Move the credential to an external store and mount it through a CSI driver, then drop the rule.",
		good:    "- apiGroups: [\"\"]\n  resources: [configmaps]\n  verbs: [get]",
		grants: []rbac.Grant{{
			Resources: []string{"secrets"}, AnyName: true, Literal: true,
			Verbs: append([]string{"impersonate"}, append(append([]string{}, reading...), changing...)...),
		}},
	}}
}
