package oslevelsecuritydomains

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/internal/linuxpods"
)

// safeVolumes are the volume types of the restricted standard: none reaches the node or a server of the pod author's choice.
var safeVolumes = []string{
	"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret",
}

var volumeTypes = &control.Control{
	ID: "BW1907", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Volume is of a type outside the safe list",
	Doc: `Volumes that name their storage directly (nfs, iscsi, rbd, cephfs, the old cloud disks, flexVolume) let the pod's
author choose the server or device, pass by quotas and reclaim policies, and run old drivers with the node's
rights. hostPath is the node itself. Claims put an administrator in between.

It fires for each volume whose type is not in the parameter allowed, by default the list of the restricted standard:
configMap, csi, downwardAPI, emptyDir, ephemeral, image, persistentVolumeClaim, projected, secret. A volume
without a source is an emptyDir. "*" allows every type.

` + "```yaml\nvolumes:\n  - name: data\n    persistentVolumeClaim: {claimName: data}\n```",
	Refs: []string{
		"PSS restricted", "psa restrictedVolumes", "trivy KSV-0028", "gatekeeper pod-security-policy/volumes", "kyverno restrict-volume-types",
	},
	Kinds:  []string{control.Pods},
	Params: []control.Param{{Name: "allowed", Doc: "Volume types that pods may use.", Default: safeVolumes}},
	Check: func(p *control.Pass) error {
		allowed := p.Strings("allowed")
		for t := range p.Subject.Pods {
			for i := range t.Spec.Volumes {
				v := &t.Spec.Volumes[i]
				if kind := volumeType(v.VolumeSource); !slices.Contains(allowed, kind) && !slices.Contains(allowed, "*") {
					p.ReportPod(t, fmt.Sprintf("volumes[%d]", i), "volume %q is of type %s, which is not on the safe list", v.Name, kind)
				}
			}
		}
		return nil
	},
	Deny: "variables.pod.?volumes.orValue([]).exists(v, !(has(v." + strings.Join(safeVolumes, ") || has(v.") + ")))",
}

// volumeType returns the manifest's name of a volume's source.
func volumeType(s corev1.VolumeSource) string {
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		if !v.Field(i).IsNil() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			return name
		}
	}
	return "unknown"
}

var flexVolumes = &control.Control{
	ID: "BW1936", Concept: concept, Severity: control.Medium, Profile: control.Strict,
	Title: "FlexVolume driver is not on the house list",
	Doc: `A FlexVolume driver is a program that the kubelet runs as root on the node with options from the pod. The
interface is retired in favour of CSI, but drivers that were once installed stay usable by everybody.

It fires for each flexVolume of a Linux pod whose driver is not in the parameter drivers. Without the parameter the
rule is off, and BW1907 reports every flexVolume.

` + "```yaml\n# configuration\nBW1936: {drivers: [example/lvm]}\n```",
	Refs:   []string{"gatekeeper pod-security-policy/flexvolume-drivers"},
	Kinds:  []string{control.Pods},
	Params: []control.Param{{Name: "drivers", Doc: "FlexVolume drivers that pods may use."}},
	Check: func(p *control.Pass) error {
		for t := range linuxpods.Pods(p) {
			for i := range t.Spec.Volumes {
				if f := t.Spec.Volumes[i].FlexVolume; f != nil && !slices.Contains(p.Strings("drivers"), f.Driver) {
					p.ReportPod(t, fmt.Sprintf("volumes[%d].flexVolume.driver", i), "volume %q uses FlexVolume driver %q", t.Spec.Volumes[i].Name, f.Driver)
				}
			}
		}
		return nil
	},
}
