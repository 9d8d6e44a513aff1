package staticanalysis

import (
	"fmt"
	"strconv"
	"strings"

	"bulwark/control"
	"bulwark/facts/workloads"
)

// hpaKinds is the HorizontalPodAutoscaler of any version.
var hpaKinds = []string{"HorizontalPodAutoscaler.autoscaling"}

// scalerControls returns the controls on autoscalers.
func scalerControls() []*control.Control {
	return []*control.Control{lowFloor, houseFloor, fixedSize, scalerRange, scalerTarget}
}

// checkFloor reports an autoscaler whose floor is below least.
func checkFloor(p *control.Pass, least int) error {
	s := workloads.ReadScaler(p.Subject)
	if s == nil {
		return fmt.Errorf("reading the autoscaler %s: its fields have the wrong types", p.Subject.Ref)
	}
	if s.Floor() < int32(least) {
		p.Report("spec.minReplicas", "scales down to %d of at least %d replicas", s.Floor(), least).
			Fix("raise the floor", control.Edit{Path: "spec.minReplicas", Value: int64(least)})
	}
	return nil
}

var lowFloor = &control.Control{
	ID: "BW2735", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "An autoscaler may scale down to a single pod",
	Doc: `At night an autoscaler goes down to its floor. With a floor of one, a drained node or a crash at that
hour is an outage, and the first burst of load meets one pod.

It fires for a HorizontalPodAutoscaler whose minReplicas is below two. Left out it is one: the API
server writes that number when it stores the object, so the field is judged as if it were there.

    spec:
      minReplicas: 2
      maxReplicas: 10`,
	Refs:  []string{"polaris hpaMinAvailability", "kube-score HorizontalPodAutoscaler Replicas"},
	Kinds: hpaKinds,
	Check: func(p *control.Pass) error { return checkFloor(p, 2) },
	Deny:  `!has(object.spec.minReplicas) || object.spec.minReplicas < 2`,
}

var houseFloor = &control.Control{
	ID: "BW2736", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "An autoscaler goes below the floor of the house rule",
	Doc: `Where a house rule asks for a number of replicas, such as three so that an update and a failure may
coincide, an autoscaler must not undo it.

It fires for a HorizontalPodAutoscaler whose minReplicas is below the parameter minimum, 3 unless set.
A field that is left out counts as one, as the API server defaults it.

    spec:
      minReplicas: 3
      maxReplicas: 10`,
	Refs:   []string{"kube-linter hpa-minimum-three-replicas", "kube-linter hpa-minimum-replicas"},
	Kinds:  hpaKinds,
	Params: []control.Param{{Name: "minimum", Doc: "the least minReplicas", Default: 3}},
	Check: func(p *control.Pass) error {
		least, _ := p.Int("minimum")
		return checkFloor(p, min(max(least, 0), 1<<20))
	},
}

var fixedSize = &control.Control{
	ID: "BW2737", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "An autoscaler has no room to scale",
	Doc: `An autoscaler whose floor equals its ceiling never scales. Load that it was meant to absorb hits a fixed
number of pods, and the object suggests a protection that is not there. Raise the ceiling to what the nodes
can bear, or remove the autoscaler.

It fires for a HorizontalPodAutoscaler with maxReplicas not greater than minReplicas; minReplicas left
out is one.

    spec:
      minReplicas: 2
      maxReplicas: 10`,
	Refs:  []string{"polaris hpaMaxAvailability", "gatekeeper general/horizontalpodautoscaler"},
	Kinds: hpaKinds,
	Check: func(p *control.Pass) error {
		s := workloads.ReadScaler(p.Subject)
		if s == nil {
			return fmt.Errorf("reading the autoscaler %s: its fields have the wrong types", p.Subject.Ref)
		}
		if s.Max <= s.Floor() {
			p.Report("spec.maxReplicas", "maxReplicas %d leaves no room above minReplicas %d", s.Max, s.Floor())
		}
		return nil
	},
	Deny: `object.spec.maxReplicas <= (has(object.spec.minReplicas) ? object.spec.minReplicas : 1)`,
}

