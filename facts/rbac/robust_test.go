package rbac

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/internal/tri"
	"bulwark/internal/ytree"
	"bulwark/world"
)

// snapshotOf reads manifests.
func snapshotOf(text string, complete world.Completeness) *world.Builder {
	b := &world.Builder{Completeness: complete}
	for _, s := range ytree.Split(text) {
		b.AddDoc(&world.Doc{File: "x.yaml", Text: text, Start: s.Start, End: s.End})
	}
	return b
}

func aggregatedRole(name, label, selects string, rules string) string {
	text := fmt.Sprintf("---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: %s, labels: {%s}}\n", name, label)
	if selects != "" {
		text += "aggregationRule: {clusterRoleSelectors: [{matchLabels: {" + selects + "}}]}\n"
	}
	return text + "rules: [" + rules + "]\n"
}

const aRule = `{apiGroups: [""], resources: [%s], verbs: [get]}`

func resourcesOf(p *Policy, role string) string {
	r := p.Role(world.Ref{Group: rbacv1.GroupName, Kind: "ClusterRole", Name: role})
	var out []string
	for i, rule := range r.Rules {
		from, at := r.Origin(i)
		if from.Rules[at].String() != rule.String() {
			out = append(out, "rule "+rule.String()+" is not from "+from.Ref.Name)
		}
		out = append(out, rule.Resources...)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestAggregationCircle(t *testing.T) {
	p := policyOf(t, aggregatedRole("a", "g: a", "g: b", fmt.Sprintf(aRule, "written-and-ignored"))+
		aggregatedRole("b", "g: b", "g: a", "")+
		aggregatedRole("leaf", "g: a", "", fmt.Sprintf(aRule, "pods"))+
		aggregatedRole("self", "g: self", "g: self", ""))
	for role, want := range map[string]string{"a": "pods", "b": "pods", "self": ""} {
		if got := resourcesOf(p, role); got != want {
			t.Errorf("%s has %q, want %q", role, got, want)
		}
	}
}

func TestAggregationChain(t *testing.T) {
	var text strings.Builder
	const links = 2000
	for i := range links {
		text.WriteString(aggregatedRole(fmt.Sprint("r", i), fmt.Sprintf("n%d: x", i), fmt.Sprintf("n%d: x", i+1), ""))
	}
	text.WriteString(aggregatedRole("leaf", fmt.Sprintf("n%d: x", links), "", fmt.Sprintf(aRule, "pods")))
	started := time.Now()
	p := policyOf(t, text.String())
	if got := resourcesOf(p, "r0"); got != "pods" {
		t.Errorf("the head of a chain of %d roles has %q", links, got)
	}
	if d := time.Since(started); d > 20*time.Second {
		t.Errorf("a chain of %d roles took %s", links, d)
	}
}

// TestAggregationFixpoint compares with what the controller's rounds come to.
func TestAggregationFixpoint(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var text strings.Builder
		n := 3 + r.IntN(8)
		label, selects, leaf := make([]int, n), make([]int, n), make([]bool, n)
		for i := range n {
			label[i], selects[i], leaf[i] = r.IntN(4), r.IntN(4), r.IntN(2) == 0
			if leaf[i] {
				text.WriteString(aggregatedRole(fmt.Sprint("r", i), fmt.Sprint("g: v", label[i]), "", fmt.Sprintf(aRule, fmt.Sprint("res", i))))
			} else {
				text.WriteString(aggregatedRole(fmt.Sprint("r", i), fmt.Sprint("g: v", label[i]), fmt.Sprint("g: v", selects[i]), ""))
			}
		}
		has := make([]map[string]bool, n)
		for i := range n {
			has[i] = map[string]bool{}
			if leaf[i] {
				has[i][fmt.Sprint("res", i)] = true
			}
		}
		for range n + 1 {
			for i := range n {
				for j := range n {
					if !leaf[i] && i != j && label[j] == selects[i] {
						for k := range has[j] {
							has[i][k] = true
						}
					}
				}
			}
		}
		p := policyOf(t, text.String())
		for i := range n {
			var want []string
			for k := range has[i] {
				want = append(want, k)
			}
			slices.Sort(want)
			if got := resourcesOf(p, fmt.Sprint("r", i)); got != strings.Join(want, " ") {
				t.Fatalf("r%d has %q, want %q, in\n%s", i, got, want, text.String())
			}
		}
	}
}

func TestProblems(t *testing.T) {
	p := policyOf(t, `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: a}
aggregationRule: {clusterRoleSelectors: [{matchExpressions: [{key: x, operator: Sometimes}]}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: a}
roleRef: {kind: Rule, name: a}
subjects: [{kind: Robot, name: r2}, {kind: ServiceAccount, name: x}, {kind: ServiceAccount, namespace: "a:b", name: c}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {kind: Role, name: a}
subjects: null
`)
	var got []string
	for _, x := range p.Problems() {
		got = append(got, x.Path+": "+x.Message)
	}
	for i, want := range []string{"aggregationRule.clusterRoleSelectors[0]: this selector", "roleRef.kind: there is no kind", "subjects[0]: subject Robot", "subjects[1]: subject ServiceAccount"} {
		if i >= len(got) || !strings.HasPrefix(got[i], want) {
			t.Errorf("problem %d of %q, want %q", i, got, want)
		}
	}
	// The odd namespace spells another user name, as the authorizer compares them.
	if len(p.Direct(Subject{Kind: "User", Name: "system:serviceaccount:a:b:c"})) != 1 {
		t.Errorf("subjects are %v", p.Subjects())
	}
}

// TestGiant reads a role that names more rights than can be listed.
func TestGiant(t *testing.T) {
	words := func(prefix string) string {
		var out []string
		for i := range 1200 {
			out = append(out, fmt.Sprint(prefix, i))
		}
		return strings.Join(out, ", ")
	}
	text := `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: giant}
rules: [{apiGroups: [` + words("g") + `], resources: [` + words("r") + `], verbs: [` + words("v") + `]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: giant}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: giant}
subjects: [{kind: User, name: jane}]
`
	p := policyOf(t, text)
	if list, complete := p.Can(Person("jane"), NewCatalog()); complete || len(list) < 1000 {
		t.Errorf("%d permissions, complete is %v", len(list), complete)
	}
	for _, c := range Diff(policyOf(t, "{}"), p, NewCatalog()) {
		if got := fmt.Sprint(lines(c.Gained)); !strings.Contains(got, "too many combinations") {
			t.Errorf("the difference does not say that it could not be computed: %.200s", got)
		}
	}
	role := p.Role(world.Ref{Group: rbacv1.GroupName, Kind: "ClusterRole", Name: "giant"})
	if _, err := Covers(nil, role.Rules); !errors.Is(err, ErrTooManyRights) {
		t.Errorf("Covers: %v", err)
	}
	if a := p.covered(Person("joe"), "", role.Rules); a.Verdict != tri.Unknown {
		t.Errorf("whether joe holds it all is %s: %s", a.Verdict, a.Why)
	}
}

// TestForbidden asks where a part could not be read: what was seen is sure, the rest is unknown.
func TestForbidden(t *testing.T) {
	b := snapshotOf(rights, world.Complete)
	b.AddKindGap(KindRole, errors.New("roles are forbidden"))
	b.AddKindGap(kindPod, errors.New("pods are forbidden"))
	snap := b.Snapshot()
	if _, err := Of.In(snap); err == nil || !strings.Contains(err.Error(), "roles are forbidden") {
		t.Errorf("the fact for those who need all: %v", err)
	}
	z, err := Decider.In(snap)
	if err != nil {
		t.Fatal(err)
	}
	if z.Gap() == nil {
		t.Error("no gap is told")
	}
	if a := z.Ask(Person("jane"), Request{Verb: "list", Resource: "secrets"}); a.Verdict != tri.Yes {
		t.Errorf("what was seen: %s, %s", a.Verdict, a.Why)
	}
	if a := z.Ask(NodeIdentity("n"), Request{Verb: "get", Resource: "secrets", Namespace: "a", Name: "b"}); a.Verdict != tri.Unknown {
		t.Errorf("a node without pods: %s, %s", a.Verdict, a.Why)
	}
	b = snapshotOf(rights, world.Complete)
	b.AddKindGap(KindClusterRoleBinding, errors.New("bindings are forbidden"))
	if z, err = Decider.In(b.Snapshot()); err != nil {
		t.Fatal(err)
	}
	if a := z.Ask(Person("joe"), Request{Verb: "delete", Resource: "nodes"}); a.Verdict != tri.Unknown || !strings.Contains(a.Why, "bindings are forbidden") {
		t.Errorf("what was not seen: %s, %s", a.Verdict, a.Why)
	}
}

func TestChain(t *testing.T) {
	server := func(args string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: kube-apiserver-" + fmt.Sprint(len(args)) + ", namespace: kube-system}\nspec: {containers: [{name: s, image: x, command: [kube-apiserver" + args + "]}]}\n---\n"
	}
	pods, nobody := Request{Verb: "get", Resource: "pods", Namespace: "shop"}, Person("nobody")
	gke := "apiVersion: v1\nkind: Node\nmetadata: {name: n, labels: {cloud.google.com/gke-nodepool: a}}\n---\n"
	conf := "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\nauthorizers: [{type: Webhook, name: w}, {type: RBAC, name: r}]\n---\n"
	for _, tt := range []struct {
		name, text string
		user       User
		want       tri.Value
	}{
		{"assumed", "", nobody, tri.No},
		{"usual", server(`, "--authorization-mode=Node,RBAC"`), nobody, tri.No},
		{"webhook last", server(`, "--authorization-mode=Node,RBAC,Webhook"`), nobody, tri.Unknown},
		{"webhook last, yes", server(`, "--authorization-mode=Node,RBAC,Webhook"`), Person("jane"), tri.Yes},
		{"webhook first", conf + server(`, "--authorization-config=/x"`), Person("jane"), tri.Unknown},
		{"no flag", server(""), nobody, tri.Yes},
		{"allow all", server(`, "--authorization-mode=AlwaysAllow"`), nobody, tri.Yes},
		{"one of two allows all", server(`, "--authorization-mode=AlwaysAllow"`) + server(`, "--authorization-mode=RBAC"`), nobody, tri.Unknown},
		{"a cloud's own", gke, nobody, tri.Unknown},
		{"no RBAC", server(`, "--authorization-mode=Node"`), Person("jane"), tri.No},
		{"superuser", server(`, "--authorization-mode=Node"`), Person("jane", GroupMasters), tri.Yes},
	} {
		z, err := Decider.In(snapshotOf(tt.text+estate, world.Complete).Snapshot())
		if err != nil {
			t.Fatal(err)
		}
		if a := z.Ask(tt.user, pods); a.Verdict != tt.want {
			t.Errorf("%s: %s (%s), want %s", tt.name, a.Verdict, a.Why, tt.want)
		}
	}
}

