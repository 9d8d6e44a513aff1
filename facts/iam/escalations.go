package iam

import (
	"bulwark/facts/iam/aws"
	"bulwark/facts/iam/gcp"
	"bulwark/internal/tri"
	"bulwark/world"
)

// member is a principal of Google Cloud as one who asks.
func (m *Model) member(p Principal) gcp.Member {
	if m.GCP.Account(p.ID) != nil {
		return gcp.GSA(p.ID)
	}
	return m.GCP.Member(p.ID) // a service account of Kubernetes that has roles of its own
}

// Escalations returns the ways that a principal has to more, one step each.
func (m *Model) Escalations(p Principal) []Escalation {
	var out []Escalation
	switch p.Cloud {
	case AWS:
		for _, x := range m.AWS.Escalations(m.AWS.Principal(p.ID)) {
			out = append(out, m.awsEscalation(&x))
		}
	case GCP:
		for _, x := range m.GCP.Escalations(m.member(p)) {
			y := Escalation{ID: x.ID, Title: x.Title, Actions: x.Permissions, Target: x.Target, Verdict: x.Verdict, Admin: tri.Of(x.Admin), Why: notes(x.Why), By: bindings(x.By)}
			if x.Becomes != nil {
				y.Becomes = Principal{GCP, x.Becomes.Email, shortEmail(x.Becomes.Email)}
			}
			out = append(out, y)
		}
	case Azure:
		for _, x := range m.Azure.Escalations(p.ID) {
			y := Escalation{ID: x.ID, Title: x.Title, Actions: x.Actions, Target: x.Scope, Verdict: x.Verdict, Admin: tri.Of(x.Admin), Why: notes(x.Why), By: assignments(x.By)}
			out = append(out, y)
		}
	}
	return out
}

func (m *Model) awsEscalation(x *aws.Escalation) Escalation {
	return Escalation{
		ID: x.ID, Title: x.Title, Actions: x.Actions, Target: x.Target, Becomes: awsPrincipal(x.Becomes), Verdict: x.Verdict, Admin: x.Admin,
		Why: m.reasons(x.Reasons), By: m.sources(x.By),
	}
}

// IntoCluster returns the ways that lead from a principal into a cluster.
func (m *Model) IntoCluster(p Principal) []Way {
	var out []Way
	switch p.Cloud {
	case AWS:
		for _, w := range m.AWS.IntoCluster(m.AWS.Principal(p.ID)) {
			y := Way{Title: w.Title, Cluster: w.Cluster.Name, User: w.User, Groups: w.Groups, Admin: w.Admin, Verdict: w.Verdict, Why: m.reasons(w.Why), By: m.sources(w.By)}
			if w.Object != nil {
				y.By = append(y.By, Evidence{Text: entryText(w.Object), Object: w.Object, Path: w.Path})
			}
			out = append(out, y)
		}
	case GCP:
		for _, w := range m.GCP.IntoCluster(m.member(p)) {
			out = append(out, Way{Title: w.Title, Cluster: w.Cluster.Name, Admin: w.Admin, Verdict: w.Verdict, Why: notes(w.Why), By: bindings(w.By)})
		}
	case Azure:
		for _, w := range m.Azure.IntoCluster(p.ID) {
			out = append(out, Way{Title: w.Title, Cluster: w.Cluster.Name, Admin: w.Admin, Verdict: w.Verdict, Why: notes(w.Why), By: assignments(w.By)})
		}
	}
	return out
}

// entryText says what lets a principal into a cluster.
func entryText(o *world.Object) string {
	if o.Kind == "ConfigMap" {
		return "the map aws-auth"
	}
	return "its access entry"
}

// Reach says whether a principal has, or comes to have, all rights in its account,
// project or subscription.
type Reach struct {
	Verdict tri.Value
	Of      string       // what it rules: an account, project or scope
	Steps   []Escalation // that lead there; none when it has the rights anyway
	By      []Evidence   // what gives them in the end
	Why     []Evidence   // what that depends on
}

// Admin answers whether a principal ends up with all rights.
func (m *Model) Admin(p Principal) Reach {
	switch p.Cloud {
	case AWS:
		return m.awsAdmin(p)
	case GCP:
		return m.gcpAdmin(p)
	case Azure:
		return m.azureAdmin(p)
	}
	return Reach{Verdict: tri.No}
}

func (m *Model) awsAdmin(p Principal) Reach {
	who := m.AWS.Principal(p.ID)
	if who == nil {
		return Reach{Verdict: tri.Unknown, Why: []Evidence{{Text: "what the role may do: it was not exported"}}}
	}
	r := m.AWS.ReachesAdmin(who)
	out := Reach{Verdict: r.Verdict, Of: "account " + who.Account}
	if len(r.Steps) == 0 && r.Verdict != tri.No {
		d := m.AWS.Administers(who)
		out.By, out.Why = m.sources(d.By), m.reasons(d.Reasons)
	}
	for _, x := range r.Steps {
		out.Steps = append(out.Steps, m.awsEscalation(&x))
	}
	return out
}

// gcpAdmin walks from account to account until one may give out any role.
func (m *Model) gcpAdmin(p Principal) Reach {
	type node struct {
		p     Principal
		steps []Escalation
	}
	for _, least := range []tri.Value{tri.Yes, tri.Unknown} {
		seen := map[string]bool{p.ID: true}
		for queue := []node{{p: p}}; len(queue) > 0; queue = queue[1:] {
			at := queue[0]
			for _, place := range m.GCP.Places() {
				if d := m.GCP.Owns(m.member(at.p), place); tri.Compare(d.Verdict, least) >= 0 {
					return Reach{Verdict: least, Of: place.Name, Steps: at.steps, By: bindings(d.By), Why: notes(d.Why)}
				}
			}
			for _, x := range m.Escalations(at.p) {
				if x.Becomes.ID == "" || tri.Compare(x.Verdict, least) < 0 || seen[x.Becomes.ID] || x.ID == "gcp-openid" {
					continue
				}
				seen[x.Becomes.ID] = true
				queue = append(queue, node{p: x.Becomes, steps: append(at.steps[:len(at.steps):len(at.steps)], x)})
			}
		}
	}
	return Reach{Verdict: tri.No}
}

// Rights returns what a principal was given: policies, roles, assignments.
func (m *Model) Rights(p Principal) []Evidence {
	switch p.Cloud {
	case AWS:
		who := m.AWS.Principal(p.ID)
		if who == nil {
			return nil
		}
		var out []Evidence
		for _, a := range who.Policies {
			e := Evidence{Text: a.Policy.Name, Object: who.Object, Path: a.Path}
			if a.Via != nil {
				e.Object = a.Via.Object
			}
			out = append(out, e)
		}
		return out
	case GCP:
		return bindings(m.GCP.Roles(m.member(p)))
	}
	return assignments(m.Azure.Roles(p.ID))
}

func (m *Model) azureAdmin(p Principal) Reach {
	best := Reach{Verdict: tri.No}
	for _, x := range m.Escalations(p) {
		if x.Admin == tri.Yes && tri.Compare(x.Verdict, best.Verdict) > 0 {
			best = Reach{Verdict: x.Verdict, Of: x.Target, Steps: []Escalation{x}}
		}
	}
	return best
}
