package reach

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"sync"

	"bulwark/control"
)

// link makes the chain of evaluators: tiers by their order, policies by theirs.
func (m *Model) link(v *control.View, byLink map[string][]*policy) {
	type ordered struct {
		*link
		order float64
	}
	var all []ordered
	for name, policies := range byLink {
		slices.SortStableFunc(policies, func(a, b *policy) int {
			return cmp.Or(cmp.Compare(a.order, b.order), strings.Compare(a.object.Name, b.object.Name))
		})
		l := ordered{&link{name: name, policies: policies, active: yes}, calicoDefaultOrder}
		switch name {
		case kubernetesLink:
		case adminLink, baselineLink:
			l.order = map[string]float64{adminLink: calicoAdminOrder, baselineLink: calicoBaselineOrder}[name]
			l.unordered = true
			if m.Plugin.admin != yes {
				l.active, l.why = m.Plugin.admin, cmp.Or(m.Plugin.Why, m.Plugin.Name+" does not act on policies of policy.networking.k8s.io")
			}
		default:
			m.linkTier(l.link, &l.order)
		}
		m.otherPlugins(l.link)
		all = append(all, l)
	}
	if byLink[kubernetesLink] == nil {
		all = append(all, ordered{&link{name: kubernetesLink, active: yes}, calicoDefaultOrder})
	}
	slices.SortFunc(all, func(a, b ordered) int {
		return cmp.Or(cmp.Compare(a.order, b.order), strings.Compare(a.name, b.name))
	})
	for _, l := range all {
		if l.name == kubernetesLink {
			l.missing = m.absence(v)
		}
		for _, p := range l.policies {
			m.linkOf = append(m.linkOf, len(m.chain))
			m.policies = append(m.policies, p)
		}
		m.chain = append(m.chain, l.link)
	}
	m.homes = map[string][]int32{}
	for i, p := range m.policies {
		m.byObject[p.object] = append(m.byObject[p.object], p)
		if p.subject.ns == nil && !p.subject.everyNS {
			m.homes[p.subject.home] = append(m.homes[p.subject.home], int32(i))
		} else {
			m.wide = append(m.wide, int32(i))
		}
	}
}

func (m *Model) linkTier(l *link, order *float64) {
	for name, t := range m.tiers {
		if calicoLink(name) == l.name {
			*order, l.lenient = t.order, t.lenient
			return
		}
	}
	*order = math.Nextafter(calicoDefaultOrder, 0)
	for _, p := range l.policies {
		p.doubt = cmp.Or(p.doubt, "its tier is not in the input")
	}
}

// otherPlugins doubts policies of another plugin's kind than the one that runs.
func (m *Model) otherPlugins(l *link) {
	if m.Plugin.Name == "" {
		return
	}
	l.policies = slices.DeleteFunc(l.policies, func(p *policy) bool {
		switch gk := p.object.GroupKind(); {
		case slices.Contains(ciliumKinds, gk):
			return m.dialect != Cilium
		case slices.Contains(calicoKinds, gk):
			return m.dialect != Calico
		}
		return false
	})
}

// absence answers why there may be more policies of a namespace than the input
// holds: nil when some kind of policy was read there.
func (m *Model) absence(v *control.View) func(string) error {
	kinds := slices.Concat([]string{policyKind}, ciliumKinds[:1], calicoKinds[:2])
	known := map[string]error{}
	var mu sync.Mutex
	return func(namespace string) error {
		mu.Lock()
		defer mu.Unlock()
		if err, ok := known[namespace]; ok {
			return err
		}
		var why error
		for _, kind := range kinds {
			err := v.Knows(kind, namespace)
			if err == nil {
				why = nil
				break
			}
			if why == nil {
				why = err
			}
		}
		known[namespace] = why
		return why
	}
}
