package attackgraph

import (
	"slices"
	"strings"

	"bulwark/internal/graph"
)

// Change is one change that breaks paths.
type Change struct {
	Fix
	Vertex   uint32
	Breaks   int            // (source, sink) pairs that lose their last path
	BySink   map[uint32]int // the same for each sink
	Sources  int            // different sources among them
	Together bool           // breaks them only together with the other changes marked so
}

// Choke is the answer to which few changes break most paths.
type Choke struct {
	Paths   int // (source, sink) pairs with a path
	Changes []Change
	Left    int // pairs that keep a path after all of them
}

// bigGraph is the number of edges above which trees are computed less often.
const bigGraph = 100_000

// Chokepoints finds up to most changes that break most of the paths from the
// sources to the sinks, certain ones or with o.Possible all that may be, the one that breaks most first. Each counts
// what it breaks besides those before it.
func (g *Graph) Chokepoints(sources, sinks []uint32, most int, o Options) *Choke {
	w := &cutter{g: g, o: o, most: most, removed: map[uint32]bool{}}
	for _, s := range sinks {
		w.fronts = append(w.fronts, &front{sink: s, alive: map[uint32]bool{}})
	}
	w.grow()
	out := &Choke{}
	for _, f := range w.fronts {
		for _, s := range sources {
			if s != f.sink && f.tree.Reached(s) {
				f.alive[s] = true
				out.Paths++
			}
		}
	}
	rounds := 0
	for len(out.Changes) < most && w.left() > 0 {
		if c, ok := w.best(); ok {
			out.Changes = append(out.Changes, c)
			continue
		}
		if rounds++; rounds > 1 && (g.g.Edges() > bigGraph || rounds > most) || !w.dirty {
			break
		}
		w.grow()
	}
	if len(out.Changes) < most && w.left() > 0 && g.g.Edges() <= bigGraph {
		out.Changes = append(out.Changes, w.together(most-len(out.Changes))...)
	}
	out.Left = w.left()
	return out
}

// front is what there is to break for one sink.
type front struct {
	sink  uint32
	tree  *graph.Tree
	alive map[uint32]bool // sources that still have a path
}

// cutter takes vertices away until the paths are gone.
type cutter struct {
	g       *Graph
	o       Options
	most    int
	fronts  []*front
	removed map[uint32]bool
	dirty   bool // something was removed since the trees were grown
}

func (w *cutter) left() (n int) {
	for _, f := range w.fronts {
		n += len(f.alive)
	}
	return n
}

// grow finds the dominators of each sink in what is left of the graph.
func (w *cutter) grow() {
	keep := func(e graph.Edge) bool { return w.o.keep(e) && !w.removed[e.To] }
	for _, f := range w.fronts {
		f.tree = w.g.g.Dominators(f.sink, keep)
		for s := range f.alive {
			if !f.tree.Reached(s) {
				delete(f.alive, s)
			}
		}
	}
	w.dirty = false
}

// best takes away the vertex that breaks most.
func (w *cutter) best() (Change, bool) {
	total := map[uint32]int{}
	for _, f := range w.fronts {
		if len(f.alive) == 0 {
			continue
		}
		for v, n := range f.tree.Losses(func(v uint32) bool { return f.alive[v] }) {
			if f.alive[uint32(v)] {
				n++
			}
			if n > 0 {
				total[uint32(v)] += int(n)
			}
		}
	}
	var pick uint32
	found, bestRank := false, 0
	for v, n := range total {
		if w.removed[v] || found && n < total[pick] {
			continue
		}
		rank := w.g.changeable(v)
		if rank == 0 || !w.enough(v) {
			continue
		}
		if !found || n > total[pick] || rank < bestRank || rank == bestRank && v < pick {
			pick, bestRank, found = v, rank, true
		}
	}
	if !found {
		return Change{}, false
	}
	return w.take(pick, w.g.change(pick)), true
}

// enough says whether the change to a vertex takes all of it away that paths
// use: a stricter Pod Security level does where the ways go on to nodes.
func (w *cutter) enough(v uint32) bool {
	if w.g.vertices[v].kind != rightAt {
		return true
	}
	node := w.g.ids[key{kind: place, sub: anyNode}]
	for _, f := range w.fronts {
		if len(f.alive) > 0 && f.tree.Reached(v) && !slices.Contains(f.tree.Chain(v), node) {
			return false
		}
	}
	return true
}

// take removes a vertex and counts what that breaks.
func (w *cutter) take(v uint32, fix Fix) Change {
	c := Change{Fix: fix, Vertex: v, BySink: map[uint32]int{}}
	gone := map[uint32]bool{}
	for _, f := range w.fronts {
		for s := range f.alive {
			if s == v || slices.Contains(f.tree.Chain(s), v) {
				delete(f.alive, s)
				c.BySink[f.sink]++
				c.Breaks++
				gone[s] = true
			}
		}
	}
	c.Sources = len(gone)
	w.removed[v], w.dirty = true, true
	return c
}

