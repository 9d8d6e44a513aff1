package aws

import (
	"slices"
	"strings"

	"bulwark/facts/iam/awspolicy"
	"bulwark/internal/tri"
)

// Escalation is one way in which a principal comes to more than it was given.
type Escalation struct {
	ID      string
	Title   string // what it does, as in "attaches a policy to its own role"
	Kind    Kind
	Actions []string // that it needs, all of them
	Target  string   // ARN of the role, user, group or policy that it is about; empty for none in particular
	Becomes *Principal
	Verdict tri.Value // whether the way is open
	Admin   tri.Value // whether it leads to all rights by itself
	Reasons []awspolicy.Reason
	By      []awspolicy.Source
}

// candidate is one thing that a path can be about.
type candidate struct {
	arn      string
	becomes  *Principal // whose rights are won
	policies []string   // customer managed policies of becomes
	group    *Group     // that is joined
	verdict  tri.Value
	reasons  []awspolicy.Reason
}

// sure is a candidate that is there.
func sure(arn string, becomes *Principal) candidate {
	return candidate{arn: arn, becomes: becomes, verdict: tri.Yes}
}

// Escalations returns every way that one step of a principal opens, those that are
// only possible included. A principal that has all rights has no way to more.
func (e *Estate) Escalations(p *Principal) []Escalation {
	if p == nil || e.Administers(p).Verdict == tri.Yes {
		return nil
	}
	return e.escalations(p, false)
}

// attempt is the search of one principal for ways, with the answers that
// several paths share.
type attempt struct {
	e    *Estate
	p    *Principal
	may  map[string]bool               // whether some statement allows an action at all
	any  map[string]awspolicy.Decision // of actions on whatever they work on
	pass map[string]awspolicy.Decision // of iam:PassRole, by role and service
}

// escalations is Escalations; with enough it stops when all rights are certainly won.
func (e *Estate) escalations(p *Principal, enough bool) []Escalation {
	a := &attempt{e: e, p: p, may: map[string]bool{}, any: map[string]awspolicy.Decision{}, pass: map[string]awspolicy.Decision{}}
	var out []Escalation
	for i := range e.ways {
		w := &e.ways[i]
		if !a.mayAll(w) {
			continue
		}
		for _, c := range e.candidates(p, w) {
			x := a.try(w, c)
			if x.Verdict == tri.No {
				continue
			}
			out = append(out, x)
			if enough && tri.And(x.Verdict, x.Admin) == tri.Yes {
				return out
			}
		}
	}
	return out
}

// mayAll is a quick look: whether some statement allows each action at all, and
// whatever the path starts is certainly not out of the question.
func (a *attempt) mayAll(w *path) bool {
	for _, s := range w.steps {
		ok, seen := a.may[s.action]
		if !seen {
			ok = s.action == "sts:AssumeRole" || awspolicy.MayAllow(a.p.layers.Identity, s.action) // a trust policy may do alone
			a.may[s.action] = ok
		}
		if !ok || s.on == anything && a.anything(w, s).Verdict == tri.No {
			return false
		}
	}
	return true
}

// anything decides an action on whatever it works on.
func (a *attempt) anything(w *path, s step) awspolicy.Decision {
	if d, seen := a.any[s.action]; seen {
		return d
	}
	extra := extras(w, a.p, s)
	all := awspolicy.Decision{Verdict: tri.Yes}
	for _, t := range templates(s.action, a.p.Partition, a.p.Account) {
		d := a.e.CanAny(a.p, s.action, t, extra)
		all.Verdict = tri.And(all.Verdict, d.Verdict)
		all.By, all.Reasons = append(all.By, d.By...), append(all.Reasons, d.Reasons...)
	}
	a.any[s.action] = all
	return all
}

// extras are the condition keys that the caller of a step chooses.
func extras(w *path, p *Principal, s step) map[string]string {
	out := map[string]string{}
	switch {
	case s.action == "iam:PassRole":
		out["iam:PassedToService"] = w.service
	case strings.HasPrefix(s.action, "iam:Attach"):
		out["iam:PolicyARN"] = administratorARN(p.Partition)
	case strings.HasSuffix(s.action, "PermissionsBoundary") && strings.HasPrefix(s.action, "iam:Put"):
		out["iam:PermissionsBoundary"] = administratorARN(p.Partition)
	}
	return out
}

