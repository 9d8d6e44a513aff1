package kustomize

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"

	"bulwark/internal/ytree"
	"bulwark/world"
)

// originAnnotation is where kustomize writes which file an object came from.
const originAnnotation = "config.kubernetes.io/origin"

// add adds the built objects to b, each as a document of its own that points
// back at the files.
func (p *project) add(objects resmap.ResMap, b *world.Builder) error {
	t := &tracer{p: p, files: map[string][]sourceDoc{}}
	t.collect(p.root, map[*layer]bool{})
	for _, r := range objects.Resources() {
		origin, err := r.GetOrigin()
		if err != nil {
			origin = nil
		}
		hash := nameHash(r, origin)
		if err := strip(r); err != nil {
			return fmt.Errorf("taking the origin off %s: %w", r.CurId(), err)
		}
		text, err := r.AsYAML()
		if err != nil {
			return fmt.Errorf("writing %s: %w", r.CurId(), err)
		}
		d := t.doc(string(text), origin)
		d.NameHash = hash
		b.AddDoc(d)
	}
	return nil
}

// hashed is a name that ends in kustomize's hash of a content.
var hashed = regexp.MustCompile(`-[2456789bcdfghkmt]{10}$`)

// needsHash is how a resource that no generator made asks for a hash.
const needsHash = "kustomize.config.k8s.io/needs-hash"

// nameHash returns the hash of its content that kustomize put behind the name of a resource, "" for none.
func nameHash(r *resource.Resource, origin *resource.Origin) string {
	if !made(origin) && r.GetAnnotations()[needsHash] != "true" {
		return ""
	}
	return hashed.FindString(r.GetName())
}

// made says whether a generator made a resource. Kustomize says of one whose
// annotations a patch has written anew that the patch made it.
func made(origin *resource.Origin) bool {
	return origin != nil && strings.HasSuffix(origin.ConfiguredBy.Kind, "Generator")
}

// strip removes the annotation that the overlay made kustomize add.
func strip(r *resource.Resource) error {
	a := r.GetAnnotations()
	if _, ok := a[originAnnotation]; !ok {
		return nil
	}
	delete(a, originAnnotation)
	return r.SetAnnotations(a)
}

// doc makes the document of one object.
func (t *tracer) doc(text string, origin *resource.Origin) *world.Doc {
	d := &world.Doc{Root: t.p.root.shown, Text: text, Start: 0, End: len(text)}
	tree, err := ytree.ParseAt(text, 0, len(text))
	if err != nil || tree == nil {
		d.File = t.p.root.shownFile()
		return d // the builder says what is wrong
	}
	o := &traced{t: t, tree: tree, home: t.p.root}
	switch {
	case made(origin):
		o.home = t.layerOf(origin.ConfiguredIn)
		d.File = o.home.shownFile()
	case origin != nil && origin.Path != "":
		d.File = path.Join(t.p.root.shown, filepath.ToSlash(origin.Path))
		o.origin = t.find(d.File, filepath.Join(t.p.root.dir, origin.Path), tree)
	default:
		if origin != nil && origin.ConfiguredIn != "" {
			o.home = t.layerOf(origin.ConfiguredIn)
		}
		d.File = o.home.shownFile()
		if o.origin = t.search(tree); o.origin != nil {
			d.File = o.origin.file
		}
	}
	o.file = d.File
	if o.origin != nil {
		d.Before = originalRef(o.origin.tree)
	}
	d.Locate = o.locate
	return d
}

// originalRef is what a resource is called in its file. Kustomize's own patches name it so.
func originalRef(tree *ytree.Node) world.Ref {
	m := tree.Get("metadata")
	return world.Ref{Group: world.Group(tree.Text("apiVersion")), Kind: tree.Text("kind"), Namespace: m.Text("namespace"), Name: m.Text("name")}
}

// layerOf returns the kustomization whose file stands at a path relative to the root.
func (t *tracer) layerOf(file string) *layer {
	dir := filepath.Dir(filepath.Join(t.p.root.dir, file))
	if l := t.p.seen[dir]; l != nil {
		return l
	}
	return t.p.root
}

// sourceDoc is one object, or patch, of a file.
type sourceDoc struct {
	file string // as shown
	text string
	tree *ytree.Node
}

func (d *sourceDoc) pos(off int, fieldPath string) world.Pos {
	line, col := ytree.LineCol(d.text, off)
	return world.Pos{File: d.file, Line: line, Col: col, Path: fieldPath}
}

// find returns the document of a resource file that became an object, nil when
// it is not there. Names may have gained a prefix and a suffix.
func (t *tracer) find(shown, file string, object *ytree.Node) *sourceDoc {
	docs, ok := t.files[file]
	if !ok {
		docs = t.docs(shown, file)
		t.files[file] = docs
	}
	name := object.Get("metadata").Text("name")
	var best *sourceDoc
	for i := range docs {
		d := &docs[i]
		own := ownName(d)
		if d.tree.Text("kind") != object.Text("kind") || !strings.Contains(name, own) {
			continue
		}
		if best == nil || len(own) > len(ownName(best)) {
			best = d
		}
	}
	return best
}

// search looks through all resource files for an object of which kustomize does
// not say where it came from. It returns nil when none, or more than one, may be meant.
func (t *tracer) search(object *ytree.Node) *sourceDoc {
	var best *sourceDoc
	several := false
	for _, l := range t.layers {
		for i := range l.refs {
			r := &l.refs[i]
			if r.use != asResource || r.inline() || l.refuse[r.text] {
				continue
			}
			d := t.find(path.Join(l.shown, r.path), under(l.dir, r.path), object)
			switch {
			case d == nil || d == best:
			case best == nil || len(ownName(d)) > len(ownName(best)):
				best, several = d, false
			case len(ownName(d)) == len(ownName(best)):
				several = true
			}
		}
	}
	if several {
		return nil
	}
	return best
}

func ownName(d *sourceDoc) string { return d.tree.Get("metadata").Text("name") }

// docs parses the objects of a file; lists are unwrapped as kustomize does.
func (t *tracer) docs(shown, file string) []sourceDoc {
	data, err := t.p.fs.ReadFile(real(file))
	if err != nil {
		return nil
	}
	return parseDocs(shown, string(data))
}

func parseDocs(shown, text string) []sourceDoc {
	var docs []sourceDoc
	for _, s := range ytree.Split(text) {
		n, err := ytree.ParseAt(text, s.Start, s.End)
		if err != nil || n == nil {
			continue
		}
		items := n.Get("items")
		if items == nil || !strings.HasSuffix(n.Text("kind"), "List") {
			docs = append(docs, sourceDoc{shown, text, n})
			continue
		}
		for i := range items.Items {
			docs = append(docs, sourceDoc{shown, text, &items.Items[i]})
		}
	}
	return docs
}

func real(file string) string {
	if r, err := filepath.EvalSymlinks(file); err == nil {
		return r
	}
	return file
}
