// Package lifecycle knows in which Kubernetes minor versions each version of a
// built-in API was introduced, deprecated and removed. Its source are the
// methods compiled into k8s.io/api, and a short list of what that module no longer holds.
package lifecycle

import (
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	"bulwark/world"
)

// Life is the life of one kind at one API version. Minors are of Kubernetes 1.x; 0 means never, or before anybody noted it.
type Life struct {
	Introduced, Deprecated, Removed int
	Replacement                     string // apiVersion to use instead, "" when there is none
}

// Served says whether an API server of the given minor knows the version.
func (l Life) Served(minor int) bool {
	return (l.Introduced == 0 || l.Introduced <= minor) && (l.Removed == 0 || l.Removed > minor)
}

// Of returns the life of a kind at an API version. ok is false for kinds that
// are not built in. A built-in kind at a version that never was has never set.
func Of(apiVersion, kind string) (l Life, never, ok bool) {
	t := table()
	l, ok = t.lives[key{apiVersion, kind}]
	if ok {
		return l, false, true
	}
	current, builtin := t.current[world.Ref{Group: world.Group(apiVersion), Kind: kind}.GroupKind()]
	return Life{Replacement: current}, builtin, builtin
}

type key struct{ apiVersion, kind string }

type lives struct {
	lives   map[key]Life
	current map[string]string // "Kind.group" → an API version that is served
}

// The interfaces of the generated methods.
type (
	introduced interface{ APILifecycleIntroduced() (major, minor int) }
	deprecated interface{ APILifecycleDeprecated() (major, minor int) }
	removed    interface{ APILifecycleRemoved() (major, minor int) }
	replaced   interface {
		APILifecycleReplacement() schema.GroupVersionKind
	}
)

// table is computed once: it depends on nothing but the program.
var table = sync.OnceValue(func() lives {
	t := lives{lives: map[key]Life{}, current: map[string]string{}}
	for gvk := range scheme.Scheme.AllKnownTypes() {
		if gvk.Version == "__internal" {
			continue
		}
		l := compiled(gvk)
		t.lives[key{gvk.GroupVersion().String(), gvk.Kind}] = l
		if l.Deprecated == 0 && l.Removed == 0 {
			gk := world.Ref{Group: gvk.Group, Kind: gvk.Kind}.GroupKind()
			if have := t.current[gk]; have == "" || gvk.Version == "v1" || gvk.Version == "v2" {
				t.current[gk] = gvk.GroupVersion().String()
			}
		}
	}
	for _, e := range gone {
		for _, kind := range e.kinds {
			t.lives[key{e.apiVersion, kind}] = e.life
		}
	}
	return t
})

// compiled reads the methods of a type.
func compiled(gvk schema.GroupVersionKind) Life {
	var l Life
	v, err := scheme.Scheme.New(gvk)
	if err != nil {
		return l
	}
	if m, ok := v.(introduced); ok {
		_, l.Introduced = m.APILifecycleIntroduced()
	}
	if m, ok := v.(deprecated); ok {
		_, l.Deprecated = m.APILifecycleDeprecated()
	}
	if m, ok := v.(removed); ok {
		_, l.Removed = m.APILifecycleRemoved()
	}
	if m, ok := v.(replaced); ok {
		l.Replacement = m.APILifecycleReplacement().GroupVersion().String()
	}
	return l
}

// gone is what k8s.io/api no longer holds. Source: the deprecation guide of the Kubernetes documentation.
var gone = []struct {
	apiVersion string
	kinds      []string
	life       Life
}{
	{"extensions/v1beta1", []string{"PodSecurityPolicy"}, Life{1, 11, 16, ""}},
	{"policy/v1beta1", []string{"PodSecurityPolicy"}, Life{10, 21, 25, ""}},
	{"autoscaling/v2beta1", []string{"HorizontalPodAutoscaler"}, Life{8, 22, 25, "autoscaling/v2"}},
	{"autoscaling/v2beta2", []string{"HorizontalPodAutoscaler"}, Life{12, 23, 26, "autoscaling/v2"}},
	{"apiextensions.k8s.io/v1beta1", []string{"CustomResourceDefinition"}, Life{7, 16, 22, "apiextensions.k8s.io/v1"}},
	{"apiregistration.k8s.io/v1beta1", []string{"APIService"}, Life{7, 19, 22, "apiregistration.k8s.io/v1"}},
	{
		"rbac.authorization.k8s.io/v1alpha1", []string{"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"},
		Life{5, 20, 22, "rbac.authorization.k8s.io/v1"},
	},
	{"scheduling.k8s.io/v1alpha1", []string{"PriorityClass"}, Life{8, 14, 17, "scheduling.k8s.io/v1"}},
	{"batch/v2alpha1", []string{"CronJob"}, Life{4, 8, 21, "batch/v1"}},
	{"settings.k8s.io/v1alpha1", []string{"PodPreset"}, Life{6, 19, 20, ""}},
	{"node.k8s.io/v1alpha1", []string{"RuntimeClass"}, Life{12, 20, 24, "node.k8s.io/v1"}},
	{"storagemigration.k8s.io/v1alpha1", []string{"StorageVersionMigration"}, Life{30, 34, 35, "storagemigration.k8s.io/v1beta1"}},
	{"resource.k8s.io/v1alpha3", []string{"ResourceClaim", "ResourceClaimTemplate", "ResourceSlice", "DeviceClass"}, Life{31, 32, 34, "resource.k8s.io/v1"}},
	{"resource.k8s.io/v1alpha2", []string{"ResourceClaim", "ResourceClaimTemplate", "ResourceClass", "PodSchedulingContext"}, Life{27, 31, 31, "resource.k8s.io/v1"}},
	{"audit.k8s.io/v1beta1", []string{"Policy", "Event"}, Life{8, 21, 24, "audit.k8s.io/v1"}},
	{"audit.k8s.io/v1alpha1", []string{"Policy", "Event"}, Life{7, 21, 24, "audit.k8s.io/v1"}},
}
