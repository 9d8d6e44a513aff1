package attackgraph

import (
	"slices"

	"bulwark/facts/rbac"
	"bulwark/world"
)

// fold returns what the parts of a holding mean together.
func (a *artist) fold(h *holding) []derived {
	m := &meaning{a: a, h: h}
	m.binds()
	m.escalates()
	m.impersonates()
	m.impersonatesLimited()
	m.certificates()
	m.makesPods()
	if h.has(createSecrets) && h.some(readSecrets) {
		m.gives(a.right(takeTokenSecrets, h.scope), holds, nil, createSecrets, readSecrets)
	}
	if h.has(mutatingPolicies, mutatingPolicyBindings) {
		m.gives(a.place(allPods, "", ""), rewriteByPolicy, a.policyGuard(), mutatingPolicies, mutatingPolicyBindings)
	}
	return m.list
}

// binds is R3: writing a binding to a role that one may bind.
func (m *meaning) binds() {
	a, h := m.a, m.h
	if h.has(writeClusterBindings, bindClusterRoles) {
		m.gives(a.sink(ClusterAdmin), bindRole, nil, writeClusterBindings, bindClusterRoles)
		return
	}
	if h.has(writeClusterBindings) {
		for _, r := range a.clusterRoles(h.names(bindClusterRoles)) {
			m.gives(a.grant(r, everywhere), bindRole, nil, writeClusterBindings, bindClusterRoles)
		}
	}
	if h.has(writeBindings) {
		switch {
		case h.has(bindClusterRoles):
			m.gives(a.right(ownNamespace, h.scope), bindRole, nil, writeBindings, bindClusterRoles)
			return
		default:
			for _, r := range a.clusterRoles(h.names(bindClusterRoles)) {
				m.grants(r, writeBindings, bindClusterRoles)
			}
		}
		if h.has(bindRoles) {
			m.gives(a.place(rolesIn, h.scope, ""), bindRole, nil, writeBindings, bindRoles)
		}
		for _, name := range h.names(bindRoles) {
			if r := a.policy.Role(world.Ref{Group: rbacGroup, Kind: "Role", Namespace: h.scope, Name: name}); r != nil {
				m.gives(a.grant(r, h.scope), bindRole, nil, writeBindings, bindRoles)
			}
		}
	}
	m.editsBindings(writeClusterBindings, "ClusterRoleBinding", "", everywhere)
	if h.scope != everywhere {
		m.editsBindings(writeBindings, "RoleBinding", h.scope, h.scope)
	}
}

// grants leads to a role in the scope of the holding, by a RoleBinding: where
// the scope is everywhere, in each namespace.
func (m *meaning) grants(r *rbac.Role, ps ...power) {
	a := m.a
	if m.h.scope != everywhere {
		m.gives(a.grant(r, m.h.scope), bindRole, nil, ps...)
		return
	}
	if a.reading(r).free.has(doAnything) {
		m.gives(a.right(ownNamespace, everywhere), bindRole, nil, ps...)
		return
	}
	for _, ns := range a.namespaceNames() {
		m.gives(a.grant(r, ns), bindRole, nil, ps...)
	}
}

// editsBindings is R3 for bindings that may be changed by name: the role of such a binding, when it may be bound.
func (m *meaning) editsBindings(p power, kind, namespace, scope string) {
	for _, name := range m.h.names(p) {
		b := m.a.bindingOf(world.Ref{Group: rbacGroup, Kind: kind, Namespace: namespace, Name: name})
		if b == nil || b.Role == nil {
			continue
		}
		half := bindRoles
		if b.Role.Cluster() {
			half = bindClusterRoles
		}
		if m.h.holdsFor(half, b.Role.Ref.Name) {
			m.gives(m.a.grant(b.Role, scope), bindRole, nil, p, half)
		}
	}
}

