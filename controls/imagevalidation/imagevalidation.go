// Package imagevalidation holds the controls of the concept Image Validation:
// whether a reference says which image runs, and whether it is the one pulled.
package imagevalidation

import "bulwark/control"

const concept = "image-validation"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	return []*control.Control{
		mutableTag,
		notPinned,
		forbiddenTag,
		staleImage,
		notPulled,
		policyUnset,
		unreadable,
	}
}
