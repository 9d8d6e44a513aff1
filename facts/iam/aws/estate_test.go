package aws

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"bulwark/internal/tri"
	"bulwark/source/cloud"
	"bulwark/world"
)

// estate reads exports as the walk over files would.
func estate(t testing.TB, documents ...string) *Estate {
	t.Helper()
	b := new(world.Builder)
	for i, d := range documents {
		cloud.Read(&world.Doc{File: fmt.Sprintf("%d.json", i), Text: d, End: len(d), Line: 1}, b)
	}
	snap := b.Snapshot()
	for _, g := range snap.Gaps() {
		t.Fatal(g.Why)
	}
	list := func(kind string) []*world.Object { return slices.Collect(snap.All(kind)) }
	return Read(&Inputs{
		Users: list(cloud.AWSUser), Groups: list(cloud.AWSGroup), Roles: list(cloud.AWSRole), Policies: list(cloud.AWSPolicy),
		GuardRails: list(cloud.AWSGuardRail), AccountPaths: list(cloud.AWSAccountPath), Organizations: list(cloud.AWSOrganization), Providers: list(cloud.AWSProvider),
		Clusters: list(cloud.EKSCluster), AccessEntries: list(cloud.EKSAccessEntry), AccessPolicies: list(cloud.EKSAccessPolicies),
		PodIdentities: list(cloud.EKSPodIdentity), Instances: list(cloud.AWSInstance), AuthMaps: list("ConfigMap"),
	})
}

const (
	account = "111122223333"
	issuer  = "oidc.eks.eu-west-1.amazonaws.com/id/ABC"
	prod    = `{"cluster":{"name":"prod","arn":"arn:aws:eks:eu-west-1:111122223333:cluster/prod","identity":{"oidc":{"issuer":"https://` + issuer + `"}},"accessConfig":{"authenticationMode":"API_AND_CONFIG_MAP"}}}`
)

func roleARN(name string) string { return "arn:aws:iam::" + account + ":role/" + name }

type statement = map[string]any

func allow(action any, resource string) statement {
	return statement{"Effect": "Allow", "Action": action, "Resource": resource}
}

func document1(statements ...statement) any {
	return statement{"Version": "2012-10-17", "Statement": statements}
}

// role is a role of an export; more overrides its fields.
func role(name string, trust, policy any, more statement) statement {
	r := statement{"RoleName": name, "Arn": roleARN(name), "AssumeRolePolicyDocument": trust, "RolePolicyList": []statement{}}
	if policy != nil {
		r["RolePolicyList"] = []statement{{"PolicyName": "inline", "PolicyDocument": policy}}
	}
	for k, v := range more {
		r[k] = v
	}
	return r
}

func trustedBy(principal statement, action any, condition statement) any {
	s := statement{"Effect": "Allow", "Principal": principal, "Action": action}
	if condition != nil {
		s["Condition"] = condition
	}
	return document1(s)
}

func service(name string) any {
	return trustedBy(statement{"Service": name}, "sts:AssumeRole", nil)
}

func web(condition statement) any {
	return trustedBy(statement{"Federated": "arn:aws:iam::" + account + ":oidc-provider/" + issuer}, "sts:AssumeRoleWithWebIdentity", condition)
}

