package attackgraph

import (
	"slices"
	"strconv"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/facts/rbac"
)

func itoa(i int) string { return strconv.Itoa(i) }

// origin is where a power comes from: a rule of a role, and the binding that
// hands it over when it is about one identity.
type origin struct {
	rd   *reading
	rule int
	by   *rbac.Binding
}

// heldName is a power limited by names, with its origin.
type heldName struct {
	namedPower
	origin
}

// boundRole is a role that the holder is bound to.
type boundRole struct {
	role  *rbac.Role
	scope string
}

// holding is what somebody holds at one scope, in a namespace including what
// holds everywhere. Folding looks for what its parts mean together.
type holding struct {
	scope string
	free  set
	by    map[power]origin
	named []heldName
	bound []boundRole
	as    []*reading   // what it may do as somebody else …
	who   []namedPower // … and as whom, by constrained impersonation
	asBy  *reading
	loose []looseParam // parameters of policies that refuse, which it may write
}

// looseParam is one of them with its origin.
type looseParam struct {
	heldParam
	origin
}

// loosens adds the parameters that a role held at a scope lets its holder
// write: a policy for all namespaces can have them in any.
func (h *holding) loosens(rd *reading, scope string, by *rbac.Binding) {
	for _, q := range rd.params {
		if !q.changes && q.writable(scope) && (!q.own || scope == everywhere || scope == h.scope) {
			h.loose = append(h.loose, looseParam{q, origin{rd, q.rule, by}})
		}
	}
}

// holding returns an empty one that knows which roles everybody is bound to.
func (a *artist) holding(scope string) *holding {
	return &holding{scope: scope, by: map[power]origin{}, bound: a.boundToAll()}
}

// boundToAll returns the roles that every authenticated user is bound to everywhere.
func (a *artist) boundToAll() (out []boundRole) {
	for _, b := range a.policy.Direct(rbac.Subject{Kind: "Group", Name: rbac.GroupAuthenticated}) {
		if b.ClusterWide() && b.Role != nil {
			out = append(out, boundRole{b.Role, everywhere})
		}
	}
	return out
}

// add adds what a role gives at a scope that reaches the holding's.
func (h *holding) add(rd *reading, scope string, by *rbac.Binding) {
	h.bound = append(h.bound, boundRole{rd.role, scope})
	for p := range rd.at(scope).each {
		if !h.free.has(p) {
			h.free.add(p)
			h.by[p] = origin{rd, rd.rule(p), by}
		}
	}
	for _, n := range rd.named {
		if scope == everywhere || !powers[n.power].clusterOnly {
			h.named = append(h.named, heldName{n, origin{rd, n.rule, by}})
		}
	}
	if rd.as != nil {
		h.as, h.asBy = append(h.as, rd.as), rd
	}
	h.who = append(h.who, rd.accounts...)
	h.loosens(rd, scope, by)
}

// has says whether the power is held for any name.
func (h *holding) has(ps ...power) bool {
	for _, p := range ps {
		if !h.free.has(p) {
			return false
		}
	}
	return true
}

// names yields the names that a power is held for when it is limited.
func (h *holding) names(p power) (out []string) {
	for _, n := range h.named {
		if n.power == p {
			out = append(out, n.names...)
		}
	}
	return out
}

// holdsFor says whether the power is held for one of the names.
func (h *holding) holdsFor(p power, names ...string) bool {
	return h.free.has(p) || slices.ContainsFunc(h.names(p), func(n string) bool { return slices.Contains(names, n) })
}

// some says whether the power is held for anything at all.
func (h *holding) some(p power) bool { return h.free.has(p) || len(h.names(p)) > 0 }

