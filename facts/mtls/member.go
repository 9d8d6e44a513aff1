package mtls

import (
	"cmp"
	"fmt"

	"bulwark/internal/tri"
	"bulwark/world"
)

// Mesh is the means by which a pod's traffic is encrypted between proxies.
type Mesh string

// Meshes.
const (
	NoMesh  Mesh = ""
	Sidecar Mesh = "Istio sidecar"
	Ambient Mesh = "Istio ambient"
	Linkerd Mesh = "Linkerd"
	Ztunnel Mesh = "Cilium ztunnel"
)

// Labels and annotations that enrol pods.
const (
	injectionLabel   = "istio-injection"
	injectLabel      = "sidecar.istio.io/inject" // also an annotation
	revLabel         = "istio.io/rev"
	dataplaneLabel   = "istio.io/dataplane-mode"
	redirection      = "ambient.istio.io/redirection" // annotation set by Istio's CNI agent
	linkerdInject    = "linkerd.io/inject"
	ciliumMTLS       = "io.cilium/mtls-enabled"
	namespaceKind    = "Namespace"
	istioContainer   = "istio-proxy"
	linkerdContainer = "linkerd-proxy"
)

// uninjected are the namespaces that Istio's webhook leaves alone.
var uninjected = map[string]bool{"kube-system": true, "kube-public": true, "kube-node-lease": true, "local-path-storage": true}

// Member is a pod template with the mesh that it is in.
type Member struct {
	Object *world.Object
	Pod    *world.PodTemplate
	Labels map[string]string // of the pods
	Mesh   Mesh              // the one it is in, or may be in when In is unknown
	In     tri.Value
	Why    Step // why it is in or not, or why that is unknown

	namespace *world.Object // nil when it was not read
}

// Namespace is where the pods run.
func (m *Member) Namespace() string { return m.Object.Namespace }

// Account is the service account of the pods.
func (m *Member) Account() string { return cmp.Or(m.Pod.Spec.ServiceAccountName, "default") }

// annotation reads an annotation of the pods.
func (m *Member) annotation(key string) string {
	if m.Pod.Meta == nil {
		return ""
	}
	return m.Pod.Meta.Annotations[key]
}

// inherited reads an annotation that pods take from their namespace unless they have it, and says where it stands.
func (m *Member) inherited(key string) (value string, o *world.Object, path string) {
	if m.Pod.Meta != nil {
		if v, ok := m.Pod.Meta.Annotations[key]; ok {
			return v, m.Object, m.Pod.MetaPath("annotations[" + key + "]")
		}
	}
	if m.namespace != nil {
		return m.namespace.Annotation(key), m.namespace, "metadata.annotations[" + key + "]"
	}
	return "", nil, ""
}

// Member finds out which mesh the pods of a template are in. Running pods are taken as they are; for others it is what
// the injectors would do.
func (m *Model) Member(o *world.Object, t *world.PodTemplate) *Member {
	p := &Member{Object: o, Pod: t}
	if t.Meta != nil {
		p.Labels = t.Meta.Labels
	}
	p.namespace = m.view.Get(world.Ref{Kind: namespaceKind, Name: o.Namespace})
	if t.Spec.HostNetwork {
		p.out("uses the network of the node, which no mesh captures", o, t.SpecPath("hostNetwork"))
		return p
	}
	if p.proxied() || m.ztunnel(p) {
		return p
	}
	if o.Kind == "Pod" && o.Live() {
		p.out("runs without a proxy", o, "spec.containers")
		return p
	}
	if p.namespace == nil {
		if err := m.view.Knows(namespaceKind, ""); err != nil && !p.decided() {
			p.Why = Step{Text: fmt.Sprintf("whether it is in a mesh is written on Namespace %q, which is not in the input", o.Namespace)}
			return p
		}
	}
	if p.sidecar() || p.ambient() || p.linkerd() {
		return p
	}
	if p.Why.Text == "" {
		p.out("nothing enrols it in a mesh", cmp.Or(p.namespace, o), "metadata")
	}
	return p
}

func (m *Member) out(text string, o *world.Object, path string) {
	m.Mesh, m.In, m.Why = NoMesh, tri.No, Step{text, o, path}
}

func (m *Member) in(mesh Mesh, text string, o *world.Object, path string) bool {
	m.Mesh, m.In, m.Why = mesh, tri.Yes, Step{text, o, path}
	return true
}

