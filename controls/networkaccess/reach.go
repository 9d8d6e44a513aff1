package networkaccess

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/reach"
	"bulwark/world"
)

func reachControls() []*control.Control {
	return []*control.Control{openToInternet, nodePortsReached, lostClient, metadataAllowed}
}

var openToInternet = &control.Control{
	ID:       "BW1716",
	Concept:  concept,
	Title:    "Everybody on the internet reaches the workload, and no policy limits who may connect",
	Severity: control.High,
	Refs:     []string{"NSA net", "ATT&CK T1190", "ATT&CK T1133"},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{reach.Fact},
	Check:    checkOpenToInternet,
	Doc: `What the internet reaches is attacked at once. When no policy stands before such a workload, everything that it listens on is
within reach of whoever gets to its network: the port that was meant, and the debug port, the metrics and the sidecars beside it.

It fires for a workload that a load balancer without a list of sources and without an internal address leads to, or an Ingress
or route through a proxy that is so reached, when no policy isolates the pods for ingress. Node ports count when a Node has a
public address. A proxy that is not in the input is taken to be public, as that is what it is for. Where a policy may be
missing from the input the answer is unknown. 'bulwark reach --exposed' shows the whole way.

    kind: NetworkPolicy
    spec:
      podSelector: {matchLabels: {app: web}}
      ingress: [{ports: [{port: 8080}]}]   # the one port that is meant
`,
}

func checkOpenToInternet(p *control.Pass) error {
	m, err := reach.Fact.Of(p)
	if err != nil {
		return err
	}
	for _, c := range m.ClassesOf(p.Subject) {
		if c.HostNetwork {
			continue
		}
		for _, e := range m.EntriesOf(c) {
			if e.Audience != reach.FromInternet || len(e.Ranges) > 0 || e.Verdict == reach.Denied {
				continue
			}
			t := templateOf(p.Subject, c)
			switch m.Isolated(c, reach.Ingress) {
			case reach.Denied:
				p.Report(t.MetaPath("labels"), "the internet reaches the pod on %s %d through %s, and no policy isolates it for ingress", e.Protocol, e.Port, through(&e))
			case reach.Unknown:
				p.Unknown(t.MetaPath("labels"), "the internet may reach the pod through %s; whether a policy isolates it is not known", through(&e))
			default:
				continue
			}
			return nil // one way is enough
		}
	}
	return m.DoorsUnread()
}

// through names the objects on the way in.
func through(e *reach.Entry) string {
	var names []string
	for _, h := range e.Hops {
		if h.Object != nil && !h.Object.HasPods() {
			names = append(names, h.Object.Ref.String())
		}
	}
	return strings.Join(names, " and ")
}

