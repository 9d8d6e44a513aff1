package ingressobjects

import (
	"fmt"
	"strings"

	"bulwark/control"
	"bulwark/facts/ingress"
	"bulwark/world"
)

func gatewayControls() []*control.Control {
	return []*control.Control{plainListener, openListener, ungranted, strayRoute}
}

const gatewayKind = "Gateway." + ingress.GatewayGroup

func readGateway(p *control.Pass) *ingress.Gateway {
	g := ingress.ReadGateway(p.Subject)
	if g == nil {
		p.Unknown("spec", "the Gateway's fields have the wrong types")
	}
	return g
}

func listenerPath(i int, field string) string { return fmt.Sprintf("spec.listeners[%d].%s", i, field) }

var plainListener = &control.Control{
	ID:       "BW0713",
	Concept:  concept,
	Title:    "Gateway listens for plain HTTP only",
	Severity: control.Medium,
	Refs:     []string{"NSA net", "ATT&CK T1557"},
	Kinds:    []string{gatewayKind},
	Deny: `object.spec.?listeners.orValue([]).exists(l, l.protocol == "HTTP" &&
  !object.spec.listeners.exists(o, o.protocol in ["HTTPS", "TLS"] && o.?hostname.orValue("") == l.?hostname.orValue("")))`,
	Check: func(p *control.Pass) error {
		g := readGateway(p)
		if g == nil {
			return nil
		}
		for i := range g.Listeners {
			if l := &g.Listeners[i]; l.Protocol == "HTTP" && !hasSecureTwin(g, l.Hostname) {
				p.Report(listenerPath(i, "protocol"), "listener %q serves plain HTTP on port %d and no listener offers HTTPS for the same host", l.Name, l.Port)
			}
		}
		return nil
	},
	Doc: `What a Gateway serves over plain HTTP can be read and changed by anybody on the way, session cookies included.

It fires for each listener with protocol HTTP unless a listener of the same Gateway offers HTTPS or TLS for the same
hostname: the plain one is then taken to redirect. TCP and UDP listeners are not judged, since what they carry may be
encrypted by itself.

    spec:
      listeners:
      - name: https
        port: 443
        protocol: HTTPS
        hostname: shop.example.com
        tls: {certificateRefs: [{name: shop-tls}]}
`,
}

func hasSecureTwin(g *ingress.Gateway, host string) bool {
	for i := range g.Listeners {
		if l := &g.Listeners[i]; (l.Protocol == "HTTPS" || l.Protocol == "TLS") && l.Hostname == host {
			return true
		}
	}
	return false
}

var openListener = &control.Control{
	ID:       "BW0714",
	Concept:  concept,
	Title:    "Gateway lets every namespace attach routes for any host",
	Severity: control.Medium,
	Refs:     []string{"ATT&CK T1557"},
	Kinds:    []string{gatewayKind},
	Deny: `object.spec.?listeners.orValue([]).exists(l, l.?allowedRoutes.?namespaces.?from.orValue("Same") == "All" &&
  (l.?hostname.orValue("") == "" || l.hostname.startsWith("*")))`,
	Check: func(p *control.Pass) error {
		g := readGateway(p)
		if g == nil {
			return nil
		}
		for i := range g.Listeners {
			l := &g.Listeners[i]
			if l.AllowedRoutes.Namespaces.From == "All" && (l.Hostname == "" || strings.HasPrefix(l.Hostname, "*")) {
				p.Report(listenerPath(i, "allowedRoutes.namespaces.from"), "listener %q lets routes of every namespace claim %s", l.Name, orEvery(l.Hostname))
			}
		}
		return nil
	},
	Doc: `allowedRoutes decides which namespaces may lead traffic through a Gateway; its default is the Gateway's own namespace.
With All and no fixed hostname, whoever may create a route in any namespace can claim any name that nobody else uses, and
paths of names that somebody does.

It fires for each listener whose allowedRoutes.namespaces.from is All and whose hostname is missing or begins with a star.

Choose the namespaces, or give each team a listener with its own hostname:

    listeners:
    - name: shop
      hostname: shop.example.com
      allowedRoutes:
        namespaces: {from: Selector, selector: {matchLabels: {team: shop}}}
`,
}

func orEvery(host string) string {
	if host == "" {
		return "any host"
	}
	return host
}

