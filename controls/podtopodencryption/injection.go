package podtopodencryption

import (
	"bulwark/control"
	"bulwark/world"
)

func injectionControls() []*control.Control {
	return []*control.Control{noIstio, noLinkerd, istioPorts, linkerdPorts}
}

// mark is one annotation or label of a pod.
type mark struct {
	field, key, value string // field is "annotations" or "labels"
}

// marks yields those of the keys that a template carries, annotations before labels.
func marks(t *world.PodTemplate, keys ...string) func(func(mark) bool) {
	return func(yield func(mark) bool) {
		if t.Meta == nil {
			return
		}
		for _, key := range keys {
			if v, ok := t.Meta.Annotations[key]; ok && !yield(mark{"annotations", key, v}) {
				return
			}
			if v, ok := t.Meta.Labels[key]; ok && !yield(mark{"labels", key, v}) {
				return
			}
		}
	}
}

func (m mark) path(t *world.PodTemplate) string { return t.MetaPath(m.field + "[" + m.key + "]") }

const istioInject = "sidecar.istio.io/inject"

var noIstio = &control.Control{
	ID:       "BW2205",
	Concept:  concept,
	Title:    "Pod refuses Istio's sidecar",
	Severity: control.Low,
	Refs:     []string{"kyverno prevent-disabling-injection-pods", "NSA net", "ATT&CK T1562"},
	Kinds:    []string{control.Pods},
	Deny: `variables.podMeta.?annotations[?"sidecar.istio.io/inject"].orValue("") == "false" ||
  variables.podMeta.?labels[?"sidecar.istio.io/inject"].orValue("") == "false"`,
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			for m := range marks(t, istioInject) {
				if m.value == "false" {
					p.Report(m.path(t), "the pod refuses the sidecar: its traffic is neither encrypted nor checked by the mesh").
						Fix("let the sidecar in; the pod restarts with one", control.Edit{Path: m.path(t), Op: control.Remove})
				}
			}
		}
		return nil
	},
	Doc: `A pod without the sidecar speaks plaintext, has no identity, and escapes every rule of the mesh: authorisation, egress
control, telemetry. Where the namespace is in the mesh, one annotation is enough for an attacker, too, to step out of it.

It fires when a pod or a template has sidecar.istio.io/inject: "false" as annotation or label. Jobs that end before their
sidecar does are the usual excuse; with native sidecars (Kubernetes 1.29 and later) they need none.

Leave the key out and let the namespace decide:

    template:
      metadata:
        labels: {app: shop}
`,
}

const linkerdInject = "linkerd.io/inject"

var noLinkerd = &control.Control{
	ID:       "BW2206",
	Concept:  concept,
	Title:    "Pod refuses Linkerd's proxy",
	Severity: control.Low,
	Refs:     []string{"kyverno prevent-linkerd-pod-injection-override", "NSA net", "ATT&CK T1562"},
	Kinds:    []string{control.Pods},
	Deny:     `variables.podMeta.?annotations[?"linkerd.io/inject"].orValue("") == "disabled"`,
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			for m := range marks(t, linkerdInject) {
				if m.field == "annotations" && m.value == "disabled" {
					p.Report(m.path(t), "the pod refuses the proxy: its traffic is neither encrypted nor checked by the mesh").
						Fix("let the proxy in; the pod restarts with one", control.Edit{Path: m.path(t), Op: control.Remove})
				}
			}
		}
		return nil
	},
	Doc: `A pod without Linkerd's proxy speaks plaintext, has no identity, and is not bound by the mesh's authorisation policies.
In a namespace that is in the mesh, one annotation takes a pod out of it.

It fires when a pod or a template has the annotation linkerd.io/inject: disabled.

Leave the annotation out and let the namespace decide. Where one port must bypass the proxy, say which and why; BW2208
reports it.

    template:
      metadata:
        annotations: {linkerd.io/inject: enabled}
`,
}

// istioExcludes are the annotations that lead traffic past the sidecar.
var istioExcludes = []string{
	"traffic.sidecar.istio.io/excludeInboundPorts", "traffic.sidecar.istio.io/excludeOutboundPorts",
	"traffic.sidecar.istio.io/excludeOutboundIPRanges", "traffic.sidecar.istio.io/excludeInterfaces",
}

var istioPorts = &control.Control{
	ID:       "BW2207",
	Concept:  concept,
	Title:    "Pod leads traffic past Istio's sidecar",
	Severity: control.Low,
	Refs:     []string{"NSA net", "ATT&CK T1562"},
	Kinds:    []string{control.Pods},
	Deny: `variables.podMeta.?annotations[?"traffic.sidecar.istio.io/excludeInboundPorts"].orValue("") != "" ||
  variables.podMeta.?annotations[?"traffic.sidecar.istio.io/excludeOutboundPorts"].orValue("") != "" ||
  variables.podMeta.?annotations[?"traffic.sidecar.istio.io/excludeOutboundIPRanges"].orValue("") != "" ||
  variables.podMeta.?annotations[?"traffic.sidecar.istio.io/excludeInterfaces"].orValue("") != ""`,
	Check: func(p *control.Pass) error { return reportBypass(p, istioExcludes) },
	Doc: `Ports and address ranges that are excluded from capture go around the sidecar: no mutual TLS, no authorisation, no
trace, whatever PeerAuthentication says. Excluding all outbound ranges is a way out for stolen data.

It fires for each non-empty annotation traffic.sidecar.istio.io/excludeInboundPorts, excludeOutboundPorts,
excludeOutboundIPRanges or excludeInterfaces of a pod or template.

Describe the outside system to the mesh instead, so that it is known and can be limited:

    apiVersion: networking.istio.io/v1
    kind: ServiceEntry
    spec:
      hosts: [db.example.com]
      ports: [{number: 5432, name: tcp-db, protocol: TCP}]
`,
}

var linkerdSkips = []string{"config.linkerd.io/skip-inbound-ports", "config.linkerd.io/skip-outbound-ports"}

var linkerdPorts = &control.Control{
	ID:       "BW2208",
	Concept:  concept,
	Title:    "Pod leads traffic past Linkerd's proxy",
	Severity: control.Low,
	Refs:     []string{"kyverno prevent-linkerd-port-skipping", "NSA net", "ATT&CK T1562"},
	Kinds:    []string{control.Pods},
	Deny: `variables.podMeta.?annotations[?"config.linkerd.io/skip-inbound-ports"].orValue("") != "" ||
  variables.podMeta.?annotations[?"config.linkerd.io/skip-outbound-ports"].orValue("") != ""`,
	Check: func(p *control.Pass) error { return reportBypass(p, linkerdSkips) },
	Doc: `Ports that are skipped go around Linkerd's proxy: they are not encrypted and no authorisation policy holds for them.
Opaque ports do what most skips were made for, protocols where the server speaks first, and keep mutual TLS.

It fires for each non-empty annotation config.linkerd.io/skip-inbound-ports or skip-outbound-ports of a pod or template.

    template:
      metadata:
        annotations:
          config.linkerd.io/opaque-ports: "3306"
`,
}

func reportBypass(p *control.Pass, keys []string) error {
	for t := range p.Subject.Pods {
		for m := range marks(t, keys...) {
			if m.field == "annotations" && m.value != "" {
				p.Report(m.path(t), "%s leads %q past the proxy", m.key, m.value)
			}
		}
	}
	return nil
}
