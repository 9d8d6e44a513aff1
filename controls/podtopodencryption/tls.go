package podtopodencryption

import (
	"fmt"

	"bulwark/control"
)

func tlsControls() []*control.Control {
	return []*control.Control{oldTLSMesh, oldTLSGateway, weakClient, plainGateway, awsCertificate, awsHTTPS, insecureTransport}
}

var oldTLSMesh = &control.Control{
	ID:       "BW2212",
	Concept:  concept,
	Title:    "Consul mesh accepts old TLS versions",
	Severity: control.Medium,
	Refs:     []string{"kyverno enforce-min-tls-version", "NSA net", "ATT&CK T1557"},
	Kinds:    []string{"Mesh.consul.hashicorp.com"},
	Deny: `object.?spec.?tls.?incoming.?tlsMinVersion.orValue("TLSv1_2") in ["TLSv1_0", "TLSv1_1", "TLS_AUTO"] ||
  object.?spec.?tls.?outgoing.?tlsMinVersion.orValue("TLSv1_2") in ["TLSv1_0", "TLSv1_1", "TLS_AUTO"]`,
	Check: func(p *control.Pass) error {
		var s struct {
			TLS map[string]struct {
				Min string `json:"tlsMinVersion"`
			} `json:"tls"`
		}
		if err := p.Subject.Decode("spec", &s); err != nil {
			return err
		}
		for _, side := range [...]string{"incoming", "outgoing"} {
			if v := s.TLS[side].Min; v == "TLSv1_0" || v == "TLSv1_1" || v == "TLS_AUTO" {
				path := "spec.tls." + side + ".tlsMinVersion"
				p.Report(path, "%s connections may use %s", side, v).
					Fix("demand TLS 1.2", control.Edit{Path: path, Op: control.Set, Value: "TLSv1_2"})
			}
		}
		return nil
	},
	Doc: `TLS 1.0 and 1.1 have known weaknesses and are no longer allowed by the standards most audits use. A mesh that takes them
lets an attacker on the way push both sides down to them.

It fires when spec.tls.incoming.tlsMinVersion or spec.tls.outgoing.tlsMinVersion of a Consul Mesh is TLSv1_0, TLSv1_1 or
TLS_AUTO. Unset means TLS 1.2 in supported releases.

    apiVersion: consul.hashicorp.com/v1alpha1
    kind: Mesh
    metadata: {name: mesh}
    spec:
      tls:
        incoming: {tlsMinVersion: TLSv1_2}
        outgoing: {tlsMinVersion: TLSv1_2}
`,
}

// gatewayServers is the part of an Istio Gateway that says how it listens.
type gatewayServers struct {
	Servers []struct {
		Port struct {
			Name     string `json:"name"`
			Number   int32  `json:"number"`
			Protocol string `json:"protocol"`
		} `json:"port"`
		TLS *struct {
			Mode     string `json:"mode"`
			Min      string `json:"minProtocolVersion"`
			Redirect bool   `json:"httpsRedirect"`
		} `json:"tls"`
	} `json:"servers"`
}

