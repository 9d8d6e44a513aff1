package podtopodencryption

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
)

func nodeControls() []*control.Control {
	return []*control.Control{linkerdAnybody, notStrictTunnel, noTunnel}
}

const linkerdGroup = "policy.linkerd.io"

// anybody are Linkerd's policies that let clients without an identity in.
var anybody = []string{"all-unauthenticated", "cluster-unauthenticated", "audit"}

var linkerdAnybody = &control.Control{
	ID:       "BW2224",
	Concept:  concept,
	Title:    "Linkerd policy admits clients without an identity",
	Severity: control.Medium,
	Refs:     []string{"NSA net", "ATT&CK T1557"},
	Kinds:    []string{"Server." + linkerdGroup, "ServerAuthorization." + linkerdGroup, "AuthorizationPolicy." + linkerdGroup},
	Deny: `object.kind == "Server" ? object.?spec.?accessPolicy.orValue("deny") in ["all-unauthenticated", "cluster-unauthenticated", "audit"]
  : object.kind == "ServerAuthorization" ? object.?spec.?client.?unauthenticated.orValue(false) == true || object.?spec.?client.?meshTLS.?unauthenticatedTLS.orValue(false) == true
  : !object.?spec.?requiredAuthenticationRefs.orValue([]).exists(r, r.?kind.orValue("") in ["MeshTLSAuthentication", "ServiceAccount"])`,
	Check: func(p *control.Pass) error {
		var s struct {
			Access string `json:"accessPolicy"`
			Client struct {
				Unauthenticated bool `json:"unauthenticated"`
				MeshTLS         struct {
					Unauthenticated bool `json:"unauthenticatedTLS"`
				} `json:"meshTLS"`
			} `json:"client"`
			Required []struct {
				Kind string `json:"kind"`
			} `json:"requiredAuthenticationRefs"`
		}
		if err := p.Subject.Decode("spec", &s); err != nil {
			return err
		}
		identity := false
		for _, r := range s.Required {
			identity = identity || r.Kind == "MeshTLSAuthentication" || r.Kind == "ServiceAccount"
		}
		switch kind := p.Subject.Kind; {
		case kind == "Server" && slices.Contains(anybody, s.Access):
			p.Report("spec.accessPolicy", "clients that no policy names get in: accessPolicy is %q", s.Access)
		case kind == "ServerAuthorization" && s.Client.Unauthenticated:
			p.Report("spec.client.unauthenticated", "the server takes plaintext from anybody")
		case kind == "ServerAuthorization" && s.Client.MeshTLS.Unauthenticated:
			p.Report("spec.client.meshTLS.unauthenticatedTLS", "the server takes TLS from clients without an identity")
		case kind == "AuthorizationPolicy" && !identity:
			p.Report("spec.requiredAuthenticationRefs", "no identity is required: an address is enough, and addresses can be had by any pod")
		}
		return nil
	},
	Doc: `Linkerd encrypts between its own proxies; who is let in without is a matter of policy. A policy that asks for no
identity admits plaintext from any pod, so that encryption is a habit of the clients and not a rule of the server.

It fires for a Server whose accessPolicy is all-unauthenticated, cluster-unauthenticated or audit; for a
ServerAuthorization whose client is unauthenticated or whose meshTLS is unauthenticatedTLS; and for an
AuthorizationPolicy that requires neither a MeshTLSAuthentication nor a ServiceAccount. Probes of the kubelet need no
policy: Linkerd lets them in by itself.

    kind: AuthorizationPolicy
    spec:
      targetRef: {group: policy.linkerd.io, kind: Server, name: db}
      requiredAuthenticationRefs:
      - {kind: ServiceAccount, name: web}
`,
}

