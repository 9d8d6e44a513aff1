package rbac

import (
	"bulwark/control"
	"bulwark/facts/rbac"
)

// networkPowers are rights to change where traffic goes.
func networkPowers() []*power {
	return []*power{{
		id: "BW1238", title: "Role may change network policies", can: "open or close the network between pods", severity: control.Medium,
		refs:    []string{"ATT&CK T1562.007", "trivy KSV-0056"},
		why:     "A NetworkPolicy that allows everything beats the default deny beside it, because policies only add. Deleting one opens the pods it selected. Whoever writes policies decides which stolen pod reaches which database.",
		instead: "Let teams write policies in their own namespaces and keep cluster-wide policies with the platform.",
		good:    "- apiGroups: [networking.k8s.io]\n  resources: [networkpolicies]\n  verbs: [get, list, watch]",
		grants: []rbac.Grant{
			{Group: "networking.k8s.io", Resources: []string{"networkpolicies"}, Verbs: changing},
			{Group: "policy.networking.k8s.io", Resources: []string{"adminnetworkpolicies", "baselineadminnetworkpolicies", "clusternetworkpolicies"}, Verbs: changing, Cluster: true},
			{Group: "cilium.io", Resources: []string{"ciliumnetworkpolicies"}, Verbs: changing, Literal: true},
			{Group: "crd.projectcalico.org", Resources: []string{"networkpolicies", "globalnetworkpolicies"}, Verbs: changing, Literal: true},
		},
	}, {
		id: "BW1239", title: "Role may change the status of Services", can: "redirect traffic through the status of a Service", severity: control.Medium,
		refs:    []string{"ATT&CK T1557", "CVE-2020-8554"},
		why:     "Traffic from inside the cluster to an address listed in the load-balancer status of a Service goes to that Service's pods. Whoever writes the status claims foreign addresses, such as a public API or the cloud's metadata service, and reads what is sent there.",
		instead: "Only the cloud's load-balancer controller needs the subresource.",
		good:    "- apiGroups: [\"\"]\n  resources: [services]\n  verbs: [get, list, watch]",
		grants:  []rbac.Grant{{Resources: []string{"services/status"}, Verbs: []string{"update", "patch"}, AnyName: true}},
	}, {
		id: "BW1240", title: "Role may change endpoints", can: "point Services at other addresses", severity: control.Medium,
		refs: []string{"ATT&CK T1557", "CVE-2021-25740", "trivy KSV-0056", "kyverno restrict-edit-for-endpoints"},
		why: "Endpoints and EndpointSlices say where the traffic of a Service ends. A writer sends it to a pod of its own, or makes an ingress controller forward into namespaces that network policies close to everybody else. " +
			"Kubernetes removed the right from the default edit role for this reason.",
		instead: "Leave them to the controllers; use selectors on Services.",
		good:    "- apiGroups: [discovery.k8s.io]\n  resources: [endpointslices]\n  verbs: [get, list, watch]",
		grants: []rbac.Grant{
			{Resources: []string{"endpoints"}, Verbs: changing},
			{Group: "discovery.k8s.io", Resources: []string{"endpointslices"}, Verbs: changing},
		},
	}, {
		id: "BW1241", title: "Role may change Services or Ingresses", can: "publish pods or take over host names", severity: control.Low, profile: control.Strict,
		refs:    []string{"ATT&CK T1557", "trivy KSV-0056"},
		why:     "A Service can publish any pod of its namespace and claim external addresses; an Ingress or route can claim a host name that belongs to somebody else. Teams usually need the right in their own namespaces, so this is a house rule for shared ones.",
		instead: "Limit it to the namespaces of the team, and let an admission policy check host names and externalIPs.",
		good:    "- apiGroups: [networking.k8s.io]\n  resources: [ingresses]\n  verbs: [get, list, watch]",
		grants: []rbac.Grant{
			{Resources: []string{"services"}, Verbs: changing},
			{Group: "networking.k8s.io", Resources: []string{"ingresses"}, Verbs: changing},
			{Group: "gateway.networking.k8s.io", Resources: []string{"gateways", "httproutes", "tlsroutes", "tcproutes", "grpcroutes", "referencegrants"}, Verbs: changing},
		},
	}}
}
