// Package html writes a run as one page that needs nothing else: no network, no
// other file. Its policy allows its own style and script only, by their hashes.
package html

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"sync"

	"bulwark/control"
	"bulwark/internal/plain"
	"bulwark/report"
	"bulwark/report/internal/digest"
	"bulwark/world"
)

//go:embed assets/style.css
var style string

//go:embed assets/filter.js
var script string

//go:embed assets/page.html
var page string

// DefaultLimit is how many findings a page holds: browsers stay quick with it.
const DefaultLimit = 5000

// maxNotes bounds the gaps and exceptions that are listed.
const maxNotes = 200

// Options says how to write.
type Options struct {
	Limit int // findings in the page, shared out among the controls; 0 means DefaultLimit, below 0 no limit
}

type handler struct {
	*digest.Digest
	w io.Writer
}

// New returns a handler that writes to w when the run ends.
func New(w io.Writer, o Options) report.Handler {
	switch {
	case o.Limit == 0:
		o.Limit = DefaultLimit
	case o.Limit < 0:
		o.Limit = 0
	}
	return &handler{Digest: digest.New(digest.Options{Total: o.Limit}), w: w}
}

// data is what the page shows.
type data struct {
	*digest.Digest
	Inputs, Honoured []string
	Version, Date    string
	Target, Objects  int
	Baseline         string
	Suppressed       int
	HasNew           bool
	Totals           []total
	Gaps             []gap
	GapsMore         int
	Rows             []report.Row
	LeftOut          int
	Exceptions       []report.ExceptionNote
}

type total struct {
	Name  string
	Count int
}

type gap struct{ Place, What, Why string }

// End implements report.Handler.
func (h *handler) End(s *report.Summary) error {
	t, err := parsed()
	if err != nil {
		return fmt.Errorf("writing HTML: %w", err)
	}
	w := bufio.NewWriter(h.w)
	fmt.Fprintf(w, `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Bulwark report</title>
<style>%s</style>
</head>
<body>
`, hash(style), hash(script), style)
	if err := t.Execute(w, h.data(s)); err != nil {
		return fmt.Errorf("writing HTML: %w", err)
	}
	fmt.Fprintf(w, "<script>%s</script>\n</body>\n</html>\n", script)
	if err := w.Flush(); err != nil {
		return fmt.Errorf("writing HTML: %w", err)
	}
	return nil
}

// hash is a source expression of a content security policy that allows exactly s.
func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func (h *handler) data(s *report.Summary) data {
	d := data{
		Digest: h.Digest, Inputs: h.Meta.Inputs, Honoured: h.Meta.Honoured, Version: h.Meta.Version, Target: h.Meta.Target,
		Objects: s.Objects, Suppressed: s.Suppressed, HasNew: s.New+s.Unchanged+s.Fixed > 0, Rows: s.Concepts,
		Exceptions: s.Exceptions[:min(len(s.Exceptions), maxNotes)], GapsMore: max(0, len(s.Gaps)-maxNotes),
	}
	if !h.Meta.Started.IsZero() {
		d.Date = h.Meta.Started.UTC().Format("2 January 2006, 15:04 UTC")
	}
	if d.HasNew {
		d.Baseline = fmt.Sprintf("Since the baseline: %d new, %d unchanged, %d fixed", s.New, s.Unchanged, s.Fixed)
	}
	for sev := control.Critical; ; sev-- {
		d.Totals = append(d.Totals, total{sev.String(), s.Counts[sev]})
		if sev == control.Info {
			break
		}
	}
	for _, g := range s.Gaps[:min(len(s.Gaps), maxNotes)] {
		d.Gaps = append(d.Gaps, gapOf(g))
	}
	for _, g := range h.Groups() {
		d.LeftOut += g.More()
	}
	return d
}

func gapOf(g world.Gap) gap {
	out := gap{Place: plain.Line(digest.At(g.Pos)), What: plain.Line(digest.What(g.What))}
	if g.Why != nil {
		out.Why = plain.Line(g.Why.Error())
	}
	return out
}

// parsed returns the template, which is parsed once.
var parsed = sync.OnceValues(func() (*template.Template, error) {
	return template.New("page").Funcs(template.FuncMap{
		"plain": plain.Line,
		"at":    func(p world.Pos) string { return plain.Line(digest.At(p)) },
		"place": placeOf,
		"rank":  func(s control.Severity) int { return int(s) },
		"isNew": func(f *control.Finding) bool { return f.Status == control.New },
		"doc":   doc,
		"bar":   bar,
		"edits": edits,
	}).Parse(page)
})
