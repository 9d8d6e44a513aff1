package escapes

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"bulwark/internal/tri"
)

var table = []row{
	{id: "E1", title: "disk", spec: privileged, changes: usual(
		flip{"not privileged", func(p *corev1.Pod, _ *Env) { security(p).Privileged = ptr(false) }, "absent"},
		flip{"AppArmor on the node", onNode(func(n *Node) { n.AppArmor = tri.Yes }), "yes"},
		flip{"SELinux on the node", onNode(func(n *Node) { n.SELinux = tri.Yes }), "yes"},
		flip{"seccomp asked for", func(p *corev1.Pod, _ *Env) {
			security(p).SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
		}, "yes"},
	)},
	{id: "E2", title: "namespaces", spec: withHost("hostPID", privileged), changes: []flip{
		{"own process namespace", func(p *corev1.Pod, _ *Env) { p.Spec.HostPID = false }, "absent"},
		{"not privileged", func(p *corev1.Pod, _ *Env) { security(p).Privileged = nil }, "absent"},
		{"Kata", sandboxed("kata"), "no"},
	}},
	{id: "E2", title: "namespaces", spec: withHost("hostPID", added("SYS_ADMIN, SYS_PTRACE")), changes: []flip{
		{"AppArmor asked for", armored, "no"},
		{"AppArmor by default", onNode(func(n *Node) { n.AppArmor = tri.Yes }), "no"},
		{"AppArmor unknown", onNode(func(n *Node) { n.AppArmor = tri.Unknown }), "unknown"},
		{"AppArmor off", func(p *corev1.Pod, e *Env) {
			e.Node.AppArmor = tri.Yes
			p.Annotations = map[string]string{"container.apparmor.security.beta.kubernetes.io/c": "unconfined"}
		}, "yes"},
		{"no SYS_ADMIN", without("SYS_ADMIN"), "absent"},
		{"no SYS_CHROOT", without("SYS_CHROOT"), "absent"},
		{"CRI-O, which gives no SYS_CHROOT", onNode(func(n *Node) { n.Runtime = "cri-o://1.33.1" }), "absent"},
		{"runtime unknown", onNode(func(n *Node) { n.Runtime = "" }), "unknown"},
		{"SELinux", onNode(func(n *Node) { n.SELinux = tri.Yes }), "no"},
	}},
	{id: "E3", title: "module", spec: added("SYS_MODULE"), changes: usual(
		flip{"dropped again", without("SYS_MODULE"), "absent"},
		flip{"locked down", onNode(func(n *Node) { n.Lockdown = tri.Yes }), "no"},
		flip{"lockdown unknown", onNode(func(n *Node) { n.Lockdown = tri.Unknown }), "unknown"},
		flip{"seccomp, which lets those with the capability", func(p *corev1.Pod, _ *Env) {
			security(p).SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
		}, "yes"},
		flip{"seccomp profile of one's own", func(p *corev1.Pod, _ *Env) {
			security(p).SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeLocalhost}
		}, "unknown"},
		flip{"another user", user(1000, true), "unknown"},
		flip{"another user without new privileges", user(1000, false), "no"},
		flip{"root without new privileges", user(0, false), "yes"},
	)},
	{id: "E3", title: "module", spec: added("all"), changes: []flip{{"all dropped", without("ALL"), "absent"}}},
	{id: "E3", title: "module", spec: added("CAP_SYS_MODULE"), first: onNode(func(n *Node) { n.Runtime = "cri-o://1.33.1" }), changes: []flip{
		{"containerd does not know that name", onNode(func(n *Node) { n.Runtime = "containerd://2.2.0" }), "absent"},
		{"runtime unknown", onNode(func(n *Node) { n.Runtime = "" }), "unknown"},
	}},
	{id: "E4", title: "ptrace", spec: withHost("hostPID", added("sys_ptrace")), changes: []flip{
		{"own process namespace", func(p *corev1.Pod, _ *Env) { p.Spec.HostPID = false }, "absent"},
		{"AppArmor asked for", armored, "no"},
		{"no capability", without("SYS_PTRACE"), "absent"},
		{"SELinux", onNode(func(n *Node) { n.SELinux = tri.Yes }), "no"},
		{"SELinux, not confined", func(p *corev1.Pod, e *Env) {
			e.Node.SELinux = tri.Yes
			security(p).SELinuxOptions = &corev1.SELinuxOptions{Type: "spc_t"}
		}, "yes"},
		{"another user without new privileges", user(1000, false), "no"},
	}},
	{id: "E5", title: "PID/root", spec: withHost("hostPID", added("SYS_PTRACE")), changes: []flip{
		{"no capability", without("SYS_PTRACE"), "unknown"},
		{"own process namespace", func(p *corev1.Pod, _ *Env) { p.Spec.HostPID = false }, "absent"},
		{"AppArmor", armored, "no"},
	}},
	{id: "E5", title: "its /proc", spec: added("SYS_PTRACE") + "\nvolumes: [{name: v, hostPath: {path: /proc}}]",
		first: func(p *corev1.Pod, _ *Env) {
			container(p).VolumeMounts = []corev1.VolumeMount{{Name: "v", MountPath: "/p", ReadOnly: true}}
		},
		changes: []flip{{"no capability", without("SYS_PTRACE"), "absent"}, {"another directory", hostPath("/srv"), "absent"}}},
	{id: "E6", title: "release_agent", spec: added("SYS_ADMIN"), changes: usual(
		flip{"cgroup version 2", onNode(func(n *Node) { n.CgroupV1 = tri.No }), "no"},
		flip{"cgroup unknown", onNode(func(n *Node) { n.CgroupV1 = tri.Unknown }), "unknown"},
		flip{"AppArmor", armored, "no"},
		flip{"SELinux", onNode(func(n *Node) { n.SELinux = tri.Yes }), "no"},
	)},
	{id: "E6", title: "CVE-2022-0492", spec: "containers: [{name: c, image: debian}]", first: onNode(func(n *Node) { n.Kernel = "5.15.19" }), changes: usual(
		flip{"mended kernel", onNode(func(n *Node) { n.Kernel = "5.15.20" }), "absent"},
		flip{"kernel of a distribution", onNode(func(n *Node) { n.Kernel = "5.15.0-25-generic" }), "unknown"},
		flip{"seccomp", func(p *corev1.Pod, _ *Env) {
			security(p).SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
		}, "no"},
		flip{"seccomp by default", onNode(func(n *Node) { n.SeccompDefault = tri.Yes }), "no"},
		flip{"seccomp by default unknown", onNode(func(n *Node) { n.SeccompDefault = tri.Unknown }), "unknown"},
		flip{"cgroup version 2", onNode(func(n *Node) { n.CgroupV1 = tri.No }), "no"},
	)},
	{id: "E7", title: "devices.allow", spec: added("SYS_ADMIN"), changes: []flip{
		{"no MKNOD", without("MKNOD"), "absent"},
		{"cgroup version 2", onNode(func(n *Node) { n.CgroupV1 = tri.No }), "no"},
	}},
	{id: "E7", title: "lxcfs", spec: mounted("/var/lib/lxcfs"), changes: []flip{{"read-only", readOnly, "absent"}, {"cgroup version 2", onNode(func(n *Node) { n.CgroupV1 = tri.No }), "no"}}},
	{id: "E8", title: "handle", spec: added("DAC_READ_SEARCH"), changes: usual(
		flip{"dropped again", without("DAC_READ_SEARCH"), "absent"},
		flip{"SELinux", onNode(func(n *Node) { n.SELinux = tri.Yes }), "no"},
	)},
	{id: "E9", title: "memory and ports", spec: added("SYS_RAWIO"), unsure: true, changes: []flip{
		{"privileged", func(p *corev1.Pod, _ *Env) { security(p).Privileged = ptr(true) }, "yes"},
		{"locked down", onNode(func(n *Node) { n.Lockdown = tri.Yes }), "no"},
		{"dropped again", without("SYS_RAWIO"), "absent"},
	}},
	{id: "E10", title: "core_pattern", spec: privileged, changes: usual()},
	{id: "E10", title: "core_pattern", spec: mounted("/proc/sys/kernel"), changes: []flip{
		{"read-only", readOnly, "absent"},
		{"another part", hostPath("/proc/sys/net"), "absent"},
		{"all of it", hostPath("/proc/"), "yes"},
		{"everything", hostPath("/"), "yes"},
		{"everything, read-only: /proc below stays writable", func(p *corev1.Pod, e *Env) { hostPath("/")(p, e); readOnly(p, e) }, "yes"},
		{"everything, recursively read-only", func(p *corev1.Pod, e *Env) {
			hostPath("/")(p, e)
			readOnly(p, e)
			container(p).VolumeMounts[0].RecursiveReadOnly = ptr(corev1.RecursiveReadOnlyEnabled)
		}, "absent"},
		{"user namespace: such a mount fails", hostUsersFalse, "no"},
		{"Kata", sandboxed("kata"), "unknown"},
		{"another user without new privileges", user(1000, false), "no"},
		{"SELinux", onNode(func(n *Node) { n.SELinux = tri.Yes }), "no"},
		{"AppArmor goes by paths and does not know this one", armored, "yes"},
	}},
	{id: "E11", title: "cgroups", spec: mounted("/sys/fs/cgroup"), changes: []flip{
		{"cgroup version 2", onNode(func(n *Node) { n.CgroupV1 = tri.No }), "no"},
		{"read-only", readOnly, "absent"},
		{"user namespace", hostUsersFalse, "no"},
	}},
	{id: "E11", title: "uevent_helper", spec: mounted("/sys"), unsure: true, changes: []flip{{"read-only", readOnly, "absent"}}},
	{id: "E11", title: "eBPF objects", spec: mounted("/sys/fs/bpf"), unsure: true, changes: []flip{{"read-only", readOnly, "absent"}, {"elsewhere", hostPath("/sys/class"), "absent"}}},
	{id: "E12", title: "eBPF", spec: added("BPF, PERFMON"), changes: usual(
		flip{"one of the two", without("PERFMON"), "absent"},
		flip{"locked down", onNode(func(n *Node) { n.Lockdown = tri.Yes }), "no"},
		flip{"SYS_ADMIN instead", func(p *corev1.Pod, _ *Env) { security(p).Capabilities.Add = []corev1.Capability{"SYS_ADMIN"} }, "yes"},
	)},
	{id: "E13", title: "loopback", spec: withHost("hostNetwork", "containers: [{name: c, image: x}]"), changes: []flip{
		{"own network", func(p *corev1.Pod, _ *Env) { p.Spec.HostNetwork = false }, "absent"},
		{"gVisor", sandboxed("runsc"), "unknown"},
	}},
	{id: "E13", title: "traffic", spec: withHost("hostNetwork", "containers: [{name: c, image: ubuntu}]"), changes: []flip{
		{"CRI-O, which gives no NET_RAW", onNode(func(n *Node) { n.Runtime = "cri-o://1.33.1" }), "absent"},
		{"another user without new privileges", user(1000, false), "no"},
	}},
	{id: "E13", title: "CVE-2020-15257", spec: withHost("hostNetwork", "containers: [{name: c, image: ubuntu}]"), first: onNode(func(n *Node) { n.Runtime = "containerd://1.3.8" }),
		changes: []flip{{"mended", onNode(func(n *Node) { n.Runtime = "containerd://1.3.9" }), "absent"}, {"own network", func(p *corev1.Pod, _ *Env) { p.Spec.HostNetwork = false }, "absent"}}},
	{id: "E14", title: "memory", spec: withHost("hostIPC", "containers: [{name: c, image: ubuntu}]"), changes: []flip{
		{"own memory", func(p *corev1.Pod, _ *Env) { p.Spec.HostIPC = false }, "absent"}, {"Kata", sandboxed("kata"), "no"},
	}},
	{id: "E15", title: "socket", spec: mounted("/var/run/docker.sock"), changes: []flip{
		{"read-only does not protect it", readOnly, "yes"},
		{"the other name", hostPath("/run/docker.sock"), "yes"},
		{"a directory above", hostPath("/var/run/"), "yes"},
		{"all of containerd", hostPath("//run/containerd"), "yes"},
		{"CRI-O", hostPath("/var/run/crio/crio.sock"), "yes"},
		{"not quite", hostPath("/run/docker.socket"), "absent"},
		{"/var/lib does not hold /run", hostPath("/var/lib"), "absent"},
		{"a sandbox passes no sockets on", sandboxed("runsc"), "no"},
		{"user namespace", hostUsersFalse, "yes"},
		{"everything, in a user namespace", func(p *corev1.Pod, e *Env) { hostPath("/")(p, e); hostUsersFalse(p, e) }, "no"},
		{"another user without new privileges", user(1000, false), "no"},
		{"another user in the socket's group", func(p *corev1.Pod, e *Env) {
			user(1000, false)(p, e)
			p.Spec.SecurityContext = &corev1.PodSecurityContext{SupplementalGroups: []int64{999}}
		}, "unknown"},
		{"no more mounted in this container", func(p *corev1.Pod, _ *Env) { container(p).VolumeMounts = nil }, "absent"},
	}},
	{id: "E16", title: "kubelet's credentials", spec: mounted("/var/lib/kubelet"), changes: []flip{
		{"read-only", readOnly, "yes"}, {"one file", hostPath("/var/lib/kubelet/pki/kubelet-client-current.pem"), "yes"}, {"elsewhere", hostPath("/var/lib/kubelet/pods"), "absent"},
		{"user namespace", hostUsersFalse, "yes"}, {"gVisor", sandboxed("runsc"), "yes"}, {"another user without new privileges", user(1000, false), "no"},
	}},
	{id: "E16", title: "tokens and Secrets", spec: mounted("/var/lib/kubelet/pods"), changes: []flip{{"one pod", hostPath("/var/lib/kubelet/pods/x"), "unknown"}, {"read-only", readOnly, "yes"}}},
	{id: "E16", title: "how the kubelet runs", spec: mounted("/var/lib/kubelet"), changes: []flip{{"read-only", readOnly, "absent"}}},
	{id: "E16", title: "as a plugin", spec: mounted("/var/lib/kubelet/device-plugins"), unsure: true, changes: []flip{{"Kata", sandboxed("kata"), "no"}}},
	{id: "E17", title: "admin.conf", spec: mounted("/etc/kubernetes"), changes: []flip{
		{"worker", onNode(func(n *Node) { n.ControlPlane = tri.No }), "no"},
		{"node unknown", onNode(func(n *Node) { n.ControlPlane = tri.Unknown }), "unknown"},
		{"subPath to another part", func(p *corev1.Pod, _ *Env) { container(p).VolumeMounts[0].SubPath = "pki" }, "absent"},
		{"subPath nobody knows", func(p *corev1.Pod, _ *Env) { container(p).VolumeMounts[0].SubPathExpr = "$(X)" }, "unknown"},
	}},
	{id: "E17", title: "administrator's", spec: mounted("/etc/kubernetes/super-admin.conf"), changes: []flip{{"other file", hostPath("/etc/kubernetes/x.conf"), "absent"}}},
	{id: "E17", title: "controller manager", spec: mounted("/etc/kubernetes"), changes: []flip{{"read-only", readOnly, "yes"}}},
	{id: "E17", title: "scheduler", spec: mounted("/etc/kubernetes"), changes: []flip{{"read-only", readOnly, "yes"}}},
	{id: "E17", title: "certificate authority", spec: mounted("/etc/kubernetes/pki/ca.key"), changes: []flip{{"the certificate", hostPath("/etc/kubernetes/pki/ca.crt"), "absent"}}},
	{id: "E17", title: "signs service account tokens", spec: mounted("/etc/kubernetes/pki"), changes: []flip{{"the public key", hostPath("/etc/kubernetes/pki/sa.pub"), "absent"}}},
	{id: "E17", title: "for kubelets", spec: mounted("/etc/kubernetes/pki"), changes: []flip{{"worker", onNode(func(n *Node) { n.ControlPlane = tri.No }), "no"}}},
	{id: "E17", title: "for etcd", spec: mounted("/etc/kubernetes/pki/etcd"), unsure: true, changes: []flip{{"elsewhere", hostPath("/etc/kubernetes/audit"), "absent"}}},
	{id: "E17", title: "static pod", spec: mounted("/etc/kubernetes/manifests"), changes: []flip{
		{"read-only", readOnly, "absent"}, {"worker", onNode(func(n *Node) { n.ControlPlane = tri.No }), "yes"},
	}},
	{id: "E18", title: "etcd's files", spec: mounted("/var/lib/etcd"), changes: []flip{
		{"encrypted", func(_ *corev1.Pod, e *Env) { e.Plain = tri.No }, "no"}, {"unknown", func(_ *corev1.Pod, e *Env) { e.Plain = tri.Unknown }, "unknown"},
		{"read-only", readOnly, "yes"}, {"elsewhere", hostPath("/var/lib/etcd-backup"), "absent"},
	}},
	{id: "E19", title: "log directory", spec: mounted("/var/log"), changes: []flip{
		{"no right to read logs", func(_ *corev1.Pod, e *Env) { e.Logs = tri.No }, "no"}, {"unknown", func(_ *corev1.Pod, e *Env) { e.Logs = tri.Unknown }, "unknown"},
		{"read-only", readOnly, "absent"}, {"above", hostPath("/var"), "yes"},
	}},
	{id: "E20", title: "run as root", spec: mounted("/"), changes: []flip{
		{"read-only", readOnly, "absent"}, {"cron", hostPath("/etc/cron.d"), "yes"}, {"part of a directory", hostPath("/usr/lib/firefox"), "unknown"}, {"programs by their other name", hostPath("/bin"), "yes"},
		{"certificates of public authorities", hostPath("/etc/ssl/certs"), "absent"}, {"data", hostPath("/srv/data"), "absent"}, {"user namespace", hostUsersFalse, "yes"},
		{"modules", hostPath("/lib/modules"), "yes"}, {"SELinux", onNode(func(n *Node) { n.SELinux = tri.Yes }), "no"},
	}},
	{id: "E20", title: "systemd", spec: mounted("/run/dbus"), changes: []flip{{"read-only", readOnly, "yes"}, {"gVisor", sandboxed("gvisor"), "no"}}},
	{id: "E20", title: "settings", spec: mounted("/opt"), unsure: true, changes: []flip{{"read-only", readOnly, "absent"}}},
	{id: "E20", title: "read credentials", spec: mounted("/root/.ssh"), changes: []flip{{"read-only", readOnly, "yes"}, {"else", hostPath("/mnt"), "absent"}}},
	{id: "E20", title: "read home", spec: mounted("/home/alice"), unsure: true, changes: []flip{{"else", hostPath("/homes"), "absent"}}},
	{id: "E21", title: "static pod", spec: "{containers: [{name: c, image: ubuntu, volumeMounts: [{name: v, mountPath: /d}]}], volumes: [{name: v, persistentVolumeClaim: {claimName: logs}}]}", changes: []flip{
		{"a disk of the cloud", func(p *corev1.Pod, _ *Env) { p.Spec.Volumes[0].PersistentVolumeClaim.ClaimName = "cloud" }, "absent"},
		{"claim nobody knows", func(p *corev1.Pod, _ *Env) { p.Spec.Volumes[0].PersistentVolumeClaim.ClaimName = "gone" }, "absent"},
		{"read-only claim", func(p *corev1.Pod, _ *Env) { p.Spec.Volumes[0].PersistentVolumeClaim.ReadOnly = true }, "absent"},
		{"read-only mount", readOnly, "absent"},
	}},
	{id: "E21", title: "tokens", spec: "{containers: [{name: c, image: ubuntu, volumeMounts: [{name: tmp, mountPath: /d}]}], volumes: [{name: tmp, ephemeral: {volumeClaimTemplate: {spec: {}}}}]}"},
	{id: "E21", title: "disk", spec: "{containers: [{name: c, image: ubuntu, volumeDevices: [{name: v, devicePath: /d}]}], volumes: [{name: v, persistentVolumeClaim: {claimName: disk}}]}", unsure: true,
		changes: []flip{{"a disk of the cloud", func(p *corev1.Pod, _ *Env) { p.Spec.Volumes[0].PersistentVolumeClaim.ClaimName = "cloud" }, "absent"}}},
	{id: "E22", title: "git repository", spec: "{containers: [{name: c, image: x, volumeMounts: [{name: v, mountPath: /d}]}], volumes: [{name: v, gitRepo: {repository: r}}]}",
		first: onNode(func(n *Node) { n.Kubelet = "v1.28.11" }), changes: []flip{{"mended", onNode(func(n *Node) { n.Kubelet = "v1.28.12" }), "absent"}, {"unknown", onNode(func(n *Node) { n.Kubelet = "" }), "unknown"}}},
	{id: "E22", title: "subPath", spec: "{containers: [{name: c, image: ubuntu, volumeMounts: [{name: v, mountPath: /d, subPath: x}]}], volumes: [{name: v, emptyDir: {}}]}",
		first: onNode(func(n *Node) { n.Kubelet = "v1.21.4" }), changes: []flip{
			{"mended", onNode(func(n *Node) { n.Kubelet = "v1.21.5" }), "absent"}, {"unknown", onNode(func(n *Node) { n.Kubelet = "" }), "absent"},
			{"no subPath", func(p *corev1.Pod, _ *Env) { container(p).VolumeMounts[0].SubPath = "" }, "absent"},
		}},
	{id: "E22", title: "volume driver", spec: "{containers: [{name: c, image: x, volumeMounts: [{name: v, mountPath: /d}]}], volumes: [{name: v, csi: {driver: odd.example.com}}]}", unsure: true,
		changes: []flip{{"one for credentials", func(p *corev1.Pod, _ *Env) { p.Spec.Volumes[0].CSI.Driver = "secrets-store.csi.k8s.io" }, "absent"}}},
	{id: "E22", title: "flexVolume", spec: "{containers: [{name: c, image: x, volumeMounts: [{name: v, mountPath: /d}]}], volumes: [{name: v, flexVolume: {driver: x/y}}]}", unsure: true},
	{id: "E23", title: "Dirty Pipe", spec: "containers: [{name: c, image: x}]", first: onNode(func(n *Node) { n.Kernel = "5.10.101" }), changes: []flip{
		{"mended", onNode(func(n *Node) { n.Kernel = "5.10.102" }), "absent"}, {"too old for it", onNode(func(n *Node) { n.Kernel = "5.4.1" }), "absent"},
		{"of a distribution", onNode(func(n *Node) { n.Kernel = "5.10.101-1-amd64" }), "unknown"}, {"gVisor", sandboxed("runsc"), "no"}, {"unknown", onNode(func(n *Node) { n.Kernel = "" }), "absent"},
	}},
	{id: "E23", title: "nf_tables", spec: "containers: [{name: c, image: x}]", first: onNode(func(n *Node) { n.Kernel = "6.1.75" }), changes: []flip{
		{"seccomp", func(p *corev1.Pod, _ *Env) {
			security(p).SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
		}, "no"},
		{"seccomp, with the capability", func(p *corev1.Pod, _ *Env) {
			security(p).SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
			security(p).Capabilities = &corev1.Capabilities{Add: []corev1.Capability{"SYS_ADMIN"}}
		}, "yes"},
	}},
	{id: "E23", title: "CVE-2024-21626", spec: "containers: [{name: c, image: ubuntu}]", first: onNode(func(n *Node) { n.Runc = "1.0.0-rc93" }), changes: usual(
		flip{"before it", onNode(func(n *Node) { n.Runc = "1.0.0-rc92" }), "absent"},
		flip{"mended", onNode(func(n *Node) { n.Runc = "1.1.12" }), "absent"},
	)},
	{id: "E23", title: "CVE-2022-23648", spec: "containers: [{name: c, image: x}]", first: onNode(func(n *Node) { n.Runtime = "containerd://1.5.9" }), changes: []flip{
		{"mended", onNode(func(n *Node) { n.Runtime = "containerd://1.5.10" }), "absent"}, {"another runtime", onNode(func(n *Node) { n.Runtime = "cri-o://1.5.9" }), "absent"},
	}},
	{id: "E23", title: "NVIDIA", spec: "containers: [{name: c, image: x, resources: {limits: {nvidia.com/gpu: 1}}}]", first: func(_ *corev1.Pod, e *Env) { e.Toolkit = "v1.16.1-ubuntu20.04" }, changes: []flip{
		{"mended", func(_ *corev1.Pod, e *Env) { e.Toolkit = "v1.17.8" }, "absent"},
		{"no GPU", func(p *corev1.Pod, _ *Env) {
			container(p).Resources.Limits = corev1.ResourceList{"cpu": resource.MustParse("1")}
		}, "absent"},
	}},
	{id: "E24", title: "Windows", spec: "{os: {name: windows}, hostNetwork: true, securityContext: {windowsOptions: {hostProcess: true}}, containers: [{name: c, image: x}]}", changes: []flip{
		{"container says no", func(p *corev1.Pod, _ *Env) {
			security(p).WindowsOptions = &corev1.WindowsSecurityContextOptions{HostProcess: ptr(false)}
		}, "absent"},
		{"SYSTEM", func(p *corev1.Pod, _ *Env) {
			p.Spec.SecurityContext.WindowsOptions.RunAsUserName = ptr(`NT AUTHORITY\SYSTEM`)
		}, "yes"},
		{"lesser account", func(p *corev1.Pod, _ *Env) {
			p.Spec.SecurityContext.WindowsOptions.RunAsUserName = ptr(`NT AUTHORITY\Local service`)
		}, "unknown"},
	}},
	{id: "E15", title: "pipe", spec: `{os: {name: windows}, containers: [{name: c, image: x, volumeMounts: [{name: v, mountPath: 'C:\p'}]}], volumes: [{name: v, hostPath: {path: '\\.\pipe\containerd-containerd'}}]}`,
		changes: []flip{{"another directory", hostPath(`C:\data`), "absent"}}},
}
