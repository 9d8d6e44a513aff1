package staticanalysis

import (
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"bulwark/control"
)

// metadataPolicies returns the controls on labels and annotations that must not be there or must agree.
func metadataPolicies() []*control.Control {
	return []*control.Control{forbiddenMetadata, allowedAnnotations, instanceLabel, nameLabel, claimAnnotations, lifetime, invalidLabels}
}

var forbiddenMetadata = &control.Control{
	ID: "BW2777", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "A forbidden label or annotation is set",
	Doc: `Controllers act on annotations: they restart pods, inject containers, open load balancers. Where such a
power is not wanted, the annotation has to be forbidden.

It fires for objects, and for their pod templates, that carry an annotation of the parameter annotations
or a label of the parameter labels. An entry is "key", or "key=regular expression", which must match the
whole value. Without parameters it passes.

    params:
      BW2777: {annotations: ["reloader.stakater.com/auto=true"]}`,
	Refs:  []string{"kube-linter template-forbidden-annotation", "kube-linter forbidden-annotation"},
	Kinds: []string{control.AnyKind},
	Params: []control.Param{
		{Name: "annotations", Doc: "annotations, each as \"key\" or \"key=regexp\"", Default: []string{}},
		{Name: "labels", Doc: "labels, each as \"key\" or \"key=regexp\"", Default: []string{}},
	},
	Check: func(p *control.Pass) error {
		for _, what := range []string{"annotations", "labels"} {
			forbidden, err := entries(p, what)
			if err != nil {
				return err
			}
			report := func(path string, have map[string]string) {
				for _, e := range forbidden {
					if ok, _ := e.in(have); ok {
						at := path + "[" + e.key + "]"
						p.Report(at, "%s %q is forbidden", strings.TrimSuffix(what, "s"), e.key).
							Fix("remove it", control.Edit{Path: at, Op: control.Remove})
					}
				}
			}
			if what == "annotations" {
				annotated(p.Subject, report)
				continue
			}
			report("metadata.labels", p.Subject.Meta.Labels)
			for t := range p.Subject.Pods {
				if t.Path != "" {
					report(t.MetaPath("labels"), t.Meta.Labels)
				}
			}
		}
		return nil
	},
}

var allowedAnnotations = &control.Control{
	ID: "BW2778", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "An annotation of a guarded family is not on the list",
	Doc: `Rather than forbidding annotations one by one, name a family, such as everything under fluxcd.io/, and
the few of it that may be used.

It fires for objects with pods, and for their templates, that carry an annotation whose key contains the
text of the parameter family and is not in the parameter allowed. Without family it passes.

    params:
      BW2778: {family: fluxcd.io/, allowed: [fluxcd.io/reconcile]}`,
	Refs:  []string{"kyverno allowed-annotations"},
	Kinds: []string{control.Pods},
	Params: []control.Param{
		{Name: "family", Doc: "text that the keys of the family contain; empty turns the rule off", Default: ""},
		{Name: "allowed", Doc: "keys of the family that may be used", Default: []string{}},
	},
	Check: func(p *control.Pass) error {
		family, allowed := p.Text("family"), p.Strings("allowed")
		if family == "" {
			return nil
		}
		annotated(p.Subject, func(path string, have map[string]string) {
			for _, key := range sortedKeys(have) {
				if strings.Contains(key, family) && !slices.Contains(allowed, key) {
					p.Report(path+"["+key+"]", "annotation %q is not one that may be used", key)
				}
			}
		})
		return nil
	},
}

const (
	instanceKey = "app.kubernetes.io/instance"
	nameKey     = "app.kubernetes.io/name"
)

var instanceLabel = &control.Control{
	ID: "BW2779", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "The instance label is not the name of the workload",
	Doc: `Where every workload is its own instance, the label app.kubernetes.io/instance should say its name; then
selectors and dashboards that use the label find exactly that workload. Helm puts the name of the release
there instead, so this is a house rule for those who do not use it.

It fires for objects with pods whose label is missing or differs from metadata.name.

    metadata:
      name: shop
      labels: {app.kubernetes.io/instance: shop}`,
	Refs:  []string{"polaris metadataAndInstanceMismatched"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		if got, ok := p.Subject.Meta.Labels[instanceKey]; !ok || got != p.Subject.Meta.Name {
			p.Report("metadata.labels["+instanceKey+"]", "label %s is %q and the name is %q", instanceKey, got, p.Subject.Meta.Name)
		}
		return nil
	},
	Deny: `!(has(object.metadata.labels) && 'app.kubernetes.io/instance' in object.metadata.labels &&
  has(object.metadata.name) && object.metadata.labels['app.kubernetes.io/instance'] == object.metadata.name)`,
}

var nameLabel = &control.Control{
	ID: "BW2780", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "The name label is not the name of the workload",
	Doc: `The label app.kubernetes.io/name tells tools which application an object belongs to. A house rule may ask
that for a workload it is the same as metadata.name, so that nobody puts two workloads under one label or
borrows another one's, and with it the policies that select it.

It fires for workloads that carry the label with a value other than metadata.name. Without the label they
pass; BW2773 can require it.

    metadata:
      name: shop
      labels: {app.kubernetes.io/name: shop}`,
	Refs:  []string{"polaris oneController", "polaris nakedPod"},
	Kinds: []string{control.AnyKind},
	Check: func(p *control.Pass) error {
		if !slices.Contains(workloadKinds, p.Subject.Kind) {
			p.NotApplicable()
			return nil
		}
		if got, ok := p.Subject.Meta.Labels[nameKey]; ok && got != p.Subject.Meta.Name {
			p.Report("metadata.labels["+nameKey+"]", "label %s is %q and the name is %q", nameKey, got, p.Subject.Meta.Name)
		}
		return nil
	},
	Deny: `object.kind in ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController', 'DeploymentConfig', 'Rollout', 'Pod', 'Job', 'CronJob'] &&
  has(object.metadata.labels) && 'app.kubernetes.io/name' in object.metadata.labels &&
  object.metadata.labels['app.kubernetes.io/name'] != (has(object.metadata.name) ? object.metadata.name : '')`,
}

