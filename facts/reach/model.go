// Package reach answers which connections the network lets through: from pods,
// nodes and addresses to each other, by what Kubernetes, the admin tiers, Cilium
// and Calico say, with the rules that decided. Policies of all kinds are read
// into one form and asked by a chain of small evaluators; the same form gives
// all pairs at once by sets of bits.
package reach

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/ingress"
	"bulwark/world"
)

const (
	policyKind    = "NetworkPolicy.networking.k8s.io"
	daemonSetKind = "DaemonSet.apps"
	networkSet    = "GlobalNetworkSet.crd.projectcalico.org"
)

// Fact is the model of the snapshot's network.
var Fact = &control.Fact[*Model]{
	Name: "reach",
	Doc:  "Which connections network policies of every kind let through, and by which rules.",
	Kinds: slices.Concat(
		[]string{control.Pods, policyKind, "Namespace", "Node", "Service", "EndpointSlice.discovery.k8s.io", daemonSetKind, networkSet},
		[]string{clusterKind, adminKind, baselineKind}, ciliumKinds, calicoKinds, tierKinds,
		ingress.Kinds, ingress.RouteKinds, []string{ingress.GrantKind}),
	Derive:  derive,
	Partial: true,
}

// Model is the network of one snapshot. It may be used by several goroutines.
type Model struct {
	Plugin Plugin

	defects        map[*world.Object][]Defect
	classes        []*Class
	dialect        Dialect
	chain          []*link
	namespaces     map[string]*namespace
	nodes          map[string]*node
	nodeNames      []string
	nodeRanges     []Range // addresses of all nodes
	podNets        []Range
	podNetsAssumed bool
	public         []Range
	server         []Range
	serverPort     int32
	tiers          map[string]tier
	networkSets    bool
	unread         []error // policies and kinds that could not be read
	doorsUnread    error   // a kind that opens ways in and could not be read
	peers          map[string]peer
	classesOf      map[*world.Object][]*Class
	policies       []*policy          // all, by link and order
	linkOf         []int              // of each policy
	homes          map[string][]int32 // namespace → policies about it alone
	wide           []int32            // the others
	byObject       map[*world.Object][]*policy
	selectedBy     [][][]selected // class → link → policies
	services       []*Service
	byService      map[world.Ref]*Service
	servicesOf     map[*Class][]*Service
	dns            *Class // stands for the cluster's when the input does not hold it
	once           sync.Once
	entriesOf      map[*Class][]Entry // made once
	mu             sync.Mutex         // guards what the index remembers
	ingresses      []*ingress.Ingress
	routes         []*ingress.Route
	grants         ingress.Grants
	unenforced     truth // yes when nothing enforces policies
	why            string
	known          func(kind, namespace string) error
	index          *index
}

func derive(v *control.View) (*Model, error) {
	m := &Model{
		namespaces: readNamespaces(v), public: public(), tiers: map[string]tier{}, peers: map[string]peer{},
		dns: standInDNS(), known: v.Knows, byObject: map[*world.Object][]*policy{},
	}
	m.readNodes(v)
	m.readServer(v)
	for range v.All(networkSet) {
		m.networkSets = true
	}
	objects := slices.Collect(v.All(control.Pods))
	m.findDialect(v, objects)
	r := &reader{m: m, defects: map[*world.Object][]Defect{}, policies: map[string][]*policy{}, relevant: map[string]bool{}, matchers: map[string]*selector{}}
	r.readAll(v)
	m.defects = r.defects
	services := readServices(v, r.relevant)
	cl := newClasser(objects, r.relevant)
	m.classes, m.classesOf = cl.all, cl.of
	m.ranges()
	m.link(v, r.policies)
	m.index = newIndex(m, r.relevant)
	m.selectAll()
	m.joinServices(services)
	m.readIngresses(v)
	return m, nil
}

