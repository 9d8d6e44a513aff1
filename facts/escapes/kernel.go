package escapes

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"bulwark/internal/tri"
)

// kernel lists the escapes of containers with capabilities that the kernel does not confine to a container.
func (x *examiner) kernel() {
	if add, _ := x.listed(); len(add) == 0 && !x.Privileged() {
		x.releaseAgentByNamespace()
		return
	}
	x.disk()
	x.module()
	x.cgroups()
	x.handles()
	x.rawIO()
	x.settings()
	x.eBPF()
	x.releaseAgentByNamespace()
}

// held is the field that gives the container a capability, and the control that reports it.
func (x *examiner) held(capability string) (path, control string) {
	if x.Privileged() {
		return x.Path("securityContext.privileged"), "BW1901"
	}
	if slices.Contains([]string{"SYS_ADMIN", "SYS_MODULE", "SYS_RAWIO"}, capability) {
		return x.Path("securityContext.capabilities.add"), "BW1804"
	}
	return x.Path("securityContext.capabilities.add"), "BW1805"
}

// needs are capabilities without which there is no escape.
func (x *examiner) needs(capabilities ...string) []Guard {
	out := make([]Guard, len(capabilities))
	for i, c := range capabilities {
		out[i] = x.capability(c)
	}
	return out
}

// by is an escape that a capability makes possible.
func (x *examiner) by(id, title, capability string, what ...What) Escape {
	path, control := x.held(capability)
	return Escape{ID: id, Title: title, Gives: gives(what...), Path: path, Control: control}
}

func (x *examiner) disk() {
	if x.Privileged() {
		x.add(x.by("E1", "mount the node's disk", "", NodeRoot), nil, x.inKernel()...)
	}
}

func (x *examiner) module() {
	const capability = "SYS_MODULE"
	x.add(x.by("E3", "load a kernel module", capability, NodeRoot), x.needs(capability),
		x.inKernel(x.lockdown("unsigned modules"), x.seccomp(x.Capability(capability)))...)
}

// lockdown is the guard of kernels that refuse even root.
func (x *examiner) lockdown(what string) Guard {
	return valued("lockdown", "", x.env.node().Lockdown.Not(), "the kernel takes "+what, "the kernel is locked down and refuses "+what,
		"whether the kernel is locked down is not known")
}

func (x *examiner) cgroupV1() Guard { return once(&x.cgroupGuard, x.findCgroupV1) }

func (x *examiner) findCgroupV1() Guard {
	const name = "cgroup version"
	n := x.env.node()
	if n.CgroupV1 == tri.Unknown && n.Kubelet != "" && x.minor >= 35 {
		return doubt(name, "", "kubelets from 1.35 on refuse cgroup version 1 unless they are told otherwise")
	}
	return valued(name, "", n.CgroupV1, "the node has cgroup version 1", "the node has only cgroup version 2", "the node's cgroup version is not known")
}

func (x *examiner) cgroups() {
	const capability = "SYS_ADMIN"
	defences := x.inKernel(x.cgroupV1(), x.appArmor(), x.seLinux(), x.seccomp(x.Capability(capability)))
	x.add(x.by("E6", "have the kernel run a program by a cgroup's release_agent", capability, NodeRoot), x.needs(capability), defences...)
	x.add(x.by("E7", "open the node's devices through its cgroup's devices.allow", capability, NodeRoot), x.needs(capability, "MKNOD"), defences...)
}

// releaseAgentByNamespace is CVE-2022-0492: any root may mount a hierarchy in a user namespace of its own.
func (x *examiner) releaseAgentByNamespace() {
	kernel := x.env.node().holes().releaseAgent
	if kernel.Open == tri.No {
		return
	}
	e := Escape{ID: "E6", Title: "have the kernel run a program by a release_agent set in a new user namespace (CVE-2022-0492)",
		Gives: gives(NodeRoot), Path: x.Path("securityContext.seccompProfile"), Control: "BW1821"}
	x.add(e, []Guard{kernel}, x.inKernel(x.cgroupV1(), x.seccomp(x.Capability("SYS_ADMIN")), x.appArmor(), x.seLinux())...)
}

func (x *examiner) handles() {
	const capability = "DAC_READ_SEARCH"
	what := []What{HostFiles, NodeIdentity, PodFiles}
	if x.Capability("DAC_OVERRIDE") == tri.Yes {
		what = append([]What{NodeRoot}, what...)
	}
	x.add(x.by("E8", "open the node's files by handle", capability, what...),
		x.needs(capability), x.inKernel(x.seccomp(x.Capability(capability)), x.seLinux())...)
}

func (x *examiner) rawIO() {
	const capability = "SYS_RAWIO"
	x.add(x.by("E9", "read and write the node's memory and ports directly", capability, NodeRoot),
		x.needs(capability), x.inKernel(x.devices(), x.lockdown("raw access to memory and ports"), x.seccomp(x.Capability(capability)))...)
}

// devices says whether the container has the node's device files.
func (x *examiner) devices() Guard {
	const name = "devices"
	if x.Privileged() {
		return open(name, x.Path("securityContext.privileged"), "privileged containers have all devices of the node")
	}
	return doubt(name, "", "iopl works without a device; /dev/mem and the disks do not")
}

// settings is E10 of privileged containers: their /proc/sys is not read-only.
func (x *examiner) settings() {
	if x.Privileged() {
		x.add(x.by("E10", "set a program that the kernel runs, through core_pattern", "", NodeRoot), nil, x.inKernel()...)
	}
}

