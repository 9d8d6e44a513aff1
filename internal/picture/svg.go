package picture

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"strings"

	"bulwark/internal/plain"
)

//go:embed assets/picture.css
var style string

// Text sizes in pixels.
const (
	textSize  = 13
	groupSize = 10.5
	labelSize = 11
)

// widest bounds a node's label, in columns of text.
const widest = 38

// textWidth estimates the width of a text in a proportional font.
func textWidth(s string, size float64) float64 { return float64(plain.Width(s)) * size * 0.64 }

func nodeWidth(n Node) float64 {
	return max(textWidth(short(n.Label), textSize), textWidth(short(n.Group), groupSize)) + 50
}

func short(s string) string { return plain.CutMiddle(plain.Line(s), widest) }

// writeSVG writes the picture alone, with its title as its first line.
func writeSVG(w io.Writer, g *Graph) error {
	l := lay(g)
	const head = 58
	out := bufio.NewWriter(w)
	width := max(l.width, textWidth(g.Title, 18)+2*margin, min(textWidth(g.Subtitle, textSize)+2*margin, 1200))
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" class="picture" role="img" aria-label=%s>`+"\n",
		width, l.height+head, width, l.height+head, attr(g.Title))
	fmt.Fprintf(out, "<style>%s</style>\n<rect class=\"ground\" width=\"100%%\" height=\"100%%\"/>\n", style)
	fmt.Fprintf(out, `<text class="title" x="%d" y="32">%s</text><text class="subtitle" x="%d" y="52">%s</text>`+"\n", margin, text(g.Title), margin, text(g.Subtitle))
	fmt.Fprintf(out, `<g transform="translate(0 %d)">`+"\n", head)
	draw(out, g, l)
	fmt.Fprint(out, "</g>\n</svg>\n")
	return flush(out)
}

func flush(out *bufio.Writer) error {
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing the picture: %w", err)
	}
	return nil
}

// draw writes what is in the picture: edges below, things above them, words on top.
func draw(out *bufio.Writer, g *Graph, l *layout) {
	fmt.Fprint(out, `<defs>`)
	for _, tone := range []Tone{Plain, Soft, Good, Warn, Bad} {
		fmt.Fprintf(out, `<marker id="tip-%s" class="tip %s" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 .6 7.4 4 0 7.4z"/></marker>`, toneName(tone), toneName(tone))
	}
	fmt.Fprint(out, "</defs>\n")
	for _, r := range l.routes {
		drawEdge(out, &g.Edges[r.edge], l.line(r))
	}
	for i := range g.Nodes {
		drawNode(out, &g.Nodes[i], &l.spots[i])
	}
	for _, r := range l.routes {
		drawLabel(out, &g.Edges[r.edge], l.line(r))
	}
}

func toneName(t Tone) string {
	if t == Plain {
		return "plain"
	}
	return string(t)
}

func drawEdge(out *bufio.Writer, e *Edge, line []point) {
	var d strings.Builder
	fmt.Fprintf(&d, "M%.1f %.1f", line[0].x, line[0].y)
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		if a.y == b.y {
			fmt.Fprintf(&d, "L%.1f %.1f", b.x, b.y)
			continue
		}
		middle := (a.x + b.x) / 2
		fmt.Fprintf(&d, "C%.1f %.1f %.1f %.1f %.1f %.1f", middle, a.y, middle, b.y, b.x, b.y)
	}
	class := "edge " + toneName(e.Tone)
	if e.Dashed {
		class += " dashed"
	}
	fmt.Fprintf(out, `<g class="%s" data-from=%s data-to=%s><path class="line" d="%s" marker-end="url(#tip-%s)"/><path class="wide" d="%s"><title>%s</title></path></g>`+"\n",
		class, attr(e.From), attr(e.To), d.String(), toneName(e.Tone), d.String(), text(told(e)))
}

func told(e *Edge) string {
	switch {
	case e.Note == "":
		return e.Label
	case e.Label == "":
		return e.Note
	}
	return e.Label + ": " + e.Note
}

func drawLabel(out *bufio.Writer, e *Edge, line []point) {
	if e.Label == "" {
		return
	}
	a, b := line[0], line[1]
	fmt.Fprintf(out, `<text class="label %s" x="%.1f" y="%.1f" text-anchor="middle">%s</text>`+"\n", toneName(e.Tone), (a.x+b.x)/2, (a.y+b.y)/2-4, text(e.Label))
}

func drawNode(out *bufio.Writer, n *Node, s *spot) {
	top := s.y - s.height/2
	fmt.Fprintf(out, `<g class="node %s" data-id=%s transform="translate(%.1f %.1f)">`, toneName(n.Tone), attr(n.ID), s.x, top)
	if n.Note != "" {
		fmt.Fprintf(out, `<title>%s</title>`, text(n.Note))
	}
	fmt.Fprintf(out, `<rect class="box" width="%.1f" height="%.0f" rx="9"/><path class="icon" transform="translate(12 13)" d="%s"/>`, s.width, s.height, icon(n.Kind))
	if n.Group == "" {
		fmt.Fprintf(out, `<text class="name" x="38" y="26.5">%s</text></g>`+"\n", text(short(n.Label)))
		return
	}
	fmt.Fprintf(out, `<text class="of" x="38" y="17">%s</text><text class="name" x="38" y="33">%s</text></g>`+"\n", text(short(n.Group)), text(short(n.Label)))
}

// icon is the path of a kind's icon in a square of 18 pixels.
func icon(k Kind) string {
	switch k {
	case Pod:
		return "M9 1 16 5v8l-7 4-7-4V5zM2 5l7 4 7-4M9 9v8"
	case Machine:
		return "M2 3h14v5H2zM2 10h14v5H2zM5 5.5h.1M5 12.5h.1M9 5.5h4M9 12.5h4"
	case Identity:
		return "M9 9a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2 17c0-4 3-6 7-6s7 2 7 6"
	case Group:
		return "M6.5 9a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM1 16c0-3.4 2.4-5 5.5-5s5.5 1.6 5.5 5M12 3.2a3 3 0 0 1 0 5.6M13.5 11.3c2.2.5 3.5 2 3.5 4.7"
	case Right:
		return "M9 1.5 15.5 4v5c0 4-2.6 6.5-6.5 8-3.9-1.5-6.5-4-6.5-8V4zM6 9l2.2 2.200L12.2 7"
	case Secret:
		return "M6 12.500a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM10 8.500h7M14 8.500v3M17 8.500v2"
	case Network:
		return "M9 1v4M9 13v4M3 9H1M17 9h-2M9 13a4 4 0 1 0 0-8 4 4 0 0 0 0 8z"
	case Internet:
		return "M9 17A8 8 0 1 0 9 1a8 8 0 0 0 0 16zM1 9h16M9 1c5 5 5 11 0 16M9 1C4 6 4 12 9 17"
	case Cloud:
		return "M5 14.500h8.500a3.5 3.5 0 0 0 .4-7A5 5 0 0 0 4.3 8.3 3.2 3.2 0 0 0 5 14.500z"
	case Goal:
		return "M4 17V2M4 2.500h10.500l-2.5 3.5 2.5 3.500H4"
	}
	return "M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12z"
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")

// text makes a text safe between tags: no markup, and nothing that XML refuses.
func text(s string) string { return escaper.Replace(plain.Line(s)) }

// attr is a quoted attribute value.
func attr(s string) string { return `"` + text(s) + `"` }
