package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"bulwark/control"
	"bulwark/controls"
	"bulwark/facts/attackgraph"
	"bulwark/facts/isolation"
	"bulwark/facts/rbac"
	"bulwark/facts/reach"
	"bulwark/facts/relations"
	"bulwark/internal/estate"
	"bulwark/internal/tri"
	"bulwark/source/kubeapi"
	"bulwark/world"
)

// asked are the facts that questions are put to.
var asked = []control.AnyFact{rbac.Decider, reach.Fact, attackgraph.Fact, isolation.Fact, relations.Fact}

// TestQuestions reads a cluster with all rights, with those of deploy/rbac.yaml
// and with fewer, and then takes away one kind after the other. What could not
// be read makes verdicts and answers unknown, never the opposite of what they were.
func TestQuestions(t *testing.T) {
	c := start(t, Options{})
	populate(t, c)
	wants := control.Wants(controls.All(), asked...)
	admin, _, _ := readCluster(t, c.Config(), kubeapi.Options{}, wants...)
	if len(admin.Gaps()) > 0 {
		t.Fatalf("an administrator may read all: %v", admin.Gaps())
	}
	full := judged(t, admin)
	full.wantVaried(t)
	scan := clusterRole(t, c, "bulwark-scan")

	t.Run("deploy", func(t *testing.T) {
		less := readAs(t, c, "bulwark", "bulwark", kubeapi.Options{}, wants)
		if got := gapKinds(less); !slices.Equal(got, []string{"Secret"}) {
			t.Errorf("with deploy/rbac.yaml these kinds stay unread: %v, want Secret alone: %v", got, less.Gaps())
		}
		wantOthers(t, admin, less, "Secret")
		full.wantMonotone(t, less, "Secret")
	})
	for _, tt := range []struct {
		name    string
		without []string // resources
		gaps    []string
	}{
		{"no-network-policies", []string{"networkpolicies"}, []string{"NetworkPolicy.networking.k8s.io"}},
		{"no-roles", []string{"roles", "clusterroles"}, []string{"ClusterRole.rbac.authorization.k8s.io", "Role.rbac.authorization.k8s.io"}},
		{"no-bindings", []string{"rolebindings", "clusterrolebindings"}, []string{"ClusterRoleBinding.rbac.authorization.k8s.io", "RoleBinding.rbac.authorization.k8s.io"}},
		{"no-namespaces-nor-nodes", []string{"namespaces", "nodes"}, []string{"Namespace", "Node"}},
		{"no-pods", []string{"pods"}, []string{"Pod"}},
		{"no-workloads", []string{"deployments", "daemonsets", "statefulsets", "configmaps"}, []string{"ConfigMap", "DaemonSet.apps", "Deployment.apps", "StatefulSet.apps"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			account(t, c, tt.name, without(scan.Rules, tt.without))
			less := readAs(t, c, "bulwark", tt.name, kubeapi.Options{}, wants)
			want := append(tt.gaps, "Secret")
			slices.Sort(want)
			if got := gapKinds(less); !slices.Equal(got, want) {
				t.Errorf("unread: %v, want %v", got, want)
			}
			full.wantMonotone(t, less, want...)
			if made := hide(admin, want...); !slices.Equal(names(made), names(less)) {
				t.Error("hiding kinds of a snapshot, which the rest of this test does, is not what a scan without rights sees")
			}
		})
	}
	t.Run("one-namespace", func(t *testing.T) {
		account(t, c, "one-namespace", nil)
		bindIn(t, c, "team-0000", "one-namespace", scan)
		less := readAs(t, c, "bulwark", "one-namespace", kubeapi.Options{Namespaces: []string{"team-0000"}}, wants)
		if err := less.Gapped("Node"); err == nil || less.Gapped("Pod") != nil {
			t.Errorf("nodes: %v, pods: %v", err, less.Gapped("Pod"))
		}
		full.wantMonotone(t, less)
	})
	for _, kind := range kindsOf(admin) {
		t.Run("hidden "+kind, func(t *testing.T) { full.wantMonotone(t, hide(admin, kind), kind) })
	}
}