func (a *artist) clusterRoles(names []string) (out []*rbac.Role) {
	for _, n := range names {
		if r := a.policy.Role(world.Ref{Group: rbacGroup, Kind: "ClusterRole", Name: n}); r != nil && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

// bindingOf finds a binding by its reference.
func (a *artist) bindingOf(ref world.Ref) *rbac.Binding {
	if a.bindings == nil {
		a.bindings = map[world.Ref]*rbac.Binding{}
		for _, b := range a.policy.Bindings() {
			a.bindings[b.Ref] = b
		}
	}
	return a.bindings[ref]
}

// escalates is R2: writing more rights into a role that one is bound to.
func (m *meaning) escalates() {
	h := m.h
	if h.some(escalateClusterRoles) && h.some(editClusterRoles) {
		m.widens(escalateClusterRoles, editClusterRoles, true)
	}
	if h.has(escalateClusterRoles, createClusterRoles) {
		m.aggregates()
	}
	if h.some(escalateRoles) && h.some(editRoles) {
		m.widens(escalateRoles, editRoles, false)
		if h.has(escalateRoles, editRoles, writeBindings, bindRoles) {
			m.gives(m.a.right(ownNamespace, h.scope), escalateRole, nil, escalateRoles, editRoles, writeBindings, bindRoles)
		}
	}
}

// widens leads to all rights where the holder is bound to a role that it may escalate and edit.
func (m *meaning) widens(escalate, edit power, cluster bool) {
	done := map[string]bool{}
	for _, b := range m.h.bound {
		if b.role.Cluster() != cluster || done[b.scope] || !m.h.holdsFor(escalate, b.role.Ref.Name) || !m.h.holdsFor(edit, b.role.Ref.Name) {
			continue
		}
		if !cluster && m.h.scope != everywhere && b.scope != m.h.scope {
			continue
		}
		done[b.scope] = true
		m.givesAll(b.scope, escalate, edit)
	}
}

// aggregates leads to all rights where the holder is bound to a role made of
// others, such as edit: a new role with its label becomes part of it.
func (m *meaning) aggregates() {
	for _, b := range m.h.bound {
		if b.role.Aggregated {
			m.givesAll(b.scope, escalateClusterRoles, createClusterRoles)
		}
	}
}

func (m *meaning) givesAll(scope string, ps ...power) {
	if scope == everywhere {
		m.gives(m.a.sink(ClusterAdmin), escalateRole, nil, ps...)
		return
	}
	m.gives(m.a.right(ownNamespace, scope), escalateRole, nil, ps...)
}

// impersonates is R4 for groups, which need a user to go with.
func (m *meaning) impersonates() {
	h := m.h
	if !h.some(impersonateGroups) || !h.some(impersonateUsers) && !h.some(impersonateAccounts) {
		return
	}
	user := impersonateUsers
	if !h.some(user) {
		user = impersonateAccounts
	}
	if h.holdsFor(impersonateGroups, rbac.GroupMasters) {
		m.gives(m.a.sink(ClusterAdmin), impersonate, nil, impersonateGroups, user)
		return
	}
	for _, g := range h.names(impersonateGroups) {
		m.gives(m.a.group(g), impersonate, nil, impersonateGroups, user)
	}
}

// maxActAs bounds the service accounts that constrained impersonation is followed for.
const maxActAs = 1000

// impersonatesLimited is R5: the powers of a service account that the holder may use as it.
func (m *meaning) impersonatesLimited() {
	h, a := m.h, m.a
	if len(h.as) == 0 || len(h.who) == 0 {
		return
	}
	var may set
	for _, rd := range h.as {
		may.or(rd.at(h.scope))
	}
	drawn := set{}
	for _, name := range m.actAs() {
		var theirs set
		for _, b := range a.policy.Account(name[0], name[1]) {
			if s := scopeOf(b); b.Role != nil && (s == everywhere || s == h.scope) {
				theirs.or(a.reading(b.Role).at(s))
			}
		}
		for p := range theirs.and(may).each {
			if !drawn.has(p) && !h.free.has(p) {
				drawn.add(p)
				rd := h.asBy
				m.list = append(m.list, derived{a.right(p, h.scope), constrainedImpersonation, proof{
					spot:   spot{object: rd.role.Object, name: roleName(rd.role), path: a.rulePath(h.who[0].rule), says: "impersonate:serviceaccount"},
					guards: a.limitedGuard(), extra: "as service account " + name[0] + "/" + name[1], fix: fixRule,
				}})
			}
		}
	}
}

// actAs returns the service accounts that the holder may act as, as namespace and name.
func (m *meaning) actAs() (out [][2]string) {
	spaces := []string{m.h.scope}
	if m.h.scope == everywhere {
		spaces = m.a.namespaceNames()
	}
	for _, w := range m.h.who {
		for _, ns := range spaces {
			names := w.names
			if len(names) == 0 {
				names = m.a.namespace(ns).accountNames()
			}
			for _, n := range names {
				if len(out) == maxActAs {
					return out
				}
				out = append(out, [2]string{ns, n})
			}
		}
	}
	return out
}

// certificates is R20: a client certificate for somebody else.
func (m *meaning) certificates() {
	h, a := m.h, m.a
	if !h.has(createCSRs, approveCSRs) || !h.some(approveSigners) {
		return
	}
	if h.holdsFor(approveSigners, "kubernetes.io/kube-apiserver-client", "kubernetes.io/*") {
		for _, to := range []uint32{a.place(allUsers, "", ""), a.place(allGroups, "", ""), a.user("system:kube-controller-manager")} {
			m.gives(to, certificate, a.signerGuard(), createCSRs, approveCSRs, approveSigners)
		}
	}
	if h.holdsFor(approveSigners, "kubernetes.io/kube-apiserver-client-kubelet", "kubernetes.io/*") {
		m.gives(a.place(kubelets, "", ""), nodeCertificate, a.signerGuard(), createCSRs, approveCSRs, approveSigners)
	}
}

// workloadPower is the power to change workloads of a kind.
type workloadPower struct {
	kind  string
	power power
}

// workloadPowers are the powers to change existing workloads, by kind.
var workloadPowers = [...]workloadPower{
	{"Deployment", editDeployments}, {"DaemonSet", editDaemonSets}, {"StatefulSet", editStatefulSets}, {"ReplicaSet", editReplicaSets},
	{"CronJob", editCronJobs}, {"ReplicationController", editControllers},
}

// podMaker returns a power by which the holder starts pods of its choice in a namespace.
func (m *meaning) podMaker(namespace string) (power, bool) {
	if m.h.has(createPods) {
		return createPods, true
	}
	for _, w := range workloadPowers {
		if m.h.has(w.power) && namespace != everywhere && m.a.namespace(namespace).kinds[w.kind] {
			return w.power, true
		}
	}
	return 0, false
}

// permissiveSCC are the security context constraints that OpenShift ships and that let a pod take over its node.
var permissiveSCC = []string{"privileged", "hostaccess", "hostmount-anyuid", "node-exporter", "hostnetwork", "hostnetwork-v2"}

// makesPods is what starting pods means together with other rights: R26, R27, R28 and R42.
func (m *meaning) makesPods() {
	h, a := m.h, m.a
	if h.has(createAccounts) && h.has(mintTokens) {
		m.gives(a.right(newAccounts, h.scope), holds, nil, createAccounts, mintTokens)
	}
	maker, ok := m.podMaker(h.scope)
	if !ok {
		return
	}
	switch {
	case h.has(relabelNamespaces):
		m.gives(a.right(forcedEscape, h.scope), holds, nil, relabelNamespaces, maker)
	default:
		for _, ns := range h.names(relabelNamespaces) {
			if h.scope == everywhere || h.scope == ns {
				m.gives(a.right(forcedEscape, ns), holds, nil, relabelNamespaces, maker)
			}
		}
	}
	if h.has(createAccounts) && !h.has(mintTokens) {
		m.gives(a.right(newAccounts, h.scope), holds, nil, createAccounts, maker)
	}
	if h.has(createVolumes, createClaims) {
		m.gives(a.right(escapeByVolume, h.scope), holds, nil, createVolumes, createClaims, maker)
	}
	if h.has(bypassPolicies) && len(a.guards.list) > 0 {
		m.gives(a.right(bypassedEscape, h.scope), holds, nil, bypassPolicies, maker)
	}
	if !h.has(bypassPolicies) && len(h.loose) > 0 {
		m.loosensPolicies(maker)
	}
	if a.guards.constraints && h.holdsFor(useConstraints, permissiveSCC...) {
		m.gives(a.right(escapeBySCC, h.scope), holds, nil, useConstraints, maker)
	}
}
