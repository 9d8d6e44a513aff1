package networksecuritypolicies

import (
	"bulwark/control"
	"bulwark/facts/netpolicies"
)

func namespaceControls() []*control.Control {
	return []*control.Control{noPolicy, noDenyIngress, noDenyEgress}
}

var noPolicy = &control.Control{
	ID:       "BW0103",
	Concept:  concept,
	Title:    "Namespace has no network policy at all",
	Severity: control.Medium,
	Refs: []string{
		"kubescape C-0206", "kubescape C-0054", "kubescape C-0049", "regolibrary internal-networking", "CIS 1.12 5.3.2", "NSA net", "ATT&CK T1046",
	},
	Kinds:    []string{"Namespace"},
	Requires: []control.AnyFact{netpolicies.Fact},
	Check: func(p *control.Pass) error {
		x, err := netpolicies.Fact.Of(p)
		if err != nil {
			return err
		}
		by, err := x.Any(p.Subject.Name)
		switch {
		case by != nil:
		case err != nil:
			p.Unknown("metadata.name", "whether namespace %q has a policy: %s", p.Subject.Name, err)
		default:
			p.Report("metadata.name", "namespace %q has no network policy", p.Subject.Name).
				NewObject(denyMessage(netpolicies.Ingress), denyYAML(p.Subject.Name, netpolicies.Ingress))
		}
		return nil
	},
	Doc: `In a namespace without any policy every pod talks to every other, inside and outside, and nobody has ever decided who
should. It is the state that Kubernetes starts with.

It fires for a Namespace for which the input holds no NetworkPolicy, Cilium or Calico policy, those for the whole cluster
included. What a default deny lacks is BW0104 and BW0105. When no policy of the namespace was read the answer is unknown,
unless the whole cluster was.

Begin with a default deny and open what is needed:

    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: default-deny-ingress, namespace: shop}
    spec:
      podSelector: {}
      policyTypes: [Ingress]
`,
}

var noDenyIngress = &control.Control{
	ID:       "BW0104",
	Concept:  concept,
	Title:    "Namespace does not deny ingress by default",
	Severity: control.Medium,
	Refs:     []string{"kyverno add-networkpolicy", "kyverno add-network-policy", "CIS 1.12 5.3.2", "NSA net", "ATT&CK T1046"},
	Kinds:    []string{"Namespace"},
	Requires: []control.AnyFact{netpolicies.Fact},
	Check:    func(p *control.Pass) error { return checkDefaultDeny(p, netpolicies.Ingress) },
	Doc: `Policies for single workloads protect those that somebody thought of. What is deployed tomorrow, or under another label,
is open until a policy says that nothing is allowed unless allowed elsewhere.

It fires for a Namespace without a policy that selects all of its pods, lists Ingress and has no ingress rules. Policies of
Cilium (an empty endpointSelector with an empty rule) and Calico (all() with no allow rule), also those for the whole
cluster, count. Admin-tier policies that deny make the answer unknown.

    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: default-deny-ingress, namespace: shop}
    spec:
      podSelector: {}
      policyTypes: [Ingress]
`,
}

var noDenyEgress = &control.Control{
	ID:       "BW0105",
	Concept:  concept,
	Title:    "Namespace does not deny egress by default",
	Severity: control.Medium,
	Refs:     []string{"kyverno add-networkpolicy", "kyverno add-network-policy", "CIS 1.12 5.3.2", "NSA net", "ATT&CK T1041"},
	Kinds:    []string{"Namespace"},
	Requires: []control.AnyFact{netpolicies.Fact},
	Check:    func(p *control.Pass) error { return checkDefaultDeny(p, netpolicies.Egress) },
	Doc: `Without a default deny for egress, a pod that is taken over fetches its tools from the internet, reads the cloud's
metadata service and sends away what it finds. Most workloads need name resolution and two or three peers.

It fires for a Namespace without a policy that selects all of its pods, lists Egress and has no egress rules; otherwise the
rules are those of BW0104. A second policy that lets every pod reach the cluster's DNS belongs to it:

    spec:
      podSelector: {}
      policyTypes: [Egress]
    ---
    spec:
      podSelector: {}
      egress:
      - to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}]
        ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
`,
}

func checkDefaultDeny(p *control.Pass, d netpolicies.Direction) error {
	x, err := netpolicies.Fact.Of(p)
	if err != nil {
		return err
	}
	name := p.Subject.Name
	by, err := x.DefaultDeny(name, d)
	switch {
	case by != nil:
	case err != nil:
		p.Unknown("metadata.name", "whether namespace %q denies %s by default: %s", name, lower(d), err)
	default:
		p.Report("metadata.name", "no policy denies %s by default in namespace %q", lower(d), name).
			NewObject(denyMessage(d), denyYAML(name, d))
	}
	return nil
}
