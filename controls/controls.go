// Package controls lists every control there is. Each concept has a package of
// its own below; they never import each other.
package controls

import (
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/controls/attackphases"
	"bulwark/controls/auditlogs"
	"bulwark/controls/baseimagefootprint"
	"bulwark/controls/cisbenchmark"
	"bulwark/controls/containerimmutability"
	"bulwark/controls/containerruntimes"
	"bulwark/controls/dockerfiles"
	"bulwark/controls/etcd"
	"bulwark/controls/guielements"
	"bulwark/controls/iamroles"
	"bulwark/controls/imageregistries"
	"bulwark/controls/imagesigning"
	"bulwark/controls/imagevalidation"
	"bulwark/controls/ingressobjects"
	"bulwark/controls/kernelhardening"
	"bulwark/controls/kubeapi"
	"bulwark/controls/kubedns"
	"bulwark/controls/kubelet"
	"bulwark/controls/kubernetesapi"
	"bulwark/controls/kubernetessecrets"
	"bulwark/controls/kubernetesupdates"
	"bulwark/controls/networkaccess"
	"bulwark/controls/networksecuritypolicies"
	"bulwark/controls/nodesecurity"
	"bulwark/controls/oslevelsecuritydomains"
	"bulwark/controls/podtopodencryption"
	"bulwark/controls/rbac"
	"bulwark/controls/serviceaccounts"
	"bulwark/controls/staticanalysis"
)

// All returns every control, by id.
func All() []*control.Control {
	all := slices.Concat(
		attackphases.Controls(),
		auditlogs.Controls(),
		baseimagefootprint.Controls(),
		cisbenchmark.Controls(),
		containerimmutability.Controls(),
		containerruntimes.Controls(),
		dockerfiles.Controls(),
		etcd.Controls(),
		guielements.Controls(),
		iamroles.Controls(),
		imageregistries.Controls(),
		imagesigning.Controls(),
		imagevalidation.Controls(),
		ingressobjects.Controls(),
		kernelhardening.Controls(),
		kubeapi.Controls(),
		kubedns.Controls(),
		kubelet.Controls(),
		kubernetesapi.Controls(),
		kubernetessecrets.Controls(),
		kubernetesupdates.Controls(),
		networkaccess.Controls(),
		networksecuritypolicies.Controls(),
		nodesecurity.Controls(),
		oslevelsecuritydomains.Controls(),
		podtopodencryption.Controls(),
		rbac.Controls(),
		serviceaccounts.Controls(),
		staticanalysis.Controls(),
	)
	slices.SortFunc(all, func(a, b *control.Control) int { return strings.Compare(a.ID, b.ID) })
	return all
}
