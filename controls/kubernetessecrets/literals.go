package kubernetessecrets

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/internal/secretscan"
)

func literalControls() []*control.Control { return []*control.Control{envLiteral, configMapLiteral} }

var envLiteral = &control.Control{
	ID:        "BW2001",
	Concept:   concept,
	Title:     "Environment variable holds a credential",
	Severity:  control.High,
	Sensitive: true,
	Refs: []string{
		"kubescape C-0012", "regolibrary rule-credentials-in-env-var", "polaris sensitiveContainerEnvVar", "kube-linter env-var-secret",
		"NSA data", "ATT&CK T1552.001",
	},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			for i := range c.Env {
				e := &c.Env[i]
				if found := secretscan.Value(e.Name, e.Value); len(found) > 0 {
					p.ReportContainer(c, fmt.Sprintf("env[%d].value", i), "container %q: variable %q holds a credential (%s)", c.Name, e.Name, what(found[0]))
				}
			}
		}
		return nil
	},
	Doc: `A credential that is written into a workload can be read by everybody who may read the object, stands in Git and its
history, in the release records of Helm, in etcd without encryption, and in every process listing of the node.

It fires for each env value of any container that has the shape of a known credential (cloud keys, private keys, signed
tokens, URLs with a password), and for values whose variable name says password, secret, token or key where the value can
be a literal one. References, $(VAR), paths, templates, switches and placeholders are left alone. The value is never shown.

Change the credential, since it has been seen, then keep it in a Secret:

    env:
    - name: DB_PASSWORD
      valueFrom: {secretKeyRef: {name: db, key: password}}
`,
}

var configMapLiteral = &control.Control{
	ID:        "BW2002",
	Concept:   concept,
	Title:     "ConfigMap holds a credential",
	Severity:  control.High,
	Sensitive: true,
	Refs: []string{
		"kubescape C-0012", "regolibrary rule-credentials-configmap", "polaris sensitiveConfigmapContent", "trivy KSV-0109",
		"NSA data", "ATT&CK T1552.001",
	},
	Kinds: []string{"ConfigMap"},
	Check: func(p *control.Pass) error {
		cm, ok := p.Subject.Typed.(*corev1.ConfigMap)
		if !ok {
			return nil
		}
		for _, key := range slices.Sorted(maps.Keys(cm.Data)) {
			reportEntry(p, "data", key, cm.Data[key])
		}
		for _, key := range slices.Sorted(maps.Keys(cm.BinaryData)) {
			if b := cm.BinaryData[key]; utf8.Valid(b) {
				reportEntry(p, "binaryData", key, string(b))
			}
		}
		return nil
	},
	Doc: `ConfigMaps are not protected: most roles may read them, they are not encrypted in etcd, and they are copied into logs and
support bundles. A password in one is a password that everybody has.

It fires for each entry that is or contains a credential: entries of their own, and values inside embedded files (properties,
ini, env, YAML, JSON, XML, shell). Base64 text and binaryData are looked into. Placeholders, paths, templates and references
are left alone. The value is never shown.

Change the credential and move it into a Secret; keep the rest of the file, and let the application put both together:

    volumes:
    - name: config
      projected:
        sources:
        - configMap: {name: app}
        - secret: {name: app-credentials}
`,
}

// reportEntry reports one entry of a ConfigMap at most once.
func reportEntry(p *control.Pass, field, key, value string) {
	found := secretscan.Text(key, value)
	if len(found) == 0 {
		if plain := decoded(value); plain != "" {
			found = secretscan.Text(key, plain)
		}
	}
	if len(found) == 0 {
		return
	}
	more := ""
	if len(found) > 1 {
		more = fmt.Sprintf(" and %d more", len(found)-1)
	}
	p.Report(field+"["+key+"]", "entry %q holds a credential (%s)%s", key, what(found[0]), more)
}

// decoded returns the text that a value is the base64 of, "" when it is none.
func decoded(value string) string {
	if len(value) < 16 || len(value)%4 != 0 {
		return ""
	}
	b, err := base64.StdEncoding.DecodeString(value)
	if err != nil || !utf8.Valid(b) {
		return ""
	}
	return string(b)
}
