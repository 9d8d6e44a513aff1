package oslevelsecuritydomains

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/pod-security-admission/api"

	"bulwark/control"
	"bulwark/facts/podsecurity"
	"bulwark/world"
)

var systemNamespaces = []string{"kube-system", "kube-public", "kube-node-lease"}

var exemptNamespaces = control.Param{Name: "exempt", Doc: "Namespaces that are not judged.", Default: systemNamespaces}

func labelPath(key string) string { return "metadata.labels[" + key + "]" }

// enforceLevel returns the level that a namespace's own label enforces, as the API server reads it.
func enforceLevel(o *world.Object) api.Level {
	policy, _ := api.PolicyToEvaluate(o.Meta.Labels, podsecurity.Default())
	return policy.Enforce.Level
}

// raise is the edit that makes a namespace enforce a level.
func raise(level api.Level) control.Edit {
	return control.Edit{Path: labelPath(api.EnforceLevelLabel), Value: string(level)}
}

var namespaceOpen = &control.Control{
	ID: "BW1921", Concept: concept, Severity: control.Medium,
	Title: "Namespace does not enforce the baseline Pod Security Standard",
	Doc: `Pod Security admission is built into the API server, but without a label it enforces nothing: whoever may create a
pod in the namespace may create a privileged one, and is root on a node.

It fires for each Namespace whose enforce label is missing or privileged. An unreadable label counts as restricted,
as in the server (BW1922 reports it). Where a Kyverno policy with a podSecurity rule or a Gatekeeper constraint of
the PSP family enforces something, the verdict is unknown, as is a default set in the server's admission
configuration. The namespaces of the parameter exempt, by default those of the system, are left out. The finding
names the workloads that stand in the way; the fix is offered only when none does.

` + "```yaml\nmetadata:\n  labels:\n    pod-security.kubernetes.io/enforce: baseline\n```",
	Refs: []string{
		"CIS 1.12 5.2.1", "NSA pods", "kubescape C-0193", "kubescape C-0194", "kubescape C-0195", "kubescape C-0196", "kubescape C-0199",
		"kubescape C-0202", "kubescape C-0203", "kubescape C-0204", "regolibrary pod-security-admission-baseline-applied-2",
		"kyverno deny-privileged-profile",
	},
	Kinds:    []string{"Namespace"},
	Params:   []control.Param{exemptNamespaces},
	Requires: []control.AnyFact{podsecurity.Namespaces, podsecurity.Engines},
	Check: func(p *control.Pass) error {
		o := p.Subject
		if slices.Contains(p.Strings("exempt"), o.Name) {
			p.NotApplicable()
			return nil
		}
		if enforceLevel(o) != api.LevelPrivileged {
			return nil
		}
		path := labelPath(api.EnforceLevelLabel)
		if engines, err := podsecurity.Engines.Of(p); err == nil && len(engines) > 0 {
			p.Unknown(path, "no Pod Security level is enforced by label, but %s may judge the pods here", engines[0].Ref)
			return nil
		}
		reportOpen(p, o, path)
		return nil
	},
}

func reportOpen(p *control.Pass, o *world.Object, path string) {
	all, err := podsecurity.Namespaces.Of(p)
	if err != nil || all[o.Name] == nil {
		p.Report(path, "namespace %q lets any pod run: no Pod Security level is enforced", o.Name).NoFix()
		return
	}
	s := all[o.Name]
	if len(s.Baseline) > 0 {
		b := s.Baseline[0]
		p.Report(path, "namespace %q lets any pod run; baseline would refuse %s (%s)", o.Name, b.Object.Ref, b.Result.Check).
			Related(b.Object, b.Template.SpecPath(""))
		return
	}
	p.Report(path, "namespace %q lets any pod run: no Pod Security level is enforced", o.Name).
		Fix("enforce the baseline standard; none of the workloads seen breaks it, a server-side dry run says the same of those that were not", raise(api.LevelBaseline))
}

var namespaceUnrestricted = &control.Control{
	ID: "BW1924", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "Namespace does not enforce the restricted Pod Security Standard",
	Doc: `A house rule for clusters whose workloads are all hardened: every namespace enforces restricted, and those that
cannot are excused by name.

It fires for each Namespace whose enforce label is missing, privileged or baseline, except those of the parameter
exempt. It is off by default; BW1923 finds the namespaces that could be raised today.

Raise step by step: set warn and audit to restricted, mend what they report, then enforce.

` + "```yaml\nmetadata:\n  labels:\n    pod-security.kubernetes.io/enforce: restricted\n```",
	Refs:   []string{"CIS 1.12 5.2.1", "PSS restricted", "kubescape C-0197", "kubescape C-0198", "kubescape C-0200", "kubescape C-0201", "regolibrary pod-security-admission-restricted-applied-2"},
	Kinds:  []string{"Namespace"},
	Params: []control.Param{exemptNamespaces},
	Check: func(p *control.Pass) error {
		o := p.Subject
		if slices.Contains(p.Strings("exempt"), o.Name) {
			p.NotApplicable()
			return nil
		}
		if l := enforceLevel(o); l != api.LevelRestricted {
			p.Report(labelPath(api.EnforceLevelLabel), "namespace %q enforces %s, not restricted", o.Name, l)
		}
		return nil
	},
	Deny: "!(object.metadata.name in ['kube-system', 'kube-public', 'kube-node-lease']) && " +
		"object.metadata.?labels[?'" + api.EnforceLevelLabel + "'].orValue('privileged') in ['privileged', 'baseline']",
}

