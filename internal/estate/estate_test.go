package estate

import (
	"strings"
	"testing"

	"bulwark/internal/ytree"
	"bulwark/world"
)

func TestWrite(t *testing.T) {
	var a, b strings.Builder
	n, err := Write(&a, 500, 7)
	if err != nil || n < 500 || n > 600 {
		t.Fatalf("wrote %d objects, %v", n, err)
	}
	if _, err := Write(&b, 500, 7); err != nil || a.String() != b.String() {
		t.Fatal("the same seed gives another estate")
	}
	builder := &world.Builder{}
	for _, s := range ytree.Split(a.String()) {
		builder.AddDoc(&world.Doc{File: "estate.yaml", Text: a.String(), Start: s.Start, End: s.End})
	}
	snap := builder.Snapshot()
	if snap.Len() != n || len(snap.Gaps()) > 0 {
		t.Errorf("%d objects read of %d written; gaps %v", snap.Len(), n, snap.Gaps())
	}
	for _, o := range snap.Objects() {
		if len(o.Problems) > 0 {
			t.Errorf("%s: %v", o.Ref, o.Problems)
		}
	}
}
