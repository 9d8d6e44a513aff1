package controltest

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"bulwark/control"
	"bulwark/world"
)

// childDir names the folder in which TestFixturesInChild runs.
const childDir = "BULWARK_CONTROLTEST_DIR"

// noisy is a control of ConfigMaps: it wants data.port to be "1", or what its
// parameter says, and cannot judge "?". Its fix is good unless data.stubborn is set.
func noisy() *control.Control {
	return &control.Control{
		ID: "BW0000", Concept: "static-analysis", Kinds: []string{"ConfigMap"},
		Params: []control.Param{{Name: "port", Default: "1"}, {Name: "twice", Default: false}},
		Check: func(p *control.Pass) error {
			data := p.Tree().Get("data")
			if data == nil {
				p.NotApplicable()
				return nil
			}
			switch port := data.Text("port"); port {
			case p.Text("port"):
			case "?":
				p.Unknown("data.port", "the port is not known")
			default:
				value := p.Text("port")
				if data.Text("stubborn") != "" {
					value = port + "0"
				}
				p.Report("data.port", "port %q is wrong", port).
					Fix("right it", control.Edit{Path: "data.port", Op: control.Set, Value: value})
				if p.Bool("twice") {
					p.Report("data.port", "it is wrong on %d", p.Target())
				}
			}
			return nil
		},
	}
}

// TestFixturesInChild is what TestRun starts as a process of its own, since it is meant to fail.
func TestFixturesInChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		return
	}
	t.Chdir(dir)
	Run(t, []*control.Control{noisy()})
}

const head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"

const (
	bad  = head + "data:\n  port: \"2\" # want \"wrong\"\n"
	good = "---\n" + head + "data: {port: \"1\"}\n"
)

// TestRun: what makes the tests of a control fail, and with what words.
func TestRun(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  string // in the output; "" when the test passes
	}{
		{"good", map[string]string{"a.yaml": bad + good}, ""},
		{"over two files", map[string]string{"a.yaml": bad, "b.yaml": strings.TrimPrefix(good, "---\n")}, ""},
		{"no fixture", nil, "control BW0000 has no fixture"},
		{"nothing passes", map[string]string{"a.yaml": bad}, "no fixture of BW0000 has a subject that passes"},
		{"nothing fails", map[string]string{"a.yaml": good}, "no fixture of BW0000 has a finding"},
		{"unexpected", map[string]string{"a.yaml": strings.Replace(bad, "# want", "# not", 1) + good}, `a.yaml:5: unexpected finding at data.port: port "2" is wrong`},
		{"not met", map[string]string{"a.yaml": bad + good + "# want \"more\"\n"}, `a.yaml:11: nothing matches "more"`},
		{"met once", map[string]string{"a.yaml": strings.Replace(bad, `"wrong"`, `"wrong" "wrong"`, 1) + good}, `a.yaml:5: nothing matches "wrong"`},
		{"other words", map[string]string{"a.yaml": strings.Replace(bad, `"wrong"`, `"right"`, 1) + good}, `unexpected finding`},
		{"unknown", map[string]string{"a.yaml": bad + good + "---\n" + head + "data:\n  port: \"?\" # unknown \"not known\"\n"}, ""},
		{"unknown, unexpected", map[string]string{"a.yaml": bad + good + "---\n" + head + "data: {port: \"?\"}\n"}, "unexpected unknown at data.port"},
		{"unknown, wanted as a finding", map[string]string{"a.yaml": bad + good + "---\n" + head + "data:\n  port: \"?\" # want \"not known\"\n"}, "unexpected unknown"},
		{"parameter", map[string]string{"a.yaml": "# params: {\"port\": \"2\"}\n" + strings.Replace(bad, "# want", "# not", 1) + good}, `port "1" is wrong`},
		{"target and parameter", map[string]string{"a.yaml": "# params: {\"twice\": true}\n# target: 1.29\n" + strings.Replace(bad, `"wrong"`, `"port" "wrong on 29"`, 1) + good}, ""},
		{"bad directive", map[string]string{"a.yaml": "# scope: all\n" + bad + good}, `a.yaml:1: unknown scope "all"`},
		{"bad pattern", map[string]string{"a.yaml": strings.Replace(bad, `"wrong"`, `"("`, 1) + good}, "missing closing )"},
		{"not readable", map[string]string{"a.yaml": bad + good + "---\n[\n"}, "a.yaml:12: cannot be read"},
		{"golden", map[string]string{"a.yaml": bad + good, "a.yaml.golden": strings.Replace(bad, `"2"`, `"1"`, 1) + good}, ""},
		{"golden differs", map[string]string{"a.yaml": bad + good, "a.yaml.golden": bad + good}, "a.yaml.golden differs"},
		{"fix does not help", map[string]string{
			"a.yaml":        strings.Replace(bad, "\ndata:", "\ndata:\n  stubborn: x", 1) + good,
			"a.yaml.golden": strings.Replace(strings.Replace(bad, "\ndata:", "\ndata:\n  stubborn: x", 1), `"2"`, `"20"`, 1) + good,
		}, "after its fix this finding is still there"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, err := child(t, tt.files)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("it fails: %s", out)
			case tt.want != "" && err == nil:
				t.Errorf("it passes: %s", out)
			case !strings.Contains(out, tt.want):
				t.Errorf("no %q in:\n%s", tt.want, out)
			}
		})
	}
}

