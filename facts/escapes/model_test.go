package escapes

import (
	"fmt"
	"strings"
	"testing"

	"bulwark/internal/tri"
	"bulwark/internal/ytree"
	"bulwark/world"
)

// TestCapabilities holds the order in which runtimes read the two lists.
func TestCapabilities(t *testing.T) {
	for _, tt := range []struct {
		add, drop, runtime, capability string
		want                           tri.Value
	}{
		{"", "", "containerd", "MKNOD", tri.Yes},
		{"", "", "cri-o", "MKNOD", tri.No},
		{"", "", "", "MKNOD", tri.Unknown},
		{"", "", "", "CHOWN", tri.Yes},
		{"", "", "", "SYS_ADMIN", tri.No},
		{"X", "ALL", "", "CHOWN", tri.No},
		{"SYS_ADMIN", "ALL", "", "SYS_ADMIN", tri.Yes},
		{"SYS_ADMIN", "SYS_ADMIN", "", "SYS_ADMIN", tri.No},
		{"ALL", "ALL", "", "SYS_ADMIN", tri.No},
		{"ALL", "", "", "SYS_ADMIN", tri.Yes},
		{"all", "CHOWN", "", "CHOWN", tri.No},
		{"ALL", "ALL", "", "CHOWN", tri.No},
		{"sys_admin", "", "", "SYS_ADMIN", tri.Yes},
		{"CAP_SYS_ADMIN", "", "containerd", "SYS_ADMIN", tri.No},
		{"CAP_SYS_ADMIN", "", "cri-o", "SYS_ADMIN", tri.Yes},
		{"cap_sys_admin", "", "docker", "SYS_ADMIN", tri.Yes},
		{"CAP_SYS_ADMIN", "", "", "SYS_ADMIN", tri.Unknown},
		{"", "CAP_CHOWN", "containerd", "CHOWN", tri.Yes},
		{"", "CAP_CHOWN", "cri-o", "CHOWN", tri.No},
		{"", "CAP_CHOWN", "", "CHOWN", tri.Unknown},
		{"CAP_CHOWN", "", "containerd", "CHOWN", tri.Yes},
	} {
		p := pod(t, fmt.Sprintf("containers: [{name: c, securityContext: {capabilities: {add: [%s], drop: [%s]}}}]", tt.add, tt.drop))
		env := Env{Node: &Node{Runtime: tt.runtime + "://1.0.0"}}
		o := world.NewObject("v1", "Pod", p, world.Declared)
		for c := range o.Containers {
			x := powersOf(c, &env)
			if got := x.Capability(tt.capability); got != tt.want {
				t.Errorf("add [%s] drop [%s] under %q: %s is %v, want %v", tt.add, tt.drop, tt.runtime, tt.capability, got, tt.want)
			}
			if odd := strings.Contains(strings.ToUpper(tt.add+tt.drop), "CAP_"); odd != (len(x.Misspelt()) > 0) {
				t.Errorf("add [%s] drop [%s]: odd names %v", tt.add, tt.drop, x.Misspelt())
			}
		}
	}
}

// TestAll wants every escape in the table, and every listed one to say what a graph needs.
func TestAll(t *testing.T) {
	seen := map[string]bool{}
	for _, tt := range table {
		p, env := pod(t, tt.spec), naked()
		if tt.first != nil {
			tt.first(p, &env)
		}
		for _, e := range look(p, env) {
			seen[e.ID] = true
			if e.Technique == "" || e.Path == "" || len(e.Control) != 6 || len(e.Gives) == 0 || len(e.Guards) == 0 {
				t.Errorf("%s is not complete: %+v", tt.title, e)
			}
			for _, g := range e.Guards {
				if g.Name == "" || g.Why == "" {
					t.Errorf("%s %s: guard %+v says nothing", e.ID, e.Title, g)
				}
			}
		}
	}
	for i := 1; i <= 24; i++ {
		if id := fmt.Sprint("E", i); !seen[id] {
			t.Errorf("the table shows no %s", id)
		}
	}
}

