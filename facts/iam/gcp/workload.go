package gcp

import (
	"fmt"
	"slices"
	"strings"

	"bulwark/internal/tri"
	"bulwark/internal/ytree"
	"bulwark/source/cloud"
	"bulwark/world"
)

// Cluster is a cluster of GKE.
type Cluster struct {
	Name, Location, Project string
	Link                    string // its self link
	Pool                    string // of workload identities, PROJECT.svc.id.goog; empty when it is off
	Object                  *world.Object
	Nodes                   []NodePool
}

// NodePool is what the nodes of a pool run as.
type NodePool struct {
	Name     string
	Account  string // e-mail; "default" for that of Compute Engine
	Scopes   []string
	Metadata string // GKE_METADATA, GCE_METADATA, or "" when the export does not say
	Path     string
}

func (e *Estate) readCluster(o *world.Object) {
	n := cloud.Tree(o)
	c := &Cluster{Name: n.Text("name"), Location: n.Text("location"), Link: n.Text("selfLink"), Object: o}
	if pool := n.Lookup("workloadIdentityConfig.workloadPool"); pool != nil {
		c.Pool = pool.Str
	}
	if _, rest, ok := strings.Cut(c.Link, "/projects/"); ok {
		c.Project, _, _ = strings.Cut(rest, "/")
	}
	if pools := n.Get("nodePools"); pools != nil {
		for i := range pools.Items {
			path := fmt.Sprintf("nodePools[%d].config", i)
			c.Nodes = append(c.Nodes, nodePool(pools.Items[i].Text("name"), pools.Items[i].Get("config"), path))
		}
	}
	if len(c.Nodes) == 0 {
		c.Nodes = append(c.Nodes, nodePool("", n.Get("nodeConfig"), "nodeConfig"))
	}
	e.Clusters = append(e.Clusters, c)
}

func nodePool(name string, config *ytree.Node, path string) NodePool {
	p := NodePool{Name: name, Account: "default", Path: path}
	if config == nil {
		return p
	}
	if a := config.Text("serviceAccount"); a != "" {
		p.Account = a
	}
	p.Scopes = config.Get("oauthScopes").Texts()
	if m := config.Get("workloadMetadataConfig"); m != nil {
		p.Metadata = m.Text("mode")
	}
	return p
}

// Metadata asks whether a pod on a node of the pool gets the account of the node.
func (p *NodePool) Serves(hostNetwork bool) (tri.Value, string) {
	switch {
	case hostNetwork:
		return tri.Yes, "the pod is in the node's network"
	case p.Metadata == "GKE_METADATA":
		return tri.No, "the metadata server of GKE stands between"
	case p.Metadata == "GCE_METADATA" || p.Metadata == "":
		return tri.Yes, "nothing stands between the pod and the node's metadata server"
	}
	return tri.Unknown, fmt.Sprintf("what the metadata mode %q lets through", p.Metadata)
}

// Workload is a service account of Kubernetes as a member: every cluster of one
// pool has the same members.
func (e *Estate) Workload(pool, namespace, account string) Member {
	m := Member{Names: []string{fmt.Sprintf("serviceAccount:%s[%s/%s]", pool, namespace, account)}, Workload: true}
	e.index()
	for _, name := range e.federatedNames[pool] {
		_, rest, _ := strings.Cut(name, "/workloadIdentityPools/"+pool)
		m.federated(name, rest, namespace, account, e, pool)
	}
	return m
}

// Member returns the service account of Kubernetes that a name such as
// serviceAccount:POOL[NAMESPACE/NAME] stands for, under all its names.
func (e *Estate) Member(name string) Member {
	pool, rest, ok := strings.Cut(strings.TrimPrefix(name, "serviceAccount:"), "[")
	namespace, account, _ := strings.Cut(strings.TrimSuffix(rest, "]"), "/")
	if !ok {
		return Member{Names: []string{name}}
	}
	return e.Workload(pool, namespace, account)
}

// index files bindings by member, and the names of members of workload identity pools by pool.
func (e *Estate) index() {
	e.once.Do(func() {
		e.byMember, e.federatedNames, e.byObject = map[string][]*Binding{}, map[string][]string{}, map[*world.Object][]*Binding{}
		seen := map[string]bool{}
		for _, b := range e.all {
			e.byObject[b.Object] = append(e.byObject[b.Object], b)
			for _, name := range b.Members {
				e.byMember[name] = append(e.byMember[name], b)
				if strings.HasPrefix(name, "principal") && !seen[name] {
					seen[name] = true
					if pool := poolOf(name); pool != "" {
						e.federatedNames[pool] = append(e.federatedNames[pool], name)
					}
				}
			}
		}
	})
}

// bindingsOf returns the bindings that name a member or everybody.
func (e *Estate) bindingsOf(m *Member) []*Binding {
	e.index()
	var out []*Binding
	for _, name := range slices.Concat(m.Names, m.Sets, []string{"allUsers", "allAuthenticatedUsers", "principalSet://goog/public:all"}) {
		out = append(out, e.byMember[name]...)
	}
	return out
}

