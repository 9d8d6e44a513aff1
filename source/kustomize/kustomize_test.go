package kustomize

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"bulwark/source"
	"bulwark/world"
)

var _ source.Source = (*Source)(nil)

func collect(t *testing.T, dir, shown string) *world.Snapshot {
	t.Helper()
	b := new(world.Builder)
	if err := (&Source{Dir: dir, Shown: shown}).Collect(t.Context(), []string{"*"}, b); err != nil {
		t.Fatal(err)
	}
	return b.Snapshot()
}

func get(t *testing.T, s *world.Snapshot, kind, name string) *world.Object {
	t.Helper()
	for _, o := range s.Objects() {
		if o.Kind == kind && strings.HasPrefix(o.Name, name) {
			return o
		}
	}
	t.Fatalf("no %s %s in %s", kind, name, names(s))
	return nil
}

func names(s *world.Snapshot) string {
	var list []string
	for _, o := range s.Objects() {
		list = append(list, o.Ref.String()+"@"+o.Origin())
	}
	return strings.Join(list, ", ")
}

func gaps(s *world.Snapshot) string {
	var b strings.Builder
	for _, g := range s.Gaps() {
		fmt.Fprintf(&b, "%s:%d: %v\n", g.Pos.File, g.Pos.Line, g.Why)
	}
	return b.String()
}

func wantGaps(t *testing.T, s *world.Snapshot, want ...string) {
	t.Helper()
	out := gaps(s)
	for _, w := range want {
		if !strings.Contains(out, w) {
			t.Errorf("no gap with %q in:\n%s", w, out)
		}
	}
	if len(s.Gaps()) != len(want) {
		t.Errorf("got %d gaps, want %d:\n%s", len(s.Gaps()), len(want), out)
	}
}

// TestPositions checks where each sort of field is said to come from.
func TestPositions(t *testing.T) {
	s := collect(t, "testdata/estate/prod", "estate/prod")
	wantGaps(t, s)
	if s.Len() != 5 {
		t.Fatalf("got %s", names(s))
	}
	pod := "spec.template.spec."
	for _, c := range []struct{ kind, name, path, file, line string }{
		{"Deployment", "prod-web", "kind", "estate/base/web.yaml", "kind: Deployment"},
		{"Deployment", "prod-web", pod + "containers[0].securityContext.privileged", "estate/base/web.yaml", "            privileged: true"},
		{"Deployment", "prod-web", pod + "containers[0].image", "estate/base/web.yaml", "          image: registry.example.com/web:1"},
		{"Deployment", "prod-web", pod + "containers[0].securityContext.readOnlyRootFilesystem", "estate/base/web.yaml", "          securityContext:"},
		{"Deployment", "prod-web", pod + "containers[0].securityContext.runAsUser", "estate/prod/user.yaml", "            runAsUser: 1000"},
		{"Deployment", "prod-web", pod + "containers[0].resources.limits.memory", "estate/mixin/limits.yaml", "              memory: 64Mi"},
		{"Deployment", "prod-web", pod + "containers[0].securityContext.capabilities.add[0]", "estate/prod/caps.yaml", "      - NET_ADMIN"},
		{"Deployment", "prod-web", pod + "hostNetwork", "estate/prod/kustomization.yaml", "        value: false"},
		{"Deployment", "prod-web", pod + "containers[1].image", "estate/prod/kustomization.yaml", "  - name: registry.example.com/log"},
		{"Deployment", "prod-web", "spec.replicas", "estate/prod/kustomization.yaml", "  - name: web"},
		{"Deployment", "prod-web", "metadata.namespace", "estate/prod/kustomization.yaml", "namespace: prod"},
		{"Deployment", "prod-web", "metadata.name", "estate/prod/kustomization.yaml", "namePrefix: prod-"},
		{"Deployment", "prod-web", "metadata.labels.team", "estate/base/kustomization.yaml", "  team: shop"},
		{"ServiceAccount", "prod-web", "kind", "estate/base/web.yaml", "kind: ServiceAccount"},
		{"Service", "prod-web", "spec.type", "estate/base/service.yaml", "      type: NodePort"},
		{"ConfigMap", "prod-settings", "data.mode", "estate/base/kustomization.yaml", "      - mode=plain"},
		{"ConfigMap", "prod-settings", "data[motd.txt]", "estate/base/kustomization.yaml", "      - motd.txt"},
		{"ConfigMap", "prod-settings", "metadata", "estate/base/kustomization.yaml", "  - name: settings"},
		{"ConfigMap", "prod-extra", "data.a", "estate/prod/extra.yaml", "  a: b"},
	} {
		o := get(t, s, c.kind, c.name)
		p := o.Pos(c.path)
		text, err := os.ReadFile("testdata/" + p.File)
		if err != nil {
			t.Errorf("%s %s: %+v", o.Ref, c.path, p)
			continue
		}
		line := strings.Split(string(text), "\n")[max(p.Line, 1)-1]
		if p.File != c.file || line != c.line || p.Path != c.path {
			t.Errorf("%s %s is at %s:%d %q, want %s %q", o.Ref, c.path, p.File, p.Line, line, c.file, c.line)
		}
	}
	web := get(t, s, "Deployment", "prod-web")
	if strings.Contains(web.Doc().Text, originAnnotation) || web.Doc().Disk != "" || web.Doc().Root != "estate/prod" {
		t.Errorf("the origin annotation must be stripped, and the document generated:\n%s", web.Doc().Text)
	}
	if web.Origin() != "estate/base/web.yaml" || web.Namespace != "prod" {
		t.Errorf("got %s in %s", web.Origin(), web.Namespace)
	}
}

