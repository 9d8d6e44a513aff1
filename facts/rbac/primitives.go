package rbac

import (
	"slices"
	"sync"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Primitive is a right, or several together, by which a holder comes to own
// more than the right says.
type Primitive struct {
	ID        string // "R6": stable
	Title     string // completes "the holder can …"
	Technique string // of ATT&CK, "" where none fits

	// All lists what is needed, of each line one; a wildcard in a rule counts.
	All [][]Grant

	// Spaces are the only namespaces in which rights of one namespace lead there; nil for any.
	Spaces []string
}

// Primitives returns the table; it must not be changed.
func Primitives() []*Primitive { return primitives() }

var primitives = sync.OnceValue(func() []*Primitive {
	return slices.Concat(primitivesOfIdentity(), primitivesOfPods(), primitivesOfNodes(), primitivesOfCluster(), primitivesOfTraffic())
})

// Held says whether rules of one holder in one scope make up the primitive:
// wide are those that hold in the whole cluster, narrow those of one namespace besides.
func (p *Primitive) Held(wide, narrow []rbacv1.PolicyRule) bool {
	for _, line := range p.All {
		if !slices.ContainsFunc(line, func(g Grant) bool { return g.within("ClusterRole", wide) || g.within("Role", narrow) }) {
			return false
		}
	}
	return true
}

func (g *Grant) within(kind string, rules []rbacv1.PolicyRule) bool {
	return slices.ContainsFunc(rules, func(r rbacv1.PolicyRule) bool { return g.effective(kind, &r) })
}

// effective is In where a namespaced rule for objects without a namespace counts for nothing.
func (g *Grant) effective(kind string, r *rbacv1.PolicyRule) bool {
	return (kind == "ClusterRole" || !g.Cluster) && g.In(kind, r)
}

// leads says whether the scope of a permission is one in which the primitive leads anywhere.
func (p *Primitive) leads(perm *Permission) bool {
	return perm.Everywhere || p.Spaces == nil || slices.Contains(p.Spaces, perm.Namespace)
}

// part says whether a permission is one of the rights that the primitive needs.
func (p *Primitive) part(perm *Permission) bool {
	rule := perm.rule()
	for _, line := range p.All {
		for i := range line {
			if line[i].effective(perm.kind(), &rule) {
				return true
			}
		}
	}
	return false
}

func (p *Permission) rule() rbacv1.PolicyRule {
	r := rbacv1.PolicyRule{Verbs: p.Verbs, ResourceNames: p.Names}
	if p.URL != "" {
		r.NonResourceURLs = []string{p.URL}
		return r
	}
	r.APIGroups, r.Resources = []string{p.Group}, []string{p.Resource}
	return r
}

// kind is that of the role that has the same reach.
func (p *Permission) kind() string {
	if p.Everywhere {
		return "ClusterRole"
	}
	return "Role"
}

// markDangers says of each permission which primitives its holder has by it. Of
// those for everything only that is said.
func markDangers(list []Permission) {
	wide := rulesWhere(list, func(p *Permission) bool { return p.Everywhere })
	held := map[string][]*Primitive{} // by namespace, "" for what holds everywhere
	for i := range list {
		p := &list[i]
		if p.Idle != "" || p.Unclear != "" {
			continue
		}
		if _, ok := held[p.Namespace]; !ok {
			narrow := rulesWhere(list, func(q *Permission) bool { return !p.Everywhere && !q.Everywhere && q.Namespace == p.Namespace })
			held[p.Namespace] = slices.DeleteFunc(slices.Clone(primitives()), func(x *Primitive) bool { return !x.Held(wide, narrow) })
		}
		for _, primitive := range held[p.Namespace] {
			if primitive.leads(p) && primitive.part(p) {
				p.Dangers = append(p.Dangers, primitive)
				if primitive.ID == "R1" {
					break
				}
			}
		}
	}
}

func rulesWhere(list []Permission, keep func(*Permission) bool) []rbacv1.PolicyRule {
	var out []rbacv1.PolicyRule
	for i := range list {
		if p := &list[i]; p.Idle == "" && p.Unclear == "" && keep(p) {
			out = append(out, p.rule())
		}
	}
	return out
}

// on is a right on resources of one API group, for any names.
func on(group string, verbs []string, resources ...string) Grant {
	return Grant{
		Group: group, Resources: resources, Verbs: verbs, AnyName: true,
		Cluster: !slices.ContainsFunc(resources, func(r string) bool { return !ownCatalog().ClusterScoped(group, r) }),
	}
}

// only narrows a right to some names; a rule for all names counts too.
func (g Grant) only(names ...string) Grant {
	g.AnyName, g.Names = false, names
	return g
}

var ownCatalog = sync.OnceValue(NewCatalog)

var (
	verbsRead  = []string{"get", "list", "watch"}
	verbsWrite = []string{"create", "update", "patch"}
	verbsEdit  = []string{"update", "patch"}
	verbsAny   = []string{"create", "update", "patch", "delete", "deletecollection"}
)

func verbs(v ...string) []string { return v }

func one(grants ...Grant) [][]Grant { return [][]Grant{grants} }
