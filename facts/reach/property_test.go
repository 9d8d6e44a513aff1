package reach

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"bulwark/world"
)

// cluster is a random set of objects, for the model and for an evaluator that
// reads the text of the API word by word.
type cluster struct {
	namespaces map[string]map[string]string
	pods       []*corev1.Pod
	policies   []*networkingv1.NetworkPolicy
}

func randomCluster(r *rand.Rand) *cluster {
	c := &cluster{namespaces: map[string]map[string]string{}}
	for _, ns := range []string{"x", "y", "z"} {
		set := map[string]string{"kubernetes.io/metadata.name": ns}
		if r.IntN(2) == 0 {
			set["team"] = pick(r, "a", "b")
		}
		c.namespaces[ns] = set
		for i := range 3 {
			c.pods = append(c.pods, randomPod(r, ns, i, len(c.pods)))
		}
	}
	for i := range r.IntN(7) {
		c.policies = append(c.policies, randomPolicy(r, i))
	}
	return c
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func randomPod(r *rand.Rand, ns string, i, n int) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: fmt.Sprint("p", i), Labels: map[string]string{}}}
	for _, k := range []string{"app", "tier"} {
		if r.IntN(4) > 0 {
			p.Labels[k] = pick(r, "a", "b", "c")
		}
	}
	p.Spec.Containers = []corev1.Container{{Name: "c", Image: "i"}}
	if r.IntN(3) > 0 {
		p.Spec.Containers[0].Ports = []corev1.ContainerPort{{Name: "web", ContainerPort: pick(r, int32(80), 8080), Protocol: pick(r, corev1.ProtocolTCP, corev1.ProtocolUDP)}}
	}
	p.Status.PodIP = fmt.Sprintf("10.0.%d.%d", n/2, n)
	return p
}

func randomSelector(r *rand.Rand, keys ...string) *metav1.LabelSelector {
	s := &metav1.LabelSelector{}
	for range r.IntN(3) {
		key := pick(r, keys...)
		switch r.IntN(5) {
		case 0:
			if s.MatchLabels == nil {
				s.MatchLabels = map[string]string{}
			}
			s.MatchLabels[key] = pick(r, "a", "b")
		case 1:
			s.MatchExpressions = append(s.MatchExpressions, metav1.LabelSelectorRequirement{Key: key, Operator: metav1.LabelSelectorOpIn, Values: []string{"a", pick(r, "b", "c")}})
		case 2:
			s.MatchExpressions = append(s.MatchExpressions, metav1.LabelSelectorRequirement{Key: key, Operator: metav1.LabelSelectorOpNotIn, Values: []string{pick(r, "a", "b")}})
		case 3:
			s.MatchExpressions = append(s.MatchExpressions, metav1.LabelSelectorRequirement{Key: key, Operator: metav1.LabelSelectorOpExists})
		case 4:
			s.MatchExpressions = append(s.MatchExpressions, metav1.LabelSelectorRequirement{Key: key, Operator: metav1.LabelSelectorOpDoesNotExist})
		}
	}
	return s
}

func randomPolicy(r *rand.Rand, i int) *networkingv1.NetworkPolicy {
	p := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: pick(r, "x", "y", "z"), Name: fmt.Sprint("np", i)}}
	p.Spec.PodSelector = *randomSelector(r, "app", "tier")
	for _, t := range []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress} {
		if r.IntN(3) > 0 {
			p.Spec.PolicyTypes = append(p.Spec.PolicyTypes, t)
		}
	}
	for range r.IntN(3) {
		p.Spec.Ingress = append(p.Spec.Ingress, networkingv1.NetworkPolicyIngressRule{From: randomPeers(r), Ports: randomPorts(r)})
	}
	for range r.IntN(3) {
		p.Spec.Egress = append(p.Spec.Egress, networkingv1.NetworkPolicyEgressRule{To: randomPeers(r), Ports: randomPorts(r)})
	}
	return p
}

