package manifests

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulwark/internal/ytree"
	"bulwark/world"
)

// tree writes files into a temporary folder: name → content.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func collect(t *testing.T, opts Options) (*world.Snapshot, error) {
	t.Helper()
	b := &world.Builder{}
	err := New(opts).Collect(context.Background(), nil, b)
	return b.Snapshot(), err
}

func pod(name string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata:\n  name: " + name + "\n"
}

func names(s *world.Snapshot) string {
	var out []string
	for _, o := range s.Objects() {
		out = append(out, o.Name)
	}
	return strings.Join(out, " ")
}

// wantGap asserts that some gap is at file:line and says text.
func wantGap(t *testing.T, s *world.Snapshot, file string, line int, text string) {
	t.Helper()
	for _, g := range s.Gaps() {
		if g.Pos.File == file && (line == 0 || g.Pos.Line == line) && strings.Contains(g.Why.Error(), text) {
			return
		}
	}
	t.Errorf("no gap at %s:%d with %q; there are %v", file, line, text, s.Gaps())
}

func TestFormsOfInput(t *testing.T) {
	dir := tree(t, map[string]string{
		"a.yaml":         pod("a1") + "---\n# nothing\n---\n" + pod("a2"),
		"b.json":         `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"}}`,
		"sub/list.yml":   "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: c1}\n- apiVersion: v1\n  kind: List\n  items:\n  - apiVersion: v1\n    kind: Pod\n    metadata: {name: c2}\n",
		"sub/typed.yaml": "apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: d}\n  spec: {hostPID: true}\n",
		"values.yaml":    "replicas: 1\n",
		"notes.txt":      pod("no"),
		".git/x.yaml":    pod("no"),
		"odd/helm.yaml":  "---apiVersion: v1\nkind: Pod\nmetadata: {name: e}\n",
		"windows.yaml":   strings.ReplaceAll(pod("f"), "\n", "\r\n"),
		"bom.yaml":       "\ufeff" + pod("g"),
		"generated.yaml": "apiVersion: v1\nkind: Pod\nmetadata:\n  generateName: h-\n",
	})
	s, err := collect(t, Options{Paths: []string{dir}, Base: dir})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(s), "a1 a2 b g h- e c1 c2 d f"; got != want {
		t.Errorf("objects %q, want %q", got, want)
	}
	for _, g := range s.Gaps() {
		t.Errorf("gap %s:%d %v", g.Pos.File, g.Pos.Line, g.Why)
	}
	for o := range s.All("Pod") {
		if o.Name == "d" {
			if p := o.Pos("spec.hostPID"); p.File != "sub/typed.yaml" || p.Line != 5 || p.Col != 10 {
				t.Errorf("spec.hostPID of d is at %+v", p)
			}
		}
	}
}

func TestStdinAndGlobs(t *testing.T) {
	dir := tree(t, map[string]string{"x1.yaml": pod("x1"), "x2.yaml": pod("x2"), "y.yaml": pod("y")})
	s, err := collect(t, Options{Paths: []string{filepath.Join(dir, "x*.yaml"), Stdin}, Stdin: strings.NewReader(pod("in")), Base: dir})
	if err != nil || names(s) != "x1 x2 in" {
		t.Errorf("objects %q, %v", names(s), err)
	}
	for _, path := range []string{filepath.Join(dir, "z*.yaml"), filepath.Join(dir, "missing"), filepath.Join(dir, "[")} {
		if _, err := collect(t, Options{Paths: []string{path}}); err == nil {
			t.Errorf("%s: no error", path)
		}
	}
}

func TestExclude(t *testing.T) {
	dir := tree(t, map[string]string{"a.yaml": pod("a"), "test/b.yaml": pod("b"), "c.skip.yaml": pod("c"), "node_modules/d.yaml": pod("d")})
	s, err := collect(t, Options{Paths: []string{dir}, Base: dir, Exclude: []string{"test/", "*.skip.yaml"}})
	if err != nil || names(s) != "a" {
		t.Errorf("objects %q, %v", names(s), err)
	}
}

