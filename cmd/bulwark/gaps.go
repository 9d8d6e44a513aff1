package main

import (
	"fmt"
	"io"

	"bulwark/internal/plain"
	"bulwark/world"
)

// maxTold bounds the gaps that are told on standard error.
const maxTold = 10

// tellGaps says what could not be read, where no report shows it.
func tellGaps(w io.Writer, gaps []world.Gap) {
	for _, g := range gaps[:min(len(gaps), maxTold)] {
		fmt.Fprintf(w, "bulwark: not read: %s%s\n", gapPlace(g), plain.Line(g.Why.Error()))
	}
	if more := len(gaps) - maxTold; more > 0 {
		fmt.Fprintf(w, "bulwark: not read: %d more; -o text --all shows them\n", more)
	}
}

// gapPlace is where a gap is, ending in ": ", or nothing.
func gapPlace(g world.Gap) string {
	what := g.Pos.File
	if g.Pos.Line > 0 {
		what = fmt.Sprintf("%s:%d:%d", g.Pos.File, g.Pos.Line, max(g.Pos.Col, 1))
	}
	if what == "" && g.What != (world.Ref{}) {
		what = g.What.String()
		if g.What.Name == "" {
			what = "every " + g.What.GroupKind()
		}
	}
	if what == "" {
		return ""
	}
	return plain.Line(what) + ": "
}
