// Package aws reads what was exported of an AWS account and answers who may
// become which role there, what a role may be turned into, and which ways lead
// from a role back into a cluster.
package aws

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"bulwark/facts/iam/awspolicy"
	"bulwark/internal/ytree"
	"bulwark/source/cloud"
	"bulwark/world"
)

// Principal is a user or a role.
type Principal struct {
	ARN, Name, Account string
	Partition          string // aws, aws-cn, aws-us-gov
	Kind               awspolicy.PrincipalKind
	Object             *world.Object // nil for one that is only named
	Policies           []Attached    // its own and those of its groups
	Boundary           []*awspolicy.Policy
	BoundaryARN        string
	Trust              *awspolicy.Policy // of a role
	Profiles           []string          // ARNs of instance profiles that hold the role
	Groups             []*Group
	Tags               map[string]string
	ServiceLinked      bool // a role that AWS itself made: guard rails spare it

	layers awspolicy.Layers
	caller awspolicy.Principal
}

// Attached is one policy of a principal.
type Attached struct {
	Policy *awspolicy.Policy
	ARN    string // empty for an inline policy
	Path   string // where the principal, or its group, names it
	Via    *Group
}

// Group is a group of users.
type Group struct {
	ARN, Name string
	Object    *world.Object
	Policies  []Attached
}

// managed is a policy that principals attach.
type managed struct {
	arn, name string
	object    *world.Object
	policy    *awspolicy.Policy // the default version
	others    []*awspolicy.Policy
}

// Estate is everything that was exported. It is immutable but for what it
// remembers of answers that were asked for, which is safe for several goroutines.
type Estate struct {
	Principals []*Principal // by ARN
	Clusters   []*Cluster
	Instances  []*Instance

	byARN        map[string]*Principal
	byName       map[string]*Principal // roles by account and name
	byProfile    map[string]*Principal // roles by the ARNs of their instance profiles
	groups       map[string]*Group     // by name
	managed      map[string]*managed
	owners       map[*awspolicy.Policy]*world.Object
	rails        []guardRail
	paths        map[string][]string // ids above an account
	management   string              // the account that guard rails spare
	providers    map[string]*world.Object
	knowsIssuers bool // the providers were exported

	nodesOnce sync.Once
	nodes     []*Principal

	webOnce  sync.Once
	webBySub map[string][]*Principal  // roles by the only subjects that may become them
	webOpen  []*Principal             // the other roles that trust an identity provider
	pods     map[string][]association // by subject

	trustMu  sync.Mutex
	trusting map[string][]trusting // by service

	namedOnce sync.Once
	named     map[string][]int // roles, as indices of Principals, by whom their trust names

	adminMu sync.Mutex
	admin   map[*Principal]awspolicy.Decision

	ways      []path
	reachOnce sync.Once
	reach     map[*Principal]Reach
}

// Inputs are the objects that an Estate is read from, by kind.
type Inputs struct {
	Users, Groups, Roles, Policies, GuardRails, AccountPaths, Organizations, Providers []*world.Object
	Clusters, AccessEntries, AccessPolicies, PodIdentities, Instances                  []*world.Object
	AuthMaps                                                                           []*world.Object // ConfigMap kube-system/aws-auth
}

// Read makes an Estate of what was exported.
func Read(in *Inputs) *Estate {
	e := &Estate{
		ways: catalogue(), byARN: map[string]*Principal{}, byName: map[string]*Principal{}, byProfile: map[string]*Principal{}, groups: map[string]*Group{}, managed: map[string]*managed{},
		owners: map[*awspolicy.Policy]*world.Object{}, paths: map[string][]string{}, providers: map[string]*world.Object{},
	}
	for _, o := range in.Policies {
		e.readManaged(o)
	}
	for _, o := range in.Groups {
		e.readGroup(o)
	}
	for _, o := range in.Users {
		e.readPrincipal(o, awspolicy.User)
	}
	for _, o := range in.Roles {
		e.readPrincipal(o, awspolicy.Role)
	}
	e.readOrganization(in)
	for _, o := range in.Providers {
		e.providers[cloud.Tree(o).Text("Arn")] = o
		e.knowsIssuers = true
	}
	e.readClusters(in)
	for _, p := range e.Principals {
		e.layer(p)
	}
	return e
}

