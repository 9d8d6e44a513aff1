package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"bulwark/facts/attackgraph"
	"bulwark/facts/escapes"
	"bulwark/facts/exposure"
	"bulwark/internal/tri"
	"bulwark/internal/ytree"
	"bulwark/world"
)

// kubeHoundFolder holds the manifests of KubeHound's test cluster, one file for each attack.
const kubeHoundFolder = "vulnerable/DataDog+KubeHound/test/setup/test-cluster/attacks"

// The nodes of KubeHound's test cluster: all of its pods run on the workers.
const (
	houndPlane  = "kubehound-control-plane"
	houndWorker = "kubehound-worker"
)

// attack is what the name of a file promises of an object in it.
type attack struct {
	file, from string
	to         string // what it leads to, as the command line names it; "" when the escape itself is the attack
	by         string // id of the escape or technique
	title      string // part of the escape's title, where the id stands for several
	safe       bool   // the file says that this one must not work
	not        string // why KubeHound is wrong to call it an attack; then it must not be found
}

var attacks = []attack{
	{file: "CE_MODULE_LOAD", from: "pod:default/modload-pod", to: "node-root", by: "E3"},
	{file: "CE_NET_MITM", from: "pod:default/netadmin-pod", by: "E13", title: "forge traffic"},
	{file: "CE_NSENTER", from: "pod:default/nsenter-pod", to: "node-root", by: "E2"},
	{file: "CE_PRIV_MOUNT", from: "pod:default/priv-pod", to: "node-root", by: "E1"},
	{file: "CE_SYS_PTRACE", from: "pod:default/sys-ptrace-pod", to: "node-root", by: "E4"},
	{file: "CE_UMH_CORE_PATTERN", from: "pod:default/umh-core-pod", to: "node-root", by: "E10"},
	{file: "CE_VAR_LOG_SYMLINK", from: "pod:default/varlog-pod", to: "user:system:node:" + houndWorker, by: "E19"},
	{file: "CONTROL_POD", from: "pod:default/control-pod", to: "node-root", safe: true},
	{file: "CONTROL_POD", from: "pod:default/control-pod", to: "cluster-admin", safe: true},
	{file: "ENDPOINT_EXPLOIT", from: "pod:default/endpoints-pod", by: "door"},
	{file: "EXPLOIT_HOST_READ_TRAVERSE", from: "pod:default/host-read-exploit-pod", by: "E20", title: "read credentials"},
	{file: "EXPLOIT_HOST_READ_TRAVERSE", from: "pod:default/host-read-exploit-pod", to: "sa:default/pod-create-sa", by: "E16"},
	{file: "EXPLOIT_HOST_WRITE", from: "pod:default/host-write-exploit-pod", to: "node-root", by: "E20", title: "change files"},
	{file: "IDENTITY_ASSUME", from: "pod:default/tokenget-pod", to: "sa:default/tokenget-sa", by: "L1"},
	{file: "IDENTITY_ASSUME", from: "node:" + houndWorker, to: "user:system:node:" + houndWorker, by: "L5"},
	{file: "IDENTITY_IMPERSONATE", from: "pod:default/impersonate-pod", to: "cluster-admin", by: "R4",
		not: "users and groups have no namespace, so the right to impersonate them in a Role never holds"},
	{file: "POD_CREATE", from: "pod:default/pod-create-pod", to: "node-root", by: "R10"},
	{file: "POD_EXEC", from: "pod:default/pod-exec-pod", to: "pod:default/priv-pod", by: "R13"},
	{file: "POD_PATCH", from: "pod:default/pod-patch-pod", to: "pod:default/priv-pod", by: "R16"},
	{file: "ROLE_BIND_CRB_CR", from: "pod:default/rolebind-pod-crb-cr-crb-cr", to: "cluster-admin", by: "R3"},
	{file: "ROLE_BIND_CRB_CR", from: "pod:default/rolebind-pod-crb-cr-rb-cr", to: "cluster-admin", by: "R3"},
	{file: "ROLE_BIND_CRB_CR", from: "pod:default/rolebind-pod-crb-cr-rb-r", to: "node-root", by: "R3"},
	{file: "ROLE_BIND_CRB_CR", from: "pod:default/rolebind-pod-crb-cr-crb-r-fail", to: "node-root", safe: true},
	{file: "ROLE_BIND_RB_CR-SA", from: "pod:default/rolebind-pod-rb-cr-crb-cr-fail", to: "node-root", safe: true},
	{file: "ROLE_BIND_RB_CR-SA", from: "pod:default/rolebind-pod-rb-cr-rb-cr", to: "node-root", by: "R3"},
	{file: "ROLE_BIND_RB_CR-SA", from: "pod:default/rolebind-pod-rb-cr-rb-r", to: "node-root", by: "R3"},
	{file: "ROLE_BIND_RB_R-SA", from: "pod:default/rolebind-pod-rb-r-rb-r", to: "node-root", by: "R3"},
	{file: "ROLE_BIND_RB_R-SA", from: "pod:default/rolebind-pod-rb-r-rb-crb", to: "node-root", by: "R3"},
	{file: "ROLE_BIND_RB_R-SA", from: "pod:default/rolebind-pod-rb-r-crb-cr-fail", to: "node-root", safe: true},
	{file: "ROLE_BIND_RB_R-UG", from: "user:user-rb-r-rb-r", to: "node-root", by: "R3"},
	{file: "ROLE_BIND_RB_R-UG", from: "group:group-rb-r-rb-r", to: "node-root", by: "R3"},
	{file: "ROLE_BIND_RB_R-UG", from: "user:user-rb-r-rb-crb", to: "node-root", by: "R3"},
	{file: "ROLE_BIND_RB_R-UG", from: "group:group-rb-r-rb-crb", to: "node-root", by: "R3"},
	{file: "ROLE_BIND_RB_R-UG", from: "user:user-rb-r-crb-cr-fail", to: "node-root", safe: true},
	{file: "ROLE_BIND_RB_R-UG", from: "group:group-rb-r-crb-cr-fail", to: "node-root", safe: true},
	{file: "TOKEN_BRUTEFORCE", from: "pod:default/tokenget-pod", to: "sa:default/" + tokenOwner, by: "R6"},
	{file: "TOKEN_LIST", from: "pod:default/tokenlist-pod", to: "sa:default/" + tokenOwner, by: "R6"},
}

