package attackgraph

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/facts/rbac"
	"bulwark/world"
)

// drawPolicy draws identities, bindings, roles at their scopes and the powers
// they come to.
func (a *artist) drawPolicy() {
	p, err := rbac.Seen.Of(a.view)
	if err != nil {
		a.missing = append(a.missing, Missing{"RBAC", err})
		return
	}
	a.policy = p
	if err := p.Gap(); err != nil {
		a.missing = append(a.missing, Missing{"RBAC", err})
	}
	folding := map[uint32]bool{} // those that hold something that may mean more together
	var order []uint32
	for _, b := range p.Bindings() {
		for _, v := range a.drawBinding(b) {
			if !folding[v] {
				folding[v] = true
				order = append(order, v)
			}
		}
	}
	a.foldIdentities(order)
	a.drawMasters()
}

// drawBinding draws who is bound to what, and returns the subjects whose rights
// may mean more together with others that they hold.
func (a *artist) drawBinding(b *rbac.Binding) (folding []uint32) {
	if len(b.Subjects) == 0 || b.Role == nil {
		return nil
	}
	v := a.binding(b)
	folds := a.roles[b.Role].folds()
	for i, s := range b.Subjects {
		sv, ok := a.subject(s)
		if !ok {
			continue
		}
		done := a.own(v)
		a.edge(sv, v, isBound, proof{spot: bindingSpot(b, i), fix: fixBinding})
		done()
		if folds {
			folding = append(folding, sv)
		}
	}
	return folding
}

// binding returns the vertex of a binding, drawn down to the powers it gives.
func (a *artist) binding(b *rbac.Binding) uint32 {
	k := key{kind: binding, namespace: b.Ref.Namespace, name: b.Ref.Name}
	if b.ClusterWide() {
		k.sub, k.namespace = 1, ""
	}
	v := a.vertex(k)
	a.vertices[v].Object = b.Object
	scope := b.Ref.Namespace
	if b.ClusterWide() {
		scope = everywhere
	}
	to := a.grant(b.Role, scope)
	a.reading(b.Role)
	defer a.own(v)()
	a.link(v, to, isGranted)
	return v
}

func bindingName(b *rbac.Binding) string { return b.Ref.String() + builtinSuffix(b.Object) }

func builtinSuffix(o *world.Object) string {
	if o == nil {
		return " (built in)"
	}
	return ""
}

func roleName(r *rbac.Role) string { return r.Ref.String() + builtinSuffix(r.Object) }

func bindingSpot(b *rbac.Binding, subject int) spot {
	return spot{object: b.Object, name: bindingName(b), path: subjectPath(b, subject), says: "binds " + roleName(b.Role)}
}

// subject returns the vertex of a subject of a binding.
func (a *artist) subject(s rbac.Subject) (uint32, bool) {
	switch s.Kind {
	case rbacv1.ServiceAccountKind:
		a.namespace(s.Namespace).named(s.Name)
		return a.account(s.Namespace, s.Name), true
	case rbacv1.UserKind:
		return a.user(s.Name), true
	case rbacv1.GroupKind:
		return a.group(s.Name), true
	}
	return 0, false
}

// user returns the vertex of a user name, a member of its groups.
func (a *artist) user(name string) uint32 {
	k := key{kind: User, name: name}
	if v, ok := a.have(k); ok {
		return v
	}
	defer a.own(0)()
	v := a.vertex(k)
	if name == rbac.UserAnonymous {
		a.link(v, a.group(rbac.GroupUnauthenticated), isMember)
		return v
	}
	if len(name) > len(nodeUser) && name[:len(nodeUser)] == nodeUser {
		a.link(v, a.group("system:nodes"), isMember)
		return v
	}
	a.link(v, a.group(rbac.GroupAuthenticated), isMember)
	return v
}