// federated adds a name of a workload identity pool under which the account goes.
func (m *Member) federated(name, rest, namespace, account string, e *Estate, pool string) {
	switch {
	case strings.HasPrefix(name, "principal://") && rest == "/subject/ns/"+namespace+"/sa/"+account:
		m.Names = append(m.Names, name)
	case !strings.HasPrefix(name, "principalSet://"):
	case rest == "/*", rest == "/namespace/"+namespace, rest == "/attribute.namespace/"+namespace:
		m.Sets = append(m.Sets, name)
	case strings.HasPrefix(rest, "/kubernetes.cluster/"):
		link := strings.TrimPrefix(rest, "/kubernetes.cluster/")
		if slices.ContainsFunc(e.Clusters, func(c *Cluster) bool { return c.Pool == pool && strings.HasSuffix(c.Link, trimHost(link)) }) {
			m.Sets = append(m.Sets, name)
		}
	}
}

func trimHost(link string) string {
	if i := strings.Index(link, "/projects/"); i >= 0 {
		return link[i:]
	}
	return link
}

// Subjects returns the namespace and name of each service account of Kubernetes that bindings name.
func (e *Estate) Subjects() [][2]string {
	e.index()
	var out [][2]string
	for name := range e.byMember {
		var namespace, account string
		var ok bool
		if _, rest, found := strings.Cut(name, ".svc.id.goog["); found {
			namespace, account, ok = strings.Cut(strings.TrimSuffix(rest, "]"), "/")
		} else if _, rest, found := strings.Cut(name, ".svc.id.goog/subject/ns/"); found {
			namespace, account, ok = strings.Cut(rest, "/sa/")
		}
		if ok {
			out = append(out, [2]string{namespace, account})
		}
	}
	return out
}

// Pools returns the workload identity pools of the clusters; without a cluster,
// those that bindings name, of which none is certain.
func (e *Estate) Pools() (pools []string, certain bool) {
	for _, c := range e.Clusters {
		if c.Pool != "" && !slices.Contains(pools, c.Pool) {
			pools = append(pools, c.Pool)
		}
	}
	if len(e.Clusters) > 0 {
		return pools, len(pools) == 1
	}
	for _, b := range e.all {
		for _, m := range b.Members {
			if pool := poolOf(m); pool != "" && !slices.Contains(pools, pool) {
				pools = append(pools, pool)
			}
		}
	}
	return pools, false
}

// poolOf is the pool of GKE that a member belongs to.
func poolOf(member string) string {
	rest := member
	if _, after, ok := strings.Cut(member, "/workloadIdentityPools/"); ok {
		rest, _, _ = strings.Cut(after, "/")
	} else {
		var ok bool
		rest, ok = strings.CutPrefix(member, "serviceAccount:")
		if rest, _, _ = strings.Cut(rest, "["); !ok {
			return ""
		}
	}
	if strings.HasSuffix(rest, ".svc.id.goog") {
		return rest
	}
	return ""
}

// Grant is an identity of Google Cloud that a service account of Kubernetes can become, or is.
type Grant struct {
	Account *Account // nil when it is given roles itself
	Member  Member
	Verdict tri.Value
	Why     []string
	By      []*Binding
}

// Assumable returns what a service account of Kubernetes can become: itself where
// roles are given to it, and every account of Google of which it may have tokens.
func (e *Estate) Assumable(namespace, account string) []Grant {
	pools, certain := e.Pools()
	var out []Grant
	for _, pool := range pools {
		m := e.Workload(pool, namespace, account)
		ours := tri.Yes
		var why []string
		if !certain {
			ours, why = tri.Unknown, []string{fmt.Sprintf("whether this cluster is in the pool %q", pool)}
		}
		if own := e.given(&m); len(own) > 0 {
			out = append(out, Grant{Member: m, Verdict: ours, Why: why, By: own})
		}
		for _, a := range e.reachable(&m) {
			d := e.Allowed(m, token, e.resourceOf(a))
			if d.Verdict != tri.No {
				out = append(out, Grant{Account: a, Member: GSA(a.Email), Verdict: tri.And(ours, d.Verdict), Why: append(slices.Clip(why), d.Why...), By: d.By})
			}
		}
	}
	return out
}

const token = "iam.serviceAccounts.getAccessToken"

// reachable returns the accounts of which a binding may let a member have tokens:
// one that it is on, or all where it is on something above accounts.
func (e *Estate) reachable(m *Member) []*Account {
	var out []*Account
	for _, b := range e.bindingsOf(m) {
		if e.holds(b.Role, token) == tri.No {
			continue
		}
		email, ok := accountEmail(b.On)
		if !ok {
			return e.Accounts
		}
		if a := e.byEmail[email]; !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

// given returns the bindings that name a member, but for those that only let it become another.
func (e *Estate) given(m *Member) []*Binding {
	var out []*Binding
	for _, b := range e.bindingsOf(m) {
		if b.Role != "roles/iam.workloadIdentityUser" && !slices.Contains(out, b) {
			out = append(out, b)
		}
	}
	return out
}

// Roles returns the bindings that name a member, whatever they give.
func (e *Estate) Roles(m Member) []*Binding { return e.given(&m) }
