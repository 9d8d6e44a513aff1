package awspolicy

import (
	"slices"
	"strings"

	"bulwark/internal/tri"
)

// PrincipalKind is what sort of caller a Principal is.
type PrincipalKind uint8

// Kinds of callers.
const (
	User      PrincipalKind = iota
	Role                    // a session of a role
	Service                 // a service of AWS
	Federated               // somebody whom an identity provider vouches for, before a role was assumed
)

// Principal is who makes a request.
type Principal struct {
	Kind    PrincipalKind
	Name    string // the ARN of a user or role, the name of a service, the ARN of an identity provider
	Session string // the ARN of the session of a role, where it is known
	Account string // 12 digits; empty for services and identity providers
}

// reach says how closely a resource policy names a caller.
type reach uint8

const (
	nobody  reach = iota
	account       // its account: the policies of the caller must allow too
	byRole        // the role of a session: boundary and session policy still count
	direct        // the caller itself, or everyone
)

// named asks how a statement names the caller.
func (s *Statement) named(p *Principal) (reach, tri.Value) {
	e := s.Principals
	if e == nil || p == nil {
		return direct, tri.Yes
	}
	if e.Not {
		return direct, e.excepted(p)
	}
	if r := e.includes(p); r != nobody {
		return r, tri.Yes
	}
	return nobody, tri.No
}

// includes is how closely the list names the caller.
func (e *Principals) includes(p *Principal) reach {
	switch {
	case e.Everyone && p.Kind != Service:
		return direct
	case p.Kind == Service:
		return when(slices.ContainsFunc(e.Service, func(s string) bool { return sameService(s, p.Name) }), direct)
	case p.Kind == Federated:
		return when(slices.Contains(e.Federate, p.Name), direct)
	}
	best := nobody
	for _, a := range e.AWS {
		best = max(best, p.matches(a))
	}
	return best
}

func when(b bool, r reach) reach {
	if b {
		return r
	}
	return nobody
}

// sameService compares names of services, of which some have a region in them.
func sameService(a, b string) bool {
	if a == b {
		return true
	}
	short := func(s string) string {
		name, _, _ := strings.Cut(s, ".")
		return name
	}
	return strings.HasSuffix(a, ".amazonaws.com") && strings.HasSuffix(b, ".amazonaws.com") && short(a) == short(b) && strings.Count(a, ".") == 3 && strings.Count(b, ".") == 2
}

// matches is how closely one entry of an AWS list names the caller.
func (p *Principal) matches(entry string) reach {
	switch {
	case entry == p.Account && p.Account != "" || strings.HasSuffix(entry, ":iam::"+p.Account+":root"):
		return account
	case p.Kind == User && entry == p.Name:
		return direct
	case p.Kind == Role && p.Session != "" && entry == p.Session:
		return direct
	case p.Kind == Role && entry == p.Name:
		return byRole
	}
	return nobody
}

// excepted asks whether a NotPrincipal leaves the caller in: it does unless the
// caller and, as AWS wants it, what stands behind it are all listed.
func (e *Principals) excepted(p *Principal) tri.Value {
	if e.Everyone {
		return tri.No
	}
	if p.Kind == Service || p.Kind == Federated {
		return tri.Of(e.includes(p) == nobody)
	}
	var itself, behind bool
	for _, a := range e.AWS {
		switch p.matches(a) {
		case account:
			behind = true
		case byRole, direct:
			itself = true
		}
	}
	switch {
	case itself && behind:
		return tri.No
	case itself || behind:
		return tri.Unknown // AWS itself warns that the outcome may surprise
	}
	return tri.Yes
}