func export(t testing.TB, parts statement) string {
	t.Helper()
	b, err := json.Marshal(parts)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func grants(e *Estate, namespace, name string) string {
	var out []string
	for _, g := range e.Assumable(namespace, name) {
		out = append(out, fmt.Sprintf("%s %v", ShortName(g.Role.ARN), g.Verdict))
	}
	return strings.Join(out, ", ")
}

func TestWebIdentity(t *testing.T) {
	sub, aud := issuer+":sub", issuer+":aud"
	const me = "system:serviceaccount:shop:web"
	for name, c := range map[string]struct {
		condition statement
		want      string
	}{
		"exact":                 {statement{"StringEquals": statement{sub: me, aud: Audience}}, "r yes"},
		"one of several":        {statement{"StringEquals": statement{sub: []string{"x", me}}}, "r yes"},
		"another account":       {statement{"StringEquals": statement{sub: "system:serviceaccount:shop:api"}}, ""},
		"another namespace":     {statement{"StringEquals": statement{sub: "system:serviceaccount:other:web"}}, ""},
		"no subject":            {nil, "r yes"},
		"wildcard":              {statement{"StringLike": statement{sub: "system:serviceaccount:shop:*"}}, "r yes"},
		"wildcard that is none": {statement{"StringEquals": statement{sub: "system:serviceaccount:shop:*"}}, ""},
		"wrong audience":        {statement{"StringEquals": statement{sub: me, aud: "sts.example"}}, ""},
		"key in other case":     {statement{"StringEquals": statement{strings.ToUpper(issuer) + ":SUB": me}}, "r yes"},
		"key with a scheme":     {statement{"StringEquals": statement{"https://" + sub: me}}, "r unknown"},
		"all values":            {statement{"ForAllValues:StringEquals": statement{sub: "x"}}, ""},
		"all values of none":    {statement{"ForAllValues:StringEquals": statement{issuer + ":amr": "x"}}, "r yes"},
		"not an account":        {statement{"StringNotEquals": statement{sub: "x"}}, "r yes"},
		"source address":        {statement{"IpAddress": statement{"aws:SourceIp": "10.0.0.0/8"}, "StringEquals": statement{sub: me}}, "r unknown"},
	} {
		e := estate(t, prod, export(t, statement{"RoleDetailList": []statement{role("r", web(c.condition), nil, nil)}}))
		if got := grants(e, "shop", "web"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestIssuers(t *testing.T) {
	r := export(t, statement{"RoleDetailList": []statement{role("r", web(nil), nil, nil)}})
	other := strings.ReplaceAll(strings.ReplaceAll(prod, "ABC", "DEF"), "prod", "test")
	provider := `{"OpenIDConnectProviderList":[{"Arn":"arn:aws:iam::111122223333:oidc-provider/` + issuer + `"}]}`
	for name, c := range map[string]struct {
		documents []string
		want      string
	}{
		"the cluster was not exported":   {[]string{r}, "r unknown"},
		"another cluster was":            {[]string{r, other}, ""},
		"two were":                       {[]string{r, prod, other}, "r unknown"},
		"the provider is there":          {[]string{r, prod, provider}, "r yes"},
		"the provider has been deleted":  {[]string{r, prod, strings.ReplaceAll(provider, "ABC", "GONE")}, ""},
		"a guard rail of the resource":   {[]string{r, prod, `{"Policies":[{"PolicySummary":{"Id":"p","Type":"RESOURCE_CONTROL_POLICY","Name":"n"},"Content":"{\"Statement\":{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"sts:AssumeRoleWithWebIdentity\",\"Resource\":\"*\"}}","Targets":[{"TargetId":"r-1","Type":"ROOT"}]}]}`}, ""},
		"a guard rail somewhere perhaps": {[]string{r, prod, `{"Policies":[{"PolicySummary":{"Id":"p","Type":"RESOURCE_CONTROL_POLICY","Name":"n"},"Content":"{\"Statement\":{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"sts:*\",\"Resource\":\"*\"}}","Targets":[{"TargetId":"ou-1","Type":"ORGANIZATIONAL_UNIT"}]}]}`}, "r unknown"},
	} {
		if got := grants(estate(t, c.documents...), "shop", "web"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestPodIdentity(t *testing.T) {
	agent := func(condition statement) any {
		return trustedBy(statement{"Service": "pods.eks.amazonaws.com"}, []string{"sts:AssumeRole", "sts:TagSession"}, condition)
	}
	association := func(more string) string {
		return `{"association":{"clusterName":"prod","namespace":"shop","serviceAccount":"web","associationArn":"a","roleArn":"` + roleARN("first") + `"` + more + `}}`
	}
	target := `,"targetRoleArn":"` + roleARN("second") + `","externalId":"e/1/prod/shop/web"`
	second := func(condition statement) statement {
		return role("second", trustedBy(statement{"AWS": roleARN("first")}, []string{"sts:AssumeRole", "sts:TagSession"}, condition), nil, nil)
	}
	tag := func(k, v string) statement { return statement{"StringEquals": statement{"aws:RequestTag/" + k: v}} }
	for name, c := range map[string]struct {
		association string
		roles       []statement
		want        string
	}{
		"plain":                    {association(""), []statement{role("first", agent(nil), nil, nil)}, "first yes"},
		"right namespace":          {association(""), []statement{role("first", agent(tag("kubernetes-namespace", "shop")), nil, nil)}, "first yes"},
		"wrong namespace":          {association(""), []statement{role("first", agent(tag("kubernetes-namespace", "jobs")), nil, nil)}, ""},
		"by the name of the pod":   {association(""), []statement{role("first", agent(tag("kubernetes-pod-name", "web-0")), nil, nil)}, "first unknown"},
		"no tags are sent":         {association(`,"disableSessionTags":true`), []statement{role("first", service("pods.eks.amazonaws.com"), nil, nil)}, "first yes"},
		"tags are refused":         {association(""), []statement{role("first", service("pods.eks.amazonaws.com"), nil, nil)}, ""},
		"trusts something else":    {association(""), []statement{role("first", service("ec2.amazonaws.com"), nil, nil)}, ""},
		"role was not exported":    {association(""), nil, "first unknown"},
		"another role through it":  {association(target), []statement{role("first", agent(nil), nil, nil), second(nil)}, "first yes, second yes"},
		"with the external id":     {association(target), []statement{role("first", agent(nil), nil, nil), second(statement{"StringEquals": statement{"sts:ExternalId": "e/1/prod/shop/web"}})}, "first yes, second yes"},
		"with another external id": {association(target), []statement{role("first", agent(nil), nil, nil), second(statement{"StringEquals": statement{"sts:ExternalId": "x"}})}, "first yes"},
		"of the wrong account":     {association(""), []statement{role("first", agent(statement{"StringEquals": statement{"aws:SourceAccount": "444455556666"}}), nil, nil)}, ""},
		"of the right cluster":     {association(""), []statement{role("first", agent(statement{"ArnEquals": statement{"aws:SourceArn": "arn:aws:eks:eu-west-1:111122223333:cluster/prod"}}), nil, nil)}, "first yes"},
	} {
		e := estate(t, prod, c.association, export(t, statement{"RoleDetailList": c.roles}))
		if got := grants(e, "shop", "web"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if got := grants(e, "shop", "api"); got != "" {
			t.Errorf("%s: another account can become %q", name, got)
		}
	}
}

func reach(e *Estate, name string) string {
	r := e.ReachesAdmin(e.Principal(roleARN(name)))
	out := r.Verdict.String()
	for _, s := range r.Steps {
		out += " " + s.ID
	}
	return out
}

// TestReach plants chains of steps, and the same with one thing in the way.
func TestReach(t *testing.T) {
	boss := role("boss", service("lambda.amazonaws.com"), document1(allow("*", "*")), nil)
	pass := func(to string, condition statement) statement {
		s := allow("iam:PassRole", roleARN(to))
		if condition != nil {
			s["Condition"] = condition
		}
		return s
	}
	toService := func(s string) statement { return statement{"StringEquals": statement{"iam:PassedToService": s}} }
	call := allow([]string{"lambda:CreateFunction", "lambda:InvokeFunction"}, "*")
	trustMe := func(name string) any { return trustedBy(statement{"AWS": roleARN(name)}, "sts:AssumeRole", nil) }
	root := trustedBy(statement{"AWS": "arn:aws:iam::" + account + ":root"}, "sts:AssumeRole", nil)
	for name, c := range map[string]struct {
		roles []statement
		want  string
	}{
		"has them":                             {[]statement{role("me", service("x"), document1(allow("*", "*")), nil)}, "yes"},
		"nearly":                               {[]statement{role("me", service("x"), document1(allow("s3:*", "*")), nil)}, "no"},
		"own policy":                           {[]statement{role("me", service("x"), document1(allow("iam:PutRolePolicy", roleARN("me"))), nil)}, "yes iam-005"},
		"another's policy":                     {[]statement{role("me", service("x"), document1(allow("iam:PutRolePolicy", roleARN("you"))), nil), role("you", service("x"), nil, nil)}, "no"},
		"another's policy and its trust":       {[]statement{role("me", service("x"), document1(allow([]string{"iam:PutRolePolicy", "sts:AssumeRole"}, roleARN("you"))), nil), role("you", root, nil, nil)}, "yes iam-017"},
		"pass":                                 {[]statement{boss, role("me", service("x"), document1(pass("boss", nil), call), nil)}, "yes lambda-001"},
		"pass to the right service":            {[]statement{boss, role("me", service("x"), document1(pass("boss", toService("lambda.amazonaws.com")), call), nil)}, "yes lambda-001"},
		"pass to the wrong service":            {[]statement{boss, role("me", service("x"), document1(pass("boss", toService("ec2.amazonaws.com")), call), nil)}, "no"},
		"pass a role that is not the one":      {[]statement{boss, role("me", service("x"), document1(pass("you", nil), call), nil), role("you", service("lambda.amazonaws.com"), nil, nil)}, "no"},
		"pass what trusts another service":     {[]statement{role("boss", service("ec2.amazonaws.com"), document1(allow("*", "*")), nil), role("me", service("x"), document1(pass("boss", nil), call), nil)}, "no"},
		"two steps":                            {[]statement{boss, role("me", service("x"), document1(allow("sts:AssumeRole", "*")), nil), role("you", trustMe("me"), document1(pass("boss", nil), call), nil)}, "yes sts-001 lambda-001"},
		"trust names me, no right needed":      {[]statement{role("me", service("x"), nil, nil), role("you", trustMe("me"), document1(allow("*", "*")), nil)}, "yes sts-001"},
		"trust names the account, right lacks": {[]statement{role("me", service("x"), nil, nil), role("you", root, document1(allow("*", "*")), nil)}, "no"},
		"change a trust":                       {[]statement{boss, role("me", service("x"), document1(allow("iam:UpdateAssumeRolePolicy", "*")), nil)}, "yes iam-012"},
		"code of a function perhaps":           {[]statement{boss, role("me", service("x"), document1(allow("lambda:UpdateFunctionCode", "*")), nil)}, "unknown lambda-003"},
		"denied elsewhere":                     {[]statement{role("me", service("x"), document1(allow("iam:*", "*"), statement{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}), nil)}, "no"},
		"boundary holds":                       {[]statement{role("me", service("x"), document1(allow("iam:PutRolePolicy", "*")), statement{"PermissionsBoundary": statement{"PermissionsBoundaryArn": "arn:aws:iam::" + account + ":policy/limit"}})}, "no"},
		"boundary can be taken away":           {[]statement{role("me", service("x"), document1(allow("*", "*")), statement{"PermissionsBoundary": statement{"PermissionsBoundaryArn": "arn:aws:iam::" + account + ":policy/loose"}})}, "yes bw-iam-002"},
	} {
		policies := []statement{
			{"PolicyName": "limit", "Arn": "arn:aws:iam::" + account + ":policy/limit", "PolicyVersionList": []statement{{"IsDefaultVersion": true, "Document": document1(allow([]string{"s3:*", "iam:PutRolePolicy"}, "*"))}}},
			{"PolicyName": "loose", "Arn": "arn:aws:iam::" + account + ":policy/loose", "PolicyVersionList": []statement{{"IsDefaultVersion": true, "Document": document1(allow("iam:DeleteRolePermissionsBoundary", "*"))}}},
		}
		e := estate(t, export(t, statement{"RoleDetailList": c.roles, "Policies": policies}))
		if got := reach(e, "me"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestUsers(t *testing.T) {
	user := func(name string, policy any, groups ...string) statement {
		return statement{"UserName": name, "Arn": "arn:aws:iam::" + account + ":user/" + name, "GroupList": groups, "UserPolicyList": []statement{{"PolicyName": "p", "PolicyDocument": policy}}}
	}
	admins := statement{"GroupName": "admins", "Arn": "arn:aws:iam::" + account + ":group/admins", "AttachedManagedPolicies": []statement{{"PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}}}
	for name, c := range map[string]struct {
		policy any
		groups []string
		want   string
	}{
		"member":           {document1(), []string{"admins"}, "yes"},
		"joins":            {document1(allow("iam:AddUserToGroup", "*")), nil, "yes iam-013"},
		"joins another":    {document1(allow("iam:AddUserToGroup", "arn:aws:iam::111122223333:group/x")), nil, "no"},
		"own policy":       {document1(allow("iam:PutUserPolicy", "arn:aws:iam::111122223333:user/${aws:username}")), nil, "yes iam-007"},
		"key of another":   {document1(allow("iam:CreateAccessKey", "*")), nil, "yes iam-002"},
		"key of its own":   {document1(allow("iam:CreateAccessKey", "arn:aws:iam::111122223333:user/me")), nil, "no"},
		"unknown group":    {document1(), []string{"gone"}, "unknown"},
		"a tag, and lacks": {document1(statement{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": statement{"StringEquals": statement{"aws:PrincipalTag/admin": "yes"}}}), nil, "no"},
	} {
		e := estate(t, export(t, statement{"GroupDetailList": []statement{admins}, "UserDetailList": []statement{user("me", c.policy, c.groups...), user("root", document1(allow("*", "*")))}}))
		r := e.ReachesAdmin(e.Principal("arn:aws:iam::" + account + ":user/me"))
		got := r.Verdict.String()
		for _, s := range r.Steps {
			got += " " + s.ID
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestGuardRails(t *testing.T) {
	me := export(t, statement{"RoleDetailList": []statement{role("me", service("x"), document1(allow("*", "*")), nil)}})
	rail := func(content, targets string) string {
		return fmt.Sprintf(`{"Policies":[{"PolicySummary":{"Id":"p-1","Name":"rail","Type":"SERVICE_CONTROL_POLICY"},"Content":%q%s}]}`, content, targets)
	}
	deny := `{"Statement":{"Effect":"Deny","Action":"iam:*","Resource":"*"}}`
	only := `{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`
	at := func(id, kind string) string { return fmt.Sprintf(`,"Targets":[{"TargetId":%q,"Type":%q}]`, id, kind) }
	for name, c := range map[string]struct {
		documents []string
		want      string
	}{
		"none":               {nil, "yes"},
		"root":               {[]string{rail(deny, at("r-1", "ROOT"))}, "no"},
		"this account":       {[]string{rail(deny, at(account, "ACCOUNT"))}, "no"},
		"another account":    {[]string{rail(deny, at("444455556666", "ACCOUNT"))}, "yes"},
		"a unit, unknown":    {[]string{rail(deny, at("ou-1", "ORGANIZATIONAL_UNIT"))}, "unknown"},
		"a unit above":       {[]string{rail(deny, at("ou-1", "ORGANIZATIONAL_UNIT")), `{"AccountPaths":[{"AccountId":"111122223333","Parents":["ou-1","r-1"]}]}`}, "no"},
		"a unit elsewhere":   {[]string{rail(deny, at("ou-1", "ORGANIZATIONAL_UNIT")), `{"AccountPaths":[{"AccountId":"111122223333","Parents":["r-1"]}]}`}, "yes"},
		"attached somewhere": {[]string{rail(deny, "")}, "unknown"},
		"allows little":      {[]string{rail(only, at("r-1", "ROOT"))}, "no"},
		"management account": {[]string{rail(deny, at("r-1", "ROOT")), `{"Organization":{"Id":"o-1","MasterAccountId":"111122223333"}}`}, "yes"},
		"unreadable":         {[]string{rail("{", at("r-1", "ROOT"))}, "unknown"},
	} {
		if got := reach(estate(t, append(c.documents, me)...), "me"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestMetadata(t *testing.T) {
	for _, c := range []struct {
		i    Instance
		host bool
		want tri.Value
	}{
		{Instance{Endpoint: true, Tokens: "optional", Hops: 1}, false, tri.Yes},
		{Instance{Endpoint: true, Tokens: "required", Hops: 1}, false, tri.No},
		{Instance{Endpoint: true, Tokens: "required", Hops: 1}, true, tri.Yes},
		{Instance{Endpoint: true, Tokens: "required", Hops: 2}, false, tri.Yes},
		{Instance{Endpoint: false, Tokens: "optional", Hops: 2}, true, tri.No},
		{Instance{Endpoint: true}, false, tri.Unknown},
	} {
		if got, _ := c.i.Metadata(c.host); got != c.want {
			t.Errorf("%+v, host network %v: %v, want %v", c.i, c.host, got, c.want)
		}
	}
}

// TestScale asks for the roles of 20,000 accounts and the reach of 1,000 principals.
func TestScale(t *testing.T) {
	if testing.Short() {
		t.Skip("reads a big estate")
	}
	var roles []statement
	for i := range 800 {
		sub := fmt.Sprintf("system:serviceaccount:ns%d:sa", i)
		roles = append(roles, role(fmt.Sprintf("web%d", i), web(statement{"StringEquals": statement{issuer + ":sub": sub}}), document1(allow([]string{"s3:*", "sqs:*"}, "*")), nil))
	}
	for i := range 150 {
		roles = append(roles, role(fmt.Sprintf("fn%d", i), service("lambda.amazonaws.com"), document1(allow("logs:*", "*")), nil))
	}
	for i := range 100 {
		roles = append(roles, role(fmt.Sprintf("ci%d", i), service("x"), document1(allow([]string{"lambda:*", "iam:PassRole"}, "*")), nil))
	}
	roles = append(roles, role("boss", service("lambda.amazonaws.com"), document1(allow("*", "*")), nil))
	e := estate(t, prod, export(t, statement{"RoleDetailList": roles}))
	start := time.Now()
	n := 0
	for i := range 20_000 {
		n += len(e.Assumable(fmt.Sprintf("ns%d", i%1600), "sa"))
	}
	assumed := time.Since(start)
	if want := 10_400; n != want {
		t.Errorf("%d grants, want %d", n, want)
	}
	start = time.Now()
	if got := reach(e, "ci7"); got != "yes lambda-001" {
		t.Errorf("ci7: %s", got)
	}
	if took := time.Since(start); took > 20*time.Second || assumed > 5*time.Second {
		t.Errorf("the roles of 20,000 accounts took %v, the reach of all principals %v", assumed, took)
	} else {
		t.Logf("the roles of 20,000 accounts took %v, the reach of all principals %v", assumed, took)
	}
}
