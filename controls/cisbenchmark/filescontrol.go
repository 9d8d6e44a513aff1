package cisbenchmark

import (
	"bulwark/control"
	"bulwark/facts/components"
)

const rootRoot = "root:root"

// pair makes the rule on the mode and the rule on the owner of one file.
type pair struct {
	ids    [2]string
	roles  []components.Role
	name   string // of the file, in titles
	mode   int
	owners []string
	sev    control.Severity
	cis    [2]string
	scape  [2]string // Kubescape's controls
	rules  [2]string // regolibrary's rules
	trivy  [2]string
	why    string
	file   string // as kubeadm names it
}

func (p pair) expand() []fileRule {
	if p.owners == nil {
		p.owners = []string{rootRoot}
	}
	refs := func(i int) []string {
		return []string{"kubescape " + p.scape[i], "regolibrary " + p.rules[i], "trivy " + p.trivy[i], "CIS 1.12 " + p.cis[i]}
	}
	return []fileRule{
		{
			id: p.ids[0], title: "Mode of " + p.name + " is too open", severity: p.sev, refs: refs(0), roles: p.roles, mode: p.mode,
			why: p.why, good: "chmod " + octal(p.mode) + " " + p.file,
		},
		{
			id: p.ids[1], title: "Owner of " + p.name + " is not root", severity: p.sev, refs: refs(1), roles: p.roles, mode: -1, owners: p.owners,
			why: p.why, good: "chown " + p.owners[0] + " " + p.file,
		},
	}
}

func octal(mode int) string {
	return string([]byte{'0' + byte(mode>>6&7), '0' + byte(mode>>3&7), '0' + byte(mode&7)})
}

func expand(pairs ...pair) []fileRule {
	var out []fileRule
	for _, p := range pairs {
		out = append(out, p.expand()...)
	}
	return out
}

// manifest is a pair about a static pod's manifest.
func manifest(modeID, ownerID string, role components.Role, program, cisMode, cisOwner, scapeMode, scapeOwner, trivyMode, trivyOwner, rule string) pair {
	return pair{
		ids: [2]string{modeID, ownerID}, roles: []components.Role{role}, name: string(role), mode: 0o600, sev: control.High,
		cis: [2]string{cisMode, cisOwner}, scape: [2]string{scapeMode, scapeOwner}, trivy: [2]string{trivyMode, trivyOwner},
		rules: [2]string{
			"ensure-that-the-" + rule + "-pod-specification-file-permissions-are-set-to-600-or-more-restrictive",
			"ensure-that-the-" + rule + "-pod-specification-file-ownership-is-set-to-root-root",
		},
		why: `The kubelet runs whatever stands in the static pod directory, as it stands there, with no admission. Whoever can write
` + string(role) + ` runs a privileged pod on the control plane; whoever can read it learns its flags and the paths
of its keys.`,
		file: "/etc/kubernetes/manifests/" + program + ".yaml",
	}
}

func manifestFiles() []fileRule {
	return expand(
		manifest("BW0230", "BW0231", components.APIServerManifest, "kube-apiserver", "1.1.1", "1.1.2", "C-0092", "C-0093", "KCV-0048", "KCV-0049", "API-server"),
		manifest("BW0232", "BW0233", components.ControllerManagerManifest, "kube-controller-manager", "1.1.3", "1.1.4", "C-0094", "C-0095", "KCV-0050", "KCV-0051", "controller-manager"),
		manifest("BW0234", "BW0235", components.SchedulerManifest, "kube-scheduler", "1.1.5", "1.1.6", "C-0096", "C-0097", "KCV-0052", "KCV-0053", "scheduler"),
		manifest("BW0236", "BW0237", components.EtcdManifest, "etcd", "1.1.7", "1.1.8", "C-0098", "C-0099", "KCV-0054", "KCV-0055", "etcd"),
		pair{
			ids: [2]string{"BW0238", "BW0239"}, roles: []components.Role{components.NetworkConfig}, name: string(components.NetworkConfig),
			mode: 0o600, sev: control.Medium, cis: [2]string{"1.1.9", "1.1.10"}, scape: [2]string{"C-0100", "C-0101"},
			trivy: [2]string{"KCV-0056", "KCV-0057"},
			rules: [2]string{
				"ensure-that-the-Container-Network-Interface-file-permissions-are-set-to-600-or-more-restrictive",
				"ensure-that-the-Container-Network-Interface-file-ownership-is-set-to-root-root",
			},
			why: `These files tell the container runtime which program sets up the network of each pod, as root. Whoever can write them
chooses that program; some also hold the credentials of the network plugin.`,
			file: "/etc/cni/net.d/*",
		},
		pair{
			ids: [2]string{"BW0240", "BW0241"}, roles: []components.Role{components.EtcdData}, name: string(components.EtcdData), mode: 0o700,
			owners: []string{"etcd:etcd", rootRoot}, sev: control.High, cis: [2]string{"1.1.11", "1.1.12"}, scape: [2]string{"C-0102", "C-0103"},
			trivy: [2]string{"KCV-0058", "KCV-0059"},
			rules: [2]string{
				"ensure-that-the-etcd-data-directory-permissions-are-set-to-700-or-more-restrictive",
				"ensure-that-the-etcd-data-directory-ownership-is-set-to-etcd-etcd",
			},
			why: `The directory holds the whole state of the cluster. Whoever can read it has every Secret, whoever can write it can change
any object the next time etcd starts. It belongs to the user that etcd runs as: etcd, or root for a static pod of kubeadm.`,
			file: "/var/lib/etcd",
		},
	)
}

