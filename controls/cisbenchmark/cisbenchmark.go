// Package cisbenchmark holds controls of the CIS Kubernetes Benchmark that have no concept of their own: controller manager,
// scheduler and kube-proxy, and the modes and owners of the files of a node.
//
// They have no Deny: static pods, files and node inventories never pass admission.
package cisbenchmark

import (
	"slices"

	"bulwark/control"
	"bulwark/facts/components"
	"bulwark/facts/components/rule"
)

const concept = "cis-benchmark"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	return slices.Concat(
		of(components.ControllerManager, controllerManager()), of(components.Scheduler, scheduler()), of(components.Proxy, proxy()), files(),
	)
}

func of(c components.Component, rules []rule.Rule) []*control.Control {
	for i := range rules {
		rules[i].Component, rules[i].Concept = c, concept
	}
	return rule.Controls(rules...)
}
