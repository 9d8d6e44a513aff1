package attackgraph

import (
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/internal/tri"
	"bulwark/world"
)

// Standings is the fact that controls are about: which workloads and service
// accounts lead to the worst, those of one kind together.
var Standings = &control.Fact[*Standing]{
	Name:     "attackgraph-standing",
	Doc:      "which workloads, service accounts and bindings stand on the way to the worst",
	Requires: []control.AnyFact{Fact},
	Partial:  true,
	Derive: func(v *control.View) (*Standing, error) {
		g, err := Fact.Of(v)
		if err != nil {
			return nil, err
		}
		return newStanding(g), nil
	},
}

// Standing tells for each object what it leads to.
type Standing struct {
	Graph    *Graph
	classes  map[*world.Object][]*Class // by the object that speaks for the class
	accounts map[*world.Object]*Path
	chokes   map[world.Ref]*Change
}

// Classes returns the classes that an object speaks for: the first of those
// that can be reached from outside, else the first.
func (s *Standing) Classes(o *world.Object) []*Class { return s.classes[o] }

// Account returns the certain way of a service account to cluster-admin, unless
// a workload that holds its token has the way already.
func (s *Standing) Account(o *world.Object) *Path { return s.accounts[o] }

// Choke returns what the removal of a binding breaks, nil when it is none of the few that break most.
func (s *Standing) Choke(ref world.Ref) *Change { return s.chokes[ref] }

// chokes is how many bindings are called choke points at most.
const chokes = 5

func newStanding(g *Graph) *Standing {
	s := &Standing{Graph: g, classes: map[*world.Object][]*Class{}, accounts: map[*world.Object]*Path{}, chokes: map[world.Ref]*Change{}}
	sources, sinks := g.Sources()[1:], []uint32{g.Sink(ClusterAdmin), g.Sink(CloudAdmin), g.Sink(NodeRoot)}
	passed := map[uint32]bool{}
	for _, c := range g.Survey(sources, sinks, Options{Possible: true}).Classes {
		g.speaker(c)
		o := g.vertices[c.Path.From].Object
		s.classes[o] = append(s.classes[o], c)
		for _, v := range c.Path.Things() {
			passed[v] = passed[v] || c.Path.Certain
		}
	}
	for _, v := range g.Holders() {
		x := &g.vertices[v]
		if x.kind != Account || x.Object == nil || passed[v] {
			continue
		}
		if ps := g.Shortest([]uint32{v}, sinks[:1], Options{}); len(ps) > 0 {
			s.accounts[x.Object] = ps[0]
		}
	}
	choke := g.Chokepoints(sources, sinks, chokes, Options{})
	for i := range choke.Changes {
		if c := &choke.Changes[i]; g.vertices[c.Vertex].kind == binding && c.Sources > 1 && !c.Together {
			s.chokes[c.Object] = c
		}
	}
	return s
}

// speaker lets the first source that can be reached from outside speak for a class.
func (g *Graph) speaker(c *Class) {
	if c.Exposed == 0 || slices.Contains(g.doors, c.Path.From) {
		return
	}
	i := slices.IndexFunc(c.Sources, func(v uint32) bool { return slices.Contains(g.doors, v) })
	if i < 0 {
		return
	}
	if ps := g.Shortest(c.Sources[i:i+1], []uint32{c.Sink}, Options{Possible: !c.Path.Certain}); len(ps) > 0 {
		c.Path = ps[0]
	}
}

// Outline names the steps of a path in a few words, at most room bytes of them.
func (g *Graph) Outline(p *Path, room int) string {
	var parts []string
	used := 0
	for i := range p.Steps {
		st := &p.Steps[i]
		part := st.Technique.ID + " → " + g.vertices[st.To].Title()
		if used += len(part) + 2; used > room && i > 0 {
			parts = append(parts, "…")
			break
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// Doubt returns the first guard in doubt of a path.
func (p *Path) Doubt() string {
	for i := range p.Steps {
		for _, g := range p.Steps[i].Guards {
			if g.Open == tri.Unknown {
				return g.Name + ": " + g.Why
			}
		}
	}
	return ""
}
