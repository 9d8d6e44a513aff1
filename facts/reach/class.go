package reach

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/world"
)

// Class is a set of pods that no policy and no Service of the snapshot can tell
// apart: those of one workload with the same values of the labels that some
// selector mentions, the same ports and the same kind of network.
type Class struct {
	Index          int // position in Model.Classes; -1 for a class that stands for something not in the input
	Namespace      string
	Name           string        // "namespace/name", with the kind between them where the name alone is ambiguous
	Object         *world.Object // the workload, or the Pod where nothing owns it; nil when its owner is not in the input
	Pod            *world.PodTemplate
	Labels         map[string]string // of the first pod; the others agree where a selector looks
	ServiceAccount string
	HostNetwork    bool // policies do not see these pods: they are their node
	Single         bool // one pod and no more
	Ports          []Port
	Addresses      []netip.Addr // of the pods that run
	Nodes          []string     // on which pods run
	Live           int          // pods that run; 0 when only a template is known

	kind, owner string
	made        map[string]bool // names of the pods, and of what stands between them and the owner
	runtime     bool            // the labels that controllers add are not known
}

// Port is a port that a container declares. A process may listen on others.
type Port struct {
	Name     string // "" when it has none
	Protocol corev1.Protocol
	Number   int32
	HostPort int32 // 0 when none
}

// String returns Name.
func (c *Class) String() string { return c.Name }

// runtimeLabels are put on pods by the controllers that make them.
var runtimeLabels = [...]string{
	"pod-template-hash", "controller-revision-hash", "pod-template-generation", "statefulset.kubernetes.io/pod-name",
	"apps.kubernetes.io/pod-index", "controller-uid", "job-name",
}

// label implements labelled.
func (c *Class) label(key string) (string, truth) {
	if v, ok := c.Labels[key]; ok {
		return v, yes
	}
	if c.runtime && (slices.Contains(runtimeLabels[:], key) || strings.HasPrefix(key, "batch.kubernetes.io/")) {
		return "", maybe
	}
	return "", no
}

// number returns the port that a name stands for on these pods, 0 when none has
// it. Names count in regular containers and sidecars, for their own protocol.
func (c *Class) number(name string, protocol corev1.Protocol) int32 {
	for i := range c.Ports {
		if p := &c.Ports[i]; p.Name == name && (protocol == "" || p.Protocol == protocol) {
			return p.Number
		}
	}
	return 0
}

// portsOf lists the ports of the containers that run as long as the pod does.
func portsOf(t *world.PodTemplate) []Port {
	var out []Port
	for c := range t.Containers {
		if !c.LongRunning() {
			continue
		}
		for i := range c.Ports {
			p := &c.Ports[i]
			out = append(out, Port{p.Name, cmp.Or(p.Protocol, corev1.ProtocolTCP), p.ContainerPort, p.HostPort})
		}
	}
	return out
}

// classer collects classes.
type classer struct {
	relevant map[string]bool             // label keys that selectors mention
	byRef    map[world.Ref]*world.Object // of everything that carries pods
	byKey    map[string]*Class
	byOwner  map[string][]*Class
	of       map[*world.Object][]*Class
	all      []*Class
	key      []byte
}

func newClasser(objects []*world.Object, relevant map[string]bool) *classer {
	cl := &classer{
		relevant: relevant, byRef: make(map[world.Ref]*world.Object, len(objects)), byKey: map[string]*Class{},
		byOwner: map[string][]*Class{}, of: make(map[*world.Object][]*Class, len(objects)),
	}
	for _, o := range objects {
		if cl.byRef[o.Ref] == nil {
			cl.byRef[o.Ref] = o
		}
	}
	for _, o := range objects {
		if o.GroupKind() == "Pod" {
			cl.addPod(o)
		}
	}
	for _, o := range objects {
		if o.GroupKind() != "Pod" && o.GroupKind() != "PodTemplate" {
			cl.addTemplates(o)
		}
	}
	cl.finish()
	return cl
}

// addPod adds a pod to the class of those that its workload makes; pods that have ended have no traffic.
func (cl *classer) addPod(o *world.Object) {
	pod, ok := o.Typed.(*corev1.Pod)
	if !ok || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return
	}
	for t := range o.Pods {
		root, kind, name := cl.root(o)
		c := cl.class(root, kind, o.Namespace, name, t, o.Meta.Labels)
		c.Live++
		if root != o {
			c.call(o.Name)
			if up := metav1.GetControllerOfNoCopy(o.Meta); up.Name != name {
				c.call(up.Name)
			}
		}
		c.runtime = false
		c.Addresses = append(c.Addresses, podIPs(pod)...)
		if n := pod.Spec.NodeName; n != "" && !slices.Contains(c.Nodes, n) {
			c.Nodes = append(c.Nodes, n)
		}
		c.Single = root == o
		cl.of[o] = append(cl.of[o], c)
		if root != nil && root != o && !slices.Contains(cl.of[root], c) {
			cl.of[root] = append(cl.of[root], c)
		}
	}
}

// call adds a name that the class answers to.
func (c *Class) call(name string) {
	if c.made == nil {
		c.made = map[string]bool{}
	}
	c.made[name] = true
}

