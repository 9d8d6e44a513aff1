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
	rng := rand.New(rand.NewPCG(4, 4))
	snap := owned()
	g := graphOf(t, snap)
	patched := 0
	for i := range 60 {
		var refs []world.Ref
		snap, refs = mutate(rng, snap, i)
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
	if patched < 30 {
		t.Errorf("only %d changes were drawn by themselves", patched)
	}
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
				if x.kind == Workload || x.kind == Account || x.kind == User {
					out = append(out, fmt.Sprintf("%s %s %v", x.ID(), g.vertices[sink].name, o.Possible))
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

// mutate adds, changes or removes a binding or a pod.
func mutate(rng *rand.Rand, snap *world.Snapshot, i int) (*world.Snapshot, []world.Ref) {
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
	if rng.IntN(4) == 0 {
		return snap.Rebuild(func(have *world.Object) bool { return have.Ref != o.Ref }).Snapshot(), []world.Ref{o.Ref}
	}
	return snap.With(o), []world.Ref{o.Ref}
}

func BenchmarkUpdate(b *testing.B) {
	snap := large()
	g := graphOf(b, snap)
	o := world.NewObject("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "new"},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: "team-0000", Name: "sa-1"}}}, world.Declared)
	after := snap.With(o)
	for b.Loop() {
		next, err := g.Update(after, o.Ref)
		if err != nil || next.drawn.view != g.drawn.view {
			b.Fatal("drawn as a whole", err)
		}
	}
}