func randomPeers(r *rand.Rand) []networkingv1.NetworkPolicyPeer {
	var out []networkingv1.NetworkPolicyPeer
	for range r.IntN(3) {
		switch r.IntN(4) {
		case 0:
			out = append(out, networkingv1.NetworkPolicyPeer{PodSelector: randomSelector(r, "app", "tier")})
		case 1:
			out = append(out, networkingv1.NetworkPolicyPeer{NamespaceSelector: randomSelector(r, "team", "kubernetes.io/metadata.name")})
		case 2:
			out = append(out, networkingv1.NetworkPolicyPeer{NamespaceSelector: randomSelector(r, "team"), PodSelector: randomSelector(r, "app", "tier")})
		case 3:
			b := &networkingv1.IPBlock{CIDR: pick(r, "10.0.0.0/16", "10.0.1.0/24", "0.0.0.0/0", "192.0.2.0/24", "::/0")}
			if b.CIDR == "10.0.0.0/16" || b.CIDR == "0.0.0.0/0" {
				b.Except = pick(r, nil, []string{"10.0.1.0/24"}, []string{"10.0.0.1/32", "10.0.2.0/24"})
			}
			out = append(out, networkingv1.NetworkPolicyPeer{IPBlock: b})
		}
	}
	return out
}

func randomPorts(r *rand.Rand) []networkingv1.NetworkPolicyPort {
	var out []networkingv1.NetworkPolicyPort
	for range r.IntN(3) {
		p := networkingv1.NetworkPolicyPort{}
		if r.IntN(3) > 0 {
			protocol := pick(r, corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)
			p.Protocol = &protocol
		}
		switch r.IntN(4) {
		case 0:
			port := intstr.FromString("web")
			p.Port = &port
		case 1:
			port := intstr.FromInt32(pick(r, int32(80), 81, 8080))
			p.Port = &port
		case 2:
			port, end := intstr.FromInt32(pick(r, int32(79), 80)), pick(r, int32(80), 100)
			p.Port, p.EndPort = &port, &end
		}
		out = append(out, p)
	}
	return out
}

