package kubelet

import (
	"strings"
	"time"

	"bulwark/control"
	"bulwark/facts/components/rule"
)

const readOnly = "read-only-port"

func access() []rule.Rule {
	return []rule.Rule{
		{
			ID: "BW0401", Title: "Kubelet answers anonymous requests", Severity: control.Critical,
			Refs: []string{
				"kubescape C-0172", "kubescape C-0069", "regolibrary anonymous-requests-to-kubelet-service-updated", "trivy KCV-0079",
				"checkov CKV_K8S_138", "CIS 1.12 4.2.1", "ATT&CK T1609", "ATT&CK T1190",
			},
			Test: rule.Never("anonymous-auth", true, "takes requests without credentials"),
			Doc: `The kubelet's port 10250 runs commands in pods, reads their logs and lists them with their environment. With anonymous
access, and authorization that lets it pass, whoever reaches the port owns every pod of the node and its tokens.

It fires when authentication.anonymous.enabled or --anonymous-auth is true. A default of true is BW0402.

    authentication:
      anonymous: {enabled: false}
      webhook: {enabled: true}
`,
		},
		{
			ID: "BW0402", Title: "Kubelet answers anonymous requests by default", Severity: control.Critical,
			Refs: []string{
				"regolibrary anonymous-requests-to-kubelet-service-updated", "checkov CKV_K8S_138", "CIS 1.12 4.2.1", "ATT&CK T1609",
			},
			Test: legacy("anonymous-auth", "takes requests without credentials, the default without a configuration file", "false"),
			Doc: `A kubelet without a configuration file keeps the defaults of its first years: anonymous access on, everything allowed, and
the read-only port open. With --config the defaults are the closed ones.

It fires when a kubelet's command line has neither --config nor --anonymous-auth. It does not fire on Trivy's inventories,
which do not tell whether there is a file.

    - --config=/var/lib/kubelet/config.yaml
    - --anonymous-auth=false
`,
		},
		{
			ID: "BW0403", Title: "Kubelet allows everything", Severity: control.Critical,
			Refs: []string{
				"kubescape C-0173", "regolibrary kubelet-authorization-mode-alwaysAllow", "trivy KCV-0080", "checkov CKV_K8S_139",
				"CIS 1.12 4.2.2", "ATT&CK T1609",
			},
			Test: allowsAll,
			Doc: `With AlwaysAllow every caller that the kubelet authenticated may run commands in every pod of the node: each service
account, each other kubelet. Webhook asks the API server, so that RBAC on nodes/proxy and its kin decides.

It fires when authorization.mode or --authorization-mode is AlwaysAllow. A default of AlwaysAllow is BW0404.

    authorization: {mode: Webhook}
`,
		},
		{
			ID: "BW0404", Title: "Kubelet allows everything by default", Severity: control.Critical,
			Refs: []string{"trivy KCV-0080", "CIS 1.12 4.2.2", "ATT&CK T1609"},
			Test: func(c *rule.Case) {
				if c.Proc.HasFile() {
					c.NotApplicable()
					return
				}
				rule.Stated("authorization-mode", "Webhook", "allows everything, the default without a configuration file")(c)
			},
			Doc: `A kubelet without a configuration file allows every caller everything unless --authorization-mode says otherwise. With
--config the default is Webhook.

It fires when a kubelet's command line has neither --config nor --authorization-mode, and when Trivy's inventory lists no
mode.

    - --authorization-mode=Webhook
`,
		},
		{
			ID: "BW0405", Title: "Kubelet has no authority for client certificates", Severity: control.High,
			Refs: []string{
				"kubescape C-0174", "kubescape C-0070", "regolibrary enforce-kubelet-client-tls-authentication-updated", "trivy KCV-0081",
				"CIS 1.12 4.2.3", "ATT&CK T1190",
			},
			Test: rule.Needs("cannot authenticate the API server by certificate", "client-ca-file"),
			Doc: `The API server proves itself to the kubelet with a client certificate. Without an authority to check it against, it must be
let in anonymously, and then so is everybody else.

It fires when authentication.x509.clientCAFile or --client-ca-file is missing or empty.

    authentication:
      x509: {clientCAFile: /etc/kubernetes/pki/ca.crt}
`,
		},
	}
}

