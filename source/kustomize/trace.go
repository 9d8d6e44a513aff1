package kustomize

import (
	"path"
	"path/filepath"
	"strings"
	"sync"

	"bulwark/internal/ytree"
	"bulwark/world"
)

// tracer finds where the fields of built objects were given.
type tracer struct {
	p       *project
	files   map[string][]sourceDoc // objects by real file
	patches []patch                // the last applied first
	layers  []*layer               // the outermost first
}

// patch is one patch document with the kustomization that applies it.
type patch struct {
	sourceDoc
	kind, name string // of the objects it is for, as far as it says; may be patterns
}

// collect lists the layers and their patches from the root down.
func (t *tracer) collect(l *layer, seen map[*layer]bool) {
	if seen[l] {
		return
	}
	seen[l] = true
	t.layers = append(t.layers, l)
	var own []patch
	for _, field := range [...]string{"patchesStrategicMerge", "patches", "patchesJson6902"} {
		list := l.tree.Get(field)
		if list == nil {
			continue
		}
		for i := range list.Items {
			own = append(own, t.patchOf(l, &list.Items[i])...)
		}
	}
	for i := len(own) - 1; i >= 0; i-- {
		t.patches = append(t.patches, own[i])
	}
	for i := len(l.below) - 1; i >= 0; i-- {
		t.collect(l.below[i], seen)
	}
}

// patchOf returns the documents of one entry of a list of patches.
func (t *tracer) patchOf(l *layer, item *ytree.Node) []patch {
	file, inline := item.Text("path"), item.Get("patch")
	if item.Kind == ytree.String {
		file = item.Str
		if strings.Contains(file, "\n") {
			file, inline = "", item
		}
	}
	var docs []sourceDoc
	switch {
	case file != "" && !l.refuse[file]:
		docs = t.docs(path.Join(l.shown, file), filepath.Join(l.dir, filepath.FromSlash(file)))
	case inline != nil && inline.Kind == ytree.String:
		docs = inlineDocs(l, inline)
	}
	target := item.Get("target")
	out := make([]patch, 0, len(docs))
	for _, d := range docs {
		p := patch{sourceDoc: d, kind: target.Text("kind"), name: target.Text("name")}
		if target == nil {
			p.kind, p.name = d.tree.Text("kind"), d.tree.Get("metadata").Text("name")
		}
		out = append(out, p)
	}
	return out
}

// inlineDocs parses a patch that stands in the kustomization itself. In a block
// scalar its lines are lines of the file, so it is parsed there; else every
// field is at the scalar.
func inlineDocs(l *layer, n *ytree.Node) []sourceDoc {
	docs := parseDocs(l.shownFile(), n.Str)
	if n.Style != ytree.Literal || n.End < 0 {
		for i := range docs {
			docs[i] = sourceDoc{docs[i].file, l.text[:n.Start+1], flat(docs[i].tree, n.Start)}
		}
		return docs
	}
	body := strings.IndexByte(l.text[n.Start:n.End], '\n')
	if body < 0 {
		return nil
	}
	start := int(n.Start) + body + 1
	tree, err := ytree.ParseAt(l.text, start, int(n.End))
	if err != nil || tree == nil {
		return nil
	}
	return []sourceDoc{{l.shownFile(), l.text, tree}}
}

// flat puts every node of a tree at one offset.
func flat(n *ytree.Node, off int32) *ytree.Node {
	n.Start = off
	for i := range n.Entries {
		n.Entries[i].KeyStart = off
		flat(&n.Entries[i].Value, off)
	}
	for i := range n.Items {
		flat(&n.Items[i], off)
	}
	return n
}

// fits says whether a patch is for an object, as far as can be told without
// selectors. Names may have gained a prefix and a suffix since.
func (p *patch) fits(object *ytree.Node) bool {
	if p.kind != "" && p.kind != object.Text("kind") && !strings.ContainsAny(p.kind, "|.*(") {
		return false
	}
	return p.name == "" || strings.ContainsAny(p.name, "|.*([") || strings.Contains(object.Get("metadata").Text("name"), p.name)
}

