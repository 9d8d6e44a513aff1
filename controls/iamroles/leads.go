package iamroles

import (
	"slices"

	"bulwark/control"
	"bulwark/facts/iam"
	"bulwark/facts/iam/aws"
	"bulwark/facts/iam/awspolicy"
	"bulwark/internal/tri"
	"bulwark/source/cloud"
)

// eachGrant calls f for every role that the subject, a service account or a pod
// whose account was not seen, can become.
func eachGrant(p *control.Pass, f func(m *iam.Model, a *iam.Account, g *iam.Grant, report func(format string, args ...any) control.Reporter, unknown func(format string, args ...any))) error {
	m, err := iam.Fact.Of(p)
	if err != nil {
		return err
	}
	if m.Empty() {
		p.NotApplicable()
		return nil
	}
	if p.Subject.Kind == "ServiceAccount" && p.Subject.Group == "" {
		eachOf(m, p.Subject.Namespace, p.Subject.Name, f, func(format string, args ...any) control.Reporter { return p.Report("metadata.name", format, args...) },
			func(format string, args ...any) { p.Unknown("metadata.name", format, args...) })
		return nil
	}
	for t := range p.Subject.Pods {
		name := t.Spec.ServiceAccountName
		if name == "" {
			name = "default"
		}
		if a := m.Account(p.Subject.Namespace, name); a == nil || a.Object != nil {
			continue
		}
		at := "serviceAccountName"
		eachOf(m, p.Subject.Namespace, name, f, func(format string, args ...any) control.Reporter { return p.ReportPod(t, at, format, args...) },
			func(format string, args ...any) { p.Unknown(t.SpecPath(at), format, args...) })
	}
	return nil
}

func eachOf(m *iam.Model, namespace, name string, f func(*iam.Model, *iam.Account, *iam.Grant, func(string, ...any) control.Reporter, func(string, ...any)),
	report func(string, ...any) control.Reporter, unknown func(string, ...any)) {
	a := m.Account(namespace, name)
	if a == nil {
		a = &iam.Account{Namespace: namespace, Name: name}
	}
	for _, g := range m.Assumable(namespace, name) {
		f(m, a, &g, report, unknown)
	}
}

var reachesAdmin = &control.Control{
	ID: "BW1614", Concept: concept, Severity: control.Critical,
	Title: "Service account comes to all rights in a cloud",
	Doc: `What a pod may do in the cloud is what its service account can become there. A role need not be called administrator for that: one that may
pass a stronger role to a function, write a version of its own policy, or change whom another role trusts gets the same in a step or two.

It fires for a ServiceAccount (or a workload whose account is not in the input) that can become, by IRSA, EKS Pod Identity or Workload Identity, an exported identity that has all
rights in its account, project or subscription or certainly comes to them. Where a condition or something that was not exported decides, the verdict is unknown. Without the
organization's policies it is an upper bound.

Give the role what the program uses. ` + "`bulwark cloud sa:NAMESPACE/NAME`" + ` shows each step and the statement that opens it.

` + "```yaml\nAction: s3:GetObject\nResource: arn:aws:s3:::shop-images/*\n```",
	Refs:     []string{"ATT&CK T1078.004", "ATT&CK T1098.003", "ATT&CK T1548.005"},
	Kinds:    []string{"ServiceAccount", control.Pods},
	Requires: []control.AnyFact{iam.Fact},
	Implies:  []string{"BW1607"},
	Check: func(p *control.Pass) error {
		return eachGrant(p, func(m *iam.Model, a *iam.Account, g *iam.Grant, report func(string, ...any) control.Reporter, unknown func(string, ...any)) {
			r := m.Admin(g.Role)
			switch v := tri.And(g.Verdict, r.Verdict); {
			case v == tri.No || r.Verdict == tri.No:
			case v == tri.Unknown:
				unknown("whether account %q comes to all rights as %q: %s", a.Name, g.Role.ID, firstReason(g, &r))
			case len(r.Steps) == 0:
				related(report("service account %q can become %q, which has all rights in %s", a.Name, g.Role.ID, r.Of), g.By)
			default:
				related(related(report("service account %q can become %q, which comes to all rights in %s: it %s", a.Name, g.Role.ID, r.Of, r.Steps[0].Title), g.By), r.Steps[0].By)
			}
		})
	},
}