func TestCatalog(t *testing.T) {
	b := snapshotOf(`
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec: {group: example.com, scope: Cluster, names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wd]}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: broken}
spec: [1]
`, world.Complete)
	c, err := SeenCatalog.In(b.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		text, group, resource string
		known                 bool
	}{
		{"pods", "", "pods", true}, {"po", "", "pods", true}, {"Pod", "", "pods", true}, {"pods/exec", "", "pods/exec", true},
		{"deploy", "apps", "deployments", true}, {"deployments.apps/scale", "apps", "deployments/scale", true}, {"deploy/scale.apps", "apps", "deployments/scale", true},
		{"wd", "example.com", "widgets", true}, {"Widget.example.com", "example.com", "widgets", true},
		{"netpol", "networking.k8s.io", "networkpolicies", true}, {"events", "", "events", true}, {"events.events.k8s.io", "events.k8s.io", "events", true},
		{"gadgets.example.com", "example.com", "gadgets", false}, {"gadgets", "", "gadgets", false}, {"*", "*", "*", true}, {"*.apps", "apps", "*", true},
		{"signers", "certificates.k8s.io", "signers", true}, {"", "", "", false},
	} {
		group, resource, known := c.Parse(tt.text)
		if group != tt.group || resource != tt.resource || known != tt.known {
			t.Errorf("%q is %q %q %v, want %q %q %v", tt.text, group, resource, known, tt.group, tt.resource, tt.known)
		}
	}
	if !c.ClusterScoped("example.com", "widgets/status") || c.ClusterScoped("", "pods") || !c.ClusterScoped("", "nodes") {
		t.Error("scopes are wrong")
	}
	if near := c.Near("secrts"); !slices.Contains(near, "secrets") {
		t.Errorf("near secrts are %v", near)
	}
}

func FuzzPolicy(f *testing.F) {
	f.Add(estate)
	f.Add(rights)
	f.Add(aggregatedRole("a", "g: a", "g: a", fmt.Sprintf(aRule, "\"*/\"")))
	f.Fuzz(func(t *testing.T, text string) {
		snap := snapshotOf(text, world.Auto).Snapshot()
		z, err := Decider.In(snap)
		if err != nil {
			t.Skip()
		}
		catalog, err := SeenCatalog.In(snap)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range z.Subjects()[:min(len(z.Subjects()), 20)] {
			u := s.member()
			z.Can(u, catalog)
			z.Ask(u, Request{Verb: "get", Resource: "pods/log", Namespace: "shop", Name: "x"})
		}
		z.Index().WhoCan(Question{Request: Request{Verb: "get", Resource: "secrets"}, Anywhere: true, Limited: true})
		if len(Diff(z.Policy, z.Policy, catalog)) != 0 {
			t.Error("a policy differs from itself")
		}
	})
}
