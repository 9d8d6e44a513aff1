// Package networkaccess holds the controls of the concept "network access": which doors to the network a workload or
// a Service opens, and whether somebody outside the cluster can reach them.
package networkaccess

import (
	"slices"

	"bulwark/control"
)

const concept = "network-access"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	return slices.Concat(hostControls(), probeControls(), portControls(), serviceControls(), exposureControls(), reachControls())
}
