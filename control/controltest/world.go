package controltest

import (
	"testing"

	"bulwark/world"
)

// Snapshot reads the documents of a text, for tests of what is derived from
// them. One that cannot be read fails the test.
func Snapshot(t testing.TB, scope world.Completeness, text string) *world.Snapshot {
	t.Helper()
	b := &world.Builder{Completeness: scope}
	for _, d := range world.Docs(world.Doc{File: "in.yaml", Text: text}) {
		b.AddDoc(d)
	}
	snap := b.Snapshot()
	for _, g := range snap.Gaps() {
		t.Fatalf("in.yaml:%d: cannot be read: %v", g.Pos.Line, g.Why)
	}
	return snap
}

// Only returns the one object of a text.
func Only(t testing.TB, text string) *world.Object {
	t.Helper()
	objects := Snapshot(t, world.Auto, text).Slice()
	if len(objects) != 1 {
		t.Fatalf("the text holds %d objects, want 1", len(objects))
	}
	return objects[0]
}
