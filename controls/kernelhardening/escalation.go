package kernelhardening

import (
	"slices"

	"bulwark/control"
	"bulwark/internal/celtext"
	"bulwark/internal/linuxpods"
	"bulwark/world"
)

var privilegeEscalation = &control.Control{
	ID: "BW1801", Concept: concept, Severity: control.Medium,
	Title: "Container may gain more privileges than it was started with",
	Doc: `The kernel flag no_new_privs keeps a process from gaining rights by running a set-uid or
file-capability binary. It is only set when allowPrivilegeEscalation is false: an intruder who
runs as an ordinary user otherwise needs nothing but a set-uid binary with a flaw (or a sudo
that was left in the image) to become root in the container.

It fires for every container, init container and ephemeral container of a Linux pod whose
securityContext.allowPrivilegeEscalation is not false. Unset counts: the default is to allow. The API
server refuses false together with privileged or with CAP_SYS_ADMIN, so no fix is offered there:
take those away first. Pods for Windows are exempt.

` + "```yaml\nsecurityContext:\n  allowPrivilegeEscalation: false\n```",
	Refs: []string{
		"CIS 1.12 5.2.6", "NSA pods", "PSS restricted", "ATT&CK T1611", "psa allowPrivilegeEscalation",
		"kubescape C-0016", "kubescape C-0197", "regolibrary rule-allow-privilege-escalation", "kubescape-cel C-0016",
		"kubescape-cel C-0197", "kubescape C-0013", "regolibrary non-root-containers", "kubescape-cel C-0013",
		"trivy KSV-0001", "checkov CKV_K8S_20", "kube-linter privilege-escalation-container", "polaris privilegeEscalationAllowed",
		"kubesec AllowPrivilegeEscalation", "gatekeeper pod-security-policy/allow-privilege-escalation",
		"kyverno disallow-privilege-escalation",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range linuxpods.Containers(p) {
			if sc := c.SecurityContext; sc != nil && sc.AllowPrivilegeEscalation != nil && !*sc.AllowPrivilegeEscalation {
				continue
			}
			r := p.ReportContainer(c, "securityContext.allowPrivilegeEscalation", "container %q may gain privileges: allowPrivilegeEscalation is not false", c.Name)
			if c.Privileged() || slices.ContainsFunc(added(c), isSysAdmin) {
				r.NoFix()
			}
		}
		return nil
	},
	Deny: linuxpods.CEL + " && " + celtext.Any("c.?securityContext.?allowPrivilegeEscalation.orValue(true) != false"),
	Remedy: &control.Remedy{
		Scope:   control.AtContainer,
		Message: "set allowPrivilegeEscalation to false; programs that rely on sudo, su, ping or other set-uid binaries stop working",
		Edits:   []control.Edit{{Path: "securityContext.allowPrivilegeEscalation", Value: false}},
	},
}

var noHardening = &control.Control{
	ID: "BW1819", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Container asks for no Linux hardening at all",
	Doc: `Linux offers four independent ways to narrow what a container can do: a seccomp filter on system
calls, an AppArmor profile, SELinux labels, and dropping capabilities. A container that uses none of them
meets the kernel with the runtime's defaults and nothing else.

It fires for a container of a Linux pod that has no effective seccomp profile other than Unconfined, no
SELinux options, no AppArmor profile (field or annotation) and drops no capability, or adds all of them.
One of the four is enough to pass; BW1802 and BW1808 ask for the two that matter most.

` + "```yaml\nsecurityContext:\n  seccompProfile: {type: RuntimeDefault}\n  capabilities: {drop: [ALL]}\n```",
	Refs: []string{
		"NSA pods", "kubescape C-0055", "regolibrary linux-hardening", "kubescape-cel C-0055", "polaris linuxHardening",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range linuxpods.Containers(p) {
			if !hardened(c) {
				p.ReportContainer(c, "securityContext", "container %q has no seccomp, AppArmor or SELinux setting and drops no capability", c.Name)
			}
		}
		return nil
	},
	Deny: linuxpods.CEL + " && " + celtext.Any(
		"!("+celSeccomp+" in ['RuntimeDefault', 'Localhost'])"+
			" && !c.?securityContext.?seLinuxOptions.or(variables.pod.?securityContext.?seLinuxOptions).hasValue()"+
			" && !("+celAppArmor+" in ['RuntimeDefault', 'Localhost'])"+
			" && !("+celAppArmor+" == '' && variables.podMeta.?annotations.orValue({}).exists(k,"+
			" k == '"+appArmorPrefix+"' + c.name && !(variables.podMeta.annotations[k] in ['', 'unconfined'])))"+
			" && !(c.?securityContext.?capabilities.?drop.orValue([]).size() > 0"+
			" && !c.?securityContext.?capabilities.?add.orValue([]).exists(x, "+celCapability+" == 'ALL'))"),
	Remedy: &control.Remedy{
		Scope:   control.AtContainer,
		Message: "use the runtime's seccomp filter; a program that needs a rare system call may need a profile of its own",
		Edits:   []control.Edit{{Path: "securityContext.seccompProfile.type", Value: "RuntimeDefault"}},
	},
}

func hardened(c world.Container) bool {
	if filtered(c.Seccomp()) || c.SELinux() != nil || apparmored(c) {
		return true
	}
	return len(dropped(c)) > 0 && !slices.Contains(added(c), "ALL")
}

var releaseAgent = &control.Control{
	ID: "BW1821", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "Container is within reach of the cgroup release_agent escape (CVE-2022-0492)",
	Doc: `Kernels before March 2022 let a process that can mount a version 1 cgroup hierarchy in a new user
namespace set its release_agent, which the kernel then runs as root on the host. Seccomp (which blocks
unshare), AppArmor (which blocks the mount) and SELinux each stop it.

It fires for a container of a Linux pod that has none of the three and either may run as root or gain
privileges, or adds DAC_OVERRIDE (then seccomp does not help). Privileged containers and those with
SYS_ADMIN are left out: they need no such trick. On a patched node it says no more than BW1808.

` + "```yaml\nsecurityContext:\n  seccompProfile: {type: RuntimeDefault}\n```",
	Refs:  []string{"CVE-2022-0492", "ATT&CK T1611", "kubescape C-0086", "regolibrary CVE-2022-0492"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range linuxpods.Containers(p) {
			if why := escapable(c); why != "" {
				p.ReportContainer(c, "securityContext", "container %q %s and has no AppArmor, SELinux or seccomp to stop a cgroup escape", c.Name, why)
			}
		}
		return nil
	},
	Remedy: noHardening.Remedy,
}

// escapable says what makes a container fit for the escape, "" when it is not.
func escapable(c world.Container) string {
	if c.Privileged() || slices.ContainsFunc(added(c), isSysAdmin) || c.SELinux() != nil || apparmored(c) {
		return ""
	}
	if slices.Contains(added(c), "DAC_OVERRIDE") {
		return "adds DAC_OVERRIDE"
	}
	if filtered(c.Seccomp()) {
		return ""
	}
	nonRoot, user := c.RunAsNonRoot(), c.RunAsUser()
	if (nonRoot == nil || !*nonRoot) && (user == nil || *user == 0) {
		return "may run as root"
	}
	if sc := c.SecurityContext; sc == nil || sc.AllowPrivilegeEscalation == nil || *sc.AllowPrivilegeEscalation {
		return "may gain privileges"
	}
	return ""
}
