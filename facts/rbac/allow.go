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
	Name                  string // empty when the request names no object; of a list or watch, what its field selector pins metadata.name to
	Path                  string

	// OnNode is the node that the field selector of a list or watch pins objects to.
	OnNode string
}

// Attributed returns the request with the namespace that the API server takes
// it to be about. A request for one namespace counts as one within it, so that
// a RoleBinding there can allow it; listing namespaces never does.
func (r Request) Attributed() Request {
	if r.Group != "" || r.Verb == "list" {
		return r
	}
	switch r.Resource {
	case "namespaces", "namespaces/status", "namespaces/finalize":
		r.Namespace = r.Name
	}
	return r
}

// Proof is why RBAC allows something: a rule of the role that a binding hands to a subject.
type Proof struct {
	Binding *Binding
	Rule    int     // index in Binding.Rules
	Subject Subject // as which the user is named: itself or one of its groups
}

// Allow returns the binding through which RBAC allows a user with these groups
// the request, or nil when none does. Groups are all groups, also the implicit
// ones. Other authorizers (Node, webhooks, system:masters) are not asked.
func (p *Policy) Allow(user string, groups []string, req Request) *Binding {
	if proof, ok := p.Prove(User{Name: user, Groups: groups}, req); ok {
		return proof.Binding
	}
	return nil
}

// Prove is Allow with the rule and the subject. Cluster-wide bindings are looked at first.
func (p *Policy) Prove(u User, req Request) (Proof, bool) {
	if proof, ok := p.proveFor(userSubject(u.Name), req); ok {
		return proof, true
	}
	for _, g := range u.Groups {
		if proof, ok := p.proveFor(Subject{Kind: rbacv1.GroupKind, Name: g}, req); ok {
			return proof, true
		}
	}
	return Proof{}, false
}

func (p *Policy) proveFor(s Subject, req Request) (Proof, bool) {
	held := p.bySubject[s]
	for _, list := range [2][]*Binding{held.clusterWide(), held.in(req.Namespace)} {
		for _, b := range list {
			rules := b.Rules()
			for i := range rules {
				if Matches(&rules[i], &req) {
					return Proof{b, i, s}, true
				}
			}
		}
	}
	return Proof{}, false
}

// RulesFor returns the rules that a user holds in a namespace; with the empty
// namespace those that hold everywhere.
func (p *Policy) RulesFor(u User, namespace string) []rbacv1.PolicyRule {
	var out []rbacv1.PolicyRule
	for _, s := range u.Subjects() {
		held := p.bySubject[s]
		for _, list := range [2][]*Binding{held.clusterWide(), held.in(namespace)} {
			for _, b := range list {
				out = append(out, b.Rules()...)
			}
		}
	}
	return out
}

// Matches says whether a rule allows a request, as the RBAC authorizer decides
// (k8s.io/kubernetes pkg/apis/rbac/v1/evaluation_helpers.go, v1.37).
func Matches(r *rbacv1.PolicyRule, req *Request) bool {
	if !hasOr(r.Verbs, req.Verb, rbacv1.VerbAll) {
		return false
	}
	if req.Path != "" {
		return slices.ContainsFunc(r.NonResourceURLs, func(u string) bool { return urlCovers(u, req.Path) })
	}
	return hasOr(r.APIGroups, req.Group, rbacv1.APIGroupAll) && resourceIn(r.Resources, req.Resource) &&
		(len(r.ResourceNames) == 0 || slices.Contains(r.ResourceNames, req.Name))
}

func hasOr(list []string, item, all string) bool {
	for _, s := range list {
		if s == item || s == all {
			return true
		}
	}
	return false
}

// resourceIn matches a resource: by itself, by "*", and for a subresource by "*/sub".
func resourceIn(list []string, resource string) bool {
	if hasOr(list, resource, rbacv1.ResourceAll) {
		return true
	}
	_, sub, ok := strings.Cut(resource, "/")
	return ok && slices.ContainsFunc(list, func(s string) bool { return len(s) == len(sub)+2 && s[:2] == "*/" && s[2:] == sub })
}

func urlCovers(pattern, path string) bool {
	if pattern == path {
		return true
	}
	return strings.HasSuffix(pattern, "*") && strings.HasPrefix(path, strings.TrimRight(pattern, "*"))
}
