package networkaccess

import (
	"bulwark/control"
	"bulwark/facts/exposure"
)

func exposureControls() []*control.Control {
	return []*control.Control{exposedByService, exposedByGateway, unauthenticated}
}

var exposedByService = &control.Control{
	ID:       "BW1713",
	Concept:  concept,
	Title:    "Workload can be reached from outside through a Service or an Ingress",
	Severity: control.Low,
	Profile:  control.Hygiene,
	Refs: []string{
		"kubescape C-0256", "regolibrary exposure-to-internet", "checkov PodIsPubliclyAccessibleExample", "NSA net", "ATT&CK T1190", "ATT&CK T1133",
	},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{exposure.Fact},
	Check: func(p *control.Pass) error {
		return reportDoors(p, exposure.ServiceDoor, exposure.IngressDoor)
	},
	Doc: `A workload that the outside can reach is where most break-ins begin, so it deserves the tightest settings: no root, no
token, a NetworkPolicy, a recent image. This control is an inventory of such workloads rather than a defect; the risk
ranking uses the same knowledge.

It fires for a workload whose pods are selected by a Service of type NodePort or LoadBalancer or with externalIPs (a
named target port must exist on the pod), or by a Service that an Ingress of the same namespace leads to. Firewalls,
NetworkPolicies and logins before it are not looked at.

Where it is not meant, keep the Service inside:

    spec:
      type: ClusterIP
`,
}

var exposedByGateway = &control.Control{
	ID:       "BW1714",
	Concept:  concept,
	Title:    "Workload can be reached from outside through a gateway",
	Severity: control.Low,
	Profile:  control.Hygiene,
	Refs: []string{
		"kubescape C-0266", "regolibrary exposure-to-internet-via-gateway-api", "regolibrary exposure-to-internet-via-istio-ingress",
		"NSA net", "ATT&CK T1190", "ATT&CK T1133",
	},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{exposure.Fact},
	Check: func(p *control.Pass) error {
		return reportDoors(p, exposure.GatewayDoor, exposure.MeshDoor)
	},
	Doc: `Routes of the Gateway API and VirtualServices of Istio open a workload to the outside just as an Ingress does, but
they are easily missed: the Gateway and its address live in another namespace, in the hands of another team.

It fires for a workload whose pods are selected by a Service that an HTTPRoute, GRPCRoute, TLSRoute, TCPRoute or UDPRoute
names as backend, or that a VirtualService leads to which is attached to an Istio Gateway whose proxies stand behind a
NodePort or load balancer. Like BW1713 it is an inventory, not a defect.

Where it is not meant, remove the backend from the route:

    kind: HTTPRoute
    spec:
      rules:
      - backendRefs:
        - {name: public-web, port: 80}
`,
}

func reportDoors(p *control.Pass, kinds ...exposure.Kind) error {
	doors, err := exposure.Fact.Of(p)
	if err != nil {
		return err
	}
	for _, d := range doors.Of(p.Subject) {
		for _, k := range kinds {
			if d.Kind == k {
				p.Report("", "the workload can be reached from outside by %s", d.Why).Related(d.Entry, d.Field).Related(d.Service, "spec.selector")
			}
		}
	}
	return nil
}

var unauthenticated = &control.Control{
	ID:       "BW1715",
	Concept:  concept,
	Title:    "Service of the workload was found to answer without credentials",
	Severity: control.High,
	Refs:     []string{"kubescape C-0274", "regolibrary unauthenticated-service", "ATT&CK T1190", "ATT&CK T1133"},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{exposure.Fact},
	Check: func(p *control.Pass) error {
		x, err := exposure.Fact.Of(p)
		if err != nil {
			return err
		}
		for _, u := range x.Open(p.Subject) {
			p.Report("", "a network scan reached port %d of Service %q without credentials", u.Port, u.Service.Name).
				Related(u.Result, "spec.ports").Related(u.Service, "spec.ports")
		}
		return nil
	},
	Doc: `A database, dashboard or message broker that answers anybody inside the cluster hands its data to the first pod that
is taken over. Configuration cannot show it for every product; a probe of the running service can.

It fires for a workload behind a Service for which a ServiceScanResult (kubescape.io) in the input says that a port of
that Service answered without credentials. Without such results it says nothing.

Turn on authentication in the product, and let only its clients reach it:

    kind: NetworkPolicy
    spec:
      podSelector: {matchLabels: {app: db}}
      ingress:
      - from: [{podSelector: {matchLabels: {app: api}}}]
`,
}
