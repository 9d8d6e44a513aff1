package rbac

import (
	"bulwark/control"
	"bulwark/facts/rbac"
)

// restPowers are rights that lead on from where their holder already is.
func restPowers() []*power {
	return []*power{{
		id: "BW1249", title: "Role may change the status of pods", can: "relabel pods and give them other addresses", severity: control.Medium,
		refs: []string{"ATT&CK T1557"},
		why: "A write to the status of a pod also changes its labels, and with them the Services, network policies and budgets that select it. The status holds the pod's address and whether it is ready: " +
			"a false one puts an attacker's address behind a Service.",
		instead: "Kubelets report the status of their own pods without any rule. Custom readiness gates need `patch` on pods/status for one controller in its namespaces.",
		good:    "- apiGroups: [\"\"]\n  resources: [pods/status]\n  verbs: [get]",
		grants:  []rbac.Grant{{Resources: []string{"pods/status"}, Verbs: []string{"update", "patch"}}},
	}, {
		id: "BW1250", title: "Role may change storage drivers and classes", can: "have storage drivers act on its behalf", severity: control.Medium,
		refs: []string{"ATT&CK T1611", "ATT&CK T1528"},
		why: "A CSIDriver object names audiences for which the kubelet hands tokens of pods to the driver. A StorageClass carries parameters that a provisioner with wide rights obeys, and a VolumeSnapshotContent made by hand can name " +
			"a snapshot of somebody else.",
		instead: "Let claims ask for storage; classes and drivers belong to the pipeline that installs them.",
		good:    "- apiGroups: [storage.k8s.io]\n  resources: [storageclasses]\n  verbs: [get, list, watch]",
		grants: []rbac.Grant{
			{Group: "storage.k8s.io", Resources: []string{"storageclasses", "csidrivers"}, Verbs: writing, Cluster: true},
			{Group: "snapshot.storage.k8s.io", Resources: []string{"volumesnapshotcontents"}, Verbs: writing, Cluster: true, Literal: true},
		},
	}, {
		id: "BW1251", title: "Role may place pods on nodes", can: "place pods on nodes of its choice", severity: control.Medium,
		refs:    []string{"ATT&CK T1610"},
		why:     "Binding a pod to a node is the scheduler's work. Whoever may do it puts a pod beside the one it wants to attack, or draws a valuable pod onto a node that it owns, and the node may then read the Secrets and mint the tokens of that pod.",
		instead: "Bind schedulers of your own to the role system:kube-scheduler and nobody else to this.",
		good:    "- apiGroups: [\"\"]\n  resources: [pods]\n  verbs: [get, list, watch]",
		grants:  []rbac.Grant{{Resources: []string{"pods/binding", "bindings"}, Verbs: []string{"create"}}},
	}, {
		id: "BW1252", title: "Role may change ConfigMaps by which the cluster trusts", can: "change whom the cluster trusts", severity: control.High,
		refs: []string{"ATT&CK T1098", "ATT&CK T1557"},
		why: "extension-apiserver-authentication holds the authority by which aggregated servers believe who is calling; cluster-info what joining nodes take for the API server; kubeadm-config and kubelet-config what the next " +
			"upgrade and the next node start with. A writer becomes anybody, or the API server, for those who read them.",
		instead: "Only kubeadm and the API server write these; give others `get` on the one they need.",
		good:    "- apiGroups: [\"\"]\n  resources: [configmaps]\n  resourceNames: [cluster-info]\n  verbs: [get]",
		grants: []rbac.Grant{{Resources: []string{"configmaps"}, Verbs: []string{"update", "patch"}, OnlyNames: true,
			Names: []string{"extension-apiserver-authentication", "cluster-info", "kubeadm-config", "kubelet-config"}}},
	}, {
		id: "BW1257", title: "Role may change runtime classes", can: "take the sandbox from later pods", severity: control.Low,
		refs:    []string{"ATT&CK T1562"},
		why:     "A RuntimeClass says under which runtime its pods start. Whoever deletes the class of the sandbox and creates it again with the ordinary handler has untrusted programs started without it, and nothing in the pods shows it.",
		instead: "Install runtime classes with the nodes that offer them.",
		good:    "- apiGroups: [node.k8s.io]\n  resources: [runtimeclasses]\n  verbs: [get, list, watch]",
		grants:  []rbac.Grant{{Group: "node.k8s.io", Resources: []string{"runtimeclasses"}, Verbs: changing, Cluster: true}},
	}, {
		id: "BW1258", title: "Role may issue pod certificates or replace trust anchors", can: "issue certificates of pods or replace whom pods trust", severity: control.High,
		refs: []string{"ATT&CK T1557", "ATT&CK T1098"},
		why: "Pods can ask for X.509 identities, and take the authorities that they trust from ClusterTrustBundles. Whoever answers the requests hands out the identity of any workload, and whoever writes a bundle decides " +
			"which servers its readers believe.",
		instead: "Name the bundle, and leave requests to the one signer that issues.",
		good:    "- apiGroups: [certificates.k8s.io]\n  resources: [clustertrustbundles]\n  resourceNames: [example.com:web:v1]\n  verbs: [update]",
		grants: []rbac.Grant{
			{Group: "certificates.k8s.io", Resources: []string{"podcertificaterequests/status"}, Verbs: []string{"update", "patch"}},
			{Group: "certificates.k8s.io", Resources: []string{"clustertrustbundles"}, Verbs: changing, Cluster: true},
			{Group: "certificates.k8s.io", Resources: []string{"signers"}, Verbs: []string{"attest"}, Cluster: true},
		},
	}}
}
