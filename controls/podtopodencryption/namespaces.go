package podtopodencryption

import "bulwark/control"

func namespaceControls() []*control.Control {
	return []*control.Control{notAmbient, notInjected, notLinkerd}
}

var notAmbient = &control.Control{
	ID:       "BW2209",
	Concept:  concept,
	Title:    "Namespace is not in Istio's ambient mesh",
	Severity: control.Low,
	Profile:  control.Strict,
	Refs:     []string{"kyverno enforce-ambient-mode-namespace"},
	Kinds:    []string{"Namespace"},
	Deny:     `object.metadata.?labels[?"istio.io/dataplane-mode"].orValue("") != "ambient"`,
	Check: func(p *control.Pass) error {
		return wantLabel(p, "istio.io/dataplane-mode", "ambient")
	},
	Remedy: &control.Remedy{
		Scope:   control.AtObject,
		Message: "enrol the namespace; the ambient data plane must be installed",
		Edits:   []control.Edit{{Path: "metadata.labels[istio.io/dataplane-mode]", Op: control.Set, Value: "ambient"}},
	},
	Doc: `In a cluster that runs Istio's ambient mode everywhere, a namespace without its label talks in plaintext and without
identities, and is easily forgotten when it is created.

It fires for every Namespace whose label istio.io/dataplane-mode is not ambient. It is a house rule for such clusters, off
by default, and contradicts the one for sidecars (BW2210): name the one that you follow.

    apiVersion: v1
    kind: Namespace
    metadata:
      name: shop
      labels: {istio.io/dataplane-mode: ambient}
`,
}

func wantLabel(p *control.Pass, key, want string) error {
	switch have := p.Subject.Meta.Labels[key]; have {
	case want:
	case "":
		p.Report("metadata.labels["+key+"]", "the namespace has no label %s: %s", key, want)
	default:
		p.Report("metadata.labels["+key+"]", "the label %s is %q, not %q", key, have, want)
	}
	return nil
}

var notInjected = &control.Control{
	ID:       "BW2210",
	Concept:  concept,
	Title:    "Namespace does not ask for Istio's sidecars",
	Severity: control.Low,
	Profile:  control.Strict,
	Refs:     []string{"kyverno enforce-sidecar-injection-namespace"},
	Kinds:    []string{"Namespace"},
	Deny:     `object.metadata.?labels[?"istio-injection"].orValue("") != "enabled"`,
	Check: func(p *control.Pass) error {
		return wantLabel(p, "istio-injection", "enabled")
	},
	Remedy: &control.Remedy{
		Scope:   control.AtObject,
		Message: "enrol the namespace; running pods get a sidecar when they restart",
		Edits:   []control.Edit{{Path: "metadata.labels[istio-injection]", Op: control.Set, Value: "enabled"}},
	},
	Doc: `In a cluster whose rule is that every workload has a sidecar, a namespace without the label is outside: plaintext, no
identities, no authorisation.

It fires for every Namespace whose label istio-injection is not enabled. Revision labels (istio.io/rev) do not count here,
since a house that uses them has another rule. It is off by default.

    apiVersion: v1
    kind: Namespace
    metadata:
      name: shop
      labels: {istio-injection: enabled}
`,
}

var notLinkerd = &control.Control{
	ID:       "BW2211",
	Concept:  concept,
	Title:    "Namespace does not ask for Linkerd's proxies",
	Severity: control.Low,
	Profile:  control.Strict,
	Refs:     []string{"kyverno require-linkerd-mesh-injection"},
	Kinds:    []string{"Namespace"},
	Deny:     `object.metadata.?annotations[?"linkerd.io/inject"].orValue("") != "enabled"`,
	Check: func(p *control.Pass) error {
		if have := p.Subject.Annotation(linkerdInject); have != "enabled" {
			p.Report("metadata.annotations["+linkerdInject+"]", "the annotation %s is %q, not \"enabled\"", linkerdInject, have)
		}
		return nil
	},
	Remedy: &control.Remedy{
		Scope:   control.AtObject,
		Message: "enrol the namespace; running pods get a proxy when they restart",
		Edits:   []control.Edit{{Path: "metadata.annotations[linkerd.io/inject]", Op: control.Set, Value: "enabled"}},
	},
	Doc: `In a cluster whose rule is that every workload is in Linkerd's mesh, a namespace without the annotation is outside:
plaintext, no identities, no authorisation.

It fires for every Namespace whose annotation linkerd.io/inject is not enabled. It is a house rule and off by default.

    apiVersion: v1
    kind: Namespace
    metadata:
      name: shop
      annotations: {linkerd.io/inject: enabled}
`,
}
