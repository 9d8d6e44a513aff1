package attackgraph

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"bulwark/facts/mtls"
	"bulwark/internal/tri"
	"bulwark/world"
)

const kindLinkerdServer = "Server.policy.linkerd.io"

// meshView is what a service mesh says about connections to listeners. Only
// listeners that refuse whoever proves no identity need it.
type meshView struct {
	a       *artist
	m       *mtls.Model
	members map[uint32][]*mtls.Member // by workload
	ids     []meshID
}

// meshID is the identity of a service account in the mesh, with a workload that has it.
type meshID struct {
	vertex, account uint32
	member          *mtls.Member
}

// meshModel returns the meshes of the snapshot, nil where no policy of one can be in the way.
func (a *artist) meshModel() *meshView {
	some := false
	for _, kind := range []string{mtls.AuthorizationPolicy, mtls.PeerAuthentication, kindLinkerdServer} {
		for range a.view.All(kind) {
			some = true
			break
		}
	}
	if !some {
		return nil
	}
	m, err := mtls.Fact.Of(a.view)
	if err != nil {
		a.missing = append(a.missing, Missing{"service meshes", err})
		return nil
	}
	a.mesh = &meshView{a: a, m: m, members: map[uint32][]*mtls.Member{}}
	return a.mesh
}

// member returns the pods of a workload as the mesh sees them; those of several templates count as the first.
func (x *meshView) member(v uint32) *mtls.Member {
	ms, ok := x.members[v]
	if !ok {
		ms = x.m.Members(x.a.vertices[v].Object)
		x.members[v] = ms
	}
	if len(ms) == 0 {
		return nil
	}
	return ms[0]
}

// gate is the mesh's part in connections to one listener; nil where it has none.
type gate struct {
	*meshView
	to      *mtls.Member
	port    uint32
	entries []mtls.Entry
	drawn   map[uint32]bool // identities that lead to it
	certain map[uint32]bool // of those, the ones that a policy lets in for certain
}

func (x *meshView) gate(l listener) *gate {
	if x == nil {
		return nil
	}
	to := x.member(l.workload)
	if to == nil || to.In != tri.Yes {
		return nil
	}
	g := &gate{meshView: x, to: to, port: uint32(l.port), drawn: map[uint32]bool{}, certain: map[uint32]bool{}}
	if x.m.Inbound(to, g.port, corev1.ProtocolTCP).Refuses != tri.Yes {
		return nil
	}
	g.entries = append(g.entries, mtls.Entry{})
	for _, e := range x.m.Entries(to) {
		if e.Port == g.port && e.Protocol == corev1.ProtocolTCP {
			g.entries = append(g.entries, e)
		}
	}
	return g
}

// admits says whether the mesh lets a workload in, and by which policy. A pod in
// the mesh whose proxy would send plaintext may be made to prove its identity.
func (g *gate) admits(v uint32) (Guard, spot) {
	const name = "service mesh"
	from := g.member(v)
	if from == nil {
		return doubt(name, "whether the pods are in it is not known"), spot{}
	}
	no := Guard{name, tri.No, "it refuses the connection"}
	best, proven := no, false
	var by spot
	for _, e := range g.entries {
		a := g.m.Between(mtls.Pair{From: from, To: g.to, Port: g.port, Service: e.Service, ServicePort: e.ServicePort})
		switch a.Connects {
		case tri.Yes:
			return passed(name, "it lets service account "+from.Namespace()+"/"+from.Account()+" in"), policySpot(&a)
		case tri.Unknown:
			best, by = doubt(name, "whether it lets the connection through is not certain"), policySpot(&a)
		}
		proven = proven || a.Identity == tri.Yes
	}
	if best.Open == tri.No && from.In != tri.No && !proven {
		return doubt(name, "the pods are in the mesh, but whether they can prove their identity to this port is not known"), spot{}
	}
	return best, by
}

// policySpot points at the policy that decided, if there is one.
func policySpot(a *mtls.Answer) spot {
	for _, s := range slices.Backward(a.Steps) {
		if s.Object != nil && (s.Object.GroupKind() == mtls.AuthorizationPolicy || s.Object.GroupKind() == kindLinkerdServer) {
			return spot{object: s.Object, path: s.Path, says: s.Text}
		}
	}
	return spot{}
}

