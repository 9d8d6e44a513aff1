package attackgraph

import (
	"strconv"

	"bulwark/control"
	"bulwark/facts/escapes"
	"bulwark/facts/rbac"
	"bulwark/facts/reach"
	"bulwark/internal/graph"
	"bulwark/internal/tri"
	"bulwark/world"
)

// artist draws the graph of one snapshot.
type artist struct {
	*Graph
	view   *control.View
	arcs   []graph.Arc
	owners []uint32 // of each arc: the vertex of the binding, role, workload or identity that it goes with; 0 for what stays
	owner  uint32   // of the arcs drawn now

	namespaces map[string]*namespace
	roles      map[*rbac.Role]*reading
	bindings   map[world.Ref]*rbac.Binding
	controls   []uint32 // control-plane nodes
	nodesSeen  bool
	guards     admission
	exits      *escapes.Model            // ways out of containers; nil when they could not be derived
	below      map[uint32]uint32         // pods, and the workload that each belongs to
	claims     []claimUse                // mounts of volume claims
	openPorts  map[string][]listener     // by namespace
	running    map[power][]*world.Object // controllers that were seen
	cloud      *clouds                   // nil without documents of a cloud
	tokenless  map[uint32][]uint32       // by account, workloads that hold no token of it for the API server
	askedReach bool
	net        *reach.Model  // once asked for
	mesh       *meshView     // once asked for, where policies of a mesh are
	manager    *world.Object // kube-controller-manager, where it was seen
	server     *world.Object // kube-apiserver, where it was seen
	bootTokens []*world.Object
	nodeJoins  nodeJoining
	mentioned  mentions
	params     []param  // of admission policies
	paths      []string // "rules[0]", …
}

// add draws an edge for the owner of the moment.
func (a *artist) add(from, to uint32, s step, evidence uint32) {
	a.arcs = append(a.arcs, graph.Arc{From: from, Edge: graph.Edge{To: to, Kind: s, Evidence: evidence}})
	a.owners = append(a.owners, a.owner)
}

// own makes the edges drawn from now on go with a vertex, until the returned function is called.
func (a *artist) own(v uint32) func() {
	before := a.owner
	a.owner = v
	return func() { a.owner = before }
}

// finish builds the graph of the edges drawn.
func (a *artist) finish() {
	var b graph.Builder
	b.Grow(len(a.arcs))
	for _, arc := range a.arcs {
		b.Add(arc.From, arc.To, arc.Kind, arc.Evidence)
	}
	a.g = b.Build(len(a.vertices))
	a.drawn = a
}

// derive draws the whole graph.
func derive(v *control.View) *Graph {
	a := &artist{
		Graph: &Graph{ids: map[key]uint32{}, objects: map[*world.Object]uint32{}, byRef: map[world.Ref]uint32{},
			ours: map[uint32]bool{}, replicas: map[uint32]int{}},
		view: v, namespaces: map[string]*namespace{}, roles: map[*rbac.Role]*reading{}, below: map[uint32]uint32{}, tokenless: map[uint32][]uint32{}, openPorts: map[string][]listener{},
	}
	n := 0
	for range v.All(control.Pods) {
		n++
	}
	a.vertices = make([]Vertex, 0, 2*n+1024)
	a.arcs, a.owners = make([]graph.Arc, 0, 6*n+4096), make([]uint32, 0, 6*n+4096)
	a.proofs = make([]proof, 1, 2*n+1024)
	a.draw()
	a.finish()
	return a.Graph
}

func (a *artist) draw() {
	a.gaps()
	for i, name := range sinkNames {
		a.sinks[i] = a.vertex(key{kind: Sink, name: name})
	}
	a.vertex(key{kind: Internet})
	a.readNamespaces()
	a.readAdmission()
	a.readEscapes()
	a.drawNodes()
	a.drawSecrets()
	a.drawWorkloads()
	a.drawListeners()
	a.drawPolicy()
	a.drawBootstrap()
	a.drawCluster()
	a.drawCloud()
	a.spread(0)
	a.drawCloudRoles()
	a.drawAccounts()
	a.drawSets()
	a.drawEntries()
}

// gaps notes which kinds could not be read.
func (a *artist) gaps() {
	for _, kind := range kinds() {
		if err := a.view.Gapped(kind); err != nil {
			a.missing = append(a.missing, Missing{kind, err})
		}
	}
}

// vertex returns the vertex of a key, which it makes when it is new.
func (a *artist) vertex(k key) uint32 {
	id, ok := a.ids[k]
	if !ok {
		id = uint32(len(a.vertices))
		a.ids[k] = id
		a.vertices = append(a.vertices, Vertex{key: k})
	}
	return id
}

// have returns the vertex of a key when it is there.
func (a *artist) have(k key) (uint32, bool) {
	id, ok := a.ids[k]
	return id, ok
}

func (a *artist) account(namespace, name string) uint32 {
	return a.vertex(key{kind: Account, namespace: namespace, name: name})
}

func (a *artist) right(p power, scope string) uint32 {
	return a.vertex(key{kind: rightAt, sub: uint8(p), namespace: scope})
}

func (a *artist) place(set uint8, namespace, name string) uint32 {
	return a.vertex(key{kind: place, sub: set, namespace: namespace, name: name})
}

func (a *artist) sink(name string) uint32 { return a.vertex(key{kind: Sink, name: name}) }

// prove keeps a proof and returns its number; the empty proof is number 0.
func (a *artist) prove(p proof) uint32 {
	a.proofs = append(a.proofs, p)
	return uint32(len(a.proofs) - 1)
}

// link draws an edge that needs no proof of its own.
func (a *artist) link(from, to uint32, s step) { a.add(from, to, s, 0) }

// edge draws an edge with its proof; a guard that holds keeps it out of the
// graph, and one in doubt makes it only possible.
func (a *artist) edge(from, to uint32, s step, p proof) {
	switch openness(p.guards) {
	case tri.No:
		return
	case tri.Unknown:
		s |= unsure
	}
	a.add(from, to, s, a.prove(p))
}

// rulePath returns "rules[i]".
func (a *artist) rulePath(i int) string {
	for len(a.paths) <= i {
		a.paths = append(a.paths, "rules["+strconv.Itoa(len(a.paths))+"]")
	}
	return a.paths[i]
}