var ungranted = &control.Control{
	ID:       "BW0715",
	Concept:  concept,
	Title:    "Route points into another namespace without a ReferenceGrant",
	Severity: control.Low,
	Profile:  control.Hygiene,
	Refs:     []string{"ATT&CK T1190"},
	Kinds:    ingress.RouteKinds,
	Requires: []control.AnyFact{ingress.Fact},
	Check:    checkServices(checkGrant),
	Doc: `A backend in another namespace works only when that namespace agrees with a ReferenceGrant; otherwise the Gateway
answers with errors. A reference without one is either a mistake or somebody trying doors, and it starts to work the day
a broad grant is made for something else.

It fires for each backendRef to a Service of another namespace that no ReferenceGrant of that namespace covers for the
route's kind and namespace. When the input holds no grants of that namespace the answer is unknown.

    apiVersion: gateway.networking.k8s.io/v1beta1
    kind: ReferenceGrant
    metadata: {name: shop, namespace: backend}
    spec:
      from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}]
      to: [{group: "", kind: Service, name: api}]
`,
}

func checkGrant(p *control.Pass, x *ingress.Index, b *ingress.RouteBackend, to world.Ref) {
	if to.Namespace == p.Subject.Namespace || x.Granted(p.Subject.Ref, to) {
		return
	}
	path := b.Field + ".namespace"
	if err := x.KnowsGrant(to.Namespace); err != nil {
		p.Unknown(path, "whether a ReferenceGrant allows %s: %s", to, err)
		return
	}
	p.Report(path, "no ReferenceGrant in namespace %q lets this route use %s", to.Namespace, to)
}

var strayRoute = &control.Control{
	ID:       "BW0716",
	Concept:  concept,
	Title:    "Route attaches to a Gateway that does not take it",
	Severity: control.Low,
	Profile:  control.Hygiene,
	Kinds:    ingress.RouteKinds,
	Requires: []control.AnyFact{ingress.Fact},
	Check:    checkRoute(checkParents),
	Doc: `A route that no Gateway takes serves nothing, and what it was to protect, a redirect to HTTPS or a login in front of a
path, is not there either. It comes alive when somebody creates a Gateway of that name.

It fires for each parentRef to a Gateway that does not exist, has no listener of the section that is named, allows no
routes from the route's namespace, or has no hostname in common with the route. Parents of other kinds, such as a Service
of a mesh, are not judged; nor are namespace selectors of listeners.

    kind: HTTPRoute
    spec:
      parentRefs: [{name: public, namespace: infra, sectionName: shop}]
      hostnames: [shop.example.com]
`,
}

func checkParents(p *control.Pass, x *ingress.Index, r *ingress.Route) {
	for i := range r.Parents {
		ref, ok := r.Parents[i].Gateway(p.Subject.Namespace)
		if !ok {
			continue
		}
		path := fmt.Sprintf("spec.parentRefs[%d]", i)
		g := x.Gateway(ref)
		if g == nil {
			reportMissing(p, x.KnowsGateway(ref.Namespace), path+".name", ref)
			continue
		}
		if why := refusal(g, r, &r.Parents[i]); why != "" {
			p.Report(path, "%s does not take the route: %s", ref, why).Related(g.Object, "spec.listeners")
		}
	}
}

// refusal says why no listener of a Gateway takes a route, "" when one does.
func refusal(g *ingress.Gateway, r *ingress.Route, parent *ingress.Parent) string {
	why := "it has no listeners"
	if parent.SectionName != "" {
		why = fmt.Sprintf("it has no listener %q", parent.SectionName)
	}
	for i := range g.Listeners {
		l := &g.Listeners[i]
		if parent.SectionName != "" && l.Name != parent.SectionName {
			continue
		}
		from := l.AllowedRoutes.Namespaces.From
		switch {
		case (from == "" || from == "Same") && g.Object.Namespace != r.Object.Namespace:
			why = "its listeners allow routes of their own namespace only"
		case !shareHost(l.Hostname, r.Hostnames):
			why = fmt.Sprintf("no hostname fits listener %q (%s)", l.Name, orEvery(l.Hostname))
		default:
			return ""
		}
	}
	return why
}

// shareHost says whether a listener's hostname and those of a route have a name in common; a wildcard may stand for several labels here.
func shareHost(listener string, route []string) bool {
	if listener == "" || len(route) == 0 {
		return true
	}
	for _, h := range route {
		if h == listener || below(h, listener) || below(listener, h) {
			return true
		}
	}
	return false
}

func below(host, pattern string) bool {
	suffix, wild := strings.CutPrefix(pattern, "*")
	return wild && strings.HasSuffix(host, suffix)
}
