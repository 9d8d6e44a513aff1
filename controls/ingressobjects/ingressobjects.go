// Package ingressobjects holds the controls of the concept "Ingress objects": what Ingresses, routes and Gateways let
// in, under which names, with which encryption, and where it ends up.
package ingressobjects

import (
	"slices"

	"bulwark/control"
	"bulwark/facts/ingress"
	"bulwark/world"
)

const concept = "ingress-objects"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	return slices.Concat(tlsControls(), hostControls(), annotationControls(), backendControls(), gatewayControls(), houseControls())
}

// anyIngress also takes an Ingress written under the core group by mistake: its annotations say the same.
var anyIngress = append([]string{"Ingress"}, ingress.Kinds...)

// checkIngress makes a check that judges the subject, an Ingress, beside everything else that leads traffic in.
func checkIngress(judge func(*control.Pass, *ingress.Index, *ingress.Ingress)) func(*control.Pass) error {
	return func(p *control.Pass) error {
		in := read(p)
		if in == nil {
			return nil
		}
		x, err := ingress.Fact.Of(p)
		if err != nil {
			return err
		}
		judge(p, x, in)
		return nil
	}
}

// checkRoute does the same for a route of the Gateway API. One that cannot be read is unknown.
func checkRoute(judge func(*control.Pass, *ingress.Index, *ingress.Route)) func(*control.Pass) error {
	return func(p *control.Pass) error {
		r := ingress.ReadRoute(p.Subject)
		if r == nil {
			p.Unknown("spec", "the route's fields have the wrong types")
			return nil
		}
		x, err := ingress.Fact.Of(p)
		if err != nil {
			return err
		}
		judge(p, x, r)
		return nil
	}
}

// checkServices judges each Service that the subject, a route, leads to.
func checkServices(judge func(*control.Pass, *ingress.Index, *ingress.RouteBackend, world.Ref)) func(*control.Pass) error {
	return checkRoute(func(p *control.Pass, x *ingress.Index, r *ingress.Route) {
		for b := range r.Backends {
			if ref, ok := b.Service(p.Subject.Namespace); ok {
				judge(p, x, b, ref)
			}
		}
	})
}

// read returns the subject in one shape; nil when it is no Ingress that can be read, and the control then does not apply.
func read(p *control.Pass) *ingress.Ingress {
	in := ingress.Read(p.Subject)
	if in == nil {
		p.NotApplicable()
	}
	return in
}
