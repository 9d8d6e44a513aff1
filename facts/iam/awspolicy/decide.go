package awspolicy

import (
	"strings"

	"bulwark/internal/tri"
)

// Layers are all the policies that have a say in a request. Nil layers have none.
type Layers struct {
	Identity []*Policy
	Boundary []*Policy // at most one
	Session  []*Policy

	// SCPs and RCPs are the guard rails of the organization by level: each level
	// must allow by one of its policies.
	SCPs, RCPs [][]*Policy

	// On is the policy of the resource, nil when it has none or the action asks none.
	On *Policy
	// Owner is the account of the resource: another one than the caller's needs both sides.
	Owner string
	// OnlyOn says that nothing goes without the policy of the resource: the trust policy of a role, the policy of a key.
	OnlyOn bool
}

// Source is a statement that a decision rests on.
type Source struct {
	Policy    *Policy
	Statement *Statement
}

// Decision is the answer to a request.
type Decision struct {
	Verdict  tri.Value
	Explicit bool     // a statement denies, for certain
	By       []Source // what allows, or denies where Explicit is set
	Reasons  []Reason // what an unknown Verdict depends on
}

// outcome is what one set of policies says.
type outcome struct {
	allow, deny         tri.Value
	allowedBy, deniedBy []Source
	allowWhy, denyWhy   []Reason
}

// nothing is the outcome of policies that neither allow nor deny.
func nothing() outcome { return outcome{allow: tri.No, deny: tri.No} }

// maxReasons bounds the evidence of one decision.
const maxReasons = 8

// consult asks every statement of some policies. Statements that name the
// caller less closely than least are left out.
func consult(policies []*Policy, r *Request, least reach) outcome {
	o := nothing()
	for _, p := range policies {
		if p == nil {
			continue
		}
		if p.Unreadable != nil {
			why := Reason{Text: p.Unreadable.Error(), Policy: p, Path: p.Path}
			o.allow, o.deny = tri.Or(o.allow, tri.Unknown), tri.Or(o.deny, tri.Unknown)
			o.allowWhy, o.denyWhy = append(o.allowWhy, why), append(o.denyWhy, why)
		}
		for _, s := range p.Statements {
			near, v := s.named(r.Principal)
			if v == tri.No || near < least && !s.Deny {
				continue
			}
			var why []Reason
			v = tri.And(v, s.applies(r, &why))
			if s.Deny && v == tri.Yes && p.Unsure != "" {
				v, why = tri.Unknown, []Reason{{Text: p.Unsure, Policy: p, Path: p.Path}}
			}
			switch {
			case v == tri.No:
			case s.Deny:
				o.deny = tri.Or(o.deny, v)
				o.deniedBy = note(o.deniedBy, v, p, s)
				o.denyWhy = append(o.denyWhy, why...)
			default:
				o.allow = tri.Or(o.allow, v)
				o.allowedBy = note(o.allowedBy, v, p, s)
				o.allowWhy = append(o.allowWhy, why...)
			}
		}
	}
	if o.allow == tri.Yes {
		o.allowWhy = nil
	}
	return o
}

// note puts certain sources before possible ones.
func note(list []Source, v tri.Value, p *Policy, s *Statement) []Source {
	src := Source{p, s}
	if v == tri.Yes {
		return append([]Source{src}, list...)
	}
	return append(list, src)
}

// applies asks whether a statement speaks of the request, whoever makes it.
func (s *Statement) applies(r *Request, why *[]Reason) tri.Value {
	if s.matchesAction(r.Action) == s.NotAction {
		return tri.No
	}
	v := tri.Yes
	if s.Resources != nil {
		v = r.matchAny(s.Policy, s.Resources, func(pattern string) bool { return MatchARN(pattern, r.Resource) })
		if s.NoResource {
			v = v.Not()
		}
		if v == tri.Unknown {
			*why = append(*why, Reason{Text: "a variable in its Resource", Policy: s.Policy, Path: s.Path})
		}
	}
	for i := range s.Conditions {
		if v == tri.No {
			break
		}
		c, open := r.holds(s.Policy, &s.Conditions[i])
		if c == tri.Unknown {
			*why = append(*why, *open)
		}
		v = tri.And(v, c)
	}
	if v != tri.Unknown {
		*why = nil
	}
	return v
}

func (s *Statement) matchesAction(action string) bool {
	action = strings.ToLower(action)
	for _, a := range s.Actions {
		if Match(a, action) {
			return true
		}
	}
	return false
}

// MayAllow says whether a statement of the policies allows the action on
// anything under any condition: a quick look before Decide.
func MayAllow(policies []*Policy, action string) bool {
	for _, p := range policies {
		if p == nil {
			continue
		}
		if p.Unreadable != nil {
			return true
		}
		for _, s := range p.Statements {
			if !s.Deny && s.matchesAction(action) != s.NotAction {
				return true
			}
		}
	}
	return false
}

