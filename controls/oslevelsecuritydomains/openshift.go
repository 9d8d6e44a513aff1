package oslevelsecuritydomains

import (
	"fmt"

	"bulwark/control"
)

var openShiftPrivileged = &control.Control{
	ID: "BW1926", Concept: concept, Severity: control.High,
	Title: "SecurityContextConstraints allow privileged containers",
	Doc: `On OpenShift a SecurityContextConstraints object says what pods of certain users and service accounts may ask
for. allowPrivilegedContainer: true lets them take over the node that they run on.

It fires for each SecurityContextConstraints whose allowPrivilegedContainer is true. The built-in constraint named
privileged is left out: it is part of the product and granted to nobody by default; who may use it is a question
of role bindings.

Write a constraint that grants the one thing a workload needs, and bind it to that service account alone:

` + "```yaml\nallowPrivilegedContainer: false\nallowedCapabilities: [NET_ADMIN]\n```",
	Refs:  []string{"kube-linter scc-deny-privileged-container", "ATT&CK T1611"},
	Kinds: []string{"SecurityContextConstraints.security.openshift.io"},
	Check: func(p *control.Pass) error {
		var scc struct {
			AllowPrivilegedContainer bool `json:"allowPrivilegedContainer"`
		}
		if err := p.Subject.Decode("", &scc); err != nil {
			return fmt.Errorf("reading the constraints: %w", err)
		}
		if scc.AllowPrivilegedContainer && p.Subject.Name != "privileged" {
			p.Report("allowPrivilegedContainer", "constraints %q let pods run privileged containers", p.Subject.Name)
		}
		return nil
	},
	Deny: "object.?allowPrivilegedContainer.orValue(false) == true && object.metadata.name != 'privileged'",
	Remedy: &control.Remedy{
		Scope:   control.AtObject,
		Message: "forbid privileged containers; pods that use these constraints and are privileged will be refused",
		Edits:   []control.Edit{{Path: "allowPrivilegedContainer", Value: false}},
	},
}
