package attackgraph

import (
	"maps"
	"slices"

	"bulwark/world"
)

// presence says how sure it is that a service account exists.
type presence uint8

const (
	onlyNamed presence = iota // a binding names it
	exists                    // it was seen, a workload runs as it, or Kubernetes makes it
)

// namespace is what the graph must know of one.
type namespace struct {
	name     string
	object   *world.Object
	accounts map[string]presence
	kinds    map[string]bool // kinds of workloads that it has
	tokens   bool            // it has a Secret with a token
	pods     []uint32        // workloads that no other owns
}

func (n *namespace) named(account string) {
	if _, ok := n.accounts[account]; !ok {
		n.accounts[account] = onlyNamed
	}
}

// accountNames returns the names of its service accounts, sorted.
func (n *namespace) accountNames() []string { return slices.Sorted(maps.Keys(n.accounts)) }

// namespace returns what is known of a namespace; the first word of it makes it.
func (a *artist) namespace(name string) *namespace {
	n := a.namespaces[name]
	if n == nil {
		n = &namespace{name: name, accounts: map[string]presence{"default": exists}, kinds: map[string]bool{}}
		a.namespaces[name] = n
	}
	return n
}

func (a *artist) namespaceNames() []string { return slices.Sorted(maps.Keys(a.namespaces)) }

// systemNamespace is where Kubernetes' own parts run; every cluster has it.
const systemNamespace = "kube-system"

// readNamespaces reads Namespaces and ServiceAccounts.
func (a *artist) readNamespaces() {
	a.namespace(systemNamespace)
	for o := range a.view.All(kindNamespace) {
		if n := a.namespace(o.Name); n.object == nil {
			n.object = o
		}
	}
	for o := range a.view.All(kindAccount) {
		a.namespace(o.Namespace).accounts[o.Name] = exists
		a.vertices[a.account(o.Namespace, o.Name)].Object = o
	}
}

// spread draws what the powers and sets lead to among the vertices from one on,
// those that appear by it included.
func (a *artist) spread(from int) {
	for i := from; i < len(a.vertices); i++ {
		switch x := a.vertices[i]; {
		case x.kind == rightAt && x.namespace == everywhere:
			a.drawWide(uint32(i), power(x.sub))
		case x.kind == rightAt:
			a.drawRight(uint32(i), power(x.sub), a.namespace(x.namespace))
		case x.kind == place && x.sub == rolesIn:
			a.drawRolesIn(uint32(i), x.namespace)
		}
	}
}

// drawWide draws a power that is held everywhere, and carries it into each namespace where it has an effect there.
func (a *artist) drawWide(v uint32, p power) {
	a.drawClusterPower(v, p)
	if effective.has(p) {
		for _, name := range a.namespaceNames() {
			a.link(v, a.right(p, name), covers)
		}
	}
}

// drawRight draws the effects of a power in a namespace.
func (a *artist) drawRight(v uint32, p power, n *namespace) {
	if p == ownNamespace {
		for q := range effective.each {
			if q != ownNamespace && (q != escapeBySCC || a.guards.constraints) && q != escapeByVolume {
				a.link(v, a.right(q, n.name), covers)
			}
		}
		a.drawOwnParams(v, n.name)
	}
	for _, w := range workloadPowers {
		if w.power == p && n.kinds[w.kind] {
			a.edge(v, a.right(createPods, n.name), changeWorkload, proof{spot: spot{name: "there is a " + w.kind + " in the namespace"}})
		}
	}
	if draw := effects[p]; draw != nil {
		draw(a, n, v)
	}
}

