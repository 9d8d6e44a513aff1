package aws

import (
	"slices"
	"strings"

	"bulwark/facts/iam/awspolicy"
	"bulwark/internal/tri"
)

// WebTrust is one statement of a trust policy that lets tokens of a cluster in,
// and what it asks of them.
type WebTrust struct {
	Role      *Principal
	Provider  string // ARN
	Issuer    string
	Statement *awspolicy.Statement
	Subjects  []string // patterns of the subjects that it lets in; none means any
	Like      bool     // the patterns have wildcards that count
	Audience  bool     // it asks for the audience of AWS
	Literal   []string // subjects with a "*" that does not count, since the operator compares as written
	Ours      tri.Value
}

// WebTrusts returns the statements of a role that let tokens of clusters in.
func (e *Estate) WebTrusts(role *Principal) []WebTrust {
	if role.Trust == nil {
		return nil
	}
	var out []WebTrust
	for _, s := range role.Trust.Statements {
		if s.Deny || s.Principals == nil {
			continue
		}
		for _, provider := range s.Principals.Federate {
			issuer := Issuer(provider)
			if issuer == "" || !e.clusterIssuer(issuer) {
				continue
			}
			t := WebTrust{Role: role, Provider: provider, Issuer: issuer, Statement: s}
			t.Ours, _ = e.issuerIsOurs(issuer)
			t.read()
			out = append(out, t)
		}
	}
	return out
}

// read takes the conditions on subject and audience out of the statement.
func (t *WebTrust) read() {
	key := strings.ToLower(t.Issuer) + ":"
	for i := range t.Statement.Conditions {
		c := &t.Statement.Conditions[i]
		op := strings.ToLower(c.Operator)
		positive := !strings.Contains(op, "not") && !strings.HasSuffix(op, "ifexists") && !strings.HasPrefix(op, "forallvalues:")
		switch strings.ToLower(c.Key) {
		case key + "aud":
			t.Audience = t.Audience || positive
		case key + "sub":
			if !positive {
				continue
			}
			t.Subjects = append(t.Subjects, c.Values...)
			like := strings.Contains(op, "like")
			for _, v := range c.Values {
				if strings.ContainsAny(v, "*?") && !like {
					t.Literal = append(t.Literal, v)
				}
			}
			t.Like = t.Like || like
		}
	}
}

// AnySubject says whether every service account of the cluster is let in.
func (t *WebTrust) AnySubject() bool {
	return len(t.Subjects) == 0 || t.Like && slices.ContainsFunc(t.Subjects, func(s string) bool {
		return awspolicy.Match(s, "system:serviceaccount:bulwark-any:bulwark-any")
	})
}

// Wild returns the patterns that let in more than one service account.
func (t *WebTrust) Wild() []string {
	var out []string
	if t.Like {
		for _, s := range t.Subjects {
			if strings.ContainsAny(s, "*?") {
				out = append(out, s)
			}
		}
	}
	return out
}
