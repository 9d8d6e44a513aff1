package isolation

import (
	"slices"
	"sync"

	"bulwark/internal/graph"
)

// Domain is a set of workloads that can come to control each other.
type Domain struct {
	Workloads []*Workload // ordered by namespace, kind and name
	Tenants   []string    // what they are declared to belong to, sorted

	// towards finds the ways to two members of different tenants; nil where there is one tenant only.
	towards [2]func() *graph.Distances
	anchors [2]*Workload
}

// Mixed says whether the domain crosses a border that was declared.
func (d *Domain) Mixed() bool { return len(d.Tenants) > 1 }

// partition is one way of cutting the workloads into domains.
type partition struct {
	keep    graph.Keep
	domains []*Domain
	of      map[*Workload]*Domain
}

// split finds the domains: workloads of one strongly connected component.
func (b *builder) split(keep graph.Keep) *partition {
	p := &partition{keep: keep, of: map[*Workload]*Domain{}}
	components := b.g.Components(keep)
	byComponent := map[uint32]*Domain{}
	for _, w := range b.workloads {
		c := components.Of[w.vertex]
		d := byComponent[c]
		if d == nil {
			d = new(Domain)
			byComponent[c] = d
			p.domains = append(p.domains, d)
		}
		d.Workloads = append(d.Workloads, w)
		if t := b.Tenant(w.Object.Namespace); !slices.Contains(d.Tenants, t) {
			d.Tenants = append(d.Tenants, t)
		}
		p.of[w] = d
	}
	for _, d := range p.domains {
		slices.Sort(d.Tenants)
		if d.Mixed() {
			b.anchor(d, keep)
		}
	}
	return p
}

// anchor picks two members of different tenants, to which the ways from all members are found when they are asked for.
// Kubernetes itself is picked only where there is nobody else.
func (b *builder) anchor(d *Domain, keep graph.Keep) {
	pick := func(avoid string) *Workload {
		var own *Workload
		for _, w := range d.Workloads {
			switch t := b.Tenant(w.Object.Namespace); {
			case t == avoid:
			case t != platform:
				return w
			case own == nil:
				own = w
			}
		}
		return own
	}
	first := pick("")
	other := pick(b.Tenant(first.Object.Namespace))
	for i, w := range []*Workload{first, other} {
		d.anchors[i] = w
		d.towards[i] = sync.OnceValue(func() *graph.Distances { return b.g.Backward([]uint32{w.vertex}, keep) })
	}
}

// Bridge returns a workload of another tenant in the domain of one, and the way to it: nil when the domain is not mixed. All
// members of a domain share the search.
func (m *Model) Bridge(w *Workload, certainly bool) (*Workload, []Step) {
	d := m.DomainOf(w, certainly)
	if !d.Mixed() {
		return nil, nil
	}
	i := 0
	if m.Tenant(d.anchors[0].Object.Namespace) == m.Tenant(w.Object.Namespace) {
		i = 1
	}
	return d.anchors[i], m.way(d.towards[i]().Path(w.vertex))
}

// Domains returns the domains: those that are certain, or those that are when every guard that is not known is open.
func (m *Model) Domains(certainly bool) []*Domain { return m.partition(certainly).domains }

// DomainOf returns the domain of a workload.
func (m *Model) DomainOf(w *Workload, certainly bool) *Domain { return m.partition(certainly).of[w] }

func (m *Model) partition(certainly bool) *partition {
	if certainly {
		return m.certain
	}
	return m.possible
}

// Why returns the shortest way by which one workload comes to control another, nil when there is none.
func (m *Model) Why(from, to *Workload, certainly bool) []Step {
	d := m.g.Forward([]uint32{from.vertex}, m.partition(certainly).keep)
	return m.way(d.Path(to.vertex))
}

func (m *Model) way(arcs []graph.Arc) []Step {
	var way []Step
	for _, arc := range arcs {
		s := m.steps[arc.Evidence]
		s.From, s.To = m.vertices[arc.From].String(), m.vertices[arc.To].String()
		way = append(way, s)
	}
	return way
}

// Controls returns the workloads of other tenants that one comes to control, whether or not they can hit back.
func (m *Model) Controls(w *Workload, certainly bool) []*Workload {
	d := m.g.Forward([]uint32{w.vertex}, m.partition(certainly).keep)
	var found []*Workload
	for _, other := range m.workloads {
		if other != w && d.Reached(other.vertex) && m.Tenant(other.Object.Namespace) != m.Tenant(w.Object.Namespace) {
			found = append(found, other)
		}
	}
	return found
}
