package podsecurity

import (
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"pgregory.net/rapid"

	"bulwark/control"
	"bulwark/world"
)

// pods draws pods that break many checks at once, in the form after normalisation.
func pods(t *rapid.T) (*metav1.ObjectMeta, *corev1.PodSpec) {
	flag := rapid.Bool()
	pick := func(name string, values ...string) string { return rapid.SampledFrom(values).Draw(t, name) }
	tri := func(name string) *bool {
		v, ok := map[string]bool{"true": true, "false": false}[pick(name, "", "true", "false")]
		if !ok {
			return nil
		}
		return &v
	}
	user := func(name string) *int64 {
		if id := rapid.Int64Range(-1, 1).Draw(t, name); id >= 0 {
			return &id
		}
		return nil
	}
	seccomp := func(name string) *corev1.SeccompProfile {
		if s := pick(name, "", "Unconfined", "RuntimeDefault", "Localhost"); s != "" {
			return &corev1.SeccompProfile{Type: corev1.SeccompProfileType(s)}
		}
		return nil
	}
	selinux := func(name string) *corev1.SELinuxOptions {
		return rapid.SampledFrom([]*corev1.SELinuxOptions{nil, {Type: "spc_t"}, {User: "u"}, {Type: "container_engine_t", Role: "r"}, {Level: "s0"}}).Draw(t, name)
	}
	meta := &metav1.ObjectMeta{Annotations: map[string]string{
		"container.apparmor.security.beta.kubernetes.io/c0": pick("aa", "runtime/default", "unconfined", ""),
		"seccomp.security.alpha.kubernetes.io/pod":          pick("sa", "unconfined", "docker/default"),
	}}
	spec := &corev1.PodSpec{
		HostPID: flag.Draw(t, "pid"), HostNetwork: flag.Draw(t, "net"), HostUsers: tri("users"),
		SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: tri("podroot"), RunAsUser: user("poduser"), SeccompProfile: seccomp("podseccomp"), SELinuxOptions: selinux("podselinux")},
	}
	if flag.Draw(t, "windows") {
		spec.OS = &corev1.PodOS{Name: corev1.Windows}
	}
	if flag.Draw(t, "sysctl") {
		spec.SecurityContext.Sysctls = []corev1.Sysctl{{Name: pick("sysctl name", "net.ipv4.tcp_rmem", "kernel.msgmax", "net.ipv4.tcp_syncookies")}}
	}
	spec.Volumes = rapid.SampledFrom([][]corev1.Volume{nil, {{Name: "h", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{}}}}, {{Name: "n", VolumeSource: corev1.VolumeSource{NFS: &corev1.NFSVolumeSource{}}}}}).Draw(t, "volumes")
	for i := range 2 {
		c := corev1.Container{Name: fmt.Sprintf("c%d", i)}
		if flag.Draw(t, "context") {
			mount := corev1.ProcMountType(pick("proc", "Default", "Unmasked"))
			c.SecurityContext = &corev1.SecurityContext{
				Privileged: tri("privileged"), AllowPrivilegeEscalation: tri("escalation"), RunAsNonRoot: tri("root"), RunAsUser: user("user"),
				SeccompProfile: seccomp("seccomp"), SELinuxOptions: selinux("selinux"), ProcMount: &mount,
				Capabilities: rapid.SampledFrom([]*corev1.Capabilities{nil, {Drop: []corev1.Capability{"ALL"}}, {Add: []corev1.Capability{"CHOWN", "NET_ADMIN"}}}).Draw(t, "caps"),
			}
		}
		if flag.Draw(t, "port") {
			c.Ports = []corev1.ContainerPort{{HostPort: 80}}
			c.LivenessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Host: pick("host", "", "10.0.0.1")}}}
		}
		if i == 0 {
			spec.Containers = append(spec.Containers, c)
		} else {
			spec.InitContainers = append(spec.InitContainers, c)
		}
	}
	return meta, spec
}

