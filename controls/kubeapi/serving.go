package kubeapi

import (
	"strings"
	"time"

	"bulwark/control"
	"bulwark/facts/components/rule"
)

func serving() []rule.Rule {
	return []rule.Rule{
		{
			ID: "BW0621", Title: "API server serves without TLS on an address of its own", Severity: control.Critical,
			Refs: []string{"checkov CKV_K8S_86", "ATT&CK T1190"},
			Test: rule.Absent("insecure-bind-address", true, "can serve without TLS, authentication and authorization there"),
			Doc: `The insecure port has no TLS, no authentication and no authorization: every request on it is the administrator's.
--insecure-bind-address chooses where it listens, and was mostly used to open it beyond the node.

It fires when --insecure-bind-address is set. Servers from 1.24 on do not know the flag and refuse to start.

Remove it, and have clients use the secure port with credentials of their own:

    - --secure-port=6443
`,
		},
		{
			ID: "BW0622", Title: "API server opens its insecure port", Severity: control.Critical,
			Refs: []string{"kubescape C-0005", "regolibrary insecure-port-flag", "checkov CKV_K8S_88", "ATT&CK T1190"},
			Test: insecurePort,
			Doc: `The insecure port has no TLS, no authentication and no authorization: every process on the node, and with
--insecure-bind-address every host on the network, is an administrator there.

It fires when --insecure-port is set to anything but 0, and when it is not set and the target version is older than 1.20,
where 8080 was the default. Servers from 1.24 on do not know the flag at all, so absent is right for them.

    - --secure-port=6443
`,
		},
		{
			ID: "BW0623", Title: "API server's secure port is off", Severity: control.High,
			Refs: []string{
				"kubescape C-0128", "regolibrary ensure-that-the-api-server-secure-port-argument-is-not-set-to-0", "trivy KCV-0017",
				"checkov CKV_K8S_89", "ATT&CK T1040",
			},
			Test: secureOff,
			Doc: `Port 0 switched HTTPS off, which left only the insecure port: all traffic in plain text, and nobody asked who they are.

It fires when --secure-port is 0. Servers of today refuse to start with it.

    - --secure-port=6443
`,
		},
		{
			ID: "BW0624", Title: "API server offers profiling", Severity: control.Low,
			Refs: []string{
				"kubescape C-0129", "regolibrary ensure-that-the-api-server-profiling-argument-is-set-to-false", "trivy KCV-0018",
				"checkov CKV_K8S_90", "CIS 1.12 1.2.15", "ATT&CK T1499",
			},
			Test: rule.Bool("profiling", false, true, "serves /debug/pprof"),
			Doc: `/debug/pprof shows command lines, call stacks and memory of the running server, and a CPU profile slows it down: a help
for whoever looks for a weakness or wants to overload it. It is open to callers that may get that non-resource URL.

It fires when --profiling is true or not set, since true is the default.

Switch it off, and on again for as long as somebody profiles:

    - --profiling=false
`,
		},
		{
			ID: "BW0625", Title: "API server's request timeout is not a usable time", Severity: control.Low, Profile: control.Hygiene,
			Refs: []string{"checkov CKV_K8S_95", "CIS 1.12 1.2.20", "ATT&CK T1499"},
			Test: timeoutValid,
			Doc: `The request timeout bounds how long a request may hold a connection and its memory. A value that is no duration stops the
server; zero or a negative one lets slow clients hold connections for ever.

It fires when --request-timeout is set and is no duration with a unit, or is not above zero. The default of one minute is
right for most clusters; raise it a little where requests cross slow links.

    - --request-timeout=1m0s
`,
		},
		{
			ID: "BW0626", Title: "API server's request timeout differs from the default", Severity: control.Info, Profile: control.Strict,
			Refs: []string{"kubescape C-0134", "regolibrary ensure-that-the-api-server-request-timeout-argument-is-set-as-appropriate"},
			Test: timeoutChanged,
			Doc: `A short timeout makes large lists fail; a long one lets slow or hostile clients hold connections and memory of the API
server. Somebody who changed it should be able to say why.

It fires when --request-timeout is set to anything other than the default of 60 seconds. It is meant for reviews: look
at the value, and excuse it with the reason.

    # leave --request-timeout out for the default of 1m0s
`,
		},
		{
			ID: "BW0631", Title: "API server makes up its own serving certificate", Severity: control.Medium,
			Refs: []string{
				"kubescape C-0138", "trivy KCV-0027", "checkov CKV_K8S_100", "CIS 1.12 1.2.24", "ATT&CK T1557",
				"regolibrary ensure-that-the-api-server-tls-cert-file-and-tls-private-key-file-arguments-are-set-as-appropriate",
			},
			Test: rule.Needs("signs its own certificate, which no client can verify", "tls-cert-file", "tls-private-key-file"),
			Doc: `Without a certificate the API server signs one for itself at start. No client can tell it from an impostor's, so clients
are told to skip verification, and then send their tokens to whoever answers.

It fires when --tls-cert-file or --tls-private-key-file is missing or empty.

Issue a certificate from the cluster's authority for all names and addresses that clients use:

    - --tls-cert-file=/etc/kubernetes/pki/apiserver.crt
    - --tls-private-key-file=/etc/kubernetes/pki/apiserver.key
`,
		},
		{
			ID: "BW0633", Title: "API server allows weak ciphers", Severity: control.Medium,
			Refs: []string{"checkov CKV_K8S_105", "CIS 1.12 1.2.29", "ATT&CK T1040"},
			Test: rule.Only("tls-cipher-suites", "which is weak or unknown", rule.StrongCiphers...),
			Doc: `Suites with RC4, 3DES or CBC have known attacks that recover parts of the traffic, such as tokens. A list that was once
made for an old client keeps them alive for everybody.

It fires when --tls-cipher-suites has a suite that is not AES-GCM or ChaCha20-Poly1305. Suites of TLS 1.3 cannot be
configured and are always good. Without the flag Go's defaults hold, which is BW0634.

    - --tls-cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
`,
		},
		{
			ID: "BW0634", Title: "API server's ciphers are left to the default", Severity: control.Info, Profile: control.Hygiene,
			Refs: []string{
				"kubescape C-0143", "kubescape C-0277", "CIS 1.12 1.2.29",
				"regolibrary ensure-that-the-API-Server-only-makes-use-of-Strong-Cryptographic-Ciphers",
			},
			Test: rule.Stated("tls-cipher-suites", rule.GoodCiphers, "uses the default list of its Go version"),
			Doc: `The default list of Go is good and gets better with each version, yet for TLS 1.2 it still has suites with CBC for old
clients. A list of your own is what an auditor can read.

It fires when --tls-cipher-suites is not set. The fix names six suites with forward secrecy that all current clients
speak. Requiring TLS 1.3 with --tls-min-version=VersionTLS13 does as well where all clients can; then excuse this.

    - --tls-cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
`,
		},
		{
			ID: "BW0636", Title: "API server speaks TLS older than 1.2", Severity: control.Medium,
			Refs: []string{"ATT&CK T1040"},
			Test: rule.Excludes("tls-min-version", "speaks a version of TLS with known attacks", "VersionTLS10", "VersionTLS11"),
			Doc: `TLS 1.0 and 1.1 rest on MD5 and SHA-1 and have known attacks; browsers and tools have dropped them. The API server's own
minimum is 1.2, so somebody lowered it, mostly for one old client.

It fires when --tls-min-version is VersionTLS10 or VersionTLS11.

    - --tls-min-version=VersionTLS12
`,
		},
	}
}

