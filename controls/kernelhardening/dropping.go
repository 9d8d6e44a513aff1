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

var dropAll = &control.Remedy{
	Scope:   control.AtContainer,
	Message: "drop all capabilities; give back in add what the program was seen to use, such as CHOWN or SETUID for an entrypoint that changes user",
	Edits:   []control.Edit{{Path: "securityContext.capabilities.drop", Op: control.Append, Value: "ALL"}},
}

var capabilitiesKept = &control.Control{
	ID: "BW1802", Concept: concept, Severity: control.Medium,
	Title: "Container keeps the default capabilities",
	Doc: `A container that says nothing keeps about fourteen capabilities of root: it may change owners, forge
packets, create device nodes and give itself another user. Hardly any service needs them, and each one has
been part of some escape or lateral step.

It fires for every container, init container and ephemeral container of a Linux pod that neither drops ALL
(in any case) nor drops each of the default capabilities by name. What is added afterwards is judged by
BW1803 to BW1805; the exact wording of the restricted standard by BW1814.

` + "```yaml\nsecurityContext:\n  capabilities:\n    drop: [ALL]\n    add: [NET_BIND_SERVICE]   # only what is needed\n```",
	Refs: []string{
		"CIS 1.12 5.2.9", "NSA pods", "PSS restricted",
		"kubescape C-0201", "kubescape-cel C-0201", "trivy KSV-0003", "checkov CKV_K8S_37", "polaris insecureCapabilities", "kubesec CapDropAll",
		"kyverno require-drop-all", "kyverno drop-all-capabilities",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range linuxpods.Containers(p) {
			if !dropsDefaults(c) {
				p.ReportContainer(c, "securityContext.capabilities.drop", "container %q does not drop ALL capabilities", c.Name)
			}
		}
		return nil
	},
	Deny: linuxpods.CEL + " && " + celtext.Any(
		"!"+celDrop+".exists(x, "+celCapability+" == 'ALL') && !"+celtext.List(defaults...)+".all(d, "+celDrop+".exists(x, "+celCapability+" == d))"),
	Remedy:  dropAll,
	Implies: []string{"BW1806"},
}

func dropsDefaults(c world.Container) bool {
	drop := dropped(c)
	return slices.Contains(drop, "ALL") ||
		!slices.ContainsFunc(defaults, func(name string) bool { return !slices.Contains(drop, name) })
}

var netRaw = &control.Control{
	ID: "BW1806", Concept: concept, Severity: control.Medium,
	Title: "Container may send raw packets",
	Doc: `NET_RAW is among the default capabilities. With it a process forges ARP and DNS answers, sniffs traffic of
its pod network and spoofs addresses that network policies trust.

It fires for every container, init container and ephemeral container of a Linux pod that drops neither ALL
nor NET_RAW, or that adds NET_RAW or ALL. Where all default capabilities are kept, BW1802 says so and this
finding is part of it. ping works without NET_RAW where the sysctl net.ipv4.ping_group_range allows it, as
containerd 2 sets by default.

` + "```yaml\nsecurityContext:\n  capabilities: {drop: [NET_RAW]}\n```",
	Refs: []string{
		"CIS 1.12 5.2.8", "kubescape C-0199", "regolibrary drop-capability-netraw", "kubescape-cel C-0199",
		"kube-linter drop-net-raw-capability", "checkov CKV_K8S_28", "kyverno require-drop-cap-net-raw", "kyverno drop-cap-net-raw",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range linuxpods.Containers(p) {
			const drop = "securityContext.capabilities.drop"
			if d := dropped(c); !slices.Contains(d, "ALL") && !slices.Contains(d, "NET_RAW") {
				p.ReportContainer(c, drop, "container %q keeps capability NET_RAW", c.Name).
					Fix("drop NET_RAW", control.Edit{Path: c.Path(drop), Op: control.Append, Value: "NET_RAW"})
			}
			for i, name := range added(c) {
				if name == "NET_RAW" || name == "ALL" {
					rel := fmt.Sprintf("securityContext.capabilities.add[%d]", i)
					p.ReportContainer(c, rel, "container %q adds capability %q and so may send raw packets", c.Name, name).
						Fix("stop adding the capability", control.Edit{Path: c.Path(rel), Op: control.Remove})
				}
			}
		}
		return nil
	},
	Deny: linuxpods.CEL + " && " + celtext.Any(
		"!"+celDrop+".exists(x, "+celCapability+" in ['ALL', 'NET_RAW']) || "+celAdd+".exists(x, "+celCapability+" in ['ALL', 'NET_RAW'])"),
}