// child runs TestFixturesInChild on fixtures.
func child(t *testing.T, files map[string]string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	fixtures := filepath.Join(dir, "testdata", "BW0000")
	if err := os.MkdirAll(fixtures, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(fixtures, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^TestFixturesInChild$")
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestExpectations: comments of Dockerfiles speak of the line below or above, and several patterns stand in one.
func TestExpectations(t *testing.T) {
	dir := t.TempDir()
	text := "# scope: partial\n# target: 1.30\n# params: {\"n\": 2, \"list\": [\"a\", 3], \"word\": \"x\"}\n" +
		"# want-next \"one\" \"two \\\"quoted\\\"\"\nFROM x\n# unknown-prev \"three\"\nRUN a \"b\"\n"
	file := filepath.Join(dir, "a.Dockerfile")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	fx, err := readFixture(file)
	if err != nil {
		t.Fatal(err)
	}
	if fx.scope != world.Partial || fx.target != 30 || !reflect.DeepEqual(fx.params, map[string]any{"n": 2, "list": []string{"a", "3"}, "word": "x"}) {
		t.Errorf("scope %v, target %d, params %v", fx.scope, fx.target, fx.params)
	}
	var got []string
	for _, e := range fx.wants[5] {
		got = append(got, e.pattern.String())
		if e.unknown != (e.pattern.String() == "three") {
			t.Errorf("%s: unknown is %v", e.pattern, e.unknown)
		}
	}
	if want := []string{"one", `two "quoted"`, "three"}; !reflect.DeepEqual(got, want) || len(fx.wants) != 1 {
		t.Errorf("line 5 wants %q of %d lines", got, len(fx.wants))
	}
}

// TestBeside: a Dockerfile beside a manifest of the same name is part of its world and no fixture of its own.
func TestBeside(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"both.yaml": bad, "both.Dockerfile": "FROM x\n", "own.Dockerfile": "FROM y\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := alone(filepath.Join(dir, "*.Dockerfile")); len(got) != 1 || filepath.Base(got[0]) != "own.Dockerfile" {
		t.Errorf("alone: %q", got)
	}
	fx, err := readFixture(filepath.Join(dir, "both.yaml"))
	if err != nil || fx.beside == nil {
		t.Fatalf("beside %v, %v", fx.beside, err)
	}
	b := new(world.Builder)
	fx.read(b)
	if n := b.Snapshot().Len(); n != 2 {
		t.Errorf("the world has %d objects, want the ConfigMap and the Dockerfile", n)
	}
}

func TestOnly(t *testing.T) {
	if o := Only(t, head); o.Name != "c" {
		t.Errorf("got %s", o.Ref)
	}
}
