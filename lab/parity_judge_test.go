package lab

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"bulwark/control"
	"bulwark/world"
)

// The two identities of the parity tests: the judge's requests are judged and
// audited, the writer's are exempt and store what updates start from.
const (
	judgeUser, writerUser = "parity-judge", "parity-writer"
	exemptGroup           = "parity-exempt"
)

// auditFlags make the API server write who was refused by which policy: the
// answer to a request names the first only.
func auditFlags(t *testing.T) (flags []string, log string) {
	t.Helper()
	dir := t.TempDir()
	policy := filepath.Join(dir, "audit.yaml")
	text := "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- {level: Metadata, users: [" + judgeUser + "]}\n- {level: None}\n"
	if err := os.WriteFile(policy, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	log = filepath.Join(dir, "audit.log")
	return []string{"--audit-policy-file=" + policy, "--audit-log-path=" + log, "--audit-log-maxsize=2000"}, log
}

// asker sends the requests of one identity and numbers them for the audit log.
type asker struct {
	client dynamic.Interface
	mapper meta.RESTMapper
}

type auditIDKey struct{}

// auditID gives each request the id that its context carries.
type auditID struct{ next http.RoundTripper }

func (a auditID) RoundTrip(r *http.Request) (*http.Response, error) {
	if id, ok := r.Context().Value(auditIDKey{}).(string); ok {
		r = r.Clone(r.Context())
		r.Header.Set("Audit-ID", id)
	}
	return a.next.RoundTrip(r)
}

func newAsker(t *testing.T, c *Cluster, user string, groups ...string) *asker {
	t.Helper()
	cfg, err := c.UserConfig(user, append(groups, "system:masters")...)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper { return auditID{next} })
	cfg.WarningHandler = rest.NoWarnings{}
	client, err := dynamic.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	disco, err := discovery.NewDiscoveryClientForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &asker{client, restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(disco))}
}

// resource returns the client for an object's kind, and whether the kind is namespaced.
func (a *asker) resource(o *unstructured.Unstructured, ns string) (dynamic.ResourceInterface, bool, error) {
	gvk := o.GroupVersionKind()
	m, err := a.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return nil, false, err
	}
	if m.Scope.Name() == meta.RESTScopeNameNamespace {
		return a.client.Resource(m.Resource).Namespace(ns), true, nil
	}
	return a.client.Resource(m.Resource), false, nil
}

// question is one request whose answer is compared with the scan.
type question struct {
	id, what string
	object   *unstructured.Unstructured
	live     bool // the object is as the server stores it
	refused  bool // by a policy
	err      error
}

// ask sends one dry-run request and notes how it ended; an error that no policy
// gave means that the object never came before the policies.
func ask(ctx context.Context, what string, live bool, o *unstructured.Unstructured, send func(context.Context) error) question {
	q := question{id: string(uuid.NewUUID()), what: what, object: o, live: live}
	q.err = send(context.WithValue(ctx, auditIDKey{}, q.id))
	if apierrors.IsForbidden(q.err) && strings.Contains(q.err.Error(), "ValidatingAdmissionPolicy '") {
		q.refused, q.err = true, nil
	}
	if apierrors.IsAlreadyExists(q.err) { // which is found out after the policies
		q.err = nil
	}
	return q
}

var dryRun = []string{metav1.DryRunAll}

// examiner puts specimens before the server in one namespace.
type examiner struct {
	judge, writer *asker
	namespace     string
}

// examine asks about creating and updating one specimen. What cannot be stored
// without upsetting the rest of the cluster is only created.
func (x *examiner) examine(ctx context.Context, s specimen) []question {
	o := s.object.DeepCopy()
	client, namespaced, err := x.judge.resource(o, x.namespace)
	if err != nil {
		return []question{{what: "CREATE " + s.from, err: err}}
	}
	o.SetNamespace("")
	if namespaced {
		o.SetNamespace(x.namespace)
	}
	ephemeral, _, _ := unstructured.NestedSlice(o.Object, "spec", "ephemeralContainers")
	if o.GetKind() == "Pod" {
		unstructured.RemoveNestedField(o.Object, "spec", "ephemeralContainers")
	}
	out := []question{ask(ctx, "CREATE "+s.from, false, o, func(ctx context.Context) error {
		_, err := client.Create(ctx, o, metav1.CreateOptions{DryRun: dryRun})
		return err
	})}
	if out[0].err != nil || upsetting(o) {
		return out
	}
	mine, _, err := x.writer.resource(o, x.namespace)
	if err != nil {
		return append(out, question{what: "UPDATE " + s.from, err: err})
	}
	stored, err := mine.Create(ctx, o, metav1.CreateOptions{})
	if err != nil {
		return append(out, question{what: "UPDATE " + s.from, err: err})
	}
	defer remove(ctx, mine, stored)
	touched := stored.DeepCopy()
	annotations := touched.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations["parity.example/touched"] = "yes"
	touched.SetAnnotations(annotations)
	out = append(out, ask(ctx, "UPDATE "+s.from, true, touched, func(ctx context.Context) error {
		_, err := client.Update(ctx, touched, metav1.UpdateOptions{DryRun: dryRun})
		return err
	}))
	if len(ephemeral) > 0 && o.GetKind() == "Pod" {
		debugged := stored.DeepCopy()
		if err := unstructured.SetNestedSlice(debugged.Object, ephemeral, "spec", "ephemeralContainers"); err == nil {
			out = append(out, ask(ctx, "DEBUG "+s.from, true, debugged, func(ctx context.Context) error {
				_, err := client.Update(ctx, debugged, metav1.UpdateOptions{DryRun: dryRun}, "ephemeralcontainers")
				return err
			}))
		}
	}
	return out
}

