package mtls

import (
	"fmt"

	"bulwark/internal/tri"
)

// admits says whether Linkerd's policies let a client in on a port of the pods: nil stands for plaintext.
func (m *Model) linkerdAdmits(to *Member, id *Identity, port uint32) (s side) {
	for _, srv := range m.linkerd.servers[to.Namespace()] {
		if srv.about(to, port) {
			return m.linkerd.throughServer(srv, id)
		}
	}
	policy, o, path := to.inherited(InboundPolicy)
	if policy == "" {
		policy, o, path = m.linkerd.install, m.linkerd.from, "data[values]"
	}
	v := defaultAdmits(policy, id)
	where := ""
	if o == nil {
		where = " (the installation's default, assumed)"
	}
	s.say(fmt.Sprintf("Linkerd's default inbound policy is %s%s", policy, where), o, path)
	s.value = v
	return s
}

// defaultAdmits reads one of Linkerd's named policies. Those for the cluster let every pod in, which is what is asked here.
func defaultAdmits(policy string, id *Identity) tri.Value {
	switch policy {
	case "all-unauthenticated", "cluster-unauthenticated", "audit":
		return tri.Yes
	case "all-authenticated", "cluster-authenticated":
		return tri.Of(id != nil)
	case "deny":
		return tri.No
	}
	return tri.Unknown
}

func (m *linkerdModel) throughServer(srv *server, id *Identity) (s side) {
	s.say(fmt.Sprintf("Server %q is about this port", srv.object.Name), srv.object, "spec.port")
	result := defaultAdmits(srv.access, id)
	for _, g := range m.grants[srv.object.Namespace] {
		var v tri.Value
		switch {
		case g.matches != nil && g.matches(srv.object.Meta.Labels), g.kind == "Server" && g.matches == nil && g.name == srv.object.Name, g.kind == "Namespace":
			v = g.admits(m, id)
		case g.kind == "HTTPRoute" || g.kind == "GRPCRoute":
			v = tri.And(g.admits(m, id), tri.Unknown) // for some requests only
		default:
			continue
		}
		if v != tri.No {
			s.say(fmt.Sprintf("%s %q admits such clients", g.object.Kind, g.object.Name), g.object, "spec")
		}
		result = tri.Or(result, v)
	}
	s.value = result
	return s
}
