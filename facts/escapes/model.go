package escapes

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"

	"bulwark/control"
	"bulwark/facts/components"
	"bulwark/facts/identities"
	"bulwark/facts/imagejoin"
	"bulwark/facts/rbac"
	"bulwark/internal/dockerrules"
	"bulwark/internal/imageref"
	"bulwark/internal/tri"
	"bulwark/world"
)

const (
	kindNode      = "Node"
	kindVolume    = "PersistentVolume"
	kindClaim     = "PersistentVolumeClaim"
	kindClass     = "RuntimeClass.node.k8s.io"
	kindNamespace = "Namespace"
)

// Fact is what the snapshot tells about the places where containers run. What
// it does not tell is unknown, never an error.
var Fact = &control.Fact[*Model]{
	Name:     "escapes",
	Doc:      "ways from containers to their nodes, with what stands before each of them",
	Kinds:    []string{control.Pods, kindNode, kindVolume, kindClaim, kindClass, kindNamespace},
	Requires: []control.AnyFact{components.Fact, imagejoin.Fact, rbac.Seen, identities.Of},
	Partial:  true,
	Derive:   func(v *control.View) (*Model, error) { return derive(v), nil },
}

// Model answers for the containers of one snapshot. Many goroutines may ask it at once.
type Model struct {
	target     int
	nodes      map[string]*node
	sorted     []*node // by name
	places     map[string]*Node
	handlers   map[string]string        // by runtime class
	bound      map[[2]string]string     // volume by namespace and name of the claim
	volumes    map[string]*world.Object // by name
	namespaces map[string]*world.Object // by name
	unseen     error                    // why a namespace that was not seen may exist
	policy     *rbac.Policy             // nil when it could not be derived
	identities *identities.Identities   // nil when they could not be derived
	joins      *imagejoin.Joins         // nil when they could not be derived
	plain      tri.Value                // whether etcd keeps Secrets unencrypted
	exemptions bool                     // an API server has an admission file, which may exempt pods from Pod Security
	seen       memory
	toolkit    string // version of the NVIDIA toolkit, as far as all its pods agree
}

// node is a Node with what decides about the pods on it.
type node struct {
	Node
	labels map[string]string
	taints []corev1.Taint
}

func derive(v *control.View) *Model {
	m := &Model{
		target: v.Target(), nodes: map[string]*node{}, places: map[string]*Node{}, handlers: map[string]string{},
		bound: map[[2]string]string{}, volumes: map[string]*world.Object{}, namespaces: map[string]*world.Object{},
		unseen: v.Knows(kindNamespace, ""),
	}
	if joins, err := imagejoin.Fact.Of(v); err == nil {
		m.joins = joins
	}
	if policy, err := rbac.Seen.Of(v); err == nil {
		m.policy = policy
	}
	if ids, err := identities.Of.Of(v); err == nil {
		m.identities = ids
	}
	seccomp, cgroup := m.configured(v)
	m.readNodes(v, seccomp, cgroup)
	m.readVolumes(v)
	for o := range v.All(kindClass) {
		m.readClass(o)
	}
	for o := range v.All(kindNamespace) {
		m.namespaces[o.Name] = o
	}
	m.findToolkit(v)
	m.place(nil, nil)
	m.collectPlaces(v)
	return m
}

func (m *Model) readNodes(v *control.View, seccomp, cgroup tri.Value) {
	for o := range v.All(kindNode) {
		n, ok := o.Typed.(*corev1.Node)
		if !ok || m.nodes[n.Name] != nil {
			continue
		}
		own := &node{Node: *NodeOf(n), labels: n.Labels, taints: n.Spec.Taints}
		own.SeccompDefault, own.CgroupV1 = seccomp, cgroup
		own.known = findHoles(&own.Node)
		m.nodes[n.Name] = own
		m.sorted = append(m.sorted, own)
	}
	slices.SortFunc(m.sorted, func(a, b *node) int { return strings.Compare(a.Name, b.Name) })
}

func (m *Model) readVolumes(v *control.View) {
	for o := range v.All(kindVolume) {
		if m.volumes[o.Name] == nil {
			m.volumes[o.Name] = o
		}
		if pv, ok := o.Typed.(*corev1.PersistentVolume); ok && pv.Spec.ClaimRef != nil {
			m.bound[[2]string{pv.Spec.ClaimRef.Namespace, pv.Spec.ClaimRef.Name}] = o.Name
		}
	}
	for o := range v.All(kindClaim) {
		if c, ok := o.Typed.(*corev1.PersistentVolumeClaim); ok && c.Spec.VolumeName != "" {
			m.bound[[2]string{o.Namespace, o.Name}] = c.Spec.VolumeName
		}
	}
}

