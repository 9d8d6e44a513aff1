package rbac

import (
	"cmp"
	"slices"
	"strings"
)

// scoped is a list of bindings that can be asked for those of one namespace:
// cluster-wide ones first, then by namespace, each part in the snapshot's order.
type scoped struct {
	list []*Binding
	wide int // how many are cluster-wide

	subjects, wideSubjects int // of all bindings and of the cluster-wide ones
}

// room is how many subjects there are, of all bindings or about that many.
func (s *scoped) room(anywhere bool) int {
	if anywhere {
		return s.subjects
	}
	return s.wideSubjects
}

// all returns every binding. It works on nil, as do the others.
func (s *scoped) all() []*Binding {
	if s == nil {
		return nil
	}
	return s.list
}

// clusterWide returns the cluster-wide ones.
func (s *scoped) clusterWide() []*Binding {
	if s == nil {
		return nil
	}
	return s.list[:s.wide]
}

// in returns the RoleBindings of a namespace; none for the empty one, as a
// request without a namespace is not looked up in them.
func (s *scoped) in(namespace string) []*Binding {
	if s == nil || namespace == "" {
		return nil
	}
	narrow := s.list[s.wide:]
	from, found := slices.BinarySearchFunc(narrow, namespace, func(b *Binding, ns string) int { return strings.Compare(b.Ref.Namespace, ns) })
	if !found {
		return nil
	}
	to := from
	for to < len(narrow) && narrow[to].Ref.Namespace == namespace {
		to++
	}
	return narrow[from:to]
}

// narrow returns the RoleBindings of all namespaces.
func (s *scoped) narrow() []*Binding {
	if s == nil {
		return nil
	}
	return s.list[s.wide:]
}

// file adds a binding to the list under key, once.
func file[K comparable](m map[K]*scoped, key K, b *Binding) {
	s := m[key]
	if s == nil {
		s = new(scoped)
		m[key] = s
	}
	if n := len(s.list); n == 0 || s.list[n-1] != b {
		s.list = append(s.list, b)
	}
}

// arrange brings every list of a map into its order.
func arrange[K comparable](m map[K]*scoped) {
	for _, s := range m {
		slices.SortStableFunc(s.list, func(a, b *Binding) int {
			return cmp.Or(boolOrder(b.ClusterWide(), a.ClusterWide()), strings.Compare(a.Ref.Namespace, b.Ref.Namespace))
		})
		s.wide, s.subjects, s.wideSubjects = 0, 0, 0
		for _, b := range s.list {
			s.subjects += len(b.Subjects)
			if b.ClusterWide() {
				s.wide++
				s.wideSubjects += len(b.Subjects)
			}
		}
	}
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
