package imageregistries

import (
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/internal/imageref"
	"bulwark/internal/podimages"
)

// eachRef calls f for every image that can be read, with its canonical
// reference. An image that no runtime could read goes to bad.
func eachRef(p *control.Pass, f func(podimages.Image, imageref.Ref), bad func(podimages.Image)) {
	for i := range podimages.Of(p) {
		if i.Unrendered(p) {
			continue
		}
		ref, err := imageref.Parse(i.Text)
		if err != nil {
			bad(i)
			continue
		}
		f(i, ref)
	}
}

var notAllowed = &control.Control{
	ID: "BW2401", Concept: concept, Severity: control.Medium,
	Title: "Image comes from a registry that is not on the list",
	Doc: `Anybody can publish an image under a name that looks right. A list of the registries and repositories that the house trusts
closes that door, and makes a mistyped name fail instead of run.

It fires for every image of a pod, image volumes included, whose canonical name no entry of the parameter allow covers.
Names are read as a runtime reads them: nginx is docker.io/library/nginx, and gcr.io does not cover gcr.io:5000,
evilgcr.io or gcr.io.evil.example. An entry covers whole host labels and whole path segments. A text that is no reference is not covered.
Without the parameter the control is off.

List the places; a mirror of your own is best.

` + "```yaml\ncontrols:\n  BW2401:\n    params:\n      allow: [registry.example, docker.io/library, \"*.azurecr.io/shop\"]\n```",
	Refs: []string{
		"ATT&CK T1204.003", "ATT&CK T1525", "NSA pods", "kubescape C-0078", "kubescape-cel C-0078", "regolibrary container-image-repository",
		"regolibrary container-image-repository-v1", "kubescape C-0304", "regolibrary agent-sandbox-image-registry-allowlist",
		"trivy KSV-0125", "trivy KSV-0032", "trivy KSV-0033", "trivy KSV-0034", "trivy KSV-0035",
		"gatekeeper general/allowedrepos", "gatekeeper general/allowedreposv2", "kyverno restrict-image-registries",
	},
	Kinds:  []string{control.Pods},
	Params: []control.Param{{Name: "allow", Doc: "Registries and repositories that images may come from. " + noScheme}},
	Check: func(p *control.Pass) error {
		allow, err := podimages.List(p, "allow")
		if err != nil {
			return err
		}
		eachRef(p, func(i podimages.Image, ref imageref.Ref) {
			if _, ok := allow.Match(ref); !ok {
				i.Report(p, "the image of %s comes from %q, which is not on the list of allowed places", i.Owner, ref.Name())
			}
		}, func(i podimages.Image) {
			i.Report(p, "the image of %s is %q, which no entry of the list can cover: it is not a reference", i.Owner, i.Text)
		})
		return nil
	},
}

var denied = &control.Control{
	ID: "BW2403", Concept: concept, Severity: control.Medium, Profile: control.Strict,
	Title: "Image comes from a registry that is forbidden",
	Doc: `Where a list of trusted places (BW2401) is too much to ask, at least those that the house has decided against can be kept out:
a registry that was broken into, a public one that must be used through the mirror, an old one that is being emptied.

It fires for every image of a pod, image volumes included, whose canonical name an entry of the parameter deny covers. With
docker.io on the list, nginx is denied, however it is written. Without the parameter the control is off.

Use the mirror.

` + "```yaml\ncontrols:\n  BW2403:\n    params:\n      deny: [docker.io, quay.io/old-team]\n```",
	Refs: []string{
		"kubescape-cel C-0001",
		"ATT&CK T1204.003", "kubescape C-0001", "kubescape-cel C-0001", "regolibrary rule-identify-blocklisted-image-registries",
		"regolibrary rule-identify-blocklisted-image-registries-v1", "gatekeeper general/disallowedrepos",
	},
	Kinds:  []string{control.Pods},
	Params: []control.Param{{Name: "deny", Doc: "Registries and repositories that images must not come from. " + noScheme}},
	Check: func(p *control.Pass) error {
		deny, err := podimages.List(p, "deny")
		if err != nil {
			return err
		}
		eachRef(p, func(i podimages.Image, ref imageref.Ref) {
			if entry, ok := deny.Match(ref); ok {
				i.Report(p, "the image of %s comes from %q, which %q forbids", i.Owner, ref.Name(), entry)
			}
		}, func(podimages.Image) {})
		return nil
	},
}

var nameNotAllowed = &control.Control{
	ID: "BW2406", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "Image is not one of those that may run",
	Doc: `A namespace for one purpose (a build farm, a training room) may be limited to a handful of images, by name and wherever they
are kept.

It fires for every image of a pod, image volumes included, whose last path segment is not in the parameter names: for
ghcr.io/shop/api:1.4 that is api. The name says nothing about who made the image, so combine it with BW2401, which says
where images may come from. Without the parameter the control is off.

` + "```yaml\ncontrols:\n  BW2406:\n    params:\n      names: [api, worker]\n```",
	Refs:   []string{"kyverno allowed-image-repos"},
	Kinds:  []string{control.Pods},
	Params: []control.Param{{Name: "names", Doc: "Last path segments of the repositories that may be used."}},
	Check: func(p *control.Pass) error {
		names := p.Strings("names")
		eachRef(p, func(i podimages.Image, ref imageref.Ref) {
			if name := ref.Repository[strings.LastIndexByte(ref.Repository, '/')+1:]; !slices.Contains(names, name) {
				i.Report(p, "the image of %s is %q, which is not one of those that may run", i.Owner, name)
			}
		}, func(i podimages.Image) {
			i.Report(p, "the image of %s is %q, which is not a reference", i.Owner, i.Text)
		})
		return nil
	},
}
