// Package podtopodencryption holds the controls of the concept "pod-to-pod encryption": whether meshes refuse
// plaintext, which workloads step out of them, and which TLS versions they still speak.
package podtopodencryption

import (
	"slices"

	"bulwark/control"
)

const concept = "pod-to-pod-encryption"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	return slices.Concat(strictControls(), injectionControls(), namespaceControls(), tlsControls(), meshControls(), nodeControls())
}

const (
	peerAuthentication = "PeerAuthentication.security.istio.io"
	destinationRule    = "DestinationRule.networking.istio.io"
	istioGateway       = "Gateway.networking.istio.io"
)
