package escapes

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/version"

	"bulwark/internal/tri"
	"bulwark/world"
)

// Env is what is known of the place where a container runs. Everything may be
// missing, and is then unknown.
type Env struct {
	Node    *Node  // the node, or what all nodes have in common on which the pod may run
	Minor   int    // minor version of Kubernetes 1 that is judged for, where the node's is not known
	Handler string // handler of the pod's RuntimeClass; "" when the class is not known

	// Volume returns the PersistentVolume behind a claim of a namespace, nil when it is not known.
	Volume func(namespace, claim string) *world.Object
	// ImageUser returns the USER of a container's image, where that is known.
	ImageUser func(world.Container) (user string, ok bool)

	Logs    tri.Value // whether an attacker in the container may read pods/log or nodes/log
	Plain   tri.Value // whether etcd keeps Secrets unencrypted
	Toolkit string    // version of the NVIDIA container toolkit, "" when unknown
}

// Node is what is known of a node, or of several that agree in it.
type Node struct {
	Name    string
	OS      string // "linux" or "windows"; "" when unknown
	Kernel  string // as uname -r prints it
	Runtime string // name and version, as in "containerd://2.1.4"
	Kubelet string // such as "v1.35.1"
	Runc    string // version of runc; no object of the API tells it

	ControlPlane   tri.Value
	AppArmor       tri.Value // the kernel enforces AppArmor profiles
	SELinux        tri.Value // SELinux is enforcing
	CgroupV1       tri.Value // a hierarchy of version 1 is mounted
	SeccompDefault tri.Value // the kubelet gives containers the runtime's profile by default
	Lockdown       tri.Value // the kernel is locked down, or wants its modules signed

	known *holes // once looked for
}

// noNode is a node of which nothing is known.
var noNode = Node{known: findHoles(new(Node))}

func (n *Node) holes() *holes {
	if n.known == nil {
		return findHoles(n)
	}
	return n.known
}

func (e *Env) node() *Node {
	if e.Node == nil {
		return &noNode
	}
	return e.Node
}

// minor is the minor version of the kubelet, or of Kubernetes where no kubelet is known.
func (e *Env) minor() int {
	if v := parse(e.node().Kubelet); v != nil {
		return int(v.Minor())
	}
	return e.Minor
}

// runtimeName returns "containerd", "cri-o", "docker", or "" for an unknown runtime.
func (n *Node) runtimeName() string {
	name, _, _ := strings.Cut(n.Runtime, "://")
	switch name {
	case "containerd", "cri-o", "docker":
		return name
	}
	return ""
}

// runtimeVersion returns the version of the runtime if it is the one named, else nil.
func (n *Node) runtimeVersion(name string) *version.Version {
	_, text, _ := strings.Cut(n.Runtime, "://")
	if n.runtimeName() != name {
		return nil
	}
	return parse(text)
}

func parse(text string) *version.Version {
	v, err := version.ParseGeneric(text)
	if err != nil {
		return nil
	}
	return v
}

// Operating systems by what their vendors switch on. Where SELinux is off or
// permissive by default it takes a decision to change that.
var (
	seLinuxOff   = []string{"Ubuntu", "Debian", "Container-Optimized OS", "Alpine", "Flatcar", "Talos", "Amazon Linux", "SUSE Linux Enterprise Server 15", "openSUSE Leap"}
	seLinuxOn    = []string{"Bottlerocket", "Red Hat Enterprise Linux CoreOS"}
	appArmorNone = []string{"Red Hat", "CentOS", "Rocky", "AlmaLinux", "Oracle Linux", "Fedora", "Amazon Linux", "Bottlerocket", "Flatcar"}
)

const nfdSELinux = "feature.node.kubernetes.io/kernel-selinux.enabled"

// NodeOf reads what a Node object tells.
func NodeOf(n *corev1.Node) *Node {
	info := n.Status.NodeInfo
	out := &Node{
		Name: n.Name, OS: info.OperatingSystem, Kernel: info.KernelVersion, Runtime: info.ContainerRuntimeVersion, Kubelet: info.KubeletVersion,
		ControlPlane: tri.Of(isControlPlane(n)),
	}
	image := info.OSImage
	switch {
	case n.Labels[nfdSELinux] == "true" || starts(image, seLinuxOn):
		out.SELinux = tri.Yes
	case n.Labels[nfdSELinux] == "false" || starts(image, seLinuxOff):
		out.SELinux = tri.No
	}
	if starts(image, appArmorNone) {
		out.AppArmor = tri.No
	}
	for _, c := range n.Status.Conditions {
		// Kubelets before 1.31 tell so in the message of their readiness.
		if c.Type == corev1.NodeReady && strings.Contains(c.Message, "AppArmor enabled") {
			out.AppArmor = tri.Yes
		}
	}
	return out
}

func starts(text string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(text, p) {
			return true
		}
	}
	return false
}

func isControlPlane(n *corev1.Node) bool {
	for _, label := range []string{"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"} {
		if _, ok := n.Labels[label]; ok {
			return true
		}
	}
	return false
}

// common keeps what two nodes agree in.
func common(a, b *Node) *Node {
	text := func(a, b string) string {
		if a == b {
			return a
		}
		return ""
	}
	value := func(a, b tri.Value) tri.Value {
		if a == b {
			return a
		}
		return tri.Unknown
	}
	return &Node{
		Name: text(a.Name, b.Name), OS: text(a.OS, b.OS), Kernel: text(a.Kernel, b.Kernel), Runtime: text(a.Runtime, b.Runtime),
		Kubelet: text(a.Kubelet, b.Kubelet), Runc: text(a.Runc, b.Runc),
		ControlPlane: value(a.ControlPlane, b.ControlPlane), AppArmor: value(a.AppArmor, b.AppArmor), SELinux: value(a.SELinux, b.SELinux),
		CgroupV1: value(a.CgroupV1, b.CgroupV1), SeccompDefault: value(a.SeccompDefault, b.SeccompDefault), Lockdown: value(a.Lockdown, b.Lockdown),
	}
}
