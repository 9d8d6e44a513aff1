package rbac

import (
	"cmp"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Index finds, for a request, the roles that allow it and from them the
// holders, without looking at anybody else. It is immutable.
type Index struct {
	policy     *Policy
	byResource map[string][]ruleRef // by entry of a rule's resources: "pods", "pods/exec", "*", "*/scale"
	byPath     []ruleRef            // rules with nonResourceURLs
}

// ruleRef is one rule of one role; the role is an index in Policy.roleList.
type ruleRef struct{ role, rule int32 }

// Index returns the index of the policy, made at the first call.
func (p *Policy) Index() *Index { return p.index() }

func newIndex(p *Policy) *Index {
	ix := &Index{policy: p, byResource: map[string][]ruleRef{}}
	for i, role := range p.roleList {
		if p.byRole[role] == nil {
			continue // nobody holds it
		}
		for j := range role.Rules {
			r := &role.Rules[j]
			ref := ruleRef{int32(i), int32(j)}
			for k, resource := range r.Resources {
				if !slices.Contains(r.Resources[:min(k, 64)], resource) {
					ix.byResource[resource] = append(ix.byResource[resource], ref)
				}
			}
			if len(r.NonResourceURLs) > 0 {
				ix.byPath = append(ix.byPath, ref)
			}
		}
	}
	return ix
}

// Question asks who may send a request.
type Question struct {
	Request

	// Anywhere asks for holders in any namespace, whatever Request.Namespace says.
	Anywhere bool
	// Cluster says that the resource has no namespace: a RoleBinding does not reach it.
	Cluster bool
	// Limited also asks for those who may do it to some names only, when the request names none.
	Limited bool
}

// Holder is one answer: a subject, the binding that gives it the right and the
// rule of the binding's role that allows the request.
type Holder struct {
	Proof
	Names []string // nil unless the right is limited to these names
}

// WhoCan returns everybody whom RBAC allows the request, once for each binding
// that does, roles in the policy's order. Members of system:masters, whom RBAC
// is not asked about, are not among them.
func (ix *Index) WhoCan(q Question) []Holder {
	found := ix.allowing(q)
	room := 0
	for i := range found {
		room += ix.policy.byRole[found[i].role].room(q.Anywhere)
	}
	out := make([]Holder, 0, room)
	for i := range found {
		out = ix.hold(out, q, &found[i])
	}
	return out
}

// allowed is a role by which the request is allowed, for all names or for some.
type allowed struct {
	role  *Role
	rule  int
	names []string
}

// allowing returns the roles that allow the request: of each the first rule that
// does, or else all that do for some names.
func (ix *Index) allowing(q Question) []allowed {
	var out []allowed
	for list := ix.candidates(q.Request); len(list) > 0; {
		role, first := ix.policy.roleList[list[0].role], len(out)
		id, whole := list[0].role, false
		for ; len(list) > 0 && list[0].role == id; list = list[1:] {
			rule := int(list[0].rule)
			names, ok := q.matches(&role.Rules[rule])
			if !ok || whole {
				continue
			}
			if whole = names == nil; whole {
				out = out[:first]
			}
			out = append(out, allowed{role, rule, names})
		}
	}
	return out
}

// candidates returns the rules that mention the resource, or all resources, in the order of roles.
func (ix *Index) candidates(req Request) []ruleRef {
	if req.Path != "" {
		return ix.byPath
	}
	out := ix.byResource[req.Resource]
	if req.Resource != rbacv1.ResourceAll {
		out = merge(out, ix.byResource[rbacv1.ResourceAll])
	}
	if _, sub, ok := strings.Cut(req.Resource, "/"); ok && req.Resource != "*/"+sub {
		out = merge(out, ix.byResource["*/"+sub])
	}
	return out
}

// merge unites two sorted lists; the result may be one of them.
func merge(a, b []ruleRef) []ruleRef {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 {
		return a
	}
	out := make([]ruleRef, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch c := cmp.Or(cmp.Compare(a[0].role, b[0].role), cmp.Compare(a[0].rule, b[0].rule)); {
		case c < 0:
			out, a = append(out, a[0]), a[1:]
		case c > 0:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, a[0]), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// matches says whether a rule allows the request, and for which names when only for some.
func (q *Question) matches(r *rbacv1.PolicyRule) (names []string, ok bool) {
	if Matches(r, &q.Request) {
		return nil, true
	}
	if !q.Limited || q.Name != "" || q.Path != "" || len(r.ResourceNames) == 0 || q.Verb == "deletecollection" {
		return nil, false
	}
	named := q.Request
	named.Name = r.ResourceNames[0]
	return r.ResourceNames, Matches(r, &named)
}

// hold adds the subjects of the bindings of a role that reach what is asked for.
func (ix *Index) hold(out []Holder, q Question, by *allowed) []Holder {
	bound := ix.policy.byRole[by.role]
	out = by.holders(out, bound.clusterWide())
	switch {
	case q.Path != "":
	case namespaceItself(q.Request):
		out = by.holders(out, ix.reachingNamespaces(q, bound, by.names))
	case q.Cluster:
	case q.Anywhere:
		out = by.holders(out, bound.narrow())
	default:
		out = by.holders(out, bound.in(q.Namespace))
	}
	return out
}

func (by *allowed) holders(out []Holder, list []*Binding) []Holder {
	for _, b := range list {
		for _, s := range b.Subjects {
			out = append(out, Holder{Proof{b, by.rule, s}, by.names})
		}
	}
	return out
}

// namespaceItself says whether a request is for a Namespace, which a RoleBinding in it reaches.
func namespaceItself(req Request) bool {
	req.Name, req.Namespace = "x", ""
	return req.Path == "" && req.Verb != "deletecollection" && req.Attributed().Namespace == req.Name
}

// reachingNamespaces returns the RoleBindings that allow the request for their own Namespace.
func (ix *Index) reachingNamespaces(q Question, bound *scoped, names []string) []*Binding {
	if q.Name != "" {
		return bound.in(q.Name)
	}
	if !q.Limited || q.Verb == "create" {
		return nil // the request names no namespace
	}
	list := bound.narrow()
	if !q.Anywhere {
		list = bound.in(q.Namespace)
	}
	if names == nil {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(b *Binding) bool { return !slices.Contains(names, b.Ref.Namespace) })
}

// GroupsOf returns the API groups in which rules name a resource, sorted, without "*".
func (ix *Index) GroupsOf(resource string) []string {
	var out []string
	for _, c := range ix.byResource[resource] {
		out = append(out, ix.policy.roleList[c.role].Rules[c.rule].APIGroups...)
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(g string) bool { return g == rbacv1.APIGroupAll })
}
