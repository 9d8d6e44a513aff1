package exposure

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"bulwark/facts/workloads"
	"bulwark/world"
)

// serviceChains finds the ways that a Service itself opens.
func (x *Index) serviceChains(s *workloads.Service) {
	svc, ok := s.Object.Typed.(*corev1.Service)
	if !ok {
		return
	}
	local := svc.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal
	source := FromNode
	if local {
		source = FromClient
	}
	nodePorts := svc.Spec.Type == corev1.ServiceTypeNodePort
	if svc.Spec.Type == corev1.ServiceTypeLoadBalancer {
		c := balancerCircle(s.Object, svc)
		c.Why, c.Source = fmt.Sprintf("load balancer of Service %q", s.Object.Name), source
		if strings.HasPrefix(s.Object.Annotation("service.beta.kubernetes.io/aws-load-balancer-nlb-target-type"), "ip") {
			c.Source = FromClient
		}
		x.through(s, c)
		nodePorts = svc.Spec.AllocateLoadBalancerNodePorts == nil || *svc.Spec.AllocateLoadBalancerNodePorts
	}
	if nodePorts {
		c := x.nodeCircle()
		c.Why, c.Field, c.Source = fmt.Sprintf("node ports of Service %q", s.Object.Name), "spec.type", source
		x.through(s, c)
	}
	if len(svc.Spec.ExternalIPs) > 0 {
		var c Chain
		who, known := Nobody, true
		for _, ip := range svc.Spec.ExternalIPs {
			w, ok := scopeOf(ip)
			who, known = max(who, w), known && ok
		}
		c.at(who, who, "")
		c.Why, c.Field, c.Source = fmt.Sprintf("external addresses of Service %q", s.Object.Name), "spec.externalIPs", source
		x.through(s, c)
	}
}

// through adds a chain to every workload behind a Service, for each of its ports; entry and Service are the Service's own
// unless the chain has an entry already.
func (x *Index) through(s *workloads.Service, c Chain) {
	if c.Entry == nil {
		c.Entry = s.Object
	}
	c.Service = s.Object
	for _, w := range x.behind(s) {
		for i := range s.Spec.Ports {
			if port, ok := targetPort(w.Pod, &s.Spec.Ports[i]); ok {
				c.Port = port
				x.addChain(w.Object, c)
			}
		}
		if len(s.Spec.Ports) == 0 {
			c.Port = 0
			x.addChain(w.Object, c)
		}
	}
}

// addChain keeps the farthest of equal chains.
func (x *Index) addChain(o *world.Object, c Chain) {
	for i := range x.chains[o] {
		have := &x.chains[o][i]
		if have.Entry == c.Entry && have.Service == c.Service && have.Port == c.Port && have.Why == c.Why {
			if c.May > have.May {
				*have = c
			}
			return
		}
	}
	x.chains[o] = append(x.chains[o], c)
}

// behind returns the workloads that a Service leads to: by its selector, or by EndpointSlices that somebody wrote.
func (x *Index) behind(s *workloads.Service) []*workloads.Workload {
	if s.Selects() {
		return s.Workloads
	}
	return x.byHand[s.Object.Ref]
}

// targetPort is the port of the pod that a Service's port leads to; false when it names one that the pod does not declare.
func targetPort(t *world.PodTemplate, p *corev1.ServicePort) (int32, bool) {
	if p.TargetPort.Type == intstr.Int {
		if p.TargetPort.IntVal != 0 {
			return p.TargetPort.IntVal, true
		}
		return p.Port, true
	}
	for c := range t.Containers {
		for i := range c.Ports {
			if c.Ports[i].Name == p.TargetPort.StrVal {
				return c.Ports[i].ContainerPort, true
			}
		}
	}
	return 0, false
}

// readSlices joins EndpointSlices that no controller wrote to the pods at their addresses.
func (x *Index) readSlices(slices func(func(*world.Object) bool), inv *workloads.Inventory, pods func(func(*world.Object) bool)) {
	var byAddress map[string]*world.Object
	for o := range slices {
		slice, ok := o.Typed.(*discoveryv1.EndpointSlice)
		service := o.Meta.Labels[discoveryv1.LabelServiceName]
		if !ok || service == "" || strings.HasPrefix(o.Meta.Labels[discoveryv1.LabelManagedBy], "endpointslice-controller") {
			continue
		}
		if byAddress == nil {
			byAddress = addresses(pods)
		}
		ref := world.Ref{Kind: "Service", Namespace: o.Namespace, Name: service}
		for _, e := range slice.Endpoints {
			for _, a := range e.Addresses {
				if pod := byAddress[a]; pod != nil {
					x.byHand[ref] = append(x.byHand[ref], inv.Of(pod)...)
				}
			}
		}
	}
}

func addresses(pods func(func(*world.Object) bool)) map[string]*world.Object {
	by := map[string]*world.Object{}
	for o := range pods {
		if p, ok := o.Typed.(*corev1.Pod); ok && !p.Spec.HostNetwork {
			for _, ip := range p.Status.PodIPs {
				by[ip.IP] = o
			}
			if p.Status.PodIP != "" {
				by[p.Status.PodIP] = o
			}
		}
	}
	return by
}

// hostPorts finds what pods open on their node: single ports, or the whole of its network.
func (x *Index) hostPorts(w *workloads.Workload) {
	for c := range w.Pod.Containers {
		for i := range c.Ports {
			p := &c.Ports[i]
			port := p.HostPort
			if port == 0 && w.Pod.Spec.HostNetwork {
				port = p.ContainerPort
			}
			if port == 0 {
				continue
			}
			chain := x.nodeCircle()
			if who, known := scopeOf(p.HostIP); p.HostIP != "" && p.HostIP != "0.0.0.0" && p.HostIP != "::" && known {
				chain.at(min(chain.Who, who), min(chain.May, who), chain.Doubt)
			}
			chain.Entry, chain.Field, chain.Port = w.Object, c.Path(fmt.Sprintf("ports[%d]", i)), p.ContainerPort
			chain.Why = fmt.Sprintf("port %d of the node", port)
			x.addChain(w.Object, chain)
		}
	}
	if w.Pod.Spec.HostNetwork {
		chain := x.nodeCircle()
		chain.Who, chain.Doubt = Nobody, "its process may listen on more ports of the node than it declares"
		chain.Entry, chain.Field, chain.Why = w.Object, w.Pod.SpecPath("hostNetwork"), "the network of the node"
		x.addChain(w.Object, chain)
	}
}
