package azure

import (
	"fmt"
	"slices"
	"strings"

	"bulwark/internal/tri"
)

// Audience is what tokens for Azure are made out to.
const Audience = "api://AzureADTokenExchange"

// Grant is an identity that a service account can become.
type Grant struct {
	Identity   *Identity // one without a name when the export does not tell which
	Credential *Credential
	Verdict    tri.Value
	Why        []string
}

// Assumable returns the identities that a service account can become, by their
// federated credentials.
func (e *Estate) Assumable(namespace, account string) []Grant {
	var out []Grant
	for _, c := range e.bySubject["system:serviceaccount:"+namespace+":"+account] {
		v, why := e.ours(c.Issuer)
		if v == tri.No || !slices.Contains(c.Audiences, Audience) {
			continue
		}
		g := Grant{Identity: c.Identity, Credential: c, Verdict: v}
		if why != "" {
			g.Why = append(g.Why, why)
		}
		if g.Identity == nil {
			g.Identity = &Identity{ID: c.Owner, Name: firstOf(definitionID(c.Owner), "(identity not exported)")}
			g.Verdict = tri.Unknown
			g.Why = append(g.Why, "which identity the credential belongs to, and what that may do: it was not exported")
		}
		out = append(out, g)
	}
	return out
}

// ours asks whether an issuer is that of the cluster which is looked at.
func (e *Estate) ours(issuer string) (tri.Value, string) {
	known, mine := 0, false
	for _, c := range e.Clusters {
		if c.Issuer != "" {
			known++
			mine = mine || strings.EqualFold(c.Issuer, issuer)
		}
	}
	switch {
	case known == 0:
		return tri.Unknown, fmt.Sprintf("whether %q issues the tokens of this cluster: no description of the cluster was exported", issuer)
	case !mine:
		return tri.No, ""
	case known > 1:
		return tri.Unknown, fmt.Sprintf("whether %q issues the tokens of this cluster: %d clusters were exported", issuer, known)
	}
	return tri.Yes, ""
}

// Escalation is one way in which an identity comes to more than it was given.
type Escalation struct {
	ID, Title string
	Actions   []string
	Scope     string
	Verdict   tri.Value
	Admin     bool // it leads to all rights at the scope
	Why       []string
	By        []*Assignment
}

type path struct {
	id, title string
	admin     bool
	actions   []string // all of them
}

func paths() []path {
	p := func(id, title string, admin bool, actions ...string) path { return path{id, title, admin, actions} }
	return []path{
		p("azure-assign", "gives itself any role", true, "Microsoft.Authorization/roleAssignments/write"),
		p("azure-elevate", "makes itself administrator of all subscriptions", true, "Microsoft.Authorization/elevateAccess/Action"),
		p("azure-define", "adds rights to a role", true, "Microsoft.Authorization/roleDefinitions/write"),
		p("azure-identity", "gives a machine another identity", false, "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", "Microsoft.Compute/virtualMachines/write"),
		p("azure-federate", "lets a token of its own become an identity", false, "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write"),
		p("azure-vm-command", "runs a command on machines", false, "Microsoft.Compute/virtualMachines/runCommand/action"),
		p("azure-vm-extension", "installs an extension on machines", false, "Microsoft.Compute/virtualMachines/extensions/write"),
		p("azure-vmss-command", "runs a command on machines of a scale set", false, "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action"),
		p("azure-vmss-extension", "installs an extension on a scale set", false, "Microsoft.Compute/virtualMachineScaleSets/extensions/write"),
		p("azure-automation", "runs a job of an automation account", false, "Microsoft.Automation/automationAccounts/jobs/write", "Microsoft.Automation/automationAccounts/runbooks/write"),
		p("azure-logic", "changes a logic app", false, "Microsoft.Logic/workflows/write"),
		p("azure-function", "reads the credentials to publish a function", false, "Microsoft.Web/sites/publishxml/action"),
		p("azure-vault", "gives itself access to a key vault", false, "Microsoft.KeyVault/vaults/accessPolicies/write"),
		p("azure-trusted", "lets a service reach into a cluster", false, "Microsoft.ContainerService/managedClusters/trustedAccessRoleBindings/write"),
	}
}

// Escalations returns every way that a principal has to more.
func (e *Estate) Escalations(principal string) []Escalation {
	var out []Escalation
	for _, p := range paths() {
		scopes := e.Scopes(principal, p.actions[0])
		for _, scope := range sortedScopes(scopes) {
			x := Escalation{ID: p.id, Title: p.title, Actions: p.actions, Scope: scope, Verdict: tri.Yes, Admin: p.admin}
			for _, a := range p.actions {
				d := e.Allowed(principal, a, scope)
				x.Verdict = tri.And(x.Verdict, d.Verdict)
				x.By, x.Why = append(x.By, d.By...), append(x.Why, d.Why...)
			}
			if x.Verdict != tri.No {
				out = append(out, x)
			}
		}
	}
	return out
}

func sortedScopes(m map[string]Allowed) []string {
	var out []string
	for s := range m {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

// Way is a way from a principal into a cluster.
type Way struct {
	Title   string
	Cluster *Cluster
	Admin   bool
	Verdict tri.Value
	Why     []string
	By      []*Assignment
}

// IntoCluster returns the ways by which a principal comes into the clusters.
func (e *Estate) IntoCluster(principal string) []Way {
	const service = "Microsoft.ContainerService/managedClusters/"
	var out []Way
	for _, c := range e.Clusters {
		scope := c.ID
		add := func(title, action string, admin bool, also tri.Value, why string) {
			d := e.Allowed(principal, action, scope)
			w := Way{Title: title, Cluster: c, Admin: admin, Verdict: tri.And(d.Verdict, also), Why: d.Why, By: d.By}
			if also == tri.Unknown {
				w.Why = append(w.Why, why)
			}
			if w.Verdict != tri.No {
				out = append(out, w)
			}
		}
		add("reads the administrator's credentials", service+"listClusterAdminCredential/action", true, c.LocalAccounts, "whether local accounts are disabled: the export does not say")
		add("runs commands in the cluster as administrator", service+"runCommand/action", true, tri.Yes, "")
		add("administers the cluster by Azure roles", "data:"+service+"rbac.authorization.k8s.io/clusterrolebindings/write", true, tri.Of(c.AzureRBAC), "")
		scope = firstOf(c.Nodes, c.ID)
		add("runs commands on nodes", "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action", false, tri.Yes, "")
		if i := e.byPrincipal[principal]; i != nil && slices.Contains(c.AdminGroups, principal) {
			out = append(out, Way{Title: "is a group of administrators of the cluster", Cluster: c, Admin: true, Verdict: tri.Yes})
		}
	}
	return out
}
