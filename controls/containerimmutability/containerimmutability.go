// Package containerimmutability holds the controls of the concept Container
// Immutability: what runs is what was built, and nothing changes it at run time.
package containerimmutability

import "bulwark/control"

const concept = "container-immutability"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	return append([]*control.Control{
		writableRoot,
		writablePrograms,
		installsAtStart,
		gitSyncProgram,
		debugContainers,
	}, imageControls()...)
}