var notStrictTunnel = &control.Control{
	ID:       "BW2225",
	Concept:  concept,
	Title:    "Cilium encrypts between nodes but lets plaintext out",
	Severity: control.Low,
	Profile:  control.Hygiene,
	Refs:     []string{"NSA net", "ATT&CK T1040"},
	Kinds:    []string{"ConfigMap"},
	Deny: `object.metadata.name == "cilium-config" &&
  (object.?data[?"enable-wireguard"].orValue("") == "true" || object.?data[?"enable-ipsec"].orValue("") == "true") &&
  object.?data[?"enable-encryption-strict-mode-egress"].orValue("") != "true" && object.?data[?"enable-encryption-strict-mode"].orValue("") != "true" &&
  object.?data[?"enable-encryption-strict-mode-ingress"].orValue("") != "true"`,
	Check: func(p *control.Pass) error {
		data, ok := ciliumData(p)
		if !ok {
			return nil
		}
		strict := data["enable-encryption-strict-mode-egress"] == "true" || data["enable-encryption-strict-mode"] == "true" || data["enable-encryption-strict-mode-ingress"] == "true"
		for _, key := range [...]string{"enable-wireguard", "enable-ipsec"} {
			if data[key] == "true" && !strict {
				p.Report(fmt.Sprintf("data[%s]", key), "without strict mode packets to pods that the agent does not know yet leave the node in plaintext")
				break
			}
		}
		return nil
	},
	Doc: `Cilium encrypts packets to pods that its agent knows to be on another node. For a moment after a pod has started, or
when the agent is behind, it knows nothing and sends them as they are. Strict mode drops such packets.

It fires for the ConfigMap cilium-config when WireGuard or IPsec is on and none of the strict modes is. Strict mode for
egress covers IPv4 addresses of its range; that for ingress needs WireGuard.

    data:
      enable-wireguard: "true"
      enable-encryption-strict-mode-egress: "true"
      encryption-strict-egress-cidr: 10.244.0.0/16
`,
}

// ciliumData returns the agent's configuration when the subject is it.
func ciliumData(p *control.Pass) (map[string]string, bool) {
	cm, ok := p.Subject.Typed.(*corev1.ConfigMap)
	if !ok || p.Subject.Name != "cilium-config" {
		p.NotApplicable()
		return nil, false
	}
	return cm.Data, true
}

var noTunnel = &control.Control{
	ID:       "BW2226",
	Concept:  concept,
	Title:    "Network plugin could encrypt between nodes and does not",
	Severity: control.Low,
	Profile:  control.Strict,
	Refs:     []string{"NSA net", "ATT&CK T1040"},
	Kinds:    []string{"ConfigMap", "FelixConfiguration.crd.projectcalico.org", "FelixConfiguration.projectcalico.org"},
	Deny: `object.kind == "ConfigMap"
  ? object.metadata.name == "cilium-config" && !["enable-wireguard", "enable-ipsec", "enable-ztunnel"].exists(k, object.?data[?k].orValue("") == "true")
  : object.metadata.name == "default" && object.?spec.?wireguardEnabled.orValue(false) != true && object.?spec.?wireguardEnabledV6.orValue(false) != true`,
	Check: func(p *control.Pass) error {
		if p.Subject.Kind == "ConfigMap" {
			data, ok := ciliumData(p)
			if ok && data["enable-wireguard"] != "true" && data["enable-ipsec"] != "true" && data["enable-ztunnel"] != "true" {
				p.Report("data", "neither WireGuard nor IPsec nor ztunnel is on: what goes between nodes is plaintext unless a mesh encrypts it")
			}
			return nil
		}
		var s struct {
			V4 bool `json:"wireguardEnabled"`
			V6 bool `json:"wireguardEnabledV6"`
		}
		if err := p.Subject.Decode("spec", &s); err != nil {
			return err
		}
		if p.Subject.Name == "default" && !s.V4 && !s.V6 {
			p.Report("spec.wireguardEnabled", "WireGuard is off: what goes between nodes is plaintext unless a mesh encrypts it").
				Fix("encrypt between nodes; their kernels must have WireGuard", control.Edit{Path: "spec.wireguardEnabled", Op: control.Set, Value: true})
		}
		return nil
	},
	Doc: `Where nodes share a network with others, in a data centre or a cloud's zone, who taps it reads what pods send each
other. Cilium and Calico can encrypt it without the applications' help.

It fires for the ConfigMap cilium-config without WireGuard, IPsec and ztunnel, and for Calico's default
FelixConfiguration without WireGuard. It is a house rule and off by default: a mesh that refuses plaintext, or a network
that encrypts by itself, serves the same end.

    kind: FelixConfiguration
    metadata: {name: default}
    spec: {wireguardEnabled: true}
`,
}
