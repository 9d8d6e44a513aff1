package attackgraph

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"bulwark/facts/rbac"
	"bulwark/world"
)

// mentions are what rights depend on besides the roles and bindings of their
// holder: a change of these is a change for others.
type mentions struct {
	roles, bindings map[string]bool // names in rules that let somebody bind roles and change bindings
	actsAs          bool            // somebody may act as service accounts, for what these may do
}

// note takes in what a role mentions.
func (m *mentions) note(rd *reading) {
	m.actsAs = m.actsAs || rd.as != nil || len(rd.accounts) > 0
	for _, n := range rd.named {
		var to *map[string]bool
		switch n.power {
		case bindRoles, bindClusterRoles:
			to = &m.roles
		case writeBindings, writeClusterBindings:
			to = &m.bindings
		default:
			continue
		}
		if *to == nil {
			*to = map[string]bool{}
		}
		for _, name := range n.names {
			(*to)[name] = true
		}
	}
}

func (m *mentions) copy() mentions {
	return mentions{maps.Clone(m.roles), maps.Clone(m.bindings), m.actsAs}
}

// inherited says whether what a group holds is part of what its members are
// taken to hold, or of what a bootstrap token comes to.
func inherited(group string) bool {
	switch group {
	case rbac.GroupAuthenticated, rbac.GroupUnauthenticated, rbac.GroupAccounts:
		return true
	}
	return rbac.AccountsGroup(group) || bootstrapGroup(group)
}

// bindsInherited says whether a binding has such a group among its subjects.
func bindsInherited(b *rbac.Binding) bool {
	return slices.ContainsFunc(b.Subjects, func(s rbac.Subject) bool { return s.Kind == rbacv1.GroupKind && inherited(s.Name) })
}

// grantAt is a role at a scope.
type grantAt struct {
	vertex uint32
	role   *rbac.Role
	scope  string
}

// planRoles finds out what goes with the roles that changed, and with those
// that are made of them; false means too much.
func (p *patcher) planRoles(before *rbac.Policy) bool {
	changed := p.changedRoles
	if len(changed) == 0 {
		return true
	}
	for _, r := range p.policy.AllRoles() {
		if r.Aggregated && !slices.Contains(changed, r.Ref) {
			if old := before.Role(r.Ref); old == nil || !equality.Semantic.DeepEqual(old.Rules, r.Rules) {
				changed = append(changed, r.Ref)
			}
		}
	}
	for _, ref := range changed {
		if !p.planRole(before, before.Role(ref), p.policy.Role(ref)) {
			return false
		}
	}
	return true
}

// planRole has a role drawn anew at the scopes it is held at, and the rights of
// those bound to it folded anew.
func (p *patcher) planRole(before *rbac.Policy, old, now *rbac.Role) bool {
	if old == nil || now == nil {
		return p.planAppearance(before, old, now)
	}
	bindings := p.policy.BoundBy(now)
	if slices.ContainsFunc(bindings, bindsInherited) {
		return false
	}
	was, is := p.reading(old), p.reading(now)
	if old.Aggregated != now.Aggregated || was.free.has(doAnything) != is.free.has(doAnything) {
		return false
	}
	p.planGrants(now)
	if !was.folds() && !is.folds() && was.as == nil && is.as == nil {
		return true
	}
	return p.planHolders(bindings)
}

// planGrants has a role drawn anew wherever the graph has it.
func (p *patcher) planGrants(r *rbac.Role) {
	k, scopes := key{kind: grant, name: r.Ref.Name}, []string{r.Ref.Namespace}
	if r.Cluster() {
		k.sub, scopes = 1, append(p.namespaceNames(), everywhere)
	}
	for _, scope := range scopes {
		k.namespace = scope
		if v, ok := p.have(k); ok {
			p.dirty[v] = true
			p.grants = append(p.grants, grantAt{v, r, scope})
		}
	}
}

// planHolders has the rights of all subjects of bindings folded anew.
func (p *patcher) planHolders(bindings []*rbac.Binding) bool {
	for _, b := range bindings {
		for _, s := range b.Subjects {
			if s.Kind == rbacv1.ServiceAccountKind && p.namespaces[s.Namespace] == nil {
				return false
			}
			if v, ok := p.subject(s); ok && !p.planSubject(v) {
				return false
			}
		}
	}
	return true
}

// planAppearance is for a role that is new or gone: its bindings begin or cease to count.
func (p *patcher) planAppearance(before *rbac.Policy, old, now *rbac.Role) bool {
	role, bindings := now, []*rbac.Binding(nil)
	switch {
	case now != nil:
		bindings = p.policy.BoundBy(now)
		p.planGrants(now)
	case old != nil:
		role, bindings = old, before.BoundBy(old)
	default:
		return true
	}
	if _, any := p.have(key{kind: place, sub: rolesIn, namespace: role.Ref.Namespace}); any && !role.Cluster() {
		return false
	}
	if p.mentioned.roles[role.Ref.Name] {
		return false
	}
	for _, b := range bindings {
		if !slices.Contains(p.bindings, b.Ref) && !p.planBinding(b.Ref) {
			return false
		}
	}
	return true
}

// planSecret takes Secrets that hold no identity, now and before: they are not in the graph.
func (p *patcher) planSecret(ref world.Ref) bool {
	n := p.namespaces[ref.Namespace]
	if n == nil || n.tokens || ref.Namespace == systemNamespace && len(p.bootTokens) > 0 {
		return false
	}
	o := p.after.Get(ref)
	if o == nil {
		return true
	}
	s, ok := o.Typed.(*corev1.Secret)
	return ok && s.Type != corev1.SecretTypeServiceAccountToken && s.Type != corev1.SecretTypeBootstrapToken
}

// untouched says whether only Secrets changed, and none that is in the graph.
func (g *Graph) untouched(after *world.Snapshot, changed []world.Ref) bool {
	p := patcher{artist: g.drawn, after: after}
	return !slices.ContainsFunc(changed, func(ref world.Ref) bool { return ref.GroupKind() != kindSecret || !p.planSecret(ref) })
}

// fillSets puts new users and groups into the sets of all of them, and fills such a set that is new.
func (p *patcher) fillSets(first int) {
	if all, ok := p.have(key{kind: place, sub: allAccounts}); ok && int(all) >= first {
		for _, name := range p.namespaceNames() {
			p.link(all, p.accountsIn(p.namespaces[name]), covers)
		}
	}
	if v, ok := p.have(key{kind: Group, name: rbac.GroupUnauthenticated}); ok && int(v) >= first {
		p.link(p.vertex(key{kind: Internet}), v, isMember)
	}
	for _, set := range []struct {
		sub  uint8
		kind Kind
	}{{allUsers, User}, {allGroups, Group}} {
		all, ok := p.have(key{kind: place, sub: set.sub})
		if !ok {
			continue
		}
		from := first
		if int(all) >= first {
			from = 0
		}
		for v := from; v < len(p.vertices); v++ {
			if x := &p.vertices[v]; x.kind == set.kind && x.name != rbac.GroupMasters {
				p.link(all, uint32(v), contains)
			}
		}
	}
}
