// Package controltest runs controls on fixtures that say what they want.
//
// Fixtures are testdata/<ID>/*.yaml. A trailing comment `# want "regexp"` says
// that a finding of that control is expected on its line with a message that
// matches; several quoted patterns expect several. `# unknown "regexp"` expects
// an Unknown. Directives stand in comments of their own at the top:
//
//	# params: {"allow": ["gcr.io/x"]}
//	# scope: complete | partial | auto
//	# target: 1.25
//
// Beside x.yaml, x.yaml.golden is the file after every first fix of the control
// was applied. Each control needs a fixture with a finding and a subject that passes.
//
// Dockerfiles are testdata/<ID>/*.Dockerfile. Their comments have lines of their
// own: `# want-next "regexp"` and `# want-prev "regexp"`, and the same with
// unknown, speak of the line below and above. A comment that excuses a finding
// there is honoured. x.Dockerfile beside x.yaml is part of the same world.
package controltest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"bulwark/control"
	"bulwark/fix"
	"bulwark/source/dockerfile"
	"bulwark/world"
)

// Run tests every control on its fixtures below testdata of the calling package.
func Run(t *testing.T, controls []*control.Control) {
	t.Helper()
	for _, c := range controls {
		t.Run(c.ID, func(t *testing.T) {
			dir := filepath.Join("testdata", c.ID)
			files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
			files = append(files, alone(filepath.Join(dir, "*.Dockerfile"))...)
			if err != nil || len(files) == 0 {
				t.Fatalf("control %s has no fixture: write %s/*.yaml or *.Dockerfile with # want comments", c.ID, dir)
			}
			var total tally
			for _, file := range files {
				t.Run(filepath.Base(file), func(t *testing.T) { total.add(runFile(t, c, file)) })
			}
			if total.failed == 0 {
				t.Errorf("no fixture of %s has a finding", c.ID)
			}
			if total.passed == 0 {
				t.Errorf("no fixture of %s has a subject that passes", c.ID)
			}
		})
	}
}

type tally struct{ passed, failed int }

func (a *tally) add(b tally) { a.passed, a.failed = a.passed+b.passed, a.failed+b.failed }

// fixture is one file read with its directives and expectations.
type fixture struct {
	name   string
	text   string
	params map[string]any
	scope  world.Completeness
	target int
	wants  map[int][]*expectation // by line
	beside *fixture               // the Dockerfile that is part of the same world
}

type expectation struct {
	unknown bool
	pattern *regexp.Regexp
	met     bool
}

func runFile(t *testing.T, c *control.Control, file string) tally {
	t.Helper()
	fx, err := readFixture(file)
	if err != nil {
		t.Fatal(err)
	}
	verdicts := fx.judge(t, c)
	var n tally
	for _, v := range verdicts {
		for o := range v.Outcomes {
			switch o.Result {
			case control.Passed:
				n.passed++
			case control.Failed:
				n.failed++
			}
		}
		for _, f := range v.Findings {
			if f.Suppressed == nil {
				fx.expect(t, false, f.Evidence[0].Pos, f.Message)
			}
		}
		for _, u := range v.Unknowns {
			fx.expect(t, true, u.Pos, u.Why)
		}
	}
	fx.unmet(t)
	checkGolden(t, c, fx, file, verdicts)
	return n
}

