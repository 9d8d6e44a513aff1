// Package cloud reads documents that command-line tools of AWS, Google Cloud and
// Azure export: who may become which identity there, and what it may do. Nothing
// is fetched; each thing in a document becomes an object of its own.
package cloud

import (
	"bulwark/internal/ytree"
	"bulwark/world"
)

// Groups of the kinds below: one for each cloud.
const (
	AWS   = "aws.bulwark"
	GCP   = "gcp.bulwark"
	Azure = "azure.bulwark"
)

// Kinds of AWS. The fields of an object are those of the export.
const (
	AWSRole           = "Role." + AWS   // RoleDetailList of iam get-account-authorization-details
	AWSUser           = "User." + AWS   // UserDetailList of the same
	AWSGroup          = "Group." + AWS  // GroupDetailList of the same
	AWSPolicy         = "Policy." + AWS // Policies of the same
	AWSGuardRail      = "OrganizationPolicy." + AWS
	AWSAccountPath    = "AccountPath." + AWS // where an account stands in the organization
	AWSOrganization   = "Organization." + AWS
	AWSProvider       = "OIDCProvider." + AWS
	AWSInstance       = "Instance." + AWS
	EKSCluster        = "Cluster." + AWS
	EKSAccessEntry    = "AccessEntry." + AWS
	EKSAccessPolicies = "AccessPolicies." + AWS // eks list-associated-access-policies
	EKSPodIdentity    = "PodIdentityAssociation." + AWS
)

// Kinds of Google Cloud.
const (
	GCPPolicy          = "IAMPolicy." + GCP // the bindings of one resource
	GCPRole            = "Role." + GCP
	GCPDenyPolicy      = "DenyPolicy." + GCP
	GCPBoundary        = "PrincipalAccessBoundaryPolicy." + GCP
	GCPBoundaryBinding = "PolicyBinding." + GCP
	GKECluster         = "Cluster." + GCP
)

// Kinds of Azure.
const (
	AzureAssignment     = "RoleAssignment." + Azure
	AzureDefinition     = "RoleDefinition." + Azure
	AzureDenyAssignment = "DenyAssignment." + Azure
	AzureIdentity       = "Identity." + Azure
	AzureCredential     = "FederatedCredential." + Azure
	AKSCluster          = "Cluster." + Azure
)

// Kinds lists them all.
func Kinds() []string {
	return []string{
		AWSRole, AWSUser, AWSGroup, AWSPolicy, AWSGuardRail, AWSAccountPath, AWSOrganization, AWSProvider, AWSInstance,
		EKSCluster, EKSAccessEntry, EKSAccessPolicies, EKSPodIdentity,
		GCPPolicy, GCPRole, GCPDenyPolicy, GCPBoundary, GCPBoundaryBinding, GKECluster,
		AzureAssignment, AzureDefinition, AzureDenyAssignment, AzureIdentity, AzureCredential, AKSCluster,
	}
}

// item is one thing of a document: its part of the document's tree.
type item struct{ tree *ytree.Node }

// Resolve implements world.Content with paths inside the thing.
func (it *item) Resolve(path string) (value string, at int, stable string) {
	n, at, stable := it.tree.Resolve(path)
	if n != nil && n.Scalar() {
		value = n.Str
	}
	return value, at, stable
}

// Tree returns the fields of an object of one of the Kinds, whether it was
// exported or written as a manifest. It must not be changed.
func Tree(o *world.Object) *ytree.Node {
	if it, ok := o.Content().(*item); ok {
		return it.tree
	}
	return o.Tree()
}
