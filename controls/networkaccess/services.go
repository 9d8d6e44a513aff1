package networkaccess

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/reach"
)

func serviceControls() []*control.Control {
	return []*control.Control{nodePort, loadBalancer, openLoadBalancer, externalIPs}
}

var nodePort = &control.Control{
	ID:       "BW1709",
	Concept:  concept,
	Title:    "Service opens a port on every node",
	Severity: control.Low,
	Refs: []string{
		"kube-linter exposed-services", "kube-score Service Type", "gatekeeper general/block-nodeport-services",
		"kyverno restrict-nodeport", "kyverno restrict-node-port", "NSA net", "ATT&CK T1133",
	},
	Kinds: []string{"Service"},
	Deny:  `object.spec.?type.orValue("ClusterIP") == "NodePort"`,
	Check: func(p *control.Pass) error {
		if svc, ok := p.Subject.Typed.(*corev1.Service); ok && svc.Spec.Type == corev1.ServiceTypeNodePort {
			p.Report("spec.type", "Service type NodePort opens a port on every node").
				Fix("keep the Service inside the cluster; publish it with an Ingress or Gateway",
					append([]control.Edit{{Path: "spec.type", Op: control.Set, Value: "ClusterIP"}}, dropNodePorts(svc)...)...)
		}
		return nil
	},
	Doc: `A NodePort is open on every address of every node, whatever the Service's backends are. It goes around the
Ingress, its TLS and its authentication, loadBalancerSourceRanges does not limit it, and only the firewall of the nodes
stands before it.

It fires when a Service has type NodePort. A load balancer opens node ports as well; see BW1710 and BW1711.

Use the default type and publish the Service through an Ingress or a Gateway:

    spec:
      type: ClusterIP
      ports: [{port: 80, targetPort: http}]
`,
}

// dropNodePorts removes what a Service of type ClusterIP must not have.
func dropNodePorts(svc *corev1.Service) []control.Edit {
	var edits []control.Edit
	for i := range svc.Spec.Ports {
		if svc.Spec.Ports[i].NodePort != 0 {
			edits = append(edits, control.Edit{Path: servicePort(i, "nodePort"), Op: control.Remove})
		}
	}
	if svc.Spec.ExternalTrafficPolicy != "" {
		edits = append(edits, control.Edit{Path: "spec.externalTrafficPolicy", Op: control.Remove})
	}
	return edits
}

var loadBalancer = &control.Control{
	ID:       "BW1710",
	Concept:  concept,
	Title:    "Service asks for a load balancer",
	Severity: control.Low,
	Profile:  control.Strict,
	Refs: []string{
		"kube-linter exposed-services", "gatekeeper general/block-loadbalancer-services", "kyverno restrict-loadbalancer",
		"kyverno no-loadbalancer-service", "kyverno no-loadbalancers", "ATT&CK T1133",
	},
	Kinds: []string{"Service"},
	Deny:  `object.spec.?type.orValue("ClusterIP") == "LoadBalancer"`,
	Check: func(p *control.Pass) error {
		if svc, ok := p.Subject.Typed.(*corev1.Service); ok && svc.Spec.Type == corev1.ServiceTypeLoadBalancer {
			p.Report("spec.type", "Service type LoadBalancer asks for an entry of its own from outside")
		}
		return nil
	},
	Doc: `Every Service of type LoadBalancer is an entry of its own: an address, usually public, with node ports behind it,
and with no shared place for TLS, authentication and logs. Teams that lead all traffic through one gateway want none
but the gateway's.

It fires for every Service of type LoadBalancer, however it is limited. It is a house rule and off by default; the
control that asks whether such a Service is open to the world is BW1711.

    spec:
      type: ClusterIP
      ports: [{port: 80, targetPort: http}]

Excuse the Service of the Ingress controller or Gateway.
`,
}

