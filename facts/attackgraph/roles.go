package attackgraph

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/facts/rbac"
)

// reading is what the rules of a role come to.
type reading struct {
	role  *rbac.Role
	free  set
	rules [powersCount]uint16 // rule that gives each power of free, counted from 1
	named []namedPower
	// as are the powers that constrained impersonation lets the holder use as
	// somebody else, and who that may be.
	as       *reading
	accounts []namedPower // "impersonate:serviceaccount" by name; no names means any
	params   []heldParam  // parameters of admission policies
}

// namedPower is a power limited to objects of certain names.
type namedPower struct {
	power power
	names []string
	rule  int
	// resource tells the powers apart that are about several.
	resource string
}

// place of a power in the catalogue, found by group and resource.
type listing struct {
	power power
	verbs verbs
}

// catalogue finds the powers that a rule on a group and resource may give.
type catalogue map[[2]string][]listing

func newCatalogue() catalogue {
	c := catalogue{}
	for p := range powers {
		for _, r := range powers[p].rights {
			k := [2]string{r.group, r.resource}
			c[k] = append(c[k], listing{power(p), r.verbs})
		}
	}
	return c
}

var shelf = newCatalogue()

// readRole returns what a role's rules come to for a server of a minor version.
func readRole(role *rbac.Role, target int) *reading {
	r := &reading{role: role}
	r.readRules(role.Rules, target)
	return r
}

func (r *reading) readRules(rules []rbacv1.PolicyRule, target int) {
	for i := range rules {
		r.readRule(&rules[i], i, target)
		r.readConstrained(&rules[i], i, target)
	}
}

func (r *reading) readRule(rule *rbacv1.PolicyRule, i, target int) {
	var v verbs
	for _, verb := range rule.Verbs {
		v |= verbOf[verb]
	}
	if v == 0 {
		return
	}
	if len(rule.NonResourceURLs) > 0 && v&get != 0 && slices.ContainsFunc(rule.NonResourceURLs, debugURL) {
		r.give(readDebugURLs, i)
	}
	if slices.Contains(rule.Verbs, "*") && slices.Contains(rule.APIGroups, "*") && slices.Contains(rule.Resources, "*") && len(rule.ResourceNames) == 0 {
		r.give(doAnything, i)
	}
	wild := slices.Contains(rule.APIGroups, "*") || slices.ContainsFunc(rule.Resources, func(s string) bool { return strings.HasPrefix(s, "*") })
	if !wild {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, l := range shelf[[2]string{group, resource}] {
					r.match(l, resource, rule, v, i, target)
				}
			}
		}
		return
	}
	for k, listings := range shelf {
		if (slices.Contains(rule.APIGroups, k[0]) || slices.Contains(rule.APIGroups, "*")) && resourceIn(rule.Resources, k[1]) {
			for _, l := range listings {
				r.match(l, k[1], rule, v, i, target)
			}
		}
	}
}

// resourceIn matches a resource as the authorizer does.
func resourceIn(have []string, resource string) bool {
	_, sub, isSub := strings.Cut(resource, "/")
	return slices.ContainsFunc(have, func(h string) bool {
		return h == "*" || h == resource || isSub && strings.HasPrefix(h, "*/") && h[2:] == sub
	})
}

func debugURL(u string) bool {
	return u == "*" || strings.HasPrefix(u, "/debug") || strings.HasPrefix(u, "/logs")
}

// match gives a power when one of its verbs is there.
func (r *reading) match(l listing, resource string, rule *rbacv1.PolicyRule, v verbs, i, target int) {
	want := l.verbs
	if until := powers[l.power].until; until > 0 && target > until {
		want &^= get
	}
	if len(rule.ResourceNames) == 0 {
		if v&want != 0 {
			r.give(l.power, i)
		}
		return
	}
	if !strings.Contains(resource, "/") {
		want &^= create // the name is not known to the authorizer yet
	}
	if v&want != 0 {
		r.named = append(r.named, namedPower{l.power, rule.ResourceNames, i, resource})
	}
}

func (r *reading) give(p power, rule int) {
	if !r.free.has(p) {
		r.free.add(p)
		r.rules[p] = uint16(min(rule+1, 1<<16-1))
	}
}

// rule returns the index of the rule that gives a power.
func (r *reading) rule(p power) int { return max(int(r.rules[p])-1, 0) }

const (
	authnGroup   = "authentication.k8s.io"
	onAccount    = "impersonate-on:serviceaccount:"
	asAccount    = "impersonate:serviceaccount"
	firstLimited = 35 // minor version of the first server with constrained impersonation, off unless asked for
)

// readConstrained reads the two halves of constrained impersonation of service accounts.
func (r *reading) readConstrained(rule *rbacv1.PolicyRule, i, target int) {
	if target < firstLimited {
		return
	}
	var on []string
	for _, verb := range rule.Verbs {
		if verb == asAccount && slices.Contains(rule.APIGroups, authnGroup) && slices.Contains(rule.Resources, "serviceaccounts") {
			r.accounts = append(r.accounts, namedPower{impersonateAccounts, rule.ResourceNames, i, "serviceaccounts"})
		}
		if v, ok := strings.CutPrefix(verb, onAccount); ok {
			on = append(on, v)
		}
	}
	if len(on) > 0 {
		if r.as == nil {
			r.as = &reading{role: r.role}
		}
		limited := *rule
		limited.Verbs = on
		r.as.readRule(&limited, i, target)
	}
}