var capabilitiesRestricted = &control.Control{
	ID: "BW1814", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "Capabilities are not dropped as the restricted Pod Security Standard wants it",
	Doc: `The restricted standard has one exact form: every container drops "ALL", in capitals. Admission compares letters, so
"all", or all names one by one, is refused although the effect is the same.

It fires for each container, init container and ephemeral container of a Linux pod without that exact entry in
securityContext.capabilities.drop. It is off by default because BW1802 judges the effect; turn it on, with BW1822 for
what is added, before a namespace is raised to restricted.

` + "```yaml\nsecurityContext:\n  capabilities: {drop: [\"ALL\"]}\n```",
	Refs: []string{
		"CIS 1.12 5.2.9", "PSS restricted", "psa capabilities_restricted", "trivy KSV-0106", "kyverno disallow-capabilities-strict",
		"kyverno disallow-capabilities-strict/require-drop-all",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range linuxpods.Containers(p) {
			if sc := c.SecurityContext; sc == nil || sc.Capabilities == nil || !slices.Contains(sc.Capabilities.Drop, "ALL") {
				p.ReportContainer(c, "securityContext.capabilities.drop", `container %q does not drop "ALL" in exactly this spelling`, c.Name)
			}
		}
		return nil
	},
	Deny:   linuxpods.CEL + " && " + celtext.Any("!('ALL' in "+celDrop+")"),
	Remedy: dropAll,
}

var capabilityRestricted = &control.Control{
	ID: "BW1822", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "Container adds a capability beyond what the restricted Pod Security Standard allows",
	Doc: `After dropping everything the restricted standard lets a container add NET_BIND_SERVICE back, for ports below 1024,
and nothing else, in exactly this spelling.

It fires for each other entry of securityContext.capabilities.add of any container, init container or ephemeral
container of a Linux pod. It is off by default because BW1803 to BW1805 report what is dangerous; turn it on, with
BW1814 for what is dropped, before a namespace is raised to restricted.

` + "```yaml\nsecurityContext:\n  capabilities: {drop: [\"ALL\"], add: [NET_BIND_SERVICE]}\n```",
	Refs: []string{
		"CIS 1.12 5.2.9", "PSS restricted", "psa capabilities_restricted", "trivy KSV-0106", "kyverno disallow-capabilities-strict",
		"kyverno disallow-capabilities-strict/adding-capabilities-strict",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		reportAdded(p, func(_ string, spelt corev1.Capability) bool { return spelt != "NET_BIND_SERVICE" }, ", not NET_BIND_SERVICE")
		return nil
	},
	Deny: denyAdded("x != 'NET_BIND_SERVICE'"),
}

var nothingDropped = &control.Control{
	ID: "BW1815", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "Container drops no capability at all",
	Doc: `A container that drops nothing was most likely never looked at: even one dropped capability shows that
somebody asked what the program needs. This is the weakest form of BW1802 and off by default.

It fires for each container, init container and ephemeral container of a Linux pod whose
securityContext.capabilities.drop is absent or empty.

Drop ALL and add back what is needed:

` + "```yaml\nsecurityContext:\n  capabilities: {drop: [ALL]}\n```",
	Refs:  []string{"trivy KSV-0004", "kubesec CapDropAny"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range linuxpods.Containers(p) {
			if len(dropped(c)) == 0 {
				p.ReportContainer(c, "securityContext.capabilities.drop", "container %q drops no capability", c.Name)
			}
		}
		return nil
	},
	Deny:   linuxpods.CEL + " && " + celtext.Any(celDrop+".size() == 0"),
	Remedy: dropAll,
}

var capabilityLists = &control.Control{
	ID: "BW1816", Concept: concept, Severity: control.Medium, Profile: control.Strict,
	Title: "Capabilities are outside the house lists",
	Doc: `For organisations with lists of their own: which capabilities may be added, and which must be dropped.

It fires for each capability that any container, init container or ephemeral container of a Linux pod adds
and that the parameter allowed does not hold, and for each container that does not drop every capability of
the parameter required. Dropping ALL covers every required one, adding ALL needs ALL (or "*") in allowed.
Names are compared without regard to case or to CAP_. Without allowed the rule is off.

` + "```yaml\n# configuration\nBW1816: {allowed: [NET_BIND_SERVICE], required: [ALL]}\n```",
	Refs:  []string{"CIS 1.12 5.2.9", "gatekeeper pod-security-policy/capabilities", "kyverno psp-restrict-adding-capabilities", "kyverno restrict-adding-capabilities"},
	Kinds: []string{control.Pods},
	Params: []control.Param{
		{Name: "allowed", Doc: `Capabilities that may be added; "*" allows any.`},
		{Name: "required", Doc: "Capabilities that must be dropped.", Default: []string{}},
	},
	Check: func(p *control.Pass) error {
		allowed, required := normalized(p.Strings("allowed")), normalized(p.Strings("required"))
		if !slices.Contains(allowed, "*") {
			reportAdded(p, func(name string, _ corev1.Capability) bool { return !slices.Contains(allowed, name) }, ", which the house list does not allow")
		}
		for c := range linuxpods.Containers(p) {
			drop := dropped(c)
			missing := slices.DeleteFunc(slices.Clone(required), func(name string) bool {
				return slices.Contains(drop, name) || slices.Contains(drop, "ALL")
			})
			if len(missing) == 0 {
				continue
			}
			const rel = "securityContext.capabilities.drop"
			var edits []control.Edit
			for _, name := range missing {
				edits = append(edits, control.Edit{Path: c.Path(rel), Op: control.Append, Value: name})
			}
			p.ReportContainer(c, rel, "container %q does not drop %s", c.Name, strings.Join(missing, ", ")).
				Fix("drop what the house list requires", edits...)
		}
		return nil
	},
}

func normalized(list []string) []string {
	out := make([]string, len(list))
	for i, name := range list {
		out[i] = capability(corev1.Capability(name))
	}
	return out
}
