package rbac

import (
	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/internal/tri"
	"bulwark/world"
)

// Everything is what a holder of cluster-admin may do.
var Everything = []rbacv1.PolicyRule{
	{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}},
	{Verbs: []string{"*"}, NonResourceURLs: []string{"*"}},
}

// RoleWrite is the attempt to store a Role or ClusterRole.
type RoleWrite struct {
	Ref        world.Ref // Kind says which; the namespace is that of the request
	Posted     bool      // by POST: the request names no object. Otherwise by PUT or PATCH, which may also create it
	Rules      []rbacv1.PolicyRule
	Aggregates bool // the new object or the one it replaces has selectors for aggregation
	GCOnly     bool // only owner references, finalizers and managed fields change
}

// MayWriteRole says whether the API server lets a user store a role, beyond the
// verb that the request itself needs: nobody may grant what they do not hold,
// unless they may escalate. ask decides about requests, such as Policy.Ask.
func (p *Policy) MayWriteRole(u User, w RoleWrite, ask func(User, Request) Answer) Answer {
	if u.In(GroupMasters) {
		return yes("members of %s may do everything", GroupMasters)
	}
	req := Request{Verb: "escalate", Group: rbacv1.GroupName, Resource: "roles", Namespace: w.Ref.Namespace, Name: w.Ref.Name}
	if w.Ref.Kind == "ClusterRole" {
		req.Resource = "clusterroles"
	}
	if w.Posted {
		req.Name = ""
	}
	escalate := ask(u, req)
	if escalate.Verdict == tri.Yes {
		escalate.Why = "the verb escalate on " + req.Resource
		return escalate
	}
	if w.GCOnly && !w.Posted {
		return yes("only owner references and finalizers change")
	}
	covered := p.covered(u, w.Ref.Namespace, w.Rules)
	if w.Aggregates {
		all := p.covered(u, w.Ref.Namespace, Everything)
		if all.Verdict == tri.No {
			all.Why = "only who holds everything may aggregate: " + all.Why
		}
		covered = covered.and(all)
	}
	return covered.or(escalate)
}

// BindingWrite is the attempt to store a RoleBinding or ClusterRoleBinding.
type BindingWrite struct {
	Ref     world.Ref
	RoleRef world.Ref // Kind and Name; a Role is looked up in the binding's namespace
	GCOnly  bool      // an update of owner references, finalizers and managed fields alone
}

// MayWriteBinding says whether the API server lets a user store a binding,
// beyond the verb that the request itself needs: the user must be allowed to
// bind the role or hold all that it grants.
func (p *Policy) MayWriteBinding(u User, w BindingWrite, ask func(User, Request) Answer) Answer {
	if u.In(GroupMasters) {
		return yes("members of %s may do everything", GroupMasters)
	}
	if w.GCOnly {
		return yes("only owner references and finalizers change")
	}
	resource := map[string]string{"Role": "roles", "ClusterRole": "clusterroles"}[w.RoleRef.Kind]
	if resource == "" {
		return no("there is no kind %q of role", w.RoleRef.Kind)
	}
	bind := ask(u, Request{Verb: "bind", Group: rbacv1.GroupName, Resource: resource, Namespace: w.Ref.Namespace, Name: w.RoleRef.Name})
	if bind.Verdict == tri.Yes {
		bind.Why = "the verb bind on " + resource
		return bind
	}
	ref := world.Ref{Group: rbacv1.GroupName, Kind: w.RoleRef.Kind, Name: w.RoleRef.Name}
	if ref.Kind == "Role" {
		ref.Namespace = w.Ref.Namespace
	}
	role := p.roles[ref]
	if role == nil || ref.Kind == "Role" && w.Ref.Namespace == "" {
		if err := p.view.Knows(ref.GroupKind(), ref.Namespace); err != nil {
			return unknown("what %s grants: %s", ref, err)
		}
		return no("%s does not exist, and only who may bind it may refer to it", ref).or(bind)
	}
	covered := p.covered(u, w.Ref.Namespace, role.Rules)
	if role.Cut && covered.Verdict == tri.Yes {
		covered = unknown("%s grants more than is looked at", ref)
	}
	return covered.or(bind)
}

// covered says whether a user holds all of the rules in a namespace.
func (p *Policy) covered(u User, namespace string, rules []rbacv1.PolicyRule) Answer {
	missing, err := Covers(p.RulesFor(u, namespace), rules)
	switch {
	case err != nil:
		return unknown("%s", err)
	case len(missing) == 0:
		return yes("the user holds all of it")
	}
	if err := p.mayHoldMore(u, namespace); err != nil {
		return unknown("whether the user holds %s: %s", Phrase(&missing[0]), err)
	}
	return no("the user does not hold %s", Phrase(&missing[0]))
}

// mayHoldMore returns why a user may hold more rules in a namespace than the Policy shows, or nil.
func (p *Policy) mayHoldMore(u User, namespace string) error {
	if err := p.KnowsBindings(namespace); err != nil {
		return err
	}
	for _, s := range u.Subjects() {
		held := p.bySubject[s]
		for _, list := range [2][]*Binding{held.clusterWide(), held.in(namespace)} {
			for _, b := range list {
				if err := b.unclear(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