// findDialect recognises the plugin.
func (m *Model) findDialect(v *control.View, objects []*world.Object) {
	daemons := newClasser(slices.DeleteFunc(slices.Clone(objects), func(o *world.Object) bool { return o.Kind != "DaemonSet" }), nil)
	m.Plugin = findPlugin(daemons.all)
	m.dialect = m.Plugin.dialect
	if m.Plugin.Name == "" {
		m.guessDialect(v)
		return
	}
	switch m.Plugin.Enforces {
	case Denied:
		m.unenforced, m.why = yes, m.Plugin.Why
		for _, ns := range []string{m.Plugin.Object.Namespace, "kube-system"} {
			if err := v.Knows(daemonSetKind, ns); err != nil {
				m.unenforced = maybe
			}
		}
	case Unknown:
		m.unenforced, m.why = maybe, m.Plugin.Why
	}
}

// guessDialect takes policies of a plugin's own kind for a sign that it runs.
func (m *Model) guessDialect(v *control.View) {
	count := func(kinds []string) (n int) {
		for _, kind := range kinds {
			for range v.All(kind) {
				n++
			}
		}
		return n
	}
	cilium, calico := count(ciliumKinds), count(calicoKinds)
	switch {
	case cilium > 0 && calico == 0:
		m.dialect = Cilium
	case calico > 0 && cilium == 0:
		m.dialect = Calico
	}
	m.Plugin.admin = yes
	m.Plugin.dialect = m.dialect
}

func (r *reader) readAll(v *control.View) {
	for _, k := range []struct {
		kinds []string
		read  func(*world.Object)
	}{
		{[]string{policyKind}, r.networkPolicy},
		{[]string{clusterKind, adminKind, baselineKind}, r.adminPolicy},
		{ciliumKinds, r.ciliumPolicy},
		{tierKinds, r.calicoTier},
		{calicoKinds, r.calicoPolicy},
	} {
		for _, kind := range k.kinds {
			if err := v.Gapped(kind); err != nil {
				r.m.unread = append(r.m.unread, err)
			}
			for o := range v.All(kind) {
				k.read(o)
			}
		}
	}
}

// ranges gives each namespace its classes, which are ordered by namespace.
func (m *Model) ranges() {
	for i, c := range m.classes {
		n := m.namespaces[c.Namespace]
		if n == nil {
			n = &namespace{name: c.Namespace}
			m.namespaces[c.Namespace] = n
		}
		if n.last == 0 {
			n.first = i
		}
		n.last = i + 1
	}
}

// selectAll finds the policies of each class by the sets of what they select.
func (m *Model) selectAll() {
	m.selectedBy = make([][][]selected, len(m.classes))
	flat := make([][]selected, len(m.classes)*len(m.chain))
	for i := range m.selectedBy {
		m.selectedBy[i] = flat[i*len(m.chain) : (i+1)*len(m.chain) : (i+1)*len(m.chain)]
	}
	for li, l := range m.chain {
		if l.active == no {
			continue
		}
		for _, p := range l.policies {
			sure, unsure := m.index.of(p.subject)
			for i := range sure.members() {
				m.selectedBy[i][li] = append(m.selectedBy[i][li], selected{p, p.further(yes)})
			}
			for i := range unsure.members() {
				m.selectedBy[i][li] = append(m.selectedBy[i][li], selected{p, maybe})
			}
		}
	}
}

// selecting returns the policies about a class, by link.
func (m *Model) selecting(c *Class) [][]selected {
	if c.Index >= 0 {
		return m.selectedBy[c.Index]
	}
	out := make([][]selected, len(m.chain))
	for at := range m.about(c.Namespace) {
		l := m.linkOf[at]
		if p := m.policies[at]; m.chain[l].active != no {
			if t := p.selects(m, c); t != no {
				out[l] = append(out[l], selected{p, t})
			}
		}
	}
	return out
}