// populate stores an estate with faults of every sort, and deploy/rbac.yaml.
func populate(t *testing.T, c *Cluster) {
	t.Helper()
	ctx := testContext(t)
	if _, err := c.ApplyPath(ctx, "../deploy/rbac.yaml"); err != nil {
		t.Fatal(err)
	}
	snap, _ := estate.Cluster(estate.Shape{Nodes: 4, Pods: 20, Accounts: 12, Bindings: 20, Namespaces: 4, Planted: 1, Seed: 7})
	var objects, levels []*unstructured.Unstructured
	for _, o := range snap.Objects() {
		if strings.HasPrefix(o.Name, "system:") || o.Name == "cluster-admin" {
			continue // the cluster has its own
		}
		u := storable(t, o)
		if o.Kind == "Namespace" { // its level comes when the pods that offend against it are there
			levels = append(levels, u.DeepCopy())
			u.SetLabels(nil)
		}
		objects = append(objects, u)
	}
	var faults bytes.Buffer
	if _, err := estate.Write(&faults, 60, 5); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "faults.yaml")
	if err := os.WriteFile(file, faults.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	n, err := c.Apply(ctx, objects...)
	m, err2 := c.ApplyPath(ctx, file)
	k, err3 := c.ApplyPath(ctx, "testdata/questions.yaml")
	_, err4 := c.Apply(ctx, levels...)
	if err := errors.Join(err, err2, err3, err4); err != nil {
		t.Fatalf("%d of %d objects were stored, %d and %d: %v", n, len(objects), m, k, err)
	}
	if err := c.Settle(ctx); err != nil {
		t.Fatal(err)
	}
}

// storable writes an object as the API takes it.
func storable(t *testing.T, o *world.Object) *unstructured.Unstructured {
	t.Helper()
	u := toUnstructured(t, o.Typed)
	u.SetAPIVersion(o.APIVersion)
	u.SetKind(o.Kind)
	set := u.GetLabels()
	for k, v := range set {
		set[k] = strings.Trim(v, "-")
	}
	if set != nil {
		u.SetLabels(set)
	}
	owners := u.GetOwnerReferences()
	for i := range owners {
		owners[i].UID = "00000000-0000-0000-0000-000000000001"
	}
	if owners != nil {
		u.SetOwnerReferences(owners)
	}
	return u
}

func clusterRole(t *testing.T, c *Cluster, name string) *rbacv1.ClusterRole {
	t.Helper()
	role, err := c.Client().RbacV1().ClusterRoles().Get(testContext(t), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return role
}

// without returns rules that are not about some resources.
func without(rules []rbacv1.PolicyRule, resources []string) []rbacv1.PolicyRule {
	var out []rbacv1.PolicyRule
	for _, r := range rules {
		r.Resources = slices.DeleteFunc(slices.Clone(r.Resources), func(s string) bool { return slices.Contains(resources, s) })
		out = append(out, r)
	}
	return out
}

// account stores a service account of namespace bulwark with cluster-wide rights.
func account(t *testing.T, c *Cluster, name string, rules []rbacv1.PolicyRule) {
	t.Helper()
	meta := map[string]any{"name": name, "namespace": "bulwark"}
	objects := []*unstructured.Unstructured{{Object: map[string]any{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta}}}
	if rules != nil {
		role := &rbacv1.ClusterRole{TypeMeta: metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "ClusterRole"}, ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}
		binding := &rbacv1.ClusterRoleBinding{TypeMeta: metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "ClusterRoleBinding"}, ObjectMeta: metav1.ObjectMeta{Name: name},
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name}, Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: "bulwark", Name: name}}}
		objects = append(objects, toUnstructured(t, role), toUnstructured(t, binding))
	}
	if _, err := c.Apply(testContext(t), objects...); err != nil {
		t.Fatal(err)
	}
}

