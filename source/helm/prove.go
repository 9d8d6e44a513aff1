package helm

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"time"

	"bulwark/internal/ytree"
	"bulwark/world"
)

// Limits of one search for a value.
const (
	proofTime    = 15 * time.Second
	proofRenders = 40
)

// ErrNoValue says that no value of the chart was found to drive a field: the
// template itself has to be changed.
var ErrNoValue = errors.New("no value of the chart drives this field")

// Field is one field of one object that a chart gives.
type Field struct {
	Template string    // the file of the object's document, as shown
	Object   world.Ref // a namespace that the template leaves open is not compared
	Path     string    // of the field within the object; it may be absent

	// Want, when set, is the value that the field is to have, JSON-like as in
	// control.Edit. When nil any value that moves the field is looked for.
	Want any
}

// Proof is a value of the chart that was seen to drive a field.
type Proof struct {
	Key     string // path below .Values of the chart, such as image.tag or redis.master.args[0]
	Current any    // its value today, nil when it has none
	Set     bool   // it comes from --set or --set-string: no file gives it

	// File and Disk are the values file to edit: the one that gives the key
	// today, else the chart's own values.yaml. Line is the key's, 0 when it is
	// not there yet. Disk is empty when the file is in an archive.
	File string
	Disk string
	Line int

	// Others counts the other objects that change with the value.
	Others int
}

// ValuesPath finds which value of the chart drives a field, by rendering the
// template again with one value changed and looking whether the field follows;
// with f.Want, whether it gets that value. It returns ErrNoValue when there is
// none among the values that the template and its includes refer to, or when
// the limits (40 renderings, 15 seconds) end before one is found.
func (c *Chart) ValuesPath(ctx context.Context, f Field) (Proof, error) {
	ctx, cancel := context.WithTimeout(ctx, proofTime)
	defer cancel()
	s, err := c.search(ctx, f)
	if err != nil {
		return Proof{}, fmt.Errorf("looking for the value behind %s of %s: %w", f.Path, f.Object, err)
	}
	for i, cand := range s.candidates() {
		if i >= proofRenders || ctx.Err() != nil {
			break
		}
		if others, ok := s.try(ctx, cand); ok {
			p := c.whereSet(cand.key)
			p.Key, p.Current, p.Others = cand.key, cand.current, others
			return p, nil
		}
	}
	return Proof{}, fmt.Errorf("%s of %s: %w", f.Path, f.Object, ErrNoValue)
}

// search is one question and what the chart gives without any change.
type search struct {
	c      *Chart
	field  Field
	name   string // Helm's name of the template
	values map[string]any
	base   *rendering
	only   string        // set when the template gives the same without the others
	docs   []ytreeObject // of the template
	node   *ytree.Node   // the field today, nil when absent
}

type ytreeObject struct {
	ref  world.Ref
	json string
	tree *ytree.Node
}

func (c *Chart) search(ctx context.Context, f Field) (*search, error) {
	base, err := c.base(ctx)
	if err != nil {
		return nil, err
	}
	s := &search{c: c, field: f, base: base}
	for name, file := range base.in.files {
		if _, ok := base.texts[name]; !ok || c.show(base.in.sources[file]) != f.Template {
			continue
		}
		docs := objectsOf(base.texts[name])
		if tree := find(docs, f.Object); tree != nil {
			s.name, s.docs, s.node = name, docs, tree.Lookup(f.Path)
			break
		}
	}
	if s.name == "" {
		return nil, fmt.Errorf("%s gives no such object", f.Template)
	}
	if s.values, err = c.allValues(); err != nil {
		return nil, err
	}
	if alone, err := c.render(ctx, c.user.merged, s.name); err == nil && alone.texts[s.name] == base.texts[s.name] {
		s.only = s.name
	}
	return s, nil
}

