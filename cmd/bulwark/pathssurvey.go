package main

import (
	"errors"
	"fmt"
	"strings"

	"bulwark/facts/attackgraph"
	"bulwark/internal/plain"
)

// showSurvey shows the ways that many sources have, those of one kind together.
func (q *pathsQuestion) showSurvey(g *attackgraph.Graph, sv *attackgraph.Survey, to string) error {
	switch q.output {
	case "json":
		return writeJSON(q.sys.stdout, surveyAnswer(g, sv))
	case "text":
	default:
		return q.drawPaths(g, "What leads to something critical", pathsOf(sv))
	}
	s := q.sheet(g)
	shown := q.classes(s, sv)
	if to == "" {
		to = "anything critical"
	}
	switch {
	case len(sv.Classes) == 0:
		s.line("None of %s leads to %s.", plain.Count(sv.Sources, "starting point"), plain.Line(to))
	default:
		s.line("%d of %s lead to %s, in %s.", sv.Sources-sv.Safe, plain.Count(sv.Sources, "starting point"), plain.Line(to), plain.Count(len(sv.Classes), "different way"))
		if more := len(sv.Classes) - shown; more > 0 {
			s.line("%s not shown: --most %d shows all.", plain.Count(more, "way"), len(sv.Classes))
		}
	}
	if sv.Ours > 0 {
		s.line("%s of Kubernetes itself left out: they own the cluster or their node by design.", plain.Count(sv.Ours, "part"))
	}
	s.missing()
	return s.err
}

// classes writes the first ways of a survey and returns how many.
func (q *pathsQuestion) classes(s *sheet, sv *attackgraph.Survey) int {
	shown := sv.Classes[:min(len(sv.Classes), q.most)]
	for _, c := range shown {
		s.class(c)
	}
	return len(shown)
}

func (s *sheet) class(c *attackgraph.Class) {
	mark, style := "●", red
	if !c.Path.Certain {
		mark, style = "○", amber
	}
	right := certainty(c.Path)
	if s.g.At(c.Path.From).Kind() != attackgraph.Internet && c.Exposed > 0 {
		right = fmt.Sprintf("%d open to the outside, %s", c.Exposed, right)
	}
	s.sides(mark+" ", style, upper(s.g.At(c.Sink).Title()), bold, right)
	s.wrapped("  ", "from "+s.list(c.Sources), "0")
	s.line("")
	if len(c.Sources) > 1 {
		s.line("      %s", s.paint(dim, "as for "+s.title(c.Path.From)+":"))
	}
	s.steps(c.Path)
	s.line("")
}

// showNew shows the ways that a change would open.
func (q *pathsQuestion) showNew(g *attackgraph.Graph, sv *attackgraph.Survey, objects int) error {
	switch q.output {
	case "json":
		return writeJSON(q.sys.stdout, surveyAnswer(g, sv))
	case "text":
	default:
		return q.drawPaths(g, "What would lead to something critical", pathsOf(sv))
	}
	s := q.sheet(g)
	shown := q.classes(s, sv)
	if len(sv.Classes) == 0 {
		s.line("%s: no new way to anything critical.", plain.Count(objects, "object"))
	} else {
		s.line("%s would open %s to something critical.", plain.Count(objects, "object"), plain.Count(len(sv.Classes), "new way"))
		if more := len(sv.Classes) - shown; more > 0 {
			s.line("%s not shown: --most %d shows all.", plain.Count(more, "way"), len(sv.Classes))
		}
	}
	s.missing()
	return s.err
}

func pathsOf(sv *attackgraph.Survey) (out []*attackgraph.Path) {
	for _, c := range sv.Classes {
		out = append(out, c.Path)
	}
	return out
}

// showBlast shows what the owner of something can come to own.
func (q *pathsQuestion) showBlast(g *attackgraph.Graph, b *attackgraph.Blast) error {
	var paths []*attackgraph.Path
	things := b.Certain
	if !q.certain {
		things = append(things[:len(things):len(things)], b.Maybe...)
	}
	for _, v := range things[:min(len(things), maxBlast)] {
		paths = append(paths, b.Path(v))
	}
	switch q.output {
	case "json":
		return writeJSON(q.sys.stdout, blastAnswer(g, b, paths))
	case "text":
	default:
		return q.drawPaths(g, "What the owner of "+q.sheet(g).list(b.From)+" can come to own", paths)
	}
	s := q.sheet(g)
	s.sides("", "0", "What the owner of "+s.list(b.From)+" can come to own", bold, plain.Count(len(b.Certain), "thing"))
	for _, kind := range blastKinds {
		s.blastKind(kind.title, kind.kind, b, things)
	}
	if len(b.Certain) == 0 {
		s.line("  nothing more")
	}
	s.powers(b)
	if len(b.Maybe) > 0 && q.certain {
		s.line("")
		s.line("%s more may follow, depending on what was not seen.", plain.Count(len(b.Maybe), "thing"))
	}
	s.missing()
	return s.err
}

