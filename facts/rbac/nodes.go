package rbac

import (
	"cmp"
	"slices"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
	storagev1 "k8s.io/api/storage/v1"

	"bulwark/control"
	"bulwark/world"
)

// Kinds from which the Node authorizer knows what a node has to do with.
const (
	kindPod         = "Pod"
	kindVolume      = "PersistentVolume"
	kindAttachment  = "VolumeAttachment." + storagev1.GroupName
	kindSlice       = "ResourceSlice." + resourcev1.GroupName
	kindCertificate = "PodCertificateRequest." + certificatesv1.GroupName
)

func nodeKinds() []string {
	return []string{control.Pods, kindPod, kindVolume, kindAttachment, kindSlice, kindCertificate}
}

// SeenNodes is what the Node authorizer knows of a snapshot, as far as it could be read.
var SeenNodes = &control.Fact[*Nodes]{
	Name:    "rbac-nodes",
	Doc:     "which Secrets, ConfigMaps, volumes and service accounts each node may use for the pods bound to it",
	Kinds:   nodeKinds(),
	Partial: true,
	Derive:  func(v *control.View) (*Nodes, error) { return deriveNodes(v), nil },
}

// relation is a kind of object that the Node authorizer relates to nodes.
type relation uint8

const (
	relPod relation = iota
	relSecret
	relConfigMap
	relAccount
	relClaim // PersistentVolumeClaim
	relVolume
	relDevice // ResourceClaim
	relAttachment
	relSlice
	relCertificate
)

// thing is an object that the Node authorizer relates to nodes.
type thing struct {
	relation        relation
	namespace, name string
}

// Nodes relates objects to the nodes whose pods use them, as the graph of the
// Node authorizer does (k8s.io/kubernetes plugin/pkg/auth/authorizer/node,
// v1.37). It is immutable.
type Nodes struct {
	minor int
	names []string // of nodes
	ids   map[string]uint32
	of    map[thing][]uint32 // sorted
	// somewhere holds what pods use of which it is not known where they run: those
	// of a controller, and those that are not scheduled.
	somewhere map[thing]*world.Object
	view      *control.View
}

func newNodes(minor int) *Nodes {
	return &Nodes{minor: minor, ids: map[string]uint32{}, of: map[thing][]uint32{}, somewhere: map[thing]*world.Object{}}
}

func deriveNodes(v *control.View) *Nodes {
	n := newNodes(v.Target())
	n.view = v
	var volumes []*corev1.PersistentVolume
	for o := range v.All(control.Pods) {
		if pod, ok := o.Typed.(*corev1.Pod); ok && pod.Spec.NodeName != "" {
			n.addPod(pod, o.Live())
			continue
		}
		for t := range o.Pods {
			n.addTemplate(o, t)
		}
	}
	for o := range v.All(kindVolume) {
		if pv, ok := o.Typed.(*corev1.PersistentVolume); ok {
			volumes = append(volumes, pv)
		}
	}
	for _, kind := range []string{kindAttachment, kindSlice, kindCertificate} {
		for o := range v.All(kind) {
			n.addBound(o)
		}
	}
	n.finish(volumes)
	return n
}

func (n *Nodes) node(name string) uint32 {
	id, ok := n.ids[name]
	if !ok {
		id = uint32(len(n.names))
		n.ids[name] = id
		n.names = append(n.names, name)
	}
	return id
}

func (n *Nodes) relate(t thing, node uint32) {
	list := n.of[t]
	if k := len(list); k == 0 || list[k-1] != node {
		n.of[t] = append(list, node)
	}
}

// addPod relates what a pod uses to the node that it is bound to. A mirror pod
// gives its node nothing but itself.
func (n *Nodes) addPod(pod *corev1.Pod, live bool) {
	node, ns := n.node(pod.Spec.NodeName), pod.Namespace
	n.relate(thing{relPod, ns, pod.Name}, node)
	if _, mirror := pod.Annotations[corev1.MirrorPodAnnotationKey]; mirror {
		return
	}
	account := pod.Spec.ServiceAccountName
	if account == "" && !live {
		account = "default" // admission will say so
	}
	visitPod(pod, account, func(r relation, name string) {
		if name != "" {
			n.relate(thing{r, ns, name}, node)
		}
	})
}

// addTemplate notes what pods use that may run on any node.
func (n *Nodes) addTemplate(o *world.Object, t *world.PodTemplate) {
	pod := corev1.Pod{Spec: *t.Spec}
	if o.Kind == kindPod {
		pod.Name = o.Name
		n.somewhere[thing{relPod, o.Namespace, o.Name}] = o
	}
	visitPod(&pod, cmp.Or(t.Spec.ServiceAccountName, "default"), func(r relation, name string) {
		if key := (thing{r, o.Namespace, name}); name != "" && n.somewhere[key] == nil {
			n.somewhere[key] = o
		}
	})
}

// addBound relates an object that itself names a node.
func (n *Nodes) addBound(o *world.Object) {
	switch t := o.Typed.(type) {
	case *storagev1.VolumeAttachment:
		n.bound(thing{relAttachment, "", t.Name}, t.Spec.NodeName)
	case *resourcev1.ResourceSlice:
		if t.Spec.NodeName != nil {
			n.bound(thing{relSlice, "", t.Name}, *t.Spec.NodeName)
		}
	case *certificatesv1.PodCertificateRequest:
		n.bound(thing{relCertificate, t.Namespace, t.Name}, string(t.Spec.NodeName))
	}
}

func (n *Nodes) bound(t thing, node string) {
	if node != "" {
		n.relate(t, n.node(node))
	}
}

// finish relates volumes and their Secrets to the nodes of the claims that they
// are bound to, and sorts.
func (n *Nodes) finish(volumes []*corev1.PersistentVolume) {
	for _, pv := range volumes {
		ref := pv.Spec.ClaimRef
		if ref == nil {
			continue
		}
		for _, node := range n.of[thing{relClaim, ref.Namespace, ref.Name}] {
			n.relate(thing{relVolume, "", pv.Name}, node)
			visitVolumeSecrets(pv, func(ns, name string) { n.relate(thing{relSecret, ns, name}, node) })
		}
	}
	for t, list := range n.of {
		slices.Sort(list)
		n.of[t] = slices.Compact(list)
	}
}

// related says whether a node has to do with an object.
func (n *Nodes) related(node string, t thing) bool {
	id, ok := n.ids[node]
	if !ok {
		return false
	}
	_, found := slices.BinarySearch(n.of[t], id)
	return found
}

// Names returns the nodes that pods or other objects are bound to, as they were met.
func (n *Nodes) Names() []string { return n.names }

// Used returns what the pods of a node give its kubelet the right to read: kind
// is Secret, ConfigMap, ServiceAccount, PersistentVolumeClaim or
// PersistentVolume. Sorted.
func (n *Nodes) Used(node, kind string) []world.Ref {
	r, known := relationOf(world.Ref{Kind: kind})
	id, met := n.ids[node]
	if !known || !met {
		return nil
	}
	var out []world.Ref
	for t, nodes := range n.of {
		if t.relation != r {
			continue
		}
		if _, found := slices.BinarySearch(nodes, id); found {
			out = append(out, world.Ref{Kind: kind, Namespace: t.namespace, Name: t.name})
		}
	}
	slices.SortFunc(out, world.Ref.Compare)
	return out
}
