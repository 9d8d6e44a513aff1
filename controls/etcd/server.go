package etcd

import (
	"bulwark/control"
	"bulwark/facts/components/rule"
)

func server() []rule.Rule {
	return []rule.Rule{
		{
			ID: "BW0310", Title: "API server has no client certificate for etcd", Severity: control.High,
			Refs: []string{
				"kubescape C-0137", "trivy KCV-0026", "checkov CKV_K8S_99", "CIS 1.12 1.2.23", "ATT&CK T1190",
				"regolibrary ensure-that-the-api-server-etcd-certfile-and-etcd-keyfile-arguments-are-set-as-appropriate",
			},
			Test: rule.Needs("reads etcd without proving who it is", "etcd-certfile", "etcd-keyfile"),
			Doc: `An API server that shows etcd no certificate works only with an etcd that lets everybody in: then every pod that reaches
port 2379 reads all Secrets and writes any object, past RBAC, admission and audit.

It fires when --etcd-certfile or --etcd-keyfile is missing or empty.

    - --etcd-certfile=/etc/kubernetes/pki/apiserver-etcd-client.crt
    - --etcd-keyfile=/etc/kubernetes/pki/apiserver-etcd-client.key
`,
		},
		{
			ID: "BW0311", Title: "API server does not verify etcd", Severity: control.Medium,
			Refs: []string{
				"kubescape C-0140", "regolibrary ensure-that-the-api-server-etcd-cafile-argument-is-set-as-appropriate", "trivy KCV-0029",
				"checkov CKV_K8S_102", "CIS 1.12 1.2.26", "ATT&CK T1557",
			},
			Test: rule.Needs("cannot tell etcd from an impostor", "etcd-cafile"),
			Doc: `The API server believes whatever etcd answers: objects, Secrets, roles. Without the authority that signed etcd's
certificate it cannot tell etcd from a host that took its address, and writes every Secret to that host.

It fires when --etcd-cafile is missing or empty.

    - --etcd-cafile=/etc/kubernetes/pki/etcd/ca.crt
`,
		},
		{
			ID: "BW0313", Title: "API server reaches etcd without TLS", Severity: control.Critical,
			Refs: []string{"CIS 1.12 1.2.23", "CIS 1.12 1.2.26", "ATT&CK T1040"},
			Test: func(c *rule.Case) {
				if s, ok := c.Get("etcd-servers"); ok {
					if url := rule.PlainRemote(s.Values); url != "" {
						c.Bad(s, "reads and writes etcd in plain text at %q", url)
					}
				}
			},
			Doc: `Every object that the API server reads or writes, Secrets included, crosses this connection. With http:// whoever listens
reads them, whoever is in the path changes them, and etcd must accept clients without certificates.

It fires when --etcd-servers has an http:// address that is not of the node itself.

    - --etcd-servers=https://10.0.0.5:2379
`,
		},
	}
}
