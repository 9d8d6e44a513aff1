package reach

import (
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/internal/imageref"
)

// RangesAnnotation lists the sources of a load balancer where the field does not.
const RangesAnnotation = "service.beta.kubernetes.io/load-balancer-source-ranges"

// SourceRanges returns the sources that a load balancer admits, as far as they
// can be read; none means all.
func SourceRanges(svc *corev1.Service) []netip.Prefix {
	if svc == nil {
		return nil
	}
	texts := svc.Spec.LoadBalancerSourceRanges
	if len(texts) == 0 {
		texts = strings.Split(svc.Annotations[RangesAnnotation], ",")
	}
	var out []netip.Prefix
	for _, t := range texts {
		if p, err := parseBlock(strings.TrimSpace(t)); err == nil {
			out = append(out, p)
		}
	}
	return out
}

// InternalMark is an annotation that asks a cloud for an internal address, with
// the value that means yes; "" stands for any value.
type InternalMark struct{ Key, Value string }

// InternalMarks returns the annotations of the clouds that are known.
func InternalMarks() []InternalMark {
	return []InternalMark{
		{"service.beta.kubernetes.io/aws-load-balancer-internal", "true"},
		{"service.beta.kubernetes.io/aws-load-balancer-internal", "0.0.0.0/0"},
		{"service.beta.kubernetes.io/aws-load-balancer-scheme", "internal"},
		{"service.beta.kubernetes.io/azure-load-balancer-internal", "true"},
		{"networking.gke.io/load-balancer-type", "Internal"},
		{"cloud.google.com/load-balancer-type", "Internal"},
		{"service.beta.kubernetes.io/oci-load-balancer-internal", "true"},
		{"oci-network-load-balancer.oraclecloud.com/internal", "true"},
		{"service.beta.kubernetes.io/openstack-internal-load-balancer", "true"},
		{"service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type", "intranet"},
		{"service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type", "private"},
		{"service.kubernetes.io/qcloud-loadbalancer-internal-subnetid", ""}, // names a subnet
	}
}

// InternalLoadBalancer says whether a Service asks its cloud for an internal address.
func InternalLoadBalancer(svc *corev1.Service) bool {
	return svc != nil && slices.ContainsFunc(InternalMarks(), func(m InternalMark) bool {
		v := svc.Annotations[m.Key]
		return v != "" && (m.Value == "" || v == m.Value)
	})
}

// proxyImages are the proxies that serve Ingresses (class: the usual name of
// their IngressClass) or Gateways, by the last parts of their images' repositories.
var proxyImages = [...]struct {
	image, class    string
	gateway, sealed bool // sealed: the image runs as sidecars too, so that the name has to tell
}{
	{image: "ingress-nginx/controller", class: "nginx"},
	{image: "nginx/nginx-ingress", class: "nginx"},
	{image: "nginxinc/nginx-ingress", class: "nginx"},
	{image: "traefik", class: "traefik", gateway: true},
	{image: "haproxytech/kubernetes-ingress", class: "haproxy"},
	{image: "jcmoraisjr/haproxy-ingress", class: "haproxy"},
	{image: "kong", class: "kong", gateway: true},
	{image: "kong/kong-gateway", class: "kong", gateway: true},
	{image: "apache/apisix", class: "apisix", gateway: true},
	{image: "envoyproxy/envoy", class: "contour", gateway: true},
	{image: "nginx/nginx-gateway-fabric/nginx", gateway: true},
	{image: "istio/proxyv2", class: "istio", gateway: true, sealed: true},
}

// proxy is a class that serves Ingresses of a class ("" for none), Gateways, or both.
type proxy struct {
	class   *Class
	serves  string
	gateway bool
}

// proxies finds all of them.
func (m *Model) proxies() []proxy {
	var out []proxy
	for _, c := range m.classes {
		for container := range c.Pod.Containers {
			ref, err := imageref.Parse(container.Image)
			if err != nil {
				continue
			}
			for _, p := range proxyImages {
				found := proxy{c, p.class, p.gateway}
				if strings.HasSuffix("/"+ref.Repository, "/"+p.image) && (!p.sealed || strings.Contains(c.owner, "gateway")) && !slices.Contains(out, found) {
					out = append(out, found)
				}
			}
		}
	}
	return out
}

// controllers returns the proxies that serve an ingress class: those that are
// known to, else any there are.
func (x *entryMaker) controllers(class string) []*Class {
	var all, exact []*Class
	for _, p := range x.proxies {
		if p.serves == "" {
			continue
		}
		all = append(all, p.class)
		if strings.HasPrefix(class, p.serves) {
			exact = append(exact, p.class)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return all
}

// gateways returns the proxies that serve the Gateway API.
func (x *entryMaker) gateways() []*Class {
	var out []*Class
	for _, p := range x.proxies {
		if p.gateway {
			out = append(out, p.class)
		}
	}
	return out
}
