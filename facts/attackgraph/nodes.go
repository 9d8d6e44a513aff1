package attackgraph

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"bulwark/world"
)

// Labels of control-plane nodes.
const (
	labelControl = "node-role.kubernetes.io/control-plane"
	labelMaster  = "node-role.kubernetes.io/master"
)

// drawNodes draws the nodes that were seen.
func (a *artist) drawNodes() {
	for o := range a.view.All(kindNode) {
		a.nodesSeen = true
		v := a.node(o.Name)
		a.vertices[v].Object = o
		for _, label := range []string{labelControl, labelMaster} {
			if _, ok := o.Meta.Labels[label]; ok {
				a.isControl(v, proof{spot: spot{object: o, path: "metadata.labels", says: label}})
				break
			}
		}
	}
	some := a.vertex(key{kind: SomeNode})
	a.link(some, a.sink(NodeRoot), contains)
	a.link(some, a.place(unscheduled, "", ""), ownsNode)
	a.link(a.place(anyNode, "", ""), some, contains)
	a.link(a.place(kubelets, "", ""), a.place(accountsOn, "", ""), nodeToken) // of a node that is new
	control := a.place(controlNodes, "", "")
	a.link(control, a.sink(NodeRoot), contains)
	a.edge(control, a.sink(ClusterAdmin), controlPlane, proof{})
	if !a.nodesSeen {
		a.edge(a.place(anyNode, "", ""), control, contains, proof{guards: []Guard{doubt("control-plane nodes", a.whyNoNodes())}})
	}
}

func (a *artist) whyNoNodes() string {
	if err := a.view.Knows(kindNode, ""); err != nil {
		return "whether there are any was not seen: " + err.Error()
	}
	return "no Node was seen"
}

// isControl draws that a node is one of the control plane.
func (a *artist) isControl(v uint32, p proof) {
	if !slices.Contains(a.controls, v) {
		a.controls = append(a.controls, v)
		a.edge(v, a.place(controlNodes, "", ""), contains, p)
	}
}

// node returns the vertex of a node; what its owner has follows from it.
func (a *artist) node(name string) uint32 {
	k := key{kind: Node, name: name}
	if v, ok := a.have(k); ok {
		return v
	}
	defer a.own(0)()
	v := a.vertex(k)
	kubelet := a.user(nodeUser + name)
	a.link(v, a.sink(NodeRoot), contains)
	a.link(v, kubelet, kubeletIdentity)
	a.link(v, a.place(podsOn, "", name), ownsNode)
	a.link(kubelet, a.place(accountsOn, "", name), nodeToken)
	a.link(a.place(anyNode, "", ""), v, contains)
	a.link(a.place(kubelets, "", ""), kubelet, contains)
	return v
}

// hosts draws that a pod runs on a node, which may ask for the token of its account.
func (a *artist) hosts(node string, pod, account uint32) {
	a.node(node)
	a.link(a.place(podsOn, "", node), pod, contains)
	a.link(a.place(accountsOn, "", node), account, contains)
}

// onControl says whether the pods are bound to control-plane nodes, and whether they may be placed there.
func onControl(spec *corev1.PodSpec) (pinned, allowed bool) {
	for _, label := range []string{labelControl, labelMaster} {
		if _, ok := spec.NodeSelector[label]; ok {
			pinned = true
		}
	}
	for _, t := range spec.Tolerations {
		if t.Key == labelControl || t.Key == labelMaster || t.Key == "" && t.Operator == corev1.TolerationOpExists {
			allowed = true
		}
	}
	return pinned || requiresControl(spec), allowed
}

// requiresControl says whether node affinity leaves only control-plane nodes.
func requiresControl(spec *corev1.PodSpec) bool {
	if spec.Affinity == nil || spec.Affinity.NodeAffinity == nil || spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return false
	}
	terms := spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	return len(terms) > 0 && !slices.ContainsFunc(terms, func(t corev1.NodeSelectorTerm) bool {
		return !slices.ContainsFunc(t.MatchExpressions, func(e corev1.NodeSelectorRequirement) bool {
			return (e.Key == labelControl || e.Key == labelMaster) && e.Operator == corev1.NodeSelectorOpExists
		})
	})
}

// hostsOf returns where the owner of a pod's node is, with the proof of the way
// from it to the control plane where there is one.
func (a *artist) hostsOf(o *world.Object, spec *corev1.PodSpec) (targets []target) {
	if spec.NodeName != "" {
		v := a.node(spec.NodeName)
		return []target{{v, nil}}
	}
	pinned, allowed := onControl(spec)
	switch {
	case pinned || mirror(o):
		return []target{{a.place(controlNodes, "", ""), nil}}
	case !allowed || a.nodesSeen && len(a.controls) == 0:
		return []target{{a.vertex(key{kind: SomeNode}), nil}}
	}
	g := doubt("placement", "it tolerates control-plane nodes, and may not be placed on one")
	if o.Kind == "DaemonSet" && len(spec.NodeSelector) == 0 && spec.Affinity == nil {
		g = doubt("control-plane nodes", a.whyNoNodes())
		if len(a.controls) > 0 {
			g = passed("placement", "a pod of it runs on every node, and it tolerates control-plane nodes")
		}
	}
	return []target{{a.vertex(key{kind: SomeNode}), nil}, {a.place(controlNodes, "", ""), []Guard{g}}}
}

// target is a node that a pod may run on.
type target struct {
	vertex uint32
	guards []Guard
}
