package gcp

import (
	"slices"
	"strings"

	"bulwark/internal/tri"
)

// Escalation is one way in which an identity comes to more than it was given.
type Escalation struct {
	ID          string
	Title       string
	Permissions []string // that it needs, all of them
	Target      string   // e-mail of an account, or id of a resource
	Becomes     *Account // nil when no other account is won
	Verdict     tri.Value
	Admin       bool // it leads to all rights in the target
	Why         []string
	By          []*Binding
}

// path is one way. With account set the first permission is asked for on each
// service account and the rest on its project; with none on projects, folders and organizations.
type path struct {
	id, title   string
	account     bool
	admin       bool
	permissions []string
}

func paths() []path {
	asAccount := func(id, title string, permissions ...string) path {
		return path{id: id, title: title, account: true, permissions: permissions}
	}
	actAs := func(id, title string, permissions ...string) path {
		return path{id: id, title: title, account: true, permissions: append([]string{"iam.serviceAccounts.actAs"}, permissions...)}
	}
	place := func(id, title string, admin bool, permissions ...string) path {
		return path{id: id, title: title, admin: admin, permissions: permissions}
	}
	return []path{
		asAccount("gcp-token", "makes access tokens of an account", "iam.serviceAccounts.getAccessToken"),
		asAccount("gcp-openid", "makes identity tokens of an account", "iam.serviceAccounts.getOpenIdToken"),
		asAccount("gcp-delegate", "makes access tokens of an account through another", "iam.serviceAccounts.implicitDelegation"),
		asAccount("gcp-signblob", "signs as an account", "iam.serviceAccounts.signBlob"),
		asAccount("gcp-signjwt", "signs tokens as an account", "iam.serviceAccounts.signJwt"),
		asAccount("gcp-key", "makes a key of an account", "iam.serviceAccountKeys.create"),
		asAccount("gcp-account-policy", "lets itself become an account", "iam.serviceAccounts.setIamPolicy"),
		actAs("gcp-instance", "starts a machine as an account", "compute.instances.create"),
		actAs("gcp-function", "makes a function that runs as an account", "cloudfunctions.functions.create"),
		actAs("gcp-function-update", "changes a function that runs as an account", "cloudfunctions.functions.update"),
		actAs("gcp-run", "starts a service that runs as an account", "run.services.create"),
		actAs("gcp-scheduler", "makes a scheduled call as an account", "cloudscheduler.jobs.create"),
		actAs("gcp-build", "starts a build as an account", "cloudbuild.builds.create"),
		place("gcp-project-policy", "gives itself any role", true, "resourcemanager.projects.setIamPolicy"),
		place("gcp-folder-policy", "gives itself any role in a folder", true, "resourcemanager.folders.setIamPolicy"),
		place("gcp-organization-policy", "gives itself any role in the organization", true, "resourcemanager.organizations.setIamPolicy"),
		place("gcp-role", "adds permissions to a role that it has", true, "iam.roles.update"),
		place("gcp-deploymentmanager", "deploys as the service of Google that edits the project", false, "deploymentmanager.deployments.create"),
		place("gcp-metadata", "puts its key on all machines of the project", false, "compute.projects.setCommonInstanceMetadata"),
		place("gcp-instance-metadata", "puts its key or a start-up script on a machine", false, "compute.instances.setMetadata"),
		place("gcp-oslogin", "logs in to machines as administrator", false, "compute.instances.osAdminLogin"),
		place("gcp-orgpolicy", "takes away guard rails of the organization", false, "orgpolicy.policy.set"),
		place("gcp-hmac", "makes keys for storage", false, "storage.hmacKeys.create"),
		place("gcp-apikey", "makes keys of the project", false, "serviceusage.apiKeys.create"),
		place("gcp-apikeys", "reads keys of the project", false, "serviceusage.apiKeys.list"),
	}
}