var oldTLSGateway = &control.Control{
	ID:       "BW2213",
	Concept:  concept,
	Title:    "Istio Gateway accepts old TLS versions",
	Severity: control.Medium,
	Refs:     []string{"NSA net", "ATT&CK T1557"},
	Kinds:    []string{istioGateway},
	Deny:     `object.?spec.?servers.orValue([]).exists(s, s.?tls.?minProtocolVersion.orValue("") in ["TLSV1_0", "TLSV1_1"])`,
	Check: func(p *control.Pass) error {
		var s gatewayServers
		if err := p.Subject.Decode("spec", &s); err != nil {
			return err
		}
		for i := range s.Servers {
			if t := s.Servers[i].TLS; t != nil && (t.Min == "TLSV1_0" || t.Min == "TLSV1_1") {
				path := fmt.Sprintf("spec.servers[%d].tls.minProtocolVersion", i)
				p.Report(path, "port %d accepts %s", s.Servers[i].Port.Number, t.Min).
					Fix("demand TLS 1.2", control.Edit{Path: path, Op: control.Set, Value: "TLSV1_2"})
			}
		}
		return nil
	},
	Doc: `TLS 1.0 and 1.1 have known weaknesses; an attacker on the way can push clients down to them when the server agrees.

It fires for each server of an Istio Gateway whose tls.minProtocolVersion is TLSV1_0 or TLSV1_1. TLS_AUTO and unset mean
TLS 1.2 in supported releases.

    apiVersion: networking.istio.io/v1
    kind: Gateway
    spec:
      servers:
      - port: {number: 443, name: https, protocol: HTTPS}
        hosts: [shop.example.com]
        tls: {mode: SIMPLE, credentialName: shop-tls, minProtocolVersion: TLSV1_2}
`,
}

var weakClient = &control.Control{
	ID:       "BW2214",
	Concept:  concept,
	Title:    "DestinationRule turns encryption or its check off",
	Severity: control.Medium,
	Refs:     []string{"kyverno enforce-tls-hosts-host-subnets", "NSA net", "ATT&CK T1557", "ATT&CK T1040"},
	Kinds:    []string{destinationRule},
	Check: func(p *control.Pass) error {
		var s struct {
			Policy  trafficPolicy `json:"trafficPolicy"`
			Subsets []struct {
				Policy trafficPolicy `json:"trafficPolicy"`
			} `json:"subsets"`
		}
		if err := p.Subject.Decode("spec", &s); err != nil {
			return err
		}
		s.Policy.report(p, "spec.trafficPolicy")
		for i := range s.Subsets {
			s.Subsets[i].Policy.report(p, fmt.Sprintf("spec.subsets[%d].trafficPolicy", i))
		}
		return nil
	},
	Deny: `object.?spec.?trafficPolicy.?tls.?mode.orValue("") == "DISABLE" || object.?spec.?trafficPolicy.?tls.?insecureSkipVerify.orValue(false) == true ||
  object.?spec.?trafficPolicy.?portLevelSettings.orValue([]).exists(s, s.?tls.?mode.orValue("") == "DISABLE" || s.?tls.?insecureSkipVerify.orValue(false) == true) ||
  object.?spec.?subsets.orValue([]).exists(b, b.?trafficPolicy.?tls.?mode.orValue("") == "DISABLE" || b.?trafficPolicy.?tls.?insecureSkipVerify.orValue(false) == true ||
    b.?trafficPolicy.?portLevelSettings.orValue([]).exists(s, s.?tls.?mode.orValue("") == "DISABLE" || s.?tls.?insecureSkipVerify.orValue(false) == true))`,
	Doc: `A DestinationRule decides for the clients of a host. With mode DISABLE they speak plaintext although both sides are in
the mesh; with insecureSkipVerify they encrypt towards whoever answers, which an attacker on the way can be.

It fires for each tls section (traffic policy, port-level settings, subsets) with mode DISABLE or insecureSkipVerify true.
SIMPLE and MUTUAL, meant for servers outside the mesh, are not judged.

    apiVersion: networking.istio.io/v1
    kind: DestinationRule
    spec:
      host: db.shop.svc.cluster.local
      trafficPolicy:
        tls: {mode: ISTIO_MUTUAL}
`,
}

type clientTLS struct {
	Mode string `json:"mode"`
	Skip bool   `json:"insecureSkipVerify"`
}

type trafficPolicy struct {
	TLS   clientTLS `json:"tls"`
	Ports []struct {
		TLS clientTLS `json:"tls"`
	} `json:"portLevelSettings"`
}

func (t *trafficPolicy) report(p *control.Pass, at string) {
	t.TLS.report(p, at+".tls")
	for i := range t.Ports {
		t.Ports[i].TLS.report(p, fmt.Sprintf("%s.portLevelSettings[%d].tls", at, i))
	}
}

