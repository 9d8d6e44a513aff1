package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/endpoints/filters/impersonation"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/component-helpers/auth/rbac/validation"
	registry "k8s.io/kubernetes/pkg/registry/rbac/validation"
	realrbac "k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac"

	"bulwark/facts/rbac"
	"bulwark/internal/tri"
	"bulwark/world"
)

// The decisions of facts/rbac are compared with Kubernetes' own code on random
// policies, made of few words so that they meet often.

// pick returns one of the words.
func pick[T any](r *rand.Rand, words ...T) T { return words[r.IntN(len(words))] }

// some returns up to n of the words, seldom none and perhaps one twice.
func some(r *rand.Rand, n int, words ...string) []string {
	var out []string
	if r.IntN(8) == 0 {
		return nil
	}
	for range 1 + r.IntN(n) {
		out = append(out, pick(r, words...))
	}
	return out
}

var (
	aNamespace = []string{"a", "b", "a:b", "kube-system"}
	aName      = []string{"x", "y", "*", "", "b:c"}
	aVerb      = []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "*", "escalate", "bind",
		"impersonate", "impersonate:user-info", "impersonate-on:user-info:get", "use"}
	aGroup    = []string{"", "apps", "*", rbacv1.GroupName, "authentication.k8s.io"}
	aResource = []string{"pods", "pods/exec", "pods/*", "*", "*/exec", "*/scale", "deployments", "deployments/scale", "namespaces", "secrets", "Pods",
		"roles", "clusterroles", "users", "groups", "serviceaccounts", "uids", "userextras/example.com/k", "nodes", "*/example.com/k", "exec", "/exec"}
	aURL  = []string{"/metrics", "/healthz/*", "*", "/a*b", "/logs**", "/", "/healthz/etcd", "/logs/x", "/a", "/aXb"}
	aUser = []string{"jane", "system:serviceaccount:a:x", "system:serviceaccount:b:y", "system:serviceaccount:a:b:c", "system:node:n1", "system:anonymous",
		"system:serviceaccount:a:", ""}
	aTeam = []string{"devs", "system:authenticated", "system:serviceaccounts", "system:serviceaccounts:a", "system:masters", "system:nodes"}
)

// vocabulary is what rules are made of.
type vocabulary struct{ verbs, groups, resources []string }

var (
	anyWords     = vocabulary{aVerb, aGroup, aResource}
	impersonator = vocabulary{
		[]string{"*", "impersonate", "impersonate:associated-node", "impersonate-on:associated-node:get", "impersonate:arbitrary-node",
			"impersonate-on:arbitrary-node:get", "impersonate:serviceaccount", "impersonate-on:serviceaccount:get", "impersonate:user-info",
			"impersonate-on:user-info:get"},
		[]string{"", "authentication.k8s.io", "*"},
		[]string{"users", "groups", "serviceaccounts", "nodes", "uids", "userextras/example.com/k", "pods", "*", "userextras/*"},
	}
)

func (v vocabulary) rules(r *rand.Rand) []rbacv1.PolicyRule {
	var out []rbacv1.PolicyRule
	for range r.IntN(5) {
		rule := rbacv1.PolicyRule{Verbs: some(r, 6, v.verbs...)}
		if r.IntN(5) > 0 {
			rule.APIGroups, rule.Resources = some(r, 3, v.groups...), some(r, 5, v.resources...)
			if r.IntN(3) == 0 {
				rule.ResourceNames = some(r, 3, aName...)
			}
		}
		if r.IntN(5) == 0 {
			rule.NonResourceURLs = some(r, 3, aURL...)
		}
		out = append(out, rule)
	}
	return out
}

func randomSubjects(r *rand.Rand) []rbacv1.Subject {
	var out []rbacv1.Subject
	for range 1 + r.IntN(5) {
		switch r.IntN(7) {
		case 0, 1:
			out = append(out, rbacv1.Subject{Kind: "User", Name: pick(r, aUser...)})
		case 2, 3:
			out = append(out, rbacv1.Subject{Kind: "Group", Name: pick(r, aTeam...)})
		case 4, 5:
			out = append(out, rbacv1.Subject{Kind: "ServiceAccount", Name: pick(r, aName...), Namespace: pick(r, "", "a", "b", "a:b")})
		default:
			out = append(out, rbacv1.Subject{Kind: pick(r, "user", "", "Robot"), Name: "jane"})
		}
	}
	return out
}