func insecurePort(c *rule.Case) {
	s, ok := c.Get("insecure-port")
	switch {
	case !ok || strings.TrimSpace(s.Value) == "0":
	case s.Set:
		c.FixSet(c.Bad(s, "opens the insecure port %s, which asks nobody who they are", s.Value), "insecure-port", "0")
	case c.Target() < 20:
		c.FixSet(c.Bad(s, "does not set --insecure-port=0, and so opens port 8080 without authentication"), "insecure-port", "0")
	}
}

func secureOff(c *rule.Case) {
	if s, ok := c.Get("secure-port"); ok && s.Set && strings.TrimSpace(s.Value) == "0" {
		c.FixSet(c.Bad(s, "switches its secure port off"), "secure-port", "6443")
	}
}

const requestTimeout = "request-timeout"

func timeoutValid(c *rule.Case) {
	s, ok := c.Get(requestTimeout)
	if !ok || !s.Set {
		return
	}
	if d, err := time.ParseDuration(s.Value); err != nil || d <= 0 {
		c.FixSet(c.Bad(s, "has %s=%q, which is no duration above zero", s.Label, s.Value), requestTimeout, "1m0s")
	}
}

func timeoutChanged(c *rule.Case) {
	s, ok := c.Get(requestTimeout)
	if !ok || !s.Set {
		return
	}
	if d, err := time.ParseDuration(s.Value); err != nil || d != time.Minute {
		c.FixRemove(c.Bad(s, "has %s=%s instead of the default of one minute", s.Label, s.Value), requestTimeout)
	}
}
