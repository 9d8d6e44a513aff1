package networksecuritypolicies

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/operators"
	"bulwark/facts/reach"
	"bulwark/facts/selection"
	"bulwark/world"
)

// policies of every kind that package reach understands.
var (
	orderedKinds = []string{
		"ClusterNetworkPolicy.policy.networking.k8s.io", "AdminNetworkPolicy.policy.networking.k8s.io", "BaselineAdminNetworkPolicy.policy.networking.k8s.io",
	}
	ciliumKinds = []string{"CiliumNetworkPolicy.cilium.io", "CiliumClusterwideNetworkPolicy.cilium.io"}
	calicoKinds = []string{
		"NetworkPolicy.crd.projectcalico.org", "NetworkPolicy.projectcalico.org",
		"GlobalNetworkPolicy.crd.projectcalico.org", "GlobalNetworkPolicy.projectcalico.org",
	}
	allKinds = slices.Concat([]string{policyKind}, orderedKinds, ciliumKinds, calicoKinds)
)

func effectControls() []*control.Control {
	return []*control.Control{invalidPart, deadPortName, noDNS, inertPolicies, foreignPolicy, equalPriority, shadowedRule}
}

// model returns the network of the snapshot.
func model(p *control.Pass) (*reach.Model, error) { return reach.Fact.Of(p) }

// reportDefects reports each place of a list.
func reportDefects(p *control.Pass, list []reach.Defect) {
	for _, d := range list {
		p.Report(d.Path, "%s", d.Why)
	}
}

var invalidPart = &control.Control{
	ID:       "BW0114",
	Concept:  concept,
	Title:    "Policy has a part that cannot be valid",
	Severity: control.Medium,
	Refs:     []string{"NSA net"},
	Kinds:    allKinds,
	Requires: []control.AnyFact{reach.Fact},
	Check: func(p *control.Pass) error {
		m, err := model(p)
		if err != nil {
			return err
		}
		reportDefects(p, m.DefectsOf(p.Subject))
		return nil
	},
	Doc: `The API server refuses a NetworkPolicy with such a part, so that whatever was applied before stays in force, or nothing.
For policies of other kinds the schema does not catch all of it: they are stored, and the plugin drops the rule or the whole
policy, with a line in its log that nobody reads.

It fires for CIDR blocks that cannot be read, exceptions that are not a smaller part of their block, port ranges that end
before they begin, port numbers outside 1 to 65535, an endPort without a number, selectors with operators or values that do
not go together, peers that are empty or mix an ipBlock with selectors, and unknown tiers and actions.

    ports: [{port: 32000, endPort: 32768}]
    ipBlock: {cidr: 10.0.0.0/8, except: [10.9.0.0/16]}
`,
}

var deadPortName = &control.Control{
	ID:       "BW0115",
	Concept:  concept,
	Title:    "Rule names a port that no pod has",
	Severity: control.Low,
	Refs:     []string{"NSA net"},
	Kinds:    []string{policyKind},
	Requires: []control.AnyFact{reach.Fact, selection.Pods, operators.Fact},
	Check: func(p *control.Pass) error {
		m, err := model(p)
		if err != nil {
			return err
		}
		made, err := operators.Fact.Of(p)
		if err != nil {
			return err
		}
		for _, d := range m.DeadNames(p.Subject) {
			if o := made.In(p.Subject.Namespace); o != nil {
				p.Unknown(d.Path, "%s may make pods with such a port", o.Ref)
				continue
			}
			p.Report(d.Path, "%s", d.Why)
		}
		return nil
	},
	Doc: `A named port stands for the number that the destination pod gives that name, for the same protocol. A name that no pod
has matches nothing: the connection that the rule was written for is refused, and somebody opens more than needed to make it work.

It fires for an ingress rule when the policy selects workloads and none of them has a container or sidecar port of that name
and protocol, and for an egress rule when none of the pods it leads to has one. The name of a Service's port does not count.
Rules that lead to no workload at all are BW0108 and BW0109.

    # Deployment
    ports: [{name: metrics, containerPort: 9187}]
    # NetworkPolicy
    ports: [{port: metrics}]
`,
}

