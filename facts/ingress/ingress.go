// Package ingress reads what leads traffic from outside to Services: Ingress objects of every version and the routes,
// Gateways and ReferenceGrants of the Gateway API, in one shape.
package ingress

import (
	"strings"

	extensionsv1beta1 "k8s.io/api/extensions/v1beta1"
	networkingv1 "k8s.io/api/networking/v1"
	networkingv1beta1 "k8s.io/api/networking/v1beta1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"bulwark/world"
)

// Kinds are the kinds of an Ingress: the API group of today and the one before 1.14.
var Kinds = []string{"Ingress.networking.k8s.io", "Ingress.extensions"}

// ClassAnnotation names the class of an Ingress that has no spec.ingressClassName.
const ClassAnnotation = "kubernetes.io/ingress.class"

// Ingress is one Ingress object, whatever its version.
type Ingress struct {
	Object  *world.Object
	Class   string   // spec.ingressClassName, else the annotation; "" leaves it to the cluster's default
	Default *Backend // nil when there is none
	Rules   []Rule
	TLS     []TLS
}

// Rule is one rule of an Ingress. Host is "" when it takes every host.
type Rule struct {
	Field string // field path of the rule
	Host  string
	Paths []Path
}

// Path is one path of a rule.
type Path struct {
	Field   string // field path of the path element
	URL     string
	Backend Backend
}

// Backend is where traffic goes: a Service, or another resource.
type Backend struct {
	Field    string // field path of the reference: of the Service's name where there is one
	Service  string // "" when no Service is named
	Port     intstr.IntOrString
	Resource bool // leads to an object that is no Service
}

// TLS is one entry of spec.tls; without hosts it serves every host.
type TLS struct {
	Field  string // field path of the entry
	Hosts  []string
	Secret string
}

// Read returns the Ingress in one shape, nil when o is none that can be read.
func Read(o *world.Object) *Ingress {
	in := &Ingress{Object: o}
	switch t := o.Typed.(type) {
	case *networkingv1.Ingress:
		in.read(&t.Spec, namesV1)
	case *networkingv1beta1.Ingress:
		in.read(modern(&t.Spec), namesOld)
	case *extensionsv1beta1.Ingress:
		spec := new(networkingv1beta1.IngressSpec)
		if o.Decode("spec", spec) != nil {
			return nil
		}
		in.read(modern(spec), namesOld)
	default:
		return nil
	}
	if in.Class == "" {
		in.Class = o.Annotation(ClassAnnotation)
	}
	return in
}

// names are the fields that a version writes its backends in.
type names struct{ byDefault, service string }

var (
	namesV1  = names{byDefault: "spec.defaultBackend", service: ".service.name"}
	namesOld = names{byDefault: "spec.backend", service: ".serviceName"}
)

func (in *Ingress) read(s *networkingv1.IngressSpec, n names) {
	in.Class = deref(s.IngressClassName)
	if s.DefaultBackend != nil {
		b := n.backend(n.byDefault, s.DefaultBackend)
		in.Default = &b
	}
	for i := range s.Rules {
		r := Rule{Field: index("spec.rules", i), Host: s.Rules[i].Host}
		if http := s.Rules[i].HTTP; http != nil {
			for j := range http.Paths {
				at := index(r.Field+".http.paths", j)
				r.Paths = append(r.Paths, Path{Field: at, URL: http.Paths[j].Path, Backend: n.backend(at+".backend", &http.Paths[j].Backend)})
			}
		}
		in.Rules = append(in.Rules, r)
	}
	for i, t := range s.TLS {
		in.TLS = append(in.TLS, TLS{Field: index("spec.tls", i), Hosts: t.Hosts, Secret: t.SecretName})
	}
}

func (n names) backend(at string, b *networkingv1.IngressBackend) Backend {
	if b.Service == nil {
		return Backend{Field: at, Resource: b.Resource != nil}
	}
	port := intstr.FromInt32(b.Service.Port.Number)
	if b.Service.Port.Name != "" {
		port = intstr.FromString(b.Service.Port.Name)
	}
	return Backend{Field: at + n.service, Service: b.Service.Name, Port: port}
}

