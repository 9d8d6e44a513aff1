package world

import (
	"fmt"
	"iter"
	"maps"
	"slices"
)

// Completeness says how far an input can prove that something does not exist.
type Completeness uint8

const (
	// Auto trusts an absence when the input holds other objects of the same kind and namespace, or was a readable cluster.
	Auto Completeness = iota
	// Complete treats the input as the whole world.
	Complete
	// Partial never trusts an absence.
	Partial
)

// Snapshot is an immutable picture of a set of objects.
type Snapshot struct {
	objects []*Object
	byKind  map[string][]*Object
	byRef   map[Ref]*Object
	pods    []*Object
	gaps    []Gap
	gapped  map[string]error // kinds that could not be read
	live    map[string]bool  // kinds read from a live API without a gap

	present map[place]bool // where there is some object

	completeness Completeness
	target       int
}

// place is a kind and a namespace.
type place struct{ kind, namespace string }

// Target returns the Kubernetes minor version to judge for, such as 37 for 1.37.
func (s *Snapshot) Target() int { return s.target }

// Len returns the number of objects.
func (s *Snapshot) Len() int { return len(s.objects) }

// Objects yields all objects in a deterministic order: by source, file and position.
func (s *Snapshot) Objects() iter.Seq2[int, *Object] { return slices.All(s.objects) }

// Slice returns all objects in that order; it must not be changed.
func (s *Snapshot) Slice() []*Object { return s.objects }

// Repeated returns the objects whose reference an earlier object has too, as
// in two overlays of one base.
func (s *Snapshot) Repeated() map[*Object]bool {
	repeated := map[*Object]bool{}
	for _, o := range s.objects {
		if s.byRef[o.Ref] != o {
			repeated[o] = true
		}
	}
	return repeated
}

// All yields the objects of a kind, given as "Kind" or "Kind.group"; "pods"
// yields all that carry a pod template and "*" all there are.
func (s *Snapshot) All(kind string) iter.Seq[*Object] {
	switch kind {
	case "*":
		return slices.Values(s.objects)
	case "pods":
		return slices.Values(s.pods)
	}
	return slices.Values(s.byKind[kind])
}

// Count returns how many objects All would yield.
func (s *Snapshot) Count(kind string) int {
	switch kind {
	case "*":
		return len(s.objects)
	case "pods":
		return len(s.pods)
	}
	return len(s.byKind[kind])
}

// Get returns the object that ref names, or nil. Of several (the same object in
// two overlays) it returns the first.
func (s *Snapshot) Get(ref Ref) *Object { return s.byRef[ref] }

// Gaps returns what the sources could not read.
func (s *Snapshot) Gaps() []Gap { return s.gaps }

// Gapped returns why a kind could not be read, or nil.
// Of "pods", everything that carries pods, it is the first built-in kind that could not.
func (s *Snapshot) Gapped(kind string) error {
	if kind != "pods" || s.gapped[kind] != nil {
		return s.gapped[kind]
	}
	for _, k := range podKinds {
		if err := s.gapped[k]; err != nil {
			return err
		}
	}
	return nil
}

// podKinds are the built-in kinds that carry pods.
var podKinds = [...]string{
	"Pod", "Deployment.apps", "StatefulSet.apps", "DaemonSet.apps", "ReplicaSet.apps", "ReplicationController", "Job.batch", "CronJob.batch",
}

// Knows returns nil when the absence of an object of this kind in this
// namespace ("" for cluster-scoped kinds) proves that it does not exist, and
// otherwise why it does not.
func (s *Snapshot) Knows(kind, namespace string) error {
	if err := s.gapped[kind]; err != nil {
		return err
	}
	if s.completeness == Complete || s.live[kind] {
		return nil
	}
	if s.completeness == Auto && s.present[place{kind, namespace}] {
		return nil
	}
	where := ""
	if namespace != "" {
		where = " in namespace " + namespace
	}
	return fmt.Errorf("the input holds no %s%s, so it may be only a part: scan the whole, or say --scope complete", kind, where)
}

// With returns a snapshot in which obj replaces the object of the same
// reference or is added; the receiver is unchanged. It is the overlay that
// admission and what-if questions are judged on.
func (s *Snapshot) With(obj *Object) *Snapshot {
	b := s.Rebuild(func(*Object) bool { return true })
	i := slices.IndexFunc(b.objects, func(o *Object) bool { return o.Ref == obj.Ref })
	if i >= 0 {
		b.objects[i] = obj
	} else {
		b.objects = append(b.objects, obj)
	}
	return b.index()
}

// Rebuild returns a Builder with the settings of the snapshot and those of its
// objects that keep accepts, to which others can be added.
func (s *Snapshot) Rebuild(keep func(*Object) bool) *Builder {
	b := &Builder{Target: s.target, Completeness: s.completeness, gaps: slices.Clone(s.gaps), gapped: maps.Clone(s.gapped), live: maps.Clone(s.live)}
	for _, o := range s.objects {
		if keep(o) {
			b.objects = append(b.objects, o)
		}
	}
	return b
}