// TestPlain wants ordinary containers to have no way out.
func TestPlain(t *testing.T) {
	for _, spec := range []string{
		"containers: [{name: c, image: ubuntu}]",
		"containers: [{name: c, image: ubuntu, securityContext: {capabilities: {add: [NET_BIND_SERVICE, SYS_TIME]}}}]",
		"{containers: [{name: c, image: ubuntu, volumeMounts: [{name: v, mountPath: /d}]}], volumes: [{name: v, emptyDir: {}}]}",
		mounted("/srv/data"), mounted("/mnt"), mounted("/etc/localtime"), mounted("/proc/net"),
	} {
		if found := look(pod(t, spec), naked()); len(found) > 0 {
			t.Errorf("%s: %s %s", spec, found[0].ID, found[0].Title)
		}
	}
}

const estate = `
apiVersion: v1
kind: Node
metadata: {name: cp, labels: {node-role.kubernetes.io/control-plane: "", kubernetes.io/os: linux}}
spec: {taints: [{key: node-role.kubernetes.io/control-plane, effect: NoSchedule}]}
status:
  nodeInfo: {kernelVersion: 6.8.0, containerRuntimeVersion: "containerd://2.1.4", kubeletVersion: v1.35.1, osImage: Ubuntu 24.04, operatingSystem: linux}
---
apiVersion: v1
kind: Node
metadata: {name: old, labels: {pool: old}}
status:
  nodeInfo: {kernelVersion: 5.4.0, containerRuntimeVersion: "cri-o://1.27.1", kubeletVersion: v1.27.1, osImage: Red Hat Enterprise Linux CoreOS 415, operatingSystem: linux}
---
apiVersion: v1
kind: Node
metadata: {name: new}
status:
  conditions: [{type: Ready, status: "True", message: "kubelet is posting ready status. AppArmor enabled"}]
  nodeInfo: {kernelVersion: 6.8.0, containerRuntimeVersion: "containerd://2.1.4", kubeletVersion: v1.29.1, osImage: Ubuntu 24.04, operatingSystem: linux}
---
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: {name: safe}
handler: runsc
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: pv-1}
spec: {hostPath: {path: /var/lib/kubelet}, claimRef: {namespace: shop, name: by-ref}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: by-name, namespace: shop}
spec: {volumeName: pv-1}
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
seccompDefault: true
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline}}
---
apiVersion: v1
kind: Namespace
metadata: {name: free}
---
apiVersion: v1
kind: Pod
metadata: {name: on-cp, namespace: shop}
spec: {nodeName: cp, containers: [{name: c, image: ubuntu, securityContext: {privileged: true}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: on-gone, namespace: shop}
spec: {nodeName: gone, containers: [{name: c, image: ubuntu}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: anywhere, namespace: shop}
spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {runtimeClassName: safe, containers: [{name: c, image: ubuntu, securityContext: {privileged: true}}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pooled, namespace: shop}
spec:
  selector: {matchLabels: {a: c}}
  template:
    metadata: {labels: {a: c}}
    spec:
      nodeSelector: {pool: old}
      containers: [{name: c, image: ubuntu, volumeMounts: [{name: v, mountPath: /v}]}]
      volumes: [{name: v, persistentVolumeClaim: {claimName: by-ref}}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: everywhere, namespace: shop}
spec:
  selector: {matchLabels: {a: d}}
  template:
    metadata: {labels: {a: d}}
    spec:
      tolerations: [{operator: Exists}]
      containers: [{name: c, image: ubuntu, volumeMounts: [{name: v, mountPath: /v}]}]
      volumes: [{name: v, persistentVolumeClaim: {claimName: by-name}}]
`

func snapshot(text string) *world.Snapshot {
	b := &world.Builder{Target: 37}
	for _, s := range ytree.Split(text) {
		b.AddDoc(&world.Doc{File: "x.yaml", Text: text, Start: s.Start, End: s.End})
	}
	return b.Snapshot()
}

