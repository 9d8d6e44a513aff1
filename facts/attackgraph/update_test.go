package attackgraph

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/internal/estate"
	"bulwark/world"
)

// owned is an estate whose pods belong to a Deployment.
func owned() *world.Snapshot {
	snap, _ := estate.Cluster(estate.Shape{Nodes: 8, Pods: 40, Accounts: 16, Bindings: 20, Namespaces: 4, Planted: 1, Seed: 3})
	b := snap.Rebuild(func(*world.Object) bool { return true })
	for i := range 4 {
		b.Add(deployment(fmt.Sprintf("team-%04d", i)))
	}
	return b.Snapshot()
}

func deployment(ns string) *world.Object {
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "web"}}
	d.Spec.Template.Spec = corev1.PodSpec{AutomountServiceAccountToken: new(false), Containers: []corev1.Container{{Name: "c", Image: "x",
		SecurityContext: &corev1.SecurityContext{RunAsUser: new(int64(1000)), AllowPrivilegeEscalation: new(false)}}}}
	return world.NewObject("apps/v1", "Deployment", d, world.Declared)
}

// TestUpdate wants a graph that was changed bit by bit to say what one drawn anew says.
func TestUpdate(t *testing.T) {
	for _, kind := range []struct {
		name   string
		mutate func(*rand.Rand, *world.Snapshot) (*world.Snapshot, []world.Ref)
		rounds int
		least  int // of the changes are drawn by themselves
	}{{"bindings and pods", mutate, 60, 30}, {"roles, groups and Secrets", mutateRoles, 120, 90}} {
		t.Run(kind.name, func(t *testing.T) {
			for seed := range uint64(3) {
				patched := changeBitByBit(t, rand.New(rand.NewPCG(seed, 4)), kind.mutate, kind.rounds)
				if t.Logf("%d of %d changes were drawn by themselves", patched, kind.rounds); patched < kind.least {
					t.Errorf("only %d changes were drawn by themselves", patched)
				}
			}
		})
	}
}

// changeBitByBit compares the graph after each change with one drawn anew, and counts the changes drawn by themselves.
func changeBitByBit(t *testing.T, rng *rand.Rand, mutate func(*rand.Rand, *world.Snapshot) (*world.Snapshot, []world.Ref), rounds int) (patched int) {
	t.Helper()
	snap := owned()
	g := graphOf(t, snap)
	for i := range rounds {
		var refs []world.Ref
		snap, refs = mutate(rng, snap)
		next, err := g.Update(snap, refs...)
		if err != nil {
			t.Fatal(err)
		}
		if next.drawn.view == g.drawn.view {
			patched++
		}
		g = next
		want := graphOf(t, snap)
		if a, b := reachText(g), reachText(want); !slices.Equal(a, b) {
			t.Fatalf("after change %d of %v the patched graph says\n%v\nand a new one\n%v", i, refs, only(a, b), only(b, a))
		}
	}
	return patched
}

