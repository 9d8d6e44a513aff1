package exceptions

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"bulwark/config"
	"bulwark/control"
	"bulwark/source/dockerfile"
	"bulwark/world"
)

// onEach is a control that fires on every RUN of a Dockerfile.
func onEach(id string, params []control.Param, refs ...string) *control.Control {
	return &control.Control{
		ID: id, Concept: "dockerfiles", Severity: control.Medium, Refs: refs, Kinds: []string{dockerfile.Kind}, Params: params,
		Check: func(p *control.Pass) error {
			for in := range dockerfile.Of(p.Subject).All {
				if in.Keyword == "RUN" {
					p.Report(in.Path(""), "RUN")
				}
			}
			return nil
		},
	}
}

func dockerControls() []*control.Control {
	return []*control.Control{
		onEach("BW2801", nil, "hadolint DL3008", "buildkit JSONArgsRecommended", "trivy DS-0001", "checkov CKV_DOCKER_2", "kics x"),
		onEach("BW2802", []control.Param{{Name: "allow"}}, "hadolint DL3026", "shellcheck SC2086"),
		onEach("BW2803", []control.Param{{Name: "schema"}}, "hadolint DL3049"),
		onEach("BW2804", []control.Param{{Name: "schema"}}, "hadolint DL3050"),
	}
}

// excusedRuns returns "ID line by" for every excused finding of the first two controls.
func excusedRuns(t *testing.T, opts Options, text string) string {
	t.Helper()
	opts.Controls, opts.Now = dockerControls(), today
	s, err := Load(opts)
	if err != nil {
		t.Fatal(err)
	}
	b := &world.Builder{}
	dockerfile.Read(&world.Doc{File: "app/Dockerfile", Text: text, End: len(text), Line: 1}, b)
	var out []string
	run := control.Options{
		Controls: dockerControls()[:2], Params: map[string]map[string]any{"BW2802": {"allow": []string{}}}, Excuse: s.Excuse, Strict: true,
	}
	err = control.Run(context.Background(), b.Snapshot(), run, func(v *control.Verdicts) error {
		for _, f := range v.Findings {
			if w := f.Suppressed; w != nil {
				out = append(out, fmt.Sprintf("%s:%d %s", f.Control.ID, f.Evidence[0].Pos.Line, w.By))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

func TestDockerfilePragmas(t *testing.T) {
	for pragma, want := range map[string]string{
		"# hadolint ignore=DL3008":                "BW2801:3 hadolint",
		"# hadolint ignore=SC2086":                "BW2802:3 hadolint",
		"# hadolint global ignore=DL3008":         "BW2801:3 hadolint BW2801:4 hadolint",
		"# hadolint ignore=DL3008 because":        "",
		"# hadolint ignore=DL9999":                "",
		"# check=skip=JSONArgsRecommended":        "BW2801:3 buildkit",
		"# check=skip=all":                        "BW2801:3 buildkit",
		"# trivy:ignore:AVD-DS-0001":              "BW2801:3 trivy",
		"# trivy:ignore:DS001":                    "BW2801:3 trivy",
		"# trivy:ignore:ds-*":                     "BW2801:3 trivy",
		"# trivy:ignore:DS-0001:exp:2026-01-01":   "",
		"# trivy:ignore:DS-0001:exp:2027-01-01":   "BW2801:3 trivy",
		"# trivy:ignore:DS-0001:exp:soon":         "",
		"# checkov:skip=CKV_DOCKER_2:why":         "BW2801:3 checkov BW2801:4 checkov",
		"# kics-scan ignore-line":                 "BW2801:3 kics BW2802:3 kics",
		"# bulwark:ignore BW2802 because":         "BW2802:3 bulwark",
		"# bulwark:ignore":                        "BW2801:3 bulwark BW2802:3 bulwark",
		"# bulwark:ignore-file BW2802: all of it": "BW2802:3 bulwark BW2802:4 bulwark",
		"# shellcheck disable=SC2086":             "",
		"# nothing":                               "",
	} {
		if got := excusedRuns(t, Options{}, "FROM x:1\n"+pragma+"\nRUN a\nRUN b\n"); got != want {
			t.Errorf("%s: %q, want %q", pragma, got, want)
		}
	}
	if got := excusedRuns(t, Options{NoInline: true}, "FROM x:1\n# hadolint ignore=DL3008\nRUN a\n"); got != "" {
		t.Errorf("comments do not count here, yet %q", got)
	}
}

func hadolintDir(t *testing.T, content string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".hadolint.yaml"), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestHadolintFile(t *testing.T) {
	dir := hadolintDir(t, "ignored: [DL3008, SC2086]\ndisable-ignore-pragma: true\nformat: json\n")
	text := "FROM x:1\n# hadolint ignore=DL3026\nRUN a\n"
	if got := excusedRuns(t, Options{Dirs: []string{dir}}, text); got != "BW2801:3 hadolint BW2802:3 hadolint" {
		t.Errorf("excused %q", got)
	}
	dir = hadolintDir(t, "disable-ignore-pragma: true\n")
	if got := excusedRuns(t, Options{Dirs: []string{dir}}, text); got != "" {
		t.Errorf("pragmas are off, yet %q", got)
	}
}

func TestAdopt(t *testing.T) {
	dir := hadolintDir(t, `
override:
  error: [DL3008]
  style: [DL3008, SC2086]
trustedRegistries: [docker.io, "*.example.com"]
label-schema: {team: "", "org.opencontainers.image.source": url}
failure-threshold: warning
`)
	file := &config.File{Controls: map[string]config.Setting{"BW2802": {Severity: "low"}}}
	adopted, err := Adopt(file, []string{dir}, dockerControls())
	if err != nil || adopted.FailOn != "medium" {
		t.Fatalf("%+v %v", adopted, err)
	}
	schema := []any{"org.opencontainers.image.source=url", "team=text"}
	want := map[string]config.Setting{
		"BW2801": {Severity: "high"},
		"BW2802": {Severity: "low", On: true, Params: map[string]any{"allow": []any{"docker.io", "*.example.com"}}},
		"BW2803": {On: true, Params: map[string]any{"schema": schema}},
	}
	if !reflect.DeepEqual(file.Controls, want) {
		t.Errorf("got  %+v\nwant %+v", file.Controls, want)
	}
	gate, err := adopted.Gate()
	if err != nil || gate(control.Low) || !gate(control.Medium) {
		t.Errorf("the gate is wrong: %v", err)
	}
	if _, err := Adopt(&config.File{}, []string{hadolintDir(t, "failure-threshold: loud\n")}, nil); err == nil || !strings.Contains(err.Error(), "failure-threshold") {
		t.Errorf("error %v", err)
	}
	if _, err := Adopt(&config.File{}, []string{hadolintDir(t, "ignored: 3\n")}, nil); err == nil {
		t.Error("a file that cannot be read must be an error")
	}
	none, err := Adopt(file, []string{t.TempDir()}, nil)
	if gate, _ := none.Gate(); err != nil || gate != nil {
		t.Errorf("without a file: %+v %v", none, err)
	}
}
