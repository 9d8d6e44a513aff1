package main

import "strings"

// deliberate is where Bulwark differs from a peer on purpose, for rows of one
// check whose input has a text in its path and, when set, whose object has the name.
type deliberate struct {
	oracle, check, input, name string
	expect                     string // what the peer says
	reason                     string
}

// disagreements is every one of them. A row is only excused here when the peer
// is wrong, or when its verdict rests on something that is in none of its files.
func disagreements() []deliberate {
	return []deliberate{
		{"polaris", "hpaMinAvailability", "success.minReplicaAbsent", "", "pass", "minReplicas is 1 where it is absent, which is what the check is about"},
		{"polaris", "missingNetworkPolicy", "failure.netpol_missing_egress_rules", "", "fail", "a policy of type Egress without rules denies all egress: the pod is isolated"},
		{"polaris", "missingNetworkPolicy", "failure.netpol_missing_ingress_rules", "", "fail", "a policy of type Ingress without rules denies all ingress: the pod is isolated"},
		{"polaris", "clusterrolePodExecAttach", "success.gce_calico_clusterrole", "", "pass", "the role grants everything; the peer exempts its name"},
		{"polaris", "rolePodExecAttach", "success.gce_calico_binding", "", "pass", "the role grants everything; the peer exempts its name"},
		{"checkov", "CKV_K8S_39", "AllowedCapabilitiesSysAdmin/pod-FAILED2.yaml", "", "fail", "the pod has no containers; the peer's own count of failures leaves it out"},
		{"checkov", "NoCreateNodesProxyOrPodsExec", "", "failing-crb4", "fail", "the role is about the group rbac.authorization.k8s.io, which has neither nodes/proxy nor pods/exec; the peer ignores groups"},
		{"regolibrary", "ensure-that-the-api-server-audit-log-maxsize-argument-is-set-to-100-or-as-appropriate", "/test/failed/input/1.yaml", "", "fail", "the value is what the benchmark asks for; the peer wants every value looked at by a person"},
		{"regolibrary", "ensure-that-the-api-server-audit-log-maxsize-argument-is-set-to-100-or-as-appropriate", "/test/rke2-args/", "", "fail", "the value is what the benchmark asks for; the peer wants every value looked at by a person"},
		{"regolibrary", "kubelet-rotate-certificates", "/fail-sensor-failed/", "", "fail", "the kubelet's configuration could not be read: that is unknown, neither pass nor fail"},
		{"regolibrary", "ensure-that-the-kubelet-service-file-ownership-is-set-to-root-root", "/test/failed/input/user.json", "", "fail", "the file belongs to root:root; the row is that of the object of the same name in group.json"},
		{"checkov", "CKV_K8S_106", "ApiServer-PASSED-2.yaml", "", "pass", "the flag has no value: the controller manager would not start"},
		{"regolibrary", "pods-in-default-namespace", "workload/input/deployment2.yaml", "test", "fail", "the namespace is not-default; the row belongs to the object of the same name in deployment1.yaml"},
		{"regolibrary", "system-authenticated-allowed-to-take-over-cluster", "test/fail/input/clusterrole.yaml", "", "fail", "one finding, on the binding; the peer's alert lists the role as its related object"},
		{"regolibrary", "alert-mount-potential-credentials-paths", "no_cloud_provider_pass", "", "pass", "the same keys are mounted; the peer is silent when it does not know the cloud"},
		{"trivy", "KSV-0107", "test_eval_k8s_api_with_data_match", "", "fail", "the row's test brings a made-up list of lifecycles, in which batch/v1 is gone"},
		{"trivy", "KSV-0107", "test_eval_k8s_api_with_data_do_not_match", "", "pass", "the row's test brings a made-up list of lifecycles, in which batch/v2 is served"},
		{"kubescore", "Stable version", "cronjob-batchv1beta1.yaml", "", "pass", "the peer judges for Kubernetes 1.18, which still served batch/v1beta1"},
		{"trivy", "DS-0012", "DS-0012_test_basic_allowed", "", "pass", "two stages are called build, which is what the check is about"},
	}
}

// disagreement returns why we differ from a peer on purpose, "" when we do not.
func (j *judge) disagreement(oracle string, r *Row) string {
	p, _ := peerOf(oracle)
	if j.incomplete(p, r) {
		return "an object that the verdict rests on is in a file that is not part of the material"
	}
	if p.elsewhere != nil {
		if reason := p.elsewhere(r); reason != "" {
			return reason
		}
	}
	for _, d := range disagreements() {
		if d.oracle == oracle && d.check == r.Check && d.expect == r.Expect && strings.Contains(r.Input, d.input) &&
			(d.name == "" || r.Object != nil && r.Object.Name == d.name) {
			return d.reason
		}
	}
	return ""
}