// together finds the fewest changes that break what is left of the worst sink.
func (w *cutter) together(most int) (out []Change) {
	for _, f := range w.fronts {
		if len(f.alive) == 0 {
			continue
		}
		keep := func(e graph.Edge) bool { return w.o.keep(e) && !w.removed[e.To] }
		from := make([]uint32, 0, len(f.alive))
		for s := range f.alive {
			from = append(from, s)
		}
		slices.Sort(from)
		cut, ok := w.g.g.MinCut(from, []uint32{f.sink}, keep, func(v uint32) uint32 {
			if w.g.changeable(v) > 0 && w.enough(v) {
				return 1
			}
			return graph.Never
		})
		if !ok || len(cut) == 0 || len(cut) > most {
			continue
		}
		for i, v := range cut {
			c := Change{Fix: w.g.change(v), Vertex: v, Together: true, BySink: map[uint32]int{}}
			if i == 0 {
				c.Breaks, c.Sources = len(f.alive), len(f.alive)
				c.BySink[f.sink] = len(f.alive)
			}
			w.removed[v] = true
			out = append(out, c)
		}
		f.alive = map[uint32]bool{}
		return out
	}
	return out
}

// changeable says whether a change takes a vertex out of the graph, and how
// soon one would think of it: 1 first, 0 not at all.
func (g *Graph) changeable(v uint32) int {
	x := &g.vertices[v]
	switch {
	case x.kind == binding && x.Object != nil:
		return 1
	case x.kind == grant && x.Object != nil:
		return 2
	case x.kind == Workload:
		if n := len(g.hardening(v)); n > 0 {
			return 2 + n
		}
	case x.kind == rightAt && power(x.sub) == createPods:
		if _, ok := g.leads(v, runEscape); ok {
			return 4
		}
	}
	return 0
}

// change returns the change that takes a changeable vertex out of the graph.
func (g *Graph) change(v uint32) Fix {
	x := &g.vertices[v]
	switch x.kind {
	case binding:
		return Fix{Message: "remove " + x.Object.Ref.String() + ", or bind a role that can do less", Object: x.Object.Ref, Pos: x.Object.Pos("roleRef"), Delete: true}
	case grant:
		return Fix{Message: "take the rights that lead on out of " + x.Object.Ref.String(), Object: x.Object.Ref, Pos: x.Object.Pos("rules")}
	case Workload:
		return g.harden(v)
	}
	e, _ := g.leads(v, runEscape)
	f, _ := g.fixOf(graph.Arc{From: v, Edge: e}, &g.proofs[e.Evidence])
	return f
}

// hardening returns the edges by which a workload leads on, one for each
// setting of it that would have to change; none when something else would.
func (g *Graph) hardening(v uint32) (out []graph.Edge) {
	for _, e := range g.g.Out(v) {
		p := &g.proofs[e.Evidence]
		switch {
		case e.Kind == isMember:
			continue
		case p.object != g.vertices[v].Object || p.fix != fixEscape && p.fix != fixToken:
			return nil
		}
		if !slices.ContainsFunc(out, func(have graph.Edge) bool { return g.fixPlace(have) == g.fixPlace(e) }) {
			out = append(out, e)
		}
	}
	return out
}

// harden is the change to a workload that takes away all by which it leads on.
func (g *Graph) harden(v uint32) Fix {
	edges := g.hardening(v)
	f, _ := g.fixOf(graph.Arc{From: v, Edge: edges[0]}, &g.proofs[edges[0].Evidence])
	if len(edges) == 1 {
		return f
	}
	var fields []string
	for _, e := range edges {
		if field := lastField(g.proofs[e.Evidence].path); !slices.Contains(fields, field) {
			fields = append(fields, field)
		}
	}
	f.Message = "harden " + g.vertices[v].Object.Ref.String() + ": " + strings.Join(fields, ", ")
	f.Edits, f.Control = nil, ""
	return f
}

// fixPlace is the field that the change to an edge is about.
func (g *Graph) fixPlace(e graph.Edge) [2]string {
	p := &g.proofs[e.Evidence]
	return [2]string{p.path, string('0' + p.fix)}
}

// leads returns the edge of a step that leaves a vertex and can be mended.
func (g *Graph) leads(v uint32, s step) (graph.Edge, bool) {
	for _, e := range g.g.Out(v) {
		if e.Kind&^unsure == s && g.proofs[e.Evidence].object != nil {
			return e, true
		}
	}
	return graph.Edge{}, false
}