// upsetting objects would change how the server treats the next ones.
func upsetting(o *unstructured.Unstructured) bool {
	return slices.Contains([]string{"admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "scheduling.k8s.io"}, o.GroupVersionKind().Group) ||
		slices.Contains([]string{"LimitRange", "ResourceQuota", "Namespace"}, o.GetKind())
}

func remove(ctx context.Context, client dynamic.ResourceInterface, o *unstructured.Unstructured) {
	if len(o.GetFinalizers()) > 0 {
		client.Patch(ctx, o.GetName(), "application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
	}
	zero := int64(0)
	background := metav1.DeletePropagationBackground
	client.Delete(ctx, o.GetName(), metav1.DeleteOptions{GracePeriodSeconds: &zero, PropagationPolicy: &background})
}

// makeClasses makes the RuntimeClasses and PriorityClasses that pods name: the
// server refuses pods with others before it asks the policies.
func (a *asker) makeClasses(t *testing.T, specimens []specimen) {
	t.Helper()
	made := map[string]bool{}
	make := func(kind, version, name string, more map[string]any) {
		if name == "" || made[kind+name] || strings.HasPrefix(name, "system-") {
			return
		}
		made[kind+name] = true
		o := &unstructured.Unstructured{Object: more}
		o.SetAPIVersion(version)
		o.SetKind(kind)
		o.SetName(name)
		client, _, err := a.resource(o, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Create(testContext(t), o, metav1.CreateOptions{}); err != nil {
			t.Logf("%s %s: %v", kind, name, err)
		}
	}
	for _, s := range specimens {
		b := &world.Builder{}
		addObject(t, b, s.object, false)
		for _, o := range b.Snapshot().Slice() {
			for p := range o.Pods {
				if p.Spec.RuntimeClassName != nil {
					make("RuntimeClass", "node.k8s.io/v1", *p.Spec.RuntimeClassName, map[string]any{"handler": "lab"})
				}
				make("PriorityClass", "scheduling.k8s.io/v1", p.Spec.PriorityClassName, map[string]any{"value": int64(1000)})
			}
		}
	}
}

// auditEvent is what the tests read of an audit log line.
type auditEvent struct {
	AuditID     string            `json:"auditID"`
	Annotations map[string]string `json:"annotations"`
}

// refusals reads which policies refused which request, by audit id.
func refusals(t *testing.T, log string) map[string]map[string]bool {
	t.Helper()
	f, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]map[string]bool{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e auditEvent
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		policies := map[string]bool{}
		if text := e.Annotations["validation.policy.admission.k8s.io/validation_failure"]; text != "" {
			var failures []struct{ Policy, Message string }
			if err := json.Unmarshal([]byte(text), &failures); err != nil {
				t.Fatal(err)
			}
			if len(failures) >= 50 {
				t.Errorf("a request fails 50 policies, which is all that the audit log holds: use more groups")
			}
			for _, f := range failures {
				policies[f.Policy] = true
				if !strings.Contains(f.Message, ": ") || strings.Contains(f.Message, "failed expression") || strings.Contains(f.Message, "resulted in error") {
					t.Errorf("policy %s: %s", f.Policy, f.Message)
				}
			}
		}
		out[e.AuditID] = policies
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// scanVerdict judges one object as scan does, as a manifest or as a live object,
// beside its namespace: by control id, its result.
func scanVerdict(t *testing.T, q question, ns *unstructured.Unstructured, controls []*control.Control) (map[string]control.Result, world.Ref) {
	t.Helper()
	b := &world.Builder{Completeness: world.Complete}
	addObject(t, b, ns, true)
	addObject(t, b, q.object, q.live)
	out := map[string]control.Result{}
	subject := world.Ref{Group: q.object.GroupVersionKind().Group, Kind: q.object.GetKind(), Namespace: q.object.GetNamespace(), Name: q.object.GetName()}
	err := control.Run(context.Background(), b.Snapshot(), control.Options{Controls: controls, Strict: true, Workers: 1}, func(v *control.Verdicts) error {
		if v.Subject.Ref != subject {
			return nil
		}
		for outcome := range v.Outcomes {
			out[outcome.Control.ID] = outcome.Result
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out, subject
}

func addObject(t *testing.T, b *world.Builder, o *unstructured.Unstructured, live bool) {
	t.Helper()
	text, err := json.Marshal(o.Object)
	if err != nil {
		t.Fatal(err)
	}
	if !live {
		b.AddDoc(&world.Doc{File: "object.json", Text: string(text), End: len(text)})
		return
	}
	typed, _, err := scheme.Codecs.UniversalDeserializer().Decode(text, nil, nil)
	if err != nil { // a custom kind
		typed = o
	}
	b.Add(world.NewObject(o.GetAPIVersion(), o.GetKind(), typed, world.Effective))
}

// inParallel runs f for each item, some at a time.
func inParallel[T any](items []T, workers int, f func(T)) {
	next := make(chan T)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for item := range next {
				f(item)
			}
		})
	}
	for _, item := range items {
		next <- item
	}
	close(next)
	wg.Wait()
}

// makeNamespace is for clusters whose policies would refuse one made by a test.
func (a *asker) makeNamespace(t *testing.T, name string, labels map[string]string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name}}}
	o.SetLabels(labels)
	client, _, err := a.resource(o, "")
	if err != nil {
		t.Fatal(err)
	}
	made, err := client.Create(testContext(t), o, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return made
}
