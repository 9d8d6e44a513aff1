package staticanalysis

import (
	"slices"

	"k8s.io/apimachinery/pkg/labels"

	"bulwark/control"
	"bulwark/facts/selection"
	"bulwark/facts/workloads"
	"bulwark/world"
)

const (
	hostKey = "kubernetes.io/hostname"
	zoneKey = "topology.kubernetes.io/zone"
)

// placement returns the controls on where pods run and who goes first.
func placement() []*control.Control {
	return []*control.Control{
		noAntiAffinity, noAntiAffinityUnsized, noSpread, badSpread, spreadEverywhere, noNodeAffinity, nodeAffinity, noPriority, otherPriority,
	}
}

var noAntiAffinity = &control.Control{
	ID: "BW2750", Concept: concept, Severity: control.Info, Profile: control.Hygiene,
	Title: "Replicas may all run on one node",
	Doc: `Several replicas on one node share its fate. The scheduler spreads them by preference only, and after
some drains they are often together.

It fires for a workload with two or more pods, by spec.replicas or the floor of its autoscaler, that has
no podAntiAffinity term, required or preferred, over kubernetes.io/hostname whose selector matches its
own pods and whose namespaces, where listed, include its own. A topology spread constraint over
kubernetes.io/hostname that selects them serves as well.

    topologySpreadConstraints:
    - topologyKey: kubernetes.io/hostname
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      labelSelector: {matchLabels: {app: shop}}`,
	Refs: []string{
		"kube-linter no-anti-affinity", "kube-score Deployment has host PodAntiAffinity", "kube-score StatefulSet has host PodAntiAffinity",
	},
	Kinds: scalable, Requires: []control.AnyFact{workloads.Fact},
	Check: func(p *control.Pass) error {
		return checkApart(p, func(w *workloads.Workload) bool { return w.Count() >= 2 })
	},
}

var noAntiAffinityUnsized = &control.Control{
	ID: "BW2758", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Pods of a workload of undeclared size may all run on one node",
	Doc: `Where a manifest leaves out spec.replicas, somebody may scale the workload later, and then all its pods may
stand on one node. Teams that want the rule for the spread written beforehand use this house rule beside
BW2750.

It fires for workloads without spec.replicas and without autoscaler that have neither a podAntiAffinity
term nor a topology spread constraint over kubernetes.io/hostname that selects their own pods.

    topologySpreadConstraints:
    - topologyKey: kubernetes.io/hostname
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      labelSelector: {matchLabels: {app: shop}}`,
	Refs:  []string{"kube-score Deployment has host PodAntiAffinity", "kube-score StatefulSet has host PodAntiAffinity"},
	Kinds: scalable, Requires: []control.AnyFact{workloads.Fact},
	Check: func(p *control.Pass) error {
		return checkApart(p, func(w *workloads.Workload) bool { return w.Replicas == nil && w.Scaler == nil })
	},
}

// checkApart reports workloads whose pods nothing keeps on different nodes, of those that apply picks.
func checkApart(p *control.Pass, applies func(*workloads.Workload) bool) error {
	inv, err := workloads.Fact.Of(p)
	if err != nil {
		return err
	}
	for _, w := range inv.Of(p.Subject) {
		if applies(w) && !keepsApart(w.Pod, p.Subject.Namespace) {
			p.ReportPod(w.Pod, "affinity.podAntiAffinity", "nothing keeps the pods of %s %q on different nodes", p.Subject.Kind, p.Subject.Name)
		}
	}
	return nil
}

// keepsApart says whether a pod avoids nodes that already run one of its kind.
func keepsApart(t *world.PodTemplate, namespace string) bool {
	set := labels.Set(t.Meta.Labels)
	for _, c := range t.Spec.TopologySpreadConstraints {
		if sel, err := selection.Selector(c.LabelSelector); err == nil && c.TopologyKey == hostKey && sel.Matches(set) {
			return true
		}
	}
	if t.Spec.Affinity == nil || t.Spec.Affinity.PodAntiAffinity == nil {
		return false
	}
	terms := slices.Clone(t.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution)
	for _, preferred := range t.Spec.Affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution {
		terms = append(terms, preferred.PodAffinityTerm)
	}
	for _, term := range terms {
		sel, err := selection.Selector(term.LabelSelector)
		here := len(term.Namespaces) == 0 || slices.Contains(term.Namespaces, namespace) || term.NamespaceSelector != nil
		if err == nil && term.TopologyKey == hostKey && here && sel.Matches(set) {
			return true
		}
	}
	return false
}

