package lab

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"bulwark/source/kubeapi"
	"bulwark/world"
)

// wire keeps every byte that an API server answers.
type wire struct {
	mu     sync.Mutex
	bodies bytes.Buffer
	types  map[string]string // content type by path
}

func (w *wire) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		w.mu.Lock()
		defer w.mu.Unlock()
		w.bodies.Write(body)
		w.types[r.URL.Path] = resp.Header.Get("Content-Type")
		resp.Body = io.NopCloser(bytes.NewReader(body))
		return resp, err
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// readCluster collects what is wanted from a cluster as a user.
func readCluster(t *testing.T, cfg *rest.Config, o kubeapi.Options, want ...string) (*world.Snapshot, kubeapi.Counts, *wire) {
	t.Helper()
	w := &wire{types: map[string]string{}}
	cfg.Wrap(w.wrap)
	s, err := kubeapi.NewForConfig(cfg, "lab", o)
	if err != nil {
		t.Fatal(err)
	}
	b := new(world.Builder)
	if err := s.Collect(testContext(t), want, b); err != nil {
		t.Fatal(err)
	}
	return b.Snapshot(), s.Counts(), w
}

// inNamespace lists the objects of a namespace as "Kind name".
func inNamespace(s *world.Snapshot, ns string) []string {
	var list []string
	for _, o := range s.Objects() {
		if o.Namespace == ns {
			list = append(list, o.Kind+" "+o.Name)
		}
	}
	slices.Sort(list)
	return list
}

func podSpec(extra ...corev1.Container) corev1.PodSpec {
	return corev1.PodSpec{Containers: append([]corev1.Container{{Name: "main", Image: "registry.example/app:1"}}, extra...)}
}

func ownedBy(kind, version, name string, uid types.UID) []metav1.OwnerReference {
	yes := true
	return []metav1.OwnerReference{{APIVersion: version, Kind: kind, Name: name, UID: uid, Controller: &yes}}
}

