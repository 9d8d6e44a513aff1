package control

import (
	"context"
	"errors"
	"strings"
	"testing"

	"bulwark/world"
)

const estate = `apiVersion: v1
kind: Pod
metadata: {name: a, namespace: x}
spec:
  hostPID: true
  containers:
  - {name: one, image: i}
  - {name: two, image: i, securityContext: {privileged: true}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c, namespace: x}
`

func snapshot(t *testing.T, b *world.Builder) *world.Snapshot {
	t.Helper()
	for _, d := range world.Docs(world.Doc{File: "x.yaml", Text: estate}) {
		b.AddDoc(d)
	}
	return b.Snapshot()
}

func run(t *testing.T, snap *world.Snapshot, opts Options) (findings []*Finding, unknowns []*Unknown, results map[string]Result) {
	t.Helper()
	results = map[string]Result{}
	err := Run(context.Background(), snap, opts, func(v *Verdicts) error {
		findings = append(findings, v.Findings...)
		unknowns = append(unknowns, v.Unknowns...)
		for o := range v.Outcomes {
			results[o.Control.ID+" "+v.Subject.Name] = o.Result
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return findings, unknowns, results
}

// each reports every container.
func each(id string, implies ...string) *Control {
	return &Control{ID: id, Kinds: []string{Pods}, Implies: implies, Check: func(p *Pass) error {
		for c := range p.Containers {
			p.ReportContainer(c, "image", "container %q", c.Name)
		}
		return nil
	}}
}

func TestImpliesFoldsWithinTheContainer(t *testing.T) {
	strong := &Control{ID: "BW0002", Kinds: []string{Pods}, Implies: []string{"BW0001"}, Check: func(p *Pass) error {
		for c := range p.Containers {
			if c.Privileged() {
				p.ReportContainer(c, "securityContext.privileged", "privileged")
			}
		}
		return nil
	}}
	findings, _, results := run(t, snapshot(t, &world.Builder{}), Options{Controls: []*Control{each("BW0001"), strong}, Strict: true})
	if len(findings) != 2 || findings[0].Message != `container "one"` || findings[1].Control != strong || strings.Join(findings[1].Covers, " ") != "BW0001" {
		t.Errorf("findings %+v", findings)
	}
	if results["BW0001 a"] != Failed || results["BW0002 a"] != Failed {
		t.Errorf("a folded finding must still count as failed: %v", results)
	}
}

func TestOutcomes(t *testing.T) {
	quiet := func(id string, check func(*Pass) error) *Control {
		return &Control{ID: id, Kinds: []string{"Pod"}, Check: check}
	}
	_, unknowns, results := run(t, snapshot(t, &world.Builder{}), Options{Controls: []*Control{
		quiet("BW0001", func(*Pass) error { return nil }),
		quiet("BW0002", func(p *Pass) error { p.NotApplicable(); return nil }),
		quiet("BW0003", func(p *Pass) error { p.Unknown("spec.hostPID", "cannot tell"); return nil }),
		quiet("BW0004", func(*Pass) error { return errors.New("no way") }),
		quiet("BW0005", func(*Pass) error { panic("a defect") }),
	}})
	want := map[string]Result{"BW0001 a": Passed, "BW0002 a": Inapplicable, "BW0003 a": Unsure, "BW0004 a": Unsure, "BW0005 a": Unsure}
	for k, w := range want {
		if results[k] != w {
			t.Errorf("%s ended as %d, want %d", k, results[k], w)
		}
	}
	if len(results) != len(want) || len(unknowns) != 3 || unknowns[0].Pos.Line != 5 || !strings.Contains(unknowns[2].Why, "a defect") {
		t.Errorf("results %v, unknowns %+v", results, unknowns)
	}
}

func TestFacts(t *testing.T) {
	derived := 0
	base := &Fact[int]{Name: "base", Kinds: []string{"ConfigMap"}, Derive: func(v *View) (int, error) {
		derived++
		n := 0
		for range v.All("ConfigMap") {
			n++
		}
		return n, nil
	}}
	top := &Fact[string]{Name: "top", Requires: []AnyFact{base}, Derive: func(v *View) (string, error) {
		n, err := base.Of(v)
		return strings.Repeat("x", n), err
	}}
	asks := func(id string) *Control {
		return &Control{ID: id, Kinds: []string{AnyKind}, Requires: []AnyFact{top, base}, Check: func(p *Pass) error {
			s, err := top.Of(p)
			if s != "x" {
				p.Report("", "fact is %q", s)
			}
			return err
		}}
	}
	controls := []*Control{asks("BW0001"), asks("BW0002")}
	findings, unknowns, _ := run(t, snapshot(t, &world.Builder{}), Options{Controls: controls, Strict: true})
	if len(findings)+len(unknowns) != 0 || derived != 1 {
		t.Errorf("findings %v, unknowns %v, derived %d times", findings, unknowns, derived)
	}
	if got := strings.Join(Wants(controls), " "); got != "* ConfigMap" {
		t.Errorf("wants %q", got)
	}

	// What a fact rests on and could not be read makes it unknown.
	b := &world.Builder{}
	b.AddKindGap("ConfigMap", errors.New("listing configmaps: forbidden"))
	_, unknowns, _ = run(t, snapshot(t, b), Options{Controls: controls, Strict: true})
	if len(unknowns) != 4 || !strings.Contains(unknowns[0].Why, "forbidden") {
		t.Errorf("unknowns %v", unknowns)
	}
}

func TestUndeclaredAccessPanics(t *testing.T) {
	fact := &Fact[int]{Name: "sneaky", Kinds: []string{"ConfigMap"}, Derive: func(v *View) (int, error) {
		for range v.All("Secret") {
			return 1, nil
		}
		return 0, nil
	}}
	for name, c := range map[string]*Control{
		"a kind that the fact does not declare":      {ID: "BW0001", Kinds: []string{"Pod"}, Requires: []AnyFact{fact}, Check: func(p *Pass) error { _, err := fact.Of(p); return err }},
		"a fact that the control does not require":   {ID: "BW0001", Kinds: []string{"Pod"}, Check: func(p *Pass) error { _, err := fact.Of(p); return err }},
		"a parameter that the control does not have": {ID: "BW0001", Kinds: []string{"Pod"}, Check: func(p *Pass) error { p.Text("none"); return nil }},
	} {
		_, unknowns, _ := run(t, snapshot(t, &world.Builder{}), Options{Controls: []*Control{c}})
		if len(unknowns) != 1 || !strings.Contains(unknowns[0].Why, "defect of Bulwark") {
			t.Errorf("%s: %v", name, unknowns)
		}
	}
}

func TestParams(t *testing.T) {
	c := &Control{ID: "BW0001", Kinds: []string{"Pod"}, Params: []Param{{Name: "must"}, {Name: "may", Default: 7}}, Check: func(p *Pass) error {
		n, _ := p.Int("may")
		p.Report("", "%s %d", p.Text("must"), n)
		return nil
	}}
	if findings, _, results := run(t, snapshot(t, &world.Builder{}), Options{Controls: []*Control{c}, Strict: true}); len(findings)+len(results) != 0 {
		t.Error("a control whose parameter is not set must be off")
	}
	set := map[string]map[string]any{"BW0001": {"must": "x"}}
	if findings, _, _ := run(t, snapshot(t, &world.Builder{}), Options{Controls: []*Control{c}, Params: set, Strict: true}); len(findings) != 1 || findings[0].Message != "x 7" {
		t.Errorf("findings %v", findings)
	}
}

// TestIdentity: ids depend on names, not on lines or indices.
func TestIdentity(t *testing.T) {
	ids := func(text string) map[string]string {
		b := &world.Builder{}
		for _, d := range world.Docs(world.Doc{File: "x.yaml", Text: text}) {
			b.AddDoc(d)
		}
		out := map[string]string{}
		findings, _, _ := run(t, b.Snapshot(), Options{Controls: []*Control{each("BW0001")}, Strict: true})
		for _, f := range findings {
			out[f.Message] = f.ID
		}
		return out
	}
	first := ids(estate)
	moved := ids("# a comment\n" + strings.Replace(estate, "  - {name: one, image: i}\n", "  - {name: zero, image: i}\n  - {name: one, image: j}\n", 1))
	for _, name := range []string{`container "one"`, `container "two"`} {
		if first[name] == "" || first[name] != moved[name] {
			t.Errorf("%s: id %q became %q", name, first[name], moved[name])
		}
	}
	if moved[`container "zero"`] == first[`container "one"`] {
		t.Error("another container has the same id")
	}
}

func TestSecretsNeverBecomeEvidence(t *testing.T) {
	const text = `apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {password: hunter2-hunter2}
---
apiVersion: v1
kind: Pod
metadata: {name: p}
spec: {containers: [{name: a, image: i, env: [{name: X, value: "plain"}], args: ["--token=ghp_0123456789abcdefghijklmnopqrstuvwxyzAB"]}]}
`
	b := &world.Builder{}
	for _, d := range world.Docs(world.Doc{File: "x.yaml", Text: text}) {
		b.AddDoc(d)
	}
	c := &Control{ID: "BW0001", Kinds: []string{AnyKind}, Check: func(p *Pass) error {
		for _, path := range []string{"stringData.password", "spec.containers[0].env[0].value", "spec.containers[0].args[0]", "metadata.name"} {
			if p.Tree().Lookup(path) != nil {
				p.Report(path, "look")
			}
		}
		return nil
	}}
	findings, _, _ := run(t, b.Snapshot(), Options{Controls: []*Control{c}, Strict: true})
	for _, f := range findings {
		if e := f.Evidence[0]; e.Value != "" && e.Pos.Path != "metadata.name" {
			t.Errorf("%s shows %q", e.Pos.Path, e.Value)
		}
	}
	if len(findings) != 5 {
		t.Errorf("%d findings", len(findings))
	}
}
