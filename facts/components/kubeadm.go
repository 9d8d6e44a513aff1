package components

import (
	"strconv"

	"bulwark/control"
	"bulwark/internal/ytree"
	"bulwark/world"
)

// kubeadmFlags are what kubeadm itself puts on the command lines that it
// writes, as far as controls ask for it (cmd/kubeadm/app/phases/controlplane
// and etcd, v1.37). Paths are of the default certificatesDir.
var kubeadmFlags = map[Component][]string{
	APIServer: {
		"--enable-admission-plugins=NodeRestriction", "--authorization-mode=Node,RBAC", "--secure-port=6443",
		"--service-account-key-file=/etc/kubernetes/pki/sa.pub", "--client-ca-file=/etc/kubernetes/pki/ca.crt",
		"--tls-cert-file=/etc/kubernetes/pki/apiserver.crt", "--tls-private-key-file=/etc/kubernetes/pki/apiserver.key",
		"--kubelet-client-certificate=/etc/kubernetes/pki/apiserver-kubelet-client.crt",
		"--kubelet-client-key=/etc/kubernetes/pki/apiserver-kubelet-client.key",
	},
	ControllerManager: {
		"--bind-address=127.0.0.1", "--use-service-account-credentials=true", "--root-ca-file=/etc/kubernetes/pki/ca.crt",
		"--service-account-private-key-file=/etc/kubernetes/pki/sa.key",
	},
	Scheduler: {"--bind-address=127.0.0.1"},
	Etcd: {
		"--cert-file=/etc/kubernetes/pki/etcd/server.crt", "--key-file=/etc/kubernetes/pki/etcd/server.key", "--client-cert-auth=true",
		"--trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt", "--peer-cert-file=/etc/kubernetes/pki/etcd/peer.crt",
		"--peer-key-file=/etc/kubernetes/pki/etcd/peer.key", "--peer-client-cert-auth=true",
		"--peer-trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt",
	},
}

// kubeadmEtcdFlags are what kubeadm gives an API server for the etcd that it runs itself.
var kubeadmEtcdFlags = []string{
	"--etcd-servers=https://127.0.0.1:2379", "--etcd-cafile=/etc/kubernetes/pki/etcd/ca.crt",
	"--etcd-certfile=/etc/kubernetes/pki/apiserver-etcd-client.crt", "--etcd-keyfile=/etc/kubernetes/pki/apiserver-etcd-client.key",
}

// clusterProcesses returns the components that kubeadm would run with a ClusterConfiguration.
func clusterProcesses(d *Document) []*Process {
	out := []*Process{
		kubeadmProcess(d, APIServer, "apiServer.extraArgs"),
		kubeadmProcess(d, ControllerManager, "controllerManager.extraArgs"),
		kubeadmProcess(d, Scheduler, "scheduler.extraArgs"),
	}
	external := d.Tree.Lookup("etcd.external")
	if external == nil {
		return append(out, kubeadmProcess(d, Etcd, "etcd.local.extraArgs"))
	}
	server := out[0]
	for _, f := range []struct{ field, flag string }{{"caFile", "etcd-cafile"}, {"certFile", "etcd-certfile"}, {"keyFile", "etcd-keyfile"}} {
		if v := external.Text(f.field); v != "" {
			at := word{path: d.At("etcd.external." + f.field)}
			server.args = append([]arg{{name: f.flag, value: v, flag: at, at: at}}, server.args...)
		}
	}
	if endpoints := external.Get("endpoints"); endpoints != nil {
		for i := range endpoints.Items {
			at := word{path: d.At("etcd.external.endpoints[" + strconv.Itoa(i) + "]")}
			server.args = append(server.args, arg{name: "etcd-servers", value: endpoints.Items[i].Str, flag: at, at: at})
		}
	}
	return out
}

