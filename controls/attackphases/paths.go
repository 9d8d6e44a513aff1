package attackphases

import (
	"fmt"

	"bulwark/control"
	"bulwark/facts/attackgraph"
	"bulwark/world"
)

// leads makes a control about workloads that lead to a sink.
func leads(c *control.Control, sink string, leastSteps int) *control.Control {
	c.Concept, c.Kinds = concept, []string{control.Pods}
	c.Requires = []control.AnyFact{attackgraph.Standings}
	c.Check = func(p *control.Pass) error {
		s, err := attackgraph.Standings.Of(p)
		if err != nil {
			return err
		}
		told := false
		for _, class := range s.Classes(p.Subject) {
			if class.Sink == s.Graph.Sink(sink) && len(class.Path.Steps) >= leastSteps {
				reportClass(p, s.Graph, class)
				told = true
			}
		}
		return unlessTold(told, s.Graph)
	}
	return c
}

// unlessTold makes the verdict unknown where nothing was found in a graph that is not whole.
func unlessTold(told bool, g *attackgraph.Graph) error {
	if told {
		return nil
	}
	return g.Unread()
}

// reportClass reports the workloads that take one way, at the one that speaks for them.
func reportClass(p *control.Pass, g *attackgraph.Graph, c *attackgraph.Class) {
	at := firstPath(p.Subject, c.Path)
	if !c.Path.Certain {
		p.Unknown(at, "%s may lead to %s, unless stopped by %s", subjects(p, c), g.At(c.Sink).Title(), c.Path.Doubt())
		return
	}
	related(p.Report(at, "%s to %s: %s", subjects(p, c), g.At(c.Sink).Title(), g.Outline(c.Path, 80)), p.Subject, c.Path)
}