var openLoadBalancer = &control.Control{
	ID:       "BW1711",
	Concept:  concept,
	Title:    "Load balancer is open to the whole world",
	Severity: control.Medium,
	Refs:     []string{"NSA net", "ATT&CK T1190", "ATT&CK T1133"},
	Kinds:    []string{"Service"},
	Deny:     openLoadBalancerDeny(),
	Check: func(p *control.Pass) error {
		svc, ok := p.Subject.Typed.(*corev1.Service)
		if !ok || svc.Spec.Type != corev1.ServiceTypeLoadBalancer || reach.InternalLoadBalancer(svc) {
			return nil
		}
		ranges := svc.Spec.LoadBalancerSourceRanges
		if len(ranges) == 0 && svc.Annotations[reach.RangesAnnotation] == "" {
			p.Report("spec.loadBalancerSourceRanges", "the load balancer has no list of allowed sources and no internal address")
			return nil
		}
		for _, r := range ranges {
			if everywhere(r) {
				p.Report("spec.loadBalancerSourceRanges", "the load balancer allows every source (%s)", strings.TrimSpace(r))
				return nil
			}
		}
		return nil
	},
	Doc: `A load balancer without limits is reachable from the whole internet in most clouds, together with the node ports
behind it. Whatever answers there is scanned within minutes.

It fires for a Service of type LoadBalancer that neither lists sources in spec.loadBalancerSourceRanges (or the annotation
service.beta.kubernetes.io/load-balancer-source-ranges) nor asks its cloud for an internal address (AWS, Azure, Google,
Oracle, OpenStack, Alibaba, IBM and Tencent annotations are known). A list that holds 0.0.0.0/0 or ::/0 is no limit.

A public web site is meant to be open: excuse its entry, or put one gateway before everything. Otherwise:

    spec:
      type: LoadBalancer
      loadBalancerSourceRanges: [192.0.2.0/24]
      allocateLoadBalancerNodePorts: false
`,
}

// everywhere says whether a source range holds all addresses of a family.
func everywhere(cidr string) bool { return strings.HasSuffix(strings.TrimSpace(cidr), "/0") }

// openLoadBalancerDeny writes the condition with the same annotations as the Go check.
func openLoadBalancerDeny() string {
	var b strings.Builder
	b.WriteString(`object.spec.?type.orValue("ClusterIP") == "LoadBalancer"`)
	for _, m := range reach.InternalMarks() {
		value := " != \"" + m.Value + "\""
		if m.Value == "" {
			value = " == \"\""
		}
		b.WriteString(" &&\n  object.metadata.?annotations[?\"" + m.Key + "\"].orValue(\"\")" + value)
	}
	b.WriteString(" &&\n  (object.spec.?loadBalancerSourceRanges.orValue([]).size() == 0" +
		"\n    ? object.metadata.?annotations[?\"" + reach.RangesAnnotation + "\"].orValue(\"\") == \"\"" +
		"\n    : object.spec.loadBalancerSourceRanges.exists(r, r.trim().endsWith(\"/0\")))")
	return b.String()
}

var externalIPs = &control.Control{
	ID:       "BW1712",
	Concept:  concept,
	Title:    "Service claims addresses with externalIPs",
	Severity: control.High,
	Refs: []string{
		"trivy KSV-0108", "gatekeeper general/externalip", "kyverno restrict-service-external-ips", "kyverno restrict-external-ips",
		"ATT&CK T1557", "CVE 2020-8554",
	},
	Kinds:  []string{"Service"},
	Params: []control.Param{{Name: "allowedIPs", Doc: "addresses that Services may claim", Default: []string{}}},
	Deny:   `object.spec.?externalIPs.orValue([]).size() > 0`,
	Check: func(p *control.Pass) error {
		svc, ok := p.Subject.Typed.(*corev1.Service)
		if !ok {
			return nil
		}
		allowed := p.Strings("allowedIPs")
		claimed := slices.DeleteFunc(slices.Clone(svc.Spec.ExternalIPs), func(ip string) bool { return slices.Contains(allowed, ip) })
		if len(claimed) > 0 {
			p.Report("spec.externalIPs", "the Service takes over traffic to %s", strings.Join(claimed, ", "))
		}
		return nil
	},
	Remedy: &control.Remedy{
		Scope:   control.AtObject,
		Message: "drop the addresses; use a load balancer, an Ingress or a Gateway",
		Edits:   []control.Edit{{Path: "spec.externalIPs", Op: control.Remove}},
	},
	Doc: `Whoever may create a Service with externalIPs can take over the traffic that pods and nodes send to those
addresses: every node rewrites packets to them towards the Service's backends. There is no check that the address
belongs to anybody here, so names such as the address of an internal API or of a public DNS resolver can be stolen
(CVE-2020-8554). Patching status.loadBalancer.ingress of a Service has the same effect.

It fires when spec.externalIPs holds an address that is not in the parameter allowedIPs, which is empty at first.

Remove the field, and turn on the admission plugin DenyServiceExternalIPs so that it stays out:

    spec:
      type: LoadBalancer
      loadBalancerSourceRanges: [192.0.2.0/24]
`,
}