// bindIn grants an account of namespace bulwark a role in one namespace.
func bindIn(t *testing.T, c *Cluster, ns, name string, role *rbacv1.ClusterRole) {
	t.Helper()
	binding := &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: ns},
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name}, Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: "bulwark", Name: name}}}
	if _, err := c.Client().RbacV1().RoleBindings(ns).Create(testContext(t), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// readAs reads a cluster with the token of a service account, once the API server
// knows its rights: to list Services is among them all.
func readAs(t *testing.T, c *Cluster, ns, name string, o kubeapi.Options, wants []string) *world.Snapshot {
	t.Helper()
	token, err := c.Client().CoreV1().ServiceAccounts(ns).CreateToken(testContext(t), name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	admin := c.Config()
	cfg := &rest.Config{Host: admin.Host, QPS: -1, BearerToken: token.Status.Token, TLSClientConfig: rest.TLSClientConfig{CAData: admin.CAData}}
	waitFor(t, "the rights of "+name, func() error {
		s, _, _ := readCluster(t, rest.CopyConfig(cfg), o, "Service")
		return s.Gapped("Service")
	})
	s, _, _ := readCluster(t, cfg, o, wants...)
	return s
}

func gapKinds(s *world.Snapshot) []string {
	kinds := map[string]bool{}
	for _, g := range s.Gaps() {
		kinds[g.What.GroupKind()] = true
	}
	return slices.Sorted(maps.Keys(kinds))
}

// wantOthers wants every object of one snapshot in another, but for some kinds.
func wantOthers(t *testing.T, all, less *world.Snapshot, but ...string) {
	t.Helper()
	for _, o := range all.Objects() {
		if !slices.Contains(but, o.GroupKind()) && less.Get(o.Ref) == nil {
			t.Errorf("%s was not read", o.Ref)
		}
	}
}

// hide returns a snapshot as somebody sees it who may not list some kinds.
func hide(s *world.Snapshot, kinds ...string) *world.Snapshot {
	b := s.Rebuild(func(o *world.Object) bool { return !slices.Contains(kinds, o.GroupKind()) })
	for _, k := range kinds {
		b.AddKindGap(k, fmt.Errorf("listing %s is forbidden", k))
	}
	return b.Snapshot()
}

func names(s *world.Snapshot) (out []string) {
	for _, o := range s.Objects() {
		if !strings.HasPrefix(o.Name, "no-") && o.Namespace != "bulwark" { // what the test itself stores by and by
			out = append(out, o.Ref.String())
		}
	}
	return out
}

func kindsOf(s *world.Snapshot) []string {
	kinds := map[string]bool{}
	for _, o := range s.Objects() {
		kinds[o.GroupKind()] = true
	}
	return slices.Sorted(maps.Keys(kinds))
}

// pair is one control and one subject.
type pair struct {
	control string
	subject world.Ref
}

// verdicts are what is known of a snapshot.
type verdicts struct {
	snap    *world.Snapshot
	results map[pair]control.Result
	answers map[string]tri.Value
}

func judged(t *testing.T, s *world.Snapshot) *verdicts {
	t.Helper()
	v := &verdicts{snap: s, results: map[pair]control.Result{}, answers: answers(t, s)}
	err := control.Run(context.Background(), s, control.Options{Controls: controls.All(), Strict: true}, func(vs *control.Verdicts) error {
		for o := range vs.Outcomes {
			v.results[pair{o.Control.ID, vs.Subject.Ref}] = o.Result
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// wantVaried wants enough of each result and answer that the test says something.
func (v *verdicts) wantVaried(t *testing.T) {
	t.Helper()
	results := map[control.Result]int{}
	failing := map[string]bool{}
	for p, r := range v.results {
		results[r]++
		if r == control.Failed {
			failing[p.control] = true
		}
	}
	kinds := map[string]map[tri.Value]int{}
	for q, a := range v.answers {
		kind, _, _ := strings.Cut(q, " ")
		if kinds[kind] == nil {
			kinds[kind] = map[tri.Value]int{}
		}
		kinds[kind][a]++
	}
	t.Logf("%d objects, results %v by %d failing controls, answers %v", v.snap.Len(), results, len(failing), kinds)
	if results[control.Passed] < 500 || results[control.Failed] < 300 || len(failing) < 50 {
		t.Error("the estate has too few faults")
	}
	for kind, n := range kinds {
		if n[tri.Yes] < 3 || n[tri.No] < 5 && kind != "relation" {
			t.Errorf("questions to %s have too few answers of each sort: %v", kind, n)
		}
	}
}

const maxTold = 12

// once are controls that report a way at one of the objects that take it: which
// one depends on what else was read.
var once = []string{"BW3306", "BW3307", "BW3308", "BW3309", "BW3310", "BW3311"}

// wantMonotone wants no verdict of less that contradicts what is known with all rights.
func (v *verdicts) wantMonotone(t *testing.T, less *world.Snapshot, hidden ...string) {
	t.Helper()
	got := judged(t, less)
	wrong := map[string][]string{}
	add := func(what, where string) { wrong[what] = append(wrong[what], where) }
	for p, was := range v.results {
		is, still := got.results[p]
		switch {
		case !still:
		case slices.Contains(once, p.control):
			if open(was) && !open(is) && !got.open(p.control) {
				add(p.control+": "+resultNames[was]+" vanished", p.subject.String())
			}
		case was == control.Passed && is == control.Failed:
			add(p.control+": a pass became a finding", p.subject.String())
		case open(was) && !open(is):
			add(fmt.Sprintf("%s: %s became %s", p.control, resultNames[was], resultNames[is]), p.subject.String())
		}
	}
	for q, was := range v.answers {
		is, still := got.answers[q]
		kind, _, _ := strings.Cut(q, " ")
		if still && is != tri.Unknown && is != was {
			add(fmt.Sprintf("%s: %s became %s", kind, was, is), q)
		}
	}
	for i, what := range slices.Sorted(maps.Keys(wrong)) {
		slices.Sort(wrong[what])
		if i < maxTold {
			t.Errorf("without %s: %s: %d times, such as %v", strings.Join(hidden, ", "), what, len(wrong[what]), wrong[what][:min(3, len(wrong[what]))])
		}
	}
}

// open says whether a result leaves something to do: it is a finding or unknown.
func open(r control.Result) bool { return r == control.Failed || r == control.Unsure }

// open says whether a control has something to say about any subject.
func (v *verdicts) open(id string) bool {
	for p, r := range v.results {
		if p.control == id && open(r) {
			return true
		}
	}
	return false
}

var resultNames = map[control.Result]string{
	control.Passed: "a pass", control.Failed: "a finding", control.Unsure: "unknown", control.Inapplicable: "not applicable", control.Excused: "excused",
}
