// Package azure reads what was exported of Azure's roles and identities and
// answers which identities a workload of AKS can become, what they may do, and
// what that leads to.
package azure

import (
	"slices"
	"strings"

	"bulwark/internal/tri"
	"bulwark/internal/ytree"
	"bulwark/source/cloud"
	"bulwark/world"
)

// Identity is a managed identity, or any other principal that roles are assigned to.
type Identity struct {
	ID          string // of the resource; empty for a principal that is only named
	Name        string
	PrincipalID string
	ClientID    string
	Kind        string // ManagedIdentity, ServicePrincipal, User, Group
	Object      *world.Object
}

// Assignment gives a role to a principal at a scope and below.
type Assignment struct {
	Principal, RoleID, RoleName, Scope string
	Condition                          string
	Object                             *world.Object
}

// permission is one part of a role.
type permission struct{ actions, notActions, dataActions, notDataActions []string }

// Credential lets tokens of an issuer become an identity.
type Credential struct {
	Identity  *Identity // nil when the export does not tell whose it is
	Owner     string    // id of the identity, as far as the export says
	Issuer    string
	Subject   string
	Audiences []string
	Object    *world.Object
}

// Cluster is a cluster of AKS.
type Cluster struct {
	ID, Name, Issuer string
	LocalAccounts    tri.Value // whether its local administrator's credentials work
	AzureRBAC        bool
	AdminGroups      []string
	Kubelet          string // principal id of the kubelet's identity
	Control          string // principal id of the control plane's identity
	Nodes            string // scope of the nodes: the resource group that AKS made for them
	Object           *world.Object
}

// denial is a deny assignment.
type denial struct {
	principals, except []string
	permissions        []permission
	scope              string
}

// Estate is everything of Azure that was exported. It is immutable.
type Estate struct {
	Identities  []*Identity
	Credentials []*Credential
	Clusters    []*Cluster

	byPrincipal map[string]*Identity
	assigned    map[string][]*Assignment // by principal
	definitions map[string][]permission  // by id and by name, in lower case
	denials     []denial
	bySubject   map[string][]*Credential
}

// Inputs are the objects that an Estate is read from.
type Inputs struct {
	Assignments, Definitions, Denials, Identities, Credentials, Clusters []*world.Object
}

// Read makes an Estate of what was exported.
func Read(in *Inputs) *Estate {
	e := &Estate{byPrincipal: map[string]*Identity{}, assigned: map[string][]*Assignment{}, definitions: map[string][]permission{}, bySubject: map[string][]*Credential{}}
	for _, o := range in.Identities {
		n := cloud.Tree(o)
		e.add(&Identity{ID: n.Text("id"), Name: n.Text("name"), PrincipalID: n.Text("principalId"), ClientID: n.Text("clientId"), Kind: "ManagedIdentity", Object: o})
	}
	for _, o := range in.Definitions {
		e.readDefinition(o)
	}
	for _, o := range in.Assignments {
		e.readAssignment(o)
	}
	for _, o := range in.Denials {
		e.readDenial(o)
	}
	for _, o := range in.Credentials {
		e.readCredential(o)
	}
	for _, o := range in.Clusters {
		e.readCluster(o)
	}
	return e
}

// Empty says whether nothing of Azure was exported.
func (e *Estate) Empty() bool { return len(e.Identities) == 0 && len(e.Clusters) == 0 }

func (e *Estate) add(i *Identity) *Identity {
	if have := e.byPrincipal[i.PrincipalID]; have != nil {
		return have
	}
	e.byPrincipal[i.PrincipalID] = i
	e.Identities = append(e.Identities, i)
	return i
}

// Principal returns the identity of a principal id, or nil.
func (e *Estate) Principal(id string) *Identity { return e.byPrincipal[id] }

