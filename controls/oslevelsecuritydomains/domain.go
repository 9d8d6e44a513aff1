package oslevelsecuritydomains

import (
	"errors"

	"bulwark/control"
	"bulwark/facts/isolation"
)

var sharedDomain = &control.Control{
	ID: "BW1960", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "Workload is one security domain with workloads of another tenant",
	Doc: `Namespaces, tenants and teams are borders on paper. Two workloads are kept apart only if neither can come to control
the other; where each can, over a node that both can take over, a right over each other's pods or an account that both
hold, they are one domain whatever their names say, and the weaker of the two decides for both.

It fires for a workload that is certainly one domain with a workload of another tenant: every step in both directions
works by what the input says. A namespace is its own tenant unless it has a label capsule.clastix.io/tenant,
toolkit.fluxcd.io/tenant, bulwark.dev/tenant or tenant; the namespaces of Kubernetes itself are one tenant and are not
reported. Steps that hang on what is not known are left to the command isolation.

Take away one of the steps that the evidence shows, or declare the two to be one tenant:

` + "```yaml\nkind: Namespace\nmetadata: {name: monitoring, labels: {bulwark.dev/tenant: platform}}\n```",
	Refs:     []string{"ATT&CK T1611", "NSA pods"},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{isolation.Fact},
	Check: func(p *control.Pass) error {
		m, err := isolation.Fact.Of(p)
		if err != nil {
			return err
		}
		w := m.Workload(p.Subject)
		if w == nil || m.KubernetesOwn(p.Subject.Namespace) {
			p.NotApplicable()
			return nil
		}
		other, way := m.Bridge(w, true)
		if other == nil || m.KubernetesOwn(other.Object.Namespace) {
			return errors.Join(m.Missing()...) // what could not be read may join it to others
		}
		r := p.Report(reasonPath(p, way), "one domain with %q of %s: %s", other.Object.Name, m.Tenant(other.Object.Namespace), way[0].Text)
		for _, s := range way {
			if s.Object != nil && s.Object.Ref != p.Subject.Ref {
				r.Related(s.Object, s.Path)
			}
		}
		return nil
	},
}

// reasonPath is the field of the subject that makes the first step possible, if it is one of the subject's.
func reasonPath(p *control.Pass, way []isolation.Step) string {
	if len(way) > 0 && way[0].Object != nil && way[0].Object.Ref == p.Subject.Ref {
		return way[0].Path
	}
	return ""
}
