package escapes

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"bulwark/internal/tri"
	"bulwark/world"
)

// naked is an environment in which nothing stands in the way.
func naked() Env {
	return Env{
		Minor: 37, Logs: tri.Yes, Plain: tri.Yes,
		Node: &Node{OS: "linux", Kernel: "6.12.40", Runtime: "containerd://2.2.0", Kubelet: "v1.30.9", ControlPlane: tri.Yes,
			AppArmor: tri.No, SELinux: tri.No, CgroupV1: tri.Yes, SeccompDefault: tri.No, Lockdown: tri.No},
		Volume: func(_, claim string) *world.Object {
			pv := new(corev1.PersistentVolume)
			if err := yaml.Unmarshal([]byte(volumes[claim]), pv); err != nil || volumes[claim] == "" {
				return nil
			}
			return world.NewObject("v1", "PersistentVolume", pv, world.Declared)
		},
	}
}

var volumes = map[string]string{
	"logs":  "metadata: {name: pv}\nspec: {hostPath: {path: /etc/kubernetes/manifests}}",
	"disk":  "metadata: {name: pv}\nspec: {local: {path: /dev/sdb}}",
	"cloud": "metadata: {name: pv}\nspec: {csi: {driver: ebs.csi.aws.com, volumeHandle: v}}",
	"p-tmp": "metadata: {name: pv}\nspec: {local: {path: /var/lib/kubelet/pods}}",
}

// pod reads a pod's specification; the first container is the one that is asked about.
func pod(t testing.TB, spec string) *corev1.Pod {
	t.Helper()
	p := &corev1.Pod{}
	if err := yaml.UnmarshalStrict([]byte(spec), &p.Spec); err != nil {
		t.Fatal(err)
	}
	p.Name, p.Namespace = "p", "n"
	return p
}

func look(p *corev1.Pod, env Env) []Escape {
	o := world.NewObject("v1", "Pod", p.DeepCopy(), world.Declared)
	for c := range o.Containers {
		return Of(o, c, env)
	}
	return nil
}

// verdict returns how the escape of an id did whose title holds a text: "absent" when it is not listed.
func verdict(found []Escape, id, title string) string {
	for _, e := range found {
		if e.ID == id && strings.Contains(e.Title, title) {
			return e.Verdict.String()
		}
	}
	return "absent"
}

// flip is one thing that is different, and what then becomes of the escape.
type flip struct {
	name string
	do   func(p *corev1.Pod, e *Env)
	want string
}

func container(p *corev1.Pod) *corev1.Container { return &p.Spec.Containers[0] }

func security(p *corev1.Pod) *corev1.SecurityContext {
	if container(p).SecurityContext == nil {
		container(p).SecurityContext = new(corev1.SecurityContext)
	}
	return container(p).SecurityContext
}

func ptr[T any](v T) *T { return &v }

func sandboxed(handler string) func(*corev1.Pod, *Env) {
	return func(p *corev1.Pod, e *Env) { p.Spec.RuntimeClassName, e.Handler = ptr("class"), handler }
}

func without(name corev1.Capability) func(*corev1.Pod, *Env) {
	return func(p *corev1.Pod, _ *Env) {
		security(p).Capabilities.Drop = append(security(p).Capabilities.Drop, name)
	}
}

func user(id int64, gain bool) func(*corev1.Pod, *Env) {
	return func(p *corev1.Pod, _ *Env) {
		security(p).RunAsUser, security(p).RunAsGroup, security(p).AllowPrivilegeEscalation = &id, &id, &gain
	}
}

func hostUsersFalse(p *corev1.Pod, e *Env) {
	p.Spec.HostUsers = ptr(false)
	e.Node.Kubelet = "v1.36.0"
}

func armored(p *corev1.Pod, _ *Env) {
	security(p).AppArmorProfile = &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeRuntimeDefault}
}

func readOnly(p *corev1.Pod, _ *Env) { container(p).VolumeMounts[0].ReadOnly = true }

func hostPath(path string) func(*corev1.Pod, *Env) {
	return func(p *corev1.Pod, _ *Env) { p.Spec.Volumes[0].HostPath.Path = path }
}

func onNode(do func(n *Node)) func(*corev1.Pod, *Env) {
	return func(_ *corev1.Pod, e *Env) { do(e.Node) }
}

// usual are the changes that every attack on the kernel has to stand.
func usual(more ...flip) []flip {
	return append([]flip{
		{"gVisor", sandboxed("runsc"), "no"},
		{"Kata", sandboxed("kata-qemu"), "no"},
		{"runc by name", sandboxed("runc"), "yes"},
		{"handler nobody knows", sandboxed("special"), "unknown"},
		{"class that is not there", sandboxed(""), "unknown"},
		{"user namespace", hostUsersFalse, "no"},
		{"user namespace on an old server", func(p *corev1.Pod, e *Env) { hostUsersFalse(p, e); e.Node.Kubelet = "v1.28.0" }, "unknown"},
		{"user namespace on a very old server", func(p *corev1.Pod, e *Env) { hostUsersFalse(p, e); e.Node.Kubelet = "v1.20.0" }, "yes"},
		{"image nobody knows", func(p *corev1.Pod, _ *Env) { container(p).Image = "example.com/app" }, "unknown"},
		{"runAsNonRoot", func(p *corev1.Pod, _ *Env) { security(p).RunAsNonRoot = ptr(true) }, "unknown"},
	}, more...)
}

func added(capabilities string) string {
	return "containers: [{name: c, image: ubuntu, securityContext: {capabilities: {add: [" + capabilities + "]}}}]"
}

func mounted(path string) string {
	return "{containers: [{name: c, image: ubuntu, volumeMounts: [{name: v, mountPath: /host}]}], volumes: [{name: v, hostPath: {path: " + path + "}}]}"
}

const privileged = "containers: [{name: c, image: ubuntu, securityContext: {privileged: true}}]"

func withHost(field, spec string) string { return field + ": true\n" + spec }

func TestEscapes(t *testing.T) {
	for _, tt := range table {
		t.Run(tt.id+" "+tt.title, func(t *testing.T) {
			p, env := pod(t, tt.spec), naked()
			if tt.first != nil {
				tt.first(p, &env)
			}
			if got := verdict(look(p, env), tt.id, tt.title); got != tt.want() {
				t.Fatalf("%s, want %s", got, tt.want())
			}
			for _, c := range tt.changes {
				p, env := pod(t, tt.spec), naked()
				if tt.first != nil {
					tt.first(p, &env)
				}
				c.do(p, &env)
				if got := verdict(look(p, env), tt.id, tt.title); got != c.want {
					t.Errorf("%s: %s, want %s", c.name, got, c.want)
				}
			}
		})
	}
}

type row struct {
	id, title, spec string
	changes         []flip
	first           func(*corev1.Pod, *Env) // done before each change
	unsure          bool                    // it is unknown even in the naked environment
}

func (r row) want() string {
	if r.unsure {
		return "unknown"
	}
	return "yes"
}
