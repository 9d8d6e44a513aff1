package networksecuritypolicies

import (
	"fmt"
	"strings"

	"bulwark/control"
	"bulwark/internal/ytree"
)

func sandboxControls() []*control.Control { return []*control.Control{sandboxEgress} }

var sandboxEgress = &control.Control{
	ID:       "BW0113",
	Concept:  concept,
	Title:    "Sandbox of an agent may connect anywhere",
	Severity: control.High,
	Refs:     []string{"regolibrary agent-sandbox-egress-policy", "NSA net", "ATT&CK T1041"},
	Kinds:    []string{"SandboxTemplate.extensions.agents.x-k8s.io", "SandboxTemplate.agents.x-k8s.io"},
	Check:    checkSandbox,
	Doc: `A sandbox runs code that nobody has read: of a model, of a user. What it may connect to decides whether it can send data
away or attack the inside. The default policy that the controller makes allows the public internet.

It fires for a SandboxTemplate whose networkPolicyManagement is anything but Managed (the default), that has no networkPolicy
of its own, or whose egress holds a rule without to or with a peer that is empty or for everybody: 0.0.0.0/0 and ::/0 with or
without exceptions, an empty podSelector or namespaceSelector. An egress list that is left out or empty denies everything.

    kind: SandboxTemplate
    spec:
      networkPolicyManagement: Managed
      networkPolicy:
        egress:
        - to: [{podSelector: {matchLabels: {app: package-mirror}}}]
          ports: [{port: 443, protocol: TCP}]
`,
}

func checkSandbox(p *control.Pass) error {
	s := p.Tree().Get("spec")
	if m := value(s, "networkPolicyManagement"); m != nil && m.Str != "Managed" {
		p.Report("spec.networkPolicyManagement", "networkPolicyManagement is %q: no policy is enforced", m.Str)
		return nil
	}
	policy := value(s, "networkPolicy")
	switch {
	case policy == nil:
		p.Report("spec.networkPolicy", "the template has no networkPolicy: the default one allows the public internet")
		return nil
	case policy.Kind != ytree.Map:
		p.Report("spec.networkPolicy", "networkPolicy is %s, not a policy", policy.Kind)
		return nil
	}
	egress := value(policy, "egress")
	if egress == nil {
		return nil
	}
	if egress.Kind != ytree.Seq {
		p.Report("spec.networkPolicy.egress", "egress is %s, not a list of rules", egress.Kind)
		return nil
	}
	for i := range egress.Items {
		checkSandboxRule(p, fmt.Sprintf("spec.networkPolicy.egress[%d]", i), &egress.Items[i])
	}
	return nil
}

func checkSandboxRule(p *control.Pass, at string, rule *ytree.Node) {
	to := value(rule, "to")
	if to == nil || to.Kind != ytree.Seq || len(to.Items) == 0 {
		p.Report(at, "the rule has no to: it allows every destination")
		return
	}
	for j := range to.Items {
		if !narrow(&to.Items[j]) {
			p.Report(fmt.Sprintf("%s.to[%d]", at, j), "the peer allows every destination of its kind")
		}
	}
}

// narrow says whether a peer names some destinations and not all.
func narrow(peer *ytree.Node) bool {
	if cidr := value(value(peer, "ipBlock"), "cidr"); cidr != nil && cidr.Kind == ytree.String && cidr.Str != "" && !strings.HasSuffix(cidr.Str, "/0") {
		return true
	}
	for _, field := range [...]string{"podSelector", "namespaceSelector"} {
		s := value(peer, field)
		if set := value(s, "matchLabels"); set != nil && len(set.Entries) > 0 {
			return true
		}
		if list := value(s, "matchExpressions"); list != nil && len(list.Items) > 0 {
			return true
		}
	}
	return false
}

// value is Get, with null as absent.
func value(n *ytree.Node, key string) *ytree.Node {
	if v := n.Get(key); v != nil && v.Kind != ytree.Null {
		return v
	}
	return nil
}
