package escapes

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/control"
	"bulwark/world"
)

// nodeOf returns the node of a pod, or what the nodes have in common on which it may be placed.
func (m *Model) nodeOf(t *world.PodTemplate) *Node {
	if t.Spec.NodeName != "" {
		if n := m.nodes[t.Spec.NodeName]; n != nil {
			return &n.Node
		}
		return &noNode
	}
	if p := m.places[placeKey(t.Spec)]; p != nil {
		return p
	}
	return m.places[""]
}

// maxPlaces bounds the different demands on nodes that are told apart; others
// are answered with what all nodes have in common.
const maxPlaces = 256

// collectPlaces works out beforehand which nodes the templates without a node may be placed on.
func (m *Model) collectPlaces(v *control.View) {
	if len(m.sorted) == 0 {
		return
	}
	for o := range v.All(control.Pods) {
		for t := range o.Pods {
			if t.Spec.NodeName != "" || len(m.places) > maxPlaces {
				continue
			}
			if key := placeKey(t.Spec); m.places[key] == nil {
				m.place(t.Spec, &key)
			}
		}
	}
}

// place works out what the nodes have in common that a pod may be placed on; without a pod, all of them.
func (m *Model) place(spec *corev1.PodSpec, key *string) {
	var out *Node
	for _, n := range m.sorted {
		switch {
		case spec != nil && !n.admits(spec):
		case out == nil:
			out = &n.Node
		default:
			out = common(out, &n.Node)
		}
	}
	if out == nil {
		out = &noNode
	}
	if out.known == nil {
		out.known = findHoles(out)
	}
	if key == nil {
		m.places[""] = out
	} else {
		m.places[*key] = out
	}
}

// placeKey tells apart what pods ask of their nodes.
func placeKey(spec *corev1.PodSpec) string {
	if len(spec.NodeSelector) == 0 && len(spec.Tolerations) == 0 {
		return "none"
	}
	return metav1.FormatLabelSelector(&metav1.LabelSelector{MatchLabels: spec.NodeSelector}) + tolerationKey(spec.Tolerations)
}

func tolerationKey(list []corev1.Toleration) string {
	var b strings.Builder
	for i := range list {
		t := &list[i]
		b.WriteString("\x00" + t.Key + "\x00" + string(t.Operator) + "\x00" + t.Value + "\x00" + string(t.Effect))
	}
	return b.String()
}

// admits says whether the scheduler may place the pod on the node, as far as
// its labels and taints decide. Affinity is not looked at: it narrows only.
func (n *node) admits(spec *corev1.PodSpec) bool {
	for k, v := range spec.NodeSelector {
		if got, ok := n.labels[k]; !ok || got != v {
			return false
		}
	}
	for i := range n.taints {
		taint := &n.taints[i]
		if taint.Effect != corev1.TaintEffectPreferNoSchedule && !slices.ContainsFunc(spec.Tolerations, func(t corev1.Toleration) bool { return tolerates(&t, taint) }) {
			return false
		}
	}
	return true
}

func tolerates(t *corev1.Toleration, taint *corev1.Taint) bool {
	if t.Effect != "" && t.Effect != taint.Effect || t.Key != "" && t.Key != taint.Key {
		return false
	}
	return t.Operator == corev1.TolerationOpExists || t.Key != "" && t.Value == taint.Value
}