// traced is one built object.
type traced struct {
	t      *tracer
	tree   *ytree.Node
	origin *sourceDoc // the object in its resource file, nil for a generated one
	home   *layer     // the kustomization that generates it
	file   string     // as shown

	mu sync.Mutex
}

// locate is the world.Doc.Locate of the object: the last patch that sets the
// field or takes it away, else the resource file where the same field has the
// same value, else the patch that gives what it holds, else the kustomization.
func (o *traced) locate(p world.Pos) world.Pos {
	o.mu.Lock()
	defer o.mu.Unlock()
	way, next := walkDown(o.tree, p.Path)
	value := way[len(way)-1].node
	if pt, off, ok := o.decided(way, next); ok {
		return pt.pos(off, p.Path)
	}
	if o.origin != nil {
		if off, ok := follow(o.origin.tree, way, value); ok {
			return o.origin.pos(off, p.Path)
		}
	}
	for i := range o.t.patches {
		pt := &o.t.patches[i]
		if !pt.fits(o.tree) {
			continue
		}
		if off, ok := follow(pt.tree, way, value); ok {
			return pt.pos(off, p.Path)
		}
	}
	if o.origin == nil {
		return o.generated(p.Path)
	}
	for _, l := range o.t.layers {
		if off, ok := l.gives(o.tree, way, value); ok {
			return withPath(l.pos(off), p.Path)
		}
	}
	return withPath(o.t.p.root.pos(int(o.t.p.root.tree.Start)), p.Path)
}

func withPath(p world.Pos, fieldPath string) world.Pos {
	p.Path = fieldPath
	return p
}

// stepDown is one step from an object's root: the node and what leads to it.
type stepDown struct {
	key   string // of a map
	label string // that names a list item, "" when nothing does
	by    string // the item's key that the label stands at
	index int    // in a list, else -1
	node  *ytree.Node
}

// walkDown follows a path as far as it is there. The first step is the root;
// next is the step that leads nowhere, nil when there is none.
func walkDown(root *ytree.Node, fieldPath string) (way []stepDown, next *ytree.Step) {
	way = []stepDown{{index: -1, node: root}}
	n := root
	for _, s := range ytree.Steps(fieldPath) {
		d := stepDown{key: s.Key, index: -1}
		if n.Kind == ytree.Seq {
			if s.Index < 0 || s.Index >= len(n.Items) {
				return way, &s
			}
			d.index, d.node = s.Index, &n.Items[s.Index]
			d.by, d.label = nameOf(d.node)
		} else if d.node = n.Get(s.Key); d.node == nil {
			return way, &s
		}
		way = append(way, d)
		n = d.node
	}
	return way, nil
}

// nameOf returns what tells a list item from the others.
func nameOf(n *ytree.Node) (by, label string) {
	for _, key := range [...]string{"name", "mountPath", "containerPort", "port", "host", "secretName"} {
		if v := n.Get(key); v != nil && v.Scalar() && v.Str != "" {
			return key, v.Str
		}
	}
	return "", ""
}

// follow goes the same way in another tree and returns where it ends, if what
// is there is the same scalar, or both are no scalars.
func follow(n *ytree.Node, way []stepDown, value *ytree.Node) (off int, ok bool) {
	end, off := descend(n, way)
	return off, end != nil && sameValue(end, value)
}

func sameValue(a, b *ytree.Node) bool {
	if !a.Scalar() || !b.Scalar() {
		return a.Kind == b.Kind
	}
	return a.Str == b.Str
}

func child(n *ytree.Node, s *stepDown) (*ytree.Node, int) {
	if s.index < 0 {
		for i := len(n.Entries) - 1; i >= 0; i-- {
			if n.Entries[i].Key == s.key {
				return &n.Entries[i].Value, int(n.Entries[i].KeyStart)
			}
		}
		return nil, 0
	}
	for i := range n.Items {
		item := &n.Items[i]
		if s.by != "" {
			if v := item.Get(s.by); v != nil && v.Str == s.label {
				return item, int(item.Start)
			}
		} else if item.Scalar() && s.node.Scalar() && item.Str == s.node.Str {
			return item, int(item.Start)
		}
	}
	if s.by == "" && !s.node.Scalar() && s.index < len(n.Items) {
		return &n.Items[s.index], int(n.Items[s.index].Start)
	}
	return nil, 0
}
