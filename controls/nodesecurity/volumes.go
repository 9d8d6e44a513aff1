package nodesecurity

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/internal/celtext"
	"bulwark/internal/hostpath"
)

var propagation = &control.Control{
	ID: "BW0806", Concept: concept, Severity: control.High,
	Title: "Container's mounts appear on the node",
	Doc: `With mountPropagation: Bidirectional whatever the container mounts below that volume is mounted on the node too, and in
every container that shares it. A compromised container can cover files of the node with its own. The API server accepts
it only for privileged containers, which storage drivers are.

It fires for each volumeMount of any container, init container or ephemeral container with the value Bidirectional. HostToContainer, which lets mounts
of the node appear in the container, passes.

` + "```yaml\nvolumeMounts:\n  - name: mounts\n    mountPath: /mnt\n    mountPropagation: HostToContainer\n```",
	Refs:  []string{"ATT&CK T1611"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			for i, m := range c.VolumeMounts {
				if m.MountPropagation == nil || *m.MountPropagation != corev1.MountPropagationBidirectional {
					continue
				}
				field := fmt.Sprintf("volumeMounts[%d].mountPropagation", i)
				p.ReportContainer(c, field, "what container %q mounts below %q is mounted on the node too", c.Name, m.MountPath).
					Fix("mounts of the node still appear in the container, but none the other way; storage drivers need that way",
						control.Edit{Path: c.Path(field), Value: "HostToContainer"})
			}
		}
		return nil
	},
	Deny: celtext.Any("c.?volumeMounts.orValue([]).exists(m, m.?mountPropagation.orValue('') == 'Bidirectional')"),
}

var gitRepo = &control.Control{
	ID: "BW0807", Concept: concept, Severity: control.High,
	Title: "Volume is a git repository that the node clones",
	Doc: `For a gitRepo volume the kubelet runs git, as root on the node, on an address that the pod's author chooses. Hooks and
crafted repositories turned that into commands on the node (CVE-2024-10220). The driver is switched off by default since
Kubernetes 1.33, so such a pod does not start there either.

It fires for each volume of a pod or template with gitRepo.

Clone in an init container, which has none of the node's rights, into an emptyDir.

` + "```yaml\ninitContainers:\n  - name: clone\n    image: registry.example/git@sha256:…\n    args: [clone, --depth=1, https://git.example/app, /src]\n```",
	Refs:  []string{"ATT&CK T1611", "CVE-2024-10220", "PSS restricted", "psa restrictedVolumes"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			for i := range t.Spec.Volumes {
				if v := &t.Spec.Volumes[i]; v.GitRepo != nil {
					p.ReportPod(t, fmt.Sprintf("volumes[%d].gitRepo", i), "the node clones %q for volume %q, as root", v.GitRepo.Repository, v.Name)
				}
			}
		}
		return nil
	},
	Deny: "variables.pod.?volumes.orValue([]).exists(v, has(v.gitRepo))",
}

// nodePath returns the directory of the node that a PersistentVolume is, and its field; "" when it is none.
func nodePath(pv *corev1.PersistentVolume) (path, field string) {
	switch {
	case pv.Spec.HostPath != nil:
		return hostpath.Clean(pv.Spec.HostPath.Path), "spec.hostPath.path"
	case pv.Spec.Local != nil:
		return hostpath.Clean(pv.Spec.Local.Path), "spec.local.path"
	}
	return "", ""
}

var volumeHostPath = &control.Control{
	ID: "BW0813", Concept: concept, Severity: control.Medium,
	Title: "PersistentVolume is a directory of the node",
	Doc: `A PersistentVolume with hostPath is the back door of every rule against hostPath volumes: the pod holds a harmless
claim, and behind it lies the node's directory. Pod Security admission never sees it. It also follows no pod: on another node it is another directory.

It fires for each PersistentVolume with spec.hostPath at an ordinary path; BW0814 reports the dangerous ones. Volumes of type
local pass: they are bound to one node and made by an administrator or a provisioner.

Use a provisioner, or local with node affinity, and let few people create PersistentVolumes.

` + "```yaml\nkind: PersistentVolume\nspec:\n  local: {path: /mnt/disks/ssd1}\n```",
	Refs:  []string{"ATT&CK T1611", "NSA pods"},
	Kinds: []string{"PersistentVolume"},
	Check: func(p *control.Pass) error {
		pv, ok := p.Subject.Typed.(*corev1.PersistentVolume)
		if !ok || pv.Spec.HostPath == nil {
			return nil
		}
		if path, field := nodePath(pv); !isSensitive(path) && !socket.Match(path) {
			p.Report(field, "PersistentVolume %q is the node's %q: a claim reaches it past rules against hostPath", p.Subject.Name, path)
		}
		return nil
	},
	Deny: "has(object.spec.hostPath) && " + hostpath.CleanCEL("object.spec.hostPath.?path.orValue('')", "!"+sensitiveCEL+" && !"+socket.CEL()),
}

var volumeSensitive = &control.Control{
	ID: "BW0814", Concept: concept, Severity: control.High,
	Title: "PersistentVolume is a directory that holds the node's own files",
	Doc: `Behind a claim that looks like any other lies /etc, the kubelet's directory or the container runtime's socket: every pod
that may use the claim reads, and mostly writes, what the node trusts. Rules that look at pods cannot see it.

It fires for each PersistentVolume whose spec.hostPath or spec.local path is one that BW0802 or BW0804 would report in a pod:
at, below or above the directories of the system, or on the way to a runtime socket.

Delete the volume, and find out who made it: creating PersistentVolumes is a right that few should have.

` + "```yaml\nkind: PersistentVolume\nspec:\n  local: {path: /mnt/disks/ssd1}\n```",
	Refs:  []string{"ATT&CK T1611", "NSA pods"},
	Kinds: []string{"PersistentVolume"},
	Check: func(p *control.Pass) error {
		pv, ok := p.Subject.Typed.(*corev1.PersistentVolume)
		if !ok {
			return nil
		}
		if path, field := nodePath(pv); field != "" && (isSensitive(path) || socket.Match(path)) {
			p.Report(field, "PersistentVolume %q is the node's %q, which holds files of the node itself", p.Subject.Name, path)
		}
		return nil
	},
	Deny: "(has(object.spec.hostPath) || has(object.spec.local)) && " + hostpath.CleanCEL(
		"(has(object.spec.hostPath) ? object.spec.hostPath.?path.orValue('') : object.spec.local.?path.orValue(''))", "("+sensitiveCEL+" || "+socket.CEL()+")"),
}
