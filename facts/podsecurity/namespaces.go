package podsecurity

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/pod-security-admission/api"

	"bulwark/control"
	"bulwark/world"
)

// Blocker is one refusal that keeps a namespace from a level.
type Blocker struct {
	Object   *world.Object
	Template *world.PodTemplate
	Result   Result
}

// Standing is where one namespace is and where it could be.
type Standing struct {
	Name      string
	Namespace *world.Object   // nil when the Namespace object is not among the objects
	Policy    api.Policy      // by its labels, and by the server's built-in default of privileged where it has none
	Errors    field.ErrorList // labels that the server cannot read
	Templates int             // pod templates seen, each counted once for each object that carries it

	// Baseline and Restricted list what stands between the workloads seen and
	// the latest version of the level; empty means that it could be enforced today.
	Baseline, Restricted []Blocker
}

// Could returns the strictest level that every workload seen would be admitted under.
func (s *Standing) Could() api.Level {
	switch {
	case len(s.Restricted) == 0:
		return api.LevelRestricted
	case len(s.Baseline) == 0:
		return api.LevelBaseline
	}
	return api.LevelPrivileged
}

// maxBlockers bounds the refusals kept for each namespace and level; beyond it nothing changes in the answer.
const maxBlockers = 100

// Namespaces is the raise report: what each namespace enforces today, what it
// could enforce with the workloads it has, and which workloads stand between.
// It is keyed by name; workloads whose namespace is not decided yet are under "".
var Namespaces = &control.Fact[map[string]*Standing]{
	Name:  "podsecurity.namespaces",
	Doc:   "Pod Security level that each namespace enforces, the strictest it could enforce today, and the workloads that stand between",
	Kinds: []string{"Namespace", control.Pods},
	Derive: func(v *control.View) (map[string]*Standing, error) {
		standings := map[string]*Standing{}
		for o := range v.All("Namespace") {
			s := standingOf(standings, o.Name)
			if s.Namespace == nil {
				s.Namespace = o
				s.Policy, s.Errors = api.PolicyToEvaluate(o.Meta.Labels, Default())
			}
		}
		for o := range v.All(control.Pods) {
			if o.Kind == "Namespace" {
				continue
			}
			standingOf(standings, o.Namespace).judge(o)
		}
		return standings, nil
	},
}

// Default returns the policy of a server without an admission configuration.
func Default() api.Policy {
	privileged := api.LevelVersion{Level: api.LevelPrivileged, Version: api.LatestVersion()}
	return api.Policy{Enforce: privileged, Audit: privileged, Warn: privileged}
}

func standingOf(all map[string]*Standing, name string) *Standing {
	s := all[name]
	if s == nil {
		s = &Standing{Name: name, Policy: Default()}
		all[name] = s
	}
	return s
}

func (s *Standing) judge(o *world.Object) {
	for t := range o.Pods {
		s.Templates++
		for _, level := range []struct {
			is api.Level
			to *[]Blocker
		}{{api.LevelBaseline, &s.Baseline}, {api.LevelRestricted, &s.Restricted}} {
			lv := api.LevelVersion{Level: level.is, Version: api.LatestVersion()}
			for _, r := range Forbidden(lv, t.Meta, t.Spec) {
				if len(*level.to) < maxBlockers {
					*level.to = append(*level.to, Blocker{o, t, r})
				}
			}
		}
	}
}

// WithoutContainers returns a shallow copy of a PodSpec without the containers
// that drop picks, in all three lists.
func WithoutContainers(spec *corev1.PodSpec, drop func(*corev1.Container) bool) *corev1.PodSpec {
	out := *spec
	byValue := func(c corev1.Container) bool { return drop(&c) }
	out.Containers = slices.DeleteFunc(slices.Clone(spec.Containers), byValue)
	out.InitContainers = slices.DeleteFunc(slices.Clone(spec.InitContainers), byValue)
	out.EphemeralContainers = slices.DeleteFunc(slices.Clone(spec.EphemeralContainers), func(c corev1.EphemeralContainer) bool {
		return drop((*corev1.Container)(&c.EphemeralContainerCommon))
	})
	return &out
}
