package scan

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulwark/controls"
	"bulwark/internal/estate"
	"bulwark/report"
	"bulwark/report/json"
	"bulwark/source"
	"bulwark/source/manifests"
	"bulwark/world"
)

// files returns a source of an estate of about n objects in a few files.
func files(tb testing.TB, n int) source.Source {
	tb.Helper()
	dir := tb.TempDir()
	for i := range 4 {
		var b bytes.Buffer
		if _, err := estate.Write(&b, n/4, uint64(i)); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("part-%d.yaml", i)), b.Bytes(), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	return manifests.New(manifests.Options{Paths: []string{dir}, Base: dir})
}

func runOnce(tb testing.TB, src source.Source, workers int) (string, *report.Summary) {
	tb.Helper()
	var out bytes.Buffer
	s, err := Run(context.Background(), Config{
		Sources: []source.Source{src}, Controls: controls.All(), Handler: json.New(&out), Workers: workers, Builder: &world.Builder{},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return out.String(), s
}

// TestDeterministic: the same input gives the same bytes, whatever the number of workers.
func TestDeterministic(t *testing.T) {
	src := files(t, 800)
	first, s := runOnce(t, src, 1)
	if s.Objects < 800 || len(s.Gaps) > 0 || !strings.Contains(first, `"finding"`) {
		t.Fatalf("%d objects, gaps %v", s.Objects, s.Gaps)
	}
	for _, workers := range []int{2, 7, 64} {
		if again, _ := runOnce(t, src, workers); again != first {
			t.Errorf("with %d workers the report differs", workers)
		}
	}
}

// TestScorecard: all 37 rows, in the guide's order, and what is not judged says what it needs.
func TestScorecard(t *testing.T) {
	_, s := runOnce(t, files(t, 100), 0)
	if len(s.Concepts) != 37 {
		t.Fatalf("%d rows", len(s.Concepts))
	}
	for i, row := range s.Concepts {
		if row.Concept.Number != i+1 {
			t.Errorf("row %d is concept %d", i+1, row.Concept.Number)
		}
		if !row.Judged && row.Needs == "" {
			t.Errorf("%s is not judged and does not say why", row.Concept.ID)
		}
	}
}

// TestUniqueIDs: no two findings of a run share an id.
func TestUniqueIDs(t *testing.T) {
	out, _ := runOnce(t, files(t, 400), 0)
	seen := map[string]bool{}
	for _, line := range strings.Split(out, "\n") {
		rest, ok := strings.CutPrefix(line, `{"finding":{"id":"`)
		if !ok {
			continue
		}
		id, _, _ := strings.Cut(rest, `"`)
		if seen[id] {
			t.Errorf("id %s twice", id)
		}
		seen[id] = true
	}
	if len(seen) == 0 {
		t.Error("no finding")
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Run(ctx, Config{Sources: []source.Source{files(t, 100)}, Controls: controls.All(), Handler: report.Multi()})
	if err == nil {
		t.Error("a cancelled run ended well")
	}
}

func BenchmarkScan(b *testing.B) {
	src := files(b, 4000)
	all := controls.All()
	b.ReportAllocs()
	objects := 0
	for b.Loop() {
		s, err := Run(context.Background(), Config{Sources: []source.Source{src}, Controls: all, Handler: report.Multi()})
		if err != nil {
			b.Fatal(err)
		}
		objects += s.Objects
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(objects), "ns/object")
}
