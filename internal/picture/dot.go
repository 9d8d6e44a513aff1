package picture

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"bulwark/internal/plain"
)

// writeDOT writes the graph in the language of Graphviz.
func writeDOT(w io.Writer, g *Graph) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "digraph %s {\n\trankdir=LR;\n\tlabel=%s;\n\tlabelloc=t;\n\tnode [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\"];\n\tedge [fontname=\"sans-serif\", fontsize=10];\n",
		quoted(g.Title), quoted(g.Title))
	for _, n := range g.Nodes {
		label := n.Label
		if n.Group != "" {
			label = n.Group + "\n" + n.Label
		}
		fmt.Fprintf(out, "\t%s [label=%s, color=%s, tooltip=%s];\n", quoted(n.ID), quoted(label), quoted(dotColour(n.Tone)), quoted(n.Note))
	}
	for _, e := range g.Edges {
		style := "solid"
		if e.Dashed {
			style = "dashed"
		}
		fmt.Fprintf(out, "\t%s -> %s [label=%s, color=%s, style=%s, tooltip=%s];\n", quoted(e.From), quoted(e.To), quoted(e.Label), quoted(dotColour(e.Tone)), style, quoted(e.Note))
	}
	fmt.Fprintln(out, "}")
	return flush(out)
}

func dotColour(t Tone) string {
	switch t {
	case Good:
		return "#2f8f5b"
	case Warn:
		return "#a66a00"
	case Bad:
		return "#c8452b"
	case Soft:
		return "#98a2ad"
	}
	return "#5c6773"
}

// quoted is a DOT string; its only escapes that matter are the quote, the backslash and the line break.
func quoted(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(plain.Line(line))
	}
	return `"` + strings.Join(lines, `\n`) + `"`
}
