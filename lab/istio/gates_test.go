package istio

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"istio.io/api/security/v1beta1"
	securityclient "istio.io/client-go/pkg/apis/security/v1"
	"istio.io/istio/pkg/workloadapi/security"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/facts/mtls"
	"bulwark/internal/tri"
)

// draw keeps some of the values, mostly none.
func draw(r *rand.Rand, values ...string) []string {
	if r.IntN(3) > 0 {
		return nil
	}
	return []string{pick(r, values...)}
}

func drawAuthorization(r *rand.Rand) *v1beta1.AuthorizationPolicy {
	p := &v1beta1.AuthorizationPolicy{Action: pick(r, v1beta1.AuthorizationPolicy_ALLOW, v1beta1.AuthorizationPolicy_DENY)}
	principals := []string{"*", "cluster.local/ns/a/sa/x", "cluster.local/ns/a/*", "*/sa/x", "cluster.local/ns/b/sa/y"}
	namespaces := []string{"a", "b", "*", "a*", "*b"}
	accounts := []string{"a/x", "x", "b/y"}
	for range r.IntN(3) {
		rule := new(v1beta1.Rule)
		for range r.IntN(3) {
			s := &v1beta1.Source{
				Principals: draw(r, principals...), NotPrincipals: draw(r, principals...), Namespaces: draw(r, namespaces...), NotNamespaces: draw(r, namespaces...),
				ServiceAccounts: draw(r, accounts...), NotServiceAccounts: draw(r, accounts...),
			}
			if r.IntN(8) == 0 {
				s.RequestPrincipals = []string{"issuer/subject"}
			}
			rule.From = append(rule.From, &v1beta1.Rule_From{Source: s})
		}
		for range r.IntN(3) {
			op := &v1beta1.Operation{Ports: draw(r, "80", "90"), NotPorts: draw(r, "80", "90")}
			if r.IntN(6) == 0 {
				op.Methods = []string{"GET"}
			}
			rule.To = append(rule.To, &v1beta1.Rule_To{Operation: op})
		}
		for range r.IntN(2) {
			w := &v1beta1.Condition{Key: pick(r, "source.namespace", "source.principal", "destination.port", "request.headers[x]")}
			switch w.Key {
			case "source.namespace":
				w.Values, w.NotValues = draw(r, namespaces...), draw(r, namespaces...)
			case "source.principal":
				w.Values, w.NotValues = draw(r, principals...), draw(r, principals...)
			case "destination.port":
				w.Values, w.NotValues = draw(r, "80", "90"), draw(r, "80", "90")
			default:
				w.Values = []string{"y"}
			}
			rule.When = append(rule.When, w)
		}
		p.Rules = append(p.Rules, rule)
	}
	return p
}

// TestZtunnelAuthorization compares the layer 4 part of AuthorizationPolicies as ztunnel gets it.
func TestZtunnelAuthorization(t *testing.T) {
	r := random(t)
	clients := []*mtls.Identity{nil, {TrustDomain: "cluster.local", Namespace: "a", Account: "x"}, {TrustDomain: "cluster.local", Namespace: "b", Account: "y"}}
	count := map[bool]int{}
	for i := range cases {
		spec := drawAuthorization(r)
		theirs, _ := convertAuthorizationPolicy(root, &securityclient.AuthorizationPolicy{
			ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "a"}, Spec: *spec.DeepCopy(),
		})
		ours := &mtls.Gate{Namespace: "a", Action: map[security.Action]string{security.Action_ALLOW: "ALLOW", security.Action_DENY: "DENY"}[theirs.Action]}
		text, err := json.Marshal(spec.Rules)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &ours.Rules); err != nil {
			t.Fatal(err)
		}
		for _, id := range clients {
			for _, port := range []uint32{80, 90, 1} {
				want, got := ztunnelMatches(theirs, id, port), ours.Matches(id, port, true)
				if tri.Of(want) != got {
					t.Fatalf("case %d, %v to port %d: Istio matches: %v, we say %v of %s %s", i, id, port, want, got, ours.Action, text)
				}
				count[want]++
			}
		}
	}
	if min(count[true], count[false]) < cases {
		t.Errorf("the cases are lopsided: %v", count)
	}
}
