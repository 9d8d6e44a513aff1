package exposure

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"bulwark/control"
	"bulwark/facts/ingress"
	"bulwark/facts/workloads"
	"bulwark/world"
)

const (
	classKind        = "IngressClass.networking.k8s.io"
	gatewayKind      = "Gateway." + ingress.GatewayGroup
	defaultClassMark = "ingressclass.kubernetes.io/is-default-class"
)

// controllerMarks are values of app.kubernetes.io/name, or parts of the controller's name in an IngressClass, by which
// in-cluster controllers are known.
var controllerMarks = []struct{ controller, app string }{
	{"k8s.io/ingress-nginx", "ingress-nginx"}, {"nginx.org/ingress-controller", "nginx-ingress"}, {"traefik.io/ingress-controller", "traefik"},
	{"haproxy.org/ingress-controller", "kubernetes-ingress"}, {"haproxy-ingress.github.io/controller", "haproxy-ingress"},
	{"ingress-controllers.konghq.com/kong", "kong"}, {"projectcontour.io/", "contour"}, {"cilium.io/ingress-controller", "cilium"},
	{"istio.io/ingress-controller", "istio-ingressgateway"}, {"apisix.apache.org/apisix-ingress", "apisix"},
}

// front is the controller that serves some Ingresses: who reaches it, and its pods.
type front struct {
	chain Chain
}

// fronts finds the controllers by class.
type fronts struct {
	classes  map[string]*networkingv1.IngressClass
	fallback string // the default class
	byApp    map[string][]*workloads.Service
	known    error // why classes may exist that were not read
}

func readFronts(v *control.View, inv *workloads.Inventory) *fronts {
	f := &fronts{classes: map[string]*networkingv1.IngressClass{}, byApp: map[string][]*workloads.Service{}, known: v.Knows(classKind, "")}
	for o := range v.All(classKind) {
		if c, ok := o.Typed.(*networkingv1.IngressClass); ok {
			f.classes[o.Name] = c
			if o.Annotation(defaultClassMark) == "true" {
				f.fallback = o.Name
			}
		}
	}
	for o := range v.All("Service") {
		if s := inv.Service(o); s != nil {
			for _, app := range []string{o.Meta.Labels["app.kubernetes.io/name"], s.Spec.Selector["app.kubernetes.io/name"], s.Spec.Selector["app"]} {
				if app != "" && !slices.Contains(f.byApp[app], s) {
					f.byApp[app] = append(f.byApp[app], s)
				}
			}
		}
	}
	return f
}

// of returns who serves an Ingress.
func (f *fronts) of(x *Index, in *ingress.Ingress) front {
	if c, ok := cloudFront(in); ok {
		return front{chain: c}
	}
	name := in.Class
	if name == "" {
		name = f.fallback
	}
	if name == "" && len(f.classes) > 0 && f.known == nil {
		var c Chain
		c.at(Nobody, Internet, "it names no class and no class is the default, so that only controllers which take all serve it")
		return front{chain: c}
	}
	controller := name
	if c := f.classes[name]; c != nil {
		controller = c.Spec.Controller
	}
	for _, m := range controllerMarks {
		if controller == "" || !strings.HasPrefix(controller, m.controller) && !strings.Contains(m.controller, controller) && controller != m.app && !strings.HasPrefix(m.app, controller) {
			continue
		}
		if c, ok := f.entrance(x, m.app); ok {
			return front{chain: c}
		}
	}
	var c Chain
	c.Source = FromController
	c.at(Nobody, Internet, "the ingress controller is not in the input")
	return front{chain: c}
}

// entrance is the widest of the Services of a controller.
func (f *fronts) entrance(x *Index, app string) (best Chain, found bool) {
	for _, s := range f.byApp[app] {
		svc, ok := s.Object.Typed.(*corev1.Service)
		if !ok {
			continue
		}
		c := Chain{Who: Cluster, May: Cluster}
		switch {
		case svc.Spec.Type == corev1.ServiceTypeLoadBalancer:
			c = balancerCircle(s.Object, svc)
		case svc.Spec.Type == corev1.ServiceTypeNodePort:
			c = x.nodeCircle()
		}
		for _, w := range s.Workloads {
			c.Controller = w.Object
			if w.Pod.Spec.HostNetwork {
				host := x.nodeCircle()
				c.at(max(c.Who, host.Who), max(c.May, host.May), host.Doubt)
			}
		}
		c.Source = FromController
		if !found || c.May > best.May || c.May == best.May && c.Who > best.Who {
			best, found = c, true
		}
	}
	return best, found
}

