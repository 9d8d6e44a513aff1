package controltest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulwark/control"
	"bulwark/exceptions"
	"bulwark/source/dockerfile"
	"bulwark/world"
)

func isDockerfile(name string) bool { return strings.HasSuffix(name, ".Dockerfile") }

// alone lists the Dockerfiles of a pattern that are fixtures of their own, not
// part of the world of a manifest.
func alone(pattern string) []string {
	all, _ := filepath.Glob(pattern)
	var out []string
	for _, file := range all {
		if _, err := os.Stat(strings.TrimSuffix(file, ".Dockerfile") + ".yaml"); err != nil {
			out = append(out, file)
		}
	}
	return out
}

// read adds the fixture, and the one beside it, to a world.
func (fx *fixture) read(b *world.Builder) {
	if fx.beside != nil {
		fx.beside.read(b)
	}
	if isDockerfile(fx.name) {
		dockerfile.Read(&world.Doc{File: fx.name, Disk: fx.name, Text: fx.text, End: len(fx.text)}, b)
		return
	}
	for _, d := range world.Docs(world.Doc{File: fx.name, Text: fx.text}) {
		b.AddDoc(d)
	}
}

// excuse honours the comments of a Dockerfile.
func excuse(t *testing.T, c *control.Control) func(*world.Object, *control.Finding) *control.Suppression {
	t.Helper()
	set, err := exceptions.Load(exceptions.Options{Controls: []*control.Control{c}, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return set.Excuse
}
