package imagelock

import (
	"slices"
	"strings"
	"testing"

	"bulwark/control"
	"bulwark/world"
)

func TestPin(t *testing.T) {
	a, b := "sha256:"+strings.Repeat("a", 64), "sha256:"+strings.Repeat("b", 64)
	text := `apiVersion: bulwark.dev/v1
kind: ImageLock
images:
  debian:13: ` + a + `
  docker.io/library/alpine:latest: ` + b + `
  registry.example:5000/shop/base:2.1: ` + a + `
  busybox: ` + a + `
  nginx:1: sha256:short
  "x@` + a + `": ` + a + `
---
apiVersion: bulwark.dev/v1
kind: ImageLock
images: {busybox:latest: ` + b + `}
---
apiVersion: bulwark.dev/v1
kind: ImageLock
images: [1]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
`
	builder := &world.Builder{}
	for _, d := range world.Docs(world.Doc{File: "images.lock.yaml", Text: text}) {
		builder.AddDoc(d)
	}
	var lock *Lock
	ask := &control.Control{ID: "BW0000", Kinds: []string{"ConfigMap"}, Requires: []control.AnyFact{Fact}, Check: func(p *control.Pass) error {
		var err error
		lock, err = Fact.Of(p)
		return err
	}}
	snap := builder.Snapshot()
	if len(snap.Gaps()) > 0 {
		t.Fatal(snap.Gaps())
	}
	if err := control.Run(t.Context(), snap, control.Options{Controls: []*control.Control{ask}, Strict: true}, func(*control.Verdicts) error { return nil }); err != nil {
		t.Fatal(err)
	}
	for image, want := range map[string]string{
		"debian:13": "debian:13@" + a, "docker.io/library/debian:13": "docker.io/library/debian:13@" + a, "alpine": "alpine@" + b, "alpine:latest": "alpine:latest@" + b,
		"registry.example:5000/shop/base:2.1": "registry.example:5000/shop/base:2.1@" + a, "debian:12": "", "nginx:1": "", "busybox": "", "debian:13@" + b: "", "no such": "",
	} {
		got, ok := lock.Pin(image)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%s: got %q %v, want %q", image, got, ok, want)
		}
	}
	if len(lock.Bad) != 4 || !slices.Contains(lock.Bad, "nginx:1") {
		t.Errorf("bad entries: %q", lock.Bad)
	}
}
