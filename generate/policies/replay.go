package policies

import (
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"

	"bulwark/facts/reach"
	"bulwark/facts/relations"
	"bulwark/world"
)

// Replay is what became of every need under the proposal, and of everything else.
type Replay struct {
	Proven   int                  // needs that surely get through
	Unmet    []Unmet              // needs that do not: something that was there before forbids them
	Unproven []Unmet              // needs that cannot be decided from the input
	Before   Openness             // how open the network was
	After    Openness             // and how open it is with the proposal
	Rest     []relations.Relation // needs without two ends that can be asked about
}

// Unmet is a need with the answer to it.
type Unmet struct {
	relations.Relation
	Answer reach.Answer
}

// Openness counts pairs of workloads, and workloads, that policies let talk.
type Openness struct {
	Pairs    int // ordered pairs of different workloads that can talk on some port
	Internet int // workloads that can open connections to the internet
	Metadata int // workloads that can reach the metadata service
	Of       int // ordered pairs that there are
}

// somePort stands for any port, where a need has none.
const somePort = 65000

// replay asks every need of the network with the proposal in it.
func (p *Proposal) replay(snap *world.Snapshot) error {
	before, err := reach.Fact.In(snap)
	if err != nil {
		return fmt.Errorf("deriving the network as it is: %w", err)
	}
	b := snap.Rebuild(func(*world.Object) bool { return true })
	for _, policy := range p.Policies {
		b.Add(world.NewObject(policy.APIVersion, policy.Kind, policy.DeepCopy(), world.Declared))
	}
	after, err := reach.Fact.In(b.Snapshot())
	if err != nil {
		return fmt.Errorf("deriving the network with the proposal: %w", err)
	}
	for _, r := range p.Needs {
		from, ok := endpoint(after, &r.From)
		to, ok2 := endpoint(after, &r.To)
		if !ok || !ok2 {
			p.Rest = append(p.Rest, r)
			continue
		}
		port := r.Port
		switch {
		case r.To.Kind == relations.APIServer:
			port = after.ServerPort()
		case port == 0:
			port = somePort
		}
		switch a := after.Decide(from, to, r.Protocol, port); a.Verdict {
		case reach.Allowed:
			p.Proven++
		case reach.Denied:
			p.Unmet = append(p.Unmet, Unmet{r, a})
		default:
			p.Unproven = append(p.Unproven, Unmet{r, a})
		}
	}
	p.Before, p.After = openness(before), openness(after)
	return nil
}

// endpoint finds what stands for an end in the model; false for what is not in the input.
func endpoint(m *reach.Model, e *relations.End) (reach.Endpoint, bool) {
	switch e.Kind {
	case relations.Workload:
		return m.Workload(e.Workload)
	case relations.APIServer:
		return m.Server(), true
	case relations.Outside:
		if addr, err := netip.ParseAddr(e.Host); err == nil {
			return m.Block(netip.PrefixFrom(addr, addr.BitLen())), true
		}
		return m.TheInternet(), true
	case relations.Anywhere:
		if len(e.CIDRs) > 0 {
			if prefix, err := netip.ParsePrefix(e.CIDRs[0]); err == nil {
				return m.Block(prefix), true
			}
		}
		return m.TheInternet(), true
	}
	return reach.Endpoint{}, false
}

func openness(m *reach.Model) Openness {
	var o Openness
	for _, c := range m.Classes() {
		end := m.Pods(c)
		if m.Verdict(end, m.TheInternet(), corev1.ProtocolTCP, 443) != reach.Denied {
			o.Internet++
		}
		if m.Verdict(end, m.MetadataService(), corev1.ProtocolTCP, 80) != reach.Denied {
			o.Metadata++
		}
	}
	n := len(m.Classes())
	o.Of = n * (n - 1)
	some, _ := m.AnyPort()
	for to, row := range some.Possible {
		o.Pairs += row.Count()
		if row.Has(to) {
			o.Pairs-- // with itself
		}
	}
	return o
}
