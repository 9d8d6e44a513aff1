package attackgraph

// verbs is a set of the verbs of the API that powers are about.
type verbs uint16

const (
	get verbs = 1 << iota
	list
	watch
	create
	update
	patch
	del
	verbImpersonate
	verbBind
	verbEscalate
	verbApprove
	verbSign
	verbAttest
	verbUse

	fetch   = get | list | watch
	edit    = update | patch
	write   = create | edit
	anyVerb = verbUse<<1 - 1
)

var verbOf = map[string]verbs{
	"get": get, "list": list, "watch": watch, "create": create, "update": update, "patch": patch, "delete": del, "deletecollection": del,
	"impersonate": verbImpersonate, "bind": verbBind, "escalate": verbEscalate, "approve": verbApprove, "sign": verbSign, "attest": verbAttest,
	"use": verbUse, "*": anyVerb,
}

// power is a right that matters, alone or together with others.
type power uint8

const (
	doAnything power = iota
	// Halves and wholes of RBAC on itself.
	writeClusterBindings
	writeBindings
	bindClusterRoles
	bindRoles
	escalateClusterRoles
	editClusterRoles
	createClusterRoles
	escalateRoles
	editRoles
	impersonateUsers
	impersonateGroups
	impersonateAccounts
	// Secrets and tokens.
	readSecrets
	createSecrets
	editSecrets
	mintTokens
	// Pods and workloads.
	createPods
	editDeployments
	editDaemonSets
	editStatefulSets
	editReplicaSets
	editCronJobs
	editControllers
	execPods
	debugPods
	patchPods
	portForward
	bindPods
	evictPods
	readLogs
	// Nodes.
	proxyNodes
	inspectNodes
	editNodes
	// Certificates.
	createCSRs
	approveCSRs
	approveSigners
	signCertificates
	issuePodCertificates
	attestBundles
	// Admission, namespaces, storage, extension.
	mutatingHooks
	validatingHooks
	mutatingPolicies
	mutatingPolicyBindings
	bypassPolicies
	relabelNamespaces
	createVolumes
	createClaims
	writeStorage
	writeCRDs
	writeAPIServices
	writeRuntimeClasses
	useConstraints
	adminDevices
	// Network, configuration, cloud.
	redirectTraffic
	openNetwork
	editConfigMaps
	createAccounts
	createNamespaces
	readDebugURLs
	// Custom resources of controllers.
	runJobs
	fluxKustomizations
	fluxReleases
	argoApplications
	veleroRestores
	olmSubscriptions
	kyvernoPolicies
	crossplaneObjects

	// Made by folding: never read from a rule.
	ownNamespace     // every right in a namespace
	takeTokenSecrets // have tokens written into Secrets and read them
	forcedEscape     // start a pod in spite of the namespace's Pod Security level
	bypassedEscape   // start a pod in spite of policies and webhooks
	escapeByVolume   // start a pod with a volume of the node's files
	escapeBySCC      // start a pod under a permissive security context constraint
	newAccounts      // make service accounts and have their tokens
	powersCount
)

// set is a set of powers.
type set [2]uint64

func (s *set) add(p power)      { s[p>>6] |= 1 << (p & 63) }
func (s *set) has(p power) bool { return s[p>>6]&(1<<(p&63)) != 0 }
func (s *set) or(t set)         { s[0] |= t[0]; s[1] |= t[1] }
func (s set) and(t set) set     { return set{s[0] & t[0], s[1] & t[1]} }
func (s set) empty() bool       { return s[0]|s[1] == 0 }

func setOf(ps ...power) (s set) {
	for _, p := range ps {
		s.add(p)
	}
	return s
}

// each yields the powers of the set, ascending.
func (s set) each(yield func(power) bool) {
	for p := range powersCount {
		if s.has(p) && !yield(p) {
			return
		}
	}
}

// right is one (group, resource) with verbs any of which gives a power.
type right struct {
	group, resource string
	verbs           verbs
}

// info describes a power.
type info struct {
	id     string // of the primitive it belongs to
	title  string // "create pods": what its holder may do
	rights []right
	// clusterOnly powers are about objects without a namespace: a RoleBinding does not give them.
	clusterOnly bool
	until       int // last minor version with the verb get, for powers that old servers gave with it; 0 when none
}

const (
	rbacGroup  = "rbac.authorization.k8s.io"
	certGroup  = "certificates.k8s.io"
	admitGroup = "admissionregistration.k8s.io"
	netGroup   = "networking.k8s.io"
	istioNet   = "networking.istio.io"
	gatewayAPI = "gateway.networking.k8s.io"
)