// randomPolicy is one set of RBAC objects, seen by the real resolver and by ours.
type randomPolicy struct {
	resolver registry.AuthorizationRuleResolver
	real     *realrbac.RBACAuthorizer
	ours     *rbac.Policy
	rules    []rbacv1.PolicyRule // all of them, to aim requests at
}

func newRandomPolicy(t testing.TB, r *rand.Rand, words vocabulary) *randomPolicy {
	var roles []*rbacv1.Role
	var clusterRoles []*rbacv1.ClusterRole
	var bindings []*rbacv1.RoleBinding
	var clusterBindings []*rbacv1.ClusterRoleBinding
	b := &world.Builder{Completeness: world.Complete}
	add := func(kind string, o runtime.Object) {
		b.Add(world.NewObject(rbacv1.SchemeGroupVersion.String(), kind, o.DeepCopyObject(), world.Declared))
	}
	roleName := func() string { return pick(r, "r1", "r2", "r3", "r4") }
	seen := map[string]bool{}
	fresh := func(kind, ns, name string) bool {
		key := kind + "/" + ns + "/" + name
		was := seen[key]
		seen[key] = true
		return !was
	}
	for range 3 + r.IntN(5) {
		meta := metav1.ObjectMeta{Name: roleName(), Namespace: pick(r, aNamespace...)}
		if r.IntN(2) == 0 {
			if fresh("r", meta.Namespace, meta.Name) {
				roles = append(roles, &rbacv1.Role{ObjectMeta: meta, Rules: words.rules(r)})
				add("Role", roles[len(roles)-1])
			}
		} else if meta.Namespace = ""; fresh("cr", "", meta.Name) {
			clusterRoles = append(clusterRoles, &rbacv1.ClusterRole{ObjectMeta: meta, Rules: words.rules(r)})
			add("ClusterRole", clusterRoles[len(clusterRoles)-1])
		}
	}
	for i := range 6 + r.IntN(10) {
		meta := metav1.ObjectMeta{Name: fmt.Sprint("b", i), Namespace: pick(r, aNamespace...)}
		ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: pick(r, "Role", "ClusterRole", "ClusterRole", "Rule"), Name: roleName()}
		if r.IntN(2) == 0 {
			bindings = append(bindings, &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: ref, Subjects: randomSubjects(r)})
			add("RoleBinding", bindings[len(bindings)-1])
		} else {
			meta.Namespace = ""
			clusterBindings = append(clusterBindings, &rbacv1.ClusterRoleBinding{ObjectMeta: meta, RoleRef: ref, Subjects: randomSubjects(r)})
			add("ClusterRoleBinding", clusterBindings[len(clusterBindings)-1])
		}
	}
	ours, err := rbac.Of.In(b.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	resolver, static := registry.NewTestRuleResolver(roles, bindings, clusterRoles, clusterBindings)
	p := &randomPolicy{resolver: resolver, real: realrbac.New(static, static, static, static), ours: ours}
	for _, role := range ours.AllRoles() {
		p.rules = append(p.rules, role.Rules...)
	}
	return p
}

// request returns a request: at random, or one that some rule allows.
func (p *randomPolicy) request(r *rand.Rand) rbac.Request {
	req := randomRequest(r)
	if r.IntN(3) == 0 || len(p.rules) == 0 {
		return req
	}
	rule := pick(r, p.rules...)
	aim := func(at *string, words []string) {
		if len(words) > 0 {
			*at = pick(r, words...)
		}
	}
	aim(&req.Verb, rule.Verbs)
	if len(rule.NonResourceURLs) > 0 {
		aim(&req.Path, rule.NonResourceURLs)
		return req
	}
	req.Path = ""
	aim(&req.Group, rule.APIGroups)
	aim(&req.Resource, rule.Resources)
	aim(&req.Name, rule.ResourceNames)
	req.Resource = strings.TrimPrefix(req.Resource, "/")
	return req
}

func randomUser(r *rand.Rand) rbac.User {
	return rbac.User{Name: pick(r, aUser...), Groups: some(r, 5, aTeam...)}
}

func randomRequest(r *rand.Rand) rbac.Request {
	req := rbac.Request{Verb: pick(r, aVerb...), Namespace: pick(r, append(aNamespace, "")...)}
	if r.IntN(6) == 0 {
		req.Path = pick(r, aURL...)
		return req
	}
	req.Group, req.Resource, req.Name = pick(r, aGroup...), pick(r, aResource[:len(aResource)-1]...), pick(r, aName...)
	return req
}

