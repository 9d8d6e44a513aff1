// Package networksecuritypolicies holds the controls of the concept "network security policies": which pods no policy
// isolates, which namespaces have no default deny, and which policies do less than they seem to.
package networksecuritypolicies

import (
	"slices"

	networkingv1 "k8s.io/api/networking/v1"

	"bulwark/control"
)

const (
	concept    = "network-security-policies"
	policyKind = "NetworkPolicy.networking.k8s.io"
)

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	return slices.Concat(isolationControls(), namespaceControls(), openControls(), danglingControls(), shapeControls(), sandboxControls(), effectControls())
}

// spec returns the subject's specification; nil when it is no policy that can be read.
func spec(p *control.Pass) *networkingv1.NetworkPolicySpec {
	np, ok := p.Subject.Typed.(*networkingv1.NetworkPolicy)
	if !ok {
		p.NotApplicable()
		return nil
	}
	return &np.Spec
}

func has(types []networkingv1.PolicyType, t networkingv1.PolicyType) bool {
	return slices.Contains(types, t)
}
