package mtls_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control/controltest"
	"bulwark/facts/mtls"
	"bulwark/internal/tri"
	"bulwark/world"
)

// pods writes a Pod with a Service of its name on port 80 that leads to 8080; extra goes into the metadata.
func pods(namespace, name, extra string) string {
	return `---
apiVersion: v1
kind: Pod
metadata: {name: ` + name + `, namespace: ` + namespace + `, labels: {app: ` + name + `}` + extra + `}
spec:
  serviceAccountName: ` + name + `
  containers: [{name: main, image: x, ports: [{name: http, containerPort: 8080}, {name: admin, containerPort: 9090}]}]
---
apiVersion: v1
kind: Service
metadata: {name: ` + name + `, namespace: ` + namespace + `}
spec: {selector: {app: ` + name + `}, ports: [{name: http, port: 80, targetPort: http}, {name: admin, port: 9090}]}
`
}

func namespace(name, marks string) string {
	return "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: " + name + ", " + marks + "}\n"
}

func policy(namespace, name, spec string) string {
	return "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: " + name + ", namespace: " + namespace + "}\nspec: " + spec + "\n"
}

func object(apiVersion, kind, namespace, name, rest string) string {
	return "---\napiVersion: " + apiVersion + "\nkind: " + kind + "\nmetadata: {name: " + name + ", namespace: " + namespace + "}\n" + rest + "\n"
}

const (
	injected = "labels: {istio-injection: enabled}"
	ambient  = "labels: {istio.io/dataplane-mode: ambient}"
	linkerd  = "annotations: {linkerd.io/inject: enabled}"
)

// model derives the model of an input that is the whole world.
func model(t *testing.T, scope world.Completeness, text string) (*mtls.Model, *world.Snapshot) {
	t.Helper()
	snap := controltest.Snapshot(t, scope, text)
	m, err := mtls.Fact.In(snap)
	if err != nil {
		t.Fatal(err)
	}
	return m, snap
}

func member(t *testing.T, m *mtls.Model, snap *world.Snapshot, namespace, name string) *mtls.Member {
	t.Helper()
	o := snap.Get(world.Ref{Kind: "Pod", Namespace: namespace, Name: name})
	if o == nil {
		t.Fatalf("no pod %s/%s", namespace, name)
	}
	return m.Members(o)[0]
}

// want is what a pair's answer must be; fields that are "" or unknown are compared as such.
type want struct {
	level, same                           mtls.Level
	encrypted, refused, identity, connect tri.Value
	weakest                               string // part of it
}

const (
	yes, no, unknown = tri.Yes, tri.No, tri.Unknown
	strictMesh       = "{mtls: {mode: STRICT}}"
)

