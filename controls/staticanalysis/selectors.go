package staticanalysis

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"bulwark/control"
	"bulwark/facts/selection"
	"bulwark/world"
)

var selectorMismatch = &control.Control{
	ID: "BW2768", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "A workload does not select its own pods",
	Doc: `A workload whose selector does not match the labels of its template is refused by the API server; the
mistake shows in the middle of a rollout, after other objects were changed.

It fires when spec.selector, matchLabels and matchExpressions together, does not match the labels of the
template, also when the template has no labels at all. A selector that is left out passes: Jobs and
ReplicationControllers get one.

    spec:
      selector: {matchLabels: {app: shop}}
      template:
        metadata: {labels: {app: shop}}`,
	Refs: []string{
		"kubescape C-0296", "kubescape-cel C-0296", "regolibrary mismatching-selector", "kube-linter mismatching-selector",
		"kube-score Deployment Pod Selector labels match template metadata labels",
		"kube-score StatefulSet Pod Selector labels match template metadata labels",
	},
	Kinds: []string{
		"Deployment.apps", "StatefulSet.apps", "DaemonSet.apps", "ReplicaSet.apps", "ReplicationController", "Job.batch", "CronJob.batch",
		"DeploymentConfig.apps.openshift.io", "Rollout.argoproj.io",
	},
	Check: func(p *control.Pass) error {
		own, at, err := ownSelector(p.Subject)
		if err != nil {
			return err
		}
		if own == nil {
			return nil
		}
		sel, err := selection.Selector(own)
		if err != nil {
			return err
		}
		for t := range p.Subject.Pods {
			if !sel.Matches(labels.Set(t.Meta.Labels)) {
				p.Report(at, "the selector %s does not match the labels of the template: %s", metav1.FormatLabelSelector(own), labels.Set(t.Meta.Labels))
			}
		}
		return nil
	},
	Deny: `[has(object.spec.jobTemplate) ? object.spec.jobTemplate.spec : object.spec].exists(s, has(s.selector) &&
  [has(variables.podMeta.labels) ? variables.podMeta.labels : {}].exists(l,
    object.kind in ['ReplicationController', 'DeploymentConfig'] ? !s.selector.all(k, k in l && l[k] == s.selector[k]) :
    (has(s.selector.matchLabels) && !s.selector.matchLabels.all(k, k in l && l[k] == s.selector.matchLabels[k])) ||
    (has(s.selector.matchExpressions) && !s.selector.matchExpressions.all(e,
      e.operator == 'In' ? e.key in l && l[e.key] in e.values :
      e.operator == 'NotIn' ? !(e.key in l && l[e.key] in e.values) :
      e.operator == 'Exists' ? e.key in l : !(e.key in l))))) == true`,
}

// ownSelector returns the selector of a workload and where it stands; nil when it has none.
func ownSelector(o *world.Object) (*metav1.LabelSelector, string, error) {
	const at = "spec.selector"
	switch typed := o.Typed.(type) {
	case *appsv1.Deployment:
		return typed.Spec.Selector, at, nil
	case *appsv1.StatefulSet:
		return typed.Spec.Selector, at, nil
	case *appsv1.DaemonSet:
		return typed.Spec.Selector, at, nil
	case *appsv1.ReplicaSet:
		return typed.Spec.Selector, at, nil
	case *batchv1.Job:
		return typed.Spec.Selector, at, nil
	case *batchv1.CronJob:
		return typed.Spec.JobTemplate.Spec.Selector, "spec.jobTemplate." + at, nil
	case *corev1.ReplicationController:
		return plainSelector(typed.Spec.Selector), at, nil
	}
	if o.Kind == "DeploymentConfig" {
		var plain map[string]string
		err := o.Decode(at, &plain)
		return plainSelector(plain), at, err
	}
	var own *metav1.LabelSelector
	if err := o.Decode(at, &own); err != nil {
		return nil, "", fmt.Errorf("judging the selector: %w", err)
	}
	return own, at, nil
}

func plainSelector(set map[string]string) *metav1.LabelSelector {
	if len(set) == 0 {
		return nil
	}
	return &metav1.LabelSelector{MatchLabels: set}
}
