package rbac

import rbacv1 "k8s.io/api/rbac/v1"

const (
	groupAdmission    = "admissionregistration.k8s.io"
	groupCertificates = "certificates.k8s.io"
	groupStorage      = "storage.k8s.io"
	groupNetwork      = "networking.k8s.io"
	groupRBAC         = rbacv1.GroupName
)

// primitivesOfIdentity lead to other identities and other rights.
func primitivesOfIdentity() []*Primitive {
	impersonate := verbs(verbLegacy)
	constrained := verbs("impersonate:user-info", "impersonate:serviceaccount", "impersonate:arbitrary-node", "impersonate:associated-node")
	return []*Primitive{
		{ID: "R1", Title: "do everything", Technique: "T1078", All: one(Grant{Group: "*", Resources: []string{"*"}, Verbs: verbs("*")})},
		{ID: "R2", Title: "write any rule into a cluster role", Technique: "T1098.006",
			All: [][]Grant{{on(groupRBAC, verbs("escalate"), "clusterroles")}, {on(groupRBAC, verbsEdit, "clusterroles")}}},
		{ID: "R2", Title: "write any rule into a role", Technique: "T1098.006",
			All: [][]Grant{{on(groupRBAC, verbs("escalate"), "roles")}, {on(groupRBAC, verbsEdit, "roles")}}},
		{ID: "R3", Title: "bind a role to anybody", Technique: "T1098.006",
			All: [][]Grant{{on(groupRBAC, verbs("bind"), "roles"), on(groupRBAC, verbs("bind"), "clusterroles").anyScope()},
				{on(groupRBAC, verbsWrite, "rolebindings"), on(groupRBAC, verbsWrite, "clusterrolebindings")}}},
		{ID: "R4", Title: "act as other users, groups or service accounts", Technique: "T1078",
			All: one(on("", impersonate, "users", "groups"), on("", impersonate, "serviceaccounts"), on(groupAuthentication, impersonate, "uids"))},
		{ID: "R5", Title: "act as others for the requests that a second rule names", Technique: "T1078",
			All: one(on(groupAuthentication, constrained, "users", "groups", "uids", "nodes"), on(groupAuthentication, constrained, "serviceaccounts"))},
		{ID: "R6", Title: "read Secrets", Technique: "T1552.007", All: one(on("", verbsRead, "secrets"))},
		{ID: "R7", Title: "have a lasting token of any service account written into a Secret", Technique: "T1098",
			All: [][]Grant{{on("", verbsWrite, "secrets")}, {on("", verbs("get", "list", "watch", "patch", "update"), "secrets")}}},
		{ID: "R8", Title: "write tokens by which new nodes join", Technique: "T1098", Spaces: []string{"kube-system"}, All: one(on("", verbsWrite, "secrets"))},
		{ID: "R9", Title: "mint tokens of service accounts", Technique: "T1528", All: one(on("", verbs("create"), "serviceaccounts/token"))},
		{ID: "R20", Title: "issue certificates for other identities", Technique: "T1098", All: [][]Grant{
			{on(groupCertificates, verbs("create"), "certificatesigningrequests")},
			{on(groupCertificates, verbsEdit, "certificatesigningrequests/approval")}, {on(groupCertificates, verbs("approve"), "signers")}}},
		{ID: "R21", Title: "publish certificates in the name of a signer", Technique: "T1098", All: [][]Grant{
			{on(groupCertificates, verbs("sign"), "signers")}, {on(groupCertificates, verbsEdit, "certificatesigningrequests/status")}}},
		{ID: "R22", Title: "issue certificates of pods", Technique: "T1098", All: [][]Grant{
			{on(groupCertificates, verbs("sign"), "signers")}, {on(groupCertificates, verbsEdit, "podcertificaterequests/status")}}},
		{ID: "R23", Title: "replace the certificate authorities that pods trust", Technique: "T1557", All: [][]Grant{
			{on(groupCertificates, verbs("attest"), "signers")}, {on(groupCertificates, verbsWrite, "clustertrustbundles")}}},
		{ID: "R44", Title: "make accounts or namespaces whose names others trust", Technique: "T1136",
			All: one(on("", verbs("create"), "serviceaccounts"), on("", verbs("create"), "namespaces"))},
	}
}

// anyScope lets a wildcard or a name in a namespaced role count too: the right
// is checked in the namespace of something else.
func (g Grant) anyScope() Grant {
	g.Cluster = false
	return g
}

