package lab

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"bulwark/control"
	"bulwark/facts/attackgraph"
	"bulwark/facts/isolation"
	"bulwark/facts/rbac"
	"bulwark/facts/reach"
	"bulwark/facts/relations"
	"bulwark/internal/tri"
	"bulwark/world"
)

// answers puts the same questions to every fact. A fact that cannot be derived answers nothing.
func answers(t *testing.T, s *world.Snapshot) map[string]tri.Value {
	t.Helper()
	out := map[string]tri.Value{}
	askRights(t, s, out)
	askReach(t, s, out)
	askPaths(t, s, out)
	askDomains(t, s, out)
	askRelations(t, s, out)
	return out
}

// derived returns a fact, false when it says why it cannot be derived.
func derived[T any](t *testing.T, f *control.Fact[T], s *world.Snapshot) (T, bool) {
	t.Helper()
	v, err := f.In(s)
	if err != nil && strings.Contains(err.Error(), "defect") {
		t.Errorf("%s: %v", f.Name, err)
	}
	return v, err == nil
}

// askRights asks what the accounts of the estate may do.
func askRights(t *testing.T, s *world.Snapshot, out map[string]tri.Value) {
	t.Helper()
	a, ok := derived(t, rbac.Decider, s)
	if !ok {
		return
	}
	users := []rbac.User{rbac.Person("user-1"), rbac.Person("joe", "system:masters"), rbac.Person("ann", "group-1"), rbac.Person("system:anonymous"), rbac.NodeIdentity("node-00001"), rbac.NodeIdentity("node-00003")}
	for _, ns := range []string{"team-0000", "team-0001", "team-0002", "team-0003", "team-00000", "questions", "kube-system"} {
		for _, name := range []string{"sa-0", "sa-1", "sa-2", "app-0", "powerful", "default"} {
			users = append(users, rbac.AccountIdentity(ns, name))
		}
	}
	for _, u := range users {
		for _, ns := range []string{"", "team-0000", "team-0001", "questions"} {
			for _, q := range [...][3]string{{"get", "", "secrets"}, {"create", "", "pods"}, {"list", "", "pods"}, {"create", "", "pods/exec"}, {"create", "", "serviceaccounts/token"},
				{"update", "", "configmaps"}, {"list", "", "nodes"}, {"bind", "rbac.authorization.k8s.io", "clusterroles"}, {"impersonate", "", "users"}, {"delete", "apps", "deployments"}} {
				req := rbac.Request{Verb: q[0], Group: q[1], Resource: q[2], Namespace: ns}
				out[fmt.Sprintf("rbac %s %s %s in %q", u.Name, q[0], q[2], ns)] = a.Ask(u, req).Verdict
			}
		}
	}
}

// askReach asks every pair of workloads, and of a workload and what is outside.
func askReach(t *testing.T, s *world.Snapshot, out map[string]tri.Value) {
	t.Helper()
	m, ok := derived(t, reach.Fact, s)
	if !ok {
		return
	}
	value := map[reach.Verdict]tri.Value{reach.Allowed: tri.Yes, reach.Denied: tri.No}
	ends := map[string]reach.Endpoint{"internet": m.TheInternet(), "imds": m.MetadataService()}
	for _, c := range m.Classes() {
		ends[c.Name] = m.Pods(c)
	}
	for from, f := range ends {
		for to, g := range ends {
			for _, port := range []int32{80, 8080} {
				out[fmt.Sprintf("reach %s > %s %d", from, to, port)] = value[m.Decide(f, g, "TCP", port).Verdict]
			}
		}
	}
}

// askPaths asks from each workload for a way to each sink.
func askPaths(t *testing.T, s *world.Snapshot, out map[string]tri.Value) {
	t.Helper()
	g, ok := derived(t, attackgraph.Fact, s)
	if !ok {
		return
	}
	for _, sink := range g.Sinks() {
		for _, from := range g.Sources() {
			a := tri.No
			switch to := []uint32{sink}; {
			case len(g.Shortest([]uint32{from}, to, attackgraph.Options{})) > 0:
				a = tri.Yes
			case len(g.Shortest([]uint32{from}, to, attackgraph.Options{Possible: true})) > 0, len(g.Missing()) > 0:
				a = tri.Unknown
			}
			out[fmt.Sprintf("paths %s > %s", g.At(from).ID(), g.At(sink).ID())] = a
		}
	}
}

// askDomains asks which workloads come to control which others.
func askDomains(t *testing.T, s *world.Snapshot, out map[string]tri.Value) {
	t.Helper()
	m, ok := derived(t, isolation.Fact, s)
	if !ok {
		return
	}
	for _, from := range m.Workloads() {
		certain, possible := m.Controls(from, true), m.Controls(from, false)
		for _, to := range m.Workloads() {
			if m.Tenant(from.Object.Namespace) == m.Tenant(to.Object.Namespace) {
				continue
			}
			a := tri.No
			switch {
			case slices.Contains(certain, to):
				a = tri.Yes
			case slices.Contains(possible, to), len(m.Missing()) > 0:
				a = tri.Unknown
			}
			out[fmt.Sprintf("isolation %s > %s", from.Object.Ref, to.Object.Ref)] = a
		}
	}
}

// askRelations asks which workloads need each other; that one needs no other is never said.
func askRelations(t *testing.T, s *world.Snapshot, out map[string]tri.Value) {
	t.Helper()
	rel, ok := derived(t, relations.Fact, s)
	if !ok {
		return
	}
	for i := range rel.List {
		if r := &rel.List[i]; r.From.Kind == relations.Workload && r.To.Kind == relations.Workload {
			out[fmt.Sprintf("relation %s > %s %s %d", r.From.Workload.Ref, r.To.Workload.Ref, r.Protocol, r.Port)] = tri.Yes
		}
	}
}