func doors() []rule.Rule {
	return []rule.Rule{
		{
			ID: "BW0406", Title: "Kubelet's read-only port is open", Severity: control.High,
			Refs: []string{
				"kubescape C-0175", "kubescape C-0082", "regolibrary read-only-port-enabled-updated", "regolibrary read-only-port-enabled",
				"trivy KCV-0082", "checkov CKV_K8S_141", "CIS 1.12 4.2.4", "ATT&CK T1613",
			},
			Test: func(c *rule.Case) {
				if s, ok := c.Get(readOnly); ok && s.Set && strings.TrimSpace(s.Value) != "0" {
					c.FixSet(c.Bad(s, "serves without authentication on port %s (%s)", s.Value, s.Label), readOnly, "0")
				}
			},
			Doc: `The read-only port asks nobody who they are. It lists all pods of the node with their specs, and so names, images,
addresses and plain environment variables, to every pod and every host that reaches the node.

It fires when readOnlyPort or --read-only-port is set to anything but 0. A default of 10255 is BW0407.

    readOnlyPort: 0
`,
		},
		{
			ID: "BW0407", Title: "Kubelet's read-only port is open by default", Severity: control.High,
			Refs: []string{"checkov CKV_K8S_141", "CIS 1.12 4.2.4", "ATT&CK T1613"},
			Test: legacy(readOnly, "serves without authentication on port 10255, the default without a configuration file", "0"),
			Doc: `A kubelet without a configuration file opens port 10255, which asks nobody who they are, unless --read-only-port says 0.
With --config it stays closed by default.

It fires when a kubelet's command line has neither --config nor --read-only-port.

    - --read-only-port=0
`,
		},
		{
			ID: "BW0408", Title: "Kubelet never ends idle streams", Severity: control.Low,
			Refs: []string{
				"kubescape C-0176", "regolibrary kubelet-streaming-connection-idle-timeout", "trivy KCV-0085", "checkov CKV_K8S_143",
				"CIS 1.12 4.2.5", "ATT&CK T1499",
			},
			Test: idleTimeout,
			Doc: `Exec, attach and port-forward hold a connection open. Without a timeout a forgotten or stolen session stays for ever, and a
client that opens many uses up the node's connections.

It fires when streamingConnectionIdleTimeout or --streaming-connection-idle-timeout is zero. The default is four hours.

    streamingConnectionIdleTimeout: 30m
`,
		},
		{
			ID: "BW0431", Title: "Kubelet runs pods from an address on the web", Severity: control.High,
			Refs: []string{"ATT&CK T1525", "ATT&CK T1610"},
			Test: manifestURL,
			Doc: `The kubelet runs every pod that this address serves, with no admission, and asks again every few seconds. Over http://
whoever is in the path puts a privileged pod on the node; over https:// so does whoever runs that server.

It fires when staticPodURL or --manifest-url is set.

Put static pods into a directory that only root can write:

    staticPodPath: /etc/kubernetes/manifests
`,
		},
	}
}

func allowsAll(c *rule.Case) {
	const flag = "authorization-mode"
	if s, ok := c.Get(flag); ok && s.Has("AlwaysAllow") {
		c.FixSet(c.Bad(s, "has %s=AlwaysAllow, and so lets every caller do everything", s.Label), flag, "Webhook")
	}
}

func idleTimeout(c *rule.Case) {
	const flag = "streaming-connection-idle-timeout"
	s, ok := c.Get(flag)
	if !ok || !s.Set {
		return
	}
	if d, err := time.ParseDuration(s.Value); err == nil && d == 0 {
		c.FixSet(c.Bad(s, "has %s=%s, and so never ends idle exec and port-forward sessions", s.Label, s.Value), flag, "30m")
	}
}

func manifestURL(c *rule.Case) {
	if s, ok := c.Get("manifest-url"); ok && s.Set && s.Value != "" {
		c.Bad(s, "runs whatever pods %q serves (%s)", s.Value, s.Label)
	}
}
