package main

import (
	"encoding/json"
	"strings"

	"bulwark/control"
	"bulwark/source/dockerfile"
	"bulwark/world"
)

// ofDockerfiles says whether a row is about Dockerfiles.
func ofDockerfiles(r *Row) bool { return strings.HasPrefix(r.Canonical, "dockerfile.") }

// readDockerfile returns the Dockerfile in a file.
func readDockerfile(file, text string) []*world.Object {
	b := &world.Builder{}
	dockerfile.Read(&world.Doc{File: file, Text: text, End: len(text), Line: 1}, b)
	return b.Snapshot().Slice()
}

// checkovClaims returns the id of a check that Checkov's own tests call by the
// name of its file.
func checkovClaims(r *Row, _ func(string) bool) []string {
	if id, named := map[string]string{
		"EnvGitSslNoVerify":        "CKV2_DOCKER_14",
		"EnvPythonHttpsVerify":     "CKV2_DOCKER_5",
		"RunNpmConfigSetStrictSsl": "CKV2_DOCKER_13",
	}[r.Check]; named {
		return []string{id}
	}
	return []string{r.Check}
}

// checkovSpot narrows a row about one kind of instruction of a file, such as
// the resource "fail/Dockerfile.yarn.RUN", to findings in such instructions.
func checkovSpot(r *Row) func(*world.Object, *control.Finding) bool {
	var d struct{ Scope, Resource string }
	if json.Unmarshal(r.Detail, &d) != nil || d.Scope != "graph" || !ofDockerfiles(r) {
		return nil
	}
	keyword := d.Resource[strings.LastIndexByte(d.Resource, '.')+1:]
	return func(o *world.Object, f *control.Finding) bool {
		file := dockerfile.Of(o)
		if file == nil {
			return false
		}
		at, _ := file.Span(f.Evidence[0].Pos.Path)
		in := file.InstructionAt(at)
		return in != nil && in.Keyword == keyword
	}
}