// TestKubeapiOwners stores a Deployment with what a controller would make of it.
func TestKubeapiOwners(t *testing.T) {
	ctx, api, ns := testContext(t), shared.Client(), "owners"
	namespace(t, shared, ns, nil)
	labels := map[string]string{"app": "web"}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: podSpec()}
	d, err := api.AppsV1().Deployments(ns).Create(ctx, &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := api.AppsV1().ReplicaSets(ns).Create(ctx, &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Name: "web-1", OwnerReferences: ownedBy("Deployment", "apps/v1", "web", d.UID)},
		Spec: appsv1.ReplicaSetSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	owner := ownedBy("ReplicaSet", "apps/v1", "web-1", r.UID)
	sidecar := corev1.Container{Name: "injected", Image: "registry.example/mesh:1"}
	mirror := podSpec()
	mirror.NodeName = "node-1"
	for _, p := range []corev1.Pod{
		{ObjectMeta: metav1.ObjectMeta{Name: "web-1-a", OwnerReferences: owner}, Spec: podSpec()},
		{ObjectMeta: metav1.ObjectMeta{Name: "web-1-b", OwnerReferences: owner}, Spec: podSpec(sidecar)},
		{ObjectMeta: metav1.ObjectMeta{Name: "web-1-c", OwnerReferences: owner}, Spec: podSpec(sidecar)},
		{ObjectMeta: metav1.ObjectMeta{Name: "naked"}, Spec: podSpec()},
		{ObjectMeta: metav1.ObjectMeta{Name: "etcd-node-1", Annotations: map[string]string{kubeapi.MirrorAnnotation: "x"}, OwnerReferences: ownedBy("Node", "v1", "node-1", "n-1")}, Spec: mirror},
	} {
		if _, err := api.CoreV1().Pods(ns).Create(ctx, &p, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	s, counts, w := readCluster(t, shared.Config(), kubeapi.Options{}, "pods")
	want := []string{"Deployment web", "Pod etcd-node-1", "Pod naked", "Pod web-1-b"}
	if got := inNamespace(s, ns); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, o := range s.Objects() {
		if o.Meta.ManagedFields != nil {
			t.Errorf("%s has managed fields", o.Ref)
		}
		if kubeapi.Mirror(o) != (o.Name == "etcd-node-1") {
			t.Errorf("%s: mirror is %t", o.Ref, kubeapi.Mirror(o))
		}
	}
	if got := w.types["/apis/apps/v1/deployments"]; got != "application/vnd.kubernetes.protobuf" {
		t.Errorf("built-in kinds are read as protobuf; got %s", got)
	}
	wantOneList(t, counts)
	if s.Target() != 37 || s.Knows("StatefulSet.apps", "anywhere") != nil {
		t.Errorf("target %d, %v", s.Target(), s.Knows("StatefulSet.apps", "anywhere"))
	}
	alone, _, _ := readCluster(t, shared.Config(), kubeapi.Options{Namespaces: []string{ns}}, "Pod")
	if got := inNamespace(alone, ns); len(got) != 5 {
		t.Errorf("with no controller read every pod stays: %v", got)
	}
	whole, _, _ := readCluster(t, shared.Config(), kubeapi.Options{Pods: true}, "pods")
	if got := inNamespace(whole, ns); len(got) != 6 || slices.Contains(got, "ReplicaSet web-1") {
		t.Errorf("every pod when asked, and the Deployment: %v", got)
	}
}

func wantOneList(t *testing.T, c kubeapi.Counts) {
	t.Helper()
	if len(c.Lists) == 0 {
		t.Error("nothing was listed")
	}
	for kind, n := range c.Lists {
		if n != 1 {
			t.Errorf("%s was listed %d times", kind, n)
		}
	}
}

// TestKubeapiSecrets reads Secrets and looks for their data in all that came.
func TestKubeapiSecrets(t *testing.T) {
	ctx, ns := testContext(t), "secrets"
	namespace(t, shared, ns, nil)
	const value, applied = "correct-horse-battery", "staple-as-applied"
	for i := range 3 {
		_, err := shared.Client().CoreV1().Secrets(ns).Create(ctx, &corev1.Secret{Type: corev1.SecretTypeBasicAuth,
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("s%d", i), Annotations: map[string]string{"kubectl.kubernetes.io/last-applied-configuration": applied}},
			StringData: map[string]string{"password": value}}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
	s, counts, w := readCluster(t, shared.Config(), kubeapi.Options{}, "Secret")
	if got := inNamespace(s, ns); len(got) != 3 {
		t.Errorf("got %v", got)
	}
	for o := range s.All("Secret") {
		secret := o.Typed.(*corev1.Secret)
		if len(secret.Data) > 0 || secret.Type == "" || o.Namespace == ns && secret.Type != corev1.SecretTypeBasicAuth {
			t.Errorf("%s: %d keys, type %q", o.Ref, len(secret.Data), secret.Type)
		}
		v, ok := o.Meta.Annotations["kubectl.kubernetes.io/last-applied-configuration"]
		if o.Namespace == ns && (!ok || v != "") {
			t.Errorf("%s: only the presence of the annotation is kept: %q %t", o.Ref, v, ok)
		}
	}
	for _, text := range []string{value, base64.StdEncoding.EncodeToString([]byte(value))} {
		if bytes.Contains(w.bodies.Bytes(), []byte(text)) {
			t.Error("the data of a Secret came over the wire")
		}
	}
	wantOneList(t, counts)
	if counts.Requests > 6 {
		t.Errorf("one kind took %d requests", counts.Requests)
	}
}

// TestKubeapiPages reads more objects than fit on a page.
func TestKubeapiPages(t *testing.T) {
	ctx, ns := testContext(t), "pages"
	namespace(t, shared, ns, nil)
	const n = 1201
	var wg sync.WaitGroup
	errs := make(chan error, n)
	for w := range 8 {
		wg.Go(func() {
			for i := w; i < n; i += 8 {
				_, err := shared.Client().CoreV1().ConfigMaps(ns).Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("c%04d", i)}}, metav1.CreateOptions{})
				errs <- err
			}
		})
	}
	wg.Wait()
	for range n {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	s, counts, _ := readCluster(t, shared.Config(), kubeapi.Options{Namespaces: []string{ns}}, "ConfigMap")
	if got := s.Count("ConfigMap"); got != n || counts.Pages["ConfigMap"] != 3 {
		t.Errorf("got %d objects in %d pages, want %d in 3", got, counts.Pages["ConfigMap"], n)
	}
	wantOneList(t, counts)
}

const widgetCRD = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.bulwark.example.com}
spec:
  group: bulwark.example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets, singular: widget, listKind: WidgetList}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              template:
                type: object
                x-kubernetes-preserve-unknown-fields: true