var namespaceRaise = &control.Control{
	ID: "BW1923", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "Namespace could enforce the restricted Pod Security Standard today",
	Doc: `A namespace whose workloads all meet restricted, but which does not enforce it, stays safe only until the next
manifest. Raising it costs nothing today and keeps it so.

It fires for each Namespace with at least one workload among the input when restricted, at its latest version,
refuses none of them and the enforce label asks for less. What was not part of the input was not judged: try
the change with a server-side dry run, which lists the pods that would break.

` + "```yaml\nmetadata:\n  labels:\n    pod-security.kubernetes.io/enforce: restricted\n```",
	Refs:     []string{"CIS 1.12 5.2.1", "PSS restricted"},
	Kinds:    []string{"Namespace"},
	Requires: []control.AnyFact{podsecurity.Namespaces},
	Check: func(p *control.Pass) error {
		all, err := podsecurity.Namespaces.Of(p)
		if err != nil {
			return err
		}
		s := all[p.Subject.Name]
		if s == nil || s.Templates == 0 || s.Could() != api.LevelRestricted {
			return nil
		}
		if l := enforceLevel(p.Subject); l != api.LevelRestricted {
			p.Report(labelPath(api.EnforceLevelLabel), "namespace %q enforces %s, but its %d workloads all meet restricted", p.Subject.Name, l, s.Templates).
				Fix("enforce the restricted standard; try it first with a server-side dry run", raise(api.LevelRestricted))
		}
		return nil
	},
}

var namespaceLabels = &control.Control{
	ID: "BW1922", Concept: concept, Severity: control.Low,
	Title: "Pod Security label is wrong or out of date",
	Doc: `The API server refuses a namespace with a Pod Security label it cannot read, and where one got in, it enforces
restricted:latest for a bad enforce label and nothing for a bad warn or audit label. A key it does not know, such as
enforced, does nothing at all. A pinned version misses what newer standards forbid.

It fires for each label below pod-security.kubernetes.io/ that is unknown, whose level is not privileged, baseline or
restricted, whose version is not latest or v1.N, or whose pinned version is more than the parameter behind minor
versions older than the target.

` + "```yaml\nmetadata:\n  labels:\n    pod-security.kubernetes.io/enforce: baseline\n    pod-security.kubernetes.io/enforce-version: latest\n```",
	Refs:   []string{"CIS 1.12 5.2.1"},
	Kinds:  []string{"Namespace"},
	Params: []control.Param{{Name: "behind", Doc: "How many minor versions a pinned version may be older than the target.", Default: 6}},
	Check: func(p *control.Pass) error {
		labels := p.Subject.Meta.Labels
		for _, key := range slices.Sorted(maps.Keys(labels)) {
			mode, ours := strings.CutPrefix(key, "pod-security.kubernetes.io/")
			if !ours {
				continue
			}
			checkLabel(p, key, mode, labels[key])
		}
		return nil
	},
}

func checkLabel(p *control.Pass, key, mode, value string) {
	path := labelPath(key)
	base, isVersion := strings.CutSuffix(mode, "-version")
	if base != "enforce" && base != "audit" && base != "warn" {
		p.Report(path, "label %q means nothing to the server: use enforce, audit or warn, each with or without -version", key).
			Fix("remove the label that does nothing", control.Edit{Path: path, Op: control.Remove})
		return
	}
	if !isVersion {
		if _, err := api.ParseLevel(value); err == nil {
			return
		}
		r := p.Report(path, "label %q has level %q, not privileged, baseline or restricted", key, value)
		if l, err := api.ParseLevel(strings.ToLower(strings.TrimSpace(value))); err == nil {
			r.Fix("write the level as the server reads it", control.Edit{Path: path, Value: string(l)})
		}
		return
	}
	v, err := api.ParseVersion(value)
	latest := control.Edit{Path: path, Value: "latest"}
	if err != nil {
		p.Report(path, "label %q has version %q, not latest or v1.N", key, value).Fix("follow the server's version", latest)
		return
	}
	behind, _ := p.Int("behind")
	if age := p.Target() - v.Minor(); !v.Latest() && age > behind {
		p.Report(path, "label %q pins version %s, %d minor versions behind the target", key, value, age).
			Fix("follow the server's version; newer checks may refuse pods that were admitted so far", latest)
	}
}

var namespaceUnguarded = &control.Control{
	ID: "BW1925", Concept: concept, Severity: control.Medium, Profile: control.Strict,
	Title: "Nothing at all judges the pods of the namespace",
	Doc: `The weakest form of BW1921: the namespace has no Pod Security enforce label of any level, and the input holds no
admission webhook that looks at namespaced objects.

It fires for each Namespace for which both are so. Even enforce: privileged passes, since somebody decided it. It is
off by default because a webhook that exists need not judge pods for safety. When the input does not show webhooks at
all and is not known to be complete, the verdict is unknown.

` + "```yaml\nmetadata:\n  labels:\n    pod-security.kubernetes.io/enforce: baseline\n```",
	Refs:     []string{"CIS 1.12 5.2.1", "kubescape C-0192", "regolibrary pod-security-admission-applied-2"},
	Kinds:    []string{"Namespace"},
	Requires: []control.AnyFact{podsecurity.Webhooks},
	Check: func(p *control.Pass) error {
		for key := range p.Subject.Meta.Labels {
			if strings.HasPrefix(key, api.EnforceLevelLabel) {
				return nil
			}
		}
		hooks, err := podsecurity.Webhooks.Of(p)
		if err != nil {
			return err
		}
		if hooks.Namespaced != nil {
			return nil
		}
		path := labelPath(api.EnforceLevelLabel)
		if hooks.Unproven != nil {
			p.Unknown(path, "no Pod Security label, and whether an admission webhook judges pods is not known: %s", hooks.Unproven)
			return nil
		}
		p.Report(path, "namespace %q has no Pod Security label, and no admission webhook looks at its objects", p.Subject.Name)
		return nil
	},
}