func permissions(n *ytree.Node) []permission {
	if n == nil {
		return nil
	}
	var out []permission
	for i := range n.Items {
		p := &n.Items[i]
		out = append(out, permission{p.Get("actions").Texts(), p.Get("notActions").Texts(), p.Get("dataActions").Texts(), p.Get("notDataActions").Texts()})
	}
	return out
}

func (e *Estate) readDefinition(o *world.Object) {
	n := cloud.Tree(o)
	list := append(permissions(n.Get("permissions")), permission{})
	for _, key := range []string{definitionID(n.Text("id")), n.Text("name"), n.Text("roleName")} {
		if key != "" {
			e.definitions[strings.ToLower(key)] = list
		}
	}
}

// definitionID is the last part of the id of a definition, which is the same at every scope.
func definitionID(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

func (e *Estate) readAssignment(o *world.Object) {
	n := cloud.Tree(o)
	a := &Assignment{
		Principal: n.Text("principalId"), RoleID: definitionID(n.Text("roleDefinitionId")), RoleName: n.Text("roleDefinitionName"), Scope: n.Text("scope"),
		Condition: n.Text("condition"), Object: o,
	}
	e.add(&Identity{PrincipalID: a.Principal, Name: n.Text("principalName"), Kind: n.Text("principalType"), Object: o})
	e.assigned[a.Principal] = append(e.assigned[a.Principal], a)
}

func (e *Estate) readDenial(o *world.Object) {
	n := cloud.Tree(o)
	ids := func(key string) []string {
		var out []string
		if list := n.Get(key); list != nil {
			for i := range list.Items {
				out = append(out, list.Items[i].Text("id"))
			}
		}
		return out
	}
	e.denials = append(e.denials, denial{ids("principals"), ids("excludePrincipals"), permissions(n.Get("permissions")), n.Text("scope")})
}

func (e *Estate) readCredential(o *world.Object) {
	n := cloud.Tree(o)
	c := &Credential{Issuer: strings.TrimSuffix(n.Text("issuer"), "/"), Subject: n.Text("subject"), Audiences: n.Get("audiences").Texts(), Object: o}
	if owner, _, ok := cutFold(n.Text("id"), "/federatedIdentityCredentials/"); ok {
		c.Owner = owner
	}
	i := slices.IndexFunc(e.Identities, func(i *Identity) bool { return c.Owner != "" && strings.EqualFold(i.ID, c.Owner) })
	if i >= 0 {
		c.Identity = e.Identities[i]
	}
	e.Credentials = append(e.Credentials, c)
	e.bySubject[c.Subject] = append(e.bySubject[c.Subject], c)
}

func cutFold(s, sep string) (before, after string, found bool) {
	i := strings.Index(strings.ToLower(s), strings.ToLower(sep))
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func (e *Estate) readCluster(o *world.Object) {
	n := cloud.Tree(o)
	c := &Cluster{ID: n.Text("id"), Name: n.Text("name"), LocalAccounts: tri.Unknown, Object: o}
	if v := n.Lookup("oidcIssuerProfile.issuerUrl"); v != nil {
		c.Issuer = strings.TrimSuffix(v.Str, "/")
	}
	if v := n.Get("disableLocalAccounts"); v != nil && v.Kind == ytree.Bool {
		c.LocalAccounts = tri.Of(v.Str != "true")
	}
	if v := n.Lookup("aadProfile.enableAzureRbac"); v != nil {
		c.AzureRBAC = v.Str == "true"
	}
	c.AdminGroups = n.Lookup("aadProfile.adminGroupObjectIDs").Texts()
	if v := n.Lookup("identityProfile.kubeletidentity.objectId"); v != nil {
		c.Kubelet = v.Str
	}
	if v := n.Lookup("identity.principalId"); v != nil {
		c.Control = v.Str
	}
	if before, _, ok := cutFold(c.ID, "/resourceGroups/"); ok && n.Text("nodeResourceGroup") != "" {
		c.Nodes = before + "/resourceGroups/" + n.Text("nodeResourceGroup")
	}
	e.Clusters = append(e.Clusters, c)
}
