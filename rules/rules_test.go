package rules

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulwark/control"
	"bulwark/internal/kubecel"
	"bulwark/internal/ytree"
	"bulwark/world"
)

func parse(t testing.TB, text string) *Set {
	t.Helper()
	set, err := Parse("r.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func snapshot(t testing.TB, text string) *world.Snapshot {
	t.Helper()
	b := &world.Builder{}
	for _, s := range ytree.Split(text) {
		b.AddDoc(&world.Doc{File: "o.yaml", Text: text, Start: s.Start, End: s.End})
	}
	return b.Snapshot()
}

// judge returns findings and unknowns as lines "ID path: message".
func judge(t testing.TB, set *Set, params map[string]map[string]any, text string) []string {
	t.Helper()
	var out []string
	opts := control.Options{Controls: set.Controls(), Params: params, Strict: true}
	err := control.Run(context.Background(), snapshot(t, text), opts, func(v *control.Verdicts) error {
		for _, f := range v.Findings {
			p := f.Evidence[0].Pos
			out = append(out, fmt.Sprintf("%s %d %s: %s", f.Control.ID, p.Line, p.Path, f.Message))
		}
		for _, u := range v.Unknowns {
			out = append(out, fmt.Sprintf("%s unknown: %s", u.Control.ID, u.Why))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestExamples(t *testing.T) {
	set, err := LoadSet([]string{"../examples/rules"})
	if err != nil {
		t.Fatal(err)
	}
	results, err := set.Test(t.Context())
	if err != nil || len(results) < 9 {
		t.Fatalf("%d tests, %v", len(results), err)
	}
	for _, r := range results {
		if r.Err != nil {
			t.Errorf("%s:%d: %s %q: %v", r.Pos.File, r.Pos.Line, r.Rule.Control.ID, r.Name, r.Err)
		}
	}
}

const trio = `
rules:
  - id: A-1
    title: object
    severity: low
    kinds: [ConfigMap]
    deny: has(object.data) && object.data.exists(k, k.contains('x'))
    path: data
  - id: A-2
    title: pod
    severity: high
    kinds: [pods]
    scope: pod
    params: [{name: floor, default: 2}, {name: names, default: [a, b]}]
    deny: size(variables.containers) < variables.floor || variables.containers.exists(c, c.name in variables.names)
    path: containers
    message: too few or badly named
  - id: A-3
    title: container
    severity: high
    kinds: [pods]
    scope: container
    deny: |
      // the tag
      container.image.endsWith(':latest') // done
    messageExpression: |
      'image ' + container.image + '\n of ' + container.name
    path: image
`

func TestScopes(t *testing.T) {
	set := parse(t, trio)
	objects := `
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data:
  xy: "1"
---
apiVersion: example.com/v1
kind: Farm
metadata: {name: f}
spec:
  a:
    podTemplate:
      spec:
        containers:
          - name: one
            image: x:latest
  b:
    podTemplate:
      spec:
        containers:
          - name: two
            image: x:1
          - name: three
            image: y:latest
`
	got := judge(t, set, nil, objects)
	want := []string{
		"A-1 5 data: object",
		"A-2 15 spec.a.podTemplate.spec.containers: too few or badly named",
		"A-3 17 spec.a.podTemplate.spec.containers[0].image: image x:latest of one",
		"A-3 25 spec.b.podTemplate.spec.containers[1].image: image y:latest of three",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	got = judge(t, set, map[string]map[string]any{"A-2": {"floor": 1, "names": []string{"two"}}}, objects)
	if !strings.Contains(strings.Join(got, "\n"), "A-2 21 spec.b.podTemplate.spec.containers: too few") || strings.Contains(strings.Join(got, "\n"), "A-2 15") {
		t.Errorf("with other parameters: %s", strings.Join(got, "\n"))
	}
}

func TestUnknownIsNoPass(t *testing.T) {
	set := parse(t, `
rules:
  - {id: U-1, title: t, severity: low, kinds: [ConfigMap], deny: object.data.a == 'x'}
  - {id: U-2, title: t, severity: low, kinds: [ConfigMap], deny: namespaceObject.metadata.name == 'x'}
  - {id: U-3, title: t, severity: low, kinds: [ConfigMap], match: {namespaces: [prod-*]}, deny: "true"}
  - {id: U-4, title: t, severity: low, kinds: [ConfigMap], deny: "request.userInfo.username == 'bob'"}
`)
	got := strings.Join(judge(t, set, nil, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"), "\n")
	for _, want := range []string{"U-1 unknown: evaluating deny: no such key: data", "U-2 unknown: the manifest names no namespace",
		"U-3 unknown: the manifest names no namespace", "U-4 unknown: evaluating deny: no such key: userInfo"} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in\n%s", want, got)
		}
	}
	got = strings.Join(judge(t, set, nil, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: dev}\ndata: {a: y}\n"), "\n")
	if strings.Contains(got, "U-3") || !strings.Contains(got, "U-2 unknown: the rule looks at the namespace of the object, and Namespace dev is not in the input") {
		t.Errorf("got %s", got)
	}
}

func TestErrors(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"syntax":         {"rules:\n  - id: [\n", "r.yaml:"},
		"unknown field":  {"rules:\n  - id: A-1\n    titel: x\n", "r.yaml:3: rules[0].titel is no field of this object"},
		"no deny":        {"rules:\n  - {id: A-1, title: t, severity: low, kinds: [Pod]}\n", "r.yaml:2: rule A-1: it has no deny"},
		"bad id":         {"rules:\n  - {id: a, title: t, severity: low, kinds: [Pod], deny: 'true'}\n", `id "a": use`},
		"our id":         {"rules:\n  - {id: BW0101, title: t, severity: low, kinds: [Pod], deny: 'true'}\n", "Bulwark's own"},
		"bad kind":       {"rules:\n  - {id: A-1, title: t, severity: low, kinds: [deployments], deny: 'true'}\n", `kind "deployments"`},
		"bad severity":   {"rules:\n  - {id: A-1, title: t, severity: grave, kinds: [Pod], deny: 'true'}\n", "unknown severity"},
		"bad concept":    {"rules:\n  - {id: A-1, title: t, severity: low, concept: zzz, kinds: [Pod], deny: 'true'}\n", `no concept "zzz"`},
		"not a boolean":  {"rules:\n  - {id: A-1, title: t, severity: low, kinds: [Pod], deny: '1'}\n", "type int, not bool"},
		"typo":           {"rules:\n  - {id: A-1, title: t, severity: low, kinds: [Pod], deny: 'variables.pot == 1'}\n", "deny: at 1:10: undefined field 'pot'"},
		"line of block":  {"rules:\n  - id: A-1\n    title: t\n    severity: low\n    kinds: [Pod]\n    deny: |\n      true &&\n      nonsense\n", "r.yaml:8: rule A-1: deny: at 2:1: undeclared reference"},
		"container":      {"rules:\n  - {id: A-1, title: t, severity: low, kinds: [Pod], deny: container.name == ''}\n", "undeclared reference to 'container'"},
		"param":          {"rules:\n  - {id: A-1, title: t, severity: low, kinds: [Pod], deny: 'true', params: [{name: pod, default: 1}]}\n", `parameter "pod"`},
		"param type":     {"rules:\n  - {id: A-1, title: t, severity: low, kinds: [Pod], deny: 'true', params: [{name: x, default: 1.5}]}\n", `default of parameter "x" must be text`},
		"test":           {"rules:\n  - {id: A-1, title: t, severity: low, kinds: [Pod], deny: 'true', tests: [{name: one, want: maybe, object: {}}]}\n", "must want deny or allow"},
		"remedy":         {"rules:\n  - {id: A-1, title: t, severity: low, kinds: [Pod], deny: 'true', remedy: {message: m, edits: [{op: zap, path: x}]}}\n", "unknown edit operation"},
		"message type":   {"rules:\n  - {id: A-1, title: t, severity: low, kinds: [Pod], deny: 'true', messageExpression: '1'}\n", "type int, not string"},
		"version":        {"apiVersion: bulwark.dev/v9\nkind: RuleSet\nrules: []\n", "r.yaml:1: apiVersion is \"bulwark.dev/v9\""},
		"twice":          {"rules:\n  - {id: A-1, title: t, severity: low, kinds: [Pod], deny: 'true'}\n  - {id: A-1, title: t, severity: low, kinds: [Pod], deny: 'true'}\n", "r.yaml:3: rule A-1: the id is taken by the rule at r.yaml:2"},
		"bad match":      {"rules:\n  - {id: A-1, title: t, severity: low, kinds: [Pod], deny: 'true', match: {namespaces: ['[']}}\n", "namespace \"[\""},
		"many at once":   {"rules:\n" + strings.Repeat("  - {id: x}\n", 30), "more errors"},
		"newer function": {"rules:\n  - {id: A-1, title: t, severity: low, kinds: [Pod], deny: 'math.least(1, 2) == 1'}\n", "undeclared reference to 'math'"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("r.yaml", c.text)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestLoadPaths(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("a/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: bad}\nspec: {containers: [{name: c, image: x}]}\n")
	if _, err := Load([]string{dir}); !errors.Is(err, ErrNoRules) {
		t.Errorf("a folder without rules: %v", err)
	}
	write("a/rules.yaml", "rules:\n  - {id: A-1, title: t, severity: low, kinds: [Pod], deny: object.metadata.name == 'bad', tests: [{name: one, file: pod.yaml, want: deny}]}\n")
	if cs, err := Load([]string{dir}); err != nil || len(cs) != 1 || cs[0].Deny == "" {
		t.Errorf("got %v, %v", cs, err)
	}
	set, err := LoadSet([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	if res, err := set.Test(t.Context()); err != nil || len(res) != 1 || res[0].Err != nil {
		t.Errorf("got %v, %v", res, err)
	}
	if _, err := Load([]string{filepath.Join(dir, "missing")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if cs, err := Load(nil); err != nil || len(cs) != 0 {
		t.Errorf("nothing named: %v, %v", cs, err)
	}
}

func TestFailingTests(t *testing.T) {
	set := parse(t, `
rules:
  - id: A-1
    title: named bad
    severity: low
    kinds: [Pod]
    deny: object.metadata.name == 'bad'
    tests:
      - {name: a, want: deny, object: {apiVersion: v1, kind: Pod, metadata: {name: good}}}
      - {name: b, want: allow, object: {apiVersion: v1, kind: Pod, metadata: {name: bad}}}
      - {name: c, want: deny, object: {apiVersion: v1, kind: Secret, metadata: {name: bad}}}
      - {name: d, want: deny, message: other, object: {apiVersion: v1, kind: Pod, metadata: {name: bad}}}
      - {name: e, want: deny, file: missing.yaml}
      - {name: f, want: deny, object: {kind: Pod}}
`)
	results, err := set.Test(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"want deny, the rule allows it", "want allow, the rule denies it: named bad", "the rule is not about Secret bad",
		`want a message with "other", got: named bad`, "missing.yaml", "not a Kubernetes object"} {
		if results[i].Err == nil || !strings.Contains(results[i].Err.Error(), want) {
			t.Errorf("test %s: got %v, want %q", results[i].Name, results[i].Err, want)
		}
	}
}

func FuzzLoad(f *testing.F) {
	example, err := os.ReadFile("../examples/rules/shop.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(example))
	f.Add(trio)
	f.Add("rules: [{id: A-1, title: t, severity: low, kinds: ['*'], deny: 'object.a[0] == 1 || object.b', tests: [{name: one, object: {a: [1]}, want: deny}]}]")
	f.Add("rules:\n- &a {id: A, deny: *a}\n")
	shared := new(kubecel.Compiler) // its environments take longer to build than a rule to read
	f.Fuzz(func(t *testing.T, text string) {
		l := newLoader()
		l.set.cel = shared
		l.text("fuzz.yaml", text)
		set, err := l.done()
		if err != nil {
			return
		}
		for _, r := range set.Rules {
			if len(r.source.Tests) > 3 {
				r.source.Tests = r.source.Tests[:3]
			}
			for i := range r.source.Tests {
				if r.source.Tests[i].File == "" {
					r.test(t.Context(), &r.source.Tests[i])
				}
			}
		}
		judge(t, set, nil, fuzzObjects)
	})
}

const fuzzObjects = `
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: n}
spec: {containers: [{name: c, image: x}]}
---
apiVersion: example.com/v1
kind: Thing
metadata: {name: t}
spec: {a: [1, 2.5, null, {b: c}]}
`

// BenchmarkLoad shows what a start costs: nothing without rules of one's own.
func BenchmarkLoad(b *testing.B) {
	for name, paths := range map[string][]string{"none": nil, "examples": {"../examples/rules"}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Load(paths); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCheck is one object judged by the rules of the example.
func BenchmarkCheck(b *testing.B) {
	set, err := LoadSet([]string{"../examples/rules"})
	if err != nil {
		b.Fatal(err)
	}
	snap := snapshot(b, fuzzObjects)
	opts := control.Options{Controls: set.Controls(), Workers: 1}
	for b.Loop() {
		if err := control.Run(context.Background(), snap, opts, func(*control.Verdicts) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