// Places returns the projects, folders and organizations that were exported.
func (e *Estate) Places() []Resource {
	seen := map[string]bool{}
	var out []Resource
	add := func(id string, above []string) {
		kind, _, ok := strings.Cut(id, "/")
		types := map[string]string{"projects": "Project", "folders": "Folder", "organizations": "Organization"}
		if !ok || types[kind] == "" || strings.HasPrefix(id, "//") || seen[id] {
			return
		}
		seen[id] = true
		out = append(out, Resource{Name: id, Above: above, Service: "cloudresourcemanager.googleapis.com", Type: "cloudresourcemanager.googleapis.com/" + types[kind]})
	}
	for id, up := range e.parents {
		add(id, up)
		for i, u := range up {
			add(u, up[i+1:])
		}
	}
	slices.SortFunc(out, func(a, b Resource) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Owns asks whether a member may give itself any role in a place.
func (e *Estate) Owns(m Member, on Resource) Allowed {
	kind, _, _ := strings.Cut(on.Name, "/")
	return e.Allowed(m, "resourcemanager."+kind+".setIamPolicy", on)
}

// Escalations returns every way that a member has to more.
func (e *Estate) Escalations(m Member) []Escalation {
	var out []Escalation
	for _, p := range paths() {
		if p.account {
			for _, a := range e.Accounts {
				if !slices.Contains(m.Names, "serviceAccount:"+a.Email) {
					out = e.try(out, &p, m, e.resourceOf(a), a)
				}
			}
			continue
		}
		for _, place := range e.Places() {
			out = e.try(out, &p, m, place, nil)
		}
	}
	return out
}

// try asks for one path on one target.
func (e *Estate) try(out []Escalation, p *path, m Member, on Resource, a *Account) []Escalation {
	kind, _, _ := strings.Cut(on.Name, "/")
	if rest, ok := strings.CutPrefix(p.permissions[0], "resourcemanager."); ok && !strings.HasPrefix(rest, kind+".") {
		return out
	}
	x := Escalation{ID: p.id, Title: p.title, Permissions: p.permissions, Target: on.Name, Becomes: a, Verdict: tri.Yes, Admin: p.admin}
	if a != nil {
		x.Target = a.Email
	}
	for i, permission := range p.permissions {
		where := on
		if i > 0 { // what runs as the account can be started in any project
			where = e.somewhere(m, permission, on)
		}
		d := e.Allowed(m, permission, where)
		if x.Verdict = tri.And(x.Verdict, d.Verdict); x.Verdict == tri.No {
			return out
		}
		x.By, x.Why = append(x.By, d.By...), append(x.Why, d.Why...)
	}
	return append(out, x)
}

// somewhere returns a place where the member has the permission, if there is one.
func (e *Estate) somewhere(m Member, permission string, on Resource) Resource {
	best, at := tri.No, Resource{Name: on.Name, Above: on.Above}
	for _, p := range e.Places() {
		if v := e.Allowed(m, permission, p).Verdict; tri.Compare(v, best) > 0 {
			best, at = v, p
		}
	}
	return at
}

// Way is a way from a member into a cluster.
type Way struct {
	Title   string
	Cluster *Cluster
	Admin   bool
	Verdict tri.Value
	Why     []string
	By      []*Binding
}

// IntoCluster returns the ways by which a member comes into the clusters.
func (e *Estate) IntoCluster(m Member) []Way {
	var out []Way
	for _, c := range e.Clusters {
		on := Resource{Name: "//container.googleapis.com/projects/" + c.Project + "/locations/" + c.Location + "/clusters/" + c.Name, Above: e.project(c.Project),
			Service: "container.googleapis.com", Type: "container.googleapis.com/Cluster"}
		if on.Above == nil {
			on.Above = []string{"projects/" + c.Project}
		}
		for _, w := range []struct {
			title, permission string
			admin             bool
		}{
			{"administers the cluster by container.*", "container.clusterRoleBindings.create", true},
			{"runs commands in pods by container.pods.exec", "container.pods.exec", false},
			{"reads secrets by container.secrets.list", "container.secrets.list", false},
			{"starts pods by container.pods.create", "container.pods.create", false},
			{"puts its key or a start-up script on a node", "compute.instances.setMetadata", false},
		} {
			d := e.Allowed(m, w.permission, on)
			if d.Verdict != tri.No {
				out = append(out, Way{Title: w.title, Cluster: c, Admin: w.admin, Verdict: d.Verdict, Why: d.Why, By: d.By})
			}
		}
	}
	return out
}
