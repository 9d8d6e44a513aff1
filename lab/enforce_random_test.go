//go:build linux

package lab

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"
)

// randomPolicies writes policies with everything that their API has.
func randomPolicies(t *testing.T, r *rand.Rand) string {
	t.Helper()
	var docs []string
	for i := range 2 + r.IntN(6) {
		p := networkingv1.NetworkPolicy{
			TypeMeta:   metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"},
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("p%d", i), Namespace: pick(r, "shop", "data", "ops")},
		}
		p.Spec.PodSelector = *randomSelector(r, "app", "tier")
		p.Spec.PolicyTypes = pick(r, nil, nil, []networkingv1.PolicyType{"Ingress"}, []networkingv1.PolicyType{"Egress"}, []networkingv1.PolicyType{"Ingress", "Egress"})
		for range r.IntN(3) {
			p.Spec.Ingress = append(p.Spec.Ingress, networkingv1.NetworkPolicyIngressRule{From: randomPeers(r), Ports: randomPorts(r)})
		}
		for range r.IntN(3) {
			p.Spec.Egress = append(p.Spec.Egress, networkingv1.NetworkPolicyEgressRule{To: randomPeers(r), Ports: randomPorts(r)})
		}
		text, err := yaml.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, string(text))
	}
	return strings.Join(docs, "---\n")
}

func randomSelector(r *rand.Rand, keys ...string) *metav1.LabelSelector {
	values := []string{"web", "api", "db", "cache", "dns", "front", "back", "a", "b"}
	s := &metav1.LabelSelector{}
	switch key := pick(r, keys...); r.IntN(6) {
	case 0:
		s.MatchLabels = map[string]string{key: pick(r, values...)}
	case 1:
		s.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: key, Operator: pick(r, metav1.LabelSelectorOpIn, metav1.LabelSelectorOpNotIn), Values: some(r, 3, values...)}}
		s.MatchExpressions[0].Values = append(s.MatchExpressions[0].Values, pick(r, values...))
	case 2:
		s.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: key, Operator: pick(r, metav1.LabelSelectorOpExists, metav1.LabelSelectorOpDoesNotExist)}}
	}
	return s
}

func randomPeers(r *rand.Rand) []networkingv1.NetworkPolicyPeer {
	var out []networkingv1.NetworkPolicyPeer
	for range r.IntN(3) {
		var p networkingv1.NetworkPolicyPeer
		switch r.IntN(5) {
		case 0:
			p.PodSelector = randomSelector(r, "app", "tier")
		case 1:
			p.NamespaceSelector = randomSelector(r, "team", "tier")
		case 2:
			p.PodSelector, p.NamespaceSelector = randomSelector(r, "app", "tier"), randomSelector(r, "team", "tier")
		case 3:
			p.IPBlock = &networkingv1.IPBlock{CIDR: "0.0.0.0/0", Except: some(r, 3, "10.0.0.0/8", "203.0.113.128/25", "169.254.0.0/16", "10.2.0.0/17", "10.1.0.2/32")}
		default:
			p.IPBlock = &networkingv1.IPBlock{CIDR: pick(r, "10.2.128.0/17", "10.1.0.0/16", "203.0.113.0/24", "198.51.100.9/32", "10.2.0.32/32", "::/0")}
		}
		out = append(out, p)
	}
	return out
}

func randomPorts(r *rand.Rand) []networkingv1.NetworkPolicyPort {
	var out []networkingv1.NetworkPolicyPort
	for range r.IntN(3) {
		var p networkingv1.NetworkPolicyPort
		protocol := pick(r, corev1.ProtocolTCP, corev1.ProtocolTCP, corev1.ProtocolUDP)
		if protocol == corev1.ProtocolUDP || r.IntN(2) == 0 {
			p.Protocol = &protocol
		}
		switch r.IntN(4) {
		case 0:
			port := intstr.FromString(pick(r, "http", "metrics", "dns", "sql", "dns-tcp"))
			p.Port = &port
		case 1:
			port, end := intstr.FromInt32(pick(r, int32(1), 80, 5432)), pick(r, int32(5432), 8080, 65535)
			p.Port, p.EndPort = &port, &end
		case 2:
			port := intstr.FromInt32(pick(r, int32(53), 80, 443, 8080, 9090))
			p.Port = &port
		}
		out = append(out, p)
	}
	return out
}