// Evaluate says what the library's own evaluator says, for every level and
// version, and each refusal is located at a field.
func TestEvaluateIsTheLibrary(t *testing.T) {
	oracle, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		meta, spec := pods(t)
		minor := rapid.IntRange(0, NewestMinor()+2).Draw(t, "minor")
		for _, level := range []api.Level{api.LevelPrivileged, api.LevelBaseline, api.LevelRestricted} {
			lv := api.LevelVersion{Level: level, Version: api.MajorMinorVersion(1, minor)}
			want, got := oracle.EvaluatePod(lv, meta, spec), Evaluate(lv, meta, spec)
			if len(got) != len(want) {
				t.Fatalf("%s: %d results, the library has %d", lv, len(got), len(want))
			}
			template := &world.PodTemplate{Path: "spec.template", Meta: meta, Spec: spec}
			for i := range got {
				if got[i].Allowed != want[i].Allowed || got[i].Detail != want[i].ForbiddenDetail {
					t.Errorf("%s %s: %+v, the library says %+v", lv, got[i].Check, got[i], want[i])
				}
				if !got[i].Allowed {
					if found := Locate(got[i].Check, lv.Version, template); found[0].Path == template.SpecPath("") {
						t.Errorf("%s %s refuses (%s), but no field is blamed", lv, got[i].Check, got[i].Detail)
					}
				}
			}
		}
	})
}

func TestParse(t *testing.T) {
	for _, bad := range [][2]string{{"Baseline", "latest"}, {"", ""}, {"baseline", "1.30"}, {"baseline", "v2.0"}} {
		if _, err := Parse(bad[0], bad[1]); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
	lv, err := Parse("restricted", "")
	if err != nil || !lv.Version.Latest() || len(Checks(lv)) != 15 {
		t.Errorf("restricted at its latest version: %v, %v, %d checks", lv, err, len(Checks(lv)))
	}
	if lv, _ = Parse("baseline", "v1.99"); len(Checks(lv)) != 12 {
		t.Errorf("a version from the future has %d checks", len(Checks(lv)))
	}
}

func TestAllowsFollowsOverrides(t *testing.T) {
	spec := &corev1.PodSpec{Volumes: []corev1.Volume{{VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{}}}}}
	for _, level := range []api.Level{api.LevelBaseline, api.LevelRestricted} {
		lv := api.LevelVersion{Level: level, Version: api.LatestVersion()}
		if Allows(lv, "hostPathVolumes", &metav1.ObjectMeta{}, spec) {
			t.Errorf("%s allows a host path", lv)
		}
		if !Allows(lv, "privileged", &metav1.ObjectMeta{}, spec) {
			t.Errorf("%s: check privileged refuses a host path", lv)
		}
	}
}

func TestWithoutContainers(t *testing.T) {
	spec := &corev1.PodSpec{
		Containers: []corev1.Container{{Name: "a"}, {Name: "b"}}, InitContainers: []corev1.Container{{Name: "a"}},
		EphemeralContainers: []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "a"}}},
	}
	out := WithoutContainers(spec, func(c *corev1.Container) bool { return c.Name == "a" })
	if len(out.Containers) != 1 || len(out.InitContainers) != 0 || len(out.EphemeralContainers) != 0 {
		t.Errorf("left: %+v", out)
	}
	if len(spec.Containers) != 2 || spec.Containers[0].Name != "a" || len(spec.EphemeralContainers) != 1 {
		t.Error("the original was changed")
	}
}

// Every edit that Locate offers together makes its check allow the pod; the
// goldens of BW1919 and BW1920 prove it on text.
func TestEditsAreOfferedOnlyForFields(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		meta, spec := pods(t)
		lv := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
		for _, r := range Forbidden(lv, meta, spec) {
			for _, o := range Locate(r.Check, lv.Version, &world.PodTemplate{Meta: meta, Spec: spec}) {
				if slices.ContainsFunc(o.Edits, func(e control.Edit) bool { return e.Path == "" }) {
					t.Errorf("%s: an edit without a path at %s", r.Check, o.Path)
				}
			}
		}
	})
}
