package oslevelsecuritydomains

import (
	"fmt"

	"k8s.io/pod-security-admission/api"

	"bulwark/control"
	"bulwark/facts/podsecurity"
	"bulwark/internal/celtext"
	"bulwark/internal/imageref"
	"bulwark/internal/linuxpods"
	"bulwark/internal/podimages"
	"bulwark/world"
)

const (
	nonRoot = "securityContext.runAsNonRoot"
	asUser  = "securityContext.runAsUser"

	// celMayBeRoot is the CEL form of mayBeRoot for container c.
	celMayBeRoot = "!(c.?securityContext.?runAsNonRoot.or(variables.pod.?securityContext.?runAsNonRoot).orValue(false) == true" +
		" || c.?securityContext.?runAsUser.or(variables.pod.?securityContext.?runAsUser).orValue(0) > 0)"
)

// mayBeRoot says whether nothing in the manifest keeps the container from running as user 0.
func mayBeRoot(c world.Container) bool {
	refuses, user := c.RunAsNonRoot(), c.RunAsUser()
	return (refuses == nil || !*refuses) && (user == nil || *user <= 0)
}

var mayRunAsRoot = &control.Control{
	ID: "BW1908", Concept: concept, Severity: control.Medium,
	Title: "Container may run as root",
	Doc: `Most images run as root unless told otherwise, and root in a container is the same user 0 as on the node: a
flaw in the kernel, the runtime or a mounted path then starts from the best position there is.

It fires for each container, init container and ephemeral container of a Linux pod for which neither
runAsNonRoot is true nor runAsUser above 0; a container's own value wins over the pod's. Either of the two is
enough here (the exact rule of the restricted standard is BW1927). Pods in a user namespace (hostUsers: false)
pass from 1.33 on: their root is nobody outside.

` + "```yaml\nspec:\n  securityContext: {runAsNonRoot: true}\n```",
	Refs: []string{
		"CIS 1.12 5.2.7", "NSA pods", "ATT&CK T1611", "PSS restricted",
		"kubescape C-0013", "kubescape C-0198", "regolibrary non-root-containers", "kubescape-cel C-0013", "kubescape-cel C-0198",
		"trivy KSV-0012", "checkov CKV_K8S_23", "kube-linter run-as-non-root", "polaris runAsRootAllowed", "kubesec RunAsNonRoot",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range linuxpods.Containers(p) {
			if !mayBeRoot(c) || ownUsers(c.Pod) && p.Target() >= 33 {
				continue
			}
			r := p.ReportContainer(c, nonRoot, "container %q may run as root: neither runAsNonRoot nor a runAsUser above 0", c.Name)
			if c.RunAsUser() != nil {
				r.NoFix()
			}
		}
		return nil
	},
	Deny: linuxpods.CEL + " && variables.pod.?hostUsers.orValue(true) == true && " + celtext.Any(celMayBeRoot),
	Remedy: &control.Remedy{
		Scope:   control.AtContainer,
		Message: "refuse to run as root; if the image has no numeric user of its own, set runAsUser as well",
		Edits:   []control.Edit{{Path: nonRoot, Value: true}},
	},
}

var runAsRoot = &control.Control{
	ID: "BW1909", Concept: concept, Severity: control.Medium,
	Title: "Container is told to run as user 0",
	Doc: `runAsUser: 0 makes a container run as root even where its image was built for an ordinary user.

It fires where securityContext.runAsUser is 0, at the pod or at any container, init container or ephemeral
container of a Linux pod. The pod's value counts also when every container overrides it, because admission by
the restricted standard refuses it, and because the next container added will inherit it. Pods in a user
namespace (hostUsers: false) pass from 1.35 on, as in the standard.

Remove the line, so that the image's own user is used, or name an ordinary user:

` + "```yaml\nsecurityContext:\n  runAsUser: 10001\n  runAsNonRoot: true\n```",
	Refs: []string{
		"CIS 1.12 5.2.7", "NSA pods", "PSS restricted", "psa runAsUser", "trivy KSV-0105", "kyverno require-run-as-non-root-user",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		const message = "run as the image's own user; if that is root, name an ordinary user id"
		for t := range linuxpods.Pods(p) {
			if ownUsers(t) && p.Target() >= 35 {
				continue
			}
			if zero(t.Spec.SecurityContext.RunAsUser) {
				p.ReportPod(t, asUser, "the pod is told to run as user 0").
					Fix(message, control.Edit{Path: t.SpecPath(asUser), Op: control.Remove})
			}
			for c := range t.Containers {
				if c.SecurityContext != nil && zero(c.SecurityContext.RunAsUser) {
					p.ReportContainer(c, asUser, "container %q is told to run as user 0", c.Name).
						Fix(message, control.Edit{Path: c.Path(asUser), Op: control.Remove})
				}
			}
		}
		return nil
	},
	Deny: linuxpods.CEL + " && variables.pod.?hostUsers.orValue(true) == true && (variables.pod.?securityContext.?runAsUser.orValue(1) == 0 || " +
		celtext.Any("c.?securityContext.?runAsUser.orValue(1) == 0") + ")",
}

func zero(id *int64) bool { return id != nil && *id == 0 }

