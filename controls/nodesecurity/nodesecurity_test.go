package nodesecurity

import (
	"testing"

	"bulwark/control/controltest"
	"bulwark/internal/denytest"
)

func TestControls(t *testing.T) { controltest.Run(t, Controls()) }

func TestDeny(t *testing.T) { denytest.Run(t, Controls()) }

func TestPatterns(t *testing.T) {
	for path, want := range map[string]string{
		"/": "socket", "/run": "socket", "/var/run": "socket", "/var/run/docker.sock": "socket", "/run/containerd/containerd.sock": "socket",
		"/opt/x/docker.sock": "socket", "/var/run/crio": "socket", "/run/k3s/containerd": "socket", `/\\.\pipe\docker_engine`: "socket",
		"/etc": "sensitive", "/etc/kubernetes/pki": "sensitive", "/var": "sensitive", "/var/lib": "sensitive", "/var/lib/kubelet/pods": "sensitive",
		"/var/run/secrets": "sensitive", "/lib64/x": "sensitive", "/data/../etc": "sensitive", "/home/core": "sensitive", "/sbin": "sensitive",
		"/etc/localtime": "", "/etc/ssl/certs/ca.pem": "", "/data": "", "/etcd": "", "/runner": "", "/var/lib/app": "", "/library": "", "/mnt/etc": "",
	} {
		got := ""
		switch {
		case socket.Match(path):
			got = "socket"
		case isSensitive(path):
			got = "sensitive"
		}
		if got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
}
