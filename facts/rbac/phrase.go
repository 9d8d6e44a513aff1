package rbac

import (
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Phrase writes a rule in words, such as `get,list on secrets` or
// `update on deployments.apps named "web"`. Names come from the rule.
func Phrase(r *rbacv1.PolicyRule) string {
	var b strings.Builder
	b.WriteString(short(r.Verbs))
	b.WriteString(" on ")
	if len(r.NonResourceURLs) > 0 {
		b.WriteString(short(r.NonResourceURLs))
		return b.String()
	}
	b.WriteString(ResourceName(short(r.Resources), short(r.APIGroups)))
	if len(r.ResourceNames) > 0 {
		b.WriteString(" named " + short(r.ResourceNames))
	}
	return b.String()
}

// ResourceName joins a resource and its API group as kubectl does: pods,
// deployments.apps, deployments.apps/scale; the group "*" only where it says more.
func ResourceName(resource, group string) string {
	if group == "" || group == rbacv1.APIGroupAll && resource == rbacv1.ResourceAll {
		return resource
	}
	name, sub, ok := strings.Cut(resource, "/")
	if ok {
		sub = "/" + sub
	}
	return name + "." + group + sub
}
