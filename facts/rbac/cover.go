package rbac

import (
	"errors"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
)

// maxAtoms bounds how many single rights two lists of rules are compared by.
const maxAtoms = 1 << 20

// ErrTooManyRights says that rules name more combinations of groups, resources
// and verbs than can be compared one by one.
var ErrTooManyRights = errors.New("the rules name too many combinations of API groups, resources and verbs to compare them")

// Covers returns the rights of the wanted rules that the owner's rules do not
// grant, one rule for each API group, resource and verb, or URL and verb; none
// means that the owner covers them. Each single right must be granted by one of
// the owner's rules, as the API server decides before it lets somebody write a
// role (k8s.io/component-helpers auth/rbac/validation, v1.37).
func Covers(owner, wanted []rbacv1.PolicyRule) (missing []rbacv1.PolicyRule, err error) {
	atoms := 0
	for i := range wanted {
		w := &wanted[i]
		atoms += (len(w.APIGroups)*len(w.Resources) + len(w.NonResourceURLs)) * len(w.Verbs) * max(len(w.ResourceNames), 1)
		if atoms > maxAtoms {
			return nil, ErrTooManyRights
		}
	}
	for i := range wanted {
		missing = missingResources(missing, owner, &wanted[i])
		missing = missingURLs(missing, owner, &wanted[i])
	}
	return missing, nil
}

func missingResources(missing, owner []rbacv1.PolicyRule, w *rbacv1.PolicyRule) []rbacv1.PolicyRule {
	for _, group := range w.APIGroups {
		for _, resource := range w.Resources {
			for _, verb := range w.Verbs {
				names, covered := uncoveredNames(owner, group, resource, verb, w.ResourceNames)
				if !covered {
					missing = append(missing, rbacv1.PolicyRule{
						APIGroups: []string{group}, Resources: []string{resource}, Verbs: []string{verb}, ResourceNames: names,
					})
				}
			}
		}
	}
	return missing
}

// uncoveredNames returns which of the names the owner may not do it to; with no
// names given, covered says whether the owner may do it to all.
func uncoveredNames(owner []rbacv1.PolicyRule, group, resource, verb string, names []string) (left []string, covered bool) {
	left = names
	for i := range owner {
		o := &owner[i]
		if !hasOr(o.Verbs, verb, rbacv1.VerbAll) || !hasOr(o.APIGroups, group, rbacv1.APIGroupAll) || !resourceIn(o.Resources, resource) {
			continue
		}
		if len(o.ResourceNames) == 0 {
			return nil, true
		}
		if len(left) > 0 {
			left = slices.DeleteFunc(slices.Clone(left), func(n string) bool { return slices.Contains(o.ResourceNames, n) })
			if len(left) == 0 {
				return nil, true
			}
		}
	}
	return left, false
}

func missingURLs(missing, owner []rbacv1.PolicyRule, w *rbacv1.PolicyRule) []rbacv1.PolicyRule {
	for _, url := range w.NonResourceURLs {
		for _, verb := range w.Verbs {
			covered := slices.ContainsFunc(owner, func(o rbacv1.PolicyRule) bool {
				return len(o.ResourceNames) == 0 && hasOr(o.Verbs, verb, rbacv1.VerbAll) &&
					slices.ContainsFunc(o.NonResourceURLs, func(have string) bool { return urlCovers(have, url) })
			})
			if !covered {
				missing = append(missing, rbacv1.PolicyRule{NonResourceURLs: []string{url}, Verbs: []string{verb}})
			}
		}
	}
	return missing
}
