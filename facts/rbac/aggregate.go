package rbac

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"bulwark/world"
)

// maxAggregated bounds the rules that aggregation makes in one snapshot.
// Kubernetes' own roles come to about 400; an object holds a few thousand at most.
const maxAggregated = 500_000

// aggregation gives ClusterRoles with an aggregationRule the rules of the roles
// that they select, as the controller does, to the end of every chain of them.
type aggregation struct {
	sources []source
	targets []*target
	left    int // of maxAggregated
	of      map[*Role]*target
}

// source is a ClusterRole that others may select by its labels.
type source struct {
	role   *Role
	labels labels.Set
}

// target is an aggregated ClusterRole.
type target struct {
	role      *Role
	selectors []labels.Selector
	written   bool    // the role holds the union already
	selected  []*Role // by name
	mark      int     // of the last walk that came by
}

// collected notes which roles the targets take rules from.
func (g *aggregation) collected() map[*Role]bool {
	out := map[*Role]bool{}
	for _, t := range g.targets {
		for _, r := range t.selected {
			out[r] = true
		}
	}
	return out
}

// resolve computes the rules of every target and returns what it found wrong.
func (g *aggregation) resolve() []Problem {
	if len(g.targets) == 0 {
		return nil
	}
	g.left, g.of = maxAggregated, map[*Role]*target{}
	ix := newLabelIndex(g.sources)
	for _, t := range g.targets {
		t.role.Aggregated, t.selected = true, ix.selectedBy(t)
		if !t.written {
			g.of[t.role] = t
		}
	}
	rules, origins := make([][]rbacv1.PolicyRule, len(g.targets)), make([][]origin, len(g.targets))
	for i, t := range g.targets {
		if !t.written {
			rules[i], origins[i] = g.collect(t, i+1)
		}
	}
	var problems []Problem
	for i, t := range g.targets {
		if t.written {
			continue
		}
		t.role.Rules, t.role.origins = rules[i], origins[i]
		if t.role.Cut {
			problems = append(problems, Problem{t.role.Object, "aggregationRule",
				fmt.Sprintf("%s selects too many rules: only the first %d are looked at", t.role.Ref, len(rules[i]))})
		}
	}
	return problems
}

// collect walks from a target to the roles that hold rules of their own. A role
// that is met again, as in a circle of roles that select each other, adds nothing.
func (g *aggregation) collect(t *target, mark int) ([]rbacv1.PolicyRule, []origin) {
	var rules []rbacv1.PolicyRule
	origins := []origin{}
	seen := map[string]bool{}
	stack := []*Role{}
	push := func(t *target) {
		t.mark = mark
		for i := len(t.selected) - 1; i >= 0; i-- {
			stack = append(stack, t.selected[i])
		}
	}
	push(t)
	met := map[*Role]bool{}
	for len(stack) > 0 {
		r := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if next := g.of[r]; next != nil {
			if next.mark != mark {
				push(next)
			}
			continue
		}
		if met[r] {
			continue
		}
		met[r] = true
		for i := range r.Rules {
			key := r.Rules[i].String()
			if seen[key] {
				continue
			}
			if g.left--; g.left < 0 {
				t.role.Cut = true
				return rules, origins
			}
			seen[key] = true
			rules, origins = append(rules, r.Rules[i]), append(origins, origin{r, i})
		}
	}
	return rules, origins
}

// labelIndex finds roles by one of their labels.
type labelIndex struct {
	all   []source
	byKey map[string][]source // "key=value", and "key"
}

func newLabelIndex(sources []source) *labelIndex {
	ix := &labelIndex{byKey: map[string][]source{}}
	for _, s := range sources {
		if !s.role.Cluster() {
			continue
		}
		ix.all = append(ix.all, s)
		for k, v := range s.labels {
			ix.byKey[k] = append(ix.byKey[k], s)
			ix.byKey[k+"="+v] = append(ix.byKey[k+"="+v], s)
		}
	}
	return ix
}

// selectedBy returns the roles that a target selects, itself excepted, by name.
func (ix *labelIndex) selectedBy(t *target) []*Role {
	var out []*Role
	seen := map[*Role]bool{t.role: true}
	for _, s := range t.selectors {
		for _, c := range ix.candidates(s) {
			if !seen[c.role] && s.Matches(c.labels) {
				seen[c.role] = true
				out = append(out, c.role)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b *Role) int { return cmp.Compare(a.Ref.Name, b.Ref.Name) })
	return out
}

// candidates returns all roles that a selector can match, and perhaps others.
func (ix *labelIndex) candidates(s labels.Selector) []source {
	requirements, selectable := s.Requirements()
	if !selectable {
		return nil
	}
	for _, r := range requirements {
		values := r.ValuesUnsorted()
		switch {
		case (r.Operator() == selection.In || r.Operator() == selection.Equals) && len(values) == 1:
			return ix.byKey[r.Key()+"="+values[0]]
		case r.Operator() == selection.Exists || r.Operator() == selection.In:
			return ix.byKey[r.Key()]
		}
	}
	return ix.all
}

// selectorsOf drops selectors that cannot be read: the controller stops at them too.
func selectorsOf(o *world.Object, in []metav1.LabelSelector) (out []labels.Selector, problems []Problem) {
	for i := range in {
		s, err := metav1.LabelSelectorAsSelector(&in[i])
		if err != nil {
			problems = append(problems, Problem{o, fmt.Sprintf("aggregationRule.clusterRoleSelectors[%d]", i),
				fmt.Sprintf("this selector cannot be read, so it selects nothing: %s", strings.TrimSpace(err.Error()))})
			continue
		}
		out = append(out, s)
	}
	return out, problems
}
