package podtopodencryption

import (
	"bulwark/control"
	"bulwark/facts/mtls"
	"bulwark/internal/tri"
	"bulwark/world"
)

func meshControls() []*control.Control {
	return []*control.Control{ignoredSelector, outranked, contradictingRule, denyByIdentity, noAutoMTLS}
}

var ignoredSelector = &control.Control{
	ID:       "BW2219",
	Concept:  concept,
	Title:    "PeerAuthentication for single workloads stands where it counts for none",
	Severity: control.Medium,
	Refs:     []string{"NSA net", "ATT&CK T1040"},
	Kinds:    []string{peerAuthentication},
	Requires: []control.AnyFact{mtls.Fact},
	Check: func(p *control.Pass) error {
		m, err := mtls.Fact.Of(p)
		if err != nil {
			return err
		}
		var s struct {
			Selector struct {
				MatchLabels map[string]string `json:"matchLabels"`
			} `json:"selector"`
		}
		if err := p.Subject.Decode("spec", &s); err != nil {
			return err
		}
		if p.Subject.Namespace == m.Config.Root && len(s.Selector.MatchLabels) > 0 {
			p.Report("spec.selector", "a policy with a selector in the root namespace %q counts for no workload at all", m.Config.Root)
		}
		return nil
	},
	Doc: `Policies in the root namespace of the mesh count for all of it, but only those without a selector. One with a selector
is accepted, listed, and ignored: neither the workloads of other namespaces nor those of the root namespace heed it. Who
wrote it believes that plaintext is refused.

It fires for a PeerAuthentication with spec.selector.matchLabels in the root namespace, which is istio-system unless
MeshConfig in the input says otherwise.

Put the policy into the namespace of the workloads:

    kind: PeerAuthentication
    metadata: {name: db, namespace: shop}
    spec:
      selector: {matchLabels: {app: db}}
      mtls: {mode: STRICT}
`,
}

var outranked = &control.Control{
	ID:       "BW2220",
	Concept:  concept,
	Title:    "PeerAuthentication is outranked by an older one",
	Severity: control.Low,
	Profile:  control.Hygiene,
	Refs:     []string{"NSA net"},
	Kinds:    []string{peerAuthentication},
	Requires: []control.AnyFact{mtls.Fact},
	Check: func(p *control.Pass) error {
		m, err := mtls.Fact.Of(p)
		if err != nil {
			return err
		}
		first := m.Outranks(p.Subject)
		switch {
		case first == nil:
		case first.Meta.CreationTimestamp.Equal(&p.Subject.Meta.CreationTimestamp):
			p.Report("metadata.name", "%q selects the same pods: only the older of the two counts, and which that is nobody sees here", first.Name).Related(first, "metadata.name")
		default:
			p.Report("metadata.name", "%q selects the same pods and is older: this policy does nothing", first.Name).Related(first, "metadata.name")
		}
		return nil
	},
	Doc: `Of several policies of one level the oldest counts alone: nothing is merged, and the stricter one does not win. A policy
that was added later to close a hole then does nothing, and comes into force by surprise when the older one is deleted.

It fires for a PeerAuthentication when another one of its namespace has the same selector, or has none as well, and is
older or of the same age. In files, which have no age, it fires for the one whose name comes later.

Keep one policy for each selector:

    kind: PeerAuthentication
    metadata: {name: default, namespace: shop}
    spec:
      mtls: {mode: STRICT}
`,
}

