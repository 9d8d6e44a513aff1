package kubelet

import (
	"strconv"
	"strings"

	"bulwark/control"
	"bulwark/facts/components/rule"
)

func ciphers() []rule.Rule {
	return []rule.Rule{
		{
			ID: "BW0423", Title: "Kubelet allows weak ciphers", Severity: control.Medium,
			Refs: []string{
				"kubescape C-0184", "regolibrary kubelet-strong-cryptographics-ciphers", "trivy KCV-0092", "checkov CKV_K8S_151",
				"CIS 1.12 4.2.12", "ATT&CK T1040",
			},
			Test: rule.Only("tls-cipher-suites", "which is weak or unknown", rule.StrongCiphers...),
			Doc: `Exec sessions, logs and bearer tokens cross the kubelet's port. Suites with RC4, 3DES or CBC have known attacks that
recover parts of such traffic.

It fires when tlsCipherSuites or --tls-cipher-suites has a suite that is not AES-GCM or ChaCha20-Poly1305. Not set is
BW0424.

    tlsCipherSuites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]
`,
		},
		{
			ID: "BW0424", Title: "Kubelet's ciphers are left to the default", Severity: control.Info, Profile: control.Hygiene,
			Refs: []string{"trivy KCV-0092", "regolibrary kubelet-strong-cryptographics-ciphers", "CIS 1.12 4.2.12"},
			Test: rule.Stated("tls-cipher-suites", "", "uses the default list of its Go version"),
			Doc: `The default list of Go is good and gets better with each version, yet for TLS 1.2 it still has suites with CBC for old
clients. A list of your own is what an auditor can read. Requiring TLS 1.3 does as well; then excuse this.

It fires when neither tlsCipherSuites nor --tls-cipher-suites is set.

    tlsCipherSuites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]
    tlsMinVersion: VersionTLS12
`,
		},
		{
			ID: "BW0428", Title: "Kubelet speaks TLS older than 1.2", Severity: control.Medium,
			Refs: []string{"ATT&CK T1040"},
			Test: rule.Excludes("tls-min-version", "speaks a version of TLS with known attacks", "VersionTLS10", "VersionTLS11"),
			Doc: `TLS 1.0 and 1.1 rest on MD5 and SHA-1 and have known attacks. The kubelet's own minimum is 1.2, so somebody lowered it,
mostly for one old client.

It fires when tlsMinVersion or --tls-min-version is VersionTLS10 or VersionTLS11.

    tlsMinVersion: VersionTLS12
`,
		},
	}
}

func limits() []rule.Rule {
	return []rule.Rule{
		{
			ID: "BW0425", Title: "Pods may use up all process ids of a node", Severity: control.Medium,
			Refs: []string{"kubescape C-0284", "regolibrary kubelet-set-pod-limit", "CIS 1.12 4.2.13", "ATT&CK T1499"},
			Test: pidLimit,
			Doc: `Process ids are shared by the whole node. A fork bomb in one pod, or a leak, leaves none for the others, for sshd and for
the kubelet itself, and takes the node down.

It fires when podPidsLimit or --pod-max-pids is not set, or is zero or less; -1, no limit, is the default.

Some Java and database pods need thousands; start high and lower it:

    podPidsLimit: 4096
`,
		},
		{
			ID: "BW0426", Title: "Pods without a seccomp profile run unconfined", Severity: control.Low, Profile: control.Hygiene,
			Refs: []string{"CIS 1.12 4.2.14", "ATT&CK T1611"},
			Test: rule.Bool("seccomp-default", true, false, "runs pods that name no profile without a system call filter"),
			Doc: `The runtime's default seccomp profile blocks system calls that containers hardly need and exploits of the kernel often do.
Kubernetes applies it only to pods that ask, unless seccompDefault makes it the default of the node.

It fires when seccompDefault or --seccomp-default is false or not set. Pods that need more say so with seccompProfile.

    seccompDefault: true
`,
		},
		{
			ID: "BW0409", Title: "Kubelet changes kernel settings of the node", Severity: control.Low, Profile: control.Hygiene,
			Refs: []string{
				"kubescape C-0177", "regolibrary kubelet-protect-kernel-defaults", "trivy KCV-0083", "checkov CKV_K8S_144", "NSA hardening",
			},
			Test: rule.Bool("protect-kernel-defaults", true, false, "overwrites kernel settings that somebody hardened"),
			Doc: `The kubelet wants certain kernel settings (memory overcommit, panic behaviour). By default it changes those that differ, and
so undoes what a hardening of the node set, without a word.

It fires when protectKernelDefaults or --protect-kernel-defaults is false or not set. With true the kubelet refuses to
start on a mismatch: set vm.overcommit_memory=1, vm.panic_on_oom=0, kernel.panic=10 and kernel.panic_on_oops=1 first.

    protectKernelDefaults: true
`,
		},
		{
			ID: "BW0430", Title: "Kubelet allows pods unsafe kernel settings", Severity: control.Medium,
			Refs: []string{"PSS baseline", "ATT&CK T1611"},
			Test: func(c *rule.Case) {
				if s, ok := c.Get("allowed-unsafe-sysctls"); ok && len(s.Values) > 0 {
					c.Bad(s, "lets pods set the unsafe sysctls %q", strings.Join(s.Values, ","))
				}
			},
			Doc: `Sysctls outside the safe set are not namespaced, or can starve other pods of memory. Where the kubelet allows them, a pod
that names them in its securityContext changes the node for all.

It fires when allowedUnsafeSysctls or --allowed-unsafe-sysctls lists any. On nodes of their own for such workloads,
tainted so that nothing else lands there, excuse it.

    allowedUnsafeSysctls: []
`,
		},
	}
}

