package isolation_test

import (
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"bulwark/facts/exposure"
	"bulwark/facts/isolation"
	"bulwark/facts/mtls"
	"bulwark/world"
)

// estate is a live cluster: pods of workloads of 20 pods each, spread over nodes, and two privileged agents on every node.
func estate(nodes, pods int) *world.Snapshot {
	b := new(world.Builder)
	spec := func(privileged bool, account string) corev1.PodSpec {
		c := corev1.Container{Name: "c", Image: "registry.example.com/app:1", Ports: []corev1.ContainerPort{{ContainerPort: 8080}}}
		if privileged {
			root := int64(0)
			c.SecurityContext = &corev1.SecurityContext{Privileged: &privileged, RunAsUser: &root}
		}
		return corev1.PodSpec{ServiceAccountName: account, Containers: []corev1.Container{c}}
	}
	pod := func(namespace, name, owner, kind, node string, s corev1.PodSpec) {
		controller := true
		s.NodeName = node
		p := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"app": owner},
				OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: kind, Name: owner, UID: types.UID(owner), Controller: &controller}}},
			Spec: s, Status: corev1.PodStatus{Phase: corev1.PodRunning},
		}
		b.Add(world.NewObject("v1", "Pod", p, world.Effective))
	}
	workload := func(kind, namespace, name string, s corev1.PodSpec) {
		meta := metav1.ObjectMeta{Namespace: namespace, Name: name}
		template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": name}}, Spec: s}
		selector := &metav1.LabelSelector{MatchLabels: template.Labels}
		if kind == "DaemonSet" {
			b.Add(world.NewObject("apps/v1", kind, &appsv1.DaemonSet{ObjectMeta: meta, Spec: appsv1.DaemonSetSpec{Selector: selector, Template: template}}, world.Effective))
			return
		}
		b.Add(world.NewObject("apps/v1", kind, &appsv1.StatefulSet{ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{Selector: selector, Template: template}}, world.Effective))
	}
	for _, kind := range []string{"Pod", "Node", "Namespace", "DaemonSet.apps", "StatefulSet.apps", "Service", "ConfigMap"} {
		b.MarkLive(kind)
	}
	for i := range nodes {
		b.Add(world.NewObject("v1", "Node", &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("node-%d", i)}}, world.Effective))
	}
	for i := range 2 {
		ns, name := fmt.Sprintf("agents-%d", i), fmt.Sprintf("agent-%d", i)
		workload("DaemonSet", ns, name, spec(true, "agent"))
		for n := range nodes {
			pod(ns, fmt.Sprintf("%s-%d", name, n), name, "DaemonSet", fmt.Sprintf("node-%d", n), spec(true, "agent"))
		}
	}
	for i := range (pods - 2*nodes) / 20 {
		ns, name := fmt.Sprintf("ns-%d", i%500), fmt.Sprintf("app-%d", i)
		workload("StatefulSet", ns, name, spec(false, name))
		b.Add(world.NewObject("v1", "Service", &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name}, Spec: corev1.ServiceSpec{
			Selector: map[string]string{"app": name}, Ports: []corev1.ServicePort{{Port: 80}}}}, world.Effective))
		for j := range 20 {
			pod(ns, fmt.Sprintf("%s-%d", name, j), name, "StatefulSet", fmt.Sprintf("node-%d", (i*20+j)%nodes), spec(false, name))
		}
	}
	return b.Snapshot()
}

// BenchmarkFacts derives each fact of a large live cluster, everything below it included.
func BenchmarkFacts(b *testing.B) {
	snap := estate(10_000, 100_000)
	b.Run("isolation", func(b *testing.B) {
		for b.Loop() {
			m, err := isolation.Fact.In(snap)
			if err != nil {
				b.Fatal(err)
			}
			mixed := 0
			for _, d := range m.Domains(true) {
				if d.Mixed() {
					mixed += len(d.Workloads)
				}
			}
			if mixed != 2 {
				b.Fatalf("%d workloads in mixed domains, want the two agents", mixed)
			}
		}
	})
	b.Run("mtls", func(b *testing.B) {
		for b.Loop() {
			if _, err := mtls.Fact.In(snap); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("exposure", func(b *testing.B) {
		for b.Loop() {
			if _, err := exposure.Fact.In(snap); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestLive finds the two agents of a live cluster to be one domain over the nodes that they share.
func TestLive(t *testing.T) {
	m, err := isolation.Fact.In(estate(5, 110))
	if err != nil {
		t.Fatal(err)
	}
	a, b, app := find(t, m, "agent-0"), find(t, m, "agent-1"), find(t, m, "app-0")
	if m.DomainOf(a, true) != m.DomainOf(b, true) || m.DomainOf(a, true) == m.DomainOf(app, false) {
		t.Errorf("the agents are one domain: %v; with an application: %v", m.DomainOf(a, true) == m.DomainOf(b, true), m.DomainOf(a, true) == m.DomainOf(app, false))
	}
	if len(a.Nodes) != 5 || len(m.Workloads()) != 7 {
		t.Errorf("the agent runs on %d nodes, and there are %d workloads; want 5 and 7", len(a.Nodes), len(m.Workloads()))
	}
	if way := m.Why(a, app, true); len(way) != 2 || way[0].Object.Kind != "Pod" || way[1].From != way[0].To {
		t.Errorf("the way from an agent to an application is %v", way)
	}
}
