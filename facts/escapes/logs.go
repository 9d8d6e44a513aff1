package escapes

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"bulwark/facts/rbac"
	"bulwark/internal/tri"
	"bulwark/world"
)

// readsLogs says whether the pod's own service account may read logs through
// the API. Where it may not, an attacker may still hold another identity that
// may, so the answer is never no.
func (m *Model) readsLogs(o *world.Object, t *world.PodTemplate) tri.Value {
	if m.policy == nil || m.identities == nil || !slices.ContainsFunc(t.Spec.Volumes, mayHoldLogs) {
		return tri.Unknown
	}
	id := m.identities.Of(t)
	if id == nil || !id.HasToken() {
		return tri.Unknown
	}
	user := rbac.AccountIdentity(id.Account.Namespace, id.Account.Name)
	for _, req := range []rbac.Request{
		{Verb: "get", Resource: "pods/log", Namespace: o.Namespace},
		{Verb: "get", Resource: "nodes/log"},
		{Verb: "get", Resource: "nodes/proxy"},
	} {
		if _, ok := m.policy.Prove(user, req); ok {
			return tri.Yes
		}
	}
	return tri.Unknown
}

// mayHoldLogs says whether a volume may be, hold or be part of the node's log directory.
func mayHoldLogs(v corev1.Volume) bool {
	const logs = "/var/log"
	if v.HostPath != nil {
		p := clean(v.HostPath.Path)
		return within(p, logs) || within(logs, p)
	}
	return v.PersistentVolumeClaim != nil || v.Ephemeral != nil
}
