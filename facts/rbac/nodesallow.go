package rbac

import (
	"slices"
	"sync"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/world"
)

// The first minor versions in which the Node authorizer knows something by default.
const (
	nodeSelectorsMinor    = 32 // nodes read only themselves and pods bound to them
	nodeAccountsMinor     = 34 // nodes read the service accounts of their pods
	nodeCertificatesMinor = 37 // PodCertificateRequests
)

// nodeRules are the rights that every node has, whatever runs on it: the rules of the role system:node.
var nodeRules = sync.OnceValue(func() []rbacv1.PolicyRule {
	rules, _ := BuiltinRules("ClusterRole", "", "system:node")
	return rules
})

// Allow decides as the Node authorizer does whether a node may send a request;
// names of objects that no pod was seen to use are a no.
func (n *Nodes) Allow(node string, req Request) bool {
	if node == "" {
		return false
	}
	if req.Path == "" {
		if special, ok := nodeSpecials[resourceOf(req)]; ok {
			return special(n, node, req)
		}
	}
	return slices.ContainsFunc(nodeRules(), func(r rbacv1.PolicyRule) bool { return Matches(&r, &req) })
}

// groupResource is a resource without its subresource.
type groupResource struct{ group, resource string }

func resourceOf(req Request) groupResource {
	resource, _ := cutResource(req.Resource)
	return groupResource{req.Group, resource}
}

