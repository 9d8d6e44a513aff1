package containerruntimes

import (
	"regexp"
	"slices"

	"bulwark/control"
	"bulwark/internal/celtext"
	"bulwark/world"
)

var sandboxPattern = regexp.MustCompile(sandboxName)

var unsandboxed = &control.Control{
	ID: "BW2101", Concept: concept, Severity: control.Low,
	Title: "Untrusted workload does not run in a sandbox",
	Doc: `Code that nobody has read (of customers, of pull requests, written by a model) should not meet the node's kernel.
gVisor answers its system calls in user space, Kata gives it a kernel of its own.

It fires for workloads in scope: Sandbox and SandboxTemplate of the agent sandbox project, everything in a namespace
of the parameter namespaces, and everything whose object or pods carry a label of the parameter labels (key or
key=value). Such a pod fails without a runtimeClassName, with a class that does not exist, and with a class whose
handler is no sandbox. When the RuntimeClass is not part of the input the verdict is unknown.

` + "```yaml\nspec:\n  runtimeClassName: gvisor\n```",
	Refs:  []string{"NSA pods", "ATT&CK T1611", "kubescape C-0297"},
	Kinds: append([]string{control.Pods}, agentKinds...),
	Params: []control.Param{
		{Name: "namespaces", Doc: "Namespaces whose workloads are untrusted.", Default: []string{}},
		{Name: "labels", Doc: "Labels (key or key=value) of untrusted workloads.", Default: []string{}},
		{Name: "handlers", Doc: "Handlers that are sandboxes besides those known by name.", Default: []string{}},
	},
	Requires: []control.AnyFact{classes},
	Check: func(p *control.Pass) error {
		table, err := classes.Of(p)
		if err != nil {
			return err
		}
		some := false
		for t := range p.Subject.Pods {
			if !untrusted(p, t) {
				continue
			}
			some = true
			judgeSandbox(p, t, table)
		}
		if !some {
			p.NotApplicable()
		}
		return nil
	},
}

func untrusted(p *control.Pass, t *world.PodTemplate) bool {
	return slices.Contains(agentKinds, p.Subject.GroupKind()) || slices.Contains(p.Strings("namespaces"), p.Subject.Namespace) ||
		slices.ContainsFunc(p.Strings("labels"), func(entry string) bool {
			return hasLabel(p.Subject.Meta.Labels, entry) || hasLabel(t.Meta.Labels, entry)
		})
}

func judgeSandbox(p *control.Pass, t *world.PodTemplate, table classTable) {
	const field = "runtimeClassName"
	name := classOf(t)
	handler, known := table.handlers[name]
	switch {
	case name == "":
		p.ReportPod(t, field, "untrusted workload runs on the node's kernel: it names no runtime class")
	case known && (sandboxPattern.MatchString(handler) || slices.Contains(p.Strings("handlers"), handler)):
	case known:
		p.ReportPod(t, field, "untrusted workload runs in class %q, whose handler %q is no sandbox", name, handler)
	case table.unproven != nil:
		p.Unknown(t.SpecPath(field), "runtime class %q is not part of the input, so its handler is not known: %s", name, table.unproven)
	default:
		p.ReportPod(t, field, "untrusted workload names runtime class %q, which does not exist", name)
	}
}

// approvedClasses are the names that gVisor and Kata are usually installed under.
var approvedClasses = []string{
	"gvisor", "runsc", "kata", "kata-qemu", "kata-clh", "kata-fc", "kata-dragonball", "kata-qemu-snp", "kata-qemu-tdx", "kata-containers", "kata-mshv-vm-isolation",
}

var agentClass = &control.Control{
	ID: "BW2103", Concept: concept, Severity: control.Medium,
	Title: "Agent sandbox does not use an approved runtime class",
	Doc: `A Sandbox of the agent sandbox project runs what a model or a stranger wrote. Without a hardened runtime class it is an
ordinary container with a friendly name.

It fires for each Sandbox (agents.x-k8s.io) and SandboxTemplate (extensions.agents.x-k8s.io) whose pod template names
no runtimeClassName, or one outside the parameter allowed. It looks at the name alone; BW2101 looks behind it.

` + "```yaml\nkind: SandboxTemplate\nspec:\n  podTemplate:\n    spec:\n      runtimeClassName: gvisor\n```",
	Refs: []string{
		"kubescape C-0297", "kubescape-cel C-0297", "regolibrary agent-sandbox-runtime-class", "regolibrary agent-sandbox-hardened-runtime-class",
	},
	Kinds:  agentKinds,
	Params: []control.Param{{Name: "allowed", Doc: "Names of approved runtime classes.", Default: approvedClasses}},
	Deny:   "!(object.?spec.?podTemplate.?spec.?runtimeClassName.orValue('') in " + celtext.List(approvedClasses...) + ")",
	Check: func(p *control.Pass) error {
		const path = "spec.podTemplate.spec.runtimeClassName"
		var o struct {
			Spec struct {
				PodTemplate struct {
					Spec struct {
						RuntimeClassName string `json:"runtimeClassName"`
					} `json:"spec"`
				} `json:"podTemplate"`
			} `json:"spec"`
		}
		if err := p.Subject.Decode("", &o); err != nil {
			return err
		}
		switch name := o.Spec.PodTemplate.Spec.RuntimeClassName; {
		case name == "":
			p.Report(path, "agent sandbox names no runtime class")
		case !slices.Contains(p.Strings("allowed"), name):
			p.Report(path, "agent sandbox uses runtime class %q, which is not approved", name)
		}
		return nil
	},
}

