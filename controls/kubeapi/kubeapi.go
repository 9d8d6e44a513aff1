// Package kubeapi holds the controls of the concept "kubeapi": how the API server authenticates, authorises, admits and
// encrypts, as its command line and its configuration files say.
//
// The controls on flags have no Deny: a static pod is read by the kubelet and never passes admission.
package kubeapi

import (
	"slices"

	"bulwark/control"
	"bulwark/facts/components"
	"bulwark/facts/components/rule"
)

const concept = "kubeapi"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	return slices.Concat(
		server(authentication()), server(authorization()), server(admission()), server(serving()), server(tokens()),
		server(atRest()), authenticationFiles(), admissionFiles(), encryptionFiles(), clouds(),
	)
}

// server completes rows about the API server.
func server(rules []rule.Rule) []*control.Control {
	for i := range rules {
		rules[i].Component = components.APIServer
		if rules[i].Concept == "" {
			rules[i].Concept = concept
		}
	}
	return rule.Controls(rules...)
}
