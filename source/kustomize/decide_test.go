package kustomize

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestPatched checks that a patch which decides about a field is named, also
// where it repeats the resource's value or takes something away, and that one
// which only passes by is not.
func TestPatched(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"web.yaml": `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  template:
    metadata: {labels: {app: web}}
    spec:
      securityContext: {runAsNonRoot: true}
      containers:
      - name: web
        image: web:1
        securityContext:
          privileged: true
          readOnlyRootFilesystem: true
      - name: log
        image: log:1
        securityContext: {runAsUser: 1000}
      - name: gone
        image: gone:1
`,
		"again.yaml": `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      securityContext: null
      containers:
      - name: web
        securityContext:
          privileged: true
          readOnlyRootFilesystem: null
      - name: log
        securityContext:
          $patch: replace
          runAsGroup: 1
      - name: gone
        $patch: delete
`,
		"first.yaml": "- op: replace\n  path: /spec/replicas\n  value: 3\n- op: add\n  path: /metadata/annotations\n  value: {example.com/a: one}\n",
		"second.yaml": "- op: test\n  path: /spec/replicas\n  value: 3\n- op: replace\n  path: /spec/replicas\n  value: 2\n" +
			"- op: replace\n  path: /spec/replicas\n  value: 3\n- op: remove\n  path: /spec/template/metadata/labels/app\n",
		"kustomization.yaml": "resources: [web.yaml]\npatches:\n- path: again.yaml\n- path: first.yaml\n  target: {kind: Deployment}\n- path: second.yaml\n  target: {kind: Deployment}\n",
	} {
		write(t, filepath.Join(dir, name), text)
	}
	s := collect(t, dir, "k")
	wantGaps(t, s)
	o := get(t, s, "Deployment", "web")
	const pod = "spec.template.spec."
	for path, want := range map[string]string{
		"kind":                        "web.yaml:2",
		"metadata.name":               "web.yaml:3",
		"spec":                        "web.yaml:4",
		pod + "containers":            "web.yaml:10",
		pod + "containers[0].name":    "web.yaml:11",
		pod + "containers[0].image":   "web.yaml:12",
		pod + "containers[0].command": "web.yaml:11", // nowhere: not the patch that names the container
		pod + "containers[0].securityContext.privileged":             "again.yaml:11",
		pod + "containers[0].securityContext.readOnlyRootFilesystem": "again.yaml:12",
		pod + "containers[0].securityContext.runAsUser":              "web.yaml:13",
		pod + "containers[1].securityContext.runAsUser":              "again.yaml:15", // what the patch replaces is gone
		pod + "containers[1].securityContext.runAsGroup":             "again.yaml:16",
		pod + "containers[1].image":                                  "web.yaml:17",
		pod + "securityContext.runAsNonRoot":                         "again.yaml:7",
		"spec.replicas":                                              "second.yaml:9",
		"metadata.annotations[example.com/a]":                        "first.yaml:6",
		"metadata.annotations[example.com/b]":                        "first.yaml:6",
		"spec.template.metadata.labels.app":                          "second.yaml:10",
	} {
		p := o.Pos(path)
		if got := fmt.Sprintf("%s:%d", strings.TrimPrefix(p.File, "k/"), p.Line); got != want || p.Path != path {
			t.Errorf("%s is at %s, want %s", path, got, want)
		}
	}
}

// TestOriginLost: kustomize forgets where an object came from when a patch
// writes all its annotations. It is looked for, and not guessed among equals.
func TestOriginLost(t *testing.T) {
	dir := t.TempDir()
	cm := func(namespace, name string) string {
		return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: %s}\ndata: {a: b}\n", name, namespace)
	}
	write(t, filepath.Join(dir, "base", "one.yaml"), cm("one", "settings")+"---\n"+cm("one", "settings-web"))
	write(t, filepath.Join(dir, "base", "two.yaml"), cm("two", "settings"))
	write(t, filepath.Join(dir, "base", "kustomization.yaml"), "resources: [one.yaml, two.yaml]\n")
	write(t, filepath.Join(dir, "over", "kustomization.yaml"), "resources: [../base]\nnamePrefix: p-\npatches:\n- target: {kind: ConfigMap}\n"+
		"  patch: |-\n    - op: add\n      path: /metadata/annotations\n      value: {example.com/a: b}\n")
	s := collect(t, filepath.Join(dir, "over"), "over")
	wantGaps(t, s)
	if p := get(t, s, "ConfigMap", "p-settings-web").Pos("data.a"); p.File != "base/one.yaml" || p.Line != 9 {
		t.Errorf("the only candidate: %+v", p)
	}
	for _, o := range s.Objects() {
		if o.Name == "p-settings" && o.Pos("data.a").File != "over/kustomization.yaml" {
			t.Errorf("one of two candidates was guessed: %+v", o.Pos("data.a"))
		}
	}
}
