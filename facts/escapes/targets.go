package escapes

// access is how a file of the node serves an attacker.
type access uint8

const (
	read    access = iota // reading it is enough
	write                 // it must be written
	connect               // it is a socket: a read-only mount does not protect it
)

// target is a place on the node that a container must not reach.
type target struct {
	id    string
	title string
	how   access
	paths []string // cleaned, with the aliases of alias resolved; a directory stands for what lies in it
	what  []Gain

	plane    bool   // only control-plane nodes have it
	deep     bool   // a part of what lies in one of the paths is as good as the whole
	doubt    string // why it is not certain to serve, "" when it is
	encrypts bool   // encryption at rest makes it useless
	logs     bool   // the API must show logs to the attacker
	cgroupV1 bool   // it serves only under cgroup version 1

	technique string // default: escape to host
}

const (
	masters     = "system:masters"
	kubeadmings = "kubeadm:cluster-admins"
)

// targets are in the order of their ids.
var targets = []target{
	{id: "E7", title: "open the node's devices through lxcfs", how: write, paths: []string{"/var/lib/lxcfs"}, what: gives(NodeRoot), cgroupV1: true, deep: true},

	{id: "E10", title: "set a program that the kernel runs, through core_pattern", how: write, what: gives(NodeRoot),
		paths: []string{"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/fs/binfmt_misc/register"}},

	{id: "E11", title: "set a program that the kernel runs, through uevent_helper", how: write, what: gives(NodeRoot),
		paths: []string{"/sys/kernel/uevent_helper"}, doubt: "few kernels are still built with uevent_helper"},
	{id: "E11", title: "set a release_agent in the node's cgroups", how: write, what: gives(NodeRoot), paths: []string{"/sys/fs/cgroup"}, cgroupV1: true, deep: true},
	{id: "E11", title: "change boot settings, kernel debugging or eBPF objects", how: write, what: gives(NodeRoot),
		paths: []string{"/sys/firmware/efi/efivars", "/sys/kernel/debug", "/sys/kernel/tracing", "/sys/fs/bpf"}, deep: true,
		doubt: "what they offer depends on the kernel and on what runs on the node"},

	{id: "E15", title: "start a privileged container through the runtime's socket", how: connect, what: gives(NodeRoot), paths: []string{
		"/run/docker.sock", "/run/docker/containerd/containerd.sock", "/run/containerd/containerd.sock", "/run/containerd/containerd.sock.ttrpc", "/run/k3s/containerd/containerd.sock",
		"/run/k0s/containerd.sock", "/run/dockershim.sock", "/run/cri-dockerd.sock", "/run/crio/crio.sock", "/run/podman/podman.sock",
		"/run/buildkit/buildkitd.sock", "/run/nri/nri.sock", "/var/snap/microk8s/common/run/containerd.sock", "/run/frakti.sock",
	}},

	{id: "E16", title: "take the kubelet's credentials", how: read, technique: credentialsInFiles, what: gives(NodeIdentity), paths: []string{
		"/var/lib/kubelet/pki", "/var/lib/rancher/k3s/agent/client-kubelet.key", "/var/lib/rancher/rke2/agent/client-kubelet.key",
		"/var/snap/microk8s/current/credentials/kubelet.config",
	}, deep: true},
	{id: "E16", title: "take the tokens and Secrets of the node's pods", how: read, technique: credentialsInFiles, what: gives(PodFiles),
		paths: []string{"/var/lib/kubelet/pods"}},
	{id: "E16", title: "change how the kubelet runs", how: write, what: gives(NodeRoot),
		paths: []string{"/var/lib/kubelet/config.yaml", "/var/lib/kubelet/kubeadm-flags.env", "/var/lib/kubelet/volume-plugins", "/var/lib/kubelet/plugins"}, deep: true},
	{id: "E16", title: "register with the kubelet as a plugin", how: connect, what: gives(NodeRoot),
		paths: []string{"/var/lib/kubelet/device-plugins", "/var/lib/kubelet/plugins_registry"}, deep: true, doubt: "it serves only where a pod uses what the plugin offers"},

	{id: "E17", title: "take the administrator's credentials", how: read, technique: credentialsInFiles, plane: true,
		paths: []string{"/etc/kubernetes/super-admin.conf", "/etc/rancher/k3s/k3s.yaml", "/etc/rancher/rke2/rke2.yaml", "/var/lib/rancher/k3s/server/cred", "/var/lib/k0s/pki/admin.conf"},
		what:  []Gain{{Identity, "kubernetes-super-admin", []string{masters}}}},
	{id: "E17", title: "take the credentials of admin.conf", how: read, technique: credentialsInFiles, plane: true, paths: []string{"/etc/kubernetes/admin.conf"},
		what: []Gain{{Identity, "kubernetes-admin", []string{kubeadmings}}}},
	{id: "E17", title: "take the credentials of the controller manager", how: read, technique: credentialsInFiles, plane: true, paths: []string{"/etc/kubernetes/controller-manager.conf"},
		what: []Gain{{Identity, "system:kube-controller-manager", nil}}},
	{id: "E17", title: "take the credentials of the scheduler", how: read, technique: credentialsInFiles, plane: true, paths: []string{"/etc/kubernetes/scheduler.conf"},
		what: []Gain{{Identity, "system:kube-scheduler", nil}}},
	{id: "E17", title: "take the key of the cluster's certificate authority", how: read, technique: privateKeys, plane: true, what: gives(AnyIdentity), paths: []string{
		"/etc/kubernetes/pki/ca.key", "/etc/kubernetes/pki/front-proxy-ca.key", "/var/lib/rancher/k3s/server/tls/client-ca.key", "/var/lib/rancher/rke2/server/tls/client-ca.key", "/var/lib/k0s/pki/ca.key"}},
	{id: "E17", title: "take the key that signs service account tokens", how: read, technique: privateKeys, plane: true, what: gives(AnyAccount), paths: []string{
		"/etc/kubernetes/pki/sa.key", "/var/lib/rancher/k3s/server/tls/service.key", "/var/lib/rancher/rke2/server/tls/service.key", "/var/lib/k0s/pki/sa.key"}},
	{id: "E17", title: "take the API server's client certificate for kubelets", how: read, technique: privateKeys, plane: true,
		paths: []string{"/etc/kubernetes/pki/apiserver-kubelet-client.key"}, what: []Gain{{Identity, "kube-apiserver-kubelet-client", []string{kubeadmings}}}},
	{id: "E17", title: "take a client certificate for etcd", how: read, technique: privateKeys, plane: true, what: gives(ClusterWrite),
		paths: []string{"/etc/kubernetes/pki/etcd", "/etc/kubernetes/pki/apiserver-etcd-client.key", "/var/lib/rancher/k3s/server/tls/etcd", "/var/lib/rancher/rke2/server/tls/etcd", "/etc/etcd/pki"},
		deep:  true, doubt: "it takes a way to etcd's port"},
	{id: "E17", title: "have the kubelet start a static pod", how: write, what: gives(NodeRoot), deep: true,
		paths: []string{"/etc/kubernetes/manifests", "/var/lib/rancher/k3s/agent/pod-manifests", "/var/lib/rancher/rke2/agent/pod-manifests", "/etc/kubelet.d"}},

	{id: "E18", title: "read the cluster's data from etcd's files", how: read, technique: credentialsInFiles, plane: true, what: gives(ClusterData), encrypts: true, deep: true,
		paths: []string{"/var/lib/etcd", "/var/lib/rancher/k3s/server/db", "/var/lib/rancher/rke2/server/db", "/var/lib/k0s/etcd", "/var/snap/microk8s/current/var/kubernetes/backend"}},

	{id: "E19", title: "read files of the node through links in its log directory", how: write, what: gives(HostFiles, NodeIdentity, PodFiles), paths: []string{"/var/log"}, logs: true, deep: true},

	{id: "E20", title: "have systemd run a command through its sockets", how: connect, what: gives(NodeRoot), paths: []string{"/run/systemd/private", "/run/dbus/system_bus_socket"}},
	{id: "E20", title: "change files of the node that run as root", how: write, what: gives(NodeRoot), paths: []string{
		"/root", "/root/.ssh", "/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily", "/etc/crontab", "/etc/systemd", "/etc/udev", "/etc/profile.d", "/etc/ld.so.preload", "/etc/passwd", "/etc/shadow",
		"/etc/sudoers", "/etc/sudoers.d", "/etc/ssh", "/etc/pam.d", "/etc/init.d", "/etc/containerd", "/etc/crio", "/etc/docker", "/etc/modprobe.d", "/etc/cni/net.d", "/opt/cni/bin",
		"/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib/modules", "/usr/lib/systemd", "/usr/local/bin", "/usr/local/sbin", "/usr/libexec", "/boot", "/var/spool/cron",
		"/var/lib/containerd", "/var/lib/containers", "/var/lib/crio", "/var/lib/docker", "/run/systemd/system", "/run/udev",
	}},
	{id: "E20", title: "change settings and home directories of the node", how: write, what: gives(NodeRoot), deep: true, paths: []string{"/etc", "/home", "/usr", "/opt", "/var/lib"},
		doubt: "whether root runs or trusts what lies there is not known"},
	{id: "E20", title: "read credentials that lie on the node", how: read, what: gives(HostFiles), technique: credentialsInFiles,
		paths: []string{"/root", "/root/.ssh", "/etc/shadow", "/etc/ssh", "/var/lib/cloud", "/var/lib/containerd", "/var/lib/containers", "/var/lib/docker", "/etc/kubernetes"}},
	{id: "E20", title: "read home directories of the node", how: read, what: gives(HostFiles), technique: credentialsInFiles, deep: true, paths: []string{"/home"},
		doubt: "whether credentials lie there is not known"},
}

// public are places inside of targets that hold nothing worth having.
var public = []string{
	"/etc/localtime", "/etc/timezone", "/etc/ssl/certs", "/etc/ca-certificates", "/etc/pki/ca-trust", "/etc/pki/tls/certs", "/etc/hosts", "/etc/resolv.conf",
	"/etc/os-release", "/etc/machine-id", "/usr/share/zoneinfo", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates", "/usr/lib/os-release", "/usr/src",
}

// aliases are links that every node has: both ways of writing lead to one place.
var aliases = [][2]string{{"/var/run", "/run"}, {"/var/lock", "/run/lock"}, {"/bin", "/usr/bin"}, {"/sbin", "/usr/sbin"}, {"/lib", "/usr/lib"}, {"/lib64", "/usr/lib64"}}

// apart are file systems of their own on every node: a read-only mount of a
// directory above them leaves them writable unless it is recursive.
var apart = []string{"/proc", "/sys", "/run", "/dev"}
