package escapes

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/internal/tri"
)

// Capabilities that the runtimes give a container that asks for nothing.
var (
	containerdDefault = []string{
		"CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP",
		"NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE",
	}
	crioDefault = []string{"CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "SETGID", "SETUID", "SETPCAP", "NET_BIND_SERVICE", "KILL"}
)

// Capability says whether a capability, named as the kernel does without CAP_,
// is in the bounding set of the container. It is unknown where containerd and
// CRI-O differ and the runtime is not known.
func (p *powers) Capability(name string) tri.Value {
	if p.Privileged() {
		return tri.Yes
	}
	runtime := p.env.node().runtimeName()
	v := defaultCapability(name, runtime)
	add, drop := p.listed()
	if holds(add, "ALL") {
		v = tri.Yes
	}
	if holds(drop, "ALL") {
		v = tri.No
	}
	v = change(v, add, name, runtime, tri.Yes)
	return change(v, drop, name, runtime, tri.No)
}

func (p *powers) listed() (add, drop []corev1.Capability) {
	if sc := p.SecurityContext; sc != nil && sc.Capabilities != nil {
		return sc.Capabilities.Add, sc.Capabilities.Drop
	}
	return nil, nil
}

func defaultCapability(name, runtime string) tri.Value {
	rich, poor := slices.Contains(containerdDefault, name), slices.Contains(crioDefault, name)
	switch {
	case rich == poor, runtime == "containerd", runtime == "docker":
		return tri.Of(rich)
	case runtime == "cri-o":
		return tri.Of(poor)
	}
	return tri.Unknown
}

func holds(list []corev1.Capability, name string) bool {
	return slices.ContainsFunc(list, func(c corev1.Capability) bool { return strings.EqualFold(string(c), name) })
}

// change applies a list to the value of one capability. containerd puts CAP_
// before every name, so that one which has it already means nothing to the
// kernel; the other runtimes take both spellings.
func change(v tri.Value, list []corev1.Capability, name, runtime string, to tri.Value) tri.Value {
	switch {
	case holds(list, name):
		return to
	case !holds(list, "CAP_"+name), runtime == "containerd", v == to:
		return v
	case runtime == "":
		return tri.Unknown
	}
	return to
}

// Misspelt returns the capabilities that are written with CAP_: containerd does not know them.
func (p *powers) Misspelt() []string {
	var out []string
	add, drop := p.listed()
	for _, c := range slices.Concat(add, drop) {
		if len(c) > 4 && strings.EqualFold(string(c[:4]), "CAP_") {
			out = append(out, string(c))
		}
	}
	return out
}

// capability is the need for a capability.
func (p *powers) capability(name string) Guard {
	path := p.Path("securityContext.capabilities")
	label := "capability " + name
	if p.Privileged() {
		return open(label, p.Path("securityContext.privileged"), "privileged: it has all capabilities")
	}
	return valued(label, path, p.Capability(name), "the container has it", "the container does not have it",
		"whether the container has it depends on the container runtime, which is not known")
}