// group returns the vertex of a group; its members are in the groups that all of them are in too.
func (a *artist) group(name string) uint32 {
	k := key{kind: Group, name: name}
	if v, ok := a.have(k); ok {
		return v
	}
	defer a.own(0)()
	v := a.vertex(k)
	for _, g := range groupsOf(name) {
		a.link(v, a.group(g), isMember)
	}
	return v
}

// groupsOf returns the groups that every member of a group is in.
func groupsOf(group string) []string {
	switch {
	case group == rbac.GroupAuthenticated, group == rbac.GroupUnauthenticated:
		return nil
	case rbac.AccountsGroup(group):
		return []string{rbac.GroupAccounts}
	}
	return []string{rbac.GroupAuthenticated}
}

// drawMasters draws the group that needs no binding.
func (a *artist) drawMasters() {
	a.edge(a.group(rbac.GroupMasters), a.sink(ClusterAdmin), everything, proof{spot: spot{name: "the API server allows its members everything"}})
}

// reading returns what the rules of a role come to.
func (a *artist) reading(r *rbac.Role) *reading {
	rd := a.roles[r]
	if rd == nil {
		rd = readRole(r, a.view.Target())
		rd.params = a.paramsOf(r)
		a.roles[r] = rd
		a.mentioned.note(rd)
	}
	return rd
}

// grant returns the vertex of a role at a scope, drawn down to its powers.
func (a *artist) grant(r *rbac.Role, scope string) uint32 {
	k := key{kind: grant, namespace: scope, name: r.Ref.Name}
	if r.Cluster() {
		k.sub = 1
	}
	if v, ok := a.have(k); ok {
		return v
	}
	v := a.vertex(k)
	a.drawGrant(v, r, scope)
	return v
}

// drawGrant draws what a role at a scope comes to.
func (a *artist) drawGrant(v uint32, r *rbac.Role, scope string) {
	defer a.own(v)()
	a.vertices[v].Object = r.Object
	rd := a.reading(r)
	if scope != everywhere {
		a.namespace(scope)
	}
	if scope == everywhere && rd.free.has(doAnything) { // the rest follows from it
		a.edge(v, a.right(doAnything, scope), holds, proof{spot: a.ruleSpot(rd, rd.rule(doAnything), doAnything), fix: fixRule})
		return
	}
	for p := range rd.at(scope).each {
		a.edge(v, a.right(p, scope), holds, proof{spot: a.ruleSpot(rd, rd.rule(p), p), fix: fixRule})
	}
	for _, n := range rd.named {
		a.drawNamed(v, rd, n, scope)
	}
	a.drawParams(v, rd, scope)
	if rd.folds() {
		h := a.holding(scope)
		h.add(rd, scope, nil)
		a.drawDerived(v, a.fold(h), nil)
	}
}

// at returns the powers that the role gives at a scope: rights on objects
// without a namespace come only by a ClusterRoleBinding.
func (r *reading) at(scope string) set {
	if scope == everywhere {
		return r.free
	}
	s := r.free
	for p := range s.each {
		if powers[p].clusterOnly {
			s[p>>6] &^= 1 << (p & 63)
		}
	}
	return s
}

// folds says whether the role holds something that may mean more together with something else.
func (r *reading) folds() bool {
	return r != nil && (!r.free.and(halves).empty() || r.as != nil || len(r.accounts) > 0 ||
		slices.ContainsFunc(r.named, func(n namedPower) bool { return halves.has(n.power) }) || slices.ContainsFunc(r.params, func(h heldParam) bool { return !h.changes }))
}

func (a *artist) ruleSpot(rd *reading, rule int, p power) spot {
	return spot{object: rd.role.Object, name: roleName(rd.role), path: a.rulePath(rule), says: powers[p].title}
}

// subjectPath is the path of the i-th subject that counts; the list of the
// Policy leaves out subjects that never match.
func subjectPath(b *rbac.Binding, i int) string {
	if b.Object != nil {
		if l := rbac.LinkOf(b.Object); l != nil && len(l.Subjects) != len(b.Subjects) {
			return "subjects"
		}
	}
	return "subjects[" + itoa(i) + "]"
}