// allValues returns the values that the chart's templates see.
func (c *Chart) allValues() (map[string]any, error) {
	in, err := c.load()
	if err != nil {
		return nil, err
	}
	top, err := c.prepare(in, c.user.merged)
	if err != nil {
		return nil, err
	}
	return asMap(top["Values"]), nil
}

// objectsOf parses the objects of a rendered text; what is no object is left out.
func objectsOf(text string) []ytreeObject {
	var list []ytreeObject
	for _, span := range ytree.Split(text) {
		n, err := ytree.ParseAt(text, span.Start, span.End)
		if err != nil || n == nil || n.Kind != ytree.Map {
			continue
		}
		meta := n.Get("metadata")
		list = append(list, ytreeObject{tree: n, json: string(n.AppendJSON(nil)), ref: world.Ref{
			Group: world.Group(n.Text("apiVersion")), Kind: n.Text("kind"),
			Namespace: meta.Text("namespace"), Name: meta.Text("name")}})
	}
	return list
}

// find returns the object of a reference; a namespace that the text leaves open matches any.
func find(list []ytreeObject, ref world.Ref) *ytree.Node {
	for _, o := range list {
		same := o.ref
		if same.Namespace == "" {
			same.Namespace = ref.Namespace
		}
		if same == ref {
			return o.tree
		}
	}
	return nil
}

// try renders with one value changed. others counts the other objects of the
// template, or with no shortcut of the chart, that change too.
func (s *search) try(ctx context.Context, cand candidate) (others int, ok bool) {
	values, ok := withValue(s.c.user.merged, s.values, cand.steps, cand.trial)
	if !ok {
		return 0, false
	}
	r, err := s.c.render(ctx, values, s.only)
	if err != nil || len(r.failed) > len(s.base.failed) || len(r.lax) > len(s.base.lax) {
		return 0, false
	}
	docs := objectsOf(r.texts[s.name])
	tree := find(docs, s.field.Object)
	if tree == nil || len(docs) != len(s.docs) || !s.reached(tree.Lookup(s.field.Path)) {
		return 0, false
	}
	return s.changed(r), true
}

// reached says whether the field now is what was asked for.
func (s *search) reached(n *ytree.Node) bool {
	if n == nil {
		return false
	}
	if s.field.Want == nil {
		return s.node == nil || string(n.AppendJSON(nil)) != string(s.node.AppendJSON(nil))
	}
	return sameValue(n, s.field.Want)
}

// changed counts the objects, but for the one asked about, that differ from the baseline.
func (s *search) changed(r *rendering) int {
	count := -1 // the object itself
	for name, text := range r.texts {
		if text == s.base.texts[name] || path.Base(name) == notes {
			continue
		}
		before := map[string]int{}
		for _, o := range objectsOf(s.base.texts[name]) {
			before[o.json]++
		}
		for _, o := range objectsOf(text) {
			if before[o.json]--; before[o.json] < 0 {
				count++
			}
		}
	}
	return max(count, 0)
}

// whereSet finds the file that gives a key its value.
func (c *Chart) whereSet(key string) Proof {
	if lookup(c.user.set, ytree.Steps(key)) != nil {
		return Proof{Set: true}
	}
	for i := len(c.user.files) - 1; i >= 0; i-- {
		f := c.user.files[i]
		if line := keyLine(f.text, key); line > 0 {
			return Proof{File: filepath.ToSlash(f.name), Disk: f.name, Line: line}
		}
	}
	p := Proof{File: c.show("values.yaml"), Line: keyLine(c.text("values.yaml"), key)}
	if !c.packed {
		p.Disk = filepath.Join(c.disk, "values.yaml")
	}
	return p
}

// keyLine returns the line of a key in a values file, 0 when it is not there.
func keyLine(text, key string) int {
	for _, span := range ytree.Split(text) {
		n, err := ytree.ParseAt(text, span.Start, span.End)
		if err != nil || n == nil || n.Lookup(key) == nil {
			continue
		}
		line, _ := ytree.LineCol(text, n.Locate(key))
		return line
	}
	return 0
}
