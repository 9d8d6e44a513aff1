package world

import (
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// read builds a snapshot of one text.
func read(t *testing.T, b *Builder, text string) *Snapshot {
	t.Helper()
	for _, d := range Docs(Doc{File: "x.yaml", Text: text}) {
		b.AddDoc(d)
	}
	return b.Snapshot()
}

func only(t *testing.T, s *Snapshot) *Object {
	t.Helper()
	if s.Len() != 1 || len(s.Gaps()) != 0 {
		t.Fatalf("%d objects, gaps %v", s.Len(), s.Gaps())
	}
	return s.Slice()[0]
}

// paths returns where the pod templates of an object stand.
func paths(o *Object) string {
	var out []string
	for t := range o.Pods {
		out = append(out, t.Path)
	}
	return strings.Join(out, " ")
}

const containers = "containers: [{name: a, image: b}]"

func TestPodTemplates(t *testing.T) {
	for text, want := range map[string]string{
		"apiVersion: v1\nkind: Pod\nspec: {" + containers + "}":                                                                                                                  "",
		"apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {" + containers + "}}}":                                                                                  "spec.template",
		"apiVersion: extensions/v1beta1\nkind: Deployment\nspec: {template: {spec: {" + containers + "}}}":                                                                       "spec.template",
		"apiVersion: batch/v1\nkind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: {" + containers + "}}}}}":                                                             "spec.jobTemplate.spec.template",
		"apiVersion: v1\nkind: PodTemplate\ntemplate: {spec: {" + containers + "}}":                                                                                              "template",
		"apiVersion: v1\nkind: ReplicationController\nspec: {template: {spec: {" + containers + "}}}":                                                                            "spec.template",
		"apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nspec: {template: {spec: {" + containers + "}}}":                                                                        "spec.template",
		"apiVersion: ray.io/v1\nkind: RayCluster\nspec: {headGroupSpec: {template: {spec: {" + containers + "}}}, workerGroupSpecs: [{template: {spec: {" + containers + "}}}]}": "spec.headGroupSpec.template spec.workerGroupSpecs[0].template",
		"apiVersion: x.io/v1\nkind: Thing\nspec: {podTemplate: {spec: {" + containers + "}}}":                                                                                    "spec.podTemplate",
	} {
		o := only(t, read(t, &Builder{}, text))
		if !o.HasPods() || paths(o) != want {
			t.Errorf("%s: templates at %q, want %q", o.Kind, paths(o), want)
		}
	}
	for _, text := range []string{
		"apiVersion: v1\nkind: Service\nspec: {ports: [{port: 80}]}",
		"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {template: {spec: {" + containers + "}}}",
		"apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nspec: {" + containers + "}",
		"apiVersion: v1\nkind: ReplicationController\nspec: {replicas: 1}",
	} {
		if o := only(t, read(t, &Builder{}, text)); o.HasPods() {
			t.Errorf("%s: a template at %q", o.Kind, paths(o))
		}
	}
}

func TestDefaults(t *testing.T) {
	pod := only(t, read(t, &Builder{}, `apiVersion: v1
kind: Pod
spec:
  hostNetwork: on
  serviceAccount: old
  volumes: [{name: v}]
  containers:
  - name: a
    image: host:5000/app
    ports: [{containerPort: 80}]
    resources: {limits: {cpu: 1}}
    securityContext: null
  ephemeralContainers:
  - {name: debug, image: "busybox@sha256:abc"}
`)).Typed.(*corev1.Pod).Spec
	c := pod.Containers[0]
	for what, ok := range map[string]bool{
		"a volume without a source is an emptyDir":   pod.Volumes[0].EmptyDir != nil,
		"the account's other name counts":            pod.ServiceAccountName == "old",
		"on the host's network ports are host ports": pod.HostNetwork && c.Ports[0].HostPort == 80,
		"the protocol is TCP":                        c.Ports[0].Protocol == corev1.ProtocolTCP,
		"a Pod's requests come from its limits":      c.Resources.Requests.Cpu().Value() == 1,
		"no tag means latest, always pulled":         c.ImagePullPolicy == corev1.PullAlways,
		"a digest is pulled once":                    pod.EphemeralContainers[0].ImagePullPolicy == corev1.PullIfNotPresent,
		"a security context is there":                pod.SecurityContext != nil,
	} {
		if !ok {
			t.Errorf("not so: %s", what)
		}
	}
	policy := only(t, read(t, &Builder{}, "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nspec: {podSelector: {}, egress: [{ports: [{port: 53}]}]}\n")).Typed.(*networkingv1.NetworkPolicy)
	if len(policy.Spec.PolicyTypes) != 2 || *policy.Spec.Egress[0].Ports[0].Protocol != corev1.ProtocolTCP {
		t.Errorf("policy %+v", policy.Spec)
	}
}

const twoPods = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: one}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: b, namespace: two}\n"

