package world

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	"bulwark/internal/ytree"
)

// NewestMinor is the newest Kubernetes minor version that this Bulwark knows (1.37).
const NewestMinor = 37

// MaxObjects bounds a snapshot: beyond it a source adds a gap and stops.
const MaxObjects = 2_000_000

// ErrNotObject is the reason of a gap for a document that is no Kubernetes object.
var ErrNotObject = errors.New("not a Kubernetes object: it has no apiVersion and kind")

// Builder collects the objects and gaps of a snapshot. Its methods may be
// called from several goroutines; the order of the snapshot does not depend on it.
type Builder struct {
	Target           int // Kubernetes minor to judge for; 0 means NewestMinor
	Completeness     Completeness
	DefaultNamespace string // given to namespaced file objects that have none; empty leaves them undecided

	mu      sync.Mutex
	objects []*Object
	gaps    []Gap
	gapped  map[string]error
	live    map[string]bool
}

// arenas are for trees that are forgotten once they are decoded.
var arenas = sync.Pool{New: func() any { return new(ytree.Arena) }}

// AddDoc adds every object of one text document: one, or the items of a List.
// Documents that hold nothing are ignored; what cannot be read becomes a gap.
func (b *Builder) AddDoc(d *Doc) {
	arena := arenas.Get().(*ytree.Arena)
	defer arenas.Put(arena)
	root, err := arena.Parse(d.Text, d.Start, d.End)
	if err != nil {
		b.AddGap(docGap(d, err))
		return
	}
	if root == nil || root.Kind == ytree.Null {
		return
	}
	if d.Line == 0 {
		d.Line, _ = ytree.LineCol(d.Text, d.Start)
	}
	b.addNode(d, root, "", d.lineAt(d.Start, d.Line, root))
}

// lineAt returns the line of a node, counted on from an earlier place.
func (d *Doc) lineAt(from, line int, n *ytree.Node) int {
	return line + strings.Count(d.Text[from:max(int(n.Start), from)], "\n")
}

// docGap positions a parse error within the whole file.
func docGap(d *Doc, err error) Gap {
	p := Pos{File: d.File}
	var syntax *ytree.SyntaxError
	if errors.As(err, &syntax) {
		p.Line, p.Col = ytree.LineCol(d.Text, syntax.Offset)
	}
	if d.Locate != nil {
		p = d.Locate(p)
	}
	return Gap{Pos: p, Why: fmt.Errorf("reading this document: %w", err)}
}

// addNode adds the object or the objects of one node, which starts on the given line.
func (b *Builder) addNode(d *Doc, n *ytree.Node, at string, line int) {
	if n.Kind != ytree.Map {
		b.AddGap(nodeGap(d, n, line, fmt.Errorf("%w (the document is %s)", ErrNotObject, n.Kind)))
		return
	}
	apiVersion, kind := n.Text("apiVersion"), n.Text("kind")
	if apiVersion == "" || kind == "" {
		b.AddGap(nodeGap(d, n, line, ErrNotObject))
		return
	}
	if items := n.Get("items"); items != nil && strings.HasSuffix(kind, "List") && items.Kind == ytree.Seq {
		b.addItems(d, items, apiVersion, strings.TrimSuffix(kind, "List"), at, int(n.Start), line)
		return
	}
	o := newFileObject(d, n, apiVersion, kind, at, line)
	if o.Namespace == "" && b.DefaultNamespace != "" && Namespaced(o.GroupKind()) {
		o.Namespace = b.DefaultNamespace
	}
	b.Add(o)
}

// addItems unwraps a List. Items of a typed list (PodList) may leave out apiVersion and kind.
func (b *Builder) addItems(d *Doc, items *ytree.Node, apiVersion, itemKind, at string, parentStart, line int) {
	from := parentStart
	for i := range items.Items {
		item := &items.Items[i]
		line = d.lineAt(from, line, item)
		from = max(from, int(item.Start))
		itemAt := JoinPath(at, fmt.Sprintf("items[%d]", i))
		if itemKind != "" && item.Kind == ytree.Map && item.Get("kind") == nil {
			b.Add(newFileObject(d, item, apiVersion, itemKind, itemAt, line))
			continue
		}
		b.addNode(d, item, itemAt, line)
	}
}

func nodeGap(d *Doc, n *ytree.Node, line int, err error) Gap {
	p := Pos{File: d.File, Line: line, Col: ytree.Col(d.Text, int(n.Start))}
	if d.Locate != nil {
		p = d.Locate(p)
	}
	return Gap{Pos: p, Why: err}
}

