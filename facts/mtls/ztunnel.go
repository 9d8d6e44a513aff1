package mtls

// ZtunnelRefuses says whether ztunnel turns plaintext for a port away. istiod does not send it the mode but deny policies
// made of it, and the two ways of reading a PeerAuthentication differ in corners; this follows release 1.31
// (pilot/pkg/serviceregistry/ambient/authorization.go and policies.go). siblings are all policies without any selector
// of the workload's own and of the root namespace.
func (ps *Peers) ZtunnelRefuses(root string, siblings []*Peer, port uint32) (refuses bool, by *Peer) {
	strict, by := ps.ztunnelStrict()
	w := ps.Workload
	if w == nil || len(w.Ports) == 0 {
		return strict, by
	}
	if !ps.ztunnelPortPolicy(strict) {
		return strict, by
	}
	// The exceptions replace the plain deny policy when that would have counted; else only ports are denied.
	if w.Mode == Strict || w.Mode == "" {
		strict = false
	}
	if strict {
		return true, by
	}
	var mesh, namespace *Peer
	for _, p := range siblings {
		switch {
		case p.HasSelector:
		case p.Namespace == root:
			mesh = oldest(mesh, p)
		case p.Namespace == w.Namespace:
			namespace = oldest(namespace, p)
		}
	}
	return w.convert(mesh, namespace).denies(port), w
}

func oldest(a, b *Peer) *Peer {
	if a == nil || b.Created.Before(a.Created) {
		return b
	}
	return a
}

// ztunnelStrict says whether plaintext is denied on every port, before exceptions.
func (ps *Peers) ztunnelStrict() (strict bool, by *Peer) {
	if ps.Mesh != nil {
		strict, by = ps.Mesh.Mode == Strict, ps.Mesh
	}
	for _, p := range [...]*Peer{ps.Namespace, ps.Workload} {
		if p != nil && p.Mode != "" {
			strict, by = p.Mode == Strict, p
		}
	}
	return strict, by
}

// ztunnelPortPolicy says whether the ports of the workload's policy are looked at.
func (ps *Peers) ztunnelPortPolicy(strict bool) bool {
	want := map[string]bool{Strict: true}
	switch mode := ps.Workload.Mode; {
	case mode == Strict:
		want = map[string]bool{Permissive: true, Disable: true}
	case mode == "" && strict:
		want = map[string]bool{Permissive: true} // Disable alone is overlooked: the workload stays strict
	}
	for _, m := range ps.Workload.Ports {
		if want[m] {
			return true
		}
	}
	return false
}

// clause is one condition of a deny rule for traffic without an identity.
type clause struct {
	only, not uint32 // ports; 0 when the clause says nothing about it
}

// denial is a deny policy: any group denies, whose clauses all hold.
type denial [][]clause

func (d denial) denies(port uint32) bool {
	for _, group := range d {
		all := true
		for _, c := range group {
			all = all && (c.only == 0 || c.only == port) && (c.not == 0 || c.not != port)
		}
		if all {
			return true
		}
	}
	return false
}

// convert turns a policy with ports into the deny policy that ztunnel is sent, as far as it is about traffic without an
// identity.
func (p *Peer) convert(mesh, namespace *Peer) denial {
	var d denial
	var rest []clause // all must hold
	if p.Mode == Strict {
		rest = append(rest, clause{})
	}
	exceptions := false
	for port, mode := range p.Ports {
		switch {
		case mode == Strict && !p.strictAnyway(mesh, namespace):
			d = append(d, []clause{{only: port}})
		case (mode == Permissive || mode == Disable) && !p.laxAnyway(mesh, namespace):
			exceptions = true
			rest = append(rest, clause{not: port})
		}
	}
	if p.Mode == Strict && !exceptions {
		return nil
	}
	if len(rest) == 0 {
		return d
	}
	return append(d, rest)
}

// strictAnyway says whether istiod sees no need for a rule because what stands above the port is strict. It takes a strict
// mesh for enough whenever the namespace says nothing, even when the policy itself is not strict: such a port stays open.
func (p *Peer) strictAnyway(mesh, namespace *Peer) bool {
	if p.Mode == Strict || p.Mode == "" && namespace != nil && namespace.Mode == Strict {
		return true
	}
	return (namespace == nil || namespace.Mode == "") && mesh != nil && mesh.Mode == Strict
}

// laxAnyway says whether a port needs no exception because what stands above it is not strict. An unset mode of the
// namespace is taken as not strict here, whatever the mesh says.
func (p *Peer) laxAnyway(mesh, namespace *Peer) bool {
	switch {
	case p.Mode != "":
		return p.Mode != Strict
	case namespace != nil:
		return namespace.Mode != Strict
	}
	return mesh == nil || mesh.Mode != Strict
}