// proxied recognises pods that carry their proxy, or that the agent on the node has redirected.
func (m *Member) proxied() bool {
	for c := range m.Pod.Containers {
		switch c.Name {
		case istioContainer:
			return m.in(Sidecar, "has Istio's sidecar", m.Object, c.Path("name"))
		case linkerdContainer:
			return m.in(Linkerd, "has Linkerd's proxy", m.Object, c.Path("name"))
		}
	}
	if m.annotation(redirection) == "enabled" {
		return m.in(Ambient, "is redirected to ztunnel", m.Object, m.Pod.MetaPath("annotations["+redirection+"]"))
	}
	return false
}

// decided says whether the pods' own marks settle their place, whatever the namespace says.
func (m *Member) decided() bool {
	linkerd, mode := m.annotation(linkerdInject), m.Labels[dataplaneLabel]
	if linkerd == "enabled" || linkerd == "ingress" {
		return true
	}
	return m.Labels[injectLabel] == "false" && (mode == "ambient" || mode == "none" && linkerd == "disabled")
}

func (m *Member) sidecar() bool {
	label, labelled := m.Labels[injectLabel]
	choice := m.annotation(injectLabel)
	path := m.Pod.MetaPath("annotations[" + injectLabel + "]")
	if labelled {
		choice, path = label, m.Pod.MetaPath("labels["+injectLabel+"]")
	}
	if choice == "false" {
		m.out("refuses Istio's sidecar", m.Object, path)
		return false
	}
	if uninjected[m.Namespace()] {
		return false
	}
	if m.namespace != nil {
		injection, set := m.namespace.Meta.Labels[injectionLabel]
		rev := m.namespace.Meta.Labels[revLabel]
		switch {
		case injection == "enabled":
			return m.in(Sidecar, "the namespace asks for Istio's sidecar", m.namespace, "metadata.labels["+injectionLabel+"]")
		case set:
			m.out(fmt.Sprintf("the namespace sets %s to %q", injectionLabel, injection), m.namespace, "metadata.labels["+injectionLabel+"]")
			return false
		case rev != "":
			return m.in(Sidecar, "the namespace asks for Istio's sidecar", m.namespace, "metadata.labels["+revLabel+"]")
		}
	}
	if m.Labels[revLabel] != "" {
		return m.in(Sidecar, "the pods ask for Istio's sidecar", m.Object, m.Pod.MetaPath("labels["+revLabel+"]"))
	}
	if label == "true" {
		return m.in(Sidecar, "the pods ask for Istio's sidecar", m.Object, path)
	}
	return false
}

func (m *Member) ambient() bool {
	switch path := m.Pod.MetaPath("labels[" + dataplaneLabel + "]"); m.Labels[dataplaneLabel] {
	case "ambient":
		return m.in(Ambient, "the pods are in Istio's ambient mesh", m.Object, path)
	case "none":
		m.out("the pods stay out of Istio's ambient mesh", m.Object, path)
		return false
	}
	if m.namespace != nil && m.namespace.Meta.Labels[dataplaneLabel] == "ambient" {
		return m.in(Ambient, "the namespace is in Istio's ambient mesh", m.namespace, "metadata.labels["+dataplaneLabel+"]")
	}
	return false
}

func (m *Member) linkerd() bool {
	value, o, path := m.inherited(linkerdInject)
	switch value {
	case "enabled", "ingress":
		return m.in(Linkerd, "asks for Linkerd's proxy", o, path)
	case "disabled":
		m.out("refuses Linkerd's proxy", o, path)
	}
	return false
}

// ztunnel recognises namespaces that Cilium redirects to its own ztunnel.
func (m *Model) ztunnel(p *Member) bool {
	if !m.cilium.ztunnel || p.namespace == nil || p.namespace.Meta.Labels[ciliumMTLS] != "true" {
		return false
	}
	return p.in(Ztunnel, "the namespace is in Cilium's ztunnel", p.namespace, "metadata.labels["+ciliumMTLS+"]")
}

// Enrolled says whether a Namespace asks for Istio's sidecars or ambient mode.
func Enrolled(ns *world.Object) bool {
	labels := ns.Meta.Labels
	return labels[injectionLabel] == "enabled" || labels[revLabel] != "" && labels[injectionLabel] != "disabled" ||
		labels[dataplaneLabel] == "ambient"
}
