package imageref

import (
	"errors"
	"strings"
	"testing"
)

func TestPatternMatch(t *testing.T) {
	for _, tc := range []struct{ pattern, in, out string }{
		{"docker.io", "nginx docker.io/a/b index.docker.io/x:1 DOCKER.IO/a/b", "gcr.io/docker.io/x docker.io.evil.com/x evildocker.io/x docker.io:5000/x"},
		{"index.docker.io", "nginx a/b", "gcr.io/x"},
		{"azurecr.io", "azurecr.io/x", "evilazurecr.io/x a.azurecr.io/x azurecr.io.evil/x"},
		{"*.azurecr.io", "a.azurecr.io/x a.b.azurecr.io/x A.AzureCR.io/x", "azurecr.io/x evilazurecr.io/x a.azurecr.io.evil/x a.azurecr.io:80/x"},
		{"*.dkr.ecr.*.amazonaws.com", "1.dkr.ecr.eu-west-1.amazonaws.com/x", "1.dkr.ecr.a.b.amazonaws.com/x dkr.ecr.a.amazonaws.com/x"},
		{"eu-*.pkg.dev", "eu-west1.pkg.dev/p/r", "us-west1.pkg.dev/p/r eu-a.evil.pkg.dev/x"},
		{"localhost:5000", "localhost:5000/a", "localhost/a localhost:5001/a"},
		{"reg.io:*", "reg.io/a reg.io:1/a", "xreg.io/a"},
		{"*:5000", "a.b.c:5000/a localhost:5000/a", "a.b.c/x"},
		{"[::1]:5000/a", "[::1]:5000/a/b", "[::2]:5000/a"},
		{"gcr.io/distroless", "gcr.io/distroless gcr.io/distroless/static:nonroot", "gcr.io/distroless-evil gcr.io/x/distroless gcr.io/distroles"},
		{"gcr.io/distroless/", "gcr.io/distroless/static", "gcr.io/distroless"},
		{"ghcr.io/org/*", "ghcr.io/org/a ghcr.io/org/a/b", "ghcr.io/org ghcr.io/organ/a"},
		{"ghcr.io/org/**", "ghcr.io/org/a/b", "ghcr.io/org"},
		{"ghcr.io/*", "ghcr.io/a ghcr.io/a/b", "gcr.io/a"},
		{"ghcr.io/*/base", "ghcr.io/a/base ghcr.io/b/base/x", "ghcr.io/a/b/base ghcr.io/a/other"},
		{"ghcr.io/org/app-*", "ghcr.io/org/app-1 ghcr.io/org/app-1/x", "ghcr.io/org/app ghcr.io/org/xapp-1"},
		{"nginx", "nginx:1 docker.io/library/nginx", "nginx/evil nginx-evil quay.io/nginx"},
		{"library/nginx", "nginx", "a/nginx"},
		{"docker.io/bitnami", "bitnami/redis docker.io/library/bitnami", "bitnamilegacy/redis x/bitnami library/redis"},
		{"docker.io/library", "nginx", "a/b"},
		{"bitnami/*", "bitnami/redis", "bitnami library/bitnami"},
		{"bitnami/", "bitnami/redis", "bitnami"},
		{"*", "nginx gcr.io/a/b:1", ""},
		{"*/library/nginx", "nginx mirror.io/library/nginx", "nginx/x"},
		{"gcr.io/**", "gcr.io/a/b", "quay.io/a"},
	} {
		p, err := ParsePattern(tc.pattern)
		if err != nil {
			t.Errorf("ParsePattern(%q): %v", tc.pattern, err)
			continue
		}
		for _, want := range []bool{true, false} {
			list := tc.out
			if want {
				list = tc.in
			}
			for image := range strings.FieldsSeq(list) {
				ref, err := Parse(image)
				if err != nil {
					t.Fatal(err)
				}
				if got := p.Match(ref); got != want {
					t.Errorf("ParsePattern(%q).Match(%q) = %t, want %t", tc.pattern, image, got, want)
				}
			}
		}
	}
}

func TestParsePatternRefuses(t *testing.T) {
	for _, s := range []string{"", "https://gcr.io", "gcr.io/a:v1", "gcr.io/a@" + digest, "nginx:1.2", "gcr.io/A", "gcr.io/a//b", "gcr.io/**/a",
		"${REG}", "reg.io:", "a..b/c", "gcr.io/a b", strings.Repeat("a", 5000), "-x.io/a"} {
		if p, err := ParsePattern(s); !errors.Is(err, ErrPattern) {
			t.Errorf("ParsePattern(%.80q) = %+v, %v; want ErrPattern", s, p, err)
		}
	}
	if (Pattern{}).Match(Ref{Registry: "docker.io", Repository: "library/nginx"}) {
		t.Error("the zero Pattern matches")
	}
}

func TestList(t *testing.T) {
	list, err := ParseList([]string{"gcr.io/distroless", "*.azurecr.io"})
	if err != nil {
		t.Fatal(err)
	}
	ref, _ := Parse("x.azurecr.io/app:1")
	if p, ok := list.Match(ref); !ok || p.String() != "*.azurecr.io" {
		t.Errorf("Match = %q, %t", p, ok)
	}
	ref, _ = Parse("evilazurecr.io/app:1")
	if p, ok := list.Match(ref); ok {
		t.Errorf("%q covers %s", p, ref)
	}
	if _, err := ParseList([]string{"gcr.io", "x:latest"}); !errors.Is(err, ErrPattern) {
		t.Errorf("ParseList: %v, want ErrPattern", err)
	}
}

// FuzzPattern: a pattern never panics, is never quadratic in a way that a fuzzer would notice, and a pattern with a
// plain host never matches another host.
func FuzzPattern(f *testing.F) {
	f.Add("*.azurecr.io/a-*", "x.azurecr.io/a-1")
	f.Add("gcr.io/distroless", "gcr.io/distroless-evil")
	f.Fuzz(func(t *testing.T, pattern, image string) {
		p, err := ParsePattern(pattern)
		ref, refErr := Parse(image)
		if err != nil || refErr != nil || !p.Match(ref) || strings.Contains(pattern, "*") {
			return
		}
		if own, err := Parse(pattern); err == nil && !strings.EqualFold(own.Registry, ref.Registry) && strings.Contains(pattern, "/") {
			t.Fatalf("pattern %q matches %q of another registry", pattern, image)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	list, err := ParseList([]string{"gcr.io/distroless", "*.dkr.ecr.*.amazonaws.com", "ghcr.io/org/*", "docker.io/bitnami"})
	if err != nil {
		b.Fatal(err)
	}
	ref, _ := Parse("bitnami/redis:7")
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := list.Match(ref); !ok {
			b.Fatal("no match")
		}
	}
}
