package iamroles

import (
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/facts/iam"
	"bulwark/facts/iam/aws"
	"bulwark/internal/tri"
	"bulwark/source/cloud"
	"bulwark/world"
)

// roleOf returns the principal of AWS that an object describes.
func roleOf(m *iam.Model, o *world.Object) *aws.Principal {
	if p := m.AWS.Principal(cloud.Tree(o).Text("Arn")); p != nil && p.Object == o {
		return p
	}
	return nil
}

// eachTrust calls f for every statement of the subject that lets tokens of this cluster in.
func eachTrust(p *control.Pass, f func(t *aws.WebTrust)) error {
	m, err := iam.Fact.Of(p)
	if err != nil {
		return err
	}
	role := roleOf(m, p.Subject)
	if role == nil {
		p.NotApplicable()
		return nil
	}
	trusts := m.AWS.WebTrusts(role)
	if len(trusts) == 0 {
		p.NotApplicable()
		if role.Trust.Unreadable != nil {
			p.Unknown("AssumeRolePolicyDocument", "whom the role trusts: %s", role.Trust.Unreadable)
		}
		return nil
	}
	for i := range trusts {
		if trusts[i].Ours != tri.No {
			f(&trusts[i])
		}
	}
	return nil
}

var anyAccount = &control.Control{
	ID: "BW1609", Concept: concept, Severity: control.High,
	Title: "Every service account of the cluster can become a cloud role",
	Doc: `The trust policy of a role decides which tokens it takes. One that names the cluster's issuer but no subject takes the token of every
service account: whoever may start a pod anywhere, or asks for a token of any account, becomes the role. The annotation on one account does not keep the others out.

It fires for each statement of an exported AWS role that lets sts:AssumeRoleWithWebIdentity in from the issuer of a cluster without a condition on
the subject, or with one whose wildcards fit every account. A negated condition, IfExists or ForAllValues does not count.

Name the one account.

` + "```yaml\nCondition:\n  StringEquals:\n    \"ISSUER:sub\": system:serviceaccount:shop:web\n    \"ISSUER:aud\": sts.amazonaws.com\n```",
	Refs:     []string{"ATT&CK T1078.004", "ATT&CK T1528"},
	Kinds:    []string{cloud.AWSRole},
	Requires: []control.AnyFact{iam.Fact},
	Implies:  []string{"BW1612"},
	Check: func(p *control.Pass) error {
		return eachTrust(p, func(t *aws.WebTrust) {
			if t.AnySubject() {
				p.Report(t.Statement.Path, "role %q trusts every service account of %q", t.Role.Name, t.Issuer).Within(t.Statement.Path)
			}
		})
	},
}

var wildAccount = &control.Control{
	ID: "BW1610", Concept: concept, Severity: control.Medium,
	Title: "Cloud role trusts service accounts by a pattern",
	Doc: `A pattern in a trust policy lets in accounts that do not exist yet. Whoever may make a service account, or a namespace, whose name fits becomes the
role: a right that many tools of a cluster have.

It fires for each subject with a wildcard under a comparing operator that honours it (StringLike), unless it fits every account, which BW1609 reports. The message
says whether a new namespace would do or only a new account.

List the accounts one by one: a condition takes several values.

` + "```yaml\nCondition:\n  StringEquals:\n    \"ISSUER:sub\": [system:serviceaccount:shop:web, system:serviceaccount:shop:jobs]\n```",
	Refs:     []string{"ATT&CK T1078.004"},
	Kinds:    []string{cloud.AWSRole},
	Requires: []control.AnyFact{iam.Fact},
	Check: func(p *control.Pass) error {
		return eachTrust(p, func(t *aws.WebTrust) {
			if t.AnySubject() {
				return
			}
			for _, s := range t.Wild() {
				what := "service account of a namespace"
				if namespace, _, _ := strings.Cut(strings.TrimPrefix(s, "system:serviceaccount:"), ":"); strings.ContainsAny(namespace, "*?") {
					what = "service account of a new namespace"
				}
				p.Report(t.Statement.Path, "role %q trusts every %s that fits %q", t.Role.Name, what, s)
			}
		})
	},
}

