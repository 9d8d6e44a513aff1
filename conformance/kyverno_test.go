package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"bulwark/controls"
)

const cli = `{"mode":"cli","rules":{}}`

// kyvernoCases are policies with an object that keeps and one that breaks them,
// written after what the policies say.
var kyvernoCases = []struct{ check, detail, good, bad string }{
	{"require-labels", cli, labelled("app.kubernetes.io/name: shop"), labelled("app: shop")},
	{"no-secrets", cli, image("app:1"), pod("envFrom: [{secretRef: {name: a}}]")},
	{"psp-check-supplemental-groups", cli, pod2("securityContext: {supplementalGroups: [150]}"), pod2("securityContext: {supplementalGroups: [150, 300]}")},
	{"psp-restrict-adding-capabilities", cli, pod("securityContext: {capabilities: {add: [CAP_CHOWN]}}"), pod("securityContext: {capabilities: {add: [KILL]}}")},
	{"require-annotations", cli, "apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {corp.org/department: x}}\nspec: {containers: [{name: c, image: app}]}\n", image("app")},
	{"disallow-host-ports-range", cli, pod("ports: [{containerPort: 1, hostPort: 5500}]"), pod("ports: [{containerPort: 1, hostPort: 80}]")},
	{"enforce-resources-as-ratio", cli, pod("resources: {requests: {memory: 1Gi, cpu: 1m}, limits: {memory: 2Gi, cpu: 4}}"), pod("resources: {requests: {memory: 1Gi}, limits: {memory: 3Gi}}")},
	{"restrict-image-registries", cli, image("eu.foo.io/app:1"), image("app:1")},
	{"limit-hostpath-vols", cli, hostPath("/data/a", false), hostPath("/etc", false)},
	{"disallow-latest-tag", cli, image("app:1"), image("app:latest")},
	{"require-non-root-groups", `{"mode":"cli","rules":{"check-runasgroup":"pass"}}`, pod("securityContext: {runAsGroup: 1}"), pod("tty: true")},
	{"require-non-root-groups", `{"mode":"cli","rules":{"autogen-check-fsgroup":"pass"}}`, pod("tty: true"), pod2("securityContext: {fsGroup: 0}")},
	{"deny-privileged-profile", cli, "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n", "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {pod-security.kubernetes.io/enforce: privileged}}\n"},
	{"validate-probes", cli, image("app:1"), deployment(1)},
	{"restrict-automount-sa-token", cli, pod2("automountServiceAccountToken: false"), image("app:1")},
	{"unique-ingress-host", `{"mode":"cli","rules":{"deny-multiple-hosts":"fail"}}`, ingressOf("a.example.com", "a.example.com"), ingressOf("a.example.com", "b.example.com")},
	{"k10-data-protection-by-label", cli, deployment(1), "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, labels: {purpose: production, dataprotection: none}}\nspec: {template: {spec: {containers: [{name: c, image: app}]}}}\n"},
}

func labelled(label string) string {
	return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {selector: {}, template: {metadata: {labels: {" + label + "}}, spec: {containers: [{name: c, image: app}]}}}\n"
}

func ingressOf(hosts ...string) string {
	s := "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: " + hosts[0] + "}\nspec:\n  rules:\n"
	for _, h := range hosts {
		s += "  - {host: " + h + ", http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}]}}\n"
	}
	return s
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestKyvernoSettings(t *testing.T) {
	all := controls.All()
	for _, c := range kyvernoCases {
		dir := t.TempDir()
		write(t, dir, map[string]string{"good.yaml": c.good, "bad.yaml": c.bad})
		j := newJudge(dir, all)
		for input, want := range map[string]verdict{"good.yaml": passes, "bad.yaml": fails} {
			if got := j.answer("kyverno", &Row{Check: c.check, Input: input, Detail: json.RawMessage(c.detail)}); got != want {
				t.Errorf("%s %s: %s is %q, want %q", c.check, c.detail, input, got, want)
			}
		}
	}
}

// A file that admission let in is there when the next one of the folder comes.
func TestAdmittedEarlier(t *testing.T) {
	dir := t.TempDir()
	second := `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: second}
spec: {rules: [{host: a.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}]}}]}
`
	write(t, dir, map[string]string{"first.yaml": ingressOf("a.example.com"), "second.yaml": second})
	detail := json.RawMessage(`{"mode":"admission"}`)
	s := scoreOracle(newJudge(dir, controls.All()), "kyverno", []Row{
		{Check: "unique-ingress-host-and-path", Input: "first.yaml", Expect: "pass", Detail: detail},
		{Check: "unique-ingress-host-and-path", Input: "second.yaml", Expect: "fail", Detail: detail},
	})
	if s.tp != 1 || s.tn != 1 {
		t.Errorf("tp %d, tn %d, differ %q; want one of each", s.tp, s.tn, s.differ)
	}
}
