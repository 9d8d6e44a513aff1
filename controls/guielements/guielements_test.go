package guielements

import (
	"testing"

	"bulwark/control/controltest"
	"bulwark/internal/denytest"
)

func TestControls(t *testing.T) { controltest.Run(t, Controls()) }

func TestDeny(t *testing.T) { denytest.Run(t, Controls()) }

func TestByImage(t *testing.T) {
	for image, want := range map[string]string{
		"kubernetesui/dashboard:v2.7.0": "Kubernetes Dashboard", "k8s.gcr.io/kubernetes-dashboard-amd64:v1.10.1": "Kubernetes Dashboard",
		"mirror.example/quay.io/argoproj/argocd:v3.0.0": "Argo CD", "grafana/grafana:12.0.0": "Grafana", "grafana/loki:3": "", "nginx": "",
		"quay.io/jupyter/base-notebook": "Jupyter", "prom/node-exporter": "", "quay.io/prometheus/prometheus:v3": "Prometheus",
		"rancher/rancher:v2.12": "Rancher", "rancher/rancher-agent:v2.12": "", "jenkins/jenkins:lts": "Jenkins", "jenkins/inbound-agent": "",
		"rayproject/ray:2.50": "Ray", "ghcr.io/headlamp-k8s/headlamp": "Headlamp", "docker.elastic.co/kibana/kibana:9": "Kibana",
	} {
		got := ""
		if p := byImage(image, ""); p != nil {
			got = p.name
		}
		if got != want {
			t.Errorf("%s is %q, want %q", image, got, want)
		}
	}
}

func TestByCommand(t *testing.T) {
	for command, want := range map[string]bool{"": true, "/usr/local/bin/argocd-server --insecure": true, "/usr/local/bin/argocd-repo-server": false} {
		if got := byImage("quay.io/argoproj/argocd:v3", command); (got != nil) != want {
			t.Errorf("%q is the interface: %v, want %v", command, !want, want)
		}
	}
}

func TestCalled(t *testing.T) {
	for name, want := range map[string]bool{"jenkins": true, "my-jenkins-deployment": true, "jenkinsfile-runner": false, "": false} {
		if called(name, "jenkins") != want {
			t.Errorf("called(%q) = %v", name, !want)
		}
	}
}
