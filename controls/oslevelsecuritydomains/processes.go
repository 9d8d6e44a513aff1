package oslevelsecuritydomains

import (
	"fmt"
	"regexp"

	"bulwark/control"
	"bulwark/internal/celtext"
	"bulwark/internal/linuxpods"
	"bulwark/world"
)

// sudoWord finds sudo as a command word; CEL and Go share the syntax.
const sudoWord = `(^|[\s;&|(/])sudo($|[\s;&|)])`

var sudoPattern = regexp.MustCompile(sudoWord)

var sudo = &control.Control{
	ID: "BW1917", Concept: concept, Severity: control.Medium,
	Title: "Container starts its program with sudo",
	Doc: `sudo in a container means that the image carries a set-uid program and rules that let an ordinary user become
root: the boundary that runAsNonRoot draws is then drawn in sand.

It fires for each entry of command or args, in any container, init container or ephemeral container of a Linux pod, in which sudo
stands as a word of its own, also within a shell line or with its path (/usr/bin/sudo). A name that merely
contains the letters is left alone.

Run the program as the user it needs, and give it the capability it lacks:

` + "```yaml\ncommand: [app]\nsecurityContext:\n  runAsUser: 10001\n```",
	Refs:  []string{"ATT&CK T1611", "kubescape C-0062", "regolibrary sudo-in-container-entrypoint", "kubescape-cel C-0062"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range linuxpods.Containers(p) {
			reportSudo(p, c, "command", c.Command)
			reportSudo(p, c, "args", c.Args)
		}
		return nil
	},
	Deny: linuxpods.CEL + " && " + celtext.Any(
		"(c.?command.orValue([]) + c.?args.orValue([])).exists(w, w.matches('(^|[\\\\s;&|(/])sudo($|[\\\\s;&|)])'))"),
}

func reportSudo(p *control.Pass, c world.Container, field string, words []string) {
	for i, word := range words {
		if sudoPattern.MatchString(word) {
			p.ReportContainer(c, fmt.Sprintf("%s[%d]", field, i), "container %q starts its program with sudo", c.Name)
		}
	}
}

var nodeAffinity = &control.Control{
	ID: "BW1930", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "Pod chooses its nodes by node affinity",
	Doc: `Where nodes are what separates tenants, a pod that picks its node picks its neighbours: node affinity lets a
tenant place a pod beside the workload it wants to attack. Such clusters assign nodes by namespace and let
no one else choose.

It fires for each pod template with an affinity.nodeAffinity, required or preferred. Pod affinity and
anti-affinity are left alone. It is off by default, because in a cluster with one tenant node affinity is ordinary
scheduling.

Use taints on the nodes and tolerations that admission adds for the namespace instead:

` + "```yaml\nmetadata:\n  annotations:\n    scheduler.alpha.kubernetes.io/node-selector: team=a   # on the Namespace\n```",
	Refs:  []string{"kyverno restrict-node-affinity"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			a := t.Spec.Affinity
			if a == nil || a.NodeAffinity == nil {
				continue
			}
			p.ReportPod(t, "affinity.nodeAffinity", "the pod chooses its nodes")
		}
		return nil
	},
	Deny:   "variables.pod.?affinity.?nodeAffinity.hasValue()",
	Remedy: removeFromPod("affinity.nodeAffinity", "let the scheduler place the pod; one that needs special nodes must get them by taints and its namespace"),
}
