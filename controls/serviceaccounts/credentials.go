package serviceaccounts

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
)

var tokenSecret = &control.Control{
	ID: "BW1310", Concept: concept, Title: "Secret holds a service-account token that never expires", Severity: control.Medium, Sensitive: true,
	Doc: `A Secret of type kubernetes.io/service-account-token is filled with a token that has no expiry, is bound to no pod and is accepted by the API server for as long as the account exists. Everybody who may read Secrets of the namespace, and every backup, has it.

It fires on every Secret of that type. Since Kubernetes 1.24 they are made only on purpose; older clusters may still hold those of the past.

Let pods use the token that Kubernetes mounts and renews. For programs outside the cluster use ` + "`kubectl create token`" + ` with a short life, or federation with your identity provider, then delete the Secret.

` + "```yaml\nvolumes:\n- name: token\n  projected:\n    sources:\n    - serviceAccountToken:\n        path: token\n        audience: vault\n        expirationSeconds: 3600\n```\n",
	Refs: []string{
		"CIS 1.12 5.1.6", "NSA authz", "ATT&CK T1528", "ATT&CK T1552.007", "kyverno deny-secret-service-account-token-type",
	},
	Kinds: []string{"Secret"},
	Check: func(p *control.Pass) error {
		s, ok := p.Subject.Typed.(*corev1.Secret)
		if ok && s.Type == corev1.SecretTypeServiceAccountToken {
			p.Report("type", "Secret %q holds a token of ServiceAccount %q without expiry", s.Name, s.Annotations[corev1.ServiceAccountNameKey])
		}
		return nil
	},
	Deny: "object.?type.orValue('') == 'kubernetes.io/service-account-token'",
}

// maxTokenSeconds is a day: the longest life of a mounted token that passes.
const maxTokenSeconds = 86400

var longToken = &control.Control{
	ID: "BW1311", Concept: concept, Title: "Projected token lives longer than a day", Severity: control.Low,
	Doc: `The kubelet renews a projected token before it expires, so a long life buys nothing but time for whoever steals it. Kubernetes' default is an hour.

It fires on each serviceAccountToken source of a projected volume whose expirationSeconds exceeds 86400. A program that reads the file only once at start should be mended instead: it fails after the long life just the same.

Leave the field out, or set an hour; name the audience that the token is for, so that it is of no use elsewhere.

` + "```yaml\nvolumes:\n- name: vault\n  projected:\n    sources:\n    - serviceAccountToken:\n        path: token\n        audience: vault\n        expirationSeconds: 3600\n```\n",
	Refs:  []string{"NSA authz", "ATT&CK T1528"},
	Kinds: []string{control.Pods},
	Check: func(p *control.Pass) error {
		for t := range p.Subject.Pods {
			for i := range t.Spec.Volumes {
				v := &t.Spec.Volumes[i]
				if v.Projected == nil {
					continue
				}
				for j := range v.Projected.Sources {
					token := v.Projected.Sources[j].ServiceAccountToken
					if token == nil || token.ExpirationSeconds == nil || *token.ExpirationSeconds <= maxTokenSeconds {
						continue
					}
					path := fmt.Sprintf("volumes[%d].projected.sources[%d].serviceAccountToken.expirationSeconds", i, j)
					p.ReportPod(t, path, "the token in volume %q lives %d seconds", v.Name, *token.ExpirationSeconds).
						Fix("lets the token live an hour; the kubelet renews it", control.Edit{Path: t.SpecPath(path), Op: control.Set, Value: int64(3600)})
				}
			}
		}
		return nil
	},
	Deny: "variables.pod.?volumes.orValue([]).exists(v, v.?projected.sources.orValue([]).exists(s, " +
		"s.?serviceAccountToken.expirationSeconds.orValue(0) > 86400))",
}

var broadAccount = &control.Control{
	ID: "BW1312", Concept: concept, Title: "Service account still lists token Secrets", Severity: control.Info, Profile: control.Hygiene,
	Doc: `The list ` + "`secrets`" + ` of a service account is a leftover of the time when every account had a token in a Secret. Entries keep such tokens alive: the clean-up of unused ones skips Secrets that an account lists, and readers take the list for a limit of what pods may mount, which it is only with a forgotten annotation.

It fires on every ServiceAccount with entries in ` + "`secrets`" + ` other than the pull secrets, which have a list of their own, unless the annotation kubernetes.io/enforce-mountable-secrets is "true".

Remove the entries, and the token Secrets behind them.

` + "```yaml\nkind: ServiceAccount\nmetadata:\n  name: web\nimagePullSecrets:\n- name: registry\n```\n",
	Refs:  []string{"ATT&CK T1552.007"},
	Kinds: []string{"ServiceAccount"},
	Check: func(p *control.Pass) error {
		sa, ok := p.Subject.Typed.(*corev1.ServiceAccount)
		if ok && len(sa.Secrets) > 0 && sa.Annotations[mountable] != "true" {
			p.Report("secrets", "ServiceAccount %q lists %d Secrets", sa.Name, len(sa.Secrets)).
				Fix("drops the list; pods that mount a Secret name it themselves", control.Edit{Path: "secrets", Op: control.Remove})
		}
		return nil
	},
	Deny: "object.?secrets.orValue([]).size() > 0 && object.metadata.?annotations[?'" + mountable + "'].orValue('') != 'true'",
}

const mountable = "kubernetes.io/enforce-mountable-secrets"
