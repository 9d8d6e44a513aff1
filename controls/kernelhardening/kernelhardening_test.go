package kernelhardening

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control/controltest"
	"bulwark/facts/podsecurity/librarytest"
	"bulwark/internal/denytest"
)

func TestControls(t *testing.T) { controltest.Run(t, Controls()) }

func TestDeny(t *testing.T) { denytest.Run(t, Controls()) }

// The lists here and those of the Pod Security library are the same.
func TestListsFollowTheLibrary(t *testing.T) {
	for _, name := range append(slices.Clone(safeSysctls), "kernel.msgmax", "net.core.somaxconn", "net/ipv4/tcp_syncookies") {
		spec := &corev1.PodSpec{SecurityContext: &corev1.PodSecurityContext{Sysctls: []corev1.Sysctl{{Name: name}}}}
		if got, want := librarytest.Allows(t, "sysctls", spec), slices.Contains(safeSysctls, name); got != want {
			t.Errorf("sysctl %s: the library allows it: %v, the list here: %v", name, got, want)
		}
	}
	for _, name := range slices.Concat(defaults, dangerous, takeover, []string{"SYS_NICE", "chown", "CAP_CHOWN", "IPC_LOCK"}) {
		add := &corev1.Capabilities{Add: []corev1.Capability{corev1.Capability(name)}}
		spec := &corev1.PodSpec{Containers: []corev1.Container{{SecurityContext: &corev1.SecurityContext{Capabilities: add}}}}
		if got, want := librarytest.Allows(t, "capabilities_baseline", spec), slices.Contains(baseline, name); got != want {
			t.Errorf("capability %s: the library allows it: %v, the list here: %v", name, got, want)
		}
	}
}

func TestListed(t *testing.T) {
	file := func(s string) *string { return &s }
	for _, c := range []struct {
		entry, kind string
		file        *string
		want        bool
	}{
		{"RuntimeDefault", "RuntimeDefault", nil, true},
		{"runtime/default", "RuntimeDefault", nil, true},
		{"docker/default", "runtime", nil, true},
		{"RuntimeDefault", "Localhost", file("a"), false},
		{"Localhost", "Localhost", file("a"), true},
		{"localhost/*", "localhost", file("a"), true},
		{"localhost/web-*", "Localhost", file("web-1"), true},
		{"localhost/web-*", "Localhost", file("db-1"), false},
		{"localhost/web", "Localhost", file("web-1"), false},
		{"Unconfined", "unconfined", nil, true},
		{"RuntimeDefault", "Unconfined", nil, false},
	} {
		if got := listed(c.entry, c.kind, c.file); got != c.want {
			t.Errorf("listed(%q, %q, %v) = %v", c.entry, c.kind, c.file, got)
		}
	}
}
