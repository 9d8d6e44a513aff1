package world

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/json"

	"bulwark/internal/ytree"
)

// TestDecodeOracle compares our decoder with the API server's (sigs.k8s.io/json,
// strict) on every fixture of the tree: the same object, and the same number of
// unknown fields and duplicates.
func TestDecodeOracle(t *testing.T) {
	files, err := filepath.Glob("../controls/*/testdata/*/*.yaml")
	if err != nil || len(files) < 100 {
		t.Fatalf("%d fixtures, %v", len(files), err)
	}
	compared := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range Docs(Doc{File: file, Text: string(text)}) {
			n, err := ytree.ParseAt(d.Text, d.Start, d.End)
			if err != nil || n == nil || n.Kind != ytree.Map {
				continue
			}
			if compareDecoders(t, file, n) {
				compared++
			}
		}
	}
	if compared < 300 {
		t.Errorf("only %d objects were compared", compared)
	}
}

func compareDecoders(t *testing.T, file string, n *ytree.Node) bool {
	t.Helper()
	gv, err := schema.ParseGroupVersion(n.Text("apiVersion"))
	if err != nil {
		return false
	}
	ours, err := scheme.Scheme.New(gv.WithKind(n.Text("kind")))
	if err != nil {
		return false
	}
	theirs, _ := scheme.Scheme.New(gv.WithKind(n.Text("kind")))
	problems := ytree.Decode(n, ours)
	strict, err := json.UnmarshalStrict(n.AppendJSON(nil), theirs)
	wrong := 0
	for _, p := range problems {
		if p.Kind == ytree.WrongType {
			wrong++
		}
	}
	if (err != nil) != (wrong > 0) {
		t.Errorf("%s: ours reports %v, the oracle %v", file, problems, err)
		return true
	}
	if err != nil {
		return true // what is left half decoded may differ
	}
	if !reflect.DeepEqual(ours, theirs) {
		t.Errorf("%s: %s %s is decoded differently", file, n.Text("kind"), n.Lookup("metadata.name").Str)
	}
	duplicates := 0 // AppendJSON drops them, so the oracle cannot see them
	for _, p := range problems {
		if p.Kind == ytree.DuplicateKey {
			duplicates++
		}
	}
	if len(strict) != len(problems)-duplicates {
		t.Errorf("%s: ours reports %v, the oracle %v", file, problems, strict)
	}
	return true
}
