package ingress

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"bulwark/control"
	"bulwark/world"
)

const (
	gatewayKind = "Gateway." + GatewayGroup
	grantKind   = "ReferenceGrant." + GatewayGroup
	serviceKind = "Service"
	secretKind  = "Secret"
)

// Fact joins Ingresses and routes to the Services, Secrets and Gateways that they name.
var Fact = &control.Fact[*Index]{
	Name:  "ingress",
	Doc:   "Ingresses and Gateway API routes with hosts, paths, classes, TLS and backends.",
	Kinds: slices.Concat(Kinds, RouteKinds, []string{gatewayKind, grantKind, serviceKind, secretKind}),
	Derive: func(v *control.View) (*Index, error) {
		x := &Index{view: v, byHost: map[string][]*Ingress{}}
		for _, kind := range Kinds {
			for o := range v.All(kind) {
				if in := Read(o); in != nil {
					x.Ingresses = append(x.Ingresses, in)
				}
			}
		}
		for _, kind := range RouteKinds {
			for o := range v.All(kind) {
				if r := ReadRoute(o); r != nil {
					x.Routes = append(x.Routes, r)
				}
			}
		}
		for o := range v.All(grantKind) {
			g := &grant{namespace: o.Namespace}
			if o.Decode("spec", g) == nil {
				x.grants = append(x.grants, g)
			}
		}
		x.indexHosts()
		return x, nil
	},
}

// Index holds everything that leads traffic in. It is immutable.
type Index struct {
	Ingresses []*Ingress
	Routes    []*Route

	grants []*grant
	byHost map[string][]*Ingress // each Ingress once for each of its hosts
	view   *control.View
}

func (x *Index) indexHosts() {
	for _, in := range x.Ingresses {
		seen := map[string]bool{}
		for _, r := range in.Rules {
			if host := strings.ToLower(r.Host); !seen[host] {
				seen[host] = true
				x.byHost[host] = append(x.byHost[host], in)
			}
		}
	}
}

// SameHost returns the other Ingresses that have a rule for exactly this host ("" for every host).
func (x *Index) SameHost(self *world.Object, host string) []*Ingress {
	var found []*Ingress
	for _, in := range x.byHost[strings.ToLower(host)] {
		if in.Object != self && in.Object.Ref != self.Ref {
			found = append(found, in)
		}
	}
	return found
}

// Service returns the Service of a name, nil when it was not read.
func (x *Index) Service(ref world.Ref) *world.Object { return x.view.Get(ref) }

// KnowsService returns nil when the absence of a Service from a namespace proves that it does not exist.
func (x *Index) KnowsService(namespace string) error { return x.view.Knows(serviceKind, namespace) }

// Secret returns the Secret of a name, nil when it was not read.
func (x *Index) Secret(namespace, name string) *world.Object {
	return x.view.Get(world.Ref{Kind: secretKind, Namespace: namespace, Name: name})
}

// KnowsSecret returns nil when the absence of a Secret from a namespace proves that it does not exist.
func (x *Index) KnowsSecret(namespace string) error { return x.view.Knows(secretKind, namespace) }

// Gateway returns a Gateway by name, nil when it was not read or cannot be understood.
func (x *Index) Gateway(ref world.Ref) *Gateway {
	o := x.view.Get(ref)
	if o == nil {
		return nil
	}
	return ReadGateway(o)
}

// KnowsGateway returns nil when the absence of a Gateway from a namespace proves that it does not exist.
func (x *Index) KnowsGateway(namespace string) error { return x.view.Knows(gatewayKind, namespace) }

// Granted says whether a ReferenceGrant lets from point at to, which is in another namespace.
func (x *Index) Granted(from, to world.Ref) bool {
	return slices.ContainsFunc(x.grants, func(g *grant) bool { return g.allows(from, to) })
}

// KnowsGrant returns nil when finding no ReferenceGrant in a namespace proves that there is none.
func (x *Index) KnowsGrant(namespace string) error { return x.view.Knows(grantKind, namespace) }

// HasPort says whether a Service has a port of a number or name. One of type ExternalName, and an unset port, match anything.
func HasPort(o *world.Object, port intstr.IntOrString) bool {
	svc, ok := o.Typed.(*corev1.Service)
	if !ok || svc.Spec.Type == corev1.ServiceTypeExternalName || port == intstr.FromInt32(0) || port == intstr.FromString("") {
		return true
	}
	return slices.ContainsFunc(svc.Spec.Ports, func(p corev1.ServicePort) bool {
		if port.Type == intstr.String {
			return p.Name == port.StrVal
		}
		return p.Port == port.IntVal
	})
}
