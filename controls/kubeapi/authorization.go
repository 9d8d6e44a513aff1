package kubeapi

import (
	"bulwark/control"
	"bulwark/facts/components/rule"
)

func authorization() []rule.Rule {
	return []rule.Rule{
		{
			ID: "BW0609", Title: "API server allows everything", Severity: control.Critical, Implies: []string{"BW0611", "BW0612"},
			Refs: []string{
				"kubescape C-0118", "trivy KCV-0007", "checkov CKV_K8S_74", "CIS 1.12 1.2.6", "ATT&CK T1078", "NSA authorization",
				"regolibrary ensure-that-the-api-server-authorization-mode-argument-is-not-set-to-AlwaysAllow",
			},
			Test: rule.ExcludesOr("authorization-mode", "Node,RBAC", "lets every caller do everything", "AlwaysAllow"),
			Doc: `AlwaysAllow answers every question "may this caller do that?" with yes. Every service account, and with anonymous
access everybody who reaches the port, is then an administrator: reads all Secrets, runs privileged pods, owns the nodes.
Modes are asked in turn until one decides, so AlwaysAllow behind RBAC undoes RBAC.

It fires when --authorization-mode contains AlwaysAllow anywhere.

    - --authorization-mode=Node,RBAC
`,
		},
		{
			ID: "BW0610", Title: "API server has no authorization mode", Severity: control.Critical, Implies: []string{"BW0611", "BW0612"},
			Refs: []string{"CIS 1.12 1.2.6", "ATT&CK T1078"},
			Test: withoutFile(rule.Stated("authorization-mode", "Node,RBAC", "allows everything, which is the default")),
			Doc: `The default of --authorization-mode is AlwaysAllow. A server that is started by hand, or by a tool that forgot the flag,
lets every authenticated caller do everything.

It fires when neither --authorization-mode nor --authorization-config is set.

    - --authorization-mode=Node,RBAC
`,
		},
		{
			ID: "BW0611", Title: "API server does not confine kubelets", Severity: control.High,
			Refs: []string{
				"kubescape C-0119", "regolibrary ensure-that-the-api-server-authorization-mode-argument-includes-Node", "trivy KCV-0008",
				"checkov CKV_K8S_75", "CIS 1.12 1.2.7",
			},
			Test: withoutFile(rule.Contains("authorization-mode", "Node", false, "does not limit what a kubelet may read")),
			Doc: `The Node authorizer lets a kubelet read only the Secrets, ConfigMaps and volumes of the pods that run on its node. Without
it kubelets need a broad role, and one compromised node reads the Secrets of all.

It fires when --authorization-mode has no Node, or is not set. A server with --authorization-config is judged by its file
(BW0641).

Put Node first, and remove bindings that give system:nodes more:

    - --authorization-mode=Node,RBAC
`,
		},
		{
			ID: "BW0612", Title: "API server does not use RBAC", Severity: control.High,
			Refs: []string{
				"kubescape C-0120", "kubescape C-0088", "regolibrary ensure-that-the-api-server-authorization-mode-argument-includes-RBAC",
				"regolibrary rbac-enabled-native", "trivy KCV-0009", "checkov CKV_K8S_77", "CIS 1.12 1.2.8", "NSA authorization",
			},
			Test: withoutFile(rule.Contains("authorization-mode", "RBAC", false, "ignores Roles and bindings")),
			Doc: `Roles and bindings do nothing unless the API server asks the RBAC authorizer. ABAC, which it replaced, is one file of
rules that nobody can change at run time or review through the API; webhooks alone fail with their network.

It fires when --authorization-mode has no RBAC, or is not set. A server with --authorization-config is judged by its file
(BW0641).

Prepare Roles for the existing users first, since everything that they do not grant is refused:

    - --authorization-mode=Node,RBAC
`,
		},
	}
}

// withoutFile judges only servers whose authorizers stand on the command line.
func withoutFile(t rule.Test) rule.Test {
	return func(c *rule.Case) {
		if c.Proc.Get("authorization-config").Set {
			c.NotApplicable()
			return
		}
		t(c)
	}
}