// kubeconfig is a pair about a kubeconfig of the control plane.
func kubeconfig(modeID, ownerID string, role components.Role, file, cisMode, cisOwner, scapeMode, scapeOwner, trivyMode, trivyOwner string, rules [2]string) pair {
	return pair{
		ids: [2]string{modeID, ownerID}, roles: []components.Role{role}, name: string(role), mode: 0o600, sev: control.High,
		cis: [2]string{cisMode, cisOwner}, scape: [2]string{scapeMode, scapeOwner}, trivy: [2]string{trivyMode, trivyOwner}, rules: rules,
		why: `A kubeconfig holds a client key. Whoever can read ` + string(role) + ` acts with its rights until the
certificate ends, since client certificates cannot be revoked; whoever can write it can send its user to a server of
their own.`,
		file: file,
	}
}

func kubeconfigFiles() []fileRule {
	rules := expand(
		kubeconfig("BW0242", "BW0243", components.AdminKubeconfig, "/etc/kubernetes/admin.conf", "1.1.13", "1.1.14", "C-0104", "C-0105", "KCV-0060", "KCV-0061", [2]string{
			"ensure-that-the-admin.conf-file-permissions-are-set-to-600", "ensure-that-the-admin.conf-file-ownership-is-set-to-root-root",
		}),
		kubeconfig("BW0244", "BW0245", components.SchedulerKubeconfig, "/etc/kubernetes/scheduler.conf", "1.1.15", "1.1.16", "C-0106", "C-0107", "KCV-0062", "KCV-0063", [2]string{
			"ensure-that-the-scheduler.conf-file-permissions-are-set-to-600-or-more-restrictive",
			"ensure-that-the-scheduler.conf-file-ownership-is-set-to-root-root",
		}),
		kubeconfig("BW0246", "BW0247", components.ControllerKubeconfig, "/etc/kubernetes/controller-manager.conf", "1.1.17", "1.1.18", "C-0108", "C-0109", "KCV-0064", "KCV-0065", [2]string{
			"ensure-that-the-controller-manager.conf-file-permissions-are-set-to-600-or-more-restrictive",
			"ensure-that-the-controller-manager.conf-file-ownership-is-set-to-root-root",
		}),
		kubeconfig("BW0254", "BW0255", components.ProxyKubeconfig, "/var/lib/kube-proxy/kubeconfig.conf", "4.1.3", "4.1.4", "C-0164", "C-0165", "KCV-0071", "KCV-0072", [2]string{
			"if-proxy-kubeconfig-file-exists-ensure-permissions-are-set-to-600-or-more-restrictive",
			"if-proxy-kubeconfig-file-exists-ensure-ownership-is-set-to-root-root",
		}),
		kubeconfig("BW0256", "BW0257", components.KubeletKubeconfig, "/etc/kubernetes/kubelet.conf", "4.1.5", "4.1.6", "C-0166", "C-0167", "KCV-0073", "KCV-0074", [2]string{
			"ensure-that-the-kubeconfig-kubelet.conf-file-permissions-are-set-to-600-or-more-restrictive",
			"ensure-that-the-kubeconfig-kubelet.conf-file-ownership-is-set-to-root-root",
		}),
	)
	return append(rules, fileRule{
		id: "BW0258", title: "The kubelet's kubeconfig can be written or run by others", severity: control.High, implies: []string{"BW0256"},
		refs: []string{
			"kubescape C-0238", "regolibrary Ensure-that-the-kubeconfig-file-permissions-are-set-to-644-or-more-restrictive", "CIS 1.12 4.1.5",
		},
		roles: []components.Role{components.KubeletKubeconfig}, mode: 0o644,
		why: `Whoever can write the kubelet's kubeconfig can send the node to an API server of their own, which then tells it what to
run. Managed nodes keep keys elsewhere, so that their benchmarks ask for 644 only.`,
		good: "chmod 600 /etc/kubernetes/kubelet.conf",
	})
}
