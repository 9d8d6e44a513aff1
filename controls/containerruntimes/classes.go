package containerruntimes

import (
	"fmt"
	"slices"

	"bulwark/control"
)

func volumePath(i int) string { return fmt.Sprintf("volumes[%d].hostPath", i) }

var classList = &control.Control{
	ID: "BW2102", Concept: concept, Severity: control.Medium, Profile: control.Strict,
	Title: "Runtime class is not on the house list",
	Doc: `A runtime class can pick a runtime with fewer protections, such as one that passes devices through or skips seccomp.
This is for clusters in which only some classes are meant for everybody.

It fires for each pod template whose runtimeClassName is set and not in the parameter allowed. A pod without one runs
with the node's default and passes; BW2101 is the rule for workloads that must have a sandbox. Without the parameter
the rule is off.

` + "```yaml\n# configuration\nBW2102: {allowed: [gvisor, kata]}\n```",
	Refs:   []string{"kyverno restrict-runtimeclass", "kyverno restrict-runtimeClassName", "kyverno prodclass-or-expclass"},
	Kinds:  []string{control.Pods},
	Params: []control.Param{{Name: "allowed", Doc: "Names of runtime classes that pods may use."}},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			if name := classOf(t); name != "" && !slices.Contains(p.Strings("allowed"), name) {
				p.ReportPod(t, "runtimeClassName", "runtime class %q is not on the house list", name)
			}
		}
		return nil
	},
}

var classMissing = &control.Control{
	ID: "BW2105", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Runtime class does not exist",
	Doc: `The API server refuses a pod that names a runtime class which is not there. The Deployment is accepted, and its pods
then never come: a sandbox that was planned turns into an outage, and the hurried repair is to delete the line.

It fires for each pod template whose runtimeClassName names no RuntimeClass of the input. RuntimeClass is cluster-wide
and often kept elsewhere: unless the input is a whole cluster or is declared complete, or holds other
classes, the verdict is unknown.

` + "```yaml\napiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: {name: gvisor}\nhandler: runsc\n```",
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{classes},
	Check: func(p *control.Pass) error {
		table, err := classes.Of(p)
		if err != nil {
			return err
		}
		for t := range p.Subject.Pods {
			name := classOf(t)
			if _, known := table.handlers[name]; name == "" || known {
				continue
			}
			if table.unproven != nil {
				p.Unknown(t.SpecPath("runtimeClassName"), "whether runtime class %q exists is not known: %s", name, table.unproven)
				continue
			}
			p.ReportPod(t, "runtimeClassName", "runtime class %q does not exist", name)
		}
		return nil
	},
}
