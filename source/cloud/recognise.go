package cloud

import (
	"strings"

	"bulwark/internal/ytree"
)

// found is one thing that a document holds.
type found struct {
	kind string // one of the Kinds
	name string
	node *ytree.Node
}

// container is a key of a document under which a list of things stands.
type container struct {
	key  string
	kind string
	name func(*ytree.Node) string
	is   func(*ytree.Node) bool // of each thing; nil for all
}

func at(keys ...string) func(*ytree.Node) string {
	return func(n *ytree.Node) string {
		for _, k := range keys {
			if v := n.Lookup(k); v != nil && v.Kind == ytree.String && v.Str != "" {
				return v.Str
			}
		}
		return ""
	}
}

func with(key string) func(*ytree.Node) bool {
	return func(n *ytree.Node) bool { return n.Get(key) != nil }
}

// containers are the documents that are lists under a key.
var containers = []container{
	{"UserDetailList", AWSUser, at("Arn"), with("Arn")},
	{"GroupDetailList", AWSGroup, at("Arn"), with("Arn")},
	{"RoleDetailList", AWSRole, at("Arn"), with("Arn")},
	{"Policies", AWSPolicy, at("Arn"), with("PolicyVersionList")},
	{"Policies", AWSGuardRail, at("PolicySummary.Id", "PolicySummary.Name"), with("PolicySummary")},
	{"AccountPaths", AWSAccountPath, at("AccountId"), with("AccountId")},
	{"OpenIDConnectProviderList", AWSProvider, at("Arn"), with("Arn")},
	{"associations", EKSPodIdentity, podIdentityName, with("associationArn")},
	{"value", "", nil, nil},
	{"results", "", nil, nil},
	{"policies", "", nil, nil},
}

// single is a thing by itself: under a key of its document, or the whole of it.
type single struct {
	key  string // "" for the whole document
	kind string
	name func(*ytree.Node) string
	is   func(*ytree.Node) bool
}

// singles are asked in order.
var singles = []single{
	{"cluster", EKSCluster, at("arn", "name"), func(n *ytree.Node) bool { return strings.Contains(n.Text("arn"), ":eks:") }},
	{"accessEntry", EKSAccessEntry, joined("clusterName", "principalArn"), with("principalArn")},
	{"association", EKSPodIdentity, podIdentityName, with("serviceAccount")},
	{"Organization", AWSOrganization, at("Id", "Arn"), with("MasterAccountId")},
	{"Policy", AWSGuardRail, at("PolicySummary.Id", "PolicySummary.Name"), with("PolicySummary")},
	{"", EKSAccessPolicies, joined("clusterName", "principalArn"), with("associatedAccessPolicies")},
	{"", GCPPolicy, at("name", "resource"), isGCPPolicy},
	{"", GCPDenyPolicy, at("name"), func(n *ytree.Node) bool {
		return n.Lookup("rules[0].denyRule") != nil || n.Text("kind") == "DenyPolicy" && n.Get("rules") != nil
	}},
	{"", GCPBoundary, at("name"), func(n *ytree.Node) bool {
		return strings.Contains(n.Text("name"), "/principalAccessBoundaryPolicies/") && n.Get("details") != nil
	}},
	{"", GCPBoundaryBinding, at("name"), func(n *ytree.Node) bool {
		return n.Text("policyKind") == "PRINCIPAL_ACCESS_BOUNDARY" && n.Get("target") != nil
	}},
	{"", GCPRole, at("name"), func(n *ytree.Node) bool {
		return n.Get("includedPermissions") != nil && strings.Contains(n.Text("name"), "roles/")
	}},
	{"", GKECluster, at("selfLink", "name"), func(n *ytree.Node) bool {
		return strings.Contains(n.Text("selfLink"), "/clusters/") && (n.Get("nodePools") != nil || n.Get("nodeConfig") != nil)
	}},
	{"", AzureDenyAssignment, at("id", "name"), with("denyAssignmentName")},
	{"", AzureAssignment, at("id", "name"), func(n *ytree.Node) bool {
		return n.Get("roleDefinitionId") != nil && n.Get("principalId") != nil && n.Get("scope") != nil
	}},
	{"", AzureDefinition, at("id", "name"), func(n *ytree.Node) bool { return n.Get("assignableScopes") != nil && n.Get("permissions") != nil }},
	{"", AzureIdentity, at("id", "name"), ofType("microsoft.managedidentity/userassignedidentities")},
	{"", AzureCredential, at("id", "name"), func(n *ytree.Node) bool {
		return n.Get("issuer") != nil && n.Get("subject") != nil && n.Get("audiences") != nil
	}},
	{"", AKSCluster, at("id", "name"), ofType("microsoft.containerservice/managedclusters")},
}

func isGCPPolicy(n *ytree.Node) bool {
	if n.Get("iamPolicy") != nil || n.Get("iam_policy") != nil {
		return n.Text("name") != ""
	}
	return n.Lookup("policy.bindings") != nil && strings.HasPrefix(n.Text("resource"), "//")
}

func ofType(kind string) func(*ytree.Node) bool {
	return func(n *ytree.Node) bool { return strings.EqualFold(n.Text("type"), kind) }
}

// joined names a thing by two fields.
func joined(a, b string) func(*ytree.Node) string {
	return func(n *ytree.Node) string { return n.Text(a) + " " + n.Text(b) }
}

func podIdentityName(n *ytree.Node) string {
	return n.Text("clusterName") + " " + n.Text("namespace") + "/" + n.Text("serviceAccount")
}

// maxNesting bounds lists in lists.
const maxNesting = 3

// recognise returns what a document holds, nothing when it is none of the known ones.
func recognise(n *ytree.Node, depth int) []found {
	if n == nil || depth > maxNesting {
		return nil
	}
	if n.Kind == ytree.Seq {
		var out []found
		for i := range n.Items {
			out = append(out, recognise(&n.Items[i], depth+1)...)
		}
		return out
	}
	if n.Kind != ytree.Map {
		return nil
	}
	var out []found
	for i := range containers {
		out = append(out, containers[i].things(n, depth)...)
	}
	if list := n.Get("Reservations"); list != nil {
		out = append(out, instances(list)...)
	}
	if len(out) > 0 {
		return out
	}
	for _, s := range singles {
		thing := n
		if s.key != "" {
			thing = n.Get(s.key)
		}
		if thing != nil && thing.Kind == ytree.Map && s.is(thing) {
			return []found{{s.kind, s.name(thing), thing}}
		}
	}
	return nil
}

func (c *container) things(n *ytree.Node, depth int) []found {
	list := n.Get(c.key)
	if list == nil || list.Kind != ytree.Seq {
		return nil
	}
	if c.kind == "" {
		return recognise(list, depth)
	}
	var out []found
	for i := range list.Items {
		if thing := &list.Items[i]; thing.Kind == ytree.Map && c.is(thing) {
			out = append(out, found{c.kind, c.name(thing), thing})
		}
	}
	return out
}

// instances are the machines of ec2 describe-instances.
func instances(list *ytree.Node) []found {
	var out []found
	for i := range list.Items {
		machines := list.Items[i].Get("Instances")
		if machines == nil {
			continue
		}
		for j := range machines.Items {
			if m := &machines.Items[j]; m.Kind == ytree.Map && m.Text("InstanceId") != "" {
				out = append(out, found{AWSInstance, m.Text("InstanceId"), m})
			}
		}
	}
	return out
}
