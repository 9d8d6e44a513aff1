package staticanalysis

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/internal/ytree"
)

// kindPolicies returns the house rules on which kinds may be used and where they may point.
func kindPolicies() []*control.Control {
	return []*control.Control{sourceNotListed, forbiddenKind, rareBackup, domainTemplate}
}

// sourceFields are the fields in which Flux sources say where they fetch from.
var sourceFields = map[string]string{
	"GitRepository": "spec.url", "HelmRepository": "spec.url", "OCIRepository": "spec.url", "Bucket": "spec.endpoint", "ImageRepository": "spec.image",
}

var sourceNotListed = &control.Control{
	ID: "BW2718", Concept: concept, Severity: control.Medium, Profile: control.Strict,
	Title: "A GitOps source is not on the list",
	Doc: `What a GitOps controller fetches it applies, mostly with the rights of an administrator. Whoever may create
a source and point it at a repository of their own decides what runs.

It fires for GitRepository, HelmRepository, OCIRepository, Bucket and ImageRepository objects of Flux whose
address matches no pattern of the parameter sources, outside the namespaces of the parameter exempt. In a
pattern * stands for anything but the characters / @ and :, and for everything at its end. Without
sources the rule passes.

    params:
      BW2718: {sources: ["https://github.com/example/*", "*.example.com"]}`,
	Refs: []string{"kyverno verify-flux-sources", "kyverno verify-git-repositories", "ATT&CK T1195"},
	Kinds: []string{
		"GitRepository.source.toolkit.fluxcd.io", "HelmRepository.source.toolkit.fluxcd.io", "OCIRepository.source.toolkit.fluxcd.io",
		"Bucket.source.toolkit.fluxcd.io", "ImageRepository.image.toolkit.fluxcd.io",
	},
	Params: []control.Param{
		{Name: "sources", Doc: "patterns of addresses that may be fetched from", Default: []string{}},
		{Name: "exempt", Doc: "namespaces that are not judged", Default: []string{"flux-system"}},
	},
	Check: func(p *control.Pass) error {
		patterns := p.Strings("sources")
		if len(patterns) == 0 || slices.Contains(p.Strings("exempt"), p.Subject.Namespace) {
			return nil
		}
		at := sourceFields[p.Subject.Kind]
		var address string
		if err := p.Subject.Decode(at, &address); err != nil {
			return fmt.Errorf("judging a GitOps source: %w", err)
		}
		for _, pattern := range patterns {
			if addressPattern(pattern).MatchString(address) {
				return nil
			}
		}
		p.Report(at, "%s %q fetches from %q, which is not on the list", p.Subject.Kind, p.Subject.Name, address)
		return nil
	},
}

// addressPattern reads a pattern; its stars do not cross the parts of an address.
func addressPattern(pattern string) *regexp.Regexp {
	body, open := strings.CutSuffix(pattern, "*")
	re := strings.ReplaceAll(regexp.QuoteMeta(body), `\*`, `[^/@:]*`)
	if open {
		re += ".*"
	}
	return regexp.MustCompile("^" + re + "$")
}

var forbiddenKind = &control.Control{
	ID: "BW2719", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "An object is of a kind that is not wanted here",
	Doc: `Some kinds are a way around what others enforce: a bare TaskRun around the reviewed pipeline, a CronJob
that keeps an intruder's program alive, an Endpoints object that redirects a Service.

It fires for every object whose kind is in the parameter kinds, written as Kind or as Kind.group. Without
kinds the rule passes. Use it for places where such objects are never right; rights to create them belong
into RBAC as well.

    params:
      BW2719: {kinds: [TaskRun.tekton.dev]}`,
	Refs:   []string{"kyverno block-tekton-task-runs", "ATT&CK T1053.007"},
	Kinds:  []string{control.AnyKind},
	Params: []control.Param{{Name: "kinds", Doc: "kinds that must not be used, as Kind or Kind.group", Default: []string{}}},
	Check: func(p *control.Pass) error {
		kinds := p.Strings("kinds")
		if slices.Contains(kinds, p.Subject.GroupKind()) || slices.Contains(kinds, p.Subject.Kind) {
			p.Report("kind", "%s objects are not wanted here", p.Subject.Kind)
		}
		return nil
	},
}

var rareBackup = &control.Control{
	ID: "BW2749", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "A backup policy of critical data does not run as often as the house rule asks",
	Doc: `After an attack that encrypts or deletes data, what was written since the last backup is gone. How much that
may be is decided per application, and the label of a backup policy says which are critical.

It fires for a Policy of Kasten K10 that carries the parameter label (written key=value) and whose frequency
is not the parameter frequency. Give the Policy the frequency that was agreed on.

    apiVersion: config.kio.kasten.io/v1alpha1
    kind: Policy
    metadata:
      labels: {appPriority: Mission-Critical}
    spec:
      frequency: "@hourly"`,
	Refs:  []string{"kyverno k10-policy-hourly-rpo", "kyverno k10-hourly-rpo", "ATT&CK T1485"},
	Kinds: []string{"Policy.config.kio.kasten.io"},
	Params: []control.Param{
		{Name: "label", Doc: "the label of critical policies, as key=value", Default: "appPriority=Mission-Critical"},
		{Name: "frequency", Doc: "how often they must run", Default: "@hourly"},
	},
	Check: func(p *control.Pass) error {
		key, value, _ := strings.Cut(p.Text("label"), "=")
		if got, labelled := p.Subject.Meta.Labels[key]; !labelled || got != value {
			return nil
		}
		var spec struct {
			Frequency string `json:"frequency"`
		}
		if err := p.Subject.Decode("spec", &spec); err != nil {
			return fmt.Errorf("judging a backup policy: %w", err)
		}
		if want := p.Text("frequency"); spec.Frequency != want {
			p.Report("spec.frequency", "runs %q, critical data is to be backed up %q", spec.Frequency, want).
				Fix("run it as often as the house rule asks", control.Edit{Path: "spec.frequency", Value: want})
		}
		return nil
	},
	Deny: `object.metadata.?labels[?'appPriority'].orValue('') == 'Mission-Critical' &&
  (!has(object.spec) || string(object.spec.?frequency.orValue('')) != '@hourly')`,
}

var domainTemplate = &control.Control{
	ID: "BW2759", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "A virtual machine brings its own hardware description",
	Doc: `The domain section of a KubeVirt machine can ask for any amount of CPU and memory, huge pages, devices of the
host and passed-through PCI cards. Instance types and preferences are written by the administrators of the
cluster: a machine that names them gets a size and a set of devices that somebody agreed to.

It fires for a VirtualMachine whose template has a domain section.

    apiVersion: kubevirt.io/v1
    kind: VirtualMachine
    spec:
      instancetype: {name: u1.small}
      preference: {name: fedora}`,
	Refs:  []string{"kyverno k6t-enforce-instancetype", "kyverno enforce-instancetype"},
	Kinds: []string{"VirtualMachine.kubevirt.io"},
	Check: func(p *control.Pass) error {
		const at = "spec.template.spec.domain"
		if n := p.Tree().Lookup(at); n != nil && n.Kind != ytree.Null {
			p.Report(at, "VirtualMachine %q describes its hardware itself", p.Subject.Name)
		}
		return nil
	},
	Deny: `has(object.spec) && object.spec.?template.?spec.?domain.hasValue() && object.spec.template.spec.domain != null`,
}
