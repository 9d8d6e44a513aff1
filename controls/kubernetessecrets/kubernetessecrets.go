// Package kubernetessecrets holds the controls of the concept "Kubernetes Secrets": credentials that stand where they
// can be read, and how workloads get the ones they need. No message and no evidence carries a value.
package kubernetessecrets

import (
	"fmt"
	"slices"

	"bulwark/control"
	"bulwark/internal/secretscan"
)

const concept = "kubernetes-secrets"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	return slices.Concat(literalControls(), placeControls(), manifestControls(), envControls(), referenceControls(), wordControls(), storageControls(), mountedControls(),
		dockerfileControls())
}

// what describes a match without showing it.
func what(m secretscan.Match) string { return fmt.Sprintf("%s, %s", m.Rule, m.Preview) }
