package kernelhardening

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"

	"bulwark/control"
	"bulwark/facts/podsecurity"
	"bulwark/internal/celtext"
	"bulwark/internal/linuxpods"
	"bulwark/world"
)

// safeSysctls are the sysctls that the Pod Security baseline allows at its
// newest version. Check asks the library; a test keeps the two equal.
var safeSysctls = []string{
	"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range",
	"net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout",
	"net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
	"net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat",
}

var sysctls = &control.Control{
	ID: "BW1811", Concept: concept, Severity: control.Medium,
	Title: "Pod sets a kernel parameter that is not known to be safe",
	Doc: `A sysctl is safe when the kernel keeps it apart for each pod and it cannot starve or weaken the node. Others,
such as kernel.msgmax or net.core.somaxconn, need a kubelet that was told to allow them, and some change
memory use of the whole machine or switch off protections of the network stack.

It fires for each entry of the pod's securityContext.sysctls that the Pod Security baseline of the target
version does not allow. The list grows: tcp_rmem and tcp_wmem are allowed from 1.32,
tcp_slow_start_after_idle and tcp_notsent_lowat from 1.37. Names are compared as admission does, with dots.

` + "```yaml\nsecurityContext:\n  sysctls: [{name: net.ipv4.ip_unprivileged_port_start, value: \"80\"}]\n```",
	Refs: []string{
		"NSA pods", "PSS baseline", "ATT&CK T1611", "psa sysctls", "trivy KSV-0026", "kube-linter unsafe-sysctls", "kyverno restrict-sysctls",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		version := api.MajorMinorVersion(1, p.Target())
		reportSysctls(p, func(s corev1.Sysctl) bool {
			alone := &corev1.PodSpec{SecurityContext: &corev1.PodSecurityContext{Sysctls: []corev1.Sysctl{s}}}
			r, ok := podsecurity.EvaluateCheck("sysctls", version, &metav1.ObjectMeta{}, alone)
			return ok && !r.Allowed
		}, "which is not known to be safe")
		return nil
	},
	Deny: linuxpods.CEL + " && variables.pod.?securityContext.?sysctls.orValue([]).exists(s, !(s.name in " + celtext.List(safeSysctls...) + "))",
}

func reportSysctls(p *control.Pass, bad func(corev1.Sysctl) bool, why string) {
	for t := range linuxpods.Pods(p) {
		for i, s := range t.Spec.SecurityContext.Sysctls {
			if bad(s) {
				rel := fmt.Sprintf("securityContext.sysctls[%d]", i)
				p.ReportPod(t, rel, "the pod sets sysctl %q, %s", s.Name, why).
					Fix("stop setting the sysctl; where it is needed, set it on dedicated nodes", control.Edit{Path: t.SpecPath(rel), Op: control.Remove})
			}
		}
	}
}

var sysctlLists = &control.Control{
	ID: "BW1820", Concept: concept, Severity: control.Medium, Profile: control.Strict,
	Title: "Pod sets a kernel parameter that the house list forbids",
	Doc: `For organisations with a list of their own of kernel parameters that pods must not, or may, set.

It fires for each entry of the pod's securityContext.sysctls that the parameter forbidden covers, or that
the parameter allowed, unless it is empty, does not cover. An entry is a name or a prefix with * at the end;
* alone covers everything. Slashes and dots in names mean the same. Without forbidden the rule is off.

` + "```yaml\n# configuration\nBW1820: {forbidden: [\"kernel.*\", \"net.core.*\"]}\n```",
	Refs:  []string{"gatekeeper pod-security-policy/forbidden-sysctls"},
	Kinds: []string{control.Pods},
	Params: []control.Param{
		{Name: "forbidden", Doc: "Names or prefixes (ending in *) that pods must not set."},
		{Name: "allowed", Doc: "Names or prefixes that pods may set; empty allows what is not forbidden.", Default: []string{}},
	},
	Check: func(p *control.Pass) error {
		forbidden, allowed := p.Strings("forbidden"), p.Strings("allowed")
		reportSysctls(p, func(s corev1.Sysctl) bool {
			return covered(forbidden, s.Name) || len(allowed) > 0 && !covered(allowed, s.Name)
		}, "which the house list forbids")
		return nil
	},
}

func covered(list []string, name string) bool {
	name = strings.ReplaceAll(name, "/", ".")
	return slices.ContainsFunc(list, func(entry string) bool {
		entry = strings.ReplaceAll(entry, "/", ".")
		if prefix, any := strings.CutSuffix(entry, "*"); any {
			return strings.HasPrefix(name, prefix)
		}
		return entry == name
	})
}

var procMount = &control.Control{
	ID: "BW1812", Concept: concept, Severity: control.High,
	Title: "Container sees /proc without the runtime's masks",
	Doc: `Runtimes hide or make read-only the parts of /proc that speak to the whole kernel: /proc/sys,
/proc/sysrq-trigger, /proc/kcore and others. procMount Unmasked removes those masks, which turns a root
process in the container into one that can read kernel memory or reboot the node.

It fires for each container, init container and ephemeral container with a securityContext.procMount other
than Default. The API server accepts Unmasked only with hostUsers: false, where container root is nobody
outside, and the baseline standard tolerates it there since 1.35; the restricted one never does. Builders that
nest containers are the one case for an exception.

` + "```yaml\nsecurityContext:\n  procMount: Default\n```",
	Refs: []string{
		"regolibrary set-procmount-default",
		"CIS 1.12 5.6.3", "ATT&CK T1611", "PSS baseline", "psa procMount", "psa procMount_restricted", "trivy KSV-0027",
		"kube-linter unsafe-proc-mount", "polaris procMount", "kubesec ProcMount", "gatekeeper pod-security-policy/proc-mount",
		"kyverno disallow-proc-mount", "kyverno check-proc-mount",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range linuxpods.Containers(p) {
			if unmasked(c) {
				p.ReportContainer(c, "securityContext.procMount", "container %q mounts /proc as %q", c.Name, *c.SecurityContext.ProcMount)
			}
		}
		return nil
	},
	Deny: linuxpods.CEL + " && " + celtext.Any("c.?securityContext.?procMount.orValue('Default') != 'Default'"),
	Remedy: &control.Remedy{
		Scope:   control.AtContainer,
		Message: "mount /proc with the runtime's masks; nested container builders stop working",
		Edits:   []control.Edit{{Path: "securityContext.procMount", Value: "Default"}},
	},
}

func unmasked(c world.Container) bool {
	sc := c.SecurityContext
	return sc != nil && sc.ProcMount != nil && *sc.ProcMount != corev1.DefaultProcMount
}
