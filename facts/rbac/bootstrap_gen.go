//go:build ignore

// Command bootstrap_gen writes bootstrap.json: the roles and bindings that an
// API server creates at start, read from the policy compiled into Kubernetes.
// It runs in the lab module, which knows k8s.io/kubernetes:
//
//	cd lab && go run ../facts/rbac/bootstrap_gen.go > ../facts/rbac/bootstrap.json
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy"
)

type role struct {
	Name      string              `json:"name"`
	Namespace string              `json:"namespace,omitempty"`
	Labels    map[string]string   `json:"labels,omitempty"`
	Aggregate []map[string]string `json:"aggregate,omitempty"`
	Rules     []rbacv1.PolicyRule `json:"rules,omitempty"`
}

type binding struct {
	Name      string           `json:"name"`
	Namespace string           `json:"namespace,omitempty"`
	RoleKind  string           `json:"roleKind"`
	Role      string           `json:"role"`
	Subjects  []rbacv1.Subject `json:"subjects"`
}

type file struct {
	ClusterRoles        []role    `json:"clusterRoles"`
	ClusterRoleBindings []binding `json:"clusterRoleBindings"`
	Roles               []role    `json:"roles"`
	RoleBindings        []binding `json:"roleBindings"`
}

func main() {
	if err := json.NewEncoder(os.Stdout).Encode(collect()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func collect() file {
	var f file
	for _, r := range append(bootstrappolicy.ClusterRoles(), bootstrappolicy.ControllerRoles()...) {
		out := role{Name: r.Name, Rules: r.Rules}
		for k, v := range r.Labels {
			if k != "kubernetes.io/bootstrapping" {
				if out.Labels == nil {
					out.Labels = map[string]string{}
				}
				out.Labels[k] = v
			}
		}
		if r.AggregationRule != nil {
			for _, s := range r.AggregationRule.ClusterRoleSelectors {
				out.Aggregate = append(out.Aggregate, s.MatchLabels)
			}
		}
		f.ClusterRoles = append(f.ClusterRoles, out)
	}
	for _, b := range append(bootstrappolicy.ClusterRoleBindings(), bootstrappolicy.ControllerRoleBindings()...) {
		f.ClusterRoleBindings = append(f.ClusterRoleBindings, binding{Name: b.Name, RoleKind: b.RoleRef.Kind, Role: b.RoleRef.Name, Subjects: b.Subjects})
	}
	for _, ns := range sorted(bootstrappolicy.NamespaceRoles()) {
		for _, r := range bootstrappolicy.NamespaceRoles()[ns] {
			f.Roles = append(f.Roles, role{Name: r.Name, Namespace: ns, Rules: r.Rules})
		}
	}
	for _, ns := range sorted(bootstrappolicy.NamespaceRoleBindings()) {
		for _, b := range bootstrappolicy.NamespaceRoleBindings()[ns] {
			f.RoleBindings = append(f.RoleBindings, binding{Name: b.Name, Namespace: ns, RoleKind: b.RoleRef.Kind, Role: b.RoleRef.Name, Subjects: b.Subjects})
		}
	}
	return f
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
