package main

import (
	"bulwark/control"
	"bulwark/facts/rbac"
	"bulwark/world"
)

// polarisJudges says whether a check of Polaris looks at an object: it has one
// check for bindings of Roles and another for bindings of ClusterRoles.
func polarisJudges(r *Row, o *world.Object) bool {
	switch r.Check {
	case "rolebindingRolePodExecAttach", "rolebindingClusterAdminRole":
		return refersTo(o, "Role")
	case "rolebindingClusterRolePodExecAttach", "rolebindingClusterAdminClusterRole":
		return refersTo(o, "ClusterRole")
	}
	return true
}

func refersTo(o *world.Object, roleKind string) bool {
	l := rbac.LinkOf(o)
	return o.Kind == "RoleBinding" && l != nil && l.RoleRef.Kind == roleKind
}

// polarisWebhook is the check name of the rows about Polaris' admission
// webhook: what its default configuration calls dangerous is refused.
const polarisWebhook = "webhook-default-config"

// polarisClaims lists the checks that a row is about.
func polarisClaims(r *Row, _ func(string) bool) []string {
	if r.Check != polarisWebhook {
		return []string{r.Check}
	}
	return []string{
		"clusterrolePodExecAttach", "clusterrolebindingClusterAdmin", "clusterrolebindingPodExecAttach", "dangerousCapabilities", "hostIPCSet",
		"hostNetworkSet", "hostPIDSet", "privilegeEscalationAllowed", "rolePodExecAttach", "rolebindingClusterAdminClusterRole",
		"rolebindingClusterAdminRole", "rolebindingClusterRolePodExecAttach", "rolebindingRolePodExecAttach", "runAsPrivileged",
		"runAsRootAllowed", "sensitiveConfigmapContent", "sensitiveContainerEnvVar", "tagNotSpecified",
	}
}

// polarisExcuses returns what the webhook leaves alone: objects that are annotated so.
func polarisExcuses(r *Row) func(*world.Object, *control.Finding) *control.Suppression {
	if r.Check != polarisWebhook {
		return nil
	}
	return func(o *world.Object, _ *control.Finding) *control.Suppression {
		if o.Meta.Annotations["polaris.fairwinds.com/exempt"] == "true" {
			return &control.Suppression{Kind: "annotation", By: "polaris"}
		}
		return nil
	}
}
