package mtls

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"bulwark/control"
	"bulwark/internal/tri"
	"bulwark/world"
)

func set(l map[string]string) labels.Set { return l }

// InboundPolicy is the annotation that says what Linkerd's proxies let in where no Server is about the port.
const InboundPolicy = "config.linkerd.io/default-inbound-policy"

// linkerdModel is what Linkerd's policies say, by namespace.
type linkerdModel struct {
	servers map[string][]*server
	grants  map[string][]*grant
	byName  map[world.Ref]*world.Object // MeshTLSAuthentications and NetworkAuthentications
	install string                      // the installation's default policy
	from    *world.Object               // where that was read; nil when nowhere
}

// server is a Server: a port of some pods for which policies decide.
type server struct {
	object  *world.Object
	matches func(map[string]string) bool
	port    intstr.IntOrString
	access  string // policy when no authorization matches
}

// grant is an AuthorizationPolicy or a ServerAuthorization, in one shape.
type grant struct {
	object  *world.Object
	kind    string // of the target: Server, Namespace, or a route
	name    string
	matches func(map[string]string) bool // for targets by label; nil otherwise
	admits  func(m *linkerdModel, id *Identity) tri.Value
}

func readLinkerd(v *control.View, understood func(*world.Object, error) bool) linkerdModel {
	m := linkerdModel{servers: map[string][]*server{}, grants: map[string][]*grant{}, byName: map[world.Ref]*world.Object{}, install: "all-unauthenticated"}
	for o := range v.All(linkerdServer) {
		if s, err := readServer(o); understood(o, err) {
			m.servers[o.Namespace] = append(m.servers[o.Namespace], s)
		}
	}
	for o := range v.All(linkerdPolicy) {
		if g, err := readLinkerdPolicy(o); understood(o, err) {
			m.grants[o.Namespace] = append(m.grants[o.Namespace], g)
		}
	}
	for o := range v.All(linkerdServerAuth) {
		if g, err := readServerAuth(o); understood(o, err) {
			m.grants[o.Namespace] = append(m.grants[o.Namespace], g)
		}
	}
	for _, kind := range [...]string{linkerdMeshTLS, linkerdNetwork} {
		for o := range v.All(kind) {
			m.byName[o.Ref] = o
		}
	}
	for o := range v.All(configMapKind) {
		m.readInstall(o)
	}
	return m
}

// readInstall reads the values that Linkerd was installed with.
func (m *linkerdModel) readInstall(o *world.Object) {
	cm, ok := o.Typed.(*corev1.ConfigMap)
	if !ok || o.Name != "linkerd-config" || cm.Data["values"] == "" {
		return
	}
	var values struct {
		Proxy struct {
			Policy string `json:"defaultInboundPolicy"`
		} `json:"proxy"`
	}
	m.from = o
	if yaml.Unmarshal([]byte(cm.Data["values"]), &values) == nil && values.Proxy.Policy != "" {
		m.install = values.Proxy.Policy
	}
}

func readServer(o *world.Object) (*server, error) {
	var s struct {
		Pods   *metav1.LabelSelector `json:"podSelector"`
		Port   intstr.IntOrString    `json:"port"`
		Access string                `json:"accessPolicy"`
	}
	if err := o.Decode("spec", &s); err != nil {
		return nil, err
	}
	if s.Pods == nil { // selects ExternalWorkloads, not pods
		return &server{object: o, matches: func(map[string]string) bool { return false }}, nil
	}
	matches, err := labelSelector(s.Pods)
	if err != nil {
		return nil, fmt.Errorf("reading spec.podSelector of %s: %w", o.Ref, err)
	}
	if s.Access == "" {
		s.Access = "deny"
	}
	return &server{object: o, matches: matches, port: s.Port, access: s.Access}, nil
}

// about says whether the Server is about a port of the pods: by number or by the name of a container's port.
func (s *server) about(to *Member, port uint32) bool {
	if !s.matches(to.Labels) {
		return false
	}
	if s.port.Type == intstr.Int {
		return uint32(s.port.IntVal) == port
	}
	for c := range to.Pod.Containers {
		for i := range c.Ports {
			if c.Ports[i].Name == s.port.StrVal && uint32(c.Ports[i].ContainerPort) == port {
				return true
			}
		}
	}
	return false
}

func readLinkerdPolicy(o *world.Object) (*grant, error) {
	type ref struct {
		Kind      string `json:"kind"`
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	}
	var s struct {
		Target   ref   `json:"targetRef"`
		Required []ref `json:"requiredAuthenticationRefs"`
	}
	if err := o.Decode("spec", &s); err != nil {
		return nil, err
	}
	g := &grant{object: o, kind: s.Target.Kind, name: s.Target.Name}
	g.admits = func(m *linkerdModel, id *Identity) tri.Value {
		all := tri.Yes
		for _, r := range s.Required {
			if r.Namespace == "" {
				r.Namespace = o.Namespace
			}
			all = tri.And(all, m.authenticates(r.Kind, r.Namespace, r.Name, id))
		}
		return all
	}
	return g, nil
}

