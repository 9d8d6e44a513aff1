package rbac

import (
	"bulwark/control"
	"bulwark/facts/rbac"
)

const admission = "admissionregistration.k8s.io"

// admissionPowers are rights over what the API server itself does.
func admissionPowers() []*power {
	return []*power{{
		id: "BW1227", title: "Role may change admission webhooks", can: "see and rewrite what others store", severity: control.High,
		refs: []string{
			"CIS 1.12 5.1.12", "ATT&CK T1562.001", "kubescape C-0281", "regolibrary rule-can-modify-admission-webhooks", "trivy KSV-0114", "checkov CKV_K8S_155",
			"kyverno restrict-clusterrole-mutating-validating-admission-webhooks",
		},
		why: "A webhook is shown every object that matches, Secrets included, before it is stored, and a mutating one may change it: adding a container or a privilege to each new pod. " +
			"Removing or weakening a webhook switches a protection off for the whole cluster.",
		instead: "An operator that keeps the CA of its own webhook fresh needs `patch` on that one configuration, by name.",
		good:    "- apiGroups: [admissionregistration.k8s.io]\n  resources: [validatingwebhookconfigurations]\n  resourceNames: [my-operator]\n  verbs: [get, patch]",
		grants:  []rbac.Grant{{Group: admission, Resources: []string{"mutatingwebhookconfigurations", "validatingwebhookconfigurations"}, Verbs: changing, Cluster: true}},
	}, {
		id: "BW1228", title: "Role may change admission policies", can: "rewrite or switch off admission policies", severity: control.High,
		refs:    []string{"CIS 1.12 5.1.12", "ATT&CK T1562.001"},
		why:     "Admission policies written in CEL live in the API server and need no webhook. A mutating policy changes every object that matches; deleting a policy or its binding, or pointing the binding at other parameters, lifts a protection without a trace in the workloads.",
		instead: "Give the right to the pipeline that owns the policies. Policies loaded from files of the API server are out of reach of RBAC altogether.",
		good:    "- apiGroups: [admissionregistration.k8s.io]\n  resources: [validatingadmissionpolicies]\n  verbs: [get, list, watch]",
		grants: []rbac.Grant{{Group: admission, Verbs: changing, Cluster: true, Resources: []string{
			"validatingadmissionpolicies", "validatingadmissionpolicybindings", "mutatingadmissionpolicies", "mutatingadmissionpolicybindings",
		}}},
	}, {
		id: "BW1244", title: "Role may change definitions of custom resources", can: "change how custom resources are stored and converted", severity: control.Medium,
		refs:    []string{"ATT&CK T1557"},
		why:     "A CustomResourceDefinition can name a conversion webhook, which then sees and rewrites every object of the kind. Deleting a definition deletes all its objects in every namespace, and with them what operators made of them.",
		instead: "Install definitions from the pipeline and let operators only read them; an operator that must update its own names them.",
		good:    "- apiGroups: [apiextensions.k8s.io]\n  resources: [customresourcedefinitions]\n  verbs: [get, list, watch]",
		grants:  []rbac.Grant{{Group: "apiextensions.k8s.io", Resources: []string{"customresourcedefinitions"}, Verbs: changing, Cluster: true}},
	}, {
		id: "BW1245", title: "Role may register aggregated API servers", can: "take over an API group", severity: control.High,
		refs:    []string{"ATT&CK T1557"},
		why:     "An APIService makes the API server forward a whole group to another server, with the headers that say who the caller is. Whoever registers one answers for that group: metrics that steer autoscaling, custom resources, or a group that somebody else relies on.",
		instead: "Register aggregated servers from the pipeline that installs them and give nobody a standing right.",
		good:    "- apiGroups: [apiregistration.k8s.io]\n  resources: [apiservices]\n  verbs: [get, list, watch]",
		grants:  []rbac.Grant{{Group: "apiregistration.k8s.io", Resources: []string{"apiservices"}, Verbs: writing, Cluster: true}},
	}, {
		id: "BW1246", title: "Role may use a privileged security context constraint", can: "run privileged pods on OpenShift", severity: control.High,
		refs:    []string{"ATT&CK T1611"},
		why:     "On OpenShift the verb `use` on a SecurityContextConstraints object decides what pods may ask for. With `privileged`, `hostaccess`, `hostmount-anyuid`, `hostnetwork` or all of them, pods of the holder take the node.",
		instead: "Use restricted-v2 or nonroot-v2, or write a constraint that allows exactly what the workload needs.",
		good:    "- apiGroups: [security.openshift.io]\n  resources: [securitycontextconstraints]\n  resourceNames: [nonroot-v2]\n  verbs: [use]",
		grants: []rbac.Grant{{
			Group: "security.openshift.io", Resources: []string{"securitycontextconstraints"}, Verbs: []string{"use"}, Literal: true,
			Names: []string{"privileged", "hostaccess", "hostmount-anyuid", "hostmount-anyuid-v2", "hostnetwork", "hostnetwork-v2", "node-exporter"},
		}},
	}}
}
