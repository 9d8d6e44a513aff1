package concept

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestByID(t *testing.T) {
	for query, want := range map[string]string{
		"rbac":                            "rbac",
		"RBAC":                            "rbac",
		"12":                              "rbac",
		" #12 ":                           "rbac",
		"Role-Based Access Controls":      "rbac",
		"role_based access control":       "rbac",
		"netpol":                          "network-security-policies",
		"NetworkPolicy":                   "network-security-policies",
		"CoreDNS":                         "kube-dns",
		"kube-apiserver":                  "kubeapi",
		"Kubernetes API":                  "kubernetes-api",
		"OS-Level Security Domains":       "os-level-security-domains",
		"sa":                              "service-accounts",
		"behaviour":                       "behavioral-analytics",
		"1":                               "network-security-policies",
		"37":                              "access-monitoring",
		"":                                "",
		"0":                               "",
		"38":                              "",
		"-1":                              "network-security-policies", // punctuation never counts
		"rbca":                            "",
		"\x00\xff":                        "",
		strings.Repeat("rbac ", 1000_000): "",
	} {
		c, ok := ByID(query)
		if ok != (want != "") || c.ID != want {
			t.Errorf("ByID(%.40q) = %q, %v, want %q", query, c.ID, ok, want)
		}
	}
}

func TestNamesAreUniqueSlugs(t *testing.T) {
	owner := map[string]string{}
	ids := map[string]bool{}
	for i, c := range All() {
		ids[c.ID] = true
		for _, name := range guideOnce().names[i] {
			if name == "" || name != slug(name) {
				t.Errorf("%s: %q is not a slug", c.ID, name)
			}
			if other, taken := owner[name]; taken && other != c.ID {
				t.Errorf("%q means both %s and %s", name, other, c.ID)
			}
			owner[name] = c.ID
			if got, ok := ByID(name); !ok || got.ID != c.ID {
				t.Errorf("ByID(%q) = %s, want %s", name, got.ID, c.ID)
			}
		}
	}
	for id := range aliases() {
		if !ids[id] {
			t.Errorf("aliases of %q, which is no concept", id)
		}
	}
}

func TestSuggest(t *testing.T) {
	for query, want := range map[string]string{
		"rbca":              "rbac",
		"kubelt":            "kubelet",
		"network-polices":   "network-security-policies",
		"immut":             "container-immutability",
		"dockerfle":         "dockerfiles",
		"secrests":          "kubernetes-secrets",
		"registrys":         "image-registries",
		"vulnerabilty":      "vulnerability-scanning",
		"admission-control": "",
		"zzzzzzzz":          "",
		"":                  "",
		"?":                 "",
	} {
		got := Suggest(query)
		switch {
		case want == "" && len(got) > 0:
			t.Errorf("Suggest(%q) = %v, want nothing", query, got)
		case want != "" && (len(got) == 0 || got[0] != want):
			t.Errorf("Suggest(%q) = %v, want %s first", query, got, want)
		}
	}
}

func TestSuggestIsBoundedAndStable(t *testing.T) {
	first := Suggest("image")
	if len(first) == 0 || len(first) > maxSuggestions {
		t.Fatalf("Suggest(image) = %v", first)
	}
	for range 20 {
		if diff := cmp.Diff(first, Suggest("image")); diff != "" {
			t.Fatalf("Suggest(image) changes (-first +now):\n%s", diff)
		}
	}
	if sorted := slices.Compact(slices.Sorted(slices.Values(first))); len(sorted) != len(first) {
		t.Errorf("Suggest(image) repeats itself: %v", first)
	}
}

func TestEdits(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"rbac", "rbac", 0}, {"rbca", "rbac", 1},
		{"kitten", "sitting", 3}, {"abc", "", 3}, {"ab", "ba", 1},
	} {
		if got := edits(c.a, c.b); got != c.want {
			t.Errorf("edits(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
		if got := edits(c.b, c.a); got != c.want {
			t.Errorf("edits(%q, %q) = %d, want %d", c.b, c.a, got, c.want)
		}
	}
}

func BenchmarkByID(b *testing.B) {
	for b.Loop() {
		if _, ok := ByID("role-based access controls"); !ok {
			b.Fatal("not found")
		}
	}
}
