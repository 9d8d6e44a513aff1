package staticanalysis

import (
	"fmt"

	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"bulwark/control"
	"bulwark/facts/workloads"
)

// budgetKinds is the PodDisruptionBudget, also when it is written with apiVersion v1.
var budgetKinds = []string{"PodDisruptionBudget.policy", "PodDisruptionBudget"}

// budgetControls returns the controls on PodDisruptionBudgets.
func budgetControls() []*control.Control {
	return []*control.Control{
		noBudget, noBudgetUnsized, blocksEviction, needsAll, aboveScaler, evictionPolicy, emptyBudget, tightBudget, danglingBudget,
	}
}

// checkBudget reports workloads that no budget selects, of those that apply picks.
func checkBudget(p *control.Pass, applies func(*workloads.Workload) bool) error {
	inv, err := workloads.Fact.Of(p)
	if err != nil {
		return err
	}
	for _, w := range inv.Of(p.Subject) {
		if len(w.Budgets) > 0 || !applies(w) {
			continue
		}
		if err := inv.KnowsBudgets(p.Subject.Namespace); err != nil {
			p.Unknown(w.Pod.MetaPath("labels"), "cannot tell whether a PodDisruptionBudget selects these pods: %s", err)
			continue
		}
		p.Report(w.Pod.MetaPath("labels"), "no PodDisruptionBudget selects the pods of %s %q", p.Subject.Kind, p.Subject.Name)
	}
	return nil
}

const budgetSnippet = `
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    spec:
      maxUnavailable: 1
      selector: {matchLabels: {app: shop}}`

var noBudget = &control.Control{
	ID: "BW2740", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "A replicated workload has no PodDisruptionBudget",
	Doc: `Draining nodes for an update evicts pods. Without a budget all replicas may go at once, so people
postpone node updates, security fixes included.

It fires for a Deployment, StatefulSet, Argo Rollout or DeploymentConfig that runs at least as many pods as
the parameter minimum (2), by spec.replicas or by the floor of its autoscaler, and whose pods no PodDisruptionBudget of the namespace
selects. Where the input holds no budget of that namespace at all, it may be only a part, and the answer
is unknown.
` + budgetSnippet,
	Refs: []string{
		"polaris missingPodDisruptionBudget", "kube-score Deployment has PodDisruptionBudget", "kube-score StatefulSet has PodDisruptionBudget",
		"kyverno require-pdb",
	},
	Kinds: scalable, Requires: []control.AnyFact{workloads.Fact},
	Params: []control.Param{{Name: "minimum", Doc: "the number of replicas from which on a budget is wanted", Default: 2}},
	Check: func(p *control.Pass) error {
		least, _ := p.Int("minimum")
		return checkBudget(p, func(w *workloads.Workload) bool { return int(w.Count()) >= least })
	},
}

var noBudgetUnsized = &control.Control{
	ID: "BW2741", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "A workload of undeclared size has no PodDisruptionBudget",
	Doc: `Where a manifest leaves out spec.replicas, somebody else may scale the workload later, and then it lacks
a budget. Teams that want a budget for every Deployment use this house rule beside BW2740.

It fires for Deployments, StatefulSets, Argo Rollouts and DeploymentConfigs without spec.replicas and
without autoscaler whose pods no PodDisruptionBudget selects. For a single pod a budget with
minAvailable 1 blocks every drain: prefer maxUnavailable.
` + budgetSnippet,
	Refs: []string{
		"polaris missingPodDisruptionBudget", "kube-score Deployment has PodDisruptionBudget", "kube-score StatefulSet has PodDisruptionBudget",
	},
	Kinds: scalable, Requires: []control.AnyFact{workloads.Fact},
	Check: func(p *control.Pass) error {
		return checkBudget(p, func(w *workloads.Workload) bool { return w.Replicas == nil && w.Scaler == nil })
	},
}

// budget reads the subject, an error says that it has wrong types.
func budget(p *control.Pass) (*policyv1.PodDisruptionBudgetSpec, error) {
	spec := workloads.ReadBudget(p.Subject)
	if spec == nil {
		return nil, fmt.Errorf("reading the budget %s: its fields have the wrong types", p.Subject.Ref)
	}
	return spec, nil
}

var blocksEviction = &control.Control{
	ID: "BW2742", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "A PodDisruptionBudget forbids every eviction",
	Doc: `A budget that allows no pod to be missing makes every drain hang, so the node below keeps its old kernel
and kubelet until somebody deletes the budget in haste.

It fires for maxUnavailable of 0 or 0% and for minAvailable of 100% or more. Numbers of minAvailable
are compared with the replicas of the workload by BW2743.

    spec:
      maxUnavailable: 1`,
	Refs: []string{
		"polaris pdbDisruptionsIsZero", "kube-linter pdb-max-unavailable", "gatekeeper general/poddisruptionbudget",
		"kyverno pdb-maxunavailable",
	},
	Kinds: budgetKinds,
	Check: func(p *control.Pass) error {
		spec, err := budget(p)
		if err != nil {
			return err
		}
		if n, ok := amountOf(spec.MaxUnavailable, 100, true); ok && n <= 0 {
			p.Report("spec.maxUnavailable", "maxUnavailable %s forbids every eviction", spec.MaxUnavailable).
				Fix("allow one pod at a time to be evicted", control.Edit{Path: "spec.maxUnavailable", Value: int64(1)})
		}
		if spec.MinAvailable != nil && spec.MinAvailable.Type == intstr.String {
			if n, ok := amountOf(spec.MinAvailable, 100, true); ok && n >= 100 {
				p.Report("spec.minAvailable", "minAvailable %s forbids every eviction", spec.MinAvailable)
			}
		}
		return nil
	},
	Deny: `has(object.spec) && (has(object.spec.maxUnavailable) && (type(object.spec.maxUnavailable) == int ? object.spec.maxUnavailable == 0 :
    string(object.spec.maxUnavailable).matches('^0+%$')) ||
  has(object.spec.minAvailable) && type(object.spec.minAvailable) == string && object.spec.minAvailable.matches('^0*[1-9][0-9]{2,}%$'))`,
}

