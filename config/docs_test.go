package config_test

import (
	"os"
	"strings"
	"testing"

	"bulwark/config"
	"bulwark/controls"
)

// TestDocumentedExample holds docs/configuration.md to what is read: its example
// is a valid file, every setting of it included.
func TestDocumentedExample(t *testing.T) {
	doc, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(doc), "```yaml\n")
	example, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("there is no example")
	}
	f, err := config.Parse("bulwark.yaml", example)
	if err != nil {
		t.Fatal(err)
	}
	all := controls.All()
	if _, err := f.Choose(all, config.Selection{Profile: f.Profile}); err != nil {
		t.Error(err)
	}
	params, err := f.Params(all)
	if err != nil || len(params) == 0 {
		t.Errorf("settings %v: %v", params, err)
	}
	if _, err := f.Severities(); err != nil {
		t.Error(err)
	}
	run, skip := 0, 0
	for id, s := range f.Controls {
		if s.On {
			run++
		}
		if s.Off {
			skip++
		}
		if s.On && s.Off {
			t.Errorf("%s is on and off", id)
		}
	}
	if run == 0 || skip == 0 || len(f.Exceptions) == 0 {
		t.Errorf("%d controls on, %d off, %d exceptions", run, skip, len(f.Exceptions))
	}
}

func TestWrong(t *testing.T) {
	for text, want := range map[string]string{
		"profil: x":                         "bulwark.yaml:1: profil is no field",
		"a: [":                              "bulwark.yaml:1:",
		"\n- a":                             "bulwark.yaml:2: the configuration must be a map",
		"target: 1":                         "target must be text",
		"exceptions:\n- controls: [BW1901]": "bulwark.yaml:2: this exception has no reason",
	} {
		if _, err := config.Parse("bulwark.yaml", text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"controls: {BW0000: {params: {a: b}}}":      `there is no control "BW0000"`,
		"controls: {BW2401: {params: {alow: [a]}}}": "no such parameter; it has allow",
		"controls: {BW2401: {params: {allow: 3}}}":  "it must be a text or a list of texts",
	} {
		f, err := config.Parse("bulwark.yaml", text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Params(controls.All()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}