// rightsOn makes rights of one group and set of verbs.
func rightsOn(group string, v verbs, resources ...string) (out []right) {
	for _, r := range resources {
		out = append(out, right{group, r, v})
	}
	return out
}

func joined(lists ...[]right) (out []right) {
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}

// powers is the catalogue. Powers without rights come from folding.
var powers = [powersCount]info{
	doAnything:           {id: "R1", title: "do anything"},
	writeClusterBindings: {id: "R3", title: "write cluster role bindings", rights: rightsOn(rbacGroup, write, "clusterrolebindings"), clusterOnly: true},
	writeBindings:        {id: "R3", title: "write role bindings", rights: rightsOn(rbacGroup, write, "rolebindings")},
	bindClusterRoles:     {id: "R3", title: "bind cluster roles", rights: rightsOn(rbacGroup, verbBind, "clusterroles")},
	bindRoles:            {id: "R3", title: "bind roles", rights: rightsOn(rbacGroup, verbBind, "roles")},
	escalateClusterRoles: {id: "R2", title: "escalate cluster roles", rights: rightsOn(rbacGroup, verbEscalate, "clusterroles"), clusterOnly: true},
	editClusterRoles:     {id: "R2", title: "change cluster roles", rights: rightsOn(rbacGroup, edit, "clusterroles"), clusterOnly: true},
	createClusterRoles:   {id: "R2", title: "create cluster roles", rights: rightsOn(rbacGroup, create, "clusterroles"), clusterOnly: true},
	escalateRoles:        {id: "R2", title: "escalate roles", rights: rightsOn(rbacGroup, verbEscalate, "roles")},
	editRoles:            {id: "R2", title: "change roles", rights: rightsOn(rbacGroup, edit, "roles")},
	impersonateUsers:     {id: "R4", title: "impersonate users", rights: rightsOn("", verbImpersonate, "users"), clusterOnly: true},
	impersonateGroups:    {id: "R4", title: "impersonate groups", rights: rightsOn("", verbImpersonate, "groups"), clusterOnly: true},
	impersonateAccounts:  {id: "R4", title: "impersonate service accounts", rights: rightsOn("", verbImpersonate, "serviceaccounts")},
	readSecrets:          {id: "R6", title: "read secrets", rights: rightsOn("", fetch, "secrets")},
	createSecrets:        {id: "R7", title: "create secrets", rights: rightsOn("", create, "secrets")},
	editSecrets:          {id: "R7", title: "change secrets", rights: rightsOn("", edit, "secrets")},
	mintTokens:           {id: "R9", title: "create tokens of service accounts", rights: rightsOn("", create, "serviceaccounts/token")},
	createPods: {id: "R10", title: "create pods", rights: joined(rightsOn("", create, "pods", "replicationcontrollers"),
		rightsOn("apps", create, "deployments", "daemonsets", "statefulsets", "replicasets"), rightsOn("batch", create, "jobs", "cronjobs"))},
	editDeployments:  {id: "R11", title: "change deployments", rights: rightsOn("apps", edit, "deployments")},
	editDaemonSets:   {id: "R11", title: "change daemonsets", rights: rightsOn("apps", edit, "daemonsets")},
	editStatefulSets: {id: "R11", title: "change statefulsets", rights: rightsOn("apps", edit, "statefulsets")},
	editReplicaSets:  {id: "R11", title: "change replicasets", rights: rightsOn("apps", edit, "replicasets")},
	editCronJobs:     {id: "R11", title: "change cronjobs", rights: rightsOn("batch", edit, "cronjobs")},
	editControllers:  {id: "R11", title: "change replication controllers", rights: rightsOn("", edit, "replicationcontrollers")},
	execPods:         {id: "R13", title: "exec into pods", rights: rightsOn("", create|get, "pods/exec", "pods/attach"), until: 34},
	debugPods:        {id: "R15", title: "add ephemeral containers", rights: rightsOn("", edit, "pods/ephemeralcontainers")},
	patchPods:        {id: "R16", title: "change pods", rights: rightsOn("", edit, "pods")},
	portForward: {id: "R14", title: "forward ports of pods", rights: joined(rightsOn("", create, "pods/portforward"),
		rightsOn("", create|get, "pods/proxy", "services/proxy"))},
	bindPods:     {id: "R33", title: "place pods on nodes", rights: rightsOn("", create, "pods/binding", "bindings")},
	evictPods:    {id: "R34", title: "evict pods", rights: joined(rightsOn("", create, "pods/eviction"), rightsOn("", del, "pods", "nodes"))},
	readLogs:     {id: "R39", title: "read logs and configuration", rights: joined(rightsOn("", get|list, "pods/log", "configmaps"))},
	proxyNodes:   {id: "R17", title: "use the kubelet's API", rights: rightsOn("", get|create, "nodes/proxy"), clusterOnly: true},
	inspectNodes: {id: "R19", title: "read logs, configuration and metrics of nodes", rights: joined(rightsOn("", get, "nodes/log", "nodes/configz", "nodes/pods", "nodes/metrics"), rightsOn("", create, "nodes/checkpoint")), clusterOnly: true},
	editNodes:    {id: "R32", title: "change nodes", rights: rightsOn("", write, "nodes", "nodes/status"), clusterOnly: true},

	createCSRs:           {id: "R20", title: "request certificates", rights: rightsOn(certGroup, create, "certificatesigningrequests"), clusterOnly: true},
	approveCSRs:          {id: "R20", title: "approve certificate requests", rights: rightsOn(certGroup, edit, "certificatesigningrequests/approval"), clusterOnly: true},
	approveSigners:       {id: "R20", title: "approve for signers", rights: rightsOn(certGroup, verbApprove, "signers"), clusterOnly: true},
	signCertificates:     {id: "R21", title: "sign certificates", rights: rightsOn(certGroup, verbSign, "signers"), clusterOnly: true},
	issuePodCertificates: {id: "R22", title: "issue certificates of pods", rights: rightsOn(certGroup, edit, "podcertificaterequests/status")},
	attestBundles:        {id: "R23", title: "change trust anchors", rights: joined(rightsOn(certGroup, verbAttest, "signers"), rightsOn(certGroup, write, "clustertrustbundles")), clusterOnly: true},

	mutatingHooks:          {id: "R24", title: "write mutating webhooks", rights: rightsOn(admitGroup, write, "mutatingwebhookconfigurations"), clusterOnly: true},
	validatingHooks:        {id: "R24", title: "write validating webhooks", rights: rightsOn(admitGroup, write, "validatingwebhookconfigurations"), clusterOnly: true},
	mutatingPolicies:       {id: "R25", title: "write mutating admission policies", rights: rightsOn(admitGroup, write, "mutatingadmissionpolicies"), clusterOnly: true},
	mutatingPolicyBindings: {id: "R25", title: "bind mutating admission policies", rights: rightsOn(admitGroup, write, "mutatingadmissionpolicybindings"), clusterOnly: true},
	bypassPolicies: {id: "R26", title: "remove admission policies", rights: joined(
		rightsOn(admitGroup, edit|del, "validatingwebhookconfigurations", "mutatingwebhookconfigurations", "validatingadmissionpolicies", "validatingadmissionpolicybindings"),
		rightsOn("kyverno.io", edit|del, "clusterpolicies"), rightsOn("templates.gatekeeper.sh", edit|del, "constrainttemplates")), clusterOnly: true},
	relabelNamespaces: {id: "R27", title: "change namespaces", rights: joined(rightsOn("", edit, "namespaces", "namespaces/status"), rightsOn("", update, "namespaces/finalize"))},
	createVolumes:     {id: "R28", title: "create persistent volumes", rights: rightsOn("", create, "persistentvolumes"), clusterOnly: true},
	createClaims:      {id: "R28", title: "create persistent volume claims", rights: rightsOn("", create, "persistentvolumeclaims")},
	writeStorage: {id: "R29", title: "change storage classes and drivers", rights: joined(rightsOn("storage.k8s.io", write, "storageclasses", "csidrivers"),
		rightsOn("snapshot.storage.k8s.io", write, "volumesnapshotcontents")), clusterOnly: true},
	writeCRDs:           {id: "R30", title: "change custom resource definitions", rights: rightsOn("apiextensions.k8s.io", write, "customresourcedefinitions"), clusterOnly: true},
	writeAPIServices:    {id: "R31", title: "take over API groups", rights: rightsOn("apiregistration.k8s.io", write, "apiservices"), clusterOnly: true},
	writeRuntimeClasses: {id: "R43", title: "change runtime classes", rights: rightsOn("node.k8s.io", write, "runtimeclasses"), clusterOnly: true},
	useConstraints:      {id: "R42", title: "use security context constraints", rights: rightsOn("security.openshift.io", verbUse, "securitycontextconstraints")},
	adminDevices:        {id: "R40", title: "claim devices of others", rights: rightsOn("resource.k8s.io", create, "resourceclaims", "resourceclaimtemplates")},

	redirectTraffic: {id: "R35", title: "redirect traffic of services", rights: joined(rightsOn("", write, "services", "services/status", "endpoints"), rightsOn("discovery.k8s.io", write, "endpointslices"),
		rightsOn(netGroup, write, "ingresses"), rightsOn(gatewayAPI, write, "gateways", "httproutes", "grpcroutes", "tlsroutes", "tcproutes", "referencegrants"))},
	openNetwork: {id: "R37", title: "change network and mesh policies", rights: joined(rightsOn(netGroup, edit|del, "networkpolicies"),
		rightsOn("policy.networking.k8s.io", write|del, "clusternetworkpolicies", "adminnetworkpolicies", "baselineadminnetworkpolicies"),
		rightsOn("cilium.io", write|del, "ciliumnetworkpolicies", "ciliumclusterwidenetworkpolicies"), rightsOn("projectcalico.org", write|del, "networkpolicies", "globalnetworkpolicies"),
		rightsOn("crd.projectcalico.org", write|del, "networkpolicies", "globalnetworkpolicies"), rightsOn("security.istio.io", write|del, "peerauthentications", "authorizationpolicies"),
		rightsOn(istioNet, write, "destinationrules", "serviceentries", "envoyfilters"), rightsOn("extensions.istio.io", write, "wasmplugins"))},
	editConfigMaps:   {id: "R36", title: "change config maps", rights: rightsOn("", edit, "configmaps")},
	createAccounts:   {id: "R44", title: "create service accounts", rights: rightsOn("", create, "serviceaccounts")},
	createNamespaces: {id: "R44", title: "create namespaces", rights: rightsOn("", create, "namespaces"), clusterOnly: true},
	readDebugURLs:    {id: "R41", title: "read debugging and log URLs of the API server", clusterOnly: true},

	runJobs: {id: "R38", title: "have a controller run pods", rights: joined(rightsOn("argoproj.io", write, "workflows", "cronworkflows", "rollouts"),
		rightsOn("tekton.dev", write, "taskruns", "pipelineruns"), rightsOn("serving.knative.dev", write, "services"))},
	fluxKustomizations: {id: "R38", title: "write Flux Kustomizations", rights: rightsOn("kustomize.toolkit.fluxcd.io", write, "kustomizations")},
	fluxReleases:       {id: "R38", title: "write Flux HelmReleases", rights: rightsOn("helm.toolkit.fluxcd.io", write, "helmreleases")},
	argoApplications:   {id: "R38", title: "write Argo CD Applications", rights: rightsOn("argoproj.io", write, "applications", "applicationsets")},
	veleroRestores:     {id: "R38", title: "restore Velero backups", rights: rightsOn("velero.io", create, "restores")},
	olmSubscriptions:   {id: "R38", title: "install operators", rights: rightsOn("operators.coreos.com", write, "subscriptions", "clusterserviceversions")},
	kyvernoPolicies:    {id: "R38", title: "write Kyverno policies", rights: rightsOn("kyverno.io", write, "clusterpolicies", "policies", "generatingpolicies")},
	crossplaneObjects:  {id: "R38", title: "write objects through Crossplane", rights: rightsOn("kubernetes.crossplane.io", write, "objects")},

	ownNamespace:     {id: "R3", title: "do anything in the namespace"},
	takeTokenSecrets: {id: "R7", title: "have tokens written into secrets"},
	forcedEscape:     {id: "R27", title: "start any pod, whatever the Pod Security level"},
	bypassedEscape:   {id: "R26", title: "start any pod, whatever the policies"},
	escapeByVolume:   {id: "R28", title: "start pods with volumes of a node's files"},
	escapeBySCC:      {id: "R42", title: "start pods under a permissive security context constraint"},
	newAccounts:      {id: "R44", title: "make service accounts and use their tokens"},
}

// effective are the powers that have an effect of their own in a namespace, so
// that a cluster-wide grant must be carried into each.
var effective = setOf(impersonateAccounts, readSecrets, createSecrets, editSecrets, mintTokens, createPods, editDeployments, editDaemonSets, editStatefulSets, editReplicaSets, editCronJobs,
	editControllers, execPods, debugPods, patchPods, portForward, editConfigMaps, runJobs, fluxKustomizations, fluxReleases, argoApplications, veleroRestores, olmSubscriptions,
	kyvernoPolicies, crossplaneObjects, ownNamespace, takeTokenSecrets, forcedEscape, bypassedEscape, escapeByVolume, escapeBySCC, newAccounts)

// halves are the powers that mean more together with others.
var halves = setOf(writeClusterBindings, writeBindings, bindClusterRoles, bindRoles, escalateClusterRoles, editClusterRoles, createClusterRoles, escalateRoles, editRoles,
	impersonateUsers, impersonateGroups, impersonateAccounts, readSecrets, createSecrets, createPods, createCSRs, approveCSRs, approveSigners,
	mutatingPolicies, mutatingPolicyBindings, bypassPolicies, relabelNamespaces, createVolumes, createClaims, useConstraints, createAccounts, createNamespaces, mintTokens)
