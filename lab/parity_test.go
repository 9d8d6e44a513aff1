package lab

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"bulwark/admit/export"
	"bulwark/control"
	"bulwark/controls"
	"bulwark/rules"
	"bulwark/world"
)

// groupSize is how many policies are asked at once: the audit log names at most 50 for a request.
const groupSize = 36

// parityGroup is some policies and the namespace in which they are in force.
// Those of the first group are in force everywhere, for objects that have no namespace.
type parityGroup struct {
	namespace string
	labels    map[string]string
	controls  []*control.Control
}

// parityControls are all controls that can be policies, and the rules of the examples.
func parityControls(t *testing.T) []*control.Control {
	t.Helper()
	set, err := rules.LoadSet([]string{"../examples/rules"})
	if err != nil {
		t.Fatal(err)
	}
	var out []*control.Control
	for _, c := range append(controls.All(), set.Controls()...) {
		if c.Deny != "" && c.Check != nil {
			out = append(out, c)
		}
	}
	return out
}

// parityGroups splits the controls: those about anything but pods are in force everywhere.
func parityGroups(all []*control.Control) []parityGroup {
	groups := []parityGroup{{namespace: "parity-0"}}
	for _, c := range all {
		if !slices.Equal(c.Kinds, []string{control.Pods}) {
			groups[0].controls = append(groups[0].controls, c)
			continue
		}
		last := &groups[len(groups)-1]
		if len(groups) == 1 || len(last.controls) == groupSize {
			name := fmt.Sprintf("parity-%d", len(groups))
			groups = append(groups, parityGroup{namespace: name, labels: map[string]string{"parity": name}})
			last = &groups[len(groups)-1]
		}
		last.controls = append(last.controls, c)
	}
	return groups
}

func exportGroups(t *testing.T, groups []parityGroup, static bool) []export.File {
	t.Helper()
	var files []export.File
	for _, g := range groups {
		b, err := export.Validating(export.Options{
			Controls: g.controls, Static: static, Version: "parity", ExemptGroups: []string{exemptGroup}, Where: export.Where{Labels: g.labels},
			Actions: []admissionv1.ValidationAction{admissionv1.Deny, admissionv1.Audit},
		})
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, b.Files...)
		for _, n := range b.Notes {
			t.Logf("%s: %s", n.Control, n.Message)
		}
	}
	return files
}

// TestParityStored proves on a real API server that policies stored in it refuse
// what scan fails and admit what scan passes.
func TestParityStored(t *testing.T) {
	flags, log := auditFlags(t)
	c := start(t, Options{APIServerFlags: flags})
	groups := parityGroups(parityControls(t))
	files := exportGroups(t, groups, false)
	var objects []*unstructured.Unstructured
	for _, f := range files {
		objects = append(objects, toUnstructured(t, f.Policy), toUnstructured(t, f.Binding))
	}
	if n, err := c.Apply(testContext(t), objects...); err != nil || n != len(objects) {
		t.Fatalf("%d of %d policies and bindings stored: %v", n, len(objects), err)
	}
	if err := c.Settle(testContext(t)); err != nil {
		t.Fatal(err)
	}
	parity(t, c, groups, files, log, false)
}

// TestParityStatic proves the same for policies loaded from a folder at boot.
func TestParityStatic(t *testing.T) {
	flags, log := auditFlags(t)
	groups := parityGroups(parityControls(t))
	files := exportGroups(t, groups, true)
	dir := t.TempDir()
	for _, f := range files {
		text, err := f.YAML()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := start(t, Options{APIServerFlags: flags, AdmissionStaticDir: dir})
	parity(t, c, groups, files, log, true)
}

func toUnstructured(t *testing.T, object any) *unstructured.Unstructured {
	t.Helper()
	m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		t.Fatal(err)
	}
	delete(m, "status")
	return &unstructured.Unstructured{Object: m}
}

