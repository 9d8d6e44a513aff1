package staticanalysis

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"

	"bulwark/control"
	"bulwark/facts/workloads"
)

// replicaControls returns the controls on how many pods a workload runs and how they are replaced.
func replicaControls() []*control.Control {
	return []*control.Control{singleReplica, fewReplicas, replicasUnwritten, replicasAgainstScaler, notRolling}
}

// checkReplicas reports workloads without autoscaler that ask for fewer pods than least.
func checkReplicas(p *control.Pass, least int32) error {
	inv, err := workloads.Fact.Of(p)
	if err != nil {
		return err
	}
	known := inv.Of(p.Subject)
	if len(known) == 0 { // it has no containers yet
		known = []*workloads.Workload{{Replicas: workloads.Replicas(p.Subject)}}
	}
	for _, w := range known {
		if n := w.Count(); w.Scaler == nil && n < least && n > 0 {
			p.Report("spec.replicas", "%s runs %d of at least %d replicas", p.Subject.Kind, n, least).
				Fix("run more replicas; the program must bear having several of itself",
					control.Edit{Path: "spec.replicas", Value: int64(least)})
		}
	}
	return nil
}

var singleReplica = &control.Control{
	ID: "BW2730", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "A workload runs as a single pod",
	Doc: `With one replica every update of the node, every eviction and every crash is an outage, and whoever can
kill one pod stops the service.

It fires for a Deployment, Argo Rollout or OpenShift DeploymentConfig that asks for one replica, also
by leaving the field out, as long as no autoscaler targets it. Zero replicas mean switched off and
pass. StatefulSets often hold data that only one process may touch and are not judged.

    spec:
      replicas: 2`,
	Refs: []string{
		"polaris deploymentMissingReplicas", "kube-score Deployment Replicas",
		"kyverno require-deployments-have-multiple-replicas", "kyverno deployment-has-multiple-replicas", "kyverno require-deployments-have-replicas",
	},
	// A Deployment written with apiVersion v1 by mistake is meant as one.
	Kinds:    []string{"Deployment.apps", "Deployment", "Rollout.argoproj.io", "DeploymentConfig.apps.openshift.io"},
	Requires: []control.AnyFact{workloads.Fact},
	Check:    func(p *control.Pass) error { return checkReplicas(p, 2) },
}

var fewReplicas = &control.Control{
	ID: "BW2731", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "A workload runs fewer or more pods than the house rule asks for",
	Doc: `Two replicas leave one while the other is being replaced; with three an update and a failure can come
together. Systems that elect a leader need three as well. How many are enough, and how many are
too many for the nodes that there are, is a house rule.

It fires for Deployments, StatefulSets, Argo Rollouts and OpenShift DeploymentConfigs that ask for
fewer than the parameter minimum (3 unless set) and that no autoscaler targets, and for those that
ask for more than the parameter maximum (no bound unless set). A field that is left out counts as
one, zero as switched off.

    spec:
      replicas: 3`,
	Refs:  []string{"kube-linter minimum-three-replicas", "gatekeeper general/replicalimits", "kube-score StatefulSet Replicas"},
	Kinds: scalable, Requires: []control.AnyFact{workloads.Fact},
	Params: []control.Param{
		{Name: "minimum", Doc: "the least number of replicas", Default: 3},
		{Name: "maximum", Doc: "the greatest number of replicas; 0 means no bound", Default: 0},
	},
	Check: func(p *control.Pass) error {
		if most, _ := p.Int("maximum"); most > 0 {
			if n := workloads.Replicas(p.Subject); n != nil && int(*n) > most {
				p.Report("spec.replicas", "%s runs %d of at most %d replicas", p.Subject.Kind, *n, most).
					Fix("run fewer replicas", control.Edit{Path: "spec.replicas", Value: int64(most)})
			}
		}
		least, _ := p.Int("minimum")
		return checkReplicas(p, int32(min(max(least, 0), 1<<20)))
	},
}

