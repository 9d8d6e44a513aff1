// Package ingressobjects holds the controls of the concept "Ingress objects": what Ingresses, routes and Gateways let
// in, under which names, with which encryption, and where it ends up.
package ingressobjects

import (
	"slices"

	"bulwark/control"
	"bulwark/facts/ingress"
)

const concept = "ingress-objects"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	return slices.Concat(tlsControls(), hostControls(), annotationControls(), backendControls(), gatewayControls(), houseControls())
}

// anyIngress also takes an Ingress written under the core group by mistake: its annotations say the same.
var anyIngress = append([]string{"Ingress"}, ingress.Kinds...)

// read returns the subject in one shape; nil when it is no Ingress that can be read, and the control then does not apply.
func read(p *control.Pass) *ingress.Ingress {
	in := ingress.Read(p.Subject)
	if in == nil {
		p.NotApplicable()
	}
	return in
}
