// Package auditlogs holds the controls of the concept "audit-logs": whether the API server records what is done to the
// cluster, keeps it long enough, and records what matters without copying secrets.
//
// The controls have no Deny: flags and policy files of the API server never pass admission.
package auditlogs

import (
	"slices"

	"bulwark/control"
	"bulwark/facts/components"
	"bulwark/facts/components/rule"
)

const concept = "audit-logs"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	rules := slices.Concat(recording(), retention())
	for i := range rules {
		rules[i].Component, rules[i].Concept = components.APIServer, concept
	}
	return slices.Concat(rule.Controls(rules...), policies(), clouds())
}
