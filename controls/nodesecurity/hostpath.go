package nodesecurity

import (
	"fmt"

	"bulwark/control"
	"bulwark/internal/hostpath"
)

// The patterns below are over cleaned paths.
var (
	// sensitive directories hold the node's programs, settings, credentials or devices; so do all below and above them.
	sensitive = hostpath.Compile(`^/$|(^|/)[.][.](/|$)|^/var(/lib)?$|` +
		`^/(boot|dev|etc|home|lib(32|64|x32)?|proc|root|run|s?bin|sys|usr|` +
		`var/(lib/(kubelet|containerd|containers|crio|docker|etcd|rancher)|log|run))(/|$)`)
	// harmless ones lie inside but are public: time zones and the certificates of public authorities.
	harmless = hostpath.Compile(`^/(etc/(localtime|timezone|ssl/certs|ca-certificates|pki/(ca-trust|tls/certs))|` +
		`usr/(share|local/share)/(zoneinfo|ca-certificates))(/|$)`)
	// socket is a control socket of a container runtime, or a directory that holds one. /run is /var/run.
	socket = hostpath.Compile(`^/$|^(/var)?/run(/(containerd|crio|podman|buildkit|k3s(/containerd)?|docker(/containerd)?))?$|` +
		`/(docker|containerd|crio|cri-dockerd|dockershim|podman|buildkitd|frakti)[.]sock$|/containerd[.]sock[.]ttrpc$|` +
		`^/var/snap/microk8s/common/run$|(?i)\\pipe\\(docker_engine|containerd-containerd)$`)
)

func isSensitive(path string) bool { return sensitive.Match(path) && !harmless.Match(path) }

// sensitiveCEL is isSensitive for a path h.
var sensitiveCEL = "(" + sensitive.CEL() + " && !" + harmless.CEL() + ")"

// reportVolumes reports the hostPath volumes that bad picks; why completes the message.
func reportVolumes(p *control.Pass, bad func(path string) bool, why string) {
	for v := range hostpath.Volumes(p) {
		if bad(v.Path) {
			p.ReportPod(v.Pod, v.At(), "volume %q is the node's %q%s", v.Name, v.Path, why)
		}
	}
}

// anyHostPath are the checks of others that ask for a hostPath volume of any kind.
var anyHostPath = []string{
	"CIS 1.12 5.2.11", "NSA pods", "ATT&CK T1611", "PSS baseline", "psa hostPathVolumes", "badpods pod.hostPath",
	"kubescape C-0048", "kubescape-cel C-0048", "kubescape-cel C-0203", "regolibrary alert-any-hostpath",
	"trivy KSV-0023", "polaris hostPathSet", "kyverno disallow-host-path",
}

var hostPathAny = &control.Control{
	ID: "BW0801", Concept: concept, Severity: control.Medium,
	Title: "Pod mounts a directory of the node",
	Doc: `A hostPath volume takes part of the node's file system into a pod. It passes by quotas, scheduling and storage
classes, it shows what other pods left there, and what the pod writes stays when the pod is gone: a way to persist, and
often a way out of the container.

It fires for each hostPath volume of a pod or template, mounted or not. Paths that lead to the node's own files are
reported by BW0802 instead, those that lead to the container runtime by BW0804; nothing is reported twice.

Use a claim, or an emptyDir for scratch space. Node agents that must read a directory deserve a named exception.

` + "```yaml\nvolumes:\n  - name: data\n    persistentVolumeClaim: {claimName: data}\n```",
	Refs:  anyHostPath,
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		reportVolumes(p, func(h string) bool { return !isSensitive(h) && !socket.Match(h) }, "")
		return nil
	},
	Deny: hostpath.AnyCEL("!" + sensitiveCEL + " && !" + socket.CEL()),
}

