// Package attackgraph holds in one graph how an attacker gets from owning one
// thing to owning another: identities, rights, pods, nodes, volumes, Secrets
// and cloud roles, joined by the steps of a catalogue, each with its evidence,
// its guards and the change that breaks it. What is in doubt is in the graph
// too, marked: questions are answered for what is certain and for what is possible.
package attackgraph

import (
	"fmt"

	"bulwark/control"
	"bulwark/facts/mtls"
	"bulwark/facts/rbac"
	"bulwark/internal/graph"
	"bulwark/world"
)

// Kinds of objects besides pods that the graph is made of.
const (
	kindAccount     = "ServiceAccount"
	kindSecret      = "Secret"
	kindNamespace   = "Namespace"
	kindNode        = "Node"
	kindVolume      = "PersistentVolume"
	kindClaim       = "PersistentVolumeClaim"
	kindRuntime     = "RuntimeClass.node.k8s.io"
	kindValidating  = "ValidatingWebhookConfiguration.admissionregistration.k8s.io"
	kindMutating    = "MutatingWebhookConfiguration.admissionregistration.k8s.io"
	kindPolicy      = "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io"
	kindMutPolicy   = "MutatingAdmissionPolicy.admissionregistration.k8s.io"
	kindConfigMap   = "ConfigMap"
	kindMutBinding  = "MutatingAdmissionPolicyBinding.admissionregistration.k8s.io"
	kindValPolicy   = "ValidatingAdmissionPolicy.admissionregistration.k8s.io"
	kindConstraints = "SecurityContextConstraints.security.openshift.io"
)

func kinds() []string {
	return []string{control.Pods, kindAccount, kindSecret, kindNamespace, kindNode, kindVolume, kindClaim, kindRuntime,
		kindValidating, kindMutating, kindPolicy, kindMutPolicy, kindMutBinding, kindValPolicy, kindConstraints, kindConfigMap,
		mtls.AuthorizationPolicy, mtls.PeerAuthentication, kindLinkerdServer}
}

// Fact is the attack graph of a snapshot.
var Fact = &control.Fact[*Graph]{
	Name:     "attackgraph",
	Doc:      "how an attacker gets from owning one thing to owning another",
	Kinds:    kinds(),
	Requires: requires,
	Partial:  true,
	Derive:   func(v *control.View) (*Graph, error) { return derive(v), nil },
}

// Missing is a part of the picture that could not be read, and what it means.
type Missing struct {
	What string
	Why  error
}

// Graph is the attack graph. It is immutable.
type Graph struct {
	vertices []Vertex
	ids      map[key]uint32
	objects  map[*world.Object]uint32 // vertex of each workload
	byRef    map[world.Ref]uint32     // the same by reference, the first of several
	proofs   []proof
	g        *graph.Graph
	policy   *rbac.Policy
	missing  []Missing
	sinks    [len(sinkNames)]uint32
	roots    []uint32        // workloads that no other object of the snapshot owns
	ours     map[uint32]bool // workloads that are Kubernetes' own control plane
	doors    []uint32        // workloads that can be reached from outside
	replicas map[uint32]int  // pods of each workload
	drawn    *artist         // for drawing a part anew
}

// Missing returns what could not be read: paths through it are not known.
func (g *Graph) Missing() []Missing { return g.missing }

// Unread returns why there may be more ways than the graph holds, nil when there cannot.
func (g *Graph) Unread() error {
	if len(g.missing) == 0 {
		return nil
	}
	return fmt.Errorf("ways of attack through %s are not known: %w", g.missing[0].What, g.missing[0].Why)
}

// Size returns the numbers of vertices and edges.
func (g *Graph) Size() (vertices, edges int) { return g.g.Vertices(), g.g.Edges() }

// At returns a vertex.
func (g *Graph) At(v uint32) *Vertex { return &g.vertices[v] }

// Sources returns what an attacker could own first: somebody outside, and every
// workload that is not part of Kubernetes itself.
func (g *Graph) Sources() []uint32 {
	out := []uint32{g.ids[key{kind: Internet}]}
	for _, v := range g.roots {
		if !g.ours[v] {
			out = append(out, v)
		}
	}
	return out
}

// Exposed says whether a workload can be reached from outside.
func (g *Graph) Exposed(v uint32) bool {
	for _, d := range g.doors {
		if d == v {
			return true
		}
	}
	return false
}