// templateOf returns the template of an object that a class is made of, the
// first when the class was read from a pod that the object made.
func templateOf(o *world.Object, c *reach.Class) *world.PodTemplate {
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

// nodeServices are the ports of a node that give power over it or the cluster.
var nodeServices = [...]struct {
	port int32
	name string
}{{10250, "kubelet"}, {2379, "etcd"}}

var nodePortsReached = &control.Control{
	ID:       "BW1717",
	Concept:  concept,
	Title:    "Egress rule lets the pod reach the kubelet or etcd",
	Severity: control.Low,
	Profile:  control.Hygiene,
	Refs:     []string{"NSA net", "ATT&CK T1046", "ATT&CK T1210"},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{reach.Fact},
	Check: func(p *control.Pass) error {
		return eachIsolated(p, func(m *reach.Model, c *reach.Class) {
			t := templateOf(p.Subject, c)
			for _, s := range nodeServices {
				a := m.Decide(m.Pods(c), m.AnyNode(), corev1.ProtocolTCP, s.port)
				if a.Verdict == reach.Allowed {
					p.ReportPod(t, "", "the pod reaches port %d of the nodes (%s): %s", s.port, s.name, acceptedBy(&a))
				}
			}
		})
	},
	Doc: `No application talks to a kubelet or to etcd. With a stolen certificate or token those two ports are the shortest way to
every pod of the node and to every Secret of the cluster, and a scan from a pod finds them in seconds.

It fires for a pod or template that some policy isolates for egress when a rule still lets it connect to port 10250 or 2379
of the nodes: a rule for every address on every port, or blocks that hold the addresses of the Nodes in the input. When that
depends on addresses that are not known it does not fire. Pods without any egress policy are BW0102.

    egress:
    - to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16]}}]
      ports: [{port: 443}]
`,
}

var metadataAllowed = &control.Control{
	ID:       "BW1719",
	Concept:  concept,
	Title:    "Egress rule lets the pod reach the metadata service of the cloud",
	Severity: control.Medium,
	Refs:     []string{"NSA data", "ATT&CK T1552.005"},
	Kinds:    []string{control.Pods},
	Requires: []control.AnyFact{reach.Fact},
	Check: func(p *control.Pass) error {
		return eachIsolated(p, func(m *reach.Model, c *reach.Class) {
			t := templateOf(p.Subject, c)
			switch a := m.Decide(m.Pods(c), m.MetadataService(), corev1.ProtocolTCP, 80); a.Verdict {
			case reach.Allowed:
				p.ReportPod(t, "", "the pod reaches the metadata service (%s): %s", metadataPart(&a), acceptedBy(&a))
			case reach.Unknown:
				p.Unknown(t.SpecPath(""), "whether the pod reaches the metadata service: %s", strings.Join(a.Reasons, "; "))
			}
		})
	},
	Doc: `A rule that allows "the internet" most often allows 169.254.169.254 too. There every process of a pod is handed the node's
role, its start-up script and sometimes bootstrap tokens, without being asked who it is.

It fires for a pod or template that some policy isolates for egress when a rule still lets it connect to port 80 of
169.254.169.254 or fd00:ec2::254. Pods without any egress policy are BW1604, pods with the host's network BW1605. A hop limit
of 1 with IMDSv2 or a concealing proxy does the same from the other side and cannot be seen here.

    egress:
    - to:
      - ipBlock: {cidr: 0.0.0.0/0, except: [169.254.169.254/32]}
      ports: [{port: 443}]
`,
}

// eachIsolated visits the classes of the subject that a policy surely isolates for egress.
func eachIsolated(p *control.Pass, visit func(*reach.Model, *reach.Class)) error {
	m, err := reach.Fact.Of(p)
	if err != nil {
		return err
	}
	host := true
	for _, c := range m.ClassesOf(p.Subject) {
		if c.HostNetwork {
			continue
		}
		host = false
		if m.Isolated(c, reach.Egress) == reach.Allowed {
			visit(m, c)
		}
	}
	if host {
		p.NotApplicable()
	}
	return nil
}

// acceptedBy names the rule that decided.
func acceptedBy(a *reach.Answer) string {
	for i := range a.Steps {
		if s := &a.Steps[i]; s.Side == "egress" && s.Effect == reach.Accepts {
			return s.Path + " of " + s.Policy.Ref.String()
		}
	}
	return "the policies leave it open"
}

// metadataPart names the address that is open, where only one is.
func metadataPart(a *reach.Answer) string {
	for _, part := range a.Parts {
		if part.Verdict == reach.Allowed {
			return part.Range.String()
		}
	}
	return "169.254.169.254"
}

var lostClient = &control.Control{
	ID:       "BW1718",
	Concept:  concept,
	Title:    "Policy lists client addresses that the Service hides from the pods",
	Severity: control.Medium,
	Refs:     []string{"NSA net", "ATT&CK T1190"},
	Kinds:    []string{"Service"},
	Requires: []control.AnyFact{reach.Fact},
	Check:    checkLostClient,
	Remedy: &control.Remedy{
		Message: "keep the client's address; traffic then goes only to nodes that run such a pod, so the load balancer must use the health check port",
		Edits:   []control.Edit{{Path: "spec.externalTrafficPolicy", Op: control.Set, Value: "Local"}},
	},
	Doc: `With externalTrafficPolicy Cluster, the default, what arrives at a node port or load balancer comes to the pod under the
address of a node. A policy that lists the addresses of clients then never sees them: clients that should get in are refused,
and what arrives on the pod's own node is let in whoever sent it, because a pod cannot be closed to its own node.

It fires for a Service of type LoadBalancer or NodePort without externalTrafficPolicy: Local when a policy lets clients of a
pod behind it in by public address blocks other than everything. Load balancers that send to pods directly keep the address
and may be excused.

    kind: Service
    spec: {type: LoadBalancer, externalTrafficPolicy: Local}
`,
}

func checkLostClient(p *control.Pass) error {
	svc, ok := p.Subject.Typed.(*corev1.Service)
	if !ok || svc.Spec.Type != corev1.ServiceTypeLoadBalancer && svc.Spec.Type != corev1.ServiceTypeNodePort {
		return nil
	}
	if svc.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal {
		return nil
	}
	m, err := reach.Fact.Of(p)
	if err != nil {
		return err
	}
	s := m.Service(p.Subject.Namespace, p.Subject.Name)
	if s == nil {
		return nil
	}
	var named []string
	for _, c := range s.Classes {
		for _, o := range m.ClientBlocks(c) {
			if name := o.Ref.String(); !slices.Contains(named, name) {
				named = append(named, name)
				p.Report("spec.externalTrafficPolicy", "%s lists the addresses of clients, but %q sees those of nodes", o.Ref, c.Name)
			}
		}
	}
	return nil
}