// model derives the model of the cluster.
func (c *cluster) model(t testing.TB) *Model {
	b := &world.Builder{Completeness: world.Complete}
	for name, set := range c.namespaces {
		b.Add(world.NewObject("v1", "Namespace", &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: set}}, world.Declared))
	}
	for _, p := range c.pods {
		b.Add(world.NewObject("v1", "Pod", p.DeepCopy(), world.Declared))
	}
	for _, p := range c.policies {
		b.Add(world.NewObject("networking.k8s.io/v1", "NetworkPolicy", p.DeepCopy(), world.Declared))
	}
	m, err := Fact.In(b.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// allows is the second evaluator: a transcription of the documentation of the
// API's fields, object by object, that shares no code with the model.
func (c *cluster) allows(from, to *corev1.Pod, protocol corev1.Protocol, port int32) bool {
	if from == to {
		return true
	}
	return c.passes(from, to, to, networkingv1.PolicyTypeEgress, protocol, port) &&
		c.passes(to, from, to, networkingv1.PolicyTypeIngress, protocol, port)
}

func (c *cluster) passes(subject, other, to *corev1.Pod, d networkingv1.PolicyType, protocol corev1.Protocol, port int32) bool {
	isolated := false
	for _, p := range c.policies {
		if p.Namespace != subject.Namespace || !selectorMatches(&p.Spec.PodSelector, subject.Labels) {
			continue
		}
		types := p.Spec.PolicyTypes
		if len(types) == 0 {
			types = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
			if len(p.Spec.Egress) > 0 {
				types = append(types, networkingv1.PolicyTypeEgress)
			}
		}
		if !slices.Contains(types, d) {
			continue
		}
		isolated = true
		if d == networkingv1.PolicyTypeIngress {
			for _, r := range p.Spec.Ingress {
				if c.peersHold(p.Namespace, r.From, other) && portsHold(r.Ports, to, protocol, port) {
					return true
				}
			}
			continue
		}
		for _, r := range p.Spec.Egress {
			if c.peersHold(p.Namespace, r.To, other) && portsHold(r.Ports, to, protocol, port) {
				return true
			}
		}
	}
	return !isolated
}

func selectorMatches(s *metav1.LabelSelector, set map[string]string) bool {
	sel, err := metav1.LabelSelectorAsSelector(s)
	return err == nil && sel.Matches(labels.Set(set))
}

func (c *cluster) peersHold(home string, peers []networkingv1.NetworkPolicyPeer, other *corev1.Pod) bool {
	if len(peers) == 0 {
		return true
	}
	for _, p := range peers {
		if p.IPBlock != nil {
			ip := netip.MustParseAddr(other.Status.PodIP)
			if !netip.MustParsePrefix(p.IPBlock.CIDR).Contains(ip) {
				continue
			}
			if !slices.ContainsFunc(p.IPBlock.Except, func(e string) bool { return netip.MustParsePrefix(e).Contains(ip) }) {
				return true
			}
			continue
		}
		if p.NamespaceSelector == nil && other.Namespace != home {
			continue
		}
		if p.NamespaceSelector != nil && !selectorMatches(p.NamespaceSelector, c.namespaces[other.Namespace]) {
			continue
		}
		if p.PodSelector == nil || selectorMatches(p.PodSelector, other.Labels) {
			return true
		}
	}
	return false
}

func portsHold(ports []networkingv1.NetworkPolicyPort, to *corev1.Pod, protocol corev1.Protocol, port int32) bool {
	if len(ports) == 0 {
		return true
	}
	for _, p := range ports {
		want := corev1.ProtocolTCP
		if p.Protocol != nil {
			want = *p.Protocol
		}
		if want != protocol {
			continue
		}
		switch {
		case p.Port == nil:
			return true
		case p.Port.Type == intstr.String:
			for _, cp := range to.Spec.Containers[0].Ports {
				if cp.Name == p.Port.StrVal && cp.Protocol == protocol && cp.ContainerPort == port {
					return true
				}
			}
		case p.EndPort != nil:
			if p.Port.IntVal <= port && port <= *p.EndPort {
				return true
			}
		case p.Port.IntVal == port:
			return true
		}
	}
	return false
}

// TestAgainstTheText compares the model, one by one and all pairs at once, with
// the transcription, over random clusters.
func TestAgainstTheText(t *testing.T) {
	rounds := 150
	if testing.Short() {
		rounds = 40
	}
	decided, allowed := 0, 0
	for seed := range rounds {
		r := rand.New(rand.NewPCG(uint64(seed), 14))
		c := randomCluster(r)
		m := c.model(t)
		ends := make([]Endpoint, len(c.pods))
		for i, p := range c.pods {
			ends[i] = pods(t, m, p.Namespace+"/"+p.Name)
		}
		for _, protocol := range KnownProtocols() {
			for _, port := range []int32{79, 80, 81, 8080, 65535} {
				pairs := m.Pairs(protocol, port)
				for i, from := range c.pods {
					for j, to := range c.pods {
						want := Denied
						if c.allows(from, to, protocol, port) {
							want = Allowed
							allowed++
						}
						decided++
						a := m.Decide(ends[i], ends[j], protocol, port)
						if a.Verdict != want {
							t.Fatalf("seed %d: %s/%s to %s/%s %s %d: %v, want %v\n%+v", seed, from.Namespace, from.Name, to.Namespace, to.Name, protocol, port, a.Verdict, want, a.Steps)
						}
						if got := m.Verdict(ends[i], ends[j], protocol, port); got != want {
							t.Fatalf("seed %d: Verdict says %v, Decide %v", seed, got, want)
						}
						if got := pairs.Verdict(ends[i].Class.Index, ends[j].Class.Index); got != want {
							t.Fatalf("seed %d: %s to %s %s %d: pairs say %v, want %v", seed, ends[i].Name, ends[j].Name, protocol, port, got, want)
						}
					}
				}
			}
		}
	}
	if allowed < decided/20 || allowed > decided*19/20 {
		t.Errorf("%d of %d are allowed: the clusters are not telling", allowed, decided)
	}
	t.Logf("%d decisions, %d allowed", decided, allowed)
}

// TestAnyPort compares the joined ports with all of them one by one.
func TestAnyPort(t *testing.T) {
	for seed := range 60 {
		m := randomCluster(rand.New(rand.NewPCG(uint64(seed), 15))).model(t)
		some, every := m.AnyPort()
		n := len(m.Classes())
		open, all := make([]int, n*n), 0
		for _, a := range m.Atoms() {
			p := m.Pairs(a.Protocol, a.First)
			all++
			for i := range n * n {
				if p.Verdict(i%n, i/n) == Allowed {
					open[i]++
				}
			}
		}
		for i := range n * n {
			if got := some.Verdict(i%n, i/n) == Allowed; got != (open[i] > 0) {
				t.Fatalf("seed %d: some port from %d to %d: %v, but %d of %d are open", seed, i%n, i/n, got, open[i], all)
			}
			if got := every.Verdict(i%n, i/n) == Allowed; got != (open[i] == all) {
				t.Fatalf("seed %d: every port from %d to %d: %v, but %d of %d are open", seed, i%n, i/n, got, open[i], all)
			}
		}
	}
}
