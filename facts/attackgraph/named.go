package attackgraph

import (
	"slices"

	"bulwark/world"
)

// drawNamed draws a power that is limited to objects of certain names: only to
// those objects.
func (a *artist) drawNamed(from uint32, rd *reading, n namedPower, scope string) {
	if scope != everywhere && powers[n.power].clusterOnly {
		return
	}
	p := proof{spot: a.ruleSpot(rd, n.rule, n.power), fix: fixRule}
	p.says += " named " + quoteList(n.names)
	for _, name := range n.names {
		switch n.power {
		case impersonateUsers:
			a.edge(from, a.user(name), impersonate, p)
		case proxyNodes:
			if _, ok := a.have(key{kind: Node, name: name}); ok {
				a.edge(from, a.place(podsOn, "", name), kubeletExec, p)
			}
		case mutatingHooks:
			if a.hookThere(name) {
				a.edge(from, a.place(allPods, "", ""), rewriteByWebhook, p)
			}
		default:
			for _, ns := range a.scopes(scope) {
				a.drawNamedIn(from, n, ns, name, p)
			}
		}
	}
}

// scopes returns the namespaces that a scope is about.
func (a *artist) scopes(scope string) []string {
	if scope == everywhere {
		return a.namespaceNames()
	}
	return []string{scope}
}

// drawNamedIn draws a power over one object of a namespace.
func (a *artist) drawNamedIn(from uint32, n namedPower, ns, name string, p proof) {
	switch n.power {
	case readSecrets:
		if v, ok := a.have(key{kind: Secret, namespace: ns, name: name}); ok {
			a.edge(from, v, readSecret, p)
		}
	case editSecrets:
		if _, ok := a.have(key{kind: Secret, namespace: ns, name: name}); ok && a.namespace(ns).tokens {
			a.edge(from, a.accountsIn(a.namespace(ns)), writeTokenSecret, p)
		}
		if v, ok := a.have(key{kind: Secret, namespace: ns, name: name}); ok && ns == systemNamespace && a.isBootToken(a.vertices[v].Object) {
			a.makesNodes(from, p)
		}
	case mintTokens:
		if s, ok := a.namespace(ns).accounts[name]; ok && (s == exists || a.view.Knows(kindAccount, ns) != nil) {
			if s != exists {
				p.guards = []Guard{doubt("service account", "it was not seen")}
			}
			a.edge(from, a.account(ns, name), mintToken, p)
		}
	case impersonateAccounts:
		if _, ok := a.namespace(ns).accounts[name]; ok {
			a.edge(from, a.account(ns, name), impersonate, p)
		}
	case execPods, debugPods, patchPods:
		if v, ok := a.byRef[world.Ref{Kind: "Pod", Namespace: ns, Name: name}]; ok {
			a.edge(from, v, map[power]step{execPods: execIntoPod, debugPods: debugPod, patchPods: patchPod}[n.power], p)
		}
	case editConfigMaps:
		if ns == systemNamespace && name == "aws-auth" {
			p.guards = a.awsGuard()
			a.edge(from, a.sink(ClusterAdmin), awsAuth, p)
		}
	default:
		a.drawNamedWorkload(from, n, ns, name, p)
	}
}

// drawNamedWorkload draws the right to change one workload: it can be told to
// run anything, as any service account of its namespace.
func (a *artist) drawNamedWorkload(from uint32, n namedPower, ns, name string, p proof) {
	i := slices.IndexFunc(workloadPowers[:], func(w workloadPower) bool { return w.power == n.power })
	if i < 0 {
		return
	}
	kind := workloadPowers[i].kind
	group := map[string]string{"ReplicationController": "", "CronJob": "batch"}
	g, other := group[kind]
	if !other {
		g = "apps"
	}
	if v, ok := a.byRef[world.Ref{Group: g, Kind: kind, Namespace: ns, Name: name}]; ok {
		a.edge(from, v, changeWorkload, p)
		a.edge(from, a.right(createPods, ns), changeWorkload, p)
	}
}

// hookThere says whether a mutating webhook configuration of a name exists.
func (a *artist) hookThere(name string) bool {
	return a.view.Get(world.Ref{Group: admitGroup, Kind: "MutatingWebhookConfiguration", Name: name}) != nil
}
