package exceptions

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulwark/config"
	"bulwark/control"
	"bulwark/world"
)

// flagged is a control that fires on hostPID and on every container.
func flagged(id string, refs ...string) *control.Control {
	return &control.Control{
		ID: id, Concept: "os-level-security-domains", Severity: control.High, Refs: refs, Kinds: []string{control.Pods},
		Check: func(p *control.Pass) error {
			for t := range p.Subject.Pods {
				if t.Spec.HostPID {
					p.ReportPod(t, "hostPID", "host PID")
				}
			}
			for c := range p.Containers {
				p.ReportContainer(c, "image", "container %q", c.Name)
			}
			return nil
		},
	}
}

var all = []*control.Control{
	flagged("BW1901", "kube-linter host-pid", "trivy KSV-0010", "polaris hostPIDSet", "kubescape C-0038", "kube-score some check", "checkov CKV_K8S_17"),
	flagged("BW1902", "trivy KSV-0009"),
}

var today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// excused runs all controls on the text and returns "ID path by reason" for every excused finding.
func excused(t *testing.T, s *Set, text string) []string {
	t.Helper()
	b := &world.Builder{}
	for _, d := range world.Docs(world.Doc{File: "app/x.yaml", Text: text}) {
		b.AddDoc(d)
	}
	snap := b.Snapshot()
	for _, g := range snap.Gaps() {
		t.Fatal(g.Why)
	}
	var out []string
	err := control.Run(context.Background(), snap, control.Options{Controls: all, Excuse: s.Excuse, Strict: true}, func(v *control.Verdicts) error {
		for _, f := range v.Findings {
			if w := f.Suppressed; w != nil {
				out = append(out, strings.TrimSpace(f.Control.ID+" "+f.Evidence[0].Pos.Path+" "+w.By+" "+w.Reason))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func load(t *testing.T, opts Options) *Set {
	t.Helper()
	opts.Controls, opts.Now = all, today
	s, err := Load(opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func equal(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("excused:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

const twoContainers = `apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
spec:
  hostPID: true
  containers:
  - name: app
    image: a
  - name: side
    image: b
`

func fromConfig(t *testing.T, text string) *Set {
	t.Helper()
	f, err := config.Parse("bulwark.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	return load(t, Options{Config: f})
}

func TestConfigExceptions(t *testing.T) {
	s := fromConfig(t, `exceptions:
- controls: [BW1901]
  kind: Pod
  namespace: shop
  name: w*
  container: side
  reason: the sidecar is old
  owner: shop-team
- controls: [os-level-security-domains]
  path: spec.hostPID
  reason: needs it
- controls: [BW1902]
  name: other
  reason: unused
- controls: ["*"]
  file: elsewhere/
  reason: unused too
- controls: ["*"]
  reason: too late
  expires: 2026-11-22
- controls: [BW1901]
  path: spec.hostPID
  reason: on its last day
  expires: 2026-11-23
`)
	equal(t, excused(t, s, twoContainers),
		"BW1901 spec.hostPID bulwark needs it",
		"BW1901 spec.containers[1].image bulwark the sidecar is old",
		"BW1902 spec.hostPID bulwark needs it")
	var notes []string
	for _, n := range s.Notes() {
		notes = append(notes, n.Message)
	}
	want := []string{"excused nothing: remove it", "excused nothing: remove it", "expired on 2026-11-22: its findings count again", "excused nothing: remove it"}
	if strings.Join(notes, "|") != strings.Join(want, "|") {
		t.Errorf("notes %q, want %q", notes, want)
	}
}

func TestConfigErrors(t *testing.T) {
	for text, want := range map[string]string{
		"exceptions:\n- controls: [BW1901]\n":                           "bulwark.yaml:2: this exception has no reason",
		"exceptions:\n- reason: x\n":                                    "bulwark.yaml:2: this exception names no controls",
		"exceptions:\n- {controls: [BW1901], reason: x, until: 2027}\n": "is no field",
		"exceptions: {}\n":                                              "must be a list",
		"failOn: [\n":                                                   "not valid YAML",
	} {
		if _, err := config.Parse("bulwark.yaml", text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"exceptions:\n- {controls: [BW0000], reason: x}\n":                    "no control or concept",
		"exceptions:\n- {controls: [BW1901], reason: x, expires: tomorrow}\n": "is no date",
	} {
		f, err := config.Parse("bulwark.yaml", text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Load(Options{Config: f, Controls: all, Now: today}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "bulwark.yaml:2") {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

func TestComments(t *testing.T) {
	s := load(t, Options{})
	equal(t, excused(t, s, `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  hostPID: true # bulwark:ignore BW1901 debug
  containers:
  # bulwark:ignore BW1902 the whole container
  - name: app
    image: a
  - name: side
    image: b #trivy:ignore:KSV-0009 #trivy:ignore:KSV010
  - name: third
    # checkov:skip=CKV_K8S_17:known
    image: c
  - name: fourth
    image: d # trivy:ignore:*:exp:2026-01-01
`),
		"BW1901 spec.hostPID bulwark debug",
		"BW1901 spec.containers[2].image checkov known",
		"BW1902 spec.containers[0].image bulwark the whole container",
		"BW1902 spec.containers[1].image trivy")
	equal(t, excused(t, s, "# bulwark:ignore the whole object\n"+twoContainers),
		"BW1901 spec.hostPID bulwark the whole object", "BW1901 spec.containers[0].image bulwark the whole object", "BW1901 spec.containers[1].image bulwark the whole object",
		"BW1902 spec.hostPID bulwark the whole object", "BW1902 spec.containers[0].image bulwark the whole object", "BW1902 spec.containers[1].image bulwark the whole object")
	off := load(t, Options{NoInline: true})
	equal(t, excused(t, off, "# bulwark:ignore the whole object\n"+twoContainers))
}

func TestAnnotations(t *testing.T) {
	for annotation, want := range map[string]string{
		"bulwark.dev/ignore: 'BW1901: because; BW9999'":                                   "bulwark because",
		"ignore-check.kube-linter.io/host-pid: why":                                       "kube-linter why",
		"kube-linter.io/ignore-all: why":                                                  "kube-linter why",
		"kube-score/ignore: x,some-check":                                                 "kube-score",
		"polaris.fairwinds.com/hostPIDSet-exempt: 'true'":                                 "polaris",
		"polaris.fairwinds.com/exempt: 'true'":                                            "polaris",
		"polaris.fairwinds.com/hostIPCSet-exempt: 'true'":                                 "",
		"checkov.io/skip1: CKV_K8S_17=why":                                                "checkov why",
		"kubescape.io/skip-controls: 'C-1, C-0038'":                                       "kubescape",
		"{kubescape.io/ignore: 'true', kubescape.io/skip-expiry: '2026-01-01T00:00:00Z'}": "",
		"{kubescape.io/ignore: 'true', kubescape.io/skip-expiry: 'nonsense'}":             "",
		"{kubescape.io/ignore: 'true', kubescape.io/skip-expiry: '2027-01-01T00:00:00Z'}": "kubescape",
	} {
		text := strings.Replace(twoContainers, "  namespace: shop\n", "  annotations:\n    "+annotation+"\n", 1)
		if strings.HasPrefix(annotation, "{") {
			text = strings.Replace(twoContainers, "  namespace: shop\n", "  annotations: "+annotation+"\n", 1)
		}
		s := load(t, Options{})
		got := ""
		for _, e := range excused(t, s, text) {
			if rest, ok := strings.CutPrefix(e, "BW1901 spec.hostPID "); ok {
				got = rest
			}
		}
		if got != want {
			t.Errorf("%s: excused by %q, want %q", annotation, got, want)
		}
	}
}

func TestPeerFiles(t *testing.T) {
	for name, file := range map[string]struct{ content, want string }{
		".trivyignore":        {"# all\nKSV-0010 exp:2027-01-01\nCVE-2020-1\n", "trivy"},
		".trivyignore.yaml":   {"misconfigurations:\n- id: AVD-KSV-0010\n  paths: [\"app/*.yaml\"]\n  statement: fine\n", "trivy fine"},
		".kube-linter.yaml":   {"checks:\n  exclude: [host-pid]\n", "kube-linter"},
		".checkov.yaml":       {"skip-check: [CKV_K8S_17]\n", "checkov"},
		".checkov.baseline":   {`{"failed_checks":[{"file":"/x.yaml","findings":[{"resource":"Pod.shop.web","check_ids":["CKV_K8S_17"]}]}]}`, "checkov known when the baseline was made"},
		".polaris.yaml":       {"exemptions:\n- namespace: shop\n  controllerNames: [we]\n  rules: [hostPIDSet]\n", "polaris"},
		"our-exceptions.json": {`[{"name":"x","policyType":"postureExceptionPolicy","reason":"ok","resources":[{"designatorType":"Attributes","attributes":{"kind":"Pod","name":"w.*"}}],"posturePolicies":[{"controlID":"C-0038"}]}]`, "kubescape ok"},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(file.content), 0o644); err != nil {
			t.Fatal(err)
		}
		opts := Options{Dirs: []string{dir}}
		if name == "our-exceptions.json" {
			opts = Options{Files: []string{path}}
		}
		s := load(t, opts)
		found := ""
		for _, e := range excused(t, s, twoContainers) {
			if rest, ok := strings.CutPrefix(e, "BW1901 spec.hostPID "); ok {
				found = rest
			}
			if strings.HasPrefix(e, "BW1902") {
				t.Errorf("%s excuses too much: %s", name, e)
			}
		}
		if found != file.want {
			t.Errorf("%s: excused by %q, want %q", name, found, file.want)
		}
		if forms := s.Honoured((&world.Builder{}).Snapshot()); len(forms) != 1 || !strings.Contains(forms[0], name) {
			t.Errorf("%s: honoured forms %q", name, forms)
		}
	}
}

func FuzzComments(f *testing.F) {
	f.Add(twoContainers)
	f.Add("# bulwark:ignore\na: 1 # trivy:ignore:x:exp:\n")
	s, err := Load(Options{Controls: all, Now: today})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b := &world.Builder{}
		for _, d := range world.Docs(world.Doc{File: "x.yaml", Text: text}) {
			b.AddDoc(d)
		}
		control.Run(context.Background(), b.Snapshot(), control.Options{Controls: all, Excuse: s.Excuse, Strict: true}, func(*control.Verdicts) error { return nil })
	})
}
