package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/modfile"
)

// TestStagingReplaces holds go.mod to the rule that makes k8s.io/kubernetes usable
// as a dependency: each module it requires at v0.0.0 is replaced by the published
// one of the same release, and no other k8s.io module is replaced.
func TestStagingReplaces(t *testing.T) {
	ours := parseMod(t, "go.mod")
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/kubernetes@"+ServerVersion).Output()
	if err != nil {
		t.Fatal(err)
	}
	theirs := parseMod(t, filepath.Join(strings.TrimSpace(string(dir)), "go.mod"))
	var want []string
	for _, r := range theirs.Require {
		if r.Mod.Version == "v0.0.0" {
			want = append(want, r.Mod.Path+" "+strings.Replace(ServerVersion, "v1.", "v0.", 1))
		}
	}
	var got []string
	for _, r := range ours.Replace {
		if strings.HasPrefix(r.Old.Path, "k8s.io/") {
			got = append(got, r.Old.Path+" "+r.New.Version)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if len(want) != 31 || !slices.Equal(got, want) {
		t.Errorf("go.mod replaces\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, r := range ours.Require {
		if r.Mod.Path == "k8s.io/kubernetes" && r.Mod.Version != ServerVersion {
			t.Errorf("go.mod requires Kubernetes %s, ServerVersion is %s", r.Mod.Version, ServerVersion)
		}
	}
}

func parseMod(t *testing.T, path string) *modfile.File {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := modfile.Parse(path, text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestOverride(t *testing.T) {
	got := override([]string{"--a=1", "--ab=2", "--c=3"}, []string{"--a=x", "--d=4", "--a=y"})
	want := []string{"--ab=2", "--c=3", "--a=x", "--d=4", "--a=y"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCappedLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logs", "x.log")
	l, err := newCappedLog(path)
	if err != nil {
		t.Fatal(err)
	}
	line := []byte(strings.Repeat("x", 1023) + "\n")
	for range 5 * logLimit / 2 / len(line) {
		if _, err := l.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Fprint(l, "the end\n")
	if got := l.tail(); !strings.HasSuffix(got, "x\nthe end") || len(got) > tailLimit {
		t.Errorf("tail is %d bytes and ends in %q", len(got), got[max(0, len(got)-20):])
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	files, _ := filepath.Glob(path + "*")
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	if len(files) != 2 || total > 2*logLimit {
		t.Errorf("%d files with %d bytes, want 2 with at most %d", len(files), total, 2*logLimit)
	}
}

func TestBuildProgress(t *testing.T) {
	var out bytes.Buffer
	p := newBuildProgress("thing", 7, &out)
	for _, s := range []string{"k8s.io/a\nk8s.", "io/b\n", "# k8s.io/b\nb.go:1:2: undefined: x\n", "go: downloading k8s.io/c v1.0.0\n"} {
		fmt.Fprint(p, s)
	}
	p.finish()
	if got, want := p.complaints(), "\n# k8s.io/b\nb.go:1:2: undefined: x"; got != want {
		t.Errorf("complaints are %q, want %q", got, want)
	}
	if !strings.Contains(out.String(), "thing: 2 of at most 7 packages compiled") {
		t.Errorf("it said %q", out.String())
	}
}

func TestBuildFailureSaysWhy(t *testing.T) {
	module := t.TempDir()
	writeFiles(t, module, map[string]string{
		"go.mod":            "module " + modulePath + "\n\ngo 1.26\n",
		"cmd/thing/main.go": "package main\n\nfunc main() { missing() }\n",
	})
	t.Chdir(module)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	_, err := build(testContext(t), "thing", nil)
	if err == nil || !strings.Contains(err.Error(), "undefined: missing") {
		t.Errorf("got %v, want the compiler's complaint", err)
	}
	writeFiles(t, module, map[string]string{"cmd/thing/main.go": "package main\n\nfunc main() {}\n"})
	path, err := build(testContext(t), "thing", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := exec.Command(path).Run(); err != nil {
		t.Errorf("what was built does not run: %v", err)
	}
	if again, err := build(testContext(t), "thing", nil); err != nil || again != path {
		t.Errorf("second build: %q, %v; want %q", again, err, path)
	}
}

func TestBuildOutsideTheCheckout(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := Build(testContext(t), Options{}); err == nil || !strings.Contains(err.Error(), "inside Bulwark's checkout") {
		t.Errorf("got %v", err)
	}
}

func TestPruneKeepsTheNewest(t *testing.T) {
	dir := t.TempDir()
	for i := range 5 {
		path := filepath.Join(dir, fmt.Sprintf("thing-%d", i))
		writeFiles(t, dir, map[string]string{filepath.Base(path): ""})
		when := time.Now().Add(time.Duration(-i) * time.Hour)
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	if err := prune(dir, "thing"); err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob(filepath.Join(dir, "*"))
	for i, path := range left {
		left[i] = filepath.Base(path)
	}
	if want := []string{"thing-0", "thing-1", "thing-2"}; !slices.Equal(left, want) {
		t.Errorf("left %q, want %q", left, want)
	}
}

func TestWaitLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held, err := lockFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := waitLock(ctx, path, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while another holds it: got %v, want the deadline", err)
	}
	held.Close()
	lock, err := waitLock(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	lock.Close()
}

func TestFreePortsDiffer(t *testing.T) {
	p, err := freePorts()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{p.api: true, p.etcd: true, p.peer: true, p.controllers: true, p.scheduler: true}
	if len(seen) != 5 || seen[0] {
		t.Errorf("ports are %+v", p)
	}
}

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