var nonRootExact = &control.Control{
	ID: "BW1927", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "runAsNonRoot is not as the restricted Pod Security Standard wants it",
	Doc: `The restricted standard wants the promise in words: runAsNonRoot true at the pod, or in every container, and
false nowhere, not even at a pod whose containers all say true. A runAsUser above 0 does not replace it. The
kubelet checks the promise when it starts the container.

It fires for the pod or for each container that breaks this rule, as the library of the API server judges it.
Pods with hostUsers: false are free from 1.35 on. It is off by default, because BW1908 judges the effect; turn it
on before a namespace is raised to restricted.

` + "```yaml\nspec:\n  securityContext: {runAsNonRoot: true}\n```",
	Refs: []string{
		"CIS 1.12 5.2.7", "PSS restricted", "psa runAsNonRoot", "trivy KSV-0012", "kyverno require-run-as-nonroot", "kyverno require-run-as-non-root",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			reportRefusal(p, t, "runAsNonRoot", api.MajorMinorVersion(1, p.Target()))
		}
		return nil
	},
	Deny: "variables.pod.?hostUsers.orValue(true) == true && (variables.pod.?securityContext.?runAsNonRoot.orValue(true) == false || " +
		celtext.Any("c.?securityContext.?runAsNonRoot.or(variables.pod.?securityContext.?runAsNonRoot).orValue(false) == false") + ")",
}

// reportRefusal reports each field that makes one check of the Pod Security Standards refuse the pod.
func reportRefusal(p *control.Pass, t *world.PodTemplate, check string, version api.Version) {
	r, ok := podsecurity.EvaluateCheck(check, version, t.Meta, t.Spec)
	if !ok || r.Allowed {
		return
	}
	for _, o := range podsecurity.Locate(check, version, t) {
		rep := p.Report(o.Path, "%s", brief(r.Detail))
		if len(o.Edits) > 0 {
			rep.Fix(fixMessage(check), o.Edits...)
		}
	}
}

var nonRootMesh = &control.Control{
	ID: "BW1928", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "Container other than the mesh's own init container may run as root",
	Doc: `Service meshes without a CNI plugin start each pod with an init container that rewrites its firewall and must
be root. This is BW1927 with that one exception: init containers whose image the parameter exempt covers.

It fires for a container that does not set runAsNonRoot true where the pod does not, and for every explicit
false, except in exempted init containers. An ordinary container with such an image gets no exception. Better
than the exception is a mesh's CNI plugin or sidecarless mode, which needs no root in pods at all.

` + "```yaml\n# configuration\nBW1928: {exempt: [registry.example.com/istio/proxyv2]}\n```",
	Refs:  []string{"kyverno service-mesh-require-run-as-nonroot", "kyverno run-as-non-root-istio"},
	Kinds: []string{control.Pods},
	Params: []control.Param{{Name: "exempt", Doc: "Image patterns of init containers that may run as root.", Default: []string{
		"docker.io/istio/proxyv2", "gcr.io/istio-release/proxyv2", "registry.istio.io/release/proxyv2", "cr.l5d.io/linkerd/proxy-init", "ghcr.io/linkerd/proxy-init",
	}}},
	Check: func(p *control.Pass) error {
		exempt, err := podimages.List(p, "exempt")
		if err != nil {
			return fmt.Errorf("reading parameter exempt: %w", err)
		}
		for t := range p.Subject.Pods {
			if r := t.Spec.SecurityContext.RunAsNonRoot; r != nil && !*r {
				p.ReportPod(t, nonRoot, "the pod sets runAsNonRoot to false").
					Fix("refuse to run as root", control.Edit{Path: t.SpecPath(nonRoot), Value: true})
			}
			for c := range t.Containers {
				if r := c.RunAsNonRoot(); r != nil && *r || c.List == world.InitContainers && fromOneOf(exempt, c.Image) {
					continue
				}
				p.ReportContainer(c, nonRoot, "container %q does not set runAsNonRoot and is no init container of a mesh", c.Name).
					Fix("refuse to run as root", control.Edit{Path: c.Path(nonRoot), Value: true})
			}
		}
		return nil
	},
}

var rootFromAnywhere = &control.Control{
	ID: "BW1929", Concept: concept, Severity: control.Medium, Profile: control.Strict,
	Title: "Image from outside the trusted registries may run as root",
	Doc: `A milder house rule than BW1908: root is tolerated, but only in images that come from where you build or
review them.

It fires for each container, init container and ephemeral container of a Linux pod that may run as root (neither
runAsNonRoot true nor runAsUser above 0) and whose image the parameter trusted does not cover. The user that the
image itself declares is not known from a manifest: say runAsNonRoot where it is an ordinary one. Patterns match
whole hosts and path segments, so evil-example.com is not example.com. Without the parameter the rule is off.

` + "```yaml\n# configuration\nBW1929: {trusted: [registry.example.com, ghcr.io/our-org/*]}\n```",
	Refs:   []string{"kyverno only-trustworthy-registries-set-root"},
	Kinds:  []string{control.Pods},
	Params: []control.Param{{Name: "trusted", Doc: "Image patterns that may run as root."}},
	Check: func(p *control.Pass) error {
		trusted, err := podimages.List(p, "trusted")
		if err != nil {
			return fmt.Errorf("reading parameter trusted: %w", err)
		}
		for c := range linuxpods.Containers(p) {
			if mayBeRoot(c) && !fromOneOf(trusted, c.Image) {
				p.ReportContainer(c, "image", "container %q may run as root with image %q from an untrusted place", c.Name, c.Image)
			}
		}
		return nil
	},
}

// fromOneOf says whether the list covers an image; what cannot be read is covered by nothing.
func fromOneOf(list imageref.List, image string) bool {
	ref, err := imageref.Parse(image)
	if err != nil {
		return false
	}
	_, ok := list.Match(ref)
	return ok
}