func (x *examiner) eBPF() {
	capability, need := "SYS_ADMIN", x.capability("SYS_ADMIN")
	bpf, perf := x.Capability("BPF"), x.Capability("PERFMON")
	if need.Open != tri.Yes && tri.And(bpf, perf) != tri.No {
		capability = "BPF"
		need = valued("capabilities BPF and PERFMON", x.Path("securityContext.capabilities"), tri.And(bpf, perf),
			"the container has both", "the container lacks one", "the runtime may not know how they are spelt")
	}
	x.add(x.by("E12", "load eBPF programs that read and write memory of the node's processes", capability, NodeRoot),
		[]Guard{need}, x.inKernel(x.lockdown("eBPF programs that write memory"), x.seccomp(tri.Of(need.Open == tri.Yes)))...)
}

// namespaces lists the escapes of pods that share namespaces with the node.
func (x *examiner) namespaces() {
	spec := x.Pod.Spec
	if spec.HostPID {
		x.enter()
		x.trace()
		x.processFiles()
	}
	if spec.HostNetwork {
		x.network()
	}
	if spec.HostIPC {
		x.add(Escape{ID: "E14", Title: "read the memory that processes of the node share", Gives: gives(HostMemory), Technique: fromLocalSystem,
			Path: x.Pod.SpecPath("hostIPC"), Control: "BW1903"}, nil, x.asRoot(), x.sandbox(), x.seLinux())
	}
}

func (x *examiner) hostPID(id, title string, what ...What) Escape {
	return Escape{ID: id, Title: title, Gives: gives(what...), Path: x.Pod.SpecPath("hostPID"), Control: "BW1902"}
}

func (x *examiner) enter() {
	x.add(x.hostPID("E2", "enter the namespaces of the node's first process", NodeRoot), x.needs("SYS_ADMIN", "SYS_PTRACE", "SYS_CHROOT"),
		x.inKernel(x.appArmor(), x.seLinux(), x.seccomp(x.Capability("SYS_ADMIN")))...)
}

func (x *examiner) trace() {
	x.add(x.hostPID("E4", "attach to a process of the node with ptrace", NodeRoot), x.needs("SYS_PTRACE"),
		x.inKernel(x.appArmor(), x.seLinux(), x.seccomp(x.Capability("SYS_PTRACE")))...)
}

// processFiles is E5: without the capability only processes of the same user
// with no more capabilities let the container in, and whether the node has any is not known.
func (x *examiner) processFiles() {
	need, what := x.capability("SYS_PTRACE"), []What{NodeRoot, HostFiles, NodeIdentity, PodFiles}
	if need.Open != tri.Yes {
		what = []What{HostFiles}
		need = doubt("access to processes", need.Path, "without SYS_PTRACE only processes of its own user with no more capabilities let it in")
	}
	defences := []Guard{x.userNamespace(), x.sandbox(), x.appArmor(), x.seLinux()}
	if need.Open == tri.Yes {
		defences = append(defences, x.asRoot())
	}
	x.add(x.hostPID("E5", "read the node's files through /proc/PID/root", what...), []Guard{need}, defences...)
}

// network is E13: what the node's network gives to a pod that is in it.
func (x *examiner) network() {
	spec := x.Pod.SpecPath("hostNetwork")
	e := Escape{ID: "E13", Title: "use the node's network: its loopback address, the metadata service", Gives: gives(HostNetwork),
		Technique: metadataService, Path: spec, Control: "BW1701"}
	sandbox := x.sandbox()
	if sandbox.Open == tri.No {
		sandbox.Open, sandbox.Why = tri.Unknown, sandbox.Why+"; how much of the node's network it passes on is not known"
	}
	x.add(e, nil, sandbox)
	need := x.capability("NET_RAW")
	if admin := x.capability("NET_ADMIN"); admin.Open == tri.Yes || need.Open == tri.No {
		need = admin
	}
	e.Title, e.Gives, e.Technique = "read and forge traffic of the node", gives(Traffic), adversaryInMiddle
	x.add(e, []Guard{need}, x.inKernel()...)
	if shim := x.env.node().holes().shim; shim.Open == tri.Yes {
		e.Title, e.Gives, e.Technique = "start a container through containerd's abstract socket (CVE-2020-15257)", gives(NodeRoot), escapeToHost
		x.add(e, []Guard{shim}, x.inKernel()...)
	}
}

// windows lists the one escape of Windows containers that the pod itself declares, and sockets.
func (x *examiner) windows() {
	host, path, user := x.windowsOptions()
	if !host {
		x.files()
		return
	}
	account := open("account", path, "it runs as SYSTEM unless told otherwise")
	if user != "" && !slices.Contains([]string{`NT AUTHORITY\SYSTEM`, `NT AUTHORITY\Local System`}, user) {
		account = doubt("account", path, "it runs as %q, and what that account may do is not known", user)
	}
	x.add(Escape{ID: "E24", Title: "run as a process of the Windows node", Gives: gives(NodeRoot), Path: path, Control: "BW1905"}, []Guard{account})
}

// windowsOptions returns whether the container is a process of the host, the field that says so, and its account.
func (x *examiner) windowsOptions() (host bool, path, user string) {
	const field = "securityContext.windowsOptions"
	read := func(o *corev1.WindowsSecurityContextOptions, at string) {
		if o == nil {
			return
		}
		if o.HostProcess != nil {
			host, path = *o.HostProcess, at+".hostProcess"
		}
		if o.RunAsUserName != nil {
			user = *o.RunAsUserName
		}
	}
	if sc := x.Pod.Spec.SecurityContext; sc != nil {
		read(sc.WindowsOptions, x.Pod.SpecPath(field))
	}
	if sc := x.SecurityContext; sc != nil {
		read(sc.WindowsOptions, x.Path(field))
	}
	return host, path, user
}
