package kubeapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"bulwark/source"
	"bulwark/world"
)

var _ source.Source = (*Source)(nil)

// server answers discovery for pods, secrets and config maps, and the rest from
// answers. It is for the shapes of errors: what a real API server does is
// tested in lab/.
func server(t *testing.T, answers map[string]http.HandlerFunc) *Source {
	t.Helper()
	mux := http.NewServeMux()
	reply := func(v any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(v)
		}
	}
	resource := func(name, kind string) metav1.APIResource {
		return metav1.APIResource{Name: name, Kind: kind, Namespaced: true, Verbs: metav1.Verbs{"get", "list"}}
	}
	routes := map[string]http.HandlerFunc{
		"/version": reply(map[string]string{"major": "1", "minor": "36+", "gitVersion": "v1.36.1"}),
		"/api":     reply(metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}}),
		"/apis": reply(metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}, Groups: []metav1.APIGroup{{Name: "broken.example.com",
			Versions: []metav1.GroupVersionForDiscovery{{GroupVersion: "broken.example.com/v1", Version: "v1"}}}}}),
		"/api/v1": reply(metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: "v1",
			APIResources: []metav1.APIResource{resource("pods", "Pod"), resource("secrets", "Secret"), resource("configmaps", "ConfigMap"), {Name: "pods/log", Kind: "Pod"}}}),
		"/apis/broken.example.com/v1": status(http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable),
	}
	for path, h := range answers {
		routes[path] = h
	}
	for path, h := range routes {
		mux.HandleFunc(path, h)
	}
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	s, err := NewForConfig(&rest.Config{Host: srv.URL}, "test", Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func status(code int, reason metav1.StatusReason) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Failure", Code: int32(code), Reason: reason, Message: "because"})
	}
}

// pages answers with config maps, of which the second page fails as often as wanted.
func pages(expire int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		list := corev1.ConfigMapList{TypeMeta: metav1.TypeMeta{Kind: "ConfigMapList", APIVersion: "v1"}}
		name := "first"
		if r.URL.Query().Get("continue") == "" {
			list.Continue = "more"
		} else if expire--; expire >= 0 {
			status(http.StatusGone, metav1.StatusReasonExpired)(w, r)
			return
		} else {
			name = "second"
		}
		list.Items = []corev1.ConfigMap{{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "n"}}}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(list)
	}
}

func collect(t *testing.T, s *Source, want ...string) *world.Snapshot {
	t.Helper()
	b := new(world.Builder)
	if err := s.Collect(t.Context(), want, b); err != nil {
		t.Fatal(err)
	}
	return b.Snapshot()
}

func TestExpired(t *testing.T) {
	s := server(t, map[string]http.HandlerFunc{"/api/v1/configmaps": pages(1)})
	snap := collect(t, s, "ConfigMap")
	if snap.Count("ConfigMap") != 2 || snap.Gapped("ConfigMap") != nil || snap.Knows("ConfigMap", "elsewhere") != nil {
		t.Errorf("an expired list is begun again: %d objects, %v", snap.Count("ConfigMap"), snap.Gapped("ConfigMap"))
	}
	if n := s.Counts(); n.Lists["ConfigMap"] != 2 || n.Pages["ConfigMap"] != 4 || n.Requests < 8 {
		t.Errorf("got %+v", n)
	}
	if snap.Target() != 36 {
		t.Errorf("the target is the server's version; got %d", snap.Target())
	}
	snap = collect(t, server(t, map[string]http.HandlerFunc{"/api/v1/configmaps": pages(2)}), "ConfigMap")
	if err := snap.Gapped("ConfigMap"); err == nil || !strings.Contains(err.Error(), "twice") || snap.Count("ConfigMap") != 1 {
		t.Errorf("a list that expires twice is a gap, with what was read: %v, %d objects", err, snap.Count("ConfigMap"))
	}
}

