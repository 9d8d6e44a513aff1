package attackgraph

import (
	"strings"

	"bulwark/world"
)

// Kind is what sort of thing a vertex is.
type Kind uint8

// Kinds of vertices.
const (
	Internet  Kind = iota // somebody outside the cluster
	User                  // a user name, nodes and components included
	Group                 // a group of users
	Account               // a service account: whoever has its token
	Workload              // code in the pods of an object
	Node                  // root on a node
	SomeNode              // root on whichever node a pod is placed
	Secret                // the content of a Secret
	Volume                // write access to a volume claim that several pods share
	CloudRole             // a principal in a cloud account
	Mesh                  // the identity of a service account in a service mesh
	Sink                  // what attackers are after
	binding               // a binding that names one as a subject
	grant                 // a role at a scope
	rightAt               // a power at a scope
	place                 // a set: all pods of a namespace, all users, …
)

// things says whether vertices of the kind are things that one can own, and
// not structure between them.
func (k Kind) thing() bool { return k <= Sink }

// Sinks.
const (
	ClusterAdmin = "cluster-admin"
	CloudAdmin   = "cloud-admin"
	NodeRoot     = "node-root"
	AllSecrets   = "all-secrets"
)

// sinkNames lists the sinks, the worst first.
var sinkNames = [...]string{ClusterAdmin, CloudAdmin, NodeRoot, AllSecrets}

// sinkTitles say what each sink means.
var sinkTitles = map[string]string{
	ClusterAdmin: "cluster-admin", CloudAdmin: "administrator of the cloud account", NodeRoot: "root on a node", AllSecrets: "every Secret of the cluster",
}

// Sets that vertices of kind place stand for.
const (
	podsIn       uint8 = iota // pods of a namespace
	accountsIn                // service accounts of a namespace that exist
	namesIn                   // service accounts of a namespace that exist or that a binding names
	secretsIn                 // Secrets of a namespace
	allUsers                  // every user that a binding names
	allGroups                 // every group but system:masters that a binding names
	allPods                   // pods of every namespace
	podsOn                    // pods on a node
	accountsOn                // service accounts of the pods on a node
	anyNode                   // a node of the attacker's choice
	unscheduled               // workloads whose pods' nodes are not known
	controlNodes              // a control-plane node
	rolesIn                   // Roles of a namespace
	allAccounts               // service accounts of every namespace
	kubelets                  // users that the kubelets of the known nodes are
)

// everywhere is the scope of rights that hold in every namespace.
const everywhere = "\x00"

// key identifies a vertex; workloads are identified by their object.
type key struct {
	kind      Kind
	sub       uint8 // power of a right, set of a place, 1 for ClusterRole of a grant, 1 for ClusterRoleBinding
	namespace string
	name      string
}

// Vertex is one thing of the graph.
type Vertex struct {
	key
	Object *world.Object // the object that it is, where there is one
}

// Kind returns what sort of thing it is.
func (v *Vertex) Kind() Kind { return v.kind }

// ID names the vertex as the command line does: sa:shop/web, pod:shop/web-0, node:n1, user:jane.
func (v *Vertex) ID() string {
	switch v.kind {
	case Internet:
		return "internet"
	case User:
		return "user:" + v.name
	case Group:
		return "group:" + v.name
	case Account:
		return "sa:" + v.namespace + "/" + v.name
	case Workload:
		return strings.ToLower(v.Object.Kind) + ":" + v.Object.Namespace + "/" + v.Object.Name
	case Node:
		return "node:" + v.name
	case SomeNode:
		return "node:"
	case Secret:
		return "secret:" + v.namespace + "/" + v.name
	case Volume:
		return "claim:" + v.namespace + "/" + v.name
	case CloudRole:
		return "cloud:" + v.name
	case Mesh:
		return "mesh:" + v.namespace + "/" + v.name
	case Sink:
		return v.name
	}
	return v.Title()
}

// Title names the vertex for people.
func (v *Vertex) Title() string {
	switch v.kind {
	case Internet:
		return "the internet"
	case User:
		if node, ok := strings.CutPrefix(v.name, nodeUser); ok {
			return "the kubelet of node " + node
		}
		return "user " + v.name
	case Group:
		return "group " + v.name
	case Account:
		return "service account " + v.namespace + "/" + v.name
	case Workload:
		return v.Object.Ref.String()
	case Node:
		return "node " + v.name
	case SomeNode:
		return "the node it runs on"
	case Secret:
		return "Secret " + v.namespace + "/" + v.name
	case Volume:
		return "volume claim " + v.namespace + "/" + v.name
	case CloudRole:
		return "cloud role " + v.name
	case Mesh:
		return meshTitle(v)
	case Sink:
		return sinkTitles[v.name]
	case binding:
		return bindingKinds[v.sub] + " " + joinName(v.namespace, v.name)
	case grant:
		return roleKinds[v.sub] + " " + v.name + scopeText(v.namespace)
	case rightAt:
		return powers[v.sub].title + scopeText(v.namespace)
	}
	return placeTitle(v)
}

var (
	bindingKinds = [2]string{"RoleBinding", "ClusterRoleBinding"}
	roleKinds    = [2]string{"Role", "ClusterRole"}
)

func scopeText(namespace string) string {
	switch namespace {
	case everywhere:
		return " in every namespace"
	case "":
		return " in the namespace it is applied to"
	}
	return " in namespace " + namespace
}

func joinName(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}

func placeTitle(v *Vertex) string {
	switch v.sub {
	case podsIn:
		return "pods" + scopeText(v.namespace)
	case accountsIn, namesIn:
		return "service accounts" + scopeText(v.namespace)
	case secretsIn:
		return "Secrets" + scopeText(v.namespace)
	case allUsers:
		return "every user"
	case allGroups:
		return "every group but system:masters"
	case allPods:
		return "pods of every namespace"
	case podsOn, accountsOn:
		return "pods on node " + v.name
	case anyNode:
		return "a node of choice"
	case unscheduled:
		return "pods placed on the node"
	case controlNodes:
		return "a control-plane node"
	case allAccounts:
		return "every service account"
	case kubelets:
		return "the kubelet of a node of choice"
	}
	return "Roles" + scopeText(v.namespace)
}

// nodeUser begins the user names of kubelets.
const nodeUser = "system:node:"
