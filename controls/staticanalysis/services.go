package staticanalysis

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"

	"bulwark/control"
	"bulwark/facts/monitors"
	"bulwark/facts/workloads"
)

// services returns the controls on what Services and monitors point at.
func services() []*control.Control {
	return []*control.Control{danglingService, missingTargetPort, invalidTargetPort, sameSelector, danglingMonitor, sharedDNSName}
}

// serviceOf returns what is known of the subject; nil when it selects nothing.
func serviceOf(p *control.Pass) (*workloads.Inventory, *workloads.Service, error) {
	inv, err := workloads.Fact.Of(p)
	if err != nil {
		return nil, nil, err
	}
	s := inv.Service(p.Subject)
	if s == nil || !s.Selects() {
		return inv, nil, nil
	}
	return inv, s, nil
}

var danglingService = &control.Control{
	ID: "BW2786", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "A Service selects no workload",
	Doc: `A Service whose selector matches nothing refuses every connection. When labels were renamed it is an
outage; when the workload is gone, the name stays: whoever can create pods with those labels receives the
traffic of clients that still use it.

It fires for a Service with a selector that matches the pods of no workload in its namespace. Services
without selector and of type ExternalName pass. Where the input may be only a part of the namespace the
answer is unknown.

    spec:
      selector: {app: shop}   # labels of the workload's pods`,
	Refs: []string{
		"kubescape C-0293", "kubescape-cel C-0293", "regolibrary service-with-no-pods", "kube-linter dangling-service",
		"kube-score Service Targets Pod",
	},
	Kinds: []string{"Service"}, Requires: []control.AnyFact{workloads.Fact},
	Check: func(p *control.Pass) error {
		inv, s, err := serviceOf(p)
		if err != nil || s == nil || len(s.Workloads) > 0 {
			return err
		}
		if err := inv.KnowsWorkloads(p.Subject.Namespace); err != nil {
			p.Unknown("spec.selector", "cannot tell whether the selector matches anything: %s", err)
			return nil
		}
		p.Report("spec.selector", "the selector %s matches the pods of no workload in the namespace", metav1.FormatLabelSelector(
			&metav1.LabelSelector{MatchLabels: s.Spec.Selector}))
		return nil
	},
}

var missingTargetPort = &control.Control{
	ID: "BW2787", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "A Service names a port that its pods do not have",
	Doc: `A targetPort may be the name of a container port. When no pod has a port of that name the Service gets
no endpoints for it, and every connection is refused.

It fires for a named targetPort of a Service that selects workloads, when none of them declares a port of
that name and protocol. A number need not be declared and passes, and so does a Service that selects
nothing here; that is BW2786.

    ports: [{port: 80, targetPort: http}]         # of the Service
    ports: [{name: http, containerPort: 8080}]    # of the container`,
	Refs:  []string{"kube-linter invalid-target-ports"},
	Kinds: []string{"Service"}, Requires: []control.AnyFact{workloads.Fact},
	Check: func(p *control.Pass) error {
		_, s, err := serviceOf(p)
		if err != nil || s == nil || len(s.Workloads) == 0 {
			return err
		}
		for i, port := range s.Spec.Ports {
			if port.TargetPort.Type == intstr.String && !isNumber(port.TargetPort.StrVal) && !offered(s, port) {
				p.Report("spec."+index("ports", i)+".targetPort", "no pod that the Service selects has a %s port named %q", port.Protocol, port.TargetPort.StrVal).
					Related(s.Workloads[0].Object, s.Workloads[0].Pod.SpecPath("containers"))
			}
		}
		return nil
	},
}

// offered says whether a workload behind the Service declares the port that it names.
func offered(s *workloads.Service, port corev1.ServicePort) bool {
	for _, w := range s.Workloads {
		for c := range w.Pod.Containers {
			for _, q := range c.Ports {
				if q.Name == port.TargetPort.StrVal && q.Protocol == port.Protocol {
					return true
				}
			}
		}
	}
	return false
}

