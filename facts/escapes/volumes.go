package escapes

import (
	"fmt"
	"strings"

	"bulwark/internal/tri"
)

// credentialDrivers are CSI drivers that put credentials or certificates into a pod and nothing of the node.
var credentialDrivers = []string{
	"secrets-store.csi.k8s.io", "csi.cert-manager.io", "csi.cert-manager.io/v1", "spiffe.csi.cert-manager.io", "csi.spiffe.io", "inline.csi.cert-manager.io",
	"csi.sharedresource.openshift.io", "gcsfuse.csi.storage.gke.io", "parallelstore.csi.storage.gke.io",
}

// volumes is E22: volumes that programs of the node prepare with its rights.
func (x *examiner) volumes() {
	x.subPaths()
	for _, vm := range x.VolumeMounts {
		v, i := volumeOf(x.Pod.Spec, vm.Name)
		if v == nil {
			continue
		}
		at := x.Pod.SpecPath(fmt.Sprintf("volumes[%d]", i))
		switch {
		case v.GitRepo != nil:
			x.gitRepo(at + ".gitRepo")
		case v.FlexVolume != nil:
			x.driver(at+".flexVolume", "have a flexVolume driver run on the node with options of one's own", v.FlexVolume.Driver)
		case v.CSI != nil && !named(credentialDrivers, v.CSI.Driver):
			x.driver(at+".csi", "have a volume driver of the node mount what one asks for", v.CSI.Driver)
		}
	}
}

func named(list []string, name string) bool {
	for _, n := range list {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

func (x *examiner) driver(at, title, driver string) {
	x.best(Escape{ID: "E22", Title: title, Gives: gives(HostFiles), Path: at, Control: "BW1907", Author: true},
		[]Guard{doubt("driver", at, "what driver %q does with its options is not known", driver)})
}

func (x *examiner) gitRepo(at string) {
	hole := x.env.node().holes().gitRepo
	if x.env.node().Kubelet == "" {
		hole = doubt(hole.Name, "", "whether the kubelet has CVE-2024-10220 is not known")
	}
	x.best(Escape{ID: "E22", Title: "have the kubelet run the hooks of a git repository (CVE-2024-10220)", Gives: gives(NodeRoot), Path: at, Control: "BW0807", Author: true}, []Guard{hole})
}

// subPaths is CVE-2021-25741, in kubelets known to have it.
func (x *examiner) subPaths() {
	hole := x.env.node().holes().subPath
	if hole.Open == tri.No {
		return
	}
	for i, vm := range x.VolumeMounts {
		if vm.SubPath == "" && vm.SubPathExpr == "" {
			continue
		}
		e := Escape{ID: "E22", Title: "swap a subPath for a link to the node's files (CVE-2021-25741)", Gives: gives(NodeRoot, HostFiles, NodeIdentity, PodFiles),
			Path: x.Path(fmt.Sprintf("volumeMounts[%d]", i)), Control: "BW1406", Author: true}
		x.add(e, []Guard{hole}, x.asRoot(), x.seLinux())
		return
	}
}
