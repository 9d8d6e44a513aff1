package aws

import (
	"strings"

	"bulwark/facts/iam/awspolicy"
	"bulwark/internal/tri"
)

// context is what is known of a request that a principal makes.
func (e *Estate) context(p *Principal, resource string) *awspolicy.Context {
	c := &awspolicy.Context{Values: map[string][]string{
		"aws:principalarn": {p.ARN}, "aws:principalaccount": {p.Account}, "aws:principalisawsservice": {"false"},
		"aws:securetransport": {"true"}, "aws:viaawsservice": {"false"},
	}}
	if a := accountOf(resource); len(a) == 12 {
		c.Values["aws:resourceaccount"] = []string{a}
	}
	if p.Kind == awspolicy.User {
		c.Values["aws:username"], c.Values["aws:principaltype"] = []string{p.Name}, []string{"User"}
	} else {
		c.Values["aws:principaltype"] = []string{"AssumedRole"}
	}
	for k, v := range p.Tags {
		c.Values["aws:principaltag/"+strings.ToLower(k)] = []string{v}
	}
	if target := e.byARN[resource]; target != nil {
		for k, v := range target.Tags {
			c.Values["aws:resourcetag/"+strings.ToLower(k)] = []string{v}
			c.Values["iam:resourcetag/"+strings.ToLower(k)] = []string{v}
		}
		if target.BoundaryARN != "" {
			c.Values["iam:permissionsboundary"] = []string{target.BoundaryARN}
		}
	}
	tagged := e.byARN[resource] != nil
	role := p.Kind == awspolicy.Role
	c.Absent = func(key string) bool {
		switch {
		case strings.HasPrefix(key, "aws:calledvia"):
			return true
		case strings.HasPrefix(key, "aws:principaltag/"):
			return !role || !strings.HasPrefix(key, "aws:principaltag/kubernetes-") && !strings.HasPrefix(key, "aws:principaltag/eks-")
		case tagged && (strings.HasPrefix(key, "aws:resourcetag/") || strings.HasPrefix(key, "iam:resourcetag/")):
			return true
		case tagged && key == "iam:permissionsboundary":
			return true
		}
		return role && (key == "aws:username" || key == "aws:multifactorauthpresent" || key == "aws:multifactorauthage")
	}
	return c
}

// Can answers whether a principal may do something with a resource that has no policy of its own.
func (e *Estate) Can(p *Principal, action, resource string, extra map[string]string) awspolicy.Decision {
	r := e.request(p, action, resource, extra)
	return p.layers.Decide(r)
}

func (e *Estate) request(p *Principal, action, resource string, extra map[string]string) *awspolicy.Request {
	r := &awspolicy.Request{Action: action, Resource: resource, Principal: &p.caller, Context: e.context(p, resource)}
	for k, v := range extra {
		r.Context.Values[strings.ToLower(k)] = []string{v}
	}
	return r
}

// CanAny answers whether a principal may do something with anything that matches
// a template of an ARN.
func (e *Estate) CanAny(p *Principal, action, template string, extra map[string]string) awspolicy.Decision {
	return p.layers.DecideAny(e.request(p, action, template, extra), template)
}

// CanAssume answers whether a principal may assume a role by sts:AssumeRole.
func (e *Estate) CanAssume(p, role *Principal, extra map[string]string) awspolicy.Decision {
	l := p.layers
	l.On, l.Owner, l.OnlyOn = role.Trust, role.Account, true
	if !role.ServiceLinked {
		l.RCPs = role.layers.RCPs
	}
	return l.Decide(e.request(p, "sts:AssumeRole", role.ARN, extra))
}

// Trusts answers whether a service may assume a role.
func (e *Estate) Trusts(role *Principal, service, action string, extra map[string]string) awspolicy.Decision {
	c := &awspolicy.Context{Values: map[string][]string{
		"aws:principalisawsservice": {"true"}, "aws:principalservicename": {service}, "aws:sourceaccount": {role.Account},
	}}
	for k, v := range extra {
		c.Values[strings.ToLower(k)] = []string{v}
	}
	l := awspolicy.Layers{On: role.Trust, Owner: role.Account, OnlyOn: true}
	return l.Decide(&awspolicy.Request{Action: action, Resource: role.ARN, Principal: &awspolicy.Principal{Kind: awspolicy.Service, Name: service}, Context: c})
}

// Administers answers whether a principal may do everything, the rights of others included.
func (e *Estate) Administers(p *Principal) awspolicy.Decision {
	e.adminMu.Lock()
	defer e.adminMu.Unlock()
	d, done := e.admin[p]
	if !done {
		if e.admin == nil {
			e.admin = map[*Principal]awspolicy.Decision{}
		}
		d = e.administers(p, p.layers)
		e.admin[p] = d
	}
	return d
}

// administers asks a few things that only somebody with all rights may do.
func (e *Estate) administers(p *Principal, l awspolicy.Layers) awspolicy.Decision {
	prefix := "arn:" + p.Partition + ":"
	var least awspolicy.Decision
	for i, probe := range [][2]string{
		{"bulwark:Anything", prefix + "bulwark:bulwark-any:" + p.Account + ":bulwark-any"},
		{"iam:AttachRolePolicy", prefix + "iam::" + p.Account + ":role/bulwark-any"},
		{"iam:CreateUser", prefix + "iam::" + p.Account + ":user/bulwark-any"},
	} {
		d := l.Decide(e.request(p, probe[0], probe[1], map[string]string{"iam:PolicyARN": administratorARN(p.Partition)}))
		if i == 0 || tri.Compare(d.Verdict, least.Verdict) < 0 {
			least = d
		}
		if least.Verdict == tri.No {
			break
		}
	}
	return least
}

func administratorARN(partition string) string {
	return "arn:" + partition + ":iam::aws:policy/AdministratorAccess"
}

// everythingPolicy is what one gives oneself.
func everythingPolicy() *awspolicy.Policy {
	return awspolicy.ParseText(document("*"), "a policy that allows everything", awspolicy.Identity)
}

// unleashed answers whether a principal would have all rights once it has given
// itself a policy that allows everything: its boundary and guard rails stay.
func (e *Estate) unleashed(p *Principal) awspolicy.Decision {
	l := p.layers
	l.Identity = append([]*awspolicy.Policy{everythingPolicy()}, l.Identity...)
	return e.administers(p, l)
}
