package kubernetessecrets

import (
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/world"
)

// claim is one volume claim: an object of its own, or a template in a workload or volume.
type claim struct {
	path string
	spec *corev1.PersistentVolumeClaimSpec
}

// claims returns the volume claims that an object makes.
func claims(o *world.Object) []claim {
	if pvc, ok := o.Typed.(*corev1.PersistentVolumeClaim); ok {
		return []claim{{"spec", &pvc.Spec}}
	}
	var found []claim
	if set, ok := o.Typed.(*appsv1.StatefulSet); ok {
		for i := range set.Spec.VolumeClaimTemplates {
			found = append(found, claim{fmt.Sprintf("spec.volumeClaimTemplates[%d].spec", i), &set.Spec.VolumeClaimTemplates[i].Spec})
		}
	}
	for t := range o.Pods {
		for i := range t.Spec.Volumes {
			if e := t.Spec.Volumes[i].Ephemeral; e != nil && e.VolumeClaimTemplate != nil {
				found = append(found, claim{t.SpecPath(fmt.Sprintf("volumes[%d].ephemeral.volumeClaimTemplate.spec", i)), &e.VolumeClaimTemplate.Spec})
			}
		}
	}
	return found
}

var storageClass = &control.Control{
	ID:       "BW2015",
	Concept:  concept,
	Title:    "Volume claim uses a storage class that is not allowed",
	Severity: control.Low,
	Profile:  control.Strict,
	Refs:     []string{"gatekeeper general/storageclass"},
	Kinds:    []string{"PersistentVolumeClaim", control.Pods},
	Params:   []control.Param{{Name: "allow", Doc: "storage classes that may be used", Default: nil}},
	Check: func(p *control.Pass) error {
		allow := p.Strings("allow")
		for _, c := range claims(p.Subject) {
			switch {
			case c.spec.StorageClassName == nil:
				p.Report(c.path+".storageClassName", "the claim names no storage class; allowed are %s", strings.Join(allow, ", "))
			case !slices.Contains(allow, *c.spec.StorageClassName):
				p.Report(c.path+".storageClassName", "storage class %q is not allowed; allowed are %s", *c.spec.StorageClassName, strings.Join(allow, ", "))
			}
		}
		return nil
	},
	Doc: `The storage class decides whether a volume is encrypted, where it lies, and whether it is kept when the claim is deleted. A
house that has classes for sensitive data wants claims to use them and to say so.

It fires for each claim (PersistentVolumeClaim, claim templates of StatefulSets, ephemeral volumes) that names no class or
one that is not in the parameter allow. It does nothing until that parameter is set.

    params:
      BW2015: {allow: [encrypted]}

    kind: PersistentVolumeClaim
    spec: {storageClassName: encrypted}
`,
}

var accessMode = &control.Control{
	ID:       "BW2016",
	Concept:  concept,
	Title:    "Volume claim can be mounted by more than one pod",
	Severity: control.Info,
	Profile:  control.Strict,
	Refs:     []string{"kyverno readwriteonce-pod", "kyverno enforce-readwriteonce-pod", "kyverno readwriteoncepod"},
	Kinds:    []string{"PersistentVolumeClaim", "StatefulSet.apps"},
	Deny: `(object.kind == "PersistentVolumeClaim" && object.spec.?accessModes.orValue([]) != ["ReadWriteOncePod"]) ||
  (object.kind == "StatefulSet" && object.spec.?volumeClaimTemplates.orValue([]).exists(t, t.spec.?accessModes.orValue([]) != ["ReadWriteOncePod"]))`,
	Check: func(p *control.Pass) error {
		for _, c := range claims(p.Subject) {
			if !strings.Contains(c.path, ".ephemeral.") && !onlyOncePod(c.spec.AccessModes) {
				p.Report(c.path+".accessModes", "the claim's access modes are %s, not only ReadWriteOncePod", modes(c.spec.AccessModes))
			}
		}
		return nil
	},
	Doc: `With ReadWriteOnce, every pod on the same node may mount the volume; with ReadWriteMany, every pod of the namespace. An
attacker who may create a pod so reads the files of another. ReadWriteOncePod admits exactly one pod at a time.

It fires for each PersistentVolumeClaim and each claim template of a StatefulSet whose access modes are anything but
ReadWriteOncePod alone. Rolling updates of Deployments need a second pod for a moment, and the driver must be CSI: hence it
is a house rule and off by default.

    kind: PersistentVolumeClaim
    spec:
      accessModes: [ReadWriteOncePod]
`,
}

func onlyOncePod(list []corev1.PersistentVolumeAccessMode) bool {
	return len(list) == 1 && list[0] == corev1.ReadWriteOncePod
}

func modes(list []corev1.PersistentVolumeAccessMode) string {
	if len(list) == 0 {
		return "not set"
	}
	var words []string
	for _, m := range list {
		words = append(words, string(m))
	}
	return strings.Join(words, ", ")
}
