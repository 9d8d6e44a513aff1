package staticanalysis

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/control"
	"bulwark/world"
)

// workloadKinds are the kinds that rules on metadata apply to unless told otherwise.
var workloadKinds = []string{
	"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "DeploymentConfig", "Rollout", "Pod", "Job", "CronJob",
}

// metadata returns the controls on labels and annotations that must be there.
func metadata() []*control.Control {
	return []*control.Control{requiredLabels, requiredAnnotations, commonLabels, recommendedLabels}
}

// entry is a key with the form that its value must have.
type entry struct {
	key   string
	value *regexp.Regexp // nil means any
}

// entries reads a parameter of "key" or "key=regexp".
func entries(p *control.Pass, param string) ([]entry, error) {
	return control.Once(p, param, func() ([]entry, error) { return parseEntries(p, param) })
}

func parseEntries(p *control.Pass, param string) ([]entry, error) {
	var list []entry
	for _, s := range p.Strings(param) {
		key, pattern, valued := strings.Cut(s, "=")
		e := entry{key: key}
		if valued {
			re, err := regexp.Compile("^(?:" + pattern + ")$")
			if err != nil {
				return nil, fmt.Errorf("reading parameter %s of %s: %q: %w", param, p.Control.ID, s, err)
			}
			e.value = re
		}
		list = append(list, e)
	}
	return list, nil
}

// in says whether a map has the entry, and whether it has its key at all.
func (e entry) in(m map[string]string) (ok, keyed bool) {
	v, keyed := m[e.key]
	return keyed && (e.value == nil || e.value.MatchString(v)), keyed
}

// requiredKinds is the parameter that says which kinds a rule on metadata applies to.
var requiredKinds = control.Param{Name: "kinds", Doc: "kinds that must carry them", Default: workloadKinds}

// ofPods is the parameter that moves a rule on metadata from the objects to their pod templates.
var ofPods = control.Param{Name: "pods", Doc: "whether the pod templates must carry them rather than the objects", Default: false}

// checkRequired reports what is missing in, or does not match, a part of the metadata.
func checkRequired(p *control.Pass, what string, of func(*metav1.ObjectMeta) map[string]string) error {
	if !slices.Contains(p.Strings("kinds"), p.Subject.Kind) {
		p.NotApplicable()
		return nil
	}
	required, err := entries(p, what)
	if err != nil {
		return err
	}
	if !p.Bool("pods") {
		reportRequired(p, required, what, "metadata."+what, of(p.Subject.Meta))
		return nil
	}
	for t := range p.Subject.Pods {
		reportRequired(p, required, what, t.MetaPath(what), of(t.Meta))
	}
	return nil
}

func reportRequired(p *control.Pass, required []entry, what, at string, have map[string]string) {
	for _, e := range required {
		ok, keyed := e.in(have)
		path := at + "[" + e.key + "]"
		switch {
		case ok:
		case keyed:
			p.Report(path, "%s %q has the value %q, which does not match %s", strings.TrimSuffix(what, "s"), e.key, have[e.key], e.value)
		default:
			p.Report(path, "%s %q is missing", strings.TrimSuffix(what, "s"), e.key)
		}
	}
}

var requiredLabels = &control.Control{
	ID: "BW2773", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "A required label is missing",
	Doc: `Labels answer who must be called when a workload misbehaves, what it costs and which policies select it.
During an incident there is no time to find out.

It fires for objects of the parameter kinds (workloads unless set) that lack a label of the parameter
labels, or whose value does not match. An entry is "key" or "key=regular expression", and the expression
must match the whole value. The default asks for a label owner. With the parameter pods the labels of the
pod templates are judged instead of those of the objects.

    metadata:
      labels: {owner: team-shop}`,
	Refs: []string{
		"kube-linter required-label-owner", "gatekeeper general/requiredlabels", "kyverno require-labels", "kyverno k10-data-protection-by-label",
	},
	Kinds:  []string{control.AnyKind},
	Params: []control.Param{{Name: "labels", Doc: "labels, each as \"key\" or \"key=regexp\"", Default: []string{"owner"}}, requiredKinds, ofPods},
	Check:  func(p *control.Pass) error { return checkRequired(p, "labels", (*metav1.ObjectMeta).GetLabels) },
}

