package ingressobjects

import (
	"strings"

	"bulwark/control"
	"bulwark/facts/ingress"
)

func hostControls() []*control.Control {
	return []*control.Control{wildcardHost, emptyHost, defaultBackend, collision}
}

var wildcardHost = &control.Control{
	ID:       "BW0704",
	Concept:  concept,
	Title:    "Ingress takes a wildcard host",
	Severity: control.Medium,
	Refs:     []string{"gatekeeper general/block-wildcard-ingress", "kyverno restrict-ingress-wildcard", "ATT&CK T1557"},
	Kinds:    ingress.Kinds,
	Deny:     `object.spec.?rules.orValue([]).exists(r, r.?host.orValue("").contains("*"))`,
	Check: func(p *control.Pass) error {
		in := read(p)
		if in == nil {
			return nil
		}
		for _, r := range in.Rules {
			if strings.Contains(r.Host, "*") {
				p.Report(r.Field+".host", "the rule takes every name under %q", r.Host)
			}
		}
		return nil
	},
	Doc: `A wildcard host takes the traffic of every name below a domain that no other Ingress claims, of names that will be
created later too. In a cluster that teams share, one of them can so receive cookies and logins that are meant for
another, and a forgotten DNS record becomes a door.

It fires for each rule whose host contains a star.

Write the names out, one rule each. Where a product needs a wildcard (one name for each customer), keep the whole domain
for it and excuse the Ingress.

    spec:
      rules:
      - host: shop.example.com
`,
}

var emptyHost = &control.Control{
	ID:       "BW0705",
	Concept:  concept,
	Title:    "Ingress takes every host",
	Severity: control.Medium,
	Refs:     []string{"gatekeeper general/block-wildcard-ingress", "kyverno disallow-empty-ingress-host", "ATT&CK T1190"},
	Kinds:    ingress.Kinds,
	Deny:     `object.spec.?rules.orValue([]).exists(r, r.?host.orValue("") == "")`,
	Check: func(p *control.Pass) error {
		in := read(p)
		if in == nil {
			return nil
		}
		for _, r := range in.Rules {
			if r.Host == "" {
				p.Report(r.Field+".host", "the rule names no host and so takes every host")
			}
		}
		return nil
	},
	Doc: `A rule without a host answers for every name that reaches the controller: for other teams' names that have no rule for
the path, and for the bare address, which scanners try first. Virtual hosts that should have been separate share one
origin in the browser.

It fires for each rule whose host is missing or empty. The default backend, which has the same effect, is BW0706.

    spec:
      rules:
      - host: shop.example.com
        http:
          paths: [{path: /, pathType: Prefix, backend: {service: {name: shop, port: {name: http}}}}]
`,
}

var defaultBackend = &control.Control{
	ID:       "BW0706",
	Concept:  concept,
	Title:    "Ingress has a default backend",
	Severity: control.Low,
	Refs:     []string{"kyverno restrict-ingress-defaultbackend", "ATT&CK T1190"},
	Kinds:    ingress.Kinds,
	Deny:     `has(object.spec.defaultBackend) || has(object.spec.backend)`,
	Check: func(p *control.Pass) error {
		in := read(p)
		if in == nil || in.Default == nil {
			return nil
		}
		path := "spec.defaultBackend"
		if strings.HasPrefix(in.Default.Field, "spec.backend") {
			path = "spec.backend"
		}
		p.Report(path, "the default backend gets every request that no rule matches")
		return nil
	},
	Doc: `The default backend receives every request that no rule matches, whatever its host: probes of scanners, names of other
teams without a rule, typing errors. Depending on the controller it even becomes the default of the whole cluster, so
that one namespace answers for all.

It fires when spec.defaultBackend (spec.backend in old versions) is set, to a Service or to another resource.

Give the Ingress rules with hosts and let the controller answer the rest with "not found":

    spec:
      rules:
      - host: shop.example.com
        http:
          paths: [{path: /, pathType: Prefix, backend: {service: {name: shop, port: {name: http}}}}]
`,
}

var collision = &control.Control{
	ID:       "BW0707",
	Concept:  concept,
	Title:    "Two namespaces claim the same host and path",
	Severity: control.High,
	Refs:     []string{"kyverno unique-ingress-host-and-path", "ATT&CK T1557"},
	Kinds:    ingress.Kinds,
	Requires: []control.AnyFact{ingress.Fact},
	Check:    checkIngress(foreignCollision),
	Doc: `When Ingresses of two namespaces claim the same host and path, the controller picks one, usually the older. Whoever may
create an Ingress can so wait for the other to be recreated, or name a path that is longer, and receive its traffic with
all cookies. Kubernetes does not check it.

It fires for each path that an Ingress of another namespace with the same class has for the same host. Several Ingresses
of one namespace may share a host; whether hosts are shared at all is the house rule BW0717.

Give each namespace its own host names, or let a Gateway decide which namespaces may attach:

    kind: Gateway
    spec:
      listeners:
      - name: shop
        hostname: shop.example.com
        allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {team: shop}}}}
`,
}

// foreignCollision reports paths that an Ingress of another namespace has for the same host and class.
func foreignCollision(p *control.Pass, x *ingress.Index, in *ingress.Ingress) {
	reportCollisions(p, x, in, func(other *ingress.Ingress) bool { return other.Object.Namespace != p.Subject.Namespace })
}

// anyCollision reports paths that any other Ingress has for the same host and class.
func anyCollision(p *control.Pass, x *ingress.Index, in *ingress.Ingress) {
	reportCollisions(p, x, in, func(*ingress.Ingress) bool { return true })
}

func reportCollisions(p *control.Pass, x *ingress.Index, in *ingress.Ingress, counts func(other *ingress.Ingress) bool) {
	for _, r := range in.Rules {
		for _, other := range x.SameHost(p.Subject, r.Host) {
			if other.Class != in.Class || !counts(other) {
				continue
			}
			for _, path := range r.Paths {
				if at, ok := claims(other, r.Host, path.URL); ok {
					p.Report(path.Field+".path", "host %q path %q is claimed by %s too", r.Host, rootPath(path.URL), other.Object.Ref).Related(other.Object, at)
				}
			}
		}
	}
}

// claims returns where an Ingress has a path for a host.
func claims(in *ingress.Ingress, host, url string) (string, bool) {
	for _, r := range in.Rules {
		if !strings.EqualFold(r.Host, host) {
			continue
		}
		for _, p := range r.Paths {
			if rootPath(p.URL) == rootPath(url) {
				return p.Field, true
			}
		}
	}
	return "", false
}

// rootPath gives an unset path its meaning, and a path with a slash at its end that of the path without.
func rootPath(url string) string {
	if trimmed := strings.TrimRight(url, "/"); trimmed != "" {
		return trimmed
	}
	return "/"
}
