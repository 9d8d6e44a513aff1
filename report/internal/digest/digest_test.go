package digest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulwark/control"
)

func finding(c *control.Control, i int, status control.Status) *control.Finding {
	return &control.Finding{ID: fmt.Sprintf("%s-%d", c.ID, i), Control: c, Severity: c.Severity, Status: status}
}

func add(t *testing.T, d *Digest, f *control.Finding) {
	t.Helper()
	if err := d.Finding(f); err != nil {
		t.Fatal(err)
	}
}

func ids(fs []*control.Finding) (out []string) {
	for _, f := range fs {
		out = append(out, f.ID)
	}
	return out
}

func TestNewFindingsAreKeptBeforeUnchangedOnes(t *testing.T) {
	c := &control.Control{ID: "A", Concept: "rbac"}
	d := New(Options{PerControl: 2})
	add(t, d, finding(c, 1, control.Unchanged))
	add(t, d, finding(c, 2, control.Unchanged))
	add(t, d, finding(c, 3, control.New))
	add(t, d, finding(c, 4, control.Unchanged))
	add(t, d, finding(c, 5, control.Fixed))
	excused := finding(c, 6, control.New)
	excused.Suppressed = &control.Suppression{}
	add(t, d, excused)
	g := d.Groups()[0]
	if diff := cmp.Diff([]string{"A-3", "A-1"}, ids(g.Findings)); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	if g.Count != 4 || g.New != 1 || g.Suppressed != 1 || g.More() != 2 {
		t.Errorf("counts are %+v, more %d", g, g.More())
	}
}

func TestTotalIsSharedOutEvenly(t *testing.T) {
	cs := []*control.Control{{ID: "A", Concept: "rbac"}, {ID: "B", Concept: "etcd"}, {ID: "C", Concept: "etcd"}}
	d := New(Options{Total: 10})
	for i := range 100 {
		add(t, d, finding(cs[0], i, 0))
	}
	for i := range 100 {
		add(t, d, finding(cs[1], i, 0))
	}
	add(t, d, finding(cs[2], 0, 0))
	kept := map[string]int{}
	total := 0
	for _, g := range d.Groups() {
		kept[g.Control.ID] = len(g.Findings)
		total += len(g.Findings)
	}
	if total != 10 || kept["C"] != 1 || kept["A"] < 4 || kept["B"] < 4 {
		t.Errorf("kept %v", kept)
	}
}

func TestReasonsAreBounded(t *testing.T) {
	d := New(Options{})
	c := &control.Control{ID: "A"}
	for i := range maxReasons + 50 {
		if err := d.Unknown(&control.Unknown{Control: c, Why: fmt.Sprint("reason ", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if len(d.Reasons()) != maxReasons || d.UnknownRest != 50 || d.UnknownTotal != maxReasons+50 {
		t.Errorf("%d reasons, %d rest, %d in all", len(d.Reasons()), d.UnknownRest, d.UnknownTotal)
	}
}

func TestWorst(t *testing.T) {
	w := Worst[int]{Limit: 3}
	for i, sev := range []control.Severity{control.Low, control.High, control.Low, control.Medium, control.Low, control.Critical, control.Medium} {
		w.Add(sev, i)
	}
	if diff := cmp.Diff([]int{1, 3, 5}, w.Items()); diff != "" {
		t.Errorf("Items (-want +got):\n%s", diff)
	}
	if w.Dropped != 4 {
		t.Errorf("Dropped = %d", w.Dropped)
	}
}
