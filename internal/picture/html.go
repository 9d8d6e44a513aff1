package picture

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"bulwark/internal/plain"
)

//go:embed assets/page.html
var page string

//go:embed assets/page.css
var pageStyle string

//go:embed assets/page.js
var script string

type pageData struct {
	Title, Subtitle string
	Policy          string
	Style           template.CSS
	Script          template.JS
	Drawing         template.HTML
	Rows            []pageRow
	Tones           []pageTone
}

type pageRow struct{ From, To, Label, Note, Tone string }

type pageTone struct{ Name, Means string }

// writeHTML writes a page that needs nothing else; its policy allows its own
// style and script only.
func writeHTML(w io.Writer, g *Graph) error {
	l := lay(g)
	var drawing strings.Builder
	out := bufio.NewWriter(&drawing)
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" class="picture" role="img" aria-label=%s>`, l.width, l.height, l.width, l.height, attr(g.Title))
	draw(out, g, l)
	fmt.Fprint(out, "</svg>")
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing the picture: %w", err)
	}
	css := style + pageStyle
	t, err := template.New("page").Parse(page)
	if err != nil {
		return fmt.Errorf("reading the template of the page: %w", err)
	}
	data := pageData{
		Title: plain.Line(g.Title), Subtitle: plain.Line(g.Subtitle), Style: template.CSS(css), Script: template.JS(script),
		Policy:  fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'", hash(css), hash(script)),
		Drawing: template.HTML(drawing.String()), Rows: rows(g), Tones: tones(g),
	}
	if err := t.Execute(w, data); err != nil {
		return fmt.Errorf("writing the picture: %w", err)
	}
	return nil
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// rows are the edges in words.
func rows(g *Graph) []pageRow {
	name := map[string]string{}
	for _, n := range g.Nodes {
		name[n.ID] = plain.Line(strings.TrimPrefix(n.Group+"/"+n.Label, "/"))
	}
	out := make([]pageRow, 0, len(g.Edges))
	for _, e := range g.Edges {
		row := pageRow{From: name[e.From], To: name[e.To], Label: plain.Line(e.Label), Note: plain.Line(e.Note), Tone: toneName(e.Tone)}
		if e.Dashed {
			row.Tone += " dashed"
		}
		out = append(out, row)
	}
	return out
}

// tones explains the colours that are used.
func tones(g *Graph) []pageTone {
	used := map[Tone]bool{}
	dashed := false
	for _, e := range g.Edges {
		used[e.Tone] = true
		dashed = dashed || e.Dashed
	}
	var out []pageTone
	for _, t := range []struct {
		tone  Tone
		means string
	}{{Good, "as it should be"}, {Warn, "worth a look"}, {Bad, "open to attack"}} {
		if used[t.tone] {
			out = append(out, pageTone{toneName(t.tone), t.means})
		}
	}
	if dashed {
		out = append(out, pageTone{"plain dashed", "not certain"})
	}
	return out
}