func TestBetween(t *testing.T) {
	two := func(from, to string) string {
		return namespace("a", from) + namespace("b", to) + pods("a", "client", "") + pods("b", "server", "")
	}
	rule := func(namespace, spec string) string {
		return object("networking.istio.io/v1", "DestinationRule", namespace, "dr", "spec: "+spec)
	}
	for _, tt := range []struct {
		name, input string
		port        uint32
		direct      bool // to the pod's address
		udp         bool
		want        want
	}{
		{name: "no mesh", input: two("labels: {}", "labels: {}"), want: want{mtls.None, mtls.None, no, no, no, yes, "in no mesh"}},
		{name: "both injected, permissive", input: two(injected, injected),
			want: want{mtls.Optional, mtls.Optional, yes, no, yes, yes, "plaintext is taken too"}},
		{name: "mesh-wide strict", input: two(injected, injected) + policy("istio-system", "default", strictMesh),
			want: want{mtls.Enforced, mtls.Enforced, yes, yes, yes, yes, ""}},
		{name: "client outside, server strict", input: two("labels: {}", injected) + policy("b", "default", strictMesh),
			want: want{mtls.Enforced, mtls.Enforced, no, yes, no, no, "client sends plaintext"}},
		{name: "client outside, server permissive", input: two("labels: {}", injected),
			want: want{mtls.None, mtls.None, no, no, no, yes, "client is in no mesh"}},
		{name: "selector in the root namespace is ignored",
			input: two(injected, injected) + policy("istio-system", "w", "{selector: {matchLabels: {app: server}}, mtls: {mode: STRICT}}"),
			want:  want{mtls.Optional, mtls.Optional, yes, no, yes, yes, "plaintext is taken"}},
		{name: "port exception", port: 8080,
			input: two(injected, injected) + policy("b", "w", "{selector: {matchLabels: {app: server}}, mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: PERMISSIVE}}}"),
			want:  want{mtls.Optional, mtls.Optional, yes, no, yes, yes, `"b/w" says PERMISSIVE for port 8080`}},
		{name: "mode disable", input: two(injected, injected) + policy("b", "default", "{mtls: {mode: DISABLE}}"),
			want: want{mtls.None, mtls.None, no, no, no, yes, "DISABLE"}},
		{name: "rule disables under strict", input: two(injected, injected) + policy("b", "default", strictMesh) +
			rule("a", "{host: server.b.svc.cluster.local, trafficPolicy: {tls: {mode: DISABLE}}}"),
			want: want{mtls.Enforced, mtls.Enforced, no, yes, no, no, `DestinationRule "a/dr" says DISABLE`}},
		{name: "rule for another port of the Service", input: two(injected, injected) +
			rule("b", "{host: server, trafficPolicy: {portLevelSettings: [{port: {number: 9090}, tls: {mode: DISABLE}}]}}"),
			want: want{mtls.Optional, mtls.Optional, yes, no, yes, yes, "plaintext is taken"}},
		{name: "TLS of the client's own", input: two(injected, injected) + rule("b", "{host: server, trafficPolicy: {tls: {mode: SIMPLE}}}"),
			want: want{mtls.UnknownLevel, mtls.UnknownLevel, unknown, no, unknown, unknown, "if the server itself speaks TLS"}},
		{name: "a call to the pod's address", direct: true, input: two(injected, injected),
			want: want{mtls.None, mtls.None, no, no, no, yes, "pod's own address"}},
		{name: "excluded port", input: namespace("a", injected) + namespace("b", injected) + pods("a", "client", "") +
			pods("b", "server", `, annotations: {traffic.sidecar.istio.io/excludeInboundPorts: "8080"}`) + policy("b", "default", strictMesh),
			want: want{mtls.None, mtls.None, no, no, no, no, "inbound port 8080 is excluded"}},
		{name: "UDP", udp: true, input: two(injected, injected) + policy("b", "default", strictMesh),
			want: want{mtls.None, mtls.None, no, no, no, yes, "TCP only"}},
		{name: "hidden by a Sidecar", input: two(injected, injected) +
			object("networking.istio.io/v1", "Sidecar", "a", "default", `spec: {egress: [{hosts: ["./*", "istio-system/*"]}]}`),
			want: want{mtls.None, mtls.None, no, no, no, yes, `Sidecar "default" hides`}},
		{name: "automatic mutual TLS off", input: two(injected, injected) +
			object("v1", "ConfigMap", "istio-system", "istio", "data: {mesh: 'enableAutoMtls: false'}"),
			want: want{mtls.None, mtls.None, no, no, no, yes, "automatic mutual TLS is off"}},
		{name: "another root namespace", input: two(injected, injected) + policy("mesh", "default", strictMesh) +
			object("v1", "ConfigMap", "istio-system", "istio", "data: {mesh: 'rootNamespace: mesh'}"),
			want: want{mtls.Enforced, mtls.Enforced, yes, yes, yes, yes, ""}},
		{name: "ambient", input: two(ambient, ambient), want: want{mtls.Optional, mtls.Optional, yes, no, yes, yes, "plaintext is taken"}},
		{name: "ambient is not turned off by disable", input: two(ambient, ambient) + policy("b", "default", "{mtls: {mode: DISABLE}}"),
			want: want{mtls.Optional, mtls.Optional, yes, no, yes, yes, ""}},
		{name: "ambient strict, by address too", direct: true, input: two(ambient, ambient) + policy("b", "default", strictMesh),
			want: want{mtls.Enforced, mtls.Enforced, yes, yes, yes, yes, ""}},
		{name: "sidecar to ambient without its protocol", input: two(injected, ambient) +
			object("v1", "ConfigMap", "istio-system", "istio", "data: {mesh: '{}'}"),
			want: want{mtls.None, mtls.None, no, no, no, yes, "does not speak the tunnel protocol"}},
		{name: "sidecar to ambient, unknown", input: two(injected, ambient),
			want: want{mtls.UnknownLevel, mtls.UnknownLevel, unknown, no, unknown, unknown, "MeshConfig"}},
		{name: "only identities are allowed", input: two("labels: {}", injected) +
			object("security.istio.io/v1", "AuthorizationPolicy", "b", "ids", "spec: {rules: [{from: [{source: {principals: ['*']}}]}]}"),
			want: want{mtls.Enforced, mtls.Enforced, no, yes, no, no, "client sends plaintext"}},
		{name: "DENY by principal lets plaintext through", input: two("labels: {}", injected) +
			object("security.istio.io/v1", "AuthorizationPolicy", "b", "bad", "spec: {action: DENY, rules: [{from: [{source: {principals: ['*']}}]}]}"),
			want: want{mtls.None, mtls.None, no, no, no, yes, "client is in no mesh"}},
		{name: "DENY by principal stops a member", input: two(injected, injected) +
			object("security.istio.io/v1", "AuthorizationPolicy", "b", "bad", "spec: {action: DENY, rules: [{from: [{source: {principals: ['*/ns/a/*', 'cluster.local/ns/a/*']}}]}]}"),
			want: want{mtls.Optional, mtls.Optional, yes, no, yes, no, `AuthorizationPolicy "bad" denies`}},
		{name: "linkerd", input: two(linkerd, linkerd), want: want{mtls.Optional, mtls.Optional, yes, no, yes, yes, "all-unauthenticated"}},
		{name: "linkerd authenticated", input: two(linkerd, "annotations: {linkerd.io/inject: enabled, config.linkerd.io/default-inbound-policy: all-authenticated}"),
			want: want{mtls.Enforced, mtls.Enforced, yes, yes, yes, yes, ""}},
		{name: "linkerd skipped port", input: two(linkerd, `annotations: {linkerd.io/inject: enabled, config.linkerd.io/skip-inbound-ports: "8000-8090"}`),
			want: want{mtls.None, mtls.None, no, no, no, yes, "skips Linkerd's proxy"}},
		{name: "linkerd Server", input: two(linkerd, linkerd) +
			object("policy.linkerd.io/v1beta3", "Server", "b", "http", "spec: {podSelector: {matchLabels: {app: server}}, port: http}") +
			object("policy.linkerd.io/v1alpha1", "AuthorizationPolicy", "b", "clients", "spec: {targetRef: {group: policy.linkerd.io, kind: Server, name: http}, requiredAuthenticationRefs: [{kind: ServiceAccount, name: client, namespace: a}]}"),
			want: want{mtls.Enforced, mtls.Enforced, yes, yes, yes, yes, ""}},
		{name: "linkerd Server for others", input: two(linkerd, linkerd) +
			object("policy.linkerd.io/v1beta3", "Server", "b", "http", "spec: {podSelector: {}, port: 8080}"),
			want: want{mtls.Enforced, mtls.Enforced, yes, yes, yes, no, "forbids it"}},
		{name: "two meshes", input: two(linkerd, injected), want: want{mtls.None, mtls.None, no, no, no, yes, "does not take its mutual TLS"}},
		{name: "WireGuard", input: two("labels: {}", "labels: {}") + object("v1", "ConfigMap", "kube-system", "cilium-config", `data: {enable-wireguard: "true"}`),
			want: want{mtls.Tunnel, mtls.None, yes, no, no, yes, "client is in no mesh"}},
		{name: "WireGuard, strict", input: two("labels: {}", "labels: {}") +
			object("v1", "ConfigMap", "kube-system", "cilium-config", `data: {enable-wireguard: "true", enable-encryption-strict-mode-egress: "true", encryption-strict-egress-cidr: 10.0.0.0/8}`),
			want: want{mtls.StrictTunnel, mtls.None, yes, no, no, yes, "client is in no mesh"}},
		{name: "WireGuard under a strict mesh", input: two(injected, injected) + policy("b", "default", strictMesh) +
			object("v1", "ConfigMap", "kube-system", "cilium-config", `data: {enable-wireguard: "true"}`),
			want: want{mtls.Enforced, mtls.Enforced, yes, yes, yes, yes, ""}},
		{name: "Calico", input: two("labels: {}", "labels: {}") + object("projectcalico.org/v3", "FelixConfiguration", "", "default", "spec: {wireguardEnabled: true}"),
			want: want{mtls.Tunnel, mtls.None, yes, no, no, yes, "client is in no mesh"}},
		{name: "contradiction of one age", input: two(injected, injected) + policy("b", "one", strictMesh) + policy("b", "two", "{mtls: {mode: PERMISSIVE}}"),
			want: want{mtls.Optional, mtls.Optional, yes, unknown, yes, yes, "contradict each other"}},
		{name: "unreadable policy", input: two(injected, injected) + policy("b", "x", "{mtls: {mode: strict}}"),
			want: want{mtls.Optional, mtls.Optional, yes, unknown, yes, yes, "is no mode"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, snap := model(t, world.Complete, tt.input)
			q := mtls.Pair{From: member(t, m, snap, "a", "client"), To: member(t, m, snap, "b", "server"), Port: 8080}
			if tt.udp {
				q.Protocol = corev1.ProtocolUDP
			}
			if e := m.Entries(q.To); !tt.direct {
				q.Service, q.ServicePort = e[0].Service, e[0].ServicePort
			}
			a := m.Between(q)
			got := want{a.Level, a.SameNodeLevel, a.Encrypted, a.Refused, a.Identity, a.Connects, tt.want.weakest}
			if got != tt.want || !strings.Contains(a.Weakest, tt.want.weakest) {
				t.Errorf("got  %v %v encrypted=%v refused=%v identity=%v connects=%v (%s)\nwant %v", a.Level, a.SameNodeLevel, a.Encrypted, a.Refused, a.Identity, a.Connects, a.Weakest, tt.want)
				for _, s := range a.Steps {
					t.Log(s.Text, s.Pos().Line)
				}
			}
		})
	}
}

