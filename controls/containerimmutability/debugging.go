package containerimmutability

import (
	"bulwark/control"
	"bulwark/world"
)

var debugContainers = &control.Control{
	ID: "BW3507", Concept: concept, Severity: control.Low, Profile: control.Strict,
	Title: "Pod holds an ephemeral container",
	Doc: `kubectl debug puts a container into a running pod, with an image of the caller's choice. It shares the pod's network and
volumes, and with a target the processes of another container, so it reads what the program keeps in memory. Nobody reviewed
it, and it cannot be taken out again: only a new pod is as it was built.

It fires for each entry of ephemeralContainers of a pod. A live scan finds the pods that were debugged and not replaced
since; an exported policy keeps such containers out altogether. It is a house rule, off by default, because debugging has
its place.

Delete the pod when the work is done and let its controller make a new one; give the right to change
pods/ephemeralcontainers only to people on duty.

` + "```yaml\nspec:\n  containers:\n    - {name: app, image: registry.example.com/shop/app:1.4}\n```",
	Refs:  []string{"kyverno block-ephemeral-containers", "ATT&CK T1609"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			for c := range t.Containers {
				if c.List == world.EphemeralContainers {
					p.ReportContainer(c, "", "ephemeral container %q was put into the pod", c.Name)
				}
			}
		}
		return nil
	},
	Deny: "variables.pod.?ephemeralContainers.orValue([]).size() > 0",
}
