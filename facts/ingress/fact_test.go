package ingress_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/util/intstr"

	"bulwark/control/controltest"
	"bulwark/facts/ingress"
	"bulwark/world"
)

const estate = `apiVersion: v1
kind: Service
metadata: {name: shop, namespace: a}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: outside, namespace: a}
spec: {type: ExternalName, externalName: example.com}
---
apiVersion: v1
kind: Secret
metadata: {name: shop-tls, namespace: a}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: one, namespace: a}
spec: {rules: [{host: Shop.example.com}, {host: shop.example.com}]}
---
apiVersion: extensions/v1beta1
kind: Ingress
metadata: {name: two, namespace: b}
spec: {rules: [{host: shop.example.com}, {}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: a}
spec: {listeners: [{name: https, port: 443, protocol: HTTPS, allowedRoutes: {namespaces: {from: All}}}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: broken, namespace: a}
spec: {listeners: yes}
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: some, namespace: back}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: front}]
  to: [{group: "", kind: Service, name: api}, {group: "", kind: Secret}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: front}
spec:
  parentRefs: [{name: public, namespace: a}, {kind: Service, name: mesh}, {group: "", name: core}, {name: own}]
  rules:
  - backendRefs: [{name: api, namespace: back, port: 80}, {name: near}]
  - backendRefs: [{kind: Backend, group: example.com, name: far}]
`

func index(t *testing.T, scope world.Completeness) (*ingress.Index, *world.Snapshot) {
	t.Helper()
	snap := controltest.Snapshot(t, scope, estate)
	x, err := ingress.Fact.In(snap)
	if err != nil {
		t.Fatal(err)
	}
	return x, snap
}

// TestSameHost: hosts are compared without case, an Ingress counts once, and never beside itself.
func TestSameHost(t *testing.T) {
	x, _ := index(t, world.Auto)
	one, two := x.Ingresses[0], x.Ingresses[1]
	for _, tt := range []struct {
		self *world.Object
		host string
		want *ingress.Ingress
	}{
		{one.Object, "SHOP.example.com", two}, {two.Object, "shop.example.com", one},
		{one.Object, "", two}, {two.Object, "", nil}, {one.Object, "other.example.com", nil},
	} {
		got := x.SameHost(tt.self, tt.host)
		if tt.want == nil && len(got) != 0 || tt.want != nil && (len(got) != 1 || got[0] != tt.want) {
			t.Errorf("beside %s for %q: %v", tt.self.Ref, tt.host, got)
		}
	}
}

func TestLookups(t *testing.T) {
	x, _ := index(t, world.Auto)
	if x.Service(world.Ref{Kind: "Service", Namespace: "a", Name: "shop"}) == nil || x.Service(world.Ref{Kind: "Service", Namespace: "b", Name: "shop"}) != nil {
		t.Error("Service: found in the wrong namespace")
	}
	if x.Secret("a", "shop-tls") == nil || x.Secret("a", "other") != nil {
		t.Error("Secret: wrong answer")
	}
	gateway := func(name string) *ingress.Gateway {
		return x.Gateway(world.Ref{Group: ingress.GatewayGroup, Kind: "Gateway", Namespace: "a", Name: name})
	}
	g := gateway("public")
	if g == nil || len(g.Listeners) != 1 || g.Listeners[0].Port != 443 || g.Listeners[0].AllowedRoutes.Namespaces.From != "All" {
		t.Errorf("Gateway: %+v", g)
	}
	if gateway("broken") != nil || gateway("none") != nil {
		t.Error("a Gateway that cannot be read, or is not there, is nil")
	}
}

