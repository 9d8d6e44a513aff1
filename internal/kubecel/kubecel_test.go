package kubecel

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/cel-go/cel"
	"k8s.io/apimachinery/pkg/util/version"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"

	"bulwark/internal/ytree"
	"bulwark/world"
)

func read(t testing.TB, text string) *world.Object {
	t.Helper()
	b := &world.Builder{}
	for _, s := range ytree.Split(text) {
		b.AddDoc(&world.Doc{File: "x.yaml", Text: text, Start: s.Start, End: s.End})
	}
	objects := b.Snapshot().Slice()
	if len(objects) != 1 {
		t.Fatalf("%d objects", len(objects))
	}
	return objects[0]
}

const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  template:
    metadata: {labels: {app: web}}
    spec:
      hostNetwork: false
      containers: [{name: main, image: "shop/web:1", ports: [{containerPort: 80}]}]
      initContainers: [{name: first, image: "shop/init:1"}]
`

func TestEval(t *testing.T) {
	for _, c := range []struct {
		expr string
		want bool
	}{
		{"object.kind == 'Deployment' && object.apiVersion == 'apps/v1'", true},
		{"object.metadata.namespace == 'shop' && request.namespace == 'shop'", true},
		{"object.spec.replicas == 3", true},
		{"type(object.spec.replicas) == int", true},
		{"has(variables.pod.hostNetwork)", false},
		{"variables.podMeta.labels.app == 'web'", true},
		{"variables.containers.map(c, c.name) == ['main', 'first']", true},
		{"variables.containers.exists(c, c.?securityContext.?privileged.orValue(false) == true)", false},
		{"variables.containers[0].ports[0].protocol == 'TCP'", true},
		{"oldObject == null && namespaceObject == null", true},
		{"variables.floor > 2 && 'shop' in variables.allowed && variables.strict", true},
		{"request.operation == 'CREATE' && request.kind.group == 'apps' && request.kind.version == 'v1'", true},
	} {
		params := map[string]any{"floor": 3, "allowed": []string{"shop"}, "strict": true}
		p, err := new(Compiler).Compile(c.expr, Bool, Names{Params: params})
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		o, err := Prepare(read(t, deployment))
		if err != nil {
			t.Fatal(err)
		}
		got, cost, err := p.Bool(&Input{Object: o, Params: params})
		if err != nil || got != c.want {
			t.Errorf("%s: got %v, %v", c.expr, got, err)
		}
		if cost <= 0 {
			t.Errorf("%s: cost %d", c.expr, cost)
		}
	}
}

func TestCustomResource(t *testing.T) {
	o := read(t, `
apiVersion: example.com/v1alpha1
kind: Farm
metadata: {name: f}
spec:
  size: 2
  nothing: null
  left: {podTemplate: {spec: {containers: [{name: a, image: x}]}}}
  right: {podTemplate: {spec: {hostPID: true, containers: [{name: b, image: x}]}}}
