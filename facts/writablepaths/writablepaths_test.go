package writablepaths

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"bulwark/world"
)

func dirsOf(c corev1.Container) string {
	var dirs []string
	for _, p := range Of(world.Container{Container: &c, Pod: &world.PodTemplate{Spec: &corev1.PodSpec{}}}) {
		dirs = append(dirs, p.Dir)
	}
	return strings.Join(dirs, " ")
}

func TestOf(t *testing.T) {
	mount := func(at string, readOnly bool) corev1.VolumeMount {
		return corev1.VolumeMount{Name: "v", MountPath: at, ReadOnly: readOnly}
	}
	for _, c := range []struct {
		name      string
		container corev1.Container
		want      string
	}{
		{"image", corev1.Container{Image: "nginx:1"}, "/run /tmp /var/cache/nginx"},
		{"canonical image", corev1.Container{Image: "registry.example.com/team/redis@sha256:" + strings.Repeat("a", 64)}, "/data"},
		{"variant", corev1.Container{Image: "nginxinc/nginx-unprivileged"}, "/run /tmp /var/cache/nginx"},
		{"unknown image", corev1.Container{Image: "example.com/app"}, ""},
		{"not an image", corev1.Container{Image: "{{ .Values.image }}"}, ""},
		{"covered", corev1.Container{Image: "nginx", VolumeMounts: []corev1.VolumeMount{mount("/var/run", false), mount("/tmp/", false)}}, "/var/cache/nginx"},
		{"covered from above", corev1.Container{Image: "nginx", VolumeMounts: []corev1.VolumeMount{mount("/var", false)}}, "/run /tmp"},
		{"read-only mount", corev1.Container{Image: "redis", VolumeMounts: []corev1.VolumeMount{mount("/data", true)}}, "/data"},
		{"variable", corev1.Container{Env: []corev1.EnvVar{{Name: "TMPDIR", Value: "/scratch/"}, {Name: "PIP_CACHE_DIR", Value: "/cache/pip"}, {Name: "OTHER", Value: "/x"}}}, "/cache/pip /scratch"},
		{"variable that is none", corev1.Container{Env: []corev1.EnvVar{{Name: "TMPDIR", Value: "$(POD)/x"}, {Name: "TMP", Value: "relative"}}}, ""},
		{"flags", corev1.Container{Args: []string{"--data-dir=/srv/data", "--log.dir", "/srv/log", "--cache-path=/c/x.db", "--config=/etc/app", "--pid-file=/run/app/app.pid"}}, "/c /run/app /srv/data /srv/log"},
		{"prefixed flag", corev1.Container{Args: []string{"--storage.tsdb.path=/prom", "-storage=/s"}}, "/s"},
		{"flag without value", corev1.Container{Args: []string{"--data-dir", "--verbose"}}, ""},
		{"shell", corev1.Container{Command: []string{"sh", "-c", "mkdir -p /work/out && echo x > /var/log/app/run.log; touch /state/ready; cat /etc/passwd"}}, "/state /var/log/app /work/out"},
		{"java", corev1.Container{Env: []corev1.EnvVar{{Name: "JAVA_OPTS", Value: "-Xmx1g -Djava.io.tmpdir=/jtmp"}}}, "/jtmp"},
		{"nested", corev1.Container{Args: []string{"--data-dir=/a", "--cache-dir=/a/cache"}}, "/a"},
		{"system directories", corev1.Container{Args: []string{"--data-dir=/", "--log-dir=/etc", "--tmp-dir=/dev/shm", "--cache-dir=/usr/../etc"}}, ""},
	} {
		if got := dirsOf(c.container); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzOf(f *testing.F) {
	f.Add("nginx", "TMPDIR", "/x", "--data-dir=/y")
	f.Add("a/b", "X_LOG_DIR", "/../..", "sh -c 'echo > /a'")
	f.Fuzz(func(t *testing.T, image, name, value, arg string) {
		for _, p := range Of(world.Container{Container: &corev1.Container{Image: image, Env: []corev1.EnvVar{{Name: name, Value: value}}, Args: []string{arg, value}}, Pod: &world.PodTemplate{}}) {
			if p.Dir != clean(p.Dir) || !strings.HasPrefix(p.Dir, "/") || p.Dir == "/" {
				t.Errorf("directory %q is not fit for a volume", p.Dir)
			}
		}
	})
}
