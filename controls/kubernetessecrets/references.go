package kubernetessecrets

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/references"
	"bulwark/world"
)

func referenceControls() []*control.Control { return []*control.Control{dangling} }

var dangling = &control.Control{
	ID:       "BW2005",
	Concept:  concept,
	Title:    "Secret, ConfigMap or key that a pod needs does not exist",
	Severity: control.Low,
	Refs:     []string{"kube-linter env-value-from"},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{references.Fact},
	Check: func(p *control.Pass) error {
		x, err := references.Fact.Of(p)
		if err != nil {
			return err
		}
		for t := range p.Subject.Pods {
			for u := range uses(t) {
				if !u.optional && u.name != "" {
					checkUse(p, x, u)
				}
			}
		}
		return nil
	},
	Doc: `A pod that names a missing Secret or ConfigMap does not start. It starts as soon as somebody creates one of that name, with
what that somebody put in: configuration, certificates, credentials of a server of theirs.

It fires for each reference that is not optional, in env, envFrom, volumes and projected volumes of any container, when the
object is not in the namespace or lacks a key that is named. Secrets that an ExternalSecret, SealedSecret, cert-manager
Certificate or SecretProviderClass makes count as existing. When the input holds none of that kind in the namespace the
answer is unknown.

Create the object, correct the name, or say that it may be missing:

    env:
    - name: FEATURES
      valueFrom: {configMapKeyRef: {name: features, key: list, optional: true}}
`,
}

func checkUse(p *control.Pass, x *references.Index, u use) {
	namespace := p.Subject.Namespace
	if !x.Exists(u.kind, namespace, u.name) {
		if err := x.Knows(u.kind, namespace); err != nil {
			p.Unknown(u.path, "whether %s %q exists: %s", u.kind, u.name, err)
			return
		}
		p.Report(u.path, "%s %q does not exist", u.kind, u.name)
		return
	}
	for _, key := range u.keys {
		if !x.HasKey(u.kind, namespace, u.name, key) {
			p.Report(u.path, "%s %q has no key %q", u.kind, u.name, key)
		}
	}
}

func isTrue(b *bool) bool { return b != nil && *b }

func containerUses(c world.Container) []use {
	var found []use
	for i := range c.Env {
		from := c.Env[i].ValueFrom
		if from == nil {
			continue
		}
		at := fmt.Sprintf("env[%d].valueFrom.", i)
		if r := from.SecretKeyRef; r != nil {
			found = append(found, use{c.Path(at + "secretKeyRef.name"), references.Secret, r.Name, []string{r.Key}, isTrue(r.Optional)})
		}
		if r := from.ConfigMapKeyRef; r != nil {
			found = append(found, use{c.Path(at + "configMapKeyRef.name"), references.ConfigMap, r.Name, []string{r.Key}, isTrue(r.Optional)})
		}
	}
	for i := range c.EnvFrom {
		at := fmt.Sprintf("envFrom[%d].", i)
		if r := c.EnvFrom[i].SecretRef; r != nil {
			found = append(found, use{c.Path(at + "secretRef.name"), references.Secret, r.Name, nil, isTrue(r.Optional)})
		}
		if r := c.EnvFrom[i].ConfigMapRef; r != nil {
			found = append(found, use{c.Path(at + "configMapRef.name"), references.ConfigMap, r.Name, nil, isTrue(r.Optional)})
		}
	}
	return found
}

func volumeUses(t *world.PodTemplate) []use {
	var found []use
	for i := range t.Spec.Volumes {
		v := &t.Spec.Volumes[i]
		at := t.SpecPath(fmt.Sprintf("volumes[%d].", i))
		if s := v.Secret; s != nil {
			found = append(found, use{at + "secret.secretName", references.Secret, s.SecretName, itemKeys(s.Items), isTrue(s.Optional)})
		}
		if c := v.ConfigMap; c != nil {
			found = append(found, use{at + "configMap.name", references.ConfigMap, c.Name, itemKeys(c.Items), isTrue(c.Optional)})
		}
		if v.Projected == nil {
			continue
		}
		for j, src := range v.Projected.Sources {
			at := fmt.Sprintf("%sprojected.sources[%d].", at, j)
			if s := src.Secret; s != nil {
				found = append(found, use{at + "secret.name", references.Secret, s.Name, itemKeys(s.Items), isTrue(s.Optional)})
			}
			if c := src.ConfigMap; c != nil && c.Name != "kube-root-ca.crt" {
				found = append(found, use{at + "configMap.name", references.ConfigMap, c.Name, itemKeys(c.Items), isTrue(c.Optional)})
			}
		}
	}
	return found
}

func itemKeys(items []corev1.KeyToPath) []string {
	var keys []string
	for i := range items {
		keys = append(keys, items[i].Key)
	}
	return keys
}
