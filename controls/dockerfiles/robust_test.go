package dockerfiles

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"bulwark/control"
	"bulwark/fix"
	"bulwark/source/dockerfile"
	"bulwark/world"
)

// judge runs every control on a text and returns the findings with a fix.
func judge(tb testing.TB, text string) (*world.Object, []*control.Finding) {
	tb.Helper()
	d := &world.Doc{File: "Dockerfile", Text: text, End: len(text)}
	o := world.NewContent(world.Ref{Kind: dockerfile.Kind, Name: d.File}, d, dockerfile.Parse(d.File, "", text))
	b := new(world.Builder)
	b.Add(o)
	var found []*control.Finding
	opts := control.Options{Controls: Controls(), Strict: true, Workers: 1}
	err := control.Run(context.Background(), b.Snapshot(), opts, func(v *control.Verdicts) error {
		for _, f := range v.Findings {
			if f.Message == "" || len(f.Evidence) == 0 {
				tb.Errorf("%s: an empty finding", f.Control.ID)
			}
			if len(f.Fixes) > 0 {
				found = append(found, f)
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return o, found
}

// FuzzControls: no text makes a control panic, and a fix that can be made
// leaves a file that has no more problems than before.
func FuzzControls(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.Dockerfile")
	if err != nil || len(files) < 100 {
		f.Fatalf("%d fixtures, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<14 {
			return
		}
		o, found := judge(t, text)
		before := len(dockerfile.Of(o).Problems)
		for _, finding := range found[:min(len(found), 20)] {
			mended, err := fix.Text(text, []fix.Job{{Object: o, Edits: finding.Fixes[0].Edits}})
			if err != nil {
				continue // it says so, and the text is as it was
			}
			if after := len(dockerfile.Parse("Dockerfile", "", mended).Problems); after > before {
				t.Errorf("the fix of %s breaks the file:\n%s", finding.Control.ID, mended)
			}
		}
	})
}

// TestAcross runs every control on the fixtures of all others.
func TestAcross(t *testing.T) {
	files, _ := filepath.Glob("../*/testdata/*/*.Dockerfile")
	if len(files) < 150 {
		t.Fatalf("only %d fixtures", len(files))
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		judge(t, string(text))
	}
	for _, text := range []string{"", "\xff\xfe", "FROM", "RUN", "FROM x\nRUN", "FROM x\nCMD []\nENTRYPOINT []\nHEALTHCHECK CMD\nSHELL []", "FROM x\nCOPY\nADD a\nEXPOSE\nUSER\nWORKDIR\nVOLUME []\nLABEL\nENV\nARG", "FROM x\nRUN []\nONBUILD RUN\nRUN <<E\n", "FROM a b c d\nRUN --mount=type=x true"} {
		judge(t, text)
	}
}