func TestRefused(t *testing.T) {
	s := collect(t, "testdata/estate/refused", "estate/refused")
	wantGaps(t, s,
		"estate/refused/kustomization.yaml:2: https://example.com/install.yaml is remote",
		"estate/refused/kustomization.yaml:3: github.com/example/repo//deploy?ref=v1 is remote",
		"estate/refused/kustomization.yaml:4: git@example.com:org/repo.git is remote",
		"estate/refused/kustomization.yaml:5: absent.yaml cannot be read",
		"estate/refused/kustomization.yaml:9: the Helm chart redis is not inflated",
		"estate/refused/kustomization.yaml:16: https://example.com/notes.txt is remote",
		"estate/plugins/kustomization.yaml:4: the plugin Danger would run a program",
		"estate/plugins/kustomization.yaml:14: the plugin HelmChartInflationGenerator would run a program")
	if s.Len() != 3 {
		t.Errorf("got %s", names(s))
	}
	get(t, s, "ConfigMap", "ok")
	get(t, s, "ConfigMap", "fetched-")
	get(t, s, "ConfigMap", "x-some")
}

func TestBroken(t *testing.T) {
	s := collect(t, "testdata/estate/broken", "broken")
	get(t, s, "ConfigMap", "first")
	if p := get(t, s, "ConfigMap", "last").Pos("kind"); p.Line != 15 {
		t.Errorf("lines must be those of the file on disk; got %+v", p)
	}
	wantGaps(t, s, "broken/mixed.yaml:9: reading this document", "broken/mixed.yaml:12: reading this document: not a Kubernetes object")
}

// TestMissing leaves out what is not there, and says so.
func TestMissing(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "cm.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\n")
	write(t, filepath.Join(dir, "kustomization.yaml"), "resources: [cm.yaml]\npatches:\n- path: no-patch.yaml\npatchesStrategicMerge:\n- no-merge.yaml\nsecretGenerator:\n- name: tls\n  files: [tls.key=pki/tls.key]\n  envs: [no.env]\ncrds: [no-crd.yaml]\n")
	s := collect(t, dir, "k")
	get(t, s, "ConfigMap", "cm")
	get(t, s, "Secret", "tls")
	wantGaps(t, s, "k/kustomization.yaml:3: no-patch.yaml cannot be read, so the objects are judged without this patch", "k/kustomization.yaml:5: no-merge.yaml",
		"k/kustomization.yaml:8: pki/tls.key cannot be read, so the generated object", "k/kustomization.yaml:9: no.env", "k/kustomization.yaml:10: no-crd.yaml")
}

