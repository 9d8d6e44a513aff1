package world

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// PodTemplate is one pod specification found in an object, wherever it stands:
// a Pod itself, a workload's template, or any template in a custom resource.
type PodTemplate struct {
	Path string // field path of the template: "" for a Pod, "spec.template", "spec.jobTemplate.spec.template", …
	Meta *metav1.ObjectMeta
	Spec *corev1.PodSpec
}

// SpecPath returns the field path of rel within the PodSpec; an empty rel is the PodSpec itself.
func (t *PodTemplate) SpecPath(rel string) string { return JoinPath(JoinPath(t.Path, "spec"), rel) }

// MetaPath returns the field path of rel within the template's metadata.
func (t *PodTemplate) MetaPath(rel string) string {
	return JoinPath(JoinPath(t.Path, "metadata"), rel)
}

// Windows says whether the pod declares that it runs on Windows.
func (t *PodTemplate) Windows() bool {
	return t.Spec.OS != nil && t.Spec.OS.Name == corev1.Windows
}

// JoinPath appends rel to a field path; rel may start with "[".
func JoinPath(path, rel string) string {
	switch {
	case path == "":
		return rel
	case rel == "":
		return path
	case rel[0] == '[':
		return path + rel
	default:
		return path + "." + rel
	}
}

// ContainerList names one of the three container lists of a PodSpec.
type ContainerList string

// The three lists.
const (
	Containers          ContainerList = "containers"
	InitContainers      ContainerList = "initContainers"
	EphemeralContainers ContainerList = "ephemeralContainers"
)

// Container is one container of one pod template. An ephemeral container is
// seen through the fields that it shares with the others.
type Container struct {
	*corev1.Container
	Pod   *PodTemplate
	List  ContainerList
	Index int
}

// Path returns the field path of rel within the container; an empty rel is the container itself.
func (c Container) Path(rel string) string {
	return JoinPath(c.Pod.SpecPath(string(c.List)+"["+strconv.Itoa(c.Index)+"]"), rel)
}

// Sidecar says whether the container is an init container that keeps running.
func (c Container) Sidecar() bool {
	return c.List == InitContainers && c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

// LongRunning says whether the container runs for as long as the pod: a regular container or a sidecar.
func (c Container) LongRunning() bool { return c.List == Containers || c.Sidecar() }

// Containers yields every container of the template: containers, then initContainers, then ephemeralContainers.
func (t *PodTemplate) Containers(yield func(Container) bool) {
	for i := range t.Spec.Containers {
		if !yield(Container{&t.Spec.Containers[i], t, Containers, i}) {
			return
		}
	}
	for i := range t.Spec.InitContainers {
		if !yield(Container{&t.Spec.InitContainers[i], t, InitContainers, i}) {
			return
		}
	}
	for i := range t.Spec.EphemeralContainers {
		c := (*corev1.Container)(&t.Spec.EphemeralContainers[i].EphemeralContainerCommon)
		if !yield(Container{c, t, EphemeralContainers, i}) {
			return
		}
	}
}

// Containers yields every container of every pod template of the object.
func (o *Object) Containers(yield func(Container) bool) {
	for i := range o.pods {
		for c := range o.pods[i].Containers {
			if !yield(c) {
				return
			}
		}
	}
}

// Pods yields every pod template of the object.
func (o *Object) Pods(yield func(*PodTemplate) bool) {
	for i := range o.pods {
		if !yield(&o.pods[i]) {
			return
		}
	}
}

// HasPods says whether the object carries a pod template.
func (o *Object) HasPods() bool { return len(o.pods) > 0 }