// firstReason says what an uncertain verdict depends on.
func firstReason(g *iam.Grant, r *iam.Reach) string {
	for _, e := range g.Why {
		return "it depends on " + e.Text
	}
	for _, s := range r.Steps {
		for _, e := range s.Why {
			return "it depends on " + e.Text
		}
	}
	for _, e := range r.Why {
		return "it depends on " + e.Text
	}
	return "what it may do is not certain"
}

// related adds the places of evidence to a finding.
func related(r control.Reporter, list []iam.Evidence) control.Reporter {
	for i, e := range list {
		if e.Object != nil && i < 4 {
			r = r.Related(e.Object, e.Path)
		}
	}
	return r
}

var backAsAdmin = &control.Control{
	ID: "BW1620", Concept: concept, Severity: control.Critical,
	Title: "Cloud role of a service account is administrator of the cluster",
	Doc: `Clouds have doors into their clusters: an access entry or a line of aws-auth, the right to make one, container.* of Google Cloud, the administrator's
credentials of Azure. A service account that can become a role with such a door has all rights in the cluster, however little RBAC gives it.

It fires for a ServiceAccount (or a workload whose account is not in the input) that can become an exported identity from which one of those ways certainly leads to all rights in
an exported cluster.

Take the entry or the rights from the role; let people and pipelines, not pods, hold them.

` + "```yaml\nkind: ServiceAccount\nmetadata:\n  name: web\n```",
	Refs:     []string{"ATT&CK T1078.004", "ATT&CK T1098.006"},
	Kinds:    []string{"ServiceAccount", control.Pods},
	Requires: []control.AnyFact{iam.Fact},
	Check: func(p *control.Pass) error {
		return eachGrant(p, func(m *iam.Model, a *iam.Account, g *iam.Grant, report func(string, ...any) control.Reporter, _ func(string, ...any)) {
			if g.Verdict != tri.Yes {
				return
			}
			for _, w := range m.IntoCluster(g.Role) {
				if w.Admin && w.Verdict == tri.Yes {
					related(report("service account %q can become %q, which %s (cluster %q)", a.Name, g.Role.ID, w.Title, w.Cluster), w.By)
					return
				}
			}
		})
	},
}

var deadAnnotation = &control.Control{
	ID: "BW1621", Concept: concept, Severity: control.Low, Profile: control.Hygiene,
	Title: "Service account asks for a cloud role that does not trust it",
	Doc: `The annotation only tells libraries which role to ask for; the trust of the role decides. An account that is annotated with a role it cannot become gets
errors, and its program perhaps falls back on the node's role, which is worse.

It fires for a ServiceAccount whose annotation names an identity that was exported and whose trust certainly does not let this account in.

Correct the subject in the trust policy, the binding or the federated credential, or take the annotation away.

` + "```yaml\nCondition:\n  StringEquals:\n    \"ISSUER:sub\": system:serviceaccount:shop:web\n```",
	Refs:     []string{"ATT&CK T1078.004"},
	Kinds:    []string{"ServiceAccount"},
	Requires: []control.AnyFact{iam.Fact},
	Check: func(p *control.Pass) error {
		m, err := iam.Fact.Of(p)
		if err != nil {
			return err
		}
		asked := iam.Annotations(p.Subject)
		if len(asked) == 0 || m.Empty() {
			p.NotApplicable()
			return nil
		}
		grants := m.Assumable(p.Subject.Namespace, p.Subject.Name)
		for _, a := range asked {
			who, known := m.Asked(a)
			if known && !slices.ContainsFunc(grants, func(g iam.Grant) bool { return g.Role.ID == who.ID }) {
				p.Report(annotationPath(a.Key), "ServiceAccount %q asks for %q, whose trust does not let it in", p.Subject.Name, a.Value)
			}
		}
		return nil
	},
}

