package rbac

import (
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Change is what one subject may do in one of two policies and not in the other.
type Change struct {
	Subject Subject
	Gained  []Permission // proofs are of the new policy
	Lost    []Permission // proofs are of the old policy
}

// Diff compares what everybody may do, by meaning: it does not matter which
// binding or role says it, or whether a service account has it by itself or
// through a group of all accounts. What has no effect is left out. Sorted by subject.
func Diff(before, after *Policy, catalog *Catalog) []Change {
	var out []Change
	marks := [2]*signatures{newSignatures(before), newSignatures(after)}
	for _, s := range union(before.Subjects(), after.Subjects()) {
		c := Change{Subject: s}
		c.Gained = beyond(s, marks[1], marks[0], catalog)
		c.Lost = beyond(s, marks[0], marks[1], catalog)
		if len(c.Gained)+len(c.Lost) > 0 {
			out = append(out, c)
		}
	}
	return out
}

func union(a, b []Subject) []Subject {
	out := slices.Concat(a, b)
	slices.SortFunc(out, Subject.Compare)
	return slices.Compact(out)
}

// signatures tells quickly that two bindings give the same.
type signatures struct {
	*Policy
	of map[*Role]string
}

func newSignatures(p *Policy) *signatures { return &signatures{p, map[*Role]string{}} }

// grant is what a binding gives in a form that can be compared.
func (s *signatures) grant(b *Binding) string {
	scope := b.Ref.Namespace + "\x00" + b.Ref.Kind + "\x00"
	if b.Role == nil {
		if b.Unproven == nil {
			return ""
		}
		return scope + b.RoleRef.String()
	}
	if s.of[b.Role] == "" {
		rules := make([]string, len(b.Role.Rules))
		for i := range rules {
			r := &b.Role.Rules[i]
			rules[i] = fmt.Sprintf("%q%q%q%q%q", r.Verbs, r.APIGroups, r.Resources, r.ResourceNames, r.NonResourceURLs)
		}
		slices.Sort(rules)
		s.of[b.Role] = strings.Join(rules, "\x00") + fmt.Sprint(b.Role.Cut)
	}
	return scope + s.of[b.Role]
}

// beyond returns what the bindings of a subject give in one policy that it does not have in the other.
func beyond(s Subject, in, other *signatures, catalog *Catalog) []Permission {
	same := map[string]bool{"": true}
	for _, b := range other.Direct(s) {
		same[other.grant(b)] = true
	}
	c := collector{catalog: catalog, at: map[string]*Permission{}}
	held := map[string][]rbacv1.PolicyRule{}
	for _, b := range in.Direct(s) {
		if same[in.grant(b)] {
			continue
		}
		if err := b.unclear(); err != nil {
			c.add(&Permission{Unclear: err.Error()}, Proof{b, -1, s})
		}
		ns := b.Ref.Namespace
		if _, ok := held[ns]; !ok {
			held[ns] = other.RulesFor(s.member(), ns)
		}
		for i := range b.Rules() {
			c.addMissing(held[ns], &b.Role.Rules[i], Proof{b, i, s})
		}
	}
	list := slices.DeleteFunc(c.list(), func(p Permission) bool { return p.Idle != "" })
	markDangers(list)
	return list
}

// addMissing adds what a rule gives and the other rules do not.
func (c *collector) addMissing(held []rbacv1.PolicyRule, r *rbacv1.PolicyRule, proof Proof) {
	missing, err := Covers(held, []rbacv1.PolicyRule{*r})
	if err != nil {
		c.add(&Permission{Unclear: fmt.Sprintf("%s: %s", proof.Binding.RoleRef, err)}, proof)
		return
	}
	for i := range missing {
		c.addRule(&missing[i], proof)
	}
}

// member is a user of whom nothing is known but that the subject is its name or its group.
func (s Subject) member() User {
	if u, ok := s.AsUser(); ok {
		return u
	}
	return Person("", s.Name)
}
