package iam

import (
	"strings"

	"bulwark/facts/iam/gcp"
	"bulwark/internal/tri"
)

// one is Yes when there is only one of something, so that it must be that one.
func one(n int) tri.Value {
	if n == 1 {
		return tri.Yes
	}
	return tri.Unknown
}

// gkeNodeRole returns the accounts of the node pools that a node may be in.
func (m *Model) gkeNodeRole(node string) []Grant {
	var out []Grant
	for _, c := range m.GCP.Clusters {
		for i := range c.Nodes {
			p := &c.Nodes[i]
			if !mayBeIn(node, c, p) {
				continue
			}
			g := Grant{
				Role: Principal{GCP, p.Account, shortEmail(p.Account)}, Via: "account of the node", Verdict: one(len(c.Nodes) * len(m.GCP.Clusters)),
				By: []Evidence{{Text: "node pool " + p.Name, Object: c.Object, Path: p.Path + ".serviceAccount"}},
			}
			if strings.HasPrefix(node, "gke-"+c.Name+"-"+p.Name+"-") {
				g.Verdict = tri.Yes
			}
			if g.Verdict == tri.Unknown {
				g.Why = []Evidence{{Text: "which node pool the node is in"}}
			}
			out = append(out, g)
		}
	}
	return out
}

// mayBeIn says whether a node's name fits a pool: GKE calls nodes gke-CLUSTER-POOL-….
func mayBeIn(node string, c *gcp.Cluster, p *gcp.NodePool) bool {
	return !strings.HasPrefix(node, "gke-") || p.Name == "" || strings.HasPrefix(node, "gke-"+c.Name+"-"+p.Name+"-") || len("gke-"+c.Name+"-"+p.Name) > 30
}

// Metadata answers whether a pod on a node gets at the node's identity through
// the metadata service, as far as machine and cloud decide: what a NetworkPolicy
// stops is for facts/reach to say.
func (m *Model) Metadata(node string, hostNetwork bool) (tri.Value, Evidence) {
	if i := m.AWS.InstanceOf(node, m.providers[node]); i != nil {
		v, why := i.Metadata(hostNetwork)
		return v, Evidence{Text: why, Object: i.Object, Path: "MetadataOptions"}
	}
	out, text := tri.No, Evidence{Text: "no document says what the node is"}
	found := false
	for _, c := range m.GCP.Clusters {
		for i := range c.Nodes {
			if p := &c.Nodes[i]; mayBeIn(node, c, p) {
				v, why := p.Serves(hostNetwork)
				if !found || tri.Compare(v, out) > 0 {
					out, text = v, Evidence{Text: why, Object: c.Object, Path: p.Path}
				}
				found = true
			}
		}
	}
	switch {
	case found:
		return out, text
	case len(m.Azure.Clusters) > 0:
		return tri.Yes, Evidence{Text: "nothing of AKS stands between pods and the metadata service", Object: m.Azure.Clusters[0].Object, Path: "identityProfile"}
	}
	return tri.Unknown, text
}
