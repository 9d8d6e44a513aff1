package kernelhardening

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/internal/celtext"
	"bulwark/internal/linuxpods"
	"bulwark/world"
)

const seccompType = "securityContext.seccompProfile.type"

// celSeccomp is the type of the effective seccomp profile of container c, ” when there is none.
const celSeccomp = "c.?securityContext.?seccompProfile.?type.or(variables.pod.?securityContext.?seccompProfile.?type).orValue('')"

// filtered says whether a profile filters system calls.
func filtered(s *corev1.SeccompProfile) bool {
	return s != nil && (s.Type == corev1.SeccompProfileTypeRuntimeDefault || s.Type == corev1.SeccompProfileTypeLocalhost)
}

func unfiltered(s *corev1.SeccompProfile) bool { return s != nil && !filtered(s) }

// own returns the seccomp profile that a container sets itself.
func own(c world.Container) *corev1.SeccompProfile {
	if c.SecurityContext == nil {
		return nil
	}
	return c.SecurityContext.SeccompProfile
}

const useRuntimeDefault = "use the runtime's seccomp filter; a program that needs a rare system call needs a profile of its own (type Localhost)"

var seccompOff = &control.Control{
	ID: "BW1807", Concept: concept, Severity: control.High,
	Title: "Seccomp filter is switched off",
	Doc: `The runtime's seccomp filter keeps about sixty rare system calls away from a container, among them those
that kernel exploits start with: keyctl, bpf, userfaultfd, unshare and mount. Type Unconfined opens the
whole kernel again, even on nodes where the kubelet would set the filter by itself.

It fires for a pod or any container, init container or ephemeral container whose
securityContext.seccompProfile.type is Unconfined, also where containers override the pod's value, because
admission by the Pod Security baseline judges each value. Not set at all is BW1808. The old annotations are
not looked at: Kubernetes ignores them since 1.27.

` + "```yaml\nsecurityContext:\n  seccompProfile: {type: RuntimeDefault}\n```",
	Refs: []string{
		"CIS 1.12 5.6.2", "NSA pods", "PSS baseline", "psa seccompProfile_baseline",
		"trivy KSV-0104", "kubesec SeccompUnconfined", "kyverno restrict-seccomp",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range linuxpods.Pods(p) {
			if s := t.Spec.SecurityContext.SeccompProfile; unfiltered(s) {
				p.ReportPod(t, seccompType, "the pod runs with seccomp profile type %q", s.Type).
					Fix(useRuntimeDefault, control.Edit{Path: t.SpecPath(seccompType), Value: "RuntimeDefault"})
			}
			for c := range t.Containers {
				if s := own(c); unfiltered(s) {
					p.ReportContainer(c, seccompType, "container %q runs with seccomp profile type %q", c.Name, s.Type).
						Fix(useRuntimeDefault, control.Edit{Path: c.Path(seccompType), Value: "RuntimeDefault"})
				}
			}
		}
		return nil
	},
	Deny: linuxpods.CEL + " && (!(variables.pod.?securityContext.?seccompProfile.?type.orValue('Localhost') in ['RuntimeDefault', 'Localhost']) || " +
		celtext.Any("!(c.?securityContext.?seccompProfile.?type.orValue('Localhost') in ['RuntimeDefault', 'Localhost'])") + ")",
	Implies: []string{"BW1808"},
}