// authenticates says whether a client meets one requirement.
func (m *linkerdModel) authenticates(kind, namespace, name string, id *Identity) tri.Value {
	if kind == "ServiceAccount" {
		return tri.Of(id != nil && id.Namespace == namespace && id.Account == name)
	}
	o := m.byName[world.Ref{Group: "policy.linkerd.io", Kind: kind, Namespace: namespace, Name: name}]
	switch {
	case kind == "MeshTLSAuthentication" && id == nil:
		return tri.No
	case o == nil:
		return tri.Unknown
	case kind == "MeshTLSAuthentication":
		return meshTLSAdmits(o, id)
	case kind == "NetworkAuthentication":
		return networkAdmits(o)
	}
	return tri.Unknown
}

func meshTLSAdmits(o *world.Object, id *Identity) tri.Value {
	var s struct {
		Identities []string `json:"identities"`
		Refs       []struct {
			Kind      string `json:"kind"`
			Name      string `json:"name"`
			Namespace string `json:"namespace"`
		} `json:"identityRefs"`
	}
	if o.Decode("spec", &s) != nil {
		return tri.Unknown
	}
	for _, r := range s.Refs {
		if r.Namespace == "" {
			r.Namespace = o.Namespace
		}
		if r.Kind == "ServiceAccount" && r.Namespace == id.Namespace && r.Name == id.Account || r.Kind == "Namespace" && r.Name == id.Namespace {
			return tri.Yes
		}
	}
	return identityListed(s.Identities, id)
}

// identityListed compares DNS-like identities, ACCOUNT.NAMESPACE.serviceaccount.identity.LINKERD.DOMAIN.
func identityListed(list []string, id *Identity) tri.Value {
	result := tri.No
	own := id.Account + "." + id.Namespace + ".serviceaccount.identity."
	for _, want := range list {
		switch {
		case want == "*" || len(want) > len(own) && want[:len(own)] == own:
			return tri.Yes
		case len(want) > 1 && want[0] == '*':
			result = tri.Unknown // a suffix: depends on the trust domain
			if wild(want, own+"linkerd."+domain) {
				return tri.Yes
			}
		}
	}
	return result
}

// networkAdmits answers for a client whose address is not known.
func networkAdmits(o *world.Object) tri.Value {
	var s struct {
		Networks []struct {
			CIDR   string   `json:"cidr"`
			Except []string `json:"except"`
		} `json:"networks"`
	}
	if o.Decode("spec", &s) != nil {
		return tri.Unknown
	}
	for _, n := range s.Networks {
		if everyAddress(n.CIDR) && len(n.Except) == 0 {
			return tri.Yes
		}
	}
	return tri.Unknown
}

func readServerAuth(o *world.Object) (*grant, error) {
	var s struct {
		Server struct {
			Name     string                `json:"name"`
			Selector *metav1.LabelSelector `json:"selector"`
		} `json:"server"`
		Client struct {
			Unauthenticated bool `json:"unauthenticated"`
			MeshTLS         *struct {
				UnauthenticatedTLS bool     `json:"unauthenticatedTLS"`
				Identities         []string `json:"identities"`
				Accounts           []struct {
					Name      string `json:"name"`
					Namespace string `json:"namespace"`
				} `json:"serviceAccounts"`
			} `json:"meshTLS"`
		} `json:"client"`
	}
	if err := o.Decode("spec", &s); err != nil {
		return nil, err
	}
	g := &grant{object: o, kind: "Server", name: s.Server.Name}
	if s.Server.Selector != nil {
		var err error
		if g.matches, err = labelSelector(s.Server.Selector); err != nil {
			return nil, fmt.Errorf("reading spec.server.selector of %s: %w", o.Ref, err)
		}
	}
	g.admits = func(_ *linkerdModel, id *Identity) tri.Value {
		t := s.Client.MeshTLS
		if s.Client.Unauthenticated || t != nil && t.UnauthenticatedTLS && id != nil {
			return tri.Yes
		}
		if t == nil || id == nil {
			return tri.No
		}
		for _, a := range t.Accounts {
			if a.Name == id.Account && (a.Namespace == id.Namespace || a.Namespace == "" && o.Namespace == id.Namespace) {
				return tri.Yes
			}
		}
		return identityListed(t.Identities, id)
	}
	return g, nil
}
