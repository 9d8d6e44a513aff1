// Package kubernetesapi holds the controls of concept Kubernetes API: who may
// talk to the API without an identity of their own, and what stands in the
// path of its requests: webhooks, admission policies and aggregated servers.
package kubernetesapi

import "bulwark/control"

const (
	concept = "kubernetes-api"
	group   = ".admissionregistration.k8s.io"

	kindValidatingHooks  = "ValidatingWebhookConfiguration" + group
	kindMutatingHooks    = "MutatingWebhookConfiguration" + group
	kindPolicy           = "ValidatingAdmissionPolicy" + group
	kindPolicyBinding    = "ValidatingAdmissionPolicyBinding" + group
	kindMutation         = "MutatingAdmissionPolicy" + group
	kindMutationBinding  = "MutatingAdmissionPolicyBinding" + group
	kindAggregatedServer = "APIService.apiregistration.k8s.io"
)

// Controls returns the controls of the concept, by id.
func Controls() []*control.Control {
	return []*control.Control{
		anonymousBound, authenticatedBound, authenticatedSensitive,
		hookFailsOpen, hookCanLockOut, hookUnreachable, hookSlow, hookUntrusted, hookListed,
		policyUnbound, policyNotEnforced, policyFailsOpen, bindingDangling,
		insecureAggregation, privilegedCertificate, openRepos,
	}
}
