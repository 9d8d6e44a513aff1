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
	slices.SortStableFunc(x.Entries, func(a, b reachEntry) int {
		if a.Audience != b.Audience {
			return int(a.Audience) - int(b.Audience)
		}
		return strings.Compare(a.To, b.To)
	})
	return x
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
		var rows [][]string
		for _, h := range e.Hops {
			rows = append(rows, []string{plain.Line(h.Object), h.Place, plain.Line(h.Text)})
		}
		for _, s := range e.Decided {
			if s.Policy == "" {
				rows = append(rows, []string{"", "", plain.Line(s.Text)})
				continue
			}
			at := s.Path
			if s.File != "" {
				at = fmt.Sprintf("%s:%d", plain.Line(s.File), s.Line)
			}
			rows = append(rows, []string{plain.Line(s.Policy), at, s.Effect.String() + " " + plain.Line(s.Text)})
		}
		p.columns("  ", rows)
		for _, why := range e.Reasons {
			p.line("  because %s", plain.Line(why))
		}
	}
	p.assumptions(x.Assumptions)
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
		way := []string{}
		for _, h := range e.Hops {
			name := h.Object
			if name == "" {
				name = h.Text
			}
			way = append(way, name)
		}
		way = append(way, e.To)
		for k, name := range way {
			addNode(g, name)
			label := ""
			if k == len(way)-1 {
				label = e.Port
			}
			if pair := [2]string{at, name}; !seen[pair] && at != name {
				seen[pair] = true
				g.Edges = append(g.Edges, picture.Edge{From: at, To: name, Label: label, Dashed: e.Verdict == reach.Unknown, Tone: verdictTone(e.Verdict)})
			}
			at = name
		}
	}
	return g
}