var contradictingRule = &control.Control{
	ID:       "BW2221",
	Concept:  concept,
	Title:    "DestinationRule speaks otherwise than the server demands",
	Severity: control.Low,
	Refs:     []string{"NSA net"},
	Kinds:    []string{destinationRule},
	Requires: []control.AnyFact{mtls.Fact},
	Check: func(p *control.Pass) error {
		m, err := mtls.Fact.Of(p)
		if err != nil {
			return err
		}
		for _, c := range m.Clashes(p.Subject) {
			p.Report(c.Path, "clients speak %s to port %d of %q, which takes nothing but the mesh's mutual TLS", c.Mode, c.Port, c.Service.Name).
				Related(c.Service, "metadata.name").Related(c.Server, "metadata.name")
		}
		return nil
	},
	Doc: `A DestinationRule with mode DISABLE, SIMPLE or MUTUAL keeps the sidecars of clients from using the mesh's own mutual TLS.
If the server demands it, no connection works; and the usual way out is to loosen the server, which opens it to plaintext
from everybody.

It fires for the traffic policy of a DestinationRule whose host is a Service of the input, with workloads in the mesh that
refuse plaintext on the port that it leads to. Whether plaintext is spoken at all is BW2214.

Take the tls section out, and let the sidecars find out what the server can:

    kind: DestinationRule
    spec:
      host: db.shop.svc.cluster.local
      trafficPolicy:
        connectionPool: {tcp: {maxConnections: 100}}
`,
}

var denyByIdentity = &control.Control{
	ID:       "BW2222",
	Concept:  concept,
	Title:    "AuthorizationPolicy denies identities where plaintext has none",
	Severity: control.Medium,
	Refs:     []string{"NSA net", "ATT&CK T1557"},
	Kinds:    []string{mtls.AuthorizationPolicy},
	Requires: []control.AnyFact{mtls.Fact},
	Check: func(p *control.Pass) error {
		m, err := mtls.Fact.Of(p)
		if err != nil {
			return err
		}
		b := m.Bypass(p.Subject)
		switch b.Open {
		case tri.Yes:
			p.Report(b.Path, "whoever it denies gets in with plaintext, which %s takes on port %d", b.Server.Ref, b.Port).Related(b.Server, "metadata.name")
		case tri.Unknown:
			p.Unknown(b.Path, "whether %s takes plaintext, which has no identity to deny: %s", b.Server.Ref, b.Why)
		}
		return nil
	},
	Doc: `Identities come from mutual TLS. A rule that denies a principal, a namespace or a service account matches nothing on a
plaintext connection, so that an attacker who is denied by name only has to leave the encryption out. An ALLOW rule is
safe: without an identity nothing is allowed.

It fires for an AuthorizationPolicy with action DENY that has a rule by identity (principals, namespaces, serviceAccounts
or trustDomains of a source) when a workload of the input that it selects takes plaintext on one of its ports.

Refuse plaintext, or write the rule as an ALLOW:

    kind: PeerAuthentication
    metadata: {name: default, namespace: shop}
    spec:
      mtls: {mode: STRICT}
`,
}

var noAutoMTLS = &control.Control{
	ID:       "BW2223",
	Concept:  concept,
	Title:    "Mesh does not encrypt by itself",
	Severity: control.Medium,
	Refs:     []string{"NSA net", "ATT&CK T1040"},
	Kinds:    []string{"ConfigMap", "IstioOperator.install.istio.io"},
	Requires: []control.AnyFact{mtls.Fact},
	Check: func(p *control.Pass) error {
		m, err := mtls.Fact.Of(p)
		if err != nil {
			return err
		}
		if m.Config.Object == nil || m.Config.Object.Ref != p.Subject.Ref {
			p.NotApplicable()
			return nil
		}
		if !m.Config.AutoMTLS {
			p.Report(configPath(p.Subject), "enableAutoMtls is false: sidecars speak plaintext wherever no DestinationRule says ISTIO_MUTUAL")
		}
		return nil
	},
	Doc: `Sidecars find out by themselves which servers can speak mutual TLS, and use it. With enableAutoMtls: false they speak
plaintext unless a DestinationRule names the host, and every Service that somebody forgets is in the clear.

It fires for the mesh's configuration, in the ConfigMap istio or an IstioOperator, when enableAutoMtls is false.

    data:
      mesh: |
        enableAutoMtls: true
`,
}

func configPath(o *world.Object) string {
	if o.Kind == "ConfigMap" {
		return "data[mesh]"
	}
	return "spec.meshConfig.enableAutoMtls"
}
