package lab

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// policed is what NetworkPolicies are about. Rules for nftables are rendered from
// it by what the API's documentation says, without any code of facts/reach: the
// kernel then is the judge of it.
type policed struct {
	namespaces map[string]labels.Set
	nodes      map[string]string // address by name
	pods       []*corev1.Pod
	policies   []*networkingv1.NetworkPolicy
}

// side is one direction of a policy, as seen from the pod that it selects.
type side struct {
	name, hook, address, loopback string
}

var (
	ingressSide = side{"ingress", "input", "saddr", "iifname"}
	egressSide  = side{"egress", "output", "daddr", "oifname"}
)

// part is one rule of a policy for one side.
type part struct {
	peers []networkingv1.NetworkPolicyPeer
	ports []networkingv1.NetworkPolicyPort
}

// rules renders what holds in the network namespace of a pod. What is refused is
// answered with an ICMP message, so that whoever probes learns of it at once.
func (e *policed) rules(pod *corev1.Pod) (string, error) {
	var out strings.Builder
	out.WriteString("flush ruleset\ntable inet policies {\n")
	for _, s := range [...]side{ingressSide, egressSide} {
		fmt.Fprintf(&out, " chain %s {\n  type filter hook %s priority filter; policy accept;\n", s.name, s.hook)
		fmt.Fprintf(&out, "  %s lo accept\n  ct state established,related accept\n  meta l4proto icmp accept\n", s.loopback)
		fmt.Fprintf(&out, "  ip %s %s accept comment \"its own node\"\n", s.address, e.nodes[pod.Spec.NodeName])
		if err := e.chain(&out, pod, s); err != nil {
			return "", err
		}
		out.WriteString(" }\n")
	}
	out.WriteString("}\n")
	return out.String(), nil
}

// chain renders one side: once a policy selects the pod for it, only what some rule of some policy lists gets through.
func (e *policed) chain(out *strings.Builder, pod *corev1.Pod, s side) error {
	isolated := false
	for _, p := range e.policies {
		parts, applies := partsOf(p, s)
		selected, err := selects(&p.Spec.PodSelector, pod.Labels)
		if err != nil {
			return err
		}
		if p.Namespace != pod.Namespace || !applies || !selected {
			continue
		}
		isolated = true
		for _, n := range parts {
			if err := e.part(out, pod, p, s, n); err != nil {
				return err
			}
		}
	}
	if isolated {
		out.WriteString("  reject with icmpx type admin-prohibited\n")
	}
	return nil
}

// partsOf returns the rules of a policy for a side and whether it is about that
// side at all: by policyTypes, else always for ingress, and for egress when it has such rules.
func partsOf(p *networkingv1.NetworkPolicy, s side) (out []part, applies bool) {
	applies = s == ingressSide || len(p.Spec.Egress) > 0
	if types := p.Spec.PolicyTypes; len(types) > 0 {
		applies = slices.ContainsFunc(types, func(t networkingv1.PolicyType) bool { return strings.EqualFold(string(t), s.name) })
	}
	if s == ingressSide {
		for _, n := range p.Spec.Ingress {
			out = append(out, part{n.From, n.Ports})
		}
		return out, applies
	}
	for _, n := range p.Spec.Egress {
		out = append(out, part{n.To, n.Ports})
	}
	return out, applies
}

// part renders one rule: any of its peers on any of its ports.
func (e *policed) part(out *strings.Builder, pod *corev1.Pod, p *networkingv1.NetworkPolicy, s side, n part) error {
	matches := []string{""}
	others := e.running()
	if len(n.peers) > 0 {
		matches, others = nil, nil
		for i := range n.peers {
			m, pods, err := e.peer(p.Namespace, &n.peers[i], s)
			if err != nil {
				return err
			}
			matches, others = append(matches, m...), append(others, pods...)
		}
	}
	accept := func(match, port string) {
		fmt.Fprintf(out, "  %s%saccept comment %q\n", match, port, p.Namespace+"/"+p.Name)
	}
	if len(n.ports) == 0 {
		for _, m := range matches {
			accept(m, "")
		}
	}
	for i := range n.ports {
		port := &n.ports[i]
		if port.Port == nil || port.Port.Type == intstr.Int {
			for _, m := range matches {
				accept(m, numbers(port))
			}
			continue
		}
		if s == ingressSide { // the name is one of the pod's own
			for _, number := range named(pod, port) {
				for _, m := range matches {
					accept(m, number)
				}
			}
			continue
		}
		for _, other := range others { // the name is one of the other end's
			for _, number := range named(other, port) {
				accept("ip daddr "+other.Status.PodIP+" ", number)
			}
		}
	}
	return nil
}

