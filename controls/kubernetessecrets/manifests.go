package kubernetessecrets

import (
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
)

func manifestControls() []*control.Control {
	return []*control.Control{lastApplied, secretInFile, noExternalStore}
}

const appliedPattern = `"(data|stringData)"\s*:\s*\{\s*"`

var appliedData = regexp.MustCompile(appliedPattern)

var lastApplied = &control.Control{
	ID:        "BW2006",
	Concept:   concept,
	Title:     "Secret repeats its data in the annotation of kubectl apply",
	Severity:  control.High,
	Sensitive: true,
	Refs:      []string{"ATT&CK T1552.007"},
	Kinds:     []string{"Secret"},
	Deny: `object.metadata.?annotations[?"kubectl.kubernetes.io/last-applied-configuration"].orValue("").matches(
  r'` + appliedPattern + `')`,
	Check: func(p *control.Pass) error {
		if appliedData.MatchString(p.Subject.Annotation(corev1.LastAppliedConfigAnnotation)) {
			p.Report("metadata.annotations["+corev1.LastAppliedConfigAnnotation+"]", "the annotation of kubectl apply repeats the Secret's data")
		}
		return nil
	},
	Remedy: &control.Remedy{
		Scope:   control.AtObject,
		Message: "drop the copy; apply the Secret with --server-side from now on, which keeps none",
		Edits:   []control.Edit{{Path: "metadata.annotations[" + corev1.LastAppliedConfigAnnotation + "]", Op: control.Remove}},
	},
	Doc: `kubectl apply keeps the whole object in an annotation. For a Secret that is a second copy of its data in a place which
nobody treats as secret: metadata-only lists return it, tools print annotations, and encryption at rest of other stores
does not know it.

It fires when the annotation kubectl.kubernetes.io/last-applied-configuration of a Secret holds data or stringData.

Apply Secrets on the server side, which keeps no copy, or create them with an operator:

    kubectl apply --server-side -f secret.yaml
`,
}

var secretInFile = &control.Control{
	ID:        "BW2007",
	Concept:   concept,
	Title:     "Secret with its data stands in a file",
	Severity:  control.High,
	Sensitive: true,
	Refs:      []string{"NSA data", "ATT&CK T1552.001"},
	Kinds:     []string{"Secret"},
	Check: func(p *control.Pass) error {
		s, ok := p.Subject.Typed.(*corev1.Secret)
		if !ok || p.Subject.Live() || p.Tree().Get("sops") != nil {
			p.NotApplicable()
			return nil
		}
		if n := countPlain(s.StringData); n > 0 {
			p.Report("stringData", "the file holds %d values of Secret %q in the clear", n, p.Subject.Name)
		}
		binary := make(map[string]string, len(s.Data))
		for k, v := range s.Data {
			binary[k] = string(v)
		}
		if n := countPlain(binary); n > 0 {
			p.Report("data", "the file holds %d values of Secret %q, only encoded", n, p.Subject.Name)
		}
		return nil
	},
	Doc: `A Secret that is kept as a file is readable by everybody who can read the repository, now and in its whole history, and
base64 protects nothing. Most leaked credentials leak this way.

It fires for a Secret read from a file whose data or stringData holds values, once for each of the two. Encrypted files
(SOPS), SealedSecret, ExternalSecret and SecretProviderClass are fine, and so are values that a tool fills in ({{ }}, ${ },
<path:…>, ref+…, vault:…), empty ones, and public certificates. Secrets read from a cluster are not judged here.

Keep only an encrypted or a referring form in Git:

    apiVersion: external-secrets.io/v1
    kind: ExternalSecret
    metadata: {name: db}
    spec:
      secretStoreRef: {name: vault, kind: ClusterSecretStore}
      data: [{secretKey: password, remoteRef: {key: shop/db, property: password}}]
`,
}

// countPlain counts the values that are written out.
func countPlain(values map[string]string) int {
	n := 0
	for key, v := range values {
		if key != "ca.crt" && key != "tls.crt" && key != "namespace" && strings.TrimSpace(v) != "" && !filledIn(v) {
			n++
		}
	}
	return n
}

// filledIn says whether a tool puts the real value in later.
func filledIn(v string) bool {
	v = strings.TrimSpace(v)
	for _, mark := range [...]string{"{{", "${", "<path:", "ENC[", "%%", "$(", "!vault"} {
		if strings.Contains(v, mark) {
			return true
		}
	}
	return strings.HasPrefix(v, "ref+") || strings.HasPrefix(v, "vault:") || strings.HasPrefix(v, "<") && strings.HasSuffix(v, ">")
}

var noExternalStore = &control.Control{
	ID:       "BW2008",
	Concept:  concept,
	Title:    "Secret is not managed by an external store",
	Severity: control.Info,
	Profile:  control.Strict,
	Refs:     []string{"kubescape C-0208", "kubescape C-0234", "CIS 1.12 5.4.2"},
	Kinds:    []string{"Secret"},
	Deny: `object.?type.orValue("Opaque") == "Opaque" && !object.metadata.?ownerReferences.orValue([]).exists(o,
  o.kind in ["ExternalSecret", "SealedSecret", "VaultStaticSecret", "VaultDynamicSecret", "VaultPKISecret", "SecretProviderClassPodStatus", "Certificate"])`,
	Check: func(p *control.Pass) error {
		s, ok := p.Subject.Typed.(*corev1.Secret)
		if !ok || s.Type != "" && s.Type != corev1.SecretTypeOpaque {
			return nil
		}
		for _, o := range s.OwnerReferences {
			if storeOwner[o.Kind] {
				return nil
			}
		}
		p.Report("metadata.name", "no external secret store owns Secret %q", p.Subject.Name)
		return nil
	},
	Doc: `An external store (Vault, the secret manager of a cloud) rotates credentials, records every access, and keeps them out of
etcd backups. Benchmarks ask to consider one; nobody but you can say whether yours is good enough.

It fires for each Opaque Secret that no operator of such a store owns: External Secrets, Sealed Secrets, the Vault Secrets
Operator, the Secrets Store CSI driver, cert-manager. It is an inventory, off by default.

    apiVersion: external-secrets.io/v1
    kind: ExternalSecret
    metadata: {name: db}
    spec:
      secretStoreRef: {name: vault, kind: ClusterSecretStore}
      dataFrom: [{extract: {key: shop/db}}]
`,
}

var storeOwner = map[string]bool{
	"ExternalSecret": true, "SealedSecret": true, "VaultStaticSecret": true, "VaultDynamicSecret": true, "VaultPKISecret": true,
	"SecretProviderClassPodStatus": true, "Certificate": true,
}
