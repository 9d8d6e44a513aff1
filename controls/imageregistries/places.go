package imageregistries

import (
	"strings"

	"bulwark/control"
	"bulwark/internal/podimages"
)

// retiredPlaces no longer receive images, or are gone.
var retiredPlaces = []struct {
	from podimages.Pattern
	why  string
}{
	{podimages.From(`k8s[.]gcr[.]io/`), "which has been frozen since April 2023: use registry.k8s.io"},
	{podimages.From(`gcr[.]io/google[-_]containers/`), "which was given up for registry.k8s.io"},
	{podimages.From(`quay[.]io/kubernetes-ingress-controller/`), "which was given up in 2020 for registry.k8s.io/ingress-nginx"},
	{podimages.From(`docker[.]pkg[.]github[.]com/`), "which GitHub replaced by ghcr.io"},
	{podimages.From(`((index[.])?docker[.]io/)?bitnamilegacy/`), "an archive that gets no security updates"},
}

const oldKubernetes = "k8s.gcr.io/"

var retired = &control.Control{
	ID: "BW2402", Concept: concept, Severity: control.Low,
	Title: "Image comes from a registry that was given up",
	Doc: `A registry that nobody publishes to keeps serving old images, with all holes found since, until the day it is switched off and
the next start of the pod fails. Once its name expires, somebody else may take it.

It fires for every image of a pod, image volumes included, from k8s.gcr.io, gcr.io/google-containers or google_containers,
quay.io/kubernetes-ingress-controller, docker.pkg.github.com, or bitnamilegacy on Docker Hub.

Use the successor. For k8s.gcr.io that is the same path at registry.k8s.io; for the others look up the project, and take a current version.

` + "```yaml\nimage: registry.k8s.io/pause:3.10\n```",
	Refs: []string{
		"ATT&CK T1204.003", "kubescape C-0253", "regolibrary rule-identify-old-k8s-registry", "kyverno restrict-deprecated-registry",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for i := range podimages.Of(p) {
			for _, place := range retiredPlaces {
				if !place.from.Match(i.Text) {
					continue
				}
				r := i.Report(p, "the image of %s comes from a retired registry (%q), %s", i.Owner, i.Text, place.why)
				if path, ok := strings.CutPrefix(i.Text, oldKubernetes); ok {
					r.Fix("the same image at its new address; the digest stays the same", control.Edit{Path: i.Path(), Value: "registry.k8s.io/" + path})
				}
			}
		}
		return nil
	},
	Deny: podimages.AnyCEL(retiredCEL()),
}

func retiredCEL() string {
	var parts []string
	for _, place := range retiredPlaces {
		parts = append(parts, place.from.CEL("i"))
	}
	return strings.Join(parts, " || ")
}

// byAddress finds registries without a name of their own.
var byAddress = podimages.From(`(localhost|[0-9]{1,3}([.][0-9]{1,3}){3}|\[[0-9a-f:]+\])(:[0-9]+)?/`)

var addressed = &control.Control{
	ID: "BW2404", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Registry is named by its address",
	Doc: `Public certificates name hosts, hardly ever addresses. A registry that is written as an IP address or as localhost is nearly always
configured as insecure in the runtime: what it serves can be replaced on the way. Whoever gets that address next, or may listen on that port
of the node, serves the images.

It fires for every image of a pod, image volumes included, whose registry is localhost or an IPv4 or IPv6 address, with or
without a port.

Give the registry a name and a certificate.

` + "```yaml\nimage: registry.example:5000/shop/api:1.4.2\n```",
	Refs:  []string{"ATT&CK T1557", "ATT&CK T1204.003"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for i := range podimages.Of(p) {
			if byAddress.Match(i.Text) {
				i.Report(p, "the image of %s comes from %q, a registry without a name of its own", i.Owner, i.Text)
			}
		}
		return nil
	},
	Deny: podimages.AnyCEL(byAddress.CEL("i")),
}