// peer renders the addresses of one peer and returns the pods among them.
func (e *policed) peer(home string, p *networkingv1.NetworkPolicyPeer, s side) (matches []string, pods []*corev1.Pod, err error) {
	if b := p.IPBlock; b != nil {
		family := "ip"
		if strings.Contains(b.CIDR, ":") {
			family = "ip6"
		}
		match := fmt.Sprintf("%s %s %s ", family, s.address, b.CIDR)
		for _, x := range b.Except {
			match += fmt.Sprintf("%s %s != %s ", family, s.address, x)
		}
		pods, err = e.inside(b)
		return []string{match}, pods, err
	}
	for _, pod := range e.running() {
		near := pod.Namespace == home
		if p.NamespaceSelector != nil {
			if near, err = selects(p.NamespaceSelector, e.namespaces[pod.Namespace]); err != nil {
				return nil, nil, err
			}
		}
		fits := true
		if p.PodSelector != nil {
			if fits, err = selects(p.PodSelector, pod.Labels); err != nil {
				return nil, nil, err
			}
		}
		if near && fits {
			pods = append(pods, pod)
			matches = append(matches, fmt.Sprintf("ip %s %s ", s.address, pod.Status.PodIP))
		}
	}
	return matches, pods, nil
}

// inside are the pods with an address in a block.
func (e *policed) inside(b *networkingv1.IPBlock) (out []*corev1.Pod, err error) {
	blocks := make([]netip.Prefix, 1+len(b.Except))
	for i, text := range append([]string{b.CIDR}, b.Except...) {
		if blocks[i], err = netip.ParsePrefix(text); err != nil {
			return nil, fmt.Errorf("a block of the estate: %w", err)
		}
	}
	for _, pod := range e.running() {
		ip, err := netip.ParseAddr(pod.Status.PodIP)
		if err != nil {
			return nil, fmt.Errorf("the address of pod %s: %w", pod.Name, err)
		}
		holds := func(p netip.Prefix) bool { return p.Contains(ip) }
		if holds(blocks[0]) && !slices.ContainsFunc(blocks[1:], holds) {
			out = append(out, pod)
		}
	}
	return out, nil
}

// running are the pods with an address of their own: the others are their node.
func (e *policed) running() []*corev1.Pod {
	return slices.DeleteFunc(slices.Clone(e.pods), func(p *corev1.Pod) bool { return p.Spec.HostNetwork })
}

func selects(s *metav1.LabelSelector, set labels.Set) (bool, error) {
	sel, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return false, fmt.Errorf("a label selector of the estate: %w", err)
	}
	return sel.Matches(set), nil
}

// numbers renders a port, a range of them, or a protocol with all of its ports.
func numbers(p *networkingv1.NetworkPolicyPort) string {
	switch {
	case p.Port == nil:
		return "meta l4proto " + protocolOf(p.Protocol) + " "
	case p.EndPort != nil:
		return fmt.Sprintf("%s dport %d-%d ", protocolOf(p.Protocol), p.Port.IntVal, *p.EndPort)
	}
	return fmt.Sprintf("%s dport %d ", protocolOf(p.Protocol), p.Port.IntVal)
}

// named renders the ports of a pod that have a name and protocol.
func named(pod *corev1.Pod, p *networkingv1.NetworkPolicyPort) []string {
	var out []string
	for i := range pod.Spec.Containers {
		for _, c := range pod.Spec.Containers[i].Ports {
			if c.Name == p.Port.StrVal && protocolOf(&c.Protocol) == protocolOf(p.Protocol) {
				out = append(out, fmt.Sprintf("%s dport %d ", protocolOf(p.Protocol), c.ContainerPort))
			}
		}
	}
	return out
}

// protocolOf is nftables' name of a protocol; TCP where none is given.
func protocolOf(p *corev1.Protocol) string {
	if p == nil || *p == "" {
		return "tcp"
	}
	return strings.ToLower(string(*p))
}
