package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"bulwark/control"
	"bulwark/controls"
	"bulwark/fix"
	"bulwark/internal/ytree"
	"bulwark/world"
)

// TestFixes mends every fixture of every control that has a fix and wants that
// the findings are gone, nothing new appears, a second run changes nothing, every
// comment is still there, and the server accepts what it accepted before.
// Controls about other things than objects, such as Dockerfiles, have no YAML.
func TestFixes(t *testing.T) {
	writer := newAsker(t, shared, "fix-writer")
	writer.makeNamespace(t, "fixes", nil)
	f := &fixTest{server: writer, all: security(), withFix: map[string]bool{}}
	for _, c := range controls.All() {
		files, err := filepath.Glob(filepath.Join("../controls/*/testdata", c.ID, "*.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			f.mend(t, c, file)
		}
	}
	t.Logf("controls with a fix=%d files mended=%d findings mended=%d objects accepted before and after=%d refused before=%d",
		len(f.withFix), f.files, f.findings, f.accepted, f.refusedBefore)
	if len(f.withFix) < 40 || f.accepted < 100 {
		t.Errorf("too little was mended for this test to mean much")
	}
}

// security are the controls that are on by default: a fix must not make them fire.
func security() []*control.Control {
	return slices.DeleteFunc(controls.All(), func(c *control.Control) bool { return c.Profile != control.Security })
}

type fixTest struct {
	server  *asker
	all     []*control.Control
	withFix map[string]bool

	files, findings, accepted, refusedBefore int
}

// mend does the fixes of one control on one fixture.
func (f *fixTest) mend(t *testing.T, c *control.Control, file string) {
	t.Helper()
	name := strings.TrimPrefix(file, "../controls/")
	text, b, params := readFixture(t, file)
	snap := b.Snapshot()
	opts := control.Options{Controls: []*control.Control{c}, Params: map[string]map[string]any{c.ID: params}, Strict: true}
	plan, err := fix.Make(context.Background(), snap, opts, func(*control.Finding) bool { return true })
	if err != nil {
		t.Errorf("%s %s: %v", c.ID, name, err)
		return
	}
	for _, l := range plan.Left {
		t.Errorf("%s %s: not mended: %s: %v", c.ID, name, l.Finding.Evidence[0].Pos.Path, l.Why)
	}
	for _, a := range plan.Appeared {
		t.Errorf("%s %s: appears with its own fix: %s: %s", c.ID, name, a.Evidence[0].Pos.Path, a.Message)
	}
	if len(plan.Files) == 0 {
		return
	}
	f.withFix[c.ID] = true
	f.files++
	f.findings += plan.Mended
	if plan.Mended == 0 {
		t.Errorf("%s %s: the fix changes the file and mends nothing", c.ID, name)
	}
	mended := rebuilt(b, plan)
	f.nothingNew(t, c, name, opts.Params, snap, mended)
	again, err := fix.Make(context.Background(), mended, opts, func(*control.Finding) bool { return true })
	if err != nil || len(again.Files) > 0 {
		t.Errorf("%s %s: a second run changes the file again (%v)", c.ID, name, err)
	}
	for _, p := range plan.Files {
		if !p.New {
			commentsSurvive(t, c.ID+" "+name, text, p.After, takesAway(t, snap, opts))
		}
	}
	f.serverAccepts(t, c.ID+" "+name, snap, mended)
}

// readFixture reads a fixture with its directives.
func readFixture(t *testing.T, file string) (string, *world.Builder, map[string]any) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	b := &world.Builder{}
	params := map[string]any{}
	for line := range strings.Lines(text) {
		directive, ok := strings.CutPrefix(strings.TrimSpace(line), "# ")
		if !ok {
			continue
		}
		key, value, _ := strings.Cut(directive, ": ")
		switch key {
		case "params":
			if err := json.Unmarshal([]byte(value), &params); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			for k, v := range params {
				params[k] = paramOf(v)
			}
		case "scope":
			b.Completeness = map[string]world.Completeness{"complete": world.Complete, "partial": world.Partial}[value]
		case "target":
			fmt.Sscanf(value, "1.%d", &b.Target)
		}
	}
	addText(b, file, text)
	return text, b, params
}

func paramOf(v any) any {
	switch v := v.(type) {
	case float64:
		return int(v)
	case []any:
		list := make([]string, len(v))
		for i := range v {
			list[i] = fmt.Sprint(v[i])
		}
		return list
	}
	return v
}

func addText(b *world.Builder, file, text string) {
	for _, s := range ytree.Split(text) {
		b.AddDoc(&world.Doc{File: file, Disk: file, Text: text, Start: s.Start, End: s.End})
	}
}