func cutResource(s string) (resource, sub string) {
	for i := range len(s) {
		if s[i] == '/' {
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// nodeSpecials are the resources that are not the same for all nodes.
var nodeSpecials = map[groupResource]func(*Nodes, string, Request) bool{
	{"", "secrets"}:                                   reads(relSecret),
	{"", "configmaps"}:                                reads(relConfigMap),
	{"", "persistentvolumeclaims"}:                    (*Nodes).allowClaim,
	{"", "persistentvolumes"}:                         gets(relVolume),
	{"resource.k8s.io", "resourceclaims"}:             gets(relDevice),
	{"storage.k8s.io", "volumeattachments"}:           gets(relAttachment),
	{"", "serviceaccounts"}:                           (*Nodes).allowAccount,
	{"coordination.k8s.io", "leases"}:                 (*Nodes).allowLease,
	{"storage.k8s.io", "csinodes"}:                    (*Nodes).allowCSINode,
	{"resource.k8s.io", "resourceslices"}:             (*Nodes).allowSlice,
	{"", "nodes"}:                                     (*Nodes).allowNode,
	{"", "pods"}:                                      (*Nodes).allowPod,
	{"certificates.k8s.io", "podcertificaterequests"}: (*Nodes).allowCertificate,
}

// named says whether the request names an object that the node has to do with.
func (n *Nodes) named(r relation, node string, req Request) bool {
	return req.Name != "" && n.related(node, thing{r, req.Namespace, req.Name})
}

// reads allows get, list and watch of one object by name.
func reads(r relation) func(*Nodes, string, Request) bool {
	return func(n *Nodes, node string, req Request) bool {
		_, sub := cutResource(req.Resource)
		return sub == "" && req.Namespace != "" && (req.Verb == "get" || req.Verb == "list" || req.Verb == "watch") && n.named(r, node, req)
	}
}

// gets allows get of one object by name.
func gets(r relation) func(*Nodes, string, Request) bool {
	return func(n *Nodes, node string, req Request) bool {
		_, sub := cutResource(req.Resource)
		return sub == "" && req.Verb == "get" && n.named(r, node, req)
	}
}

func (n *Nodes) allowClaim(node string, req Request) bool {
	if _, sub := cutResource(req.Resource); sub == "status" {
		return (req.Verb == "update" || req.Verb == "patch") && n.named(relClaim, node, req)
	}
	return gets(relClaim)(n, node, req)
}

func (n *Nodes) allowAccount(node string, req Request) bool {
	_, sub := cutResource(req.Resource)
	if req.Verb == "get" && sub == "" {
		return n.minor >= nodeAccountsMinor && reads(relAccount)(n, node, req)
	}
	return req.Verb == "create" && sub == "token" && n.named(relAccount, node, req)
}

// nodeLeases is the namespace of the leases by which nodes say that they live.
const nodeLeases = "kube-node-lease"

// ownVerbs are what a node does with the objects that bear its name.
var ownVerbs = []string{"get", "create", "update", "patch", "delete"}

func (n *Nodes) allowLease(node string, req Request) bool {
	return req.Namespace == nodeLeases && slices.Contains(ownVerbs, req.Verb) && (req.Verb == "create" || req.Name == node)
}

func (n *Nodes) allowCSINode(node string, req Request) bool {
	_, sub := cutResource(req.Resource)
	return sub == "" && slices.Contains(ownVerbs, req.Verb) && (req.Verb == "create" || req.Name == node)
}

func (n *Nodes) allowSlice(node string, req Request) bool {
	if _, sub := cutResource(req.Resource); sub != "" {
		return false
	}
	switch req.Verb {
	case "create":
		return true // admission looks at the node that the slice names
	case "get", "update", "patch", "delete":
		return n.named(relSlice, node, req)
	case "watch", "list", "deletecollection":
		return req.OnNode == node
	}
	return false
}

func (n *Nodes) allowCertificate(node string, req Request) bool {
	if _, sub := cutResource(req.Resource); sub != "" || n.minor < nodeCertificatesMinor {
		return false
	}
	switch req.Verb {
	case "create":
		return true
	case "get":
		return n.named(relCertificate, node, req)
	}
	return (req.Verb == "list" || req.Verb == "watch") && req.OnNode == node
}

func (n *Nodes) allowNode(node string, req Request) bool {
	_, sub := cutResource(req.Resource)
	switch req.Verb {
	case "create":
		return sub == ""
	case "update", "patch":
		return sub == "" || sub == "status"
	case "get", "list", "watch":
		return sub == "" && (req.Name == node || n.minor < nodeSelectorsMinor)
	}
	return false
}

func (n *Nodes) allowPod(node string, req Request) bool {
	_, sub := cutResource(req.Resource)
	switch sub + " " + req.Verb {
	case " get":
		return n.minor < nodeSelectorsMinor || n.named(relPod, node, req)
	case " list", " watch":
		return n.minor < nodeSelectorsMinor || req.OnNode == node || n.named(relPod, node, req)
	case " create", " delete", "status update", "status patch", "eviction create":
		return true // admission looks at whose pod it is
	}
	return false
}

// Ask is Allow where a no is unknown if something on the node may use the
// object all the same: its pods were not all read, or it is not known where they run.
func (n *Nodes) Ask(node string, req Request) Answer {
	if n.Allow(node, req) {
		return yes("the Node authorizer lets node %s do it", node)
	}
	if req.Path != "" || req.Name == "" || !n.couldRelate(node, req) {
		return no("the Node authorizer lets no node do it")
	}
	for r := relPod; r <= relCertificate; r++ {
		if o := n.somewhere[thing{r, req.Namespace, req.Name}]; o != nil && n.mattersAs(r, node, req) {
			return unknown("%s may run on node %s, which then may do it", o.Ref, node)
		}
	}
	for _, kind := range nodeKinds() {
		if err := n.view.Gapped(kind); err != nil {
			return unknown("whether something on node %s uses %q: %s", node, req.Name, err)
		}
	}
	if err := n.view.Knows(kindPod, req.Namespace); err != nil {
		return unknown("whether a pod on node %s uses %q: %s", node, req.Name, err)
	}
	return no("nothing on node %s uses it", node)
}

// couldRelate says whether the request would be allowed if the node had to do with the object.
func (n *Nodes) couldRelate(node string, req Request) bool {
	for r := relPod; r <= relCertificate; r++ {
		if n.mattersAs(r, node, req) {
			return true
		}
	}
	return false
}

// mattersAs is couldRelate for an object of one kind.
func (n *Nodes) mattersAs(r relation, node string, req Request) bool {
	one := newNodes(n.minor)
	one.relate(thing{r, req.Namespace, req.Name}, one.node(node))
	return one.Allow(node, req)
}

// Allowed returns the nodes that the Node authorizer allows a request, by name;
// every is set when it allows all nodes, whatever runs on them.
func (n *Nodes) Allowed(req Request) (nodes []string, every bool) {
	if n.Allow("\x00", req) { // a name that no node has
		return nil, true
	}
	for _, name := range n.names {
		if n.Allow(name, req) {
			nodes = append(nodes, name)
		}
	}
	slices.Sort(nodes)
	return nodes, false
}

// relationOf returns what kind of object of the graph a Ref is.
func relationOf(ref world.Ref) (relation, bool) {
	r, ok := map[string]relation{"Secret": relSecret, "ConfigMap": relConfigMap, "ServiceAccount": relAccount, "Pod": relPod,
		"PersistentVolumeClaim": relClaim, "PersistentVolume": relVolume}[ref.GroupKind()]
	return r, ok
}

// Users returns the nodes whose kubelet may read an object: a Secret, ConfigMap,
// ServiceAccount, Pod, PersistentVolumeClaim or PersistentVolume.
func (n *Nodes) Users(ref world.Ref) []string {
	r, ok := relationOf(ref)
	if !ok {
		return nil
	}
	var out []string
	for _, id := range n.of[thing{r, ref.Namespace, ref.Name}] {
		out = append(out, n.names[id])
	}
	return out
}
