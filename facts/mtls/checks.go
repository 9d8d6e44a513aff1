package mtls

import (
	"fmt"
	"maps"
	"slices"

	"bulwark/control"
	"bulwark/facts/workloads"
	"bulwark/internal/tri"
	"bulwark/world"
)

// Outranks returns the PeerAuthentication that counts instead of one because it has the same selector and is older, or of
// the same age with an earlier name; nil when there is none.
func (m *Model) Outranks(o *world.Object) *world.Object {
	policies := m.peers[o.Namespace]
	i := slices.IndexFunc(policies, func(p *Peer) bool { return p.Object == o })
	if i < 0 {
		return nil
	}
	own := policies[i]
	var first *Peer
	for _, p := range policies {
		if p != own && maps.Equal(p.Selector, own.Selector) && p.Object.Ref != o.Ref && olderPeer(p, own) < 0 && (first == nil || olderPeer(p, first) < 0) {
			first = p
		}
	}
	if first == nil {
		return nil
	}
	return first.Object
}

// Clash is a port of a Service to which a DestinationRule makes clients speak what its server refuses.
type Clash struct {
	Service, Server *world.Object
	Port            int32  // of the Service
	Mode            string // of the rule
	Path            string // in the rule
}

// Clashes finds the ports of the host of a DestinationRule where what it says and what the servers demand do not fit. Rules
// for hosts with a wildcard are not looked at.
func (m *Model) Clashes(o *world.Object) []Clash {
	rule, err := readRule(o, domain)
	if err != nil {
		return nil
	}
	s := m.serviceOf(rule.Host)
	if s == nil {
		return nil
	}
	var found []Clash
	for i := range s.Spec.Ports {
		p := &s.Spec.Ports[i]
		mode, _, path := rule.TLS("", uint32(p.Port))
		if mode == "" || mode == IstioMutual {
			continue
		}
		for _, w := range s.Workloads {
			to := m.Member(w.Object, w.Pod)
			port := targetPort(to, p)
			if port != 0 && (to.Mesh == Sidecar || to.Mesh == Ambient) && m.Inbound(to, port, p.Protocol).Refuses == tri.Yes {
				found = append(found, Clash{s.Object, w.Object, p.Port, mode, path})
				break
			}
		}
	}
	return found
}

// serviceOf finds the Service of a full host name.
func (m *Model) serviceOf(host string) *workloads.Service {
	const tail = ".svc." + domain
	if len(host) <= len(tail) || host[len(host)-len(tail):] != tail {
		return nil
	}
	name, namespace, ok := cut(host[:len(host)-len(tail)])
	if !ok {
		return nil
	}
	return m.inventory.Named(namespace, name)
}

// cut splits "name.namespace".
func cut(s string) (name, namespace string, ok bool) {
	for i := range s {
		if s[i] == '.' {
			return s[:i], s[i+1:], true
		}
	}
	return "", "", false
}

// Bypass is whether whom a policy denies by identity gets in by plaintext.
type Bypass struct {
	Open   tri.Value // no when the policy denies nobody by identity
	Path   string    // of the rule
	Server *world.Object
	Port   uint32
	Why    string
}

// Bypass answers for an AuthorizationPolicy: it looks at all ports of the workloads that the policy selects.
func (m *Model) Bypass(o *world.Object) Bypass {
	g, err := readGate(o)
	if err != nil || g.Action != "DENY" || g.Targets || g.DryRun {
		return Bypass{Open: tri.No}
	}
	i := slices.IndexFunc(g.Rules, func(r GateRule) bool { return r.byIdentity() })
	if i < 0 {
		return Bypass{Open: tri.No}
	}
	b := Bypass{Open: tri.No, Path: fmt.Sprintf("spec.rules[%d]", i)}
	check := func(o *world.Object, t *world.PodTemplate, labels map[string]string) bool {
		if selects(g.Selector, labels) {
			if to := m.Member(o, t); to.Mesh == Sidecar || to.Mesh == Ambient {
				m.bypassed(to, &b)
			}
		}
		return b.Open != tri.Yes
	}
	if g.Namespace != m.Config.Root {
		for _, t := range m.targets.In(g.Namespace) {
			if !check(t.Object, t.Pod, t.Labels) {
				break
			}
		}
		return b
	}
	for o := range m.view.All(control.Pods) {
		for t := range o.Pods {
			if t.Meta != nil && !check(o, t, t.Meta.Labels) {
				return b
			}
		}
	}
	return b
}

// bypassed notes the first port that takes plaintext, or may.
func (m *Model) bypassed(to *Member, b *Bypass) {
	for _, port := range m.Ports(to) {
		in := m.Inbound(to, port, "TCP")
		if in.Refuses == tri.Yes || b.Open != tri.No && in.Refuses == tri.Unknown {
			continue
		}
		b.Open, b.Server, b.Port, b.Why = in.Refuses.Not(), to.Object, port, in.Weak
		if b.Open == tri.Yes {
			return
		}
	}
}

// byIdentity says whether a rule matches only those who have one of some identities.
func (r *GateRule) byIdentity() bool {
	for i := range r.From {
		s := &r.From[i].Source
		if len(s.Principals)+len(s.Namespaces)+len(s.ServiceAccounts)+len(s.TrustDomains) > 0 {
			return true
		}
	}
	return false
}
