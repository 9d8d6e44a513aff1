package exposure

import (
	"net/netip"
	"strings"

	"bulwark/facts/reach"
	"bulwark/internal/tri"
	"bulwark/world"
)

// Who says from how far away somebody can connect. A higher one includes the lower ones.
type Who uint8

// Circles of people and programs, from the smallest.
const (
	Nobody    Who = iota
	Namespace     // pods of the same namespace
	Cluster       // pods of other namespaces, and nodes
	VPC           // machines of the network around the nodes
	Internet      // everybody
)

// String returns the lower-case name.
func (w Who) String() string {
	return [...]string{"nobody", "namespace", "cluster", "vpc", "internet"}[w]
}

// MarshalText writes the name.
func (w Who) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// Source is whose address a pod sees: the one that network policies judge.
type Source uint8

// Sources.
const (
	FromClient     Source = iota // the client itself
	FromNode                     // some node, which has taken the client's place
	FromController               // the pods of an ingress controller or gateway
)

// String names the source.
func (s Source) String() string { return [...]string{"client", "node", "controller"}[s] }

// MarshalText writes the name.
func (s Source) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Chain is one way from somebody over an entry and a Service to a port of a workload.
type Chain struct {
	Who        Who    // who certainly gets there, as far as entries decide
	May        Who    // who perhaps does; never less than Who
	Limit      string // what narrows it without changing the circle, such as source ranges
	Entry      *world.Object
	Field      string // where Entry opens the way
	Why        string // in a few words
	Service    *world.Object
	Port       int32 // of the pod; 0 when it is not known
	Source     Source
	Controller *world.Object // for FromController: the workload of the controller, nil when it was not found
	Doubt      string        // why May is more than Who; "" when it is not
}

// at sets both circles.
func (c *Chain) at(certain, may Who, doubt string) {
	c.Who, c.May = certain, max(certain, may)
	if c.May > c.Who {
		c.Doubt = doubt
	}
}

// scopeOf says whether an address is of the internet, of private networks, or neither can be told.
func scopeOf(text string) (Who, bool) {
	ip, err := netip.ParseAddr(text)
	if err != nil {
		return VPC, strings.Contains(text, ".internal") || strings.HasPrefix(text, "internal-")
	}
	switch {
	case ip.IsLoopback(), ip.IsUnspecified():
		return Nobody, true
	case ip.IsPrivate(), ip.IsLinkLocalUnicast(), sharedSpace.Contains(ip):
		return VPC, true
	}
	return Internet, true
}

// sharedSpace is the address space of carriers' and clouds' own networks.
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// privateOnly says whether every range of a list is private.
func privateOnly(ranges []string) bool {
	for _, text := range ranges {
		p, err := netip.ParsePrefix(strings.TrimSpace(text))
		if err != nil || p.Bits() == 0 {
			return false
		}
		if w, _ := scopeOf(p.Addr().String()); w == Internet {
			return false
		}
	}
	return len(ranges) > 0
}

// verdictOf translates the network model's word.
func verdictOf(v reach.Verdict) tri.Value {
	switch v {
	case reach.Allowed:
		return tri.Yes
	case reach.Denied:
		return tri.No
	}
	return tri.Unknown
}
