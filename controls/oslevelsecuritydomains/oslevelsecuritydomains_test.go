package oslevelsecuritydomains

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
	for _, kind := range append(slices.Clone(seLinuxTypes), "spc_t", "container_file_t") {
		options := &corev1.SELinuxOptions{Type: kind}
		spec := &corev1.PodSpec{SecurityContext: &corev1.PodSecurityContext{SELinuxOptions: options}}
		if got, want := librarytest.Allows(t, "seLinuxOptions", spec), slices.Contains(seLinuxTypes, kind); got != want {
			t.Errorf("SELinux type %q: the library allows it: %v, the list here: %v", kind, got, want)
		}
	}
	sources := []corev1.VolumeSource{
		{ConfigMap: &corev1.ConfigMapVolumeSource{}}, {CSI: &corev1.CSIVolumeSource{}}, {DownwardAPI: &corev1.DownwardAPIVolumeSource{}},
		{EmptyDir: &corev1.EmptyDirVolumeSource{}}, {Ephemeral: &corev1.EphemeralVolumeSource{}}, {Image: &corev1.ImageVolumeSource{}},
		{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{}}, {Projected: &corev1.ProjectedVolumeSource{}},
		{Secret: &corev1.SecretVolumeSource{}}, {HostPath: &corev1.HostPathVolumeSource{}}, {NFS: &corev1.NFSVolumeSource{}},
		{CephFS: &corev1.CephFSVolumeSource{}}, {GitRepo: &corev1.GitRepoVolumeSource{}}, {FlexVolume: &corev1.FlexVolumeSource{}},
	}
	for _, s := range sources {
		spec := &corev1.PodSpec{Volumes: []corev1.Volume{{Name: "v", VolumeSource: s}}}
		if got, want := librarytest.Allows(t, "restrictedVolumes", spec), slices.Contains(safeVolumes, volumeType(s)); got != want {
			t.Errorf("volume type %s: the library allows it: %v, the list here: %v", volumeType(s), got, want)
		}
	}
}

func TestIDRules(t *testing.T) {
	for _, bad := range []string{"", "Must", "MustRunAs a", "MustRunAs 5-", "MustRunAs 5-3", "MayRunAs 1-2-3"} {
		if _, err := parseIDRule(bad); err == nil {
			t.Errorf("rule %q is accepted", bad)
		}
	}
	id := func(n int64) *int64 { return &n }
	for _, c := range []struct {
		rule   string
		id     *int64
		keeps  bool
		passes bool
	}{
		{"RunAsAny", nil, false, true},
		{"RunAsAny", id(0), false, true},
		{"MustRunAs 1000-1999, 5000", id(1500), false, true},
		{"MustRunAs 1000-1999, 5000", id(5000), false, true},
		{"MustRunAs 1000-1999, 5000", id(2000), false, false},
		{"MustRunAs 1000-1999", nil, false, false},
		{"MustRunAs", id(5), false, false},
		{"MayRunAs 1-10", nil, false, true},
		{"MayRunAs 1-10", id(11), false, false},
		{"MustRunAsNonRoot", nil, false, false},
		{"MustRunAsNonRoot", nil, true, true},
		{"MustRunAsNonRoot", id(1), false, true},
		{"MustRunAsNonRoot", id(0), true, false},
	} {
		r, err := parseIDRule(c.rule)
		if err != nil {
			t.Fatal(err)
		}
		if why := r.refuses(c.id, c.keeps); (why == "") != c.passes {
			t.Errorf("%s: id %v, runAsNonRoot %v: %q", c.rule, c.id, c.keeps, why)
		}
	}
}