// Empty says whether nothing of AWS was exported: the map aws-auth is no export.
func (e *Estate) Empty() bool {
	return len(e.Principals) == 0 && len(e.Instances) == 0 && !slices.ContainsFunc(e.Clusters, func(c *Cluster) bool {
		return c.Object != nil || len(c.Pods) > 0
	})
}

// Principal returns the user or role of an ARN, or nil.
func (e *Estate) Principal(arn string) *Principal { return e.byARN[arn] }

// Owner returns the object that a policy stands in, nil for one of AWS itself.
func (e *Estate) Owner(p *awspolicy.Policy) *world.Object { return e.owners[p] }

// Role returns the role that an ARN names. The ARNs of the aws-auth map leave out
// paths: of several roles of one name the first is returned.
func (e *Estate) Role(arn string) *Principal {
	if p := e.byARN[arn]; p != nil {
		return p
	}
	if strings.Count(arn, "/") != 1 || !strings.Contains(arn, ":role/") {
		return nil
	}
	return e.byName[accountOf(arn)+"/"+ShortName(arn)]
}

// accountOf returns the account in an ARN.
func accountOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}

func partitionOf(arn string) string {
	parts := strings.SplitN(arn, ":", 3)
	if len(parts) < 3 || parts[1] == "" {
		return "aws"
	}
	return parts[1]
}

func regionOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[3]
}

// policy parses a document and remembers the object that it stands in.
func (e *Estate) policy(o *world.Object, n *ytree.Node, name, path string, kind awspolicy.Kind) *awspolicy.Policy {
	p := awspolicy.Parse(n, name, path, kind)
	e.owners[p] = o
	return p
}

func (e *Estate) readManaged(o *world.Object) {
	n := cloud.Tree(o)
	m := &managed{arn: n.Text("Arn"), name: n.Text("PolicyName"), object: o}
	versions := n.Get("PolicyVersionList")
	if m.arn == "" || e.managed[m.arn] != nil {
		return
	}
	if versions != nil {
		for i := range versions.Items {
			v := &versions.Items[i]
			p := e.policy(o, v.Get("Document"), m.name, fmt.Sprintf("PolicyVersionList[%d].Document", i), awspolicy.Identity)
			if isTrue(v.Get("IsDefaultVersion")) || len(versions.Items) == 1 {
				m.policy = p
			} else {
				m.others = append(m.others, p)
			}
		}
	}
	if m.policy == nil {
		m.policy = awspolicy.Unread(m.name, fmt.Errorf("the export holds no default version of policy %q", m.name))
	}
	e.managed[m.arn] = m
}

func isTrue(n *ytree.Node) bool { return n != nil && n.Str == "true" }

// attached reads the list of managed policies at a key.
func (e *Estate) attached(n *ytree.Node, key string) []Attached {
	list := n.Get(key)
	if list == nil {
		return nil
	}
	var out []Attached
	for i := range list.Items {
		arn := list.Items[i].Text("PolicyArn")
		if p := e.managedPolicy(arn); p != nil {
			out = append(out, Attached{Policy: p, ARN: arn, Path: fmt.Sprintf("%s[%d]", key, i)})
		}
	}
	return out
}

// managedPolicy returns the document of a managed policy: as it was exported, or
// as AWS publishes it, or one of which nothing is known.
func (e *Estate) managedPolicy(arn string) *awspolicy.Policy {
	if arn == "" {
		return nil
	}
	if m := e.managed[arn]; m != nil {
		return m.policy
	}
	name := arn[strings.LastIndexByte(arn, '/')+1:]
	p := awspolicy.Unread(name, fmt.Errorf("policy %q is attached but was not exported", name))
	if text, ok := published(arn); ok {
		p = awspolicy.ParseText(text, name, awspolicy.Identity)
	}
	e.managed[arn] = &managed{arn: arn, name: name, policy: p}
	return p
}