var scalerRange = &control.Control{
	ID: "BW2738", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "An autoscaler is outside the sizes that are allowed",
	Doc: `A ceiling of thousands lets an attacker who causes load also cause cost; a floor that is too high wastes
nodes. Platform teams therefore publish sizes that an autoscaler may have.

It fires for a HorizontalPodAutoscaler that lies within none of the ranges of the parameter ranges,
each written "least-most", or whose ceiling is less than the parameter spread above its floor. Without
ranges only the spread is judged.

    params:
      BW2738: {ranges: ["3-6", "10-20"], spread: 1}`,
	Refs:  []string{"gatekeeper general/horizontalpodautoscaler", "gatekeeper general/replicalimits"},
	Kinds: hpaKinds,
	Params: []control.Param{
		{Name: "ranges", Doc: "allowed sizes, each as \"least-most\"", Default: []string{}},
		{Name: "spread", Doc: "how far maxReplicas must at least be above minReplicas", Default: 1},
	},
	Check: func(p *control.Pass) error {
		s := workloads.ReadScaler(p.Subject)
		if s == nil {
			return fmt.Errorf("reading the autoscaler %s: its fields have the wrong types", p.Subject.Ref)
		}
		if spread, _ := p.Int("spread"); int(s.Max)-int(s.Floor()) < spread {
			p.Report("spec.maxReplicas", "maxReplicas %d is less than %d above minReplicas %d", s.Max, spread, s.Floor())
		}
		ranges := p.Strings("ranges")
		for _, r := range ranges {
			inside, err := withinRange(s, r)
			if err != nil {
				return err
			}
			if inside {
				return nil
			}
		}
		if len(ranges) > 0 {
			p.Report("spec.minReplicas", "scales between %d and %d, which no allowed range covers: %s", s.Floor(), s.Max, strings.Join(ranges, ", "))
		}
		return nil
	},
}

// withinRange says whether a scaler stays inside a range such as "3-6".
func withinRange(s *workloads.Scaler, r string) (bool, error) {
	low, high, ok := strings.Cut(r, "-")
	least, err1 := strconv.Atoi(strings.TrimSpace(low))
	most, err2 := strconv.Atoi(strings.TrimSpace(high))
	if !ok || err1 != nil || err2 != nil {
		return false, fmt.Errorf("reading parameter ranges of BW2738: %q is no range: write least-most, such as 3-6", r)
	}
	return int(s.Floor()) >= least && int(s.Max) <= most, nil
}

var scalerTarget = &control.Control{
	ID: "BW2739", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "An autoscaler targets a workload that does not exist",
	Doc: `An autoscaler whose scaleTargetRef names nothing does nothing: the workload that it was written for stays
at its size under load. A typing error in name, kind or apiVersion is enough. A workload that somebody
creates later under that name would be scaled by it.

It fires for a HorizontalPodAutoscaler or KEDA ScaledObject when no workload of that API group, kind and
name is in its namespace. When the input may be only a part of the namespace the answer is unknown, and
so it is for kinds that carry no pods.

    scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}`,
	Refs: []string{
		"kube-linter dangling-horizontalpodautoscaler", "kube-score HorizontalPodAutoscaler has target",
		"gatekeeper general/horizontalpodautoscaler",
	},
	Kinds: append([]string{"ScaledObject.keda.sh"}, hpaKinds...), Requires: []control.AnyFact{workloads.Fact},
	Check: func(p *control.Pass) error {
		inv, err := workloads.Fact.Of(p)
		if err != nil {
			return err
		}
		s := inv.Scaler(p.Subject)
		if s == nil {
			return fmt.Errorf("reading the autoscaler %s: its fields have the wrong types", p.Subject.Ref)
		}
		if s.Workload != nil {
			return nil
		}
		if err := inv.KnowsWorkloads(p.Subject.Namespace); err != nil {
			p.Unknown("spec.scaleTargetRef.name", "cannot tell whether %s %q exists: %s", s.Target.Kind, s.Target.Name, err)
			return nil
		}
		p.Report("spec.scaleTargetRef.name", "there is no %s %q of %s in the namespace", s.Target.Kind, s.Target.Name, s.Target.APIVersion)
		return nil
	},
}
