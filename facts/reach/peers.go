package reach

import (
	"net/netip"
	"slices"
	"strings"
)

// peer is the other end as a rule describes it.
type peer interface {
	match(m *Model, e *Endpoint) truth
	String() string // for people
}

// anyone is every end.
type anyone struct{}

func (anyone) match(*Model, *Endpoint) truth { return yes }
func (anyone) String() string                { return "everybody" }

// nobody is no end; why says how the rule came to that.
type nobody struct{ why string }

func (nobody) match(*Model, *Endpoint) truth { return no }
func (p nobody) String() string              { return "nobody (" + p.why + ")" }

// perhaps is a peer that cannot be judged; only says which kinds of ends it can be about at all.
type perhaps struct {
	why  string
	only []EndKind // empty: any
}

func (p perhaps) match(_ *Model, e *Endpoint) truth {
	if len(p.only) > 0 && !slices.Contains(p.only, e.Kind) && e.Kind != Unidentified {
		return no
	}
	return maybe
}
func (p perhaps) String() string { return p.why }

// podPeer is pods by the labels of their namespace and their own. Pods with the
// host's network are never among them.
type podPeer struct {
	home    string // the namespace that they are in, when ns is nil and everyNS is not set
	everyNS bool
	ns      matcher // nil: see home
	pod     matcher
}

func (p *podPeer) match(m *Model, e *Endpoint) truth {
	switch {
	case e.Kind == Unidentified:
		return maybe
	case e.Kind != Pods:
		return no
	}
	return p.selects(m, e.Class)
}

// selects says whether a class is among the pods.
func (p *podPeer) selects(m *Model, c *Class) truth {
	if c.HostNetwork {
		return no
	}
	t := yes
	switch {
	case p.ns != nil:
		t = p.ns.match(m.namespaceOf(c.Namespace))
	case !p.everyNS:
		t = known(c.Namespace == p.home)
	}
	if t == no {
		return no
	}
	return t.and(p.pod.match(c))
}

func (p *podPeer) String() string {
	pods := "pods"
	if s := p.pod.String(); s != "" {
		pods = "pods " + s
	}
	switch {
	case p.ns != nil && p.ns.String() != "":
		return pods + " of namespaces " + p.ns.String()
	case p.ns != nil || p.everyNS:
		return pods + " of every namespace"
	case p.home == "":
		return pods + " of its own namespace"
	}
	return pods + " of namespace " + p.home
}

// blockPeer is a block of addresses with holes.
type blockPeer struct {
	block  netip.Prefix
	except []netip.Prefix
	// outside: the plugin compares it only with addresses that are neither pods' nor nodes'.
	outside bool

	set []Range // block without except
}

func newBlock(block netip.Prefix, except []netip.Prefix, outside bool) *blockPeer {
	p := &blockPeer{block: block, except: except, outside: outside}
	minus := make([]Range, len(except))
	for i, e := range except {
		minus[i] = rangeOf(e)
	}
	p.set = subtract([]Range{rangeOf(block)}, minus)
	return p
}

func (p *blockPeer) match(m *Model, e *Endpoint) truth {
	switch e.Kind {
	case Unidentified:
		return maybe
	case Pods:
		if p.outside {
			return no
		}
		if len(e.Range) > 0 {
			return p.holdsPods(e.Range)
		}
		t := p.holdsPods(m.podNets)
		if m.podNetsAssumed && !p.block.Addr().Is4() {
			return t.and(maybe) // whether pods have IPv6 at all is not known
		}
		return t
	case Node:
		if p.outside {
			return no
		}
	}
	if len(e.Range) == 0 && p.block.Bits() == 0 && len(p.except) == 0 {
		return yes
	}
	return holds(p.set, e.Range)
}

// holdsPods compares the block with the addresses that pods have or may have:
// of two families the one that the block is of counts.
func (p *blockPeer) holdsPods(addresses []Range) truth {
	var same []Range
	for _, r := range addresses {
		if r.is4() == p.block.Addr().Is4() {
			same = append(same, r)
		}
	}
	if len(same) == 0 {
		return no
	}
	return holds(p.set, same)
}

func (p *blockPeer) String() string {
	if len(p.except) == 0 {
		return p.block.String()
	}
	texts := make([]string, len(p.except))
	for i, e := range p.except {
		texts[i] = e.String()
	}
	return p.block.String() + " without " + strings.Join(texts, ", ")
}

// nodePeer is nodes by their labels.
type nodePeer struct{ nodes matcher }

func (p *nodePeer) match(m *Model, e *Endpoint) truth {
	switch {
	case e.Kind == Unidentified, e.Kind == APIServer:
		return maybe
	case e.Kind != Node:
		return no
	case p.nodes.String() == "":
		return yes
	case e.Node == "" || m.nodes[e.Node] == nil:
		return maybe
	}
	return p.nodes.match(m.nodes[e.Node])
}

func (p *nodePeer) String() string {
	if s := p.nodes.String(); s != "" {
		return "nodes " + s
	}
	return "nodes"
}

// allOf is ends that every part describes; noneOf those that no part does.
type (
	allOf  []peer
	noneOf []peer
)

func (p allOf) match(m *Model, e *Endpoint) truth {
	t := yes
	for _, q := range p {
		t = t.and(q.match(m, e))
	}
	return t
}

func (p allOf) String() string { return joinPeers(p, " and ") }

func (p noneOf) match(m *Model, e *Endpoint) truth {
	t := no
	for _, q := range p {
		t = t.or(q.match(m, e))
	}
	return t.not()
}

func (p noneOf) String() string { return "not " + joinPeers(p, ", nor ") }

// anyOf is ends that some part describes.
type anyOf []peer

func (p anyOf) match(m *Model, e *Endpoint) truth {
	t := no
	for _, q := range p {
		t = t.or(q.match(m, e))
	}
	return t
}

func (p anyOf) String() string { return joinPeers(p, " or ") }

func joinPeers(peers []peer, by string) string {
	texts := make([]string, len(peers))
	for i, q := range peers {
		texts[i] = q.String()
	}
	return strings.Join(texts, by)
}

// blocks yields the address blocks that a peer compares with.
func blocks(p peer, yield func(Range)) {
	switch q := p.(type) {
	case *blockPeer:
		yield(rangeOf(q.block))
		for _, e := range q.except {
			yield(rangeOf(e))
		}
	case allOf:
		for _, r := range q {
			blocks(r, yield)
		}
	case noneOf:
		for _, r := range q {
			blocks(r, yield)
		}
	case anyOf:
		for _, r := range q {
			blocks(r, yield)
		}
	}
}
