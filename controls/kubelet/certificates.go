package kubelet

import (
	"bulwark/control"
	"bulwark/facts/components/rule"
)

const rotateGate = "RotateKubeletServerCertificate"

// unserved judges a file of the serving certificate; a kubelet that asks the cluster for one needs no file.
func unserved(flag string) rule.Test {
	return func(c *rule.Case) {
		if s := c.Proc.Get("rotate-server-certificates"); s.Set && s.True(false) {
			return
		}
		rule.Needs("signs a certificate for itself, which nobody can verify", flag)(c)
	}
}

func certificates() []rule.Rule {
	return []rule.Rule{
		{
			ID: "BW0416", Title: "Kubelet has no serving certificate", Severity: control.Low, Profile: control.Hygiene,
			Refs: []string{
				"kubescape C-0181", "regolibrary validate-kubelet-tls-configuration-updated", "trivy KCV-0088", "checkov CKV_K8S_148",
				"CIS 1.12 4.2.9", "ATT&CK T1557",
			},
			Test: unserved("tls-cert-file"),
			Doc: `Without a certificate the kubelet signs one for itself. The API server and Prometheus cannot verify it, so they skip
verification, and whoever answers on the node's address gets exec sessions and tokens.

It fires when tlsCertFile or --tls-cert-file is missing and serverTLSBootstrap is not true.

The easiest way is to have the cluster issue and renew it:

    serverTLSBootstrap: true
    rotateCertificates: true
`,
		},
		{
			ID: "BW0417", Title: "Kubelet has no key for its serving certificate", Severity: control.Low, Profile: control.Hygiene,
			Refs: []string{
				"kubescape C-0181", "regolibrary validate-kubelet-tls-configuration-updated", "trivy KCV-0089", "checkov CKV_K8S_148",
				"CIS 1.12 4.2.9", "ATT&CK T1557",
			},
			Test: unserved("tls-private-key-file"),
			Doc: `A serving certificate needs its key. Without one the kubelet ignores the certificate and signs one for itself, which
nobody can verify.

It fires when tlsPrivateKeyFile or --tls-private-key-file is missing and serverTLSBootstrap is not true.

    tlsCertFile: /var/lib/kubelet/pki/serving.crt
    tlsPrivateKeyFile: /var/lib/kubelet/pki/serving.key
`,
		},
		{
			ID: "BW0418", Title: "Kubelet's certificate files have other names than the house wants", Severity: control.Info, Profile: control.Strict,
			Refs: []string{"trivy KCV-0088", "trivy KCV-0089"},
			Test: rule.Named(map[string]string{"tls-cert-file": ".crt", "tls-private-key-file": ".key"}),
			Doc: `A house rule on names: certificates end in .crt and keys in .key, so that scanners and people recognise what they are. It
says nothing about the files; the kubelet's own kubelet-server-current.pem holds both.

It fires when tlsCertFile or tlsPrivateKeyFile, or their flags, are set to names with other endings.

    tlsCertFile: /var/lib/kubelet/pki/serving.crt
    tlsPrivateKeyFile: /var/lib/kubelet/pki/serving.key
`,
		},
		{
			ID: "BW0419", Title: "Kubelet does not renew its client certificate", Severity: control.Medium,
			Refs: []string{
				"kubescape C-0182", "regolibrary kubelet-rotate-certificates", "trivy KCV-0090", "checkov CKV_K8S_149", "CIS 1.12 4.2.10",
			},
			Test: rule.Never("rotate-certificates", false, "keeps its client certificate until it ends"),
			Doc: `A kubelet's client certificate opens the API server as its node. Renewed often and automatically, a stolen one is soon
worthless; without renewal certificates are made to last for years, and the node drops out when they end.

It fires when rotateCertificates or --rotate-certificates is false. Not set is BW0420.

    rotateCertificates: true
`,
		},
		{
			ID: "BW0420", Title: "Renewal of the kubelet's client certificate is not switched on", Severity: control.Low, Profile: control.Hygiene,
			Refs: []string{"trivy KCV-0090", "CIS 1.12 4.2.10"},
			Test: rule.Stated("rotate-certificates", "true", "keeps its client certificate until it ends"),
			Doc: `rotateCertificates is false unless somebody sets it, although many texts say otherwise; kubeadm sets it. A kubelet without
it uses the certificate that it was given until that ends, and then leaves the cluster.

It fires when neither rotateCertificates nor --rotate-certificates is set. A false is BW0419.

    rotateCertificates: true
`,
		},
		{
			ID: "BW0421", Title: "Kubelet's serving certificate is never renewed", Severity: control.Medium,
			Refs: []string{
				"kubescape C-0183", "regolibrary kubelet-rotate-kubelet-server-certificate", "trivy KCV-0091", "checkov CKV_K8S_150",
				"checkov CKV_K8S_112", "CIS 1.12 4.2.11",
			},
			Test: func(c *rule.Case) {
				if s, ok := c.Gate(rotateGate); ok && s.Set && !s.True(true) {
					c.Bad(s, "switches the feature gate %s off", rotateGate)
				}
			},
			Doc: `With the feature gate off a kubelet does not ask the cluster for its serving certificate, whatever serverTLSBootstrap says:
it signs its own, or uses a file that somebody must renew by hand.

It fires when featureGates or --feature-gates sets RotateKubeletServerCertificate to false. The gate is on by default
since 1.12.

    featureGates: {RotateKubeletServerCertificate: true}
    serverTLSBootstrap: true
`,
		},
		{
			ID: "BW0422", Title: "Kubelet does not ask the cluster for its serving certificate", Severity: control.Low, Profile: control.Hygiene,
			Refs: []string{"trivy KCV-0091", "CIS 1.12 4.2.11", "ATT&CK T1557"},
			Test: askForServing,
			Doc: `Only a certificate that the cluster's authority signed lets the API server verify kubelets. serverTLSBootstrap makes the
kubelet ask for one and renew it; somebody, or a controller, must approve the requests.

It fires when serverTLSBootstrap or --rotate-server-certificates is not true and no certificate file is named.

    serverTLSBootstrap: true
`,
		},
	}
}

func askForServing(c *rule.Case) {
	const flag = "rotate-server-certificates"
	if file := c.Proc.Get("tls-cert-file"); file.Set && file.Value != "" {
		return
	}
	s, ok := c.Get(flag)
	if !ok || s.True(false) || s.Set && c.Proc.Gate(rotateGate).Set { // an inventory's false is the gate's, BW0421
		return
	}
	c.Bad(s, "does not set %s to true, and so serves a certificate that nobody can verify", s.Label)
}
