package components

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"bulwark/world"
)

// process reads a command line as a container's.
func process(t *testing.T, command, args []string, image string, env ...corev1.EnvVar) *Process {
	t.Helper()
	pod := &world.PodTemplate{Spec: &corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: image, Command: command, Args: args, Env: env}}}}
	for c := range pod.Containers {
		return containerProcess(c)
	}
	return nil
}

func TestDetection(t *testing.T) {
	for _, tc := range []struct {
		name          string
		command, args []string
		image         string
		want          Component
	}{
		{"plain", []string{"kube-apiserver"}, nil, "", APIServer},
		{"path", []string{"/usr/local/bin/kube-scheduler"}, nil, "", Scheduler},
		{"one string", []string{"etcd --name=a --auto-tls"}, nil, "", Etcd},
		{"args alone", nil, []string{"kube-proxy", "--v=2"}, "", Proxy},
		{"hyperkube", []string{"/hyperkube", "controller-manager"}, nil, "", ControllerManager},
		{"shell", []string{"/bin/sh", "-c"}, []string{"exec kubelet --v=2 2>&1"}, "", Kubelet},
		{"go-runner", []string{"/go-runner", "--log-file=/l", "/usr/local/bin/kube-apiserver"}, []string{"--v=2"}, "", APIServer},
		{"image", nil, []string{"--name=a"}, "registry.k8s.io/etcd:3.6.4-0", Etcd},
		{"image of an architecture", nil, []string{"--v=2"}, "gcr.io/google_containers/kube-apiserver-amd64:v1.6.0", APIServer},
		{"etcdctl", []string{"etcdctl", "get", "/"}, nil, "registry.k8s.io/etcd:3.6.4-0", ""},
		{"entrypoint with a word", nil, []string{"serve"}, "registry.k8s.io/etcd:3.6.4-0", ""},
		{"suffix only", []string{"my-etcd"}, nil, "", ""},
		{"nothing", nil, nil, "registry.k8s.io/etcd:3.6.4-0", ""},
		{"shell of something else", []string{"sh", "-c", "nginx"}, nil, "", ""},
	} {
		var got Component
		if p := process(t, tc.command, tc.args, tc.image); p != nil {
			got = p.Component
		}
		if got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestFlags(t *testing.T) {
	for _, tc := range []struct {
		words string // separated by |
		flag  string
		want  string
	}{
		{"--a=1", "a", "1"},
		{"--a|1", "a", "1"},
		{"--a=1|--a=2", "a", "2"},
		{"--a=1|--a", "a", "true"},
		{"--a|--b=1", "a", "true"},
		{"--profiling|false", "profiling", "true"}, // a boolean takes no next word
		{"--profiling=false", "profiling", "false"},
		{"--a_b=1", "a-b", "1"},
		{"--a=", "a", ""},
		{"--|--a=1", "a", "unset"},
		{"-a=1", "a", "unset"},
		{"word|--a=1|word", "a", "1"},
		{"--a=x --b=2", "b", "2"},
		{"--a=x y", "a", "x y"},
		{"--a=b=c", "a", "b=c"},
	} {
		p := process(t, append([]string{"kube-apiserver"}, strings.Split(tc.words, "|")...), nil, "")
		got := "unset"
		if s := p.Get(tc.flag); s.Set {
			got = s.Value
		}
		if got != tc.want {
			t.Errorf("%s: %s is %q, want %q", tc.words, tc.flag, got, tc.want)
		}
	}
}

func TestListsAccumulate(t *testing.T) {
	p := process(t, []string{"kube-apiserver", "--enable-admission-plugins=A, B", "--enable-admission-plugins=C"}, nil, "")
	if s := p.Get("enable-admission-plugins"); !s.Has("A") || !s.Has("B") || !s.Has("C") || s.Has("D") || s.Value != "C" {
		t.Errorf("got %+v", s)
	}
}

func TestEtcd(t *testing.T) {
	env := corev1.EnvVar{Name: "ETCD_CLIENT_CERT_AUTH", Value: "true"}
	p := process(t, []string{"etcd", "-name=a"}, nil, "", env)
	if s := p.Get("client-cert-auth"); !s.True(false) {
		t.Errorf("the environment is not read: %+v", s)
	}
	if p = process(t, []string{"etcd", "--client-cert-auth=false"}, nil, "", env); p.Get("client-cert-auth").True(false) {
		t.Error("a flag does not win over the environment")
	}
	if s := p.Get("name"); s.Set {
		t.Errorf("got %+v", s)
	}
	if p = process(t, []string{"etcd", "--config-file=/e", "--client-cert-auth=true"}, nil, ""); p.Get("client-cert-auth").Err == nil {
		t.Error("a configuration file replaces the flags, so the value is unknown")
	}
}

func TestConfigurationFile(t *testing.T) {
	p := process(t, []string{"kubelet", "--config=/k", "--read-only-port=0"}, nil, "")
	if s := p.Get("read-only-port"); s.Err != nil || s.Value != "0" {
		t.Errorf("a kubelet's flag wins over its file: %+v", s)
	}
	if p.Get("anonymous-auth").Err == nil {
		t.Error("what only an absent file says is unknown")
	}
	if s := p.Get("hostname-override"); s.Err != nil || s.Set {
		t.Errorf("the file cannot set this: %+v", s)
	}
	if p = process(t, []string{"kube-scheduler", "--config=/s", "--profiling=false"}, nil, ""); p.Get("profiling").Err == nil {
		t.Error("a scheduler with a file ignores --profiling")
	}
}

func TestEdits(t *testing.T) {
	p := process(t, []string{"kube-apiserver", "--a=1", "--b", "2", "--c=1", "--c=2"}, nil, "")
	for flag, want := range map[string]string{
		"a": "spec.containers[0].command[1]", "b": "spec.containers[0].command[3]", "c": "spec.containers[0].command[5]", "d": "spec.containers[0].command",
	} {
		if edits := p.SetEdits(flag, "x"); len(edits) != 1 || edits[0].Path != want {
			t.Errorf("setting --%s: %+v, want %s", flag, edits, want)
		}
	}
	if edits := p.RemoveEdits("b"); len(edits) != 2 {
		t.Errorf("a flag with its value apart takes two removals: %+v", edits)
	}
	if edits := p.RemoveEdits("c"); len(edits) != 2 {
		t.Errorf("every occurrence must go: %+v", edits)
	}
	shell := process(t, []string{"sh", "-c", "kube-apiserver --a=1"}, nil, "")
	if edits := append(shell.SetEdits("a", "x"), shell.SetEdits("d", "x")...); len(edits) != 0 {
		t.Errorf("a shell's script must be left alone: %+v", edits)
	}
}

func FuzzCommandLine(f *testing.F) {
	f.Add("kube-apiserver\x00--a=1\x00--b\x002", "etcd:1")
	f.Add("sh\x00-c\x00exec etcd -x --y \"z", "")
	f.Add("/hyperkube\x00kubelet\x00--feature-gates=A=true,=,B", "")
	f.Fuzz(func(t *testing.T, line, image string) {
		ws := strings.Split(line, "\x00")
		for cut := range min(2, len(ws)) {
			p := process(t, ws[:cut], ws[cut:], image)
			if p == nil {
				continue
			}
			for _, flag := range []string{"profiling", "a", "feature-gates"} {
				p.Get(flag)
				p.SetEdits(flag, "x")
				p.RemoveEdits(flag)
			}
			p.Gate("A")
		}
	})
}
