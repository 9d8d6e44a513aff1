package rbac

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/labels"

	"bulwark/world"
)

// bootstrapJSON is what bootstrap_gen.go writes: the roles and bindings of Kubernetes 1.37.
//
//go:embed bootstrap.json
var bootstrapJSON []byte

type builtinRole struct {
	Name      string              `json:"name"`
	Namespace string              `json:"namespace"`
	Labels    map[string]string   `json:"labels"`
	Aggregate []map[string]string `json:"aggregate"`
	Rules     []rbacv1.PolicyRule `json:"rules"`
}

type builtinBinding struct {
	Name      string           `json:"name"`
	Namespace string           `json:"namespace"`
	RoleKind  string           `json:"roleKind"`
	Role      string           `json:"role"`
	Subjects  []rbacv1.Subject `json:"subjects"`
}

type builtinPolicy struct {
	ClusterRoles        []builtinRole    `json:"clusterRoles"`
	ClusterRoleBindings []builtinBinding `json:"clusterRoleBindings"`
	Roles               []builtinRole    `json:"roles"`
	RoleBindings        []builtinBinding `json:"roleBindings"`
}

// builtin decodes the embedded data once.
var builtin = sync.OnceValue(func() *builtinPolicy {
	p := new(builtinPolicy)
	if err := json.Unmarshal(bootstrapJSON, p); err != nil {
		panic(fmt.Sprintf("facts/rbac/bootstrap.json: %v", err))
	}
	return p
})

func (r *builtinRole) ref(kind string) world.Ref {
	return world.Ref{Group: rbacv1.GroupName, Kind: kind, Namespace: r.Namespace, Name: r.Name}
}

func (r *builtinRole) selectors() []labels.Selector {
	var out []labels.Selector
	for _, set := range r.Aggregate {
		out = append(out, labels.SelectorFromSet(set))
	}
	return out
}

// BuiltinRules returns the rules that Kubernetes 1.37 gives a role of this
// name, for an aggregated role those of the roles that Kubernetes itself
// contributes; ok is false when it has no such role.
func BuiltinRules(kind, namespace, name string) (rules []rbacv1.PolicyRule, ok bool) {
	list := builtin().Roles
	if kind == "ClusterRole" {
		list, namespace = builtin().ClusterRoles, ""
	}
	for i := range list {
		if r := &list[i]; r.Name == name && r.Namespace == namespace {
			return r.rulesWithin(list), true
		}
	}
	return nil, false
}

// rulesWithin resolves an aggregated role of the built-in data. Chains end at edit, which admin selects.
func (r *builtinRole) rulesWithin(list []builtinRole) []rbacv1.PolicyRule {
	if len(r.Aggregate) == 0 {
		return r.Rules
	}
	var out []rbacv1.PolicyRule
	for i := range list {
		if other := &list[i]; other != r && matchesAny(r.selectors(), other.Labels) {
			out = append(out, other.rulesWithin(list)...)
		}
	}
	return out
}

func matchesAny(selectors []labels.Selector, set labels.Set) bool {
	for _, s := range selectors {
		if s.Matches(set) {
			return true
		}
	}
	return false
}

// ReservedName says whether the name of a role belongs to Kubernetes and its
// parts: cluster-admin, admin, edit, view, and all that begins with "system:".
// Rights under such a name are judged by comparison with what Kubernetes ships.
func ReservedName(kind, name string) bool {
	if strings.HasPrefix(name, "system:") {
		return true
	}
	switch name {
	case "cluster-admin", "admin", "edit", "view":
		return kind == "ClusterRole"
	}
	return false
}

// ReservedCEL is ReservedName for the object under admission.
const ReservedCEL = `(object.metadata.?name.orValue('').startsWith('system:') || ` +
	`object.kind == 'ClusterRole' && object.metadata.?name.orValue('') in ['cluster-admin', 'admin', 'edit', 'view'])`

// BuiltinBinding says whether Kubernetes creates this very binding: the same name, role and subjects.
func BuiltinBinding(o *world.Object) bool {
	l := LinkOf(o)
	if l == nil {
		return false
	}
	list := builtin().RoleBindings
	if o.Kind == "ClusterRoleBinding" {
		list = builtin().ClusterRoleBindings
	}
	for i := range list {
		b := &list[i]
		if b.Name == o.Name && b.Namespace == o.Namespace && b.Role == l.RoleRef.Name && b.RoleKind == l.RoleRef.Kind {
			return subset(l.Subjects, b.Subjects)
		}
	}
	return false
}

func subset(have, of []rbacv1.Subject) bool {
	allowed := map[Subject]bool{}
	for _, s := range of {
		allowed[Subject{s.Kind, s.Namespace, s.Name}] = true
	}
	for _, s := range have {
		if !allowed[Subject{s.Kind, s.Namespace, s.Name}] {
			return false
		}
	}
	return true
}
