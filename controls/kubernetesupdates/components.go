package kubernetesupdates

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/version"

	"bulwark/control"
	"bulwark/internal/imageref"
	"bulwark/internal/podimages"
)

// hole is a known hole of a cluster component, recognised by the version in its tag.
type hole struct {
	cve, product string
	images       podimages.Pattern
	what         string
	affected     [][2]string // from (included, "" is the first version) to (not included)
}

var holes = []hole{
	{"CVE-2022-24348", "Argo CD", podimages.Products(`argoproj/argocd`, `argo-?cd`), "charts can read files of other applications", [][2]string{{"", "2.1.9"}, {"2.2.0", "2.2.4"}}},
	{"CVE-2025-55190", "Argo CD", podimages.Products(`argoproj/argocd`, `argo-?cd`), "project tokens can read repository credentials", [][2]string{{"2.13.0", "2.13.9"}, {"2.14.0", "2.14.16"}, {"3.0.0", "3.0.14"}, {"3.1.0", "3.1.2"}}},
	{"CVE-2022-39328", "Grafana", podimages.Products(`grafana(-oss|-enterprise)?`), "requests under load pass without a login", [][2]string{{"9.2.0", "9.2.4"}}},
	{"CVE-2022-47633", "Kyverno", podimages.Products(`kyverno(/kyverno)?`), "unsigned images pass its verification", [][2]string{{"1.8.3", "1.8.5"}}},
	{"CVE-2025-1974", "ingress-nginx", podimages.Products(`ingress-nginx/controller(-chroot)?`), "any pod can run code in the controller", [][2]string{{"", "1.11.5"}, {"1.12.0", "1.12.1"}}},
	{"CVE-2024-37032", "Ollama", podimages.Products(`ollama/ollama`), "requests can write files and run code", [][2]string{{"", "0.1.34"}}},
	{"CVE-2018-18264", "Kubernetes Dashboard", podimages.Products(`kubernetes-dashboard(-(amd64|arm|arm64|ppc64le|s390x))?`), "secrets can be read without a login", [][2]string{{"", "1.10.1"}}},
}

// at says whether a version is affected.
func (h *hole) at(v *version.Version) bool {
	return slices.ContainsFunc(h.affected, func(r [2]string) bool {
		return (r[0] == "" || !before(v, r[0])) && before(v, r[1])
	})
}

var vulnerableComponent = &control.Control{
	ID: "BW1410", Concept: concept, Severity: control.High,
	Title: "Cluster component is of a version with a known hole",
	Doc: `Components that run the cluster (delivery, policies, ingress, dashboards) hold its keys. A few of their holes are so well known that
scanners on the internet look for them by version.

It fires for any container, init container or ephemeral container whose image is Argo CD, Grafana, Kyverno, ingress-nginx, Ollama or the Kubernetes
Dashboard and whose tag names a version with one of a handful of such holes; the message names it. It looks at tags alone: scan the images for the
rest, and for versions that are written as a digest only.

Update the component.

` + "```yaml\nimage: quay.io/argoproj/argocd:v3.2.0\n```",
	Refs: []string{
		"NSA upgrade", "ATT&CK T1190", "CVE-2022-24348", "CVE-2022-39328", "CVE-2022-47633", "CVE-2025-1974", "CVE-2025-55190", "CVE-2024-37032", "CVE-2018-18264",
		"kubescape C-0081", "kubescape C-0090", "kubescape C-0091",
		"regolibrary CVE-2022-24348", "regolibrary CVE-2022-39328", "regolibrary CVE-2022-47633",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for i := range podimages.Of(p) {
			ref, err := imageref.Parse(i.Text)
			if err != nil || !ref.HasTag || i.Container == nil {
				continue
			}
			v, err := version.ParseGeneric(ref.Tag)
			if err != nil {
				continue
			}
			for j := range holes {
				if h := &holes[j]; h.images.Match(i.Text) && h.at(v) {
					i.Report(p, "%s runs %s %q: %s (%s)", i.Owner, h.product, ref.Tag, h.what, h.cve)
				}
			}
		}
		return nil
	},
}
