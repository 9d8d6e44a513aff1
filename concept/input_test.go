package concept

import (
	"strings"
	"testing"
)

func TestInputs(t *testing.T) {
	seen := map[Input]bool{}
	for _, d := range Inputs() {
		if seen[d.Input] {
			t.Errorf("%s is listed twice", d.Input)
		}
		seen[d.Input] = true
		if d.Available != (d.Command != "") {
			t.Errorf("%s: available %v but command %q", d.Input, d.Available, d.Command)
		}
		checkProse(t, string(d.Input)+" Doc", d.Doc, 30, 120, 1, 1)
		if got, ok := d.Input.Info(); !ok || got != d {
			t.Errorf("Info(%s) = %+v, %v", d.Input, got, ok)
		}
	}
}

func TestEveryInputIsUsedAndExists(t *testing.T) {
	used := map[Input]bool{}
	for _, c := range All() {
		for _, tier := range TierNames() {
			here := map[Input]bool{}
			for _, in := range c.Tiers.Of(tier).Inputs {
				if _, ok := in.Info(); !ok {
					t.Errorf("%s, %s: no input %q", c.ID, tier, in)
				}
				if here[in] {
					t.Errorf("%s, %s: %s is named twice", c.ID, tier, in)
				}
				here[in], used[in] = true, true
			}
		}
		if len(c.Inputs()) == 0 {
			t.Errorf("%s: nothing can judge it", c.ID)
		}
	}
	for _, d := range Inputs() {
		if !used[d.Input] {
			t.Errorf("no concept is judged from %s", d.Input)
		}
	}
}

func TestNeed(t *testing.T) {
	for in, want := range map[Input]string{
		Node:      "node (not in this version)",
		Cluster:   "cluster (bulwark scan --cluster)",
		"crystal": "crystal (no such input)",
	} {
		if got := in.Need(); got != want {
			t.Errorf("Need(%s) = %q, want %q", in, got, want)
		}
		if in.Available() != strings.Contains(want, "bulwark") {
			t.Errorf("Available(%s) = %v", in, in.Available())
		}
	}
}
