package escapes

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"

	"bulwark/internal/tri"
	"bulwark/world"
)

// drawPod makes a pod of what the escapes look at.
func drawPod(t *rapid.T) *corev1.Pod {
	on := func(name string) bool { return rapid.Bool().Draw(t, name) }
	p := &corev1.Pod{}
	p.Name, p.Namespace = "p", "n"
	c := corev1.Container{Name: "c", Image: rapid.SampledFrom([]string{"ubuntu", "example.com/app"}).Draw(t, "image"), SecurityContext: &corev1.SecurityContext{}}
	sc := c.SecurityContext
	sc.Capabilities = &corev1.Capabilities{
		Add:  rapid.SliceOfN(rapid.SampledFrom(someCapabilities), 0, 4).Draw(t, "add"),
		Drop: rapid.SliceOfN(rapid.SampledFrom(someCapabilities), 0, 2).Draw(t, "drop"),
	}
	if on("privileged") {
		sc.Privileged = ptr(true)
	}
	if on("user") {
		sc.RunAsUser = ptr(rapid.SampledFrom([]int64{0, 1000}).Draw(t, "id"))
	}
	p.Spec.HostPID, p.Spec.HostNetwork, p.Spec.HostIPC = on("hostPID"), on("hostNetwork"), on("hostIPC")
	for i, path := range rapid.SliceOfN(rapid.SampledFrom(somePaths), 0, 3).Draw(t, "paths") {
		name := fmt.Sprint("v", i)
		p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: path}}})
		c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: name, MountPath: "/" + name, ReadOnly: on("readOnly")})
	}
	p.Spec.Containers = []corev1.Container{c}
	return p
}

var (
	someCapabilities = []corev1.Capability{
		"ALL", "SYS_ADMIN", "SYS_PTRACE", "SYS_MODULE", "SYS_RAWIO", "DAC_READ_SEARCH", "DAC_OVERRIDE", "BPF", "PERFMON", "NET_ADMIN", "NET_RAW", "MKNOD", "SYS_CHROOT", "cap_sys_admin",
	}
	somePaths = []string{
		"/", "/proc", "/proc/sys/kernel/core_pattern", "/sys", "/sys/fs/cgroup", "/run", "/var/run/docker.sock", "/var/lib/kubelet", "/etc", "/etc/kubernetes/pki", "/var/log", "/srv", "/var/lib/etcd", "/root/.ssh",
	}
)

func drawEnv(t *rapid.T) Env {
	value := func(name string) tri.Value {
		return rapid.SampledFrom([]tri.Value{tri.Unknown, tri.No, tri.Yes}).Draw(t, name)
	}
	return Env{
		Minor: 37, Handler: rapid.SampledFrom([]string{"", "runc", "runsc", "special"}).Draw(t, "handler"), Logs: value("logs"), Plain: value("plain"),
		Node: &Node{
			Runtime: rapid.SampledFrom([]string{"", "containerd://1.3.8", "cri-o://1.33.0"}).Draw(t, "runtime"),
			Kubelet: rapid.SampledFrom([]string{"", "v1.21.1", "v1.28.0", "v1.37.0"}).Draw(t, "kubelet"),
			Kernel:  rapid.SampledFrom([]string{"", "5.10.5", "5.15.1-generic", "6.12.1"}).Draw(t, "kernel"),
			SELinux: value("selinux"), AppArmor: value("apparmor"), CgroupV1: value("cgroup"), SeccompDefault: value("seccomp"), Lockdown: value("lockdown"), ControlPlane: value("plane"),
		},
	}
}

// hardenings are settings that take something away. None of them may make an escape work that did not.
var hardenings = map[string]func(p *corev1.Pod, e *Env){
	"privileged: false":     func(p *corev1.Pod, _ *Env) { security(p).Privileged = ptr(false) },
	"runAsNonRoot":          func(p *corev1.Pod, _ *Env) { security(p).RunAsNonRoot = ptr(true) },
	"runAsUser":             func(p *corev1.Pod, _ *Env) { security(p).RunAsUser = ptr(int64(1000)) },
	"no new privileges":     func(p *corev1.Pod, _ *Env) { security(p).AllowPrivilegeEscalation = ptr(false) },
	"drop ALL":              func(p *corev1.Pod, _ *Env) { sc := security(p).Capabilities; sc.Drop = append(sc.Drop, "ALL") },
	"add nothing":           func(p *corev1.Pod, _ *Env) { security(p).Capabilities.Add = nil },
	"drop SYS_ADMIN":        without("SYS_ADMIN"),
	"drop CAP_SYS_PTRACE":   without("CAP_SYS_PTRACE"),
	"AppArmor":              armored,
	"hostUsers: false":      func(p *corev1.Pod, _ *Env) { p.Spec.HostUsers = ptr(false) },
	"hostPID: false":        func(p *corev1.Pod, _ *Env) { p.Spec.HostPID = false },
	"hostNetwork: false":    func(p *corev1.Pod, _ *Env) { p.Spec.HostNetwork = false },
	"hostIPC: false":        func(p *corev1.Pod, _ *Env) { p.Spec.HostIPC = false },
	"sandbox":               sandboxed("runsc"),
	"no volumes":            func(p *corev1.Pod, _ *Env) { container(p).VolumeMounts = nil },
	"SELinux on the node":   func(_ *corev1.Pod, e *Env) { e.Node.SELinux = tri.Yes },
	"AppArmor on the node":  func(_ *corev1.Pod, e *Env) { e.Node.AppArmor = tri.Yes },
	"lockdown":              func(_ *corev1.Pod, e *Env) { e.Node.Lockdown = tri.Yes },
	"cgroup version 2":      func(_ *corev1.Pod, e *Env) { e.Node.CgroupV1 = tri.No },
	"seccomp by default":    func(_ *corev1.Pod, e *Env) { e.Node.SeccompDefault = tri.Yes },
	"worker":                func(_ *corev1.Pod, e *Env) { e.Node.ControlPlane = tri.No },
	"encrypted Secrets":     func(_ *corev1.Pod, e *Env) { e.Plain = tri.No },
	"no right to read logs": func(_ *corev1.Pod, e *Env) { e.Logs = tri.No },
	"type container_t":      func(p *corev1.Pod, _ *Env) { security(p).SELinuxOptions = &corev1.SELinuxOptions{Type: "container_t"} },
	"seccomp profile of runtime": func(p *corev1.Pod, _ *Env) {
		security(p).SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
	},
	"read-only mounts": func(p *corev1.Pod, _ *Env) {
		for i := range container(p).VolumeMounts {
			container(p).VolumeMounts[i].ReadOnly = true
		}
	},
	"recursively read-only mounts": func(p *corev1.Pod, _ *Env) {
		for i := range container(p).VolumeMounts {
			container(p).VolumeMounts[i].ReadOnly = true
			container(p).VolumeMounts[i].RecursiveReadOnly = ptr(corev1.RecursiveReadOnlyEnabled)
		}
	},
}

