// Package staticanalysis judges the make-up of workloads and configuration:
// amounts, probes, availability, structure, metadata and schema.
package staticanalysis

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/world"
)

const concept = "static-analysis"

// Controls returns the controls of the concept, theme by theme.
func Controls() []*control.Control {
	return slices.Concat(
		amounts(), amountPolicies(), kindPolicies(), probes(), replicaControls(), scalerControls(), budgetControls(),
		placement(), jobs(), structure(), metadata(), metadataPolicies(), schemaControls(), services(), namespaces(),
	)
}

// served says whether the pods of an object serve for as long as they live:
// those of Jobs and CronJobs do not.
func served(o *world.Object) bool { return o.Group != "batch" }

// resourced says whether a container may state amounts: ephemeral containers may not.
func resourced(c world.Container) bool { return c.List != world.EphemeralContainers }

// has says whether a list of amounts states a resource that is not zero.
func has(list corev1.ResourceList, name corev1.ResourceName) bool {
	amount, ok := list[name]
	return ok && !amount.IsZero()
}

// podLimit says whether the pod as a whole states a limit.
func podLimit(t *world.PodTemplate, name corev1.ResourceName) bool {
	return t.Spec.Resources != nil && has(t.Spec.Resources.Limits, name)
}

// podRequest says whether the pod as a whole states a request, or a limit, which then is its request.
func podRequest(t *world.PodTemplate, name corev1.ResourceName) bool {
	return t.Spec.Resources != nil && (has(t.Spec.Resources.Requests, name) || has(t.Spec.Resources.Limits, name))
}

// scalable are the kinds whose replicas a team chooses.
var scalable = []string{"Deployment.apps", "StatefulSet.apps", "Rollout.argoproj.io", "DeploymentConfig.apps.openshift.io"}

// amountContainers is the CEL list of containers that may state amounts.
const amountContainers = `(variables.pod.containers + (has(variables.pod.initContainers) ? variables.pod.initContainers : []))`

// lasting is the CEL list of containers that run for as long as the pod.
const lasting = `(variables.pod.containers + (has(variables.pod.initContainers) ?
  variables.pod.initContainers.filter(c, has(c.restartPolicy) && c.restartPolicy == 'Always') : []))`
