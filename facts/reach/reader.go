package reach

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"bulwark/world"
)

// Names of the links of the chain, and the orders of Calico's tiers that stand
// for those of Kubernetes: https://docs.tigera.io, "Tier", and Calico's own
// conversion of NetworkPolicy to order 1000 of the tier "default".
const (
	adminLink      = "admin tier"
	kubernetesLink = "NetworkPolicy"
	baselineLink   = "baseline tier"

	kubernetesOrder = 1000
)

func (r *reader) add(link string, p *policy) { r.policies[link] = append(r.policies[link], p) }

// unreadable notes a policy whose content cannot be understood: it may do anything.
func (r *reader) unreadable(o *world.Object, why string) {
	r.m.unread = append(r.m.unread, fmt.Errorf("%s: %s", o.Ref, why))
}

// intern returns the one peer of a description, so that what it matches is computed once.
func (r *reader) intern(p peer) peer {
	key := peerKey(p)
	if key == "" {
		return p
	}
	if have := r.m.peers[key]; have != nil {
		return have
	}
	r.m.peers[key] = p
	return p
}

// peerKey tells peers that can be shared; "" for those that are not.
func peerKey(p peer) string {
	switch p := p.(type) {
	case *podPeer:
		var b strings.Builder
		b.Grow(96)
		switch {
		case p.ns != nil:
			b.WriteString("n:" + p.ns.String())
		case p.everyNS:
			b.WriteByte('*')
		default:
			b.WriteString("h:" + p.home)
		}
		b.WriteString("\x00" + p.pod.String())
		return b.String()
	case *blockPeer:
		return "b:" + strconv.FormatBool(p.outside) + p.String()
	}
	return ""
}

// block reads a CIDR with exceptions. Each of them must be inside and smaller.
func (r *reader) block(cidr string, except []string, outside bool) (peer, error) {
	block, err := parseBlock(strings.TrimSpace(cidr))
	if err != nil {
		return nil, fmt.Errorf("%q is no CIDR block", cut(cidr))
	}
	holes := make([]netip.Prefix, 0, len(except))
	for _, e := range except {
		hole, err := parseBlock(strings.TrimSpace(e))
		if err != nil {
			return nil, fmt.Errorf("the exception %q is no CIDR block", cut(e))
		}
		if !block.Overlaps(hole) || hole.Bits() <= block.Bits() {
			return nil, fmt.Errorf("the exception %s is not a smaller part of %s", hole, block)
		}
		holes = append(holes, hole)
	}
	return r.intern(newBlock(block, holes, outside)), nil
}

// decode reads the part of a custom resource at a path; false when it cannot be read.
func (r *reader) decode(o *world.Object, path string, v any) bool {
	if err := o.Decode(path, v); err != nil {
		r.unreadable(o, err.Error())
		return false
	}
	return true
}
