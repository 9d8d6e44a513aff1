package awspolicy

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"bulwark/internal/tri"
)

// random makes statements from a small world in which everything meets everything.
type random struct{ *rand.Rand }

func (r random) of(list ...string) string { return list[r.IntN(len(list))] }

func (r random) statement(effect string) string {
	s := fmt.Sprintf(`{"Effect":%q,%q:%q,%q:%q`, effect,
		r.of("Action", "Action", "Action", "NotAction"), r.of("*", "s3:*", "s3:Get*", "iam:PassRole", "iam:*"),
		r.of("Resource", "Resource", "NotResource"), r.of("*", "arn:aws:s3:::a", "arn:aws:s3:::${aws:username}", "arn:aws:iam::*:role/*"))
	if r.IntN(2) == 0 {
		s += fmt.Sprintf(`,"Condition":{%q:{%q:[%q,%q]}}`, r.of("StringEquals", "StringNotEquals", "StringLike", "Null", "ForAllValues:StringLike", "BoolIfExists"),
			r.of("k", "l", "m"), r.of("a", "true", "*"), r.of("b", "false"))
	}
	return s + "}"
}

func (r random) request() *Request {
	c := (&Context{}).With("k", r.of("a", "b", "c")).With("l")
	if r.IntN(2) == 0 {
		c = c.With("aws:username", "a")
	}
	return &Request{Action: r.of("s3:GetObject", "iam:PassRole", "ec2:RunInstances"), Resource: r.of("*", "arn:aws:s3:::a", "arn:aws:iam::1:role/x"), Context: c}
}

// TestMonotone adds a statement to random policies: a denial never allows more,
// and a permission never allows less.
func TestMonotone(t *testing.T) {
	r := random{rand.New(rand.NewPCG(1, 2))}
	changed := 0
	for range 20_000 {
		var statements []string
		for range 1 + r.IntN(3) {
			statements = append(statements, r.statement(r.of("Allow", "Allow", "Deny")))
		}
		ask := r.request()
		verdict := func(more ...string) tri.Value {
			l := Layers{Identity: []*Policy{parse(t, strings.Join(append(more, statements...), ","))}}
			return l.Decide(ask).Verdict
		}
		before := verdict()
		deny, allow := r.statement("Deny"), r.statement("Allow")
		if after := verdict(deny); tri.Compare(after, before) > 0 {
			t.Fatalf("%v asked of %s\nis %v, and %v with the denial %s", *ask, statements, before, after, deny)
		}
		after := verdict(allow)
		if tri.Compare(after, before) < 0 {
			t.Fatalf("%v asked of %s\nis %v, and %v with the permission %s", *ask, statements, before, after, allow)
		}
		if after != before {
			changed++
		}
	}
	if changed < 1000 {
		t.Errorf("only %d permissions changed anything", changed)
	}
}

// TestSettled gives unknown keys every value they could have: a verdict that does
// not depend must not change.
func TestSettled(t *testing.T) {
	r := random{rand.New(rand.NewPCG(3, 4))}
	settled, open := 0, 0
	for range 20_000 {
		var statements []string
		for range 1 + r.IntN(3) {
			statements = append(statements, r.statement(r.of("Allow", "Deny")))
		}
		l := Layers{Identity: []*Policy{parse(t, strings.Join(statements, ","))}}
		ask := r.request()
		before := l.Decide(ask)
		for _, values := range [][]string{nil, {"a"}, {"b"}, {"true"}, {"false"}, {"a", "c"}} {
			known := *ask
			known.Context = ask.Context.With("m", values...)
			for _, user := range []string{"", "a", "b"} {
				full := known
				if user == "" {
					full.Context = known.Context.With("aws:username")
				} else {
					full.Context = known.Context.With("aws:username", user)
				}
				if v, ok := ask.Context.Values["aws:username"]; ok && (user == "" || v[0] != user) {
					continue
				}
				after := l.Decide(&full).Verdict
				if after == tri.Unknown {
					t.Fatalf("%s: everything is known, but not the verdict", statements)
				}
				if before.Verdict != tri.Unknown && after != before.Verdict {
					t.Fatalf("%v asked of %s\nis %v whatever m is, but %v when it is %q", *ask, statements, before.Verdict, after, values)
				}
			}
		}
		if before.Verdict == tri.Unknown {
			open++
		} else {
			settled++
		}
	}
	if settled < 500 || open < 500 {
		t.Errorf("%d settled, %d open: the world is too narrow", settled, open)
	}
}

// FuzzPolicy reads any text as a policy and asks it something.
func FuzzPolicy(f *testing.F) {
	f.Add(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${aws:username}/*","Condition":{"ForAllValues:StringLike":{"k":["a*"]}}}]}`, "s3:GetObject", "arn:aws:s3:::x/y")
	f.Add(`%7B%22Statement%22%3A%5B%5D%7D`, "a:b", "*")
	f.Add(`{"Statement":{"Effect":"Deny","NotAction":"*","NotResource":"*","NotPrincipal":"*"}}`, "", "")
	f.Fuzz(func(t *testing.T, text, action, resource string) {
		for _, kind := range []Kind{Identity, Resource} {
			p := ParseText(text, "fuzz", kind)
			l := Layers{Identity: []*Policy{p}, On: p, Owner: "1"}
			r := &Request{Action: action, Resource: resource, Principal: &Principal{Kind: Role, Name: "arn:aws:iam::1:role/r", Account: "1"}}
			d := l.Decide(r)
			if d.Verdict == tri.Unknown && len(d.Reasons) == 0 {
				t.Errorf("a verdict depends on nothing")
			}
			l.DecideAny(r, resource)
		}
	})
}

// FuzzPatterns looks for patterns of ARNs whose overlap is wrong.
func FuzzPatterns(f *testing.F) {
	f.Add("arn:aws:iam::*:role/a*b?", "arn:aws:iam::1:role/*")
	f.Add("*a*b*c*", "a:*:?")
	f.Fuzz(func(t *testing.T, a, b string) {
		MatchARN(a, b)
		if w, ok := Overlap(a, b); ok && w != "" && !strings.ContainsAny(a+b, "\x01\x02\x03") && strings.HasPrefix(w, "arn:") {
			if !MatchARN(a, w) || !MatchARN(b, w) {
				t.Errorf("Overlap(%q, %q) = %q, which does not match both", a, b, w)
			}
		}
	})
}

// FuzzCondition asks operators about any two values.
func FuzzCondition(f *testing.F) {
	for _, op := range []string{"StringLike", "NumericLessThan", "DateEquals", "IpAddress", "ArnLike", "BinaryEquals", "Bool", "ForAnyValue:StringEqualsIfExists", "Null"} {
		f.Add(op, "a*", "2026-01-01")
	}
	f.Fuzz(func(t *testing.T, op, policy, value string) {
		p := &Policy{Version: "2012-10-17"}
		c := Condition{Operator: op, Key: "k", Values: []string{policy}}
		for _, ctx := range []*Context{nil, (&Context{}).With("k"), (&Context{}).With("k", value)} {
			r := &Request{Context: ctx}
			r.holds(p, &c)
		}
		_ = c.String()
	})
}