// newFileObject reads one object of a document: typed and defaulted where its kind is known.
func newFileObject(d *Doc, n *ytree.Node, apiVersion, kind, at string, line int) *Object {
	o := &Object{APIVersion: apiVersion, Tier: Declared, Meta: new(metav1.ObjectMeta), doc: d,
		span: span{start: int(n.Start), end: spanEnd(d, n), line: line, at: at}}
	o.Group, o.Kind = Group(apiVersion), kind
	gv, _ := schema.ParseGroupVersion(apiVersion)
	if typed, err := scheme.Scheme.New(gv.WithKind(kind)); err == nil {
		o.Problems = ytree.Decode(n, typed)
		o.Typed = typed
		if acc, ok := typed.(metav1.Object); ok {
			o.Meta = metaOf(typed, acc)
		}
		Normalize(typed)
		o.pods = typedPods(typed)
	} else {
		if m := n.Get("metadata"); m != nil {
			ytree.Decode(m, o.Meta)
		}
		o.pods = structuralPods(n, kind)
	}
	o.Namespace, o.Name = o.Meta.Namespace, o.Meta.Name
	if o.Name == "" {
		o.Name = o.Meta.GenerateName
	}
	return o
}

func spanEnd(d *Doc, n *ytree.Node) int {
	if n.End < 0 {
		return d.End
	}
	return int(n.End)
}

// metaOf finds the ObjectMeta inside a typed object without copying it.
func metaOf(typed runtime.Object, acc metav1.Object) *metav1.ObjectMeta {
	if a, ok := typed.(metav1.ObjectMetaAccessor); ok {
		if m, ok := a.GetObjectMeta().(*metav1.ObjectMeta); ok {
			return m
		}
	}
	return &metav1.ObjectMeta{Name: acc.GetName(), Namespace: acc.GetNamespace(), Labels: acc.GetLabels(), Annotations: acc.GetAnnotations()}
}

// NewObject makes an Object of a typed object of a live API. The object is
// normalised in place and must not be changed afterwards.
func NewObject(apiVersion, kind string, typed runtime.Object, tier Tier) *Object {
	o := &Object{APIVersion: apiVersion, Tier: tier, Typed: typed, Meta: new(metav1.ObjectMeta)}
	o.Group, o.Kind = Group(apiVersion), kind
	if acc, ok := typed.(metav1.Object); ok {
		o.Meta = metaOf(typed, acc)
		o.Meta.ManagedFields = nil
	}
	o.Namespace, o.Name = o.Meta.Namespace, o.Meta.Name
	Normalize(typed)
	if o.pods = typedPods(typed); o.pods == nil {
		if _, known := typed.(runtime.Unstructured); known {
			o.pods = structuralPods(treeOf(typed), kind)
		}
	}
	return o
}

// Add adds one object.
func (b *Builder) Add(o *Object) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.objects) >= MaxObjects {
		if len(b.objects) == MaxObjects && (len(b.gaps) == 0 || b.gaps[len(b.gaps)-1].What.Kind != "*") {
			b.gaps = append(b.gaps, Gap{What: Ref{Kind: "*"}, Why: fmt.Errorf("more than %d objects: scan namespace by namespace", MaxObjects)})
		}
		return
	}
	b.objects = append(b.objects, o)
}

// AddGap records something that could not be read.
func (b *Builder) AddGap(g Gap) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gaps = append(b.gaps, g)
}

// AddKindGap records that a whole kind ("Kind" or "Kind.group") could not be read.
func (b *Builder) AddKindGap(kind string, why error) {
	k, group, _ := strings.Cut(kind, ".")
	b.AddGap(Gap{What: Ref{Kind: k, Group: group}, Why: why})
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gapped == nil {
		b.gapped = map[string]error{}
	}
	b.gapped[kind] = why
}

// MarkLive records that a kind was read whole from a live API.
func (b *Builder) MarkLive(kind string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.live == nil {
		b.live = map[string]bool{}
	}
	b.live[kind] = true
}

// Snapshot returns what was collected, in an order that depends only on it.
func (b *Builder) Snapshot() *Snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	sortObjects(b.objects)
	sortGaps(b.gaps)
	return b.index()
}

func (b *Builder) index() *Snapshot {
	s := &Snapshot{
		objects: b.objects, gaps: b.gaps, gapped: b.gapped, live: b.live,
		completeness: b.Completeness, target: b.Target,
		byKind: map[string][]*Object{}, present: map[place]bool{}, byRef: make(map[Ref]*Object, len(b.objects)),
	}
	if s.target == 0 {
		s.target = NewestMinor
	}
	for _, o := range s.objects {
		gk := o.GroupKind()
		s.byKind[gk] = append(s.byKind[gk], o)
		s.present[place{gk, o.Namespace}] = true
		if _, seen := s.byRef[o.Ref]; !seen {
			s.byRef[o.Ref] = o
		}
		if len(o.pods) > 0 {
			s.pods = append(s.pods, o)
		}
	}
	return s
}
