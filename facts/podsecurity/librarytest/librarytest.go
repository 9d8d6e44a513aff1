// Package librarytest asks the Pod Security library single questions, for tests
// that a list of our own says the same as the library.
package librarytest

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"

	"bulwark/facts/podsecurity"
)

// Allows says whether one check of the library, such as "sysctls", allows a pod.
// A check that the library does not have ends the test.
func Allows(t testing.TB, check string, spec *corev1.PodSpec) bool {
	t.Helper()
	r, ok := podsecurity.EvaluateCheck(check, api.LatestVersion(), &metav1.ObjectMeta{}, spec)
	if !ok {
		t.Fatalf("the library has no check %s", check)
	}
	return r.Allowed
}
