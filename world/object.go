package world

import (
	"encoding/json"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"bulwark/internal/ytree"
)

// Object is one subject as a source saw it. It is immutable once built.
type Object struct {
	Ref
	APIVersion string
	Tier       Tier

	// Typed is the object in its Go type after normalisation, nil for kinds
	// that client-go does not know.
	Typed runtime.Object

	// Meta is the object's metadata, never nil.
	Meta *metav1.ObjectMeta

	// Problems lists what strict decoding would refuse: unknown fields, duplicate keys, wrong types.
	Problems []ytree.Problem

	pods []PodTemplate
	doc  *Doc
	span span
}

// span is the part of a document that holds one object; at is its path there ("items[3]" in a List).
type span struct {
	start, end int
	at         string
}

// Doc is one document of a text source: a YAML document or a JSON file.
type Doc struct {
	File string // as shown to people: relative where possible, forward slashes
	Disk string // where an edit would be written; empty when the text is generated
	Root string // the input it belongs to: tells equal objects of several inputs apart
	Text string // the whole file
	// Start and End delimit the document within Text, in bytes.
	Start, End int

	// Locate, when set, maps a position in generated text to the source it came from.
	Locate func(Pos) Pos
}

// Doc returns the document the object was read from, or nil for an object of a live API.
func (o *Object) Doc() *Doc { return o.doc }

// At returns the object's path within its document: "" unless it is an item of a List.
func (o *Object) At() string { return o.span.at }

// Live says whether the object was read from an API server.
func (o *Object) Live() bool { return o.doc == nil }

// Tree returns the object as a tree with positions. It is parsed anew at every
// call: callers that need it often keep it.
func (o *Object) Tree() *ytree.Node {
	if o.doc != nil {
		n, err := ytree.ParseAt(o.doc.Text, o.span.start, o.span.end)
		if err != nil {
			return &ytree.Node{Kind: ytree.Map}
		}
		return n
	}
	return treeOf(o.Typed)
}

func treeOf(v any) *ytree.Node {
	empty := &ytree.Node{Kind: ytree.Map}
	b, err := json.Marshal(v)
	if err != nil {
		return empty
	}
	n, err := ytree.ParseAt(string(b), 0, len(b))
	if err != nil || n == nil {
		return empty
	}
	return n
}

// Decode reads the object, or the part of it at path, into v, which has json
// tags. It is for custom resources, whose types client-go does not know. Fields
// that v lacks are ignored; fields of the wrong type are an error.
func (o *Object) Decode(path string, v any) error {
	n := o.Tree().Lookup(path)
	if n == nil {
		return nil
	}
	for _, p := range ytree.Decode(n, v) {
		if p.Kind == ytree.WrongType {
			return fmt.Errorf("reading %s of %s: %s", JoinPath(path, p.Path), o.Ref, p.Message)
		}
	}
	return nil
}

// Pos returns where path stands in the source; for a path that is absent, the
// nearest parent that is there.
func (o *Object) Pos(path string) Pos {
	if o.doc == nil {
		return Pos{Path: path}
	}
	return o.doc.position(o.Tree(), path)
}

func (d *Doc) position(tree *ytree.Node, path string) Pos {
	off := tree.Locate(path)
	line, col := ytree.LineCol(d.Text, off)
	p := Pos{File: d.File, Line: line, Col: col, Path: path}
	if d.Locate != nil {
		return d.Locate(p)
	}
	return p
}

// Place resolves several paths of one object with a single parse. For each it
// returns the position, the scalar found there ("" unless it is one), and the
// path with list indices replaced by names, which survives reordering.
func (o *Object) Place(paths []string) []Placed {
	tree := o.Tree()
	out := make([]Placed, len(paths))
	for i, path := range paths {
		out[i].Stable = tree.StablePath(path)
		if n := tree.Lookup(path); n != nil && n.Scalar() {
			out[i].Value = n.Str
		}
		if o.doc == nil {
			out[i].Pos = Pos{Path: path}
			continue
		}
		out[i].Pos = o.doc.position(tree, path)
	}
	return out
}

// Placed is one path of an object resolved by Place.
type Placed struct {
	Pos    Pos
	Value  string
	Stable string
}

// Annotation returns the value of an annotation of the object, "" when absent.
func (o *Object) Annotation(key string) string { return o.Meta.Annotations[key] }

// Origin returns the file the object came from, or "cluster" for a live one.
func (o *Object) Origin() string {
	if o.doc == nil {
		return "cluster"
	}
	return o.doc.File
}

// Group returns the API group of an apiVersion such as "apps/v1"; "" for the core group.
func Group(apiVersion string) string {
	group, _, found := strings.Cut(apiVersion, "/")
	if !found {
		return ""
	}
	return group
}

// Span returns the bytes of the document's text that hold the object. For an
// object that has its document for itself that is the whole document.
func (o *Object) Span() (start, end int) {
	if o.span.at == "" && o.doc != nil {
		return o.doc.Start, o.doc.End
	}
	return o.span.start, o.span.end
}
