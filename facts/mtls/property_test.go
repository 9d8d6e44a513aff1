package mtls_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bulwark/control/controltest"
	"bulwark/facts/mtls"
	"bulwark/internal/tri"
	"bulwark/world"
)

// draw makes an estate of two pods, in documents: the first ones are what a smaller input may lack.
func draw(t *rapid.T) (removable, fixed []string) {
	pick := func(label string, list ...string) string { return rapid.SampledFrom(list).Draw(t, label) }
	marks := []string{injected, ambient, linkerd, "labels: {}", "labels: {istio-injection: disabled, istio.io/dataplane-mode: ambient}", "labels: {istio.io/rev: canary}"}
	removable = []string{namespace("a", pick("a", marks...)), namespace("b", pick("b", marks...))}
	modes := []string{"{}", "{mtls: {mode: STRICT}}", "{mtls: {mode: PERMISSIVE}}", "{mtls: {mode: DISABLE}}",
		"{selector: {matchLabels: {app: server}}, mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: PERMISSIVE}}}",
		"{selector: {matchLabels: {app: server}}, portLevelMtls: {8080: {mode: STRICT}}}"}
	for i, ns := range []string{"istio-system", "b", "b"} {
		if rapid.Bool().Draw(t, "policy") {
			removable = append(removable, policy(ns, "p"+string(rune('0'+i)), pick("mode", modes...)))
		}
	}
	extra := pick("pod", "", ", annotations: {traffic.sidecar.istio.io/excludeInboundPorts: '8080'}", ", annotations: {linkerd.io/inject: disabled}",
		", annotations: {config.linkerd.io/default-inbound-policy: all-authenticated}")
	fixed = []string{pods("a", "client", ""), pods("b", "server", extra)}
	if rapid.Bool().Draw(t, "rule") {
		fixed = append(fixed, object("networking.istio.io/v1", "DestinationRule", "b", "dr", "spec: {host: server, trafficPolicy: {tls: {mode: "+pick("tls", "DISABLE", "ISTIO_MUTUAL", "SIMPLE")+"}}}"))
	}
	if rapid.Bool().Draw(t, "gate") {
		fixed = append(fixed, object("security.istio.io/v1", "AuthorizationPolicy", "b", "g", "spec: {action: "+pick("action", "ALLOW", "DENY")+
			", rules: [{from: [{source: {"+pick("who", "principals: ['*']", "notPrincipals: ['*']", "namespaces: [a]", "ipBlocks: [10.0.0.0/8]")+"}}]}]}"))
	}
	if rapid.Bool().Draw(t, "tunnel") {
		fixed = append(fixed, object("v1", "ConfigMap", "kube-system", "cilium-config", "data: {enable-wireguard: '"+pick("on", "true", "false")+"'}"))
	}
	return removable, fixed
}

func ask(t testing.TB, scope world.Completeness, text string) mtls.Answer {
	t.Helper()
	snap := controltest.Snapshot(t, scope, text)
	m, err := mtls.Fact.In(snap)
	if err != nil {
		t.Fatal(err)
	}
	find := func(ns, name string) *mtls.Member {
		return m.Members(snap.Get(world.Ref{Kind: "Pod", Namespace: ns, Name: name}))[0]
	}
	to := find("b", "server")
	e := m.Entries(to)[0]
	return m.Between(mtls.Pair{From: find("a", "client"), To: to, Port: e.Port, Service: e.Service, ServicePort: e.ServicePort})
}

// TestConsistent draws estates and compares the parts of an answer with each other.
func TestConsistent(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		removable, fixed := draw(r)
		a := ask(t, world.Complete, strings.Join(append(removable, fixed...), ""))
		wrong := func(why string) { r.Fatalf("%s: %+v of %s", why, a, strings.Join(append(removable, fixed...), "")) }
		switch {
		case (a.Level == mtls.Enforced) != (a.Refused == tri.Yes):
			wrong("enforced is another word for plaintext refused")
		case a.Level == mtls.Optional && a.Encrypted != tri.Yes, a.Level == mtls.None && a.Encrypted != tri.No:
			wrong("the level and the encryption contradict each other")
		case a.SameNode == tri.Yes && a.Encrypted != tri.Yes:
			wrong("what is encrypted on one node is encrypted between nodes")
		case a.Identity == tri.Yes && a.SameNode != tri.Yes:
			wrong("an identity needs mutual TLS")
		case a.Identity == tri.No && a.Refused == tri.Yes && a.Connects != tri.No:
			wrong("plaintext came through although it is refused")
		case a.Level != mtls.Enforced && a.Weakest == "":
			wrong("nothing says what is weakest")
		}
	})
}

