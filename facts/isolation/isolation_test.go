package isolation_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bulwark/control/controltest"
	"bulwark/facts/isolation"
	"bulwark/world"
)

func workload(kind, namespace, name, account, spec string) string {
	return fmt.Sprintf(`---
apiVersion: apps/v1
kind: %s
metadata: {name: %s, namespace: %s}
spec:
  selector: {matchLabels: {app: %s}}
  template:
    metadata: {labels: {app: %s}}
    spec:
      serviceAccountName: %s
%s
`, kind, name, namespace, name, name, account, spec)
}

const (
	privileged = "      automountServiceAccountToken: false\n      containers: [{name: c, image: x, securityContext: {privileged: true, runAsUser: 0}}]"
	tokenless  = "      automountServiceAccountToken: false\n      containers: [{name: c, image: x, securityContext: {runAsNonRoot: true, runAsUser: 1000, allowPrivilegeEscalation: false, seccompProfile: {type: RuntimeDefault}, capabilities: {drop: [ALL]}}}]"
	withToken  = "      automountServiceAccountToken: true\n      containers: [{name: c, image: x, securityContext: {runAsNonRoot: true, runAsUser: 1000, allowPrivilegeEscalation: false, seccompProfile: {type: RuntimeDefault}, capabilities: {drop: [ALL]}}}]"
)

func exec(namespace, account, in string) string {
	return fmt.Sprintf(`---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: exec-%[2]s, namespace: %[3]s}
rules: [{apiGroups: [""], resources: [pods/exec], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: exec-%[2]s, namespace: %[3]s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: exec-%[2]s}
subjects: [{kind: ServiceAccount, name: %[2]s, namespace: %[1]s}]
`, namespace, account, in)
}

func model(t testing.TB, text string) (*isolation.Model, *world.Snapshot) {
	t.Helper()
	snap := controltest.Snapshot(t, world.Complete, text)
	m, err := isolation.Fact.In(snap)
	if err != nil {
		t.Fatal(err)
	}
	return m, snap
}

func find(t testing.TB, m *isolation.Model, name string) *isolation.Workload {
	t.Helper()
	for _, w := range m.Workloads() {
		if w.Object.Name == name {
			return w
		}
	}
	t.Fatalf("no workload %s", name)
	return nil
}

func TestDomains(t *testing.T) {
	for _, tt := range []struct {
		name, input       string
		certain, possible bool // a and b are one domain
	}{
		{"apart", workload("Deployment", "one", "a", "a", tokenless) + workload("Deployment", "two", "b", "b", tokenless), false, false},
		{"one account", workload("Deployment", "one", "a", "s", withToken) + workload("Deployment", "one", "b", "s", withToken), true, true},
		{"one account without a token", workload("Deployment", "one", "a", "s", withToken) + workload("Deployment", "one", "b", "s", tokenless), false, false},
		{"privileged on every node", workload("DaemonSet", "one", "a", "a", privileged) + workload("DaemonSet", "two", "b", "b", privileged), true, true},
		{"privileged on some node", workload("Deployment", "one", "a", "a", privileged) + workload("Deployment", "two", "b", "b", privileged), false, true},
		{"one way only", workload("DaemonSet", "one", "a", "a", privileged) + workload("DaemonSet", "two", "b", "b", tokenless), false, false},
		{"rights over each other", workload("Deployment", "one", "a", "a", withToken) + workload("Deployment", "two", "b", "b", withToken) +
			exec("one", "a", "two") + exec("two", "b", "one"), true, true},
		{"rights of an account that nobody has a token of", workload("Deployment", "one", "a", "a", tokenless) + workload("Deployment", "two", "b", "b", withToken) +
			exec("one", "a", "two") + exec("two", "b", "one"), false, false},
		{"a claim that both write", workload("Deployment", "one", "a", "a", shared("false")) + workload("Deployment", "one", "b", "b", shared("false")), false, true},
		{"a claim that one only reads", workload("Deployment", "one", "a", "a", shared("false")) + workload("Deployment", "one", "b", "b", shared("true")), false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, _ := model(t, tt.input)
			a, b := find(t, m, "a"), find(t, m, "b")
			for certainly, want := range map[bool]bool{true: tt.certain, false: tt.possible} {
				if got := m.DomainOf(a, certainly) == m.DomainOf(b, certainly); got != want {
					t.Errorf("one domain (certain %v): %v, want %v\nthere %v\nback %v", certainly, got, want, m.Why(a, b, certainly), m.Why(b, a, certainly))
				}
			}
		})
	}
}

func shared(readOnly string) string {
	return tokenless + "\n      volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]\n" +
		"      initContainers: [{name: i, image: x, volumeMounts: [{name: v, mountPath: /v, readOnly: " + readOnly + "}], securityContext: {runAsUser: 1000, allowPrivilegeEscalation: false, seccompProfile: {type: RuntimeDefault}, capabilities: {drop: [ALL]}}}]"
}

