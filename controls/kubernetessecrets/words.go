package kubernetessecrets

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
)

func wordControls() []*control.Control { return []*control.Control{envWords, configMapWords} }

// nameWords and valueWords are what other scanners take for credentials; lower case.
func nameWords() []string {
	return []string{"secret", "key", "password", "pwd", "token", "jwt", "bearer", "credential"}
}

func valueWords() []string {
	return []string{"private key", "eyjhbgcio", "jwt", "bearer", "_key_", "_secret_"}
}

func wordParams() []control.Param {
	return []control.Param{
		{Name: "names", Doc: "words that make a name suspicious, whatever its value", Default: nameWords()},
		{Name: "values", Doc: "words that make a value suspicious, whatever its name", Default: valueWords()},
		{Name: "allowed", Doc: "names and values, whole and in upper or lower case, that are left alone", Default: []string{}},
	}
}

// suspicious returns which word a name or value contains, "" for none. A value that is a path or empty is not suspicious.
func suspicious(p *control.Pass, name, value string) string {
	if value == "" || strings.HasPrefix(value, "/") {
		return ""
	}
	name, value = strings.ToLower(name), strings.ToLower(value)
	for _, w := range p.Strings("allowed") {
		if w = strings.ToLower(w); w == name || w == value {
			return ""
		}
	}
	for _, w := range p.Strings("names") {
		if strings.Contains(name, strings.ToLower(w)) {
			return fmt.Sprintf("its name contains %q", w)
		}
	}
	for _, w := range p.Strings("values") {
		if strings.Contains(value, strings.ToLower(w)) {
			return fmt.Sprintf("its value contains %q", w)
		}
	}
	return ""
}

var envWords = &control.Control{
	ID:        "BW2012",
	Concept:   concept,
	Title:     "Environment variable sounds like a credential and is written out",
	Severity:  control.Low,
	Profile:   control.Strict,
	Sensitive: true,
	Refs: []string{
		"regolibrary rule-credentials-in-env-var", "polaris sensitiveContainerEnvVar", "kube-linter env-var-secret", "kubescape-cel C-0012",
	},
	Kinds:  []string{control.Pods},
	Params: wordParams(),
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			for i := range c.Env {
				if why := suspicious(p, c.Env[i].Name, c.Env[i].Value); why != "" {
					p.ReportContainer(c, fmt.Sprintf("env[%d].value", i), "container %q: variable %q is written out; %s", c.Name, c.Env[i].Name, why)
				}
			}
		}
		return nil
	},
	Doc: `Several scanners go by words: a variable whose name contains "key" or "token" is a finding whatever its value. That
catches placeholders that will be replaced by hand, and many harmless settings besides (KEYBOARD_LAYOUT, TOKEN_TTL).

It fires for each variable with a written-out value that is no absolute path, when its name contains a word of the parameter
names or its value one of the parameter values, in upper or lower case, and neither is listed in allowed. It is a house rule and off by default; BW2001 looks
at the value and is the one to rely on.

    env:
    - name: API_TOKEN
      valueFrom: {secretKeyRef: {name: api, key: token}}
`,
}

var configMapWords = &control.Control{
	ID:        "BW2013",
	Concept:   concept,
	Title:     "ConfigMap entry sounds like a credential",
	Severity:  control.Low,
	Profile:   control.Strict,
	Sensitive: true,
	Refs: []string{
		"regolibrary rule-credentials-configmap", "polaris sensitiveConfigmapContent", "trivy KSV-0109", "trivy KSV-01010", "kubescape-cel C-0012",
	},
	Kinds:  []string{"ConfigMap"},
	Params: wordParams(),
	Check: func(p *control.Pass) error {
		cm, ok := p.Subject.Typed.(*corev1.ConfigMap)
		if !ok {
			return nil
		}
		for _, key := range slices.Sorted(maps.Keys(cm.Data)) {
			why := suspicious(p, key, cm.Data[key])
			if why == "" {
				why = suspicious(p, "", decoded(cm.Data[key]))
			}
			if why != "" {
				p.Report("data["+key+"]", "entry %q sounds like a credential; %s", key, why)
			}
		}
		return nil
	},
	Doc: `Several scanners go by words: an entry whose key contains "key" or "password" is a finding whatever it holds. That catches
placeholders that will be replaced by hand, and many harmless settings besides.

It fires for each entry of data, unless empty or an absolute path, whose key contains a word of the parameter names or whose
value, or the text that it is the base64 of, contains one of the parameter values; keys and values listed in the parameter
allowed pass. It is a house rule and off by default;
BW2002 looks at the value and is the one to rely on.

    apiVersion: v1
    kind: Secret
    metadata: {name: app-credentials}
    type: Opaque
`,
}
