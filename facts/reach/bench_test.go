package reach

import (
	"fmt"
	"math/rand/v2"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	appsv1 "k8s.io/api/apps/v1"

	"bulwark/world"
)

// estate makes n workloads and about twice as many policies in namespaces of
// ten, each with a default deny, a policy for each workload that lets one
// neighbour in on one port, and one in ten open to a whole team of namespaces.
func estate(n int) *world.Snapshot {
	r := rand.New(rand.NewPCG(1, 2))
	b := &world.Builder{Completeness: world.Complete}
	ports := []int32{80, 443, 8080, 8443, 9090, 9187, 5432, 6379, 3306, 27017}
	for ns := range n / 10 {
		name := fmt.Sprintf("ns-%05d", ns)
		b.Add(world.NewObject("v1", "Namespace", &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name,
			Labels: map[string]string{"team": fmt.Sprint("t", ns%50)}}}, world.Declared))
		b.Add(netpol(name, "default-deny", &networkingv1.NetworkPolicySpec{PolicyTypes: []networkingv1.PolicyType{"Ingress", "Egress"}}))
		for w := range 10 {
			app := fmt.Sprintf("app-%d", w)
			set := map[string]string{"app": app, "name": fmt.Sprintf("%s-%s", name, app)}
			b.Add(world.NewObject("apps/v1", "Deployment", &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: name, Name: app},
				Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: set},
					Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i", Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: ports[w]}}}}}}}}, world.Declared))
			port := intstr.FromInt32(ports[w])
			in := networkingv1.NetworkPolicyPeer{PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": fmt.Sprintf("app-%d", (w+1)%10)}}}
			if r.IntN(10) == 0 {
				in = networkingv1.NetworkPolicyPeer{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"team": fmt.Sprint("t", r.IntN(50))}}}
			}
			if r.IntN(4) == 0 {
				port = intstr.FromString("http")
			}
			b.Add(netpol(name, app+"-in", &networkingv1.NetworkPolicySpec{PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{"app": app}},
				PolicyTypes: []networkingv1.PolicyType{"Ingress"},
				Ingress:     []networkingv1.NetworkPolicyIngressRule{{From: []networkingv1.NetworkPolicyPeer{in}, Ports: []networkingv1.NetworkPolicyPort{{Port: &port}}}}}))
			b.Add(netpol(name, app+"-out", &networkingv1.NetworkPolicySpec{PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{"app": app}},
				PolicyTypes: []networkingv1.PolicyType{"Egress"},
				Egress: []networkingv1.NetworkPolicyEgressRule{{To: []networkingv1.NetworkPolicyPeer{
					{NamespaceSelector: &metav1.LabelSelector{}}, {IPBlock: &networkingv1.IPBlock{CIDR: "0.0.0.0/0", Except: []string{"10.0.0.0/8"}}}}}}}))
		}
	}
	return b.Snapshot()
}

func netpol(ns, name string, spec *networkingv1.NetworkPolicySpec) *world.Object {
	return world.NewObject("networking.k8s.io/v1", "NetworkPolicy", &networkingv1.NetworkPolicy{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name}, Spec: *spec}, world.Declared)
}

// BenchmarkDerive10k reads 10,000 workloads and 21,000 policies.
func BenchmarkDerive10k(b *testing.B) {
	snap := estate(10_000)
	b.ResetTimer()
	for b.Loop() {
		if _, err := Fact.In(snap); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPairs10k judges 100 million pairs for one port.
func BenchmarkPairs10k(b *testing.B) {
	m, err := Fact.In(estate(10_000))
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for b.Loop() {
		m.Pairs("TCP", 443)
	}
}

// BenchmarkAnyPort10k judges 100 million pairs for every port of every protocol.
func BenchmarkAnyPort10k(b *testing.B) {
	m, err := Fact.In(estate(10_000))
	if err != nil {
		b.Fatal(err)
	}
	some := 0
	b.ResetTimer()
	for b.Loop() {
		pairs, _ := m.AnyPort()
		some = 0
		for _, r := range pairs.Certain {
			some += r.Count()
		}
	}
	b.ReportMetric(float64(some), "pairs")
	b.ReportMetric(float64(len(m.distinct())), "atoms")
}

// BenchmarkDecide answers one question without its explanation.
func BenchmarkDecide(b *testing.B) {
	m, err := Fact.In(estate(10_000))
	if err != nil {
		b.Fatal(err)
	}
	from, to := m.Pods(m.Classes()[1]), m.Pods(m.Classes()[0])
	b.ResetTimer()
	for b.Loop() {
		m.Verdict(from, to, "TCP", 80)
	}
}
