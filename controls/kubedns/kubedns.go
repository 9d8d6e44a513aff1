// Package kubedns holds the controls of concept kube-dns: who may rewrite the
// cluster's name service, how it is configured, and names that lead astray.
package kubedns

import "bulwark/control"

const concept = "kube-dns"

// Controls returns the controls of the concept, by id.
func Controls() []*control.Control {
	return []*control.Control{
		configWriter, configWriterBound, externalName, dnsExposed,
		unreadable, zoneTransfer, plainForward, insecurePods, versionShown, profiling,
		noErrors, noLoop, noCache, noLog, rewritten,
	}
}
