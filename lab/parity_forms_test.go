package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"

	"bulwark/admit/export"
	"bulwark/config"
	"bulwark/control"
	"bulwark/rules"
	"bulwark/world"
)

func byID(t *testing.T, ids ...string) []*control.Control {
	t.Helper()
	var out []*control.Control
	for _, c := range parityControls(t) {
		for _, id := range ids {
			if c.ID == id {
				out = append(out, c)
			}
		}
	}
	if len(out) != len(ids) {
		t.Fatalf("of %v there are %d", ids, len(out))
	}
	return out
}

// store puts the files of an export into the cluster.
func store(t *testing.T, c *Cluster, b *export.Bundle, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var objects []*unstructured.Unstructured
	for _, f := range b.Files {
		objects = append(objects, toUnstructured(t, f.Policy), toUnstructured(t, f.Binding))
	}
	if n, err := c.Apply(testContext(t), objects...); err != nil || n != len(objects) {
		t.Fatalf("%d of %d stored: %v", n, len(objects), err)
	}
}

func denying(o export.Options) export.Options {
	o.Actions, o.Version, o.ExemptGroups = []admissionv1.ValidationAction{admissionv1.Deny}, "forms", []string{exemptGroup}
	return o
}

// TestExportOptions tries ratcheting, exceptions, combined policies and messages, each in a namespace of its own.
func TestExportOptions(t *testing.T) {
	c := start(t, Options{})
	judge, writer := newAsker(t, c, judgeUser), newAsker(t, c, writerUser, exemptGroup)
	in := func(ns string) export.Where { return export.Where{Labels: map[string]string{"form": ns}} }
	for _, ns := range []string{"ratchet", "except", "combined", "message"} {
		writer.makeNamespace(t, ns, map[string]string{"form": ns})
	}
	set, err := rules.LoadSet([]string{"../examples/rules"})
	if err != nil {
		t.Fatal(err)
	}
	pods := []*control.Control{}
	hardened, _ := scanVerdict(t, question{object: clean(wrap("Pod", podSpecs()["hardened"]))},
		&unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "n"}}}, parityControls(t))
	for _, c := range parityControls(t) {
		if len(c.Kinds) == 1 && c.Kinds[0] == control.Pods && len(c.Requires) == 0 && hardened[c.ID] == control.Passed {
			pods = append(pods, c)
		}
	}
	ratchet, err := export.Validating(denying(export.Options{Controls: byID(t, "BW1901"), Ratchet: true, Where: in("ratchet")}))
	store(t, c, ratchet, err)
	except, err := export.Validating(denying(export.Options{Controls: byID(t, "BW1902"), Where: in("except"), Now: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC),
		Exceptions: []config.Exception{
			{Controls: []string{"BW1902"}, Kind: "Pod", Name: "agent-*", Namespace: "except", Reason: "it watches processes", Owner: "nodes", Expires: "2027-01-01"},
			{Controls: []string{"os-level-security-domains"}, Name: "late", Reason: "expired", Expires: "2026-11-22"},
			{Controls: []string{"*"}, Name: "narrow", Container: "c", Reason: "one container"},
		}}))
	store(t, c, except, err)
	if len(except.Notes) != 2 {
		t.Errorf("notes %v, want one for the expired exception and one for the container", except.Notes)
	}
	combined, err := export.Validating(denying(export.Options{Controls: pods, Combine: true, Where: in("combined")}))
	if err != nil || len(combined.Files) != 1 {
		t.Fatalf("%d files of %d controls: %v", len(combined.Files), len(pods), err)
	}
	store(t, c, combined, err)
	message, err := export.Validating(denying(export.Options{Controls: byID(t, "SHOP-001"), Where: in("message"),
		Messages: func(*control.Control) string { return set.Rules[0].MessageExpression() }}))
	if err == nil { // all policies about pods have the name of their control, and BW1902 stands in its own namespace
		store(t, c, message, err)
	}
	if err := c.Settle(testContext(t)); err != nil {
		t.Fatal(err)
	}
	t.Run("ratchet", func(t *testing.T) { ratcheted(t, judge, writer) })
	t.Run("exceptions", func(t *testing.T) { excepted(t, judge) })
	t.Run("combined", func(t *testing.T) { combinedAgrees(t, judge, pods) })
	t.Run("message", func(t *testing.T) {
		err := try(t, judge, "message", pod("p", nil))
		if want := "SHOP-001: container main runs registry.example/app/main:1.2.3, which is not from registry.shop.example/; container first runs"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	})
}

