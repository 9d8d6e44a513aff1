package ingress_test

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/util/intstr"

	"bulwark/control/controltest"
	"bulwark/facts/ingress"
)

const modern = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: a}
spec:
  ingressClassName: public
  defaultBackend: {service: {name: rest, port: {name: http}}}
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
  - host: shop.example.com
    http:
      paths:
      - {path: /, backend: {service: {name: shop, port: {number: 80}}}}
      - {path: /files, backend: {resource: {kind: Bucket, name: files}}}
      - {path: /lost, backend: {}}
  - host: empty.example.com
`

const old = `
kind: Ingress
metadata: {name: shop, namespace: a}
spec:
  ingressClassName: public
  backend: {serviceName: rest, servicePort: http}
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
  - host: shop.example.com
    http:
      paths:
      - {path: /, backend: {serviceName: shop, servicePort: 80}}
      - {path: /files, backend: {resource: {kind: Bucket, name: files}}}
      - {path: /lost, backend: {service: {name: shop, port: {number: 80}}}}
  - host: empty.example.com
`

// TestVersions: every version of an Ingress reads the same, but for the names of its fields.
func TestVersions(t *testing.T) {
	const paths = "spec.rules[0].http.paths"
	for _, tt := range []struct{ version, text, byDefault, service string }{
		{"networking.k8s.io/v1", modern, "spec.defaultBackend.service.name", ".backend.service.name"},
		{"networking.k8s.io/v1beta1", "apiVersion: networking.k8s.io/v1beta1" + old, "spec.backend.serviceName", ".backend.serviceName"},
		{"extensions/v1beta1", "apiVersion: extensions/v1beta1" + old, "spec.backend.serviceName", ".backend.serviceName"},
	} {
		t.Run(tt.version, func(t *testing.T) {
			in := ingress.Read(controltest.Only(t, tt.text))
			if in == nil {
				t.Fatal("not read")
			}
			want := []ingress.Backend{
				{Field: tt.byDefault, Service: "rest", Port: intstr.FromString("http")},
				{Field: paths + "[0]" + tt.service, Service: "shop", Port: intstr.FromInt32(80)},
				{Field: paths + "[1].backend", Resource: true},
				{Field: paths + "[2].backend"}, // the fields of another version name nothing
			}
			if got := slices.Collect(in.Backends); !slices.Equal(got, want) {
				t.Errorf("backends\n%+v\nwant\n%+v", got, want)
			}
			if len(in.Rules) != 2 || in.Rules[1].Host != "empty.example.com" || in.Rules[1].Field != "spec.rules[1]" || in.Rules[0].Paths[1].URL != "/files" {
				t.Errorf("rules are %+v", in.Rules)
			}
			if len(in.TLS) != 1 || in.TLS[0].Secret != "shop-tls" || in.TLS[0].Field != "spec.tls[0]" || in.Class != "public" {
				t.Errorf("class %q, TLS %+v", in.Class, in.TLS)
			}
		})
	}
}

// TestBackendsStop: whoever ranges over the backends may stop.
func TestBackendsStop(t *testing.T) {
	in := ingress.Read(controltest.Only(t, modern))
	for most := 1; most <= 4; most++ {
		n := 0
		for range in.Backends {
			if n++; n == most {
				break
			}
		}
		if n != most {
			t.Errorf("stopped after %d, want %d", n, most)
		}
	}
}

func TestNotAnIngress(t *testing.T) {
	for _, text := range []string{
		"apiVersion: v1\nkind: Service\nmetadata: {name: s}\n",
		"apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: s}\nspec: {rules: none}\n",
	} {
		if in := ingress.Read(controltest.Only(t, text)); in != nil {
			t.Errorf("%q was read as %+v", text, in)
		}
	}
}

func TestClass(t *testing.T) {
	const head = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: s, annotations: {kubernetes.io/ingress.class: note}}\n"
	for spec, want := range map[string]string{"spec: {}\n": "note", "spec: {ingressClassName: field}\n": "field"} {
		if got := ingress.Read(controltest.Only(t, head+spec)).Class; got != want {
			t.Errorf("%s: class %q, want %q", spec, got, want)
		}
	}
}

func TestHostCovers(t *testing.T) {
	for _, tt := range []struct {
		pattern, host string
		want          bool
	}{
		{"a.example.com", "a.example.com", true},
		{"*.example.com", "a.example.com", true},
		{"*.example.com", "*.example.com", true},
		{"*.example.com", "example.com", false},
		{"*.example.com", ".example.com", false},
		{"*.example.com", "b.a.example.com", false}, // one label only
		{"*.example.com", "a.example.org", false},
		{"*example.com", "anexample.com", false}, // no wildcard label
		{"a.example.com", "*.example.com", false},
	} {
		if got := ingress.HostCovers(tt.pattern, tt.host); got != tt.want {
			t.Errorf("HostCovers(%q, %q) = %v", tt.pattern, tt.host, got)
		}
	}
}

func TestSecured(t *testing.T) {
	for _, tt := range []struct {
		hosts []string
		none  bool // no entry at all
		host  string
		want  bool
	}{
		{hosts: []string{"a.example.com"}, host: "a.example.com", want: true},
		{hosts: []string{"a.example.com"}, host: "b.example.com", want: false},
		{hosts: []string{"*.example.com"}, host: "b.example.com", want: true},
		{hosts: nil, host: "b.example.com", want: true},
		{hosts: []string{"a.example.com"}, host: "", want: true},
		{none: true, host: "", want: false},
	} {
		in := &ingress.Ingress{TLS: []ingress.TLS{{Hosts: tt.hosts}}}
		if tt.none {
			in.TLS = nil
		}
		if got := in.Secured(tt.host); got != tt.want {
			t.Errorf("%q with %q: %v", tt.host, tt.hosts, got)
		}
	}
}

func TestEdgeTLS(t *testing.T) {
	for _, key := range ingress.EdgeTLSAnnotations() {
		for value, want := range map[string]bool{"some": true, "": false} {
			text := "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: s, annotations: {" + key + ": \"" + value + "\"}}\n"
			if got := ingress.Read(controltest.Only(t, text)).EdgeTLS(); got != want {
				t.Errorf("%s=%q: %v", key, value, got)
			}
		}
	}
}
