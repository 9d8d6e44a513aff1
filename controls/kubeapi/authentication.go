package kubeapi

import (
	"bulwark/control"
	"bulwark/facts/components/rule"
)

func authentication() []rule.Rule {
	return []rule.Rule{
		{
			ID: "BW0601", Title: "API server answers anonymous requests", Severity: control.Medium,
			Refs: []string{
				"kubescape C-0113", "regolibrary ensure-that-the-api-server-anonymous-auth-argument-is-set-to-false", "trivy KCV-0001",
				"checkov CKV_K8S_68", "CIS 1.12 1.2.1", "ATT&CK T1190", "NSA authentication",
			},
			Test: anonymous,
			Doc: `With anonymous access on, a caller without credentials is system:anonymous in system:unauthenticated. What it may do
is then only a matter of RBAC, and one careless binding opens the cluster to everybody who reaches the port. Version and
discovery, which attackers use to choose an exploit, are readable from the start.

It fires when --anonymous-auth is true or not set, since true is the default. With --authentication-config and no flag the
file decides, and it is unknown here: the file itself is judged by BW0639. kubeadm's health probes need anonymous /livez
and /readyz; allow just these in an AuthenticationConfiguration, or move the probes before you switch it off.

    - --anonymous-auth=false
`,
		},
		{
			ID: "BW0602", Title: "API server accepts static passwords", Severity: control.High,
			Refs: []string{"checkov CKV_K8S_69", "ATT&CK T1078"},
			Test: rule.Absent("basic-auth-file", true, "accepts passwords that stand in a file"),
			Doc: `A password file gives the API server users whose plain-text passwords stand on disk, never expire, and change only
with a restart. Whoever reads the file, a backup or the node's disk is that user, often an administrator.

It fires when --basic-auth-file is set. Servers from 1.19 on refuse to start with it.

Remove the flag and give people certificates with a short life, or OIDC:

    - --authentication-config=/etc/kubernetes/authentication.yaml
`,
		},
		{
			ID: "BW0603", Title: "API server accepts static tokens", Severity: control.High,
			Refs: []string{
				"kubescape C-0114", "regolibrary ensure-that-the-api-server-token-auth-file-parameter-is-not-set", "trivy KCV-0002",
				"checkov CKV_K8S_70", "CIS 1.12 1.2.2", "ATT&CK T1078", "ATT&CK T1552",
			},
			Test: rule.Absent("token-auth-file", false, "accepts tokens that stand in a file and never expire"),
			Doc: `Tokens in a file are passwords for ever: they stand in plain text on every control plane node, have no expiry, and
can be revoked only by editing the file and restarting the server. A backup, a hostPath mount or a path traversal is
enough to become one of these users.

It fires when --token-auth-file is set, to any file.

Move the users to short-lived client certificates or OIDC, and then remove the flag. There is no automatic fix, because
users may depend on it.

    - --authentication-config=/etc/kubernetes/authentication.yaml
`,
		},
		{
			ID: "BW0607", Title: "API server has no client certificate for kubelets", Severity: control.Medium,
			Refs: []string{
				"kubescape C-0116", "trivy KCV-0005", "checkov CKV_K8S_72", "CIS 1.12 1.2.4", "ATT&CK T1557",
				"regolibrary ensure-that-the-api-server-kubelet-client-certificate-and-kubelet-client-key-arguments-are-set-as-appropriate",
			},
			Test: rule.Needs("calls kubelets without proving who it is", "kubelet-client-certificate", "kubelet-client-key"),
			Doc: `The API server calls kubelets for logs, exec and port-forward. Without a client certificate it calls anonymously, and
that works only where kubelets answer anonymous callers, which means that everybody on the network can run commands in
pods too.

It fires when --kubelet-client-certificate or --kubelet-client-key is missing or empty.

Issue a certificate whose group kubelets authorise (kubeadm uses kubeadm:cluster-admins), and name both files:

    - --kubelet-client-certificate=/etc/kubernetes/pki/apiserver-kubelet-client.crt
    - --kubelet-client-key=/etc/kubernetes/pki/apiserver-kubelet-client.key
`,
		},
		{
			ID: "BW0608", Title: "API server does not verify kubelets", Severity: control.Medium,
			Refs: []string{
				"kubescape C-0117", "trivy KCV-0006", "checkov CKV_K8S_73", "CIS 1.12 1.2.5", "ATT&CK T1557",
				"regolibrary ensure-that-the-api-server-kubelet-certificate-authority-argument-is-set-as-appropriate",
			},
			Test: rule.Needs("takes any server for a kubelet", "kubelet-certificate-authority"),
			Doc: `When somebody execs into a pod, the API server connects to the node's kubelet. Without a certificate authority to check
it against, whoever can answer on the node's address (by ARP or DNS spoofing, or a stolen address) reads and changes
what is typed and what comes back.

It fires when --kubelet-certificate-authority is missing or empty. kubeadm leaves it out by default, because kubelets
then need certificates that the cluster signed: set serverTLSBootstrap in KubeletConfiguration, approve the requests, and
only then add the flag.

    - --kubelet-certificate-authority=/etc/kubernetes/pki/ca.crt
`,
		},
		{
			ID: "BW0606", Title: "API server calls kubelets without TLS", Severity: control.High,
			Refs: []string{"trivy KCV-0004", "checkov CKV_K8S_71", "ATT&CK T1040"},
			Test: rule.Never("kubelet-https", false, "sends exec and log traffic to kubelets in plain text"),
			Doc: `Logs, exec sessions and port-forwards between API server and kubelets carry credentials and data of the workloads.
Without TLS whoever listens on the node network reads them, and can answer in the kubelet's place.

It fires when --kubelet-https is false. Servers from 1.22 on do not know the flag and always use TLS.

Remove the flag, or set it to true on old servers:

    - --kubelet-https=true
`,
		},
		{
			ID: "BW0632", Title: "API server has no authority for client certificates", Severity: control.Medium,
			Refs: []string{
				"kubescape C-0139", "regolibrary ensure-that-the-api-server-client-ca-file-argument-is-set-as-appropriate", "trivy KCV-0028",
				"CIS 1.12 1.2.25",
			},
			Test: rule.Needs("cannot authenticate clients by certificate", "client-ca-file"),
			Doc: `Kubelets, the scheduler and the controller manager authenticate to the API server with client certificates. Without a
certificate authority to check these against, the components must fall back to tokens that are kept in files, or to
anonymous access.

It fires when --client-ca-file is missing or empty.

Name the authority that signs the cluster's client certificates. Use one that signs nothing else: every certificate of
it is a user of the cluster.

    - --client-ca-file=/etc/kubernetes/pki/ca.crt
`,
		},
	}
}

// anonymous judges --anonymous-auth, which an AuthenticationConfiguration replaces.
func anonymous(c *rule.Case) {
	s, ok := c.Get("anonymous-auth")
	if !ok {
		return
	}
	if file := c.Proc.Get("authentication-config"); !s.Set && file.Set {
		c.Unknown(file.Path, "the API server reads %q, whose part on anonymous access decides: scan that file too", file.Value)
		return
	}
	rule.Bool("anonymous-auth", false, true, "takes requests without credentials")(c)
}
