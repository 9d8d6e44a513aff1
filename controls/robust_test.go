package controls

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulwark/control"
	"bulwark/internal/estate"
	"bulwark/world"
)

// judgeAll runs every control on a text; a panic or a defect fails the test.
func judgeAll(t *testing.T, text string, scope world.Completeness) {
	t.Helper()
	b := &world.Builder{Completeness: scope}
	for _, d := range world.Docs(world.Doc{File: "x.yaml", Text: text}) {
		b.AddDoc(d)
	}
	opts := control.Options{Controls: All(), Strict: true, Workers: 1}
	err := control.Run(context.Background(), b.Snapshot(), opts, func(v *control.Verdicts) error {
		for _, f := range v.Findings {
			if f.ID == "" || f.Message == "" || len(f.Evidence) == 0 {
				t.Errorf("%s on %s: an empty finding: %+v", f.Control.ID, v.Subject.Ref, f)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// fixtures returns the text of every fixture of every control.
func fixtures(tb testing.TB) map[string]string {
	tb.Helper()
	files, err := filepath.Glob("*/testdata/*/*.yaml")
	if err != nil || len(files) < 100 {
		tb.Fatalf("%d fixtures, %v", len(files), err)
	}
	out := map[string]string{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		out[f] = string(text)
	}
	return out
}

// TestEveryControlOnEveryFixture: what one control's fixture holds, every other meets too.
func TestEveryControlOnEveryFixture(t *testing.T) {
	for file, text := range fixtures(t) {
		t.Run(file, func(t *testing.T) { judgeAll(t, text, world.Complete) })
	}
}

func TestEveryControlOnAnEstate(t *testing.T) {
	var b strings.Builder
	if _, err := estate.Write(&b, 1000, 3); err != nil {
		t.Fatal(err)
	}
	for _, scope := range []world.Completeness{world.Auto, world.Complete, world.Partial} {
		judgeAll(t, b.String(), scope)
	}
}

// FuzzControls looks for objects that make a control panic.
func FuzzControls(f *testing.F) {
	n := 0
	for _, text := range fixtures(f) {
		if n++; n%7 == 0 && len(text) < 3000 {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) < 20_000 {
			judgeAll(t, text, world.Complete)
		}
	})
}
