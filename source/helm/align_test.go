package helm

import (
	"os"
	"strings"
	"testing"
)

// TestPositions checks the template line of fields of every sort: literal,
// printed, from an include, from toYaml, and from the rounds of a loop.
func TestPositions(t *testing.T) {
	s := collect(t, &Source{Path: "testdata/shop", Shown: "shop"})
	for _, c := range []struct{ kind, name, path, line string }{
		{"Deployment", "shop-web", "kind", "kind: Deployment"},
		{"Deployment", "shop-web", "metadata.name", "  name: {{ .Release.Name }}-web"},
		{"Deployment", "shop-web", "metadata.labels[app.kubernetes.io/name]", `    {{- include "shop.labels" . | nindent 4 }}`},
		{"Deployment", "shop-web", "spec.replicas", "  replicas: {{ .Values.replicas }}"},
		{"Deployment", "shop-web", "spec.template.spec.securityContext", "      securityContext:"},
		{"Deployment", "shop-web", "spec.template.spec.securityContext.runAsUser", "        {{- toYaml . | nindent 8 }}"},
		{"Deployment", "shop-web", "spec.template.spec.containers[0].image", `          image: {{ include "shop.image" . | quote }}`},
		{"Deployment", "shop-web", "spec.template.spec.containers[0].ports[0].containerPort", "            - containerPort: 8080"},
		{"Deployment", "shop-web", "spec.template.spec.containers[1].name", "        - name: {{ .name }}"},
		{"Deployment", "shop-web", "spec.template.spec.containers[1].securityContext.privileged", "            privileged: {{ .privileged }}"},
		{"Deployment", "shop-web", "spec.template.spec.containers[2].name", "        - name: {{ .name }}"},
		{"Deployment", "shop-web", "spec.template.spec.containers[2].image", "          image: {{ .image }}"},
		{"Deployment", "shop-web", "spec.template.spec.containers[2].securityContext.privileged", "            privileged: {{ .privileged }}"},
		{"Deployment", "shop-web", "spec.template.spec.containers[2].securityContext.readOnlyRootFilesystem", "            readOnlyRootFilesystem: true"},
		{"Deployment", "shop-web", "spec.template.spec.hostNetwork", "      hostNetwork: true"},
		{"Service", "shop-80", "spec.type", "  type: {{ $.Values.service.type }}"},
		{"Service", "shop-443", "spec.type", "  type: {{ $.Values.service.type }}"},
		{"Service", "shop-443", "kind", "kind: Service"},
		{"Pod", "shop-session", "spec.containers[0].securityContext.privileged", "        privileged: {{ .Values.privileged }}"},
		{"CustomResourceDefinition", "widgets.example.com", "spec.group", "  group: example.com"},
	} {
		o := get(t, s, c.kind, c.name)
		p := o.Pos(c.path)
		text, err := os.ReadFile("testdata/" + p.File)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Split(string(text), "\n")[p.Line-1]
		if got != c.line {
			t.Errorf("%s %s: line %d %q, want %q", o.Ref, c.path, p.Line, got, c.line)
		}
		if p.Col < 1 || p.Col > len(got) || got[p.Col-1] == ' ' {
			t.Errorf("%s %s: column %d of %q", o.Ref, c.path, p.Col, got)
		}
	}
}

// TestAlignLong covers the cheap alignment, which long texts get.
func TestAlignLong(t *testing.T) {
	lines := make([]string, 4000)
	for i := range lines {
		lines[i] = "key" + strings.Repeat("x", i%50) + strings.Repeat("y", i/50) + ": 1"
	}
	text := strings.Join(lines, "\n")
	a := &alignment{template: "{{ if true }}\n" + text + "\n{{ end }}", rendered: "\n" + text + "\n"}
	a.compute()
	for i := 1; i <= len(lines); i++ {
		if int(a.rows[i]) != i {
			t.Fatalf("rendered line %d went to %d", i, a.rows[i])
		}
	}
}

func TestActions(t *testing.T) {
	text := "a {{ .x }} {{- /* }} not here */ -}} b {{ printf \"}}\" `}}` }}{{ $y := 1 }}\n{{\n  range .z\n-}} {{ end }}{{ unfinished"
	got := actions(text)
	words := make([]string, len(got))
	for i, a := range got {
		words[i] = a.word
		if text[a.start:a.start+2] != "{{" || text[a.end-2:a.end] != "}}" {
			t.Errorf("action %d is %q", i, text[a.start:a.end])
		}
	}
	if s := strings.Join(words, " "); s != ".x /* printf $y range end" {
		t.Errorf("got words %q", s)
	}
	if !got[0].prints || got[1].prints || !got[2].prints || got[3].prints || got[4].prints || !got[4].trims || got[5].prints {
		t.Errorf("got %+v", got)
	}
}

func FuzzActions(f *testing.F) {
	f.Add("a {{ .x }} {{- /* c */ -}}{{ `x` }}")
	f.Add("{{range}}{{\"\\")
	f.Fuzz(func(t *testing.T, text string) {
		a := &alignment{template: text, rendered: text}
		a.compute()
		instrument("n", text)
	})
}
