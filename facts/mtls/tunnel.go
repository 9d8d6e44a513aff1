package mtls

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/internal/tri"
	"bulwark/world"
)

// tunnel is what a network plugin says about traffic between nodes.
type tunnel struct {
	on      tri.Value
	name    string    // such as "Cilium's WireGuard"
	strict  tri.Value // drops what is not encrypted
	nodes   tri.Value // also carries the nodes' own traffic, and thus pods on the host's network
	ztunnel bool      // Cilium's own ztunnel is installed
	holes   []Step    // what it leaves open
	why     Step
}

const ciliumConfig = "cilium-config"

// readCilium reads the agent's ConfigMap (1.20; older keys of strict mode too).
func readCilium(v *control.View) tunnel {
	for o := range v.All(configMapKind) {
		cm, ok := o.Typed.(*corev1.ConfigMap)
		if ok && o.Name == ciliumConfig {
			return ciliumTunnel(o, cm.Data)
		}
	}
	t := tunnel{strict: tri.No, nodes: tri.No}
	if err := v.Knows(configMapKind, "kube-system"); err != nil {
		t.why = Step{Text: "whether Cilium encrypts between nodes is in the ConfigMap cilium-config, which is not in the input"}
		return t
	}
	t.on = tri.No
	return t
}

func ciliumTunnel(o *world.Object, data map[string]string) tunnel {
	is := func(key string) bool { return data[key] == "true" }
	t := tunnel{on: tri.No, strict: tri.No, nodes: tri.No, ztunnel: is("enable-ztunnel")}
	var key string
	switch {
	case is("enable-wireguard"):
		t.name, key, t.nodes = "Cilium's WireGuard", "enable-wireguard", tri.Of(is("encrypt-node"))
	case is("enable-ipsec"):
		t.name, key = "Cilium's IPsec", "enable-ipsec"
	default:
		t.why = Step{Text: "Cilium does not encrypt between nodes", Object: o, Path: "data"}
		return t
	}
	t.on = tri.Yes
	t.why = Step{Text: t.name + " encrypts what goes from pod to pod on another node", Object: o, Path: "data[" + key + "]"}
	egress := is("enable-encryption-strict-mode-egress") && data["encryption-strict-egress-cidr"] != ""
	old := is("enable-encryption-strict-mode") && data["encryption-strict-mode-cidr"] != ""
	ingress := is("enable-encryption-strict-mode-ingress") && is("enable-wireguard")
	if t.strict = tri.Of(egress || old || ingress); t.strict == tri.Yes {
		if !ingress {
			t.hole("strict mode holds for IPv4 addresses of its range only", o, "data")
		}
		return t
	}
	t.hole("without strict mode packets to pods that the agent does not know yet leave in plaintext", o, "data")
	return t
}

func (t *tunnel) hole(text string, o *world.Object, path string) {
	t.holes = append(t.holes, Step{text, o, path})
}

// wireguardKey is the annotation by which Calico publishes a node's key.
const wireguardKey = "projectcalico.org/WireguardPublicKey"

// readCalico reads Felix's configuration: the default one, and exceptions for single nodes.
func readCalico(v *control.View) tunnel {
	t := tunnel{strict: tri.No, nodes: tri.No}
	var known error
	for _, kind := range felixKinds {
		for o := range v.All(kind) {
			t.readFelix(o)
		}
		if known == nil {
			known = v.Knows(kind, "")
		}
	}
	if t.on == tri.Unknown && known == nil {
		t.on = tri.No
	}
	if t.on == tri.Unknown {
		t.why = Step{Text: "whether Calico encrypts between nodes is in its FelixConfiguration, which is not in the input"}
	}
	if t.on == tri.Yes {
		t.withoutKeys(v)
	}
	return t
}

func (t *tunnel) readFelix(o *world.Object) {
	var s struct {
		V4   *bool `json:"wireguardEnabled"`
		V6   *bool `json:"wireguardEnabledV6"`
		Host bool  `json:"wireguardHostEncryptionEnabled"`
	}
	if o.Decode("spec", &s) != nil {
		return
	}
	on := s.V4 != nil && *s.V4 || s.V6 != nil && *s.V6
	switch {
	case o.Name == "default" && !on:
		t.on = tri.No
		t.why = Step{Text: "Calico does not encrypt between nodes", Object: o, Path: "spec"}
	case o.Name == "default":
		t.on, t.name, t.nodes = tri.Yes, "Calico's WireGuard", tri.Of(s.Host)
		t.why = Step{Text: t.name + " encrypts what goes from pod to pod on another node", Object: o, Path: "spec.wireguardEnabled"}
		if s.V4 == nil || !*s.V4 {
			t.hole("the tunnel carries IPv6 only", o, "spec.wireguardEnabledV6")
		}
	case strings.HasPrefix(o.Name, "node.") && s.V4 != nil && !*s.V4:
		t.hole(fmt.Sprintf("node %q takes no part in the tunnel", strings.TrimPrefix(o.Name, "node.")), o, "spec.wireguardEnabled")
	}
}

// withoutKeys looks for running nodes that have published no key: to and from them everything is plaintext.
func (t *tunnel) withoutKeys(v *control.View) {
	for o := range v.All(nodeKind) {
		if o.Live() && o.Annotation(wireguardKey) == "" && o.Annotation(wireguardKey+"V6") == "" {
			t.hole(fmt.Sprintf("node %q has published no WireGuard key", o.Name), o, "metadata.annotations")
			t.on = tri.Unknown
			t.why = Step{Text: "some nodes take no part in Calico's WireGuard", Object: o, Path: "metadata.annotations"}
		}
	}
}

// level is what the tunnel gives to a pair on different nodes; host says that one of them uses the network of its node.
func (t *tunnel) level(host bool) Level {
	switch {
	case t.on == tri.No || t.on == tri.Yes && host && t.nodes == tri.No:
		return None
	case t.on == tri.Unknown:
		return UnknownLevel
	case t.strict == tri.Yes:
		return StrictTunnel
	}
	return Tunnel
}

// tunnelOf returns the plugin whose tunnel counts: the one that is on, else one that may be.
func (m *Model) tunnelOf() *tunnel {
	for _, v := range [...]tri.Value{tri.Yes, tri.Unknown} {
		for _, t := range [...]*tunnel{&m.cilium, &m.calico} {
			if t.on == v {
				return t
			}
		}
	}
	return &m.cilium
}
