package ingressobjects

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/ingress"
)

func tlsControls() []*control.Control { return []*control.Control{noTLS, plainHTTP, tlsSecret} }

var noTLS = &control.Control{
	ID:       "BW0701",
	Concept:  concept,
	Title:    "Ingress serves a host without TLS",
	Severity: control.Medium,
	Refs: []string{
		"kubescape C-0263", "kubescape-cel C-0263", "regolibrary ingress-no-tls", "polaris tlsSettingsMissing", "kyverno ingress-host-match-tls",
		"NSA net", "ATT&CK T1190", "ATT&CK T1557",
	},
	Kinds: ingress.Kinds,
	Deny:  noTLSDeny(),
	Check: func(p *control.Pass) error {
		in := read(p)
		if in == nil || in.EdgeTLS() {
			return nil
		}
		if len(in.TLS) == 0 {
			p.Report("spec.tls", "the Ingress has no tls section: it serves plain HTTP")
			return nil
		}
		for _, r := range in.Rules {
			if !in.Secured(r.Host) {
				p.Report(r.Field+".host", "no entry of spec.tls covers host %q", r.Host)
			}
		}
		return nil
	},
	Doc: `Without TLS, names, cookies and passwords cross the network in the clear, and anybody on the way can change the
answers. Controllers also serve a host that no entry of spec.tls covers with their own self-signed certificate, which
teaches people to click warnings away.

It fires once for an Ingress without a tls section, and otherwise for each rule whose host no entry covers; "*.example.com"
covers exactly one label. An entry without hosts, and any entry for a rule without a host, count as cover. Load balancers
that get their certificate by annotation (AWS, Google, Azure, OpenShift) are left alone.

    spec:
      tls:
      - hosts: [shop.example.com]
        secretName: shop-tls
      rules:
      - host: shop.example.com
`,
}

// noTLSDeny writes the condition with the same annotations as the Go check.
func noTLSDeny() string {
	var b strings.Builder
	for _, key := range ingress.EdgeTLSAnnotations() {
		b.WriteString(`object.metadata.?annotations[?"` + key + "\"].orValue(\"\") == \"\" &&\n")
	}
	b.WriteString(`(object.spec.?tls.orValue([]).size() == 0 ||
  object.spec.?rules.orValue([]).exists(r, !object.spec.tls.exists(t, t.?hosts.orValue([]).size() == 0 ||
    r.?host.orValue("") == "" || t.hosts.exists(h, h == r.host || (h.startsWith("*.") && r.host.endsWith(h.substring(1)) &&
      r.host.size() > h.size() - 1 && !r.host.substring(0, r.host.size() - h.size() + 1).contains("."))))))`)
	return b.String()
}

const allowHTTP = "kubernetes.io/ingress.allow-http"

var plainHTTP = &control.Control{
	ID:       "BW0702",
	Concept:  concept,
	Title:    "Ingress does not switch plain HTTP off",
	Severity: control.Low,
	Profile:  control.Strict,
	Refs:     []string{"gatekeeper general/httpsonly", "kyverno require-ingress-https"},
	Kinds:    ingress.Kinds,
	Params: []control.Param{
		{Name: "tlsOptional", Doc: "whether the annotation alone is enough, without spec.tls", Default: false},
	},
	Deny: `object.metadata.?annotations[?"kubernetes.io/ingress.allow-http"].orValue("") != "false" ||
object.spec.?tls.orValue([]).size() == 0`,
	Check: func(p *control.Pass) error {
		in := read(p)
		if in == nil {
			return nil
		}
		if p.Subject.Annotation(allowHTTP) != "false" {
			p.Report("metadata.annotations["+allowHTTP+"]", "the annotation %s is not \"false\"", allowHTTP).
				Fix("ask the controller to serve HTTPS only; controllers that ignore the annotation need their own redirect setting",
					control.Edit{Path: "metadata.annotations[" + allowHTTP + "]", Op: control.Set, Value: "false"})
		}
		if len(in.TLS) == 0 && !p.Bool("tlsOptional") {
			p.Report("spec.tls", "the Ingress has no tls section")
		}
		return nil
	},
	Doc: `Some load balancers answer on port 80 as well unless told otherwise, so that the first request of a visitor still
crosses the network in the clear. The annotation kubernetes.io/ingress.allow-http: "false" tells Google's controller (and
a few others) to close that port.

It fires when the annotation is not "false", and when there is no tls section unless the parameter tlsOptional is true.
Most controllers, ingress-nginx among them, ignore the annotation and redirect by themselves once TLS is there: hence it
is a house rule and off by default.

    metadata:
      annotations:
        kubernetes.io/ingress.allow-http: "false"
    spec:
      tls: [{hosts: [shop.example.com], secretName: shop-tls}]
`,
}

var tlsSecret = &control.Control{
	ID:       "BW0703",
	Concept:  concept,
	Title:    "TLS secret of an Ingress is missing or of the wrong type",
	Severity: control.Medium,
	Refs:     []string{"NSA net"},
	Kinds:    ingress.Kinds,
	Requires: []control.AnyFact{ingress.Fact},
	Check:    checkIngress(checkTLSSecret),
	Doc: `When the Secret of a tls entry does not exist, or holds no certificate, the controller serves its own self-signed
certificate: visitors get a warning, clients that do not verify notice nothing, and the name is open to whoever creates
a Secret of that name.

It fires for each entry whose secretName names no Secret of the same namespace, or one that is not of type
kubernetes.io/tls. When cert-manager or another issuer makes the Secret (annotations cert-manager.io/issuer,
cert-manager.io/cluster-issuer, kubernetes.io/tls-acme and the like) a missing one is unknown. It is also unknown when
the input holds no Secrets of the namespace.

    apiVersion: v1
    kind: Secret
    metadata: {name: shop-tls, namespace: shop}
    type: kubernetes.io/tls
`,
}

func checkTLSSecret(p *control.Pass, x *ingress.Index, in *ingress.Ingress) {
	for _, t := range in.TLS {
		if t.Secret == "" {
			continue
		}
		path := t.Field + ".secretName"
		o := x.Secret(p.Subject.Namespace, t.Secret)
		switch {
		case o != nil:
			if s, ok := o.Typed.(*corev1.Secret); ok && s.Type != corev1.SecretTypeTLS {
				p.Report(path, "Secret %q has type %q, not kubernetes.io/tls", t.Secret, orOpaque(s.Type)).Related(o, "type")
			}
		case issued(p):
			p.Unknown(path, "Secret %q is not in the input; a certificate issuer may create it", t.Secret)
		default:
			if err := x.KnowsSecret(p.Subject.Namespace); err != nil {
				p.Unknown(path, "whether Secret %q exists: %s", t.Secret, err)
				continue
			}
			p.Report(path, "Secret %q does not exist", t.Secret)
		}
	}
}

func orOpaque(t corev1.SecretType) corev1.SecretType {
	if t == "" {
		return corev1.SecretTypeOpaque
	}
	return t
}

// issued says whether an annotation asks a controller to make the certificate.
func issued(p *control.Pass) bool {
	for key, value := range p.Subject.Meta.Annotations {
		if strings.HasPrefix(key, "cert-manager.io/") || key == "kubernetes.io/tls-acme" && value == "true" ||
			strings.HasPrefix(key, "cert.gardener.cloud/") || key == "acme.cert-manager.io/http01-edit-in-place" {
			return true
		}
	}
	return false
}