func (m *Model) readClass(o *world.Object) {
	if class, ok := o.Typed.(*nodev1.RuntimeClass); ok {
		m.handlers[o.Name] = class.Handler
		return
	}
	var class struct {
		Handler string `json:"handler"`
		Spec    struct {
			RuntimeHandler string `json:"runtimeHandler"`
		} `json:"spec"`
	}
	if err := o.Decode("", &class); err == nil {
		m.handlers[o.Name] = class.Handler + class.Spec.RuntimeHandler
	}
}

// configured reads from the configurations of kubelets and API servers what all of them say.
func (m *Model) configured(v *control.View) (seccomp, cgroup tri.Value) {
	inv, err := components.Fact.Of(v)
	if err != nil {
		return tri.Unknown, tri.Unknown
	}
	all := func(c components.Component, value func(*components.Process) tri.Value) tri.Value {
		out, first := tri.Unknown, true
		for _, p := range inv.All(c) {
			switch one := value(p); {
			case first:
				out, first = one, false
			case one != out:
				return tri.Unknown
			}
		}
		return out
	}
	seccomp = all(components.Kubelet, func(p *components.Process) tri.Value {
		return known(p.Get("seccomp-default"), func(s components.Setting) bool { return s.True(false) })
	})
	refused := all(components.Kubelet, func(p *components.Process) tri.Value {
		return known(p.Get("fail-cgroupv1"), func(s components.Setting) bool { return s.Set && s.True(true) })
	})
	if refused == tri.Yes {
		cgroup = tri.No
	}
	m.plain = all(components.APIServer, func(p *components.Process) tri.Value {
		return known(p.Get("encryption-provider-config"), func(s components.Setting) bool { return !s.Set })
	})
	for _, p := range inv.All(components.APIServer) {
		m.exemptions = m.exemptions || p.Get("admission-control-config-file").Set
	}
	return seccomp, cgroup
}

func known(s components.Setting, value func(components.Setting) bool) tri.Value {
	if s.Err != nil || s.Silent {
		return tri.Unknown
	}
	return tri.Of(value(s))
}

// findToolkit reads the version of the NVIDIA container toolkit from the image that installs it.
func (m *Model) findToolkit(v *control.View) {
	for o := range v.All(control.Pods) {
		for c := range o.Containers {
			if !strings.Contains(c.Image, "container-toolkit") {
				continue
			}
			ref, err := imageref.Parse(c.Image)
			if err != nil || !strings.HasSuffix(ref.Repository, "k8s/container-toolkit") {
				continue
			}
			if m.toolkit != "" && m.toolkit != ref.Tag {
				m.toolkit = ""
				return
			}
			m.toolkit = ref.Tag
		}
	}
}

// Of lists the escapes from a container of an object of the snapshot. The list
// must not be changed: equal containers share it.
func (m *Model) Of(o *world.Object, c world.Container) []Escape {
	return m.seen.of(o, c, m.Env(o, c.Pod))
}

// Env is what is known of the place where a pod of the object runs.
func (m *Model) Env(o *world.Object, t *world.PodTemplate) Env {
	env := Env{Node: m.nodeOf(t), Minor: m.target, Volume: m.volume, Plain: m.plain, Toolkit: m.toolkit, Logs: m.readsLogs(o, t)}
	if class := t.Spec.RuntimeClassName; class != nil {
		env.Handler = m.handlers[*class]
	}
	if m.joins != nil {
		env.ImageUser = m.imageUser
	}
	if env.Node == nil {
		env.Node = &noNode
	}
	if _, mirror := o.Meta.Annotations[corev1.MirrorPodAnnotationKey]; mirror && env.Node.ControlPlane == tri.Unknown && controlPlanePod(o) {
		n := *env.Node
		n.ControlPlane = tri.Yes
		env.Node = &n
	}
	return env
}

// controlPlanePod says whether a static pod is one of the control plane itself, by kubeadm's label.
func controlPlanePod(o *world.Object) bool { return o.Meta.Labels["tier"] == "control-plane" }

func (m *Model) volume(namespace, claim string) *world.Object {
	return m.volumes[m.bound[[2]string{namespace, claim}]]
}

func (m *Model) imageUser(c world.Container) (string, bool) {
	join, ok := m.joins.Of(c)
	if !ok || join.Stage == nil {
		return "", false
	}
	user := dockerrules.UserOf(join.Stage)
	return user.Name, user.Known
}
