package oslevelsecuritydomains

import (
	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/internal/celtext"
	"bulwark/internal/linuxpods"
	"bulwark/world"
)

var privileged = &control.Control{
	ID: "BW1901", Concept: concept, Severity: control.Critical,
	Title: "Container is privileged",
	Doc: `A privileged container has every capability, sees every device of the node, and runs without seccomp and
without the default AppArmor profile. Mounting the node's disk or loading a kernel module is one command
away, so whoever runs code in it owns the node and every secret of every pod there.

It fires for each container, init container and ephemeral container whose securityContext.privileged is true;
debug containers are the usual way in. What privileged switches off as well (capabilities, seccomp, AppArmor,
masked /proc) is named in this finding and not reported again.

Find out what the program really needs: a capability, one device, one mount.

` + "```yaml\nsecurityContext:\n  privileged: false\n  capabilities: {drop: [ALL], add: [NET_ADMIN]}\n```",
	Refs: []string{
		"CIS 1.12 5.2.2", "NSA pods", "ATT&CK T1611", "PSS baseline", "psa privileged",
		"kubescape C-0057", "kubescape C-0193", "regolibrary rule-privileged-container", "kubescape-cel C-0057", "kubescape-cel C-0193",
		"trivy KSV-0017", "checkov CKV_K8S_16", "kube-linter privileged-container", "polaris runAsPrivileged",
		"kube-linter privilege-escalation-container", "kube-score Container Security Context Privileged", "kubesec Privileged",
		"gatekeeper pod-security-policy/privileged-containers", "kyverno disallow-privileged-containers", "badpods pod.privileged",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			if c.Privileged() {
				p.ReportContainer(c, "securityContext.privileged", "container %q is privileged", c.Name)
			}
		}
		return nil
	},
	Deny: celtext.Any("c.?securityContext.?privileged.orValue(false) == true"),
	Remedy: &control.Remedy{
		Scope:   control.AtContainer,
		Message: "stop running the container privileged; give it the single capability, device or mount that it needs",
		Edits:   []control.Edit{{Path: "securityContext.privileged", Value: false}},
	},
	Implies: []string{"BW1801", "BW1802", "BW1803", "BW1804", "BW1805", "BW1806", "BW1807", "BW1808", "BW1809", "BW1812"},
}

// podFlag builds the check of a boolean of the PodSpec that must not be set.
func podFlag(field, format string, on func(*corev1.PodSpec) bool) func(*control.Pass) error {
	return func(p *control.Pass) error {
		for t := range linuxpods.Pods(p) {
			if on(t.Spec) {
				p.ReportPod(t, field, "%s", format)
			}
		}
		return nil
	}
}

func removeFromPod(field, message string) *control.Remedy {
	return &control.Remedy{Scope: control.AtPod, Message: message, Edits: []control.Edit{{Path: field, Op: control.Remove}}}
}

var hostPID = &control.Control{
	ID: "BW1902", Concept: concept, Severity: control.High,
	Title: "Pod shares the process namespace of the node",
	Doc: `With hostPID every process of the node is visible: its command line and, for the same user or for root, its
environment, its open files through /proc and its memory. Together with root or SYS_PTRACE it is a way to
run code in the node's own processes.

It fires for each Linux pod template with hostPID: true. Node agents that watch processes need it: excuse
them by name, with a reason, rather than lowering the severity for all.

` + "```yaml\nspec:\n  hostPID: false\n```",
	Refs: []string{
		"CIS 1.12 5.2.3", "NSA pods", "ATT&CK T1611", "PSS baseline", "psa hostNamespaces",
		"kubescape C-0038", "kubescape C-0194", "kubescape C-0275", "regolibrary host-pid-ipc-privileges", "regolibrary host-pid-privileges",
		"kubescape-cel C-0038", "kubescape-cel C-0194", "kubescape-cel C-0275", "trivy KSV-0010", "checkov CKV_K8S_17",
		"kube-linter host-pid", "polaris hostPIDSet", "kubesec HostPID", "gatekeeper pod-security-policy/host-namespaces",
		"kyverno disallow-host-namespaces", "badpods pod.hostPID",
	},
	Kinds:  []string{control.Pods},
	Check:  podFlag("hostPID", "the pod shares the node's process namespace", func(s *corev1.PodSpec) bool { return s.HostPID }),
	Deny:   linuxpods.CEL + " && variables.pod.?hostPID.orValue(false) == true",
	Remedy: removeFromPod("hostPID", "give the pod a process namespace of its own; a program that inspects the node's processes stops working"),
}

var hostIPC = &control.Control{
	ID: "BW1903", Concept: concept, Severity: control.High,
	Title: "Pod shares the IPC namespace of the node",
	Doc: `With hostIPC a pod sees the shared memory segments, semaphores and message queues of the node and of every
other pod that does the same. Databases and agents keep session data and keys there, and nothing but file
modes protects them.

It fires for each Linux pod template with hostIPC: true. Containers of one pod share IPC anyway; processes
that must share memory belong in one pod, with an emptyDir of medium Memory at /dev/shm.

` + "```yaml\nspec:\n  hostIPC: false\n```",
	Refs: []string{
		"CIS 1.12 5.2.4", "NSA pods", "ATT&CK T1611", "PSS baseline", "psa hostNamespaces",
		"kubescape C-0038", "kubescape C-0195", "kubescape C-0276", "regolibrary host-pid-ipc-privileges", "regolibrary host-ipc-privileges",
		"kubescape-cel C-0038", "kubescape-cel C-0195", "kubescape-cel C-0276", "trivy KSV-0008", "checkov CKV_K8S_18",
		"kube-linter host-ipc", "polaris hostIPCSet", "kubesec HostIPC", "gatekeeper pod-security-policy/host-namespaces",
		"kyverno disallow-host-namespaces", "badpods pod.hostIPC",
	},
	Kinds:  []string{control.Pods},
	Check:  podFlag("hostIPC", "the pod shares the node's IPC namespace", func(s *corev1.PodSpec) bool { return s.HostIPC }),
	Deny:   linuxpods.CEL + " && variables.pod.?hostIPC.orValue(false) == true",
	Remedy: removeFromPod("hostIPC", "give the pod an IPC namespace of its own; processes that share memory with the node stop working"),
}

