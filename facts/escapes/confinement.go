package escapes

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/internal/tri"
)

// seccompOf returns the type of the profile that holds, "" where nobody asks for one.
func (p *powers) seccompOf() corev1.SeccompProfileType {
	if p.Privileged() {
		return corev1.SeccompProfileTypeUnconfined // runtimes give privileged containers none
	}
	if s := p.Seccomp(); s != nil {
		return s.Type
	}
	return ""
}

// seccomp is the guard of a system call that the runtime's profile allows only
// to containers with the capability for it. With the capability only a profile
// of the node's own can be in the way.
func (p *powers) seccomp(held tri.Value) Guard {
	const name = "seccomp"
	path := p.Path("securityContext.seccompProfile")
	switch kind := p.seccompOf(); {
	case kind == corev1.SeccompProfileTypeLocalhost:
		return doubt(name, path, "what the node's own profile allows is not known")
	case kind == corev1.SeccompProfileTypeUnconfined:
		return open(name, path, "the container has no seccomp profile")
	case held == tri.Yes:
		return open(name, path, "the runtime's profile allows it to containers with the capability")
	case kind == corev1.SeccompProfileTypeRuntimeDefault:
		return shut(name, path, "the runtime's profile forbids it")
	}
	return valued(name, path, p.env.node().SeccompDefault.Not(), "the container has no seccomp profile", "the kubelet gives every container the runtime's profile",
		"no profile is asked for, and whether the kubelet gives one is not known")
}

// appArmorOf returns the profile that holds as the annotation writes it, "" where nobody asks for one.
func (p *powers) appArmorOf() (profile, path string) {
	const field = "securityContext.appArmorProfile"
	if a := p.AppArmor(); a != nil {
		at := p.Pod.SpecPath(field)
		if sc := p.SecurityContext; sc != nil && sc.AppArmorProfile != nil {
			at = p.Path(field)
		}
		switch a.Type {
		case corev1.AppArmorProfileTypeRuntimeDefault:
			return corev1.DeprecatedAppArmorBetaProfileRuntimeDefault, at
		case corev1.AppArmorProfileTypeLocalhost:
			return corev1.DeprecatedAppArmorBetaProfileNamePrefix, at
		}
		return corev1.DeprecatedAppArmorBetaProfileNameUnconfined, at
	}
	key := corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix + p.Name
	if v := p.Pod.Meta.Annotations[key]; v != "" {
		return v, p.Pod.MetaPath("annotations[" + key + "]")
	}
	return "", p.Path(field)
}

// appArmor is the guard of what the runtime's AppArmor profile forbids: mounts,
// attaching to processes outside of it, writes below /proc and /sys.
func (p *powers) appArmor() Guard { return once(&p.armorGuard, p.findAppArmor) }

func (p *powers) findAppArmor() Guard {
	const name = "AppArmor"
	profile, path := p.appArmorOf()
	node := p.env.node().AppArmor
	switch {
	case profile == corev1.DeprecatedAppArmorBetaProfileNameUnconfined:
		return open(name, path, "AppArmor is switched off for the container")
	case strings.HasPrefix(profile, corev1.DeprecatedAppArmorBetaProfileNamePrefix):
		return doubt(name, path, "what the node's own profile allows is not known")
	case p.Privileged():
		return open(name, p.Path("securityContext.privileged"), "runtimes do not confine privileged containers")
	case profile == corev1.DeprecatedAppArmorBetaProfileRuntimeDefault:
		return shut(name, path, "the runtime's profile forbids it")
	}
	return valued(name, path, node.Not(), "the node has no AppArmor", "the runtime's profile holds by default and forbids it",
		"whether the node has AppArmor is not known")
}

// seLinux is the guard of SELinux: a confined container neither touches files
// of the node nor uses its powers on other processes.
func (p *powers) seLinux() Guard { return once(&p.linuxGuard, p.findSeLinux) }

func (p *powers) findSeLinux() Guard {
	const name = "SELinux"
	path := p.Path("securityContext.seLinuxOptions")
	options := p.SELinux()
	kind := ""
	if options != nil {
		kind = options.Type
	}
	switch {
	case kind == "spc_t" || strings.HasPrefix(kind, "unconfined"):
		return open(name, path, "type %q is not confined", kind)
	case p.env.node().SELinux == tri.No:
		return open(name, path, "the node does not enforce SELinux")
	case p.Privileged() && kind == "":
		return open(name, p.Path("securityContext.privileged"), "runtimes do not confine privileged containers")
	case kind != "" && kind != "container_t":
		return doubt(name, path, "what type %q allows is not known", kind)
	case p.env.node().SELinux == tri.Yes:
		return shut(name, path, "the node enforces SELinux, which confines the container")
	}
	return doubt(name, path, "whether the node enforces SELinux is not known")
}
