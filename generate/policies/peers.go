package policies

import (
	"encoding/json"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/facts/relations"
)

// Addresses that are not the internet's (RFC 1918, 3927, 4193, 4291, 6598).
var (
	notPublic4 = []string{"10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"}
	notPublic6 = []string{"fc00::/7", "fe80::/10"}
)

// peers are what stands for an end in the policy of a workload of a namespace.
func (p *proposer) peers(e *relations.End, namespace string) []networkingv1.NetworkPolicyPeer {
	switch e.Kind {
	case relations.Workload:
		d := p.draftOf(e)
		if d == nil || d.hostNetwork {
			return everywhere() // its node, whose address the input may not know
		}
		return []networkingv1.NetworkPolicyPeer{podsOf(d.namespace, d.selector, namespace)}
	case relations.Outside:
		if addr, err := netip.ParseAddr(e.Host); err == nil {
			return []networkingv1.NetworkPolicyPeer{block(netip.PrefixFrom(addr, addr.BitLen()).String())}
		}
		return []networkingv1.NetworkPolicyPeer{block("0.0.0.0/0", notPublic4...), block("::/0", notPublic6...)}
	case relations.Anywhere:
		if len(e.CIDRs) > 0 {
			var out []networkingv1.NetworkPolicyPeer
			for _, c := range e.CIDRs {
				out = append(out, block(c))
			}
			return out
		}
		return everywhere()
	case relations.Entry, relations.Collector:
		return []networkingv1.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{}}}
	case relations.Absent:
		return []networkingv1.NetworkPolicyPeer{podsOf(e.Namespace, nil, namespace)}
	}
	return everywhere() // the API server: its address is that of a machine
}

func everywhere() []networkingv1.NetworkPolicyPeer {
	return []networkingv1.NetworkPolicyPeer{block("0.0.0.0/0"), block("::/0")}
}

func block(cidr string, except ...string) networkingv1.NetworkPolicyPeer {
	return networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: cidr, Except: except}}
}

func podsOf(namespace string, labels map[string]string, seenFrom string) networkingv1.NetworkPolicyPeer {
	peer := networkingv1.NetworkPolicyPeer{PodSelector: &metav1.LabelSelector{MatchLabels: labels}}
	if namespace != seenFrom {
		peer.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: namespace}}
	}
	return peer
}

// peerID is the same for the same peers, and orders pods before addresses.
func peerID(peers []networkingv1.NetworkPolicyPeer) string {
	text, err := json.Marshal(peers)
	if err != nil {
		return ""
	}
	if len(peers) > 0 && peers[0].IPBlock != nil {
		return "~" + string(text)
	}
	return string(text)
}
