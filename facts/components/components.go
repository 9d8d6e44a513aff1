// Package components derives how the programs of Kubernetes itself are
// configured: API server, controller manager, scheduler, etcd, kubelet and
// kube-proxy, wherever the input shows it. Sources are pod specs whose
// containers run them, their configuration files (also inside the ConfigMaps
// that kubeadm keeps), kubeadm's own configuration, and the node inventories
// of Kubescape's host scanner and of Trivy's node collector.
//
// What counts is the effective value: of a flag given twice the last one, list
// flags accumulate, a configuration file overrides or is overridden as the
// program does it, and an absent setting has the program's default.
package components

import (
	"iter"
	"slices"

	"bulwark/control"
	"bulwark/world"
)

// Component is the file name of a program.
type Component string

// The programs that are looked at.
const (
	APIServer         Component = "kube-apiserver"
	ControllerManager Component = "kube-controller-manager"
	Scheduler         Component = "kube-scheduler"
	Etcd              Component = "etcd"
	Kubelet           Component = "kubelet"
	Proxy             Component = "kube-proxy"
)

// Title is how messages call the program.
func (c Component) Title() string {
	return map[Component]string{APIServer: "API server", ControllerManager: "controller manager", Scheduler: "scheduler",
		Etcd: "etcd", Kubelet: "kubelet", Proxy: "kube-proxy"}[c]
}

// Kinds of objects that say something about components, besides pods.
const (
	KubeletConfig       = "KubeletConfiguration.kubelet.config.k8s.io"
	SchedulerConfig     = "KubeSchedulerConfiguration.kubescheduler.config.k8s.io"
	ProxyConfig         = "KubeProxyConfiguration.kubeproxy.config.k8s.io"
	ClusterConfig       = "ClusterConfiguration.kubeadm.k8s.io"
	InitConfig          = "InitConfiguration.kubeadm.k8s.io"
	JoinConfig          = "JoinConfiguration.kubeadm.k8s.io"
	EncryptionConfig    = "EncryptionConfiguration.apiserver.config.k8s.io"
	AuditPolicy         = "Policy.audit.k8s.io"
	KubeletInfo         = "KubeletInfo.hostdata.kubescape.cloud"
	ControlPlaneInfo    = "ControlPlaneInfo.hostdata.kubescape.cloud"
	KubeProxyInfo       = "KubeProxyInfo.hostdata.kubescape.cloud"
	CNIInfo             = "CNIInfo.hostdata.kubescape.cloud"
	NodeInfo            = "NodeInfo"
	ConfigMap           = "ConfigMap"
	admissionGroup      = "apiserver.config.k8s.io"
	legacyServerGroup   = "apiserver.k8s.io"
	AdmissionConfig     = "AdmissionConfiguration." + admissionGroup
	AuthenticationConf  = "AuthenticationConfiguration." + admissionGroup
	AuthorizationConfig = "AuthorizationConfiguration." + admissionGroup
	LegacyAdmission     = "AdmissionConfiguration." + legacyServerGroup
)

// Inventory is what is known of every object that shows a component. It is immutable.
type Inventory struct {
	order     []*world.Object // those with processes, as they were read
	processes map[*world.Object][]*Process
	documents map[*world.Object][]*Document
	files     map[*world.Object][]HostFile
}

// Processes returns the component configurations that the object shows.
func (i *Inventory) Processes(o *world.Object) []*Process { return i.processes[o] }

// Documents returns the configuration documents that the object is or holds.
func (i *Inventory) Documents(o *world.Object) []*Document { return i.documents[o] }

// Files returns the files of a node that the object lists.
func (i *Inventory) Files(o *world.Object) []HostFile { return i.files[o] }

// All yields every configuration of one component with the object that shows it, always in the same order.
func (i *Inventory) All(c Component) iter.Seq2[*world.Object, *Process] {
	return func(yield func(*world.Object, *Process) bool) {
		for _, o := range i.order {
			for _, p := range i.processes[o] {
				if p.Component == c && !yield(o, p) {
					return
				}
			}
		}
	}
}

// ProcessKinds returns the kinds of objects that can show the configuration of a component.
func ProcessKinds(c Component) []string {
	switch c {
	case Kubelet:
		return []string{control.Pods, KubeletConfig, InitConfig, JoinConfig, KubeletInfo, NodeInfo, ConfigMap}
	case Proxy:
		return []string{control.Pods, ProxyConfig, ConfigMap}
	case Scheduler:
		return []string{control.Pods, SchedulerConfig, ClusterConfig, ControlPlaneInfo, ConfigMap}
	}
	return []string{control.Pods, ClusterConfig, ControlPlaneInfo, ConfigMap}
}

// documentKinds are the kinds of objects, besides pods, that are or hold configuration.
var documentKinds = []string{
	KubeletConfig, SchedulerConfig, ProxyConfig, ClusterConfig, InitConfig, JoinConfig, EncryptionConfig, AuditPolicy,
	AdmissionConfig, AuthenticationConf, AuthorizationConfig, LegacyAdmission, KubeletInfo, ControlPlaneInfo, NodeInfo, ConfigMap,
	KubeProxyInfo, CNIInfo,
}

// Fact is the inventory of the snapshot.
var Fact = &control.Fact[*Inventory]{
	Name:  "components",
	Doc:   "How API server, controller manager, scheduler, etcd, kubelet and kube-proxy are configured, from pods, files and node inventories.",
	Kinds: append([]string{control.Pods}, documentKinds...),
	Derive: func(v *control.View) (*Inventory, error) {
		inv := &Inventory{
			processes: map[*world.Object][]*Process{}, documents: map[*world.Object][]*Document{}, files: map[*world.Object][]HostFile{},
		}
		for o := range v.All(control.Pods) {
			inv.add(o, podProcesses(o))
		}
		for _, kind := range documentKinds {
			for o := range v.All(kind) {
				docs := documents(o)
				if len(docs) > 0 {
					inv.documents[o] = docs
				}
				inv.add(o, slices.Concat(documentProcesses(docs), inventoryProcesses(o)))
				if files := hostFiles(o); len(files) > 0 {
					inv.files[o] = files
				}
			}
		}
		return inv, nil
	},
}

func (i *Inventory) add(o *world.Object, ps []*Process) {
	if len(ps) > 0 {
		i.order = append(i.order, o)
		i.processes[o] = append(i.processes[o], ps...)
	}
}
