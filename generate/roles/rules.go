package roles

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// atom is one right: what a rule grants of one resource, or of URLs.
type atom struct {
	group, resource string
	path            string
	name            string // "" for any
	verb            string
}

// Names says when rules are limited to the names that were seen.
type Names string

// The choices.
const (
	AutoNames Names = "auto" // few names, none of which looks as if a controller made it up
	NoNames   Names = "never"
	AllNames  Names = "always"
)

// fewNames is how many names of one resource AutoNames lists.
const fewNames = 4

// generated finds names that end in what Kubernetes or a hash made up: pods of a
// ReplicaSet, jobs of a CronJob, UUIDs.
var generated = regexp.MustCompile(`-[bcdfghjklmnpqrstvwxz2456789]{5}$|-[0-9]{7,}$|-[0-9]+$|[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{16,}`)

// atoms turns the requests of one scope into rights, names decided.
func atoms(needs []Need, names Names) []atom {
	type key struct{ group, resource, verb string }
	seen := map[key]map[string]bool{}
	for _, n := range needs {
		k := key{n.Group, n.Resource, n.Verb}
		if seen[k] == nil {
			seen[k] = map[string]bool{}
		}
		seen[k][n.Name] = true
	}
	limited := func(k key) bool {
		switch {
		case names == NoNames, seen[k][""]:
			return false
		case names == AllNames:
			return true
		}
		for name := range seen[k] {
			if generated.MatchString(name) {
				return false
			}
		}
		return len(seen[k]) <= fewNames
	}
	var out []atom
	for _, n := range needs {
		a := atom{group: n.Group, resource: n.Resource, path: n.Path, verb: n.Verb}
		if n.Path == "" && limited(key{n.Group, n.Resource, n.Verb}) {
			a.name = n.Name
		}
		out = append(out, a)
	}
	return out
}

// rules writes rights as few rules that grant just them.
func rules(rights []atom) []rbacv1.PolicyRule {
	type what struct{ group, resource, path, names string }
	names := map[[4]string]map[string]bool{} // by group, resource, path and verb
	for _, a := range rights {
		k := [4]string{a.group, a.resource, a.path, a.verb}
		if names[k] == nil {
			names[k] = map[string]bool{}
		}
		names[k][a.name] = true
	}
	verbs := map[what][]string{}
	for k, set := range names {
		w := what{group: k[0], resource: k[1], path: k[2]}
		if !set[""] {
			w.names = strings.Join(slices.Sorted(maps.Keys(set)), "\x00")
		}
		verbs[w] = append(verbs[w], k[3])
	}
	type like struct{ group, verbs, names, path string }
	resources := map[like][]string{}
	for w, vs := range verbs {
		slices.Sort(vs)
		l := like{group: w.group, verbs: strings.Join(vs, "\x00"), names: w.names}
		if w.path != "" {
			l.path = "yes"
			resources[l] = append(resources[l], w.path)
			continue
		}
		if w.names != "" {
			l.path = w.resource // names belong to one resource
		}
		resources[l] = append(resources[l], w.resource)
	}
	var out []rbacv1.PolicyRule
	for l, rs := range resources {
		slices.Sort(rs)
		r := rbacv1.PolicyRule{Verbs: strings.Split(l.verbs, "\x00")}
		if l.path == "yes" {
			r.NonResourceURLs = rs
		} else {
			r.APIGroups, r.Resources = []string{l.group}, rs
			if l.names != "" {
				r.ResourceNames = strings.Split(l.names, "\x00")
			}
		}
		out = append(out, r)
	}
	slices.SortFunc(out, compareRules)
	return out
}

func compareRules(a, b rbacv1.PolicyRule) int {
	return cmp.Or(
		slices.Compare(a.NonResourceURLs, b.NonResourceURLs), slices.Compare(a.APIGroups, b.APIGroups), slices.Compare(a.Resources, b.Resources),
		slices.Compare(a.ResourceNames, b.ResourceNames), slices.Compare(a.Verbs, b.Verbs),
	)
}
