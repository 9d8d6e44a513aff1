package rbac

import (
	"bulwark/control"
	"bulwark/facts/rbac"
)

const authn = "authentication.k8s.io"

func impersonation() []rbac.Grant {
	verb := []string{"impersonate"}
	return []rbac.Grant{
		{Resources: []string{"users", "groups"}, Verbs: verb, Cluster: true, Names: []string{rbac.GroupMasters}},
		{Resources: []string{"serviceaccounts"}, Verbs: verb},
		{Group: authn, Resources: []string{"users", "groups", "uids"}, Verbs: verb, Cluster: true, Names: []string{rbac.GroupMasters}},
	}
}

// identityPowers are rights to become somebody else.
func identityPowers() []*power {
	return []*power{{
		id: "BW1220", title: "Role may impersonate other identities", can: "act as another identity", severity: control.Critical,
		refs: []string{
			"CIS 1.12 5.1.8", "ATT&CK T1078", "kubescape C-0065", "regolibrary rule-can-impersonate-users-groups-v1", "regolibrary rule-can-impersonate-users-groups", "trivy KSV-0043",
		},
		why: "Impersonation makes the API server treat a request as coming from somebody else. Without names it includes the group system:masters, which no rule can refuse, and accounts that do not exist but are named in some binding. " +
			"It is cluster-admin with an alibi: the audit log shows the borrowed name first.",
		instead: "List the few identities under `resourceNames`, never a privileged one, and give the right to people who must reproduce the view of a user.",
		good:    "- apiGroups: [\"\"]\n  resources: [users]\n  resourceNames: [support-viewer]\n  verbs: [impersonate]",
		grants:  impersonation(),
	}, {
		id: "BW1221", title: "Role uses constrained impersonation without naming identities", can: "act as another identity for some verbs", severity: control.Medium,
		refs: []string{"ATT&CK T1078"},
		why: "Since Kubernetes 1.36 impersonation can be limited to single verbs on single resources. The half that names the identity still matters: without `resourceNames` any user, node or service account may be borrowed, " +
			"and the other half may stand in another role of the same holder.",
		instead: "Name the identities. For node agents use `impersonate:associated-node`, which is bound to the node the agent runs on.",
		good:    "- apiGroups: [authentication.k8s.io]\n  resources: [users]\n  resourceNames: [support-viewer]\n  verbs: [\"impersonate:user-info\"]",
		grants: []rbac.Grant{
			{Group: authn, Resources: []string{"users", "groups", "uids", "nodes"}, Cluster: true, Verbs: []string{"impersonate:user-info", "impersonate:arbitrary-node"}},
			{Group: authn, Resources: []string{"serviceaccounts"}, Verbs: []string{"impersonate:serviceaccount"}},
		},
	}, {
		id: "BW1231", title: "Role may mint tokens of service accounts", can: "mint a token of any service account in reach", severity: control.High,
		refs: []string{"CIS 1.12 5.1.13", "ATT&CK T1528", "kubescape C-0282", "regolibrary rule-can-create-service-account-token"},
		why: "Creating the token subresource of a service account returns a fresh credential for it, for any audience: Kubernetes itself, a cloud's identity federation, a vault. " +
			"In a ClusterRole that means every account of the cluster, those of the controllers in kube-system included.",
		instead: "Name the accounts; a kubelet or CSI driver asks for tokens of the pods it serves and needs no rule of this kind.",
		good:    "- apiGroups: [\"\"]\n  resources: [serviceaccounts/token]\n  resourceNames: [backup]\n  verbs: [create]",
		grants:  []rbac.Grant{{Resources: []string{"serviceaccounts/token"}, Verbs: []string{"create"}}},
	}, {
		id: "BW1229", title: "Role may approve or sign certificates", can: "issue certificates for other identities", severity: control.High,
		refs: []string{
			"CIS 1.12 5.1.11", "ATT&CK T1098", "kubescape C-0280", "regolibrary rule-can-approve-cert-signing-request", "checkov CKV_K8S_156", "kyverno restrict-clusterrole-csr",
		},
		why: "A client certificate names its holder, and the API server believes it: every name and group but system:masters can be asked for. Whoever may approve requests, and is let by the signer, issues identities. " +
			"Certificates cannot be revoked; they end when they expire.",
		instead: "Leave approval to the built-in controllers; let an issuer of your own approve only for its own signer.",
		good:    "- apiGroups: [certificates.k8s.io]\n  resources: [signers]\n  resourceNames: [example.com/*]\n  verbs: [approve]",
		grants: []rbac.Grant{
			{Group: "certificates.k8s.io", Resources: []string{"certificatesigningrequests/approval"}, Verbs: []string{"update", "patch"}, Cluster: true},
			{
				Group: "certificates.k8s.io", Resources: []string{"signers"}, Verbs: []string{"approve", "sign"}, Cluster: true,
				Names: []string{"kubernetes.io/kube-apiserver-client", "kubernetes.io/kube-apiserver-client-kubelet", "kubernetes.io/*"},
			},
		},
	}, {
		id: "BW1230", title: "Role names certificate approval under some API group", can: "approve certificates, if the group were right", severity: control.Low, profile: control.Strict,
		refs: []string{"checkov CKV_K8S_156", "kyverno restrict-clusterrole-csr"},
		why: "A rule on certificatesigningrequests/approval or signers under another API group than certificates.k8s.io grants nothing, but says what its author wanted. " +
			"The next edit puts the group right, and nobody reviews an old rule. This house rule refuses the intent; BW1229 judges what is in force.",
		instead: "Remove the rule, or move it to the right group and name the signers it is for.",
		good:    "- apiGroups: [certificates.k8s.io]\n  resources: [certificatesigningrequests]\n  verbs: [get, list, watch]",
		grants: []rbac.Grant{
			{AnyGroup: true, AnyName: true, Literal: true, Cluster: true, Resources: []string{"certificatesigningrequests/approval"}, Verbs: []string{"update", "patch", "approve"}},
			{AnyGroup: true, AnyName: true, Literal: true, Cluster: true, Resources: []string{"signers"}, Verbs: []string{"approve", "sign"}},
		},
	}}
}
