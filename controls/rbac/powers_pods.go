package rbac

import (
	"bulwark/control"
	"bulwark/facts/rbac"
)

// workloads are the objects that make pods, by API group.
func workloads(verbs []string) []rbac.Grant {
	return []rbac.Grant{
		{Group: "apps", Resources: []string{"deployments", "daemonsets", "statefulsets", "replicasets"}, Verbs: verbs},
		{Group: "batch", Resources: []string{"jobs", "cronjobs"}, Verbs: verbs},
		{Resources: []string{"pods", "replicationcontrollers", "podtemplates"}, Verbs: verbs},
	}
}

// podPowers are rights to start pods or to enter them.
func podPowers() []*power {
	exec := []string{"pods/exec", "pods/attach"}
	return []*power{{
		id: "BW1213", title: "Role may create pods", can: "create pods", severity: control.High,
		refs: []string{"CIS 1.12 5.1.4", "ATT&CK T1610", "kubescape C-0188", "regolibrary rule-can-create-pod", "trivy KSV-0048"},
		why: "Whoever creates a pod chooses its service account, mounts any Secret, ConfigMap and claim of the namespace and, where Pod Security does not forbid it, takes the node. " +
			"Picking another account is not stopped by Pod Security at all, so the right is worth every account of the namespace.",
		instead: "Let a deployment controller create pods and give people rights on its objects in a namespace that holds nothing else, under Pod Security `restricted`.",
		good:    "- apiGroups: [\"\"]\n  resources: [pods]\n  verbs: [get, list, watch]",
		grants:  []rbac.Grant{{Resources: []string{"pods"}, Verbs: []string{"create"}}},
	}, {
		id: "BW1214", title: "Role may create or change workloads", can: "change what pods run", severity: control.Medium,
		refs: []string{"CIS 1.12 5.1.4", "ATT&CK T1610", "ATT&CK T1053.007", "trivy KSV-0048"},
		why: "A Deployment, Job or CronJob makes pods, so writing one is creating pods by another hand; updating an existing privileged DaemonSet gives its powers on every node at once. " +
			"Pod Security only warns about the owner, it refuses the pod later.",
		instead: "Keep the right in the namespaces of the team, never in kube-system, and prefer a pipeline with review over standing rights.",
		good:    "- apiGroups: [apps]\n  resources: [deployments]\n  resourceNames: [web]\n  verbs: [update, patch]",
		grants:  workloads(writing),
	}, {
		id: "BW1215", title: "Role may run commands in pods", can: "run commands in pods", severity: control.High,
		refs: []string{
			"ATT&CK T1609", "NSA authz", "kubescape C-0002", "regolibrary exec-into-container-v1", "regolibrary exec-into-container", "trivy KSV-0053", "trivy KSV-0054",
			"polaris clusterrolePodExecAttach", "polaris rolePodExecAttach",
		},
		why: "A command in a pod runs with that pod's token, files and network position, and leaves nothing in the manifest. With exec on a privileged pod the node is one step away. " +
			"Attaching to a shell that somebody left open is the same thing.",
		instead: "Give exec for the time of an incident, in one namespace, and alert on its audit events; use logs and metrics for daily work.",
		good:    "- apiGroups: [\"\"]\n  resources: [pods, pods/log]\n  verbs: [get, list]",
		grants:  []rbac.Grant{{Resources: exec, Verbs: []string{"create"}, AnyName: true}},
	}, {
		id: "BW1216", title: "Role may get pods/exec, which older API servers take for a right to run commands", can: "run commands on servers before 1.35",
		severity: control.Low, profile: control.Hygiene,
		refs: []string{"ATT&CK T1609", "polaris clusterrolePodExecAttach", "polaris rolePodExecAttach"},
		why: "Until Kubernetes 1.35 a WebSocket request for exec or attach was a GET, so `get` on the subresource was enough to run a command. From 1.35 on `create` is asked for as well. " +
			"The right has no other use: a role that keeps it is dangerous on an older server and pointless on a newer one.",
		instead: "Drop the subresource, or the wildcard that reaches it; reading pods and their logs does not need it.",
		good:    "- apiGroups: [\"\"]\n  resources: [pods, pods/log]\n  verbs: [get, list]",
		grants:  []rbac.Grant{{Resources: exec, Verbs: []string{"get"}, AnyName: true}},
	}, {
		id: "BW1217", title: "Role may add containers to running pods", can: "inject a container into a running pod", severity: control.High,
		refs: []string{"ATT&CK T1609", "ATT&CK T1610"},
		why: "An ephemeral container joins a running pod with an image of the attacker's choice, its volumes, its network and, on request, its process namespace. " +
			"It needs no exec right and cannot be removed again without deleting the pod, yet most reviews of RBAC look for exec only.",
		instead: "Treat it as exec: only for those who debug, for a limited time, in namespaces where Pod Security re-checks the new container.",
		good:    "- apiGroups: [\"\"]\n  resources: [pods, pods/log]\n  verbs: [get, list]",
		grants:  []rbac.Grant{{Resources: []string{"pods/ephemeralcontainers"}, Verbs: []string{"update", "patch"}, AnyName: true}},
	}, {
		id: "BW1218", title: "Role may forward ports of pods", can: "reach any port of a pod", severity: control.Medium,
		refs: []string{"ATT&CK T1090", "kubescape C-0063", "regolibrary rule-can-portforward-v1", "regolibrary rule-can-portforward"},
		why: "Port-forwarding reaches every port of a pod from outside, also those bound to localhost, because the connection starts on the pod's own node. " +
			"NetworkPolicy does not stop it, so databases and admin pages that trust the network are open to the holder.",
		instead: "Expose what people need through an authenticated ingress; grant port-forward for debugging only.",
		good:    "- apiGroups: [\"\"]\n  resources: [pods]\n  verbs: [get, list]",
		grants:  []rbac.Grant{{Resources: []string{"pods/portforward"}, Verbs: []string{"create", "get"}, AnyName: true}},
	}, {
		id: "BW1219", title: "Role may proxy to pods or services through the API server", can: "send requests through the API server", severity: control.Medium,
		refs: []string{"ATT&CK T1090"},
		why: "The proxy subresources send HTTP from the API server to any pod or Service. Requests come from a trusted address, pass NetworkPolicy rules that admit the control plane, and reach pages without a login of their own. " +
			"The verb follows the HTTP method, so `get` is enough to read.",
		instead: "Publish the endpoint with its own authentication. Name the few Services that a dashboard really needs.",
		good:    "- apiGroups: [\"\"]\n  resources: [services/proxy]\n  resourceNames: [\"https:metrics:443\"]\n  verbs: [get]",
		grants:  []rbac.Grant{{Resources: []string{"pods/proxy", "services/proxy"}, Verbs: []string{"get", "create", "update", "patch", "delete"}}},
	}}
}
