package nodesecurity

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
)

// controlPlaneTaints keep ordinary pods away from the machines of the control plane.
var controlPlaneTaints = []string{"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"}

// tolerates says whether the toleration lets a pod onto the control plane.
func tolerates(t *corev1.Toleration) bool {
	return (t.Effect == "" || t.Effect == corev1.TaintEffectNoSchedule) &&
		(slices.Contains(controlPlaneTaints, t.Key) || t.Key == "" && t.Operator == corev1.TolerationOpExists)
}

const toleratesCEL = "variables.pod.?tolerations.orValue([]).exists(t, t.?effect.orValue('') in ['', 'NoSchedule'] && " +
	"(t.?key.orValue('') in ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'] || " +
	"(t.?key.orValue('') == '' && t.?operator.orValue('') == 'Exists')))"

func reportTolerations(p *control.Pass) error {
	for t := range p.Subject.Pods {
		for i := range t.Spec.Tolerations {
			if tol := &t.Spec.Tolerations[i]; tolerates(tol) {
				p.ReportPod(t, fmt.Sprintf("tolerations[%d]", i), "a toleration of %s lets the pod onto nodes of the control plane", taint(tol.Key)).
					Fix("drops the toleration; add narrow ones for the taints of the nodes that the pod is meant for",
						control.Edit{Path: t.SpecPath(fmt.Sprintf("tolerations[%d]", i)), Op: control.Remove})
			}
		}
	}
	return nil
}

func taint(key string) string {
	if key == "" {
		return "every taint"
	}
	return fmt.Sprintf("%q", key)
}

var controlPlane = &control.Control{
	ID: "BW0808", Concept: concept, Severity: control.Medium,
	Title: "Workload may be placed on the control plane",
	Doc: `The machines of the control plane hold the keys of the cluster: certificates, the encryption key, etcd. They carry a
taint that keeps ordinary pods away. A workload that tolerates it brings its bugs next to those keys, where one escape
is the end.

It fires for a pod or template, except of a DaemonSet, with a toleration of node-role.kubernetes.io/control-plane or
master, or of every taint (operator Exists without a key). A toleration of NoExecute alone does not let a pod in and passes. Agents that run on every
node are DaemonSets; BW0812 judges those too.

Remove the toleration, or name the taints that the workload is meant for.

` + "```yaml\ntolerations:\n  - {key: dedicated, operator: Equal, value: batch, effect: NoSchedule}\n```",
	Refs:  []string{"ATT&CK T1610", "NSA auth", "kyverno restrict-controlplane-scheduling"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		if p.Subject.Kind == "DaemonSet" {
			p.NotApplicable()
			return nil
		}
		return reportTolerations(p)
	},
	Deny: "object.kind != 'DaemonSet' && " + toleratesCEL,
}

var controlPlaneAny = &control.Control{
	ID: "BW0812", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "Pods of any kind of workload may be placed on the control plane",
	Doc: `BW0808 with DaemonSets counted: agents that run on every machine, the control plane included, are few and well known, so an
estate can list them and refuse all others. A DaemonSet that tolerates everything is also the quickest way for an
attacker to be on every node at once.

It fires for every pod or template with a toleration of node-role.kubernetes.io/control-plane or master, or of every
taint. It is off by default, because network plugins, kube-proxy and log collectors need it.

` + "```yaml\nkind: DaemonSet\nspec:\n  template:\n    spec:\n      tolerations:\n        - {key: node.kubernetes.io/disk-pressure, operator: Exists, effect: NoSchedule}\n```",
	Refs:    []string{"ATT&CK T1610", "kyverno restrict-controlplane-scheduling"},
	Kinds:   []string{control.Pods},
	Implies: []string{"BW0808"},
	Check:   reportTolerations,
	Deny:    toleratesCEL,
}

// bound says whether nodeName was written by the scheduler rather than by an author.
func bound(p *control.Pass) bool { return p.Subject.Live() && p.Subject.Kind == "Pod" }

// nodeNameCEL looks at pods only when they are created: later the scheduler has set the field.
const nodeNameCEL = "variables.pod.?nodeName.orValue('') != '' && (object.kind != 'Pod' || oldObject == null)"

var nodeName = &control.Control{
	ID: "BW0810", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Workload names its node and passes by the scheduler",
	Doc: `A pod with nodeName goes straight to that kubelet. Taints that forbid scheduling, resource checks, spreading and topology rules are
all skipped: it lands on the control plane if its author says so, and it dies when the node does.

It fires for a template or a pod manifest with spec.nodeName. Live pods are not judged, since the scheduler fills the
field in for every one of them.

Say which nodes are suitable and let the scheduler choose.

` + "```yaml\nspec:\n  nodeSelector: {disk: ssd}\n```",
	Refs:  []string{"ATT&CK T1610", "kyverno restrict-node-selection"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		if bound(p) {
			p.NotApplicable()
			return nil
		}
		for t := range p.Subject.Pods {
			if t.Spec.NodeName != "" {
				p.ReportPod(t, "nodeName", "the pod goes to node %q without the scheduler's checks", t.Spec.NodeName).
					Fix("lets the scheduler choose; add a nodeSelector where the kind of node matters", control.Edit{Path: t.SpecPath("nodeName"), Op: control.Remove})
			}
		}
		return nil
	},
	Deny: nodeNameCEL,
}

var nodePinned = &control.Control{
	ID: "BW0811", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Workload chooses its nodes by label",
	Doc: `In a shared cluster a tenant that picks nodes can move next to the victim it wants to listen to, or onto machines that were
set aside for others. Where the platform alone should decide, workloads carry no nodeSelector.

It fires for a pod or template with any entry in nodeSelector. Setting nodeName is BW0810; node affinity is judged under
OS-Level Security Domains. It is a house rule, off by default: choosing an architecture or a disk type is ordinary
elsewhere.

Let the platform place workloads by namespace, with the PodNodeSelector admission plugin.

` + "```yaml\nkind: Namespace\nmetadata:\n  annotations:\n    scheduler.alpha.kubernetes.io/node-selector: pool=tenants\n```",
	Refs:  []string{"kyverno restrict-node-selection"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			if len(t.Spec.NodeSelector) > 0 {
				p.ReportPod(t, "nodeSelector", "%s %q chooses its nodes by their labels", p.Subject.Kind, p.Subject.Name).
					Fix("leaves the choice of nodes to the platform", control.Edit{Path: t.SpecPath("nodeSelector"), Op: control.Remove})
			}
		}
		return nil
	},
	Deny: "variables.pod.?nodeSelector.orValue({}).size() > 0",
}
