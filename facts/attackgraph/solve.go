package attackgraph

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bulwark/internal/graph"
)

// Options say which paths are asked for.
type Options struct {
	Possible bool // follow steps of which a guard is unknown too
	ByCost   bool // the easiest path instead of the one with the fewest steps
}

// Sink returns the vertex of a sink.
func (g *Graph) Sink(name string) uint32 { return g.sinks[slices.Index(sinkNames[:], name)] }

// Sinks returns all sinks, the worst first.
func (g *Graph) Sinks() []uint32 { return g.sinks[:] }

// stepCost makes fewer steps better, whatever their effort; unsureCost keeps
// certain steps before steps in doubt.
const (
	stepCost   = 1_000
	unsureCost = 100_000
)

// cost is what a step costs an attacker, Never for those that are not to be followed.
func (o Options) cost(e graph.Edge) uint32 {
	s := e.Kind &^ unsure
	if s == implied || e.Kind&unsure != 0 && !o.Possible {
		return graph.Never
	}
	c := uint32(0)
	switch {
	case s <= implied:
	case o.ByCost:
		c = techniqueOf(s).Cost*stepCost + 1
	default:
		c = stepCost + techniqueOf(s).Cost
	}
	if e.Kind&unsure != 0 {
		c += unsureCost
	}
	return c
}

func (o Options) keep(e graph.Edge) bool { return o.cost(e) != graph.Never }

// Path is one way from what an attacker owns to something worse.
type Path struct {
	From, To uint32
	Certain  bool // no guard of any step is in doubt
	Steps    []Step
	Cost     uint32 // the effort of all steps
}

// Shortest returns for each of from its best path to the nearest of to; nothing for those without one.
func (g *Graph) Shortest(from, to []uint32, o Options) []*Path {
	d := g.g.Cheapest(to, o.cost)
	var out []*Path
	for _, v := range from {
		if d.Reached(v) && d.Dist[v] != graph.Never && !slices.Contains(to, v) {
			out = append(out, g.path(v, d.Path(v)))
		}
	}
	return out
}

// Ways returns up to k paths from one vertex to the nearest of to, best first.
func (g *Graph) Ways(from uint32, to []uint32, k int, o Options) []*Path {
	var out []*Path
	for _, p := range g.g.Paths(from, to, k, o.cost) {
		out = append(out, g.path(from, p.Steps))
	}
	return out
}

// Class is a set of sources that come to a sink in the same way.
type Class struct {
	Sink    uint32
	Path    *Path    // of the first source
	Sources []uint32 // in the order of the snapshot
	Exposed int      // how many of them can be reached from outside
}

// Survey is what all sources of an attack come to.
type Survey struct {
	Classes []*Class // the worst first
	Sources int      // how many were asked about
	Safe    int      // how many reach nothing
	Ours    int      // parts of Kubernetes itself, which were not asked about
}

// Survey finds for each source the worst that it certainly reaches, and what is
// worse and possible, and groups those that take the same way.
func (g *Graph) Survey(sources, sinks []uint32, o Options) *Survey {
	s := &Survey{Sources: len(sources), Ours: len(g.ours)}
	groups := map[string]*Class{}
	sure, maybe := g.toEach(sinks, Options{ByCost: o.ByCost}), g.toEach(sinks, Options{Possible: true, ByCost: o.ByCost})
	for _, v := range sources {
		hit, worst := false, false
		for i, sink := range sinks {
			if worst && sink != g.sinks[1] {
				continue
			}
			d := sure[i]
			certain := d.Reached(v)
			if !certain {
				if d = maybe[i]; !d.Reached(v) || !o.Possible {
					continue
				}
			}
			hit = true
			arcs := d.Path(v)
			sig := g.signature(sink, arcs)
			grp := groups[sig]
			if grp == nil {
				grp = &Class{Sink: sink, Path: g.path(v, arcs)}
				groups[sig] = grp
				s.Classes = append(s.Classes, grp)
			}
			grp.Sources = append(grp.Sources, v)
			if certain && sink != g.sinks[1] {
				worst = true // root on nodes and Secrets follow from the cluster, and Secrets from root on every node
			}
		}
		if !hit {
			s.Safe++
		}
	}
	g.dropOutside(s)
	g.markExposed(s)
	slices.SortStableFunc(s.Classes, func(a, b *Class) int {
		return cmp.Or(boolOrder(b.Path.Certain, a.Path.Certain), cmp.Compare(slices.Index(sinks, a.Sink), slices.Index(sinks, b.Sink)),
			boolOrder(g.outside(b), g.outside(a)), boolOrder(b.Exposed > 0, a.Exposed > 0), cmp.Compare(len(a.Path.Steps), len(b.Path.Steps)), cmp.Compare(len(b.Sources), len(a.Sources)))
	})
	return s
}

