package attackgraph

import (
	"strings"

	"bulwark/facts/iam"
	"bulwark/internal/tri"
	"bulwark/world"
)

// drawCloud draws which cloud roles service accounts and nodes may become, and where those lead.
func (a *artist) drawCloud() {
	m, err := iam.Fact.Of(a.view)
	if err != nil {
		a.missing = append(a.missing, Missing{"cloud documents", err})
		return
	}
	if m.Empty() {
		return
	}
	c := &clouds{artist: a, m: m, done: map[string]bool{}}
	for _, account := range m.Accounts() {
		a.namespace(account.Namespace).named(account.Name)
	}
	for _, name := range a.namespaceNames() {
		for _, account := range a.namespaces[name].accountNames() {
			grants := m.Assumable(name, account)
			for _, g := range grants {
				c.grant(a.account(name, account), g, webIdentity)
			}
			if len(grants) > 0 {
				c.drawTokens(a.account(name, account), grants)
			}
		}
	}
	c.drawNodeRoles()
	a.cloud = c
}

// drawTokens draws the roles for pods that hold no token for the API server but one for the cloud.
func (c *clouds) drawTokens(account uint32, grants []iam.Grant) {
	asks := c.vertices[account].Object != nil && len(iam.Annotations(c.vertices[account].Object)) > 0
	for _, v := range c.tokenless[account] {
		for _, g := range grants {
			if asks || g.Via == podIdentity || hasAudience(c.vertices[v].Object) {
				c.grant(v, g, webIdentity)
			}
		}
	}
}

// podIdentity is how facts/iam calls the associations whose tokens an agent brings into pods.
const podIdentity = "EKS Pod Identity"

// hasAudience says whether a workload mounts a token for somebody else than the API server.
func hasAudience(o *world.Object) bool {
	for t := range o.Pods {
		for _, vol := range t.Spec.Volumes {
			if vol.Projected == nil {
				continue
			}
			for _, s := range vol.Projected.Sources {
				if s.ServiceAccountToken != nil && s.ServiceAccountToken.Audience != "" {
					return true
				}
			}
		}
	}
	return false
}

// drawCloudRoles draws where the roles lead that somebody can become.
func (a *artist) drawCloudRoles() {
	c := a.cloud
	if c == nil {
		return
	}
	for len(c.open) > 0 {
		p := c.open[len(c.open)-1]
		c.open = c.open[:len(c.open)-1]
		c.drawPrincipal(p)
	}
}

// clouds draws cloud roles, each once.
type clouds struct {
	*artist
	m    *iam.Model
	done map[string]bool
	open []iam.Principal
}

// role returns the vertex of a principal.
func (c *clouds) role(p iam.Principal) uint32 {
	v := c.vertex(key{kind: CloudRole, name: p.ID})
	if !c.done[p.ID] {
		c.done[p.ID] = true
		c.open = append(c.open, p)
	}
	return v
}

func (c *clouds) grant(from uint32, g iam.Grant, s step, guards ...Guard) {
	p := cloudProof(g.Verdict, g.Via, g.Why, g.By)
	p.guards = append(p.guards, guards...)
	c.edge(from, c.role(g.Role), s, p)
}

// cloudProof turns the reasons of a verdict into a proof.
func cloudProof(v tri.Value, says string, why, by []iam.Evidence) proof {
	p := proof{extra: says}
	for i, e := range by {
		sp := spot{object: e.Object, path: e.Path, says: e.Text}
		if i == 0 {
			p.spot = sp
			continue
		}
		p.more = append(p.more, sp)
	}
	if v != tri.Yes {
		var texts []string
		for _, e := range why {
			texts = append(texts, e.Text)
		}
		g := Guard{Name: "cloud policy", Open: v, Why: strings.Join(texts, "; ")}
		if g.Why == "" {
			g.Why = "it depends on what the documents do not tell"
		}
		p.guards = append(p.guards, g)
	}
	return p
}

// drawPrincipal draws where a role leads: to other roles, to all rights, into the cluster.
func (c *clouds) drawPrincipal(p iam.Principal) {
	v := c.role(p)
	if r := c.m.Admin(p); r.Verdict != tri.No {
		pr := cloudProof(r.Verdict, "", nil, r.By)
		for _, e := range r.Steps {
			pr.more = append(pr.more, spot{says: e.ID + " " + e.Title})
		}
		s := cloudEscalation
		if len(r.Steps) == 0 {
			s = cloudOwner
		}
		c.edge(v, c.sink(CloudAdmin), s, pr)
	}
	for _, e := range c.m.Escalations(p) {
		if e.Becomes != (iam.Principal{}) && e.Verdict != tri.No {
			c.edge(v, c.role(e.Becomes), cloudAssume, cloudProof(e.Verdict, e.ID+" "+e.Title, e.Why, e.By))
		}
	}
	for _, w := range c.m.IntoCluster(p) {
		if w.Verdict == tri.No {
			continue
		}
		pr := cloudProof(w.Verdict, w.Title, w.Why, w.By)
		if w.Admin {
			c.edge(v, c.sink(ClusterAdmin), cloudToCluster, pr)
		}
		if w.User != "" {
			c.edge(v, c.user(w.User), cloudToCluster, pr)
		}
		for _, g := range w.Groups {
			c.edge(v, c.group(g), cloudToCluster, pr)
		}
	}
}

// drawNodeRoles draws the roles of nodes: for who owns the node, and for the
// pods on it that reach the metadata service.
func (c *clouds) drawNodeRoles() {
	roles := map[string][]iam.Grant{}
	for i := 0; i < len(c.vertices); i++ {
		if x := c.vertices[i]; x.kind == Node {
			if gs := c.m.NodeRole(x.name); len(gs) > 0 {
				roles[x.name] = gs
				for _, g := range gs {
					c.grant(uint32(i), g, nodeRole)
				}
			}
		}
	}
	if len(roles) == 0 {
		return
	}
	for o, v := range c.ordered() {
		for t := range o.Pods {
			if o.Kind != "Pod" || len(roles[t.Spec.NodeName]) == 0 {
				continue
			}
			open, why := c.m.Metadata(t.Spec.NodeName, t.Spec.HostNetwork)
			g := Guard{"metadata service", open, why.Text}
			net := c.metadataGuard(o)
			for _, grant := range roles[t.Spec.NodeName] {
				c.grant(v, grant, nodeRole, g, net)
			}
		}
	}
}

// ordered yields the workloads in the order of their vertices.
func (a *artist) ordered() func(yield func(*world.Object, uint32) bool) {
	return func(yield func(*world.Object, uint32) bool) {
		for i := range a.vertices {
			if x := &a.vertices[i]; x.kind == Workload && !yield(x.Object, uint32(i)) {
				return
			}
		}
	}
}

// unheard is a name that no trust can be about but by a pattern.
const unheard = "bulwark-any-name-at-all"

// drawNewAccounts is R44: a new service account whose name fits an open trust.
func (c *clouds) drawNewAccounts(v uint32, namespace string) {
	if c == nil {
		return
	}
	for _, g := range c.m.Assumable(namespace, unheard) {
		c.grant(v, g, newAccount)
	}
}