func TestErrors(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"syntax":  {"resources:\n  - [a\n", "k/kustomization.yaml:"},
		"empty":   {"", "it is empty"},
		"field":   {"resourcez: [a.yaml]\n", "resourcez"},
		"outside": {"resources: [cm.yaml]\nconfigMapGenerator: [{name: x, files: [/etc/hostname]}]\n", "not in or below"},
		"patch":   {"resources: [cm.yaml]\npatches: [{patch: \"{apiVersion: v1, kind: Pod, metadata: {name: none}}\"}]\n", "no matches for Id"},
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "cm.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\n")
		write(t, filepath.Join(dir, "kustomization.yaml"), c.text)
		err := (&Source{Dir: dir, Shown: "k"}).Collect(t.Context(), nil, new(world.Builder))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), dir) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestRing(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a", "kustomization.yaml"), "resources: [../b, cm.yaml]\n")
	write(t, filepath.Join(dir, "a", "cm.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\n")
	write(t, filepath.Join(dir, "b", "kustomization.yaml"), "resources: [../a, cm.yaml]\n")
	write(t, filepath.Join(dir, "b", "cm.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm2}\n")
	s := collect(t, filepath.Join(dir, "a"), "a")
	wantGaps(t, s, "b/kustomization.yaml:1: ../a leads back")
	if s.Len() != 2 {
		t.Errorf("got %s", names(s))
	}
}

// TestTree builds a tree of kustomizations that would be built 2^40 times.
func TestTree(t *testing.T) {
	dir := t.TempDir()
	for i := range 40 {
		for _, side := range [...]string{"l", "r"} {
			write(t, filepath.Join(dir, fmt.Sprint(side, i), "kustomization.yaml"), fmt.Sprintf("namePrefix: %s\nresources: [../l%d, ../r%d]\n", side, i+1, i+1))
		}
	}
	write(t, filepath.Join(dir, "l40", "kustomization.yaml"), "configMapGenerator: [{name: x}]\n")
	b := new(world.Builder)
	err := (&Source{Dir: filepath.Join(dir, "l0")}).Collect(t.Context(), nil, b)
	if out := fmt.Sprint(err, gaps(b.Snapshot())); !strings.Contains(out, "more than 2000") {
		t.Errorf("got %.500s", out)
	}
}

// TestAsKustomize checks that what scan changes in the files changes no object.
func TestAsKustomize(t *testing.T) {
	plain, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "testdata/estate/prod")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, r := range plain.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, string(text))
	}
	for _, o := range collect(t, "testdata/estate/prod", "").Objects() {
		got = append(got, o.Doc().Text)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "---\n"), strings.Join(want, "---\n"))
	}
}

func TestPlan(t *testing.T) {
	var dirs []string
	for _, d := range [...]string{"prod", "base", "mixin", "broken"} {
		dirs = append(dirs, filepath.Join("testdata/estate", d))
		if file, ok := Detect(dirs[len(dirs)-1]); !ok || filepath.Base(file) != "kustomization.yaml" {
			t.Errorf("%s: got %q %v", d, file, ok)
		}
	}
	roots, consumed := Plan(dirs)
	if want := []string{"testdata/estate/broken", "testdata/estate/prod"}; !slices.Equal(roots, want) {
		t.Errorf("roots are %v, want %v", roots, want)
	}
	for _, f := range [...]string{"prod/extra.yaml", "prod/user.yaml", "prod/caps.yaml", "prod/kustomization.yaml", "base/web.yaml", "base/service.yaml", "base/motd.txt", "mixin/limits.yaml", "mixin/kustomization.yaml", "broken/mixed.yaml"} {
		if !consumed[filepath.Join("testdata/estate", f)] {
			t.Errorf("%s is used", f)
		}
	}
	if len(consumed) != 12 {
		t.Errorf("got %v", consumed)
	}
	if _, ok := Detect("testdata"); ok {
		t.Error("a folder without the file is none")
	}
}

func TestPlanRing(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a", "kustomization.yaml"), "resources: [../b]\n")
	write(t, filepath.Join(dir, "b", "kustomization.yaml"), "resources: [../a]\n")
	write(t, filepath.Join(dir, "c", "kustomization.yaml"), "kind: Component\nresources: [own.yaml]\n")
	write(t, filepath.Join(dir, "c", "own.yaml"), "{}")
	write(t, filepath.Join(dir, "torn", "kustomization.yaml"), "[")
	roots, consumed := Plan([]string{filepath.Join(dir, "c"), filepath.Join(dir, "b"), filepath.Join(dir, "a"), filepath.Join(dir, "torn")})
	if want := []string{filepath.Join(dir, "a"), filepath.Join(dir, "torn")}; !slices.Equal(roots, want) {
		t.Errorf("roots are %v, want %v", roots, want)
	}
	if consumed[filepath.Join(dir, "c", "own.yaml")] {
		t.Error("the resources of a component that nothing uses are to be judged")
	}
}

func TestRemote(t *testing.T) {
	for _, s := range [...]string{"https://x/y.yaml", "HTTP://x", "http:x", "git::https://x/y", "github.com/a/b", "GitHub.com:a/b", "user@host:a/b.git", "ssh://x", "file:///x", "x?ref=1", "example.com/a/b?ref=main"} {
		if !remote(s) {
			t.Errorf("%s would be fetched", s)
		}
	}
	for _, s := range [...]string{"base", "../base", "a@b/c.yaml"[2:], "github.community/x", "./github.com/a", "dir.with.dots/x.yaml"} {
		if remote(s) {
			t.Errorf("%s is local", s)
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
