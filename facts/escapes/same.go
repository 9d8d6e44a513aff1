package escapes

import (
	"encoding/binary"
	"sync"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"

	"bulwark/internal/tri"
	"bulwark/world"
)

// memory keeps the answers for containers that are alike: the pods of a
// DaemonSet differ in their node and in the name of their token, and neither changes the answer.
type memory struct {
	answers sync.Map // []Escape by signature
	size    atomic.Int32
}

// maxAnswers bounds the answers that are kept.
const maxAnswers = 8192

// of returns the answer for a container, from memory where an equal one was asked about.
func (m *memory) of(o *world.Object, c world.Container, env Env) []Escape {
	if ordinary(o, c, &env) {
		return nil
	}
	key, ok := signature(o, c, &env)
	if !ok {
		return examine(o, c, env)
	}
	if known, ok := m.answers.Load(key); ok {
		return known.([]Escape)
	}
	found := examine(o, c, env)
	if m.size.Load() < maxAnswers {
		m.size.Add(1)
		m.answers.Store(key, found)
	}
	return found
}

// signature writes down everything that the answer depends on; ok is false for
// containers with claims, whose volumes are their own.
func signature(o *world.Object, c world.Container, env *Env) (key string, ok bool) {
	spec := c.Pod.Spec
	if o.Kind == "StatefulSet" || len(c.VolumeDevices) > 0 {
		return "", false
	}
	var s signer
	s.text(string(c.List), c.Pod.Path, env.Handler, env.node().class(), c.Pod.Meta.Annotations[corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix+c.Name])
	s.numbers(c.Index, int(env.Logs), int(env.Plain))
	s.flags(spec.HostPID, spec.HostNetwork, spec.HostIPC, c.Pod.Windows(), spec.HostUsers != nil && !*spec.HostUsers, spec.RuntimeClassName != nil, spec.SecurityContext != nil, wantsGPU(c))
	if spec.RuntimeClassName != nil {
		s.text(*spec.RuntimeClassName)
	}
	if env.ImageUser != nil {
		user, known := env.ImageUser(c)
		s.text(user)
		s.flags(known)
	}
	only := corev1.Container{Name: c.Name, Image: c.Image, SecurityContext: c.SecurityContext}
	for i, m := range c.VolumeMounts {
		v, at := volumeOf(spec, m.Name)
		switch {
		case v == nil || !special(v):
			if m.SubPath+m.SubPathExpr == "" || env.node().holes().subPath.Open == tri.No {
				continue
			}
		case v.PersistentVolumeClaim != nil || v.Ephemeral != nil:
			return "", false
		default:
			s.object(v)
		}
		only.VolumeMounts = append(only.VolumeMounts, m)
		s.numbers(at, i)
	}
	if spec.SecurityContext != nil {
		s.object(spec.SecurityContext)
	}
	s.object(&only)
	return string(s.key), !s.failed
}

// class tells apart nodes of which different things are known.
func (n *Node) class() string {
	var s signer
	s.text(n.OS, n.Kernel, n.Runtime, n.Kubelet, n.Runc)
	s.numbers(int(n.ControlPlane), int(n.AppArmor), int(n.SELinux), int(n.CgroupV1), int(n.SeccompDefault), int(n.Lockdown))
	return string(s.key)
}

// special says whether a volume can be the start of an escape.
func special(v *corev1.Volume) bool {
	return v.HostPath != nil || v.PersistentVolumeClaim != nil || v.Ephemeral != nil || v.GitRepo != nil || v.FlexVolume != nil || v.CSI != nil
}

// signer writes values one after the other, so that different ones never look alike.
type signer struct {
	key    []byte
	failed bool
}

func (s *signer) text(texts ...string) {
	for _, t := range texts {
		s.key = append(binary.AppendUvarint(s.key, uint64(len(t))), t...)
	}
}

func (s *signer) numbers(numbers ...int) {
	for _, n := range numbers {
		s.key = binary.AppendVarint(s.key, int64(n))
	}
}

func (s *signer) flags(flags ...bool) {
	for _, f := range flags {
		b := byte(0)
		if f {
			b = 1
		}
		s.key = append(s.key, b)
	}
}

// object writes an object of the API in its binary form.
func (s *signer) object(o interface{ Marshal() ([]byte, error) }) {
	b, err := o.Marshal()
	s.failed = s.failed || err != nil
	s.text(string(b))
}