var invalidTargetPort = &control.Control{
	ID: "BW2788", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "A port is not one that the API server accepts",
	Doc: `Port numbers lie between 1 and 65535. Port names have at most 15 characters, lower-case letters, digits
and single dashes, at least one letter. Anything else makes the API server refuse the object in the middle
of a release.

It fires for targetPort of Services, and for number and name of container ports, that break these rules, and
for a port name that a container uses twice.

    ports:
    - name: http
      containerPort: 8080`,
	Refs:  []string{"kube-linter invalid-target-ports", "kube-score Container Ports Check"},
	Kinds: []string{"Service", control.Pods},
	Check: func(p *control.Pass) error {
		report := func(path string, wrong []string) {
			if len(wrong) > 0 {
				p.Report(path, "the API server refuses this port: it %s", firstSentence(wrong[0]))
			}
		}
		if s, ok := p.Subject.Typed.(*corev1.Service); ok {
			for i, port := range s.Spec.Ports {
				at := "spec." + index("ports", i) + ".targetPort"
				switch {
				case port.TargetPort.Type == intstr.String:
					report(at, validation.IsValidPortName(port.TargetPort.StrVal))
				case port.TargetPort.IntVal != port.Port: // else it is the default
					report(at, validation.IsValidPortNum(int(port.TargetPort.IntVal)))
				}
			}
		}
		for c := range p.Containers {
			names := map[string]bool{}
			for i, port := range c.Ports {
				report(c.Path(index("ports", i)+".containerPort"), validation.IsValidPortNum(int(port.ContainerPort)))
				if port.Name == "" {
					continue
				}
				report(c.Path(index("ports", i)+".name"), validation.IsValidPortName(port.Name))
				if names[port.Name] {
					report(c.Path(index("ports", i)+".name"), []string{"repeats a name that another port of the container has"})
				}
				names[port.Name] = true
			}
		}
		return nil
	},
}

var sameSelector = &control.Control{
	ID: "BW2789", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Two Services select the same pods by the same labels",
	Doc: `Where each Service is to have pods of its own, two with one selector are a copy that was not finished, and
traffic for one application reaches another. A headless Service beside an ordinary one is common for
StatefulSets, so this is a house rule.

It fires for a Service when another one of the namespace has exactly the same selector.

    spec:
      selector: {app: shop, component: frontend}`,
	Refs:  []string{"gatekeeper general/uniqueserviceselector", "kyverno require-unique-service-selector"},
	Kinds: []string{"Service"}, Requires: []control.AnyFact{workloads.Fact},
	Check: func(p *control.Pass) error {
		inv, s, err := serviceOf(p)
		if err != nil || s == nil {
			return err
		}
		if others := inv.SameSelector(s); len(others) > 0 {
			p.Report("spec.selector", "Service %q has the same selector", others[0].Object.Name).Related(others[0].Object, "spec.selector")
		}
		return nil
	},
}

var danglingMonitor = &control.Control{
	ID: "BW2790", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "A ServiceMonitor matches no Service",
	Doc: `A ServiceMonitor that matches nothing collects nothing, and the alerts that rest on its metrics never
fire: an attack or an outage of that service goes unseen.

It fires for a ServiceMonitor of the Prometheus operator when no Service of the namespaces that it looks
at, its own unless namespaceSelector says otherwise, has the labels that it selects. Where the input may be
only a part of those namespaces the answer is unknown.

    spec:
      selector: {matchLabels: {app: shop}}   # labels of the Service object`,
	Refs:  []string{"kube-linter dangling-servicemonitor"},
	Kinds: []string{"ServiceMonitor.monitoring.coreos.com"}, Requires: []control.AnyFact{monitors.Fact},
	Check: func(p *control.Pass) error {
		services, err := monitors.Fact.Of(p)
		if err != nil {
			return err
		}
		found, err := services.Matches(p.Subject)
		if err != nil {
			p.Unknown("spec.selector", "cannot tell whether a Service matches: %s", err)
			return nil
		}
		if !found {
			p.Report("spec.selector", "no Service has the labels that are selected")
		}
		return nil
	},
}

var sharedDNSName = &control.Control{
	ID: "BW2791", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Two Services ask for the same external DNS name",
	Doc: `ExternalDNS publishes the name that a Service asks for in an annotation. When two Services ask for the
same one, the record flips between them or one wins by chance: a tenant can take over the public name of
another by writing an annotation.

It fires for a Service whose annotation external-dns.alpha.kubernetes.io/hostname contains a name that a
Service of another name or namespace asks for too.

    metadata:
      annotations: {external-dns.alpha.kubernetes.io/hostname: shop.example.com}`,
	Refs:  []string{"kyverno unique-external-dns", "kyverno require-unique-external-dns"},
	Kinds: []string{"Service"}, Requires: []control.AnyFact{workloads.Fact},
	Check: func(p *control.Pass) error {
		inv, err := workloads.Fact.Of(p)
		if err != nil {
			return err
		}
		s := inv.Service(p.Subject)
		if s == nil {
			return nil
		}
		at := "metadata.annotations[" + workloads.ExternalDNS + "]"
		for _, host := range workloads.ExternalHosts(p.Subject) {
			if others := inv.SameHost(s, host); len(others) > 0 {
				p.Report(at, "%s asks for %q too", strings.TrimSpace(others[0].Object.Ref.String()), host).Related(others[0].Object, at)
			}
		}
		return nil
	},
}
