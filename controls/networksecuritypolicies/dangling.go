package networksecuritypolicies

import (
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/control"
	"bulwark/facts/operators"
	"bulwark/facts/selection"
)

func danglingControls() []*control.Control {
	return []*control.Control{danglingPolicy, danglingPeer}
}

var danglingPolicy = &control.Control{
	ID:       "BW0108",
	Concept:  concept,
	Title:    "Policy selects no workload",
	Severity: control.Low,
	Refs: []string{
		"kubescape C-0299", "regolibrary dangling-networkpolicy", "kube-linter dangling-networkpolicy", "kube-score NetworkPolicy targets Pod",
	},
	Kinds:    []string{policyKind},
	Requires: []control.AnyFact{selection.Pods, operators.Fact},
	Check: func(p *control.Pass) error {
		s := spec(p)
		if s == nil || selectsAll(&s.PodSelector) {
			return nil
		}
		return checkSelector(p, "spec.podSelector", &s.PodSelector, "the policy selects no workload of its namespace")
	},
	Doc: `A policy whose labels match nothing protects nothing. Usually a label was renamed on one side only: the pods that it was
written for are now open, and the policy still looks right in every list.

It fires for a NetworkPolicy whose podSelector is not empty and matches neither a pod nor a pod template of its namespace.
An empty selector selects whatever comes and is not judged. When the input holds no workloads of the namespace, or a custom
resource there (Prometheus, Kafka and the like) of which an operator makes pods, the answer is unknown.

    # Deployment
    template: {metadata: {labels: {app: db}}}
    # NetworkPolicy
    spec: {podSelector: {matchLabels: {app: db}}}
`,
}

func checkSelector(p *control.Pass, path string, s *metav1.LabelSelector, message string) error {
	x, err := selection.Pods.Of(p)
	if err != nil {
		return err
	}
	sel, err := selection.Selector(s)
	if err != nil {
		p.Unknown(path, "%s", err)
		return nil
	}
	if len(x.Match(p.Subject.Namespace, sel)) > 0 {
		return nil
	}
	if err := x.Knows(p.Subject.Namespace); err != nil {
		p.Unknown(path, "whether it selects a workload: %s", err)
		return nil
	}
	made, err := operators.Fact.Of(p)
	if err != nil {
		return err
	}
	if o := made.In(p.Subject.Namespace); o != nil {
		p.Unknown(path, "%s may make pods with such labels", o.Ref)
		return nil
	}
	p.Report(path, "%s (%s)", message, brief(s))
	return nil
}

// brief writes a selector in at most 60 bytes.
func brief(s *metav1.LabelSelector) string {
	text := metav1.FormatLabelSelector(s)
	if len(text) > 60 {
		return text[:57] + "..."
	}
	return text
}

var danglingPeer = &control.Control{
	ID:       "BW0109",
	Concept:  concept,
	Title:    "Policy names a peer that selects no workload",
	Severity: control.Low,
	Refs:     []string{"kube-linter dangling-networkpolicypeer-podselector"},
	Kinds:    []string{policyKind},
	Requires: []control.AnyFact{selection.Pods, operators.Fact},
	Check: func(p *control.Pass) error {
		s := spec(p)
		if s == nil {
			return nil
		}
		for i, r := range s.Ingress {
			if err := checkPeers(p, fmt.Sprintf("spec.ingress[%d].from", i), r.From); err != nil {
				return err
			}
		}
		for i, r := range s.Egress {
			if err := checkPeers(p, fmt.Sprintf("spec.egress[%d].to", i), r.To); err != nil {
				return err
			}
		}
		return nil
	},
	Doc: `A peer whose labels match no pod allows nothing today. The connection that it was written for is refused, so somebody will
open more than needed to make it work; and whoever may create a pod with those labels is let in tomorrow.

It fires for each peer of an ingress or egress rule with a podSelector and without a namespaceSelector, when no pod and no
template of the policy's namespace has such labels. Peers of other namespaces are not judged. When the input holds no
workloads of the namespace the answer is unknown.

    ingress:
    - from:
      - podSelector: {matchLabels: {app: api}}   # labels of the pods, not of the Service
`,
}

func checkPeers(p *control.Pass, list string, peers []networkingv1.NetworkPolicyPeer) error {
	for j, peer := range peers {
		if peer.PodSelector == nil || peer.NamespaceSelector != nil || selectsAll(peer.PodSelector) {
			continue
		}
		path := fmt.Sprintf("%s[%d].podSelector", list, j)
		if err := checkSelector(p, path, peer.PodSelector, "the peer selects no workload of the policy's namespace"); err != nil {
			return err
		}
	}
	return nil
}
