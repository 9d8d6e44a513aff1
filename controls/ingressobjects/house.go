package ingressobjects

import (
	"fmt"
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/facts/ingress"
)

func houseControls() []*control.Control {
	return []*control.Control{sharedHost, sharedRoot, restrictedClass, wildcardVirtualService, severalHosts, sharedPath}
}

var sharedHost = &control.Control{
	ID:       "BW0717",
	Concept:  concept,
	Title:    "Host is used by more than one Ingress",
	Severity: control.Medium,
	Profile:  control.Strict,
	Refs:     []string{"gatekeeper general/uniqueingresshost", "kyverno unique-ingress-host", "kyverno restrict-ingress-host"},
	Kinds:    ingress.Kinds,
	Requires: []control.AnyFact{ingress.Fact},
	Check: checkIngress(func(p *control.Pass, x *ingress.Index, in *ingress.Ingress) {
		for _, r := range in.Rules {
			for _, other := range x.SameHost(p.Subject, r.Host) {
				p.Report(r.Field+".host", "host %q is used by %s too", r.Host, other.Object.Ref).Related(other.Object, "spec.rules")
				break
			}
		}
	}),
	Doc: `When a host belongs to exactly one Ingress it is clear who serves it, and nobody can add a path to somebody else's site.
Many teams split one host over several Ingresses on purpose, therefore this is a house rule and off by default; the clear
danger, two namespaces that claim the same path, is BW0707.

It fires for each rule whose host (or its absence) another Ingress in the input has too, in any namespace and class.

Put all paths of a host into one Ingress:

    spec:
      rules:
      - host: shop.example.com
        http:
          paths:
          - {path: /, pathType: Prefix, backend: {service: {name: shop, port: {name: http}}}}
          - {path: /api, pathType: Prefix, backend: {service: {name: api, port: {name: http}}}}
`,
}

var sharedRoot = &control.Control{
	ID:       "BW0721",
	Concept:  concept,
	Title:    "First path segment is used by an Ingress of another namespace",
	Severity: control.Low,
	Profile:  control.Strict,
	Refs:     []string{"kyverno unique-ingress-paths", "kyverno unique-ingress-path"},
	Kinds:    ingress.Kinds,
	Requires: []control.AnyFact{ingress.Fact},
	Check: checkIngress(func(p *control.Pass, x *ingress.Index, in *ingress.Ingress) {
		for _, r := range in.Rules {
			for _, path := range r.Paths {
				root := "/" + strings.SplitN(strings.TrimPrefix(path.URL, "/"), "/", 2)[0]
				if root == "/" {
					continue
				}
				if other := rootOwner(x, p, root); other != nil {
					p.Report(path.Field+".path", "%s has the path %q, which this path lies under", other.Object.Ref, root).Related(other.Object, "spec.rules")
				}
			}
		}
	}),
	Doc: `Clusters that serve all teams under one host give each team a first path segment. This house rule keeps another
namespace from placing something below it, whatever the host says.

It fires for each path whose first segment is the whole path of some Ingress of another namespace, unless an Ingress of
its own namespace has that path as well. The bare root path is nobody's.

It is off by default. Where each team has host names of its own, BW0707 says what matters.

    # namespace shop
    paths: [{path: /shop, pathType: Prefix, backend: {service: {name: shop, port: {name: http}}}}]
    # namespace books must not use /shop/books
`,
}

// rootOwner returns an Ingress of another namespace that has exactly this path, nil when the subject's own namespace has it too.
func rootOwner(x *ingress.Index, p *control.Pass, root string) *ingress.Ingress {
	var owner *ingress.Ingress
	for _, in := range x.Ingresses {
		for _, r := range in.Rules {
			if !slices.ContainsFunc(r.Paths, func(q ingress.Path) bool { return rootPath(q.URL) == root }) {
				continue
			}
			if in.Object.Namespace == p.Subject.Namespace {
				return nil
			}
			if owner == nil {
				owner = in
			}
		}
	}
	return owner
}

