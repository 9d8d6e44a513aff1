package attackgraph

import (
	corev1 "k8s.io/api/core/v1"

	"bulwark/facts/reach"
	"bulwark/internal/tri"
	"bulwark/world"
)

// reachModel returns the network of the snapshot, derived when it is first
// asked for: most estates have nothing whose network matters here.
func (a *artist) reachModel() *reach.Model {
	if !a.askedReach {
		a.askedReach = true
		m, err := reach.Fact.Of(a.view)
		if err != nil {
			a.missing = append(a.missing, Missing{"network policies", err})
		} else {
			a.net = m
		}
	}
	return a.net
}

// maxListeners bounds the programs whose reachability is asked pair by pair.
const maxListeners = 40

// drawReach draws who reaches programs that ask for no credentials.
func (a *artist) drawReach(found []listener) {
	m := a.reachModel()
	if m == nil {
		return
	}
	mesh := a.meshModel()
	defer mesh.drawCarriers()
	for i, l := range found {
		if i == maxListeners {
			a.missing = append(a.missing, Missing{"open ports", errTooManyListeners})
			return
		}
		to, ok := m.Workload(a.vertices[l.workload].Object)
		if !ok {
			continue
		}
		gate := mesh.gate(l)
		for _, v := range a.roots {
			if v == l.workload {
				continue
			}
			from, ok := m.Workload(a.vertices[v].Object)
			if !ok {
				continue
			}
			p := proof{spot: l.spot, guards: a.networkGuard(m.Verdict(from, to, corev1.ProtocolTCP, l.port))}
			if gate != nil {
				admitted, by := gate.admits(v)
				gate.drawMeshIdentity(v, l, admitted, by)
				p.guards = append(p.guards, admitted)
			}
			a.edge(v, l.workload, l.step, p)
		}
	}
}

func (a *artist) networkGuard(v reach.Verdict) []Guard {
	const name = "network policies"
	switch v {
	case reach.Allowed:
		return []Guard{passed(name, "they let the connection through")}
	case reach.Denied:
		return []Guard{{name, tri.No, "they refuse the connection"}}
	}
	return []Guard{doubt(name, "whether they let the connection through is not certain")}
}

// metadataGuard says whether network policies keep a pod from the metadata service.
func (a *artist) metadataGuard(o *world.Object) Guard {
	m := a.reachModel()
	if m == nil {
		return doubt("network policies", "they could not be read")
	}
	from, ok := m.Workload(o)
	if !ok {
		return doubt("network policies", "whether they select the pod is not known")
	}
	return a.networkGuard(m.Verdict(from, m.MetadataService(), corev1.ProtocolTCP, 80))[0]
}