// amountOf scales a number or percentage to a total, rounding up or down.
func amountOf(v *intstr.IntOrString, total int, up bool) (int, bool) {
	if v == nil {
		return 0, false
	}
	n, err := intstr.GetScaledValueFromIntOrPercent(v, total, up)
	return n, err == nil
}

var needsAll = &control.Control{
	ID: "BW2743", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "A PodDisruptionBudget needs as many pods as the workload has",
	Doc: `When a budget wants at least as many pods as there are replicas, none may be evicted: drains hang and
node updates wait. It happens when replicas are lowered and the budget is forgotten.

It fires for a budget that selects a workload whose replicas, or whose autoscaler's floor, are not more
than minAvailable; percentages are rounded up as the API server does. Workloads scaled to zero, Jobs
and DaemonSets are not compared.

    spec:
      minAvailable: 1      # with replicas: 2`,
	Refs: []string{
		"kube-linter pdb-min-available", "polaris pdbMinAvailableEqualToHPAMinReplicas", "kyverno pdb-minavailable", "kyverno pdb-minavailable-check",
		"kyverno require-replicas-allow-disruption", "gatekeeper general/poddisruptionbudget",
	},
	Kinds:    append([]string{"Deployment.apps", "StatefulSet.apps"}, budgetKinds...),
	Requires: []control.AnyFact{workloads.Fact},
	Check: func(p *control.Pass) error {
		inv, err := workloads.Fact.Of(p)
		if err != nil {
			return err
		}
		for _, w := range inv.Of(p.Subject) {
			for _, b := range w.Budgets {
				if n, all := wantsAll(w, b); all {
					p.Report("spec.replicas", "PodDisruptionBudget %q needs %d of the %d replicas: none can be evicted", b.Object.Name, n, w.Count()).
						Related(b.Object, "spec.minAvailable")
				}
			}
		}
		if b := inv.Budget(p.Subject); b != nil {
			for _, w := range b.Workloads {
				if n, all := wantsAll(w, b); all {
					p.Report("spec.minAvailable", "%s %q has %d replicas and the budget needs %d: none can be evicted",
						w.Object.Kind, w.Object.Name, w.Count(), n).Related(w.Object, "spec.replicas")
				}
			}
		}
		return nil
	},
}

// wantsAll says whether a budget needs every replica of a workload, and how many it needs.
func wantsAll(w *workloads.Workload, b *workloads.Budget) (int, bool) {
	switch w.Object.Kind {
	case "Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Rollout", "DeploymentConfig":
	default:
		return 0, false
	}
	if metav1.GetControllerOfNoCopy(w.Object.Meta) != nil {
		return 0, false // its owner is compared
	}
	count := int(w.Count())
	n, ok := amountOf(b.Spec.MinAvailable, count, true)
	return n, ok && count > 0 && n >= count
}

var aboveScaler = &control.Control{
	ID: "BW2744", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "A PodDisruptionBudget needs more pods than the autoscaler keeps",
	Doc: `An autoscaler may go down to its floor. When a budget wants more pods than that, evictions are refused
as soon as load is low, which is when nodes are updated.

It fires for a workload that has both an autoscaler and a budget whose minAvailable, percentages taken
of the floor and rounded up, exceeds minReplicas. Equal numbers are reported by BW2743.

    minReplicas: 3         # of the autoscaler
    minAvailable: 2        # of the budget`,
	Refs: []string{
		"polaris pdbMinAvailableGreaterThanHPAMinReplicas", "polaris pdbMinAvailableGreaterThanHPAMaxReplicas",
		"kube-linter pdb-min-available",
	},
	Kinds: scalable, Requires: []control.AnyFact{workloads.Fact},
	Check: func(p *control.Pass) error {
		inv, err := workloads.Fact.Of(p)
		if err != nil {
			return err
		}
		for _, w := range inv.Of(p.Subject) {
			if w.Scaler == nil || w.Scaler.Min == nil {
				continue
			}
			for _, b := range w.Budgets {
				floor := int(w.Scaler.Floor())
				if n, ok := amountOf(b.Spec.MinAvailable, floor, true); ok && n > floor {
					p.Report("", "PodDisruptionBudget %q needs %d pods and %s %q keeps %d",
						b.Object.Name, n, w.Scaler.Object.Kind, w.Scaler.Object.Name, floor).
						Related(b.Object, "spec.minAvailable").Related(w.Scaler.Object, "spec.minReplicas")
				}
			}
		}
		return nil
	},
}