// spots returns the evidence of powers that together mean something.
func (a *artist) spots(h *holding, ps ...power) (first spot, more []spot) {
	var all []spot
	for _, p := range ps {
		o, ok := h.by[p]
		if !ok {
			i := slices.IndexFunc(h.named, func(n heldName) bool { return n.power == p })
			if i < 0 {
				continue
			}
			o = h.named[i].origin
		}
		if o.by != nil {
			s := spot{object: o.by.Object, name: bindingName(o.by), path: "roleRef", says: "binds " + roleName(o.by.Role)}
			if !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
		if s := a.ruleSpot(o.rd, o.rule, p); !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return spot{}, nil
	}
	return all[0], all[1:]
}

// derived is what powers mean together.
type derived struct {
	to uint32
	s  step
	proof
}

// meaning collects what a holding comes to.
type meaning struct {
	a    *artist
	h    *holding
	list []derived
}

// gives records that the powers together lead to a vertex.
func (m *meaning) gives(to uint32, s step, guards []Guard, ps ...power) {
	first, more := m.a.spots(m.h, ps...)
	m.list = append(m.list, derived{to, s, proof{spot: first, more: more, guards: guards, fix: fixRule}})
}

// drawDerived draws what a holding comes to from its holder, but for what known says is drawn already.
func (a *artist) drawDerived(from uint32, list []derived, known func(derived) bool) {
	for _, d := range list {
		if d.to != from && (known == nil || !known(d)) {
			a.edge(from, d.to, d.s, d.proof)
		}
	}
}

// foldIdentities finds what identities hold by several bindings together.
func (a *artist) foldIdentities(order []uint32) {
	for _, v := range order {
		all := a.held(v)
		for _, g := range a.ancestors(v) {
			all = append(all, a.held(g)...)
		}
		if len(all) > 1 {
			done := a.own(v)
			a.foldIdentity(v, all)
			done()
		}
	}
}

// held returns the bindings of a user, group or service account that hand something over.
func (a *artist) held(v uint32) []*rbac.Binding {
	x := &a.vertices[v]
	s := rbac.Subject{Kind: rbacv1.UserKind, Name: x.name}
	switch x.kind {
	case Account:
		s = rbac.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: x.namespace, Name: x.name}
	case Group:
		s.Kind = rbacv1.GroupKind
	}
	return slices.DeleteFunc(slices.Clone(a.policy.Direct(s)), func(b *rbac.Binding) bool { return b.Role == nil })
}

// ancestors returns the vertices of the groups that an identity is in.
func (a *artist) ancestors(v uint32) (out []uint32) {
	var names []string
	switch x := &a.vertices[v]; x.kind {
	case Account:
		names = rbac.AccountGroups(x.namespace)
	case User:
		names = []string{rbac.GroupAuthenticated}
		if x.name == rbac.UserAnonymous {
			names = []string{rbac.GroupUnauthenticated}
		}
	case Group:
		for names = groupsOf(x.name); len(names) > 0 && len(names) < 3; {
			next := groupsOf(names[len(names)-1])
			if next == nil {
				break
			}
			names = append(names, next...)
		}
	}
	for _, n := range names {
		if g, ok := a.have(key{kind: Group, name: n}); ok {
			out = append(out, g)
		}
	}
	return out
}

// foldIdentity folds what one identity holds everywhere, then in each namespace that a binding of it is about.
func (a *artist) foldIdentity(v uint32, bindings []*rbac.Binding) {
	known := map[derivedKey]bool{}
	scopes := []string{everywhere}
	for _, b := range bindings {
		s := scopeOf(b)
		if s != everywhere && !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
		h := a.holding(s)
		h.add(a.reading(b.Role), s, b)
		for _, d := range a.fold(h) {
			known[derivedKey{d.to, d.s}] = true
		}
	}
	for _, scope := range scopes {
		h := a.holding(scope)
		parts := 0
		for _, b := range bindings {
			if s := scopeOf(b); s == everywhere || s == scope {
				h.add(a.reading(b.Role), s, b)
				parts++
			} else {
				h.loosens(a.reading(b.Role), s, b)
			}
		}
		if parts < 2 && len(h.loose) == 0 {
			continue
		}
		list := a.fold(h)
		a.drawDerived(v, list, func(d derived) bool { return known[derivedKey{d.to, d.s}] })
		for _, d := range list {
			known[derivedKey{d.to, d.s}] = true
		}
	}
}

type derivedKey struct {
	to uint32
	s  step
}

func scopeOf(b *rbac.Binding) string {
	if b.ClusterWide() {
		return everywhere
	}
	return b.Ref.Namespace
}
