package main

import (
	"bulwark/control"
	"bulwark/facts/attackgraph"
	"bulwark/world"
)

// pathsAnswer is the answer of paths for machines.
type pathsAnswer struct {
	Paths   []pathAnswer `json:"paths"`
	Sources int          `json:"sources,omitempty"`
	Safe    int          `json:"safe,omitempty"`
	Missing []pathsGap   `json:"missing,omitempty"`
}

type pathsGap struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

type pathAnswer struct {
	From    string     `json:"from"`
	To      string     `json:"to"`
	Certain bool       `json:"certain"`
	Cost    uint32     `json:"cost"`
	Sources []string   `json:"sources,omitempty"` // all that take the same way
	Exposed int        `json:"exposed,omitempty"` // how many of them are open to the outside
	Steps   []pathStep `json:"steps"`
	Fix     *pathFix   `json:"fix,omitempty"`
}

type pathStep struct {
	From      string              `json:"from"`
	To        string              `json:"to"`
	Technique string              `json:"technique"`
	Title     string              `json:"title"`
	Phase     string              `json:"phase"`
	Attack    []string            `json:"attack,omitempty"`
	Evidence  []pathEvidence      `json:"evidence,omitempty"`
	Guards    []attackgraph.Guard `json:"guards,omitempty"`
	Fixes     []pathFix           `json:"fixes,omitempty"`
}

type pathEvidence struct {
	Object string    `json:"object,omitempty"`
	Pos    world.Pos `json:"pos"`
	Says   string    `json:"says,omitempty"`
}

type pathFix struct {
	Message string         `json:"message"`
	Object  world.Ref      `json:"object"`
	Pos     world.Pos      `json:"pos"`
	Edits   []control.Edit `json:"edits,omitempty"`
	Delete  bool           `json:"delete,omitempty"`
	Control string         `json:"control,omitempty"`
}

func pathsMissing(g *attackgraph.Graph) (out []pathsGap) {
	for _, m := range g.Missing() {
		out = append(out, pathsGap{m.What, m.Why.Error()})
	}
	return out
}

func jsonPaths(g *attackgraph.Graph, paths []*attackgraph.Path) []pathAnswer {
	out := make([]pathAnswer, 0, len(paths))
	for _, p := range paths {
		out = append(out, jsonPath(g, p))
	}
	return out
}

func jsonPath(g *attackgraph.Graph, p *attackgraph.Path) pathAnswer {
	out := pathAnswer{From: g.At(p.From).ID(), To: g.At(p.To).ID(), Certain: p.Certain, Cost: p.Cost, Steps: []pathStep{}}
	for i := range p.Steps {
		s := &p.Steps[i]
		st := pathStep{From: g.At(s.From).ID(), To: g.At(s.To).ID(), Technique: s.Technique.ID, Title: s.Technique.Title,
			Phase: s.Technique.Phase, Attack: s.Technique.Refs, Guards: s.Guards}
		for _, e := range s.Evidence {
			st.Evidence = append(st.Evidence, pathEvidence{e.Name, e.Pos, e.Says})
		}
		for _, f := range s.Fixes {
			st.Fixes = append(st.Fixes, jsonFix(f))
		}
		out.Steps = append(out.Steps, st)
	}
	if f, ok := p.Fix(); ok {
		fix := jsonFix(f)
		out.Fix = &fix
	}
	return out
}

func jsonFix(f attackgraph.Fix) pathFix {
	return pathFix{f.Message, f.Object, f.Pos, f.Edits, f.Delete, f.Control}
}

func thingIDs(g *attackgraph.Graph, vs []uint32) []string {
	out := make([]string, 0, len(vs))
	for _, v := range vs {
		out = append(out, g.At(v).ID())
	}
	return out
}

func surveyAnswer(g *attackgraph.Graph, sv *attackgraph.Survey) pathsAnswer {
	out := pathsAnswer{Paths: []pathAnswer{}, Sources: sv.Sources, Safe: sv.Safe, Missing: pathsMissing(g)}
	for _, c := range sv.Classes {
		p := jsonPath(g, c.Path)
		p.To = g.At(c.Sink).ID()
		p.Sources, p.Exposed = thingIDs(g, c.Sources), c.Exposed
		out.Paths = append(out.Paths, p)
	}
	return out
}

func blastAnswer(g *attackgraph.Graph, b *attackgraph.Blast, paths []*attackgraph.Path) any {
	return struct {
		From     []string     `json:"from"`
		Certain  []string     `json:"certain"`
		Possible []string     `json:"possible"`
		Rights   []string     `json:"rights"`
		Paths    []pathAnswer `json:"paths"`
		Missing  []pathsGap   `json:"missing,omitempty"`
	}{thingIDs(g, b.From), thingIDs(g, b.Certain), thingIDs(g, b.Maybe), thingIDs(g, b.Powers()), jsonPaths(g, paths), pathsMissing(g)}
}

func chokeAnswer(g *attackgraph.Graph, c *attackgraph.Choke) any {
	type change struct {
		Fix      pathFix        `json:"fix"`
		Breaks   int            `json:"breaks"`
		Sources  int            `json:"sources"`
		BySink   map[string]int `json:"bySink"`
		Together bool           `json:"together,omitempty"`
	}
	out := struct {
		Paths   int        `json:"paths"`
		Left    int        `json:"left"`
		Changes []change   `json:"changes"`
		Missing []pathsGap `json:"missing,omitempty"`
	}{Paths: c.Paths, Left: c.Left, Changes: []change{}, Missing: pathsMissing(g)}
	for _, ch := range c.Changes {
		by := map[string]int{}
		for sink, n := range ch.BySink {
			by[g.At(sink).ID()] = n
		}
		out.Changes = append(out.Changes, change{jsonFix(ch.Fix), ch.Breaks, ch.Sources, by, ch.Together})
	}
	return out
}
