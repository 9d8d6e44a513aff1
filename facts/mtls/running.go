package mtls

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/world"
)

// findRunning notes one live pod of each workload: it shows what the injectors have made of the template.
func (m *Model) findRunning() {
	for o := range m.view.All(podKind) {
		if !o.Live() {
			continue
		}
		if top := m.owner(o); top != (world.Ref{}) && m.running[top] == nil {
			m.running[top] = o
		}
	}
}

// owner follows controllers up from an object, as far as the makers of pods go.
func (m *Model) owner(o *world.Object) world.Ref {
	var top world.Ref
	for range len(makers) + 1 {
		c := metav1.GetControllerOfNoCopy(o.Meta)
		if c == nil {
			break
		}
		top = world.Ref{Group: world.Group(c.APIVersion), Kind: c.Kind, Namespace: o.Namespace, Name: c.Name}
		if !slices.Contains(makers, top.GroupKind()) {
			break
		}
		if o = m.view.Get(top); o == nil {
			break
		}
	}
	return top
}

// Members returns the pods of an object, one for each template; where a live pod of it was read, as that is.
func (m *Model) Members(o *world.Object) []*Member {
	if pod := m.running[o.Ref]; pod != nil {
		o = pod
	}
	var found []*Member
	for t := range o.Pods {
		found = append(found, m.Member(o, t))
	}
	return found
}
