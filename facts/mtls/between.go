package mtls

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/facts/workloads"
	"bulwark/internal/tri"
	"bulwark/world"
)

// Inbound is what the proxy of a pod does with what arrives at a port of its container.
type Inbound struct {
	Accepts tri.Value // takes mutual TLS of its mesh
	Refuses tri.Value // refuses plaintext
	Weak    string    // why plaintext is not refused
	Steps   []Step
}

// Inbound answers for one port of a workload's containers.
func (m *Model) Inbound(to *Member, port uint32, protocol corev1.Protocol) Inbound {
	in := Inbound{Steps: []Step{to.Why.of("server")}}
	switch to.In {
	case tri.No:
		in.Accepts, in.Refuses, in.Weak = tri.No, tri.No, "the server is in no mesh ("+to.Why.Text+")"
		return in
	case tri.Unknown:
		in.Weak = to.Why.Text
		return in
	}
	captured := to.capturedIn(port, protocol)
	in.Steps = append(in.Steps, captured.steps...)
	if captured.value != tri.Yes {
		in.Accepts, in.Refuses, in.Weak = captured.value, captured.value, captured.weak
		return in
	}
	in.Accepts = tri.Yes
	var s side
	switch to.Mesh {
	case Sidecar, Ambient:
		if err := m.Unread(to.Namespace()); err != nil {
			s.settle(tri.Unknown, err.Error(), nil, "")
			break
		}
		s = m.istioRefuses(to, port, &in)
	case Linkerd:
		s = m.linkerdAdmits(to, nil, port)
		if s.value = s.value.Not(); s.value != tri.Yes && len(s.steps) > 0 {
			s.weak = "plaintext is let in: " + s.steps[len(s.steps)-1].Text
		}
	case Ztunnel:
		s.settle(tri.Unknown, "Cilium does not say what its ztunnel does with plaintext from pods that are not enrolled", nil, "")
	}
	in.Refuses, in.Weak, in.Steps = s.value, s.weak, append(in.Steps, s.steps...)
	return in
}

// istioRefuses finds out whether PeerAuthentications, or AuthorizationPolicies that want an identity, turn plaintext away.
func (m *Model) istioRefuses(to *Member, port uint32, in *Inbound) (s side) {
	peers := m.PeersOf(to.Namespace(), to.Labels)
	mode, by := peers.Mode(port)
	refuses := mode == Strict
	if to.Mesh == Ambient {
		refuses, by = peers.ZtunnelRefuses(m.Config.Root, m.siblings(to.Namespace()), port)
		if mode = Permissive; refuses {
			mode = Strict
		}
	}
	switch {
	case peers.Tie != nil:
		s.settle(tri.Unknown, peers.Tie.Error(), peers.tied.Object, "metadata")
	case by != nil && m.Knows(to.Namespace()) != nil:
		s.settle(tri.Unknown, fmt.Sprintf("PeerAuthentication %q says %s, but another may count that is not in the input", by.Name, mode), by.Object, by.path(port))
	case by != nil:
		s.settle(tri.Of(refuses), fmt.Sprintf("PeerAuthentication %q says %s for port %d", by.Object.Ref.String()[len("PeerAuthentication "):], mode, port), by.Object, by.path(port))
	default:
		err := m.Knows(to.Namespace())
		if err != nil {
			s.settle(tri.Unknown, "no PeerAuthentication in the input demands mutual TLS, but there may be one elsewhere", nil, "")
		} else {
			s.settle(tri.No, "no PeerAuthentication demands mutual TLS, so plaintext is taken too", nil, "")
		}
	}
	if to.Mesh == Sidecar {
		in.Accepts = m.accepts(to, mode, &peers)
	}
	if s.value == tri.Yes {
		return s
	}
	if gate := m.permits(to, nil, port); gate.value == tri.No {
		gate.value, gate.weak = tri.Yes, ""
		gate.steps = append(s.steps, Step{"plaintext carries no identity and AuthorizationPolicies deny it: " + gate.steps[len(gate.steps)-1].Text,
			gate.steps[len(gate.steps)-1].Object, "spec.rules"})
		return gate
	}
	return s
}

// accepts says whether a sidecar takes mutual TLS: unless it is turned off, by a policy of the input or perhaps by another.
func (m *Model) accepts(to *Member, mode string, peers *Peers) tri.Value {
	if peers.mayDisable || m.Knows(to.Namespace()) != nil {
		return tri.Unknown
	}
	return tri.Of(mode != Disable)
}

// Pair is a question: traffic from one workload to a port of another.
type Pair struct {
	From, To *Member
	Port     uint32 // of the container
	Protocol corev1.Protocol

	// Service and ServicePort are how the client calls it; a nil Service stands for a call to the pod's own address.
	Service     *workloads.Service
	ServicePort uint32
}

