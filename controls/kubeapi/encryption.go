package kubeapi

import (
	"fmt"
	"strings"

	"bulwark/control"
	"bulwark/facts/components"
	"bulwark/facts/components/rule"
	"bulwark/internal/ytree"
)

var encryptionKinds = []string{components.EncryptionConfig}

func encryptionFiles() []*control.Control {
	rows := []rule.File{
		{
			ID: "BW2081", Title: "Encryption file writes Secrets in plain text", Severity: control.High,
			Refs: []string{
				"kubescape C-0142", "regolibrary ensure-that-the-api-server-encryption-providers-are-appropriately-configured",
				"CIS 1.12 1.2.28", "ATT&CK T1552",
			},
			Test: identityFirst,
			Doc: `The first provider of a list writes; the others only read. With identity first, Secrets go to etcd in plain text although
the file exists and the flag is set, and every check for the flag alone passes.

It fires when the first entry that covers Secrets has identity as its first provider, or has no provider at all. That is
right only for the time in which encryption is being switched off.

    - resources: [secrets]
      providers:
      - kms: {apiVersion: v2, name: cloud, endpoint: unix:///run/kms.sock}
      - identity: {}
`,
		},
		{
			ID: "BW2082", Title: "Encryption file does not cover Secrets", Severity: control.High,
			Refs: []string{
				"kubescape C-0141", "regolibrary ensure-that-the-api-server-encryption-provider-config-argument-is-set-as-appropriate",
				"CIS 1.12 1.2.27", "ATT&CK T1552",
			},
			Test: secretsMissing,
			Doc: `An EncryptionConfiguration encrypts only the resources that it lists. One that lists ConfigMaps alone leaves Secrets in
plain text, while the flag on the API server looks right.

It fires when no entry lists secrets, *. (the core group) or *.* (everything).

    resources:
    - resources: [secrets, configmaps]
      providers:
      - secretbox: {keys: [{name: key1, secret: <32 random bytes in base64>}]}
      - identity: {}
`,
		},
		{
			ID: "BW2083", Title: "Secrets are encrypted with AES-GCM under a fixed key", Severity: control.Medium,
			Refs: []string{
				"kubescape C-0142", "regolibrary ensure-that-the-api-server-encryption-providers-are-appropriately-configured", "CIS 1.12 1.2.28",
			},
			Test: provider("aesgcm", "random nonces repeat after too many writes under one key"),
			Doc: `aesgcm with a key in the file uses random nonces. After some two hundred thousand writes under one key a nonce is likely
enough to repeat, and that gives away the plain text and the means to forge. It is safe only where keys are rotated
automatically, which the file cannot do.

It fires when the provider that writes Secrets is aesgcm. Use kms v2, or secretbox where there is no key service.

    - kms: {apiVersion: v2, name: cloud, endpoint: unix:///run/kms.sock}
`,
		},
		{
			ID: "BW2084", Title: "Secrets are encrypted with AES-CBC", Severity: control.Low, Profile: control.Hygiene,
			Refs: []string{"ATT&CK T1552"},
			Test: provider("aescbc", "CBC is open to padding oracles and does not detect changes"),
			Doc: `aescbc does not authenticate what it encrypts: whoever can write to etcd can change a stored Secret unnoticed, and errors
of the server can become a padding oracle. Kubernetes itself advises against it.

It fires when the provider that writes Secrets is aescbc. secretbox is a change of one line and a new key; kms v2 also
keeps the key off the node. Keep the old provider second until all Secrets are rewritten.

    - secretbox: {keys: [{name: key1, secret: <32 random bytes in base64>}]}
    - aescbc: {keys: [{name: old, secret: <the old key>}]}
`,
		},
		{
			ID: "BW2085", Title: "Secrets are encrypted with KMS v1", Severity: control.Low,
			Refs: []string{"NSA secrets"},
			Test: kmsV1,
			Doc: `KMS v1 asks the key service for every write and has been deprecated since 1.28 and off by default since 1.29: an upgrade
then leaves an API server that cannot read its Secrets. It also cannot tell which key encrypted what, so that rotation is
guesswork.

It fires when a kms provider has no apiVersion, which means v1, or v1 itself.

    - kms: {apiVersion: v2, name: cloud, endpoint: unix:///run/kms.sock}
`,
		},
		{
			ID: "BW2086", Title: "The key that encrypts Secrets lies beside them", Severity: control.Low, Profile: control.Hygiene,
			Refs: []string{"ATT&CK T1552"},
			Test: localKey,
			Doc: `A key in the EncryptionConfiguration protects etcd's disks and backups, not the control plane node: whoever reads its
files, or a backup that holds both, has key and data. A key service keeps the key elsewhere, records each use, and can
take it away.

It fires when the provider that writes Secrets is aescbc, aesgcm or secretbox. Where there is no key service, keep the
file readable by root alone and out of backups, and excuse this.

    - kms: {apiVersion: v2, name: cloud, endpoint: unix:///run/kms.sock}
`,
		},
	}
	for i := range rows {
		rows[i].Concept, rows[i].Documents, rows[i].Sensitive = secretsConcept, encryptionKinds, true
	}
	return rule.Files(rows...)
}