// pod is the bare pod with one field of its spec set.
func pod(name string, set map[string]any) *unstructured.Unstructured {
	spec := podSpecs()["bare"]
	for k, v := range set {
		spec[k] = v
	}
	o := &unstructured.Unstructured{Object: wrap("Pod", spec)}
	o.SetName(name)
	return o
}

// try asks for a dry run of creating an object.
func try(t *testing.T, a *asker, ns string, o *unstructured.Unstructured) error {
	t.Helper()
	client, namespaced, err := a.resource(o, ns)
	if err != nil {
		t.Fatal(err)
	}
	if namespaced {
		o.SetNamespace(ns)
	}
	_, err = client.Create(testContext(t), o, metav1.CreateOptions{DryRun: dryRun})
	return err
}

func ratcheted(t *testing.T, judge, writer *asker) {
	deployment := func(name string, privileged bool) *unstructured.Unstructured {
		spec := podSpecs()["bare"]
		spec["containers"].([]any)[0].(map[string]any)["securityContext"] = map[string]any{"privileged": privileged}
		o := &unstructured.Unstructured{Object: wrap("Deployment", spec)}
		o.SetName(name)
		o.SetNamespace("ratchet")
		return o
	}
	ctx := testContext(t)
	update := func(a *asker, o *unstructured.Unstructured) error {
		client, _, err := a.resource(o, "ratchet")
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Update(ctx, o, metav1.UpdateOptions{DryRun: dryRun})
		return err
	}
	if err := try(t, judge, "ratchet", deployment("new", true)); err == nil || !strings.Contains(err.Error(), "BW1901") {
		t.Errorf("a new violation: %v", err)
	}
	client, _, err := writer.resource(deployment("x", true), "ratchet")
	if err != nil {
		t.Fatal(err)
	}
	for name, privileged := range map[string]bool{"old": true, "good": false} {
		if _, err := client.Create(ctx, deployment(name, privileged), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	touched := deployment("old", true)
	touched.SetLabels(map[string]string{"touched": "yes"})
	if err := update(judge, touched); err != nil {
		t.Errorf("an update of what was bad before: %v", err)
	}
	if err := update(judge, deployment("good", true)); err == nil || !strings.Contains(err.Error(), "BW1901") {
		t.Errorf("an update that makes a good object bad: %v", err)
	}
	if err := update(judge, deployment("old", false)); err != nil {
		t.Errorf("an update that mends: %v", err)
	}
}

func excepted(t *testing.T, judge *asker) {
	hostPID := map[string]any{"hostPID": true}
	for name, refused := range map[string]bool{"agent-1": false, "other": true, "late": true, "narrow": true} {
		if err := try(t, judge, "except", pod(name, hostPID)); (err != nil) != refused {
			t.Errorf("pod %s: %v, want refused=%t", name, err, refused)
		}
	}
}

// combinedAgrees compares one policy for all controls with the scan.
func combinedAgrees(t *testing.T, judge *asker, pods []*control.Control) {
	ns := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "combined"}}}
	refused, admitted, skipped := 0, 0, 0
	for from, content := range mutants(t) {
		o := clean(content)
		err := try(t, judge, "combined", o)
		if err != nil && !strings.Contains(err.Error(), "ValidatingAdmissionPolicy") {
			skipped++
			continue
		}
		verdicts, _ := scanVerdict(t, question{object: o}, ns, pods)
		fails := ""
		for id, r := range verdicts {
			if r == control.Failed {
				fails = id
			}
		}
		if (fails != "") != (err != nil) {
			t.Errorf("%s: scan fails %q, server says %v", from, fails, err)
		}
		if err != nil {
			refused++
		} else {
			admitted++
		}
	}
	t.Logf("%d controls in one policy: refused=%d admitted=%d skipped=%d", len(pods), refused, admitted, skipped)
	if refused < 50 || admitted < 10 {
		t.Error("too few to mean much")
	}
}