func TestModel(t *testing.T) {
	snap := snapshot(estate)
	m, err := Fact.In(snap)
	if err != nil {
		t.Fatal(err)
	}
	wants := map[string]struct {
		runtime, kubelet     string
		plane, armor, linux  tri.Value
		handler, id, verdict string
	}{
		"on-cp":      {"containerd://2.1.4", "v1.35.1", tri.Yes, tri.Unknown, tri.No, "", "E1", "yes"},
		"on-gone":    {"", "", tri.Unknown, tri.Unknown, tri.Unknown, "", "E1", "absent"},
		"anywhere":   {"", "", tri.No, tri.Unknown, tri.Unknown, "runsc", "E1", "no"},
		"pooled":     {"cri-o://1.27.1", "v1.27.1", tri.No, tri.No, tri.Yes, "", "E21", "no"},
		"everywhere": {"", "", tri.Unknown, tri.Unknown, tri.Unknown, "", "E21", "unknown"},
	}
	met := 0
	for o := range snap.All("pods") {
		w, ok := wants[o.Name]
		if !ok {
			t.Errorf("pod of %s", o.Ref)
			continue
		}
		met++
		for c := range o.Containers {
			env := m.Env(o, c.Pod)
			n := env.Node
			if n.Runtime != w.runtime || n.Kubelet != w.kubelet || n.ControlPlane != w.plane || n.AppArmor != w.armor || n.SELinux != w.linux || env.Handler != w.handler {
				t.Errorf("%s: node %+v, handler %q, want %+v", o.Name, n, env.Handler, w)
			}
			if got := verdict(m.Of(o, c), w.id, ""); got != w.verdict {
				t.Errorf("%s: %s is %s, want %s", o.Name, w.id, got, w.verdict)
			}
			if o.Name == "on-cp" && n.SeccompDefault != tri.Yes {
				t.Errorf("the kubelet's configuration was not read: %+v", n)
			}
		}
	}
	if met != len(wants) {
		t.Errorf("%d pods, want %d", met, len(wants))
	}
}

// TestConfigured reads what command lines say of all nodes and of the control plane.
func TestConfigured(t *testing.T) {
	const line = `
apiVersion: v1
kind: Pod
metadata: {name: %s, namespace: kube-system}
spec: {containers: [{name: c, image: x, command: [%s]}]}
---
`
	const node = `
apiVersion: v1
kind: Node
metadata: {name: "n"}
---
`
	for _, tt := range []struct {
		text          string
		cgroup, plain tri.Value
		exempt        bool
	}{
		{"", tri.Unknown, tri.Unknown, false},
		{fmt.Sprintf(line, "a", "kubelet, --fail-cgroupv1=true"), tri.No, tri.Unknown, false},
		{fmt.Sprintf(line, "a", "kubelet, --fail-cgroupv1=false"), tri.Unknown, tri.Unknown, false},
		{fmt.Sprintf(line, "a", "kubelet, --fail-cgroupv1=true") + fmt.Sprintf(line, "b", "kubelet, --v=2"), tri.Unknown, tri.Unknown, false},
		{fmt.Sprintf(line, "a", "kube-apiserver, --encryption-provider-config=/e"), tri.Unknown, tri.No, false},
		{fmt.Sprintf(line, "a", "kube-apiserver, --admission-control-config-file=/e"), tri.Unknown, tri.Yes, true},
	} {
		m, err := Fact.In(snapshot(node + tt.text))
		if err != nil {
			t.Fatal(err)
		}
		if n := m.nodes["n"]; n.CgroupV1 != tt.cgroup || m.plain != tt.plain || m.exemptions != tt.exempt {
			t.Errorf("%s: cgroup version 1 %v, plain Secrets %v, exemptions %v, want %+v", tt.text, n.CgroupV1, m.plain, m.exemptions, tt)
		}
	}
}

// TestReadsLogs wants the pod's own account to be asked, where it matters.
func TestReadsLogs(t *testing.T) {
	const text = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: logs, namespace: shop}
