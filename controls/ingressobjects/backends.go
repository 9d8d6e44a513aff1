package ingressobjects

import (
	"bulwark/control"
	"bulwark/facts/ingress"
	"bulwark/world"
)

func backendControls() []*control.Control { return []*control.Control{danglingBackend, danglingRoute} }

var danglingBackend = &control.Control{
	ID:       "BW0708",
	Concept:  concept,
	Title:    "Ingress leads to a Service or port that does not exist",
	Severity: control.Low,
	Refs: []string{
		"kubescape C-0298", "regolibrary dangling-ingress-backend", "kube-linter dangling-ingress", "kube-score Ingress targets Service",
	},
	Kinds:    ingress.Kinds,
	Requires: []control.AnyFact{ingress.Fact},
	Check: checkIngress(func(p *control.Pass, x *ingress.Index, in *ingress.Ingress) {
		for b := range in.Backends {
			checkBackend(p, x, b)
		}
	}),
	Doc: `A name that leads nowhere is an outage and an invitation: whoever can create a Service of that name in the namespace
receives the traffic, and a public DNS record keeps pointing at the cluster.

It fires for each backend (default backend included) that names a Service which is not in the namespace of the Ingress, a
port that the Service does not have, by number or by name, or nothing at all, as when fields of an old version are
written under networking.k8s.io/v1. Backends that are other resources are not judged. When the input holds no Services of
the namespace the answer is unknown.

    backend:
      service:
        name: shop          # kind: Service, same namespace
        port: {name: http}  # one of its ports
`,
}

func checkBackend(p *control.Pass, x *ingress.Index, b ingress.Backend) {
	if b.Resource {
		return
	}
	if b.Service == "" {
		p.Report(b.Field, "the backend names neither a Service nor another resource")
		return
	}
	ref := world.Ref{Kind: "Service", Namespace: p.Subject.Namespace, Name: b.Service}
	svc := x.Service(ref)
	if svc == nil {
		reportMissing(p, x.KnowsService(ref.Namespace), b.Field, ref)
		return
	}
	if !ingress.HasPort(svc, b.Port) {
		p.Report(b.Field, "Service %q has no port %s", b.Service, b.Port.String()).Related(svc, "spec.ports")
	}
}

func reportMissing(p *control.Pass, why error, path string, ref world.Ref) {
	if why != nil {
		p.Unknown(path, "whether %s exists: %s", ref, why)
		return
	}
	p.Report(path, "%s does not exist", ref)
}

var danglingRoute = &control.Control{
	ID:       "BW0709",
	Concept:  concept,
	Title:    "Route leads to a Service that does not exist",
	Severity: control.Low,
	Refs:     []string{"kubescape C-0302", "regolibrary dangling-gateway-backend"},
	Kinds:    ingress.RouteKinds,
	Requires: []control.AnyFact{ingress.Fact},
	Check: checkServices(func(p *control.Pass, x *ingress.Index, b *ingress.RouteBackend, ref world.Ref) {
		if x.Service(ref) == nil {
			reportMissing(p, x.KnowsService(ref.Namespace), b.Field+".name", ref)
		}
	}),
	Doc: `A route whose backend does not exist answers with errors until somebody creates a Service of that name, who then
receives the traffic of the host. With a backend in another namespace that somebody is another team.

It fires for each backendRef of an HTTPRoute, GRPCRoute, TLSRoute, TCPRoute or UDPRoute that names a Service (the default
kind) which is not in its namespace: the route's own, or the one that the reference names. References to other kinds are
not judged. When the input holds no Services of that namespace the answer is unknown.

    rules:
    - backendRefs:
      - name: shop   # kind: Service, namespace of the route
        port: 80
`,
}
