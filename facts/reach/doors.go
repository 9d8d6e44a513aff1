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

// controllers returns the proxies that serve an ingress class: those that are
// known to, else any there are.
func (m *Model) controllers(class string) []*Class {
	all := m.proxies(func(c string, _ bool) bool { return c != "" })
	exact := m.proxies(func(c string, _ bool) bool { return c != "" && (c == class || strings.HasPrefix(class, c)) })
	if class != "" && len(exact) > 0 {
		return exact
	}
	return all
}

// gateways returns the proxies that serve the Gateway API.
func (m *Model) gateways() []*Class { return m.proxies(func(_ string, g bool) bool { return g }) }

func (m *Model) proxies(want func(class string, gateway bool) bool) []*Class {
	var out []*Class
	for _, c := range m.classes {
		for container := range c.Pod.Containers {
			ref, err := imageref.Parse(container.Image)
			if err != nil {
				continue
			}
			for _, p := range proxyImages {
				if strings.HasSuffix("/"+ref.Repository, "/"+p.image) && want(p.class, p.gateway) &&
					(!p.sealed || strings.Contains(c.owner, "gateway")) && !slices.Contains(out, c) {
					out = append(out, c)
				}
			}
		}
	}
	return out
}
