package imagejoin

import (
	"slices"
	"testing"

	"bulwark/control"
	"bulwark/source/dockerfile"
	"bulwark/world"
)

func TestShortNames(t *testing.T) {
	for file, want := range map[string][]string{
		"services/api/Dockerfile": {"api"}, "build/Dockerfile.api": {"api"}, "images/api.Dockerfile": {"api"}, "Dockerfile": nil, "docker/Dockerfile": nil,
		"shop/docker/Dockerfile": {"shop"}, "shop/Dockerfile.prod": {"shop"}, "api/Containerfile": {"api"}, "/Dockerfile": nil,
	} {
		if got := shortNames(file); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", file, got, want)
		}
	}
}

// TestAmbiguous: two Dockerfiles of one name belong to no image, and an official image to none.
func TestAmbiguous(t *testing.T) {
	b := &world.Builder{}
	for _, name := range []string{"a/api/Dockerfile", "b/api/Dockerfile", "web/Dockerfile", "nginx/Dockerfile"} {
		text := "FROM scratch\n"
		dockerfile.Read(&world.Doc{File: name, Text: text, End: len(text)}, b)
	}
	text := `apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - {name: api, image: "registry.example/shop/api:1"}
  - {name: web, image: "registry.example/shop/web:1"}
  - {name: nginx, image: "nginx:1.29"}
  - {name: sha, image: "{{ .Values.image }}"}
`
	b.AddDoc(&world.Doc{File: "pod.yaml", Text: text, End: len(text)})
	got := map[string]string{}
	ask := &control.Control{ID: "BW0000", Kinds: []string{control.Pods}, Requires: []control.AnyFact{Fact}, Check: func(p *control.Pass) error {
		joins, err := Fact.Of(p)
		for c := range p.Containers {
			if join, ok := joins.Of(c); ok {
				got[c.Name] = join.File.Name
			}
		}
		return err
	}}
	opts := control.Options{Controls: []*control.Control{ask}, Strict: true}
	if err := control.Run(t.Context(), b.Snapshot(), opts, func(*control.Verdicts) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got["web"] != "web/Dockerfile" {
		t.Errorf("joined %v", got)
	}
}
