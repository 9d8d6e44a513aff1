package rbac

import (
	"bulwark/control"
	"bulwark/facts/rbac"
)

// objectPowers are rights to destroy, to hide traces, and on objects that steer others.
func objectPowers() []*power {
	deleting := []string{"delete", "deletecollection"}
	return []*power{{
		id: "BW1232", title: "Role may create persistent volumes", can: "mount any directory of a node through a volume", severity: control.Medium,
		refs: []string{"CIS 1.12 5.1.9", "ATT&CK T1611", "kubescape C-0278"},
		why: "A PersistentVolume may be a hostPath. Pod Security looks at the pod, which only names a claim, so a volume made by hand opens the node's disk to a pod that looks harmless. " +
			"Volumes can also point at other tenants' shares and disks.",
		instead: "Let storage classes make volumes; provisioners bring their own narrow roles.",
		good:    "- apiGroups: [\"\"]\n  resources: [persistentvolumeclaims]\n  verbs: [create, get, list]",
		grants:  []rbac.Grant{{Resources: []string{"persistentvolumes"}, Verbs: []string{"create"}, Cluster: true}},
	}, {
		id: "BW1233", title: "Role may delete workloads or data", can: "delete workloads or data", severity: control.Medium,
		refs: []string{"ATT&CK T1485", "kubescape C-0007", "regolibrary rule-excessive-delete-rights-v1", "regolibrary rule-excessive-delete-rights"},
		why: "Deleting needs no further check: whoever may delete Deployments, claims or namespaces stops the service and, with volumes that are reclaimed, destroys the data. " +
			"`deletecollection` does it to all objects at once with a single request.",
		instead: "Give controllers deletion of what they created, by kind and namespace; people rarely need it outside their own namespaces.",
		good:    "- apiGroups: [batch]\n  resources: [jobs]\n  resourceNames: [nightly]\n  verbs: [delete]",
		grants: []rbac.Grant{
			{Resources: []string{"namespaces", "persistentvolumes"}, Verbs: deleting, Cluster: true},
			{Resources: []string{"secrets", "pods", "services", "persistentvolumeclaims", "configmaps"}, Verbs: deleting},
			{Group: "apps", Resources: []string{"deployments", "daemonsets", "statefulsets", "replicasets"}, Verbs: deleting},
			{Group: "batch", Resources: []string{"jobs", "cronjobs"}, Verbs: deleting},
		},
	}, {
		id: "BW1234", title: "Role may delete events", can: "remove traces from the event log", severity: control.Medium,
		refs:    []string{"ATT&CK T1070", "kubescape C-0031", "regolibrary rule-can-delete-k8s-events-v1", "regolibrary rule-can-delete-k8s-events"},
		why:     "Events tell what was scheduled, pulled, started and killed, and are the first thing that people look at after an incident. Deleting them hides a foothold; they expire by themselves and nobody needs the right for daily work.",
		instead: "Components that record events need create and patch only.",
		good:    "- apiGroups: [\"\", events.k8s.io]\n  resources: [events]\n  verbs: [create, patch]",
		grants: []rbac.Grant{
			{Resources: []string{"events"}, Verbs: deleting},
			{Group: "events.k8s.io", Resources: []string{"events"}, Verbs: deleting},
		},
	}, {
		id: "BW1235", title: "Role asks to delete pod logs", can: "delete pod logs, if the API knew that", severity: control.Low, profile: control.Hygiene,
		refs:    []string{"ATT&CK T1070", "trivy KSV-0042"},
		why:     "The API offers no way to delete the log of a container, so this rule grants nothing today. It says that its author wanted to remove traces, or pasted verbs without thought; log servers that mirror the API group may well honour it.",
		instead: "Keep `get` on pods/log.",
		good:    "- apiGroups: [\"\"]\n  resources: [pods/log]\n  verbs: [get]",
		grants:  []rbac.Grant{{Resources: []string{"pods/log"}, Verbs: deleting, AnyName: true, Literal: true}},
	}, {
		id: "BW1236", title: "Role may change the map of cloud users to Kubernetes groups", can: "make any cloud user a cluster administrator", severity: control.Critical,
		refs:    []string{"ATT&CK T1098", "trivy KSV-0115"},
		why:     "On EKS the ConfigMap aws-auth says which IAM users and roles are which Kubernetes users and groups. Adding a line with system:masters makes any account of the cloud an administrator, and the change is not RBAC, so reviews of roles miss it.",
		instead: "Move to EKS access entries and switch the ConfigMap off, or leave its change to the pipeline alone.",
		good:    "- apiGroups: [\"\"]\n  resources: [configmaps]\n  resourceNames: [aws-auth]\n  verbs: [get]",
		grants:  []rbac.Grant{{Resources: []string{"configmaps"}, Verbs: changing, Names: []string{"aws-auth"}, OnlyNames: true}},
	}, {
		id: "BW1237", title: "Role may change any ConfigMap", can: "change configuration of others", severity: control.Low, profile: control.Strict,
		refs: []string{"ATT&CK T1565", "trivy KSV-0049"},
		why: "Programs trust their ConfigMaps: feature flags, upstream addresses, scripts that run at start. A writer changes what they do without touching the workload, and finds credentials that were put there by mistake. " +
			"Many operators need the right, so this is a house rule; BW0501 watches the cluster's DNS and BW1236 the cloud map.",
		instead: "Name the ConfigMaps that may be changed.",
		good:    "- apiGroups: [\"\"]\n  resources: [configmaps]\n  resourceNames: [leader]\n  verbs: [update]",
		grants:  []rbac.Grant{{Resources: []string{"configmaps"}, Verbs: changing}},
	}}
}