func asInfo(u rbac.User) *user.DefaultInfo {
	return &user.DefaultInfo{Name: u.Name, UID: u.UID, Groups: u.Groups, Extra: u.Extra}
}

func attributes(u rbac.User, req rbac.Request) authorizer.AttributesRecord {
	resource, sub, _ := strings.Cut(req.Resource, "/")
	return authorizer.AttributesRecord{
		User: asInfo(u), Verb: req.Verb, Namespace: req.Namespace, APIGroup: req.Group, APIVersion: "*", Resource: resource, Subresource: sub,
		Name: req.Name, ResourceRequest: req.Path == "", Path: req.Path,
	}
}

func (p *randomPolicy) allows(t testing.TB, u rbac.User, req rbac.Request) bool {
	decision, _, err := p.real.Authorize(context.Background(), attributes(u, req))
	if err != nil {
		t.Fatal(err)
	}
	return decision == authorizer.DecisionAllow
}

// TestAuthorizerRBAC takes a million decisions, and asks the index who can for a part of them.
func TestAuthorizerRBAC(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	started, decisions, allowed := time.Now(), 0, 0
	for decisions < 1_000_000 {
		p := newRandomPolicy(t, r, anyWords)
		for range 400 {
			u, req := randomUser(r), p.request(r)
			want := p.allows(t, u, req)
			if got := p.ours.Allow(u.Name, u.Groups, req) != nil; got != want {
				t.Fatalf("%+v, %+v: ours %v, Kubernetes %v", u, req, got, want)
			}
			decisions++
			if want {
				allowed++
			}
		}
		u, req := randomUser(r), p.request(r)
		named := slices.ContainsFunc(p.ours.Index().WhoCan(rbac.Question{Request: req}), func(h rbac.Holder) bool {
			return slices.Contains(u.Subjects(), h.Subject)
		})
		if req.Attributed() == req && (req.Path == "" || req.Namespace == "") && !strings.HasPrefix(req.Resource, "namespaces") && named != p.allows(t, u, req) {
			t.Fatalf("who can %+v: that %+v is named is %v", req, u, named)
		}
	}
	t.Logf("%d decisions, %d allowed, in %s", decisions, allowed, time.Since(started).Round(time.Millisecond))
	if allowed < decisions/50 {
		t.Errorf("only %d of %d decisions allow: the random policies say nothing", allowed, decisions)
	}
}

// TestAuthorizerCovers compares which rights are missing.
func TestAuthorizerCovers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	covered := 0
	for range 20_000 {
		owner, wanted := append(anyWords.rules(r), anyWords.rules(r)...), anyWords.rules(r)
		ok, missing := validation.Covers(owner, wanted)
		ours, err := rbac.Covers(owner, wanted)
		if err != nil {
			t.Fatal(err)
		}
		if want, got := atoms(missing), atoms(ours); !slices.Equal(want, got) || ok != (len(ours) == 0) {
			t.Fatalf("owner %v\nwanted %v\nmissing %v\nours    %v", owner, wanted, want, got)
		}
		if ok && len(wanted) > 0 {
			covered++
		}
	}
	if covered < 1000 {
		t.Errorf("only %d were covered", covered)
	}
}

