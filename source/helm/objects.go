package helm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	chart "helm.sh/helm/v4/pkg/chart/v2"

	"bulwark/internal/ytree"
	"bulwark/world"
)

// notes is the template that is shown to people, not applied.
const notes = "NOTES.txt"

// hookAnnotation makes an object a hook of the release.
const hookAnnotation = "helm.sh/hook"

// Add renders the chart and adds its objects to b: what the templates give and
// the files in crds/. Templates that fail, and sub-charts that are missing,
// become gaps. The error is non-nil when the chart gave nothing at all.
func (c *Chart) Add(ctx context.Context, b *world.Builder) error {
	r, err := c.base(ctx)
	if err != nil {
		return fmt.Errorf("rendering chart %s: %w", c.shown, err)
	}
	own := &world.Builder{Target: b.Target, DefaultNamespace: c.opts.Namespace}
	c.missing(r.in, r.in.root, own)
	for _, name := range slices.Sorted(maps.Keys(r.texts)) {
		if path.Base(name) != notes {
			c.addText(own, r, name)
		}
	}
	c.addGaps(own, r)
	c.addCRDs(own, r.in.root, r.in)
	b.Merge(own)
	return nil
}

// base renders the chart with the values it was given, once.
func (c *Chart) base(ctx context.Context) (*rendering, error) {
	if c.baseline != nil {
		return c.baseline, nil
	}
	r, err := c.render(ctx, c.user.merged, "")
	if err == nil {
		c.baseline = r
	}
	return r, err
}

// addText adds the objects of one template's output.
func (c *Chart) addText(b *world.Builder, r *rendering, name string) {
	text := r.texts[name]
	file := r.in.sources[r.in.files[name]]
	lines := &alignment{template: c.text(file), rendered: text}
	for _, s := range ytree.Split(text) {
		d := &world.Doc{File: c.show(file), Root: c.shown, Text: text, Start: s.Start, End: s.End, Locate: lines.locate}
		n, err := ytree.ParseAt(text, s.Start, s.End)
		if err != nil {
			b.AddGap(renderedGap(d, err))
			continue
		}
		if n == nil || !c.opts.Tests && isTest(n) {
			continue
		}
		if n.Kind != ytree.Null && (n.Text("apiVersion") == "" || n.Text("kind") == "") {
			line, _ := ytree.LineCol(text, int(n.Start))
			b.AddGap(world.Gap{Pos: d.Locate(world.Pos{File: d.File, Line: line}), Why: world.ErrNotObject})
			continue
		}
		b.AddDoc(d)
	}
}

// renderedGap says that a template's output is no YAML, and quotes no line of
// it: it may hold a secret.
func renderedGap(d *world.Doc, err error) world.Gap {
	p := world.Pos{File: d.File, Line: 1, Col: 1}
	var syntax *ytree.SyntaxError
	line := 0
	if errors.As(err, &syntax) {
		line, _ = ytree.LineCol(d.Text, syntax.Offset)
		p = d.Locate(world.Pos{File: d.File, Line: line, Col: 1})
	}
	return world.Gap{Pos: p, Why: fmt.Errorf("reading what this template gives (its output's line %d): %w", line, err)}
}

// isTest says whether an object is made by "helm test" alone.
func isTest(n *ytree.Node) bool {
	if n.Kind != ytree.Map {
		return false
	}
	hook := n.Get("metadata").Get("annotations").Text(hookAnnotation)
	if hook == "" {
		return false
	}
	for _, h := range strings.Split(hook, ",") {
		if h = strings.TrimSpace(h); h != "test" && h != "test-success" && h != "test-failure" {
			return false
		}
	}
	return true
}

// addGaps records the templates that failed and those that worked only in part.
func (c *Chart) addGaps(b *world.Builder, r *rendering) {
	for name, why := range r.failed {
		b.AddGap(c.templateGap(r, name, fmt.Errorf("this template cannot be rendered, so its objects are not judged: %w", plain(why))))
	}
	for name, why := range r.lax {
		b.AddGap(c.templateGap(r, name, fmt.Errorf("this template refuses the values (%w): judged as if required and fail were not there; give the values with --values or --set", plain(why))))
	}
}

// column matches a line and column; columns are those of the instrumented text.
var column = regexp.MustCompile(`(\.\w+:\d+):\d+`)

// plain takes the wrapper off and puts an error on one line.
func plain(err error) error {
	return errors.New(column.ReplaceAllString(strings.Join(strings.Fields(err.Error()), " "), "$1"))
}

func (c *Chart) templateGap(r *rendering, name string, why error) world.Gap {
	pos := world.Pos{File: c.show(r.in.sources[r.in.files[name]])}
	pos.Line = 1
	if _, rest, ok := strings.Cut(why.Error(), name+":"); ok {
		digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
		if line, err := strconv.Atoi(digits); err == nil {
			pos.Line = line
		}
	}
	return world.Gap{Pos: pos, Why: why}
}

// addCRDs adds the files that Helm applies as they are.
func (c *Chart) addCRDs(b *world.Builder, ch *chart.Chart, in *instance) {
	for _, f := range ch.CRDObjects() {
		name := in.sources[f.File]
		text := string(f.File.Data)
		disk := ""
		if !c.packed && !strings.Contains(name, packed) {
			disk = filepath.Join(c.disk, filepath.FromSlash(name))
		}
		for _, s := range ytree.Split(text) {
			b.AddDoc(&world.Doc{File: c.show(name), Disk: disk, Root: c.shown, Text: text, Start: s.Start, End: s.End})
		}
	}
}
