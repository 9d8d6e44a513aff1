// Package rbac holds the controls of concept RBAC: which rights roles hand
// out, to whom bindings give them, and which workloads end up with them.
package rbac

import "bulwark/control"

const concept = "rbac"

// Controls returns the controls of the concept.
func Controls() []*control.Control {
	list := []*control.Control{
		clusterAdminBound,
		everything, wildcardVerbs, wildcardResources, wildcardGroups, wildcardURLs,
		reservedRole, endpointsInEdit, widelyBound,
	}
	for _, p := range table() {
		list = append(list, p.control())
	}
	list = append(list, masters, namesAdmin, danglingRole, unseenRole, danglingAccount, uselessSubject, selfProvisioner, allAccounts, anyUser)
	for _, t := range boundPowers() {
		list = append(list, t.control())
	}
	return append(list, adminBound, adminWorkload, takeoverWorkload, namespaceWorkload, anyRightsWorkload,
		debugURLs, idleRule, selectsAll, unused, frozen, nodesBound, widened)
}