func atoms(rules []rbacv1.PolicyRule) []string {
	var out []string
	for _, rule := range rules {
		for _, a := range validation.BreakdownRule(rule) {
			out = append(out, fmt.Sprint(a.APIGroups, a.Resources, a.Verbs, a.ResourceNames, a.NonResourceURLs))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestAuthorizerImpersonation sends random requests through the real filter.
func TestAuthorizerImpersonation(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, metav1.SchemeGroupVersion)
	codecs := serializer.NewCodecFactory(scheme)
	modes := map[string]int{}
	for range 1500 {
		p := newRandomPolicy(t, r, impersonator)
		for range 20 {
			by, wanted, req := borrower(r), impersonated(r), rbac.Request{Verb: "get", Resource: "pods", Namespace: "a", Name: "x"}
			if r.IntN(2) == 0 {
				req = p.request(r)
			}
			want, ok := throughFilter(t, p.real, codecs, by, wanted, req)
			got := rbac.Impersonate(p.ours.Ask, by, wanted, req, world.NewestMinor)
			if (got.Verdict == tri.Yes) != ok || got.Verdict == tri.Unknown {
				t.Fatalf("%+v as %+v, %+v: ours %s (%s), Kubernetes %v", by, wanted, req, got.Verdict, got.Why, ok)
			}
			if !ok {
				continue
			}
			modes[got.Mode]++
			if want.Name != got.As.Name || !slices.Equal(want.Groups, got.As.Groups) {
				t.Fatalf("%+v as %+v: ours %+v, Kubernetes %+v", by, wanted, got.As, want)
			}
		}
	}
	for _, mode := range []string{"", "associated-node", "arbitrary-node", "serviceaccount", "user-info"} {
		if modes[mode] == 0 {
			t.Errorf("mode %q was never allowed: %v", mode, modes)
		}
	}
	t.Logf("allowed by mode: %v", modes)
}

func borrower(r *rand.Rand) rbac.User {
	u := rbac.User{Name: pick(r, "jane", "system:serviceaccount:a:x", "system:serviceaccount:b:y"), Groups: some(r, 3, aTeam[:5]...)}
	if r.IntN(2) == 0 {
		u.Extra = map[string][]string{"authentication.kubernetes.io/node-name": some(r, 2, "n1", "n2")}
	}
	return u
}

func impersonated(r *rand.Rand) rbac.User {
	u := rbac.User{Name: pick(r, "jane", "x", "y", "system:serviceaccount:a:x", "system:serviceaccount:A:x", "system:node:n1", "system:node:N_1", "system:anonymous")}
	if r.IntN(3) == 0 {
		u.Groups = some(r, 5, "x", "y", "devs", "system:masters", "system:unauthenticated", "system:authenticated")
	}
	if r.IntN(5) == 0 {
		u.UID = pick(r, "x", "u")
	}
	if r.IntN(4) == 0 {
		u.Extra = map[string][]string{pick(r, "example.com/k", "k", "example.com/other"): append(some(r, 4, "x", "y"), "x")}
	}
	return u
}

// throughFilter returns the user that a request has behind the filter; ok is false when it was refused.
func throughFilter(t testing.TB, a authorizer.UnconditionalAuthorizer, codecs serializer.CodecFactory, by, wanted rbac.User, req rbac.Request) (as *user.DefaultInfo, ok bool) {
	behind := http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		u, _ := request.UserFrom(hr.Context())
		as, ok = &user.DefaultInfo{Name: u.GetName(), Groups: u.GetGroups()}, true
	})
	hr := httptest.NewRequest(http.MethodGet, "/", nil)
	hr.Header.Set(authenticationv1.ImpersonateUserHeader, wanted.Name)
	if wanted.UID != "" {
		hr.Header.Set(authenticationv1.ImpersonateUIDHeader, wanted.UID)
	}
	for _, g := range wanted.Groups {
		hr.Header.Add(authenticationv1.ImpersonateGroupHeader, g)
	}
	for k, values := range wanted.Extra {
		for _, v := range values {
			hr.Header.Add(authenticationv1.ImpersonateUserExtraHeaderPrefix+strings.ReplaceAll(k, "/", "%2f"), v)
		}
	}
	resource, sub, _ := strings.Cut(req.Resource, "/")
	ctx := request.WithRequestInfo(hr.Context(), &request.RequestInfo{
		IsResourceRequest: req.Path == "", Path: req.Path, Verb: req.Verb, APIGroup: req.Group, APIVersion: "v1",
		Namespace: req.Namespace, Resource: resource, Subresource: sub, Name: req.Name,
	})
	hr = hr.WithContext(request.WithUser(ctx, asInfo(by)))
	answer := httptest.NewRecorder()
	impersonation.WithConstrainedImpersonation(behind, a, codecs).ServeHTTP(answer, hr)
	if !ok && answer.Code != http.StatusForbidden {
		t.Fatal(refusal(answer))
	}
	return as, ok
}

// refusal is what the filter answers instead of letting a request through.
func refusal(answer *httptest.ResponseRecorder) error {
	var status metav1.Status
	if err := json.Unmarshal(answer.Body.Bytes(), &status); err != nil {
		return fmt.Errorf("HTTP %d: %s", answer.Code, answer.Body)
	}
	return errors.New(status.Message)
}
