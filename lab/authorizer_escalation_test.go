package lab

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	internal "k8s.io/kubernetes/pkg/apis/rbac"
	conversion "k8s.io/kubernetes/pkg/apis/rbac/v1"
	clusterrole "k8s.io/kubernetes/pkg/registry/rbac/clusterrole/policybased"
	clusterrolebinding "k8s.io/kubernetes/pkg/registry/rbac/clusterrolebinding/policybased"
	role "k8s.io/kubernetes/pkg/registry/rbac/role/policybased"
	rolebinding "k8s.io/kubernetes/pkg/registry/rbac/rolebinding/policybased"

	"bulwark/facts/rbac"
	"bulwark/internal/tri"
	"bulwark/world"
)

// drawer is a storage behind the escalation checks that stores nothing.
type drawer struct {
	rest.StandardStorage
	old runtime.Object // what an update finds
}

func (d *drawer) Create(_ context.Context, o runtime.Object, _ rest.ValidateObjectFunc, _ *metav1.CreateOptions) (runtime.Object, error) {
	return o, nil
}

func (d *drawer) Update(ctx context.Context, _ string, info rest.UpdatedObjectInfo, _ rest.ValidateObjectFunc, _ rest.ValidateObjectUpdateFunc, _ bool, _ *metav1.UpdateOptions) (runtime.Object, bool, error) {
	o, err := info.UpdatedObject(ctx, d.old)
	return o, false, err
}

// TestAuthorizerEscalation stores random roles and bindings through the API
// server's own checks and compares who was let through.
func TestAuthorizerEscalation(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	outcomes := map[string]int{}
	for range 1500 {
		p := newRandomPolicy(t, r, anyWords)
		for range 30 {
			u := rbac.User{Name: pick(r, "jane", "system:serviceaccount:a:x"), Groups: some(r, 5, aTeam...)}
			what, got, refused := writeRole(r, p, u)
			if r.IntN(2) == 0 {
				what, got, refused = writeBinding(r, p, u)
			}
			if (got.Verdict == tri.Yes) != (refused == nil) || got.Verdict == tri.Unknown {
				t.Fatalf("%+v %s: ours %s (%s), Kubernetes: %v", u, what, got.Verdict, got.Why, refused)
			}
			outcomes[fmt.Sprint(what[:11], " ", got.Verdict)]++
		}
	}
	t.Logf("%v", outcomes)
	for what, n := range outcomes {
		if n < 100 {
			t.Errorf("%s only %d times: the random writes say little", what, n)
		}
	}
}

// inRequest is the context of a request for an object of the RBAC group.
func inRequest(u rbac.User, resource, namespace, name string) context.Context {
	ctx := request.WithUser(request.WithNamespace(context.Background(), namespace), asInfo(u))
	return request.WithRequestInfo(ctx, &request.RequestInfo{
		IsResourceRequest: true, APIGroup: rbacv1.GroupName, APIVersion: "v1", Resource: resource, Namespace: namespace, Name: name,
	})
}

// send stores an object: by POST, or as the update of another one.
func send(ctx context.Context, s rest.StandardStorage, o runtime.Object, posted bool) error {
	if posted {
		_, err := s.Create(ctx, o, nil, nil)
		return err
	}
	_, _, err := s.Update(ctx, "r1", rest.DefaultUpdatedObjectInfo(o), nil, nil, false, nil)
	return err
}