`)
	p, err := new(Compiler).Compile("object.spec.size == 2 && !has(object.spec.nothing) && has(variables.pod.hostPID) && container.name == 'b'", Bool, Names{Container: true})
	if err != nil {
		t.Fatal(err)
	}
	prepared, err := Prepare(o)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{false, true} {
		if got, _, err := p.Bool(&Input{Object: prepared, Template: i}); err != nil || got != want {
			t.Errorf("template %d: got %v, %v", i, got, err)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	for expr, want := range map[string]string{
		"object.":                       "1:",
		"true &&\n  nonsense":           "2:3: undeclared reference to 'nonsense'",
		"variables.typo == 1":           "1:10: undefined field 'typo'",
		"object.?a.orValue(true)":       "== true",
		"1 + 1":                         "type int, not bool",
		"params.x":                      "undeclared reference",
		"container.name":                "undeclared reference",
		strings.Repeat("(", 5000) + "1": "",
		strings.Repeat("true && ", MaxExpression): "bytes, more than",
	} {
		_, err := new(Compiler).Compile(expr, Bool, Names{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %v, want %q", expr, err, want)
		}
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%.40q: %T is no *Error", expr, err)
		}
	}
}

func TestCostLimit(t *testing.T) {
	p, err := new(Compiler).Compile("[0,1,2,3,4,5,6,7,8,9].all(a, [0,1,2,3,4,5,6,7,8,9].all(b, [0,1,2,3,4,5,6,7,8,9].all(c, [0,1,2,3,4,5,6,7,8,9].all(d, [0,1,2,3,4,5,6,7,8,9].all(e, [0,1,2,3,4,5,6,7,8,9].all(f, a+b+c+d+e+f >= 0))))))", Bool, Names{})
	if err != nil {
		t.Fatal(err)
	}
	o, _ := Prepare(read(t, deployment))
	if _, _, err := p.Bool(&Input{Object: o}); err == nil || !strings.Contains(err.Error(), "cost limit exceeded") {
		t.Errorf("got %v, want the cost limit", err)
	}
}

func TestFirstServer(t *testing.T) {
	for expr, want := range map[string]int{
		"has(object.spec)":                         30,
		"object.?spec.?x.orValue(1) == 1":          30,
		"ip('10.0.0.1').family() == 4":             31,
		"object.metadata.labels.all(k, v, k != v)": 33,
		"semver('1.2.3').major() == 1":             34,
		"[3,1,2].sort() == [1,2,3]":                35,
		"isURL(object.spec.url) && [1].sum() == 1": 30,
	} {
		if got, err := new(Compiler).FirstServer(expr, Bool, Names{}); got != want || err != nil {
			t.Errorf("%s: got 1.%d, %v, want 1.%d", expr, got, err, want)
		}
	}
	if _, err := new(Compiler).FirstServer("math.greatest(1, 2) == 2", Bool, Names{}); err == nil {
		t.Error("math.greatest is in no server")
	}
}

// TestVariablesCompile proves that the definitions have the types that programs
// are compiled with, on the oldest server and the newest.
func TestVariablesCompile(t *testing.T) {
	for _, minor := range []uint{OldestServer - 1, world.NewestMinor} {
		c, err := plugincel.NewCompositedCompiler(environment.MustBaseEnvSet(version.MajorMinor(1, minor)))
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range append(PolicyVariables(), OldVariables()...) {
			res := c.CompileAndStoreVariable(&named{v}, plugincel.OptionalVariableDeclarations{}, environment.NewExpressions)
			if res.Error != nil {
				t.Errorf("1.%d: variable %s: %v", minor, v.Name, res.Error)
			} else if res.OutputType.String() != "dyn" {
				t.Errorf("1.%d: variable %s has type %s", minor, v.Name, res.OutputType)
			}
		}
	}
}

// TestTypes compares the types of request and namespaceObject with the API server's.
func TestTypes(t *testing.T) {
	for _, pair := range [][2]*apiservercel.DeclType{
		{requestType(), plugincel.BuildRequestType()}, {namespaceType(), plugincel.BuildNamespaceType()},
	} {
		if ours, theirs := describe(pair[0]), describe(pair[1]); ours != theirs {
			t.Errorf("got  %s\nwant %s", ours, theirs)
		}
	}
}

func describe(t *apiservercel.DeclType) string {
	switch {
	case t == nil:
		return ""
	case t.IsObject():
		var fields []string
		for name, f := range t.Fields {
			fields = append(fields, fmt.Sprintf("%s %t %s", name, f.Required, describe(f.Type)))
		}
		slices.Sort(fields)
		return t.TypeName() + "{" + strings.Join(fields, ", ") + "}"
	}
	return t.TypeName() + "<" + describe(t.KeyType) + "," + describe(t.ElemType) + ">"
}

type named struct{ Variable }

func (n *named) GetName() string       { return n.Name }
func (n *named) GetExpression() string { return n.Expression }
func (n *named) ReturnTypes() []*cel.Type {
	return []*cel.Type{cel.AnyType}
}

func BenchmarkEval(b *testing.B) {
	o := read(b, deployment)
	p, err := new(Compiler).Compile("variables.containers.exists(c, c.?securityContext.?privileged.orValue(false) == true)", Bool, Names{})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("prepared", func(b *testing.B) {
		prepared, _ := Prepare(o)
		for b.Loop() {
			p.Bool(&Input{Object: prepared})
		}
	})
	b.Run("prepare", func(b *testing.B) {
		for b.Loop() {
			prepared, _ := Prepare(o)
			p.Bool(&Input{Object: prepared})
		}
	})
}
