package podtopodencryption

import (
	"maps"
	"slices"

	"bulwark/control"
	"bulwark/facts/mtls"
)

func strictControls() []*control.Control {
	return []*control.Control{notStrict, portNotStrict, permissiveNamespace, linkerdUnauthenticated}
}

// peerSpec is the part of a PeerAuthentication that says how connections must come in.
type peerSpec struct {
	MTLS struct {
		Mode string `json:"mode"`
	} `json:"mtls"`
	Ports map[string]struct {
		Mode string `json:"mode"`
	} `json:"portLevelMtls"`
}

func plaintext(mode string) bool { return mode == "PERMISSIVE" || mode == "DISABLE" }

var notStrict = &control.Control{
	ID:       "BW2201",
	Concept:  concept,
	Title:    "PeerAuthentication lets plaintext in",
	Severity: control.Medium,
	Refs:     []string{"kyverno enforce-strict-mtls", "NSA net", "ATT&CK T1557", "ATT&CK T1040"},
	Kinds:    []string{peerAuthentication},
	Deny:     `object.?spec.?mtls.?mode.orValue("UNSET") in ["PERMISSIVE", "DISABLE"]`,
	Check: func(p *control.Pass) error {
		var s peerSpec
		if err := p.Subject.Decode("spec", &s); err != nil {
			return err
		}
		if plaintext(s.MTLS.Mode) {
			p.Report("spec.mtls.mode", "mode %s accepts connections without mutual TLS", s.MTLS.Mode)
		}
		return nil
	},
	Remedy: &control.Remedy{
		Scope:   control.AtObject,
		Message: "refuse plaintext; clients outside the mesh (probes by other tools, jobs without a sidecar) stop being served",
		Edits:   []control.Edit{{Path: "spec.mtls.mode", Op: control.Set, Value: "STRICT"}},
	},
	Doc: `In PERMISSIVE mode a mesh takes plaintext as well as mutual TLS, so whoever has a foothold in any pod talks to the
service without an identity, and rules that name an identity do not bind them. DISABLE turns encryption off altogether
for sidecars. PERMISSIVE is meant for the days of a migration.

It fires when spec.mtls.mode is PERMISSIVE or DISABLE. An unset mode inherits from the namespace or the mesh and is not
judged here; what a namespace ends up with is BW2203.

    apiVersion: security.istio.io/v1
    kind: PeerAuthentication
    metadata: {name: default, namespace: shop}
    spec:
      mtls: {mode: STRICT}
`,
}

var portNotStrict = &control.Control{
	ID:       "BW2202",
	Concept:  concept,
	Title:    "PeerAuthentication lets plaintext in on single ports",
	Severity: control.Medium,
	Refs:     []string{"NSA net", "ATT&CK T1040"},
	Kinds:    []string{peerAuthentication},
	Deny: `object.?spec.?portLevelMtls.orValue({}).exists(k,
  object.spec.portLevelMtls[k].?mode.orValue("UNSET") in ["PERMISSIVE", "DISABLE"])`,
	Check: func(p *control.Pass) error {
		var s peerSpec
		if err := p.Subject.Decode("spec", &s); err != nil {
			return err
		}
		for _, port := range slices.Sorted(maps.Keys(s.Ports)) {
			if mode := s.Ports[port].Mode; plaintext(mode) {
				path := "spec.portLevelMtls[" + port + "].mode"
				p.Report(path, "port %q: mode %s accepts connections without mutual TLS", port, mode).
					Fix("refuse plaintext on this port too", control.Edit{Path: path, Op: control.Set, Value: "STRICT"})
			}
		}
		return nil
	},
	Doc: `An exception for one port stays when its reason is gone, and it holds for every client, not only for the probe or the
legacy system it was made for. Ports of databases and admin interfaces are the usual ones, and the ones that matter most.

It fires for each entry of spec.portLevelMtls whose mode is PERMISSIVE or DISABLE. The number is the container's port, not
the Service's.

Let health checks be rewritten by the sidecar (the default) and remove the entry:

    spec:
      selector: {matchLabels: {app: db}}
      mtls: {mode: STRICT}
`,
}

