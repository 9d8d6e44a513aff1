package imagevalidation

import (
	"regexp"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/internal/celtext"
	"bulwark/internal/podimages"
	"bulwark/world"
)

// versionless finds a tag without a digit, such as stable or alpine: its content is expected to change.
const versionless = `:[^/0-9]+$`

var versionlessTag = regexp.MustCompile(versionless)

func floating(image string) bool {
	return !podimages.Pinned(image) && (podimages.Mutable(image) || versionlessTag.MatchString(image))
}

// always is the fix of the rules below.
var always = &control.Remedy{
	Scope:   control.AtContainer,
	Message: "asks the registry at every start, which must then be reachable; cached layers are still used",
	Edits:   []control.Edit{{Path: "imagePullPolicy", Value: "Always"}},
}

var staleImage = &control.Control{
	ID: "BW2604", Concept: concept, Severity: control.Low,
	Title: "Image with a moving tag is not pulled at every start",
	Doc: `A moving tag together with a pull policy that trusts the node's cache means that every node runs what it happened to pull
first: old holes stay on some of them, and an image planted in a node's cache under that name is never replaced.

It fires for any container, init container or ephemeral container whose image has no digest and whose tag is missing, is
latest, or holds no digit (stable, main, alpine), unless imagePullPolicy is Always. Kubernetes' own default is Always only
for latest and for no tag at all.

Name a version or a digest; where the moving tag must stay, pull always.

` + "```yaml\nimage: registry.example/shop/api:stable\nimagePullPolicy: Always\n```",
	Refs: []string{
		"CIS 1.12 1.2.11", "ATT&CK T1525", "kubescape C-0075", "kubescape-cel C-0075", "regolibrary image-pull-policy-is-not-set-to-always",
		"kyverno imagepullpolicy-always",
	},
	Kinds:  []string{control.Pods},
	Remedy: always,
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			if c.Image != "" && floating(c.Image) && c.ImagePullPolicy != corev1.PullAlways {
				p.ReportContainer(c, "imagePullPolicy", "container %q takes the moving image %q from the node's cache (%s)", c.Name, c.Image, c.ImagePullPolicy)
			}
		}
		return nil
	},
	Deny: celtext.Any("c.?image.orValue('') != '' && !c.image.contains('@') && (!c.image.matches(r':[^/]+$') || c.image.matches(r'" + versionless +
		"')) && c.?imagePullPolicy.orValue('') != 'Always'"),
}

var notPulled = &control.Control{
	ID: "BW2605", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "Image is not pulled at every start",
	Doc: `On nodes that several tenants share, a cached private image can be started by whoever knows its name, without the
credentials that pulling it takes. With Always the registry checks them each time; the layers still come from the cache.

It fires for any container, init container or ephemeral container whose effective imagePullPolicy is not Always, whatever
the image. Off by default: it makes every start depend on the registry, and the admission plugin AlwaysPullImages or the kubelet's own
check of credentials (on by default since 1.35) do it for a whole cluster.

` + "```yaml\nimagePullPolicy: Always\n```",
	Refs: []string{
		"CIS 1.12 1.2.11", "checkov CKV_K8S_15", "polaris pullPolicyNotAlways", "kube-score Container Image Pull Policy", "kyverno always-pull-images",
	},
	Kinds:   []string{control.Pods},
	Remedy:  always,
	Implies: []string{"BW2604"},
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			if c.ImagePullPolicy != corev1.PullAlways {
				p.ReportContainer(c, "imagePullPolicy", "container %q may start from the node's cache (%s)", c.Name, c.ImagePullPolicy)
			}
		}
		return nil
	},
	Deny: celtext.Any("c.?imagePullPolicy.orValue('') != 'Always'"),
}

var policyUnset = &control.Control{
	ID: "BW2606", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Pull policy is left to the default",
	Doc: `The default of imagePullPolicy hangs on the tag: Always for latest and for no tag, IfNotPresent for everything else. Changing a tag
then silently changes where the image comes from. Some houses want it written down.

It fires for any container, init container or ephemeral container of a manifest without imagePullPolicy. Live objects are
not judged, because the API server fills the field in.

Write the policy that is meant.

` + "```yaml\nimage: registry.example/shop/api:1.4.2\nimagePullPolicy: Always\n```",
	Refs:   []string{"polaris pullPolicyNotAlways"},
	Kinds:  []string{control.Pods},
	Remedy: always,
	Check: func(p *control.Pass) error {
		if p.Subject.Live() {
			p.NotApplicable()
			return nil
		}
		var containers []world.Container
		for c := range p.Containers {
			containers = append(containers, c)
		}
		tree := p.Tree() // the typed object has the default already
		for _, c := range containers {
			if tree.Lookup(c.Path("imagePullPolicy")) == nil {
				p.ReportContainer(c, "imagePullPolicy", "container %q leaves its pull policy to the default, which is %s", c.Name, c.ImagePullPolicy)
			}
		}
		return nil
	},
}