var noDNS = &control.Control{
	ID:       "BW0116",
	Concept:  concept,
	Title:    "Pod is isolated for egress and may not ask DNS",
	Severity: control.Low,
	Profile:  control.Hygiene,
	Refs:     []string{"NSA net"},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{reach.Fact},
	Check:    checkDNS,
	Doc: `A pod whose egress is limited and that cannot ask the cluster's DNS resolves no name. Most often the first outage after
a default deny is this one, and the first remedy is to take the policy away again.

It fires for a pod or template with the cluster's DNS (dnsPolicy ClusterFirst, the default) that some policy isolates for
egress when no policy lets it reach port 53 over UDP or TCP of the DNS pods, which are those of the Service kube-dns or, when
the input does not hold it, pods labelled k8s-app: kube-dns in kube-system; with NodeLocal DNSCache, 169.254.20.10. A pod that
needs no names at all may be excused: DNS is also a way to send data out.

    egress:
    - to:
      - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
        podSelector: {matchLabels: {k8s-app: kube-dns}}
      ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
`,
}

func checkDNS(p *control.Pass) error {
	m, err := model(p)
	if err != nil {
		return err
	}
	asked := false
	for _, c := range m.ClassesOf(p.Subject) {
		if c.HostNetwork || c.Pod.Spec.DNSPolicy != "" && c.Pod.Spec.DNSPolicy != corev1.DNSClusterFirst {
			continue
		}
		asked = true
		switch m.Isolated(c, reach.Egress) {
		case reach.Denied:
			continue
		case reach.Unknown:
			if err := m.Unread(); err != nil {
				return err
			}
			continue
		}
		best := reach.Denied
		for _, to := range dnsEnds(m) {
			for _, protocol := range []corev1.Protocol{corev1.ProtocolUDP, corev1.ProtocolTCP} {
				// only the way out is of interest: who may ask is the DNS's own affair
				if e := m.Decide(m.Pods(c), to, protocol, 53).Egress; e == reach.Allowed || e == reach.Unknown && best == reach.Denied {
					best = e
				}
			}
		}
		switch best {
		case reach.Denied:
			p.ReportPod(podOf(p.Subject, c), "", "no policy lets the pod reach DNS (port 53), though its egress is limited")
		case reach.Unknown:
			p.Unknown(podOf(p.Subject, c).SpecPath(""), "whether a policy lets the pod reach DNS")
		}
	}
	if !asked {
		p.NotApplicable()
	}
	return nil
}

func dnsEnds(m *reach.Model) []reach.Endpoint {
	ends := []reach.Endpoint{m.Pods(m.DNSClass())}
	if e, ok := m.NodeLocalDNS(); ok {
		ends = append(ends, e)
	}
	return ends
}

// podOf returns the template of an object that a class is made of: the class may
// have been read from a pod that the object made.
func podOf(o *world.Object, c *reach.Class) *world.PodTemplate {
	var first *world.PodTemplate
	for t := range o.Pods {
		if t == c.Pod {
			return t
		}
		if first == nil {
			first = t
		}
	}
	return first
}

var inertPolicies = &control.Control{
	ID:       "BW0117",
	Concept:  concept,
	Title:    "Network plugin does not enforce network policies",
	Severity: control.High,
	Refs:     []string{"CIS 1.12 5.3.1", "NSA net", "ATT&CK T1046"},
	Kinds:    []string{"DaemonSet.apps"},
	Requires: []control.AnyFact{reach.Fact},
	Check: func(p *control.Pass) error {
		m, err := model(p)
		if err != nil {
			return err
		}
		if m.Plugin.Object != p.Subject {
			p.NotApplicable()
			return nil
		}
		switch v, why := m.Enforced(); v {
		case reach.Denied:
			p.Report("metadata.name", "%s gives pods their network and enforces no policy: %s", m.Plugin.Name, why)
		case reach.Unknown:
			p.Unknown("metadata.name", "whether %s enforces policies: %s", m.Plugin.Name, why)
		}
		return nil
	},
	Doc: `NetworkPolicies are only as good as the plugin that turns them into filters. Some plugins have none: the API accepts every
policy, kubectl shows it, tools count it, and no packet is ever dropped.

It fires for the DaemonSet of a plugin that is known not to enforce policies (flannel, old kindnet, the AWS VPC CNI without its
policy agent or with --enable-network-policy=false, kube-router with --run-firewall=false) when nothing that does runs beside
it. Where that is decided elsewhere, such as in a ConfigMap or by a managed cluster, the answer is unknown. While it fires,
'bulwark reach' answers as if there were no policies.

Add an enforcing plugin, such as Calico's policy part beside flannel, or switch the agent on:

    args: [--enable-network-policy=true]
`,
}