// TestOwnTLS must not call a port plaintext whose application seems to speak TLS, nor encrypted.
func TestOwnTLS(t *testing.T) {
	text := namespace("a", "labels: {}") + pods("a", "client", "") + pods("a", "server", "")
	for _, port := range []uint32{8443, 8080} {
		m, snap := model(t, world.Complete, strings.ReplaceAll(text, "containerPort: 9090", "containerPort: 8443"))
		a := m.Between(mtls.Pair{From: member(t, m, snap, "a", "client"), To: member(t, m, snap, "a", "server"), Port: port})
		if want := map[uint32]tri.Value{8443: unknown, 8080: no}[port]; a.Encrypted != want {
			t.Errorf("port %d: encrypted is %v, want %v", port, a.Encrypted, want)
		}
	}
}

// TestUnknownNamespace must not take a missing Namespace for one without labels.
func TestUnknownNamespace(t *testing.T) {
	m, snap := model(t, world.Auto, pods("a", "client", ""))
	p := member(t, m, snap, "a", "client")
	if p.In != tri.Unknown || !strings.Contains(p.Why.Text, `Namespace "a"`) {
		t.Errorf("membership is %v because %s", p.In, p.Why.Text)
	}
	a := m.Between(mtls.Pair{From: p, To: p, Port: 8080})
	if a.Level != mtls.UnknownLevel || a.Encrypted != tri.Unknown || a.Refused != tri.Unknown {
		t.Errorf("unknown membership became %v, encrypted %v, refused %v", a.Level, a.Encrypted, a.Refused)
	}
}