// only returns what the first list has more.
func only(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// reachText lists which things lead to which sinks, certainly or possibly.
func reachText(g *Graph) (out []string) {
	for _, o := range []Options{{}, {Possible: true}} {
		for _, sink := range g.sinks {
			d := g.g.Cheapest([]uint32{sink}, o.cost)
			for v := range g.vertices {
				x := &g.vertices[v]
				if x.kind == Workload && g.byRef[x.Object.Ref] != uint32(v) || !d.Reached(uint32(v)) {
					continue
				}
				if x.kind == Workload || (x.kind == Account || x.kind == User || x.kind == Group) && !hollow(g, uint32(v)) {
					out = append(out, fmt.Sprintf("%s %s %v", x.ID(), g.vertices[sink].name, o.Possible))
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

// hollow says whether nothing binds an identity any more, so that a graph drawn
// anew may have no vertex for it: it has what everybody has.
func hollow(g *Graph, v uint32) bool {
	x := &g.vertices[v]
	if x.kind == Account && g.drawn.namespaces[x.namespace].accounts[x.name] == exists {
		return false
	}
	return len(g.drawn.held(v)) == 0
}

// mutateRoles adds, changes or removes a role, a binding of users and groups, or a Secret.
func mutateRoles(rng *rand.Rand, snap *world.Snapshot) (*world.Snapshot, []world.Ref) {
	const api = "rbac.authorization.k8s.io/v1"
	ns := fmt.Sprintf("team-%04d", rng.IntN(4))
	wide := []string{"halves-0-write", "halves-0-bind", "masters-0-users", "masters-0-groups", "part-0", "part-1", "sum", "sum", "new-role"}
	switch rng.IntN(6) {
	case 0: // what a Role may
		return putOrTake(rng, snap, world.NewObject(api, "Role", &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: pick(rng, "lively", "role-0", "missing")}, Rules: someRules(rng, false)}, world.Declared))
	case 1: // what a ClusterRole may, by itself or as a part of another
		r := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: wide[rng.IntN(len(wide))], Labels: map[string]string{}}, Rules: someRules(rng, true)}
		switch {
		case r.Name == "sum":
			r.Rules, r.AggregationRule = nil, &rbacv1.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{{MatchLabels: map[string]string{"part": "yes"}}}}
		case r.Name[:4] == "part":
			r.Labels["part"] = pick(rng, "yes", "yes", "no")
		}
		return putOrTake(rng, snap, world.NewObject(api, "ClusterRole", r, world.Declared))
	case 2: // who is bound in a namespace
		return putOrTake(rng, snap, world.NewObject(api, "RoleBinding", &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: fmt.Sprintf("group-%d", rng.IntN(4))},
			RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: pick(rng, "Role", "ClusterRole"), Name: pick(rng, "lively", "missing", "sum", "part-0", "new-role")},
			Subjects: someSubjects(rng, ns)}, world.Declared))
	case 3: // who is bound everywhere
		return putOrTake(rng, snap, world.NewObject(api, "ClusterRoleBinding", &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("group-%d", rng.IntN(6))},
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: wide[rng.IntN(len(wide))]}, Subjects: someSubjects(rng, ns)}, world.Declared))
	case 4:
		return putOrTake(rng, snap, world.NewObject("v1", "Secret", &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "s"}, Type: corev1.SecretTypeOpaque}, world.Declared))
	}
	return mutate(rng, snap)
}

func pick(rng *rand.Rand, words ...string) string { return words[rng.IntN(len(words))] }

func someSubjects(rng *rand.Rand, ns string) (out []rbacv1.Subject) {
	for range 1 + rng.IntN(2) {
		switch rng.IntN(12) {
		case 0:
			out = append(out, rbacv1.Subject{Kind: "Group", APIGroup: rbacv1.GroupName, Name: pick(rng, "system:serviceaccounts:"+ns, "system:authenticated", "system:bootstrappers")})
		case 1, 2, 3:
			out = append(out, rbacv1.Subject{Kind: "User", APIGroup: rbacv1.GroupName, Name: fmt.Sprintf("fresh-%d", rng.IntN(3))})
		case 4, 5, 6:
			out = append(out, rbacv1.Subject{Kind: "ServiceAccount", Namespace: ns, Name: fmt.Sprintf("sa-%d", rng.IntN(6))})
		default:
			out = append(out, rbacv1.Subject{Kind: "Group", APIGroup: rbacv1.GroupName, Name: fmt.Sprintf("crew-%d", rng.IntN(3))})
		}
	}
	return out
}

// someRules are rules that mean something alone, together, or nothing.
func someRules(rng *rand.Rand, wide bool) (out []rbacv1.PolicyRule) {
	rule := func(group, resource string, names []string, verbs ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: verbs, ResourceNames: names}
	}
	all := []rbacv1.PolicyRule{
		rule("", "pods/exec", nil, "create"), rule("", "secrets", nil, "get", "list"), rule("", "secrets", nil, "create"), rule("", "serviceaccounts/token", nil, "create"),
		rule("", "pods", nil, "create"), rule("", "pods", nil, "list"), rule("", "configmaps", nil, "get"), rule("", "namespaces", nil, "patch"),
		rule(rbacv1.GroupName, "roles", nil, "escalate", "update"), rule(rbacv1.GroupName, "rolebindings", nil, "create"), rule(rbacv1.GroupName, "roles", nil, "bind"),
	}
	if wide {
		all = append(all, rule(rbacv1.GroupName, "clusterrolebindings", nil, "create"), rule(rbacv1.GroupName, "clusterroles", nil, "bind"), rule("", "users", nil, "impersonate"),
			rule("", "groups", nil, "impersonate"), rule(rbacv1.GroupName, "clusterroles", nil, "escalate"), rule(rbacv1.GroupName, "clusterroles", nil, "patch"))
		if rng.IntN(8) == 0 {
			all = []rbacv1.PolicyRule{rule("*", "*", nil, "*"), rule(rbacv1.GroupName, "clusterroles", []string{"new-role"}, "bind"), rule(rbacv1.GroupName, "clusterrolebindings", []string{"group-1"}, "update")}
		}
	}
	for range rng.IntN(3) {
		out = append(out, all[rng.IntN(len(all))])
	}
	return out
}