// works lists what certainly can be gained, and by which escape.
func works(found []Escape) map[string]bool {
	out := map[string]bool{}
	for _, e := range found {
		if e.Verdict == tri.Yes {
			for _, g := range e.Gives {
				out[fmt.Sprint(e.ID, " ", e.Title, ": ", g)] = true
			}
		}
	}
	return out
}

func TestGuardsOnlyTakeAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, env := drawPod(t), drawEnv(t)
		before := works(look(p, env))
		for name, harden := range hardenings {
			q, e, n := p.DeepCopy(), env, *env.Node
			e.Node = &n
			harden(q, &e)
			for what := range works(look(q, e)) {
				if !before[what] {
					t.Fatalf("%s makes it possible to %s", name, what)
				}
			}
		}
	})
}

// TestKnowledgeSettles replaces what is unknown about a node by both answers:
// what is certain while it is unknown must hold for both.
func TestKnowledgeSettles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, env := drawPod(t), drawEnv(t)
		before := works(look(p, env))
		for name, at := range map[string]func(*Env) *tri.Value{
			"SELinux": func(e *Env) *tri.Value { return &e.Node.SELinux }, "AppArmor": func(e *Env) *tri.Value { return &e.Node.AppArmor },
			"cgroup": func(e *Env) *tri.Value { return &e.Node.CgroupV1 }, "lockdown": func(e *Env) *tri.Value { return &e.Node.Lockdown },
			"seccomp": func(e *Env) *tri.Value { return &e.Node.SeccompDefault }, "plane": func(e *Env) *tri.Value { return &e.Node.ControlPlane },
			"logs": func(e *Env) *tri.Value { return &e.Logs }, "plain": func(e *Env) *tri.Value { return &e.Plain },
		} {
			if *at(&env) != tri.Unknown {
				continue
			}
			for _, v := range []tri.Value{tri.Yes, tri.No} {
				e, n := env, *env.Node
				e.Node = &n
				*at(&e) = v
				after := works(look(p, e))
				for what := range before {
					if !after[what] {
						t.Fatalf("%s is certain while %s is unknown, but not when it is %v", what, name, v)
					}
				}
			}
		}
	})
}

// TestMemory asks a memory about pairs of pods that are alike but for a little
// and wants what it would have answered without one.
func TestMemory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m memory
		p, env := drawPod(t), drawEnv(t)
		names := slices.Sorted(maps.Keys(hardenings))
		for range rapid.IntRange(1, 6).Draw(t, "pods") {
			q, e, n := p.DeepCopy(), env, *env.Node
			e.Node = &n
			hardenings[rapid.SampledFrom(names).Draw(t, "change")](q, &e)
			o := world.NewObject("v1", "Pod", q, world.Declared)
			for c := range o.Containers {
				want, got := examine(o, c, e), m.of(o, c, e)
				if len(want)+len(got) > 0 && !reflect.DeepEqual(want, got) {
					t.Fatalf("%+v, want %+v", got, want)
				}
			}
		}
	})
}

// TestAlike wants pods that differ only in node and token to be one.
func TestAlike(t *testing.T) {
	var m memory
	for i := range 50 {
		p := pod(t, mounted("/var/log"))
		name := fmt.Sprint("kube-api-access-", i)
		p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: name})
		container(p).VolumeMounts = append(container(p).VolumeMounts, corev1.VolumeMount{Name: name, MountPath: "/token"})
		env := naked()
		env.Node.Name = name
		o := world.NewObject("v1", "Pod", p, world.Declared)
		for c := range o.Containers {
			if len(m.of(o, c, env)) == 0 {
				t.Fatal("no way out of a pod with the node's logs")
			}
		}
	}
	if n := m.size.Load(); n != 1 {
		t.Errorf("%d answers kept for pods that are alike", n)
	}
}