// primitivesOfPods lead to code and data in pods.
func primitivesOfPods() []*Primitive {
	return []*Primitive{
		{ID: "R10", Title: "run pods as any service account of the namespace", Technique: "T1610", All: one(on("", verbs("create"), "pods"))},
		{ID: "R11", Title: "run pods by way of a workload", Technique: "T1610", All: one(
			on("apps", verbsWrite, "deployments", "daemonsets", "statefulsets", "replicasets"), on("batch", verbsWrite, "jobs", "cronjobs"),
			on("", verbsWrite, "replicationcontrollers"))},
		{ID: "R13", Title: "run commands in pods", Technique: "T1609", All: one(on("", verbs("create", "get"), "pods/exec", "pods/attach"))},
		{ID: "R14", Title: "reach ports of pods past network policies", Technique: "T1090",
			All: one(on("", verbs("create", "get"), "pods/portforward", "pods/proxy", "services/proxy"))},
		{ID: "R15", Title: "put a container into running pods", Technique: "T1609", All: one(on("", verbsEdit, "pods/ephemeralcontainers"))},
		{ID: "R16", Title: "replace the image or the labels of running pods", Technique: "T1610", All: one(on("", verbsEdit, "pods"))},
		{ID: "R16b", Title: "change labels and addresses of pods by their status", Technique: "T1557", All: one(on("", verbsEdit, "pods/status"))},
		{ID: "R39", Title: "read what programs log", Technique: "T1552", All: one(on("", verbsRead, "pods/log"))},
		{ID: "R40", Title: "reach devices of other tenants, where the namespace admits it", All: one(on("resource.k8s.io", verbs("create"), "resourceclaims"))},
		{ID: "R42", Title: "run privileged pods on OpenShift", Technique: "T1611",
			All: one(Grant{Group: "security.openshift.io", Resources: []string{"securitycontextconstraints"}, Verbs: verbs("use"), AnyName: true})},
	}
}

// primitivesOfNodes lead to nodes.
func primitivesOfNodes() []*Primitive {
	return []*Primitive{
		{ID: "R17", Title: "run commands in every pod through the kubelet", Technique: "T1609", All: one(on("", verbs("get"), "nodes/proxy"))},
		{ID: "R18", Title: "run commands in every pod through the kubelet", Technique: "T1609", All: one(on("", verbs("create"), "nodes/proxy"))},
		{ID: "R19", Title: "read logs, settings or memory of nodes", Technique: "T1005", All: one(
			on("", verbs("get"), "nodes/log", "nodes/configz", "nodes/pods", "nodes/metrics"), on("", verbs("create"), "nodes/checkpoint"))},
		{ID: "R28", Title: "mount any path of a node by a volume of its own", Technique: "T1611", All: one(on("", verbs("create"), "persistentvolumes"))},
		{ID: "R29", Title: "have drivers act on its behalf", Technique: "T1611",
			All: one(on(groupStorage, verbsWrite, "storageclasses", "csidrivers"), Grant{Group: "snapshot.storage.k8s.io", Resources: []string{"volumesnapshotcontents"}, Verbs: verbsWrite, AnyName: true, Cluster: true})},
		{ID: "R32", Title: "steer pods by labels and taints of nodes", All: one(on("", verbsWrite, "nodes"), on("", verbsEdit, "nodes/status"))},
		{ID: "R33", Title: "place pods on nodes of its choice", All: one(on("", verbs("create"), "pods/binding", "bindings"))},
		{ID: "R34", Title: "drive pods away", Technique: "T1499", All: one(on("", verbs("create"), "pods/eviction"), on("", verbs("delete", "deletecollection"), "pods"), on("", verbs("delete", "deletecollection"), "nodes"))},
		{ID: "R43", Title: "take sandboxes from later pods", Technique: "T1562", All: one(on("node.k8s.io", verbsAny, "runtimeclasses"))},
	}
}

