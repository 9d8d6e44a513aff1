package concept

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// guide is the guide's table: number by position, slug, name, and the tiers at
// which it says that something can be judged ("DEO", "-" for none).
var guide = []struct{ id, title, tiers string }{
	{"network-security-policies", "Network Security Policies", "DEO"},
	{"cis-benchmark", "CIS Benchmark", "DE-"},
	{"etcd", "etcd", "DEO"},
	{"kubelet", "kubelet", "DEO"},
	{"kube-dns", "kube-dns", "DEO"},
	{"kubeapi", "kubeapi", "DE-"},
	{"ingress-objects", "Ingress Objects", "DEO"},
	{"node-security", "Node Security", "DEO"},
	{"gui-elements", "GUI Elements", "DEO"},
	{"platform-binaries", "Platform Binaries", "DEO"},
	{"kubernetes-api", "Kubernetes API", "DEO"},
	{"rbac", "Role-Based Access Controls", "DEO"},
	{"service-accounts", "Service Accounts", "DEO"},
	{"kubernetes-updates", "Kubernetes Updates", "DEO"},
	{"host-os-security", "Host OS Security", "-EO"},
	{"iam-roles", "IAM Roles", "D-O"},
	{"network-access", "Network Access", "DEO"},
	{"kernel-hardening", "Kernel Hardening", "DEO"},
	{"os-level-security-domains", "OS-Level Security Domains", "DEO"},
	{"kubernetes-secrets", "Kubernetes Secrets", "DEO"},
	{"container-runtimes", "Container Runtimes", "DEO"},
	{"pod-to-pod-encryption", "Pod-to-Pod Encryption", "DEO"},
	{"base-image-footprint", "Base Image Footprint", "D-O"},
	{"image-registries", "Image Registries", "DEO"},
	{"image-signing", "Image Signing", "DEO"},
	{"image-validation", "Image Validation", "DEO"},
	{"static-analysis", "Static Analysis", "D--"},
	{"dockerfiles", "Dockerfiles", "D--"},
	{"vulnerability-scanning", "Vulnerability Scanning", "DEO"},
	{"behavioral-analytics", "Behavioral Analytics", "--O"},
	{"syscall-analysis", "Syscall Analysis", "-EO"},
	{"threat-detection", "Threat Detection", "D-O"},
	{"attack-phases", "Attack Phases", "D-O"},
	{"investigation-and-identification", "Investigation and Identification", "--O"},
	{"container-immutability", "Container Immutability", "D-O"},
	{"audit-logs", "Audit Logs", "DEO"},
	{"access-monitoring", "Access Monitoring", "D-O"},
}

func TestAllFollowsTheGuide(t *testing.T) {
	all := All()
	if len(all) != len(guide) {
		t.Fatalf("All returns %d concepts, the guide has %d", len(all), len(guide))
	}
	for i, c := range all {
		want := guide[i]
		if c.Number != i+1 || c.ID != want.id || c.Title != want.title {
			t.Errorf("concept %d is %d %q %q, want %q %q", i+1, c.Number, c.ID, c.Title, want.id, want.title)
		}
		for j, tier := range TierNames() {
			got, wanted := len(c.Tiers.Of(tier).Inputs) > 0, want.tiers[j] != '-'
			if got != wanted {
				t.Errorf("%s: judged as %s: %v, the guide says %v", c.ID, tier, got, wanted)
			}
		}
	}
}

func TestAllBelongsToTheCaller(t *testing.T) {
	spoilt := All()
	for i := range spoilt {
		spoilt[i].ID = ""
		for _, tier := range TierNames() {
			for j := range spoilt[i].Tiers.Of(tier).Inputs {
				spoilt[i].Tiers.Of(tier).Inputs[j] = "spoilt"
			}
		}
	}
	for _, c := range All() {
		if c.ID == "" || len(c.JudgedBy("spoilt")) > 0 {
			t.Fatalf("a change of one answer shows in the next: %+v", c)
		}
	}
}

func TestProse(t *testing.T) {
	for _, c := range All() {
		checkProse(t, c.ID+" What", c.What, 200, 700, 2, 6)
		checkProse(t, c.ID+" Where", c.Where, 90, 600, 1, 4)
		checkProse(t, c.ID+" How", c.How, 450, 1200, 4, 9)
		checkProse(t, c.ID+" Acts", c.Acts, 70, 400, 1, 4)
		for _, tier := range TierNames() {
			checkProse(t, c.ID+" "+string(tier), c.Tiers.Of(tier).Note, 30, 160, 1, 2)
		}
	}
}

// sentenceEnd is a full stop at the end or before a word that begins one.
var sentenceEnd = regexp.MustCompile(`[.?!](\s+["'A-Z/]|$)`)

func checkProse(t *testing.T, what, s string, minLen, maxLen, minSentences, maxSentences int) {
	t.Helper()
	if n := utf8.RuneCountInString(s); n < minLen || n > maxLen {
		t.Errorf("%s has %d characters, want %d to %d", what, n, minLen, maxLen)
	}
	if n := len(sentenceEnd.FindAllString(s, -1)); n < minSentences || n > maxSentences {
		t.Errorf("%s has %d sentences, want %d to %d: %s", what, n, minSentences, maxSentences, s)
	}
	if s != text(s) || strings.ContainsAny(s, "`\t\n") {
		t.Errorf("%s is not one plain paragraph: %q", what, s)
	}
	if strings.Count(s, "'")%2 != 0 && !strings.Contains(s, "'s") && !strings.Contains(s, "s' ") {
		t.Errorf("%s has a quotation that is not closed: %s", what, s)
	}
	if strings.Count(s, "(") != strings.Count(s, ")") || strings.Count(s, `"`)%2 != 0 {
		t.Errorf("%s has unbalanced brackets or quotes: %s", what, s)
	}
	if !strings.HasSuffix(s, ".") {
		t.Errorf("%s does not end in a full stop: %s", what, s)
	}
}

func TestActsAdmitWhatIsMissing(t *testing.T) {
	for _, c := range All() {
		readable := false
		for _, in := range c.Inputs() {
			readable = readable || in.Available()
		}
		if !readable && !strings.HasPrefix(c.Acts, "Not in this version: ") {
			t.Errorf("%s: this version reads none of %v, yet Acts claims something: %s", c.ID, c.Inputs(), c.Acts)
		}
	}
}

func TestInputsAndJudgedByAgree(t *testing.T) {
	c, ok := ByID("image-validation")
	if !ok {
		t.Fatal("no image-validation")
	}
	want := []Input{Manifests, Helm, Kustomize, Cluster, Dockerfile, Image, Node}
	if diff := cmp.Diff(want, c.Inputs()); diff != "" {
		t.Errorf("Inputs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Tier{Declared, Effective}, c.JudgedBy(Cluster)); diff != "" {
		t.Errorf("JudgedBy(cluster) (-want +got):\n%s", diff)
	}
	if got := c.JudgedBy(Cloud); got != nil {
		t.Errorf("JudgedBy(cloud) = %v, want none", got)
	}
}

func TestTiersOfUnknown(t *testing.T) {
	got := All()[0].Tiers.Of("guessed")
	if len(got.Inputs) > 0 || got.Note != "" {
		t.Errorf("an unknown tier has a judgement: %+v", got)
	}
}
