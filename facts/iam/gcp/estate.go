// Package gcp reads what was exported of Google Cloud's IAM and answers which
// service accounts a workload of GKE can become, what they may do, and what they
// can be turned into.
package gcp

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"bulwark/internal/tri"
	"bulwark/internal/ytree"
	"bulwark/source/cloud"
	"bulwark/world"
)

// Resource is what a permission is asked for on.
type Resource struct {
	Name          string // full: //iam.googleapis.com/projects/p/serviceAccounts/a@p.iam.gserviceaccount.com
	Type, Service string
	Above         []string // its project, folders and organization, as projects/123
}

type condition struct {
	Title      string `json:"title"`
	Expression string `json:"expression"`
}

// Binding gives a role to members on a resource and on everything below it.
type Binding struct {
	Role      string
	Members   []string
	Condition *condition
	On        string // the resource, as "projects/123" or its full name
	Object    *world.Object
	Path      string
}

// Estate is everything of Google Cloud that was exported. It is immutable
// but for an index that it makes once.
type Estate struct {
	Clusters []*Cluster
	Accounts []*Account // service accounts, by e-mail

	bindings   map[string][]*Binding // by resource
	all        []*Binding
	parents    map[string][]string // ids above a resource
	roles      map[string][]string
	denials    []*denial
	boundaries map[string][]boundaryRule // by name of the policy
	bound      []boundaryBinding
	conditions conditions
	byEmail    map[string]*Account

	once           sync.Once
	byObject       map[*world.Object][]*Binding
	byMember       map[string][]*Binding
	federatedNames map[string][]string // members of workload identity pools, by pool
}

// Account is a service account of Google Cloud.
type Account struct {
	Email   string
	Project string
	Object  *world.Object // its own policy; nil for one that is only named
	names   []string      // under which it has a policy
}

// Inputs are the objects that an Estate is read from.
type Inputs struct {
	Policies, Roles, Denials, Boundaries, BoundaryBindings, Clusters []*world.Object
}

// Read makes an Estate of what was exported.
func Read(in *Inputs) *Estate {
	e := &Estate{
		bindings: map[string][]*Binding{}, parents: map[string][]string{}, roles: map[string][]string{},
		boundaries: map[string][]boundaryRule{}, byEmail: map[string]*Account{},
	}
	for _, o := range in.Policies {
		e.readPolicy(o)
	}
	for _, o := range in.Roles {
		n := cloud.Tree(o)
		e.roles[n.Text("name")] = append(n.Get("includedPermissions").Texts(), "")
	}
	for _, o := range in.Denials {
		e.readDenials(o)
	}
	for _, o := range in.Boundaries {
		e.readBoundary(o)
	}
	for _, o := range in.BoundaryBindings {
		e.readBoundaryBinding(o)
	}
	for _, o := range in.Clusters {
		e.readCluster(o)
	}
	slices.SortFunc(e.Accounts, func(a, b *Account) int { return strings.Compare(a.Email, b.Email) })
	return e
}

// Empty says whether nothing of Google Cloud was exported.
func (e *Estate) Empty() bool { return len(e.all) == 0 && len(e.Clusters) == 0 }

// readPolicy reads one line of an export of assets or of a search.
func (e *Estate) readPolicy(o *world.Object) {
	n := cloud.Tree(o)
	name, at := n.Text("name"), "iamPolicy"
	if n.Get("iam_policy") != nil {
		at = "iam_policy"
	}
	above := n.Get("ancestors").Texts()
	if n.Get("policy") != nil && strings.HasPrefix(n.Text("resource"), "//") {
		name, at = n.Text("resource"), "policy"
		above = append(append([]string{n.Text("project")}, n.Get("folders").Texts()...), n.Text("organization"))
	}
	id := e.place(name, above)
	if email, ok := accountEmail(name); ok {
		a := e.account(email)
		a.Object, a.names = o, append(a.names, id)
	}
	list := n.Lookup(at + ".bindings")
	if list == nil {
		return
	}
	for i := range list.Items {
		b := e.binding(&list.Items[i])
		b.On, b.Object, b.Path = id, o, at+".bindings["+strconv.Itoa(i)+"]"
		e.bindings[id] = append(e.bindings[id], b)
		e.all = append(e.all, b)
		for _, m := range b.Members {
			if email, ok := strings.CutPrefix(m, "serviceAccount:"); ok && !strings.Contains(email, "[") {
				e.account(email)
			}
		}
	}
}

// BindingsIn returns the bindings that an object holds.
func (e *Estate) BindingsIn(o *world.Object) []*Binding {
	e.index()
	return e.byObject[o]
}

func (e *Estate) binding(n *ytree.Node) *Binding {
	b := &Binding{Role: n.Text("role"), Members: n.Get("members").Texts()}
	if c := n.Get("condition"); c != nil && c.Kind == ytree.Map {
		b.Condition = &condition{c.Text("title"), c.Text("expression")}
	}
	return b
}

// place notes what stands above a resource and returns the id that it has there.
func (e *Estate) place(name string, above []string) string {
	id := name
	if rest, ok := strings.CutPrefix(name, "//cloudresourcemanager.googleapis.com/"); ok {
		id = rest
	}
	var up []string
	for _, a := range above {
		if a != "" && a != id {
			up = append(up, a)
		}
	}
	if _, seen := e.parents[id]; !seen {
		e.parents[id] = up
	}
	return id
}

// account returns the service account of an e-mail address.
func (e *Estate) account(email string) *Account {
	if a := e.byEmail[email]; a != nil {
		return a
	}
	a := &Account{Email: email, Project: projectOf(email)}
	e.byEmail[email] = a
	e.Accounts = append(e.Accounts, a)
	return a
}

// Account returns a service account that was exported or named, or nil.
func (e *Estate) Account(email string) *Account { return e.byEmail[email] }

// accountEmail returns the address in the name of a service account's resource.
func accountEmail(name string) (string, bool) {
	_, rest, ok := strings.Cut(name, "/serviceAccounts/")
	return rest, ok && strings.Contains(rest, "@") && strings.HasPrefix(name, "//iam.googleapis.com/")
}

// projectOf is the project in the address of a service account, "" for those of Google.
func projectOf(email string) string {
	_, domain, _ := strings.Cut(email, "@")
	project, ok := strings.CutSuffix(domain, ".iam.gserviceaccount.com")
	if !ok {
		return ""
	}
	return project
}

// Resource is the account as something that permissions are asked for on.
func (e *Estate) resourceOf(a *Account) Resource {
	r := Resource{Name: "//iam.googleapis.com/projects/" + a.Project + "/serviceAccounts/" + a.Email, Type: "iam.googleapis.com/ServiceAccount", Service: "iam.googleapis.com"}
	for _, name := range a.names {
		r.Name, r.Above = name, e.parents[name]
	}
	if r.Above == nil {
		r.Above = e.project(a.Project)
	}
	return r
}

// project returns the ids of a project and of what stands above it. Exports call
// projects by number and accounts by name: what joins them is a policy of the
// project that tells both.
func (e *Estate) project(name string) []string {
	for id, up := range e.parents {
		if id == "projects/"+name {
			return append([]string{id}, up...)
		}
	}
	for _, a := range e.Accounts {
		if a.Project == name {
			for _, n := range a.names {
				if up := e.parents[n]; len(up) > 0 {
					return up
				}
			}
		}
	}
	return nil
}

// Allowed is the answer to whether somebody has a permission.
type Allowed struct {
	Verdict tri.Value
	By      []*Binding
	Why     []string
}
