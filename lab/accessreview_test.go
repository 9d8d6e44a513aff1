package lab

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"

	"bulwark/facts/rbac"
	"bulwark/internal/tri"
	"bulwark/source/kubeapi"
)

// resourcesFile is the table of built-in resources. With LAB_UPDATE set it is
// written anew from what the API server serves.
const resourcesFile = "../facts/rbac/resources.json"

// TestAccessResources compares the table of built-in resources with discovery.
func TestAccessResources(t *testing.T) {
	served := servedResources(t)
	if os.Getenv("LAB_UPDATE") != "" {
		text, err := json.Marshal(served)
		if err != nil {
			t.Fatal(err)
		}
		text = []byte(strings.ReplaceAll(string(text), "},{", "},\n{") + "\n")
		if err := os.WriteFile(resourcesFile, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	catalog := rbac.NewCatalog()
	for _, want := range served {
		got := catalog.Find(want.Name, want.Group)
		if len(got) != 1 || got[0].Kind != want.Kind || got[0].Namespaced != want.Namespaced || got[0].Singular != want.Singular ||
			!slices.Equal(got[0].Short, want.Short) || !slices.Equal(got[0].Subresources, want.Subresources) {
			t.Errorf("the table has %+v, the server %+v: run this test with LAB_UPDATE=1", got, want)
		}
	}
	if len(served) < 60 {
		t.Errorf("the server serves only %d resources", len(served))
	}
}

// served is a built-in resource with what the server can do with it.
type served struct {
	rbac.Resource
	Verbs []string `json:"-"`
}

// servedResources returns the resources of the preferred versions of the API,
// each with its subresources, sorted.
func servedResources(t *testing.T) []served {
	t.Helper()
	lists, err := shared.Client().Discovery().ServerPreferredResources()
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) {
		t.Fatal(err)
	}
	all, err := everyResource(lists)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b served) int {
		return strings.Compare(a.Group+"/"+a.Name, b.Group+"/"+b.Name)
	})
	return all
}

func everyResource(lists []*metav1.APIResourceList) ([]served, error) {
	var all []served
	for _, list := range lists {
		group, _, _ := strings.Cut(list.GroupVersion, "/")
		if !strings.Contains(list.GroupVersion, "/") {
			group = ""
		}
		full, err := shared.Client().Discovery().ServerResourcesForGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, r := range list.APIResources {
			out := served{rbac.Resource{Group: group, Name: r.Name, Singular: r.SingularName, Kind: r.Kind, Short: r.ShortNames, Namespaced: r.Namespaced}, r.Verbs}
			for _, s := range full.APIResources {
				if name, sub, ok := strings.Cut(s.Name, "/"); ok && name == r.Name {
					out.Subresources = append(out.Subresources, sub)
				}
			}
			slices.Sort(out.Subresources)
			all = append(all, out)
		}
	}
	return all, nil
}

// TestAccessReview asks the API server and us the same questions.
func TestAccessReview(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	storeAccess(t, r)
	kinds := append(rbac.Roles(), rbac.Bindings()...)
	snap, _, _ := readCluster(t, shared.Config(), kubeapi.Options{}, append(kinds, "Pod", "PersistentVolume", "VolumeAttachment.storage.k8s.io",
		"ResourceSlice.resource.k8s.io", "PodCertificateRequest.certificates.k8s.io")...)
	decider, err := rbac.Decider.In(snap)
	if err != nil {
		t.Fatal(err)
	}
	allowed := 0
	for range 600 {
		u, req := reviewed(r)
		got, want := decider.Ask(u, req), review(t, u, req)
		if got.Verdict == tri.Unknown || (got.Verdict == tri.Yes) != want.Allowed {
			t.Errorf("%+v %+v: ours %s (%s), the server %v (%s)", u, req, got.Verdict, got.Why, want.Allowed, want.Reason)
		}
		if want.Allowed {
			allowed++
		}
	}
	t.Logf("600 questions, %d allowed", allowed)
	if allowed < 60 || allowed > 540 {
		t.Errorf("%d of 600 are allowed: the questions say little", allowed)
	}
}

const accessA, accessB = "access-a", "access-b"

