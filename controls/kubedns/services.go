package kubedns

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
)

// internalNames are names and endings that an ExternalName should not lead to.
var (
	internalNames   = []string{"localhost", "metadata", "metadata.google.internal", "metadata.azure.internal", "kubernetes", "kubernetes.default"}
	internalEndings = []string{".localhost", ".svc", ".cluster.local", ".svc.cluster.local", ".localdomain"}
)

var externalName = &control.Control{
	ID: "BW0504", Concept: concept, Title: "Service is an alias of an internal or local name", Severity: control.Medium,
	Doc: `A Service of type ExternalName is a CNAME: whoever may write Services decides where a trusted name leads. Pointed at localhost it makes proxies and ingress controllers talk to themselves, past their own access rules; pointed at the cloud's metadata service it fetches credentials; pointed into another namespace it reaches what network policies on names, and ingress rules of that namespace, meant to hide.

It fires on an ExternalName that is localhost, ends in .svc or .cluster.local, is a metadata name of a cloud, or is an IP address of the loopback or link-local range.

Use a Service with a selector, or an HTTPRoute with a ReferenceGrant for another namespace.

` + "```yaml\nspec:\n  type: ExternalName\n  externalName: api.example.com\n```\n",
	Refs:  []string{"ATT&CK T1557", "CVE-2021-25740", "kyverno disallow-localhost-services"},
	Kinds: []string{"Service"},
	Check: func(p *control.Pass) error {
		s, ok := p.Subject.Typed.(*corev1.Service)
		if ok && s.Spec.Type == corev1.ServiceTypeExternalName && internal(s.Spec.ExternalName) {
			p.Report("spec.externalName", "Service %q is an alias of %q", s.Name, s.Spec.ExternalName)
		}
		return nil
	},
	Deny: "object.spec.?type.orValue('') == 'ExternalName' && [object.spec.?externalName.orValue('').lowerAscii()].exists(n, " +
		"n.matches('" + internalPattern() + "'))",
}

// internalPattern is what internal tests, as one RE2 expression.
func internalPattern() string {
	quote := func(list []string) string {
		return strings.ReplaceAll(strings.Join(list, "|"), ".", "[.]")
	}
	return "^((" + quote(internalNames) + ")|.*(" + quote(internalEndings) + ")|127[.][0-9.]+|169[.]254[.][0-9.]+|::1)[.]?$"
}

// internal says whether a name leads into the cluster, to the pod itself or to a metadata service.
func internal(name string) bool {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	for _, n := range internalNames {
		if name == n {
			return true
		}
	}
	for _, e := range internalEndings {
		if strings.HasSuffix(name, e) {
			return true
		}
	}
	return name == "::1" || numeric(name, "127.") || numeric(name, "169.254.")
}

// numeric says whether the rest after a prefix consists of digits and dots.
func numeric(name, prefix string) bool {
	rest, ok := strings.CutPrefix(name, prefix)
	return ok && rest != "" && strings.Trim(rest, "0123456789.") == ""
}

var dnsExposed = &control.Control{
	ID: "BW0505", Concept: concept, Title: "Cluster DNS is reachable from outside", Severity: control.High,
	Doc: `CoreDNS answers every question about the cluster: names of all Services, their addresses and ports, on some settings those of pods. From outside that is a map for an attacker, and an open resolver on UDP is used to flood others with forged questions.

It fires on a Service that selects the cluster's DNS (k8s-app: kube-dns or coredns, or app.kubernetes.io/name: coredns) in kube-system, or is named kube-dns there, and is of type LoadBalancer or NodePort or has externalIPs.

Keep it a ClusterIP. Publish names of Services for other networks with external-dns into a zone of their own.

` + "```yaml\nspec:\n  type: ClusterIP\n  selector:\n    k8s-app: kube-dns\n```\n",
	Refs:  []string{"ATT&CK T1046", "ATT&CK T1498.002"},
	Kinds: []string{"Service"},
	Check: func(p *control.Pass) error {
		s, ok := p.Subject.Typed.(*corev1.Service)
		if !ok || s.Namespace != "kube-system" || s.Name != "kube-dns" && !selectsDNS(s.Spec.Selector) {
			return nil
		}
		if s.Spec.Type == corev1.ServiceTypeLoadBalancer || s.Spec.Type == corev1.ServiceTypeNodePort {
			p.Report("spec.type", "Service %q publishes the cluster's DNS as %s", s.Name, s.Spec.Type)
		}
		if len(s.Spec.ExternalIPs) > 0 {
			p.Report("spec.externalIPs", "Service %q publishes the cluster's DNS on %s", s.Name, strings.Join(s.Spec.ExternalIPs, ", "))
		}
		return nil
	},
	Deny: "object.metadata.?namespace.orValue('') == 'kube-system' && (object.metadata.?name.orValue('') == 'kube-dns' || " +
		"object.spec.?selector[?'k8s-app'].orValue('') in ['kube-dns', 'coredns'] || object.spec.?selector[?'app.kubernetes.io/name'].orValue('') == 'coredns') && " +
		"(object.spec.?type.orValue('') in ['LoadBalancer', 'NodePort'] || object.spec.?externalIPs.orValue([]).size() > 0)",
}

func selectsDNS(selector map[string]string) bool {
	app := selector["k8s-app"]
	return app == "kube-dns" || app == "coredns" || selector["app.kubernetes.io/name"] == "coredns"
}
