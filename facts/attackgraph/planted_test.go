package attackgraph

import (
	"slices"
	"testing"

	"bulwark/internal/estate"
	"bulwark/world"
)

// TestPlanted wants every planted way found and no near miss reported.
func TestPlanted(t *testing.T) {
	snap, plants := estate.Cluster(estate.Shape{Nodes: 60, Pods: 600, Accounts: 120, Bindings: 200, Namespaces: 12, Planted: 3, Seed: 1})
	g := graphOf(t, snap)
	if len(plants) < 70 {
		t.Fatalf("%d planted", len(plants))
	}
	for _, p := range plants {
		from, err := g.Resolve(p.From)
		if err != nil {
			t.Errorf("%s: %v", p.Kind, err)
			continue
		}
		paths := g.Shortest(from, []uint32{g.Sink(p.Sink)}, Options{})
		switch {
		case p.Near && len(paths) > 0:
			t.Errorf("%s: near miss %s is reported: %s", p.Kind, p.From, outline(g, paths[0]))
		case !p.Near && len(paths) == 0:
			t.Errorf("%s: the way from %s to %s is not found", p.Kind, p.From, p.Sink)
			for _, q := range g.Shortest(from, []uint32{g.Sink(p.Sink)}, Options{Possible: true}) {
				t.Logf("  possible: %s %v", outline(g, q), q.Steps)
			}
		}
	}
	for _, v := range g.Sources() {
		planted := slices.ContainsFunc(plants, func(p estate.Plant) bool { return p.From == g.At(v).ID() }) || g.At(v).name[:min(4, len(g.At(v).name))] == "link"
		if planted {
			continue
		}
		if ps := g.Shortest([]uint32{v}, g.Sinks(), Options{}); len(ps) > 0 {
			t.Errorf("%s was not planted and is reported: %s", g.At(v).ID(), outline(g, ps[0]))
			break
		}
	}
}

// outline writes a path in one line: techniques and things.
func outline(g *Graph, p *Path) string {
	out := g.At(p.From).ID()
	for i := range p.Steps {
		mark := ""
		if !p.Steps[i].Certain() {
			mark = "?"
		}
		out += " -" + p.Steps[i].Technique.ID + mark + "> " + g.At(p.Steps[i].To).ID()
	}
	if g.At(p.To).kind == Sink && p.To != p.Steps[len(p.Steps)-1].To {
		out += " = " + g.At(p.To).ID()
	}
	return out
}

func graphOf(t testing.TB, snap *world.Snapshot) *Graph {
	t.Helper()
	g, err := Fact.In(snap)
	if err != nil {
		t.Fatal(err)
	}
	return g
}
