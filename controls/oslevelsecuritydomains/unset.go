package oslevelsecuritydomains

import (
	"reflect"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/internal/celtext"
	"bulwark/internal/linuxpods"
)

// The controls of this file ask for a field to be there at all. They answer
// check lists that want every security context filled in, and are off by default.

var fsGroupUnset = &control.Control{
	ID: "BW1931", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Pod sets no fsGroup",
	Doc: `With fsGroup the files of a pod's volumes belong to that group, so that an ordinary user can write them. Check
lists derived from the CIS benchmark want it everywhere; a pod without volumes, or with volumes that its user
owns already, gains nothing, and on large volumes changing the owner takes long.

It fires for each Linux pod template without securityContext.fsGroup, whatever its volumes. Off by default.

` + "```yaml\nspec:\n  securityContext: {fsGroup: 10001, fsGroupChangePolicy: OnRootMismatch}\n```",
	Refs:  []string{"CIS 1.12 5.6.3", "kubescape C-0211", "regolibrary set-fsgroup-value"},
	Kinds: []string{control.Pods},
	Check: podFlag("securityContext.fsGroup", "the pod sets no fsGroup", func(s *corev1.PodSpec) bool { return s.SecurityContext.FSGroup == nil }),
	Deny:  linuxpods.CEL + " && !variables.pod.?securityContext.?fsGroup.hasValue()",
}

var fsGroupChangeUnset = &control.Control{
	ID: "BW1932", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Pod sets no fsGroupChangePolicy",
	Doc: `By default the kubelet changes owner and mode of every file of a volume at each start of a pod with fsGroup. With
OnRootMismatch it does so only when the top directory is wrong, which is faster and leaves modes alone that the
program set on purpose.

It fires for each Linux pod template without securityContext.fsGroupChangePolicy. Off by default: without fsGroup
the field does nothing.

` + "```yaml\nspec:\n  securityContext: {fsGroupChangePolicy: OnRootMismatch}\n```",
	Refs:  []string{"CIS 1.12 5.6.3", "kubescape C-0211", "regolibrary set-fsgroupchangepolicy-value"},
	Kinds: []string{control.Pods},
	Check: podFlag("securityContext.fsGroupChangePolicy", "the pod sets no fsGroupChangePolicy", func(s *corev1.PodSpec) bool {
		return s.SecurityContext.FSGroupChangePolicy == nil
	}),
	Deny: linuxpods.CEL + " && !variables.pod.?securityContext.?fsGroupChangePolicy.hasValue()",
	Remedy: &control.Remedy{
		Scope:   control.AtPod,
		Message: "change the owner of volumes only when it is wrong",
		Edits:   []control.Edit{{Path: "securityContext.fsGroupChangePolicy", Value: "OnRootMismatch"}},
	},
}

var groupsUnset = &control.Control{
	ID: "BW1933", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Pod sets no useful supplementalGroups",
	Doc: `Check lists derived from the CIS benchmark want every pod to name its additional groups, so that none comes as a
surprise. What really keeps surprises out is supplementalGroupsPolicy: Strict (BW1918); a list that nobody
needs only adds rights.

It fires for each Linux pod template whose securityContext.supplementalGroups is missing, empty, or holds nothing
but the root group. Off by default.

` + "```yaml\nspec:\n  securityContext: {supplementalGroups: [10001]}\n```",
	Refs:  []string{"CIS 1.12 5.6.3", "kubescape C-0211", "regolibrary set-supplementalgroups-values"},
	Kinds: []string{control.Pods},
	Check: podFlag("securityContext.supplementalGroups", "the pod names no additional group but root's", func(s *corev1.PodSpec) bool {
		for _, g := range s.SecurityContext.SupplementalGroups {
			if g != 0 {
				return false
			}
		}
		return true
	}),
	Deny: linuxpods.CEL + " && variables.pod.?securityContext.?supplementalGroups.orValue([]).all(g, g == 0)",
}

