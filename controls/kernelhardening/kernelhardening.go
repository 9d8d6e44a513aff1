// Package kernelhardening holds the controls of the concept Kernel Hardening:
// what a pod asks the kernel to allow it, and which filters it puts in between.
package kernelhardening

import "bulwark/control"

const concept = "kernel-hardening"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	return []*control.Control{
		privilegeEscalation,
		capabilitiesKept,
		capabilityBeyondBaseline,
		capabilityTakeover,
		capabilityDangerous,
		netRaw,
		seccompOff,
		seccompUnset,
		appArmorOff,
		appArmorUnset,
		sysctls,
		procMount,
		capabilityAdded,
		capabilitiesRestricted,
		nothingDropped,
		capabilityLists,
		seccompList,
		appArmorList,
		noHardening,
		sysctlLists,
		releaseAgent,
		capabilityRestricted,
	}
}