var foreignPolicy = &control.Control{
	ID:       "BW0118",
	Concept:  concept,
	Title:    "Policy is written for another network plugin than the one that runs",
	Severity: control.Medium,
	Refs:     []string{"NSA net"},
	Kinds:    slices.Concat(ciliumKinds, calicoKinds),
	Requires: []control.AnyFact{reach.Fact},
	Check: func(p *control.Pass) error {
		m, err := model(p)
		if err != nil {
			return err
		}
		if name := m.Foreign(p.Subject); name != "" {
			p.Report("kind", "the network plugin is %s, which does not act on a %s", name, p.Subject.Kind)
		}
		return nil
	},
	Doc: `A policy of Cilium's or Calico's own kind is a custom resource like any other: it is stored wherever its definition is
installed, and does nothing unless that plugin runs. After a change of plugins, or with a chart made for another cluster, such
policies stay behind and look like protection.

It fires for a CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy, or a NetworkPolicy or GlobalNetworkPolicy of Calico when
the input shows another plugin at work. When it shows none the policy is taken to be in force.

Write what the policy says as a NetworkPolicy, which every enforcing plugin understands:

    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
`,
}

var equalPriority = &control.Control{
	ID:       "BW0119",
	Concept:  concept,
	Title:    "Two admin policies of equal priority select the same pods",
	Severity: control.Medium,
	Refs:     []string{"NSA net"},
	Kinds:    orderedKinds,
	Requires: []control.AnyFact{reach.Fact},
	Check: func(p *control.Pass) error {
		m, err := model(p)
		if err != nil {
			return err
		}
		for _, r := range m.Rivals(p.Subject) {
			p.Report("spec.priority", "%s has the same priority and selects %q too: which of them decides is not defined", r.Object.Ref, r.Class.Name)
		}
		return nil
	},
	Doc: `Policies of the admin tiers are asked in the order of their priority, and the first rule that matches decides. Between two
of equal priority the order is not defined: it may differ between plugins, versions and nodes, and change with a restart.

It fires for a ClusterNetworkPolicy, AdminNetworkPolicy or BaselineAdminNetworkPolicy when another one of the same tier and
priority selects some of the same workloads and the two have rules with different actions for the same direction.

    kind: ClusterNetworkPolicy
    spec: {tier: Admin, priority: 20}   # one policy for each number
`,
}

var shadowedRule = &control.Control{
	ID:       "BW0120",
	Concept:  concept,
	Title:    "Rule of an admin policy never decides anything",
	Severity: control.Low,
	Refs:     []string{"NSA net"},
	Kinds:    slices.Concat(orderedKinds, calicoKinds),
	Requires: []control.AnyFact{reach.Fact},
	Check: func(p *control.Pass) error {
		m, err := model(p)
		if err != nil {
			return err
		}
		reportDefects(p, m.Shadowed(p.Subject))
		return nil
	},
	Doc: `In an ordered policy the first rule that matches decides. A rule behind one that matches at least the same peers and ports
is dead: a Deny behind an Accept of everything protects nobody, although it can be read in the policy.

It fires for a rule of a ClusterNetworkPolicy, AdminNetworkPolicy, BaselineAdminNetworkPolicy or a policy of Calico when an
earlier rule of the same policy and direction has for each of its peers one that is the same or wider, and the same for
each of its ports. Put the narrow rule first, or take it away.

    ingress:
    - {action: Deny, from: [{namespaces: {matchLabels: {team: guests}}}]}
    - {action: Accept, from: [{namespaces: {}}]}
`,
}