var sharedProcesses = &control.Control{
	ID: "BW1906", Concept: concept, Severity: control.Medium,
	Title: "Containers of the pod share one process namespace",
	Doc: `With shareProcessNamespace the containers of a pod see each other's processes. A compromised sidecar reads the
main program's command line, and as the same user or root its environment and, through /proc/<pid>/root, its
whole file system, secrets included.

It fires for each Linux pod template with shareProcessNamespace: true. It is meant for debugging and for
sidecars that send signals; kubectl debug --target gives the former for one session without it.

` + "```yaml\nspec:\n  shareProcessNamespace: false\n```",
	Refs:  []string{"ATT&CK T1611"},
	Kinds: []string{control.Pods},
	Check: podFlag("shareProcessNamespace", "the containers of the pod share one process namespace", func(s *corev1.PodSpec) bool {
		return s.ShareProcessNamespace != nil && *s.ShareProcessNamespace
	}),
	Deny:   linuxpods.CEL + " && variables.pod.?shareProcessNamespace.orValue(false) == true",
	Remedy: removeFromPod("shareProcessNamespace", "keep the containers' processes apart; a sidecar that signals or inspects another container stops working"),
}

var userNamespace = &control.Control{
	ID: "BW1904", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Pod with root or capabilities does without a user namespace",
	Doc: `With hostUsers: false root inside the pod is an unprivileged user outside: most container escapes then end
with nothing. Kubernetes has it on by default since 1.33 and stable since 1.36; it needs Linux 6.3 and a
runtime that knows idmapped mounts.

It fires for a Linux pod that does not set hostUsers: false while a container may run as root or adds
capabilities, when the target version is 1.33 or later. Pods that use the node's network, process or IPC
namespace are left out: the API forbids the combination.

` + "```yaml\nspec:\n  hostUsers: false\n```",
	Refs:  []string{"ATT&CK T1611", "kubesec HostUsers"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		if p.Target() < 33 {
			p.NotApplicable()
			return nil
		}
		for t := range linuxpods.Pods(p) {
			s := t.Spec
			if s.HostNetwork || s.HostPID || s.HostIPC || ownUsers(t) {
				continue
			}
			for c := range t.Containers {
				if mayBeRoot(c) || c.SecurityContext != nil && c.SecurityContext.Capabilities != nil && len(c.SecurityContext.Capabilities.Add) > 0 {
					p.ReportPod(t, "hostUsers", "root or capabilities in container %q are those of the node: no user namespace", c.Name)
					break
				}
			}
		}
		return nil
	},
	Deny: linuxpods.CEL + " && variables.pod.?hostUsers.orValue(true) == true && variables.pod.?hostNetwork.orValue(false) == false" +
		" && variables.pod.?hostPID.orValue(false) == false && variables.pod.?hostIPC.orValue(false) == false && " +
		celtext.Any(celMayBeRoot+" || c.?securityContext.?capabilities.?add.orValue([]).size() > 0"),
	Remedy: &control.Remedy{
		Scope:   control.AtPod,
		Message: "run the pod in a user namespace; its volumes must support idmapped mounts, which NFS does not",
		Edits:   []control.Edit{{Path: "hostUsers", Value: false}},
	},
}

// ownUsers says whether the pod runs in a user namespace of its own.
func ownUsers(t *world.PodTemplate) bool { return t.Spec.HostUsers != nil && !*t.Spec.HostUsers }

var hostProcess = &control.Control{
	ID: "BW1905", Concept: concept, Severity: control.Critical,
	Title: "Windows container runs as a process of the node",
	Doc: `A HostProcess container is no container: it runs on the Windows node with its network, its files and, mostly,
as SYSTEM. It is made for installing drivers and agents.

It fires where securityContext.windowsOptions.hostProcess is true, at the pod or at any container, init
container or ephemeral container; a container's value wins over the pod's. The API server wants all containers
of a pod to agree and hostNetwork to be set.

Keep such pods in a namespace of their own that few may write to.

` + "```yaml\nsecurityContext:\n  windowsOptions: {hostProcess: false}\n```",
	Refs: []string{
		"CIS 1.12 5.2.10", "PSS baseline", "psa windowsHostProcess", "kubescape C-0202", "kubescape-cel C-0202", "trivy KSV-0103",
		"polaris hostProcess", "gatekeeper pod-security-policy/host-process", "kyverno disallow-host-process",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		const field = "securityContext.windowsOptions.hostProcess"
		for t := range p.Subject.Pods {
			if onHost(t.Spec.SecurityContext.WindowsOptions) {
				p.ReportPod(t, field, "the pod's containers run as processes of the Windows node")
			}
			for c := range t.Containers {
				if c.SecurityContext != nil && onHost(c.SecurityContext.WindowsOptions) {
					p.ReportContainer(c, field, "container %q runs as a process of the Windows node", c.Name)
				}
			}
		}
		return nil
	},
	Deny: "variables.pod.?securityContext.?windowsOptions.?hostProcess.orValue(false) == true || " +
		celtext.Any("c.?securityContext.?windowsOptions.?hostProcess.orValue(false) == true"),
}

func onHost(o *corev1.WindowsSecurityContextOptions) bool {
	return o != nil && o.HostProcess != nil && *o.HostProcess
}
