package exposure

import (
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/reach"
	"bulwark/internal/tri"
	"bulwark/world"
)

// Ranked joins the ways from outside with the policies between them and the pods.
var Ranked = &control.Fact[*Ranking]{
	Name:     "exposure-ranked",
	Doc:      "How far away somebody can be who reaches a workload, network policies taken into account.",
	Requires: []control.AnyFact{Fact, reach.Fact},
	Derive: func(v *control.View) (*Ranking, error) {
		x, err := Fact.Of(v)
		if err != nil {
			return nil, err
		}
		m, err := reach.Fact.Of(v)
		if err != nil {
			return nil, err
		}
		return &Ranking{index: x, network: m, pairs: sync.OnceValue(func() *reach.Pairs {
			some, _ := m.AnyPort()
			return some
		})}, nil
	},
}

// Ranking answers how exposed workloads are. It may be used by many goroutines.
type Ranking struct {
	index   *Index
	network *reach.Model
	pairs   func() *reach.Pairs // who reaches whom on any port; made when it is first asked for
}

// Passage is a chain with the verdict of the policies on its last step.
type Passage struct {
	Chain
	Policy tri.Value // yes: policies let the source through
	Steps  []reach.Step
}

// Exposure is the widest circle that reaches a workload.
type Exposure struct {
	Who      Who // certainly
	May      Who // perhaps
	Passages []Passage
}

// Of answers for a workload: the widest of its chains that policies let through, and of the pods of the cluster.
func (r *Ranking) Of(o *world.Object) Exposure {
	e := r.inside(o)
	to, ok := r.network.Workload(o)
	for _, c := range r.index.Chains(o) {
		p := Passage{Chain: c, Policy: tri.Unknown}
		if ok {
			p.Policy, p.Steps = r.judge(&c, to)
		}
		if p.Policy == tri.Yes {
			e.Who = max(e.Who, c.Who)
		}
		if p.Policy != tri.No {
			e.May = max(e.May, c.May)
		}
		e.Passages = append(e.Passages, p)
	}
	e.May = max(e.May, e.Who)
	return e
}

// judge asks the policies about the source that the pod really sees.
func (r *Ranking) judge(c *Chain, to reach.Endpoint) (tri.Value, []reach.Step) {
	from := r.network.AnyNode()
	switch {
	case c.Source == FromClient && c.May == Internet:
		from = r.network.TheInternet()
	case c.Source == FromClient:
		from = r.network.Stranger("a client in the network around the nodes")
	case c.Source == FromController && c.Controller != nil:
		if e, ok := r.network.Workload(c.Controller); ok {
			from = e
		}
	case c.Source == FromController:
		from = r.network.Stranger("the ingress controller")
	}
	if c.Port == 0 {
		v := tri.No
		for _, p := range r.network.Ports(from, to) {
			v = tri.Or(v, verdictOf(p.Verdict))
		}
		return v, nil
	}
	a := r.network.Decide(from, to, corev1.ProtocolTCP, c.Port)
	v := verdictOf(a.Verdict)
	if v == tri.No && c.Source == FromNode {
		v = tri.Unknown // a pod's own node gets in whatever policies say, and the connection may arrive there
	}
	return v, a.Steps
}

// inside says which pods of the cluster reach a workload on some port.
func (r *Ranking) inside(o *world.Object) Exposure {
	var e Exposure
	classes := r.network.Classes()
	for _, to := range r.network.ClassesOf(o) {
		if to.HostNetwork {
			return Exposure{Who: Cluster, May: Cluster}
		}
		pairs := r.pairs()
		for _, from := range classes {
			circle := Cluster
			if from.Namespace == to.Namespace {
				circle = Namespace
			}
			switch pairs.Verdict(from.Index, to.Index) {
			case reach.Allowed:
				if from != to {
					e.Who = max(e.Who, circle)
				}
			case reach.Unknown:
				e.May = max(e.May, circle)
			}
		}
		if v := r.network.Isolated(to, reach.Ingress); v == reach.Denied {
			e.Who = Cluster // no policy selects it: also pods to come reach it
		} else if v == reach.Unknown {
			e.May = max(e.May, Cluster)
		}
	}
	e.May = max(e.May, e.Who)
	return e
}

// String puts an exposure into words.
func (e Exposure) String() string {
	if e.May > e.Who {
		return fmt.Sprintf("%s, perhaps %s", e.Who, e.May)
	}
	return e.Who.String()
}
