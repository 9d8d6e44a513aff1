package control

import (
	"errors"
	"fmt"
	"iter"
	"sync"

	"bulwark/world"
)

// Fact is knowledge derived once from a whole snapshot and shared by the
// controls that require it. Derive may look only at the kinds it declares and
// at the facts it requires; anything else panics, so that what must be
// collected and what must be recomputed can be read from the declaration.
type Fact[T any] struct {
	Name     string
	Doc      string
	Kinds    []string
	Requires []AnyFact
	Derive   func(*View) (T, error)

	// Partial facts are derived also when some of their kinds could not be read:
	// they ask View.Gapped and answer unknown where it matters. Any other fact
	// then ends in the reason why the kind is missing.
	Partial bool
}

// AnyFact is a Fact of any type.
type AnyFact interface {
	factName() string
	factKinds() []string
	factRequires() []AnyFact
	factPartial() bool
	derive(*View) (any, error)
}

func (f *Fact[T]) factName() string            { return f.Name }
func (f *Fact[T]) factKinds() []string         { return f.Kinds }
func (f *Fact[T]) factRequires() []AnyFact     { return f.Requires }
func (f *Fact[T]) factPartial() bool           { return f.Partial }
func (f *Fact[T]) derive(v *View) (any, error) { return f.Derive(v) }

// Asker is what a fact can be asked on behalf of: a Pass or a View.
type Asker interface {
	ask(AnyFact) (any, error)
}

// Of returns the fact for the snapshot that a is about. It panics when the
// asker does not declare the fact in Requires.
func (f *Fact[T]) Of(a Asker) (T, error) {
	v, err := a.ask(f)
	if err != nil {
		var zero T
		return zero, err
	}
	return v.(T), nil
}

// In returns the fact for a snapshot outside of a run, for commands that ask
// one question. Everything it rests on is computed anew.
func (f *Fact[T]) In(snap *world.Snapshot) (T, error) {
	return f.Of(&asker{fs: &facts{snap: snap}})
}

// asker asks for any fact.
type asker struct{ fs *facts }

func (a *asker) ask(f AnyFact) (any, error) { return a.fs.of(f) }

// View is what a Fact sees of the world.
type View struct {
	fact AnyFact
	run  *facts
}

// All yields the objects of one declared kind ("Kind" or "Kind.group", Pods or
// AnyKind), in a deterministic order.
func (v *View) All(kind string) iter.Seq[*world.Object] {
	v.mustDeclare(kind)
	return v.run.snap.All(kind)
}

// Get returns the object that ref names, or nil. Its kind must be declared.
func (v *View) Get(ref world.Ref) *world.Object {
	v.mustDeclare(ref.GroupKind())
	return v.run.snap.Get(ref)
}

// Knows says whether the absence of an object of this kind in this namespace
// proves anything: see world.Snapshot.Knows.
func (v *View) Knows(kind, namespace string) error {
	v.mustDeclare(kind)
	return v.run.snap.Knows(kind, namespace)
}

// Gapped returns why a declared kind could not be read, or nil. Facts that are
// not Partial need not ask.
func (v *View) Gapped(kind string) error {
	v.mustDeclare(kind)
	return v.run.snap.Gapped(kind)
}

// Target returns the Kubernetes minor version that the snapshot is judged for.
func (v *View) Target() int { return v.run.snap.Target() }

func (v *View) mustDeclare(kind string) {
	for _, k := range v.fact.factKinds() {
		if k == kind || k == AnyKind {
			return
		}
	}
	panic(fmt.Sprintf("fact %s looks at kind %s without declaring it", v.fact.factName(), kind))
}

func (v *View) ask(f AnyFact) (any, error) {
	if !contains(v.fact.factRequires(), f) {
		panic(fmt.Sprintf("fact %s asks for fact %s without requiring it", v.fact.factName(), f.factName()))
	}
	return v.run.of(f)
}

// facts computes each fact of one snapshot at most once.
type facts struct {
	snap   *world.Snapshot
	strict bool     // let panics through, for tests
	done   sync.Map // cells by AnyFact
	once   sync.Map // what controls keep for a run: see Once
	places sync.Map // positions by place
}

type cell struct {
	once  sync.Once
	value any
	err   error
}

func (fs *facts) of(f AnyFact) (any, error) {
	known, ok := fs.done.Load(f)
	if !ok {
		known, _ = fs.done.LoadOrStore(f, new(cell))
	}
	c := known.(*cell)
	c.once.Do(func() {
		c.value, c.err = fs.derive(f)
		var unread *unreadError
		switch {
		case errors.As(c.err, &unread):
			c.err = unread
		case c.err != nil:
			c.err = fmt.Errorf("deriving fact %s: %w", f.factName(), c.err)
		}
	})
	return c.value, c.err
}

// unreadError is why a kind could not be read. It is told as it is, through
// however many facts it comes: it says what to do.
type unreadError struct{ error }

func (e *unreadError) Unwrap() error { return e.error }

// pos returns where a field stands. What findings relate to, such as the Service
// that exposes a workload, is asked for many times.
func (fs *facts) pos(p place) world.Pos {
	if at, ok := fs.places.Load(p); ok {
		return at.(world.Pos)
	}
	at := p.object.Pos(p.path)
	fs.places.Store(p, at)
	return at
}

// derive computes a fact, unless a kind that it rests on could not be read.
func (fs *facts) derive(f AnyFact) (v any, err error) {
	if !f.factPartial() {
		for _, kind := range f.factKinds() {
			if err := fs.snap.Gapped(kind); err != nil {
				return nil, &unreadError{err}
			}
		}
	}
	if !fs.strict {
		defer func() {
			if x := recover(); x != nil {
				err = fmt.Errorf("this is a defect of Bulwark, please report it: %v", x)
			}
		}()
	}
	return f.derive(&View{fact: f, run: fs})
}

func contains(fs []AnyFact, f AnyFact) bool {
	for _, g := range fs {
		if g == f {
			return true
		}
	}
	return false
}
