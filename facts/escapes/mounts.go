package escapes

import (
	"fmt"
	"path"

	corev1 "k8s.io/api/core/v1"

	"bulwark/world"
)

// mount is a path of the node in a container.
type mount struct {
	at      string // on the node, cleaned, with subPath
	open    bool   // subPathExpr narrows it to a part that is not known
	how     corev1.VolumeMount
	frozen  bool // the volume itself is read-only
	claim   bool // through a PersistentVolume
	path    string
	text    string // what to call it
	control string
}

// mounts lists the paths of the node that the container sees.
func (x *examiner) mounts() []mount {
	var out []mount
	for _, vm := range x.VolumeMounts {
		m, ok := x.place(vm.Name)
		if !ok {
			continue
		}
		m.how = vm
		if vm.SubPath != "" {
			m.at = clean(path.Join(m.at, path.Clean("/"+vm.SubPath)))
		}
		m.open = vm.SubPathExpr != ""
		out = append(out, m)
	}
	return out
}

// disks lists the disks of the node that the container has as devices.
func (x *examiner) disks() []mount {
	var out []mount
	for _, d := range x.VolumeDevices {
		if m, ok := x.place(d.Name); ok {
			out = append(out, m)
		}
	}
	return out
}

// place finds the path of the node behind a volume of the pod.
func (x *examiner) place(name string) (mount, bool) {
	v, i := volumeOf(x.Pod.Spec, name)
	switch {
	case v == nil && x.object.Kind == "StatefulSet":
		return x.claim(name+"-"+x.object.Name+"-0", "", false)
	case v == nil:
		return mount{}, false
	case v.HostPath != nil:
		at := clean(v.HostPath.Path)
		return mount{at: at, path: x.Pod.SpecPath(fmt.Sprintf("volumes[%d].hostPath.path", i)), control: "BW0802",
			text: fmt.Sprintf("volume %q, the node's %q,", v.Name, v.HostPath.Path)}, true
	case v.PersistentVolumeClaim != nil:
		at := x.Pod.SpecPath(fmt.Sprintf("volumes[%d].persistentVolumeClaim.claimName", i))
		return x.claim(v.PersistentVolumeClaim.ClaimName, at, v.PersistentVolumeClaim.ReadOnly)
	case v.Ephemeral != nil && x.object.Kind == "Pod":
		return x.claim(x.object.Name+"-"+v.Name, x.Pod.SpecPath(fmt.Sprintf("volumes[%d].ephemeral", i)), false)
	}
	return mount{}, false
}

// claim follows a claim to the path of the node that its volume is.
func (x *examiner) claim(name, at string, readOnly bool) (mount, bool) {
	if x.env.Volume == nil {
		return mount{}, false
	}
	o := x.env.Volume(x.object.Namespace, name)
	if o == nil {
		return mount{}, false
	}
	source, ok := pathOf(o)
	if !ok {
		return mount{}, false
	}
	return mount{at: clean(source), frozen: readOnly, claim: true, path: at, control: "BW0814",
		text: fmt.Sprintf("claim %q, whose volume %q is the node's %q,", name, o.Name, source)}, true
}

// pathOf returns the path of the node that a PersistentVolume is.
func pathOf(o *world.Object) (string, bool) {
	pv, ok := o.Typed.(*corev1.PersistentVolume)
	switch {
	case !ok:
		return "", false
	case pv.Spec.HostPath != nil:
		return pv.Spec.HostPath.Path, true
	case pv.Spec.Local != nil:
		return pv.Spec.Local.Path, true
	}
	return "", false
}

// writable says whether the container may write to a place through the mount.
// readOnly covers what is mounted below only when it is recursive.
func (m mount) writable(hit string) Guard {
	const name = "write access"
	if !m.how.ReadOnly && !m.frozen {
		return open(name, m.path, "it is mounted to be written")
	}
	for _, fs := range apart {
		if !below(fs, m.at) || !within(hit, fs) {
			continue
		}
		switch r := m.how.RecursiveReadOnly; {
		case r == nil || *r == corev1.RecursiveReadOnlyDisabled:
			return open(name, m.path, "it is mounted read-only, but %s below it is not", fs)
		case *r == corev1.RecursiveReadOnlyIfPossible:
			return doubt(name, m.path, "whether %s below it is read-only too depends on the node", fs)
		}
	}
	return shut(name, m.path, "it is mounted read-only")
}
