package rbac

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Request is one access to the API. Resource is plural, with its subresource
// after a slash ("pods/exec"); Path is set instead for a non-resource URL.
type Request struct {
	Verb, Group, Resource string
	Namespace             string // empty for a cluster-scoped object or all namespaces
	Name                  string // empty when the request names no object
	Path                  string
}

// Allow returns the binding through which RBAC allows a user with these groups
// the request, or nil when none does. Groups are all groups, also the implicit
// ones. Other authorizers (Node, webhooks, system:masters) are not asked.
func (p *Policy) Allow(user string, groups []string, req Request) *Binding {
	who := Subject{Kind: rbacv1.UserKind, Name: user}
	if ns, name, ok := AccountUser(user); ok {
		who = Subject{rbacv1.ServiceAccountKind, ns, name}
	}
	if b := allowing(p.Direct(who), req); b != nil {
		return b
	}
	for _, g := range groups {
		if b := allowing(p.Direct(Subject{Kind: rbacv1.GroupKind, Name: g}), req); b != nil {
			return b
		}
	}
	return nil
}

func allowing(bindings []*Binding, req Request) *Binding {
	for _, b := range bindings {
		if !b.ClusterWide() && (req.Namespace == "" || req.Namespace != b.Ref.Namespace) {
			continue
		}
		for _, r := range b.Rules() {
			if Matches(r, req) {
				return b
			}
		}
	}
	return nil
}

// Matches says whether a rule allows a request, as the RBAC authorizer decides
// (k8s.io/kubernetes pkg/apis/rbac/v1/evaluation_helpers.go, v1.37).
func Matches(r rbacv1.PolicyRule, req Request) bool {
	if !hasOr(r.Verbs, req.Verb, rbacv1.VerbAll) {
		return false
	}
	if req.Path != "" {
		return slices.ContainsFunc(r.NonResourceURLs, func(u string) bool { return urlCovers(u, req.Path) })
	}
	return hasOr(r.APIGroups, req.Group, rbacv1.APIGroupAll) && resourceIn(r.Resources, req.Resource) &&
		(len(r.ResourceNames) == 0 || req.Name != "" && slices.Contains(r.ResourceNames, req.Name))
}

func hasOr(list []string, item, all string) bool {
	return slices.Contains(list, item) || slices.Contains(list, all)
}

// resourceIn matches a resource: by itself, by "*", and for a subresource by "*/sub".
func resourceIn(list []string, resource string) bool {
	if hasOr(list, resource, rbacv1.ResourceAll) {
		return true
	}
	_, sub, ok := strings.Cut(resource, "/")
	return ok && slices.Contains(list, "*/"+sub)
}

func urlCovers(pattern, path string) bool {
	if pattern == rbacv1.NonResourceAll || pattern == path {
		return true
	}
	return strings.HasSuffix(pattern, "*") && strings.HasPrefix(path, strings.TrimRight(pattern, "*"))
}
