// Package podsecurity judges pods by the Pod Security Standards with the
// library that the API server uses, names the check and the field behind each
// refusal, and derives which level every namespace could enforce today.
package podsecurity

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// Result is how one pod did on one check of a level.
type Result struct {
	Check   string // id of the check, such as "hostNamespaces"
	Allowed bool
	Reason  string // short reason of the library, empty when allowed
	Detail  string // what exactly was forbidden, empty when allowed or when there is no more to say
}

// NewestMinor is the newest policy version that the library knows, as a minor of Kubernetes 1.
func NewestMinor() int { return len(table().baseline) - 1 }

// Parse reads a level ("privileged", "baseline", "restricted") and a version
// ("latest" or "v1.N"; empty means latest).
func Parse(level, version string) (api.LevelVersion, error) {
	l, err := api.ParseLevel(level)
	if err != nil {
		return api.LevelVersion{}, fmt.Errorf("reading Pod Security level %q: %w", level, err)
	}
	v, err := api.ParseVersion(cmp.Or(version, "latest"))
	if err != nil {
		return api.LevelVersion{}, fmt.Errorf("reading Pod Security version %q: %w", version, err)
	}
	return api.LevelVersion{Level: l, Version: v}, nil
}

// Evaluate runs every check of a level at a version on a pod, in the order of
// the library: baseline checks by id, then restricted ones. The level
// privileged has no checks.
func Evaluate(lv api.LevelVersion, meta *metav1.ObjectMeta, spec *corev1.PodSpec) []Result {
	checks := checksOf(lv)
	out := make([]Result, len(checks))
	for i := range checks {
		out[i] = checks[i].run(meta, spec)
	}
	return out
}

// Forbidden is Evaluate without the checks that allow the pod.
func Forbidden(lv api.LevelVersion, meta *metav1.ObjectMeta, spec *corev1.PodSpec) []Result {
	var out []Result
	for _, c := range checksOf(lv) {
		if r := c.run(meta, spec); !r.Allowed {
			out = append(out, r)
		}
	}
	return out
}

// Checks returns the ids of the checks of a level at a version, in the order of Evaluate.
func Checks(lv api.LevelVersion) []string {
	var ids []string
	for _, c := range checksOf(lv) {
		ids = append(ids, c.id)
	}
	return ids
}

// EvaluateCheck runs one check alone, at its newest variant not younger than
// version; ok is false when there is no such check at that version.
func EvaluateCheck(id string, version api.Version, meta *metav1.ObjectMeta, spec *corev1.PodSpec) (r Result, ok bool) {
	v := newest(table().byID[id], minorOf(version))
	if v == nil {
		return Result{}, false
	}
	return check{id, v.CheckPod}.run(meta, spec), true
}

// Allows says whether a level at a version lets a pod pass as far as one check
// goes. Where a restricted check overrides the one asked for, it answers; an id
// that the level does not have is answered by the level as a whole.
func Allows(lv api.LevelVersion, id string, meta *metav1.ObjectMeta, spec *corev1.PodSpec) bool {
	asked := overriding(lv, id)
	whole := true
	for _, r := range Evaluate(lv, meta, spec) {
		if r.Check == asked {
			return r.Allowed
		}
		whole = whole && r.Allowed
	}
	return whole
}

// overriding returns the id of the check of a level that replaces id, or id.
func overriding(lv api.LevelVersion, id string) string {
	for _, c := range checksOf(lv) {
		if v := newest(table().byID[c.id], minorOf(lv.Version)); v != nil && slices.Contains(v.OverrideCheckIDs, policy.CheckID(id)) {
			return c.id
		}
	}
	return id
}

// check is one check at one version.
type check struct {
	id  string
	pod policy.CheckPodFn
}

func (c check) run(meta *metav1.ObjectMeta, spec *corev1.PodSpec) Result {
	r := c.pod(meta, spec)
	return Result{Check: c.id, Allowed: r.Allowed, Reason: r.ForbiddenReason, Detail: r.ForbiddenDetail}
}

// levels holds the checks of both levels by minor version, and all by id.
type levels struct {
	baseline, restricted [][]check
	byID                 map[string]policy.Check
}

// table is built once: the library's own evaluator does the same but hides the ids.
var table = sync.OnceValue(buildTable)

func buildTable() levels {
	all := policy.DefaultChecks()
	slices.SortFunc(all, func(a, b policy.Check) int {
		return cmp.Or(cmp.Compare(rank(a.Level), rank(b.Level)), cmp.Compare(a.ID, b.ID))
	})
	t, last := levels{byID: map[string]policy.Check{}}, 0
	for _, c := range all {
		t.byID[string(c.ID)] = c
		for _, v := range c.Versions {
			last = max(last, v.MinimumVersion.Minor())
		}
	}
	for minor := range last + 1 {
		t.baseline = append(t.baseline, pick(all, minor, false))
		t.restricted = append(t.restricted, pick(all, minor, true))
	}
	return t
}

func rank(l api.Level) int {
	if l == api.LevelBaseline {
		return 0
	}
	return 1
}

// pick picks the checks of one level at one version: the newest variant of
// each, without the baseline ones that a restricted one overrides.
func pick(all []policy.Check, minor int, restricted bool) []check {
	overridden := map[policy.CheckID]bool{}
	if restricted {
		for _, c := range all {
			if v := newest(c, minor); v != nil && c.Level == api.LevelRestricted {
				for _, id := range v.OverrideCheckIDs {
					overridden[id] = true
				}
			}
		}
	}
	var out []check
	for _, c := range all {
		v := newest(c, minor)
		if v == nil || overridden[c.ID] || c.Level == api.LevelRestricted && !restricted {
			continue
		}
		out = append(out, check{string(c.ID), v.CheckPod})
	}
	return out
}

// newest returns the youngest variant of a check that a policy version has, or nil.
func newest(c policy.Check, minor int) *policy.VersionedCheck {
	for i := len(c.Versions) - 1; i >= 0; i-- {
		if c.Versions[i].MinimumVersion.Minor() <= minor {
			return &c.Versions[i]
		}
	}
	return nil
}

func checksOf(lv api.LevelVersion) []check {
	minor := min(minorOf(lv.Version), NewestMinor())
	switch lv.Level {
	case api.LevelBaseline:
		return table().baseline[minor]
	case api.LevelRestricted:
		return table().restricted[minor]
	}
	return nil
}

func minorOf(v api.Version) int {
	if v.Latest() {
		return NewestMinor()
	}
	return v.Minor()
}