func TestKnows(t *testing.T) {
	auto := read(t, &Builder{}, twoPods)
	if auto.Knows("Pod", "one") != nil || auto.Knows("Pod", "three") == nil || auto.Knows("Secret", "one") == nil {
		t.Error("auto: only kinds and namespaces that are there prove an absence")
	}
	if s := read(t, &Builder{Completeness: Complete}, twoPods); s.Knows("Secret", "one") != nil {
		t.Error("complete: every absence is proven")
	}
	if s := read(t, &Builder{Completeness: Partial}, twoPods); s.Knows("Pod", "one") == nil {
		t.Error("partial: no absence is proven")
	}
	b := &Builder{Completeness: Complete}
	b.AddKindGap("Secret", errors.New("forbidden"))
	b.MarkLive("ConfigMap")
	s := read(t, b, twoPods)
	if err := s.Knows("Secret", "one"); err == nil || err.Error() != "forbidden" {
		t.Errorf("a kind that could not be read is known: %v", err)
	}
	if s.Knows("ConfigMap", "one") != nil || s.Gapped("Secret") == nil || len(s.Gaps()) != 1 {
		t.Error("a kind read from a live API is not known, or the gap is lost")
	}
}

func TestWith(t *testing.T) {
	s := read(t, &Builder{}, twoPods)
	changed := NewObject("v1", "Pod", &corev1.Pod{ObjectMeta: s.Slice()[0].Typed.(*corev1.Pod).ObjectMeta, Spec: corev1.PodSpec{HostPID: true}}, Declared)
	over := s.With(changed)
	if over.Len() != 2 || over.Get(changed.Ref) != changed || s.Get(changed.Ref) == changed {
		t.Error("the overlay must replace the object and leave the snapshot alone")
	}
	added := NewObject("v1", "Pod", &corev1.Pod{}, Declared)
	if s.With(added).Len() != 3 || s.Len() != 2 {
		t.Error("the overlay must add a new object")
	}
}

func TestPositions(t *testing.T) {
	text := "# head\n" + twoPods + "---\napiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: é, namespace: one}\n  spec:\n    hostPID: true\n"
	s := read(t, &Builder{}, text)
	o := s.Get(Ref{Kind: "Pod", Namespace: "one", Name: "é"})
	if o == nil {
		t.Fatal("the item of the List is missing")
	}
	for path, want := range map[string][2]int{
		"spec.hostPID":            {17, 5},
		"spec.hostNetwork":        {16, 3},
		"metadata.namespace":      {15, 23},
		"metadata.labels[a.b/c]":  {15, 3},
		"":                        {13, 3},
		"spec.containers[3].name": {16, 3},
	} {
		if p := o.Pos(path); p.Line != want[0] || p.Col != want[1] || p.File != "x.yaml" {
			t.Errorf("%q is at %d:%d, want %d:%d", path, p.Line, p.Col, want[0], want[1])
		}
	}
}

func TestOrderDoesNotDependOnReading(t *testing.T) {
	names := func(order []int) string {
		docs := Docs(Doc{File: "b.yaml", Text: twoPods})
		docs = append(docs, Docs(Doc{File: "a.yaml", Text: twoPods})...)
		b := &Builder{}
		for _, i := range order {
			b.AddDoc(docs[i])
		}
		var out []string
		for _, o := range b.Snapshot().Objects() {
			out = append(out, o.Origin()+"/"+o.Name)
		}
		return strings.Join(out, " ")
	}
	if a, b := names([]int{0, 1, 2, 3}), names([]int{3, 1, 0, 2}); a != b || !strings.HasPrefix(a, "a.yaml/a a.yaml/b b.yaml/a") {
		t.Errorf("%q and %q", a, b)
	}
}

func TestLiveObjects(t *testing.T) {
	pod := &corev1.Pod{Spec: corev1.PodSpec{HostPID: true}}
	pod.Name = "live"
	o := NewObject("v1", "Pod", pod, Declared)
	if !o.Live() || o.Origin() != "cluster" || !o.HasPods() {
		t.Errorf("%+v", o)
	}
	if p := o.Pos("spec.hostPID"); p.Line != 0 || p.Path != "spec.hostPID" {
		t.Errorf("position %+v", p)
	}
	placed := o.Place(o.Tree(), []string{"spec.hostPID"})
	if placed[0].Value != "true" {
		t.Errorf("placed %+v", placed)
	}
}
