package json

import (
	"bytes"
	stdjson "encoding/json"
	"io"
	"math"
	"strings"
	"testing"

	"bulwark/control"
	"bulwark/report"
	"bulwark/report/internal/reporttest"
)

func encode(t testing.TB, r *reporttest.Run) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Play(New(&b)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	out := encode(t, reporttest.Small())
	reporttest.NoControls(t, out)
	reporttest.Golden(t, "testdata/small.ndjson", out)
}

// TestShape checks what the protocol promises, with a decoder that is not ours.
func TestShape(t *testing.T) {
	lines := bytes.Split(bytes.TrimSuffix(encode(t, reporttest.Small()), []byte("\n")), []byte("\n"))
	if len(lines) != 1+6+2+1 {
		t.Fatalf("there are %d lines", len(lines))
	}
	must := map[string][]string{
		"meta":    {"schema", "version", "inputs", "target", "controls"},
		"finding": {"id", "control", "concept", "severity", "subject", "message", "evidence", "fixes"},
		"unknown": {"control", "concept", "subject", "why"},
		"summary": {"objects", "counts", "controls", "concepts", "gaps", "new", "unchanged", "fixed", "suppressed"},
	}
	for i, l := range lines {
		var m map[string]map[string]any
		if err := stdjson.Unmarshal(l, &m); err != nil || len(m) != 1 {
			t.Fatalf("line %d: %v, %d keys", i+1, err, len(m))
		}
		for key, fields := range m {
			for _, f := range must[key] {
				if _, ok := fields[f]; !ok {
					t.Errorf("line %d: %s has no %s", i+1, key, f)
				}
			}
			if must[key] == nil {
				t.Errorf("line %d has key %s", i+1, key)
			}
		}
		if f := m["finding"]; f != nil {
			for _, k := range []string{"group", "kind", "namespace", "name"} {
				if _, ok := f["subject"].(map[string]any)[k]; !ok {
					t.Errorf("line %d: the subject has no %s", i+1, k)
				}
			}
			for _, ev := range f["evidence"].([]any) {
				for _, k := range []string{"tier", "file", "line", "col", "path", "value"} {
					if _, ok := ev.(map[string]any)[k]; !ok {
						t.Errorf("line %d: an evidence has no %s", i+1, k)
					}
				}
			}
		}
	}
}

func TestNumbersThatJSONLacks(t *testing.T) {
	for _, v := range []any{math.NaN(), math.Inf(1), make(chan int)} {
		h := New(io.Discard)
		f := reporttest.Small().Findings[0]
		f.Fixes = []control.Fix{{Edits: []control.Edit{{Path: "a", Value: v}}}}
		if err := h.Finding(f); err == nil {
			t.Errorf("%v was written", v)
		}
	}
}

func TestStreamIsNotHeldBack(t *testing.T) {
	var b bytes.Buffer
	h := New(&b)
	r := reporttest.Estate(1000)
	if err := h.Begin(r.Meta); err != nil {
		t.Fatal(err)
	}
	before := b.Len()
	for _, f := range r.Findings {
		if err := h.Finding(f); err != nil {
			t.Fatal(err)
		}
	}
	if before == 0 || b.Len() < before+500*300 {
		t.Errorf("%d bytes after meta, %d after 1000 findings", before, b.Len())
	}
}

func BenchmarkFinding(b *testing.B) {
	r := reporttest.Estate(1000)
	h := New(io.Discard)
	b.ReportAllocs()
	for i := range b.N {
		if err := h.Finding(r.Findings[i%1000]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReflection is what encoding/json would take for the same findings.
func BenchmarkReflection(b *testing.B) {
	var rows []map[string]findingLine
	for _, l := range strings.Split(string(encode(b, reporttest.Estate(1000))), "\n") {
		var m map[string]findingLine
		if strings.HasPrefix(l, `{"finding"`) && stdjson.Unmarshal([]byte(l), &m) == nil {
			rows = append(rows, m)
		}
	}
	enc := stdjson.NewEncoder(io.Discard)
	b.ReportAllocs()
	for i := range b.N {
		if err := enc.Encode(rows[i%len(rows)]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReplay(b *testing.B) {
	stream := encode(b, reporttest.Estate(1000))
	b.SetBytes(int64(len(stream)))
	for range b.N {
		if err := Replay(bytes.NewReader(stream), report.Multi()); err != nil {
			b.Fatal(err)
		}
	}
}