`

const widget = `
apiVersion: bulwark.example.com/v1
kind: Widget
metadata: {name: w, namespace: custom}
spec:
  template:
    spec:
      containers: [{name: main, image: registry.example/widget:1, securityContext: {privileged: true}}]
`

// TestKubeapiCustom finds the pod template of a custom resource.
func TestKubeapiCustom(t *testing.T) {
	namespace(t, shared, "custom", nil)
	apply(t, widgetCRD, schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}, "")
	gvr := schema.GroupVersionResource{Group: "bulwark.example.com", Version: "v1", Resource: "widgets"}
	waitFor(t, "the API server", func() error {
		_, err := shared.Dynamic().Resource(gvr).List(testContext(t), metav1.ListOptions{})
		return err
	})
	apply(t, widget, gvr, "custom")
	s, counts, _ := readCluster(t, shared.Config(), kubeapi.Options{}, "pods")
	found := 0
	for o := range s.All("pods") {
		for c := range o.Containers {
			if o.Kind == "Widget" && c.Privileged() && c.Image == "registry.example/widget:1" {
				found++
			}
		}
	}
	if found != 1 {
		t.Errorf("found %d containers in Widgets: %v", found, inNamespace(s, "custom"))
	}
	wantOneList(t, counts)
	if counts.Lists["CustomResourceDefinition.apiextensions.k8s.io"] != 1 || s.Count("CustomResourceDefinition.apiextensions.k8s.io") != 0 {
		t.Error("definitions are read to find the kinds, and kept only when wanted")
	}
	all, counts, _ := readCluster(t, shared.Config(), kubeapi.Options{}, "*", "pods", "Deployment.apps")
	wantOneList(t, counts)
	if all.Count("CustomResourceDefinition.apiextensions.k8s.io") == 0 || all.Count("Widget.bulwark.example.com") != 1 || all.Count("ClusterRole.rbac.authorization.k8s.io") == 0 || counts.Lists["Lease.coordination.k8s.io"] != 0 {
		t.Errorf("all kinds but passing ones: %v", counts.Lists)
	}
	if len(all.Gaps()) != 0 {
		t.Errorf("an administrator may read all: %v", all.Gaps())
	}
}

func apply(t *testing.T, text string, gvr schema.GroupVersionResource, ns string) {
	t.Helper()
	u := new(unstructured.Unstructured)
	if err := yaml.Unmarshal([]byte(text), &u.Object); err != nil {
		t.Fatal(err)
	}
	var err error
	if ns == "" {
		_, err = shared.Dynamic().Resource(gvr).Create(testContext(t), u, metav1.CreateOptions{})
	} else {
		_, err = shared.Dynamic().Resource(gvr).Namespace(ns).Create(testContext(t), u, metav1.CreateOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestKubeapiForbidden reads as a user who may list pods of one namespace alone.
func TestKubeapiForbidden(t *testing.T) {
	ctx, ns := testContext(t), "half"
	namespace(t, shared, ns, nil)
	_, err := shared.Client().RbacV1().Roles(ns).Create(ctx, &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "pods"},
		Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}}}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = shared.Client().RbacV1().RoleBindings(ns).Create(ctx, &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "pods"},
		Subjects: []rbacv1.Subject{{Kind: "User", APIGroup: "rbac.authorization.k8s.io", Name: "half"}},
		RoleRef:  rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: "pods"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shared.Client().CoreV1().Pods(ns).Create(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "mine"}, Spec: podSpec()}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	cfg, err := shared.UserConfig("half")
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the binding", func() error { // the authorizer learns of the binding by and by
		s, _, _ := readCluster(t, rest.CopyConfig(cfg), kubeapi.Options{Namespaces: []string{ns}}, "Pod")
		return s.Gapped("Pod")
	})
	s, _, _ := readCluster(t, rest.CopyConfig(cfg), kubeapi.Options{Namespaces: []string{ns}}, "Pod", "Secret", "Node")
	if got := inNamespace(s, ns); !slices.Equal(got, []string{"Pod mine"}) {
		t.Errorf("got %v", got)
	}
	for kind, want := range map[string]string{"Secret": "grant the verb list on resource secrets", "Node": "grant the verb list on resource nodes"} {
		if err := s.Gapped(kind); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", kind, err)
		}
	}
	whole, _, _ := readCluster(t, rest.CopyConfig(cfg), kubeapi.Options{}, "Pod")
	if err := whole.Gapped("Pod"); err == nil || !strings.Contains(err.Error(), "--namespace") {
		t.Errorf("got %v", err)
	}
}
