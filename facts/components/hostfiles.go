package components

import (
	"slices"
	"strconv"

	"bulwark/internal/ytree"
	"bulwark/world"
)

// Role is what a file on a node is for.
type Role string

// Roles of files.
const (
	APIServerManifest         Role = "the API server's manifest"
	ControllerManagerManifest Role = "the controller manager's manifest"
	SchedulerManifest         Role = "the scheduler's manifest"
	EtcdManifest              Role = "etcd's manifest"
	NetworkConfig             Role = "the container network's configuration"
	EtcdData                  Role = "etcd's data directory"
	AdminKubeconfig           Role = "the administrator's kubeconfig"
	SchedulerKubeconfig       Role = "the scheduler's kubeconfig"
	ControllerKubeconfig      Role = "the controller manager's kubeconfig"
	PKI                       Role = "the cluster's PKI directory"
	PKICertificate            Role = "a certificate of the cluster"
	PKIKey                    Role = "a private key of the cluster"
	KubeletService            Role = "the kubelet's service unit"
	ProxyKubeconfig           Role = "kube-proxy's kubeconfig"
	KubeletKubeconfig         Role = "the kubelet's kubeconfig"
	ClientCA                  Role = "the kubelet's client certificate authority"
	KubeletConfigFile         Role = "the kubelet's configuration file"
)

// HostFile is one file of a node as an inventory lists it.
type HostFile struct {
	Role  Role
	Name  string // its path on the node; empty when the inventory does not say
	Mode  int    // permission bits; -1 when unknown
	Owner string // "user:group"; empty when unknown
	At    string // path in the object
}

// FileKinds are the kinds of objects that list files of a node.
var FileKinds = []string{KubeletInfo, ControlPlaneInfo, KubeProxyInfo, CNIInfo, NodeInfo}

// hostFiles returns the files that a node inventory lists.
func hostFiles(o *world.Object) []HostFile {
	if !slices.Contains(FileKinds, o.GroupKind()) {
		return nil
	}
	tree := o.Tree()
	if o.GroupKind() == NodeInfo {
		return nodeInfoFiles(tree)
	}
	var out []HostFile
	for _, f := range scannerFiles[o.GroupKind()] {
		n := tree.Lookup(f.path)
		if n == nil {
			continue
		}
		if n.Kind == ytree.Seq {
			for i := range n.Items {
				out = append(out, scannerFile(&n.Items[i], f.role, f.path+"["+strconv.Itoa(i)+"]"))
			}
			continue
		}
		out = append(out, scannerFile(n, f.role, f.path))
	}
	return out
}

type place struct {
	role Role
	path string
}

// scannerFiles says where Kubescape's host scanner lists files.
var scannerFiles = map[string][]place{
	ControlPlaneInfo: {
		{APIServerManifest, "data.APIServerInfo.specsFile"}, {ControllerManagerManifest, "data.controllerManagerInfo.specsFile"},
		{SchedulerManifest, "data.schedulerInfo.specsFile"}, {EtcdManifest, "data.etcdConfigFile"}, {EtcdData, "data.etcdDataDir"},
		{AdminKubeconfig, "data.adminConfigFile"}, {SchedulerKubeconfig, "data.schedulerInfo.configFile"},
		{ControllerKubeconfig, "data.controllerManagerInfo.configFile"}, {PKI, "data.PKIDir"}, {PKI, "data.PKIFiles"},
	},
	KubeletInfo: {
		{KubeletService, "data.serviceFiles"}, {KubeletKubeconfig, "data.kubeConfigFile"}, {ClientCA, "data.clientCAFile"},
		{KubeletConfigFile, "data.configFile"},
	},
	KubeProxyInfo: {{ProxyKubeconfig, "data.kubeConfigFile"}},
	CNIInfo:       {{NetworkConfig, "data.CNIConfigFiles"}},
}

// scannerFile reads one file of Kubescape's host scanner, whose permissions are a number with the bits.
func scannerFile(n *ytree.Node, role Role, at string) HostFile {
	f := HostFile{Role: role, Name: n.Text("path"), Mode: -1, At: at}
	if m := n.Get("permissions"); m != nil {
		if v, ok := m.Int(); ok && v >= 0 {
			f.Mode = int(v) & 0o7777
		}
	}
	if o := n.Get("ownership"); o != nil && o.Text("error") == "" {
		f.Owner = owner(o, "username", "uid") + ":" + owner(o, "groupname", "gid")
	}
	return f
}

// owner returns a name, or what the number says where the scanner found no name for it.
func owner(n *ytree.Node, name, id string) string {
	if text := n.Text(name); text != "" {
		return text
	}
	number := n.Get(id)
	switch {
	case number == nil:
		return "unknown"
	case number.Str == "0":
		return "root"
	}
	return number.Str
}

// nodeInfoFiles reads the files of Trivy's node collector: for each role one
// list of permissions, whose decimal digits are the octal ones, and one of owners.
func nodeInfoFiles(tree *ytree.Node) []HostFile {
	info := tree.Get("info")
	if info == nil {
		return nil
	}
	var out []HostFile
	for i := range info.Entries {
		e := &info.Entries[i]
		role, owner := nodeInfoFile(e.Key)
		values := e.Value.Get("values")
		if role == "" || values == nil {
			continue
		}
		for j := range values.Items {
			f := HostFile{Role: role, Mode: -1, At: "info." + e.Key + ".values[" + strconv.Itoa(j) + "]"}
			if owner {
				f.Owner = values.Items[j].Str
			} else if mode, err := strconv.ParseUint(values.Items[j].Str, 8, 12); err == nil {
				f.Mode = int(mode)
			}
			out = append(out, f)
		}
	}
	return out
}

// nodeInfoRoles maps the keys of Trivy's node collector, without their endings, to roles.
var nodeInfoRoles = map[string]Role{
	"kubeAPIServerSpecFile": APIServerManifest, "kubeControllerManagerSpecFile": ControllerManagerManifest,
	"kubeSchedulerSpecFile": SchedulerManifest, "kubeEtcdSpecFile": EtcdManifest, "containerNetworkInterfaceFile": NetworkConfig,
	"etcdDataDirectory": EtcdData, "adminConfFile": AdminKubeconfig, "schedulerConfFile": SchedulerKubeconfig,
	"controllerManagerConfFile": ControllerKubeconfig, "kubePKIDirectoryFile": PKI, "kubernetesPKICertificateFile": PKICertificate,
	"kubePKIKeyFile": PKIKey, "kubeletServiceFile": KubeletService, "kubeconfigFileExists": ProxyKubeconfig,
	"kubeletConfFile": KubeletKubeconfig, "certificateAuthoritiesFile": ClientCA, "kubeletConfigYamlConfigurationFile": KubeletConfigFile,
}

func nodeInfoFile(key string) (role Role, owner bool) {
	for _, end := range []string{"Permissions", "Permission"} {
		if n := len(key) - len(end); n > 0 && key[n:] == end {
			return nodeInfoRoles[key[:n]], false
		}
	}
	const end = "Ownership"
	if n := len(key) - len(end); n > 0 && key[n:] == end {
		return nodeInfoRoles[key[:n]], true
	}
	return "", false
}
