package kubernetessecrets

import (
	"fmt"
	"path"
	"strings"

	"bulwark/control"
	"bulwark/world"
)

func envControls() []*control.Control { return []*control.Control{keyInEnv, secretInEnv, namedSecrets} }

var keyInEnv = &control.Control{
	ID:       "BW2009",
	Concept:  concept,
	Title:    "Environment variable takes its value from a Secret",
	Severity: control.Low,
	Refs: []string{
		"kubescape C-0207", "kubescape-cel C-0207", "regolibrary rule-secrets-in-env-var", "checkov CKV_K8S_35", "kube-linter read-secret-from-env-var",
		"kubesec SecretsAsEnvironmentVariables", "kyverno secrets-not-from-env-vars", "kyverno disallow-secrets-from-env-vars",
		"CIS 1.12 5.4.1", "ATT&CK T1552.001",
	},
	Kinds: []string{control.Pods},
	Deny:  `variables.containers.exists(c, has(c.env) && c.env.exists(e, has(e.valueFrom) && has(e.valueFrom.secretKeyRef)))`,
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			for i := range c.Env {
				if from := c.Env[i].ValueFrom; from != nil && from.SecretKeyRef != nil {
					p.ReportContainer(c, fmt.Sprintf("env[%d].valueFrom.secretKeyRef", i), "container %q: variable %q takes its value from Secret %q",
						c.Name, c.Env[i].Name, from.SecretKeyRef.Name)
				}
			}
		}
		return nil
	},
	Doc: `Environment variables leak more easily than files: child processes inherit them, crash reports and debug pages print them,
and anybody who can exec into the container or read /proc sees them. They also keep the old value until the pod restarts.

It fires for each variable with a secretKeyRef, in any container. The practice is common and far better than a literal
value, hence the low severity.

Mount the Secret where the program can read a file:

    volumes:
    - name: db
      secret: {secretName: db}
    containers:
    - name: app
      volumeMounts: [{name: db, mountPath: /run/secrets/db, readOnly: true}]
`,
}

var secretInEnv = &control.Control{
	ID:       "BW2010",
	Concept:  concept,
	Title:    "Whole Secret becomes environment variables",
	Severity: control.Low,
	Refs: []string{
		"kubescape-cel C-0207", "kubescape C-0012", "regolibrary rule-credentials-in-env-var", "checkov CKV_K8S_35", "kubesec SecretsAsEnvironmentVariables",
		"kyverno secrets-not-from-env-vars", "kyverno disallow-secrets-from-env-vars", "CIS 1.12 5.4.1", "ATT&CK T1552.001",
	},
	Kinds: []string{control.Pods},
	Deny:  `variables.containers.exists(c, has(c.envFrom) && c.envFrom.exists(e, has(e.secretRef)))`,
	Check: func(p *control.Pass) error {
		for c := range p.Containers {
			for i := range c.EnvFrom {
				if ref := c.EnvFrom[i].SecretRef; ref != nil {
					p.ReportContainer(c, fmt.Sprintf("envFrom[%d].secretRef", i), "container %q: every key of Secret %q becomes a variable", c.Name, ref.Name)
				}
			}
		}
		return nil
	},
	Doc: `With envFrom a container gets every key of a Secret, also those that it does not need and those that are added later, all
as variables that child processes inherit and crash reports print. A key called PATH or LD_PRELOAD even changes what runs.

It fires for each envFrom entry with a secretRef, in any container.

Mount the keys that are needed as files:

    volumes:
    - name: db
      secret:
        secretName: db
        items: [{key: password, path: password}]
`,
}

var namedSecrets = &control.Control{
	ID:       "BW2011",
	Concept:  concept,
	Title:    "Pod uses a Secret whose name is not allowed",
	Severity: control.Medium,
	Profile:  control.Strict,
	Refs:     []string{"kyverno restrict-secrets-by-name", "kyverno disallow-all-secrets", "kyverno no-secrets"},
	Kinds:    []string{control.Pods},
	Params:   []control.Param{{Name: "allow", Doc: `names of Secrets that pods may use, with * for any text, such as "safe-*"`, Default: nil}},
	Check: func(p *control.Pass) error {
		allow := p.Strings("allow")
		for t := range p.Subject.Pods {
			for u := range uses(t) {
				if u.kind == "Secret" && !allowedName(allow, u.name) {
					p.Report(u.path, "Secret %q is used; allowed are %s", u.name, strings.Join(allow, ", "))
				}
			}
		}
		return nil
	},
	Doc: `Whoever may create a pod may mount every Secret of the namespace. Where several parties share one, a naming rule says
which Secrets ordinary workloads may use; the others are for operators.

It fires for each reference to a Secret (variables, envFrom, volumes, projected volumes) of any container whose name matches
none of the patterns of the parameter allow. It does nothing until that parameter is set. Separate namespaces are the better
border.

    params:
      BW2011: {allow: ["safe-*"]}

    volumes:
    - name: tls
      secret: {secretName: safe-tls}
`,
}

func allowedName(patterns []string, name string) bool {
	for _, pattern := range patterns {
		if ok, err := path.Match(pattern, name); ok && err == nil {
			return true
		}
	}
	return false
}

// use is one reference of a pod to a Secret or ConfigMap.
type use struct {
	path, kind, name string
	keys             []string // that must exist
	optional         bool
}

// uses yields every reference of a template.
func uses(t *world.PodTemplate) func(func(use) bool) {
	return func(yield func(use) bool) {
		for c := range t.Containers {
			for _, u := range containerUses(c) {
				if !yield(u) {
					return
				}
			}
		}
		for _, u := range volumeUses(t) {
			if !yield(u) {
				return
			}
		}
	}
}