func (c clientTLS) report(p *control.Pass, at string) {
	if c.Mode == "DISABLE" {
		p.Report(at+".mode", "clients of this host speak plaintext (mode DISABLE)")
	}
	if c.Skip {
		p.Report(at+".insecureSkipVerify", "clients of this host do not check whom they talk to").
			Fix("check the server's certificate; its authority must be known", control.Edit{Path: at + ".insecureSkipVerify", Op: control.Remove})
	}
}

var plainGateway = &control.Control{
	ID:       "BW2215",
	Concept:  concept,
	Title:    "Istio Gateway serves plain HTTP",
	Severity: control.Medium,
	Refs:     []string{"NSA net", "ATT&CK T1557"},
	Kinds:    []string{istioGateway},
	Deny: `object.?spec.?servers.orValue([]).exists(s, s.?port.?protocol.orValue("") in ["HTTP", "HTTP2", "GRPC"] &&
  s.?tls.?httpsRedirect.orValue(false) != true)`,
	Check: func(p *control.Pass) error {
		var s gatewayServers
		if err := p.Subject.Decode("spec", &s); err != nil {
			return err
		}
		for i, srv := range s.Servers {
			plain := srv.Port.Protocol == "HTTP" || srv.Port.Protocol == "HTTP2" || srv.Port.Protocol == "GRPC"
			if plain && (srv.TLS == nil || !srv.TLS.Redirect) {
				p.Report(fmt.Sprintf("spec.servers[%d].port.protocol", i), "port %d serves %s without TLS and does not redirect", srv.Port.Number, srv.Port.Protocol)
			}
		}
		return nil
	},
	Doc: `What a Gateway serves without TLS can be read and changed by anybody on the way to it, cookies and tokens included. The
mesh encrypts only behind it.

It fires for each server with protocol HTTP, HTTP2 or GRPC that does not redirect to HTTPS. TCP is not judged, since what
it carries may be encrypted by itself.

    spec:
      servers:
      - port: {number: 80, name: http, protocol: HTTP}
        hosts: [shop.example.com]
        tls: {httpsRedirect: true}
      - port: {number: 443, name: https, protocol: HTTPS}
        hosts: [shop.example.com]
        tls: {mode: SIMPLE, credentialName: shop-tls}
`,
}

var insecureTransport = &control.Control{
	ID:       "BW2217",
	Concept:  concept,
	Title:    "Gateway does not check the certificate of the Service behind it",
	Severity: control.Medium,
	Refs:     []string{"NSA net", "ATT&CK T1557"},
	Kinds:    []string{"ServersTransport.traefik.io", "ServersTransport.traefik.containo.us", "ServersTransportTCP.traefik.io"},
	Deny:     `object.?spec.?insecureSkipVerify.orValue(false) == true || object.?spec.?tls.?insecureSkipVerify.orValue(false) == true`,
	Check: func(p *control.Pass) error {
		var s struct {
			Skip bool      `json:"insecureSkipVerify"`
			TLS  clientTLS `json:"tls"`
		}
		if err := p.Subject.Decode("spec", &s); err != nil {
			return err
		}
		if s.Skip {
			p.Report("spec.insecureSkipVerify", "the gateway does not check the certificate of its backends")
		}
		if s.TLS.Skip {
			p.Report("spec.tls.insecureSkipVerify", "the gateway does not check the certificate of its backends")
		}
		return nil
	},
	Doc: `TLS between a gateway and its Service protects nothing when the gateway takes any certificate: whoever can answer for the
Service's address reads the traffic.

It fires for a Traefik ServersTransport (or its TCP form) with insecureSkipVerify true.

Give the gateway the authority that signs the certificates inside the cluster:

    apiVersion: traefik.io/v1alpha1
    kind: ServersTransport
    spec:
      serverName: shop.shop.svc
      rootCAs: [{configMap: internal-ca}]
`,
}
