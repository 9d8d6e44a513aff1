package fix

import (
	"testing"

	"bulwark/control"
	"bulwark/internal/ytree"
	"bulwark/world"
)

func objects(t *testing.T, text string) []*world.Object {
	t.Helper()
	b := &world.Builder{}
	for _, s := range ytree.Split(text) {
		b.AddDoc(&world.Doc{File: "x.yaml", Text: text, Start: s.Start, End: s.End})
	}
	snap := b.Snapshot()
	for _, g := range snap.Gaps() {
		t.Fatalf("%+v", g)
	}
	return snap.Slice()
}

func set(path string, v any) control.Edit { return control.Edit{Path: path, Value: v} }

func remove(path string) control.Edit { return control.Edit{Path: path, Op: control.Remove} }

func add(path string, v any) control.Edit {
	return control.Edit{Path: path, Op: control.Append, Value: v}
}

const head = "apiVersion: v1\nkind: Pod\n"

var textTests = []struct {
	name, in string
	edits    []control.Edit
	want     string
}{
	{"set existing keeps the comment",
		head + "spec:\n  hostPID: true   # why?\n",
		[]control.Edit{set("spec.hostPID", false)},
		head + "spec:\n  hostPID: false   # why?\n"},
	{"set below a missing parent",
		head + "spec:\n  containers:\n  # the app\n  - name: a\n    image: b # pinned\n  # tail\nstatus: {}\n",
		[]control.Edit{set("spec.containers[0].securityContext.capabilities.drop", []any{"ALL"})},
		head + "spec:\n  containers:\n  # the app\n  - name: a\n    image: b # pinned\n    securityContext:\n      capabilities:\n        drop:\n        - ALL\n  # tail\nstatus: {}\n"},
	{"indented dashes are kept",
		head + "spec:\n    containers:\n        - name: a\n",
		[]control.Edit{set("spec.containers[0].ports", []any{map[string]any{"name": "x", "containerPort": 80}})},
		head + "spec:\n    containers:\n        - name: a\n          ports:\n              - name: x\n                containerPort: 80\n"},
	{"null and empty values",
		head + "metadata:\n  labels: {}\nspec:\n  securityContext:\n  a: ~\n",
		[]control.Edit{set("spec.securityContext.runAsNonRoot", true), set("spec.a.b", "yes"), set("metadata.labels[x.y/z]", "1")},
		head + "metadata:\n  labels: {x.y/z: \"1\"}\nspec:\n  securityContext:\n    runAsNonRoot: true\n  a:\n    b: \"yes\"\n"},
	{"append to lists of both styles",
		head + "spec:\n  a: [x] # c\n  b:\n  - p # d\n  c: 1\n",
		[]control.Edit{add("spec.a", "ALL"), add("spec.b", "q"), add("spec.b", "p"), add("spec.d", "m")},
		head + "spec:\n  a: [x, ALL] # c\n  b:\n  - p # d\n  - q\n  c: 1\n  d:\n  - m\n"},
	{"remove entries and items",
		head + "spec:\n  hostPID: true\n  # keep\n  vol:\n  - name: a\n    hostPath: {path: /}\n  - name: b\n  only:\n    x: 1\n  first:\n  - k: 1\n    l: 2\n",
		[]control.Edit{remove("spec.hostPID"), remove("spec.vol[0]"), remove("spec.only.x"), remove("spec.first[0].k")},
		head + "spec:\n  # keep\n  vol:\n  - name: b\n  only: {}\n  first:\n  - l: 2\n"},
	{"several items of one list",
		head + "spec:\n  vol:\n  - a\n  - b\n  - c\n",
		[]control.Edit{remove("spec.vol[0]"), remove("spec.vol[2]")},
		head + "spec:\n  vol:\n  - b\n"},
	{"JSON stays JSON",
		"{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"Pod\",\n  \"spec\": {\n    \"hostPID\": true\n  }\n}\n",
		[]control.Edit{set("spec.hostPID", false), set("spec.securityContext.runAsNonRoot", true)},
		"{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"Pod\",\n  \"spec\": {\n    \"hostPID\": false,\n    \"securityContext\": {\"runAsNonRoot\": true}\n  }\n}\n"},
	{"no newline at the end",
		head + "spec:\n  a: 1",
		[]control.Edit{set("spec.b", 2)},
		head + "spec:\n  a: 1\n  b: 2"},
	{"CRLF",
		"apiVersion: v1\r\nkind: Pod\r\nspec:\r\n  a: 1\r\n",
		[]control.Edit{set("spec.b.c", 2)},
		"apiVersion: v1\r\nkind: Pod\r\nspec:\r\n  a: 1\r\n  b:\r\n    c: 2\r\n"},
	{"items of a List",
		"apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: b}\n",
		[]control.Edit{set("spec.hostPID", false)},
		"apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n  spec:\n    hostPID: false\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: b}\n  spec:\n    hostPID: false\n"},
	{"the second of two documents",
		head + "spec: {}\n---\n# second\n" + head + "spec:\n  x: |\n    text\n---\n",
		[]control.Edit{set("spec.hostPID", false)},
		head + "spec: {hostPID: false}\n---\n# second\n" + head + "spec:\n  x: |\n    text\n  hostPID: false\n---\n"},
	{"text of several lines stays a block",
		head + "data:\n  a: |\n    one\n    two\n  b: x\n",
		[]control.Edit{set("data.a", "one\n\n  three\n"), set("data.c", "p\nq")},
		head + "data:\n  a: |\n    one\n\n      three\n  b: x\n  c: |-\n    p\n    q\n"},
	{"a map replaces a scalar and a scalar a map",
		head + "spec:\n  a: 1 # one\n  b:\n    c: 2\n    d: 3\n  e: f\n",
		[]control.Edit{set("spec.a", map[string]any{"x": "v"}), set("spec.b", "z")},
		head + "spec:\n  a:\n    x: v # one\n  b: z\n  e: f\n"},
}

func TestText(t *testing.T) {
	for _, tt := range textTests {
		t.Run(tt.name, func(t *testing.T) {
			var jobs []Job
			for _, o := range objects(t, tt.in) {
				jobs = append(jobs, Job{o, tt.edits})
			}
			got, err := Text(tt.in, jobs)
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}