// maxBlast bounds the things whose paths are written out for machines.
const maxBlast = 1000

var blastKinds = []struct {
	title string
	kind  attackgraph.Kind
}{
	{"Ends", attackgraph.Sink}, {"Cloud roles", attackgraph.CloudRole}, {"Nodes", attackgraph.Node}, {"Nodes", attackgraph.SomeNode},
	{"Service accounts", attackgraph.Account}, {"Identities in the mesh", attackgraph.Mesh}, {"Users", attackgraph.User}, {"Groups", attackgraph.Group}, {"Workloads", attackgraph.Workload},
	{"Secrets", attackgraph.Secret}, {"Volumes", attackgraph.Volume},
}

// blastKind lists the things of one kind, each with the step that gives it.
func (s *sheet) blastKind(title string, kind attackgraph.Kind, b *attackgraph.Blast, things []uint32) {
	const most = 12
	n := 0
	for _, v := range things {
		if s.g.At(v).Kind() != kind || kind == attackgraph.Group && len(b.Path(v).Steps) == 0 {
			continue // a group that it is in
		}
		if n++; n == 1 {
			s.line("")
			s.line("%s", s.paint(bold, title))
		}
		if n > most {
			continue
		}
		p := b.Path(v)
		how, mark := "by what it is", " "
		if len(p.Steps) > 0 {
			how = plain.Count(len(p.Steps), "step") + ", last " + p.Steps[len(p.Steps)-1].Technique.ID
		}
		if !p.Certain {
			mark = "?"
		}
		s.sides(mark+" ", amber, s.g.At(v).Title(), "0", how)
	}
	if n > most {
		s.line("  and %d more", n-most)
	}
}

// powers lists the rights that the owner comes to hold.
func (s *sheet) powers(b *attackgraph.Blast) {
	const most = 24
	var names []string
	for _, v := range b.Powers() {
		names = append(names, s.title(v))
	}
	if len(names) == 0 {
		return
	}
	s.line("")
	s.line("%s", s.paint(bold, "Rights"))
	more := ""
	if len(names) > most {
		more = fmt.Sprintf("; and %d more", len(names)-most)
	}
	s.wrapped("  ", strings.Join(names[:min(len(names), most)], "; ")+more, "0")
}

// showChoke shows the few changes that break most ways.
func (q *pathsQuestion) showChoke(g *attackgraph.Graph, c *attackgraph.Choke) error {
	if q.output == "json" {
		return writeJSON(q.sys.stdout, chokeAnswer(g, c))
	}
	if q.output != "text" {
		return errors.New("choke points have no picture of their own: use -o text or json")
	}
	s := q.sheet(g)
	if c.Paths == 0 {
		s.line("There is no way to anything critical: nothing to break.")
		s.missing()
		return s.err
	}
	s.line("%s from what an attacker could own first to something critical; what breaks most of them:", plain.Count(c.Paths, "way"))
	s.line("")
	for i, ch := range c.Changes {
		number := fmt.Sprintf("%2d  ", i+1)
		right := fmt.Sprintf("breaks %d", ch.Breaks)
		if ch.Together {
			right = "only together with the others marked so"
			if ch.Breaks > 0 {
				right = fmt.Sprintf("breaks %d, together with the next", ch.Breaks)
			}
		}
		s.sides(number, bold, upper(ch.Message), bold, right)
		var parts []string
		for _, sink := range g.Sinks() {
			if n := ch.BySink[sink]; n > 0 {
				parts = append(parts, fmt.Sprintf("%d to %s", n, g.At(sink).Title()))
			}
		}
		s.sides("    ", "0", strings.Join(parts, ", "), dim, spotOf(ch.Pos))
	}
	if len(c.Changes) == 0 {
		s.line("No change breaks any of them by itself.")
		return s.err
	}
	s.line("")
	s.line("%d of %s left after that.", c.Left, plain.Count(c.Paths, "way"))
	s.missing()
	return s.err
}