var hostPathSensitive = &control.Control{
	ID: "BW0802", Concept: concept, Severity: control.High,
	Title: "Pod mounts a directory that holds the node's own files",
	Doc: `These directories are the node: its programs, its settings and keys (/etc/kubernetes, /var/lib/kubelet), its processes
and devices (/proc, /sys, /dev), other containers' files and logs. Reading them often yields credentials; writing them
yields the node.

It fires for a hostPath at, below or above one of /boot /dev /etc /home /lib* /proc /root /run /bin /sbin /sys /usr
/var/log /var/run and, under /var/lib, kubelet, containerd, containers, crio, docker, etcd and rancher. Paths are cleaned
first, so /etc/ and //etc/kubernetes count. Time zones and public CA certificates pass here (BW0801 names them);
runtime sockets are BW0804.

Mount the one file that is needed, read-only, or ask an API instead.

` + "```yaml\nvolumes:\n  - name: timezone\n    hostPath: {path: /etc/localtime, type: File}\n```",
	Refs:  append([]string{"ATT&CK T1552.001", "trivy KSV-0121", "kube-linter sensitive-host-mounts"}, anyHostPath...),
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		reportVolumes(p, func(h string) bool { return isSensitive(h) && !socket.Match(h) }, ", which holds files of the node itself")
		return nil
	},
	Deny: hostpath.AnyCEL(sensitiveCEL + " && !" + socket.CEL()),
}

var runtimeSocket = &control.Control{
	ID: "BW0804", Concept: concept, Severity: control.Critical,
	Title: "Pod can talk to the container runtime of the node",
	Doc: `Whoever can open the socket of Docker, containerd or CRI-O can start a privileged container with the node's root
directory in it: one command to own the node, past every admission rule and audit log of Kubernetes. Mounting it
read-only changes nothing, since a socket is written to all the same.

It fires for a hostPath that is such a socket wherever it lies (docker, containerd, crio, cri-dockerd, dockershim,
podman, buildkitd), for a directory that holds one (/run, /run/containerd, /run/crio, /run/docker, /run/k3s …, also
written /var/run), for / and for the named pipes of Windows.

Build images with a rootless builder, read container data from the kubelet's API, and collect logs from files.

` + "```yaml\ncontainers:\n  - name: build\n    image: moby/buildkit:v0.26.0-rootless\n```",
	Refs: append([]string{
		"ATT&CK T1610", "kubescape C-0074", "kubescape-cel C-0074", "regolibrary containers-mounting-docker-socket", "trivy KSV-0006", "trivy KSV-0121",
		"checkov CKV_K8S_27", "kube-linter docker-sock", "kube-linter sensitive-host-mounts", "kubesec DockerSock", "kyverno disallow-cri-sock-mount", "kyverno disallow-container-sock-mounts",
	}, anyHostPath...),
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		reportVolumes(p, socket.Match, ", which leads to the container runtime's socket")
		return nil
	},
	Deny: hostpath.AnyCEL(socket.CEL()),
}

var hostPathWritable = &control.Control{
	ID: "BW0803", Concept: concept, Severity: control.High,
	Title: "Container may write to a directory of the node",
	Doc: `Read access to the node's files leaks; write access takes over: a cron job, a static pod manifest, a systemd unit or
a changed binary runs as root on the node at the next opportunity, and survives the pod.

It fires for each mount of a hostPath volume, in any container, init container or ephemeral container, without
readOnly: true. Read-only is not recursive: mounts below the directory stay writable unless recursiveReadOnly is
Enabled, and a socket can be written to either way (BW0804).

Mount it read-only; what must be written belongs in a claim or an emptyDir.

` + "```yaml\nvolumeMounts:\n  - name: logs\n    mountPath: /host/log\n    readOnly: true\n```",
	Refs: []string{
		"NSA pods", "ATT&CK T1611", "kubescape C-0045", "kubescape-cel C-0045", "regolibrary alert-rw-hostpath", "kube-linter writable-host-mount",
		"kyverno ensure-readonly-hostpath",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for v := range hostpath.Volumes(p) {
			for c := range v.Pod.Containers {
				for i, m := range c.VolumeMounts {
					if m.Name != v.Name || m.ReadOnly {
						continue
					}
					field := fmt.Sprintf("volumeMounts[%d].readOnly", i)
					p.ReportContainer(c, field, "container %q may write to the node's %q, mounted at %q", c.Name, v.Path, m.MountPath).
						Fix("mounts it read-only; what the container writes there must go to another volume", control.Edit{Path: c.Path(field), Value: true})
				}
			}
		}
		return nil
	},
	Deny: "variables.pod.?volumes.orValue([]).exists(v, has(v.hostPath) && variables.containers.exists(c, " +
		"c.?volumeMounts.orValue([]).exists(m, m.name == v.name && m.?readOnly.orValue(false) != true)))",
}