// rebuilt is the snapshot after the plan.
func rebuilt(b *world.Builder, plan *fix.Plan) *world.Snapshot {
	fresh := &world.Builder{Target: b.Target, Completeness: b.Completeness}
	for _, p := range plan.Files {
		addText(fresh, p.Disk, p.After)
	}
	return fresh.Snapshot()
}

// nothingNew compares what all controls that are on by default say before and after.
func (f *fixTest) nothingNew(t *testing.T, c *control.Control, name string, params map[string]map[string]any, before, after *world.Snapshot) {
	t.Helper()
	had := map[string]int{}
	judge := func(s *world.Snapshot, see func(*control.Finding)) {
		opts := control.Options{Controls: f.all, Params: params, Strict: true}
		if !slices.Contains(f.all, c) {
			opts.Controls = append(slices.Clone(f.all), c)
		}
		if err := control.Run(context.Background(), s, opts, func(v *control.Verdicts) error {
			for _, x := range v.Findings {
				see(x)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	key := func(x *control.Finding) string {
		return x.Control.ID + " " + x.Subject.String()
	}
	judge(before, func(x *control.Finding) {
		had[key(x)]++
		for _, id := range x.Covers {
			had[id+" "+x.Subject.String()] += 100
		}
	})
	judge(after, func(x *control.Finding) {
		if had[key(x)]--; had[key(x)] < 0 {
			t.Errorf("%s %s: after the fix %s appears at %s: %s", c.ID, name, x.Control.ID, x.Evidence[0].Pos.Path, x.Message)
		}
	})
}

// takesAway says whether some fix removes a field, or replaces a text of several
// lines: with the line goes the comment at its end.
func takesAway(t *testing.T, snap *world.Snapshot, opts control.Options) bool {
	t.Helper()
	found := false
	err := control.Run(context.Background(), snap, opts, func(v *control.Verdicts) error {
		for _, x := range v.Findings {
			if len(x.Fixes) == 0 {
				continue
			}
			for _, e := range x.Fixes[0].Edits {
				old := v.Subject.Tree().Lookup(e.Path)
				found = found || e.Op == control.Remove || old != nil && (!old.Scalar() || strings.Contains(old.Str, "\n"))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// commentsSurvive wants every comment of the text, as often as it was there; of
// those at the ends of lines only where no line is taken away.
func commentsSurvive(t *testing.T, name, before, after string, takesAway bool) {
	t.Helper()
	count := map[string]int{}
	for _, c := range commentsOf(after) {
		count[c]++
	}
	for _, c := range commentsOf(before) {
		if count[c]--; count[c] < 0 && !(takesAway && !strings.HasPrefix(c, "#")) {
			t.Errorf("%s: the comment %q is gone", name, c)
		}
	}
}

// commentsOf returns the comments of a text, those that have a line for
// themselves without what stands before them, the others with a space before. A #
// within quotes may count as one, in both texts alike.
func commentsOf(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			out = append(out, line)
		} else if i := strings.Index(line, " #"); i >= 0 {
			out = append(out, line[i:])
		}
	}
	return out
}

// serverAccepts asks the server for a dry run of every object that changed and
// that it takes as it was before.
func (f *fixTest) serverAccepts(t *testing.T, name string, before, after *world.Snapshot) {
	t.Helper()
	for _, mended := range after.Slice() {
		old := before.Get(mended.Ref)
		if old != nil && contentText(old) == contentText(mended) {
			continue
		}
		if old != nil && f.dryRun(t, old) != nil {
			f.refusedBefore++
			continue
		}
		if err := f.dryRun(t, mended); errors.Is(err, errUnserved) {
			f.refusedBefore++
		} else if err != nil {
			t.Errorf("%s: the server refuses the mended %s: %v", name, mended.Ref, err)
		} else {
			f.accepted++
		}
	}
}

func contentText(o *world.Object) string {
	return string(o.Tree().AppendJSON(nil))
}

var errUnserved = errors.New("the server does not serve the kind")

func (f *fixTest) dryRun(t *testing.T, o *world.Object) error {
	t.Helper()
	var content map[string]any
	if err := yaml.Unmarshal([]byte(contentText(o)), &content); err != nil {
		return err
	}
	content["apiVersion"], content["kind"] = o.APIVersion, o.Kind
	obj := clean((&unstructured.Unstructured{Object: content}).DeepCopy().Object)
	client, namespaced, err := f.server.resource(obj, "fixes")
	if err != nil {
		return errUnserved
	}
	if namespaced {
		obj.SetNamespace("fixes")
	}
	_, err = client.Create(testContext(t), obj, metav1.CreateOptions{DryRun: dryRun})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}