// TestGuard wants that nobody but the guard's groups changes exported policies, not even who may do everything.
func TestGuard(t *testing.T) {
	o := denying(export.Options{Controls: byID(t, "BW1901"), Static: true, GuardGroups: []string{"system:masters"}})
	o.ExemptGroups = nil
	b, err := export.Guard(o)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text, err := b.Files[0].YAML()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, b.Files[0].Name), text, 0o600); err != nil {
		t.Fatal(err)
	}
	c := start(t, Options{AdmissionStaticDir: dir})
	stored, err := export.Validating(denying(export.Options{Controls: byID(t, "BW1901")}))
	store(t, c, stored, err)

	_, err = c.Client().RbacV1().ClusterRoleBindings().Create(testContext(t), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "eve"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: "eve"}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := c.UserConfig("eve")
	if err != nil {
		t.Fatal(err)
	}
	eve, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	policies := func(k kubernetes.Interface) error {
		return k.AdmissionregistrationV1().ValidatingAdmissionPolicies().Delete(testContext(t), "bw1901.bulwark.dev", metav1.DeleteOptions{DryRun: dryRun})
	}
	waitFor(t, "the authorizer to learn of the grant", func() error {
		_, err := eve.CoreV1().Secrets("default").List(testContext(t), metav1.ListOptions{})
		return err
	})
	if err := policies(eve); err == nil || !strings.Contains(err.Error(), "this policy is guarded") {
		t.Errorf("eve deletes the policy: %v", err)
	}
	err = eve.AdmissionregistrationV1().ValidatingAdmissionPolicyBindings().Delete(testContext(t), "bw1901.bulwark.dev", metav1.DeleteOptions{DryRun: dryRun})
	if err == nil || !strings.Contains(err.Error(), "this policy is guarded") {
		t.Errorf("eve deletes the binding: %v", err)
	}
	if err := policies(c.Client()); err != nil {
		t.Errorf("the administrator deletes the policy: %v", err)
	}
	other := &admissionv1.ValidatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: "other.example"}, Spec: admissionv1.ValidatingAdmissionPolicySpec{
		MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
			Operations: []admissionv1.OperationType{admissionv1.Create}, Rule: admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}}}}}},
		Validations: []admissionv1.Validation{{Expression: "true"}},
	}}
	if _, err := eve.AdmissionregistrationV1().ValidatingAdmissionPolicies().Create(testContext(t), other, metav1.CreateOptions{DryRun: dryRun}); err != nil {
		t.Errorf("eve makes a policy of her own: %v", err)
	}
}

// TestMutating wants that a mutating policy takes away the finding of every object
// that bulwark fix could mend, and leaves alone what passes.
func TestMutating(t *testing.T) {
	c := start(t, Options{})
	a := newAsker(t, c, "maker")
	plain := a.makeNamespace(t, "plain", nil)
	serveCustomKinds(t, c, corpus(t))
	var fixers []*control.Control
	policies := map[string]bool{}
	for _, k := range parityControls(t) {
		if k.Remedy == nil {
			continue
		}
		label := strings.ToLower(k.ID)
		b, err := export.Mutating(export.Options{Controls: []*control.Control{k}, Workloads: true, Version: "forms", Where: export.Where{Labels: map[string]string{"mend": label}}})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range b.Notes {
			t.Logf("%s: %s", n.Control, n.Message)
		}
		if len(b.Files) == 0 {
			continue
		}
		store(t, c, b, nil)
		a.makeNamespace(t, "mend-"+label, map[string]string{"mend": label})
		policies[k.ID] = true
		fixers = append(fixers, k)
	}
	if err := c.Settle(testContext(t)); err != nil {
		t.Fatal(err)
	}
	a.makeClasses(t, corpus(t))
	all := corpus(t)
	mended, untouched, refused := map[string]int{}, 0, 0
	for _, k := range fixers {
		for i, s := range all {
			if strings.HasPrefix(s.from, "mutant") && i%3 > 0 {
				continue
			}
			kind := world.GroupKind(s.object.GroupVersionKind().Group, s.object.GetKind())
			own := strings.Contains(s.from, "/"+k.ID+"/")
			if !export.Covers(k, kind, false) || !own && !strings.HasPrefix(s.from, "mutant") || !own && k.Profile == control.Strict {
				continue
			}
			switch m := mutation(t, a, k, s, plain); m {
			case "refused":
				refused++
			case "mended":
				mended[k.ID]++
			case "untouched":
				untouched++
			}
		}
	}
	t.Logf("mutating policies=%d that mended=%d objects mended=%d untouched=%d refused=%d", len(policies), len(mended), total(mended), untouched, refused)
	for id := range policies {
		if mended[id] == 0 {
			t.Logf("%s mended nothing that the server takes", id)
		}
	}
	if len(mended) < 25 || untouched < 200 {
		t.Error("too few to mean much")
	}
}

