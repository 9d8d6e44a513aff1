package auditlogs

import (
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/internal/ytree"
)

// Descriptions of managed clusters, as Kubescape collects them.
const (
	eksCluster = "ClusterDescribe.eks.amazonaws.com"
	gkeCluster = "ClusterDescribe.container.googleapis.com"
)

func clouds() []*control.Control {
	refs := []string{"kubescape C-0067", "regolibrary k8s-audit-logs-enabled-cloud", "NSA logging"}
	return []*control.Control{
		{
			ID: "BW3620", Concept: concept, Title: "Managed control plane writes no audit log", Severity: control.High, Refs: refs,
			Kinds: []string{eksCluster, gkeCluster},
			Check: func(p *control.Pass) error {
				tree := p.Tree()
				if p.Subject.GroupKind() == gkeCluster {
					if len(texts(tree, "data.logging_config.component_config.enable_components")) == 0 {
						p.Report("data.logging_config", "the cluster sends no logs of its components to Cloud Logging")
					}
					return nil
				}
				if !slices.Contains(eksLogs(tree), "audit") {
					p.Report("data.Cluster.Logging", "the cluster's control plane does not write audit logs")
				}
				return nil
			},
			Doc: `Of a managed control plane the audit log is all that you can see, and on EKS it is off until somebody switches it on.
Without it nobody can tell who read a Secret or opened a shell.

It fires when the description of an EKS cluster has no enabled log type audit, or that of a GKE cluster enables no
component for logging.

    # aws eks update-cluster-config --name NAME --logging '{"clusterLogging":[{"types":["audit","authenticator","api"],"enabled":true}]}'
`,
		},
		{
			ID: "BW3621", Concept: concept, Title: "Managed control plane does not write all its logs", Severity: control.Low, Profile: control.Hygiene,
			Refs: refs, Kinds: []string{eksCluster},
			Check: func(p *control.Pass) error {
				have := eksLogs(p.Tree())
				var missing []string
				for _, want := range []string{"api", "authenticator", "controllerManager", "scheduler"} {
					if !slices.Contains(have, want) {
						missing = append(missing, want)
					}
				}
				if len(missing) > 0 {
					p.Report("data.Cluster.Logging", "the cluster's control plane does not write the logs %s", strings.Join(missing, ", "))
				}
				return nil
			},
			Doc: `The audit log of EKS names users; the authenticator log says which IAM principal was behind each. The logs of API server,
controller manager and scheduler explain failures. An investigation needs the first, operations the others.

It fires when one of the types api, authenticator, controllerManager and scheduler is not enabled. The audit log itself is
BW3620.

    # types: api, audit, authenticator, controllerManager, scheduler
`,
		},
	}
}

// eksLogs returns the types of log that an EKS cluster writes.
func eksLogs(tree *ytree.Node) []string {
	setups := tree.Lookup("data.Cluster.Logging.ClusterLogging")
	if setups == nil {
		return nil
	}
	var out []string
	for i := range setups.Items {
		s := &setups.Items[i]
		if on := s.Get("Enabled"); on != nil && on.Str == "true" {
			out = append(out, texts(s, "Types")...)
		}
	}
	return out
}
