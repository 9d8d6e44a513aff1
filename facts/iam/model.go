// Package iam joins the identities of a cluster with those of the clouds that it
// runs in: which service account or node can become which role, what the role
// can be turned into, and which ways lead from it back into the cluster. All of
// it rests on exported documents; what they leave open is unknown, and says what it depends on.
package iam

import (
	"cmp"
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/facts/iam/aws"
	"bulwark/facts/iam/azure"
	"bulwark/facts/iam/gcp"
	"bulwark/internal/tri"
	"bulwark/source/cloud"
	"bulwark/world"
)

// Clouds, as principals name them.
const (
	AWS   = "AWS"
	GCP   = "Google Cloud"
	Azure = "Azure"
)

// Fact is the model.
var Fact = &control.Fact[*Model]{
	Name:    "iam",
	Doc:     "Which service accounts and nodes can become which roles of a cloud, and what those lead to, from exported documents.",
	Kinds:   append(cloud.Kinds(), control.Pods, "ServiceAccount", "ConfigMap", "Node"),
	Partial: true,
	Derive:  func(v *control.View) (*Model, error) { return derive(v), nil },
}

// Model is the joined picture. It is immutable but for what it remembers.
type Model struct {
	AWS   *aws.Estate
	GCP   *gcp.Estate
	Azure *azure.Estate

	providers map[string]string // of nodes, by name
	accounts  []*Account
}

// Principal is an identity of a cloud.
type Principal struct {
	Cloud string // AWS, GCP or Azure
	ID    string // ARN, e-mail, name of a member, or principal id
	Name  string // short, for people
}

// Evidence is one reason, with its place where it has one.
type Evidence struct {
	Text   string
	Object *world.Object // nil for none
	Path   string
}

// Pos returns the place of the evidence.
func (e *Evidence) Pos() world.Pos {
	if e.Object == nil {
		return world.Pos{}
	}
	return e.Object.Pos(e.Path)
}

// Grant is a role that a service account or a node can become.
type Grant struct {
	Role    Principal
	Via     string // "IRSA", "EKS Pod Identity", "Workload Identity", …
	Verdict tri.Value
	Why     []Evidence // what it depends on
	By      []Evidence // what lets it
}

// Escalation is one way from a principal to more.
type Escalation struct {
	ID, Title string
	Actions   []string
	Target    string    // what it is about; empty for nothing in particular
	Becomes   Principal // who is become; the zero Principal where rights are won instead
	Verdict   tri.Value
	Admin     tri.Value // whether it leads to all rights by itself
	Why, By   []Evidence
}

// Way is one way from a principal into a cluster.
type Way struct {
	Title   string
	Cluster string
	User    string   // in Kubernetes, where the way gives one
	Groups  []string // in Kubernetes
	Admin   bool     // all rights in the cluster
	Verdict tri.Value
	Why, By []Evidence
}

func derive(v *control.View) *Model {
	list := func(kind string) []*world.Object {
		var out []*world.Object
		seen := map[world.Ref]bool{}
		for o := range v.All(kind) {
			if !seen[o.Ref] { // the same export in two files
				seen[o.Ref] = true
				out = append(out, o)
			}
		}
		return out
	}
	m := &Model{providers: map[string]string{}}
	var maps []*world.Object
	for o := range v.All("ConfigMap") {
		if o.Name == "aws-auth" && (o.Namespace == "kube-system" || o.Namespace == "") {
			maps = append(maps, o)
		}
	}
	for o := range v.All("Node") {
		m.providers[o.Name] = providerID(o)
	}
	m.AWS = aws.Read(&aws.Inputs{
		Users: list(cloud.AWSUser), Groups: list(cloud.AWSGroup), Roles: list(cloud.AWSRole), Policies: list(cloud.AWSPolicy),
		GuardRails: list(cloud.AWSGuardRail), AccountPaths: list(cloud.AWSAccountPath), Organizations: list(cloud.AWSOrganization), Providers: list(cloud.AWSProvider),
		Clusters: list(cloud.EKSCluster), AccessEntries: list(cloud.EKSAccessEntry), AccessPolicies: list(cloud.EKSAccessPolicies),
		PodIdentities: list(cloud.EKSPodIdentity), Instances: list(cloud.AWSInstance), AuthMaps: maps,
	})
	m.GCP = gcp.Read(&gcp.Inputs{
		Policies: list(cloud.GCPPolicy), Roles: list(cloud.GCPRole), Denials: list(cloud.GCPDenyPolicy),
		Boundaries: list(cloud.GCPBoundary), BoundaryBindings: list(cloud.GCPBoundaryBinding), Clusters: list(cloud.GKECluster),
	})
	m.Azure = azure.Read(&azure.Inputs{
		Assignments: list(cloud.AzureAssignment), Definitions: list(cloud.AzureDefinition), Denials: list(cloud.AzureDenyAssignment),
		Identities: list(cloud.AzureIdentity), Credentials: list(cloud.AzureCredential), Clusters: list(cloud.AKSCluster),
	})
	readAccounts(v, m)
	return m
}

// Empty says whether no document of any cloud was seen.
func (m *Model) Empty() bool { return m.AWS.Empty() && m.GCP.Empty() && m.Azure.Empty() }

// UpperBound says what was not exported and would only take rights away; empty
// where nothing of that kind is missing.
func (m *Model) UpperBound() string {
	if len(m.AWS.Principals) > 0 && !m.AWS.HasGuardRails() {
		return "no policies of the AWS organization were exported: what they deny is not counted"
	}
	return ""
}

// Principals returns every identity that was exported or named, in order.
func (m *Model) Principals() []Principal {
	var out []Principal
	for _, p := range m.AWS.Principals {
		out = append(out, awsPrincipal(p))
	}
	for _, a := range m.GCP.Accounts {
		out = append(out, Principal{GCP, a.Email, shortEmail(a.Email)})
	}
	for _, i := range m.Azure.Identities {
		out = append(out, azurePrincipal(i))
	}
	return out
}

// Find returns the principals that a word names: an id, an ARN without its path, or a short name.
func (m *Model) Find(word string) []Principal {
	var out []Principal
	for _, p := range m.Principals() {
		if p.ID == word {
			return []Principal{p}
		}
		if strings.EqualFold(p.Name, word) {
			out = append(out, p)
		}
	}
	return out
}

func shortEmail(email string) string {
	name, _, _ := strings.Cut(email, "@")
	return name
}

// sortGrants puts what is certain first.
func sortGrants(list []Grant) {
	slices.SortStableFunc(list, func(a, b Grant) int {
		return cmp.Or(tri.Compare(b.Verdict, a.Verdict), strings.Compare(a.Role.ID, b.Role.ID))
	})
}
