package etcd

import (
	"bulwark/control"
	"bulwark/facts/components"
	"bulwark/facts/components/rule"
	"bulwark/world"
)

func clients() []rule.Rule {
	return []rule.Rule{
		{
			ID: "BW0301", Title: "etcd serves its clients without a certificate", Severity: control.High,
			Refs: []string{
				"kubescape C-0153", "regolibrary etcd-tls-enabled", "trivy KCV-0042", "checkov CKV_K8S_116", "CIS 1.12 2.1", "ATT&CK T1040",
			},
			Test: rule.Needs("cannot encrypt what clients read and write", "cert-file", "key-file"),
			Doc: `etcd holds every Secret of the cluster. Without a serving certificate it talks plain text to the API server, and whoever
listens on that path reads them all.

It fires when --cert-file or --key-file is missing or empty (or ETCD_CERT_FILE, ETCD_KEY_FILE). A server that reads
--config-file is unknown, since the file replaces all flags.

    - --cert-file=/etc/kubernetes/pki/etcd/server.crt
    - --key-file=/etc/kubernetes/pki/etcd/server.key
`,
		},
		{
			ID: "BW0302", Title: "etcd does not ask clients for a certificate", Severity: control.Critical,
			Refs: []string{
				"kubescape C-0154", "regolibrary etcd-client-auth-cert", "trivy KCV-0043", "checkov CKV_K8S_117", "CIS 1.12 2.2",
				"ATT&CK T1552", "ATT&CK T1190",
			},
			Test: rule.Bool("client-cert-auth", true, false, "anybody who reaches it reads and writes the whole cluster"),
			Doc: `etcd knows nothing of RBAC. Whoever it answers can read all Secrets and write any object: one put makes a
ClusterRoleBinding to cluster-admin, without admission and without an audit record. Client certificates are the only lock.

It fires when --client-cert-auth is false or not set, since false is the default.

    - --client-cert-auth=true
    - --trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt
`,
		},
		{
			ID: "BW0303", Title: "etcd makes up certificates for its clients", Severity: control.Medium,
			Refs: []string{
				"kubescape C-0155", "regolibrary etcd-auto-tls-disabled", "trivy KCV-0044", "checkov CKV_K8S_118", "CIS 1.12 2.3",
				"ATT&CK T1557",
			},
			Test: rule.Never("auto-tls", true, "serves a self-signed certificate that no client can verify"),
			Doc: `With --auto-tls etcd signs its own serving certificate. Clients cannot verify it, so an impostor on the network can answer
in its place and collect everything that the API server writes.

It fires when --auto-tls is true. False is the default.

    - --cert-file=/etc/kubernetes/pki/etcd/server.crt
    - --key-file=/etc/kubernetes/pki/etcd/server.key
`,
		},
		{
			ID: "BW0307", Title: "etcd and API server trust the same authority", Severity: control.Medium,
			Refs: []string{"kubescape C-0159", "regolibrary etcd-unique-ca", "CIS 1.12 2.7", "ATT&CK T1078"},
			Test: sameAuthority,
			Doc: `etcd lets in every client whose certificate its authority signed. If that is the cluster's authority, every kubelet and
every user with a client certificate is let into etcd, and reads and writes all there is.

It fires when the file that etcd names with --trusted-ca-file is the one that an API server of the same input names with
--client-ca-file. Two files with the same content are not seen.

    # etcd
    - --trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt
    # kube-apiserver
    - --client-ca-file=/etc/kubernetes/pki/ca.crt
`,
		},
		{
			ID: "BW0308", Title: "etcd listens for clients without TLS", Severity: control.Critical,
			Refs: []string{"CIS 1.12 2.1", "ATT&CK T1040", "ATT&CK T1190"},
			Test: plainListener("listen-client-urls", "serves clients in plain text"),
			Doc: `An http:// address serves clients without encryption and, whatever --client-cert-auth says, without asking who they are:
certificates exist only in TLS. One such address beside a good one opens the whole store.

It fires when --listen-client-urls has an http:// address that is not of the node itself.

    - --listen-client-urls=https://127.0.0.1:2379,https://10.0.0.5:2379
`,
		},
		{
			ID: "BW0312", Title: "etcd shows its metrics to the network", Severity: control.Low,
			Refs: []string{"ATT&CK T1613"},
			Test: plainListener("listen-metrics-urls", "serves metrics without authentication"),
			Doc: `The metrics address has neither authentication nor, with http://, encryption. It also serves /health and, when profiling
is on, /debug/pprof: sizes, member addresses and load for whoever plans an attack.

It fires when --listen-metrics-urls has an http:// address that is not of the node itself.

    - --listen-metrics-urls=http://127.0.0.1:2381
`,
		},
	}
}

// plainListener judges the addresses of a listener.
func plainListener(flag, why string) rule.Test {
	return func(c *rule.Case) {
		s, ok := c.Get(flag)
		if !ok {
			return
		}
		if url := rule.PlainRemote(s.Values); url != "" {
			c.Bad(s, "listens on %q (%s), and so %s", url, s.Label, why)
		}
	}
}

// sameAuthority compares with every API server of the input.
func sameAuthority(c *rule.Case) {
	s, ok := c.Get("trusted-ca-file")
	if !ok || !s.Set || s.Value == "" {
		return
	}
	var servers []*world.Object
	for o, p := range c.Inventory().All(components.APIServer) {
		if ca := p.Get("client-ca-file"); ca.Set && ca.Value == s.Value {
			servers = append(servers, o)
		}
	}
	if len(servers) == 0 {
		return
	}
	r := c.Bad(s, "trusts clients of %q, the authority that the API server of %s trusts too", s.Value, servers[0].Ref)
	for _, o := range servers {
		r.Related(o, "")
	}
}
