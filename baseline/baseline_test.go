package baseline_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulwark/baseline"
	"bulwark/control"
	"bulwark/report"
	"bulwark/report/json"
	"bulwark/world"
)

// saved is the report of a run with these findings.
func saved(t *testing.T, findings ...*control.Finding) []byte {
	t.Helper()
	var b bytes.Buffer
	h := json.New(&b)
	c := &control.Control{ID: "BW1801", Concept: "kernel-hardening", Severity: control.High}
	step := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	step(h.Begin(&report.Meta{Schema: json.Schema, Controls: []*control.Control{c}}))
	for _, f := range findings {
		f.Control, f.Evidence = c, []control.Evidence{{Pos: world.Pos{File: "a.yaml", Line: 1, Path: "spec"}}}
		step(h.Finding(f))
	}
	step(h.Unknown(&control.Unknown{Control: c, Why: "nobody knows"}))
	step(h.End(&report.Summary{}))
	return b.Bytes()
}

// TestStatus: known findings are unchanged, excused ones count as known, those that were fixed then are new again.
func TestStatus(t *testing.T) {
	b, err := baseline.Read(bytes.NewReader(saved(t,
		&control.Finding{ID: "stays"}, &control.Finding{ID: "goes"},
		&control.Finding{ID: "excused", Suppressed: &control.Suppression{Kind: "comment", By: "bulwark"}},
		&control.Finding{ID: "was-fixed", Status: control.Fixed})))
	if err != nil {
		t.Fatal(err)
	}
	if b.Gone() != 3 {
		t.Errorf("before anything was met %d are gone, want 3", b.Gone())
	}
	for _, tt := range []struct {
		id   string
		want control.Status
		gone int // after it was met
	}{
		{"stays", control.Unchanged, 2}, {"stays", control.Unchanged, 2}, // the same finding twice is one
		{"new", control.New, 2}, {"was-fixed", control.New, 2}, {"excused", control.Unchanged, 1},
	} {
		if got := b.Status(&control.Finding{ID: tt.id}); got != tt.want || b.Gone() != tt.gone {
			t.Errorf("%s: %s with %d gone, want %s with %d", tt.id, got, b.Gone(), tt.want, tt.gone)
		}
	}
}

func TestEmptyRun(t *testing.T) {
	b, err := baseline.Read(bytes.NewReader(saved(t)))
	if err != nil {
		t.Fatal(err)
	}
	if got := b.Status(&control.Finding{ID: "any"}); got != control.New || b.Gone() != 0 {
		t.Errorf("got %s, %d gone", got, b.Gone())
	}
}

// TestLoad: a file that is missing, cut short or something else is refused, with the command that makes a good one.
func TestLoad(t *testing.T) {
	dir := t.TempDir()
	whole := saved(t, &control.Finding{ID: "one"})
	for name, c := range map[string]struct {
		content []byte
		want    string // of the error; "" when it is good
	}{
		"good.json":  {whole, ""},
		"cut.json":   {whole[:bytes.LastIndexByte(whole[:len(whole)-1], '\n')+1], "without a summary"},
		"empty.json": {nil, "the stream is empty"},
		"other.json": {[]byte(`{"Results": []}`), "line 1"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, c.content, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := baseline.Load(path)
		switch {
		case c.want == "" && (err != nil || b.Gone() != 1):
			t.Errorf("%s: %v", name, err)
		case c.want == "":
		case err == nil:
			t.Errorf("%s is accepted", name)
		case !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "bulwark scan -o json="+path):
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := baseline.Load(filepath.Join(dir, "none.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}
