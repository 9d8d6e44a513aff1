package ingress

import (
	"strconv"

	"bulwark/world"
)

// GatewayGroup is the API group of the Gateway API.
const GatewayGroup = "gateway.networking.k8s.io"

// RouteKinds are the route kinds of the Gateway API.
var RouteKinds = []string{
	"HTTPRoute." + GatewayGroup, "GRPCRoute." + GatewayGroup, "TLSRoute." + GatewayGroup,
	"TCPRoute." + GatewayGroup, "UDPRoute." + GatewayGroup,
}

// Route is one route of the Gateway API.
type Route struct {
	Object    *world.Object `json:"-"`
	Hostnames []string      `json:"hostnames"`
	Parents   []Parent      `json:"parentRefs"`
	Rules     []RouteRule   `json:"rules"`
}

// Parent is what a route attaches to; an empty group, kind or namespace stands for its default.
type Parent struct {
	Group       *string `json:"group"`
	Kind        string  `json:"kind"`
	Namespace   string  `json:"namespace"`
	Name        string  `json:"name"`
	SectionName string  `json:"sectionName"`
}

// Gateway returns the reference of the Gateway that p names in a route of a namespace, false when p is no Gateway.
func (p *Parent) Gateway(namespace string) (world.Ref, bool) {
	if p.Kind != "" && p.Kind != "Gateway" || p.Group != nil && *p.Group != GatewayGroup {
		return world.Ref{}, false
	}
	return world.Ref{Group: GatewayGroup, Kind: "Gateway", Namespace: orElse(p.Namespace, namespace), Name: p.Name}, true
}

// RouteRule is one rule of a route.
type RouteRule struct {
	Matches []struct {
		Path struct {
			Type  string `json:"type"`
			Value string `json:"value"`
		} `json:"path"`
	} `json:"matches"`
	Backends []RouteBackend `json:"backendRefs"`
}

// RouteBackend is one backendRef of a rule.
type RouteBackend struct {
	Field     string `json:"-"` // field path of the reference
	Group     string `json:"group"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Port      int32  `json:"port"`
}

// Service returns the Service that the backend names for a route of a namespace, false when it names something else.
func (b *RouteBackend) Service(namespace string) (world.Ref, bool) {
	if b.Group != "" || b.Kind != "" && b.Kind != "Service" {
		return world.Ref{}, false
	}
	return world.Ref{Kind: "Service", Namespace: orElse(b.Namespace, namespace), Name: b.Name}, true
}

// ReadRoute returns a route in one shape, nil when its fields have the wrong types.
func ReadRoute(o *world.Object) *Route {
	r := &Route{Object: o}
	if o.Decode("spec", r) != nil {
		return nil
	}
	for i := range r.Rules {
		for j := range r.Rules[i].Backends {
			r.Rules[i].Backends[j].Field = index(index("spec.rules", i)+".backendRefs", j)
		}
	}
	return r
}

// Backends yields every backend of every rule.
func (r *Route) Backends(yield func(*RouteBackend) bool) {
	for i := range r.Rules {
		for j := range r.Rules[i].Backends {
			if !yield(&r.Rules[i].Backends[j]) {
				return
			}
		}
	}
}

// Gateway is one Gateway of the Gateway API.
type Gateway struct {
	Object    *world.Object `json:"-"`
	Class     string        `json:"gatewayClassName"`
	Listeners []Listener    `json:"listeners"`
}

// Listener is one port of a Gateway.
type Listener struct {
	Name     string `json:"name"`
	Hostname string `json:"hostname"`
	Port     int32  `json:"port"`
	Protocol string `json:"protocol"`
	TLS      *struct {
		Mode         string `json:"mode"`
		Certificates []struct {
			Group     string `json:"group"`
			Kind      string `json:"kind"`
			Namespace string `json:"namespace"`
			Name      string `json:"name"`
		} `json:"certificateRefs"`
	} `json:"tls"`
	AllowedRoutes struct {
		Namespaces struct {
			From string `json:"from"`
		} `json:"namespaces"`
	} `json:"allowedRoutes"`
}

// ReadGateway returns a Gateway, nil when its fields have the wrong types.
func ReadGateway(o *world.Object) *Gateway {
	g := &Gateway{Object: o}
	if o.Decode("spec", g) != nil {
		return nil
	}
	return g
}

// grant is one ReferenceGrant.
type grant struct {
	namespace string
	From      []struct {
		Group     string `json:"group"`
		Kind      string `json:"kind"`
		Namespace string `json:"namespace"`
	} `json:"from"`
	To []struct {
		Group string `json:"group"`
		Kind  string `json:"kind"`
		Name  string `json:"name"`
	} `json:"to"`
}

// allows says whether the grant lets an object of one kind and namespace point at another object.
func (g *grant) allows(from, to world.Ref) bool {
	if g.namespace != to.Namespace {
		return false
	}
	trusted := false
	for _, f := range g.From {
		trusted = trusted || f.Group == from.Group && f.Kind == from.Kind && f.Namespace == from.Namespace
	}
	if !trusted {
		return false
	}
	for _, t := range g.To {
		if t.Group == to.Group && t.Kind == to.Kind && (t.Name == "" || t.Name == to.Name) {
			return true
		}
	}
	return false
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// index is the field path of an element of a list.
func index(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }
