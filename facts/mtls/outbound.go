package mtls

import (
	"fmt"

	"bulwark/internal/tri"
)

// outbound says whether the client speaks its mesh's mutual TLS to the server; in is the server's side.
func (m *Model) outbound(q Pair, in *Inbound) (s side) {
	s.steps = []Step{q.From.Why.of("client")}
	switch {
	case q.From.In == tri.Unknown:
		s.weak = q.From.Why.Text
		return s
	case q.From.In == tri.No:
		s.value, s.weak = tri.No, "the client is in no mesh ("+q.From.Why.Text+")"
		return s
	}
	port, addresses := q.Port, []string(nil)
	if q.Service != nil {
		port, addresses = q.ServicePort, q.Service.Spec.ClusterIPs
	}
	captured := q.From.capturedOut(port, q.Protocol, addresses)
	s.steps = append(s.steps, captured.steps...)
	if captured.value != tri.Yes {
		s.value, s.weak = captured.value, captured.weak
		return s
	}
	switch q.From.Mesh {
	case Sidecar:
		m.fromSidecar(q, in, &s)
	case Ambient:
		m.fromZtunnel(q, &s)
	default:
		if q.To.In == tri.Unknown {
			s.weak = q.To.Why.Text
			return s
		}
		s.value = tri.And(tri.Of(q.To.Mesh == q.From.Mesh), in.Accepts)
		if s.value == tri.No {
			s.weak = fmt.Sprintf("the client's mesh is %s and the server does not take its mutual TLS (%s)", q.From.Mesh, q.To.Why.Text)
			if q.To.Mesh == q.From.Mesh {
				s.weak = in.Weak
			}
		}
	}
	return s
}

// fromSidecar follows the client's proxy: what it knows of the Service, what a DestinationRule says, what the endpoint can.
func (m *Model) fromSidecar(q Pair, in *Inbound, s *side) {
	if q.Service == nil {
		s.settle(tri.No, "the client's sidecar passes calls to a pod's own address as plaintext", nil, "")
		return
	}
	service := q.Service.Object
	host := FullHost(service.Name, service.Namespace, domain)
	if scope := m.scopeOf(q.From); scope.hides(host, service.Namespace, q.From.Namespace()) {
		s.settle(tri.No, fmt.Sprintf("Sidecar %q hides Service %q from the client, whose calls then pass as plaintext or not at all", scope.object.Name, service.Name), scope.object, "spec.egress")
		return
	}
	if m.byRule(q, host, in, s) {
		return
	}
	if q.To.In == tri.Unknown {
		s.weak = q.To.Why.Text
		return
	}
	switch {
	case q.To.Mesh == Ambient:
		m.overHBONE(s, "the client's sidecar")
	case q.To.Mesh != Sidecar:
		s.settle(tri.No, "the server has no Istio sidecar ("+q.To.Why.Text+")", q.To.Why.Object, q.To.Why.Path)
	case !m.Config.AutoMTLS:
		s.settle(tri.No, "automatic mutual TLS is off in MeshConfig and no DestinationRule asks for it", m.Config.Object, m.Config.path())
	default:
		m.automatic(q, in, s)
	}
}

// automatic is what a sidecar does by itself: mutual TLS to every endpoint with a sidecar whose mode for the port is not
// DISABLE. It does not know of ports that the server's sidecar leaves out.
func (m *Model) automatic(q Pair, in *Inbound, s *side) {
	peers := m.PeersOf(q.To.Namespace(), q.To.Labels)
	mode, _ := peers.Mode(q.Port)
	switch unseen := m.Knows(q.To.Namespace()); {
	case peers.mayDisable, unseen != nil:
		s.weak = in.Weak
	case mode == Disable:
		s.value, s.weak = tri.No, in.Weak
	default:
		s.settle(tri.Yes, "the server has a sidecar, so the client speaks mutual TLS", q.To.Why.Object, q.To.Why.Path)
	}
}

// byRule lets a DestinationRule decide, if there is one that speaks of TLS. It also looks whether a subset differs.
func (m *Model) byRule(q Pair, host string, in *Inbound, s *side) bool {
	rule := m.rules.For(q.From.Namespace(), q.From.Labels, host, q.Service.Object.Namespace)
	if rule == nil {
		return false
	}
	for _, sub := range rule.Subsets {
		if mode, o, path := rule.TLS(sub.Name, q.ServicePort); mode == Disable {
			s.say(fmt.Sprintf("calls to subset %q are sent in plaintext: DestinationRule %q says %s", sub.Name, o.Name, mode), o, path)
		}
	}
	mode, o, path := rule.TLS("", q.ServicePort)
	text := ""
	if mode != "" {
		text = fmt.Sprintf("DestinationRule %q says %s to clients of %s", o.Ref.String()[len("DestinationRule "):], mode, host)
	}
	switch mode {
	case "":
		return false
	case IstioMutual:
		s.settle(tri.Yes, text, o, path)
	case Disable:
		s.settle(tri.No, text, o, path)
	default: // SIMPLE and MUTUAL: TLS of its own, which a sidecar does not take for the mesh's
		if in.Refuses == tri.Yes {
			s.settle(tri.No, text+", which is not the mesh's mutual TLS", o, path)
		} else {
			s.settle(tri.Unknown, text+": encrypted if the server itself speaks TLS", o, path)
		}
	}
	return true
}

// fromZtunnel follows ztunnel on the client's node.
func (m *Model) fromZtunnel(q Pair, s *side) {
	switch {
	case q.To.In == tri.Unknown:
		s.weak = q.To.Why.Text
	case q.To.Mesh == Ambient:
		s.settle(tri.Yes, "both are in the ambient mesh, so ztunnel speaks mutual TLS", q.To.Why.Object, q.To.Why.Path)
	case q.To.Mesh == Sidecar:
		m.overHBONE(s, "the server's sidecar")
	default:
		s.settle(tri.No, "the server is not in Istio's mesh ("+q.To.Why.Text+")", q.To.Why.Object, q.To.Why.Path)
	}
}

// overHBONE answers for a sidecar and ztunnel: they understand each other only in ambient mode's tunnel protocol.
func (m *Model) overHBONE(s *side, who string) {
	text := map[tri.Value]string{
		tri.Yes:     who + " speaks the tunnel protocol of ambient mode",
		tri.No:      who + " does not speak the tunnel protocol of ambient mode (ISTIO_META_ENABLE_HBONE in MeshConfig)",
		tri.Unknown: "whether " + who + " speaks the tunnel protocol of ambient mode is in MeshConfig, which is not in the input",
	}[m.Config.HBONE]
	s.settle(m.Config.HBONE, text, m.Config.Object, m.Config.path())
}
