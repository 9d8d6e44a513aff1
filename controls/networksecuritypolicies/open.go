package networksecuritypolicies

import (
	"fmt"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/control"
)

func openControls() []*control.Control { return []*control.Control{allowAllIngress, allowAllEgress} }

// anyone is the CEL form of reportAnyone: true for a peer list that lets everybody through. %s is the field's name.
const anyone = `r.?%[1]s.orValue([]).size() == 0 || r.%[1]s.exists(p,
    (has(p.ipBlock) && p.ipBlock.cidr.endsWith("/0") && p.ipBlock.?except.orValue([]).size() == 0) ||
    (has(p.namespaceSelector) && p.namespaceSelector.?matchLabels.orValue({}).size() == 0 && p.namespaceSelector.?matchExpressions.orValue([]).size() == 0 &&
      p.?podSelector.?matchLabels.orValue({}).size() == 0 && p.?podSelector.?matchExpressions.orValue([]).size() == 0))`

func openDeny(direction, rules, peers string) string {
	return `object.spec.?policyTypes.orValue([]).exists(t, t == "` + direction + `") &&
object.spec.?` + rules + `.orValue([]).exists(r, r.?ports.orValue([]).size() == 0 && (` + fmt.Sprintf(anyone, peers) + `))`
}

var allowAllIngress = &control.Control{
	ID:       "BW0106",
	Concept:  concept,
	Title:    "Policy lets everybody in on every port",
	Severity: control.Medium,
	Refs:     []string{"NSA net", "ATT&CK T1046"},
	Kinds:    []string{policyKind},
	Deny:     openDeny("Ingress", "ingress", "from"),
	Check: func(p *control.Pass) error {
		s := spec(p)
		if s == nil || !has(s.PolicyTypes, networkingv1.PolicyTypeIngress) {
			return nil
		}
		for i, r := range s.Ingress {
			if len(r.Ports) == 0 {
				reportAnyone(p, fmt.Sprintf("spec.ingress[%d]", i), "from", "in", r.From)
			}
		}
		return nil
	},
	Doc: `Policies add up: one rule that lets everybody in undoes all others for the pods that it selects, and a report that only
counts policies still shows them as protected.

It fires for each ingress rule without ports that has no from, or whose from holds 0.0.0.0/0 or ::/0 without an exception, or
an empty namespaceSelector (every pod of every namespace). Rules that name ports are left alone: a public web server is
meant to be reached on its port. Rules of a direction that is not in policyTypes have no effect and are BW0110.

    ingress:
    - from: [{podSelector: {matchLabels: {app: api}}}]
      ports: [{port: 5432, protocol: TCP}]
`,
}

var allowAllEgress = &control.Control{
	ID:       "BW0107",
	Concept:  concept,
	Title:    "Policy lets the pod connect to everything on every port",
	Severity: control.Medium,
	Refs:     []string{"NSA net", "ATT&CK T1041"},
	Kinds:    []string{policyKind},
	Deny:     openDeny("Egress", "egress", "to"),
	Check: func(p *control.Pass) error {
		s := spec(p)
		if s == nil || !has(s.PolicyTypes, networkingv1.PolicyTypeEgress) {
			return nil
		}
		for i, r := range s.Egress {
			if len(r.Ports) == 0 {
				reportAnyone(p, fmt.Sprintf("spec.egress[%d]", i), "to", "out", r.To)
			}
		}
		return nil
	},
	Doc: `One rule that allows every destination undoes all others for the pods that it selects: the metadata service of the cloud,
every pod of the cluster and the whole internet are within reach, on every port.

It fires for each egress rule without ports that has no to, or whose to holds 0.0.0.0/0 or ::/0 without an exception, or an
empty namespaceSelector. A rule that names ports, such as 443 to the internet, is left alone.

    egress:
    - to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 169.254.169.254/32]}}]
      ports: [{port: 443, protocol: TCP}]
`,
}

// reportAnyone reports a rule or its peers where they let everybody through.
func reportAnyone(p *control.Pass, rule, field, way string, peers []networkingv1.NetworkPolicyPeer) {
	if len(peers) == 0 {
		p.Report(rule, "the rule has no %s: it lets everything %s", field, way)
		return
	}
	for j, peer := range peers {
		at := fmt.Sprintf("%s.%s[%d]", rule, field, j)
		switch {
		case peer.IPBlock != nil && strings.HasSuffix(peer.IPBlock.CIDR, "/0") && len(peer.IPBlock.Except) == 0:
			p.Report(at+".ipBlock.cidr", "the rule lets every address %s (%s)", way, peer.IPBlock.CIDR)
		case peer.NamespaceSelector != nil && selectsAll(peer.NamespaceSelector) && (peer.PodSelector == nil || selectsAll(peer.PodSelector)):
			p.Report(at+".namespaceSelector", "the rule lets every pod of every namespace %s", way)
		}
	}
}

func selectsAll(s *metav1.LabelSelector) bool {
	return len(s.MatchLabels)+len(s.MatchExpressions) == 0
}