// tokenOwner is the account of the token that both attacks on tokens take for
// granted: Kubernetes has not made such Secrets by itself since 1.24.
const tokenOwner = "rolebind-sa-crb-cr-crb-cr"

// kubeHound scores the attacks that KubeHound's own test cluster was built for.
func kubeHound(w io.Writer, data string, verbose bool) error {
	snap, err := houndCluster(filepath.Join(data, kubeHoundFolder))
	if err != nil {
		return err
	}
	g, err := attackgraph.Fact.In(snap)
	if err != nil {
		return err
	}
	exits, err := escapes.Fact.In(snap)
	if err != nil {
		return err
	}
	doors, err := exposure.Fact.In(snap)
	if err != nil {
		return err
	}
	h := &hound{snap, g, exits, doors}
	s := newScore("kubehound")
	var notes []string
	for _, a := range slices.Concat(attacks, h.harmless()) {
		s.rows++
		s.covered++
		s.checks[a.file], s.coveredChecks[a.file] = true, true
		how, err := h.find(a)
		if err != nil {
			return fmt.Errorf("attack %s from %s: %w", a.file, a.from, err)
		}
		notes = append(notes, fmt.Sprintf("%-26s %-48s %s", a.file, a.from, or(how, "no way")))
		if a.not != "" && how == "" {
			s.agreed[a.not]++
			continue
		}
		s.count(!a.safe, how != "")
		if a.safe != (how == "") {
			s.differ = append(s.differ, fmt.Sprintf("%s from %s to %s: ours %s", a.file, a.from, or(a.to, "the attack itself"), or(how, "no way")))
		}
	}
	s.print(w, verbose)
	if verbose {
		for _, n := range notes {
			fmt.Fprintln(w, " ", n)
		}
	}
	return nil
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// hound answers whether an attack works.
type hound struct {
	snap  *world.Snapshot
	graph *attackgraph.Graph
	exits *escapes.Model
	doors *exposure.Index
}

// find returns how an attack works, "" when it does not.
func (h *hound) find(a attack) (string, error) {
	escape := ""
	if a.by == "door" {
		return h.door(a), nil
	}
	if strings.HasPrefix(a.by, "E") || a.by == "" && a.to == "" {
		if escape = h.escape(a); escape == "" || a.to == "" {
			return escape, nil
		}
	}
	from, err := h.graph.Resolve(a.from)
	if err != nil {
		return "", err
	}
	to, err := h.graph.Resolve(a.to)
	if err != nil {
		return "", err
	}
	for _, certain := range []bool{true, false} {
		for _, v := range from {
			for _, p := range h.graph.Ways(v, to, 12, attackgraph.Options{Possible: !certain}) {
				if escape != "" || a.by == "" || slices.ContainsFunc(p.Steps, func(s attackgraph.Step) bool { return s.Technique.ID == a.by }) {
					return h.text(p, escape), nil
				}
			}
		}
	}
	return "", nil
}

// door returns by what others get to a port of the pod: the start of an attack on its program.
func (h *hound) door(a attack) string {
	for o := range h.snap.All("Pod") {
		if podWord(o) != a.from {
			continue
		}
		for _, c := range h.doors.Chains(o) {
			return fmt.Sprintf("%s reaches port %d: %s", c.Who, c.Port, c.Why)
		}
	}
	return ""
}

// text writes a path in one line.
func (h *hound) text(p *attackgraph.Path, escape string) string {
	out := h.graph.At(p.From).ID()
	for _, s := range p.Steps {
		sign := "-"
		if !s.Certain() {
			sign = "?"
		}
		out += " " + sign + s.Technique.ID + "→ " + h.graph.At(s.To).ID()
	}
	if escape != "" {
		out += "  (" + escape + ")"
	}
	return out
}

// escape returns the escape of the id that the attack is about.
func (h *hound) escape(a attack) string {
	perhaps := ""
	for o := range h.snap.All("Pod") {
		if podWord(o) != a.from {
			continue
		}
		for c := range o.Containers {
			for _, e := range h.exits.Of(o, c) {
				switch {
				case a.by != "" && e.ID != a.by || !strings.Contains(e.Title, a.title):
				case e.Verdict == tri.Yes:
					return e.ID + " " + e.Title
				case e.Verdict == tri.Unknown && perhaps == "":
					perhaps = e.ID + " " + e.Title + doubts(&e)
				}
			}
		}
	}
	return perhaps
}

// podWord names a pod as the command line does.
func podWord(o *world.Object) string { return "pod:" + o.Namespace + "/" + o.Name }

func doubts(e *escapes.Escape) (out string) {
	for _, g := range e.Guards {
		if g.Open == tri.Unknown {
			out += "; " + g.Name + " unknown"
		}
	}
	return out
}

// harmless lists the pods that no file calls a way to the node: they must not be one.
func (h *hound) harmless() (out []attack) {
	for o := range h.snap.All("Pod") {
		leads := func(a attack) bool { return a.from == podWord(o) && (strings.HasPrefix(a.by, "E") || a.by == "door") }
		if !slices.ContainsFunc(attacks, leads) {
			out = append(out, attack{file: "no escape", from: podWord(o), safe: true})
		}
	}
	return out
}

// houndCluster reads the manifests as KubeHound applies them: into namespace
// default where they name none, the pods on the first worker.
func houndCluster(folder string) (*world.Snapshot, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no attacks of KubeHound below %s", folder)
	}
	b := &world.Builder{Completeness: world.Complete}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading an attack of KubeHound: %w", err)
		}
		read := new(world.Builder)
		for _, s := range ytree.Split(string(text)) {
			read.AddDoc(&world.Doc{File: filepath.Base(file), Text: string(text), Start: s.Start, End: s.End})
		}
		for _, o := range read.Snapshot().Slice() {
			b.Add(applied(o))
		}
	}
	for _, o := range houndNodes() {
		b.Add(o)
	}
	b.Add(world.NewObject("v1", "Secret", &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "token", Namespace: "default", Annotations: map[string]string{corev1.ServiceAccountNameKey: tokenOwner}},
		Type:       corev1.SecretTypeServiceAccountToken,
	}, world.Declared))
	return b.Snapshot(), nil
}