var permissiveNamespace = &control.Control{
	ID:       "BW2203",
	Concept:  concept,
	Title:    "Namespace is in the mesh but accepts plaintext",
	Severity: control.Medium,
	Refs:     []string{"NSA net", "ATT&CK T1040", "ATT&CK T1557"},
	Kinds:    []string{"Namespace"},
	Requires: []control.AnyFact{mtls.Fact},
	Check: func(p *control.Pass) error {
		if !mtls.Enrolled(p.Subject) {
			p.NotApplicable()
			return nil
		}
		x, err := mtls.Fact.Of(p)
		if err != nil {
			return err
		}
		mode, by := x.Mode(p.Subject.Name)
		if mode == mtls.Strict {
			return nil
		}
		if by == nil {
			if err := x.Knows(p.Subject.Name); err != nil {
				p.Unknown("metadata.name", "whether a PeerAuthentication demands mutual TLS: %s", err)
				return nil
			}
			p.Report("metadata.name", "no PeerAuthentication demands mutual TLS of namespace %q", p.Subject.Name).
				NewObject("refuse plaintext in the whole namespace; clients outside the mesh stop being served", strictYAML(p.Subject.Name))
			return nil
		}
		p.Report("metadata.name", "namespace %q accepts plaintext: %s says %s", p.Subject.Name, by.Ref, mode).Related(by, "spec.mtls.mode")
		return nil
	},
	Doc: `Sidecars and ambient mode encrypt between members, but plaintext from anybody else is still taken unless a policy
refuses it: the default is PERMISSIVE. Encryption in practice and refusal of plaintext are two questions; this one asks
the second.

It fires for a Namespace that is enrolled (label istio-injection: enabled, istio.io/rev, or istio.io/dataplane-mode:
ambient) when the PeerAuthentication that counts for it, its own without a selector and otherwise that of the root
namespace istio-system, is not STRICT or does not exist. It is unknown when neither namespace's policies are in the input.

    apiVersion: security.istio.io/v1
    kind: PeerAuthentication
    metadata: {name: default, namespace: shop}
    spec:
      mtls: {mode: STRICT}
`,
}

func strictYAML(namespace string) string {
	return `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata:
  name: default
  namespace: ` + namespace + `
spec:
  mtls:
    mode: STRICT
`
}

const inboundPolicy = "config.linkerd.io/default-inbound-policy"

var linkerdUnauthenticated = &control.Control{
	ID:       "BW2204",
	Concept:  concept,
	Title:    "Linkerd is told to let unauthenticated traffic in",
	Severity: control.Medium,
	Refs:     []string{"NSA net", "ATT&CK T1557"},
	Kinds:    []string{"Namespace", control.Pods},
	Check: func(p *control.Pass) error {
		check := func(path, policy string) {
			if policy == "all-unauthenticated" || policy == "cluster-unauthenticated" || policy == "audit" {
				p.Report(path, "Linkerd's default inbound policy %q lets traffic without an identity in", policy)
			}
		}
		at := "metadata.annotations[" + inboundPolicy + "]"
		if !p.Subject.HasPods() {
			check(at, p.Subject.Annotation(inboundPolicy))
			return nil
		}
		for t := range p.Subject.Pods {
			if t.Meta != nil {
				check(t.MetaPath("annotations["+inboundPolicy+"]"), t.Meta.Annotations[inboundPolicy])
			}
		}
		return nil
	},
	Deny: `object.kind == "Namespace"
  ? object.metadata.?annotations[?"config.linkerd.io/default-inbound-policy"].orValue("") in ["all-unauthenticated", "cluster-unauthenticated", "audit"]
  : variables.podMeta.?annotations[?"config.linkerd.io/default-inbound-policy"].orValue("") in ["all-unauthenticated", "cluster-unauthenticated", "audit"]`,
	Doc: `Linkerd encrypts between pods that have its proxy, and by default also passes on what comes from anybody else. The
annotation config.linkerd.io/default-inbound-policy decides for a namespace or a pod, unless a Server resource does for
the port.

It fires when that annotation is all-unauthenticated, cluster-unauthenticated or audit, on a Namespace or on the template
of pods. Where it is absent the value of the installation counts, which this control does not see.

    metadata:
      annotations:
        linkerd.io/inject: enabled
        config.linkerd.io/default-inbound-policy: cluster-authenticated
`,
}
