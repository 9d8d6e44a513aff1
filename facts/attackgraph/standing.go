package attackgraph

import (
	"maps"
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
	classes := g.Survey(sources, sinks, Options{Possible: true}).Classes
	g.speakers(classes)
	for _, c := range classes {
		o := g.vertices[c.Path.From].Object
		s.classes[o] = append(s.classes[o], c)
		for _, v := range c.Path.Things() {
			passed[v] = passed[v] || c.Path.Certain
		}
	}
	var accounts []uint32
	for _, v := range g.Holders() {
		if x := &g.vertices[v]; x.kind == Account && x.Object != nil && !passed[v] {
			accounts = append(accounts, v)
		}
	}
	for _, p := range g.Shortest(accounts, sinks[:1], Options{}) {
		s.accounts[g.vertices[p.From].Object] = p
	}
	choke := g.Chokepoints(sources, sinks, chokes, Options{})
	for i := range choke.Changes {
		if c := &choke.Changes[i]; g.vertices[c.Vertex].kind == binding && c.Sources > 1 && !c.Together {
			s.chokes[c.Object] = c
		}
	}
	return s
}

// speakers lets the first source that can be reached from outside speak for each
// class. Classes that ask the same are answered by one search.
func (g *Graph) speakers(classes []*Class) {
	type search struct {
		sink     uint32
		possible bool
	}
	doors := map[uint32]bool{}
	for _, v := range g.doors {
		doors[v] = true
	}
	wanted := map[search]map[uint32][]*Class{} // by the source that is to speak
	for _, c := range classes {
		i := slices.IndexFunc(c.Sources, func(v uint32) bool { return doors[v] })
		if c.Exposed == 0 || doors[c.Path.From] || i < 0 {
			continue
		}
		k := search{c.Sink, !c.Path.Certain}
		if wanted[k] == nil {
			wanted[k] = map[uint32][]*Class{}
		}
		wanted[k][c.Sources[i]] = append(wanted[k][c.Sources[i]], c)
	}
	for k, by := range wanted {
		for _, p := range g.Shortest(slices.Sorted(maps.Keys(by)), []uint32{k.sink}, Options{Possible: k.possible}) {
			for _, c := range by[p.From] {
				c.Path = p
			}
		}
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
