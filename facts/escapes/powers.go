package escapes

import (
	"path"
	"slices"
	"strings"

	"bulwark/internal/imageref"
	"bulwark/internal/tri"
	"bulwark/world"
)

// powers is what a container is allowed, as the kernel would see it.
type powers struct {
	world.Container
	env   *Env
	minor int // of the kubelet, or of Kubernetes

	// Guards that many escapes share, once worked out.
	rootGuard, socketGuard, namespaceGuard, sandboxGuard, armorGuard, linuxGuard, cgroupGuard Guard
}

func powersOf(c world.Container, env *Env) *powers {
	return &powers{Container: c, env: env, minor: env.minor()}
}

// once works a guard out at the first call.
func once(slot *Guard, work func() Guard) Guard {
	if slot.Name == "" {
		*slot = work()
	}
	return *slot
}

// rootImages are official images that start as root and stay it: they hold a
// shell or a language, not a service that changes its user.
var rootImages = []string{
	"alpine", "almalinux", "amazonlinux", "archlinux", "bash", "buildpack-deps", "busybox", "centos", "debian", "docker", "eclipse-temurin",
	"fedora", "gcc", "golang", "node", "openjdk", "oraclelinux", "perl", "php", "python", "rockylinux", "ruby", "ubuntu",
}

// root says whether the container's process has user id 0, and by which field.
func (p *powers) root() (v tri.Value, why, at string) {
	const field = "securityContext.runAsUser"
	at = p.Pod.SpecPath(field)
	if sc := p.SecurityContext; sc != nil && sc.RunAsUser != nil {
		at = p.Path(field)
	}
	if user := p.RunAsUser(); user != nil {
		if *user == 0 {
			return tri.Yes, "it runs as root", at
		}
		return tri.No, "it does not run as root", at
	}
	if non := p.RunAsNonRoot(); non != nil && *non {
		return tri.No, "runAsNonRoot lets no process start as root", at
	}
	at = p.Path("image")
	if p.env.ImageUser != nil {
		if user, ok := p.env.ImageUser(p.Container); ok {
			name, _, _ := strings.Cut(user, ":")
			if name == "" || name == "0" || name == "root" {
				return tri.Yes, "its image runs as root", at
			}
			return tri.No, "its image does not run as root", at
		}
	}
	if ref, err := imageref.Parse(p.Image); err == nil && ref.Registry == "docker.io" &&
		path.Dir(ref.Repository) == "library" && slices.Contains(rootImages, path.Base(ref.Repository)) {
		return tri.Yes, "its image runs as root", at
	}
	return tri.Unknown, "its image decides the user", at
}

// mayGain says whether a process may gain privileges by a setuid program.
func (p *powers) mayGain() bool {
	sc := p.SecurityContext
	return p.Privileged() || sc == nil || sc.AllowPrivilegeEscalation == nil || *sc.AllowPrivilegeEscalation
}

// asRoot is the need to be root: a process of another user has no capabilities,
// whatever the container was given, until it runs a setuid program.
func (p *powers) asRoot() Guard { return once(&p.rootGuard, p.findAsRoot) }

func (p *powers) findAsRoot() Guard {
	const name = "root"
	v, why, at := p.root()
	switch {
	case v == tri.Yes:
		return open(name, at, "%s", why)
	case v == tri.No && !p.mayGain():
		return shut(name, at, "%s, and allowPrivilegeEscalation is false", why)
	case v == tri.No:
		return doubt(name, at, "%s; a setuid program in the image would make it root", why)
	}
	return doubt(name, at, "%s", why)
}

// asSocketUser is the need to open a socket of root: its group may too.
func (p *powers) asSocketUser() Guard { return once(&p.socketGuard, p.findAsSocketUser) }

func (p *powers) findAsSocketUser() Guard {
	const name = "user or group of the socket"
	v, why, at := p.root()
	if v == tri.Yes {
		return open(name, at, "%s", why)
	}
	group, sc := p.RunAsGroup(), p.Pod.Spec.SecurityContext
	extra := sc != nil && (len(sc.SupplementalGroups) > 0 || sc.FSGroup != nil)
	if v == tri.No && !p.mayGain() && group != nil && *group != 0 && !extra {
		return shut(name, at, "%s, nor in its group", why)
	}
	return doubt(name, at, "%s; its groups may open the socket", why)
}

// Linux versions of Kubernetes with user namespaces for pods.
const (
	userNamespaceFirst   = 25 // alpha
	userNamespaceDefault = 33 // on by default
)

// UserNamespace says whether the pod has a user namespace of its own.
func (p *powers) UserNamespace() (tri.Value, string) {
	if on := p.Pod.Spec.HostUsers; on == nil || *on {
		return tri.No, "the pod has no user namespace of its own"
	}
	switch minor := p.minor; {
	case minor >= userNamespaceDefault:
		return tri.Yes, "the pod has a user namespace of its own, so root in it is nobody on the node"
	case minor >= userNamespaceFirst:
		return tri.Unknown, "hostUsers is ignored in this version of Kubernetes unless user namespaces were switched on"
	}
	return tri.No, "this version of Kubernetes does not know hostUsers"
}

func (p *powers) userNamespace() Guard { return once(&p.namespaceGuard, p.findUserNamespace) }

func (p *powers) findUserNamespace() Guard {
	v, why := p.UserNamespace()
	return Guard{"user namespace", v.Not(), why, p.Pod.SpecPath("hostUsers")}
}

// sandbox is the guard of runtimes that give the pod a kernel of its own.
func (p *powers) sandbox() Guard { return once(&p.sandboxGuard, p.findSandbox) }

func (p *powers) findSandbox() Guard {
	const name = "sandbox"
	path := p.Pod.SpecPath("runtimeClassName")
	if class := p.Pod.Spec.RuntimeClassName; class == nil || *class == "" {
		return open(name, path, "the node's own runtime runs it")
	}
	switch Sandboxed(p.env.Handler) {
	case tri.Yes:
		return shut(name, path, "handler %q gives it a kernel of its own", p.env.Handler)
	case tri.No:
		return open(name, path, "handler %q runs it on the node's kernel", p.env.Handler)
	}
	if p.env.Handler == "" {
		return doubt(name, path, "runtime class %q is not among the input", *p.Pod.Spec.RuntimeClassName)
	}
	return doubt(name, path, "whether handler %q is a sandbox is not known", p.env.Handler)
}

// Sandboxed says whether a handler of a RuntimeClass keeps pods from the node's kernel.
func Sandboxed(handler string) tri.Value {
	switch handler {
	case "runc", "crun", "youki", "docker", "nvidia", "nvidia-cdi", "nvidia-legacy", "io.containerd.runc.v2", "runhcs-wcow-process":
		return tri.No
	case "runsc", "gvisor", "crun-vm", "firecracker", "runhcs-wcow-hypervisor":
		return tri.Yes
	}
	for _, prefix := range []string{"kata-", "kata_", "runsc-", "gvisor-", "kuasar-"} {
		if strings.HasPrefix(handler, prefix) {
			return tri.Yes
		}
	}
	if handler == "kata" {
		return tri.Yes
	}
	return tri.Unknown
}

// inKernel are the guards of everything that attacks the node's kernel as root, and more.
func (p *powers) inKernel(more ...Guard) []Guard {
	return append([]Guard{p.asRoot(), p.userNamespace(), p.sandbox()}, more...)
}
