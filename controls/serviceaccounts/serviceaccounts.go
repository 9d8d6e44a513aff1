// Package serviceaccounts holds the controls of concept Service Accounts:
// which account a pod runs as, and where tokens of it lie.
package serviceaccounts

import "bulwark/control"

const concept = "service-accounts"

// Controls returns the controls of the concept, by id.
func Controls() []*control.Control {
	return []*control.Control{
		idleToken, mountedToken, podSilent, accountSilent, defaultUsed, defaultSilent, defaultBound,
		missingAccount, podAsks, tokenSecret, longToken, broadAccount, noAccounts,
	}
}

// noToken is the fix of every token that nobody needs, relative to a PodSpec.
var noToken = &control.Remedy{
	Scope:   control.AtPod,
	Message: "keeps the token out of the pod; a program that calls the Kubernetes API (operators, agents, leader election) stops working",
	Edits:   []control.Edit{{Path: "automountServiceAccountToken", Op: control.Set, Value: false}},
}
