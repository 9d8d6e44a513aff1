package kubernetesupdates

import (
	"context"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"bulwark/control"
	"bulwark/control/controltest"
	"bulwark/internal/denytest"
	"bulwark/world"
)

func TestControls(t *testing.T) { controltest.Run(t, Controls()) }

func TestDeny(t *testing.T) { denytest.Run(t, Controls()) }

// Of live objects the version that was applied counts, and fields that the API server fills in do not.
func TestLive(t *testing.T) {
	deployment := func(applied string) *appsv1.Deployment {
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "d", Namespace: "n", Annotations: map[string]string{lastApplied: applied}}}
		d.Spec.Template.Spec = corev1.PodSpec{ServiceAccountName: "x", DeprecatedServiceAccount: "x"}
		return d
	}
	for applied, want := range map[string]int{
		"": 0, "not json": 0, `{"apiVersion":"apps/v1"}`: 0, `{"apiVersion":"v1"}`: 0, `{"apiVersion":"extensions/v1beta1"}`: 1,
	} {
		if got := judgeLive(t, deployment(applied), "apps/v1", "Deployment"); got != want {
			t.Errorf("applied as %s: %d findings, want %d", applied, got, want)
		}
	}
}

// A live object of which nobody knows how it was applied is not judged.
func TestLiveWithoutAnnotation(t *testing.T) {
	if got := judgeLive(t, &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{Name: "e", Namespace: "n"}}, "v1", "Endpoints"); got != 0 {
		t.Errorf("%d findings about Endpoints that a controller made", got)
	}
}

func judgeLive(t *testing.T, typed runtime.Object, apiVersion, kind string) (findings int) {
	t.Helper()
	b := &world.Builder{}
	b.Add(world.NewObject(apiVersion, kind, typed, world.Effective))
	opts := control.Options{Controls: []*control.Control{notServed, deprecatedVersion, serviceAccountField}, Strict: true}
	err := control.Run(context.Background(), b.Snapshot(), opts, func(v *control.Verdicts) error {
		findings += len(v.Findings)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return findings
}
