package mtls

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/world"
)

// Modes of a PeerAuthentication.
const (
	Strict     = "STRICT"
	Permissive = "PERMISSIVE" // also what counts when nothing is said
	Disable    = "DISABLE"
)

// Peer is what one PeerAuthentication says. Modes are "" when they are unset and inherit.
type Peer struct {
	Object      *world.Object // nil in tests of the composition
	Namespace   string
	Name        string
	Created     time.Time
	HasSelector bool // also an empty one, which ztunnel and istiod treat differently
	Selector    map[string]string
	Mode        string
	Ports       map[uint32]string // by the container's port
}

// forWorkload says whether the policy is about some workloads only: an empty selector counts as none.
func (p *Peer) forWorkload() bool { return len(p.Selector) > 0 }

// readPeer reads a PeerAuthentication; istiod ignores one that it cannot read, so the error matters.
func readPeer(o *world.Object) (*Peer, error) {
	type mode struct {
		Mode string `json:"mode"`
	}
	var s struct {
		Selector *metav1.LabelSelector `json:"selector"`
		MTLS     mode                  `json:"mtls"`
		Ports    map[string]mode       `json:"portLevelMtls"`
	}
	if err := o.Decode("spec", &s); err != nil {
		return nil, err
	}
	p := &Peer{Object: o, Namespace: o.Namespace, Name: o.Name, Created: o.Meta.CreationTimestamp.Time, HasSelector: s.Selector != nil}
	if s.Selector != nil {
		p.Selector = s.Selector.MatchLabels
	}
	var err error
	if p.Mode, err = peerMode(s.MTLS.Mode); err != nil {
		return nil, fmt.Errorf("reading spec.mtls.mode of %s: %w", o.Ref, err)
	}
	for text, m := range s.Ports {
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("reading spec.portLevelMtls of %s: %q is no port", o.Ref, text)
		}
		if p.Ports == nil {
			p.Ports = map[uint32]string{}
		}
		if p.Ports[uint32(port)], err = peerMode(m.Mode); err != nil {
			return nil, fmt.Errorf("reading spec.portLevelMtls of %s: %w", o.Ref, err)
		}
	}
	return p, nil
}

func peerMode(s string) (string, error) {
	switch s {
	case Strict, Permissive, Disable, "":
		return s, nil
	case "UNSET":
		return "", nil
	}
	return "", fmt.Errorf("%q is no mode: write STRICT, PERMISSIVE, DISABLE or UNSET", s)
}

// path is the field of a policy that decides for a port.
func (p *Peer) path(port uint32) string {
	if _, ok := p.Ports[port]; ok {
		return "spec.portLevelMtls[" + strconv.FormatUint(uint64(port), 10) + "].mode"
	}
	return "spec.mtls.mode"
}

// Peers are the policies that count for one workload: at most one for each level, the oldest.
type Peers struct {
	Mesh, Namespace, Workload *Peer

	// Tie is set when two policies of one level are of the same age and say different things, so that the order of
	// their names decides, or, in files, nobody knows.
	Tie error

	tied       *Peer // one of those two
	mayDisable bool  // one of them turns mutual TLS off
}

// Compose finds the policies that count among all that apply to one workload, as istiod does: those of the root namespace
// without a selector, those of the workload's own namespace without one, those with one. Of one level the oldest wins
// and nothing is merged.
func Compose(root string, policies []*Peer) Peers {
	var ps Peers
	for _, p := range slices.SortedStableFunc(slices.Values(policies), olderPeer) {
		switch {
		case p.forWorkload() && p.Namespace == root: // ignored by every release
		case p.forWorkload():
			ps.keep(&ps.Workload, p)
		case p.Namespace == root:
			ps.keep(&ps.Mesh, p)
		default:
			ps.keep(&ps.Namespace, p)
		}
	}
	return ps
}

// olderPeer orders policies as istiod lists them: by age, then by name.
func olderPeer(a, b *Peer) int {
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Namespace, b.Namespace))
}

func (ps *Peers) keep(slot **Peer, p *Peer) {
	first := *slot
	switch {
	case first == nil:
		*slot = p
	case first.Created.Equal(p.Created) && (first.Mode != p.Mode || !maps.Equal(first.Ports, p.Ports)):
		ps.Tie = fmt.Errorf("PeerAuthentication %q and %q of one level contradict each other and none is known to be older", first.Name, p.Name)
		ps.tied = p
		ps.mayDisable = ps.mayDisable || first.disables() || p.disables()
	}
}

// disables says whether the policy turns mutual TLS off, if only for one port.
func (p *Peer) disables() bool {
	return p.Mode == Disable || slices.Contains(slices.Collect(maps.Values(p.Ports)), Disable)
}

// Mode returns the mode that a sidecar applies to a port of the container, and the policy that says so: nil when nothing is
// said.
func (ps *Peers) Mode(port uint32) (mode string, by *Peer) {
	mode = Permissive
	for _, p := range [...]*Peer{ps.Mesh, ps.Namespace, ps.Workload} {
		if p != nil && p.Mode != "" {
			mode, by = p.Mode, p
		}
	}
	if ps.Workload != nil {
		if m := ps.Workload.Ports[port]; m != "" {
			return m, ps.Workload
		}
	}
	return mode, by
}