var falsePromise = &control.Control{
	ID: "BW2104", Concept: concept, Severity: control.Medium,
	Title: "Runtime class promises a sandbox that it is not",
	Doc: `Workloads trust a runtime class by its name. A class called gvisor whose handler is runc runs them on the node's kernel
while every manifest and every review says otherwise.

It fires for each RuntimeClass whose name holds the word gvisor, runsc, kata, firecracker, clh, qemu, sandboxed,
confidential, coco, kuasar or hyperv while its handler is an ordinary one: runc, crun, youki, docker, nvidia or
runhcs-wcow-process. A handler with a name of your own is not judged here: what it starts is in the node's runtime
configuration.

` + "```yaml\nkind: RuntimeClass\nmetadata: {name: gvisor}\nhandler: runsc\n```",
	Refs:  []string{"ATT&CK T1036"},
	Kinds: []string{runtimeClass},
	Check: func(p *control.Pass) error {
		handler, err := handlerOf(p.Subject)
		if err != nil {
			return err
		}
		if sandboxPattern.MatchString(p.Subject.Name) && slices.Contains(plainHandlers, handler) {
			p.Report("handler", "runtime class %q promises a sandbox, but its handler is %q", p.Subject.Name, handler)
		}
		return nil
	},
	Deny: "object.metadata.name.matches('" + sandboxName + "') && object.?handler.orValue('') in " + celtext.List(plainHandlers...),
}

var aroundSandbox = &control.Control{
	ID: "BW2106", Concept: concept, Severity: control.Medium,
	Title: "Sandboxed pod reaches around its sandbox",
	Doc: `A sandbox stands between a workload and the node's kernel. Host namespaces, host paths and privileged mode are doors in
that wall: with a host path the workload changes the node's files whatever kernel it runs on.

It fires for a pod template whose runtimeClassName looks like a sandbox (gvisor, runsc, kata, firecracker and the
like) and that uses hostNetwork, hostPID, hostIPC, a hostPath volume or a privileged container. What a class really
is, is BW2104's and the node's business.

` + "```yaml\nspec:\n  runtimeClassName: gvisor\n  hostNetwork: false\n```",
	Refs:  []string{"ATT&CK T1611"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			if !sandboxPattern.MatchString(classOf(t)) {
				continue
			}
			reportDoors(p, t)
		}
		return nil
	},
	Deny: "variables.pod.?runtimeClassName.orValue('').matches('" + sandboxName + "') && (" +
		"variables.pod.?hostNetwork.orValue(false) == true || variables.pod.?hostPID.orValue(false) == true || variables.pod.?hostIPC.orValue(false) == true" +
		" || variables.pod.?volumes.orValue([]).exists(v, has(v.hostPath)) || " + celtext.Any("c.?securityContext.?privileged.orValue(false) == true") + ")",
}

func reportDoors(p *control.Pass, t *world.PodTemplate) {
	const message = "pod in sandbox class %q reaches around it by %s"
	class := classOf(t)
	for _, f := range []struct {
		on   bool
		name string
	}{{t.Spec.HostNetwork, "hostNetwork"}, {t.Spec.HostPID, "hostPID"}, {t.Spec.HostIPC, "hostIPC"}} {
		if f.on {
			p.ReportPod(t, f.name, message, class, f.name).
				Fix("keep the pod inside its sandbox; a program that needs the node does not belong there", control.Edit{Path: t.SpecPath(f.name), Op: control.Remove})
		}
	}
	for i := range t.Spec.Volumes {
		if t.Spec.Volumes[i].HostPath != nil {
			p.ReportPod(t, volumePath(i), message, class, "host path "+t.Spec.Volumes[i].HostPath.Path)
		}
	}
	for c := range t.Containers {
		if c.Privileged() {
			p.ReportContainer(c, "securityContext.privileged", message, class, "a privileged container").
				Fix("stop running the container privileged", control.Edit{Path: c.Path("securityContext.privileged"), Value: false})
		}
	}
}