func TestGaps(t *testing.T) {
	s := server(t, map[string]http.HandlerFunc{
		"/api/v1/configmaps": status(http.StatusForbidden, metav1.StatusReasonForbidden),
		"/api/v1/pods":       status(http.StatusNotFound, metav1.StatusReasonNotFound),
		"/api/v1/secrets": func(w http.ResponseWriter, _ *http.Request) { // a server that does not do tables
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"kind":"SecretList","apiVersion":"v1","items":[{"metadata":{"name":"s"},"data":{"password":"aHVudGVyMg=="}}]}`)
		},
	})
	snap := collect(t, s, "ConfigMap", "Pod", "Secret", "Widget.broken.example.com", "Gadget.none.example.com")
	for kind, want := range map[string]string{
		"ConfigMap":                 `grant the verb list on resource configmaps of API group "" with a ClusterRole`,
		"Secret":                    "their data is not read instead",
		"Widget.broken.example.com": "the API group broken.example.com does not answer",
	} {
		if err := snap.Gapped(kind); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "aHVudGVy") {
			t.Errorf("%s: got %v, want %q", kind, err, want)
		}
	}
	for _, kind := range []string{"Pod", "Gadget.none.example.com"} {
		if err := snap.Knows(kind, "n"); err != nil {
			t.Errorf("there is no %s, which is known: %v", kind, err)
		}
	}
	if snap.Len() != 0 {
		t.Errorf("got %d objects", snap.Len())
	}
}

func TestNamespaces(t *testing.T) {
	s := server(t, map[string]http.HandlerFunc{
		"/api/v1/namespaces/a/configmaps": pages(0),
		"/api/v1/namespaces/b/configmaps": status(http.StatusForbidden, metav1.StatusReasonForbidden),
	})
	s.opts.Namespaces = []string{"b", "a", "a"}
	snap := collect(t, s, "ConfigMap")
	if err := snap.Gapped("ConfigMap"); err == nil || !strings.Contains(err.Error(), "in namespace b is not permitted") {
		t.Errorf("got %v", err)
	}
	if snap.Count("ConfigMap") != 2 || s.Counts().Lists["ConfigMap"] != 2 {
		t.Errorf("got %d objects, %+v", snap.Count("ConfigMap"), s.Counts())
	}
}

func TestUnreachable(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	s, err := NewForConfig(&rest.Config{Host: gone.URL}, "far", Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Collect(t.Context(), []string{"Pod"}, new(world.Builder))
	if err == nil || !strings.Contains(err.Error(), "reading cluster far: the API server at "+gone.URL+" cannot be reached") {
		t.Errorf("got %v", err)
	}
	err = server(t, map[string]http.HandlerFunc{"/version": status(http.StatusUnauthorized, metav1.StatusReasonUnauthorized)}).Collect(t.Context(), []string{"Pod"}, new(world.Builder))
	if err == nil || !strings.Contains(err.Error(), "refuses the credentials") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cut := server(t, map[string]http.HandlerFunc{"/api/v1/pods": func(http.ResponseWriter, *http.Request) { cancel() }})
	if err := cut.Collect(ctx, []string{"Pod"}, new(world.Builder)); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("got %v", err)
	}
}

func TestConfig(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "config")
	text := "apiVersion: v1\nkind: Config\ncurrent-context: one\nclusters: [{name: c, cluster: {server: https://127.0.0.1:1}}]\nusers: [{name: u, user: {token: hunter2}}]\ncontexts: [{name: one, context: {cluster: c, user: u}}]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := New(Options{Kubeconfig: file})
	if err != nil || s.Name() != "cluster one" {
		t.Errorf("got %v, %v", s, err)
	}
	if _, err := New(Options{Kubeconfig: file, Context: "two"}); err == nil || !strings.Contains(err.Error(), `no context "two"`) {
		t.Errorf("got %v", err)
	}
	if _, err := New(Options{Kubeconfig: filepath.Join(dir, "none")}); err == nil || !strings.Contains(err.Error(), "reading the kubeconfig") {
		t.Errorf("got %v", err)
	}
	t.Setenv("KUBECONFIG", filepath.Join(dir, "none"))
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	if _, err := New(Options{}); err == nil || !strings.Contains(err.Error(), "there is no kubeconfig") {
		t.Errorf("got %v", err)
	}
}

// TestSecretRow keeps what may be kept and drops the rest at once.
func TestSecretRow(t *testing.T) {
	items, next, err := secretRows([]byte(`{"kind":"Table","metadata":{"continue":"c"},"columnDefinitions":[{"name":"Name"},{"name":"Type"}],
		"rows":[{"cells":["s","Opaque"],"object":{"kind":"PartialObjectMetadata","metadata":{"name":"s","namespace":"n","annotations":{"a":"b","` + lastApplied + `":"{\"data\":\"aHVudGVyMg==\"}"}}}}]}`))
	if err != nil || len(items) != 1 || next != "c" {
		t.Fatal(items, next, err)
	}
	it := newItem(&kind{gvk: corev1.SchemeGroupVersion.WithKind("Secret")}, items[0])
	s := it.obj.Typed.(*corev1.Secret)
	if v, ok := s.Annotations[lastApplied]; !ok || v != "" || s.Type != corev1.SecretTypeOpaque || s.Data != nil || s.Annotations["a"] != "b" {
		t.Errorf("got %+v", s)
	}
	for _, bad := range []string{"", "[]", `{"kind":"Table","rows":[{"cells":[]}]}`, `{"kind":"Table","rows":[{"object":7}]}`} {
		if _, _, err := secretRows([]byte(bad)); err == nil {
			t.Errorf("%q is no table", bad)
		}
	}
}

func TestSearchSchema(t *testing.T) {
	for text, want := range map[string]bool{
		`{"properties":{"spec":{"properties":{"template":{"properties":{"spec":{"properties":{"containers":{"type":"array"}}}}}}}}}`:                                          true,
		`{"properties":{"spec":{"properties":{"podTemplate":{"x-kubernetes-preserve-unknown-fields":true}}}}}`:                                                                true,
		`{"properties":{"spec":{"properties":{"jobs":{"items":{"properties":{"template":{"properties":{"spec":{"properties":{"containers":{"type":"array"}}}}}}}}}}}}`:        true,
		`{"properties":{"spec":{"x-kubernetes-preserve-unknown-fields":true}}}`:                                                                                               true,
		`{"properties":{"spec":{"properties":{"template":{"type":"string"},"secretTemplate":{"properties":{"annotations":{"x-kubernetes-preserve-unknown-fields":true}}}}}}}`: false,
		`{"properties":{"spec":{"properties":{"containers":{"type":"array"}}}}}`:                                                                                              false,
	} {
		var s map[string]any
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			t.Fatal(err)
		}
		if got := searchSchema(s, "", 0); got != want {
			t.Errorf("%s: got %v", text, got)
		}
	}
}