func podIPs(p *corev1.Pod) []netip.Addr {
	if p.Spec.HostNetwork {
		return nil
	}
	texts := []string{p.Status.PodIP}
	for _, ip := range p.Status.PodIPs {
		texts = append(texts, ip.IP)
	}
	var out []netip.Addr
	for _, t := range texts {
		if a, err := netip.ParseAddr(t); err == nil && !slices.Contains(out, a.Unmap()) {
			out = append(out, a.Unmap())
		}
	}
	return out
}

// addTemplates adds a workload, unless another one makes it.
func (cl *classer) addTemplates(o *world.Object) {
	if root, _, _ := cl.root(o); root != o {
		if root != nil && len(cl.of[o]) == 0 {
			cl.of[o] = cl.of[root]
		}
		return
	}
	live := cl.byOwner[ownerKey(o.Kind, o.Namespace, o.Name)]
	for t := range o.Pods {
		var set map[string]string
		if t.Meta != nil {
			set = t.Meta.Labels
		}
		if i := slices.IndexFunc(live, func(c *Class) bool { return cl.stands(c, t, set) }); i >= 0 {
			c := live[i]
			c.Object, c.Pod = o, t
			if !slices.Contains(cl.of[o], c) {
				cl.of[o] = append(cl.of[o], c)
			}
			continue
		}
		c := cl.class(o, o.Kind, o.Namespace, o.Name, t, set)
		c.runtime = c.Live == 0
		if !slices.Contains(cl.of[o], c) {
			cl.of[o] = append([]*Class{c}, cl.of[o]...)
		}
	}
}

// stands says whether running pods are what a template makes, as far as policies can see.
func (cl *classer) stands(c *Class, t *world.PodTemplate, set map[string]string) bool {
	if c.HostNetwork != t.Spec.HostNetwork || !slices.Equal(c.Ports, portsOf(t)) {
		return false
	}
	for k := range cl.relevant {
		if v, ok := set[k]; ok && c.Labels[k] != v {
			return false
		}
	}
	return true
}

func ownerKey(kind, namespace, name string) string { return kind + "\x00" + namespace + "\x00" + name }

// root follows controllers up to the one that no other makes. The object is nil
// when it is not in the input; kind and name are then those of its reference.
func (cl *classer) root(o *world.Object) (root *world.Object, kind, name string) {
	for range 4 {
		ref := metav1.GetControllerOfNoCopy(o.Meta)
		if ref == nil || ref.Kind == "Node" {
			return o, o.Kind, o.Name
		}
		up := cl.byRef[world.Ref{Group: world.Group(ref.APIVersion), Kind: ref.Kind, Namespace: o.Namespace, Name: ref.Name}]
		if up == nil && o.Kind == "Pod" {
			return nil, ref.Kind, ref.Name
		}
		if up == nil || up == o {
			return o, o.Kind, o.Name
		}
		o = up
	}
	return o, o.Kind, o.Name
}

// class returns the class of a pod or template, making it when it is the first.
func (cl *classer) class(root *world.Object, kind, ns, name string, t *world.PodTemplate, set map[string]string) *Class {
	ports := portsOf(t)
	key := cl.keyOf(kind, ns, name, t, set, ports)
	if c := cl.byKey[key]; c != nil {
		return c
	}
	account := cmp.Or(t.Spec.ServiceAccountName, "default")
	c := &Class{Namespace: ns, Name: name, Object: root, Pod: t, Labels: set, ServiceAccount: account,
		HostNetwork: t.Spec.HostNetwork, Ports: ports, kind: kind, owner: name}
	cl.byKey[key] = c
	owner := ownerKey(kind, ns, name)
	cl.byOwner[owner] = append(cl.byOwner[owner], c)
	cl.all = append(cl.all, c)
	return c
}

func (cl *classer) keyOf(kind, ns, name string, t *world.PodTemplate, set map[string]string, ports []Port) string {
	b := append(cl.key[:0], ownerKey(kind, ns, name)...)
	if t.Spec.HostNetwork {
		b = append(b, 1)
	}
	keys := make([]string, 0, 8)
	for k := range set {
		if cl.relevant[k] {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		b = append(append(append(append(b, 0), k...), '='), set[k]...)
	}
	for _, p := range ports {
		b = append(append(append(b, 0), p.Name...), p.Protocol...)
		b = strconv.AppendInt(b, int64(p.Number), 10)
	}
	cl.key = b
	return string(b)
}

// finish orders the classes and gives them names.
func (cl *classer) finish() {
	slices.SortStableFunc(cl.all, func(a, b *Class) int {
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.owner, b.owner), strings.Compare(a.kind, b.kind))
	})
	type place struct{ ns, kind, name string }
	kinds, first, shared := map[place]int{}, map[place]string{}, map[place]bool{}
	for _, c := range cl.all {
		at := place{c.Namespace, "", c.owner}
		if first[at] == "" {
			first[at] = c.kind
		}
		shared[at] = shared[at] || first[at] != c.kind
	}
	for i, c := range cl.all {
		c.Index = i
		c.Name = c.owner
		if shared[place{c.Namespace, "", c.owner}] {
			c.Name = strings.ToLower(c.kind) + "/" + c.owner
		}
		at := place{c.Namespace, c.kind, c.owner}
		if kinds[at]++; kinds[at] > 1 {
			c.Name += "#" + strconv.Itoa(kinds[at])
		}
		if c.Namespace != "" {
			c.Name = c.Namespace + "/" + c.Name
		}
	}
}
