package rbac

import (
	"fmt"
	"sync"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/control"
	"bulwark/world"
)

func derive(v *control.View) *Policy {
	p := &Policy{
		roles: map[world.Ref]*Role{}, byObject: map[*world.Object]*Binding{}, roleOf: map[*world.Object]*Role{},
		bySubject: map[Subject]*scoped{}, byRole: map[*Role]*scoped{}, view: v,
	}
	own := ownPolicyAbsent(v)
	p.addRoles(v, own)
	p.addBindings(v, own)
	arrange(p.bySubject)
	arrange(p.byRole)
	p.index = sync.OnceValue(func() *Index { return newIndex(p) })
	return p
}

// ownPolicyAbsent says whether Kubernetes' own roles and bindings are to be
// filled in: a live cluster shows those that it has, files show none.
func ownPolicyAbsent(v *control.View) bool {
	for _, kind := range append(Roles(), Bindings()...) {
		if v.Gapped(kind) != nil {
			return false
		}
		for o := range v.All(kind) {
			if o.Live() {
				return false
			}
		}
	}
	return true
}

// addRoles reads every role; of those of the same name the first counts for bindings.
func (p *Policy) addRoles(v *control.View, own bool) {
	g := new(aggregation)
	for _, kind := range Roles() {
		for o := range v.All(kind) {
			r := clusterRole(o)
			if r == nil {
				continue
			}
			role := &Role{Ref: refOf(o), Object: o, Rules: r.Rules}
			p.roleOf[o] = role
			p.addRole(role)
			g.sources = append(g.sources, source{role, r.Labels})
			if r.AggregationRule != nil {
				selectors, problems := selectorsOf(o, r.AggregationRule.ClusterRoleSelectors)
				p.problems = append(p.problems, problems...)
				// The controller of a live cluster has written the union already.
				g.targets = append(g.targets, &target{role: role, selectors: selectors, written: o.Live()})
			}
		}
	}
	if own {
		p.addOwnRoles(g)
	}
	p.problems = append(p.problems, g.resolve()...)
	p.collected = g.collected()
}

// addRole files a role; of several with one reference the first counts.
func (p *Policy) addRole(r *Role) {
	if p.roles[r.Ref] == nil {
		p.roles[r.Ref] = r
		p.roleList = append(p.roleList, r)
	}
}

func (p *Policy) addOwnRoles(g *aggregation) {
	for i := range builtin().ClusterRoles {
		b := &builtin().ClusterRoles[i]
		ref := b.ref("ClusterRole")
		if p.roles[ref] != nil {
			continue
		}
		role := &Role{Ref: ref, Rules: b.Rules}
		p.addRole(role)
		g.sources = append(g.sources, source{role, b.Labels})
		if len(b.Aggregate) > 0 {
			g.targets = append(g.targets, &target{role: role, selectors: b.selectors()})
		}
	}
	for i := range builtin().Roles {
		b := &builtin().Roles[i]
		p.addRole(&Role{Ref: b.ref("Role"), Rules: b.Rules})
	}
}

// addBindings reads every binding.
func (p *Policy) addBindings(v *control.View, own bool) {
	seen := map[world.Ref]bool{}
	for _, kind := range Bindings() {
		for o := range v.All(kind) {
			l := LinkOf(o)
			if l == nil {
				continue
			}
			b := &Binding{Ref: refOf(o), Object: o}
			seen[b.Ref] = true
			p.bind(v, b, l)
		}
	}
	if !own {
		return
	}
	for i := range builtin().ClusterRoleBindings {
		p.bindOwn(v, seen, &builtin().ClusterRoleBindings[i], "ClusterRoleBinding")
	}
	for i := range builtin().RoleBindings {
		p.bindOwn(v, seen, &builtin().RoleBindings[i], "RoleBinding")
	}
}

func (p *Policy) bindOwn(v *control.View, seen map[world.Ref]bool, b *builtinBinding, kind string) {
	ref := world.Ref{Group: rbacv1.GroupName, Kind: kind, Namespace: b.Namespace, Name: b.Name}
	if !seen[ref] {
		roleRef := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: b.RoleKind, Name: b.Role}
		p.bind(v, &Binding{Ref: ref}, &Link{roleRef, b.Subjects})
	}
}

// refOf is the object's reference, without the namespace that files give some cluster-scoped objects by mistake.
func refOf(o *world.Object) world.Ref {
	ref := o.Ref
	if !world.Namespaced(ref.GroupKind()) {
		ref.Namespace = ""
	}
	return ref
}

// bind resolves a binding and files it under its role and subjects.
func (p *Policy) bind(v *control.View, b *Binding, l *Link) {
	b.RoleRef = world.Ref{Group: rbacv1.GroupName, Kind: l.RoleRef.Kind, Name: l.RoleRef.Name}
	if b.RoleRef.Kind == "Role" {
		b.RoleRef.Namespace = b.Ref.Namespace
	}
	known := b.RoleRef.Kind == "ClusterRole" || b.RoleRef.Kind == "Role"
	// A ClusterRoleBinding to a Role gives nothing: the API refuses it.
	if known && (b.RoleRef.Kind == "ClusterRole" || !b.ClusterWide()) {
		b.Role = p.roles[b.RoleRef]
	}
	switch {
	case b.Role != nil:
		file(p.byRole, b.Role, b)
	case known:
		b.Unproven = v.Knows(b.RoleRef.GroupKind(), b.RoleRef.Namespace)
	default:
		p.problem(b, "roleRef.kind", "there is no kind %q of role: the binding gives nothing", l.RoleRef.Kind)
	}
	for i, s := range l.Subjects {
		subject, ok := subjectOf(s, b)
		if !ok {
			p.problem(b, fmt.Sprintf("subjects[%d]", i), "subject %s %q never matches", s.Kind, s.Name)
			if s.Kind == rbacv1.ServiceAccountKind {
				b.Lacking = append(b.Lacking, Subject{Kind: s.Kind, Name: s.Name})
			}
			continue
		}
		b.Subjects = append(b.Subjects, subject)
		file(p.bySubject, subject, b)
	}
	p.bindings = append(p.bindings, b)
	if b.Object != nil {
		p.byObject[b.Object] = b
	}
}

// maxProblems bounds what is kept of what is wrong.
const maxProblems = 1000

func (p *Policy) problem(b *Binding, path, format string, args ...any) {
	if len(p.problems) < maxProblems {
		p.problems = append(p.problems, Problem{b.Object, path, fmt.Sprintf(format, args...)})
	}
}