// Between answers a pair.
func (m *Model) Between(q Pair) Answer {
	if q.Protocol == "" {
		q.Protocol = corev1.ProtocolTCP
	}
	in := m.Inbound(q.To, q.Port, q.Protocol)
	out := m.outbound(q, &in)
	a := Answer{Refused: in.Refuses, Steps: append(in.Steps, out.steps...)}
	mtls := tri.And(out.value, in.Accepts)
	a.Identity, a.SameNode = mtls, mtls
	a.Connects = m.connects(q, &in, &out, mtls, &a)

	if c := &m.Config; c.Object == nil && (q.From.Mesh == Sidecar || q.To.Mesh == Sidecar) && m.view.Knows(configMapKind, c.Root) != nil {
		a.Steps = append(a.Steps, Step{Text: "MeshConfig is not in the input: Istio's defaults are taken"})
	}

	host := q.From.Pod.Spec.HostNetwork || q.To.Pod.Spec.HostNetwork
	t := m.tunnelOf()
	between := t.level(host)
	if t.why.Text != "" {
		a.Steps = append(a.Steps, t.why)
	}
	if between > None {
		a.Steps = append(a.Steps, t.holes...)
	}
	a.SameNodeLevel = level(mtls, in.Refuses, None)
	a.Level = level(mtls, in.Refuses, between)
	a.Encrypted = tri.Or(mtls, encrypts(between))
	a.Weakest = weakest(&a, &in, &out, t)
	a.ownTLS(q)
	return a
}

// ownTLS makes "no" into "unknown" where the application itself seems to speak TLS, which no object proves.
func (a *Answer) ownTLS(q Pair) {
	o, path, ok := looksLikeTLS(q)
	if !ok || a.Encrypted != tri.No {
		return
	}
	a.Encrypted, a.SameNode = tri.Unknown, tri.Unknown
	a.Level, a.SameNodeLevel = UnknownLevel, UnknownLevel
	text := "the port looks like TLS of the application's own, which nothing in the input proves"
	a.Steps = append(a.Steps, Step{text, o, path})
	a.Weakest += "; " + text
}

// looksLikeTLS goes by the names of ports and by the numbers that are usual for TLS.
func looksLikeTLS(q Pair) (*world.Object, string, bool) {
	if q.Service != nil {
		for i, p := range q.Service.Spec.Ports {
			named := strings.HasPrefix(p.Name, "https") || strings.HasPrefix(p.Name, "tls") || p.AppProtocol != nil && strings.HasPrefix(*p.AppProtocol, "https")
			if uint32(p.Port) == q.ServicePort && (named || usualTLS[q.ServicePort]) {
				return q.Service.Object, fmt.Sprintf("spec.ports[%d]", i), true
			}
		}
	}
	for c := range q.To.Pod.Containers {
		for i, p := range c.Ports {
			if uint32(p.ContainerPort) == q.Port && (strings.HasPrefix(p.Name, "https") || strings.HasPrefix(p.Name, "tls") || usualTLS[q.Port]) {
				return q.To.Object, c.Path(fmt.Sprintf("ports[%d]", i)), true
			}
		}
	}
	return nil, "", false
}

var usualTLS = map[uint32]bool{443: true, 8443: true, 9443: true, 10250: true}

func level(mtls, refused tri.Value, tunnel Level) Level {
	switch {
	case refused == tri.Yes:
		return Enforced
	case tunnel > Optional:
		return tunnel
	case mtls == tri.Yes:
		return Optional
	case mtls == tri.Unknown || tunnel == UnknownLevel:
		return UnknownLevel
	}
	return None
}

func encrypts(l Level) tri.Value {
	if l == UnknownLevel {
		return tri.Unknown
	}
	return tri.Of(l > None)
}

func weakest(a *Answer, in *Inbound, out *side, t *tunnel) string {
	switch {
	case a.Connects == tri.No:
		return out.weak
	case a.Refused == tri.Yes:
		return ""
	case a.Identity != tri.Yes && out.weak != "":
		return out.weak
	case in.Weak != "":
		return in.Weak
	}
	return t.why.Text
}

// connects says whether the two ends agree and the policies of the mesh let the client in.
func (m *Model) connects(q Pair, in *Inbound, out *side, mtls tri.Value, a *Answer) tri.Value {
	switch {
	case out.value == tri.No && in.Refuses == tri.Yes:
		out.weak = "the client sends plaintext, which the server refuses: " + out.weak
		return tri.No
	case out.value == tri.Yes && in.Accepts == tri.No:
		out.weak = "the client speaks mutual TLS, which the server does not: " + in.Weak
		return tri.No
	case mtls == tri.Unknown:
		return tri.Unknown
	case q.To.In != tri.Yes:
		return tri.Yes
	}
	var id *Identity
	if mtls == tri.Yes {
		id = &Identity{TrustDomain: m.Config.TrustDomain, Namespace: q.From.Namespace(), Account: q.From.Account()}
	}
	var gate side
	switch q.To.Mesh {
	case Sidecar, Ambient:
		gate = m.permits(q.To, id, q.Port)
	case Linkerd:
		gate = m.linkerdAdmits(q.To, id, q.Port)
	default:
		gate.value = tri.Yes
	}
	a.Steps = append(a.Steps, gate.steps...)
	if gate.value == tri.No {
		out.weak = "the mesh's policy forbids it"
		if n := len(gate.steps); n > 0 {
			out.weak += ": " + gate.steps[n-1].Text
		}
	}
	return gate.value
}
