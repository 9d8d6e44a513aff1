package rbac

import (
	"encoding/json"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/world"
)

// RulesOf returns the rules that a Role or ClusterRole of any version of the
// API holds as written; nil for any other object.
func RulesOf(o *world.Object) []rbacv1.PolicyRule {
	r := clusterRole(o)
	if r == nil {
		return nil
	}
	return r.Rules
}

// clusterRole reads a Role or ClusterRole of any version in the form of a v1
// ClusterRole, of which a Role has a part; nil for any other object.
func clusterRole(o *world.Object) *rbacv1.ClusterRole {
	if o.Group != rbacv1.GroupName || o.Kind != "Role" && o.Kind != "ClusterRole" {
		return nil
	}
	switch t := o.Typed.(type) {
	case *rbacv1.ClusterRole:
		return t
	case *rbacv1.Role:
		return &rbacv1.ClusterRole{ObjectMeta: t.ObjectMeta, Rules: t.Rules}
	}
	r := new(rbacv1.ClusterRole)
	if !reshape(o.Typed, r) {
		return nil
	}
	return r
}

// Link is what a binding says: who gets what.
type Link struct {
	RoleRef  rbacv1.RoleRef
	Subjects []rbacv1.Subject
}

// LinkOf returns what a RoleBinding or ClusterRoleBinding of any version of the
// API says; nil for any other object.
func LinkOf(o *world.Object) *Link {
	if o.Group != rbacv1.GroupName || o.Kind != "RoleBinding" && o.Kind != "ClusterRoleBinding" {
		return nil
	}
	switch t := o.Typed.(type) {
	case *rbacv1.ClusterRoleBinding:
		return &Link{t.RoleRef, t.Subjects}
	case *rbacv1.RoleBinding:
		return &Link{t.RoleRef, t.Subjects}
	}
	b := new(rbacv1.ClusterRoleBinding)
	if !reshape(o.Typed, b) {
		return nil
	}
	return &Link{b.RoleRef, b.Subjects}
}

// reshape copies between versions of one type, whose JSON forms agree.
func reshape(from, to any) bool {
	raw, err := json.Marshal(from)
	return err == nil && json.Unmarshal(raw, to) == nil
}

// SelectorsOf returns the selectors of an aggregated ClusterRole as written.
func SelectorsOf(o *world.Object) []metav1.LabelSelector {
	r := clusterRole(o)
	if r == nil || r.AggregationRule == nil {
		return nil
	}
	return r.AggregationRule.ClusterRoleSelectors
}
