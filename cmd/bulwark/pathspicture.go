package main

import (
	"fmt"
	"strings"

	"bulwark/facts/attackgraph"
	"bulwark/internal/picture"
)

// drawPaths draws paths as one picture, their common parts once.
func (q *pathsQuestion) drawPaths(g *attackgraph.Graph, title string, paths []*attackgraph.Path) error {
	d := &pathsDrawing{g: g, out: &picture.Graph{Title: title, Subtitle: "Dashed: possible, as something was not seen"}, nodes: map[uint32]bool{}, edges: map[string]bool{}}
	for _, p := range paths {
		d.path(p)
	}
	return picture.Write(q.sys.stdout, q.output, d.out)
}

// pathsDrawing gathers what a picture shows.
type pathsDrawing struct {
	g     *attackgraph.Graph
	out   *picture.Graph
	nodes map[uint32]bool
	edges map[string]bool
}

func (d *pathsDrawing) path(p *attackgraph.Path) {
	at := p.From
	d.node(at)
	for i := range p.Steps {
		s := &p.Steps[i]
		d.node(s.To)
		d.edge(at, s.To, picture.Edge{Label: s.Technique.ID, Note: stepNote(s), Dashed: !s.Certain()})
		at = s.To
	}
	if at != p.To {
		d.node(p.To)
		d.edge(at, p.To, picture.Edge{})
	}
}

// stepNote says what a step is and where it rests.
func stepNote(s *attackgraph.Step) string {
	lines := []string{upper(s.Technique.Title) + " (" + strings.Join(s.Technique.Refs, ", ") + ")"}
	for _, e := range s.Evidence {
		lines = append(lines, strings.TrimSpace(e.Name+" "+e.Says+" "+spotOf(e.Pos)))
	}
	for _, g := range s.Guards {
		lines = append(lines, g.Name+": "+g.Why)
	}
	return strings.Join(lines, "\n")
}

func (d *pathsDrawing) edge(from, to uint32, e picture.Edge) {
	e.From, e.To = d.id(from), d.id(to)
	if k := fmt.Sprintf("%s>%s>%s", e.From, e.To, e.Label); !d.edges[k] {
		d.edges[k] = true
		d.out.Edges = append(d.out.Edges, e)
	}
}

func (d *pathsDrawing) id(v uint32) string { return fmt.Sprintf("n%d", v) }

// pictureKinds are the icons of things.
var pictureKinds = map[attackgraph.Kind]picture.Kind{
	attackgraph.Internet: picture.Internet, attackgraph.User: picture.Identity, attackgraph.Account: picture.Identity, attackgraph.Mesh: picture.Identity, attackgraph.Group: picture.Group,
	attackgraph.Workload: picture.Pod, attackgraph.Node: picture.Machine, attackgraph.SomeNode: picture.Machine, attackgraph.Secret: picture.Secret,
	attackgraph.Volume: picture.Secret, attackgraph.CloudRole: picture.Cloud, attackgraph.Sink: picture.Goal,
}

func (d *pathsDrawing) node(v uint32) {
	if d.nodes[v] {
		return
	}
	d.nodes[v] = true
	x := d.g.At(v)
	n := picture.Node{ID: d.id(v), Label: x.Title(), Kind: pictureKinds[x.Kind()]}
	switch x.Kind() {
	case attackgraph.Sink:
		n.Tone = picture.Bad
	case attackgraph.Internet:
		n.Tone = picture.Warn
	}
	if n.Kind == "" {
		n.Kind = picture.Right
	}
	d.out.Nodes = append(d.out.Nodes, n)
}
