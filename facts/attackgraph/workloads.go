package attackgraph

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/control"
	"bulwark/facts/identities"
	"bulwark/world"
)

// drawWorkloads draws everything that carries pods: whom it runs as, what it
// can read, and how its node can be taken over. A pod is part of the workload
// that owns it.
func (a *artist) drawWorkloads() {
	ids, err := identities.Of.Of(a.view)
	if err != nil {
		a.missing = append(a.missing, Missing{kindAccount, err})
	}
	var owned []ownedPod
	for o := range a.view.All(control.Pods) {
		if o.Kind == kindNamespace {
			continue
		}
		a.namespace(o.Namespace).kinds[o.Kind] = true
		a.register(o)
		if ref, ok := ownerOf(o); ok {
			owned = append(owned, ownedPod{o, ref})
		}
	}
	a.adopt(owned)
	for o := range a.view.All(control.Pods) {
		v, ok := a.objects[o]
		if !ok || a.vertices[v].Object != o {
			continue // part of another, such as a ReplicaSet of a Deployment
		}
		done := a.own(v)
		a.drawWorkload(v, o, ids)
		done()
	}
	a.drawShared()
}

// register gives an object its vertex.
func (a *artist) register(o *world.Object) {
	v := uint32(len(a.vertices))
	a.vertices = append(a.vertices, Vertex{key: key{kind: Workload, namespace: o.Namespace, name: o.Name}, Object: o})
	a.objects[o] = v
	if _, seen := a.byRef[o.Ref]; !seen {
		a.byRef[o.Ref] = v
	}
	if o.Namespace == systemNamespace && a.manager == nil && runs(o, "kube-controller-manager") {
		a.manager = o
	}
	if o.Namespace == systemNamespace && a.server == nil && runs(o, "kube-apiserver") {
		a.server = o
	}
}

// runs says whether a container's image has the name.
func runs(o *world.Object, image string) bool {
	for c := range o.Containers {
		if baseName(c.Image) == image {
			return true
		}
	}
	return false
}

type ownedPod struct {
	object *world.Object
	owner  world.Ref
}

// ownerOf returns the controller of an object.
func ownerOf(o *world.Object) (world.Ref, bool) {
	c := metav1.GetControllerOfNoCopy(o.Meta)
	if c == nil {
		return world.Ref{}, false
	}
	return world.Ref{Group: world.Group(c.APIVersion), Kind: c.Kind, Namespace: o.Namespace, Name: c.Name}, true
}

// adopt files owned objects under the topmost owner that was seen. Pods keep a
// vertex of their own below it; what stands between is the owner itself.
func (a *artist) adopt(owned []ownedPod) {
	parent := make(map[uint32]uint32, len(owned))
	for _, p := range owned {
		if v, ok := a.byRef[p.owner]; ok && v != a.objects[p.object] {
			parent[a.objects[p.object]] = v
		}
	}
	for _, p := range owned {
		v := a.objects[p.object]
		top, ok := v, false
		for range 8 { // chains are two long; a circle ends too
			up, more := parent[top]
			if !more {
				ok = true
				break
			}
			top = up
		}
		if !ok || top == v {
			continue
		}
		if p.object.Kind == "Pod" {
			done := a.own(v)
			a.link(top, v, contains)
			done()
			a.replicas[top]++
			a.below[v] = top
		} else {
			a.objects[p.object] = top
			a.byRef[p.object.Ref] = top
		}
	}
}

// controlPlaneImages are the parts of Kubernetes itself: they own the cluster or their node by design.
var controlPlaneImages = map[string]bool{
	"kube-apiserver": true, "kube-controller-manager": true, "kube-scheduler": true, "etcd": true, "kube-proxy": true, "cloud-controller-manager": true,
}

func (a *artist) drawWorkload(v uint32, o *world.Object, ids *identities.Identities) {
	top, isBelow := a.below[v]
	if !isBelow {
		top = v
		a.roots = append(a.roots, v)
		a.namespace(o.Namespace).pods = append(a.namespace(o.Namespace).pods, v)
		if isControlPlane(o) {
			a.ours[v] = true
		}
	}
	for t := range o.Pods {
		account := a.drawIdentity(v, o, t, ids)
		a.drawEscapes(v, o, t)
		a.drawMounts(v, top, o, t)
		switch {
		case t.Spec.NodeName != "" && o.Kind == "Pod":
			a.hosts(t.Spec.NodeName, v, account)
		case !isBelow && a.replicas[v] == 0:
			a.drawUnscheduled(v, account, o, t)
		}
	}
}

// isControlPlane says whether the object is a part of Kubernetes itself.
func isControlPlane(o *world.Object) bool {
	if o.Namespace != systemNamespace {
		return false
	}
	for c := range o.Containers {
		if controlPlaneImages[baseName(c.Image)] {
			return true
		}
	}
	return false
}

// baseName returns the last part of an image's name, without tag and digest.
func baseName(image string) string {
	image, _, _ = strings.Cut(image, "@")
	image = image[strings.LastIndexByte(image, '/')+1:]
	image, _, _ = strings.Cut(image, ":")
	return image
}

// mirror says whether a pod is run by its kubelet from a file of the node.
func mirror(o *world.Object) bool {
	return o.Annotation(corev1.MirrorPodAnnotationKey) != "" || o.Annotation("kubernetes.io/config.source") == "file"
}

// drawIdentity draws the service account whose token the pod holds, and returns it.
func (a *artist) drawIdentity(v uint32, o *world.Object, t *world.PodTemplate, ids *identities.Identities) uint32 {
	name := t.Spec.ServiceAccountName
	if name == "" {
		name = "default"
	}
	a.namespace(o.Namespace).accounts[name] = exists
	account := a.account(o.Namespace, name)
	if o.Kind == "Pod" && mirror(o) {
		return account
	}
	p := proof{spot: spot{object: o, path: t.SpecPath("serviceAccountName"), says: "runs as " + name}, fix: fixToken}
	if ids == nil {
		p.guards = []Guard{doubt("token", "service accounts could not be read: this one may keep its token out of pods")}
		if say := t.Spec.AutomountServiceAccountToken; say != nil && !*say {
			return account
		}
		a.edge(v, account, usesToken, p)
		return account
	}
	id := ids.Of(t)
	if id == nil || !id.HasToken() {
		a.tokenless[account] = append(a.tokenless[account], v)
		return account
	}
	if id.Source == identities.ByGuess && name != "default" && len(id.Projected) == 0 && id.Absent != nil {
		p.guards = []Guard{doubt("token", "the service account was not seen and may keep its token out of pods")}
	}
	a.edge(v, account, usesToken, p)
	return account
}

// drawUnscheduled draws that pods whose node is not known may run on the node of somebody else's.
func (a *artist) drawUnscheduled(v, account uint32, o *world.Object, t *world.PodTemplate) {
	pinned, _ := onControl(t.Spec)
	if pinned {
		a.link(a.place(controlNodes, "", ""), v, contains)
		return
	}
	p := proof{guards: []Guard{doubt("placement", "whether one of its pods is placed on that node is not known")}}
	if o.Kind == "DaemonSet" && len(t.Spec.NodeSelector) == 0 && t.Spec.Affinity == nil {
		p = proof{spot: spot{object: o, says: "one of its pods runs on every node"}}
	}
	a.edge(a.place(unscheduled, "", ""), v, contains, p)
	a.edge(a.place(accountsOn, "", ""), account, contains, p)
}