var seccompUnset = &control.Control{
	ID: "BW1808", Concept: concept, Severity: control.Medium,
	Title: "No seccomp filter is asked for",
	Doc: `Without a seccomp profile a container may use every system call of the kernel, unless the node's kubelet
runs with seccompDefault, which is off by default. The runtime's own filter costs nothing measurable and
removes the first step of most kernel exploits.

It fires once for each pod template whose containers are left without a profile: neither the pod nor the
container sets RuntimeDefault or Localhost. The message names them. A container with Unconfined is reported
too, as part of BW1807. Pods for Windows are exempt.

` + "```yaml\nspec:\n  securityContext:\n    seccompProfile: {type: RuntimeDefault}\n```",
	Refs: []string{
		"CIS 1.12 5.6.2", "NSA pods", "PSS restricted", "psa seccompProfile_restricted",
		"kubescape C-0210", "kubescape-cel C-0210", "regolibrary set-seccomp-profile", "trivy KSV-0030", "trivy KSV-0104",
		"kube-score Container Seccomp Profile", "kubesec SeccompAny", "gatekeeper pod-security-policy/seccomp",
		"gatekeeper pod-security-policy/seccompv2", "kyverno restrict-seccomp-strict", "kyverno check-seccomp-strict",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range linuxpods.Pods(p) {
			var left []string
			for c := range t.Containers {
				switch {
				case filtered(c.Seccomp()):
				case own(c) == nil && t.Spec.SecurityContext.SeccompProfile == nil:
					left = append(left, c.Name)
				case own(c) != nil:
					p.ReportContainer(c, seccompType, "container %q has no seccomp filter: its profile is %q", c.Name, own(c).Type).
						Fix(useRuntimeDefault, control.Edit{Path: c.Path(seccompType), Value: "RuntimeDefault"})
				default:
					p.ReportContainer(c, seccompType, "container %q has no seccomp filter: the pod's profile is %q", c.Name, c.Seccomp().Type).
						Fix(useRuntimeDefault, control.Edit{Path: t.SpecPath(seccompType), Value: "RuntimeDefault"})
				}
			}
			if len(left) > 0 {
				p.ReportPod(t, seccompType, "no seccomp profile for %s", quoted("container", left)).
					Fix(useRuntimeDefault, control.Edit{Path: t.SpecPath(seccompType), Value: "RuntimeDefault"})
			}
		}
		return nil
	},
	Deny: linuxpods.CEL + " && " + celtext.Any("!("+celSeccomp+" in ['RuntimeDefault', 'Localhost'])"),
}

// quoted lists names for a message, at most three of them.
func quoted(noun string, list []string) string {
	if len(list) > 1 {
		noun += "s"
	}
	shown := list[:min(3, len(list))]
	text := noun + ` "` + strings.Join(shown, `", "`) + `"`
	if len(list) > len(shown) {
		text += " and more"
	}
	return text
}

var seccompList = &control.Control{
	ID: "BW1817", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "Seccomp profile is not on the house list",
	Doc: `For organisations that allow only certain seccomp profiles: by default just RuntimeDefault, because a
Localhost profile is a file on the node that nobody reviews with the manifest.

It fires for each container, init container and ephemeral container of a Linux pod whose effective profile
(its own, else the pod's) is missing or not in the parameter profiles. An entry is RuntimeDefault,
Unconfined, Localhost (any file) or localhost/<path> (that file); the spellings runtime/default and
docker/default mean RuntimeDefault, and * allows any profile and none.

` + "```yaml\nsecurityContext:\n  seccompProfile: {type: RuntimeDefault}\n```",
	Refs: []string{
		"checkov CKV_K8S_31", "regolibrary set-seccomp-profile-RuntimeDefault", "gatekeeper pod-security-policy/seccomp",
		"gatekeeper pod-security-policy/seccompv2",
	},
	Kinds:  []string{control.Pods},
	Params: []control.Param{{Name: "profiles", Doc: "Profiles that a container may run with.", Default: []string{"RuntimeDefault"}}},
	Check: func(p *control.Pass) error {
		profiles := p.Strings("profiles")
		if slices.Contains(profiles, "*") {
			return nil
		}
		for c := range linuxpods.Containers(p) {
			s := c.Seccomp()
			if s == nil {
				p.ReportContainer(c, seccompType, "container %q has no seccomp profile", c.Name)
			} else if !slices.ContainsFunc(profiles, func(entry string) bool { return listed(entry, string(s.Type), s.LocalhostProfile) }) {
				p.ReportContainer(c, seccompType, "container %q runs with seccomp profile %s, which the house list does not hold", c.Name, profileText(string(s.Type), s.LocalhostProfile))
			}
		}
		return nil
	},
	Deny: linuxpods.CEL + " && " + celtext.Any(celSeccomp+" != 'RuntimeDefault'"),
}

// profileText names a seccomp or AppArmor profile.
func profileText(kind string, file *string) string {
	if file == nil {
		return kind
	}
	return kind + " " + *file
}