// modern is a specification of networking.k8s.io/v1beta1 or extensions/v1beta1 as v1 would have it.
func modern(old *networkingv1beta1.IngressSpec) *networkingv1.IngressSpec {
	s := &networkingv1.IngressSpec{IngressClassName: old.IngressClassName}
	if old.Backend != nil {
		b := modernBackend(old.Backend)
		s.DefaultBackend = &b
	}
	for i := range old.Rules {
		r := networkingv1.IngressRule{Host: old.Rules[i].Host}
		if http := old.Rules[i].HTTP; http != nil {
			r.HTTP = new(networkingv1.HTTPIngressRuleValue)
			for j := range http.Paths {
				r.HTTP.Paths = append(r.HTTP.Paths, networkingv1.HTTPIngressPath{Path: http.Paths[j].Path, Backend: modernBackend(&http.Paths[j].Backend)})
			}
		}
		s.Rules = append(s.Rules, r)
	}
	for _, t := range old.TLS {
		s.TLS = append(s.TLS, networkingv1.IngressTLS{Hosts: t.Hosts, SecretName: t.SecretName})
	}
	return s
}

func modernBackend(old *networkingv1beta1.IngressBackend) networkingv1.IngressBackend {
	b := networkingv1.IngressBackend{Resource: old.Resource}
	if old.ServiceName == "" {
		return b
	}
	b.Service = &networkingv1.IngressServiceBackend{Name: old.ServiceName}
	if old.ServicePort.Type == intstr.String {
		b.Service.Port.Name = old.ServicePort.StrVal
	} else {
		b.Service.Port.Number = old.ServicePort.IntVal
	}
	return b
}

// Backends yields every backend, the default one first.
func (in *Ingress) Backends(yield func(Backend) bool) {
	if in.Default != nil && !yield(*in.Default) {
		return
	}
	for i := range in.Rules {
		for j := range in.Rules[i].Paths {
			if !yield(in.Rules[i].Paths[j].Backend) {
				return
			}
		}
	}
}

// edgeTLS are annotations by which a cloud's load balancer gets its certificate instead of from spec.tls.
var edgeTLS = [...]string{
	"alb.ingress.kubernetes.io/certificate-arn",
	"networking.gke.io/managed-certificates",
	"ingress.gcp.kubernetes.io/pre-shared-cert",
	"appgw.ingress.kubernetes.io/appgw-ssl-certificate",
	"route.openshift.io/termination",
}

// EdgeTLSAnnotations returns the annotations by which a load balancer serves TLS without spec.tls.
func EdgeTLSAnnotations() []string { return edgeTLS[:] }

// EdgeTLS says whether an annotation gives the load balancer before the Ingress a certificate.
func (in *Ingress) EdgeTLS() bool {
	for _, key := range edgeTLS {
		if in.Object.Annotation(key) != "" {
			return true
		}
	}
	return false
}

// Secured says whether an entry of spec.tls covers a rule's host. A rule for every host is taken as covered by any entry.
func (in *Ingress) Secured(host string) bool {
	for _, t := range in.TLS {
		if len(t.Hosts) == 0 || host == "" {
			return true
		}
		for _, h := range t.Hosts {
			if HostCovers(h, host) {
				return true
			}
		}
	}
	return false
}

// HostCovers says whether an Ingress host, which may begin with "*.", stands for another one: the wildcard replaces exactly one label.
func HostCovers(pattern, host string) bool {
	if pattern == host {
		return true
	}
	suffix, wild := strings.CutPrefix(pattern, "*")
	if !wild || !strings.HasPrefix(suffix, ".") {
		return false
	}
	label, ok := strings.CutSuffix(host, suffix)
	return ok && label != "" && !strings.Contains(label, ".")
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