// Decide answers a request as AWS would: an explicit denial anywhere wins, the
// guard rails must let it pass, and then the policy of the resource or those of
// the caller must allow it, both where they are of different accounts.
func (l *Layers) Decide(r *Request) Decision {
	identity := consult(l.Identity, r, nobody)
	limits := l.limits(r)
	on, delegated := l.onResource(r)
	guards := l.guards(r)

	if d, done := denied(append(append([]outcome{identity, on, delegated}, limits...), guards...)); done {
		return d
	}
	own := and(append([]outcome{identity}, limits...)...)
	allowed := l.combine(r, own, on, delegated, limits)
	all := and(append([]outcome{allowed}, guards...)...)
	for _, o := range append(append([]outcome{identity, on, delegated}, limits...), guards...) {
		if o.deny == tri.Unknown {
			all.allow = tri.And(all.allow, tri.Unknown)
			all.allowWhy = append(all.allowWhy, unless(o.denyWhy)...)
		}
	}
	d := Decision{Verdict: all.allow, By: all.allowedBy}
	if d.Verdict == tri.Unknown {
		d.Reasons = distinct(all.allowWhy)
	}
	return d
}

// limits asks boundary and session policy.
func (l *Layers) limits(r *Request) []outcome {
	var out []outcome
	for _, layer := range [][]*Policy{l.Boundary, l.Session} {
		if layer != nil {
			out = append(out, consult(layer, r, nobody))
		}
	}
	return out
}

// onResource asks the resource's policy: what it gives the caller itself, and
// what it gives those whom the caller's account allows it.
func (l *Layers) onResource(r *Request) (on, delegated outcome) {
	if l.On == nil {
		return nothing(), nothing()
	}
	policies := []*Policy{l.On}
	return consult(policies, r, byRole), consult(policies, r, account)
}

// guards asks each level of the organization's guard rails.
func (l *Layers) guards(r *Request) []outcome {
	var out []outcome
	for _, levels := range [][][]*Policy{l.SCPs, l.RCPs} {
		for _, level := range levels {
			out = append(out, consultLevel(level, r))
		}
	}
	return out
}

// consultLevel asks one level of guard rails. Where none of its policies allows
// anything, that of AWS that allows all is attached too; where one may not be in
// force, what the level does not allow may be allowed all the same.
func consultLevel(level []*Policy, r *Request) outcome {
	o := consult(level, r, nobody)
	if !allowsAnything(level) {
		o.allow, o.allowWhy = tri.Yes, nil
		return o
	}
	for _, p := range level {
		if p.Unsure != "" && o.allow == tri.No {
			o.allow, o.allowWhy = tri.Unknown, []Reason{{Text: p.Unsure, Policy: p, Path: p.Path}}
		}
	}
	return o
}

func allowsAnything(level []*Policy) bool {
	for _, p := range level {
		if p.Unreadable != nil {
			return true
		}
		for _, s := range p.Statements {
			if !s.Deny {
				return true
			}
		}
	}
	return false
}

// combine joins the two sides.
func (l *Layers) combine(r *Request, own, on, delegated outcome, limits []outcome) outcome {
	if p := r.Principal; p != nil && (p.Kind == Service || p.Kind == Federated) {
		return on
	}
	if l.On != nil && l.Owner != "" && r.Principal != nil && r.Principal.Account != l.Owner {
		return and(own, delegated)
	}
	if r.Principal != nil && r.Principal.Kind == Role {
		on = roleOnly(l, r, on, limits)
	}
	switch {
	case l.OnlyOn && l.On == nil:
		return nothing()
	case l.OnlyOn:
		return or(on, and(own, delegated))
	}
	return or(own, on)
}

// roleOnly lets boundary and session policy cut what the resource gives the role
// rather than its session.
func roleOnly(l *Layers, r *Request, on outcome, limits []outcome) outcome {
	closest := consult([]*Policy{l.On}, r, direct)
	return or(closest, and(append([]outcome{on}, limits...)...))
}

// and is what several sets of policies allow together.
func and(os ...outcome) outcome {
	out := nothing()
	out.allow = tri.Yes
	for _, o := range os {
		out.allow = tri.And(out.allow, o.allow)
		out.allowedBy = append(out.allowedBy, o.allowedBy...)
		out.allowWhy = append(out.allowWhy, o.allowWhy...)
	}
	return out
}

// or is what one of two sets of policies allows.
func or(a, b outcome) outcome {
	switch {
	case tri.Compare(a.allow, b.allow) > 0:
		return a
	case tri.Compare(b.allow, a.allow) > 0:
		return b
	}
	a.allowedBy = append(a.allowedBy, b.allowedBy...)
	a.allowWhy = append(a.allowWhy, b.allowWhy...)
	return a
}

// denied is the decision of an explicit denial.
func denied(os []outcome) (Decision, bool) {
	for _, o := range os {
		if o.deny == tri.Yes {
			return Decision{Verdict: tri.No, Explicit: true, By: o.deniedBy[:1]}, true
		}
	}
	return Decision{}, false
}

func unless(why []Reason) []Reason {
	out := make([]Reason, len(why))
	for i, w := range why {
		w.Text = "a denial: " + w.Text
		out[i] = w
	}
	return out
}

func distinct(why []Reason) []Reason {
	var out []Reason
	seen := map[Reason]bool{}
	for _, w := range why {
		if !seen[w] && len(out) < maxReasons {
			seen[w] = true
			out = append(out, w)
		}
	}
	return out
}