// nodeProcess returns the kubelet that kubeadm would start; its file is the cluster's KubeletConfiguration.
func nodeProcess(d *Document) *Process {
	const path = "nodeRegistration.kubeletExtraArgs"
	if d.Tree.Lookup(path) == nil {
		return nil
	}
	p := kubeadmProcess(d, Kubelet, path)
	p.file = &file{name: "/var/lib/kubelet/config.yaml"}
	return p
}

// kubeadmProcess puts a document's extraArgs behind kubeadm's own.
func kubeadmProcess(d *Document, c Component, path string) *Process {
	p := &Process{Component: c, Name: "the " + c.Title() + " of kubeadm", At: d.At(path), args: []arg{}}
	base := kubeadmFlags[c]
	if c == APIServer && d.Tree.Lookup("etcd.external") == nil {
		base = append(base[:len(base):len(base)], kubeadmEtcdFlags...)
	}
	var ws []word
	for _, text := range base {
		ws = append(ws, word{text: text, path: p.At})
	}
	own := parse(c, ws)
	extra, rel := extraArgs(d.Tree.Lookup(path), path)
	for i := range extra {
		at := word{path: d.At(rel[i])}
		extra[i].flag, extra[i].at = at, at
	}
	for _, a := range own { // kubeadm drops its own flag where the user gives it
		if !contains(extra, a.name) {
			p.args = append(p.args, a)
		}
	}
	p.args = append(p.args, extra...)
	p.file = p.namedFile()
	if !d.Embedded {
		p.editor = kubeadmEditor{path: path, list: d.Version != "v1beta3" && d.Version != "v1beta2", node: d.Tree.Lookup(path)}
	}
	return p
}

func contains(args []arg, name string) bool {
	for i := range args {
		if args[i].name == name {
			return true
		}
	}
	return false
}

// extraArgs reads both forms: a map (up to v1beta3) and a list of names and values.
func extraArgs(n *ytree.Node, path string) (args []arg, at []string) {
	if n == nil {
		return nil, nil
	}
	for i := range n.Entries {
		e := &n.Entries[i]
		args, at = append(args, arg{name: e.Key, value: e.Value.Str}), append(at, path+"["+e.Key+"]")
	}
	for i := range n.Items {
		value := n.Items[i].Get("value")
		if value == nil {
			value = &ytree.Node{}
		}
		args = append(args, arg{name: n.Items[i].Text("name"), value: value.Str})
		at = append(at, path+"["+strconv.Itoa(i)+"].value")
	}
	return args, at
}

// kubeadmEditor changes extraArgs.
type kubeadmEditor struct {
	path string
	list bool
	node *ytree.Node
}

func (e kubeadmEditor) set(p *Process, flag, value string) []control.Edit {
	if !e.list || e.node != nil && e.node.Kind == ytree.Map {
		return []control.Edit{{Path: e.path + "[" + flag + "]", Op: control.Set, Value: value}}
	}
	for i := e.length() - 1; i >= 0; i-- {
		if e.node.Items[i].Text("name") == flag {
			return []control.Edit{{Path: world.JoinPath(e.path, "["+strconv.Itoa(i)+"].value"), Op: control.Set, Value: value}}
		}
	}
	return []control.Edit{{Path: e.path, Op: control.Append, Value: map[string]any{"name": flag, "value": value}}}
}

func (e kubeadmEditor) length() int {
	if e.node == nil {
		return 0
	}
	return len(e.node.Items)
}

func (e kubeadmEditor) remove(p *Process, flag string) []control.Edit {
	if e.node == nil {
		return nil
	}
	if e.node.Kind == ytree.Map {
		return []control.Edit{{Path: e.path + "[" + flag + "]", Op: control.Remove}}
	}
	var edits []control.Edit
	for i := range e.node.Items {
		if e.node.Items[i].Text("name") == flag {
			edits = append(edits, control.Edit{Path: e.path + "[" + strconv.Itoa(i) + "]", Op: control.Remove})
		}
	}
	return edits
}