var noNodeAffinity = &control.Control{
	ID: "BW2754", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Pods do not say which nodes they belong on",
	Doc: `In clusters with pools of nodes for different tenants or levels of trust, a workload without node
affinity can land anywhere, also next to data that it should not be near.

It fires for pod templates of served workloads (not Jobs and CronJobs) without affinity.nodeAffinity. A
nodeSelector is not counted; the opposite house rule is BW2755.

    affinity:
      nodeAffinity:
        requiredDuringSchedulingIgnoredDuringExecution:
          nodeSelectorTerms:
          - matchExpressions: [{key: pool, operator: In, values: [shop]}]`,
	Refs:  []string{"kube-linter no-node-affinity"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		if !served(p.Subject) {
			p.NotApplicable()
			return nil
		}
		for t := range p.Subject.Pods {
			if t.Spec.Affinity == nil || t.Spec.Affinity.NodeAffinity == nil {
				p.ReportPod(t, "affinity.nodeAffinity", "no node affinity")
			}
		}
		return nil
	},
	Deny: `!(object.kind in ['Job', 'CronJob']) && !(has(variables.pod.affinity) && has(variables.pod.affinity.nodeAffinity))`,
}

var nodeAffinity = &control.Control{
	ID: "BW2755", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "Pods choose their nodes by affinity",
	Doc: `Where administrators place workloads, by namespace defaults or taints, a pod that picks its own nodes
undermines that: an attacker who can create pods aims for the node that holds what is wanted.

It fires for every pod template with affinity.nodeAffinity. The opposite house rule is BW2754; control
plane nodes are the subject of another concept.

    spec:
      containers: []   # and no affinity.nodeAffinity`,
	Refs:  []string{"kyverno restrict-node-affinity", "ATT&CK T1610"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			if t.Spec.Affinity != nil && t.Spec.Affinity.NodeAffinity != nil {
				p.ReportPod(t, "affinity.nodeAffinity", "node affinity is used").
					Fix("remove the node affinity; the pod may then run on other nodes",
						control.Edit{Path: t.SpecPath("affinity.nodeAffinity"), Op: control.Remove})
			}
		}
		return nil
	},
	Deny: `has(variables.pod.affinity) && has(variables.pod.affinity.nodeAffinity)`,
}

var noPriority = &control.Control{
	ID: "BW2756", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Pods have no priority class",
	Doc: `When nodes are full, pods of higher priority displace those of lower. Without a class a workload has the
cluster's default, usually zero, and a batch job with any class can push it out.

It fires for every pod template without priorityClassName. In a live cluster a default PriorityClass is
filled in when pods are created, so pods pass there and templates do not.

    spec:
      priorityClassName: shop-frontend`,
	Refs:  []string{"polaris priorityClassNotSet", "kyverno require-pod-priorityclassname"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			if t.Spec.PriorityClassName == "" {
				p.ReportPod(t, "priorityClassName", "no priority class")
			}
		}
		return nil
	},
	Deny: `!has(variables.pod.priorityClassName) || variables.pod.priorityClassName == ''`,
}

var otherPriority = &control.Control{
	ID: "BW2757", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "Pods have a priority class that is not on the list",
	Doc: `Whoever may use a high priority class can displace other tenants' pods. A list of allowed classes
keeps that in bounds.

It fires for a pod template whose priorityClassName is not in the parameter allowed (by default only the
two built-in system classes). The parameter namespaces narrows it: entries "namespace=class,class" give
the classes of one namespace, and where there is such an entry a missing class is reported as well.

    params:
      BW2757: {allowed: [frontend, batch], namespaces: ["shop=frontend"]}`,
	Refs:  []string{"kube-linter priority-class-name", "kyverno allowed-pod-priorities", "kyverno allowed-podpriorities", "ATT&CK T1499"},
	Kinds: []string{control.Pods},
	Params: []control.Param{
		{Name: "allowed", Doc: "classes that any namespace may use", Default: []string{"system-cluster-critical", "system-node-critical"}},
		{Name: "namespaces", Doc: "classes by namespace, each as \"namespace=class,class\"", Default: []string{}},
	},
	Check: func(p *control.Pass) error {
		allowed, listed := classesOf(p.Strings("namespaces"), p.Subject.Namespace)
		if !listed {
			allowed = p.Strings("allowed")
		}
		for t := range p.Subject.Pods {
			class := t.Spec.PriorityClassName
			if class == "" && !listed || slices.Contains(allowed, class) {
				continue
			}
			p.ReportPod(t, "priorityClassName", "priority class %q is not one of %q", class, allowed)
		}
		return nil
	},
}
