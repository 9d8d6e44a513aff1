package helm

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulwark/source"
	"bulwark/world"
)

var _ source.Source = (*Source)(nil)

// collect renders a chart and returns its snapshot.
func collect(t *testing.T, s *Source) *world.Snapshot {
	t.Helper()
	b := new(world.Builder)
	if err := s.Collect(t.Context(), []string{"*"}, b); err != nil {
		t.Fatal(err)
	}
	return b.Snapshot()
}

func get(t *testing.T, s *world.Snapshot, kind, name string) *world.Object {
	t.Helper()
	for _, o := range s.Objects() {
		if o.Kind == kind && o.Name == name {
			return o
		}
	}
	t.Fatalf("no %s %s in %s", kind, name, names(s))
	return nil
}

func names(s *world.Snapshot) string {
	var b strings.Builder
	for _, o := range s.Objects() {
		fmt.Fprintf(&b, "%s@%s ", o.Ref, o.Origin())
	}
	return b.String()
}

func gaps(s *world.Snapshot) string {
	var b strings.Builder
	for _, g := range s.Gaps() {
		fmt.Fprintf(&b, "%s:%d: %v\n", g.Pos.File, g.Pos.Line, g.Why)
	}
	return b.String()
}

func TestObjects(t *testing.T) {
	s := collect(t, &Source{Path: "testdata/shop", Shown: "shop"})
	want := map[string]string{
		"Deployment shop-web": "shop/templates/deployment.yaml", "ConfigMap shop-config": "shop/templates/config.yaml",
		"Service shop-80": "shop/templates/config.yaml", "Service shop-443": "shop/templates/config.yaml",
		"PodDisruptionBudget shop": "shop/templates/legacy.yaml", "Ingress shop": "shop/templates/ingress.yaml",
		"Pod shop-cache": "shop/charts/cache/templates/pod.yaml", "Pod shop-session": "shop/charts/cache/templates/pod.yaml",
		"CustomResourceDefinition widgets.example.com": "shop/crds/widget.yaml",
	}
	if s.Len() != len(want) {
		t.Errorf("got %d objects, want %d: %s", s.Len(), len(want), names(s))
	}
	for ref, file := range want {
		kind, name, _ := strings.Cut(ref, " ")
		if o := get(t, s, kind, name); o.Origin() != file || o.Namespace != "" {
			t.Errorf("%s is from %s in namespace %q, want %s", ref, o.Origin(), o.Namespace, file)
		}
	}
	if v := get(t, s, "PodDisruptionBudget", "shop").APIVersion; v != "policy/v1" {
		t.Errorf("a version that 1.37 does not serve is offered to charts: got %s", v)
	}
	if got := get(t, s, "CustomResourceDefinition", "widgets.example.com").Doc().Disk; got != filepath.Join("testdata/shop/crds/widget.yaml") {
		t.Errorf("a file in crds/ can be edited where it is; got %q", got)
	}
	out := gaps(s)
	for _, want := range []string{"shop/Chart.yaml:12: sub-chart postgres 9.9.9 is not in charts/", "shop/templates/ingress.yaml:1: this template refuses the values", "ingress.host must be set"} {
		if !strings.Contains(out, want) {
			t.Errorf("no gap with %q in:\n%s", want, out)
		}
	}
	if n := len(s.Gaps()); n != 2 {
		t.Errorf("got %d gaps, want 2:\n%s", n, out)
	}
}

func TestOptions(t *testing.T) {
	dir := t.TempDir()
	values := filepath.Join(dir, "prod.yaml")
	write(t, values, "replicas: 5\ningress: {host: file.example.com}\ncache: {enabled: false}\n")
	s := collect(t, &Source{Path: "testdata/shop", Options: Options{
		ValuesFiles: []string{values}, Set: []string{"ingress.host=set.example.com"}, SetString: []string{"image.tag=3"},
		Namespace: "prod", ReleaseName: "blue", KubeVersion: "1.24", Tests: true, APIVersions: []string{"x.example.com/v1"}}})
	ing := get(t, s, "Ingress", "blue")
	if ing.Namespace != "prod" || ing.Tree().Lookup("spec.rules[0].host").Str != "set.example.com" {
		t.Errorf("--set must win over files, and the namespace be the release's: %s", ing.Doc().Text)
	}
	web := get(t, s, "Deployment", "blue-web").Tree()
	if web.Lookup("spec.replicas").Str != "5" || web.Lookup("spec.template.spec.containers[0].image").Str != "registry.example.com/shop:3" {
		t.Error("values of files and --set-string must reach the templates")
	}
	if v := get(t, s, "PodDisruptionBudget", "shop").APIVersion; v != "policy/v1beta1" {
		t.Errorf("Kubernetes 1.24 still serves policy/v1beta1; got %s", v)
	}
	get(t, s, "Pod", "ping")
	if strings.Contains(names(s), "blue-cache") {
		t.Error("a sub-chart whose condition is false must not be judged")
	}
	if crd := get(t, s, "CustomResourceDefinition", "widgets.example.com"); crd.Namespace != "" {
		t.Error("cluster-scoped objects have no namespace")
	}
}

func TestBadOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"version": {KubeVersion: "new"}, "set": {Set: []string{"password"}}, "file": {ValuesFiles: []string{"testdata/none.yaml"}},
	} {
		err := (&Source{Path: "testdata/shop", Options: o}).Collect(t.Context(), nil, new(world.Builder))
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	err := (&Source{Path: "testdata/shop", Options: Options{Set: []string{"a[x]=hunter2"}}}).Collect(t.Context(), nil, new(world.Builder))
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the value of --set must not be shown: %v", err)
	}
}

