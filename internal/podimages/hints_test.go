package podimages

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestRequired(t *testing.T) {
	for re, want := range map[string][]string{
		"argoproj/argocd": {"argoproj/argocd"}, "argo-?cd": {"argo"}, "jupyter[a-z0-9-]*/[a-z0-9-]+": {"jupyter"},
		"[a-z]+-notebook": {"-notebook"}, "prom(etheus)?/(prometheus|alertmanager)": {"alertmanager", "prometheus"},
		"kubeflow.*/centraldashboard": {"/centraldashboard"}, "(?i)(^|/)(XMRig|minerd)($|:)": {"minerd", "xmrig"},
		"ab|cd": {"ab", "cd"}, "ab|c*": nil, `a\.b`: {"a.b"}, "colou+r": {"colo"}, "(abc){2,3}": {"abc"}, "(abc)?": nil, "x": nil,
	} {
		if got := Compile(re).hints; !slices.Equal(got, want) {
			t.Errorf("hints of %q: %q, want %q", re, got, want)
		}
	}
}

// TestHintsChangeNothing: with its hints a pattern matches what its expression alone does.
func TestHintsChangeNothing(t *testing.T) {
	patterns := []Pattern{
		Products("argoproj/argocd", "argo-?cd", "prom(etheus)?/(prometheus|alertmanager)", "jupyter[a-z0-9-]*/[a-z0-9-]+"),
		Compile(`(?i)(^|[/_.-])(xmrig|kinsing|monero-?miner)([/_.:@-]|$)`),
		Compile(`(curl|wget) [^|]*[|] *(ba|z)?sh( |$)|base64 +(-d|--decode)`),
	}
	parts := []string{
		"quay.io/", "argoproj/", "argocd", "argo-cd", "prom/", "prometheus", "alertmanager", "jupyter", "/base-notebook", ":v2", "@sha256:00", "not",
		"XMRig", "xmrig", "\u212ainsing", "kin\u017fing", "monero-miner", "-", "/", "curl ", "wget x", "| ", "bash", "sh", "base64 -d", " ", "é",
	}
	for range 20_000 {
		text := ""
		for range rand.IntN(6) {
			text += parts[rand.IntN(len(parts))]
		}
		for _, p := range patterns {
			if want := p.re.MatchString(text); p.Match(text) != want {
				t.Fatalf("%q on %q: %v with hints, %v without", p.text, text, !want, want)
			}
		}
	}
}
