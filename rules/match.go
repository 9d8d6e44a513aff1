package rules

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"bulwark/internal/kubecel"
	"bulwark/world"
)

// matcher says which objects a rule is about.
type matcher struct {
	match
}

var namespacePattern = regexp.MustCompile(`^[a-z0-9*?]([-a-z0-9*?]*[a-z0-9*?])?$`)

// errUndecided is why an object without a namespace cannot be matched by namespace.
var errUndecided = errors.New("the manifest names no namespace and the rule is for some only: pass --namespace")

func newMatcher(m match) (matcher, error) {
	for _, p := range slices.Concat(m.Namespaces, m.ExcludeNamespaces) {
		if !namespacePattern.MatchString(p) {
			return matcher{}, fmt.Errorf("namespace %q: write a name, with the wildcards * and ? where needed", p)
		}
	}
	return matcher{m}, nil
}

// accepts says whether the rule is about an object.
func (m matcher) accepts(o *world.Object) (bool, error) {
	for k, v := range m.Labels {
		if got, ok := o.Meta.Labels[k]; !ok || got != v {
			return false, nil
		}
	}
	if len(m.Namespaces)+len(m.ExcludeNamespaces) == 0 {
		return true, nil
	}
	if o.Namespace == "" && world.Namespaced(o.GroupKind()) {
		return false, errUndecided
	}
	if len(m.Namespaces) > 0 && !anyWild(m.Namespaces, o.Namespace) {
		return false, nil
	}
	return !anyWild(m.ExcludeNamespaces, o.Namespace), nil
}

func anyWild(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, name)
		return err == nil && ok
	})
}

// cel puts the match in front of a condition.
func (m matcher) cel(deny string) string {
	var conds []string
	const namespace = "object.metadata.?namespace.orValue('')"
	for _, k := range slices.Sorted(maps.Keys(m.Labels)) {
		conds = append(conds, fmt.Sprintf("object.metadata.?labels[?%s].orValue(null) == %s", kubecel.Quote(k), kubecel.Quote(m.Labels[k])))
	}
	if len(m.Namespaces) > 0 {
		conds = append(conds, namespace+".matches("+kubecel.Quote(wildRegexp(m.Namespaces))+")")
	}
	if len(m.ExcludeNamespaces) > 0 {
		conds = append(conds, "!"+namespace+".matches("+kubecel.Quote(wildRegexp(m.ExcludeNamespaces))+")")
	}
	if len(conds) == 0 {
		return deny
	}
	return strings.Join(conds, " &&\n") + " &&\n(" + kubecel.Closed(deny) + ")"
}

// wildRegexp is the regular expression of several patterns.
func wildRegexp(patterns []string) string {
	parts := make([]string, len(patterns))
	for i, p := range patterns {
		p = regexp.QuoteMeta(p)
		p = strings.ReplaceAll(p, `\*`, ".*")
		parts[i] = strings.ReplaceAll(p, `\?`, ".")
	}
	return "^(" + strings.Join(parts, "|") + ")$"
}