var requiredAnnotations = &control.Control{
	ID: "BW2774", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "A required annotation is missing",
	Doc: `Annotations hold what does not fit into a label: an address to write to, a link to the runbook. A house
rule makes sure that they are there before they are needed.

It fires for objects of the parameter kinds (workloads unless set) that lack an annotation of the
parameter annotations, or whose value does not match. An entry is "key" or "key=regular expression", and
the expression must match the whole value. The default asks for a mail address. With the parameter pods
the annotations of the pod templates are judged instead of those of the objects.

    metadata:
      annotations: {email: shop@example.com}`,
	Refs:  []string{"kube-linter required-annotation-email", "gatekeeper general/requiredannotations", "kyverno require-annotations"},
	Kinds: []string{control.AnyKind},
	Params: []control.Param{{Name: "annotations", Doc: "annotations, each as \"key\" or \"key=regexp\"",
		Default: []string{`email=[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9-.]+`}}, requiredKinds, ofPods},
	Check: func(p *control.Pass) error {
		return checkRequired(p, "annotations", (*metav1.ObjectMeta).GetAnnotations)
	},
}

// checkAnyLabel reports an object, or its pod template, that has none of the labels.
func checkAnyLabel(p *control.Pass) error {
	wanted := p.Strings("labels")
	none := func(m map[string]string) bool {
		return !slices.ContainsFunc(wanted, func(key string) bool { _, ok := m[key]; return ok })
	}
	if none(p.Subject.Meta.Labels) {
		p.Report("metadata.labels", "none of the labels %s is set", strings.Join(wanted, ", "))
	}
	for t := range p.Subject.Pods {
		if t.Path != "" && none(t.Meta.Labels) {
			p.Report(t.MetaPath("labels"), "none of the labels %s is set on the pods", strings.Join(wanted, ", "))
		}
	}
	return nil
}

func anyLabelDeny(list string) string {
	return `![object.metadata, variables.podMeta].all(m, has(m.labels) && m.labels.exists(k, k in ` + list + `))`
}

var commonLabels = &control.Control{
	ID: "BW2775", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "A workload has none of the labels that tell what it is for",
	Doc: `Without any label such as app, tier or env, neither network policies nor people can tell workloads apart,
and reports cannot be grouped.

It fires for an object with pods that has none of the labels of the parameter labels, and likewise for its
pod template; one on each is enough.

    metadata:
      labels: {app: shop}
    spec:
      template:
        metadata:
          labels: {app: shop}`,
	Refs:  []string{"kubescape C-0076", "kubescape-cel C-0076", "regolibrary label-usage-for-resources"},
	Kinds: []string{control.Pods},
	Params: []control.Param{{Name: "labels", Doc: "labels of which one must be set",
		Default: []string{"app", "tier", "phase", "version", "owner", "env"}}},
	Check: checkAnyLabel,
	Deny:  anyLabelDeny(`['app', 'tier', 'phase', 'version', 'owner', 'env']`),
}

var recommendedLabels = &control.Control{
	ID: "BW2776", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "A workload has none of the labels that Kubernetes recommends",
	Doc: `Kubernetes recommends labels under app.kubernetes.io so that tools of different makers understand the
same objects: which application, which instance, which version, managed by what.

It fires for an object with pods that has none of the labels of the parameter labels, and likewise for its
pod template; one on each is enough.

    metadata:
      labels: {app.kubernetes.io/name: shop}
    spec:
      template:
        metadata:
          labels: {app.kubernetes.io/name: shop}`,
	Refs:  []string{"kubescape C-0077", "kubescape-cel C-0077", "regolibrary K8s common labels usage", "regolibrary k8s-common-labels-usage"},
	Kinds: []string{control.Pods},
	Params: []control.Param{{Name: "labels", Doc: "labels of which one must be set", Default: []string{
		"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/component",
		"app.kubernetes.io/part-of", "app.kubernetes.io/managed-by", "app.kubernetes.io/created-by",
	}}},
	Check: checkAnyLabel,
	Deny: anyLabelDeny(`['app.kubernetes.io/name', 'app.kubernetes.io/instance', 'app.kubernetes.io/version', 'app.kubernetes.io/component',
  'app.kubernetes.io/part-of', 'app.kubernetes.io/managed-by', 'app.kubernetes.io/created-by']`),
}

// annotated yields the annotations of an object and of its pod templates with their paths.
func annotated(o *world.Object, yield func(path string, annotations map[string]string)) {
	yield("metadata.annotations", o.Meta.Annotations)
	for t := range o.Pods {
		if t.Path != "" {
			yield(t.MetaPath("annotations"), t.Meta.Annotations)
		}
	}
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