// about yields, in order, the positions of the policies that can be about pods of a namespace.
func (m *Model) about(namespace string) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		home, wide := m.homes[namespace], m.wide
		for len(home)+len(wide) > 0 {
			from := &home
			if len(home) == 0 || len(wide) > 0 && wide[0] < home[0] {
				from = &wide
			}
			if !yield((*from)[0]) {
				return
			}
			*from = (*from)[1:]
		}
	}
}

// Classes returns all classes of pods, ordered by namespace; the slice must not be changed.
func (m *Model) Classes() []*Class { return m.classes }

// ClassesOf returns the classes of the pods that an object is or makes: more than
// one where pods differ in labels that a selector looks at.
func (m *Model) ClassesOf(o *world.Object) []*Class { return m.classesOf[o] }

// Selecting returns the policies that surely select a class in a direction, in
// the order in which they are asked.
func (m *Model) Selecting(c *Class, d Direction) []*world.Object {
	var out []*world.Object
	for _, list := range m.selecting(c) {
		for _, s := range list {
			if s.sure == yes && s.policy.sides[d].applies && !slices.Contains(out, s.policy.object) {
				out = append(out, s.policy.object)
			}
		}
	}
	return out
}

// Isolated says whether some policy surely isolates a class in a direction, so
// that only what rules accept gets through. Unknown when one may.
func (m *Model) Isolated(c *Class, d Direction) Verdict {
	if c.HostNetwork || m.unenforced == yes {
		return Denied
	}
	t := no
	for _, list := range m.selecting(c) {
		for _, s := range list {
			if s.policy.sides[d].isolates {
				t = t.or(s.sure)
			}
		}
	}
	if t == no && (len(m.unread) > 0 || m.missingFrom(c.Namespace) != nil) {
		t = maybe
	}
	return [...]Verdict{Denied, Unknown, Allowed}[t]
}

func (m *Model) missingFrom(namespace string) error {
	for _, l := range m.chain {
		if l.missing != nil {
			return l.missing(namespace)
		}
	}
	return nil
}

// Unread returns why policies may be in force that the model does not hold: a
// kind that could not be read. It is nil when all were.
func (m *Model) Unread() error {
	if len(m.unread) == 0 {
		return nil
	}
	return m.unread[0]
}

// Namespaces returns the names of the namespaces that hold classes, in order.
func (m *Model) Namespaces() []string {
	var out []string
	for name, n := range m.namespaces {
		if n.last > 0 {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// NodeNames returns the names of the nodes of the input.
func (m *Model) NodeNames() []string { return m.nodeNames }

// Dialect returns whose reading of the policies the model follows.
func (m *Model) Dialect() Dialect { return m.dialect }

// Enforced says whether policies have an effect, and why not: Denied when
// nothing enforces them, Unknown when that depends on what is not in the input.
func (m *Model) Enforced() (Verdict, string) {
	return [...]Verdict{Allowed, Unknown, Denied}[m.unenforced], m.why
}

// Assumptions are what answers rest on without proof from the input; with two
// ends, what the answer about them rests on.
func (m *Model) Assumptions(ends ...Endpoint) []string {
	var out []string
	if m.Plugin.Name == "" && len(m.policies) > 0 {
		out = append(out, "the network plugin is not in the input; it is taken to enforce policies")
	}
	byAddress := m.podNetsAssumed && !slices.ContainsFunc(ends, func(e Endpoint) bool { return e.Kind != Pods || len(e.Range) > 0 })
	if byAddress && slices.ContainsFunc(slices.Collect(maps.Values(m.peers)), func(p peer) bool { _, ok := p.(*blockPeer); return ok }) {
		out = append(out, "no Node tells the addresses of pods; they are taken to be private (RFC 1918, 100.64.0.0/10, fc00::/7)")
	}
	return out
}

// ServerPort is the port of the API server.
func (m *Model) ServerPort() int32 { return cmp.Or(m.serverPort, 6443) }

// KnownProtocols are the protocols that policies can tell apart.
func KnownProtocols() []corev1.Protocol {
	return []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP}
}
