package rbac

import (
	"bulwark/control"
	"bulwark/facts/rbac"
)

// nodePowers are rights on nodes and namespaces.
func nodePowers() []*power {
	return []*power{{
		id: "BW1225", title: "Role may proxy to kubelets", can: "run commands in every pod through the kubelets", severity: control.High,
		refs: []string{
			"CIS 1.12 5.1.10", "ATT&CK T1609", "kubescape C-0279", "regolibrary rule-can-access-proxy-subresource", "trivy KSV-0047", "kyverno restrict-clusterrole-nodesproxy",
		},
		why: "nodes/proxy is the whole kubelet API: `get` alone runs commands in every pod of the node, because the kubelet accepts exec over a WebSocket, which is a GET. " +
			"Calls that go straight to port 10250 pass neither audit nor admission. Many monitoring charts still ask for it to read metrics.",
		instead: "Grant nodes/metrics, nodes/stats, nodes/pods or nodes/configz: since 1.33 the kubelet asks for these narrower rights first.",
		good:    "- apiGroups: [\"\"]\n  resources: [nodes/metrics, nodes/stats]\n  verbs: [get]",
		grants: []rbac.Grant{{
			Resources: []string{"nodes/proxy"}, Cluster: true, AnyName: true,
			Verbs: append([]string{"get", "list", "watch"}, changing...),
		}},
	}, {
		id: "BW1226", title: "Role may read node logs or make checkpoints", can: "read files of nodes or memory of containers", severity: control.Medium,
		refs: []string{"ATT&CK T1552.001", "ATT&CK T1005"},
		why: "nodes/log serves /var/log of the host, and where log queries are enabled the journal of system services; credentials end up in both. " +
			"Creating nodes/checkpoint writes the memory of a container to the host's disk, keys and tokens included.",
		instead: "Ship logs with an agent that has its own store and rights; keep checkpoints for forensics, with a role of its own.",
		good:    "- apiGroups: [\"\"]\n  resources: [nodes/metrics]\n  verbs: [get]",
		grants: []rbac.Grant{
			{Resources: []string{"nodes/log"}, Verbs: []string{"get"}, Cluster: true, AnyName: true},
			{Resources: []string{"nodes/checkpoint"}, Verbs: []string{"create"}, Cluster: true, AnyName: true},
		},
	}, {
		id: "BW1242", title: "Role may change nodes", can: "steer pods by changing nodes", severity: control.Medium,
		refs:    []string{"ATT&CK T1578"},
		why:     "Labels and taints decide where pods run: whoever changes them draws a workload with valuable secrets to a node of their own. The status subresource keeps label changes too, and its addresses are where the API server sends its proxy traffic.",
		instead: "Leave nodes to the kubelet and the cloud controller; an autoscaler needs deletion and taints, and should get just those.",
		good:    "- apiGroups: [\"\"]\n  resources: [nodes]\n  verbs: [get, list, watch]",
		grants:  []rbac.Grant{{Resources: []string{"nodes", "nodes/status"}, Verbs: writing, Cluster: true, AnyName: true}},
	}, {
		id: "BW1243", title: "Role may change namespaces", can: "relabel namespaces", severity: control.Medium,
		refs: []string{"ATT&CK T1562.001"},
		why: "Labels of a namespace switch protections on and off: the Pod Security level, mesh injection and mTLS, the selectors of network policies and of admission policies. " +
			"It works from a RoleBinding too, for that one namespace, and through namespaces/status, which admission plugins rarely look at.",
		instead: "Create namespaces from a reviewed pipeline and let tenants only read them.",
		good:    "- apiGroups: [\"\"]\n  resources: [namespaces]\n  verbs: [get, list, watch]",
		grants:  []rbac.Grant{{Resources: []string{"namespaces", "namespaces/status", "namespaces/finalize"}, Verbs: []string{"update", "patch"}}},
	}}
}
