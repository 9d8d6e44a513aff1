// Package oslevelsecuritydomains holds the controls of the concept OS-Level
// Security Domains: what keeps one workload apart from the node and from others.
package oslevelsecuritydomains

import (
	"slices"

	"bulwark/control"
)

const concept = "os-level-security-domains"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	return slices.Concat([]*control.Control{
		privileged,
		hostPID,
		hostIPC,
		userNamespace,
		hostProcess,
		sharedProcesses,
		volumeTypes,
		mayRunAsRoot,
		runAsRoot,
		lowUser,
		rootGroup,
		lowGroup,
		idRanges,
		seLinuxWeakened,
		seLinuxUnset,
		seLinuxShared,
		sudo,
		imageGroups,
		pssBaseline,
		pssRestricted,
		namespaceOpen,
		namespaceLabels,
		namespaceRaise,
		namespaceUnrestricted,
		namespaceUnguarded,
		openShiftPrivileged,
		nonRootExact,
		nonRootMesh,
		rootFromAnywhere,
		nodeAffinity,
		fsGroupUnset,
		fsGroupChangeUnset,
		groupsUnset,
		sysctlsUnset,
		podContextUnset,
		contextUnset,
		flexVolumes,
		seLinuxList,
		sharedDomain,
	}, podSecurityPolicies())
}
