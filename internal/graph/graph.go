// Package graph holds big directed graphs in flat arrays and answers the
// questions an attack graph is asked: who reaches a place, by which way, which
// vertices all ways share, and which few of them to take away. It knows
// nothing of Kubernetes: a vertex is a number, an edge carries a kind and a
// number for its evidence, and a filter on edges gives every question its own
// reading of the graph (what is certain, what is possible).
//
// A Graph may be read by many goroutines at once, but not while it is edited.
package graph

import (
	"iter"
	"math"
)

// None is the vertex that does not exist.
const None = math.MaxUint32

// Edge is one edge as its tail sees it.
type Edge struct {
	To       uint32 // head
	Kind     uint8  // what sort of step it is; its meaning is the caller's
	Evidence uint32 // why the edge exists; an index of the caller's
}

// Arc is an edge with its tail.
type Arc struct {
	From uint32
	Edge
}

// Keep says whether a question may walk an edge; a nil Keep takes every edge.
type Keep func(Edge) bool

// Builder collects edges. The zero Builder is ready for use.
type Builder struct {
	arcs   []Arc
	owners []uint32 // owner of each arc; empty while nobody asked for owners
	owner  uint32
}

// Grow makes room for n more edges.
func (b *Builder) Grow(n int) {
	if need := len(b.arcs) + n; need > cap(b.arcs) {
		b.arcs = append(make([]Arc, 0, need), b.arcs...)
	}
}

// Add adds an edge. Equal edges may be added more than once and stay apart.
func (b *Builder) Add(from, to uint32, kind uint8, evidence uint32) {
	b.arcs = append(b.arcs, Arc{from, Edge{to, kind, evidence}})
	if b.owners != nil {
		b.owners = append(b.owners, b.owner)
	}
}

// Len is the number of edges added so far.
func (b *Builder) Len() int { return len(b.arcs) }

// Build makes the graph of vertices 0 … vertices-1, or of as many as the edges
// name when that is more. The edges of a vertex keep the order in which they were added.
func (b *Builder) Build(vertices int) *Graph {
	for _, a := range b.arcs {
		vertices = max(vertices, int(a.From)+1, int(a.To)+1)
	}
	return &Graph{
		out: arrange(b.arcs, vertices, func(a Arc) (uint32, Edge) { return a.From, a.Edge }),
		in:  arrange(b.arcs, vertices, func(a Arc) (uint32, Edge) { return a.To, Edge{a.From, a.Kind, a.Evidence} }),
	}
}

// Graph is a directed graph, kept once by tails and once by heads.
type Graph struct {
	out adjacency
	in  adjacency // the To of an edge here is its tail
}

// Vertices is the number of vertices.
func (g *Graph) Vertices() int { return len(g.out.rows) }

// Edges is the number of edges.
func (g *Graph) Edges() int { return g.out.live }

// Out returns the edges that leave a vertex. The slice belongs to the graph.
func (g *Graph) Out(v uint32) []Edge { return g.out.row(v) }

// In yields the edges that enter a vertex, each with its tail.
func (g *Graph) In(v uint32) iter.Seq2[uint32, Edge] {
	return func(yield func(uint32, Edge) bool) {
		for _, e := range g.in.row(v) {
			if !yield(e.To, Edge{v, e.Kind, e.Evidence}) {
				return
			}
		}
	}
}

// span is where the edges of one vertex lie: edges[lo:hi].
type span struct{ lo, hi uint32 }

// adjacency is one direction of a graph.
type adjacency struct {
	rows  []span
	ends  []uint32 // up to where each row may grow; nil while it is as it was built
	edges []Edge
	live  int // edges that are part of the graph; the rest of edges is room and waste
}

func (a *adjacency) row(v uint32) []Edge {
	s := a.rows[v]
	return a.edges[s.lo:s.hi:s.hi]
}

// arrange sorts arcs by the vertex that side gives, in two passes.
func arrange(arcs []Arc, vertices int, side func(Arc) (uint32, Edge)) adjacency {
	a := adjacency{rows: make([]span, vertices), edges: make([]Edge, len(arcs)), live: len(arcs)}
	for _, arc := range arcs {
		v, _ := side(arc)
		a.rows[v].hi++
	}
	var at uint32
	for v := range a.rows {
		n := a.rows[v].hi
		a.rows[v] = span{at, at}
		at += n
	}
	for _, arc := range arcs {
		v, e := side(arc)
		s := &a.rows[v]
		a.edges[s.hi] = e
		s.hi++
	}
	return a
}
