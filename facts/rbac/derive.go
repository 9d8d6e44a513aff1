package rbac

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/control"
	"bulwark/world"
)

func derive(v *control.View) *Policy {
	p := &Policy{
		roles: map[world.Ref]*Role{}, byObject: map[*world.Object]*Binding{}, roleOf: map[*world.Object]*Role{},
		bySubject: map[Subject][]*Binding{}, byRole: map[*Role][]*Binding{}, view: v,
	}
	p.addRoles(v)
	p.addBindings(v)
	return p
}

// aggregated is a ClusterRole whose rules are those of the roles it selects.
type aggregated struct {
	role      *Role
	selectors []labels.Selector
}

// addRoles reads every role; of those of the same name the first counts for
// bindings. Built-in roles are added unless the input is a live cluster.
func (p *Policy) addRoles(v *control.View) {
	var sources []source
	var targets []aggregated
	live := false
	for _, kind := range Roles() {
		for o := range v.All(kind) {
			r := clusterRole(o)
			if r == nil {
				continue
			}
			live = live || o.Live()
			role := &Role{Ref: refOf(o), Object: o, Rules: r.Rules}
			p.roleOf[o] = role
			if p.roles[role.Ref] == nil {
				p.roles[role.Ref] = role
			}
			sources = append(sources, source{role, r.Labels})
			// The controller of a live cluster has written the union already.
			if r.AggregationRule != nil && !o.Live() {
				targets = append(targets, aggregated{role, selectorsOf(r.AggregationRule.ClusterRoleSelectors)})
			}
		}
	}
	if !live {
		for _, b := range builtin().ClusterRoles {
			if ref := b.ref("ClusterRole"); p.roles[ref] == nil {
				role := &Role{Ref: ref, Rules: b.Rules}
				p.roles[ref] = role
				sources = append(sources, source{role, b.Labels})
				if len(b.Aggregate) > 0 {
					targets = append(targets, aggregated{role, b.selectors()})
				}
			}
		}
		for _, b := range builtin().Roles {
			if ref := b.ref("Role"); p.roles[ref] == nil {
				p.roles[ref] = &Role{Ref: ref, Rules: b.Rules}
			}
		}
	}
	aggregate(targets, sources)
}

// addBindings reads every binding, and the built-in ones unless the input is a live cluster.
func (p *Policy) addBindings(v *control.View) {
	live := false
	seen := map[world.Ref]bool{}
	for _, kind := range Bindings() {
		for o := range v.All(kind) {
			l := LinkOf(o)
			if l == nil {
				continue
			}
			live = live || o.Live()
			b := &Binding{Ref: refOf(o), Object: o}
			seen[b.Ref] = true
			p.bind(v, b, l)
		}
	}
	if live {
		return
	}
	for i := range builtin().ClusterRoleBindings {
		p.bindBuiltin(v, seen, &builtin().ClusterRoleBindings[i], "ClusterRoleBinding")
	}
	for i := range builtin().RoleBindings {
		p.bindBuiltin(v, seen, &builtin().RoleBindings[i], "RoleBinding")
	}
}

func (p *Policy) bindBuiltin(v *control.View, seen map[world.Ref]bool, b *builtinBinding, kind string) {
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
	// A ClusterRoleBinding to a Role gives nothing: the API refuses it.
	if b.RoleRef.Kind == "ClusterRole" || b.RoleRef.Kind == "Role" && !b.ClusterWide() {
		b.Role = p.roles[b.RoleRef]
	}
	if b.Role != nil {
		p.byRole[b.Role] = append(p.byRole[b.Role], b)
	} else if b.RoleRef.Kind == "Role" || b.RoleRef.Kind == "ClusterRole" {
		b.Unproven = v.Knows(b.RoleRef.GroupKind(), b.RoleRef.Namespace)
	}
	for _, s := range l.Subjects {
		if subject, ok := subjectOf(s, b.Ref.Namespace); ok {
			b.Subjects = append(b.Subjects, subject)
			p.bySubject[subject] = append(p.bySubject[subject], b)
		}
	}
	p.bindings = append(p.bindings, b)
	if b.Object != nil {
		p.byObject[b.Object] = b
	}
}

// source is a ClusterRole that others may select by its labels.
type source struct {
	role   *Role
	labels labels.Set
}

// maxChain bounds how long a chain of aggregated roles is followed; Kubernetes' own has three links.
const maxChain = 32

// aggregate gives every aggregated role the union of the roles it selects, as
// the controller does, until nothing changes: selected roles may be aggregated themselves.
func aggregate(targets []aggregated, sources []source) {
	selected := make([][]*Role, len(targets))
	for i, t := range targets {
		t.role.Aggregated, t.role.Rules = true, nil
		for _, s := range sources {
			if s.role != t.role && s.role.Cluster() && matchesAny(t.selectors, s.labels) {
				selected[i] = append(selected[i], s.role)
			}
		}
	}
	// Each round carries rules one step further along a chain of roles.
	for range min(len(targets), maxChain) {
		changed := false
		for i, t := range targets {
			if rules := union(selected[i]); len(rules) != len(t.role.Rules) {
				t.role.Rules, changed = rules, true
			}
		}
		if !changed {
			return
		}
	}
}

func matchesAny(selectors []labels.Selector, set labels.Set) bool {
	for _, s := range selectors {
		if s.Matches(set) {
			return true
		}
	}
	return false
}

// union returns the rules of all roles, each rule once.
func union(roles []*Role) []rbacv1.PolicyRule {
	var out []rbacv1.PolicyRule
	seen := map[string]bool{}
	for _, r := range roles {
		for _, rule := range r.Rules {
			if key := rule.String(); !seen[key] {
				seen[key] = true
				out = append(out, rule)
			}
		}
	}
	return out
}

// selectorsOf drops selectors that cannot be read: the controller stops at them too.
func selectorsOf(in []metav1.LabelSelector) []labels.Selector {
	var out []labels.Selector
	for i := range in {
		if s, err := metav1.LabelSelectorAsSelector(&in[i]); err == nil {
			out = append(out, s)
		}
	}
	return out
}
