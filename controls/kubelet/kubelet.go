// Package kubelet holds the controls of the concept "kubelet": whom the kubelet answers, what it offers, and how it limits
// pods, as its flags, its configuration file, or an inventory of the node say.
//
// The controls have no Deny: the kubelet's flags and files never pass admission.
package kubelet

import (
	"slices"

	"bulwark/control"
	"bulwark/facts/components"
	"bulwark/facts/components/rule"
)

const concept = "kubelet"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	rules := slices.Concat(access(), doors(), certificates(), ciphers(), limits(), habits())
	for i := range rules {
		rules[i].Component, rules[i].Concept = components.Kubelet, concept
	}
	return rule.Controls(rules...)
}

// legacy judges what is left to the defaults of a kubelet without a
// configuration file. They are open for the sake of old installations; those of
// the file are closed.
func legacy(flag, why, good string) rule.Test {
	return func(c *rule.Case) {
		if !c.Proc.DefaultsKnown() || c.Proc.HasFile() {
			c.NotApplicable()
			return
		}
		rule.Stated(flag, good, why)(c)
	}
}