// nodesOnly says whether a role is one of nodes.
func nodesOnly(m *iam.Model, role *aws.Principal) bool {
	return slices.Contains(m.AWS.NodeRoles(), role)
}

var nodeAdmin = &control.Control{
	ID: "BW1615", Concept: concept, Severity: control.Critical,
	Title: "Role of the nodes comes to all rights in the cloud",
	Doc: `The role of a node belongs to everybody who gets onto the node, and to pods that reach its metadata service. When it has all rights in the account, or
may give them to itself, one container that breaks out costs the account.

It fires for an exported AWS role that an exported cluster knows as a role of nodes, or that exported machines have, and that has or certainly comes to all rights in its account.

Leave nodes the policies that EKS asks for, and give what pods need to service accounts.

` + "```yaml\nAttachedManagedPolicies:\n- PolicyArn: arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy\n```",
	Refs:     []string{"ATT&CK T1078.004", "ATT&CK T1552.005"},
	Kinds:    []string{cloud.AWSRole},
	Requires: []control.AnyFact{iam.Fact},
	Check: func(p *control.Pass) error {
		m, err := iam.Fact.Of(p)
		if err != nil {
			return err
		}
		role := roleOf(m, p.Subject)
		if role == nil || !nodesOnly(m, role) {
			p.NotApplicable()
			return nil
		}
		r := m.AWS.ReachesAdmin(role)
		switch {
		case r.Verdict == tri.Unknown:
			p.Unknown("RoleName", "whether the role of the nodes comes to all rights: %s", awsReason(m, role, r.Steps))
		case r.Verdict != tri.Yes:
		case len(r.Steps) == 0:
			p.Report("RoleName", "role %q of the nodes has all rights in account %s", role.Name, role.Account)
		default:
			p.Report("RoleName", "role %q of the nodes comes to all rights in account %s: it %s", role.Name, role.Account, r.Steps[0].Title)
		}
		return nil
	},
}

// awsReason says what it depends on that a role comes to all rights.
func awsReason(m *iam.Model, role *aws.Principal, steps []aws.Escalation) string {
	reasons := m.AWS.Administers(role).Reasons
	for _, s := range steps {
		reasons = append(s.Reasons, reasons...)
	}
	if len(reasons) == 0 {
		return "something that it passes by is not certain"
	}
	return "it depends on " + reasons[0].Text
}

var nodeExtras = &control.Control{
	ID: "BW1616", Concept: concept, Severity: control.Medium, Profile: control.Hygiene,
	Title: "Role of the nodes has more policies than nodes need",
	Doc: `Whatever is attached to the role of the nodes, every pod that reaches the metadata service may do, and everybody who is on a node. Add-ons that once needed it, such
as autoscalers, storage and DNS controllers, can have roles of their own by service account.

It fires for each policy of an exported AWS role of nodes that is not in the parameter allow. The default is what EKS asks for: the worker, network, registry and Systems Manager policies.

Move the policy to a role of the service account that uses it.

` + "```yaml\nAttachedManagedPolicies:\n- PolicyArn: arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy\n- PolicyArn: arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly\n```",
	Refs:     []string{"ATT&CK T1552.005"},
	Kinds:    []string{cloud.AWSRole},
	Requires: []control.AnyFact{iam.Fact},
	Params: []control.Param{{Name: "allow", Doc: "names of policies that nodes may have", Default: []string{
		"AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly", "AmazonEC2ContainerRegistryPullOnly",
		"AmazonSSMManagedInstanceCore", "CloudWatchAgentServerPolicy",
	}}},
	Check: func(p *control.Pass) error {
		m, err := iam.Fact.Of(p)
		if err != nil {
			return err
		}
		role := roleOf(m, p.Subject)
		if role == nil || role.Kind != awspolicy.Role || !nodesOnly(m, role) {
			p.NotApplicable()
			return nil
		}
		for _, a := range role.Policies {
			if !slices.Contains(p.Strings("allow"), a.Policy.Name) {
				p.Report(a.Path, "role %q of the nodes has policy %q, which nodes do not need", role.Name, a.Policy.Name)
			}
		}
		return nil
	},
}
