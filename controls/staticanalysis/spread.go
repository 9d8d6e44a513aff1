package staticanalysis

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/workloads"
)

var noSpread = &control.Control{
	ID: "BW2751", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Pods have no topology spread constraint",
	Doc: `Topology spread constraints say over which failure domains, such as zones, pods are distributed. Without
them the scheduler only has the cluster's defaults, which administrators may change.

It fires for every pod template without topologySpreadConstraints, but for those of Jobs and CronJobs.
It also fires where one replica runs, since that may grow; therefore it is a house rule. BW2750 judges
replicated workloads only.

    topologySpreadConstraints:
    - topologyKey: topology.kubernetes.io/zone
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      labelSelector: {matchLabels: {app: shop}}`,
	Refs:  []string{"polaris topologySpreadConstraint"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		if !served(p.Subject) {
			p.NotApplicable()
			return nil
		}
		for t := range p.Subject.Pods {
			if len(t.Spec.TopologySpreadConstraints) == 0 {
				p.ReportPod(t, "topologySpreadConstraints", "no topology spread constraint")
			}
		}
		return nil
	},
	Deny: `!(object.kind in ['Job', 'CronJob']) && !(has(variables.pod.topologySpreadConstraints) && variables.pod.topologySpreadConstraints.size() > 0)`,
}

var badSpread = &control.Control{
	ID: "BW2752", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "A topology spread constraint does not work",
	Doc: `A spread constraint without a selector counts no pods and so spreads nothing; other mistakes make the API
server refuse the workload.

It fires for a constraint without labelSelector, without topologyKey, with maxSkew or minDomains below
one, or with whenUnsatisfiable other than DoNotSchedule and ScheduleAnyway.

    topologySpreadConstraints:
    - topologyKey: topology.kubernetes.io/zone
      maxSkew: 1
      whenUnsatisfiable: DoNotSchedule
      labelSelector: {matchLabels: {app: shop}}`,
	Refs:  []string{"kube-score Pod Topology Spread Constraints"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			for i, c := range t.Spec.TopologySpreadConstraints {
				at := index("topologySpreadConstraints", i)
				if c.LabelSelector == nil {
					p.ReportPod(t, at+".labelSelector", "the constraint has no labelSelector: it counts no pods")
				}
				if c.TopologyKey == "" {
					p.ReportPod(t, at+".topologyKey", "the constraint has no topologyKey")
				}
				if c.MaxSkew < 1 {
					p.ReportPod(t, at+".maxSkew", "maxSkew %d is less than 1", c.MaxSkew)
				}
				if c.MinDomains != nil && *c.MinDomains < 1 {
					p.ReportPod(t, at+".minDomains", "minDomains %d is less than 1", *c.MinDomains)
				}
				if c.WhenUnsatisfiable != corev1.DoNotSchedule && c.WhenUnsatisfiable != corev1.ScheduleAnyway {
					p.ReportPod(t, at+".whenUnsatisfiable", "whenUnsatisfiable %q is neither DoNotSchedule nor ScheduleAnyway", c.WhenUnsatisfiable)
				}
			}
		}
		return nil
	},
	Deny: `has(variables.pod.topologySpreadConstraints) && variables.pod.topologySpreadConstraints.exists(c, !has(c.labelSelector) ||
  !has(c.topologyKey) || c.topologyKey == '' || !has(c.maxSkew) || c.maxSkew < 1 || has(c.minDomains) && c.minDomains < 1 ||
  !has(c.whenUnsatisfiable) || !(c.whenUnsatisfiable in ['DoNotSchedule', 'ScheduleAnyway']))`,
}

var spreadEverywhere = &control.Control{
	ID: "BW2753", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Replicas are not spread over both nodes and zones",
	Doc: `Where a cluster spans several zones, a house rule may ask that every larger workload survives the loss of
a node and of a zone.

It fires for Deployments and StatefulSets with three or more replicas written, unless the pod has a
spread constraint over kubernetes.io/hostname and one over topology.kubernetes.io/zone.

    topologySpreadConstraints:
    - topologyKey: kubernetes.io/hostname
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      labelSelector: {matchLabels: {app: shop}}
    - topologyKey: topology.kubernetes.io/zone
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      labelSelector: {matchLabels: {app: shop}}`,
	Refs:  []string{"kyverno topologyspreadconstraints-policy", "kyverno spread-pods-across-nodes-and-zones"},
	Kinds: []string{"Deployment.apps", "StatefulSet.apps"}, Requires: []control.AnyFact{workloads.Fact},
	Check: func(p *control.Pass) error {
		inv, err := workloads.Fact.Of(p)
		if err != nil {
			return err
		}
		for _, w := range inv.Of(p.Subject) {
			if w.Replicas == nil || *w.Replicas < 3 {
				continue
			}
			for _, key := range []string{hostKey, zoneKey} {
				if !slices.ContainsFunc(w.Pod.Spec.TopologySpreadConstraints, func(c corev1.TopologySpreadConstraint) bool { return c.TopologyKey == key }) {
					p.ReportPod(w.Pod, "topologySpreadConstraints", "%d replicas are not spread over %s", *w.Replicas, key)
				}
			}
		}
		return nil
	},
	Deny: `has(object.spec.replicas) && object.spec.replicas >= 3 && !['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].all(k,
  has(variables.pod.topologySpreadConstraints) && variables.pod.topologySpreadConstraints.exists(c, has(c.topologyKey) && c.topologyKey == k))`,
}
