package containerimmutability

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/writablepaths"
	"bulwark/internal/celtext"
	"bulwark/internal/linuxpods"
	"bulwark/world"
)

const readOnlyRoot = "securityContext.readOnlyRootFilesystem"

var writableRoot = &control.Control{
	ID: "BW3501", Concept: concept, Severity: control.Medium,
	Title: "Container can change its own root file system",
	Doc: `With a writable root file system an intruder stores tools, replaces the program or its libraries, and edits
configuration; nothing of it is in the image that was scanned and signed. Read-only makes most ready-made attacks
fail at the download, and any change stands out.

It fires for each container, init container and ephemeral container of a Linux pod whose
securityContext.readOnlyRootFilesystem is not true. The message names directories that the program is known to
write to: from its image family, from variables such as TMPDIR, from flags and from shell redirections. The fix
gives each an emptyDir of its own; add one for whatever else the program writes. Volumes stay as they are.

` + "```yaml\nsecurityContext:\n  readOnlyRootFilesystem: true\nvolumeMounts:\n  - {name: tmp, mountPath: /tmp}\n```",
	Refs: []string{
		"CIS 1.12 5.6.3", "NSA pods", "ATT&CK T1525", "kubescape C-0017", "kubescape C-0211", "regolibrary immutable-container-filesystem",
		"kubescape-cel C-0017", "trivy KSV-0014", "checkov CKV_K8S_22", "kube-linter no-read-only-root-fs", "polaris notReadOnlyRootFilesystem",
		"kube-score Container Security Context ReadOnlyRootFilesystem", "kubesec ReadOnlyRootFilesystem",
		"gatekeeper pod-security-policy/read-only-root-filesystem", "kyverno require-ro-rootfs", "kyverno validate-readOnlyRootFilesystem",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range linuxpods.Containers(p) {
			if sc := c.SecurityContext; sc != nil && sc.ReadOnlyRootFilesystem != nil && *sc.ReadOnlyRootFilesystem {
				continue
			}
			paths := writablepaths.Of(c)
			message, edits := seal(c, paths)
			p.ReportContainer(c, readOnlyRoot, "container %q can change its own root file system%s", c.Name, known(paths)).Fix(message, edits...)
		}
		return nil
	},
	Deny: linuxpods.CEL + " && " + celtext.Any("c.?securityContext.?readOnlyRootFilesystem.orValue(false) != true"),
	Remedy: &control.Remedy{
		Scope:   control.AtContainer,
		Message: "make the root file system read-only; every directory that the program writes to needs a volume, such as an emptyDir at /tmp",
		Edits:   []control.Edit{{Path: readOnlyRoot, Value: true}},
	},
}

// known lists directories for a message, at most three of them.
func known(paths []writablepaths.Path) string {
	if len(paths) == 0 {
		return ""
	}
	var dirs []string
	for _, p := range paths[:min(3, len(paths))] {
		dirs = append(dirs, p.Dir)
	}
	text := "; it writes to " + strings.Join(dirs, ", ")
	if len(paths) > 3 {
		text += " and more"
	}
	return text
}

// seal makes the root file system read-only and gives each known directory an
// emptyDir of the container's own, so that containers of a pod do not start to
// share what was private. Ephemeral containers cannot be given volumes that the pod lacks.
func seal(c world.Container, paths []writablepaths.Path) (string, []control.Edit) {
	edits := []control.Edit{{Path: c.Path(readOnlyRoot), Value: true}}
	if len(paths) == 0 || c.List == world.EphemeralContainers {
		return "make the root file system read-only; every directory that the program writes to needs a volume, such as an emptyDir at /tmp", edits
	}
	var why []string
	for _, path := range paths {
		name := volumeName(c, path.Dir)
		edits = append(edits,
			control.Edit{Path: c.Path("volumeMounts"), Op: control.Append, Value: map[string]any{"name": name, "mountPath": path.Dir}},
			control.Edit{Path: c.Pod.SpecPath("volumes"), Op: control.Append, Value: map[string]any{"name": name, "emptyDir": map[string]any{}}},
		)
		why = append(why, fmt.Sprintf("%s (%s)", path.Dir, path.Why))
	}
	return "make the root file system read-only and keep writable, empty at each start: " + strings.Join(why, ", ") +
		"; anything else that the program writes to needs a volume too", edits
}

// volumeName makes the name of a volume for one directory of one container: a DNS label that no volume of the pod has.
func volumeName(c world.Container, dir string) string {
	const most = 63
	name := c.Name + "-" + label(dir)
	taken := slices.ContainsFunc(c.Pod.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == name })
	if len(name) > most || taken || label(dir) == "" {
		h := fnv.New32a()
		h.Write([]byte(c.Name + dir))
		name = fmt.Sprintf("%s-%08x", strings.TrimRight(name[:min(len(name), most-9)], "-"), h.Sum32())
	}
	return name
}

// label writes a directory with the letters of a DNS label.
func label(dir string) string {
	out := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, dir)
	return strings.Trim(out, "-")
}