var literalStar = &control.Control{
	ID: "BW1611", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Wildcard in a trust policy is compared as it is written",
	Doc: `StringEquals does not know wildcards: a subject such as system:serviceaccount:shop:* fits no account at all. The role looks granted and is
not; the next person to look at it will widen the trust until it works.

It fires for each subject with * or ? under an operator that compares text as it is written, in a statement that trusts the issuer of a cluster.

Write the names out. StringLike would honour the wildcard, and let in whoever makes an account that fits.

` + "```yaml\nCondition:\n  StringEquals:\n    \"ISSUER:sub\": system:serviceaccount:shop:web\n```",
	Refs:     []string{"ATT&CK T1078.004"},
	Kinds:    []string{cloud.AWSRole},
	Requires: []control.AnyFact{iam.Fact},
	Check: func(p *control.Pass) error {
		return eachTrust(p, func(t *aws.WebTrust) {
			for _, s := range t.Literal {
				p.Report(t.Statement.Path, "the subject %q of role %q fits no service account: its operator knows no wildcards", s, t.Role.Name)
			}
		})
	},
}

var noAudience = &control.Control{
	ID: "BW1612", Concept: concept, Severity: control.Low,
	Title: "Trust policy of a cloud role asks for no audience",
	Doc: `A token is made out to somebody: tokens for AWS have the audience sts.amazonaws.com. A trust policy that does not ask for it also takes
those that a pod shows to other services, if they share the provider's list of audiences; whoever receives one of them can then become the role.

It fires for each statement that trusts the issuer of a cluster and has no positive condition on its audience.

Ask for the audience beside the subject.

` + "```yaml\nCondition:\n  StringEquals:\n    \"ISSUER:sub\": system:serviceaccount:shop:web\n    \"ISSUER:aud\": sts.amazonaws.com\n```",
	Refs:     []string{"ATT&CK T1528", "ATT&CK T1550.001"},
	Kinds:    []string{cloud.AWSRole},
	Requires: []control.AnyFact{iam.Fact},
	Check: func(p *control.Pass) error {
		return eachTrust(p, func(t *aws.WebTrust) {
			if !t.Audience {
				p.Report(t.Statement.Path, "role %q takes tokens of %q whatever their audience", t.Role.Name, t.Issuer)
			}
		})
	},
}

var strangers = &control.Control{
	ID: "BW1613", Concept: concept, Severity: control.High,
	Title: "Cloud role trusts everybody, or the whole of another account",
	Doc: `A role that trusts "*" can be become by anybody who has an account of AWS. One that trusts another account hands its rights to whoever that
account's administrators choose, and, without an external id, to whoever makes a service of that account call on his behalf.

It fires for each Allow statement of an exported role's trust policy that lets sts:AssumeRole in from "*", or from the root of another account, without any condition. Roles
that AWS made itself are left out.

Name the role that needs it, and ask for an external id.

` + "```yaml\nPrincipal: {AWS: \"arn:aws:iam::444455556666:role/deployer\"}\nCondition: {StringEquals: {\"sts:ExternalId\": shop-deployer}}\n```",
	Refs:     []string{"ATT&CK T1078.004", "ATT&CK T1199"},
	Kinds:    []string{cloud.AWSRole},
	Requires: []control.AnyFact{iam.Fact},
	Check: func(p *control.Pass) error {
		m, err := iam.Fact.Of(p)
		if err != nil {
			return err
		}
		role := roleOf(m, p.Subject)
		if role == nil || role.ServiceLinked {
			p.NotApplicable()
			return nil
		}
		for _, s := range role.Trust.Statements {
			if s.Deny || s.Principals == nil || len(s.Conditions) > 0 {
				continue
			}
			if s.Principals.Everyone || s.Principals.Not {
				p.Report(s.Path, "role %q trusts everybody", role.Name)
				continue
			}
			if i := slices.IndexFunc(s.Principals.AWS, func(a string) bool { return foreignRoot(a, role.Account) }); i >= 0 {
				p.Report(s.Path, "role %q trusts the whole account %q without a condition", role.Name, s.Principals.AWS[i])
			}
		}
		return nil
	},
}

// foreignRoot says whether a principal is the whole of another account.
func foreignRoot(principal, account string) bool {
	if len(principal) == 12 && strings.Trim(principal, "0123456789") == "" {
		return principal != account
	}
	return strings.HasSuffix(principal, ":root") && !strings.Contains(principal, "::"+account+":")
}
