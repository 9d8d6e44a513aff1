package aws

import (
	"fmt"
	"slices"
	"strings"

	"bulwark/facts/iam/awspolicy"
	"bulwark/internal/tri"
)

// Grant is a role that a service account can become.
type Grant struct {
	Role    *Principal
	Via     string // IRSA, EKS Pod Identity, …
	Verdict tri.Value
	Why     []awspolicy.Reason // what it depends on
	By      []awspolicy.Source // the statement that lets it
	From    *Principal         // the role that it is assumed from, for a chain
	Pod     *PodIdentity
}

// Ways in which a service account becomes a role.
const (
	ViaIRSA        = "IRSA"
	ViaPodIdentity = "EKS Pod Identity"
)

const webIdentity = "sts:AssumeRoleWithWebIdentity"

// Audience is what tokens for AWS are made out to.
const Audience = "sts.amazonaws.com"

// Issuer is the issuer of tokens that an identity provider of AWS stands for,
// from its ARN; empty for other providers.
func Issuer(provider string) string {
	_, issuer, _ := strings.Cut(provider, ":oidc-provider/")
	return issuer
}

// Providers returns the ARNs of the identity providers that statements of a trust
// policy let in by web identity.
func Providers(trust *awspolicy.Policy) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range trust.Statements {
		if s.Deny || s.Principals == nil {
			continue
		}
		for _, f := range s.Principals.Federate {
			if Issuer(f) != "" && !seen[f] {
				seen[f] = true
				out = append(out, f)
			}
		}
	}
	return out
}

// clusterIssuer says whether an issuer is one of EKS or of a cluster that was exported.
func (e *Estate) clusterIssuer(issuer string) bool {
	if strings.HasPrefix(issuer, "oidc.eks.") || strings.Contains(issuer, ".eks.amazonaws.com/id/") {
		return true
	}
	for _, c := range e.Clusters {
		if c.Issuer == issuer {
			return true
		}
	}
	return false
}

// issuerIsOurs asks whether an issuer is that of the cluster which is looked at.
// Where one cluster was exported it is taken to be that.
func (e *Estate) issuerIsOurs(issuer string) (tri.Value, string) {
	known := 0
	mine := false
	for _, c := range e.Clusters {
		if c.Issuer != "" {
			known++
			mine = mine || c.Issuer == issuer
		}
	}
	switch {
	case known == 0 && e.clusterIssuer(issuer):
		return tri.Unknown, fmt.Sprintf("whether %q issues the tokens of this cluster: no description of the cluster was exported", issuer)
	case !mine:
		return tri.No, ""
	case known > 1:
		return tri.Unknown, fmt.Sprintf("whether %q issues the tokens of this cluster: %d clusters were exported", issuer, known)
	}
	return tri.Yes, ""
}

// TokenContext is what AWS knows of a token of a service account.
func TokenContext(issuer, namespace, account string) *awspolicy.Context {
	key := strings.ToLower(issuer) + ":"
	return &awspolicy.Context{
		Values: map[string][]string{
			key + "sub": {"system:serviceaccount:" + namespace + ":" + account}, key + "aud": {Audience},
			"aws:federatedprovider": nil, "aws:securetransport": {"true"}, "aws:viaawsservice": {"false"},
		},
		Absent: func(k string) bool {
			return strings.HasPrefix(k, key) || strings.HasPrefix(k, "aws:principaltag/") || strings.HasPrefix(k, "aws:requesttag/") ||
				strings.HasPrefix(k, "aws:multifactorauth") || k == "aws:username" || k == "aws:principalarn" || k == "aws:principalorgid"
		},
	}
}

// webTrust decides whether a trust policy lets a token of a service account in.
func (e *Estate) webTrust(role *Principal, provider, namespace, account string) awspolicy.Decision {
	c := TokenContext(Issuer(provider), namespace, account)
	c.Values["aws:federatedprovider"] = []string{provider}
	c.Values["aws:resourceaccount"] = []string{role.Account}
	l := awspolicy.Layers{On: role.Trust, Owner: role.Account, OnlyOn: true, RCPs: role.layers.RCPs}
	return l.Decide(&awspolicy.Request{
		Action: webIdentity, Resource: role.ARN, Principal: &awspolicy.Principal{Kind: awspolicy.Federated, Name: provider}, Context: c,
	})
}

// Assumable returns the roles that a service account can become, with what each
// depends on. The annotation of the account has no say in it.
func (e *Estate) Assumable(namespace, account string) []Grant {
	e.webOnce.Do(e.indexTrusts)
	var out []Grant
	sub := "system:serviceaccount:" + namespace + ":" + account
	for _, role := range slices.Concat(e.webBySub[sub], e.webOpen) {
		for _, provider := range Providers(role.Trust) {
			if g, ok := e.irsa(role, provider, namespace, account); ok {
				out = append(out, g)
			}
		}
	}
	for _, a := range e.pods[sub] {
		out = append(out, e.podIdentity(a.cluster, a.pod)...)
	}
	return out
}

