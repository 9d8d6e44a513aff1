package kubeapi

import (
	"bulwark/control"
	"bulwark/facts/components/rule"
)

const secretsConcept = "kubernetes-secrets"

func tokens() []rule.Rule {
	return []rule.Rule{
		{
			ID: "BW0627", Title: "API server accepts tokens of deleted service accounts", Severity: control.Medium,
			Refs: []string{
				"kubescape C-0135", "regolibrary ensure-that-the-api-server-service-account-lookup-argument-is-set-to-true", "trivy KCV-0024",
				"checkov CKV_K8S_96", "CIS 1.12 1.2.21", "ATT&CK T1078",
			},
			Test: rule.Never("service-account-lookup", false, "accepts tokens whose account or Secret is gone"),
			Doc: `With lookup off the API server checks only the signature of a service account token. Deleting the account, its Secret or
the pod then revokes nothing, and a token that leaked works until it expires, which old tokens never do.

It fires when --service-account-lookup is false. True is the default.

    - --service-account-lookup=true
`,
		},
		{
			ID: "BW0628", Title: "Lookup of service accounts is not stated", Severity: control.Info, Profile: control.Strict,
			Refs: []string{"checkov CKV_K8S_96"},
			Test: rule.Stated("service-account-lookup", "true", "relies on the default, which is true"),
			Doc: `The default of --service-account-lookup is true and has not changed since 1.7. Some houses want security settings to be
written out all the same, so that a review does not depend on knowing the defaults of each version.

It fires when the flag is not on the command line. A value of false is BW0627.

    - --service-account-lookup=true
`,
		},
		{
			ID: "BW0629", Title: "API server has no key of its own for service accounts", Severity: control.Low,
			Refs: []string{
				"kubescape C-0136", "regolibrary ensure-that-the-api-server-service-account-key-file-argument-is-set-as-appropriate",
				"trivy KCV-0025", "CIS 1.12 1.2.22",
			},
			Test: rule.Needs("checks service account tokens with its TLS key", "service-account-key-file"),
			Doc: `Without --service-account-key-file the API server verifies service account tokens with its TLS private key. One key then
serves two purposes: it cannot be rotated for one without the other, and whoever gets the TLS key can make tokens of any
service account.

It fires when the flag is missing or empty.

Use a key pair for tokens alone, and give the API server only the public half here:

    - --service-account-key-file=/etc/kubernetes/pki/sa.pub
`,
		},
		{
			ID: "BW0630", Title: "Service account key of the API server is no .pem file", Severity: control.Info, Profile: control.Strict,
			Refs: []string{"checkov CKV_K8S_97"},
			Test: rule.Named(map[string]string{"service-account-key-file": ".pem"}),
			Doc: `A house rule on names: the file with the public keys for service account tokens ends in .pem, so that scanners and people
recognise what it is. It says nothing about the key; kubeadm's sa.pub is as good.

It fires when --service-account-key-file is set to a name with another ending.

    - --service-account-key-file=/etc/kubernetes/pki/sa.pem
`,
		},
		{
			ID: "BW0635", Title: "Service account tokens live a year", Severity: control.Low, Profile: control.Hygiene,
			Refs: []string{
				"kubescape C-0290", "regolibrary ensure-that-the-api-server-service-account-extend-token-expiration-is-set-to-false",
				"CIS 1.12 1.2.30", "ATT&CK T1528",
			},
			Test: rule.Bool("service-account-extend-token-expiration", false, true, "gives mounted tokens a year instead of an hour"),
			Doc: `Pods get tokens for one hour that the kubelet renews. To spare old client libraries that never read the new token, the
API server by default makes them valid for a year. A token stolen from a pod is then good for that year.

It fires when --service-account-extend-token-expiration is true or not set. Before you switch it off, look at the metric
serviceaccount_stale_tokens_total and the audit annotation authentication.k8s.io/stale-token for clients that would fail.

    - --service-account-extend-token-expiration=false
`,
		},
	}
}

func atRest() []rule.Rule {
	return []rule.Rule{{
		ID: "BW2080", Concept: secretsConcept, Title: "Secrets are stored in plain text", Severity: control.High,
		Refs: []string{
			"kubescape C-0141", "kubescape C-0066", "regolibrary etcd-encryption-native", "trivy KCV-0030", "checkov CKV_K8S_104",
			"regolibrary ensure-that-the-api-server-encryption-provider-config-argument-is-set-as-appropriate", "CIS 1.12 1.2.27",
			"ATT&CK T1552", "NSA secrets",
		},
		Test: rule.Needs("stores Secrets in etcd as they are", "encryption-provider-config"),
		Doc: `Base64 is no encryption: without a provider the API server writes Secrets to etcd in plain text. Every backup, snapshot,
disk and old etcd member then holds the credentials of all workloads.

It fires when --encryption-provider-config is missing or empty. The file that it names is judged by BW2081 to BW2086.

After the flag is in place, rewrite what is stored: kubectl get secrets -A -o json | kubectl replace -f -

    - --encryption-provider-config=/etc/kubernetes/encryption.yaml
`,
	}}
}
