package aws

import (
	"strings"

	"bulwark/facts/iam/awspolicy"
	"bulwark/internal/tri"
)

// NodeGrant is the role of a node.
type NodeGrant struct {
	Role     *Principal
	Instance *Instance // nil where it was not exported
	Verdict  tri.Value
	Why      string
}

// InstanceOf returns the machine that a node is, by its provider id
// ("aws:///eu-west-1a/i-0abc") or its name; nil when it was not exported.
func (e *Estate) InstanceOf(node, providerID string) *Instance {
	id := providerID[strings.LastIndexByte(providerID, '/')+1:]
	for _, i := range e.Instances {
		if i.ID == id && id != "" || i.DNSName == node && node != "" || i.ID == node {
			return i
		}
	}
	return nil
}

// NodeRole returns the roles that a node may have: that of its machine, else
// those that are entered in the cluster as roles of nodes.
func (e *Estate) NodeRole(node, providerID string) []NodeGrant {
	if i := e.InstanceOf(node, providerID); i != nil {
		if i.Profile == "" {
			return nil
		}
		if role := e.byProfile[i.Profile]; role != nil {
			return []NodeGrant{{Role: role, Instance: i, Verdict: tri.Yes}}
		}
		return []NodeGrant{{Role: &Principal{ARN: i.Profile}, Instance: i, Verdict: tri.Unknown, Why: "the role of the instance profile was not exported"}}
	}
	var out []NodeGrant
	roles := e.NodeRoles()
	for _, r := range roles {
		g := NodeGrant{Role: r, Verdict: tri.Unknown, Why: "the machine of the node was not exported; this is a role of nodes of the cluster"}
		out = append(out, g)
	}
	return out
}

// NodeRoles returns the roles that the clusters know as roles of nodes, and those
// of the machines that were exported.
func (e *Estate) NodeRoles() []*Principal {
	e.nodesOnce.Do(func() {
		seen := map[*Principal]bool{nil: true}
		add := func(role *Principal) {
			if !seen[role] {
				seen[role] = true
				e.nodes = append(e.nodes, role)
			}
		}
		for _, c := range e.Clusters {
			for _, x := range c.Entries {
				if x.Node() {
					add(e.Role(x.Principal))
				}
			}
		}
		for _, i := range e.Instances {
			add(e.byProfile[i.Profile])
		}
	})
	return e.nodes
}

// Node says whether an entry is that of nodes.
func (x *Entry) Node() bool {
	return strings.HasPrefix(x.Type, "EC2") || strings.HasPrefix(x.Type, "FARGATE") || strings.HasPrefix(x.Type, "HYBRID") || strings.HasPrefix(x.User, "system:node:")
}

// Metadata says whether a pod reaches the metadata service of the machine, and why, as
// far as the machine decides: a NetworkPolicy may still stand in between.
func (i *Instance) Metadata(hostNetwork bool) (tri.Value, string) {
	switch {
	case i == nil:
		return tri.Unknown, "the machine's metadata options were not exported"
	case !i.Endpoint:
		return tri.No, "the metadata service is off (HttpEndpoint disabled)"
	case hostNetwork:
		return tri.Yes, "the pod is in the node's network"
	case i.Tokens == "optional":
		return tri.Yes, "the metadata service answers without a token (HttpTokens optional)"
	case i.Tokens == "":
		return tri.Unknown, "the export does not say whether the metadata service wants a token"
	case i.Hops == 0:
		return tri.Unknown, "the export does not give the hop limit of the metadata service"
	case i.Hops >= 2:
		return tri.Yes, "answers of the metadata service go two hops (HttpPutResponseHopLimit)"
	}
	return tri.No, "answers of the metadata service go one hop only"
}

// trustsAccount says whether a trust policy lets the whole of its own account, another or everybody in.
func trustsAccount(trust *awspolicy.Policy) (sources []awspolicy.Source) {
	for _, s := range trust.Statements {
		if s.Deny || s.Principals == nil || s.Principals.Not {
			continue
		}
		for _, a := range s.Principals.AWS {
			if strings.HasSuffix(a, ":root") || len(a) == 12 {
				sources = append(sources, awspolicy.Source{Policy: trust, Statement: s})
				break
			}
		}
	}
	return sources
}

// TrustsAccounts returns the statements by which a role trusts a whole account.
func (p *Principal) TrustsAccounts() []awspolicy.Source {
	if p.Trust == nil {
		return nil
	}
	return trustsAccount(p.Trust)
}
