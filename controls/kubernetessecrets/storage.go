package kubernetessecrets

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"

	"bulwark/control"
	"bulwark/facts/references"
)

func storageControls() []*control.Control {
	return []*control.Control{plainStorage, plainVolume, storageClass, accessMode}
}

var plainStorage = &control.Control{
	ID:       "BW2014",
	Concept:  concept,
	Title:    "Storage class makes volumes without encryption",
	Severity: control.Low,
	Refs:     []string{"kubescape C-0264", "NSA data"},
	Kinds:    []string{"StorageClass.storage.k8s.io"},
	Deny: `object.provisioner in ["ebs.csi.aws.com", "kubernetes.io/aws-ebs"] && object.?parameters[?"encrypted"].orValue("") != "true" ||
  object.provisioner in ["efs.csi.aws.com"] && object.?parameters[?"encryptInTransit"].orValue("true") == "false"`,
	Check: func(p *control.Pass) error {
		sc, ok := p.Subject.Typed.(*storagev1.StorageClass)
		if !ok {
			return nil
		}
		switch sc.Provisioner {
		case "ebs.csi.aws.com", "kubernetes.io/aws-ebs":
			if sc.Parameters["encrypted"] != "true" {
				p.Report("parameters.encrypted", "volumes of class %q are not asked to be encrypted", sc.Name).
					Fix("encrypt new volumes; existing ones must be copied", control.Edit{Path: "parameters.encrypted", Op: control.Set, Value: "true"})
			}
		case "efs.csi.aws.com":
			if sc.Parameters["encryptInTransit"] == "false" {
				p.Report("parameters.encryptInTransit", "volumes of class %q are read over an unencrypted connection", sc.Name).
					Fix("encrypt the connection", control.Edit{Path: "parameters.encryptInTransit", Op: control.Remove})
			}
		default:
			p.NotApplicable()
		}
		return nil
	},
	Doc: `Databases, queues and caches write secrets to their volumes. Where the disk is not encrypted, whoever gets at a snapshot
or a discarded disk reads them.

It fires for a StorageClass of the AWS EBS driver without parameters.encrypted "true", and for one of the EFS driver that
turns encryption in transit off. Azure and Google encrypt every disk by themselves; other providers are not judged. An AWS
account may encrypt by default, which the cluster does not show.

    apiVersion: storage.k8s.io/v1
    kind: StorageClass
    metadata: {name: gp3}
    provisioner: ebs.csi.aws.com
    parameters: {type: gp3, encrypted: "true"}
`,
}

var plainVolume = &control.Control{
	ID:       "BW2017",
	Concept:  concept,
	Title:    "Persistent volume comes from a storage class without encryption",
	Severity: control.Low,
	Profile:  control.Strict,
	Refs:     []string{"kubescape C-0264", "regolibrary pv-without-encryption", "NSA data"},
	Kinds:    []string{"PersistentVolume"},
	Requires: []control.AnyFact{references.Fact},
	Check: func(p *control.Pass) error {
		pv, ok := p.Subject.Typed.(*corev1.PersistentVolume)
		if !ok || pv.Spec.StorageClassName == "" {
			p.NotApplicable()
			return nil
		}
		x, err := references.Fact.Of(p)
		if err != nil {
			return err
		}
		o := x.StorageClass(pv.Spec.StorageClassName)
		if o == nil {
			p.Unknown("spec.storageClassName", "storage class %q is not in the input", pv.Spec.StorageClassName)
			return nil
		}
		if sc, ok := o.Typed.(*storagev1.StorageClass); ok && !encrypts(sc) {
			p.Report("spec.storageClassName", "storage class %q does not ask for encryption", sc.Name).Related(o, "parameters")
		}
		return nil
	},
	Doc: `A volume that was made without encryption stays so: changing the class later helps new volumes only. This control looks
at the volumes that exist and the class that they came from.

It fires for a PersistentVolume whose StorageClass neither says encrypted: "true" nor belongs to a cloud that encrypts every
disk (Azure, Google). Storage of your own may encrypt below the cluster, which cannot be seen here: hence it is a house rule
and off by default. A class that is not in the input gives unknown.

Copy the data to a claim of an encrypted class:

    kind: StorageClass
    metadata: {name: encrypted}
    provisioner: ebs.csi.aws.com
    parameters: {encrypted: "true"}
`,
}

func encrypts(sc *storagev1.StorageClass) bool {
	return sc.Parameters["encrypted"] == "true" || strings.Contains(sc.Provisioner, "azure") || strings.Contains(sc.Provisioner, "csi.storage.gke.io")
}