func (g *Graph) outside(x *Class) bool { return g.vertices[x.Path.From].kind == Internet }

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// dropOutside drops the ways from outside that begin by taking over a workload
// that was asked about too: that one is marked as open to the outside.
func (g *Graph) dropOutside(s *Survey) {
	if s.Sources < 2 {
		return
	}
	s.Classes = slices.DeleteFunc(s.Classes, func(c *Class) bool {
		return g.outside(c) && len(c.Sources) == 1 && c.Path.Steps[0].Technique.ID == techniques[exposed].ID
	})
}

func (g *Graph) markExposed(s *Survey) {
	open := map[uint32]bool{}
	for _, v := range g.doors {
		open[v] = true
	}
	for _, grp := range s.Classes {
		for _, v := range grp.Sources {
			if open[v] {
				grp.Exposed++
			}
		}
	}
}

func (g *Graph) toEach(sinks []uint32, o Options) (out []*graph.Distances) {
	for _, s := range sinks {
		out = append(out, g.g.Cheapest([]uint32{s}, o.cost))
	}
	return out
}

// signature tells ways apart: by the techniques, by the first thing on the way
// that is no node, and by what is in doubt.
func (g *Graph) signature(sink uint32, arcs []graph.Arc) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d", sink)
	first := true
	for _, arc := range arcs {
		if structural(arc.Kind) && arc.Kind&unsure == 0 {
			if k := g.vertices[arc.To].kind; first && k != Node && k != SomeNode && k.thing() && g.vertices[arc.From].kind != Workload {
				first = false
				fmt.Fprintf(&b, "@%d", arc.To)
			}
			continue
		}
		fmt.Fprintf(&b, "/%d", arc.Kind)
		if k := g.vertices[arc.To].kind; first && k != Node && k != SomeNode && k.thing() {
			first = false
			fmt.Fprintf(&b, "@%d", arc.To)
		}
	}
	return b.String()
}

// Blast is what the owner of something can come to own.
type Blast struct {
	From    []uint32
	Certain []uint32 // things, nearest first
	Maybe   []uint32 // things that are only possible
	via     *graph.Distances
	viaAll  *graph.Distances
	g       *Graph
}

// Blast follows every step from what an attacker owns. What the owner of the
// whole cluster has besides is left out: cluster-admin says it.
func (g *Graph) Blast(from []uint32) *Blast {
	b := &Blast{From: from, g: g, via: g.g.Forward(from, Options{}.keep), viaAll: g.g.Forward(from, Options{Possible: true}.keep)}
	for v := range g.vertices {
		id := uint32(v)
		if !g.vertices[v].kind.thing() || slices.Contains(from, id) {
			continue
		}
		switch {
		case b.via.Reached(id):
			b.Certain = append(b.Certain, id)
		case b.viaAll.Reached(id):
			b.Maybe = append(b.Maybe, id)
		}
	}
	near := func(d *graph.Distances) func(a, b uint32) int {
		return func(x, y uint32) int { return cmp.Or(cmp.Compare(d.Dist[x], d.Dist[y]), cmp.Compare(x, y)) }
	}
	slices.SortFunc(b.Certain, near(b.via))
	slices.SortFunc(b.Maybe, near(b.viaAll))
	return b
}

// Powers returns the rights that the owner certainly comes to hold, as vertices.
func (b *Blast) Powers() (out []uint32) {
	for v := range b.g.vertices {
		if b.g.vertices[v].kind == rightAt && b.via.Reached(uint32(v)) {
			out = append(out, uint32(v))
		}
	}
	return out
}

// Path returns a way to one of the things.
func (b *Blast) Path(to uint32) *Path {
	d := b.via
	if !d.Reached(to) {
		d = b.viaAll
	}
	arcs := d.Path(to)
	if len(arcs) == 0 {
		return &Path{From: to, To: to, Certain: true}
	}
	return b.g.path(arcs[0].From, arcs)
}