// inline reads the list of inline policies at a key.
func (e *Estate) inline(o *world.Object, n *ytree.Node, key string) []Attached {
	list := n.Get(key)
	if list == nil {
		return nil
	}
	var out []Attached
	for i := range list.Items {
		path := fmt.Sprintf("%s[%d]", key, i)
		p := e.policy(o, list.Items[i].Get("PolicyDocument"), list.Items[i].Text("PolicyName"), path+".PolicyDocument", awspolicy.Identity)
		out = append(out, Attached{Policy: p, Path: path})
	}
	return out
}

func (e *Estate) readGroup(o *world.Object) {
	n := cloud.Tree(o)
	g := &Group{ARN: n.Text("Arn"), Name: n.Text("GroupName"), Object: o}
	g.Policies = append(e.inline(o, n, "GroupPolicyList"), e.attached(n, "AttachedManagedPolicies")...)
	for i := range g.Policies {
		g.Policies[i].Via = g
	}
	e.groups[accountOf(g.ARN)+"/"+g.Name] = g
}

func (e *Estate) readPrincipal(o *world.Object, kind awspolicy.PrincipalKind) {
	n := cloud.Tree(o)
	p := &Principal{ARN: n.Text("Arn"), Kind: kind, Object: o, Tags: map[string]string{}}
	if p.ARN == "" || e.byARN[p.ARN] != nil {
		return
	}
	p.Account, p.Partition = accountOf(p.ARN), partitionOf(p.ARN)
	word := "User"
	if kind == awspolicy.Role {
		word = "Role"
		p.Trust = e.policy(o, n.Get("AssumeRolePolicyDocument"), "trust policy", "AssumeRolePolicyDocument", awspolicy.Resource)
		p.ServiceLinked = strings.Contains(p.ARN, ":role/aws-service-role/")
		for i := range items(n, "InstanceProfileList") {
			p.Profiles = append(p.Profiles, n.Get("InstanceProfileList").Items[i].Text("Arn"))
		}
	}
	p.Name = n.Text(word + "Name")
	p.Policies = append(e.inline(o, n, word+"PolicyList"), e.attached(n, "AttachedManagedPolicies")...)
	for _, g := range items(n, "GroupList") {
		if group := e.groups[p.Account+"/"+g.Str]; group != nil {
			p.Groups = append(p.Groups, group)
			p.Policies = append(p.Policies, group.Policies...)
		} else {
			p.Policies = append(p.Policies, Attached{Policy: awspolicy.Unread(g.Str, fmt.Errorf("group %q was not exported", g.Str)), Path: "GroupList"})
		}
	}
	if b := n.Get("PermissionsBoundary"); b != nil {
		p.BoundaryARN = b.Text("PermissionsBoundaryArn")
		if policy := e.managedPolicy(p.BoundaryARN); policy != nil {
			p.Boundary = []*awspolicy.Policy{policy}
		}
	}
	for _, tag := range items(n, "Tags") {
		p.Tags[tag.Text("Key")] = tag.Text("Value")
	}
	e.Principals = append(e.Principals, p)
	e.byARN[p.ARN] = p
	if kind == awspolicy.Role && e.byName[p.Account+"/"+p.Name] == nil {
		e.byName[p.Account+"/"+p.Name] = p
	}
	for _, profile := range p.Profiles {
		e.byProfile[profile] = p
	}
}

// items returns the list at a key.
func items(n *ytree.Node, key string) []ytree.Node {
	if list := n.Get(key); list != nil {
		return list.Items
	}
	return nil
}

// layer prepares what is asked for every request of the principal.
func (e *Estate) layer(p *Principal) {
	for _, a := range p.Policies {
		p.layers.Identity = append(p.layers.Identity, a.Policy)
	}
	p.layers.Boundary = p.Boundary
	if !p.ServiceLinked {
		p.layers.SCPs = e.levels(p.Account, serviceControl)
		p.layers.RCPs = e.levels(p.Account, resourceControl)
	}
	p.caller = awspolicy.Principal{Kind: p.Kind, Name: p.ARN, Account: p.Account}
}

// ShortName is the last part of an ARN.
func ShortName(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
