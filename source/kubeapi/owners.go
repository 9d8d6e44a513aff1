package kubeapi

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/world"
)

// MirrorAnnotation marks the copy that a kubelet makes, in the API, of a pod
// that it runs from a file. Such a pod stays, and can only be changed on its node.
const MirrorAnnotation = corev1.MirrorPodAnnotationKey

// Mirror says whether an object is the copy of a static pod.
func Mirror(o *world.Object) bool {
	_, ok := o.Meta.Annotations[MirrorAnnotation]
	return o.Kind == "Pod" && ok
}

// grouped are the kinds that are judged by their controller's template.
var grouped = map[string]bool{"Pod": true, "ReplicaSet.apps": true, "Job.batch": true}

// finish adds what was read, without what a controller that was read stands for.
func (c *collector) finish() {
	slices.SortStableFunc(c.items, func(a, b item) int { return a.obj.Compare(b.obj.Ref) })
	owners := map[string]*world.Object{}
	for _, it := range c.items {
		if hasTemplate(it.obj) {
			owners[it.uid] = it.obj
		}
	}
	delete(owners, "")
	strays := map[string]bool{}
	for _, it := range c.items {
		owner := owners[it.owner]
		if owner == nil || c.source.opts.Pods && it.obj.Kind == "Pod" || !grouped[it.obj.GroupKind()] || stray(it.obj, owner, strays) {
			c.b.Add(it.obj)
		}
	}
}

func hasTemplate(o *world.Object) bool {
	for range o.Pods {
		return true
	}
	return false
}

// stray says whether a pod runs containers that its controller's template does
// not have: injected on admission, or added by kubectl debug. Of several pods
// of one controller with the same ones the first stands for all.
func stray(o, owner *world.Object, seen map[string]bool) bool {
	if o.Kind != "Pod" {
		return false
	}
	declared := map[string]bool{}
	for c := range owner.Containers {
		declared[containerKey(c)] = true
	}
	var extra []string
	for c := range o.Containers {
		if key := containerKey(c); !declared[key] {
			extra = append(extra, key)
		}
	}
	if len(extra) == 0 {
		return false
	}
	slices.Sort(extra)
	key := owner.Ref.String() + "\x00" + strings.Join(extra, "\x00")
	if seen[key] {
		return false
	}
	seen[key] = true
	return true
}

func containerKey(c world.Container) string {
	return string(c.List) + "/" + c.Name + "/" + c.Image
}