// TestUnknownNeverDecides takes objects away and calls the rest a part: what is still answered must be what the whole says.
func TestUnknownNeverDecides(t *testing.T) {
	settled := 0
	rapid.Check(t, func(r *rapid.T) {
		removable, fixed := draw(r)
		whole := ask(t, world.Complete, strings.Join(append(removable, fixed...), ""))
		kept := fixed
		for _, d := range removable {
			if rapid.Bool().Draw(r, "kept") {
				kept = append(kept, d)
			}
		}
		part := ask(t, world.Partial, strings.Join(kept, ""))
		for what, v := range map[string][2]tri.Value{"refused": {part.Refused, whole.Refused}, "identity": {part.Identity, whole.Identity}} {
			if v[0] != tri.Unknown && v[0] != v[1] {
				r.Fatalf("a part of the input says %s is %v, the whole says %v:\n%s\nof\n%s", what, v[0], v[1], strings.Join(kept, ""), strings.Join(removable, ""))
			}
			if v[0] != tri.Unknown {
				settled++
			}
		}
	})
	if settled == 0 {
		t.Error("no part settled anything: the test proves nothing")
	}
}

// FuzzPolicies reads arbitrary documents beside two pods: nothing may panic, whatever they hold.
func FuzzPolicies(f *testing.F) {
	f.Add("security.istio.io/v1", "PeerAuthentication", "{mtls: {mode: STRICT}, portLevelMtls: {99999: {mode: x}}}")
	f.Add("networking.istio.io/v1", "DestinationRule", "{host: server, subsets: [{name: a, trafficPolicy: {portLevelSettings: [{port: {number: 80}, tls: {}}]}}]}")
	f.Add("security.istio.io/v1", "AuthorizationPolicy", "{rules: [{from: [{source: {principals: ['*a*', '']}}], to: [{}], when: [{key: x}]}]}")
	f.Add("networking.istio.io/v1", "Sidecar", "{egress: [{hosts: ['/', './', '*/*']}]}")
	f.Add("policy.linkerd.io/v1beta3", "Server", "{podSelector: {matchExpressions: [{key: a, operator: In}]}, port: http}")
	f.Add("policy.linkerd.io/v1alpha1", "AuthorizationPolicy", "{targetRef: {kind: Namespace}, requiredAuthenticationRefs: [{kind: MeshTLSAuthentication, name: x}]}")
	f.Add("projectcalico.org/v3", "FelixConfiguration", "{wireguardEnabled: true}")
	f.Fuzz(func(t *testing.T, apiVersion, kind, spec string) {
		if strings.ContainsAny(apiVersion+kind, "\n\r{}:#&*!|>'\"%@`,[]") {
			t.Skip()
		}
		text := namespace("a", injected) + namespace("b", linkerd) + pods("a", "client", "") + pods("a", "server", "") +
			"---\napiVersion: " + apiVersion + "\nkind: " + kind + "\nmetadata: {name: default, namespace: a}\nspec: " + spec + "\n"
		b := new(world.Builder)
		for _, d := range world.Docs(world.Doc{File: "in.yaml", Text: text}) {
			b.AddDoc(d)
		}
		snap := b.Snapshot()
		m, err := mtls.Fact.In(snap)
		if err != nil {
			return
		}
		var members []*mtls.Member
		for o := range snap.All("pods") {
			members = append(members, m.Members(o)...)
		}
		for _, from := range members {
			for _, to := range members {
				for _, e := range m.Entries(to) {
					m.Between(mtls.Pair{From: from, To: to, Port: e.Port, Service: e.Service, ServicePort: e.ServicePort})
				}
			}
		}
		for o := range snap.All("*") {
			m.Outranks(o)
			m.Clashes(o)
			m.Bypass(o)
		}
	})
}
