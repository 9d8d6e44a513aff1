package lifecycle

import (
	"strings"
	"testing"

	"bulwark/world"
)

func TestOf(t *testing.T) {
	for _, c := range []struct {
		apiVersion, kind   string
		ok, never          bool
		deprecated, remove int
		replacement        string
	}{
		{"batch/v1", "CronJob", true, false, 0, 0, ""},
		{"batch/v1beta1", "CronJob", true, false, 21, 25, "batch/v1"},
		{"extensions/v1beta1", "Deployment", true, false, 8, 16, "apps/v1"},
		{"policy/v1beta1", "PodSecurityPolicy", true, false, 21, 25, ""},
		{"autoscaling/v2beta2", "HorizontalPodAutoscaler", true, false, 23, 26, "autoscaling/v2"},
		{"batch/v2", "Job", true, true, 0, 0, "batch/v1"},
		{"v2", "Pod", true, true, 0, 0, "v1"},
		{"example.com/v1", "Deployment", false, false, 0, 0, ""},
		{"networking.istio.io/v1", "Gateway", false, false, 0, 0, ""},
	} {
		l, never, ok := Of(c.apiVersion, c.kind)
		if ok != c.ok || never != c.never || l.Deprecated != c.deprecated || l.Removed != c.remove || l.Replacement != c.replacement {
			t.Errorf("%s %s: %+v never=%v ok=%v", c.apiVersion, c.kind, l, never, ok)
		}
	}
}

func TestServed(t *testing.T) {
	l := Life{Introduced: 8, Removed: 25}
	for minor, want := range map[int]bool{7: false, 8: true, 24: true, 25: false} {
		if l.Served(minor) != want {
			t.Errorf("Served(%d) = %v", minor, !want)
		}
	}
}

// What the module still holds needs no line of ours, and every replacement is served somewhere.
func TestGoneIsGone(t *testing.T) {
	for k, l := range table().lives {
		if l.Replacement == "" || l.Removed > world.NewestMinor {
			continue
		}
		kind := strings.TrimSuffix(k.kind, "List")
		if _, never, ok := Of(l.Replacement, kind); ok && never {
			t.Errorf("%s %s is replaced by %s, which does not exist", k.apiVersion, k.kind, l.Replacement)
		}
	}
}
