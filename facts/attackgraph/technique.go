package attackgraph

// Technique is one way to come from owning one thing to owning another.
type Technique struct {
	ID    string   // of the catalogue in docs/paths.md, such as "R13"; empty for structure
	Title string   // what the attacker does, without a full stop
	Phase string   // phase of an attack, as MITRE ATT&CK calls its tactics
	Refs  []string // ids of MITRE ATT&CK for containers
	Cost  uint32   // effort: 1 for using what lies there, more for what needs work or luck
}

// step numbers the techniques; it is the kind of an edge. The highest bit of
// an edge's kind says that a guard of it is unknown.
type step = uint8

// unsure marks the kind of an edge that is only possible.
const unsure step = 0x80

// Structure: edges that say what something is, not what an attacker does.
const (
	isMember  step = iota // identity → group
	isBound               // subject → binding
	isGranted             // binding → role at a scope
	holds                 // role at a scope → power at a scope
	covers                // cluster-wide power → the same power in a namespace
	contains              // a set → one of it
	implied               // what an owner of the whole cluster has besides

	// Roles and rights.
	everything
	escalateRole
	bindRole
	impersonate
	constrainedImpersonation
	readSecret
	tokenOfSecret
	writeTokenSecret
	bootstrapToken
	joinAsNode
	mintToken
	runAsAccount
	mountSecret
	runEscape
	changeWorkload
	execIntoPod
	debugPod
	patchPod
	reachPort
	kubeletExec
	nodeInformation
	certificate
	nodeCertificate
	rewriteByWebhook
	readByWebhook
	rewriteByPolicy
	rewriteByParam
	bypassAdmission
	relabelNamespace
	volumeEscape
	awsAuth
	useController
	useSCC
	newAccount

	// Pods, nodes and networks.
	exposed
	usesToken
	usesSecret
	sharesVolume
	openPort
	admissionController
	joinMesh
	carriesIdentity
	ownsNode
	kubeletIdentity
	nodeToken
	controlPlane

	// Cloud.
	webIdentity
	nodeRole
	cloudEscalation
	cloudOwner
	cloudAssume
	cloudToCluster

	firstEscape // E1 … E24 follow
)

const escapeCount = 24

// tactics of MITRE ATT&CK, as Technique.Phase.
const (
	initialAccess = "initial access"
	execution     = "execution"
	persistence   = "persistence"
	privilege     = "privilege escalation"
	evasion       = "defence evasion"
	credentials   = "credential access"
	discovery     = "discovery"
	lateral       = "lateral movement"
)

