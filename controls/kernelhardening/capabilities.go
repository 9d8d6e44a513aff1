package kernelhardening

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/internal/celtext"
	"bulwark/internal/linuxpods"
	"bulwark/world"
)

// celCapability is the CEL form of capability for a list element named x.
const celCapability = "(x.upperAscii().startsWith('CAP_') ? x.upperAscii().substring(4) : x.upperAscii())"

const (
	celAdd  = "c.?securityContext.?capabilities.?add.orValue([])"
	celDrop = "c.?securityContext.?capabilities.?drop.orValue([])"
)

// capability returns a capability's name as the kernel lists it, upper-case
// and without CAP_. The API server takes any spelling; runtimes differ.
func capability(c corev1.Capability) string {
	return strings.TrimPrefix(strings.ToUpper(string(c)), "CAP_")
}

func added(c world.Container) []string {
	return names(c, func(k *corev1.Capabilities) []corev1.Capability { return k.Add })
}
func dropped(c world.Container) []string {
	return names(c, func(k *corev1.Capabilities) []corev1.Capability { return k.Drop })
}

func names(c world.Container, list func(*corev1.Capabilities) []corev1.Capability) []string {
	if c.SecurityContext == nil || c.SecurityContext.Capabilities == nil {
		return nil
	}
	var out []string
	for _, k := range list(c.SecurityContext.Capabilities) {
		out = append(out, capability(k))
	}
	return out
}

func isSysAdmin(name string) bool { return name == "SYS_ADMIN" || name == "ALL" }

// takeover capabilities are root on the node in one step.
var takeover = []string{"ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_RAWIO"}

// dangerous capabilities reach beyond the container, or become takeover with little more.
var dangerous = []string{
	"BPF", "DAC_READ_SEARCH", "MAC_ADMIN", "MAC_OVERRIDE", "NET_ADMIN", "PERFMON", "SYSLOG", "SYS_BOOT", "SYS_PTRACE", "SYS_TIME",
}

// baseline capabilities are those that the Pod Security Standards let a pod add; they are among containerd's defaults.
var baseline = []string{
	"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE",
	"SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
}

// defaults are the capabilities that a runtime leaves to a container that says nothing.
var defaults = append(slices.Clone(baseline), "NET_RAW")

// reportAdded reports each added capability that bad picks by its name, with its spelling in the manifest.
func reportAdded(p *control.Pass, bad func(name string, spelt corev1.Capability) bool, why string) {
	for c := range linuxpods.Containers(p) {
		for i, name := range added(c) {
			if !bad(name, c.SecurityContext.Capabilities.Add[i]) {
				continue
			}
			rel := fmt.Sprintf("securityContext.capabilities.add[%d]", i)
			p.ReportContainer(c, rel, "container %q adds capability %q%s", c.Name, c.SecurityContext.Capabilities.Add[i], why).
				Fix("stop adding the capability; the program must not rely on it", control.Edit{Path: c.Path(rel), Op: control.Remove})
		}
	}
}

func denyAdded(cond string) string {
	return linuxpods.CEL + " && " + celtext.Any(celAdd+".exists(x, "+cond+")")
}

var capabilityTakeover = &control.Control{
	ID: "BW1804", Concept: concept, Severity: control.Critical,
	Title: "Container adds a capability that hands over the node",
	Doc: `SYS_ADMIN allows mounts and most of what root can do, SYS_MODULE loads code into the kernel,
SYS_RAWIO reads and writes its memory, and ALL is all of them. Whoever runs code in such a container
owns the node, and with it every pod and credential on it.

It fires when securityContext.capabilities.add of any container, init container or ephemeral container
names ALL, SYS_ADMIN, SYS_MODULE or SYS_RAWIO, in any case and with or without the prefix CAP_. The
prefix matters to peers, not to an attacker: some runtimes accept it.

Drop everything and give back only what the program was seen to use:

` + "```yaml\nsecurityContext:\n  capabilities: {drop: [ALL]}\n```",
	Refs: []string{
		"CIS 1.12 5.2.9", "NSA pods", "ATT&CK T1611", "PSS baseline",
		"kubescape C-0057", "kubescape C-0046", "kubescape C-0200", "regolibrary rule-privileged-container", "regolibrary insecure-capabilities",
		"regolibrary dangerous-capabilities", "kubescape-cel C-0057", "kubescape-cel C-0046", "kubescape-cel C-0200",
		"trivy KSV-0005", "trivy KSV-0120", "checkov CKV_K8S_39", "polaris dangerousCapabilities", "kubesec CapSysAdmin",
		"kube-linter privilege-escalation-container", "kyverno disallow-capabilities", "psa capabilities_baseline",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		reportAdded(p, func(name string, _ corev1.Capability) bool { return slices.Contains(takeover, name) }, ", which is root on the node")
		return nil
	},
	Deny: denyAdded(celCapability + " in " + celtext.List(takeover...)),
}

