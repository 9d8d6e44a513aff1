package kubeapi

import (
	"strings"

	"bulwark/control"
	"bulwark/facts/components/rule"
)

const (
	enabled  = "enable-admission-plugins"
	disabled = "disable-admission-plugins"
)

func admission() []rule.Rule {
	return []rule.Rule{
		{
			ID: "BW0604", Title: "Services may take any external address", Severity: control.Low, Profile: control.Hygiene,
			Refs: []string{
				"kubescape C-0283", "regolibrary ensure-that-the-api-server-DenyServiceExternalIPs-is-set", "CIS 1.12 1.2.3", "ATT&CK T1557",
			},
			Test: rule.Contains(enabled, "DenyServiceExternalIPs", true, "lets whoever creates Services claim addresses (CVE-2020-8554)"),
			Doc: `A user who may create or change Services can put any address into externalIPs and so receive the traffic that other pods
send there, for instance to a DNS server or a metadata service (CVE-2020-8554). Nothing in Kubernetes checks that the
address is theirs.

It fires when the plugin DenyServiceExternalIPs is not in --enable-admission-plugins. Where externalIPs are in use, or a
policy engine restricts them, excuse this.

    - --enable-admission-plugins=NodeRestriction,DenyServiceExternalIPs
`,
		},
		{
			ID: "BW0605", Title: "External addresses of Services are forbidden", Severity: control.Info, Profile: control.Strict,
			Refs: []string{
				"kubescape C-0115", "regolibrary ensure-that-the-api-server-DenyServiceExternalIPs-is-not-set", "trivy KCV-0003",
			},
			Test: rule.Excludes(enabled, "refuses Services that need externalIPs", "DenyServiceExternalIPs"),
			Doc: `Older benchmarks asked for the plugin DenyServiceExternalIPs to stay off, so that clusters without a load balancer can
publish Services by externalIPs. Newer ones ask for the opposite, which is BW0604.

It fires when the plugin is enabled, and is for houses that follow the older rule: bare-metal clusters whose Services
depend on externalIPs and that restrict them by policy instead.

    - --enable-admission-plugins=NodeRestriction
`,
		},
		{
			ID: "BW0613", Title: "API server does not limit the rate of events", Severity: control.Low, Profile: control.Hygiene,
			Refs: []string{
				"kubescape C-0121", "regolibrary ensure-that-the-admission-control-plugin-EventRateLimit-is-set", "trivy KCV-0010",
				"CIS 1.12 1.2.9", "ATT&CK T1499",
			},
			Test: rule.Contains(enabled, "EventRateLimit", false, "one client can fill etcd with events"),
			Doc: `Every pod with a broken probe, and every client that may create events, writes to etcd. A crash loop or an attacker can
fill it, and a full etcd stops the cluster. The EventRateLimit plugin gives namespaces, users or sources a quota.

It fires when EventRateLimit is not in --enable-admission-plugins. The plugin needs an AdmissionConfiguration with its
limits, which depend on the cluster, so that there is no automatic fix.

    - --enable-admission-plugins=NodeRestriction,EventRateLimit
    - --admission-control-config-file=/etc/kubernetes/admission.yaml
`,
		},
		{
			ID: "BW0614", Title: "Admission plugin AlwaysAdmit is on", Severity: control.High,
			Refs: []string{
				"kubescape C-0122", "regolibrary ensure-that-the-admission-control-plugin-AlwaysAdmit-is-not-set", "trivy KCV-0011",
				"checkov CKV_K8S_79", "CIS 1.12 1.2.10",
			},
			Test: rule.Excludes(enabled, "admits whatever it is given", "AlwaysAdmit"),
			Doc: `AlwaysAdmit is a plugin for tests that accepts every request. A server that lists it was configured without thought for
admission, often in place of the plugins that enforce Pod Security, quotas or node limits.

It fires when AlwaysAdmit is in --enable-admission-plugins. It has been deprecated since 1.13.

Name the plugins that you want beyond the defaults:

    - --enable-admission-plugins=NodeRestriction
`,
		},
		{
			ID: "BW0615", Title: "API server does not force images to be pulled", Severity: control.Low, Profile: control.Hygiene,
			Refs: []string{
				"kubescape C-0123", "regolibrary ensure-that-the-admission-control-plugin-AlwaysPullImages-is-set", "trivy KCV-0012",
				"checkov CKV_K8S_80", "CIS 1.12 1.2.11",
			},
			Test: rule.Contains(enabled, "AlwaysPullImages", true, "pods can use private images that others pulled"),
			Doc: `An image that one pod pulled with its credentials stays on the node. A pod of another tenant that names the same image
with pull policy IfNotPresent gets it without any credentials. AlwaysPullImages makes every start ask the registry, which
checks them.

It fires when the plugin is not in --enable-admission-plugins. The price is that pods do not start while the registry is
down. Kubelets from 1.33 on can check credentials themselves (KubeletEnsureSecretPulledImages); then excuse this.

    - --enable-admission-plugins=NodeRestriction,AlwaysPullImages
`,
		},
		{
			ID: "BW0616", Title: "Admission plugin ServiceAccount is off", Severity: control.Medium,
			Refs: []string{
				"kubescape C-0125", "regolibrary ensure-that-the-admission-control-plugin-ServiceAccount-is-set", "trivy KCV-0014",
				"CIS 1.12 1.2.12",
			},
			Test: rule.Excludes(disabled, "pods may name service accounts that do not exist or mount others' Secrets", "ServiceAccount"),
			Doc: `The ServiceAccount plugin gives each pod its service account and token, refuses accounts that do not exist, and enforces
which Secrets a pod of an account may use. Without it pods run without identity, and people then hand out long-lived
tokens by hand.

It fires when --disable-admission-plugins contains ServiceAccount. It is on by default.

Take it off that list:

    - --disable-admission-plugins=DefaultStorageClass
`,
		},
		{
			ID: "BW0617", Title: "Admission plugin NamespaceLifecycle is off", Severity: control.Medium,
			Refs: []string{
				"kubescape C-0126", "regolibrary ensure-that-the-admission-control-plugin-NamespaceLifecycle-is-set", "trivy KCV-0015",
				"CIS 1.12 1.2.13",
			},
			Test: rule.Excludes(disabled, "objects can be created in namespaces that are being deleted", "NamespaceLifecycle"),
			Doc: `NamespaceLifecycle refuses objects in namespaces that do not exist or are being deleted, and protects default,
kube-system and kube-public from deletion. Without it objects can outlive their namespace, where no policy and no quota
of the namespace applies to them.

It fires when --disable-admission-plugins contains NamespaceLifecycle. It is on by default.

Take it off that list:

    - --disable-admission-plugins=DefaultStorageClass
`,
		},
		{
			ID: "BW0618", Title: "API server does not confine what kubelets change", Severity: control.High,
			Refs: []string{
				"kubescape C-0127", "regolibrary ensure-that-the-admission-control-plugin-NodeRestriction-is-set", "trivy KCV-0016",
				"checkov CKV_K8S_85", "CIS 1.12 1.2.14", "ATT&CK T1098",
			},
			Test: rule.Contains(enabled, "NodeRestriction", true, "a kubelet can change other nodes and their pods"),
			Doc: `NodeRestriction lets a kubelet change only its own Node and the pods bound to it, and keeps it from giving itself labels
that schedulers and policies trust. Without it, root on one node relabels its node to attract sensitive pods or writes to
other nodes' pods.

It fires when NodeRestriction is not in --enable-admission-plugins; it is not on by default. It works only for kubelets
whose user is system:node:<name> in the group system:nodes.

    - --enable-admission-plugins=NodeRestriction
`,
		},
		{
			ID: "BW0619", Title: "An admission guard is switched off", Severity: control.High,
			Refs: []string{"CIS 1.12 5.2.1", "ATT&CK T1562"},
			Test: rule.Excludes(disabled, "rules that depend on it are not enforced", "PodSecurity", "ValidatingAdmissionPolicy",
				"ValidatingAdmissionWebhook", "MutatingAdmissionWebhook", "CertificateApproval", "CertificateSigning", "CertificateSubjectRestriction"),
			Doc: `Some plugins are on by default because rules of the cluster rest on them: PodSecurity enforces the namespace labels,
the webhook and policy plugins call Kyverno, Gatekeeper and ValidatingAdmissionPolicies, the Certificate plugins keep
people from signing themselves into system:masters. Switched off, the labels and policies stay and look as if they worked.

It fires when --disable-admission-plugins contains one of PodSecurity, ValidatingAdmissionPolicy,
ValidatingAdmissionWebhook, MutatingAdmissionWebhook, CertificateApproval, CertificateSigning and
CertificateSubjectRestriction.

    - --disable-admission-plugins=DefaultStorageClass
`,
		},
		{
			ID: "BW0620", Title: "An admission plugin that your house requires is not named", Severity: control.Low, Profile: control.Strict,
			Refs: []string{
				"kubescape C-0124", "kubescape C-0068", "trivy KCV-0013", "checkov CKV_K8S_81", "checkov CKV_K8S_82", "checkov CKV_K8S_83",
				"checkov CKV_K8S_84", "regolibrary psp-enabled-native",
				"regolibrary ensure-that-the-admission-control-plugin-SecurityContextDeny-is-set-if-PodSecurityPolicy-is-not-used",
			},
			Params: []control.Param{{
				Name: "plugins",
				Doc:  "Admission plugins that --enable-admission-plugins must name. An item may give alternatives: \"PodSecurityPolicy|SecurityContextDeny\".",
			}},
			Test: required,
			Doc: `Houses differ in the admission plugins that they want to see in --enable-admission-plugins: old benchmarks ask for
PodSecurityPolicy or SecurityContextDeny, some teams for plugins that are on by default to be named all the same.

It fires for each item of the parameter plugins that the flag does not name; an item with a bar is satisfied by any of its
alternatives. Without the parameter it does nothing. PodSecurityPolicy left in 1.25 and SecurityContextDeny in 1.30: newer
servers refuse to start with them, so require them of old servers only.

    - --enable-admission-plugins=NodeRestriction,ServiceAccount
`,
		},
	}
}

// required judges the plugins that the parameter asks for.
func required(c *rule.Case) {
	s, ok := c.Get(enabled)
	if !ok {
		return
	}
	for _, item := range c.Strings("plugins") {
		found := false
		for _, name := range strings.Split(item, "|") {
			found = found || s.Has(name)
		}
		if !found {
			c.Bad(s, "does not name the admission plugin %s", strings.ReplaceAll(item, "|", " or "))
		}
	}
}