rules: [{apiGroups: [""], resources: [pods/log], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: logs, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: logs}
subjects: [{kind: ServiceAccount, name: reader, namespace: shop}]
---
apiVersion: v1
kind: Pod
metadata: {name: reads, namespace: shop}
spec: {serviceAccountName: reader, containers: [{name: c, image: ubuntu}], volumes: [{name: v, hostPath: {path: /var/log/}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: other, namespace: shop}
spec: {serviceAccountName: other, containers: [{name: c, image: ubuntu}], volumes: [{name: v, hostPath: {path: /var}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: tokenless, namespace: shop}
spec: {serviceAccountName: reader, automountServiceAccountToken: false, containers: [{name: c, image: ubuntu}], volumes: [{name: v, hostPath: {path: /var/log/pods}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: elsewhere, namespace: shop}
spec: {serviceAccountName: reader, containers: [{name: c, image: ubuntu}], volumes: [{name: v, hostPath: {path: /srv}}]}
`
	snap := snapshot(text)
	m, err := Fact.In(snap)
	if err != nil {
		t.Fatal(err)
	}
	for o := range snap.All("pods") {
		for p := range o.Pods {
			if got, want := m.Env(o, p).Logs == tri.Yes, o.Name == "reads"; got != want {
				t.Errorf("pod %s reads logs: %v", o.Name, got)
			}
		}
	}
}

func TestAdmittedHere(t *testing.T) {
	m, err := Fact.In(snapshot(estate))
	if err != nil {
		t.Fatal(err)
	}
	bad := world.NewObject("v1", "Pod", pod(t, privileged), world.Declared)
	good := world.NewObject("v1", "Pod", pod(t, "containers: [{name: c, image: x}]"), world.Declared)
	for _, tt := range []struct {
		namespace string
		object    *world.Object
		want      tri.Value
	}{
		{"shop", bad, tri.No}, {"shop", good, tri.Yes}, {"free", bad, tri.Yes}, {"nowhere", good, tri.Unknown},
	} {
		for p := range tt.object.Pods {
			if g := m.AdmittedHere(tt.namespace, p); g.Open != tt.want || g.Why == "" {
				t.Errorf("namespace %s: %v, want %v: %s", tt.namespace, g.Open, tt.want, g.Why)
			}
		}
	}
}

func TestGains(t *testing.T) {
	for minor, group := range map[int]string{28: masters, 29: kubeadmings, 37: kubeadmings} {
		env := naked()
		env.Node.Kubelet = fmt.Sprintf("v1.%d.0", minor)
		for _, e := range look(pod(t, mounted("/etc/kubernetes/admin.conf")), env) {
			if e.ID == "E17" && (e.Gives[0].User != "kubernetes-admin" || e.Gives[0].Groups[0] != group) {
				t.Errorf("1.%d: %+v, want group %s", minor, e.Gives, group)
			}
		}
	}
}

func BenchmarkPlain(b *testing.B) { benchmark(b, "containers: [{name: c, image: ubuntu}]") }
func BenchmarkRoot(b *testing.B)  { benchmark(b, mounted("/")) }
func BenchmarkPrivileged(b *testing.B) {
	benchmark(b, withHost("hostPID", privileged))
}

func BenchmarkAlike(b *testing.B) {
	o := world.NewObject("v1", "Pod", pod(b, mounted("/")), world.Declared)
	env := naked()
	env.Node.known = findHoles(env.Node)
	var m memory
	b.ReportAllocs()
	for b.Loop() {
		for c := range o.Containers {
			m.of(o, c, env)
		}
	}
}

func benchmark(b *testing.B, spec string) {
	o := world.NewObject("v1", "Pod", pod(b, spec), world.Declared)
	env := naked()
	env.Node.known = findHoles(env.Node)
	env.Volume = func(string, string) *world.Object { return nil }
	b.ReportAllocs()
	for b.Loop() {
		for c := range o.Containers {
			Of(o, c, env)
		}
	}
}
