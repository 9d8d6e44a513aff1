package imagevalidation

import (
	"errors"
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/internal/imageref"
	"bulwark/internal/podimages"
)

var mutableTag = &control.Control{
	ID: "BW2601", Concept: concept, Severity: control.Medium,
	Title: "Image has no tag, or the tag latest",
	Doc: `Without a tag, or with latest, the manifest does not say what runs. The next restart may bring another program, two
replicas may differ, a rollback brings back nothing, and whoever can push to the repository can run code in the cluster
without touching it.

It fires for the image of any container, init container or ephemeral container, and for image volumes, that has neither
a digest nor a tag other than latest. A port is not a tag: localhost:5000/app has none. With a digest the tag does not
matter. References with an unrendered template are unknown.

Name the version, better yet the digest (BW2602).

` + "```yaml\nimage: registry.example/shop/api:1.4.2\n```",
	Refs: []string{
		"ATT&CK T1204.003", "ATT&CK T1525", "trivy KSV-0013", "checkov CKV_K8S_14", "kube-linter latest-tag", "polaris tagNotSpecified",
		"kube-score Container Image Tag", "kyverno disallow-latest-tag",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for i := range podimages.Of(p) {
			if !i.Unrendered(p) && podimages.Mutable(i.Text) {
				i.Report(p, "the image of %s is %q, which can change at any time", i.Owner, i.Text)
			}
		}
		return nil
	},
	Deny: podimages.AnyCEL(podimages.MutableCEL),
}

var notPinned = &control.Control{
	ID: "BW2602", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Image is not pinned by digest",
	Doc: `A tag is a label that the registry can move: a stolen push token, or a careless release, replaces what every node pulls next.
A digest names the content itself. It also makes signatures, inventories and scan results refer to what really runs.

It fires for every image of a pod, image volumes included, without @sha256:… . A tag may stay beside the digest for people to
read; the digest decides. References with an unrendered template are unknown.

Let the build, or a bot that opens change requests, write the digest.

` + "```yaml\nimage: registry.example/shop/api:1.4.2@sha256:0123…\n```",
	Refs: []string{
		"ATT&CK T1525", "kubescape C-0306", "checkov CKV_K8S_43", "gatekeeper general/imagedigests", "kyverno require-image-checksum",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for i := range podimages.Of(p) {
			if !i.Unrendered(p) && !podimages.Pinned(i.Text) {
				i.Report(p, "the image of %s is %q, without a digest", i.Owner, i.Text)
			}
		}
		return nil
	},
	Deny: podimages.AnyCEL("!" + podimages.PinnedCEL),
}

var forbiddenTag = &control.Control{
	ID: "BW2603", Concept: concept, Severity: control.Medium, Profile: control.Strict,
	Title: "Image has a tag that is not allowed",
	Doc: `Tags such as stable, main, dev or edge are as movable as latest. A house that uses them for builds can keep them out of what is
deployed.

It fires for every image of a pod whose tag is in the parameter tags, and for every image without a tag, unless it has a
digest. An image whose place is in the parameter exempt, as for the registry lists of BW2401, passes. Without the
parameter tags the control is off. References with an unrendered template are unknown.

Name the version, better yet the digest.

` + "```yaml\ncontrols:\n  BW2603:\n    params:\n      tags: [latest, stable, main, dev]\n```",
	Refs:  []string{"gatekeeper general/disallowedtags", "kyverno disallow-latest-tag"},
	Kinds: []string{control.Pods},
	Params: []control.Param{
		{Name: "tags", Doc: "Tags that images must not have."},
		{Name: "exempt", Doc: "Registries and repositories that may have any tag.", Default: []string{}},
	},
	Check: func(p *control.Pass) error {
		exempt, err := podimages.List(p, "exempt")
		if err != nil {
			return err
		}
		for i := range podimages.Of(p) {
			if i.Unrendered(p) || podimages.Pinned(i.Text) {
				continue
			}
			ref, err := imageref.Parse(i.Text)
			if _, ok := exempt.Match(ref); ok || err != nil {
				continue
			}
			if !ref.HasTag {
				i.Report(p, "the image of %s is %q, without a tag", i.Owner, i.Text)
			} else if slices.Contains(p.Strings("tags"), ref.Tag) {
				i.Report(p, "the image of %s has the tag %q, which is not allowed", i.Owner, ref.Tag)
			}
		}
		return nil
	},
}

var unreadable = &control.Control{
	ID: "BW2607", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Image reference is not one that a runtime accepts",
	Doc: `The API server takes any text as an image; the kubelet then refuses it and the pod stays in InvalidImageName. Upper-case
letters in the repository, a tag with a slash, a cut-off digest or a leftover space are the usual causes, and lists of
allowed registries cannot say anything about such a text.

It fires for every image of a pod, image volumes included, that does not follow the grammar of references as containerd
and CRI-O read them. A reference that still holds a template or a variable is unknown instead.

Correct the reference; the message says what is wrong with it.

` + "```yaml\nimage: registry.example:5000/shop/api:1.4.2\n```",
	Refs:  []string{"ATT&CK T1204.003"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for i := range podimages.Of(p) {
			if _, err := imageref.Parse(i.Text); err != nil && !i.Unrendered(p) {
				i.Report(p, "the image of %s cannot be pulled: %s", i.Owner, reason(err))
			}
		}
		return nil
	},
}

// reason is the last part of a parser's error, without what was being parsed.
func reason(err error) string {
	text := err.Error()
	if _, after, ok := strings.Cut(text, imageref.ErrInvalid.Error()+": "); ok && errors.Is(err, imageref.ErrInvalid) {
		return after
	}
	return text
}