var sysctlsUnset = &control.Control{
	ID: "BW1937", Concept: concept, Severity: control.Info, Profile: control.Strict,
	Title: "Pod sets no kernel parameters",
	Doc: `Check lists derived from the CIS benchmark want every pod to choose its kernel parameters, such as SYN cookies.
The node's own settings are right for almost every pod, and each parameter that a pod sets needs a review (BW1811).

It fires for each Linux pod template whose securityContext.sysctls is missing or empty. Off by default.

` + "```yaml\nspec:\n  securityContext:\n    sysctls: [{name: net.ipv4.tcp_syncookies, value: \"1\"}]\n```",
	Refs:  []string{"CIS 1.12 5.6.3", "kubescape C-0211", "regolibrary set-sysctls-params"},
	Kinds: []string{control.Pods},
	Check: podFlag("securityContext.sysctls", "the pod sets no kernel parameters", func(s *corev1.PodSpec) bool { return len(s.SecurityContext.Sysctls) == 0 }),
	Deny:  linuxpods.CEL + " && variables.pod.?securityContext.?sysctls.orValue([]).size() == 0",
}

var podContextUnset = &control.Control{
	ID: "BW1934", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "Pod has no security context",
	Doc: `A pod without a security context was most likely written without a thought about users, groups and seccomp. What
is missing is reported by the rules about each field; this one only says that nothing is there.

It fires for each pod template whose securityContext is missing or empty. Off by default.

` + "```yaml\nspec:\n  securityContext:\n    runAsNonRoot: true\n    seccompProfile: {type: RuntimeDefault}\n```",
	Refs:  []string{"CIS 1.12 5.6.3", "checkov CKV_K8S_29", "trivy KSV-0118"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			if reflect.ValueOf(*t.Spec.SecurityContext).IsZero() {
				p.ReportPod(t, "securityContext", "the pod has no security context")
			}
		}
		return nil
	},
	Deny: "variables.pod.?securityContext.orValue({}).size() == 0",
	Remedy: &control.Remedy{
		Scope:   control.AtPod,
		Message: "refuse to run as root and use the runtime's seccomp filter; set runAsUser if the image has no numeric user",
		Edits: []control.Edit{
			{Path: "securityContext.runAsNonRoot", Value: true},
			{Path: "securityContext.seccompProfile.type", Value: "RuntimeDefault"},
		},
	},
}

var contextUnset = &control.Control{
	ID: "BW1935", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "Container has no security context",
	Doc: `Capabilities, privilege escalation and the read-only root file system can only be set at the container. A
container without a security context has left all of them at their defaults.

It fires for each container, init container and ephemeral container whose securityContext is missing or empty,
whatever the pod sets. What exactly is missing is reported by the rules about each field. Off by default.

` + "```yaml\nsecurityContext:\n  allowPrivilegeEscalation: false\n  capabilities: {drop: [ALL]}\n```",
	Refs:  []string{"CIS 1.12 5.6.3", "checkov CKV_K8S_30", "trivy KSV-0118"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			// Of a Pod the API server turns the old AppArmor annotation into a security context.
			annotated := p.Subject.Kind == "Pod" && p.Subject.Annotation(corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix+c.Name) != ""
			if !annotated && (c.SecurityContext == nil || reflect.ValueOf(*c.SecurityContext).IsZero()) {
				p.ReportContainer(c, "securityContext", "container %q has no security context", c.Name)
			}
		}
		return nil
	},
	Deny: celtext.Any("c.?securityContext.orValue({}).size() == 0"),
	Remedy: &control.Remedy{
		Scope:   control.AtContainer,
		Message: "forbid privilege escalation and drop all capabilities; give back what the program needs",
		Edits: []control.Edit{
			{Path: "securityContext.allowPrivilegeEscalation", Value: false},
			{Path: "securityContext.capabilities.drop", Op: control.Append, Value: "ALL"},
		},
	},
}
