package attackgraph

import (
	"slices"

	"bulwark/internal/graph"
	"bulwark/internal/tri"
	"bulwark/world"
)

// Step is one step of a path.
type Step struct {
	From, To  uint32 // To is what the step leads to
	Technique Technique
	Evidence  []Evidence
	Guards    []Guard
	Fixes     []Fix
}

// Evidence is one place that a step rests on.
type Evidence struct {
	Name string    // of the object
	Pos  world.Pos // where it stands; without a file for live objects and built-in ones
	Says string    // what stands there

	Object *world.Object // nil for what Kubernetes has built in
	Path   string        // in the object
}

// Certain says whether no guard of the step is in doubt.
func (s *Step) Certain() bool { return openness(s.Guards) == tri.Yes }

// path turns the edges of a way into steps: an edge of a technique begins one,
// the structure before it is its evidence and the structure behind it leads to
// what it gives.
func (g *Graph) path(from uint32, arcs []graph.Arc) *Path {
	p := &Path{From: from, To: from, Certain: true}
	at := from
	var open Step
	for _, arc := range arcs {
		p.To = arc.To
		if arc.Kind&unsure != 0 {
			p.Certain = false
		}
		pr := &g.proofs[arc.Evidence]
		if !structural(arc.Kind) {
			open.From, open.Technique = at, techniqueOf(arc.Kind)
			p.Cost += open.Technique.Cost
			open.add(g, arc, pr)
			open.To = arc.To
			at = arc.To
			p.Steps = append(p.Steps, open)
			open = Step{}
			continue
		}
		if arc.Kind&^unsure == contains && len(p.Steps) > 0 && len(open.Evidence) == 0 || arc.Kind&^unsure == covers && len(p.Steps) > 0 && len(open.Evidence) == 0 {
			last := &p.Steps[len(p.Steps)-1]
			last.add(g, arc, pr)
			if g.vertices[arc.To].kind != Sink {
				last.To, at = arc.To, arc.To
			}
			continue
		}
		open.add(g, arc, pr)
	}
	if len(open.Guards) > 0 && len(p.Steps) > 0 {
		last := &p.Steps[len(p.Steps)-1]
		last.Guards = append(last.Guards, open.Guards...)
	}
	return p
}

// add adds what an edge rests on to a step.
func (s *Step) add(g *Graph, arc graph.Arc, p *proof) {
	if arc.Kind == isMember && g.vertices[arc.To].kind == Group {
		s.note(Evidence{Name: g.vertices[arc.From].Title(), Says: "is in " + g.vertices[arc.To].Title()})
	}
	for _, sp := range append([]spot{p.spot}, p.more...) {
		if sp != (spot{}) {
			s.note(sp.evidence())
		}
	}
	if p.extra != "" {
		s.note(Evidence{Says: p.extra})
	}
	for _, gd := range p.guards {
		if !slices.Contains(s.Guards, gd) {
			s.Guards = append(s.Guards, gd)
		}
	}
	if f, ok := g.fixOf(arc, p); ok {
		s.Fixes = append(s.Fixes, f)
	}
}

func (s *Step) note(e Evidence) {
	if !slices.Contains(s.Evidence, e) {
		s.Evidence = append(s.Evidence, e)
	}
}

func (s spot) evidence() Evidence {
	e := Evidence{Name: s.name, Says: s.says, Pos: world.Pos{Path: s.path}, Object: s.object, Path: s.path}
	if s.object != nil {
		e.Name = s.object.Ref.String()
		e.Pos = s.object.Pos(s.path)
	}
	return e
}

// Things returns the vertices that a path passes, its ends included.
func (p *Path) Things() []uint32 {
	out := []uint32{p.From}
	for _, s := range p.Steps {
		out = append(out, s.To)
	}
	if out[len(out)-1] != p.To {
		out = append(out, p.To)
	}
	return out
}

// Fix returns the change that breaks the path with the least harm; ok is false
// when nothing among the objects can be changed.
func (p *Path) Fix() (best Fix, ok bool) {
	for i := range p.Steps {
		for _, f := range p.Steps[i].Fixes {
			if !ok || f.rank < best.rank {
				best, ok = f, true
			}
		}
	}
	return best, ok
}
