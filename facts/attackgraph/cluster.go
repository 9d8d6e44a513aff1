package attackgraph

import (
	"bulwark/facts/rbac"
)

// drawCluster draws what an owner of the whole cluster has besides.
func (a *artist) drawCluster() {
	admin := a.sink(ClusterAdmin)
	for _, p := range []power{createPods, readSecrets, execPods} {
		a.link(admin, a.right(p, everywhere), implied)
	}
	a.link(admin, a.place(allPods, "", ""), implied)
	a.link(admin, a.place(anyNode, "", ""), implied)
	a.link(admin, a.sink(AllSecrets), implied)
}

// drawClusterPower draws what a power over the whole cluster leads to besides its effects in each namespace.
func (a *artist) drawClusterPower(v uint32, p power) {
	switch p {
	case doAnything:
		a.link(v, a.sink(ClusterAdmin), everything)
	case impersonateUsers:
		a.link(v, a.place(allUsers, "", ""), impersonate)
	case proxyNodes:
		a.link(v, a.place(allPods, "", ""), kubeletExec)
	case mutatingHooks:
		a.link(v, a.place(allPods, "", ""), rewriteByWebhook)
	case validatingHooks:
		a.edge(v, a.sink(AllSecrets), readByWebhook, proof{guards: []Guard{doubt("Secrets", "it sees only those that are written from then on")}})
	case readSecrets:
		a.link(v, a.sink(AllSecrets), readSecret)
	case createPods:
		a.link(v, a.sink(AllSecrets), mountSecret)
	}
}

// drawSets fills the sets that are drawn to, once everything that belongs to them is there.
func (a *artist) drawSets() {
	_, accounts := a.have(key{kind: place, sub: allAccounts})
	for _, name := range a.namespaceNames() {
		n := a.namespaces[name]
		a.link(a.place(allPods, "", ""), a.podsIn(n), covers)
		if accounts {
			a.link(a.place(allAccounts, "", ""), a.accountsIn(n), covers)
		}
		for _, v := range n.pods {
			done := a.own(v)
			a.link(a.podsIn(n), v, contains)
			done()
		}
	}
	users, anyUser := a.have(key{kind: place, sub: allUsers})
	groups, anyGroup := a.have(key{kind: place, sub: allGroups})
	if !anyUser && !anyGroup {
		return
	}
	for v := range a.vertices {
		switch x := &a.vertices[v]; {
		case x.kind == User && anyUser:
			a.link(users, uint32(v), contains)
		case x.kind == Group && anyGroup && x.name != rbac.GroupMasters:
			a.link(groups, uint32(v), contains)
		}
	}
}
