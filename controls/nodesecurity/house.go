package nodesecurity

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/internal/hostpath"
	"bulwark/world"
)

var socketLabel = &control.Control{
	ID: "BW0805", Concept: concept, Severity: control.Medium, Profile: control.Strict,
	Title: "Pod reaches the container runtime without the label that says it may",
	Doc: `A house rule for estates where a few pods must talk to the container runtime: they carry a label, so that they
can be listed, watched and kept apart, and every other pod that mounts the socket is a mistake or an attack.

It fires for a pod or template with a hostPath volume as of BW0804 whose pod labels lack the one of the parameter
label, written key=value and by default allow-docker=true. The label is looked for on the pod, not on the workload
around it. It grants nothing by itself: restrict by another rule who may set it.

` + "```yaml\ntemplate:\n  metadata:\n    labels: {allow-docker: \"true\"}\n```",
	Refs:   []string{"ATT&CK T1610", "kyverno docker-socket-requires-label", "kyverno docker-socket-check"},
	Kinds:  []string{control.Pods},
	Params: []control.Param{{Name: "label", Doc: "Label, as key=value, of pods that may reach the container runtime.", Default: "allow-docker=true"}},
	Check: func(p *control.Pass) error {
		key, value, _ := strings.Cut(p.Text("label"), "=")
		for v := range hostpath.Volumes(p) {
			if socket.Match(v.Path) && (v.Pod.Meta == nil || v.Pod.Meta.Labels[key] != value) {
				p.ReportPod(v.Pod, v.At(), "volume %q leads to the container runtime (%q), and the pod has no label %s=%s", v.Name, v.Path, key, value)
			}
		}
		return nil
	},
	Deny: "variables.podMeta.?labels[?'allow-docker'].orValue('') != 'true' && " + hostpath.AnyCEL(socket.CEL()),
}

var hostPathList = &control.Control{
	ID: "BW0809", Concept: concept, Severity: control.Medium, Profile: control.Strict,
	Title: "Path on the node is not on the list of allowed ones",
	Doc: `Where hostPath volumes cannot be given up, a short list of directories keeps them in bounds.

It fires for each hostPath volume of a pod, and each hostPath of a PersistentVolume, whose cleaned path is neither one of
the parameter paths nor below one. An entry that ends in :ro allows the directory only for volumes that every container
mounts read-only; a PersistentVolume never counts as read-only. Without the parameter the control is off; with an empty
list no path is allowed. Whole path segments are compared: /data does not allow /data-old.

` + "```yaml\ncontrols:\n  BW0809:\n    params:\n      paths: [/data, \"/var/log:ro\"]\n```",
	Refs: []string{
		"CIS 1.12 5.2.11", "gatekeeper pod-security-policy/host-filesystem", "kyverno limit-hostpath-vols", "kyverno limit-hostpath-type-pv",
	},
	Kinds:  []string{control.Pods, "PersistentVolume"},
	Params: []control.Param{{Name: "paths", Doc: "Directories of the node that pods may mount, each optionally with :ro at its end."}},
	Check: func(p *control.Pass) error {
		allowed := p.Strings("paths")
		if pv, ok := p.Subject.Typed.(*corev1.PersistentVolume); ok {
			if h := pv.Spec.HostPath; h != nil && !pathAllowed(allowed, hostpath.Clean(h.Path), false) {
				p.Report("spec.hostPath.path", "PersistentVolume %q is the node's %q, which is not on the list", p.Subject.Name, h.Path)
			}
			return nil
		}
		for v := range hostpath.Volumes(p) {
			if !pathAllowed(allowed, v.Path, readOnly(v)) {
				p.ReportPod(v.Pod, v.At(), "volume %q is the node's %q, which is not on the list", v.Name, v.Path)
			}
		}
		return nil
	},
}

// pathAllowed says whether an entry covers the path.
func pathAllowed(entries []string, path string, readOnly bool) bool {
	return slices.ContainsFunc(entries, func(entry string) bool {
		dir, only := strings.CutSuffix(entry, ":ro")
		dir = hostpath.Clean(dir)
		return (!only || readOnly) && (dir == "/" || path == dir || strings.HasPrefix(path, dir+"/"))
	})
}

// readOnly says whether no container may write to the volume.
func readOnly(v hostpath.Volume) bool {
	for c := range v.Pod.Containers {
		if slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == v.Name && !m.ReadOnly }) {
			return false
		}
	}
	return true
}

var sandboxNodes = &control.Control{
	ID: "BW0815", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "No node of the cluster keeps pods in machines of their own",
	Doc: `On EKS, Fargate gives every pod its own small virtual machine, so that a container escape reaches nothing else. An estate
that runs untrusted work may want at least some of its capacity to be of that kind.

It fires for each Node when no Node of the input is a Fargate node: none carries the label
eks.amazonaws.com/compute-type=fargate and none has a name that begins with fargate-. Off by default: other clusters reach the same with
sandboxed runtimes (see the concept Container Runtimes).

Add a Fargate profile for the namespaces of untrusted work.

` + "```yaml\nfargateProfiles:\n  - name: untrusted\n    selectors: [{namespace: untrusted}]\n```",
	Refs:     []string{"kubescape C-0233", "regolibrary alert-fargate-not-in-use"},
	Kinds:    []string{"Node"},
	Requires: []control.AnyFact{fargate},
	Check: func(p *control.Pass) error {
		some, err := fargate.Of(p)
		if err == nil && !some {
			p.Report("metadata.labels", "node %q and all others run pods of different owners side by side", p.Subject.Name)
		}
		return err
	},
}

// fargate says whether some node is a Fargate node.
var fargate = &control.Fact[bool]{
	Name:  "nodesecurity.fargate",
	Doc:   "whether some node is a Fargate node of EKS",
	Kinds: []string{"Node"},
	Derive: func(v *control.View) (bool, error) {
		for o := range v.All("Node") {
			if isFargate(o) {
				return true, nil
			}
		}
		return false, nil
	},
}

func isFargate(o *world.Object) bool {
	return o.Meta.Labels["eks.amazonaws.com/compute-type"] == "fargate" || strings.HasPrefix(o.Name, "fargate-")
}
