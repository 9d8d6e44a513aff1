package kubeapi

import (
	"bulwark/control"
	"bulwark/internal/ytree"
)

// Descriptions of managed clusters, as Kubescape collects them.
const (
	eksCluster = "ClusterDescribe.eks.amazonaws.com"
	gkeCluster = "ClusterDescribe.container.googleapis.com"
)

func clouds() []*control.Control {
	return []*control.Control{{
		ID: "BW2087", Concept: secretsConcept, Title: "Managed cluster has no key of yours for Secrets", Severity: control.Medium,
		Refs:  []string{"kubescape C-0066", "regolibrary secret-etcd-encryption-cloud", "ATT&CK T1552"},
		Kinds: []string{eksCluster, gkeCluster},
		Check: func(p *control.Pass) error {
			tree := p.Tree()
			if p.Subject.GroupKind() == gkeCluster {
				state := tree.Lookup("data.database_encryption.state")
				if state == nil || state.Str != "1" && state.Str != "ENCRYPTED" {
					p.Report("data.database_encryption.state", "the cluster does not encrypt Secrets with a key of your own")
				}
				return nil
			}
			if !eksEncrypts(tree) {
				p.Report("data.Cluster.EncryptionConfig", "the cluster does not encrypt Secrets with a key of your own")
			}
			return nil
		},
		Doc: `Managed control planes encrypt their disks with the provider's key, which protects against a stolen disk only. With a key
of your own Secrets are encrypted before they reach etcd, each use of the key is in your audit log, and taking the key
away makes the Secrets unreadable.

It fires when the description of an EKS cluster has no encryptionConfig for secrets, and when that of a GKE cluster does
not say that its database is encrypted.

    # EKS: eksctl utils enable-secrets-encryption --cluster NAME --key-arn ARN
    # GKE: gcloud container clusters update NAME --database-encryption-key KEY
`,
	}}
}

// eksEncrypts says whether an EKS cluster has an encryption configuration for Secrets.
func eksEncrypts(tree *ytree.Node) bool {
	for _, conf := range items(tree, "data.Cluster.EncryptionConfig") {
		for _, r := range items(&conf, "Resources") {
			if r.Str == "secrets" {
				return true
			}
		}
	}
	return false
}