// cloudFront recognises the classes and annotations of controllers that run outside of the cluster.
func cloudFront(in *ingress.Ingress) (c Chain, ok bool) {
	ann := in.Object.Annotation
	switch {
	case in.Class == "alb" || ann("alb.ingress.kubernetes.io/scheme") != "":
		if ann("alb.ingress.kubernetes.io/scheme") == "internet-facing" {
			c.at(Internet, Internet, "")
		} else {
			c.at(VPC, VPC, "") // the controller's default
		}
		c.Limit = limitOf(ann("alb.ingress.kubernetes.io/inbound-cidrs"))
		c.Source = FromNode
		if ann("alb.ingress.kubernetes.io/target-type") == "ip" {
			c.Source = FromClient
		}
	case in.Class == "gce-internal":
		c.at(VPC, VPC, "")
	case in.Class == "gce":
		c.at(Internet, Internet, "")
	case in.Class == "azure-application-gateway" || in.Class == "azure/application-gateway":
		if ann("appgw.ingress.kubernetes.io/use-private-ip") == "true" {
			c.at(VPC, VPC, "")
		} else {
			c.at(Internet, Internet, "")
		}
	default:
		return c, false
	}
	return c, true
}

func limitOf(ranges string) string {
	if ranges == "" {
		return ""
	}
	return "only from " + ranges
}

// ingressChains finds the ways that an Ingress opens. A Service of type ExternalName leads on to the Service that it names.
func (x *Index) ingressChains(inv *workloads.Inventory, f *fronts, in *ingress.Ingress) {
	fr := f.of(x, in)
	for b := range in.Backends {
		s := inv.Named(in.Object.Namespace, b.Service)
		if b.Service == "" || s == nil {
			continue
		}
		c := fr.chain
		c.Entry, c.Field, c.Why = in.Object, b.Field, fmt.Sprintf("Ingress %q", in.Object.Name)
		if other := external(inv, s); other != nil {
			c.Why += fmt.Sprintf(" over ExternalName Service %q", s.Object.Name)
			s = other
		}
		x.through(s, c)
	}
}

// external follows an ExternalName that is the name of another Service of the cluster.
func external(inv *workloads.Inventory, s *workloads.Service) *workloads.Service {
	if s.Spec.Type != corev1.ServiceTypeExternalName {
		return nil
	}
	name, rest, _ := strings.Cut(strings.TrimSuffix(s.Spec.ExternalName, "."), ".")
	namespace, rest, _ := strings.Cut(rest, ".")
	if !strings.HasPrefix(rest, "svc") {
		return nil
	}
	return inv.Named(namespace, name)
}

// routeChains finds the ways that a route of the Gateway API opens through the Gateways that take it.
func (x *Index) routeChains(inv *workloads.Inventory, in *ingress.Index, r *ingress.Route, namespaces func(string) *world.Object) {
	for i := range r.Parents {
		ref, ok := r.Parents[i].Gateway(r.Object.Namespace)
		if !ok {
			continue
		}
		c := gatewayCircle(in, ref, r, &r.Parents[i], namespaces)
		if c.May == Nobody {
			continue
		}
		for b := range r.Backends {
			service, ok := b.Service(r.Object.Namespace)
			if !ok || service.Namespace != r.Object.Namespace && !in.Granted(r.Object.Ref, service) && in.KnowsGrant(service.Namespace) == nil {
				continue
			}
			if s := inv.Named(service.Namespace, service.Name); s != nil {
				chain := c
				chain.Entry, chain.Field, chain.Why = r.Object, b.Field, fmt.Sprintf("%s %q on Gateway %q", r.Object.Kind, r.Object.Name, ref.Name)
				x.through(s, chain)
			}
		}
	}
}

// internalGateways are parts of class names that stand for load balancers inside of the cloud's network.
var internalGateways = []string{"-rilb", "internal", "private"}

// gatewayCircle says who reaches a route through one of its parents.
func gatewayCircle(in *ingress.Index, ref world.Ref, r *ingress.Route, p *ingress.Parent, namespaces func(string) *world.Object) (c Chain) {
	c.Source = FromController
	gw := in.Gateway(ref)
	if gw == nil {
		if in.KnowsGateway(ref.Namespace) == nil {
			return c
		}
		c.at(Nobody, Internet, fmt.Sprintf("Gateway %q is not in the input", ref.Name))
		return c
	}
	switch attaches(gw, r, p, namespaces) {
	case no:
		return c
	case maybe:
		c.at(Nobody, Internet, fmt.Sprintf("whether a listener of Gateway %q takes the route depends on labels that are not in the input", ref.Name))
		return c
	}
	who, known := gatewayAddresses(gw.Object)
	switch {
	case known:
		c.at(who, who, "")
	case slices.ContainsFunc(internalGateways, func(part string) bool { return strings.Contains(strings.ToLower(gw.Class), part) }):
		c.at(VPC, VPC, "")
	default:
		c.at(Cluster, Internet, fmt.Sprintf("Gateway %q has no address yet", ref.Name))
	}
	return c
}

func gatewayAddresses(o *world.Object) (Who, bool) {
	var status struct {
		Addresses []struct {
			Value string `json:"value"`
		} `json:"addresses"`
	}
	if o.Decode("status", &status) != nil {
		return Nobody, false
	}
	who, known := Nobody, false
	for _, a := range status.Addresses {
		if w, ok := scopeOf(a.Value); ok {
			who, known = max(who, w), true
		}
	}
	return who, known
}