// subjects names the workload and how many others take the same way.
func subjects(p *control.Pass, c *attackgraph.Class) string {
	text := fmt.Sprintf("%s %q", p.Subject.Kind, p.Subject.Name)
	if more := len(c.Sources) - 1; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// firstPath is the field of the subject that the first step rests on.
func firstPath(o *world.Object, p *attackgraph.Path) string {
	for i := range p.Steps {
		for _, e := range p.Steps[i].Evidence {
			if e.Object == o {
				return e.Path
			}
		}
	}
	return "metadata.name"
}

// related adds the other places that a path rests on to the evidence of a finding.
func related(r control.Reporter, subject *world.Object, p *attackgraph.Path) {
	const most = 12
	n := 0
	for i := range p.Steps {
		for _, e := range p.Steps[i].Evidence {
			if e.Object != nil && e.Object != subject && n < most {
				r = r.Related(e.Object, e.Path)
				n++
			}
		}
	}
}

var workloadToAdmin = leads(&control.Control{
	ID: "BW3306", Severity: control.Critical,
	Title: "Whoever takes over the workload can become cluster-admin",
	Doc: `A hole in one program should cost one program. Here it costs the cluster: from inside the pod a chain of steps leads to all rights, each
of them something that Kubernetes allows by its configuration.

It fires when every step is certain from what was read, and there are at least two: workloads that are dangerous by a single setting have a control of
their own. Workloads that take the same way are reported once, at the first that can be reached from outside, else at the first. Parts of Kubernetes
itself, which own the cluster by design, are left out. Where a step depends on something that was not seen the verdict is unknown, and says on what.

` + "`bulwark paths --from` shows every step with its evidence, and `bulwark paths --chokepoints` the few changes that break most ways." + `

` + "```yaml\nspec:\n  automountServiceAccountToken: false\n```",
	Refs: []string{"ATT&CK T1528", "ATT&CK T1078", "ATT&CK TA0004"},
}, attackgraph.ClusterAdmin, 2)

var workloadToNode = leads(&control.Control{
	ID: "BW3307", Severity: control.High,
	Title: "Whoever takes over the workload can become root on a node",
	Doc: `The pod itself has nothing that lets it out, but what it may do has: it can start a pod that takes over its node, execute commands in one
that can, or use the API of the kubelet. On a node lie the tokens, Secrets and memory of everything that runs there.

It fires when every step is certain and there are at least two, for workloads that do not lead to anything worse; a single setting, such as a privileged
container, has a control of its own. Workloads that take the same way are reported once. Where a step depends on something that was not seen the verdict is unknown.

Have the namespaces concerned enforce a Pod Security level, and take the rights away that the way uses; ` + "`bulwark paths --from` shows it." + `

` + "```yaml\nmetadata:\n  labels:\n    pod-security.kubernetes.io/enforce: baseline\n```",
	Refs: []string{"ATT&CK T1611", "ATT&CK T1610", "ATT&CK T1609"},
}, attackgraph.NodeRoot, 2)

var workloadToCloud = leads(&control.Control{
	ID: "BW3308", Severity: control.Critical,
	Title: "Whoever takes over the workload can become administrator of the cloud account",
	Doc: `A service account can be exchanged for a role of the cloud, and some roles can raise themselves to all rights of the account. Then a hole in one
program costs what runs beside the cluster as well: storage, databases, other clusters.

It fires when documents of the cloud were given and every step from the pod to all rights is certain: the trust of the role, not the annotation, decides. There are
more steps than from an account of its own to the role, which other controls are about. Workloads that take the same way are reported once. Where a condition of a policy depends on something that was not seen the verdict is unknown.

Let the trust name one service account, and give the role only what the program uses; ` + "`bulwark paths --from` shows every step." + `

` + "```json\n\"Condition\": {\"StringEquals\": {\"ISSUER:sub\": \"system:serviceaccount:shop:web\"}}\n```",
	Refs: []string{"ATT&CK T1078.004", "ATT&CK T1552.005", "ATT&CK T1098.003"},
}, attackgraph.CloudAdmin, 4)

var outsideToWorst = &control.Control{
	ID: "BW3309", Concept: concept, Severity: control.Critical,
	Title: "A workload open to the outside leads to something critical",
	Doc: `One hole in a program that the internet can talk to, and the rest is configuration: from the pod a chain of certain steps leads to cluster-admin, to the
cloud account or to root on a node. Of all ways in an estate these are the ones to break first.

It fires for a workload behind a Service, Ingress or route that can be reached from outside the cluster from which every step to one of the three is certain.
Workloads that take the same way are reported once.

Break the way, or put something that needs fewer rights in front; ` + "`bulwark paths --from internet` shows every step with its evidence." + `

` + "```yaml\nspec:\n  automountServiceAccountToken: false\n```",
	Refs:     []string{"ATT&CK T1190", "ATT&CK T1611", "ATT&CK T1078"},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{attackgraph.Standings},
	Implies:  []string{"BW3306", "BW3307", "BW3308"},
	Check: func(p *control.Pass) error {
		s, err := attackgraph.Standings.Of(p)
		if err != nil {
			return err
		}
		told := false
		for _, c := range s.Classes(p.Subject) {
			if c.Exposed > 0 && c.Path.Certain {
				told = true
				who := fmt.Sprintf("%s %q", p.Subject.Kind, p.Subject.Name)
				if c.Exposed > 1 {
					who += fmt.Sprintf(" and %d more", c.Exposed-1)
				}
				r := p.Report(firstPath(p.Subject, c.Path), "%s, open to the outside, to %s: %s", who, s.Graph.At(c.Sink).Title(), s.Graph.Outline(c.Path, 70))
				related(r.Within(""), p.Subject, c.Path)
			}
		}
		return unlessTold(told, s.Graph)
	},
}

var accountToAdmin = &control.Control{
	ID: "BW3310", Concept: concept, Severity: control.High,
	Title: "Whoever steals the service account's token can become cluster-admin",
	Doc: `Tokens get lost: in logs, in backups, in the pipeline that deploys. The token of this account is worth the whole cluster, directly or by a chain of steps.

It fires for a service account from which every step to cluster-admin is certain, unless a workload that holds its token is reported already. The accounts of
Kubernetes' own controllers are left out.

Give the account only what its program uses; ` + "`bulwark paths --from sa:NAMESPACE/NAME` shows the way." + `

` + "```sh\nbulwark paths --from sa:ci/deployer --to cluster-admin\n```",
	Refs:     []string{"ATT&CK T1528", "ATT&CK T1078"},
	Kinds:    []string{"ServiceAccount"},
	Requires: []control.AnyFact{attackgraph.Standings},
	Check: func(p *control.Pass) error {
		s, err := attackgraph.Standings.Of(p)
		if err != nil {
			return err
		}
		way := s.Account(p.Subject)
		if way != nil {
			related(p.Report("metadata.name", "service account %q to cluster-admin: %s", p.Subject.Name, s.Graph.Outline(way, 80)), p.Subject, way)
		}
		return unlessTold(way != nil, s.Graph)
	},
}

var chokeBinding = &control.Control{
	ID: "BW3311", Concept: concept, Severity: control.Medium,
	Title: "Many ways to the worst go through one binding",
	Doc: `Ways of attack are many, but they share few places. This binding is one: without it several workloads at once lose every way to cluster-admin, the cloud
account or root on a node. No other work of the same size does more.

It fires for at most five bindings of an estate, the ones whose removal breaks most of the certain ways, each counted besides those before it, and
only when more than one workload loses its way.

Remove the binding, or bind a role that can do less. ` + "`bulwark paths --chokepoints` lists other changes too, and what is left after them." + `

` + "```sh\nbulwark paths --chokepoints\n```",
	Refs:     []string{"ATT&CK T1098.006", "ATT&CK T1078"},
	Kinds:    []string{"RoleBinding.rbac.authorization.k8s.io", "ClusterRoleBinding.rbac.authorization.k8s.io"},
	Requires: []control.AnyFact{attackgraph.Standings},
	Check: func(p *control.Pass) error {
		s, err := attackgraph.Standings.Of(p)
		if err != nil {
			return err
		}
		c := s.Choke(p.Subject.Ref)
		if c != nil {
			p.Report("roleRef", "without %s %q %d workloads lose %d ways to the worst", p.Subject.Kind, p.Subject.Name, c.Sources, c.Breaks)
		}
		return unlessTold(c != nil, s.Graph)
	},
}
