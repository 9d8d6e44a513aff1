package awspolicy

import (
	"fmt"
	"strings"
	"testing"

	"bulwark/internal/tri"
)

func parse(t testing.TB, statements string) *Policy {
	t.Helper()
	p := ParseText(`{"Version":"2012-10-17","Statement":[`+statements+`]}`, "test", Identity)
	if p.Unreadable != nil {
		t.Fatal(p.Unreadable)
	}
	return p
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"*", "", true}, {"*", "a", true}, {"a*c", "abc", true}, {"a*c", "ac", true}, {"a*c", "abd", false}, {"a?c", "abc", true}, {"a?c", "ac", false},
		{"*a*a*", "xaya", true}, {"*a*a*", "xay", false}, {"", "", true}, {"", "a", false}, {"a\x01", "a*", true}, {"a\x01", "ab", false}, {"\x03x", "abcx", true},
	} {
		if got := Match(c.pattern, c.s); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.pattern, c.s, got)
		}
	}
}

func TestMatchARN(t *testing.T) {
	const role = "arn:aws:iam::111122223333:role/team/app"
	for pattern, want := range map[string]bool{
		"*": true, "arn:aws:iam::111122223333:role/*": true, "arn:aws:iam::*:role/team/*": true, "arn:aws:iam::111122223333:role/app": false,
		"arn:*:iam:*:*:*": true, "arn:aws:iam": true, "arn:aws:*": true, "arn:aws:iam::111122223333:ROLE/*": false, "arn:aws:iam:*role/team/app": false,
		"arn:aws:iam::?11122223333:role/team/a?p": true,
	} {
		if got := MatchARN(pattern, role); got != want {
			t.Errorf("MatchARN(%q) = %v", pattern, got)
		}
	}
}

func TestOverlap(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"*", "arn:aws:iam::1:role/*", true}, {"arn:aws:iam::1:role/a*", "arn:aws:iam::*:role/*b", true}, {"arn:aws:iam::1:role/a*", "arn:aws:iam::1:role/b*", false},
		{"arn:aws:lambda:*:*:function:x", "arn:aws:lambda:eu-*:1:function:*", true}, {"arn:aws:s3:::b/*", "arn:aws:iam::*:role/*", false},
		{"arn:aws:iam::*:role/*a?c*", "arn:aws:iam::1:role/x*y", true},
	} {
		w, ok := Overlap(c.a, c.b)
		if ok != c.want {
			t.Errorf("Overlap(%q, %q) = %q, %v", c.a, c.b, w, ok)
		}
		if ok && (!MatchARN(c.a, w) || !MatchARN(c.b, w)) {
			t.Errorf("Overlap(%q, %q) = %q, which does not match both", c.a, c.b, w)
		}
	}
}

