// Package rbac derives who holds which rights: every role with its final
// rules, every binding with the role it hands over, and the decision that the
// RBAC authorizer would take. Kubernetes' own roles and bindings, which no
// folder of manifests holds, are filled in from data of version 1.37.
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

// Of is the fact: the Policy of a snapshot.
var Of = &control.Fact[*Policy]{
	Name:   "rbac",
	Doc:    "roles with their final rules, and bindings with the roles they hand over",
	Kinds:  append(Roles(), Bindings()...),
	Derive: func(v *control.View) (*Policy, error) { return derive(v), nil },
}

// Subject is somebody whom a binding gives a role: rbacv1.UserKind or GroupKind
// with a name, or ServiceAccountKind with namespace and name. A user whose name
// is that of a service account is turned into the ServiceAccount.
type Subject struct {
	Kind      string
	Namespace string
	Name      string
}

// String returns "User name", "Group name" or "ServiceAccount namespace/name".
func (s Subject) String() string {
	return world.Ref{Kind: s.Kind, Namespace: s.Namespace, Name: s.Name}.String()
}

// Role is a Role or ClusterRole with the rules that it ends up with.
type Role struct {
	Ref        world.Ref
	Object     *world.Object       // nil for a role that only the built-in data knows
	Rules      []rbacv1.PolicyRule // for an aggregated role the union of what it selects
	Aggregated bool
}

// Cluster says whether it is a ClusterRole.
func (r *Role) Cluster() bool { return r.Ref.Kind == "ClusterRole" }

// Binding hands one role to some subjects.
type Binding struct {
	Ref      world.Ref
	Object   *world.Object // nil for a binding that only the built-in data knows
	RoleRef  world.Ref
	Role     *Role // nil when the role was not found
	Unproven error // why a role that was not found may exist all the same; nil when it certainly does not
	Subjects []Subject
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
	bindings  []*Binding // in the snapshot's order, then the built-in ones
	byObject  map[*world.Object]*Binding
	roleOf    map[*world.Object]*Role
	bySubject map[Subject][]*Binding
	byRole    map[*Role][]*Binding
	view      *control.View
}

// KnowsBindings returns nil when an account or user of the namespace certainly
// has no other bindings than those of the Policy, and otherwise why it may.
func (p *Policy) KnowsBindings(namespace string) error {
	if err := p.view.Knows(KindClusterRoleBinding, ""); err != nil {
		return err
	}
	return p.view.Knows(KindRoleBinding, namespace)
}

// Role returns the role that ref names, or nil.
func (p *Policy) Role(ref world.Ref) *Role { return p.roles[ref] }

// RoleOf returns the Role of an object of the snapshot, or nil when the object is none.
func (p *Policy) RoleOf(o *world.Object) *Role { return p.roleOf[o] }

// Bindings returns every binding; the list must not be changed.
func (p *Policy) Bindings() []*Binding { return p.bindings }

// BindingOf returns the Binding of an object of the snapshot, or nil when the object is none.
func (p *Policy) BindingOf(o *world.Object) *Binding { return p.byObject[o] }

// Direct returns the bindings that name the subject itself, not a group it is in.
func (p *Policy) Direct(s Subject) []*Binding { return p.bySubject[s] }

// BoundBy returns the bindings that hand over the role.
func (p *Policy) BoundBy(r *Role) []*Binding { return p.byRole[r] }

// Groups that every service account is in, besides the one of its namespace.
const (
	GroupMasters         = "system:masters"
	GroupAuthenticated   = "system:authenticated"
	GroupUnauthenticated = "system:unauthenticated"
	GroupAccounts        = "system:serviceaccounts"
	UserAnonymous        = "system:anonymous"
	userAccountPrefix    = "system:serviceaccount:"
)

// Account returns the bindings that give a service account rights: those that
// name it and those that name a group that it is always in.
func (p *Policy) Account(namespace, name string) []*Binding {
	out := append([]*Binding(nil), p.Direct(Subject{rbacv1.ServiceAccountKind, namespace, name})...)
	for _, g := range AccountGroups(namespace) {
		out = append(out, p.Direct(Subject{Kind: rbacv1.GroupKind, Name: g})...)
	}
	return out
}

// AccountGroups returns the groups of every service account of a namespace.
func AccountGroups(namespace string) []string {
	return []string{GroupAccounts, GroupAccounts + ":" + namespace, GroupAuthenticated}
}
