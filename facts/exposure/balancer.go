package exposure

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/world"
)

// internalMarks are annotations by which the load balancer of a Service stays inside the cloud's network. A nil list of
// values means any value but "false" and "".
var internalMarks = []struct {
	key    string
	values []string
}{
	{"service.beta.kubernetes.io/aws-load-balancer-internal", nil},
	{"service.beta.kubernetes.io/aws-load-balancer-scheme", []string{"internal"}},
	{"networking.gke.io/load-balancer-type", []string{"Internal"}},
	{"cloud.google.com/load-balancer-type", []string{"Internal", "internal"}},
	{"service.beta.kubernetes.io/azure-load-balancer-internal", []string{"true"}},
	{"service.beta.kubernetes.io/oci-load-balancer-internal", []string{"true"}},
	{"oci-network-load-balancer.oraclecloud.com/internal", []string{"true"}},
	{"service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type", []string{"private"}},
	{"service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type", []string{"intranet"}},
	{"service.beta.kubernetes.io/openstack-internal-load-balancer", []string{"true"}},
	{"service.kubernetes.io/qcloud-loadbalancer-internal-subnetid", nil},
	{"service.beta.kubernetes.io/cce-load-balancer-internal-vpc", []string{"true"}},
	{"load-balancer.hetzner.cloud/disable-public-network", []string{"true"}},
	{"service.beta.kubernetes.io/vultr-loadbalancer-vpc", []string{"true"}},
}

// publicMarks say that the load balancer is to be reached from outside, where inside is the controller's default.
var publicMarks = map[string]string{"service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing"}

// inside says by which annotation the load balancer of a Service is internal.
func inside(o *world.Object) (key string, ok bool) {
	for _, m := range internalMarks {
		v := o.Annotation(m.key)
		if slices.Contains(m.values, v) || m.values == nil && v != "" && v != "false" {
			return m.key, true
		}
	}
	return "", false
}

// balancerCircle says who reaches a load balancer: by the addresses that it was given, else by what is asked for.
func balancerCircle(o *world.Object, svc *corev1.Service) (c Chain) {
	c.Field = "spec.type"
	key, internal := inside(o)
	ranges := sourceRanges(o, svc)
	who, known := Nobody, false
	for _, in := range svc.Status.LoadBalancer.Ingress {
		if w, ok := scopeOf(in.IP + in.Hostname); ok {
			who, known = max(who, w), true
		}
	}
	switch {
	case known:
		c.at(who, who, "")
		c.Field = "status.loadBalancer"
	case internal:
		c.at(VPC, VPC, "")
		c.Field = "metadata.annotations[" + key + "]"
	case publicMarks["service.beta.kubernetes.io/aws-load-balancer-scheme"] == o.Annotation("service.beta.kubernetes.io/aws-load-balancer-scheme"):
		c.at(Internet, Internet, "")
	case svc.Spec.LoadBalancerClass != nil:
		c.at(VPC, Internet, fmt.Sprintf("load balancers of class %q may be public", *svc.Spec.LoadBalancerClass))
	default:
		c.at(Internet, Internet, "")
	}
	if privateOnly(ranges) {
		c.at(min(c.Who, VPC), min(c.May, VPC), "")
	}
	if len(ranges) > 0 {
		c.Limit = "only from " + strings.Join(ranges, ", ")
	}
	return c
}

func sourceRanges(o *world.Object, svc *corev1.Service) []string {
	if len(svc.Spec.LoadBalancerSourceRanges) > 0 {
		return svc.Spec.LoadBalancerSourceRanges
	}
	if text := o.Annotation(corev1.AnnotationLoadBalancerSourceRangesKey); text != "" {
		return strings.Split(text, ",")
	}
	return nil
}

// nodeCircle says who reaches ports of the nodes: everybody where a node has a public address.
func (x *Index) nodeCircle() (c Chain) {
	switch {
	case x.publicNode != nil:
		c.at(Internet, Internet, "")
	case x.nodesKnown == nil:
		c.at(VPC, VPC, "")
	default:
		c.at(VPC, Internet, "whether a node has a public address is not in the input")
	}
	return c
}

// readNodes looks for public addresses.
func (x *Index) readNodes(nodes func(func(*world.Object) bool)) {
	for o := range nodes {
		n, ok := o.Typed.(*corev1.Node)
		if !ok {
			continue
		}
		for _, a := range n.Status.Addresses {
			if w, known := scopeOf(a.Address); a.Type != corev1.NodeHostName && known && w == Internet && x.publicNode == nil {
				x.publicNode = o
			}
		}
	}
}
