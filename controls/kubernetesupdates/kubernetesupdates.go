// Package kubernetesupdates holds the controls of the concept Kubernetes
// Updates: what stands in the way of the next version, and what should have been updated.
package kubernetesupdates

import "bulwark/control"

const concept = "kubernetes-updates"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	return []*control.Control{
		notServed,
		deprecatedVersion,
		podSecurityPolicy,
		retiredIngress,
		serviceAccountField,
		subPath,
		nodeUnsupported,
		oldContainerd,
		retiredIngressClass,
		vulnerableComponent,
	}
}