// TestOperators has one row for each operator and each of: a value that fits, one
// that does not, no value, and a value that is not known.
func TestOperators(t *testing.T) {
	const y, n, d = tri.Yes, tri.No, tri.Unknown
	for _, c := range []struct {
		op, policy, hit, miss      string
		onHit, onMiss, none, blind tri.Value
	}{
		{"StringEquals", "a", "a", "A", y, n, n, d},
		{"StringNotEquals", "a", "a", "A", n, y, y, d},
		{"StringEqualsIgnoreCase", "a", "A", "b", y, n, n, d},
		{"StringNotEqualsIgnoreCase", "a", "A", "b", n, y, y, d},
		{"StringLike", "a*", "ab", "b", y, n, n, d},
		{"StringNotLike", "a*", "ab", "b", n, y, y, d},
		{"StringEquals", "a*", "a*", "ab", y, n, n, d},
		{"NumericEquals", "5", "5.0", "6", y, n, n, d},
		{"NumericNotEquals", "5", "5", "6", n, y, y, d},
		{"NumericLessThan", "5", "4", "5", y, n, n, d},
		{"NumericLessThanEquals", "5", "5", "6", y, n, n, d},
		{"NumericGreaterThan", "5", "6", "5", y, n, n, d},
		{"NumericGreaterThanEquals", "5", "5", "x", y, n, n, d},
		{"DateEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", y, n, n, d},
		{"DateNotEquals", "2026-01-01T00:00:00Z", "2026-01-01", "2027-01-01", n, y, y, d},
		{"DateLessThan", "2026-01-01T00:00:00Z", "1700000000", "1900000000", y, n, n, d},
		{"DateLessThanEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", y, n, n, d},
		{"DateGreaterThan", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", y, n, n, d},
		{"DateGreaterThanEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2025-01-01T00:00:00Z", y, n, n, d},
		{"Bool", "true", "True", "false", y, n, n, d},
		{"BinaryEquals", "YQ==", "YQ==", "Yg==", y, n, n, d},
		{"IpAddress", "10.0.0.0/8", "10.1.2.3", "11.1.2.3", y, n, n, d},
		{"NotIpAddress", "10.0.0.0/8", "10.1.2.3", "11.1.2.3", n, y, y, d},
		{"IpAddress", "2001:db8::/32", "2001:db8::1", "10.0.0.1", y, n, n, d},
		{"ArnEquals", "arn:aws:iam::1:role/*", "arn:aws:iam::1:role/a", "arn:aws:iam::2:role/a", y, n, n, d},
		{"ArnLike", "arn:aws:iam::*:role/a", "arn:aws:iam::1:role/a", "arn:aws:iam::2:role/b", y, n, n, d},
		{"ArnNotEquals", "arn:aws:iam::1:role/*", "arn:aws:iam::1:role/a", "arn:aws:iam::2:role/a", n, y, y, d},
		{"ArnNotLike", "arn:aws:iam::*:role/a", "arn:aws:iam::1:role/a", "arn:aws:iam::2:role/b", n, y, y, d},
		{"StringEqualsIfExists", "a", "a", "b", y, n, y, d},
		{"BoolIfExists", "true", "true", "false", y, n, y, d},
		{"ForAllValues:StringEquals", "a", "a", "b", y, n, y, d},
		{"ForAnyValue:StringEquals", "a", "a", "b", y, n, n, d},
		{"ForAnyValue:StringNotEquals", "a", "a", "b", n, y, n, d},
		{"Null", "true", "x", "x", n, n, y, d},
		{"Null", "false", "x", "x", y, y, n, d},
		{"Nonsense", "a", "a", "b", d, d, d, d},
	} {
		p := parse(t, fmt.Sprintf(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{%q:{"aws:Key":%q}}}`, c.op, c.policy))
		for _, x := range []struct {
			name   string
			values []string
			known  bool
			want   tri.Value
		}{{"hit", []string{c.hit}, true, c.onHit}, {"miss", []string{c.miss}, true, c.onMiss}, {"none", nil, true, c.none}, {"unknown", nil, false, c.blind}} {
			ctx := &Context{}
			if x.known {
				ctx = ctx.With("AWS:key", x.values...)
			}
			l := Layers{Identity: []*Policy{p}}
			got := l.Decide(&Request{Action: "s3:GetObject", Resource: "*", Context: ctx})
			if got.Verdict != x.want {
				t.Errorf("%s %q with %s %q: %v, want %v", c.op, c.policy, x.name, x.values, got.Verdict, x.want)
			}
			if (got.Verdict == tri.Unknown) != (len(got.Reasons) > 0) {
				t.Errorf("%s: verdict %v with reasons %v", c.op, got.Verdict, got.Reasons)
			}
		}
	}
}

func TestManyValues(t *testing.T) {
	for _, c := range []struct {
		op     string
		policy string
		values []string
		want   tri.Value
	}{
		{"StringEquals", `["a","b"]`, []string{"b"}, tri.Yes},
		{"StringNotEquals", `["a","b"]`, []string{"b"}, tri.No},
		{"StringNotEquals", `["a","b"]`, []string{"c"}, tri.Yes},
		{"ForAllValues:StringEquals", `["a","b"]`, []string{"a", "b"}, tri.Yes},
		{"ForAllValues:StringEquals", `["a","b"]`, []string{"a", "c"}, tri.No},
		{"ForAnyValue:StringEquals", `["a","b"]`, []string{"c", "b"}, tri.Yes},
		{"ForAllValues:StringNotEquals", `["a"]`, []string{"b", "a"}, tri.No},
		{"ForAnyValue:StringNotEquals", `["a"]`, []string{"b", "a"}, tri.Yes},
	} {
		p := parse(t, fmt.Sprintf(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{%q:{"k":%s}}}`, c.op, c.policy))
		l := Layers{Identity: []*Policy{p}}
		if got := l.Decide(&Request{Action: "a:B", Resource: "*", Context: (&Context{}).With("k", c.values...)}); got.Verdict != c.want {
			t.Errorf("%s %s with %q: %v, want %v", c.op, c.policy, c.values, got.Verdict, c.want)
		}
	}
}

