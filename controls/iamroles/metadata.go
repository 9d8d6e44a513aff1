package iamroles

import (
	"k8s.io/apimachinery/pkg/labels"

	"bulwark/control"
	"bulwark/facts/netpolicies"
	"bulwark/internal/linuxpods"
)

var metadataReachable = &control.Control{
	ID: "BW1604", Concept: concept, Severity: control.High, Profile: control.Hygiene,
	Title: "Nothing keeps the pod from the metadata service of the cloud",
	Doc: `On cloud machines the address 169.254.169.254 (fd00:ec2::254) answers every process without a question: with the node's role, its start-up
script, sometimes bootstrap tokens. One request that a web application can be talked into is enough.

It fires for each pod or template that no policy of the input isolates for egress (NetworkPolicy, Cilium or Calico): it may then connect to that
address. It does not fire for pods of hostNetwork, which BW1605 reports. When policies may be missing from the input, or one cannot be decided, the
verdict is unknown. A hop limit of 1 with IMDSv2, or the metadata concealment of a managed cluster, does the same and cannot be seen here: make an exception for the estate then, and elsewhere than on clouds.

Deny egress by default and allow what is needed, without the address.

` + "```yaml\negress:\n  - to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.0.0/16]}}]\n```",
	Refs:     []string{"NSA data", "ATT&CK T1552.005", "kubescape C-0052"},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{netpolicies.Fact},
	Check: func(p *control.Pass) error {
		policies, err := netpolicies.Fact.Of(p)
		if err != nil {
			return err
		}
		for t := range p.Subject.Pods {
			if t.Spec.HostNetwork {
				continue
			}
			var set labels.Set
			if t.Meta != nil {
				set = t.Meta.Labels
			}
			policy, err := policies.Isolates(p.Subject.Namespace, set, netpolicies.Egress)
			switch {
			case policy != nil:
			case err != nil:
				p.Unknown(t.SpecPath(""), "whether a policy keeps the pod from 169.254.169.254: %s", err)
			default:
				p.ReportPod(t, "", "no policy keeps the pod from the metadata service at 169.254.169.254")
			}
		}
		return nil
	},
}

var metadataHost = &control.Control{
	ID: "BW1605", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "Pod in the node's network always reaches the metadata service",
	Doc: `A pod with hostNetwork talks to the cloud's metadata service as the node itself does. No NetworkPolicy stops it, and neither a hop
limit nor a concealing proxy of the cluster does: the node's role is the pod's.

It fires for each pod or template with hostNetwork: true, except for Windows. Off by default, because Network Access reports the host network itself; switch it on where
nodes have roles that matter.

Do without the host network, or give the nodes a role that may do next to nothing.

` + "```yaml\nspec:\n  hostNetwork: false\n```",
	Refs:  []string{"ATT&CK T1552.005", "NSA data"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range linuxpods.Pods(p) {
			if t.Spec.HostNetwork {
				p.ReportPod(t, "hostNetwork", "the pod reaches the cloud's metadata service as the node, past every network policy")
			}
		}
		return nil
	},
	Deny: linuxpods.CEL + " && variables.pod.?hostNetwork.orValue(false) == true",
}