// storeAccess stores namespaces, roles, bindings and bound pods.
func storeAccess(t *testing.T, r *rand.Rand) {
	t.Helper()
	ctx, api := testContext(t), shared.Client()
	for _, ns := range []string{accessA, accessB} {
		namespace(t, shared, ns, nil)
		for i := range 4 {
			role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "r" + string(rune('0'+i)), Namespace: ns}, Rules: validRules(r, false)}
			if _, err := api.RbacV1().Roles(ns).Create(ctx, role, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			kind := pick(r, "Role", "ClusterRole")
			binding := &rbacv1.RoleBinding{
				ObjectMeta: metav1.ObjectMeta{Name: role.Name, Namespace: ns}, Subjects: validSubjects(r),
				RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: map[string]string{"Role": role.Name, "ClusterRole": "access-" + role.Name}[kind]},
			}
			if _, err := api.RbacV1().RoleBindings(ns).Create(ctx, binding, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "bound", Namespace: ns}, Spec: podSpec()}
		pod.Spec.NodeName = map[string]string{accessA: "access-n1", accessB: "access-n2"}[ns]
		pod.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "x"}}}}
		if _, err := api.CoreV1().Pods(ns).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 4 {
		role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "access-r" + string(rune('0'+i))}, Rules: validRules(r, true)}
		if _, err := api.RbacV1().ClusterRoles().Create(ctx, role, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		binding := &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: role.Name}, Subjects: validSubjects(r)[:1],
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name}}
		if _, err := api.RbacV1().ClusterRoleBindings().Create(ctx, binding, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			ctx := t.Context()
			_ = api.RbacV1().ClusterRoleBindings().Delete(ctx, role.Name, metav1.DeleteOptions{})
			_ = api.RbacV1().ClusterRoles().Delete(ctx, role.Name, metav1.DeleteOptions{})
		})
	}
	if err := shared.Settle(ctx); err != nil {
		t.Fatal(err)
	}
}

var (
	reviewVerbs     = []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "impersonate", "bind"}
	reviewGroups    = []string{"", "apps", rbacv1.GroupName}
	reviewResources = []string{"pods", "pods/exec", "secrets", "deployments", "deployments/scale", "namespaces", "clusterroles", "nodes"}
	reviewNames     = []string{"x", "y", accessA, "bound"}
)

func validRules(r *rand.Rand, urls bool) []rbacv1.PolicyRule {
	var out []rbacv1.PolicyRule
	for range 1 + r.IntN(3) {
		rule := rbacv1.PolicyRule{
			Verbs: append(some(r, 4, append(reviewVerbs, "*")...), "get"), APIGroups: append(some(r, 2, append(reviewGroups, "*")...), ""),
			Resources: append(some(r, 3, append(reviewResources, "*/scale", "*")...), pick(r, reviewResources...)),
		}
		if r.IntN(3) == 0 {
			rule.ResourceNames = some(r, 2, reviewNames...)
		}
		out = append(out, rule)
	}
	if urls {
		out = append(out, rbacv1.PolicyRule{Verbs: []string{"get"}, NonResourceURLs: some(r, 2, "/metrics", "/logs/*", "/debug/*")})
		if len(out[len(out)-1].NonResourceURLs) == 0 {
			out = out[:len(out)-1]
		}
	}
	return out
}

func validSubjects(r *rand.Rand) []rbacv1.Subject {
	return []rbacv1.Subject{
		pick(r, rbacv1.Subject{Kind: "Group", APIGroup: rbacv1.GroupName, Name: "access-devs"}, rbacv1.Subject{Kind: "User", APIGroup: rbacv1.GroupName, Name: "access-jane"}),
		pick(r, rbacv1.Subject{Kind: "ServiceAccount", Name: "web", Namespace: pick(r, accessA, accessB)},
			rbacv1.Subject{Kind: "User", APIGroup: rbacv1.GroupName, Name: "system:serviceaccount:" + accessA + ":web"},
			rbacv1.Subject{Kind: "Group", APIGroup: rbacv1.GroupName, Name: "system:serviceaccounts:" + accessB}),
	}
}

// reviewed returns a question.
func reviewed(r *rand.Rand) (rbac.User, rbac.Request) {
	u := pick(r, rbac.AccountIdentity(accessA, "web"), rbac.AccountIdentity(accessB, "web"), rbac.Person("access-jane"), rbac.Person("access-joe", "access-devs"),
		rbac.NodeIdentity("access-n1"), rbac.NodeIdentity("access-n2"), rbac.Person("system:anonymous"), rbac.Person("access-root", "system:masters"))
	if r.IntN(8) == 0 {
		return u, rbac.Request{Verb: "get", Path: pick(r, "/metrics", "/logs/x", "/debug/pprof", "/version", "/api", "/healthz")}
	}
	req := rbac.Request{Verb: pick(r, reviewVerbs...), Group: pick(r, "", "", reviewGroups[1], reviewGroups[2]), Resource: pick(r, reviewResources...),
		Namespace: pick(r, accessA, accessB, ""), Name: pick(r, append(reviewNames, "")...)}
	return u, req
}

func review(t *testing.T, u rbac.User, req rbac.Request) authorizationv1.SubjectAccessReviewStatus {
	t.Helper()
	sar := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{User: u.Name, Groups: u.Groups}}
	if req.Path != "" {
		sar.Spec.NonResourceAttributes = &authorizationv1.NonResourceAttributes{Path: req.Path, Verb: req.Verb}
	} else {
		resource, sub, _ := strings.Cut(req.Resource, "/")
		sar.Spec.ResourceAttributes = &authorizationv1.ResourceAttributes{
			Namespace: req.Namespace, Verb: req.Verb, Group: req.Group, Resource: resource, Subresource: sub, Name: req.Name,
		}
	}
	got, err := shared.Client().AuthorizationV1().SubjectAccessReviews().Create(testContext(t), sar, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return got.Status
}