// writer returns the provider that writes Secrets and its path: the first one
// of the first entry that covers them. name is "" when the entry has no
// provider; ok is false when no entry covers Secrets.
func writer(tree *ytree.Node) (name string, conf *ytree.Node, path string, ok bool) {
	for i, entry := range items(tree, "resources") {
		if !coversSecrets(&entry) {
			continue
		}
		path = fmt.Sprintf("resources[%d].providers", i)
		providers := items(&entry, "providers")
		if len(providers) == 0 || len(providers[0].Entries) == 0 {
			return "", nil, path, true
		}
		first := &providers[0].Entries[0]
		return first.Key, &first.Value, path + "[0]." + first.Key, true
	}
	return "", nil, "", false
}

func coversSecrets(entry *ytree.Node) bool {
	for _, r := range items(entry, "resources") {
		if r.Str == "secrets" || r.Str == "*." || r.Str == "*.*" {
			return true
		}
	}
	return false
}

func identityFirst(p *control.Pass, d *components.Document) {
	switch name, _, path, ok := writer(d.Tree); {
	case ok && name == "identity":
		p.Report(d.At(path), "%s writes Secrets in plain text: identity is the first provider", d.Name)
	case ok && name == "":
		p.Report(d.At(path), "%s names no provider for Secrets", d.Name)
	}
}

func secretsMissing(p *control.Pass, d *components.Document) {
	if _, _, _, ok := writer(d.Tree); !ok {
		p.Report(d.At("resources"), "%s encrypts other resources and not Secrets", d.Name)
	}
}

func provider(bad, why string) func(*control.Pass, *components.Document) {
	return func(p *control.Pass, d *components.Document) {
		if name, _, path, _ := writer(d.Tree); name == bad {
			p.Report(d.At(path), "%s encrypts Secrets with %s: %s", d.Name, bad, why)
		}
	}
}

func kmsV1(p *control.Pass, d *components.Document) {
	for i, entry := range items(d.Tree, "resources") {
		for j, pr := range items(&entry, "providers") {
			kms := pr.Get("kms")
			if kms == nil {
				continue
			}
			if v := kms.Text("apiVersion"); v == "" || v == "v1" {
				p.Report(d.At(fmt.Sprintf("resources[%d].providers[%d].kms", i, j)), "%s uses KMS v1 for the provider %q", d.Name, kms.Text("name"))
			}
		}
	}
}

func localKey(p *control.Pass, d *components.Document) {
	name, _, path, _ := writer(d.Tree)
	if name == "secretbox" || strings.HasPrefix(name, "aes") {
		p.Report(d.At(path), "%s holds the %s key that encrypts Secrets", d.Name, name)
	}
}