var techniques = [...]Technique{
	isMember: {}, isBound: {}, isGranted: {}, holds: {}, covers: {}, contains: {}, implied: {},

	everything:               {"R1", "may do anything", privilege, []string{"T1078"}, 1},
	escalateRole:             {"R2", "writes rights of its own choice into a role it is bound to", privilege, []string{"T1098.006"}, 1},
	bindRole:                 {"R3", "binds itself to a role", privilege, []string{"T1098.006"}, 1},
	impersonate:              {"R4", "acts as somebody else by impersonation", privilege, []string{"T1078"}, 1},
	constrainedImpersonation: {"R5", "acts as a service account, for the requests that constrained impersonation allows", privilege, []string{"T1078"}, 2},
	readSecret:               {"R6", "reads a Secret", credentials, []string{"T1552.007"}, 1},
	tokenOfSecret:            {"R6", "uses the service account token in a Secret", credentials, []string{"T1528"}, 1},
	writeTokenSecret:         {"R7", "has a token that does not expire written into a Secret", credentials, []string{"T1528"}, 2},
	bootstrapToken:           {"R8", "makes a bootstrap token and joins as a node", persistence, []string{"T1098", "T1528"}, 4},
	joinAsNode:               {"R8", "joins as a node with the bootstrap token in a Secret", persistence, []string{"T1098", "T1528"}, 3},
	mintToken:                {"R9", "asks for a token of a service account", credentials, []string{"T1528"}, 1},
	runAsAccount:             {"R10", "starts a pod that runs as a service account of its choice", execution, []string{"T1610"}, 2},
	mountSecret:              {"R10", "starts a pod that mounts a Secret", credentials, []string{"T1610", "T1552.007"}, 2},
	runEscape:                {"R10", "starts a pod that takes over its node", privilege, []string{"T1610", "T1611"}, 2},
	changeWorkload:           {"R11", "changes what a workload runs", execution, []string{"T1053.007", "T1610"}, 2},
	execIntoPod:              {"R13", "executes commands in a pod", execution, []string{"T1609"}, 1},
	debugPod:                 {"R15", "adds a debugging container to a running pod", execution, []string{"T1609"}, 2},
	patchPod:                 {"R16", "replaces the image of a running pod", execution, []string{"T1609", "T1525"}, 2},
	reachPort:                {"R14", "reaches a port that asks for no credentials, past NetworkPolicy", lateral, []string{"T1210"}, 2},
	kubeletExec:              {"R17", "executes commands in pods through the kubelet", execution, []string{"T1609"}, 1},
	nodeInformation:          {"R19", "reads logs, configuration or memory from a node", discovery, []string{"T1613"}, 1},
	certificate:              {"R20", "has a client certificate signed for a user or group of its choice", credentials, []string{"T1649", "T1078"}, 2},
	nodeCertificate:          {"R20", "has a client certificate signed for a node", credentials, []string{"T1649"}, 2},
	rewriteByWebhook:         {"R24", "rewrites what others create with a mutating webhook", privilege, []string{"T1546", "T1610"}, 4},
	readByWebhook:            {"R24", "reads every Secret that is written with a validating webhook", credentials, []string{"T1552.007"}, 4},
	rewriteByPolicy:          {"R25", "rewrites what others create with a mutating admission policy", privilege, []string{"T1546", "T1610"}, 3},
	rewriteByParam:           {"R25", "rewrites what others create through the parameters of a mutating admission policy", privilege, []string{"T1546", "T1610"}, 4},
	bypassAdmission:          {"R26", "removes the admission control in the way and starts a pod that takes over its node", evasion, []string{"T1562.001", "T1611"}, 3},
	relabelNamespace:         {"R27", "lowers the Pod Security level of the namespace and starts a pod that takes over its node", evasion, []string{"T1562.001", "T1611"}, 2},
	volumeEscape:             {"R28", "makes a volume of a node's files and starts a pod that mounts it", privilege, []string{"T1611"}, 3},
	awsAuth:                  {"R36", "maps a cloud role to system:masters in aws-auth", persistence, []string{"T1098"}, 2},
	useController:            {"R38", "has a controller do it with its own rights", privilege, []string{"T1078", "T1610"}, 2},
	useSCC:                   {"R42", "starts a pod under a security context constraint that lets it take over its node", privilege, []string{"T1610", "T1611"}, 2},
	newAccount:               {"R44", "makes a service account whose name a cloud role trusts", credentials, []string{"T1136", "T1078.004"}, 2},

	exposed:             {"X1", "takes over a program that can be reached from outside, by a hole in it", initialAccess, []string{"T1190"}, 6},
	usesToken:           {"L1", "uses the service account token that lies in the container", credentials, []string{"T1528"}, 1},
	usesSecret:          {"R6", "uses a Secret that the pod can read", credentials, []string{"T1552.007"}, 1},
	sharesVolume:        {"L3", "plants files in a volume that another pod uses", lateral, []string{"T1080"}, 3},
	openPort:            {"L4", "uses a port of another pod that asks for no credentials", lateral, []string{"T1210"}, 2},
	admissionController: {"L10", "takes over the ingress controller through its admission port (CVE-2025-1974)", lateral, []string{"T1210"}, 3},
	joinMesh:            {"L7", "has a certificate of the service mesh made with a token of the service account", credentials, []string{"T1649", "T1528"}, 2},
	carriesIdentity:     {"L8", "speaks in the service mesh as a pod of its node", lateral, []string{"T1557"}, 2},
	ownsNode:            {"L5", "takes over a pod of the node it owns", lateral, []string{"T1611"}, 1},
	kubeletIdentity:     {"L5", "uses the kubelet's credentials", credentials, []string{"T1552.001"}, 1},
	nodeToken:           {"L5", "asks, as the node, for the token of a service account of a pod on it", credentials, []string{"T1528"}, 1},
	controlPlane:        {"L6", "owns a control-plane node: its certificates, static pods and etcd", privilege, []string{"T1552.001"}, 1},

	webIdentity:     {"C1", "exchanges the service account's token for a cloud role", credentials, []string{"T1078.004", "T1528"}, 1},
	nodeRole:        {"L2", "takes the node's cloud role from the metadata service", credentials, []string{"T1552.005"}, 1},
	cloudEscalation: {"C2", "raises its rights in the cloud account", privilege, []string{"T1098.003"}, 2},
	cloudOwner:      {"C2", "has all rights in the cloud account", privilege, []string{"T1078.004"}, 1},
	cloudAssume:     {"C3", "assumes another cloud role", lateral, []string{"T1078.004"}, 1},
	cloudToCluster:  {"R45", "comes back into the cluster through the cloud's API", privilege, []string{"T1078.004"}, 2},

	firstEscape + escapeCount: {}, // escapes have tables of their own
}

// escapeTitles are the escapes of facts/escapes, E1 first.
var escapeTitles = [escapeCount]string{
	"mounts the node's disk", "enters the namespaces of a process of the node", "loads a kernel module", "attaches to a process of the node with ptrace",
	"reaches the node's files through /proc", "has the kernel run a program by a cgroup's release agent", "opens the node's devices through its cgroup",
	"opens the node's files by handle", "reads and writes the node's memory or disks directly", "sets a program that the kernel runs through /proc/sys",
	"changes the kernel's settings through /sys", "loads eBPF programs into the kernel", "uses the node's network", "reads the memory that processes of the node share",
	"starts a privileged container through the socket of the container runtime", "takes the kubelet's credentials and the tokens of the node's pods from its directory",
	"takes the control plane's keys from its files", "reads the data of etcd", "reads the node's files through links in its log directory", "changes files of the node that its programs run or trust",
	"reaches the node's files through a volume that holds them", "uses a volume driver that runs on the node", "uses a known hole of the runtime or kernel", "runs as a process of the Windows node",
}

// TechniqueOf returns what a step number stands for.
func techniqueOf(s step) Technique {
	s &^= unsure
	if s >= firstEscape && int(s-firstEscape) < escapeCount {
		n := int(s - firstEscape)
		return Technique{ID: escapeIDs[n], Title: escapeTitles[n], Phase: privilege, Refs: []string{"T1611"}, Cost: escapeCosts[n]}
	}
	return techniques[s]
}

var escapeIDs = [escapeCount]string{"E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8", "E9", "E10", "E11", "E12",
	"E13", "E14", "E15", "E16", "E17", "E18", "E19", "E20", "E21", "E22", "E23", "E24"}

var escapeCosts = [escapeCount]uint32{1, 1, 2, 2, 2, 3, 3, 3, 3, 2, 2, 3, 2, 3, 1, 1, 1, 1, 3, 2, 2, 3, 4, 1}

// structural says whether an edge only says what something is.
func structural(s step) bool { return s&^unsure <= implied }
