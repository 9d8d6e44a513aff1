// Package denytest proves on fixtures that the CEL twin of a control says the
// same as its Go check, as the API server would evaluate it.
package denytest

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"bulwark/control"
	"bulwark/internal/kubecel"
	"bulwark/internal/ytree"
	"bulwark/world"
)

// Run compiles the Deny expression of every control and compares it with
// Check for each object of the control's kinds in every fixture below testdata,
// at the default target and with the parameters' defaults. Fixtures of all
// controls serve each control.
func Run(t *testing.T, controls []*control.Control) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "*", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures below testdata: %v", err)
	}
	snap := load(t, files)
	cel := new(kubecel.Compiler)
	for _, c := range controls {
		if c.Deny == "" || c.Check == nil {
			continue
		}
		t.Run(c.ID, func(t *testing.T) { compare(t, cel, c, snap) })
	}
}

func load(t *testing.T, files []string) *world.Snapshot {
	t.Helper()
	b := &world.Builder{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range ytree.Split(string(text)) {
			b.AddDoc(&world.Doc{File: file, Text: string(text), Start: s.Start, End: s.End})
		}
	}
	return b.Snapshot()
}

func compare(t *testing.T, cel *kubecel.Compiler, c *control.Control, snap *world.Snapshot) {
	params := defaults(c)
	names := kubecel.Names{Params: params}
	if minor, err := cel.FirstServer(c.Deny, kubecel.Bool, names); err != nil || minor > kubecel.OldestServer {
		t.Fatalf("Deny must compile on 1.%d: it does from 1.%d on: %v", kubecel.OldestServer, minor, err)
	}
	program, err := cel.Compile(c.Deny, kubecel.Bool, names)
	if err != nil {
		t.Fatal(err)
	}
	denied, admitted := 0, 0
	opts := control.Options{Controls: []*control.Control{c}, Strict: true}
	err = control.Run(context.Background(), snap, opts, func(v *control.Verdicts) error {
		if len(v.Results) == 0 || v.Results[0] == control.Unsure {
			return nil
		}
		denies, err := denies(program, v.Subject, params)
		if err != nil {
			t.Errorf("%s at %+v: Deny fails: %v", v.Subject.Ref, v.Subject.Pos(""), err)
			return nil
		}
		if fails := v.Results[0] == control.Failed; denies != fails {
			t.Errorf("%s at %+v: Deny says %v, Check says %v", v.Subject.Ref, v.Subject.Pos(""), denies, fails)
		}
		if denies {
			denied++
		} else {
			admitted++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if denied == 0 || admitted == 0 {
		t.Errorf("the fixtures make Deny true %d times and false %d times: both must happen", denied, admitted)
	}
}

// denies evaluates the condition; a custom resource with several pod templates is
// bad when one of them is.
func denies(program *kubecel.Program, o *world.Object, params map[string]any) (bool, error) {
	object, err := kubecel.Prepare(o)
	if err != nil {
		return false, err
	}
	for i := range max(1, object.Templates()) {
		bad, _, err := program.Bool(&kubecel.Input{Object: object, Template: i, Params: params})
		if bad || err != nil {
			return bad, err
		}
	}
	return false, nil
}

// defaults returns the parameters that a Deny expression may name.
func defaults(c *control.Control) map[string]any {
	out := map[string]any{}
	for _, p := range c.Params {
		if p.Default != nil {
			out[p.Name] = p.Default
		}
	}
	return out
}