// TestKnows: a namespace where the input has nothing of a kind proves nothing, unless it is said to be complete.
func TestKnows(t *testing.T) {
	auto, _ := index(t, world.Auto)
	complete, _ := index(t, world.Complete)
	for name, knows := range map[string]func(*ingress.Index, string) error{
		"Service": (*ingress.Index).KnowsService, "Secret": (*ingress.Index).KnowsSecret, "Gateway": (*ingress.Index).KnowsGateway,
	} {
		if knows(auto, "a") != nil || knows(auto, "b") == nil || knows(complete, "b") != nil {
			t.Errorf("%s: a %v, b %v, b complete %v", name, knows(auto, "a"), knows(auto, "b"), knows(complete, "b"))
		}
	}
	if auto.KnowsGrant("back") != nil || auto.KnowsGrant("a") == nil {
		t.Error("grants are known only where some were read")
	}
}

func TestGranted(t *testing.T) {
	x, _ := index(t, world.Auto)
	from := world.Ref{Group: ingress.GatewayGroup, Kind: "HTTPRoute", Namespace: "front", Name: "r"}
	grpc, elsewhere := from, from
	grpc.Kind, elsewhere.Namespace = "GRPCRoute", "other"
	service := world.Ref{Kind: "Service", Namespace: "back", Name: "api"}
	for _, tt := range []struct {
		from, to world.Ref
		want     bool
	}{
		{from, service, true},
		{from, world.Ref{Kind: "Service", Namespace: "back", Name: "db"}, false},
		{from, world.Ref{Kind: "Secret", Namespace: "back", Name: "any"}, true},
		{from, world.Ref{Kind: "Service", Namespace: "front", Name: "api"}, false}, // the grant is of another namespace
		{from, world.Ref{Group: "example.com", Kind: "Service", Namespace: "back", Name: "api"}, false},
		{grpc, service, false},
		{elsewhere, service, false},
	} {
		if got := x.Granted(tt.from, tt.to); got != tt.want {
			t.Errorf("from %s to %s: %v", tt.from, tt.to, got)
		}
	}
}

func TestHasPort(t *testing.T) {
	x, _ := index(t, world.Auto)
	service := func(name string) *world.Object {
		return x.Service(world.Ref{Kind: "Service", Namespace: "a", Name: name})
	}
	for _, tt := range []struct {
		o    *world.Object
		port intstr.IntOrString
		want bool
	}{
		{service("shop"), intstr.FromInt32(80), true}, {service("shop"), intstr.FromInt32(81), false},
		{service("shop"), intstr.FromString("http"), true}, {service("shop"), intstr.FromString("https"), false},
		{service("shop"), intstr.FromString(""), true}, {service("shop"), intstr.FromInt32(0), true},
		{service("outside"), intstr.FromInt32(81), true},
		{x.Secret("a", "shop-tls"), intstr.FromInt32(81), true},
	} {
		if got := ingress.HasPort(tt.o, tt.port); got != tt.want {
			t.Errorf("%s port %s: %v", tt.o.Ref, tt.port.String(), got)
		}
	}
}

func TestRoute(t *testing.T) {
	x, _ := index(t, world.Auto)
	if len(x.Routes) != 1 {
		t.Fatalf("%d routes", len(x.Routes))
	}
	r := x.Routes[0]
	want := map[string]string{ // field: what it leads to
		"spec.rules[0].backendRefs[0]": "Service back/api",
		"spec.rules[0].backendRefs[1]": "Service front/near",
		"spec.rules[1].backendRefs[0]": "",
	}
	for b := range r.Backends {
		got := ""
		if ref, ok := b.Service("front"); ok {
			got = ref.String()
		}
		if w, known := want[b.Field]; !known || got != w {
			t.Errorf("%s leads to %q, want %q", b.Field, got, w)
		}
		delete(want, b.Field)
	}
	if len(want) > 0 {
		t.Errorf("not yielded: %v", want)
	}
	for i, w := range []string{"a/public", "", "", "front/own"} {
		got := ""
		if ref, ok := r.Parents[i].Gateway("front"); ok {
			got = ref.Namespace + "/" + ref.Name
		}
		if got != w {
			t.Errorf("parent %d is Gateway %q, want %q", i, got, w)
		}
	}
	wrong := controltest.Only(t, "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\nspec: {rules: 3}\n")
	if ingress.ReadRoute(wrong) != nil {
		t.Error("a route whose fields have the wrong types is nil")
	}
}