var replicasUnwritten = &control.Control{
	ID: "BW2732", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "A workload does not write how many replicas it wants",
	Doc: `A Deployment without spec.replicas starts with one pod. Whether that was meant, or an autoscaler is to
decide, cannot be read from the manifest; teams that want it stated use this house rule.

It fires for Deployments without spec.replicas that no autoscaler in the input targets. In a live
cluster the field is always there, so nothing fires.

    spec:
      replicas: 2`,
	Refs:  []string{"polaris deploymentMissingReplicas"},
	Kinds: []string{"Deployment.apps"}, Requires: []control.AnyFact{workloads.Fact},
	Check: func(p *control.Pass) error {
		inv, err := workloads.Fact.Of(p)
		if err != nil {
			return err
		}
		for _, w := range inv.Of(p.Subject) {
			if w.Replicas == nil && w.Scaler == nil {
				p.Report("spec.replicas", "the number of replicas is not written: one pod will run")
			}
		}
		return nil
	},
}

var replicasAgainstScaler = &control.Control{
	ID: "BW2733", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "A workload sets its replicas although an autoscaler does",
	Doc: `When a manifest with spec.replicas is applied, the workload falls back to that number, and the
autoscaler has to scale up again under load. Each deployment then starts with an outage at peak time.

It fires in files, for a Deployment, StatefulSet or Rollout with spec.replicas that a
HorizontalPodAutoscaler or ScaledObject in the input targets. In a live cluster the field holds what
the autoscaler has set and nothing fires.

Leave the field out and set the floor in the autoscaler:

    spec:
      minReplicas: 3   # of the HorizontalPodAutoscaler`,
	Refs:  []string{"kube-score Deployment targeted by HPA does not have replicas configured"},
	Kinds: scalable, Requires: []control.AnyFact{workloads.Fact},
	Check: func(p *control.Pass) error {
		inv, err := workloads.Fact.Of(p)
		if err != nil {
			return err
		}
		for _, w := range inv.Of(p.Subject) {
			if w.Replicas == nil || w.Scaler == nil || p.Subject.Live() {
				continue
			}
			p.Report("spec.replicas", "replicas is set to %d, and %s %q sets it as well", *w.Replicas, w.Scaler.Object.Kind, w.Scaler.Object.Name).
				Related(w.Scaler.Object, "spec.scaleTargetRef").
				Fix("remove replicas; on the first apply kubectl may scale to one before the autoscaler acts",
					control.Edit{Path: "spec.replicas", Op: control.Remove})
		}
		return nil
	},
}

var notRolling = &control.Control{
	ID: "BW2734", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "An update stops all pods before new ones start",
	Doc: `With strategy Recreate a Deployment removes every pod and then starts the new version: each update is an
outage, also a security update that should not wait for a quiet hour.

It fires for Deployments and OpenShift DeploymentConfigs whose strategy is set to anything but
RollingUpdate (or Rolling). Leaving it out means RollingUpdate. Recreate is right where two versions
must never run together, such as with a ReadWriteOnce volume: excuse it there.

    strategy:
      type: RollingUpdate`,
	Refs:  []string{"kube-linter no-rolling-update-strategy", "kube-score Deployment Strategy"},
	Kinds: []string{"Deployment.apps", "DeploymentConfig.apps.openshift.io"},
	Check: func(p *control.Pass) error {
		kind, err := strategy(p)
		if err != nil {
			return err
		}
		if kind != "" && kind != "RollingUpdate" && kind != "Rolling" {
			r := p.Report("spec.strategy.type", "the update strategy is %q: all pods stop before new ones start", kind)
			if p.Subject.Kind != "Deployment" {
				r.NoFix() // the remedy is a Deployment's
			}
		}
		return nil
	},
	Deny: `has(object.spec.strategy) && has(object.spec.strategy.type) && !(object.spec.strategy.type in ['', 'RollingUpdate', 'Rolling'])`,
	Remedy: &control.Remedy{Scope: control.AtObject,
		Message: "update in rolling fashion; two versions must be able to run side by side for a moment",
		Edits:   []control.Edit{{Path: "spec.strategy", Value: map[string]any{"type": "RollingUpdate"}}}},
}

// strategy returns the name of the update strategy of a Deployment or DeploymentConfig.
func strategy(p *control.Pass) (string, error) {
	if d, ok := p.Subject.Typed.(*appsv1.Deployment); ok {
		return string(d.Spec.Strategy.Type), nil
	}
	var spec struct {
		Strategy struct {
			Type string `json:"type"`
		} `json:"strategy"`
	}
	if err := p.Subject.Decode("spec", &spec); err != nil {
		return "", fmt.Errorf("judging the update strategy: %w", err)
	}
	return spec.Strategy.Type, nil
}
