package exposure

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/workloads"
	"bulwark/world"
)

// addVirtualService follows an Istio VirtualService from an open Gateway to the Services of its routes.
func (x *Index) addVirtualService(inv *workloads.Inventory, o *world.Object, open map[world.Ref]Chain) {
	var spec struct {
		Gateways []string    `json:"gateways"`
		HTTP     []meshRoute `json:"http"`
		TLS      []meshRoute `json:"tls"`
		TCP      []meshRoute `json:"tcp"`
	}
	if o.Decode("spec", &spec) != nil {
		return
	}
	best, found := Chain{}, false
	for _, g := range spec.Gateways {
		if c, ok := open[meshGatewayRef(g, o.Namespace)]; ok && (!found || c.May > best.May) {
			best, found = c, true
		}
	}
	if !found {
		return
	}
	best.Entry, best.Why = o, fmt.Sprintf("VirtualService %q", o.Name)
	for _, list := range [...]struct {
		field  string
		routes []meshRoute
	}{{"http", spec.HTTP}, {"tls", spec.TLS}, {"tcp", spec.TCP}} {
		for i := range list.routes {
			for j, d := range list.routes[i].Route {
				name, namespace := meshHost(d.Destination.Host, o.Namespace)
				best.Field = fmt.Sprintf("spec.%s[%d].route[%d].destination.host", list.field, i, j)
				if s := inv.Named(namespace, name); s != nil {
					x.open(s, Door{Kind: MeshDoor, Entry: o, Field: best.Field, Why: best.Why})
					x.through(s, best)
				}
			}
		}
	}
}

type meshRoute struct {
	Route []struct {
		Destination struct {
			Host string `json:"host"`
		} `json:"destination"`
	} `json:"route"`
}

// meshGatewayRef reads "name" or "namespace/name".
func meshGatewayRef(name, namespace string) world.Ref {
	if ns, rest, ok := strings.Cut(name, "/"); ok {
		namespace, name = ns, rest
	}
	return world.Ref{Group: "networking.istio.io", Kind: "Gateway", Namespace: namespace, Name: name}
}

// meshHost reads a destination: a short name, name.namespace, or name.namespace.svc.domain.
func meshHost(host, namespace string) (service, ns string) {
	name, rest, ok := strings.Cut(host, ".")
	if !ok {
		return name, namespace
	}
	ns, rest, _ = strings.Cut(rest, ".")
	if rest != "" && !strings.HasPrefix(rest, "svc") {
		return "", ""
	}
	return name, ns
}

// openGateways returns the Istio Gateways whose proxies stand behind a Service that is reachable from outside, with who
// reaches them.
func (x *Index) openGateways(v *control.View) map[world.Ref]Chain {
	open := map[world.Ref]Chain{}
	for o := range v.All(meshGateway) {
		var spec struct {
			Selector map[string]string `json:"selector"`
		}
		if o.Decode("spec", &spec) != nil || len(spec.Selector) == 0 {
			continue
		}
		for s := range v.All("Service") {
			if svc, ok := outside(s); ok && proxies(s, spec.Selector) {
				c := x.nodeCircle()
				if svc.Spec.Type == corev1.ServiceTypeLoadBalancer {
					c = balancerCircle(s, svc)
				}
				c.Source = FromController
				if have, ok := open[o.Ref]; !ok || c.May > have.May {
					open[o.Ref] = c
				}
			}
		}
	}
	return open
}

func outside(o *world.Object) (*corev1.Service, bool) {
	svc, ok := o.Typed.(*corev1.Service)
	return svc, ok && (svc.Spec.Type == corev1.ServiceTypeLoadBalancer || svc.Spec.Type == corev1.ServiceTypeNodePort)
}

// proxies says whether a Service leads to the proxies that a Gateway selects: by its selector or, as installers write it, by its labels.
func proxies(o *world.Object, selector map[string]string) bool {
	svc := o.Typed.(*corev1.Service)
	for k, v := range selector {
		if svc.Spec.Selector[k] != v && o.Meta.Labels[k] != v {
			return false
		}
	}
	return true
}
