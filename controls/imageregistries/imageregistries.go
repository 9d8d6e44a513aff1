// Package imageregistries holds the controls of the concept Image Registries:
// where images come from, and how they are fetched.
package imageregistries

import (
	"slices"

	"bulwark/control"
)

const concept = "image-registries"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	return slices.Concat([]*control.Control{
		notAllowed,
		retired,
		denied,
		addressed,
		pullSecret,
		nameNotAllowed,
	}, dockerfileControls())
}

const noScheme = "Entries are as docker.io, ghcr.io/shop, *.azurecr.io or docker.io/library/nginx."
