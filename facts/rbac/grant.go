package rbac

import (
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Grant is a right to look for in the rules of roles: any of the verbs on any
// of the resources.
type Grant struct {
	Group     string   // API group of the resources
	Resources []string // plural, "pods" or "pods/exec"
	Verbs     []string // any of them; "*" in a rule counts as each
	Cluster   bool     // the resources have no namespace: a wildcard in a Role does not reach them

	// A rule that is limited by resourceNames counts only when AnyName is set
	// or it lists one of Names.
	AnyName bool
	Names   []string
	// OnlyNames leaves out rules that are not limited by resourceNames.
	OnlyNames bool

	// URLs makes it a right on paths that are no resources, and on all that lies
	// below them; nothing but Verbs counts then, and it has no CEL form.
	URLs []string

	AnyGroup bool // look at the names of resources whatever the API group
	Literal  bool // the resource must be named: "*" does not count
}

// In says whether a rule of a role of this kind ("Role", "ClusterRole") holds the right.
func (g *Grant) In(kind string, r *rbacv1.PolicyRule) bool {
	if len(g.URLs) > 0 {
		return kind == "ClusterRole" && g.verbIn(r.Verbs) && slices.ContainsFunc(r.NonResourceURLs, g.urlIn)
	}
	return (g.AnyGroup || hasOr(r.APIGroups, g.Group, rbacv1.APIGroupAll)) &&
		slices.ContainsFunc(r.Resources, func(have string) bool { return g.covers(kind, have) }) && g.verbIn(r.Verbs) && g.nameIn(r.ResourceNames)
}

// urlIn says whether a pattern reaches one of the paths or something below it.
func (g *Grant) urlIn(pattern string) bool {
	return slices.ContainsFunc(g.URLs, func(u string) bool {
		return urlCovers(pattern, u) || pattern != "" && strings.HasPrefix(strings.TrimRight(pattern, "*"), u+"/")
	})
}

func (g *Grant) verbIn(verbs []string) bool {
	return slices.ContainsFunc(verbs, func(v string) bool { return v == rbacv1.VerbAll || slices.Contains(g.Verbs, v) })
}

// covers says whether an entry of a rule's resources reaches one of the grant's.
func (g *Grant) covers(kind, have string) bool {
	return slices.Contains(g.Resources, have) ||
		!g.Literal && (!g.Cluster || kind == "ClusterRole") && slices.Contains(g.wildcards(), have)
}

// wildcards returns the entries of a rule that reach the resources without naming them.
func (g *Grant) wildcards() []string {
	out := []string{rbacv1.ResourceAll}
	for _, r := range g.Resources {
		if _, sub, ok := strings.Cut(r, "/"); ok && !slices.Contains(out, "*/"+sub) {
			out = append(out, "*/"+sub)
		}
	}
	return out
}

func (g *Grant) nameIn(names []string) bool {
	return len(names) == 0 && !g.OnlyNames || g.AnyName || slices.ContainsFunc(names, func(n string) bool { return slices.Contains(g.Names, n) })
}

// Found describes what of a rule holds the right, such as `get,list on secrets`.
func (g *Grant) Found(kind string, r *rbacv1.PolicyRule) string {
	var verbs, resources []string
	for _, v := range r.Verbs {
		if g.verbIn([]string{v}) {
			verbs = append(verbs, v)
		}
	}
	for _, have := range r.Resources {
		if g.covers(kind, have) {
			resources = append(resources, have)
		}
	}
	return short(verbs) + " on " + short(resources)
}

// short joins a few words and counts the rest.
func short(words []string) string {
	const most = 4
	if len(words) <= most {
		return strings.Join(words, ",")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ","), len(words)-most)
}

// CEL is In for a rule r of the object under admission.
func (g *Grant) CEL() string {
	parts := []string{"r.?verbs.orValue([]).exists(v, v in " + celList(append([]string{"*"}, g.Verbs...)) + ")"}
	if !g.AnyGroup {
		parts = append(parts, "r.?apiGroups.orValue([]).exists(a, a in "+celList([]string{"*", g.Group})+")")
	}
	res := "x in " + celList(g.Resources)
	if !g.Literal {
		wild := "x in " + celList(g.wildcards())
		if g.Cluster {
			wild = "object.kind == 'ClusterRole' && " + wild
		}
		res += " || " + wild
	}
	parts = append(parts, "r.?resources.orValue([]).exists(x, "+res+")")
	if !g.AnyName {
		var names []string
		if !g.OnlyNames {
			names = append(names, "r.?resourceNames.orValue([]).size() == 0")
		}
		if len(g.Names) > 0 {
			names = append(names, "r.?resourceNames.orValue([]).exists(n, n in "+celList(g.Names)+")")
		}
		parts = append(parts, "("+strings.Join(names, " || ")+")")
	}
	return strings.Join(parts, " && ")
}

// RulesCEL is the list of rules of the role under admission: the API server
// stores a role without rules with the value null.
const RulesCEL = `(has(object.rules) && dyn(object.rules) != null ? dyn(object.rules) : dyn([]))`

// AnyCEL is true when a rule of the role under admission, whose name is not
// reserved, holds one of the rights.
func AnyCEL(grants []Grant) string {
	alternatives := make([]string, len(grants))
	for i := range grants {
		alternatives[i] = grants[i].CEL()
	}
	return "!" + ReservedCEL + " && " + RulesCEL + ".exists(r, " + strings.Join(alternatives, " || ") + ")"
}

// celList writes a list of strings as CEL.
func celList(items []string) string {
	quoted := make([]string, len(items))
	for i, s := range items {
		quoted[i] = "'" + celEscapes.Replace(s) + "'"
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

var celEscapes = strings.NewReplacer(`\`, `\\`, `'`, `\'`)
