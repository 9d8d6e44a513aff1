package main

import (
	"fmt"
	"strings"

	"bulwark/facts/reach"
	"bulwark/internal/picture"
	"bulwark/internal/plain"
)

// maxMatrix is how many workloads the table shows before it turns to namespaces.
const maxMatrix = 30

// reachCell is one field of the table.
type reachCell string

// Cells of the table.
const (
	cellEvery   reachCell = "every" // every port
	cellSome    reachCell = "some"  // some ports, or some of the pods
	cellNone    reachCell = "none"
	cellUnknown reachCell = "unknown"
)

var cellGlyphs = map[reachCell]string{cellEvery: "#", cellSome: "+", cellNone: ".", cellUnknown: "?"}

// reachMatrix is the table of who reaches whom.
type reachMatrix struct {
	By          string        `json:"by"`
	Names       []string      `json:"names"`
	Outside     []string      `json:"outside"` // further columns
	Rows        [][]reachCell `json:"rows"`    // from Names, then the internet, to Names and Outside
	Assumptions []string      `json:"assumptions,omitempty"`
}

// newMatrix asks for all pairs at once and for the ends outside one by one.
func newMatrix(m *reach.Model, by string) *reachMatrix {
	classes := m.Classes()
	if by == "auto" {
		by = "workload"
		if len(classes) > maxMatrix {
			by = "namespace"
		}
	}
	x := &reachMatrix{By: by, Outside: []string{"internet", "imds", "api-server"}, Assumptions: m.Assumptions()}
	row := make([]int, len(classes)) // of each class
	for i, c := range classes {
		name := c.Name
		if by == "namespace" {
			name = c.Namespace
		}
		if n := len(x.Names); n == 0 || by == "workload" || x.Names[n-1] != name {
			x.Names = append(x.Names, name)
		}
		row[i] = len(x.Names) - 1
	}
	n := len(x.Names)
	tallies := make([][]tally, n+1)
	for i := range tallies {
		tallies[i] = make([]tally, n+len(x.Outside))
	}
	x.between(m, tallies, row)
	x.beyond(m, tallies, row)
	for i := range tallies {
		cells := make([]reachCell, len(tallies[i]))
		for j := range cells {
			cells[j] = tallies[i][j].cell()
		}
		x.Rows = append(x.Rows, cells)
	}
	return x
}

// tally counts the pairs of classes that one field stands for.
type tally struct{ pairs, every, some, unknown int }

func (t *tally) cell() reachCell {
	switch {
	case t.pairs > 0 && t.every == t.pairs:
		return cellEvery
	case t.every+t.some > 0:
		return cellSome
	case t.unknown > 0:
		return cellUnknown
	}
	return cellNone
}

// between fills the fields of pairs of classes. The rows of a model are walked
// by the bits that are set, so that what is closed costs nothing.
func (x *reachMatrix) between(m *reach.Model, tallies [][]tally, row []int) {
	some, every := m.AnyPort()
	if some == nil {
		return
	}
	sizes := make([]int, len(x.Names))
	for _, r := range row {
		sizes[r]++
	}
	for i := range sizes {
		for j := range sizes {
			tallies[i][j].pairs = sizes[i] * sizes[j]
		}
	}
	for to := range row {
		for from := range some.Possible[to].All() {
			t := &tallies[row[from]][row[to]]
			switch {
			case every.Certain[to].Has(from):
				t.every++
			case some.Certain[to].Has(from):
				t.some++
			default:
				t.unknown++
			}
		}
	}
}

// beyond fills the fields of the outside.
func (x *reachMatrix) beyond(m *reach.Model, tallies [][]tally, row []int) {
	n := len(x.Names)
	ends := []reach.Endpoint{m.TheInternet(), m.MetadataService(), m.Server()}
	for i, c := range m.Classes() {
		pods := m.Pods(c)
		for k, e := range ends {
			tallies[row[i]][n+k].count(m.Ports(pods, e))
		}
		tallies[n][row[i]].count(m.Ports(ends[0], pods))
	}
}

func (t *tally) count(ports []reach.PortAnswer) {
	t.pairs++
	open, unknown := 0, 0
	for _, p := range ports {
		switch p.Verdict {
		case reach.Allowed:
			open++
		case reach.Unknown:
			unknown++
		}
	}
	switch {
	case open == len(ports):
		t.every++
	case open > 0:
		t.some++
	case unknown > 0:
		t.unknown++
	}
}

func (x *reachMatrix) text(p *painter) {
	p.line("rows connect to columns: # every port, + some ports%s, . nothing, ? unknown", map[bool]string{true: " or some workloads"}[x.By == "namespace"])
	p.line("")
	header := []string{"", ""}
	for i := range x.Names {
		header = append(header, fmt.Sprint(i+1))
	}
	header = append(header, x.Outside...)
	rows := [][]string{header}
	for i, cells := range x.Rows {
		r := []string{"", "internet"}
		if i < len(x.Names) {
			r = []string{fmt.Sprint(i + 1), plain.Line(orNone(x.Names[i]))}
		}
		for j, c := range cells {
			glyph := cellGlyphs[c]
			if i == len(x.Names) && j >= len(x.Names) {
				glyph = ""
			}
			r = append(r, glyph)
		}
		rows = append(rows, r)
	}
	if p.err == nil { // a table of marks stays whole, however wide
		p.err = printColumns(p.w, "  ", 0, rows)
	}
	p.assumptions(x.Assumptions)
}

// orNone names the namespace of objects that have none yet.
func orNone(namespace string) string {
	if namespace == "" {
		return "(no namespace)"
	}
	return namespace
}

func (x *reachMatrix) graph() *picture.Graph {
	g := &picture.Graph{Title: "Who reaches whom", Subtitle: "By " + x.By + "; dashed where it is not certain"}
	from := append(append([]string{}, x.Names...), "internet")
	to := append(append([]string{}, x.Names...), x.Outside...)
	id := func(name string) string { return strings.TrimSpace(orNone(name)) }
	for i, cells := range x.Rows {
		for j, c := range cells {
			if c == cellNone || id(from[i]) == id(to[j]) {
				continue
			}
			addNode(g, id(from[i]))
			addNode(g, id(to[j]))
			label := map[reachCell]string{cellEvery: "every port", cellSome: "some ports", cellUnknown: "unknown"}[c]
			g.Edges = append(g.Edges, picture.Edge{From: id(from[i]), To: id(to[j]), Label: label, Dashed: c == cellUnknown})
		}
	}
	return g
}
