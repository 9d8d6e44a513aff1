package aws

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"bulwark/facts/iam/awspolicy"
	"bulwark/internal/tri"
)

func text(actions []string) string {
	quoted := make([]string, len(actions))
	for i, a := range actions {
		quoted[i] = fmt.Sprintf("%q", a)
	}
	return strings.Join(quoted, ",")
}

func policyOf(effect string, actions []string, resource, more string) *awspolicy.Policy {
	return awspolicy.ParseText(fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":%q,"Action":[%s],"Resource":%q%s}]}`, effect, text(actions), resource, more), "p", awspolicy.Identity)
}

// opens is what the policies make of one path: no for one that is not found.
func opens(id string, policies ...*awspolicy.Policy) tri.Value {
	for _, x := range Hypothetical(policies) {
		if x.ID == id {
			return x.Verdict
		}
	}
	return tri.No
}

// TestEveryPath gives each path exactly what it needs, then all but one action, then
// all with one denied: only the first may be open.
func TestEveryPath(t *testing.T) {
	ids := map[string]bool{}
	for _, w := range catalogue() {
		if ids[w.id] {
			t.Errorf("two paths are called %s", w.id)
		}
		ids[w.id] = true
		if w.gain == identity && (w.target == itself || w.target == itselfRole) {
			continue // about a boundary, which TestBoundary has
		}
		var actions []string
		for _, s := range w.steps {
			actions = append(actions, s.action)
		}
		if v := opens(w.id, policyOf("Allow", actions, "*", "")); v != tri.Yes {
			t.Errorf("%s with %v: %v", w.id, actions, v)
		}
		for i, a := range actions {
			less := slices.Delete(slices.Clone(actions), i, i+1)
			if len(less) > 0 && opens(w.id, policyOf("Allow", less, "*", "")) != tri.No {
				t.Errorf("%s is open without %s", w.id, a)
			}
			if opens(w.id, policyOf("Allow", actions, "*", ""), policyOf("Deny", []string{a}, "*", "")) != tri.No {
				t.Errorf("%s is open though %s is denied", w.id, a)
			}
			if v := opens(w.id, policyOf("Allow", actions, "*", ""), policyOf("Deny", []string{a}, "*", `,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}`)); v != tri.Unknown {
				t.Errorf("%s with a denial of %s without a second factor: %v", w.id, a, v)
			}
		}
	}
	if len(ids) < 75 {
		t.Errorf("only %d paths", len(ids))
	}
}

// TestPatterns opens paths in the ways that a look at names of actions misses.
func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		statements, id string
		want           tri.Value
	}{
		{`{"Effect":"Allow","Action":"iam:*Policy*","Resource":"*"}`, "iam-005", tri.Yes},
		{`{"Effect":"Allow","NotAction":["s3:*"],"Resource":"*"}`, "iam-001", tri.Yes},
		{`{"Effect":"Allow","NotAction":["iam:*"],"Resource":"*"}`, "iam-001", tri.No},
		{`{"Effect":"Allow","NotAction":["iam:*"],"Resource":"*"}`, "lambda-003", tri.Yes},
		{`{"Effect":"Allow","Action":"IAM:PUTROLEPOLICY","Resource":"arn:aws:iam::111122223333:role/x"}`, "iam-005", tri.Yes},
		{`{"Effect":"Allow","Action":["iam:PassRole"],"Resource":"arn:aws:iam::111122223333:role/x","Condition":{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}},{"Effect":"Allow","Action":"*:Create*","Resource":"*"},{"Effect":"Allow","Action":["ec2:RunInstances","lambda:*"],"Resource":"*"}`, "lambda-001", tri.No},
		{`{"Effect":"Allow","Action":["iam:PassRole"],"Resource":"arn:aws:iam::111122223333:role/x","Condition":{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}},{"Effect":"Allow","Action":["ec2:RunInstances"],"Resource":"*"}`, "ec2-001", tri.Yes},
		{`{"Effect":"Allow","Action":["iam:PassRole","ec2:RunInstances"],"Resource":"arn:aws:iam::111122223333:role/x"}`, "ec2-001", tri.No},
		{`{"Effect":"Allow","Action":"ec2:RunInstances","Resource":["arn:aws:ec2:*:*:instance/*"]},{"Effect":"Allow","Action":"iam:PassRole","Resource":"*"}`, "ec2-001", tri.No},
		{`{"Effect":"Allow","Action":"iam:AttachRolePolicy","Resource":"*","Condition":{"ArnEquals":{"iam:PolicyARN":"arn:aws:iam::111122223333:policy/harmless"}}}`, "iam-009", tri.No},
		{`{"Effect":"Allow","Action":["iam:PutRolePolicy"],"Resource":"arn:aws:iam::*:role/a*"},{"Effect":"Allow","Action":["sts:AssumeRole"],"Resource":"arn:aws:iam::*:role/b*"}`, "iam-017", tri.No},
		{`{"Effect":"Allow","Action":["iam:PutRolePolicy"],"Resource":"arn:aws:iam::*:role/a*"},{"Effect":"Allow","Action":["sts:AssumeRole"],"Resource":"arn:aws:iam::*:role/*"}`, "iam-017", tri.Yes},
		{`{"Effect":"Allow","Action":"iam:PutUserPolicy","Resource":"arn:aws:iam::*:user/${aws:username}"}`, "iam-007", tri.Unknown},
		{`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"*"}`, "iam-005", tri.No},
	} {
		p := awspolicy.ParseText(`{"Version":"2012-10-17","Statement":[`+c.statements+`]}`, "p", awspolicy.Identity)
		if p.Unreadable != nil {
			t.Fatal(p.Unreadable)
		}
		if got := opens(c.id, p); got != c.want {
			t.Errorf("%s of %s: %v, want %v", c.id, c.statements, got, c.want)
		}
	}
}