// WebRoles returns the roles that trust an identity provider.
func (e *Estate) WebRoles() []*Principal {
	var out []*Principal
	for _, p := range e.Principals {
		if p.Trust != nil && len(Providers(p.Trust)) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// association is a pod identity with its cluster.
type association struct {
	cluster *Cluster
	pod     *PodIdentity
}

// indexTrusts files the roles that can be become only under certain names of
// service accounts by those names, and the rest apart.
func (e *Estate) indexTrusts() {
	e.webBySub, e.pods = map[string][]*Principal{}, map[string][]association{}
	for _, role := range e.WebRoles() {
		subs, exact := exactSubs(role.Trust)
		if !exact {
			e.webOpen = append(e.webOpen, role)
			continue
		}
		for _, sub := range subs {
			e.webBySub[sub] = append(e.webBySub[sub], role)
		}
	}
	for _, c := range e.Clusters {
		for _, p := range c.Pods {
			sub := "system:serviceaccount:" + p.Namespace + ":" + p.Account
			e.pods[sub] = append(e.pods[sub], association{c, p})
		}
	}
}

// Subjects returns the subjects of service accounts that trusts and associations name.
func (e *Estate) Subjects() []string {
	e.webOnce.Do(e.indexTrusts)
	var out []string
	for sub := range e.webBySub {
		out = append(out, sub)
	}
	for sub := range e.pods {
		out = append(out, sub)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// exactSubs returns the subjects that a trust policy lets in, when each of its
// statements lists them as they are.
func exactSubs(trust *awspolicy.Policy) (subs []string, exact bool) {
	for _, s := range trust.Statements {
		if s.Deny || s.Principals == nil || len(s.Principals.Federate) == 0 && !s.Principals.Not && !s.Principals.Everyone {
			continue
		}
		found := false
		for i := range s.Conditions {
			c := &s.Conditions[i]
			if strings.EqualFold(c.Operator, "StringEquals") && strings.HasSuffix(strings.ToLower(c.Key), ":sub") && !strings.Contains(strings.Join(c.Values, ""), "${") {
				subs, found = append(subs, c.Values...), true
			}
		}
		if !found {
			return nil, false
		}
	}
	slices.Sort(subs)
	return slices.Compact(subs), trust.Unreadable == nil
}

// irsa asks whether a role can be become with a token of the service account.
func (e *Estate) irsa(role *Principal, provider, namespace, account string) (Grant, bool) {
	ours, why := e.issuerIsOurs(Issuer(provider))
	if ours == tri.No {
		return Grant{}, false
	}
	if e.knowsIssuers && e.providers[provider] == nil && accountOf(provider) == role.Account {
		return Grant{}, false // nobody checks tokens for a provider that is not there
	}
	d := e.webTrust(role, provider, namespace, account)
	if d.Verdict == tri.No {
		return Grant{}, false
	}
	g := Grant{Role: role, Via: ViaIRSA, Verdict: tri.And(d.Verdict, ours), Why: d.Reasons, By: d.By}
	if why != "" {
		g.Why = append(g.Why, awspolicy.Reason{Text: why, Policy: role.Trust, Path: "AssumeRolePolicyDocument"})
	}
	return g, true
}

// podIdentity returns the role of an association, and the one that is assumed from it.
func (e *Estate) podIdentity(c *Cluster, p *PodIdentity) []Grant {
	why := func(text string) []awspolicy.Reason { return []awspolicy.Reason{{Text: text}} }
	if p.Role == "" {
		return []Grant{{Role: &Principal{ARN: "(role not exported)"}, Via: ViaPodIdentity, Verdict: tri.Unknown, Pod: p,
			Why: why("which role the association has: export it with describe-pod-identity-association")}}
	}
	role := e.Role(p.Role)
	if role == nil {
		return []Grant{{Role: &Principal{ARN: p.Role, Account: accountOf(p.Role)}, Via: ViaPodIdentity, Verdict: tri.Unknown, Pod: p,
			Why: why("what the role trusts and may do: it was not exported")}}
	}
	first := e.podTrust(c, p, role)
	if len(e.Clusters) > 1 && first.Verdict == tri.Yes {
		first.Verdict = tri.Unknown
		first.Why = why(fmt.Sprintf("whether %q is this cluster: %d clusters were exported", c.Name, len(e.Clusters)))
	}
	if first.Verdict == tri.No {
		return nil
	}
	out := []Grant{first}
	if p.Target == "" {
		return out
	}
	next := Grant{Role: e.Role(p.Target), Via: ViaPodIdentity, Pod: p, From: role}
	if next.Role == nil {
		next.Role, next.Verdict = &Principal{ARN: p.Target, Account: accountOf(p.Target)}, tri.Unknown
		next.Why = why("what the role trusts and may do: it was not exported")
		return append(out, next)
	}
	extra := map[string]string{}
	if p.ExternalID != "" {
		extra["sts:ExternalId"] = p.ExternalID
	}
	d := e.CanAssume(role, next.Role, extra)
	next.Verdict, next.Why, next.By = tri.And(first.Verdict, d.Verdict), append(first.Why, d.Reasons...), d.By
	if next.Verdict != tri.No {
		out = append(out, next)
	}
	return out
}

// podTrust decides whether a role trusts the agent of EKS Pod Identity for one association.
func (e *Estate) podTrust(c *Cluster, p *PodIdentity, role *Principal) Grant {
	extra := map[string]string{"aws:SourceAccount": c.Account, "aws:SourceArn": c.ARN}
	if c.Account == "" {
		extra = map[string]string{"aws:SourceAccount": role.Account}
	}
	actions := []string{"sts:AssumeRole"}
	if !p.NoTags {
		actions = append(actions, "sts:TagSession")
		for k, v := range map[string]string{
			"eks-cluster-arn": c.ARN, "eks-cluster-name": c.Name, "kubernetes-namespace": p.Namespace, "kubernetes-service-account": p.Account,
		} {
			if v != "" {
				extra["aws:RequestTag/"+k] = v
			}
		}
	}
	g := Grant{Role: role, Via: ViaPodIdentity, Verdict: tri.Yes, Pod: p}
	for _, action := range actions {
		d := e.Trusts(role, "pods.eks.amazonaws.com", action, extra)
		g.Verdict = tri.And(g.Verdict, d.Verdict)
		g.Why, g.By = append(g.Why, d.Reasons...), append(g.By, d.By...)
	}
	return g
}
