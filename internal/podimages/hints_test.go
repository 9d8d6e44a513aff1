package podimages

import (
	"regexp"
	"testing"
)

func TestRequired(t *testing.T) {
	for re, want := range map[string]string{
		"argoproj/argocd": "argoproj/argocd", "argo-?cd": "argo", "jupyter[a-z0-9-]*/[a-z0-9-]+": "jupyter", "[a-z]+-notebook": "-notebook",
		"prom(etheus)?/(prometheus|alertmanager)": "prom", "([a-z-]+/)?octant(-dashboard)?": "octant", "kubeflow.*/centraldashboard": "/centraldashboard",
		"a|b": "", `a\.b`: "a", "(x|y)": "", "colou+r": "colou", "abc?": "ab",
	} {
		if got := required(re); got != want {
			t.Errorf("required(%q) = %q, want %q", re, got, want)
		}
	}
}

// TestHintsChangeNothing: with its hints a pattern matches what its expression alone does.
func TestHintsChangeNothing(t *testing.T) {
	p := Products("argoproj/argocd", "argo-?cd", "prom(etheus)?/(prometheus|alertmanager)", "jupyter[a-z0-9-]*/[a-z0-9-]+")
	plain := regexp.MustCompile(p.text)
	for _, image := range []string{
		"quay.io/argoproj/argocd:v2", "argocd", "argo-cd:1", "x/argo-cd@sha256:00", "notargocd", "prom/prometheus", "prometheus/alertmanager:1",
		"bitnami/prometheus", "jupyter/base-notebook", "nginx", "", "docker.io/library/argo", "jupyterhub/x:1",
	} {
		if p.Match(image) != plain.MatchString(image) {
			t.Errorf("%q: %v with hints, %v without", image, p.Match(image), plain.MatchString(image))
		}
	}
}
