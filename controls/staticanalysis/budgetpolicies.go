package staticanalysis

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/intstr"

	"bulwark/control"
	"bulwark/facts/workloads"
)

var evictionPolicy = &control.Control{
	ID: "BW2745", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "A PodDisruptionBudget does not say what happens to broken pods",
	Doc: `By default a budget also protects pods that run but are not ready, as long as too few are healthy. An
application that cannot become healthy then blocks every drain. With AlwaysAllow such pods may go.

It fires for a budget without unhealthyPodEvictionPolicy; either value passes, for the point is that
somebody chose. The field is stable since Kubernetes 1.31.

    spec:
      maxUnavailable: 1
      unhealthyPodEvictionPolicy: AlwaysAllow`,
	Refs:  []string{"kube-linter pdb-unhealthy-pod-eviction-policy"},
	Kinds: budgetKinds,
	Check: func(p *control.Pass) error {
		spec, err := budget(p)
		if err == nil && spec.UnhealthyPodEvictionPolicy == nil {
			p.Report("spec.unhealthyPodEvictionPolicy", "unhealthyPodEvictionPolicy is not set: pods that cannot become ready block drains")
		}
		return err
	},
	Deny: `!(has(object.spec) && has(object.spec.unhealthyPodEvictionPolicy))`,
	Remedy: &control.Remedy{Scope: control.AtObject,
		Message: "let unready pods be evicted; quorum systems whose unready members still hold data may want IfHealthyBudget",
		Edits:   []control.Edit{{Path: "spec.unhealthyPodEvictionPolicy", Value: "AlwaysAllow"}}},
}

var emptyBudget = &control.Control{
	ID: "BW2746", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "A PodDisruptionBudget sets no budget",
	Doc: `A budget with neither minAvailable nor maxUnavailable looks like protection and is none that anybody
chose: the API server takes the missing number as a minimum of one pod.

It fires for a budget in which both fields are missing.

State how many pods may be away at the same time. maxUnavailable follows the replicas when they change,
minAvailable does not:

    spec:
      maxUnavailable: 1
      selector: {matchLabels: {app: shop}}`,
	Refs:  []string{"kube-score PodDisruptionBudget has policy"},
	Kinds: budgetKinds,
	Check: func(p *control.Pass) error {
		spec, err := budget(p)
		if err == nil && spec.MinAvailable == nil && spec.MaxUnavailable == nil {
			p.Report("spec.maxUnavailable", "neither minAvailable nor maxUnavailable is set")
		}
		return err
	},
	Deny: `!(has(object.spec) && (has(object.spec.minAvailable) || has(object.spec.maxUnavailable)))`,
	Remedy: &control.Remedy{Scope: control.AtObject, Message: "allow one pod at a time to be away",
		Edits: []control.Edit{{Path: "spec.maxUnavailable", Value: int64(1)}}},
}

var tightBudget = &control.Control{
	ID: "BW2747", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "A PodDisruptionBudget leaves less than half of the pods free to move",
	Doc: `Clusters that replace nodes quickly need budgets that let many pods move at once. A house rule of half
keeps upgrades of large clusters from taking days.

It fires for percentages only: minAvailable above 50% or of 0%, maxUnavailable below 50%, and for a
percentage that is not between 1% and 100%. Numbers are compared with the replicas by BW2743.

    spec:
      maxUnavailable: 50%`,
	Refs:  []string{"kyverno require-reasonable-pdbs"},
	Kinds: budgetKinds,
	Check: func(p *control.Pass) error {
		spec, err := budget(p)
		if err != nil {
			return err
		}
		if n, ok := percentage(spec.MinAvailable); ok && (n < 1 || n > 50) {
			p.Report("spec.minAvailable", "minAvailable %s leaves less than half of the pods free to move", spec.MinAvailable)
		}
		if n, ok := percentage(spec.MaxUnavailable); ok && (n < 50 || n > 100) {
			p.Report("spec.maxUnavailable", "maxUnavailable %s leaves less than half of the pods free to move", spec.MaxUnavailable)
		}
		return nil
	},
	Deny: `has(object.spec) && (has(object.spec.minAvailable) && type(object.spec.minAvailable) == string &&
    object.spec.minAvailable.matches('^[0-9]+%$') && !object.spec.minAvailable.matches('^0*([1-9]|[1-4][0-9]|50)%$') ||
  has(object.spec.maxUnavailable) && type(object.spec.maxUnavailable) == string &&
    object.spec.maxUnavailable.matches('^[0-9]+%$') && !object.spec.maxUnavailable.matches('^0*([5-9][0-9]|100)%$'))`,
}

// percentage reads a value such as "50%".
func percentage(v *intstr.IntOrString) (int, bool) {
	if v == nil || v.Type != intstr.String {
		return 0, false
	}
	return amountOf(v, 100, false)
}

var danglingBudget = &control.Control{
	ID: "BW2748", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "A PodDisruptionBudget selects nothing",
	Doc: `A budget whose selector matches no pods protects nothing. Usually a label was renamed in the workload
and not in the budget; the next drain takes all replicas.

It fires for a budget whose selector matches the pod labels of no workload in its namespace, also when
it has no selector at all. Where the input may be only a part of the namespace the answer is unknown.

    spec:
      maxUnavailable: 1
      selector:
        matchLabels: {app: shop}   # the labels of spec.template of the workload`,
	Kinds: budgetKinds[:1], Requires: []control.AnyFact{workloads.Fact},
	Check: func(p *control.Pass) error {
		inv, err := workloads.Fact.Of(p)
		if err != nil {
			return err
		}
		b := inv.Budget(p.Subject)
		if b == nil {
			return fmt.Errorf("reading the budget %s: its fields have the wrong types", p.Subject.Ref)
		}
		if len(b.Workloads) > 0 {
			return nil
		}
		if err := inv.KnowsWorkloads(p.Subject.Namespace); err != nil {
			p.Unknown("spec.selector", "cannot tell whether the selector matches anything: %s", err)
			return nil
		}
		p.Report("spec.selector", "the selector matches the pods of no workload in the namespace")
		return nil
	},
}
