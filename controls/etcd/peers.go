package etcd

import (
	"bulwark/control"
	"bulwark/facts/components/rule"
)

func peers() []rule.Rule {
	return []rule.Rule{
		{
			ID: "BW0304", Title: "etcd talks to its peers without a certificate", Severity: control.High,
			Refs: []string{
				"kubescape C-0156", "regolibrary etcd-peer-tls-enabled", "trivy KCV-0045", "checkov CKV_K8S_119", "CIS 1.12 2.4",
				"ATT&CK T1040",
			},
			Test: rule.Needs("cannot encrypt what members copy to each other", "peer-cert-file", "peer-key-file"),
			Doc: `Members of etcd send each other every write, hence every Secret. Without certificates that goes over the network in
plain text.

It fires when --peer-cert-file or --peer-key-file is missing or empty. A single member has no peers today, but the next
one that joins would get the data unencrypted.

    - --peer-cert-file=/etc/kubernetes/pki/etcd/peer.crt
    - --peer-key-file=/etc/kubernetes/pki/etcd/peer.key
`,
		},
		{
			ID: "BW0305", Title: "etcd does not ask peers for a certificate", Severity: control.High,
			Refs: []string{
				"kubescape C-0157", "regolibrary etcd-peer-client-auth-cert", "trivy KCV-0046", "checkov CKV_K8S_121", "CIS 1.12 2.5",
				"ATT&CK T1078",
			},
			Test: rule.Bool("peer-client-cert-auth", true, false, "anybody who reaches the peer port can act as a member"),
			Doc: `A member receives the whole data set and can change it. Without client certificates on the peer port, a host that reaches
it can join the conversation, read all Secrets and forge writes.

It fires when --peer-client-cert-auth is false or not set, since false is the default.

    - --peer-client-cert-auth=true
    - --peer-trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt
`,
		},
		{
			ID: "BW0306", Title: "etcd makes up certificates for its peers", Severity: control.Medium,
			Refs: []string{
				"kubescape C-0158", "regolibrary etcd-peer-auto-tls-disabled", "trivy KCV-0047", "CIS 1.12 2.6", "ATT&CK T1557",
			},
			Test: rule.Never("peer-auto-tls", true, "encrypts peer traffic with certificates that nobody can verify"),
			Doc: `With --peer-auto-tls each member signs its own certificate. Members cannot tell each other from an impostor, so the
encryption stops a listener and nobody else.

It fires when --peer-auto-tls is true. False is the default.

    - --peer-cert-file=/etc/kubernetes/pki/etcd/peer.crt
    - --peer-key-file=/etc/kubernetes/pki/etcd/peer.key
`,
		},
		{
			ID: "BW0309", Title: "etcd listens for peers without TLS", Severity: control.High,
			Refs: []string{"CIS 1.12 2.4", "ATT&CK T1040"},
			Test: plainListener("listen-peer-urls", "copies all data in plain text"),
			Doc: `An http:// address for peers carries every write of the cluster unencrypted, and takes any host for a member, whatever the
certificate flags say.

It fires when --listen-peer-urls has an http:// address that is not of the node itself.

    - --listen-peer-urls=https://10.0.0.5:2380
`,
		},
	}
}
