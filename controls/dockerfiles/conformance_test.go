package dockerfiles_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulwark/control"
	"bulwark/controls/baseimagefootprint"
	"bulwark/controls/dockerfiles"
	"bulwark/controls/imageregistries"
	"bulwark/controls/kubernetessecrets"
	"bulwark/fix"
	"bulwark/source/dockerfile"
	"bulwark/world"
)

// real returns the Dockerfiles below the folder that CONFORMANCE names, by path.
func real(t *testing.T) map[string]string {
	t.Helper()
	root := os.Getenv("CONFORMANCE")
	if root == "" {
		t.Skip("CONFORMANCE names no folder with other projects' files")
	}
	texts := map[string]string{}
	err := filepath.WalkDir(filepath.Join(root, "data"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !dockerfile.Match(e.Name()) {
			return err
		}
		b, err := os.ReadFile(path)
		texts[path] = string(b)
		return err
	})
	if err != nil || len(texts) == 0 {
		t.Fatalf("no Dockerfiles below %s: %v", root, err)
	}
	return texts
}

func readAll(texts map[string]string) *world.Snapshot {
	b := &world.Builder{}
	for path, text := range texts {
		dockerfile.Read(&world.Doc{File: path, Disk: path, Text: text, End: len(text)}, b)
	}
	return b.Snapshot()
}

// TestFixesOfRealFiles mends every real Dockerfile with every fix there is.
// What is mended parses, is mended a second time without a change, has no new
// finding, and every instruction that no finding is about has all its bytes.
func TestFixesOfRealFiles(t *testing.T) {
	texts := real(t)
	var all []*control.Control
	for _, list := range [][]*control.Control{dockerfiles.Controls(), baseimagefootprint.Controls(), imageregistries.Controls(), kubernetessecrets.Controls()} {
		all = append(all, list...)
	}
	opts := control.Options{Controls: all, Strict: true}
	touched := map[string]map[string]bool{} // by path, the instructions of findings with a fix
	err := control.Run(t.Context(), readAll(texts), opts, func(v *control.Verdicts) error {
		for _, f := range v.Findings {
			if len(f.Fixes) > 0 {
				for _, e := range f.Fixes[0].Edits {
					note(touched, f.Subject.Name, e.Path)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := fix.Make(t.Context(), readAll(texts), opts, func(*control.Finding) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range plan.Left {
		t.Errorf("%s:%d: %s was not mended: %v", l.Finding.Subject.Name, l.Finding.Evidence[0].Pos.Line, l.Finding.Control.ID, l.Why)
	}
	for _, f := range plan.Appeared {
		t.Errorf("%s:%d: %s appeared: %s", f.Subject.Name, f.Evidence[0].Pos.Line, f.Control.ID, f.Message)
	}
	instructions, kept := 0, 0
	for _, f := range plan.Files {
		before, after := dockerfile.Parse("", "", f.Before), dockerfile.Parse("", "", f.After)
		if len(after.Problems) > len(before.Problems) {
			t.Errorf("%s does not parse after it was mended: %v", f.Disk, after.Problems)
		}
		there := map[string]int{}
		for _, in := range after.Instructions {
			there[f.After[in.Start:in.End]]++
		}
		for _, in := range before.Instructions {
			instructions++
			text := f.Before[in.Start:in.End]
			if there[text] > 0 {
				there[text]--
				kept++
			} else if !touched[f.Shown][in.Path("")] {
				t.Errorf("%s:%d: %s changed, and nothing was wrong with it", f.Disk, in.Line, in.Keyword)
			}
		}
		texts[f.Disk] = f.After
	}
	again, err := fix.Make(t.Context(), readAll(texts), opts, func(*control.Finding) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range again.Files {
		t.Errorf("%s changes again when it is mended a second time", f.Disk)
	}
	t.Logf("%d Dockerfiles, %d mended, %d findings gone, %d left without a fix; %d of %d instructions in them untouched", len(texts), len(plan.Files), plan.Mended, plan.NoFix, kept, instructions)
}

// note keeps which instruction an edit is about.
func note(touched map[string]map[string]bool, file, path string) {
	if touched[file] == nil {
		touched[file] = map[string]bool{}
	}
	end := strings.IndexByte(path, ']')
	if end < 0 {
		return
	}
	touched[file][path[:end+1]] = true
}