// parity puts the corpus before the server and compares.
func parity(t *testing.T, c *Cluster, groups []parityGroup, files []export.File, log string, static bool) {
	t.Helper()
	specimens := corpus(t)
	if static { // the same policies in another form: the fixtures will show a difference
		specimens = slices.DeleteFunc(specimens, func(s specimen) bool { return strings.HasPrefix(s.from, "mutant") })
	}
	serveCustomKinds(t, c, specimens)
	judge, writer := newAsker(t, c, judgeUser), newAsker(t, c, writerUser, exemptGroup)
	namespaces := make([]*unstructured.Unstructured, len(groups))
	writer.makeClasses(t, specimens)
	for i, g := range groups {
		labels := map[string]string{"shop.example/cards": "true"}
		maps.Copy(labels, g.labels)
		namespaces[i] = writer.makeNamespace(t, g.namespace, labels)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	began := time.Now()
	asked := make([][]question, len(groups))
	order := make([]int, len(groups))
	for i := range order {
		order[i] = i
	}
	inParallel(order, 4, func(i int) {
		x := &examiner{judge, writer, groups[i].namespace}
		for _, s := range specimens {
			if concerns(groups[i], s, i == 0, static) {
				asked[i] = append(asked[i], x.examine(ctx, s)...)
			}
		}
	})
	r := &comparison{t: t, static: static, denials: refusals(t, log), policies: map[string]string{}, skipped: map[string]int{}, bad: map[string]int{}, exercised: map[string][2]int{}}
	for _, f := range files {
		r.policies[f.Controls[0]] = f.Policy.(*admissionv1.ValidatingAdmissionPolicy).Name
	}
	for i, g := range groups {
		inForce := slices.Clone(groups[0].controls)
		if i > 0 {
			inForce = append(inForce, g.controls...)
		}
		for _, q := range asked[i] {
			r.compare(q, namespaces[i], inForce)
		}
	}
	t.Logf("static=%t policies=%d objects=%d requests=%d pairs=%d denied=%d admitted=%d unsure=%d disagreements=%d in %s",
		static, len(files), len(specimens), r.requests, r.denied+r.admitted, r.denied, r.admitted, r.unsure, r.disagreements, time.Since(began).Round(time.Second))
	for why, n := range r.skipped {
		t.Logf("not judged %4d: %s", n, why)
	}
	r.finish(files)
}

// concerns says whether a specimen is put before a group; objects of the first
// group are those that no other is about.
func concerns(g parityGroup, s specimen, first, static bool) bool {
	kind := world.GroupKind(s.object.GroupVersionKind().Group, s.object.GetKind())
	pods := export.Covers(&control.Control{Kinds: []string{control.Pods}, Deny: "true"}, kind, static)
	if first {
		return !pods
	}
	return pods
}

// comparison collects what agrees and what does not.
type comparison struct {
	t        *testing.T
	static   bool
	denials  map[string]map[string]bool // policies by audit id
	policies map[string]string          // policy by control

	requests, denied, admitted, unsure, disagreements int
	skipped                                           map[string]int
	bad                                               map[string]int
	exercised                                         map[string][2]int // by control: admitted, denied
}

func (r *comparison) compare(q question, ns *unstructured.Unstructured, inForce []*control.Control) {
	if q.err != nil {
		r.skipped[shortReason(q)]++
		return
	}
	refused, audited := r.denials[q.id]
	if !audited {
		r.t.Errorf("%s: the audit log has no such request", q.what)
		return
	}
	r.requests++
	if q.refused != (len(refused) > 0) {
		r.t.Errorf("%s: refused is %t, but %d policies failed", q.what, q.refused, len(refused))
	}
	verdicts, ref := scanVerdict(r.t, q, ns, inForce)
	for _, c := range inForce {
		policy := r.policies[c.ID]
		if policy == "" || !export.Covers(c, ref.GroupKind(), r.static) {
			continue
		}
		result, met := verdicts[c.ID]
		if !met || result == control.Unsure {
			r.unsure++
			continue
		}
		fails, denies := result == control.Failed, refused[policy]
		n := r.exercised[c.ID]
		if denies {
			r.denied, n[1] = r.denied+1, n[1]+1
		} else {
			r.admitted, n[0] = r.admitted+1, n[0]+1
		}
		r.exercised[c.ID] = n
		if fails == denies {
			continue
		}
		r.disagreements++
		if r.bad[c.ID]++; r.bad[c.ID] <= 3 {
			r.t.Errorf("%s: %s: scan fails it: %t, server denies it: %t", c.ID, q.what, fails, denies)
		}
	}
}

// shortReason groups the reasons for which objects never come before the policies.
func shortReason(q question) string {
	text := q.err.Error()
	for _, known := range []string{"is invalid", "no matches for kind", "already exists", "unable to parse", "cannot unmarshal", "json: ", "strict decoding", "quantities must match",
		"the server could not find the requested resource", "is forbidden"} {
		if strings.Contains(text, known) {
			if known == "is forbidden" {
				return strings.TrimSpace(text[strings.Index(text, known):])
			}
			return known
		}
	}
	return text
}

// finish wants that enough was judged and that every policy was seen.
func (r *comparison) finish(files []export.File) {
	if r.requests < 600 {
		r.t.Errorf("only %d requests came before the policies", r.requests)
	}
	var quiet, loud []string
	for _, f := range files {
		switch n := r.exercised[f.Controls[0]]; {
		case n[1] == 0:
			quiet = append(quiet, f.Controls[0])
		case n[0] == 0:
			loud = append(loud, f.Controls[0])
		}
	}
	if len(quiet) > 0 {
		r.t.Logf("never denied anything: %s", strings.Join(quiet, " "))
	}
	if len(loud) > 0 {
		r.t.Logf("never admitted anything: %s", strings.Join(loud, " "))
	}
}

// serveCustomKinds installs permissive definitions of the custom kinds that
// policies are about, in the versions that the specimens have.
func serveCustomKinds(t *testing.T, c *Cluster, specimens []specimen) {
	t.Helper()
	versions := map[string]map[string]bool{}
	for _, s := range specimens {
		gvk := s.object.GroupVersionKind()
		kind := world.GroupKind(gvk.Group, gvk.Kind)
		if _, version, _, ok := export.Resource(kind); ok && version == "*" {
			if versions[kind] == nil {
				versions[kind] = map[string]bool{}
			}
			versions[kind][gvk.Version] = true
		}
	}
	var crds []*unstructured.Unstructured
	for kind, vs := range versions {
		group, _, resource, _ := export.Resource(kind)
		bare, _, _ := strings.Cut(kind, ".")
		var list []any
		for v := range vs {
			list = append(list, map[string]any{"name": v, "served": true, "storage": len(list) == 0, "schema": map[string]any{
				"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}}})
		}
		scope := "Namespaced"
		if !world.Namespaced(kind) {
			scope = "Cluster"
		}
		crds = append(crds, &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
			"metadata": map[string]any{"name": resource + "." + group, "annotations": map[string]any{"api-approved.kubernetes.io": "unapproved, for a test"}},
			"spec": map[string]any{"group": group, "scope": scope, "versions": list,
				"names": map[string]any{"kind": bare, "plural": resource, "singular": strings.ToLower(bare)}},
		}})
	}
	if n, err := c.Apply(testContext(t), crds...); err != nil || n != len(crds) {
		t.Fatalf("%d of %d definitions stored: %v", n, len(crds), err)
	}
}