var restrictedClass = &control.Control{
	ID:       "BW0722",
	Concept:  concept,
	Title:    "Ingress class is not one of those allowed",
	Severity: control.Low,
	Profile:  control.Strict,
	Refs:     []string{"kyverno restrict-ingress-classes"},
	Kinds:    ingress.Kinds,
	Params:   []control.Param{{Name: "allow", Doc: "classes that may be used", Default: nil}},
	Check: func(p *control.Pass) error {
		in := read(p)
		switch {
		case in == nil:
		case in.Class == "":
			p.Report("spec.ingressClassName", "the Ingress names no class; allowed are %s", strings.Join(p.Strings("allow"), ", "))
		case !slices.Contains(p.Strings("allow"), in.Class):
			p.Report("spec.ingressClassName", "class %q is not allowed; allowed are %s", in.Class, strings.Join(p.Strings("allow"), ", "))
		}
		return nil
	},
	Doc: `The class decides which controller serves an Ingress, and with it which address, which certificates and which rules of a
web application firewall. An Ingress for the wrong one, or without any where the cluster has a default, can put an
internal site on the internet.

It fires when the class (spec.ingressClassName, else the annotation kubernetes.io/ingress.class) is missing or not in the
parameter allow. It does nothing until that parameter is set.

    params:
      BW0722: {allow: [internal, public]}

    spec:
      ingressClassName: internal
`,
}

var wildcardVirtualService = &control.Control{
	ID:       "BW0723",
	Concept:  concept,
	Title:    "VirtualService takes wildcard hosts",
	Severity: control.Medium,
	Refs:     []string{"kyverno restrict-virtual-service-wildcard", "ATT&CK T1557"},
	Kinds:    []string{"VirtualService.networking.istio.io"},
	Deny:     `has(object.spec) && object.spec.?hosts.orValue([]).exists(h, h.contains("*")) == true`,
	Check: func(p *control.Pass) error {
		var spec struct {
			Hosts []string `json:"hosts"`
		}
		if err := p.Subject.Decode("spec", &spec); err != nil {
			return err
		}
		for i, h := range spec.Hosts {
			if strings.Contains(h, "*") {
				p.Report(fmt.Sprintf("spec.hosts[%d]", i), "the VirtualService takes every name under %q", h)
			}
		}
		return nil
	},
	Doc: `A VirtualService with a wildcard host leads every name below a domain, or every name at all, to its routes: for requests
through a Gateway, and for calls inside the mesh that it is exported to. Another team's name that has no VirtualService of
its own ends up there.

It fires for each host that contains a star.

    apiVersion: networking.istio.io/v1
    kind: VirtualService
    spec:
      hosts: [shop.example.com]
      gateways: [infra/public]
      http: [{route: [{destination: {host: shop}}]}]
`,
}

var severalHosts = &control.Control{
	ID:       "BW0725",
	Concept:  concept,
	Title:    "Ingress serves more than one host",
	Severity: control.Info,
	Profile:  control.Strict,
	Refs:     []string{"kyverno unique-ingress-host", "kyverno restrict-ingress-host", "kyverno unique-ingress-host/deny-multiple-hosts"},
	Kinds:    ingress.Kinds,
	Deny: `has(object.spec) && object.spec.?rules.orValue([]).exists(r, r.?host.orValue("") != "" &&
  object.spec.rules.exists(q, q.?host.orValue("") != "" && q.host != r.host)) == true`,
	Check: func(p *control.Pass) error {
		in := read(p)
		if in == nil {
			return nil
		}
		first := ""
		for _, r := range in.Rules {
			switch {
			case r.Host == "" || r.Host == first:
			case first == "":
				first = r.Host
			default:
				p.Report(r.Field+".host", "host %q stands beside host %q in one Ingress", r.Host, first)
			}
		}
		return nil
	},
	Doc: `Annotations of an Ingress (limits, authentication, allowed networks) hold for all its hosts. Where each host has an Ingress
of its own, a change for one site cannot open another, and the certificate and the rights over a site can be handed out
singly. Many teams keep the hosts of one application together, so it is a house rule and off by default.

It fires for each rule whose host differs from the first host of the Ingress. Rules without a host are the matter of
BW0705.

    spec:
      rules:
      - host: shop.example.com
        http:
          paths:
          - {path: /, pathType: Prefix, backend: {service: {name: shop, port: {name: http}}}}
`,
}

var sharedPath = &control.Control{
	ID:       "BW0726",
	Concept:  concept,
	Title:    "Two Ingresses claim the same host and path",
	Severity: control.Low,
	Profile:  control.Strict,
	Refs:     []string{"kyverno unique-ingress-host-and-path"},
	Kinds:    ingress.Kinds,
	Requires: []control.AnyFact{ingress.Fact},
	Check:    checkIngress(anyCollision),
	Doc: `Of two Ingresses with the same host and path one serves nobody, and which one it is can change when either is recreated.
Within one namespace it is a mistake rather than an attack (BW0707 reports those between namespaces), unless it is a canary
whose controller knows what is meant: hence a house rule, off by default.

It fires for each path that another Ingress of the same class, in any namespace, has for the same host.

    spec:
      rules:
      - host: shop.example.com
        http:
          paths:
          - {path: /orders, pathType: Prefix, backend: {service: {name: orders, port: {name: http}}}}
`,
}