// applied is an object as the API server keeps it.
func applied(o *world.Object) *world.Object {
	typed := o.Typed.DeepCopyObject()
	acc, ok := typed.(metav1.Object)
	if !ok {
		return o
	}
	if acc.GetNamespace() == "" && !strings.HasPrefix(o.Kind, "Cluster") {
		acc.SetNamespace("default")
	}
	if pod, ok := typed.(*corev1.Pod); ok {
		pod.Spec.NodeName = houndWorker
		pod.Status.Phase = corev1.PodRunning
	}
	return world.NewObject(o.APIVersion, o.Kind, typed, world.Declared)
}

// houndNodes are the namespaces and nodes that KubeHound's cluster of kind starts with.
func houndNodes() []*world.Object {
	var out []*world.Object
	add := func(kind string, o runtime.Object) { out = append(out, world.NewObject("v1", kind, o, world.Declared)) }
	for _, name := range []string{"default", "kube-system", "vault"} {
		add("Namespace", &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
	}
	for _, name := range []string{houndPlane, houndWorker, "kubehound-worker2"} {
		n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{}}}
		n.Status.NodeInfo = corev1.NodeSystemInfo{
			OSImage: "Debian GNU/Linux 12 (bookworm)", KernelVersion: "6.12.8-generic", ContainerRuntimeVersion: "containerd://2.1.3", KubeletVersion: "v1.34.0", OperatingSystem: "linux",
		}
		if name == houndPlane {
			n.Labels["node-role.kubernetes.io/control-plane"] = ""
			n.Spec.Taints = []corev1.Taint{{Key: "node-role.kubernetes.io/control-plane", Effect: corev1.TaintEffectNoSchedule}}
		}
		add("Node", n)
	}
	return out
}
