package mtls

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"bulwark/facts/workloads"
)

// Entry is one way by which clients reach a port of a container.
type Entry struct {
	Service     *workloads.Service // nil for the pod's own address
	ServicePort uint32
	Port        uint32 // of the container
	Protocol    corev1.Protocol
}

// Entries lists the Services and ports that lead to a workload.
func (m *Model) Entries(to *Member) []Entry {
	var found []Entry
	for _, w := range m.inventory.Of(to.Object) {
		if w.Pod != to.Pod {
			continue
		}
		for _, s := range w.Services {
			for i := range s.Spec.Ports {
				p := &s.Spec.Ports[i]
				if port := targetPort(to, p); port != 0 {
					found = append(found, Entry{s, uint32(p.Port), port, p.Protocol})
				}
			}
		}
	}
	return found
}

// targetPort is the container's port that a Service's port leads to, 0 when a name is not declared.
func targetPort(to *Member, p *corev1.ServicePort) uint32 {
	if p.TargetPort.Type == intstr.Int {
		if p.TargetPort.IntVal != 0 {
			return uint32(p.TargetPort.IntVal)
		}
		return uint32(p.Port)
	}
	for c := range to.Pod.Containers {
		for i := range c.Ports {
			if c.Ports[i].Name == p.TargetPort.StrVal {
				return uint32(c.Ports[i].ContainerPort)
			}
		}
	}
	return 0
}

// Ports lists the ports of the pods' containers that are declared or that a Service leads to, without UDP and SCTP.
func (m *Model) Ports(to *Member) []uint32 {
	var ports []uint32
	for c := range to.Pod.Containers {
		for _, p := range c.Ports {
			if p.Protocol == corev1.ProtocolTCP && c.Name != istioContainer && c.Name != linkerdContainer {
				ports = append(ports, uint32(p.ContainerPort))
			}
		}
	}
	for _, e := range m.Entries(to) {
		if e.Protocol == corev1.ProtocolTCP {
			ports = append(ports, e.Port)
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

// BetweenNodes is what the network plugin does with traffic between nodes.
type BetweenNodes struct {
	Level Level
	Name  string // such as "Cilium's WireGuard"; "" when nothing encrypts
	Why   Step
	Holes []Step
}

// BetweenNodes answers for pods that have a network of their own.
func (m *Model) BetweenNodes() BetweenNodes {
	t := m.tunnelOf()
	return BetweenNodes{Level: t.level(false), Name: t.name, Why: t.why, Holes: t.holes}
}
