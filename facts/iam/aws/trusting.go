package aws

import (
	"slices"

	"bulwark/facts/iam/awspolicy"
	"bulwark/internal/tri"
)

// trustingPrincipal returns the roles whose trust policy may name a principal, in
// the order of all principals.
func (e *Estate) trustingPrincipal(p *Principal) []*Principal {
	e.namedOnce.Do(e.indexNamed)
	var at []int
	for _, name := range []string{p.ARN, p.Account, "arn:" + p.Partition + ":iam::" + p.Account + ":root", ""} {
		at = append(at, e.named[name]...)
	}
	slices.Sort(at)
	var out []*Principal
	for _, i := range slices.Compact(at) {
		out = append(out, e.Principals[i])
	}
	return out
}

// indexNamed files roles by the principals that their trust policies name, those
// that may let in anybody under "".
func (e *Estate) indexNamed() {
	e.named = map[string][]int{}
	for i, role := range e.Principals {
		if role.Trust == nil {
			continue
		}
		names := map[string]bool{}
		if role.Trust.Unreadable != nil {
			names[""] = true
		}
		for _, s := range role.Trust.Statements {
			switch {
			case s.Deny:
			case s.Principals == nil || s.Principals.Everyone || s.Principals.Not:
				names[""] = true
			default:
				for _, a := range s.Principals.AWS {
					names[a] = true
				}
			}
		}
		for name := range names {
			e.named[name] = append(e.named[name], i)
		}
	}
}

// trusting is a role that a service may assume.
type trusting struct {
	role    *Principal
	verdict tri.Value
	reasons []awspolicy.Reason
}

// trustingRoles returns the roles that a service may assume, and can be given to
// what it runs.
func (e *Estate) trustingRoles(service string) []trusting {
	e.trustMu.Lock()
	defer e.trustMu.Unlock()
	if list, done := e.trusting[service]; done {
		return list
	}
	var out []trusting
	for _, t := range e.Principals {
		if t.Kind != awspolicy.Role || t.ServiceLinked || service == ec2Service && len(t.Profiles) == 0 {
			continue
		}
		if d := e.Trusts(t, service, "sts:AssumeRole", nil); d.Verdict != tri.No {
			out = append(out, trusting{t, d.Verdict, d.Reasons})
		}
	}
	if e.trusting == nil {
		e.trusting = map[string][]trusting{}
	}
	e.trusting[service] = out
	return out
}

// serviceCandidates are the roles of the account that a service may assume.
func (e *Estate) serviceCandidates(p *Principal, w *path) []candidate {
	var out []candidate
	for _, t := range e.trustingRoles(w.service) {
		if t.role == p || t.role.Account != p.Account {
			continue
		}
		c := candidate{arn: t.role.ARN, becomes: t.role, verdict: t.verdict, reasons: t.reasons}
		if w.target == runningRole && !e.runsAs(t.role, w.service) {
			c.verdict = tri.And(c.verdict, tri.Unknown)
			c.reasons = append(slices.Clip(c.reasons), awspolicy.Reason{Text: "whether something of " + w.service + " runs with " + t.role.Name, Policy: t.role.Trust, Path: "AssumeRolePolicyDocument"})
		}
		out = append(out, c)
	}
	return out
}

// ownPolicies are the customer managed policies of a principal.
func (e *Estate) ownPolicies(p *Principal) []string {
	var out []string
	for _, a := range p.Policies {
		if a.ARN != "" && accountOf(a.ARN) != "aws" {
			out = append(out, a.ARN)
		}
	}
	return out
}

// versionCandidates are the policies of a principal that have more than one version.
func (e *Estate) versionCandidates(p *Principal) []candidate {
	var out []candidate
	for _, arn := range e.ownPolicies(p) {
		if m := e.managed[arn]; m != nil && len(m.others) > 0 {
			out = append(out, sure(arn, p))
		}
	}
	return out
}

// anyVersion asks whether a principal has all rights with another version of a policy.
func (e *Estate) anyVersion(p *Principal, arn string) tri.Value {
	out := tri.No
	for _, v := range e.managed[arn].others {
		l := p.layers
		l.Identity = append(slices.Clip(l.Identity), v)
		out = tri.Or(out, e.administers(p, l).Verdict)
	}
	return out
}

func (e *Estate) groupCandidates(p *Principal, own bool) []candidate {
	var out []candidate
	if p.Kind != awspolicy.User {
		return nil
	}
	names := make([]string, 0, len(e.groups))
	for name := range e.groups {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		g := e.groups[name]
		if slices.Contains(p.Groups, g) == own && accountOf(g.ARN) == p.Account {
			c := sure(g.ARN, p)
			c.group = g
			out = append(out, c)
		}
	}
	return out
}