func writeRole(r *rand.Rand, p *randomPolicy, u rbac.User) (what string, got rbac.Answer, refused error) {
	w := rbac.RoleWrite{Ref: world.Ref{Group: rbacv1.GroupName, Kind: "Role", Namespace: pick(r, aNamespace...), Name: "r1"}, Posted: r.IntN(2) == 0, Rules: anyWords.rules(r)}
	if len(w.Rules) > 1 {
		w.Rules = w.Rules[:1]
	}
	if r.IntN(2) == 0 && len(p.rules) > 0 {
		w.Rules = []rbacv1.PolicyRule{pick(r, p.rules...)} // which somebody holds
	}
	meta := metav1.ObjectMeta{Name: "r1", Namespace: w.Ref.Namespace}
	var rules []internal.PolicyRule
	for i := range w.Rules {
		var out internal.PolicyRule
		if err := conversion.Convert_v1_PolicyRule_To_rbac_PolicyRule(&w.Rules[i], &out, nil); err != nil {
			return "", got, err
		}
		rules = append(rules, out)
	}
	if r.IntN(2) == 0 {
		name := "r1"
		if w.Posted {
			name = ""
		}
		store := role.NewStorage(&drawer{old: &internal.Role{ObjectMeta: meta, Rules: []internal.PolicyRule{{Verbs: []string{"old"}}}}}, p.real, p.resolver)
		refused = send(inRequest(u, "roles", w.Ref.Namespace, name), store, &internal.Role{ObjectMeta: meta, Rules: rules}, w.Posted)
	} else {
		w.Ref.Kind, w.Ref.Namespace, meta.Namespace = "ClusterRole", "", ""
		refused = writeClusterRole(r, p, u, &w, meta, rules)
	}
	return fmt.Sprintf("writes role %+v", w), p.ours.MayWriteRole(u, w, p.ours.Ask), refused
}

func writeClusterRole(r *rand.Rand, p *randomPolicy, u rbac.User, w *rbac.RoleWrite, meta metav1.ObjectMeta, rules []internal.PolicyRule) error {
	selects := &internal.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{{MatchLabels: map[string]string{"a": "b"}}}}
	old := &internal.ClusterRole{ObjectMeta: meta, Rules: []internal.PolicyRule{{Verbs: []string{"old"}}}}
	now := &internal.ClusterRole{ObjectMeta: meta, Rules: rules}
	if r.IntN(4) == 0 {
		now.AggregationRule, w.Aggregates = selects, true
	}
	if !w.Posted && r.IntN(4) == 0 {
		old.AggregationRule, w.Aggregates = selects, true
	}
	if !w.Posted && r.IntN(10) == 0 {
		*now = *old.DeepCopy()
		now.Finalizers = []string{"example.com/x"}
		w.GCOnly = true
	}
	name := "r1"
	if w.Posted {
		name = ""
	}
	return send(inRequest(u, "clusterroles", "", name), clusterrole.NewStorage(&drawer{old: old}, p.real, p.resolver), now, w.Posted)
}

func writeBinding(r *rand.Rand, p *randomPolicy, u rbac.User) (what string, got rbac.Answer, refused error) {
	w := rbac.BindingWrite{
		Ref:     world.Ref{Group: rbacv1.GroupName, Kind: "RoleBinding", Namespace: pick(r, aNamespace...), Name: "b"},
		RoleRef: world.Ref{Kind: pick(r, "Role", "ClusterRole", "ClusterRole"), Name: pick(r, "r1", "r2", "r3", "r4", "x", "y", "none")},
	}
	ref := internal.RoleRef{APIGroup: rbacv1.GroupName, Kind: w.RoleRef.Kind, Name: w.RoleRef.Name}
	posted := r.IntN(2) == 0
	w.GCOnly = !posted && r.IntN(10) == 0
	if r.IntN(2) == 0 {
		meta := metav1.ObjectMeta{Name: "b", Namespace: w.Ref.Namespace}
		now := &internal.RoleBinding{ObjectMeta: meta, RoleRef: ref}
		old := now.DeepCopy()
		if old.Finalizers = []string{"example.com/x"}; !w.GCOnly {
			old.Subjects = []internal.Subject{{Kind: "User", Name: "x"}}
		}
		refused = send(inRequest(u, "rolebindings", w.Ref.Namespace, ""), rolebinding.NewStorage(&drawer{old: old}, p.real, p.resolver), now, posted)
	} else {
		w.Ref.Kind, w.Ref.Namespace = "ClusterRoleBinding", ""
		now := &internal.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "b"}, RoleRef: ref}
		old := now.DeepCopy()
		if old.Finalizers = []string{"example.com/x"}; !w.GCOnly {
			old.Subjects = []internal.Subject{{Kind: "User", Name: "x"}}
		}
		refused = send(inRequest(u, "clusterrolebindings", "", ""), clusterrolebinding.NewStorage(&drawer{old: old}, p.real, p.resolver), now, posted)
	}
	return fmt.Sprintf("writes binding %+v", w), p.ours.MayWriteBinding(u, w, p.ours.Ask), refused
}
