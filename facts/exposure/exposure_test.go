package exposure_test

import (
	"strings"
	"testing"

	"bulwark/control/controltest"
	"bulwark/facts/exposure"
	"bulwark/internal/tri"
	"bulwark/world"
)

// web is a Deployment in namespace shop; its Service is written by the cases.
const web = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: x, ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: red}}
`

func service(spec string) string { return named("web", "", spec) }

func named(name, meta, spec string) string {
	return "---\napiVersion: v1\nkind: Service\nmetadata: {name: " + name + ", namespace: shop" + meta + "}\nspec: {selector: {app: web}, ports: [{port: 80, targetPort: http}], " + spec + "}\n"
}

func node(address, kind string) string {
	return "---\napiVersion: v1\nkind: Node\nmetadata: {name: n}\nstatus: {addresses: [{type: " + kind + ", address: " + address + "}]}\n"
}

func ingress(class, meta string) string {
	return "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: in, namespace: shop" + meta + "}\nspec: {ingressClassName: " + class +
		", defaultBackend: {service: {name: web, port: {number: 80}}}}\n"
}

func gateway(routes, extra string) string {
	return "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw, namespace: edge}\nspec: {gatewayClassName: c, listeners: [{name: l, port: 80, protocol: HTTP, hostname: '*.example.com', allowedRoutes: {namespaces: " + routes + "}}]}\n" + extra +
		"---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: shop}\nspec: {parentRefs: [{name: gw, namespace: edge}], hostnames: [HOST], rules: [{backendRefs: [{name: web, port: 80}]}]}\n"
}

const (
	clusterIP = "type: ClusterIP"
	balancer  = "type: LoadBalancer"
	status    = "status: {addresses: [{value: 203.0.113.1}]}\n"
)

func route(text, host string) string { return strings.ReplaceAll(text, "HOST", host) }

func TestExposure(t *testing.T) {
	const nobody, cluster, vpc, internet = exposure.Nobody, exposure.Cluster, exposure.VPC, exposure.Internet
	policy := "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: shop}\nspec: {podSelector: {}, ingress: [INGRESS]}\n"
	controller := "---\napiVersion: v1\nkind: Service\nmetadata: {name: ingress, namespace: edge, labels: {app.kubernetes.io/name: ingress-nginx}}\nspec: {type: LoadBalancer, selector: {app: edge}, ports: [{port: 443}]}\n"
	for _, tt := range []struct {
		name, input string
		who, may    exposure.Who
	}{
		{"within the cluster", service(clusterIP), cluster, cluster},
		{"within the namespace", service(clusterIP) + strings.ReplaceAll(policy, "INGRESS", "{from: [{podSelector: {}}]}"), nobody, nobody},
		{"load balancer", service(balancer), internet, internet},
		{"internal load balancer", named("web", `, annotations: {service.beta.kubernetes.io/azure-load-balancer-internal: "true"}`, balancer+", allocateLoadBalancerNodePorts: false"), vpc, vpc},
		{"internal in name only", named("web", `, annotations: {service.beta.kubernetes.io/azure-load-balancer-internal: "false"}`, balancer), internet, internet},
		{"private source ranges", service(balancer + ", allocateLoadBalancerNodePorts: false, loadBalancerSourceRanges: [10.0.0.0/8]"), vpc, vpc},
		{"source ranges do not hold for node ports", service(balancer+", loadBalancerSourceRanges: [10.0.0.0/8]") + node("203.0.113.9", "ExternalIP"), internet, internet},
		{"a private address was given", service(balancer+", allocateLoadBalancerNodePorts: false") + "status: {loadBalancer: {ingress: [{ip: 10.9.9.9}]}}\n", vpc, vpc},
		{"node port, private nodes", service("type: NodePort") + node("10.0.0.4", "InternalIP"), vpc, vpc},
		{"node port, public node", service("type: NodePort") + node("203.0.113.9", "ExternalIP"), internet, internet},
		{"external address", service("externalIPs: [203.0.113.5]"), internet, internet},
		{"private external address", service("externalIPs: [10.1.2.3]"), vpc, vpc},
		{"a port name that the pod lacks", strings.ReplaceAll(service(balancer+", allocateLoadBalancerNodePorts: false"), "targetPort: http", "targetPort: other"), cluster, cluster},
		{"policy refuses the node port, but for the node that the pod runs on", service("type: NodePort") + strings.ReplaceAll(policy, "INGRESS", "{from: [{podSelector: {}}]}") + node("203.0.113.9", "ExternalIP"), nobody, internet},
		{"ingress, controller not known", service(clusterIP) + ingress("nginx", ""), cluster, internet},
		{"ingress, controller behind a load balancer", service(clusterIP) + ingress("nginx", "") + controller, internet, internet},
		{"ingress of a cloud, internal by default", service(clusterIP) + ingress("alb", ""), vpc, vpc},
		{"ingress of a cloud, public", service(clusterIP) + ingress("alb", ", annotations: {alb.ingress.kubernetes.io/scheme: internet-facing}"), internet, internet},
		{"route on a gateway with an address", service(clusterIP) + route(gateway("{from: All}", status), "a.example.com"), internet, internet},
		{"route without a common host name", service(clusterIP) + route(gateway("{from: All}", status), "a.example.org"), cluster, cluster},
		{"route of another namespace", service(clusterIP) + route(gateway("{from: Same}", status), "a.example.com"), cluster, cluster},
		{"route by label", service(clusterIP) + route(gateway("{from: Selector, selector: {matchLabels: {team: red}}}", status), "a.example.com"), internet, internet},
		{"route by another label", service(clusterIP) + route(gateway("{from: Selector, selector: {matchLabels: {team: blue}}}", status), "a.example.com"), cluster, cluster},
		{"gateway without an address", service(clusterIP) + route(gateway("{from: All}", ""), "a.example.com"), cluster, internet},
		{"ExternalName leads on", service(clusterIP) + "---\napiVersion: v1\nkind: Service\nmetadata: {name: alias, namespace: edge}\nspec: {type: ExternalName, externalName: web.shop.svc.cluster.local}\n" +
			"---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: in, namespace: edge}\nspec: {ingressClassName: gce, defaultBackend: {service: {name: alias, port: {number: 80}}}}\n", internet, internet},
		{"no class and no default", service(clusterIP) + strings.ReplaceAll(ingress("X", ""), "ingressClassName: X, ", "") +
			"---\napiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: gce}\nspec: {controller: k8s.io/ingress-gce}\n", cluster, internet},
		{"Istio gateway", service(clusterIP) +
			"---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: edge}\nspec: {selector: {istio: ingress}, servers: []}\n" +
			"---\napiVersion: v1\nkind: Service\nmetadata: {name: ing, namespace: edge}\nspec: {type: LoadBalancer, selector: {istio: ingress}, ports: [{port: 80}]}\n" +
			"---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: v, namespace: shop}\nspec: {gateways: [edge/g], http: [{route: [{destination: {host: web}}]}]}\n", internet, internet},
	} {
		t.Run(tt.name, func(t *testing.T) {
			snap := controltest.Snapshot(t, world.Complete, web+tt.input)
			r, err := exposure.Ranked.In(snap)
			if err != nil {
				t.Fatal(err)
			}
			e := r.Of(snap.Get(world.Ref{Group: "apps", Kind: "Deployment", Namespace: "shop", Name: "web"}))
			if e.Who != tt.who || e.May != tt.may {
				t.Errorf("got %v, want %v, perhaps %v", e, tt.who, tt.may)
				for _, p := range e.Passages {
					t.Logf("%v perhaps %v by %s from %v: policy %v; %s", p.Who, p.May, p.Why, p.Source, p.Policy, p.Doubt)
				}
			}
		})
	}
}

func TestHostPorts(t *testing.T) {
	pod := "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nspec: {SPEC}\n"
	for _, tt := range []struct {
		spec     string
		who, may exposure.Who
	}{
		{"containers: [{name: c, image: x, ports: [{containerPort: 80, hostPort: 80}]}]", exposure.Internet, exposure.Internet},
		{"containers: [{name: c, image: x, ports: [{containerPort: 80, hostPort: 80, hostIP: 127.0.0.1}]}]", exposure.Nobody, exposure.Nobody},
		{"hostNetwork: true, containers: [{name: c, image: x}]", exposure.Nobody, exposure.Internet},
		{"containers: [{name: c, image: x, ports: [{containerPort: 80}]}]", exposure.Nobody, exposure.Nobody},
	} {
		snap := controltest.Snapshot(t, world.Complete, strings.ReplaceAll(pod, "SPEC", tt.spec)+node("203.0.113.9", "ExternalIP"))
		x, err := exposure.Fact.In(snap)
		if err != nil {
			t.Fatal(err)
		}
		who, may := exposure.Nobody, exposure.Nobody
		for _, c := range x.Chains(snap.Get(world.Ref{Kind: "Pod", Namespace: "shop", Name: "p"})) {
			who, may = max(who, c.Who), max(may, c.May)
			if c.May < c.Who || c.May > c.Who && c.Doubt == "" {
				t.Errorf("%s: chain %+v has no reason for its doubt", tt.spec, c)
			}
		}
		if who != tt.who || may != tt.may {
			t.Errorf("%s: %v, perhaps %v; want %v, perhaps %v", tt.spec, who, may, tt.who, tt.may)
		}
	}
}

// TestSlices follows an EndpointSlice that somebody wrote to a live pod's address.
func TestSlices(t *testing.T) {
	text := "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: other}\nspec: {containers: [{name: c, image: x}]}\nstatus: {podIP: 10.0.0.7}\n" +
		"---\napiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\nspec: {type: LoadBalancer, ports: [{port: 80}]}\n" +
		"---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: s-1, namespace: shop, labels: {kubernetes.io/service-name: s}}\naddressType: IPv4\nendpoints: [{addresses: [10.0.0.7]}]\nports: [{port: 80}]\n"
	for _, managed := range []bool{false, true} {
		input := text
		if managed {
			input = strings.ReplaceAll(text, "kubernetes.io/service-name: s}", "kubernetes.io/service-name: s, endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io}")
		}
		snap := controltest.Snapshot(t, world.Complete, input)
		x, err := exposure.Fact.In(snap)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(x.Chains(snap.Get(world.Ref{Kind: "Pod", Namespace: "other", Name: "p"}))) > 0; got == managed {
			t.Errorf("managed by the controller %v: a way to the pod: %v", managed, got)
		}
	}
}

// TestPolicyOnlyNarrows compares each passage with its chain: a policy never widens a circle.
func TestPolicyOnlyNarrows(t *testing.T) {
	snap := controltest.Snapshot(t, world.Auto, web+service(balancer)+named("two", "", "type: NodePort"))
	r, err := exposure.Ranked.In(snap)
	if err != nil {
		t.Fatal(err)
	}
	e := r.Of(snap.Get(world.Ref{Group: "apps", Kind: "Deployment", Namespace: "shop", Name: "web"}))
	if len(e.Passages) < 3 {
		t.Errorf("%d passages, want one of the load balancer and two of node ports", len(e.Passages))
	}
	for _, p := range e.Passages {
		if p.Who > e.Who && p.Policy == tri.Yes || p.May > e.May && p.Policy != tri.No {
			t.Errorf("the exposure %v leaves out %+v", e, p.Chain)
		}
	}
}
