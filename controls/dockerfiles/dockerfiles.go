// Package dockerfiles holds the controls of the concept Dockerfiles: how images
// are built, and how what a Dockerfile says fits the pods that run the image.
package dockerfiles

import (
	"slices"

	"bulwark/control"
)

const concept = "dockerfiles"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	return slices.Concat(
		stageControls(), platformControls(), fileControls(), userControls(), privilegeControls(), downloadControls(), verificationControls(),
		signatureControls(), copyControls(), startControls(), exposeControls(), variableControls(), casingControls(), labelControls(),
		packageControls(), commandControls(), buildControls(), shellControls(), joinControls(),
	)
}
