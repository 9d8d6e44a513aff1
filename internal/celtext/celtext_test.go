package celtext_test

import (
	"testing"

	"bulwark/control/controltest"
	"bulwark/internal/celtext"
	"bulwark/internal/kubecel"
)

const pod = `apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers: [{name: main, image: a}]
  initContainers: [{name: first, image: b}]
`

// TestMeaning evaluates what is written, as an API server would.
func TestMeaning(t *testing.T) {
	for expr, want := range map[string]bool{
		celtext.Any("c.name == 'first'"):                          true,
		celtext.Any("c.name == 'second'"):                         false,
		celtext.Any("c.name == 'main' && c.image == 'b'"):         false, // of one container
		"!" + celtext.Any("c.name == 'main' || c.name == 'x'"):    false,
		celtext.Any("c.image in " + celtext.List("b", "c")):       true,
		celtext.Any("c.image in " + celtext.List("c")):            false,
		celtext.List("a b", "c: d, e") + " == ['a b', 'c: d, e']": true,
	} {
		p, err := new(kubecel.Compiler).Compile(expr, kubecel.Bool, kubecel.Names{})
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		o, err := kubecel.Prepare(controltest.Only(t, pod))
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := p.Bool(&kubecel.Input{Object: o}); err != nil || got != want {
			t.Errorf("%s: got %v, %v", expr, got, err)
		}
	}
}

// TestNone: a list of nothing holds nothing.
func TestNone(t *testing.T) {
	if got := celtext.List(); got != "[]" {
		t.Errorf("got %s", got)
	}
}