func TestVariables(t *testing.T) {
	known := (&Context{}).With("aws:username", "a*b").With("aws:PrincipalTag/team")
	for _, c := range []struct {
		version, resource, asked string
		ctx                      *Context
		want                     tri.Value
	}{
		{"2012-10-17", "arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::a*b/x", known, tri.Yes},
		{"2012-10-17", "arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::aXb/x", known, tri.No},
		{"2008-10-17", "arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::a*b/x", known, tri.No},
		{"2012-10-17", "arn:aws:s3:::${aws:PrincipalTag/team}/*", "arn:aws:s3:::x/x", known, tri.No},
		{"2012-10-17", "arn:aws:s3:::${aws:PrincipalTag/team, 'all'}/*", "arn:aws:s3:::all/x", known, tri.Yes},
		{"2012-10-17", "arn:aws:s3:::${aws:userid}/*", "arn:aws:s3:::x/x", known, tri.Unknown},
		{"2012-10-17", "arn:aws:s3:::${aws:userid}/*", "arn:aws:ec2:::x/x", known, tri.No},
		{"2012-10-17", "arn:aws:s3:::${*}", "arn:aws:s3:::x", known, tri.No},
		{"2012-10-17", "arn:aws:s3:::${*}", "arn:aws:s3:::*", known, tri.Yes},
		{"2012-10-17", "arn:aws:s3:::a${$}${?}", "arn:aws:s3:::a$?", known, tri.Yes},
	} {
		p := ParseText(fmt.Sprintf(`{"Version":%q,"Statement":{"Effect":"Allow","Action":"s3:*","Resource":%q}}`, c.version, c.resource), "v", Identity)
		l := Layers{Identity: []*Policy{p}}
		if got := l.Decide(&Request{Action: "s3:GetObject", Resource: c.asked, Context: c.ctx}); got.Verdict != c.want {
			t.Errorf("%s %s asked for %s: %v, want %v", c.version, c.resource, c.asked, got.Verdict, c.want)
		}
	}
}

func TestDocuments(t *testing.T) {
	for text, readable := range map[string]bool{
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`:                                         true,
		`%7B%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22s3%3A%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D`: true,
		`{"Statement":[]}`: true,
		`{"Statement":[{"Effect":"Maybe","Action":"*","Resource":"*"}]}`:                 false,
		`{"Statement":[{"Effect":"Allow","Resource":"*"}]}`:                              false,
		`{"Statement":[{"Effect":"Allow","Action":"*"}]}`:                                false,
		`{"Statement":[{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}]}`: false,
		`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":"x"}]}`: false,
		`{"Statement":"x"}`: false, `[]`: false, `%zz`: false, `{`: false, ``: false,
	} {
		p := ParseText(text, "d", Identity)
		if (p.Unreadable == nil) != readable {
			t.Errorf("%s: %v", text, p.Unreadable)
		}
		l := Layers{Identity: []*Policy{p}}
		if v := l.Decide(&Request{Action: "s3:GetObject", Resource: "*"}).Verdict; !readable && v != tri.Unknown {
			t.Errorf("%s cannot be read, so that its verdict is unknown, but it is %v", text, v)
		}
	}
}