func total(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

// mutation creates one object with and without the policy of a control, dry.
func mutation(t *testing.T, a *asker, k *control.Control, s specimen, plain *unstructured.Unstructured) string {
	t.Helper()
	send := func(ns string) (*unstructured.Unstructured, error) {
		o := s.object.DeepCopy()
		client, namespaced, err := a.resource(o, ns)
		if err != nil {
			return nil, err
		}
		if o.SetNamespace(""); namespaced {
			o.SetNamespace(ns)
		} else if label, ok := strings.CutPrefix(ns, "mend-"); ok && o.GetKind() == "Namespace" {
			labels := o.GetLabels()
			if labels == nil {
				labels = map[string]string{}
			}
			labels["mend"] = label
			o.SetLabels(labels)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		return client.Create(ctx, o, metav1.CreateOptions{DryRun: dryRun})
	}
	before, err := send("plain")
	if err != nil {
		return "refused"
	}
	after, err := send("mend-" + strings.ToLower(k.ID))
	if err != nil {
		t.Errorf("%s %s: with the policy the server refuses it: %v", k.ID, s.from, err)
		return ""
	}
	fails, fixable := verdictOf(t, k, before, plain)
	still, _ := verdictOf(t, k, after, plain)
	switch {
	case fails && fixable && still:
		t.Errorf("%s %s: the mutated object still fails", k.ID, s.from)
	case fails && !still:
		return "mended"
	case !fails && !reflect.DeepEqual(body(before), body(after)):
		t.Errorf("%s %s: passes, and is changed all the same:\n%v\n%v", k.ID, s.from, body(before), body(after))
	case !fails:
		return "untouched"
	}
	return ""
}

// body is an object without what differs between two creations.
func body(o *unstructured.Unstructured) string {
	o = o.DeepCopy()
	o.SetNamespace("")
	labels := o.GetLabels()
	delete(labels, "mend")
	delete(labels, "controller-uid")
	delete(labels, "batch.kubernetes.io/controller-uid")
	delete(labels, "job-name") // a Job without labels shares the map of its template, unless somebody copied it
	delete(labels, "batch.kubernetes.io/job-name")
	o.SetLabels(labels)
	for _, f := range []string{"uid", "resourceVersion", "creationTimestamp", "managedFields", "generation"} {
		unstructured.RemoveNestedField(o.Object, "metadata", f)
	}
	unstructured.RemoveNestedField(o.Object, "status")
	text := fmt.Sprint(o.Object)
	if uid, _, _ := unstructured.NestedString(o.Object, "spec", "selector", "matchLabels", "batch.kubernetes.io/controller-uid"); uid != "" {
		text = strings.ReplaceAll(text, uid, "UID")
	}
	return text
}

// verdictOf says whether an object of the server fails a control, and whether every finding has a fix.
func verdictOf(t *testing.T, k *control.Control, o, ns *unstructured.Unstructured) (fails, fixable bool) {
	t.Helper()
	b := &world.Builder{Completeness: world.Complete}
	addObject(t, b, ns, true)
	addObject(t, b, o, true)
	fixable = true
	err := control.Run(context.Background(), b.Snapshot(), control.Options{Controls: []*control.Control{k}, Strict: true, Workers: 1}, func(v *control.Verdicts) error {
		if v.Subject.Name != o.GetName() || v.Subject.Kind != o.GetKind() {
			return nil
		}
		for _, f := range v.Findings {
			fails = true
			fixable = fixable && len(f.Fixes) > 0
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return fails, fixable
}