var claimAnnotations = &control.Control{
	ID: "BW2781", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "A volume claim template lacks a required annotation",
	Doc: `Annotations of PersistentVolumeClaims steer backup and encryption. They cannot be added to the template
of a StatefulSet later, since it may not be changed: it has to be right the first time.

It fires for each volumeClaimTemplate of a StatefulSet that lacks an annotation of the parameter
annotations. An entry is "key", or "key=regular expression", which must match the whole value. Without
parameter it passes.

    volumeClaimTemplates:
    - metadata:
        name: data
        annotations: {backup.example.com/plan: daily}`,
	Refs:   []string{"kube-linter statefulset-volumeclaimtemplate-annotation"},
	Kinds:  []string{"StatefulSet.apps"},
	Params: []control.Param{{Name: "annotations", Doc: "annotations, each as \"key\" or \"key=regexp\"", Default: []string{}}},
	Check: func(p *control.Pass) error {
		set, ok := p.Subject.Typed.(*appsv1.StatefulSet)
		if !ok {
			return nil
		}
		required, err := entries(p, "annotations")
		if err != nil {
			return err
		}
		for i := range set.Spec.VolumeClaimTemplates {
			claim := &set.Spec.VolumeClaimTemplates[i]
			for _, e := range required {
				if ok, _ := e.in(claim.Annotations); !ok {
					p.Report("spec."+index("volumeClaimTemplates", i)+".metadata.annotations["+e.key+"]",
						"claim template %q lacks annotation %q or its value does not match", claim.Name, e.key)
				}
			}
		}
		return nil
	},
}

var lifetime = &control.Control{
	ID: "BW2782", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "A pod claims a longer life than the house rule allows",
	Doc: `Clusters for experiments let people say by an annotation how long a pod may live, and a job removes what
is overdue. An upper bound keeps the annotation from becoming "for ever".

It fires for objects with pods, and for their templates, whose annotation of the parameter annotation is a
duration longer than the parameter maximum. A value that is no duration is unknown. Durations are written
as 30m or 8h.

    metadata:
      annotations: {pod.kubernetes.io/lifetime: 4h}`,
	Refs:  []string{"kyverno pod-lifetime", "kyverno enforce-pod-duration"},
	Kinds: []string{control.Pods},
	Params: []control.Param{
		{Name: "annotation", Doc: "the annotation that holds the duration", Default: "pod.kubernetes.io/lifetime"},
		{Name: "maximum", Doc: "the longest duration, such as 8h", Default: "8h"},
	},
	Check: func(p *control.Pass) error {
		key := p.Text("annotation")
		most, err := time.ParseDuration(p.Text("maximum"))
		if err != nil {
			return fmt.Errorf("reading parameter maximum of BW2782: %w: write a duration such as 8h", err)
		}
		annotated(p.Subject, func(path string, have map[string]string) {
			value, ok := have[key]
			if !ok {
				return
			}
			got, err := time.ParseDuration(value)
			switch {
			case err != nil:
				p.Unknown(path+"["+key+"]", "annotation %q is no duration: %s", key, err)
			case got > most:
				p.Report(path+"["+key+"]", "a lifetime of %s is longer than the %s allowed", got, most)
			}
		})
		return nil
	},
}

var invalidLabels = &control.Control{
	ID: "BW2799", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "A label is not one that the API server accepts",
	Doc: `A label key or value of the wrong form makes the API server refuse the object, often after the first half
of a release was applied. Values have at most 63 characters: letters, digits, dots, dashes and
underscores, beginning and ending with a letter or digit. Keys may have a DNS name and a slash before.

It fires for each label of an object or of its pod template that breaks these rules. Long commit messages
and versions with a plus sign are the usual cause: put them into annotations.

    metadata:
      labels: {version: 1.4.2-build.7}`,
	Refs:  []string{"kube-score Label values"},
	Kinds: []string{control.AnyKind},
	Check: func(p *control.Pass) error {
		judge := func(path string, have map[string]string) {
			for _, key := range sortedKeys(have) {
				for _, wrong := range append(validation.IsQualifiedName(key), validation.IsValidLabelValue(have[key])...) {
					p.Report(path+"["+key+"]", "label %q: %s", key, firstSentence(wrong))
				}
			}
		}
		judge("metadata.labels", p.Subject.Meta.Labels)
		for t := range p.Subject.Pods {
			if t.Path != "" {
				judge(t.MetaPath("labels"), t.Meta.Labels)
			}
		}
		return nil
	},
}

// firstSentence drops the examples from a message of the API's validation.
func firstSentence(s string) string {
	if i := strings.Index(s, " (e.g."); i > 0 {
		s = s[:i]
	}
	if len(s) > 110 {
		s = s[:110] + "…"
	}
	return s
}
