package azure

import (
	"fmt"
	"slices"
	"strings"

	"bulwark/internal/tri"
)

// Allowed is the answer to whether a principal may do something.
type Allowed struct {
	Verdict tri.Value
	By      []*Assignment
	Why     []string
}

// everybody is the principal of denials that mean all.
const everybody = "00000000-0000-0000-0000-000000000000"

// Allowed asks whether a principal may do an action at a scope: by an assignment
// there or above, unless a deny assignment is in the way.
func (e *Estate) Allowed(principal, action, scope string) Allowed {
	for _, d := range e.denials {
		if covers(d.scope, scope) && (slices.Contains(d.principals, principal) || slices.Contains(d.principals, everybody)) &&
			!slices.Contains(d.except, principal) && allows(d.permissions, action) {
			return Allowed{Verdict: tri.No}
		}
	}
	out := Allowed{Verdict: tri.No}
	for _, a := range e.assigned[principal] {
		if !covers(a.Scope, scope) {
			continue
		}
		v, why := e.gives(a, action)
		switch {
		case v == tri.Yes && out.Verdict != tri.Yes:
			out = Allowed{Verdict: tri.Yes, By: []*Assignment{a}}
		case v == tri.Yes:
			out.By = append(out.By, a)
		case v == tri.Unknown && out.Verdict != tri.Yes:
			out.Verdict, out.By, out.Why = tri.Unknown, append(out.By, a), append(out.Why, why)
		}
	}
	return out
}

// Scopes returns the scopes at which a principal may do an action, with the answers.
func (e *Estate) Scopes(principal, action string) map[string]Allowed {
	out := map[string]Allowed{}
	for _, a := range e.assigned[principal] {
		if d := e.Allowed(principal, action, a.Scope); d.Verdict != tri.No {
			out[a.Scope] = d
		}
	}
	return out
}

// Roles returns the assignments of a principal.
func (e *Estate) Roles(principal string) []*Assignment { return e.assigned[principal] }

// covers says whether something assigned at a scope counts at another.
func covers(at, scope string) bool {
	at, scope = strings.ToLower(strings.TrimSuffix(at, "/")), strings.ToLower(strings.TrimSuffix(scope, "/"))
	if at == "" || at == scope || strings.HasPrefix(scope, at+"/") {
		return true
	}
	// Subscriptions stand below management groups, which exports list as inherited.
	return strings.HasPrefix(at, "/providers/microsoft.management/managementgroups/") && strings.HasPrefix(scope, "/subscriptions/")
}

// gives asks whether an assignment gives an action.
func (e *Estate) gives(a *Assignment, action string) (tri.Value, string) {
	list, known := e.role(a)
	if !known {
		return tri.Unknown, fmt.Sprintf("what role %q allows: its definition was not exported", firstOf(a.RoleName, a.RoleID))
	}
	if !allows(list, action) {
		return tri.No, ""
	}
	if a.Condition != "" {
		return tri.Unknown, fmt.Sprintf("the condition of the assignment of %q", firstOf(a.RoleName, a.RoleID))
	}
	return tri.Yes, ""
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func (e *Estate) role(a *Assignment) ([]permission, bool) {
	for _, key := range []string{a.RoleID, a.RoleName} {
		if list, ok := e.definitions[strings.ToLower(key)]; ok && key != "" {
			return list, true
		}
	}
	return published(a.RoleName, a.RoleID)
}

// allows says whether permissions hold an action: what they list less what they
// take away, each part for itself. Data actions are written with the prefix "data:".
func allows(list []permission, action string) bool {
	name, data := strings.CutPrefix(action, "data:")
	for _, p := range list {
		with, without := p.actions, p.notActions
		if data {
			with, without = p.dataActions, p.notDataActions
		}
		if matchAny(with, name) && !matchAny(without, name) {
			return true
		}
	}
	return false
}

func matchAny(patterns []string, action string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(strings.ToLower(p), strings.ToLower(action)) })
}

