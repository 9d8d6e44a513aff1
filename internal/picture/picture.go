// Package picture draws a graph of things and what leads from one to another:
// as SVG, as a page that needs nothing else, and as DOT.
package picture

import (
	"errors"
	"fmt"
	"io"
)

// MaxNodes and MaxEdges bound a picture: more cannot be looked at.
const (
	MaxNodes = 400
	MaxEdges = 1500
)

// ErrTooLarge is the reason why a graph is not drawn.
var ErrTooLarge = errors.New("too much for one picture")

// Graph is what is drawn. Edges should mostly lead one way, from left to right.
type Graph struct {
	Title    string
	Subtitle string // what it shows, and what was left out
	Nodes    []Node
	Edges    []Edge
}

// Node is one thing.
type Node struct {
	ID    string // unique; what edges name
	Label string
	Group string // a smaller word above the label, such as the namespace
	Kind  Kind
	Tone  Tone
	Note  string // shown when one points at it
}

// Edge leads from one thing to another.
type Edge struct {
	From, To string // ids of nodes
	Label    string // a few words
	Note     string // shown when one points at it, and in the page's table
	Tone     Tone
	Dashed   bool // not certain
}

// Kind decides a node's icon.
type Kind string

// Kinds of nodes.
const (
	Pod      Kind = "pod" // a pod or workload
	Machine  Kind = "node"
	Identity Kind = "identity" // a user or service account
	Group    Kind = "group"
	Right    Kind = "right" // something that one may do
	Secret   Kind = "secret"
	Network  Kind = "network" // a Service, an address
	Internet Kind = "internet"
	Cloud    Kind = "cloud"
	Goal     Kind = "goal" // what an attacker wants
)

// Tone decides a colour.
type Tone string

// Tones, from plain to alarming.
const (
	Plain Tone = ""
	Soft  Tone = "soft"
	Good  Tone = "good"
	Warn  Tone = "warn"
	Bad   Tone = "bad"
)

// Formats are the names that Write knows.
func Formats() []string { return []string{"svg", "html", "dot"} }

// Write draws the graph in a format.
func Write(w io.Writer, format string, g *Graph) error {
	if len(g.Nodes) > MaxNodes || len(g.Edges) > MaxEdges {
		return fmt.Errorf("drawing %d things and %d relations (at most %d and %d): %w; ask for less",
			len(g.Nodes), len(g.Edges), MaxNodes, MaxEdges, ErrTooLarge)
	}
	if err := g.check(); err != nil {
		return err
	}
	switch format {
	case "svg":
		return writeSVG(w, g)
	case "html":
		return writeHTML(w, g)
	case "dot":
		return writeDOT(w, g)
	}
	return fmt.Errorf("unknown format %q of a picture: use svg, html or dot", format)
}

func (g *Graph) check() error {
	known := make(map[string]bool, len(g.Nodes))
	for _, n := range g.Nodes {
		if n.ID == "" || known[n.ID] {
			return fmt.Errorf("drawing %q: the id %q is empty or used twice", g.Title, n.ID)
		}
		known[n.ID] = true
	}
	for _, e := range g.Edges {
		if !known[e.From] || !known[e.To] {
			return fmt.Errorf("drawing %q: an edge leads from %q to %q, one of which is not there", g.Title, e.From, e.To)
		}
	}
	return nil
}
