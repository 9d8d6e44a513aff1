package podimages

import (
	"testing"

	"bulwark/internal/imageref"
)

const digest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

var samples = []string{
	"nginx", "nginx:latest", "nginx:1.27", "docker.io/library/nginx", "localhost:5000/app", "localhost:5000/app:1", "localhost:5000",
	"[::1]:5000/app", "[::1]:5000/app:latest", "a/b/c", "a/b/c:v1", "nginx" + digest, "nginx:latest" + digest, "host.example:8443/a/b:latest",
	"HOST/app", "nginx:latest-alpine", "not-latest:x", "latest", "quay.io/latest:1",
}

// What is said of the text is what the parser says of the reference.
func TestAgreesWithParser(t *testing.T) {
	for _, s := range samples {
		ref, err := imageref.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		if Mutable(s) != ref.Mutable() || Pinned(s) != ref.HasDigest {
			t.Errorf("%q: Mutable %v, Pinned %v, parsed %+v", s, Mutable(s), Pinned(s), ref)
		}
	}
}

func FuzzAgreesWithParser(f *testing.F) {
	for _, s := range samples {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ref, err := imageref.Parse(s)
		if err == nil && (Mutable(s) != ref.Mutable() || Pinned(s) != ref.HasDigest) {
			t.Errorf("%q: Mutable %v, Pinned %v, parsed %+v", s, Mutable(s), Pinned(s), ref)
		}
	})
}

func TestProducts(t *testing.T) {
	argo := Products("argoproj/argocd", "jenkins")
	for s, want := range map[string]bool{
		"argoproj/argocd": true, "quay.io/argoproj/argocd:v3.1.0": true, "mirror.example:5000/quay.io/argoproj/argocd" + digest: true,
		"evilargoproj/argocd": false, "argoproj/argocd-extra:1": false, "jenkins": true, "host/jenkins:2@x": true, "host/jenkins/agent": false,
	} {
		if argo.Match(s) != want {
			t.Errorf("Products.Match(%q) = %v", s, !want)
		}
	}
}
