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

// TestNarrowed: an exception for one of several checks that a control answers
// excuses what that check is about, and nothing else.
func TestNarrowed(t *testing.T) {
	two := func(answers ...string) string {
		c := &control.Control{
			ID: "BW2801", Concept: "dockerfiles", Kinds: []string{dockerfile.Kind}, Refs: []string{"hadolint DL3030", "hadolint DL3038", "trivy DS-0015", "trivy DS-0019"},
			Check: func(p *control.Pass) error {
				for i, in := range dockerfile.Of(p.Subject).Keyword("RUN") {
					p.Report(in.Path(""), "RUN").Answers(answers[i])
				}
				return nil
			},
		}
		dir := hadolintDir(t, "ignored: [DL3038]\n")
		s, err := Load(Options{Controls: []*control.Control{c}, Now: today, Dirs: []string{dir}})
		if err != nil {
			t.Fatal(err)
		}
		text := "FROM x:1\n# hadolint ignore=DL3030\nRUN a\n# trivy:ignore:AVD-DS-0019\nRUN b\n"
		b := &world.Builder{}
		dockerfile.Read(&world.Doc{File: "Dockerfile", Text: text, End: len(text), Line: 1}, b)
		var out []string
		opts := control.Options{Controls: []*control.Control{c}, Excuse: s.Excuse, Strict: true}
		if err := control.Run(context.Background(), b.Snapshot(), opts, func(v *control.Verdicts) error {
			for _, f := range v.Findings {
				by := "-"
				if f.Suppressed != nil {
					by = f.Suppressed.By
				}
				out = append(out, by)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct{ first, second, want string }{
		{"hadolint DL3030", "hadolint DL3030", "hadolint trivy"}, // narrowed for hadolint only
		{"hadolint DL3038", "hadolint DL3030", "hadolint trivy"}, // the first by the file
		{"hadolint DL3041", "hadolint DL3041", "- trivy"},
		{"trivy DS-0015", "trivy DS-0015", "hadolint hadolint"},
		{"trivy DS-0015", "trivy DS-0019", "hadolint hadolint"},
	} {
		if got := two(c.first, c.second); got != c.want {
			t.Errorf("%s and %s: %s, want %s", c.first, c.second, got, c.want)
		}
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
	adopted, err := Adopt(file, []string{dir}, dockerControls(), noEnv)
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
	if _, err := Adopt(&config.File{}, []string{hadolintDir(t, "failure-threshold: loud\n")}, nil, noEnv); err == nil || !strings.Contains(err.Error(), "failure-threshold") {
		t.Errorf("error %v", err)
	}
	if _, err := Adopt(&config.File{}, []string{hadolintDir(t, "ignored: 3\n")}, nil, noEnv); err == nil {
		t.Error("a file that cannot be read must be an error")
	}
	none, err := Adopt(file, []string{t.TempDir()}, nil, noEnv)
	if gate, _ := none.Gate(); err != nil || gate != nil {
		t.Errorf("without a file: %+v %v", none, err)
	}
}

func noEnv(string) string { return "" }

// TestHadolintOutside: the user's own file counts where no folder has one, and the environment always.
func TestHadolintOutside(t *testing.T) {
	home := t.TempDir()
	write := func(name, text string) {
		file := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{"HOME": home}
	adopt := func(dirs ...string) (Adopted, *config.File) {
		to := &config.File{}
		a, err := Adopt(to, dirs, dockerControls(), func(name string) string { return env[name] })
		if err != nil {
			t.Fatal(err)
		}
		return a, to
	}
	if a, _ := adopt(); a.File != "" || a.FailOn != "" {
		t.Errorf("nothing is there, yet %+v", a)
	}
	// In hadolint's order, the last one first.
	for _, name := range []string{".hadolint.yml", ".hadolint.yaml", ".hadolint/config.yaml", ".hadolint/hadolint.yaml", ".config/hadolint.yml", ".config/hadolint.yaml"} {
		write(name, "ignored: [DL3008]\ndisable-ignore-pragma: true\n")
		if a, _ := adopt(); !strings.HasSuffix(a.File, "/"+name) {
			t.Errorf("%s is not found: %+v", name, a)
		}
	}
	env["XDG_CONFIG_HOME"] = filepath.Join(home, "xdg")
	write("xdg/hadolint.yaml", "ignored: [DL3008]\n")
	a, _ := adopt()
	if !strings.HasSuffix(a.File, "/xdg/hadolint.yaml") {
		t.Errorf("XDG_CONFIG_HOME is not looked at: %+v", a)
	}
	text := "FROM x:1\n# hadolint ignore=DL3026\nRUN a\n"
	if got := excusedRuns(t, Options{Hadolint: a}, text); got != "BW2801:3 hadolint BW2802:3 hadolint" {
		t.Errorf("excused %q", got)
	}
	dir := hadolintDir(t, "failure-threshold: error\noverride: {style: [DL3049]}\ntrustedRegistries: [a.example]\n")
	for name, value := range map[string]string{
		"HADOLINT_IGNORE": "SC2086, DL9999", "HADOLINT_FAILURE_THRESHOLD": "info", "HADOLINT_OVERRIDE_ERROR": "DL3050", "HADOLINT_OVERRIDE_STYLE": "DL3008",
		"HADOLINT_TRUSTED_REGISTRIES": "b.example", "HADOLINT_REQUIRE_LABELS": "team:text", "HADOLINT_STRICT_LABELS": "yes", "HADOLINT_DISABLE_IGNORE_PRAGMA": "1",
	} {
		env[name] = value
	}
	a, to := adopt(dir)
	if a.FailOn != "high" || !strings.HasPrefix(a.File, dir) {
		t.Errorf("the file of the folder and its threshold: %+v", a)
	}
	if got := fmt.Sprintf("%v %v %v %v %v", to.Controls["BW2802"].Params, to.Controls["BW2803"].Severity, to.Controls["BW2804"].Severity, to.Controls["BW2801"].Severity, to.Controls["BW2804"].Params); got != "map[allow:[b.example a.example]] info high info map[schema:[team=text]]" {
		t.Errorf("adopted %s", got)
	}
	if got := excusedRuns(t, Options{Hadolint: a}, text); got != "BW2802:3 hadolint" {
		t.Errorf("excused by the environment: %q", got)
	}
	env["HADOLINT_NOFAIL"] = "true"
	if a, _ := adopt(dir); a.FailOn != "never" {
		t.Errorf("HADOLINT_NOFAIL: %+v", a)
	}
	for name, bad := range map[string]string{"HADOLINT_NOFAIL": "perhaps", "HADOLINT_REQUIRE_LABELS": "team"} {
		if _, err := Adopt(&config.File{}, nil, nil, func(n string) string { return map[string]string{name: bad}[n] }); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%s: %v", name, bad, err)
		}
	}
}
