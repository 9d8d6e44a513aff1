package concept

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Limits of Suggest: queries are cut to maxQuery characters, answers to
// maxSuggestions entries.
const (
	maxQuery       = 64
	maxSuggestions = 5
)

// index is the guide with every name of every concept.
type index struct {
	list   []Concept
	names  [][]string     // by position in list: the slugs that mean it, its ID first
	byName map[string]int // slug to position in list
}

// guideOnce returns the guide's only index, which nobody changes.
var guideOnce = sync.OnceValue(func() *index {
	ix := &index{list: build(), byName: map[string]int{}}
	other := aliases()
	for i, c := range ix.list {
		names := append([]string{c.ID, slug(c.Title), strconv.Itoa(c.Number)}, other[c.ID]...)
		for _, name := range names {
			ix.byName[name] = i
		}
		ix.names = append(ix.names, names)
	}
	return ix
})

// ByID finds a concept by slug, number, title or a common other name, without
// regard to case, spaces and punctuation: "rbac", "12", "Role-Based Access
// Controls" and "role_based access control" are all the same one.
func ByID(s string) (Concept, bool) {
	ix := guideOnce()
	i, ok := ix.byName[slug(s)]
	if !ok {
		return Concept{}, false
	}
	return ix.list[i].clone(), true
}

// Suggest returns the IDs of up to five concepts whose names come near to s,
// nearest first: names with a word that begins with s, then names a few typing
// errors away. The result is empty when nothing is near.
func Suggest(s string) []string {
	key := slug(s)
	if key == "" {
		return nil
	}
	type near struct {
		id       string
		distance int
	}
	var found []near
	ix := guideOnce()
	for i, c := range ix.list {
		best := maxQuery
		for _, name := range ix.names[i] {
			best = min(best, remoteness(key, name))
		}
		if best <= tolerance(key) {
			found = append(found, near{c.ID, best})
		}
	}
	slices.SortStableFunc(found, func(a, b near) int { return cmp.Compare(a.distance, b.distance) })
	var ids []string
	for _, n := range found[:min(len(found), maxSuggestions)] {
		ids = append(ids, n.id)
	}
	return ids
}

// slug lowers s, turns every run of other characters than letters and digits
// into one hyphen, and cuts it to maxQuery bytes.
func slug(s string) string {
	var b strings.Builder
	gap := false
	for _, r := range s {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte('-')
		}
		gap = false
		b.WriteByte(byte(r))
		if b.Len() >= maxQuery {
			break
		}
	}
	return b.String()
}

// tolerance is how many typing errors a query of this length may have.
func tolerance(key string) int { return min(3, len(key)/3) }

// remoteness is 0 when a word of name begins with key (of three letters or
// more), else the number of typing errors between key and name or the nearest
// word of name.
func remoteness(key, name string) int {
	best := edits(key, name)
	for _, word := range strings.Split(name, "-") {
		if len(key) >= 3 && strings.HasPrefix(word, key) {
			return 0
		}
		if len(word) >= 4 {
			best = min(best, edits(key, word))
		}
	}
	return best
}

// edits is the Levenshtein distance between two ASCII strings, a neighbouring
// pair that changed places counting as one error.
func edits(a, b string) int {
	before, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(b)]
}

// aliases returns, by ID, the other names people use, as slugs.
func aliases() map[string][]string {
	return map[string][]string{
		"network-security-policies":        {"netpol", "networkpolicy", "networkpolicies", "network-policy", "network-policies"},
		"cis-benchmark":                    {"cis", "benchmark", "cis-benchmarks", "kube-bench"},
		"kube-dns":                         {"dns", "coredns", "kubedns"},
		"kubeapi":                          {"kube-apiserver", "apiserver", "api-server", "kube-api"},
		"ingress-objects":                  {"ingress", "ingresses", "gateway", "gateway-api"},
		"node-security":                    {"node", "nodes"},
		"gui-elements":                     {"gui", "guis", "ui", "dashboard", "dashboards"},
		"platform-binaries":                {"binaries", "binary"},
		"kubernetes-api":                   {"api", "k8s-api"},
		"rbac":                             {"roles", "role-based-access-control", "authorization"},
		"service-accounts":                 {"sa", "serviceaccount", "serviceaccounts", "service-account"},
		"kubernetes-updates":               {"updates", "upgrades", "upgrade", "update", "k8s-updates", "versions"},
		"host-os-security":                 {"host-os", "os", "host"},
		"iam-roles":                        {"iam", "cloud", "irsa", "workload-identity"},
		"network-access":                   {"firewall", "exposure"},
		"kernel-hardening":                 {"kernel", "seccomp", "apparmor", "capabilities", "sysctls"},
		"os-level-security-domains":        {"isolation", "security-domains", "pod-security", "pss", "psa", "selinux", "user-namespaces"},
		"kubernetes-secrets":               {"secrets", "secret", "k8s-secrets"},
		"container-runtimes":               {"runtimes", "runtimeclass", "gvisor", "kata", "sandbox"},
		"pod-to-pod-encryption":            {"mtls", "encryption", "mesh", "service-mesh"},
		"base-image-footprint":             {"base-image", "base-images", "footprint", "distroless"},
		"image-registries":                 {"registry", "registries", "image-registry"},
		"image-signing":                    {"signing", "signatures", "cosign"},
		"image-validation":                 {"digest", "digests", "pinning"},
		"static-analysis":                  {"lint", "linting"},
		"dockerfiles":                      {"dockerfile", "containerfile", "docker"},
		"vulnerability-scanning":           {"vuln", "vulns", "vulnerabilities", "cve", "cves", "sbom"},
		"behavioral-analytics":             {"behavior", "behaviour", "behavioural-analytics", "anomalies"},
		"syscall-analysis":                 {"syscall", "syscalls"},
		"threat-detection":                 {"threats", "threat", "detection"},
		"attack-phases":                    {"phases", "kill-chain", "mitre", "attack", "attack-paths"},
		"investigation-and-identification": {"investigation", "identification", "forensics", "incidents"},
		"container-immutability":           {"immutability", "immutable", "read-only-root", "drift"},
		"audit-logs":                       {"audit", "audit-log", "auditing", "audit-policy"},
		"access-monitoring":                {"monitoring", "access"},
	}
}