// try asks whether a path is open with one candidate.
func (a *attempt) try(w *path, c candidate) Escalation {
	x := Escalation{ID: w.id, Title: w.title, Kind: w.kind, Target: c.arn, Becomes: c.becomes, Verdict: c.verdict, Admin: tri.No, Reasons: c.reasons}
	for _, s := range w.steps {
		x.Actions = append(x.Actions, s.action)
		d := a.step(w, s, c)
		x.Verdict = tri.And(x.Verdict, d.Verdict)
		if x.Verdict == tri.No {
			return x
		}
		x.Reasons = append(x.Reasons, d.Reasons...)
		x.By = append(x.By, d.By...)
	}
	if x.Verdict == tri.Yes {
		x.Reasons = nil
	}
	x.Admin = a.e.wins(a.p, w, c)
	return x
}

// step decides one step of a path.
func (a *attempt) step(w *path, s step, c candidate) awspolicy.Decision {
	extra := extras(w, a.p, s)
	switch {
	case s.action == "sts:AssumeRole" && c.becomes != nil:
		return a.e.CanAssume(a.p, c.becomes, extra)
	case s.action == "iam:PassRole":
		key := c.arn + " " + w.service
		d, seen := a.pass[key]
		if !seen {
			d = a.e.Can(a.p, s.action, c.arn, extra)
			a.pass[key] = d
		}
		return d
	case s.on == theTarget:
		return a.e.Can(a.p, s.action, c.arn, extra)
	case s.on == itsPolicies:
		return a.e.best(c.policies, func(arn string) awspolicy.Decision { return a.e.Can(a.p, s.action, arn, extra) })
	}
	return a.anything(w, s)
}

func (e *Estate) best(arns []string, ask func(string) awspolicy.Decision) awspolicy.Decision {
	best := awspolicy.Decision{Verdict: tri.No}
	for _, arn := range arns {
		if d := ask(arn); tri.Compare(d.Verdict, best.Verdict) > 0 {
			best = d
		}
	}
	return best
}

// wins asks whether what is won is all rights.
func (e *Estate) wins(p *Principal, w *path, c candidate) tri.Value {
	switch {
	case w.gain == cluster:
		return tri.No
	case w.gain == membership:
		l := p.layers
		for _, a := range c.group.Policies {
			l.Identity = append(slices.Clip(l.Identity), a.Policy)
		}
		return e.administers(p, l).Verdict
	case c.becomes == nil:
		return tri.Unknown
	case w.target == ownVersion:
		return e.anyVersion(p, c.arn)
	case w.gain == everything:
		return e.unleashed(c.becomes).Verdict
	case c.becomes == p: // its boundary is gone
		l := p.layers
		l.Boundary = nil
		return e.administers(p, l).Verdict
	}
	return e.Administers(c.becomes).Verdict
}

// candidates returns the things of the account that a path can be about.
func (e *Estate) candidates(p *Principal, w *path) []candidate {
	switch w.target {
	case noTarget:
		return []candidate{{verdict: tri.Yes}}
	case itself, itselfRole:
		if (p.Kind == awspolicy.Role) != (w.target == itselfRole) || w.gain == identity && len(p.Boundary) == 0 {
			return nil
		}
		return []candidate{sure(p.ARN, p)}
	case ownPolicy:
		var out []candidate
		for _, arn := range e.ownPolicies(p) {
			out = append(out, sure(arn, p))
		}
		return out
	case ownVersion:
		return e.versionCandidates(p)
	case ownGroup, otherGroup:
		return e.groupCandidates(p, w.target == ownGroup)
	}
	if w.target == passedRole || w.target == runningRole {
		return e.serviceCandidates(p, w)
	}
	among := e.Principals
	if w.target == otherRole {
		among = e.trustingPrincipal(p)
	}
	var out []candidate
	for _, t := range among {
		if t == p || (t.Kind == awspolicy.Role) == (w.target == otherUser) || t.ServiceLinked || t.Account != p.Account && w.id != "sts-001" {
			continue
		}
		c := sure(t.ARN, t)
		c.policies = e.ownPolicies(t)
		out = append(out, c)
	}
	return out
}

const ec2Service = "ec2.amazonaws.com"

// runsAs says whether something is known to run with a role.
func (e *Estate) runsAs(role *Principal, service string) bool {
	return service == ec2Service && slices.ContainsFunc(e.Instances, func(i *Instance) bool {
		return slices.Contains(role.Profiles, i.Profile)
	})
}