// TestBadInput: what cannot be read is said with its place, and everything else is judged.
func TestBadInput(t *testing.T) {
	dir := tree(t, map[string]string{
		"good.yaml":      pod("good"),
		"broken.yaml":    pod("first") + "---\napiVersion: v1\nkind: Pod\nmetadata: {name: [\n---\n" + pod("third"),
		"binary.yaml":    "apiVersion: v1\nkind: Pod\x00\x01",
		"latin1.yaml":    "apiVersion: v1\nkind: Pod\nmetadata: {name: caf\xe9}\n",
		"template.yaml":  "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n",
		"list.yaml":      "- apiVersion: v1\n  kind: Pod\n",
		"scalar.yaml":    "apiVersion kind\n",
		"nokind.yaml":    "apiVersion: v1\nkind: {}\n",
		"tabs.yaml":      "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: x\n",
		"bomb.yaml":      bomb(),
		"selfref.yaml":   "apiVersion: v1\nkind: Pod\nmetadata: &a\n  labels: *a\n",
		"deep.yaml":      "apiVersion: v1\nkind: Pod\nspec: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "\n",
		"big.yaml":       pod("big") + "#" + strings.Repeat("x", 2000) + "\n",
		"duplicate.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: dup}\nspec:\n  hostPID: true\n  hostPID: false\n",
	})
	if err := os.Symlink(dir, filepath.Join(dir, "loop")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "dangling.yaml")); err != nil {
		t.Fatal(err)
	}
	s, err := collect(t, Options{Paths: []string{dir}, Base: dir, MaxFile: 60_000})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"good", "first", "third", "dup"} {
		if !strings.Contains(" "+names(s)+" ", " "+want+" ") {
			t.Errorf("%s was not read: %s", want, names(s))
		}
	}
	wantGap(t, s, "broken.yaml", 0, "not valid YAML")
	wantGap(t, s, "binary.yaml", 0, "not UTF-8")
	wantGap(t, s, "latin1.yaml", 0, "not UTF-8")
	wantGap(t, s, "template.yaml", 4, "unrendered template")
	wantGap(t, s, "list.yaml", 1, "not a Kubernetes object")
	wantGap(t, s, "scalar.yaml", 1, "not a Kubernetes object")
	wantGap(t, s, "nokind.yaml", 1, "not a Kubernetes object")
	wantGap(t, s, "tabs.yaml", 0, "not valid YAML")
	wantGap(t, s, "bomb.yaml", 0, "nests or repeats too much")
	wantGap(t, s, "selfref.yaml", 0, "contains itself")
	wantGap(t, s, "dangling.yaml", 0, "following the link")
	for o := range s.All("Pod") {
		if o.Name == "dup" && (len(o.Problems) != 1 || o.Problems[0].Kind != ytree.DuplicateKey) {
			t.Errorf("the duplicate key is not reported: %v", o.Problems)
		}
	}
}

// bomb returns a document whose aliases would expand to a billion nodes.
func bomb() string {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nkind: ConfigMap\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	return b.String()
}

func TestTooLarge(t *testing.T) {
	dir := tree(t, map[string]string{"big.yaml": pod("big") + strings.Repeat("# filler\n", 1000), "small.yaml": pod("small")})
	s, err := collect(t, Options{Paths: []string{dir}, Base: dir, MaxFile: 1000})
	if err != nil || names(s) != "small" {
		t.Errorf("objects %q, %v", names(s), err)
	}
	wantGap(t, s, "big.yaml", 0, "--max-file")
	s, err = collect(t, Options{Paths: []string{Stdin}, Stdin: strings.NewReader(strings.Repeat("x", 2000)), MaxFile: 1000})
	if err != nil {
		t.Fatal(err)
	}
	wantGap(t, s, "<stdin>", 0, "--max-file")
}

func TestUnreadable(t *testing.T) {
	dir := tree(t, map[string]string{"a.yaml": pod("a")})
	fifo := filepath.Join(dir, "b.yaml")
	if err := mkfifo(fifo); err != nil {
		t.Fatal(err)
	}
	s, err := collect(t, Options{Paths: []string{dir}, Base: dir})
	if err != nil || names(s) != "a" {
		t.Errorf("objects %q, %v", names(s), err)
	}
	wantGap(t, s, "b.yaml", 0, "no regular file")
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := tree(t, map[string]string{"a.yaml": pod("a")})
	if err := New(Options{Paths: []string{dir}}).Collect(ctx, nil, &world.Builder{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