var capabilityDangerous = &control.Control{
	ID: "BW1805", Concept: concept, Severity: control.High,
	Title: "Container adds a capability that reaches beyond it",
	Doc: `These capabilities act on more than the container: BPF, PERFMON and SYSLOG read the kernel,
SYS_PTRACE reads other processes, DAC_READ_SEARCH opens host files by handle, NET_ADMIN rewrites
addresses and firewall rules, MAC_ADMIN and MAC_OVERRIDE switch off SELinux or Smack, SYS_BOOT and
SYS_TIME act on the whole machine.

It fires when any container, init container or ephemeral container adds one of them, in any spelling.
ALL, SYS_ADMIN, SYS_MODULE and SYS_RAWIO are reported by BW1804 instead, the rest by BW1803. Network
agents need NET_ADMIN: excuse them by name and keep the rule for everybody else.

` + "```yaml\nsecurityContext:\n  capabilities: {drop: [ALL]}\n```",
	Refs: []string{
		"CIS 1.12 5.2.9", "NSA pods", "ATT&CK T1611", "PSS baseline",
		"kubescape C-0046", "kubescape C-0200", "regolibrary insecure-capabilities", "regolibrary dangerous-capabilities",
		"kubescape-cel C-0046", "kubescape-cel C-0200", "polaris dangerousCapabilities", "kyverno disallow-capabilities",
		"psa capabilities_baseline",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		reportAdded(p, func(name string, _ corev1.Capability) bool { return slices.Contains(dangerous, name) }, ", which reaches beyond the container")
		return nil
	},
	Deny: denyAdded(celCapability + " in " + celtext.List(dangerous...)),
}

var capabilityBeyondBaseline = &control.Control{
	ID: "BW1803", Concept: concept, Severity: control.Medium,
	Title: "Container adds a capability beyond the baseline",
	Doc: `A runtime already leaves about a dozen capabilities to a container. The Pod Security Standards let a pod
name those again and no other: NET_RAW allows forged packets and sniffing, SYS_NICE and SYS_RESOURCE
starve neighbours, LINUX_IMMUTABLE, IPC_LOCK and the rest are seldom needed.

It fires when any container, init container or ephemeral container adds a capability that is not, letter
for letter, one of AUDIT_WRITE, CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, MKNOD, NET_BIND_SERVICE,
SETFCAP, SETGID, SETPCAP, SETUID, SYS_CHROOT: a name with CAP_ in front is refused by admission and by
containerd. The dangerous ones are reported by BW1804 and BW1805 and not again here.

` + "```yaml\nsecurityContext:\n  capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}\n```",
	Refs: []string{
		"CIS 1.12 5.2.9", "NSA pods", "PSS baseline", "psa capabilities_baseline",
		"kubescape C-0200", "kubescape C-0046", "regolibrary insecure-capabilities", "kubescape-cel C-0200",
		"trivy KSV-0119", "kyverno disallow-capabilities",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		reportAdded(p, func(name string, spelt corev1.Capability) bool {
			return !slices.Contains(takeover, name) && !slices.Contains(dangerous, name) && !slices.Contains(baseline, string(spelt))
		}, ", which the baseline does not allow")
		return nil
	},
	Deny: denyAdded("!(" + celCapability + " in " + celtext.List(slices.Concat(takeover, dangerous)...) + ") && !(x in " + celtext.List(baseline...) + ")"),
}

var capabilityAdded = &control.Control{
	ID: "BW1813", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "Container adds a capability",
	Doc: `The strictest reading of least privilege: no capability is added, not even one that a runtime would leave
to the container anyway. Programs that listen on a port below 1024 can do without NET_BIND_SERVICE:
current runtimes let any user bind such ports inside a pod.

It fires for every capability in securityContext.capabilities.add of any container, init container or
ephemeral container. It is a house rule, off by default, because BW1803 to BW1805 already report
what exceeds the Pod Security baseline.

` + "```yaml\nsecurityContext:\n  capabilities: {drop: [ALL]}\n```",
	Refs: []string{
		"CIS 1.12 5.2.9", "trivy KSV-0022", "checkov CKV_K8S_25", "kubescape-cel C-0201",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		reportAdded(p, func(string, corev1.Capability) bool { return true }, "")
		return nil
	},
	Deny: denyAdded("true"),
}
