package auditlogs

import (
	"bulwark/control"
	"bulwark/facts/components/rule"
)

const (
	logPath = "audit-log-path"
	policy  = "audit-policy-file"
)

func recording() []rule.Rule {
	return []rule.Rule{
		{
			ID: "BW3601", Title: "API server writes no audit log", Severity: control.High,
			Refs: []string{
				"kubescape C-0130", "regolibrary ensure-that-the-api-server-audit-log-path-argument-is-set", "trivy KCV-0019",
				"checkov CKV_K8S_91", "CIS 1.12 1.2.16", "NSA logging", "ATT&CK T1562",
			},
			Test: noLog,
			Doc: `The audit log is the only record of who did what in the cluster: who read which Secret, who opened a shell, who gave whom
which role. Without it an intrusion can be neither noticed nor reconstructed.

It fires when neither --audit-log-path nor --audit-webhook-config-file is set.

The directory must be mounted into the static pod, writable:

    - --audit-policy-file=/etc/kubernetes/audit-policy.yaml
    - --audit-log-path=/var/log/kubernetes/audit/audit.log
`,
		},
		{
			ID: "BW3602", Title: "API server has no audit policy", Severity: control.High,
			Refs: []string{
				"kubescape C-0160", "kubescape C-0067", "regolibrary k8s-audit-logs-enabled-native-cis", "regolibrary k8s-audit-logs-enabled-native",
				"regolibrary audit-policy-content", "kubescape C-0161", "CIS 1.12 3.2.1", "NSA logging",
			},
			Test: rule.Needs("records nothing", policy),
			Doc: `Without a policy the API server records nothing at all, even where a log path is set. Checks for the path alone then pass on
a server that is blind.

It fires when --audit-policy-file is missing or empty.

A policy that records everything at Metadata is two lines and a good start:

    apiVersion: audit.k8s.io/v1
    kind: Policy
    rules: [{level: Metadata}]
`,
		},
	}
}

func noLog(c *rule.Case) {
	s, ok := c.Get(logPath)
	if !ok || s.Set && s.Value != "" {
		return
	}
	if hook := c.Proc.Get("audit-webhook-config-file"); hook.Set && hook.Value != "" {
		return
	}
	c.Bad(s, "sets neither %s nor --audit-webhook-config-file, and so keeps no record", s.Label)
}

// limit is one of the three settings of rotation.
type limit struct {
	flag, value      string
	low              int64
	small, left      string // ids
	smallT, leftT    string // titles
	why, unset       string
	smallRefs, refs  []string
	smallDoc, leaves string
}

func (l limit) rules() []rule.Rule {
	snippet := "\n    - --" + l.flag + "=" + l.value + "\n"
	return []rule.Rule{
		{
			ID: l.small, Title: l.smallT, Severity: control.Low, Refs: l.smallRefs, Test: rule.AtLeast(l.flag, l.low, false, l.why),
			Doc: l.smallDoc + "\n\nIt fires when --" + l.flag + " is set to less than " + l.value + ". Not set is " + l.left + ".\n" + snippet,
		},
		{
			ID: l.left, Title: l.leftT, Severity: control.Info, Profile: control.Hygiene, Refs: l.refs, Test: rule.Stated(l.flag, l.value, l.unset),
			Doc: l.leaves + "\n\nIt fires when --" + l.flag + " is not set. Too small a value is " + l.small + ".\n" + snippet,
		},
	}
}

func retention() []rule.Rule {
	var out []rule.Rule
	for _, l := range []limit{
		{
			flag: "audit-log-maxage", value: "30", low: 30, small: "BW3603", left: "BW3604",
			smallT: "Audit logs are kept for less than 30 days", leftT: "Audit logs have no chosen age",
			why: "deletes audit logs before an intrusion may be noticed", unset: "leaves the age of audit logs to the server's version",
			smallRefs: []string{
				"kubescape C-0131", "regolibrary ensure-that-the-api-server-audit-log-maxage-argument-is-set-to-30-or-as-appropriate",
				"checkov CKV_K8S_92", "CIS 1.12 1.2.17", "NSA logging",
			},
			refs: []string{
				"kubescape C-0131", "regolibrary ensure-that-the-api-server-audit-log-maxage-argument-is-set-to-30-or-as-appropriate",
				"checkov CKV_K8S_92", "trivy KCV-0020", "CIS 1.12 1.2.17",
			},
			smallDoc: `Intrusions are often noticed weeks after they began. Logs that are gone by then cannot tell what was taken. Zero keeps files
of any age, and then only their number and size bound the disk.`,
			leaves: `Servers up to 1.3x keep files of any age by default, newer ones (1.37 for certain) 366 days. Write down what your retention
rules ask for, so that an upgrade does not change it. Logs that are shipped elsewhere at once need little here.`,
		},
		{
			flag: "audit-log-maxbackup", value: "10", low: 10, small: "BW3605", left: "BW3606",
			smallT: "Fewer than 10 old audit logs are kept", leftT: "Old audit logs have no chosen number",
			why: "overwrites audit logs early", unset: "leaves the number of old audit logs to the server's version",
			smallRefs: []string{
				"kubescape C-0132", "regolibrary ensure-that-the-api-server-audit-log-maxbackup-argument-is-set-to-10-or-as-appropriate",
				"checkov CKV_K8S_93", "CIS 1.12 1.2.18", "NSA logging",
			},
			refs: []string{
				"kubescape C-0132", "regolibrary ensure-that-the-api-server-audit-log-maxbackup-argument-is-set-to-10-or-as-appropriate",
				"checkov CKV_K8S_93", "trivy KCV-0021", "CIS 1.12 1.2.18",
			},
			smallDoc: `An attacker who makes many requests turns the log over and so erases the traces of what came before. The more files are
kept, the longer that takes. Zero keeps all files, which can fill the disk and stop the server.`,
			leaves: `Older servers keep every file by default, newer ones (1.37 for certain) a hundred. Write down a number that fits the disk and
your retention rules, so that an upgrade does not change it.`,
		},
		{
			flag: "audit-log-maxsize", value: "100", low: 100, small: "BW3607", left: "BW3608",
			smallT: "Audit logs rotate before 100 MB", leftT: "Audit logs have no chosen size",
			why: "turns the log over quickly", unset: "leaves the size of audit logs to the server's version",
			smallRefs: []string{
				"kubescape C-0133", "regolibrary ensure-that-the-api-server-audit-log-maxsize-argument-is-set-to-100-or-as-appropriate",
				"checkov CKV_K8S_94", "CIS 1.12 1.2.19", "NSA logging",
			},
			refs: []string{
				"kubescape C-0133", "regolibrary ensure-that-the-api-server-audit-log-maxsize-argument-is-set-to-100-or-as-appropriate",
				"checkov CKV_K8S_94", "trivy KCV-0022", "CIS 1.12 1.2.19",
			},
			smallDoc: `Size times number of files is how much history there is. Small files turn over in minutes on a busy cluster, and an attacker
can hurry that along. Zero switches rotation off, and one file fills the disk.`,
			leaves: `Older servers have no limit of their own but the library's, newer ones (1.37 for certain) 100 MB. Write down a size that fits
the disk, so that an upgrade does not change it.`,
		},
	} {
		out = append(out, l.rules()...)
	}
	return out
}
