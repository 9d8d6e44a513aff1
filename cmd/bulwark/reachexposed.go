package main

import (
	"fmt"
	"slices"
	"strings"

	"bulwark/facts/reach"
	"bulwark/internal/picture"
	"bulwark/internal/plain"
)

// reachExposure is what is reached from outside of the cluster.
type reachExposure struct {
	Entries     []reachEntry `json:"entries"`
	Assumptions []string     `json:"assumptions,omitempty"`
}

// reachEntry is one way in.
type reachEntry struct {
	Audience reach.Audience `json:"audience"`
	Sources  []string       `json:"sources,omitempty"` // the only ones admitted
	To       string         `json:"to"`
	Port     string         `json:"port"`
	Verdict  reach.Verdict  `json:"verdict"`
	Reasons  []string       `json:"reasons,omitempty"`
	Hops     []reachHop     `json:"hops"`
	Decided  []reachStep    `json:"decidedBy,omitempty"`
}

type reachHop struct {
	Object string `json:"object,omitempty"`
	Place  string `json:"place,omitempty"`
	Text   string `json:"text"`
}

func newExposure(m *reach.Model) *reachExposure {
	x := &reachExposure{Entries: []reachEntry{}, Assumptions: m.Assumptions()}
	for _, e := range m.Entries() {
		x.Entries = append(x.Entries, newEntry(&e))
	}
	x.Entries = append(x.Entries, silent(m, x.Entries)...)
	slices.SortStableFunc(x.Entries, func(a, b reachEntry) int {
		if a.Audience != b.Audience {
			return int(a.Audience) - int(b.Audience)
		}
		return strings.Compare(a.To, b.To)
	})
	return x
}

// silent are the pods on the network of their nodes that declare no port: what their processes listen on is reached at
// the node, and the input does not say whether they do.
func silent(m *reach.Model, known []reachEntry) []reachEntry {
	listed := map[string]bool{}
	for i := range known {
		listed[known[i].To] = true
	}
	var out []reachEntry
	for _, c := range m.Classes() {
		if !c.HostNetwork || listed[c.Name] || c.Object == nil {
			continue
		}
		field := c.Pod.SpecPath("hostNetwork")
		out = append(out, reachEntry{
			Audience: reach.FromNetwork, To: c.Name, Port: "no declared port", Verdict: reach.Unknown,
			Reasons: []string{"its process may listen on any port of the node, and declares none"},
			Hops:    []reachHop{{Object: c.Object.Ref.String(), Place: placed(c.Object, field), Text: "shares the node's network"}},
		})
	}
	return out
}

func newEntry(e *reach.Entry) reachEntry {
	out := reachEntry{Audience: e.Audience, To: e.To.Name, Port: fmt.Sprintf("%s %d", e.Protocol, e.Port), Verdict: e.Verdict, Reasons: e.Reasons}
	if e.Port == 0 {
		out.Port = string(e.Protocol) + " port without a number in the input"
	}
	for _, p := range e.Ranges {
		out.Sources = append(out.Sources, p.String())
	}
	for _, h := range e.Hops {
		hop := reachHop{Text: h.Text}
		if h.Object != nil {
			hop.Object = h.Object.Ref.String()
			hop.Place = placed(h.Object, h.Path)
		}
		out.Hops = append(out.Hops, hop)
	}
	var pair reachPair
	pair.fill(&e.Answer)
	for _, s := range pair.Steps {
		if s.Effect == reach.Accepts || s.Effect == reach.Denies || s.Effect == reach.Unsure {
			out.Decided = append(out.Decided, s)
		}
	}
	return out
}

// from names who stands before the entry.
func (e *reachEntry) from() string {
	if len(e.Sources) > 0 {
		return strings.Join(e.Sources, ", ")
	}
	if e.Audience == reach.FromInternet {
		return "internet"
	}
	return "whoever reaches the nodes"
}

func (x *reachExposure) text(p *painter) {
	if len(x.Entries) == 0 {
		p.line("nothing in the input opens a way into the cluster")
	}
	for i := range x.Entries {
		e := &x.Entries[i]
		if i > 0 {
			p.line("")
		}
		p.line("%s -> %s %s: %s", plain.Line(e.from()), plain.Line(e.To), e.Port, p.verdict(e.Verdict))
		p.columns("  ", e.rows())
		for _, why := range e.Reasons {
			p.prose("  because ", why)
		}
	}
	p.assumptions(x.Assumptions)
}

// rows are the way itself, and below it the policies that decide. What is about no object of the input
// stands for itself.
func (e *reachEntry) rows() [][]string {
	var rows [][]string
	for _, h := range e.Hops {
		if h.Object == "" {
			rows = append(rows, []string{plain.Line(h.Text)})
			continue
		}
		rows = append(rows, []string{plain.Line(h.Object), h.Place, plain.Line(h.Text)})
	}
	for _, s := range e.Decided {
		if s.Policy == "" {
			if slices.Contains(e.Reasons, s.Text) {
				continue // said below
			}
			rows = append(rows, []string{plain.Line(s.Text)})
			continue
		}
		at := s.Path
		if s.File != "" {
			at = fmt.Sprintf("%s:%d", plain.Line(s.File), s.Line)
		}
		rows = append(rows, []string{plain.Line(s.Policy), at, s.verb() + plain.Line(s.Text)})
	}
	return rows
}

// verb begins the sentence that the text of a step ends.
func (s *reachStep) verb() string {
	if s.Effect == reach.Unsure {
		return ""
	}
	return s.Effect.String() + " "
}

func (x *reachExposure) graph() *picture.Graph {
	g := &picture.Graph{Title: "Ways into the cluster", Subtitle: "Closed ones are left out; dashed where it is not certain"}
	seen := map[[2]string]bool{}
	for i := range x.Entries {
		e := &x.Entries[i]
		if e.Verdict == reach.Denied {
			continue
		}
		at := e.from()
		addNode(g, at)
		way, notes := []string{}, []string{}
		for _, h := range e.Hops {
			name := h.Object
			if name == "" {
				name = h.Text
			}
			way = append(way, name)
			notes = append(notes, strings.TrimSpace(h.Text+" "+h.Place))
		}
		way = append(way, e.To)
		notes = append(notes, strings.Join(append([]string{e.Verdict.String()}, e.Reasons...), ": "))
		for k, name := range way {
			addNode(g, name)
			label := ""
			if k == len(way)-1 {
				label = e.Port
			}
			if pair := [2]string{at, name}; !seen[pair] && at != name {
				seen[pair] = true
				g.Edges = append(g.Edges, picture.Edge{From: at, To: name, Label: label, Note: notes[k], Dashed: e.Verdict == reach.Unknown, Tone: verdictTone(e.Verdict)})
			}
			at = name
		}
	}
	return g
}