// mutate adds, changes or removes a binding or a pod.
func mutate(rng *rand.Rand, snap *world.Snapshot) (*world.Snapshot, []world.Ref) {
	ns := fmt.Sprintf("team-%04d", rng.IntN(4))
	var o *world.Object
	switch rng.IntN(4) {
	case 0:
		subject := rbacv1.Subject{Kind: "ServiceAccount", Namespace: ns, Name: fmt.Sprintf("sa-%d", rng.IntN(5))}
		role := []string{"lively", "role-0", "missing"}[rng.IntN(3)]
		o = world.NewObject("rbac.authorization.k8s.io/v1", "RoleBinding", &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: fmt.Sprintf("new-%d", rng.IntN(6))},
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role}, Subjects: []rbacv1.Subject{subject}}, world.Declared)
	case 1:
		role := []string{"cluster-admin", "halves-0-write", "halves-0-bind", "masters-0-users", "masters-0-groups"}[rng.IntN(5)]
		o = world.NewObject("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("wide-%d", rng.IntN(6))},
			RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects: []rbacv1.Subject{{Kind: "User", APIGroup: rbacv1.GroupName, Name: fmt.Sprintf("user-%d", rng.IntN(3))}}}, world.Declared)
	default:
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: fmt.Sprintf("web-%d", rng.IntN(6))}}
		p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: "web", Controller: new(true)}}
		p.Spec = corev1.PodSpec{NodeName: fmt.Sprintf("node-%05d", rng.IntN(8)), ServiceAccountName: fmt.Sprintf("sa-%d", rng.IntN(4)),
			Containers: []corev1.Container{{Name: "c", Image: "x", SecurityContext: &corev1.SecurityContext{Privileged: new(rng.IntN(4) == 0), RunAsUser: new(int64(0))}}}}
		o = world.NewObject("v1", "Pod", p, world.Declared)
	}
	return putOrTake(rng, snap, o)
}

// putOrTake puts an object into a snapshot, or now and then takes it out.
func putOrTake(rng *rand.Rand, snap *world.Snapshot, o *world.Object) (*world.Snapshot, []world.Ref) {
	if rng.IntN(4) == 0 {
		return snap.Rebuild(func(have *world.Object) bool { return have.Ref != o.Ref }).Snapshot(), []world.Ref{o.Ref}
	}
	return snap.With(o), []world.Ref{o.Ref}
}

func BenchmarkUpdate(b *testing.B) {
	const api = "rbac.authorization.k8s.io/v1"
	admin := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"}
	for name, o := range map[string]*world.Object{
		"account": world.NewObject(api, "ClusterRoleBinding", &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "new"}, RoleRef: admin,
			Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: "team-0000", Name: "sa-1"}}}, world.Declared),
		"group": world.NewObject(api, "ClusterRoleBinding", &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "new"}, RoleRef: admin,
			Subjects: []rbacv1.Subject{{Kind: "Group", APIGroup: rbacv1.GroupName, Name: "group-1"}}}, world.Declared),
		"role": world.NewObject(api, "Role", &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: "team-0000", Name: "lively"},
			Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"create"}}}}, world.Declared),
		"secret": world.NewObject("v1", "Secret", &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-0000", Name: "s"}, Type: corev1.SecretTypeOpaque}, world.Declared),
	} {
		b.Run(name, func(b *testing.B) {
			snap := large()
			g := graphOf(b, snap)
			after := snap.With(o)
			for b.Loop() {
				next, err := g.Update(after, o.Ref)
				if err != nil || next.drawn.view != g.drawn.view {
					b.Fatal("drawn as a whole", err)
				}
			}
		})
	}
}