// primitivesOfCluster change what the API server does, or what it is told.
func primitivesOfCluster() []*Primitive {
	return []*Primitive{
		{ID: "R24", Title: "see and rewrite what others store, by webhooks", Technique: "T1557",
			All: one(on(groupAdmission, verbsWrite, "mutatingwebhookconfigurations", "validatingwebhookconfigurations"))},
		{ID: "R25", Title: "rewrite what others store, by policies", Technique: "T1557",
			All: one(on(groupAdmission, verbsWrite, "mutatingadmissionpolicies", "mutatingadmissionpolicybindings"))},
		{ID: "R26", Title: "switch admission checks off", Technique: "T1562.001", All: one(
			on(groupAdmission, verbs("update", "patch", "delete", "deletecollection"), "mutatingwebhookconfigurations", "validatingwebhookconfigurations",
				"validatingadmissionpolicies", "validatingadmissionpolicybindings", "mutatingadmissionpolicies", "mutatingadmissionpolicybindings"),
			Grant{Group: "kyverno.io", Resources: []string{"clusterpolicies", "policies", "policyexceptions"}, Verbs: verbsAny, AnyName: true})},
		{ID: "R27", Title: "lift protections that labels of namespaces switch on", Technique: "T1562.001",
			All: one(on("", verbsEdit, "namespaces", "namespaces/status", "namespaces/finalize").anyScope())},
		{ID: "R30", Title: "see and rewrite custom resources", Technique: "T1557", All: one(on("apiextensions.k8s.io", verbsWrite, "customresourcedefinitions"))},
		{ID: "R31", Title: "answer for an API group", Technique: "T1557", All: one(on("apiregistration.k8s.io", verbsWrite, "apiservices"))},
		{ID: "R36", Title: "change settings by which the cluster trusts or resolves names", Technique: "T1098", Spaces: []string{"kube-system", "kube-public"}, All: one(
			on("", verbsEdit, "configmaps").only("aws-auth", "coredns", "coredns-custom", "extension-apiserver-authentication", "kubeadm-config", "cluster-info"))},
		{ID: "R38", Title: "have a controller act with its own rights", Technique: "T1610", All: one(controllers()...)},
		{ID: "R41", Title: "read internals of the API server", Technique: "T1082", All: one(Grant{URLs: []string{"/debug", "/logs", "/metrics"}, Verbs: verbs("get")})},
	}
}

// controllers are custom resources that make programs with many rights do things.
func controllers() []Grant {
	custom := func(group string, resources ...string) Grant {
		return Grant{Group: group, Resources: resources, Verbs: verbsWrite, AnyName: true}
	}
	return []Grant{
		custom("kustomize.toolkit.fluxcd.io", "kustomizations"), custom("helm.toolkit.fluxcd.io", "helmreleases"),
		custom("argoproj.io", "applications", "applicationsets", "workflows", "cronworkflows", "workflowtemplates"),
		custom("tekton.dev", "pipelineruns", "taskruns"), custom("external-secrets.io", "externalsecrets", "pushsecrets"),
		custom("velero.io", "restores", "backups"), custom("apiextensions.crossplane.io", "compositions"),
		custom("operators.coreos.com", "subscriptions", "clusterserviceversions"), custom("karpenter.k8s.aws", "ec2nodeclasses"),
		custom("kubevirt.io", "virtualmachines", "virtualmachineinstances"), custom("cert-manager.io", "certificates", "certificaterequests"),
	}
}

// primitivesOfTraffic change where traffic goes and who may send it.
func primitivesOfTraffic() []*Primitive {
	custom := func(group string, resources ...string) Grant {
		return Grant{Group: group, Resources: resources, Verbs: verbsAny, AnyName: true}
	}
	return []*Primitive{
		{ID: "R35", Title: "send traffic of others elsewhere", Technique: "T1557", All: one(
			on("", verbsWrite, "services", "services/status", "endpoints"), on("discovery.k8s.io", verbsWrite, "endpointslices"), on(groupNetwork, verbsWrite, "ingresses"),
			custom("gateway.networking.k8s.io", "gateways", "httproutes", "grpcroutes", "tcproutes", "tlsroutes", "udproutes", "referencegrants"))},
		{ID: "R37", Title: "open the network or drop its encryption", Technique: "T1562.004", All: one(
			on(groupNetwork, verbsAny, "networkpolicies"),
			custom("policy.networking.k8s.io", "clusternetworkpolicies", "adminnetworkpolicies", "baselineadminnetworkpolicies"),
			custom("cilium.io", "ciliumnetworkpolicies", "ciliumclusterwidenetworkpolicies"),
			custom("crd.projectcalico.org", "networkpolicies", "globalnetworkpolicies"), custom("projectcalico.org", "networkpolicies", "globalnetworkpolicies"),
			custom("security.istio.io", "peerauthentications", "authorizationpolicies"),
			custom("networking.istio.io", "destinationrules", "serviceentries", "envoyfilters"), custom("extensions.istio.io", "wasmplugins"))},
	}
}