func habits() []rule.Rule {
	return []rule.Rule{
		{
			ID: "BW0410", Title: "Kubelet does not maintain its firewall rules", Severity: control.Low,
			Refs: []string{
				"kubescape C-0178", "regolibrary kubelet-ip-tables", "trivy KCV-0084", "checkov CKV_K8S_145", "CIS 1.12 4.2.6",
			},
			Test: rule.Never("make-iptables-util-chains", false, "leaves its iptables chains to somebody else"),
			Doc: `The kubelet keeps iptables chains that, among other things, drop packets to the node's loopback addresses that come from
outside (CVE-2020-8558). With this off somebody else must keep them in step with the pods.

It fires when makeIPTablesUtilChains or --make-iptables-util-chains is false. The default is true.

    makeIPTablesUtilChains: true
`,
		},
		{
			ID: "BW0411", Title: "Maintenance of firewall rules is not stated", Severity: control.Info, Profile: control.Strict,
			Refs: []string{"checkov CKV_K8S_145"},
			Test: rule.Stated("make-iptables-util-chains", "true", "relies on the default, which is true"),
			Doc: `makeIPTablesUtilChains is true by default. Some houses want security settings to be written out all the same, so that a
review does not depend on knowing the defaults of each version.

It fires when neither makeIPTablesUtilChains nor --make-iptables-util-chains is set. A false is BW0410.

    makeIPTablesUtilChains: true
`,
		},
		{
			ID: "BW0412", Title: "Kubelet goes by another name than its host", Severity: control.Low, Profile: control.Hygiene,
			Refs: []string{
				"kubescape C-0179", "regolibrary kubelet-hostname-override", "trivy KCV-0086", "checkov CKV_K8S_146", "CIS 1.12 4.2.7",
			},
			Test: rule.Absent("hostname-override", false, "its certificate and logs do not match the host"),
			Doc: `The node's name is in the kubelet's certificate, in the audit log and in what the Node authorizer allows. A name that is not
the host's makes incidents harder to follow and can break the check of certificates. Cloud providers sometimes need it.

It fires when --hostname-override is set. There is no automatic fix: another name means another Node object.

    # leave --hostname-override out
`,
		},
		{
			ID: "BW0413", Title: "Kubelet's event rate is not a usable number", Severity: control.Low, Profile: control.Hygiene,
			Refs: []string{"trivy KCV-0087"},
			Test: rule.AtLeast("event-qps", 1, true, "cannot record events"),
			Doc: `Events tell what happened to pods: failed probes, killed containers, images that could not be pulled. A negative rate, or
one that is no number, stops the kubelet or its events, and an investigation has a hole.

It fires when eventRecordQPS or --event-qps is negative or no number. Zero, no limit, is BW0414.

    eventRecordQPS: 50
`,
		},
		{
			ID: "BW0414", Title: "Kubelet's event rate has no limit", Severity: control.Low, Profile: control.Hygiene,
			Refs: []string{"kubescape C-0180", "regolibrary kubelet-event-qps", "CIS 1.12 4.2.8", "ATT&CK T1499"},
			Test: func(c *rule.Case) {
				if s, ok := c.Get("event-qps"); ok && s.Set && strings.TrimSpace(s.Value) == "0" {
					c.FixSet(c.Bad(s, "has %s=0, and so writes events without limit", s.Label), "event-qps", "50")
				}
			},
			Doc: `Zero means no limit. A crash loop, or a pod that makes events on purpose, can then flood the API server and fill etcd. Too
low a rate loses events that an investigation needs; 50, the default, is a good middle.

It fires when eventRecordQPS or --event-qps is 0.

    eventRecordQPS: 50
`,
		},
		{
			ID: "BW0415", Title: "Kubelet's event rate is above the house's limit", Severity: control.Info, Profile: control.Strict,
			Refs:   []string{"checkov CKV_K8S_147"},
			Params: []control.Param{{Name: "max", Doc: "Highest event rate per second that may be set.", Default: 5}},
			Test: func(c *rule.Case) {
				s, ok := c.Get("event-qps")
				most, _ := c.Int("max")
				if n, err := strconv.Atoi(strings.TrimSpace(s.Value)); ok && s.Set && err == nil && n > most {
					c.FixSet(c.Bad(s, "has %s=%d, more than %d", s.Label, n, most), "event-qps", strconv.Itoa(most))
				}
			},
			Doc: `A house rule for clusters whose API server is small: nodes may send only so many events per second. 5 was the kubelet's
default up to 1.26, 50 is today's.

It fires when eventRecordQPS or --event-qps is set above the parameter max.

    eventRecordQPS: 5
`,
		},
	}
}

func pidLimit(c *rule.Case) {
	const flag = "pod-max-pids"
	s, ok := c.Get(flag)
	if !ok {
		return
	}
	n, err := strconv.ParseInt(strings.TrimSpace(s.Value), 10, 64)
	switch {
	case !s.Set:
		c.FixSet(c.Bad(s, "does not set %s, and so limits the processes of no pod", s.Label), flag, "4096")
	case err != nil || n <= 0:
		c.FixSet(c.Bad(s, "has %s=%s, and so limits the processes of no pod", s.Label, s.Value), flag, "4096")
	}
}
