package networksecuritypolicies

import (
	"k8s.io/apimachinery/pkg/labels"

	"bulwark/control"
	"bulwark/facts/netpolicies"
	"bulwark/world"
)

func isolationControls() []*control.Control { return []*control.Control{openIngress, openEgress} }

var openIngress = &control.Control{
	ID:       "BW0101",
	Concept:  concept,
	Title:    "No policy limits who may connect to the pod",
	Severity: control.Medium,
	Refs: []string{
		"kubescape C-0260", "kubescape C-0030", "regolibrary ensure_network_policy_configured_in_labels", "regolibrary ingress-and-egress-blocked",
		"kube-linter non-isolated-pod", "polaris missingNetworkPolicy", "kube-score Pod NetworkPolicy",
		"checkov CKV2_K8S_6", "checkov RequireAllPodsToHaveNetworkPolicy", "kyverno require-netpol", "kyverno require-network-policy",
		"CIS 1.12 5.3.2", "NSA net", "ATT&CK T1046",
	},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{netpolicies.Fact},
	Check:    func(p *control.Pass) error { return checkIsolation(p, netpolicies.Ingress) },
	Doc: `A pod that no policy selects for ingress takes connections from every pod of the cluster. Whoever takes over one pod
reaches all others: databases, queues and admin ports that trust their network.

It fires for a pod or template that no NetworkPolicy of its namespace selects with Ingress among its effective policyTypes;
policies of Cilium and Calico count as well. A namespace-wide default deny is enough, and so is a policy without rules. Pods
with the host's network are never isolated by a policy and not judged here. Where only admin-tier policies could isolate the
pod, or the input holds no policies of the namespace, the answer is unknown.

    kind: NetworkPolicy
    spec:
      podSelector: {matchLabels: {app: db}}
      policyTypes: [Ingress]
      ingress: [{from: [{podSelector: {matchLabels: {app: api}}}]}]
`,
}

var openEgress = &control.Control{
	ID:       "BW0102",
	Concept:  concept,
	Title:    "No policy limits where the pod may connect to",
	Severity: control.Medium,
	Refs: []string{
		"kubescape C-0030", "regolibrary ingress-and-egress-blocked", "polaris missingNetworkPolicy", "kube-score Pod NetworkPolicy",
		"CIS 1.12 5.3.2", "NSA net", "ATT&CK T1046", "ATT&CK T1041",
	},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{netpolicies.Fact},
	Check:    func(p *control.Pass) error { return checkIsolation(p, netpolicies.Egress) },
	Doc: `A pod that no policy selects for egress may connect anywhere: to the cloud metadata service, to every other pod, and to
the internet, where tools are fetched from and stolen data is sent to.

It fires for a pod or template that no NetworkPolicy of its namespace selects with Egress among its effective policyTypes.
When policyTypes is left out, Egress counts only if the policy has egress rules. Otherwise the rules are those of BW0101.

Allow what is needed, name resolution first:

    kind: NetworkPolicy
    spec:
      podSelector: {matchLabels: {app: api}}
      policyTypes: [Egress]
      egress:
      - to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}]
        ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
`,
}

func checkIsolation(p *control.Pass, d netpolicies.Direction) error {
	x, err := netpolicies.Fact.Of(p)
	if err != nil {
		return err
	}
	hostOnly := true
	for t := range p.Subject.Pods {
		if t.Spec.HostNetwork {
			continue
		}
		hostOnly = false
		by, err := x.Isolates(p.Subject.Namespace, podLabels(t), d)
		switch {
		case by != nil:
		case err != nil:
			p.Unknown(t.MetaPath("labels"), "whether a policy isolates the pod for %s: %s", lower(d), err)
		default:
			p.Report(t.MetaPath("labels"), "no policy isolates the pod for %s", lower(d)).
				NewObject(denyMessage(d), denyYAML(p.Subject.Namespace, d))
		}
	}
	if hostOnly {
		p.NotApplicable()
	}
	return nil
}

func podLabels(t *world.PodTemplate) labels.Set {
	if t.Meta == nil {
		return nil
	}
	return t.Meta.Labels
}

func lower(d netpolicies.Direction) string { return d.String() }

func denyMessage(d netpolicies.Direction) string {
	if d == netpolicies.Egress {
		return "deny egress of every pod of the namespace by default; first add policies for what must get out, DNS above all"
	}
	return "deny ingress to every pod of the namespace by default; first add policies for what must get in"
}

// denyYAML is a policy that isolates every pod of a namespace in one direction.
func denyYAML(namespace string, d netpolicies.Direction) string {
	in := ""
	if namespace != "" {
		in = "\n  namespace: " + namespace
	}
	return `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: default-deny-` + lower(d) + in + `
spec:
  podSelector: {}
  policyTypes:
  - ` + map[netpolicies.Direction]string{netpolicies.Ingress: "Ingress", netpolicies.Egress: "Egress"}[d] + `
`
}