// drawMeshIdentity is L7: whoever has a token of the service account that the
// mesh lets in can have a certificate of the mesh made for it.
func (g *gate) drawMeshIdentity(v uint32, l listener, admitted Guard, by spot) {
	from := g.member(v)
	if from == nil || from.In != tri.Yes || admitted.Open == tri.No {
		return
	}
	a := g.a
	k := key{kind: Mesh, namespace: from.Namespace(), name: from.Account()}
	id, seen := a.have(k)
	if !seen {
		id = a.vertex(k)
		account := a.account(from.Namespace(), from.Account())
		g.ids = append(g.ids, meshID{id, account, from})
		a.edge(account, id, joinMesh, proof{spot: spot{object: from.Why.Object, path: from.Why.Path, says: from.Why.Text},
			guards: []Guard{doubt("audience of the token", "the mesh's authority takes tokens made for it, such as whoever may ask for tokens gets; one for the API server alone is refused")}})
	}
	p := proof{spot: l.spot, guards: []Guard{admitted, doubt("network", "whoever uses the identity must reach the port from a pod that network policies let through")}}
	if by != (spot{}) {
		p.more = []spot{by}
	}
	if !g.drawn[id] || admitted.Open == tri.Yes && !g.certain[id] {
		g.drawn[id], g.certain[id] = true, admitted.Open == tri.Yes
		a.edge(id, l.workload, l.step, p)
	}
}

// carriers are programs that carry the traffic of all pods of their node, with
// the meshes in whose name they can speak for them.
var carriers = map[string]struct {
	title  string
	meshes []mtls.Mesh
}{
	"ztunnel":     {"ztunnel holds the certificates of the pods on its node", []mtls.Mesh{mtls.Ambient, mtls.Ztunnel}},
	"install-cni": {"Istio's network plugin enters the networks of the pods on its node", []mtls.Mesh{mtls.Ambient, mtls.Sidecar}},
	"cilium":      {"Cilium's agent enters the networks of the pods on its node", []mtls.Mesh{mtls.Ambient, mtls.Sidecar, mtls.Linkerd, mtls.Ztunnel}},
}

// drawCarriers is L8: who owns such a program has the identities of the pods on its node.
func (x *meshView) drawCarriers() {
	if x == nil || len(x.ids) == 0 {
		return
	}
	a := x.a
	on := x.accountsByNode()
	for o, v := range a.ordered() {
		for c := range o.Containers {
			carrier, ok := carriers[baseName(c.Image)]
			if !ok || !c.LongRunning() {
				continue
			}
			for t := range o.Pods {
				s := spot{object: o, path: c.Path("image"), says: carrier.title}
				x.drawCarrier(v, o, t.Spec, carrier.meshes, s, on)
			}
		}
	}
}

func (x *meshView) drawCarrier(v uint32, o *world.Object, spec *corev1.PodSpec, meshes []mtls.Mesh, s spot, on map[string]map[uint32]bool) {
	if spec.NodeName == "" && x.a.replicas[v] > 0 {
		return // its pods say where they are
	}
	for _, id := range x.ids {
		if !slices.Contains(meshes, id.member.Mesh) {
			continue
		}
		p := proof{spot: s, guards: []Guard{doubt("placement", "whether a pod with the identity runs on the same node is not known")}}
		switch {
		case spec.NodeName != "" && on[spec.NodeName][id.account]:
			p.guards = []Guard{passed("placement", "a pod with the identity runs on node "+spec.NodeName)}
		case spec.NodeName != "" && !on[""][id.account]:
			continue
		case spec.NodeName == "" && o.Kind == "DaemonSet" && len(spec.NodeSelector) == 0 && spec.Affinity == nil:
			p.guards = []Guard{passed("placement", "one of its pods runs on every node")}
		}
		x.a.edge(v, id.vertex, carriesIdentity, p)
	}
}

// accountsByNode returns the service accounts with an identity of the mesh by
// the nodes that pods of theirs run on; "" is for pods whose nodes are not known.
func (x *meshView) accountsByNode() map[string]map[uint32]bool {
	wanted, out := map[uint32]bool{}, map[string]map[uint32]bool{}
	for _, id := range x.ids {
		wanted[id.account] = true
	}
	for _, arc := range x.a.arcs {
		if from := &x.a.vertices[arc.From]; from.kind == place && from.sub == accountsOn && wanted[arc.To] {
			if out[from.name] == nil {
				out[from.name] = map[uint32]bool{}
			}
			out[from.name][arc.To] = true
		}
	}
	return out
}

func meshTitle(v *Vertex) string {
	return fmt.Sprintf("mesh identity of service account %s/%s", v.namespace, v.name)
}
