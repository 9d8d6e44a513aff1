package rbac

import (
	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/control"
	"bulwark/facts/rbac"
)

// boundPowers returns the table of rights that bindings are searched for, by id.
func boundPowers() []*bound {
	return []*bound{{
		id: "BW1270", title: "Binding lets its subjects read Secrets", powers: []string{"BW1210"}, severity: control.High,
		refs: []string{
			"CIS 1.12 5.1.2", "ATT&CK T1552.007", "kubescape C-0015", "kubescape C-0186", "regolibrary rule-can-list-get-secrets-v1", "kube-linter access-to-secrets",
		},
	}, {
		id: "BW1271", title: "Binding lets its subjects change Secrets", powers: []string{"BW1211"}, severity: control.Medium,
		refs: []string{"ATT&CK T1098", "kube-linter access-to-secrets"},
	}, {
		id: "BW1272", title: "Binding lets its subjects create pods", powers: []string{"BW1213"}, severity: control.High,
		refs: []string{"CIS 1.12 5.1.4", "ATT&CK T1610", "kubescape C-0188", "regolibrary rule-can-create-pod", "kube-linter access-to-create-pods"},
	}, {
		id: "BW1273", title: "Binding lets its subjects create workloads", can: "create workloads", grants: workloads([]string{"create"}), severity: control.Medium,
		refs: []string{"CIS 1.12 5.1.4", "ATT&CK T1610", "kube-linter access-to-create-pods"},
	}, {
		id: "BW1274", title: "Binding lets its subjects run commands in pods", powers: []string{"BW1215"}, severity: control.High,
		refs: []string{
			"ATT&CK T1609", "kubescape C-0002", "regolibrary exec-into-container-v1",
			"polaris clusterrolebindingPodExecAttach", "polaris rolebindingRolePodExecAttach", "polaris rolebindingClusterRolePodExecAttach",
		},
	}, {
		id: "BW1275", title: "Binding lets its subjects get pods/exec", powers: []string{"BW1216"}, severity: control.Low,
		refs: []string{
			"ATT&CK T1609", "polaris clusterrolebindingPodExecAttach", "polaris rolebindingRolePodExecAttach", "polaris rolebindingClusterRolePodExecAttach",
		},
	}, {
		id: "BW1276", title: "Binding lets its subjects forward ports of pods", powers: []string{"BW1218"}, severity: control.Medium,
		refs: []string{"ATT&CK T1090", "kubescape C-0063", "regolibrary rule-can-portforward-v1"},
	}, {
		id: "BW1277", title: "Binding lets its subjects impersonate others", powers: []string{"BW1220"}, severity: control.Critical,
		refs: []string{"CIS 1.12 5.1.8", "ATT&CK T1078", "kubescape C-0065", "regolibrary rule-can-impersonate-users-groups-v1"},
	}, {
		id: "BW1278", title: "Binding lets its subjects bind or escalate roles", powers: []string{"BW1222", "BW1223"}, can: "bind or escalate roles", severity: control.Critical,
		refs: []string{"CIS 1.12 5.1.8", "ATT&CK T1098.006", "kubescape C-0191", "regolibrary rule-can-bind-escalate"},
	}, {
		id: "BW1279", title: "Binding lets its subjects proxy to kubelets", powers: []string{"BW1225"}, severity: control.High,
		refs: []string{"CIS 1.12 5.1.10", "ATT&CK T1609", "kubescape C-0279", "regolibrary rule-can-access-proxy-subresource"},
	}, {
		id: "BW1280", title: "Binding lets its subjects change admission webhooks", powers: []string{"BW1227"}, severity: control.High,
		refs: []string{"CIS 1.12 5.1.12", "ATT&CK T1562.001", "kubescape C-0281", "regolibrary rule-can-modify-admission-webhooks"},
	}, {
		id: "BW1281", title: "Binding lets its subjects issue certificates", powers: []string{"BW1229"}, severity: control.High,
		refs: []string{"CIS 1.12 5.1.11", "ATT&CK T1098", "kubescape C-0280", "regolibrary rule-can-approve-cert-signing-request"},
	}, {
		id: "BW1282", title: "Binding lets its subjects mint tokens", powers: []string{"BW1231"}, severity: control.High,
		refs: []string{"CIS 1.12 5.1.13", "ATT&CK T1528", "kubescape C-0282", "regolibrary rule-can-create-service-account-token"},
	}, {
		id: "BW1283", title: "Binding lets its subjects create persistent volumes", powers: []string{"BW1232"}, severity: control.Medium,
		refs: []string{"CIS 1.12 5.1.9", "ATT&CK T1611", "kubescape C-0278"},
	}, {
		id: "BW1284", title: "Binding lets its subjects delete workloads or data", powers: []string{"BW1233"}, severity: control.Medium,
		refs: []string{"ATT&CK T1485", "kubescape C-0007", "regolibrary rule-excessive-delete-rights-v1"},
	}, {
		id: "BW1285", title: "Binding lets its subjects delete events", powers: []string{"BW1234"}, severity: control.Medium,
		refs: []string{"ATT&CK T1070", "kubescape C-0031", "regolibrary rule-can-delete-k8s-events-v1"},
	}, {
		id: "BW1287", title: "Service account may create pods/exec or nodes/proxy", can: "run commands in pods", accounts: true, severity: control.High,
		grants: []rbac.Grant{
			{Resources: []string{"pods/exec"}, Verbs: []string{"create"}, AnyName: true},
			{Resources: []string{"nodes/proxy"}, Verbs: []string{"create"}, Cluster: true, AnyName: true},
		},
		refs: []string{"ATT&CK T1609", "checkov NoCreateNodesProxyOrPodsExec", "checkov CKV2_K8S_2"},
	}, {
		id: "BW1288", title: "Service account may impersonate others", powers: []string{"BW1220"}, accounts: true, severity: control.Critical,
		refs: []string{"ATT&CK T1078", "checkov ImpersonatePermissions", "checkov CKV2_K8S_3"},
	}, {
		id: "BW1289", title: "Service account may write bindings", can: "write bindings", accounts: true, severity: control.High,
		grants: []rbac.Grant{
			{Group: rbacv1.GroupName, Resources: []string{"clusterrolebindings"}, Verbs: append([]string{"bind"}, writing...), Cluster: true},
			{Group: rbacv1.GroupName, Resources: []string{"rolebindings"}, Verbs: append([]string{"bind"}, writing...)},
		},
		refs: []string{"ATT&CK T1098.006", "checkov RoleBindingPE", "checkov CKV2_K8S_1"},
	}, {
		id: "BW1290", title: "Service account may change the status of Services", powers: []string{"BW1239"}, accounts: true, severity: control.Medium,
		refs: []string{"ATT&CK T1557", "CVE-2020-8554", "checkov ModifyServicesStatus", "checkov CKV2_K8S_4"},
	}, {
		id: "BW1291", title: "Service account may read Secrets", powers: []string{"BW1210"}, accounts: true, severity: control.High,
		refs: []string{"ATT&CK T1552.007", "checkov ReadAllSecrets", "checkov CKV2_K8S_5"},
	}}
}