func keys(m map[int][]*expectation) func(func(int) bool) {
	return func(yield func(int) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// unmet reports the expectations that nothing has met.
func (fx *fixture) unmet(t *testing.T) {
	t.Helper()
	for _, line := range slices.Sorted(keys(fx.wants)) {
		for _, e := range fx.wants[line] {
			if !e.met {
				t.Errorf("%s:%d: nothing matches %q", fx.name, line, e.pattern)
			}
		}
	}
	if fx.beside != nil {
		fx.beside.unmet(t)
	}
}

func (fx *fixture) expect(t *testing.T, unknown bool, pos world.Pos, message string) {
	t.Helper()
	if fx.beside != nil && pos.File == fx.beside.name {
		fx = fx.beside
	}
	for _, e := range fx.wants[pos.Line] {
		if !e.met && e.unknown == unknown && e.pattern.MatchString(message) {
			e.met = true
			return
		}
	}
	kind := "finding"
	if unknown {
		kind = "unknown"
	}
	t.Errorf("%s:%d: unexpected %s at %s: %s", fx.name, pos.Line, kind, pos.Path, message)
}

// judge runs the control alone on the fixture.
func (fx *fixture) judge(t *testing.T, c *control.Control) []*control.Verdicts {
	t.Helper()
	b := &world.Builder{Target: fx.target, Completeness: fx.scope}
	fx.read(b)
	snap := b.Snapshot()
	for _, g := range snap.Gaps() {
		if g.What.Kind != dockerfile.Kind { // a broken Dockerfile is something to judge
			t.Errorf("%s:%d: cannot be read: %v", fx.name, g.Pos.Line, g.Why)
		}
	}
	opts := control.Options{Controls: []*control.Control{c}, Strict: true, Params: map[string]map[string]any{c.ID: fx.params}}
	if isDockerfile(fx.name) {
		opts.Excuse = excuse(t, c)
	}
	var out []*control.Verdicts
	err := control.Run(context.Background(), snap, opts, func(v *control.Verdicts) error {
		out = append(out, v)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// checkGolden applies the first fix of every finding and compares; applied again, nothing may change.
func checkGolden(t *testing.T, c *control.Control, fx *fixture, file string, verdicts []*control.Verdicts) {
	t.Helper()
	want, err := os.ReadFile(file + ".golden")
	if os.IsNotExist(err) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	once := fx.mend(t, verdicts)
	if once != string(want) {
		t.Errorf("%s.golden differs; the fixed file is:\n%s", file, once)
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.WriteFile(file+".golden", []byte(once), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	again := *fx
	again.text = once
	left := again.judge(t, c)
	for _, v := range left {
		for _, f := range v.Findings {
			if len(f.Fixes) > 0 && f.Suppressed == nil {
				t.Errorf("%s: after its fix this finding is still there: %s: %s", file, f.Evidence[0].Pos.Path, f.Message)
			}
		}
	}
	if twice := again.mend(t, left); twice != once {
		t.Errorf("%s: fixing twice changes the file again", file)
	}
}

func (fx *fixture) mend(t *testing.T, verdicts []*control.Verdicts) string {
	t.Helper()
	var jobs []fix.Job
	for _, v := range verdicts {
		for _, f := range v.Findings {
			if len(f.Fixes) > 0 && f.Suppressed == nil {
				jobs = append(jobs, fix.Job{Object: v.Subject, Edits: f.Fixes[0].Edits})
			}
		}
	}
	out, err := fix.Text(fx.text, jobs)
	if err != nil {
		t.Fatalf("%s: applying the fixes: %v", fx.name, err)
	}
	return out
}

var (
	comment = regexp.MustCompile(`#\s*(want|unknown)(-next|-prev)?\s+(".*)$`)
	quoted  = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
)

func readFixture(file string) (*fixture, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	fx := &fixture{name: file, text: string(b), wants: map[int][]*expectation{}}
	if beside, isYAML := strings.CutSuffix(file, ".yaml"); isYAML {
		if _, err := os.Stat(beside + ".Dockerfile"); err == nil {
			if fx.beside, err = readFixture(beside + ".Dockerfile"); err != nil {
				return nil, err
			}
		}
	}
	for i, line := range strings.Split(fx.text, "\n") {
		if directive, ok := strings.CutPrefix(line, "# "); ok {
			if err := fx.directive(directive); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
			}
		}
		m := comment.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		at := i + 1
		switch m[2] {
		case "-next":
			at++
		case "-prev":
			at--
		}
		for _, q := range quoted.FindAllString(m[3], -1) {
			text, err := strconv.Unquote(q)
			if err != nil {
				text = q[1 : len(q)-1]
			}
			re, err := regexp.Compile(text)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
			}
			fx.wants[at] = append(fx.wants[at], &expectation{unknown: m[1] == "unknown", pattern: re})
		}
	}
	return fx, nil
}

func (fx *fixture) directive(line string) error {
	name, value, _ := strings.Cut(line, ": ")
	switch name {
	case "params":
		if err := json.Unmarshal([]byte(value), &fx.params); err != nil {
			return fmt.Errorf("reading params: %w", err)
		}
		normalizeParams(fx.params)
	case "scope":
		scope, ok := map[string]world.Completeness{"auto": world.Auto, "complete": world.Complete, "partial": world.Partial}[value]
		if !ok {
			return fmt.Errorf("unknown scope %q", value)
		}
		fx.scope = scope
	case "target":
		minor, err := strconv.Atoi(strings.TrimPrefix(value, "1."))
		if err != nil {
			return fmt.Errorf("reading target: %w", err)
		}
		fx.target = minor
	}
	return nil
}

// normalizeParams gives JSON values the types that parameters have.
func normalizeParams(params map[string]any) {
	for k, v := range params {
		switch v := v.(type) {
		case float64:
			params[k] = int(v)
		case []any:
			list := make([]string, len(v))
			for i := range v {
				list[i] = fmt.Sprint(v[i])
			}
			params[k] = list
		}
	}
}
