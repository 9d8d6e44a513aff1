package reach

import (
	"net/netip"

	"bulwark/world"
)

// EndKind is what sort of end a connection has.
type EndKind uint8

// Kinds of ends.
const (
	Pods         EndKind = iota // pods of one class
	Node                        // a node, and the pods that share its network
	Addresses                   // addresses that are not known to be in the cluster
	Internet                    // every public address
	APIServer                   // the Kubernetes API server
	Metadata                    // the metadata service of the cloud
	Unidentified                // something that is not in the input
)

var endKinds = [...]string{"pods", "node", "addresses", "internet", "api-server", "metadata", "unidentified"}

// String returns the lower-case name of the kind.
func (k EndKind) String() string { return endKinds[k] }

// Endpoint is one end of a connection. Use the methods of Model to make one.
type Endpoint struct {
	Kind  EndKind
	Name  string  // for people
	Class *Class  // of Pods, and of a Node that stands for pods with its network
	Node  string  // name of the Node; "" for any
	Range []Range // addresses; empty where they are not known
}

// Pods returns the endpoint of a class: a Node when its pods have the host's network.
func (m *Model) Pods(c *Class) Endpoint {
	if !c.HostNetwork {
		return Endpoint{Kind: Pods, Name: c.Name, Class: c, Range: m.podRange(c)}
	}
	e := Endpoint{Kind: Node, Name: c.Name, Class: c}
	for _, n := range c.Nodes {
		e.Range = append(e.Range, m.nodes[n].addressRanges()...)
	}
	if len(c.Nodes) == 1 {
		e.Node = c.Nodes[0]
	}
	return e
}

// Workload returns the endpoint of the pods that an object is or makes; false
// when it makes none. Pods whose labels were changed by hand are not among them:
// see ClassesOf.
func (m *Model) Workload(o *world.Object) (Endpoint, bool) {
	if cs := m.classesOf[o]; len(cs) > 0 {
		return m.Pods(cs[0]), true
	}
	return Endpoint{}, false
}

// AnyNode is some node of the cluster.
func (m *Model) AnyNode() Endpoint {
	return Endpoint{Kind: Node, Name: "node", Range: m.nodeRanges}
}

// NodeNamed is one node; false when it is not in the input.
func (m *Model) NodeNamed(name string) (Endpoint, bool) {
	n := m.nodes[name]
	if n == nil {
		return Endpoint{}, false
	}
	return Endpoint{Kind: Node, Name: "node " + name, Node: name, Range: n.addressRanges()}, true
}

// TheInternet is every public address.
func (m *Model) TheInternet() Endpoint {
	return Endpoint{Kind: Internet, Name: "internet", Range: m.public}
}

// Block is the addresses of a prefix, taken to be outside of the cluster.
func (m *Model) Block(p netip.Prefix) Endpoint {
	r := rangeOf(p)
	return Endpoint{Kind: Addresses, Name: r.String(), Range: []Range{r}}
}

// MetadataService is the service of the cloud that hands out the node's
// credentials: 169.254.169.254, and fd00:ec2::254 on AWS.
func (m *Model) MetadataService() Endpoint {
	return Endpoint{Kind: Metadata, Name: "imds", Range: prefixes("169.254.169.254/32", "fd00:ec2::254/128")}
}

// Server is the API server.
func (m *Model) Server() Endpoint {
	return Endpoint{Kind: APIServer, Name: "api-server", Range: m.server}
}

// Stranger is something that the input does not hold, such as an ingress
// controller that was installed elsewhere.
func (m *Model) Stranger(name string) Endpoint { return Endpoint{Kind: Unidentified, Name: name} }

// pieces says whether the addresses of the endpoint are alternatives to be
// judged one by one. Those of pods are taken together.
func (e *Endpoint) pieces() bool { return e.Kind != Pods && len(e.Range) > 0 }