// match compares an action with a pattern of which * is any part.
func match(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	if !strings.HasPrefix(s, parts[0]) {
		return false
	}
	s = s[len(parts[0]):]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return strings.HasSuffix(s, parts[len(parts)-1])
}

// published returns roles of Azure itself, which an export may leave out.
func published(name, id string) ([]permission, bool) {
	all := []string{"*"}
	switch {
	case name == "Owner", id == "8e3af657-a8ff-443c-a75c-2fe8c4bcb635":
		return []permission{{actions: all}}, true
	case name == "Contributor", id == "b24988ac-6180-42a0-ab88-20f7382dd24c":
		return []permission{{actions: all, notActions: []string{
			"Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write", "Microsoft.Authorization/elevateAccess/Action",
			"Microsoft.Blueprint/blueprintAssignments/write", "Microsoft.Blueprint/blueprintAssignments/delete", "Microsoft.Compute/galleries/share/action",
		}}}, true
	case name == "User Access Administrator", id == "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9":
		return []permission{{actions: []string{"*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"}}}, true
	case name == "Reader", id == "acdd72a7-3385-48ef-bd42-f606fba81ae7":
		return []permission{{actions: []string{"*/read"}}}, true
	case name == "Azure Kubernetes Service Cluster Admin Role", id == "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8":
		return []permission{{actions: []string{"Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action",
			"Microsoft.ContainerService/managedClusters/accessProfiles/listCredential/action", "Microsoft.ContainerService/managedClusters/read",
			"Microsoft.ContainerService/managedClusters/runcommand/action"}}}, true
	case name == "Azure Kubernetes Service Cluster User Role", id == "4abbcc35-e782-43d8-92c5-2d3f1bd2253f":
		return []permission{{actions: []string{"Microsoft.ContainerService/managedClusters/listClusterUserCredential/action", "Microsoft.ContainerService/managedClusters/read"}}}, true
	case name == "Azure Kubernetes Service Contributor Role", id == "ed7f3fbd-7b88-4dd4-9017-9adb7ce333f8":
		return []permission{{actions: []string{"Microsoft.ContainerService/managedClusters/*", "Microsoft.Resources/deployments/*"}}}, true
	case name == "Azure Kubernetes Service RBAC Cluster Admin", id == "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b":
		return []permission{{actions: []string{"Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"}, dataActions: []string{"Microsoft.ContainerService/managedClusters/*"}}}, true
	case name == "Virtual Machine Contributor", id == "9980e02c-c2be-4d73-94e8-173b1dc7cf3c":
		return []permission{{actions: []string{"Microsoft.Compute/virtualMachines/*", "Microsoft.Compute/virtualMachineScaleSets/*", "Microsoft.Compute/disks/*", "Microsoft.Resources/deployments/*"}}}, true
	case name == "Managed Identity Contributor", id == "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59":
		return []permission{{actions: []string{"Microsoft.ManagedIdentity/userAssignedIdentities/*"}}}, true
	case name == "Managed Identity Operator", id == "f1a07417-d97a-45cb-824c-7a7467783830":
		return []permission{{actions: []string{"Microsoft.ManagedIdentity/userAssignedIdentities/*/read", "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action"}}}, true
	case name == "AcrPull", id == "7f951dda-4ed3-4680-a7ca-43fe172d538d":
		return []permission{{actions: []string{"Microsoft.ContainerRegistry/registries/pull/read"}}}, true
	case name == "AcrPush", id == "8311e382-0749-4cb8-b61a-304f252e45ec":
		return []permission{{actions: []string{"Microsoft.ContainerRegistry/registries/pull/read", "Microsoft.ContainerRegistry/registries/push/write"}}}, true
	case name == "Network Contributor", id == "4d97b98b-1d4f-4787-a291-c67834d212e7":
		return []permission{{actions: []string{"Microsoft.Network/*", "Microsoft.Resources/deployments/*"}}}, true
	case name == "Key Vault Secrets User", id == "4633458b-17de-408a-b874-0445c86b69e6":
		return []permission{{dataActions: []string{"Microsoft.KeyVault/vaults/secrets/getSecret/action"}}}, true
	}
	return nil, false
}
