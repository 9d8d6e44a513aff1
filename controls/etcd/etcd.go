// Package etcd holds the controls of the concept "etcd": who can reach the store of the cluster, and whether its traffic is
// encrypted and its members and clients prove who they are.
//
// The controls have no Deny: static pods are read by the kubelet and never pass admission.
package etcd

import (
	"slices"

	"bulwark/control"
	"bulwark/facts/components"
	"bulwark/facts/components/rule"
)

const concept = "etcd"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	return slices.Concat(of(components.Etcd, clients()), of(components.Etcd, peers()), of(components.APIServer, server()))
}

func of(c components.Component, rules []rule.Rule) []*control.Control {
	for i := range rules {
		rules[i].Component, rules[i].Concept = c, concept
	}
	return rule.Controls(rules...)
}