func TestTenants(t *testing.T) {
	text := workload("DaemonSet", "one", "a", "a", privileged) + workload("DaemonSet", "two", "b", "b", privileged) + workload("DaemonSet", "three", "c", "c", tokenless)
	namespace := func(name, tenant string) string {
		return "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: " + name + ", labels: {tenant: " + tenant + "}}\n"
	}
	m, _ := model(t, text)
	d := m.DomainOf(find(t, m, "a"), true)
	if !d.Mixed() || len(d.Workloads) != 2 {
		t.Errorf("two namespaces are two tenants: %v", d.Tenants)
	}
	if got := m.Controls(find(t, m, "a"), true); len(got) != 2 {
		t.Errorf("a controls %d workloads of others, want 2: a node gives everything that runs on it", len(got))
	}
	other, way := m.Bridge(find(t, m, "b"), true)
	if other != find(t, m, "a") || len(way) != 2 || way[1].To != "DaemonSet one/a" {
		t.Errorf("b is bridged to %v by %v", other, way)
	}
	if other, _ := m.Bridge(find(t, m, "c"), true); other != nil {
		t.Errorf("c is alone and yet bridged to %v", other.Object.Ref)
	}
	m, _ = model(t, text+namespace("one", "red")+namespace("two", "red"))
	if d := m.DomainOf(find(t, m, "a"), true); d.Mixed() || d.Tenants[0] != "tenant red" {
		t.Errorf("one label makes one tenant: %v", d.Tenants)
	}
}

func TestWhy(t *testing.T) {
	m, _ := model(t, workload("DaemonSet", "one", "a", "a", privileged)+workload("DaemonSet", "two", "b", "b", privileged))
	way := m.Why(find(t, m, "a"), find(t, m, "b"), true)
	if len(way) != 2 || way[0].To != "some node" || !strings.HasPrefix(way[0].Text, "E1 ") || way[0].Pos().Line == 0 || way[1].To != "DaemonSet two/b" {
		t.Errorf("the way is %v", way)
	}
}

func TestVector(t *testing.T) {
	m, _ := model(t, workload("Deployment", "one", "a", "a", privileged)+workload("Deployment", "one", "b", "b", tokenless)+
		workload("Deployment", "one", "c", "c", "      runtimeClassName: gvisor\n"+tokenless)+
		"---\napiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: {name: gvisor}\nhandler: runsc\n")
	a, b, c := find(t, m, "a").Vector, find(t, m, "b").Vector, find(t, m, "c").Vector
	if a.Capabilities != "all" || a.Seccomp != "unconfined" || !strings.HasPrefix(a.Cost, "nothing: E1") {
		t.Errorf("a privileged container: %+v", a)
	}
	if b.Capabilities != "none" || b.Seccomp != "runtime default" || b.Account != "b, no token" || b.UserNamespace != "the node's" {
		t.Errorf("a confined container: %+v", b)
	}
	if b.Segment != "in open, out open" {
		t.Errorf("no policy limits it: %+v", b)
	}
	if c.Sandbox != "sandbox runsc" || c.Class() == b.Class() {
		t.Errorf("a sandboxed container: %+v", c)
	}
	if m.DomainOf(find(t, m, "b"), true) == m.DomainOf(find(t, m, "c"), true) {
		t.Error("two confined containers of one namespace are one domain")
	}
}

// TestCertainIsPossible draws estates: whatever is one domain for certain is one when unknown guards count as open, the
// domains cut the workloads into parts, and each way found holds only steps of its own kind.
func TestCertainIsPossible(t *testing.T) {
	specs := []string{privileged, tokenless, withToken, shared("false"), shared("true")}
	rapid.Check(t, func(r *rapid.T) {
		var text strings.Builder
		n := rapid.IntRange(2, 6).Draw(r, "n")
		pick := func(list []string, label string) string { return rapid.SampledFrom(list).Draw(r, label) }
		for i := range n {
			text.WriteString(workload(pick([]string{"Deployment", "DaemonSet"}, "kind"), pick([]string{"one", "two"}, "namespace"),
				fmt.Sprintf("w%d", i), pick([]string{"s", "t"}, "account"), pick(specs, "spec")))
		}
		if rapid.Bool().Draw(r, "exec") {
			text.WriteString(exec("one", "s", "two"))
		}
		m, _ := model(t, text.String())
		count := 0
		for _, d := range m.Domains(true) {
			count += len(d.Workloads)
			for _, w := range d.Workloads {
				if m.DomainOf(w, false) != m.DomainOf(d.Workloads[0], false) {
					r.Fatalf("%s and %s are certainly one domain but not possibly", w.Object.Ref, d.Workloads[0].Object.Ref)
				}
				way := m.Why(d.Workloads[0], w, true)
				if w != d.Workloads[0] && len(way) == 0 {
					r.Fatalf("no way from %s to %s of one domain", d.Workloads[0].Object.Ref, w.Object.Ref)
				}
				for _, s := range way {
					if !s.Certain {
						r.Fatalf("a certain way holds the step %v", s)
					}
				}
			}
		}
		if count != n {
			r.Fatalf("the domains hold %d workloads of %d", count, n)
		}
	})
}
