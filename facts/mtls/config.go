package mtls

import (
	"cmp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"bulwark/control"
	"bulwark/internal/tri"
	"bulwark/world"
)

// Root is the namespace whose policies count for the whole mesh, unless the mesh was installed otherwise.
const Root = "istio-system"

// Config is what Istio's MeshConfig says about encryption.
type Config struct {
	Object      *world.Object // nil when it was not in the input and these are the defaults
	Root        string        // namespace of mesh-wide policies
	TrustDomain string
	AutoMTLS    bool      // clients use mutual TLS wherever the server can
	HBONE       tri.Value // sidecars speak the tunnel protocol of ambient mode
	PrivateDR   bool      // DestinationRules without exportTo stay in their namespace
}

// domain is the DNS domain of the cluster. No object of the API says otherwise.
const domain = "cluster.local"

type meshConfigJSON struct {
	RootNamespace string   `json:"rootNamespace"`
	TrustDomain   string   `json:"trustDomain"`
	AutoMTLS      *bool    `json:"enableAutoMtls"`
	ExportTo      []string `json:"defaultDestinationRuleExportTo"`
	DefaultConfig struct {
		ProxyMetadata map[string]string `json:"proxyMetadata"`
	} `json:"defaultConfig"`
}

const (
	configMapKind = "ConfigMap"
	operatorKind  = "IstioOperator.install.istio.io"
)

// readConfig finds the mesh's configuration: the ConfigMap istio (or istio-REVISION, the plain one first) or an IstioOperator.
func readConfig(v *control.View) Config {
	var best *world.Object
	var text string
	for o := range v.All(configMapKind) {
		cm, ok := o.Typed.(*corev1.ConfigMap)
		if !ok || o.Name != "istio" && !strings.HasPrefix(o.Name, "istio-") || cm.Data["mesh"] == "" {
			continue
		}
		if best == nil || o.Name == "istio" && best.Name != "istio" {
			best, text = o, cm.Data["mesh"]
		}
	}
	var j meshConfigJSON
	if best != nil && yaml.Unmarshal([]byte(text), &j) == nil {
		return j.config(best)
	}
	for o := range v.All(operatorKind) {
		if o.Decode("spec.meshConfig", &j) == nil {
			return j.config(o)
		}
	}
	return meshConfigJSON{}.config(nil)
}

func (j meshConfigJSON) config(o *world.Object) Config {
	c := Config{
		Object: o, Root: cmp.Or(j.RootNamespace, Root), TrustDomain: cmp.Or(j.TrustDomain, domain),
		AutoMTLS: j.AutoMTLS == nil || *j.AutoMTLS,
		HBONE:    tri.Of(j.DefaultConfig.ProxyMetadata["ISTIO_META_ENABLE_HBONE"] == "true"),
	}
	if o == nil {
		c.HBONE = tri.Unknown
	}
	for _, e := range j.ExportTo {
		c.PrivateDR = c.PrivateDR || e == "."
	}
	return c
}

// path is where the configuration stands in its object.
func (c *Config) path() string {
	if c.Object != nil && c.Object.GroupKind() == operatorKind {
		return "spec.meshConfig"
	}
	return "data[mesh]"
}
