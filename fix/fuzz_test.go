package fix

import (
	"testing"

	"bulwark/control"
	"bulwark/internal/ytree"
	"bulwark/world"
)

// read is objects for texts that may hold anything.
func read(text string) []*world.Object {
	b := &world.Builder{}
	for _, s := range ytree.Split(text) {
		b.AddDoc(&world.Doc{File: "x.yaml", Text: text, Start: s.Start, End: s.End})
	}
	return b.Snapshot().Slice()
}

// FuzzText edits any text at any path: what is edited can be read again, holds
// as many objects.
func FuzzText(f *testing.F) {
	for _, tt := range textTests {
		for _, e := range tt.edits {
			f.Add(tt.in, e.Path, uint8(e.Op), "v")
		}
	}
	f.Fuzz(func(t *testing.T, text, path string, op uint8, value string) {
		if len(text) > 20_000 || len(path) > 200 {
			return
		}
		before := read(text)
		if len(before) == 0 {
			return
		}
		e := control.Edit{Path: path, Op: control.Op(op % 3), Value: value}
		got, err := Text(text, []Job{{Object: before[0], Edits: []control.Edit{e}}})
		if err != nil {
			return
		}
		after := read(got)
		if e.Op != control.Remove && len(after) < len(before) && path != "kind" && path != "apiVersion" {
			t.Fatalf("%q at %q: %d objects became %d:\n%s\n---\n%s", value, path, len(before), len(after), text, got)
		}
	})
}
