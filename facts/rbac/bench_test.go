package rbac

import (
	"fmt"
	"math/rand/v2"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"bulwark/world"
)

// estateOf makes a large cluster: 20,000 service accounts in 2,000 namespaces,
// 1,500 ClusterRoles, 10,000 Roles, 3,000 ClusterRoleBindings and the given
// number of RoleBindings, with subjects as they are met in the field.
func estateOf(bindings int) *world.Snapshot {
	const namespaces, perNamespace, clusterRoles, roles, clusterBindings = 2000, 10, 1500, 10000, 3000
	r := rand.New(rand.NewPCG(1, 1))
	b := &world.Builder{Completeness: world.Complete}
	add := func(kind string, o runtime.Object) {
		b.Add(world.NewObject("rbac.authorization.k8s.io/v1", kind, o, world.Declared))
	}
	ns := func(i int) string { return fmt.Sprintf("team-%d", i) }
	for _, c := range builtin().ClusterRoles {
		add("ClusterRole", &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: c.Name}, Rules: c.rulesWithin(builtin().ClusterRoles)})
	}
	for i := range clusterRoles {
		add("ClusterRole", &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("cr-%d", i)}, Rules: estateRules(r)})
	}
	for i := range roles {
		add("Role", &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("r-%d", i), Namespace: ns(i % namespaces)}, Rules: estateRules(r)})
	}
	subject := func() rbacv1.Subject {
		switch n := r.IntN(100); {
		case n < 85:
			return rbacv1.Subject{Kind: "ServiceAccount", Namespace: ns(r.IntN(namespaces)), Name: fmt.Sprintf("sa-%d", r.IntN(perNamespace))}
		case n < 95:
			return rbacv1.Subject{Kind: "User", Name: fmt.Sprintf("user-%d", r.IntN(3000))}
		}
		return rbacv1.Subject{Kind: "Group", Name: fmt.Sprintf("group-%d", r.IntN(300))}
	}
	clusterRole := func() rbacv1.RoleRef {
		name := fmt.Sprintf("cr-%d", r.IntN(clusterRoles))
		if r.IntN(3) == 0 {
			name = []string{"view", "edit", "admin"}[r.IntN(3)]
		}
		return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name}
	}
	for i := range clusterBindings {
		add("ClusterRoleBinding", &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("crb-%d", i)}, RoleRef: clusterRole(), Subjects: []rbacv1.Subject{subject()}})
	}
	for i := range bindings {
		ref, at := clusterRole(), r.IntN(namespaces)
		if r.IntN(2) == 0 {
			at = i % namespaces
			ref = rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: fmt.Sprintf("r-%d", i%roles)}
		}
		add("RoleBinding", &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("rb-%d", i), Namespace: ns(at)}, RoleRef: ref, Subjects: []rbacv1.Subject{subject(), subject()}})
	}
	return b.Snapshot()
}

func estateRules(r *rand.Rand) []rbacv1.PolicyRule {
	groups := []string{"", "", "", "apps", "batch", "networking.k8s.io", "example.com"}
	resources := []string{"pods", "pods/log", "pods/exec", "services", "configmaps", "secrets", "deployments", "jobs", "ingresses", "events", "endpoints", "widgets", "leases", "*"}
	verbs := []string{"get", "list", "watch", "create", "update", "patch", "delete", "*"}
	var out []rbacv1.PolicyRule
	for range 2 + r.IntN(6) {
		rule := rbacv1.PolicyRule{APIGroups: []string{groups[r.IntN(len(groups))]}}
		for range 1 + r.IntN(4) {
			rule.Resources = append(rule.Resources, resources[r.IntN(len(resources))])
			rule.Verbs = append(rule.Verbs, verbs[r.IntN(len(verbs))])
		}
		if r.IntN(10) == 0 {
			rule.ResourceNames = []string{"one", "two"}
		}
		out = append(out, rule)
	}
	return out
}

func BenchmarkDerive(b *testing.B) {
	snap := estateOf(30000)
	for b.Loop() {
		if _, err := Of.In(snap); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIndex(b *testing.B) {
	p, err := Of.In(estateOf(30000))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		newIndex(p)
	}
}

func BenchmarkWhoCan(b *testing.B) {
	p, err := Of.In(estateOf(30000))
	if err != nil {
		b.Fatal(err)
	}
	p.Index()
	for name, q := range map[string]Question{
		"anywhere":  {Request: Request{Verb: "get", Resource: "secrets"}, Anywhere: true, Limited: true},
		"namespace": {Request: Request{Verb: "get", Resource: "secrets", Namespace: "team-7"}},
		"named":     {Request: Request{Verb: "update", Group: "apps", Resource: "deployments", Namespace: "team-7", Name: "one"}},
		"rare":      {Request: Request{Verb: "create", Resource: "serviceaccounts/token"}, Anywhere: true, Limited: true},
		"path":      {Request: Request{Verb: "get", Path: "/metrics"}},
	} {
		b.Run(name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				n = len(p.Index().WhoCan(q))
			}
			b.ReportMetric(float64(n), "holders")
		})
	}
}

func BenchmarkCan(b *testing.B) {
	p, err := Of.In(estateOf(30000))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("decision", func(b *testing.B) {
		u, req := AccountIdentity("team-7", "sa-3"), Request{Verb: "get", Resource: "secrets", Namespace: "team-7", Name: "x"}
		for b.Loop() {
			p.Prove(u, req)
		}
	})
	b.Run("list", func(b *testing.B) {
		u, catalog := AccountIdentity("team-7", "sa-3"), NewCatalog()
		for b.Loop() {
			p.Can(u, catalog)
		}
	})
}
