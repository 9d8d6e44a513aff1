// Package rbac answers who may do what. From the objects of a snapshot it
// derives every role with its final rules and every binding with the role it
// hands over (Policy), indexed in both directions (Index), and takes the
// decisions of the API server: those of the RBAC authorizer, of the Node
// authorizer (Nodes), of the whole chain (Authorizer), of impersonation and of
// the checks that keep people from granting what they do not hold.
// Kubernetes' own roles and bindings, which no folder of manifests holds, are
// filled in from data of version 1.37.
package rbac

import (
	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/control"
	"bulwark/world"
)

// Kinds of the four RBAC objects, as controls and facts declare them.
const (
	KindRole               = "Role." + rbacv1.GroupName
	KindClusterRole        = "ClusterRole." + rbacv1.GroupName
	KindRoleBinding        = "RoleBinding." + rbacv1.GroupName
	KindClusterRoleBinding = "ClusterRoleBinding." + rbacv1.GroupName
)

// Roles and Bindings are the kinds of the two halves of RBAC.
func Roles() []string    { return []string{KindRole, KindClusterRole} }
func Bindings() []string { return []string{KindRoleBinding, KindClusterRoleBinding} }

// Seen is the Policy of a snapshot as far as it could be read. When a kind was
// forbidden the Policy holds the rest, and Policy.Gap says what is missing.
var Seen = &control.Fact[*Policy]{
	Name:    "rbac-seen",
	Doc:     "roles with their final rules, and bindings with the roles they hand over, as far as they could be read",
	Kinds:   append(Roles(), Bindings()...),
	Partial: true,
	Derive:  func(v *control.View) (*Policy, error) { return derive(v), nil },
}

// Of is the Policy of a snapshot that holds all kinds of it. It is Seen for
// those who have nothing to say when a part is missing.
var Of = &control.Fact[*Policy]{
	Name:     "rbac",
	Doc:      "roles with their final rules, and bindings with the roles they hand over",
	Kinds:    append(Roles(), Bindings()...),
	Requires: []control.AnyFact{Seen},
	Derive:   func(v *control.View) (*Policy, error) { return Seen.Of(v) },
}

// Role is a Role or ClusterRole with the rules that it ends up with.
type Role struct {
	Ref        world.Ref
	Object     *world.Object       // nil for a role that only the built-in data knows
	Rules      []rbacv1.PolicyRule // for an aggregated role the union of what it selects
	Aggregated bool
	Cut        bool // it selects more rules than are kept: what it does not hold is unknown

	origins []origin // of an aggregated role: where each rule was written
}

// origin is the place at which a rule of an aggregated role was written.
type origin struct {
	role *Role
	rule int
}

// Cluster says whether it is a ClusterRole.
func (r *Role) Cluster() bool { return r.Ref.Kind == "ClusterRole" }

// Origin returns the role and the index in its list at which rule i was
// written: r itself unless it is aggregated.
func (r *Role) Origin(i int) (*Role, int) {
	if r.origins == nil {
		return r, i
	}
	return r.origins[i].role, r.origins[i].rule
}

// Binding hands one role to some subjects.
type Binding struct {
	Ref      world.Ref
	Object   *world.Object // nil for a binding that only the built-in data knows
	RoleRef  world.Ref
	Role     *Role // nil when the role was not found
	Unproven error // why a role that was not found may exist all the same; nil when it certainly does not
	Subjects []Subject

	// Lacking are service accounts without the namespace that they need here:
	// the API refuses them, and they match nobody.
	Lacking []Subject
}

// ClusterWide says whether the rights hold in every namespace and for objects without one.
func (b *Binding) ClusterWide() bool { return b.Ref.Kind == "ClusterRoleBinding" }

// Rules returns the rules that the binding hands over; none when its role was not found.
func (b *Binding) Rules() []rbacv1.PolicyRule {
	if b.Role == nil {
		return nil
	}
	return b.Role.Rules
}

// Policy is all of RBAC in one snapshot. It is immutable.
type Policy struct {
	roles     map[world.Ref]*Role
	roleList  []*Role    // in the snapshot's order, then the built-in ones
	bindings  []*Binding // in the snapshot's order, then the built-in ones
	byObject  map[*world.Object]*Binding
	roleOf    map[*world.Object]*Role
	bySubject map[Subject]*scoped
	byRole    map[*Role]*scoped
	collected map[*Role]bool
	problems  []Problem
	index     func() *Index
	view      *control.View
}

// Problem is something in the input that RBAC cannot take as it is written.
type Problem struct {
	Object  *world.Object
	Path    string
	Message string
}

// Problems returns what was found wrong while reading, in the snapshot's order.
func (p *Policy) Problems() []Problem { return p.problems }

// KnowsBindings returns nil when an account or user of the namespace certainly
// has no other bindings than those of the Policy, and otherwise why it may. The
// empty namespace asks about cluster-wide rights alone.
func (p *Policy) KnowsBindings(namespace string) error {
	if err := p.view.Knows(KindClusterRoleBinding, ""); err != nil || namespace == "" {
		return err
	}
	return p.view.Knows(KindRoleBinding, namespace)
}

// Gap returns why a part of RBAC could not be read, or nil.
func (p *Policy) Gap() error {
	for _, kind := range append(Roles(), Bindings()...) {
		if err := p.view.Gapped(kind); err != nil {
			return err
		}
	}
	return nil
}

// Target returns the Kubernetes minor version that the snapshot is judged for.
func (p *Policy) Target() int { return p.view.Target() }

// Role returns the role that ref names, or nil.
func (p *Policy) Role(ref world.Ref) *Role { return p.roles[ref] }

// AllRoles returns every role; the list must not be changed.
func (p *Policy) AllRoles() []*Role { return p.roleList }

// Collected says whether an aggregated role of files takes over the rules of a role.
func (p *Policy) Collected(r *Role) bool { return p.collected[r] }

// RoleOf returns the Role of an object of the snapshot, or nil when the object is none.
func (p *Policy) RoleOf(o *world.Object) *Role { return p.roleOf[o] }

// Bindings returns every binding; the list must not be changed.
func (p *Policy) Bindings() []*Binding { return p.bindings }

// BindingOf returns the Binding of an object of the snapshot, or nil when the object is none.
func (p *Policy) BindingOf(o *world.Object) *Binding { return p.byObject[o] }

// Direct returns the bindings that name the subject itself, not a group it is
// in: the cluster-wide ones first, then by namespace.
func (p *Policy) Direct(s Subject) []*Binding { return p.bySubject[s].all() }

// BoundBy returns the bindings that hand over the role, in the same order.
func (p *Policy) BoundBy(r *Role) []*Binding { return p.byRole[r].all() }

// Subjects returns everybody whom a binding names, sorted.
func (p *Policy) Subjects() []Subject { return sortedSubjects(p.bySubject) }

// Account returns the bindings that give a service account rights: those that
// name it and those that name a group that it is always in.
func (p *Policy) Account(namespace, name string) []*Binding {
	out := append([]*Binding(nil), p.Direct(Subject{rbacv1.ServiceAccountKind, namespace, name})...)
	for _, g := range AccountGroups(namespace) {
		out = append(out, p.Direct(Subject{Kind: rbacv1.GroupKind, Name: g})...)
	}
	return out
}
