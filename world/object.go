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

	pods    []PodTemplate
	doc     *Doc
	span    span
	content Content
}

// Content is a subject that is no Kubernetes object, such as a Dockerfile. It
// gives its own meaning to the paths that controls report.
type Content interface {
	// Resolve returns the value at a path, "" where it is more than a word; the
	// byte offset in the document's text that stands for the path, of the nearest
	// thing above where it is absent; and the path in a form that survives
	// changes elsewhere, for the identity of findings.
	Resolve(path string) (value string, at int, stable string)
}

// NewContent makes an Object of a text that is no Kubernetes object.
func NewContent(ref Ref, d *Doc, content Content) *Object {
	o := &Object{Ref: ref, Meta: new(metav1.ObjectMeta), doc: d, content: content, span: span{start: d.Start, end: d.End, line: d.Line}}
	if d.Line == 0 {
		o.span.line, _ = ytree.LineCol(d.Text, d.Start)
	}
	return o
}

// Content returns what NewContent was given, nil for Kubernetes objects.
func (o *Object) Content() Content { return o.content }

// span is the part of a document that holds one object; at is its path there ("items[3]" in a List).
type span struct {
	start, end int
	line       int // of start, 1-based
	at         string
}

// Doc is one document of a text source: a YAML document or a JSON file.
type Doc struct {
	File string // as shown to people: relative where possible, forward slashes
	Disk string // where an edit would be written; empty when the text is generated
	Root string // the input it belongs to: tells equal objects of several inputs apart
	Text string // the whole file
	// Start and End delimit the document within Text, in bytes; Line is the
	// 1-based line of Start, counted from the beginning when it is 0.
	Start, End int
	Line       int

	// Before is what the object was called in the file that it comes from, where a
	// build gave it another name or namespace; the zero Ref otherwise.
	Before Ref

	// NameHash is what a generator put behind the object's name and computed from
	// its content: it changes with the content and is no part of the identity.
	NameHash string

	// Locate, when set, maps a position in generated text to the source it came from.
	Locate func(Pos) Pos
}

// Doc returns the document the object was read from, or nil for an object of a live API.
func (o *Object) Doc() *Doc { return o.doc }

// At returns the object's path within its document: "" unless it is an item of a List.
func (o *Object) At() string { return o.span.at }

// StableName returns the object's name without a hash of its content.
func (o *Object) StableName() string {
	if o.doc == nil {
		return o.Name
	}
	return strings.TrimSuffix(o.Name, o.doc.NameHash)
}

// Live says whether the object was read from an API server.
func (o *Object) Live() bool { return o.doc == nil }

// Tree returns the object as a tree with positions. It is parsed anew at every
// call: callers that need it often keep it.
func (o *Object) Tree() *ytree.Node {
	return o.TreeIn(new(ytree.Arena))
}

// TreeIn is Tree with a tree that lasts until the next use of the arena.
func (o *Object) TreeIn(a *ytree.Arena) *ytree.Node {
	if o.content != nil {
		return &ytree.Node{Kind: ytree.Map}
	}
	if o.doc == nil {
		return treeOf(o.Typed)
	}
	n, err := a.Parse(o.doc.Text, o.span.start, o.span.end)
	if err != nil || n == nil {
		return &ytree.Node{Kind: ytree.Map}
	}
	return n
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
	if o.content != nil {
		_, at, _ := o.content.Resolve(path)
		return o.posAt(at, path)
	}
	arena := arenas.Get().(*ytree.Arena)
	defer arenas.Put(arena)
	return o.posAt(o.TreeIn(arena).Locate(path), path)
}

// posAt counts lines from the object's own start: files can be large.
func (o *Object) posAt(off int, path string) Pos {
	off = max(off, o.span.start)
	line := o.span.line + strings.Count(o.doc.Text[o.span.start:off], "\n")
	p := Pos{File: o.doc.File, Line: line, Col: ytree.Col(o.doc.Text, off), Path: path}
	if o.doc.Locate != nil {
		return o.doc.Locate(p)
	}
	return p
}

// Docs splits the text of base into its documents.
func Docs(base Doc) []*Doc {
	spans := ytree.Split(base.Text)
	docs := make([]*Doc, len(spans))
	line, at := 1, 0
	for i, s := range spans {
		line += strings.Count(base.Text[at:s.Start], "\n")
		at = s.Start
		d := base
		d.Start, d.End, d.Line = s.Start, s.End, line
		docs[i] = &d
	}
	return docs
}

// Place resolves several paths of one object in its tree. For each it returns
// the position, the scalar found there ("" unless it is one), and the path with
// list indices replaced by names, which survives reordering.
func (o *Object) Place(tree *ytree.Node, paths []string) []Placed {
	out := make([]Placed, len(paths))
	for i, path := range paths {
		if o.content != nil {
			value, at, stable := o.content.Resolve(path)
			out[i] = Placed{Pos: o.posAt(at, path), Value: value, Stable: stable}
			continue
		}
		n, at, stable := tree.Resolve(path)
		out[i].Stable = stable
		if n != nil && n.Scalar() {
			out[i].Value = n.Str
		}
		out[i].Pos = Pos{Path: path}
		if o.doc != nil {
			out[i].Pos = o.posAt(at, path)
		}
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