// TestSame renders twice: no byte may differ, whatever random functions a chart uses.
func TestSame(t *testing.T) {
	text := func() string {
		s := collect(t, &Source{Path: "testdata/shop"})
		return get(t, s, "ConfigMap", "shop-config").Doc().Text + get(t, s, "Deployment", "shop-web").Doc().Text
	}
	first := text()
	for range 4 {
		if got := text(); got != first {
			t.Fatalf("two renderings differ:\n%s\n%s", first, got)
		}
	}
	for _, want := range []string{`session: "bw0bw0bw0bw0bw0b"`, `started: "2020-01-01"`, `keys: "cache,image,pod`} {
		if !strings.Contains(first, want) {
			t.Errorf("want %s in\n%s", want, first)
		}
	}
}

func TestBroken(t *testing.T) {
	s := collect(t, &Source{Path: "testdata/broken", Shown: "broken"})
	get(t, s, "ConfigMap", "good") // includes what a failing template defines
	get(t, s, "ConfigMap", "beside")
	if s.Len() != 2 {
		t.Errorf("want 2 objects: %s", names(s))
	}
	out := gaps(s)
	for _, want := range []string{
		"broken/templates/fails.yaml:6: this template cannot be rendered", "broken/templates/syntax.yaml:4: this template cannot be rendered",
		"broken/templates/notyaml.yaml:4: reading what this template gives", "broken/templates/notyaml.yaml:12: not a Kubernetes object"} {
		if !strings.Contains(out, want) {
			t.Errorf("no gap with %q in:\n%s", want, out)
		}
	}
	if len(s.Gaps()) != 4 {
		t.Errorf("want 4 gaps:\n%s", out)
	}
}

func TestBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("renders until the limits stop it")
	}
	s := collect(t, &Source{Path: "testdata/bombs", Shown: "bombs"})
	get(t, s, "ConfigMap", "fine")
	if out := gaps(s); len(s.Gaps()) != 3 || !strings.Contains(out, "repeat.yaml:1") || !strings.Contains(out, "range.yaml:1") || !strings.Contains(out, "self.yaml:1") {
		t.Errorf("want one gap for each bomb:\n%s", out)
	}
}

func TestArchive(t *testing.T) {
	dir := t.TempDir()
	sub := pack(t, "testdata/shop/charts/cache", "cache")
	files := map[string]string{"top/Chart.yaml": "apiVersion: v2\nname: top\nversion: 1.0.0\n", "top/templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
		"top/charts/cache-0.1.0.tgz": string(sub), "top/charts/torn-1.0.0.tgz": "no archive"}
	file := filepath.Join(dir, "top-1.0.0.tgz")
	write(t, file, string(tarball(t, files)))
	if !DetectArchive(file) {
		t.Error("a .tgz is an archive")
	}
	s := collect(t, &Source{Path: file, Shown: "top-1.0.0.tgz"})
	if got := get(t, s, "Pod", "top-cache").Origin(); got != "top-1.0.0.tgz/charts/cache-0.1.0.tgz/templates/pod.yaml" {
		t.Errorf("got %s", got)
	}
	if out := gaps(s); !strings.Contains(out, "top-1.0.0.tgz/charts/torn-1.0.0.tgz:0: this sub-chart is not judged") {
		t.Errorf("no gap for the broken archive:\n%s", out)
	}
	write(t, file, "no archive")
	if err := (&Source{Path: file}).Collect(context.Background(), nil, new(world.Builder)); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("want an error that names the file, got %v", err)
	}
}

func TestArchiveLimit(t *testing.T) {
	big := strings.Repeat("\x00", maxChartBytes/2+1)
	inner := tarball(t, map[string]string{"in/Chart.yaml": "apiVersion: v2\nname: in\nversion: 1.0.0\n", "in/big": big})
	file := filepath.Join(t.TempDir(), "out.tgz")
	write(t, file, string(tarball(t, map[string]string{"out/Chart.yaml": "apiVersion: v2\nname: out\nversion: 1.0.0\n", "out/charts/in-1.0.0.tgz": string(inner), "out/charts/in-2.0.0.tgz": string(inner)})))
	err := (&Source{Path: file}).Collect(t.Context(), nil, new(world.Builder))
	if err == nil || !strings.Contains(err.Error(), "100 MiB") {
		t.Errorf("archives within archives share one limit; got %v", err)
	}
}

func TestLinks(t *testing.T) {
	dir := t.TempDir()
	chart := filepath.Join(dir, "chart")
	write(t, filepath.Join(chart, "Chart.yaml"), "apiVersion: v2\nname: c\nversion: 1.0.0\n")
	write(t, filepath.Join(chart, "shared", "cm.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: linked}\n")
	write(t, filepath.Join(chart, "templates", "x.txt"), "")
	write(t, filepath.Join(dir, "secret.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: outside}\n")
	for link, to := range map[string]string{"templates/in.yaml": "../shared/cm.yaml", "templates/out.yaml": "../../secret.yaml", "templates/loop": "..", "templates/none.yaml": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(chart, link)); err != nil {
			t.Skip(err)
		}
	}
	s := collect(t, &Source{Path: chart, Shown: "c"})
	if s.Len() != 1 || get(t, s, "ConfigMap", "linked").Origin() != "c/templates/in.yaml" {
		t.Errorf("want the linked file alone: %s", names(s))
	}
	out := gaps(s)
	for _, want := range []string{"c/templates/out.yaml:0: this link leaves", "c/templates/loop:0: this link leads back", "c/templates/none.yaml:0: following this link"} {
		if !strings.Contains(out, want) {
			t.Errorf("no gap with %q in:\n%s", want, out)
		}
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// pack packs a folder as helm package does.
func pack(t *testing.T, dir, name string) []byte {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		data, err := os.ReadFile(p)
		files[name+"/"+filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tarball(t, files)
}

func tarball(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for name, text := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
