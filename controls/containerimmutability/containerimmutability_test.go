package containerimmutability

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"bulwark/control/controltest"
	"bulwark/internal/denytest"
	"bulwark/world"
)

func TestControls(t *testing.T) { controltest.Run(t, Controls()) }

func TestDeny(t *testing.T) { denytest.Run(t, Controls()) }

func TestProgramDirsAgree(t *testing.T) {
	pattern := regexp.MustCompile(celProgramDir)
	for _, dir := range append(slices.Clone(programDirs), "//usr//bin/", "/usr/", "/usr/share", "/etc/nginx", "/tmp", "/libs", "/usr/local/share", "/opt", "/local") {
		if got, want := pattern.MatchString(dir), slices.Contains(programDirs, path.Clean(dir)); got != want {
			t.Errorf("%s: the pattern says %v, the list %v", dir, got, want)
		}
	}
}

func TestVolumeNames(t *testing.T) {
	pod := &world.PodTemplate{Spec: &corev1.PodSpec{Volumes: []corev1.Volume{{Name: "app-tmp"}}}}
	seen := map[string]bool{}
	for _, name := range []string{"app", strings.Repeat("a", 63)} {
		for _, dir := range []string{"/tmp", "/var/cache/nginx", "/Data.d/x_y", "/_", "/" + strings.Repeat("x/", 50)} {
			got := volumeName(world.Container{Container: &corev1.Container{Name: name}, Pod: pod}, dir)
			if errs := validation.IsDNS1123Label(got); len(errs) > 0 || got == "app-tmp" || seen[got] {
				t.Errorf("%s %s: %q: %v", name, dir, got, errs)
			}
			seen[got] = true
		}
	}
}
