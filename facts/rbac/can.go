package rbac

import (
	"cmp"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Permission is what somebody may do to one resource, or one URL, in one
// scope: rules of several roles that say it are taken together.
type Permission struct {
	Namespace  string   // empty when it holds everywhere
	Everywhere bool     // cluster-wide: in all namespaces, also future ones, and for objects without one
	Group      string   // API group, perhaps "*"
	Resource   string   // as rules write it: "pods", "pods/exec", "*", "*/scale"; empty for a URL
	URL        string   // pattern, of a permission for what is no resource
	Names      []string // nil unless it is limited to these names
	Verbs      []string // sorted, "*" alone when it is among them
	Proofs     []Proof
	Dangers    []*Primitive // what it can be used for, alone or with others of the same holder
	Idle       string       // why it has no effect, "" when it has; of a role that does not exist nothing else is set but scope and proofs
	Unclear    string       // what it may be, when the role was not found; nothing else is set then but scope and proofs
}

// maxPermissions bounds the answer for one holder, and with it giant roles.
const maxPermissions = 20_000

// Can returns all that RBAC lets a user do, sorted by scope and resource;
// complete is false when there is more than can be listed.
func (p *Policy) Can(u User, catalog *Catalog) (list []Permission, complete bool) {
	c := collector{catalog: catalog, at: map[string]*Permission{}}
	for _, s := range u.Subjects() {
		for _, b := range p.Direct(s) {
			c.addBinding(b, s)
		}
	}
	list = c.list()
	markDangers(list)
	return list, !c.full
}

// collector merges rights of many rules.
type collector struct {
	catalog *Catalog
	at      map[string]*Permission
	full    bool
}

func (c *collector) addBinding(b *Binding, s Subject) {
	rules := b.Rules()
	for i := range rules {
		c.addRule(&rules[i], Proof{b, i, s})
	}
	if err := b.unclear(); err != nil {
		c.add(&Permission{Unclear: err.Error()}, Proof{b, -1, s})
	} else if b.Role == nil {
		c.add(&Permission{Idle: b.RoleRef.String() + " does not exist; who creates it decides what this gives"}, Proof{b, -1, s})
	}
}

// addRule adds every pair of API group and resource of a rule, and every URL.
func (c *collector) addRule(r *rbacv1.PolicyRule, proof Proof) {
	var names []string
	if len(r.ResourceNames) > 0 {
		names = sortedUnique(r.ResourceNames)
	}
	verbs := tidyVerbs(slices.Clone(r.Verbs))
	for _, group := range r.APIGroups {
		for _, resource := range r.Resources {
			if c.full {
				return
			}
			c.add(&Permission{Group: group, Resource: resource, Names: names, Verbs: verbs}, proof)
		}
	}
	for _, url := range r.NonResourceURLs {
		if c.full {
			return
		}
		c.add(&Permission{URL: url, Verbs: verbs}, proof)
	}
}

// add merges a right into what is there. Its scope is that of the proof's
// binding; its lists may be shared with others and are not changed.
func (c *collector) add(n *Permission, proof Proof) {
	n.Everywhere, n.Namespace = proof.Binding.ClusterWide(), proof.Binding.Ref.Namespace
	key := n.key()
	have := c.at[key]
	if have == nil {
		if len(c.at) >= maxPermissions {
			c.full = true
			return
		}
		n.Idle = cmp.Or(n.Idle, idle(c.catalog, n))
		have, c.at[key] = n, n
	} else if !slices.Equal(have.Verbs, n.Verbs) {
		have.Verbs = tidyVerbs(slices.Concat(have.Verbs, n.Verbs))
	}
	if last := len(have.Proofs) - 1; last < 0 || have.Proofs[last] != proof {
		have.Proofs = append(have.Proofs, proof)
	}
}

// key tells permissions apart that are not merged.
func (p *Permission) key() string {
	reach := "in"
	if p.Everywhere {
		reach = "everywhere"
	}
	parts := []string{reach, p.Namespace, p.Group, p.Resource, p.URL, p.Unclear}
	if p.Resource == "" && p.URL == "" {
		parts = append(parts, p.Idle)
	}
	return strings.Join(append(parts, p.Names...), "\x00")
}

// list returns the permissions without those that a wider one repeats.
func (c *collector) list() []Permission {
	out := make([]Permission, 0, len(c.at))
	for _, p := range c.at {
		out = append(out, *p)
	}
	slices.SortFunc(out, comparePermissions)
	return slices.DeleteFunc(out, func(p Permission) bool { return c.repeated(&p) })
}

// repeated says whether the same right is held everywhere or for all names.
func (c *collector) repeated(p *Permission) bool {
	if p.Resource == "" && p.URL == "" {
		return false
	}
	covers := func(everywhere bool, names []string) bool {
		wider := Permission{Everywhere: everywhere, Group: p.Group, Resource: p.Resource, URL: p.URL, Names: names}
		if !everywhere {
			wider.Namespace = p.Namespace
		}
		have := c.at[wider.key()]
		return have != nil && have.Idle == "" && !slices.ContainsFunc(p.Verbs, func(v string) bool { return !hasOr(have.Verbs, v, "*") })
	}
	return !p.Everywhere && (covers(true, p.Names) || p.Names != nil && covers(true, nil)) || p.Names != nil && covers(p.Everywhere, nil)
}

func comparePermissions(a, b Permission) int {
	return cmp.Or(boolOrder(b.Everywhere, a.Everywhere), strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.URL, b.URL),
		strings.Compare(a.Group, b.Group), strings.Compare(a.Resource, b.Resource), slices.Compare(a.Names, b.Names), strings.Compare(a.Unclear, b.Unclear))
}

// usualVerbs in the order in which people name them.
var usualVerbs = []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}

// tidyVerbs puts each verb once: the usual ones first, "*" for all.
func tidyVerbs(verbs []string) []string {
	if slices.Contains(verbs, rbacv1.VerbAll) {
		return []string{rbacv1.VerbAll}
	}
	rank := func(v string) int {
		if i := slices.Index(usualVerbs, v); i >= 0 {
			return i
		}
		return len(usualVerbs)
	}
	slices.SortFunc(verbs, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a, b)) })
	return slices.Compact(verbs)
}

func sortedUnique(words []string) []string {
	out := slices.Clone(words)
	slices.Sort(out)
	return slices.Compact(out)
}

// idle says why a right has no effect, "" when it has.
func idle(catalog *Catalog, p *Permission) string {
	name, sub := cutResource(p.Resource)
	switch {
	case p.Unclear != "":
		return ""
	case p.URL != "" && !p.Everywhere:
		return "URLs are reached only through a ClusterRoleBinding"
	case len(p.Verbs) == 0:
		return "it names no verb"
	case p.URL != "":
		return ""
	case sub == rbacv1.ResourceAll && name != "userextras":
		return "a rule has no form for all subresources of one resource"
	case !p.Everywhere && name != "namespaces" && catalog.ClusterScoped(p.Group, p.Resource):
		return "objects of this kind have no namespace, and a RoleBinding does not reach them"
	case p.Names != nil && !slices.ContainsFunc(p.Verbs, func(v string) bool { return v != "deletecollection" }):
		return "a request for several objects names none of them"
	}
	return ""
}