func TestNot(t *testing.T) {
	for _, c := range []struct {
		statement, action, resource string
		want                        tri.Value
	}{
		{`{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`, "iam:CreateUser", "*", tri.No},
		{`{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`, "s3:GetObject", "*", tri.Yes},
		{`{"Effect":"Allow","Action":"S3:get*","Resource":"*"}`, "s3:GetObject", "*", tri.Yes},
		{`{"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::a"}`, "s3:GetObject", "arn:aws:s3:::a", tri.No},
		{`{"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::a"}`, "s3:GetObject", "arn:aws:s3:::b", tri.Yes},
		{`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","NotAction":"s3:*","Resource":"*"}`, "iam:CreateUser", "*", tri.No},
		{`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"k":"v"}}}`, "s3:GetObject", "*", tri.Unknown},
		{`{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"k":"v"}}}`, "s3:GetObject", "*", tri.No},
	} {
		l := Layers{Identity: []*Policy{parse(t, c.statement)}}
		if got := l.Decide(&Request{Action: c.action, Resource: c.resource}); got.Verdict != c.want {
			t.Errorf("%s: %s on %s: %v, want %v", c.statement, c.action, c.resource, got.Verdict, c.want)
		}
	}
}

func trust(t testing.TB, principal, more string) *Policy {
	t.Helper()
	p := ParseText(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*",`+principal+more+`}]}`, "trust", Resource)
	if p.Unreadable != nil {
		t.Fatal(p.Unreadable)
	}
	return p
}

// TestLayers goes through the order of AWS: what boundary, session policy, guard
// rails and the policy of the resource do to each kind of caller.
func TestLayers(t *testing.T) {
	all := []*Policy{parse(t, `{"Effect":"Allow","Action":"*","Resource":"*"}`)}
	none := []*Policy{parse(t, `{"Effect":"Allow","Action":"other:*","Resource":"*"}`)}
	user := &Principal{Kind: User, Name: "arn:aws:iam::111122223333:user/u", Account: "111122223333"}
	role := &Principal{Kind: Role, Name: "arn:aws:iam::111122223333:role/r", Session: "arn:aws:sts::111122223333:assumed-role/r/s", Account: "111122223333"}
	aws := func(who string) *Policy { return trust(t, `"Principal":{"AWS":"`+who+`"}`, "") }
	root := aws("arn:aws:iam::111122223333:root")
	for _, c := range []struct {
		name   string
		who    *Principal
		layers Layers
		want   tri.Value
	}{
		{"identity alone", user, Layers{Identity: all}, tri.Yes},
		{"nothing", user, Layers{}, tri.No},
		{"boundary cuts", user, Layers{Identity: all, Boundary: none}, tri.No},
		{"boundary gives nothing", user, Layers{Boundary: all}, tri.No},
		{"session policy cuts", role, Layers{Identity: all, Session: none}, tri.No},
		{"guard rail cuts", user, Layers{Identity: all, SCPs: [][]*Policy{all, none}}, tri.No},
		{"guard rails let pass", user, Layers{Identity: all, SCPs: [][]*Policy{all, {none[0], all[0]}}, RCPs: [][]*Policy{all}}, tri.Yes},
		{"guard rail that only denies", user, Layers{Identity: all, SCPs: [][]*Policy{{parse(t, `{"Effect":"Deny","Action":"ec2:*","Resource":"*"}`)}}}, tri.Yes},
		{"resource names the user past its boundary", user, Layers{Boundary: none, On: aws(user.Name), Owner: user.Account}, tri.Yes},
		{"resource names the role, cut by its boundary", role, Layers{Boundary: none, On: aws(role.Name), Owner: role.Account}, tri.No},
		{"resource names the session past the boundary", role, Layers{Boundary: none, On: aws(role.Session), Owner: role.Account}, tri.Yes},
		{"resource names the account: both sides", user, Layers{On: root, Owner: user.Account, OnlyOn: true}, tri.No},
		{"resource names the account, and the user may", user, Layers{Identity: all, On: root, Owner: user.Account, OnlyOn: true}, tri.Yes},
		{"trust names the caller: no right of its own needed", user, Layers{On: aws(user.Name), Owner: user.Account, OnlyOn: true}, tri.Yes},
		{"trust names another", user, Layers{Identity: all, On: aws("arn:aws:iam::111122223333:user/v"), Owner: user.Account, OnlyOn: true}, tri.No},
		{"no trust at all", user, Layers{Identity: all, OnlyOn: true}, tri.No},
		{"other account, one side", user, Layers{On: aws(user.Name), Owner: "444455556666"}, tri.No},
		{"other account, both sides", user, Layers{Identity: all, On: aws(user.Name), Owner: "444455556666"}, tri.Yes},
		{"other account names the account, both sides", user, Layers{Identity: all, On: root, Owner: "444455556666"}, tri.Yes},
		{"everyone", role, Layers{On: aws("*"), Owner: role.Account, OnlyOn: true}, tri.Yes},
		{"NotPrincipal spares nobody else", user, Layers{Identity: all, On: ParseText(`{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*","NotPrincipal":{"AWS":["arn:aws:iam::111122223333:user/v","111122223333"]}}]}`, "d", Resource), Owner: user.Account}, tri.Unknown},
		{"NotPrincipal spares the caller", user, Layers{Identity: all, On: ParseText(`{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*","NotPrincipal":{"AWS":["`+user.Name+`","111122223333"]}}]}`, "d", Resource), Owner: user.Account}, tri.Yes},
		{"NotPrincipal names strangers", user, Layers{Identity: all, On: ParseText(`{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*","NotPrincipal":{"AWS":["444455556666"]}}]}`, "d", Resource), Owner: user.Account}, tri.No},
		{"service", &Principal{Kind: Service, Name: "ec2.amazonaws.com"}, Layers{On: trust(t, `"Principal":{"Service":"ec2.amazonaws.com"}`, ""), OnlyOn: true}, tri.Yes},
		{"another service", &Principal{Kind: Service, Name: "ec2.amazonaws.com"}, Layers{On: trust(t, `"Principal":{"Service":"lambda.amazonaws.com"}`, ""), OnlyOn: true}, tri.No},
	} {
		got := c.layers.Decide(&Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", Principal: c.who})
		if got.Verdict != c.want {
			t.Errorf("%s: %v, want %v (%v)", c.name, got.Verdict, c.want, got.Reasons)
		}
	}
}

func TestUnsure(t *testing.T) {
	all := []*Policy{parse(t, `{"Effect":"Allow","Action":"*","Resource":"*"}`)}
	deny := parse(t, `{"Effect":"Deny","Action":"iam:*","Resource":"*"}`)
	deny.Unsure = "whether it is attached"
	l := Layers{Identity: all, SCPs: [][]*Policy{{deny}}}
	if got := l.Decide(&Request{Action: "iam:CreateUser", Resource: "*"}); got.Verdict != tri.Unknown || !strings.Contains(got.Reasons[0].Text, "whether it is attached") {
		t.Errorf("%v %v", got.Verdict, got.Reasons)
	}
	if got := l.Decide(&Request{Action: "s3:GetObject", Resource: "*"}); got.Verdict != tri.Yes {
		t.Errorf("%v %v", got.Verdict, got.Reasons)
	}
}