// effects draw what a power leads to in a namespace.
var effects = [powersCount]func(*artist, *namespace, uint32){
	runJobs: func(a *artist, n *namespace, v uint32) { a.drawJobs(n, v) },
	createPods: func(a *artist, n *namespace, v uint32) {
		a.link(v, a.accountsIn(n), runAsAccount)
		a.link(v, a.secretsIn(n), mountSecret)
		a.edge(v, a.place(anyNode, "", ""), runEscape, proof{spot: a.levelSpot(n), guards: a.escapeGuards(n), fix: fixLevel})
	},
	mintTokens:          func(a *artist, n *namespace, v uint32) { a.link(v, a.accountsIn(n), mintToken) },
	impersonateAccounts: func(a *artist, n *namespace, v uint32) { a.link(v, a.namesIn(n), impersonate) },
	takeTokenSecrets:    func(a *artist, n *namespace, v uint32) { a.link(v, a.accountsIn(n), writeTokenSecret) },
	readSecrets:         func(a *artist, n *namespace, v uint32) { a.link(v, a.secretsIn(n), readSecret) },
	createSecrets: func(a *artist, n *namespace, v uint32) {
		if n.name == systemNamespace {
			a.makesNodes(v, proof{})
		}
	},
	editSecrets: func(a *artist, n *namespace, v uint32) {
		if n.tokens {
			a.link(v, a.accountsIn(n), writeTokenSecret)
		}
		if n.name == systemNamespace && len(a.bootTokens) > 0 {
			a.makesNodes(v, proof{spot: spot{object: a.bootTokens[0], path: "type", says: "bootstrap token to change"}})
		}
	},
	execPods:  func(a *artist, n *namespace, v uint32) { a.link(v, a.podsIn(n), execIntoPod) },
	debugPods: func(a *artist, n *namespace, v uint32) { a.link(v, a.podsIn(n), debugPod) },
	patchPods: func(a *artist, n *namespace, v uint32) { a.link(v, a.podsIn(n), patchPod) },
	portForward: func(a *artist, n *namespace, v uint32) {
		for _, w := range a.openPorts[n.name] {
			a.edge(v, w.workload, reachPort, proof{spot: w.spot})
		}
	},
	forcedEscape: func(a *artist, n *namespace, v uint32) {
		a.edge(v, a.place(anyNode, "", ""), relabelNamespace, proof{spot: a.levelSpot(n), guards: a.guards.list, fix: fixRule})
	},
	bypassedEscape: func(a *artist, n *namespace, v uint32) {
		a.edge(v, a.place(anyNode, "", ""), bypassAdmission, proof{spot: a.levelSpot(n), guards: []Guard{a.levelGuard(n)}, fix: fixRule})
	},
	escapeByVolume: func(a *artist, n *namespace, v uint32) {
		a.edge(v, a.place(anyNode, "", ""), volumeEscape, proof{guards: a.guards.list, fix: fixRule})
	},
	escapeBySCC: func(a *artist, n *namespace, v uint32) { a.link(v, a.place(anyNode, "", ""), useSCC) },
	editConfigMaps: func(a *artist, n *namespace, v uint32) {
		if n.name == systemNamespace {
			a.edge(v, a.sink(ClusterAdmin), awsAuth, proof{guards: a.awsGuard(), fix: fixRule})
		}
	},
	newAccounts:        func(a *artist, n *namespace, v uint32) { a.cloud.drawNewAccounts(v, n.name) },
	fluxKustomizations: controllerEffect(fluxKustomizations), fluxReleases: controllerEffect(fluxReleases), argoApplications: controllerEffect(argoApplications),
	veleroRestores: controllerEffect(veleroRestores), olmSubscriptions: controllerEffect(olmSubscriptions), kyvernoPolicies: controllerEffect(kyvernoPolicies),
	crossplaneObjects: controllerEffect(crossplaneObjects),
}

// accountsIn returns the set of the service accounts of a namespace.
func (a *artist) accountsIn(n *namespace) uint32 { return a.place(accountsIn, n.name, "") }
func (a *artist) namesIn(n *namespace) uint32    { return a.place(namesIn, n.name, "") }
func (a *artist) secretsIn(n *namespace) uint32  { return a.place(secretsIn, n.name, "") }
func (a *artist) podsIn(n *namespace) uint32     { return a.place(podsIn, n.name, "") }

// drawAccounts draws the sets of service accounts, and the groups that each account is in.
func (a *artist) drawAccounts() {
	for _, name := range a.namespaceNames() {
		n := a.namespaces[name]
		a.link(a.namesIn(n), a.accountsIn(n), contains)
		for _, account := range n.accountNames() {
			a.drawAccount(n, account)
		}
	}
}

func (a *artist) drawAccount(n *namespace, account string) {
	v := a.account(n.name, account)
	a.link(v, a.group("system:serviceaccounts:"+n.name), isMember)
	if n.accounts[account] == exists {
		a.link(a.accountsIn(n), v, contains)
		return
	}
	if err := a.view.Knows(kindAccount, n.name); err != nil {
		a.edge(a.accountsIn(n), v, contains, proof{guards: []Guard{doubt("the service account exists", err.Error())}})
	}
	a.link(a.namesIn(n), v, contains)
}

// drawRolesIn draws what binding any Role of a namespace comes to.
func (a *artist) drawRolesIn(v uint32, namespace string) {
	if namespace == everywhere {
		for _, name := range a.namespaceNames() {
			a.link(v, a.place(rolesIn, name, ""), covers)
		}
		return
	}
	for _, r := range a.policy.AllRoles() {
		if !r.Cluster() && r.Ref.Namespace == namespace {
			a.link(v, a.grant(r, namespace), contains)
		}
	}
}

// levelSpot points at the Pod Security level of a namespace.
func (a *artist) levelSpot(n *namespace) spot {
	return spot{object: n.object, name: "namespace " + n.name, path: "metadata.labels", says: "Pod Security level " + a.level(n)}
}
