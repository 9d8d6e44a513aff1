// Package iamroles holds the controls of the concept IAM Roles: how workloads
// come by identities of the cloud, who shares them, and what those lead to.
package iamroles

import "bulwark/control"

const concept = "iam-roles"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	return []*control.Control{
		credentialPath,
		defaultAccount,
		sharedRole,
		metadataReachable,
		metadataHost,
		annotatedPod,
		adminRole,
		nodeRole,
		anyAccount,
		wildAccount,
		literalStar,
		noAudience,
		strangers,
		reachesAdmin,
		nodeAdmin,
		nodeExtras,
		metadataHops,
		authMasters,
		accessAdmin,
		backAsAdmin,
		deadAnnotation,
		broadGoogle,
		openPool,
		nodeMetadata,
		wideAzure,
		localAccounts,
	}
}
