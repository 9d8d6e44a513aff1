// Package isolation says what keeps workloads apart. For each it works out the vector of its confinement, what leaving it
// costs, and which workloads are in truth one domain: each of them can come to control the other over steps that
// nothing stops.
package isolation

import (
	"cmp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/control"
	"bulwark/facts/escapes"
	"bulwark/facts/identities"
	"bulwark/facts/mtls"
	"bulwark/facts/rbac"
	"bulwark/facts/reach"
	"bulwark/internal/graph"
	"bulwark/world"
)

const (
	namespaceKind = "Namespace"
	nodeKind      = "Node"
	podKind       = "Pod"
	daemonSetKind = "DaemonSet.apps"
)

// makers are the kinds that stand between a pod and the workload that people know.
var makers = []string{"ReplicaSet.apps", "Job.batch"}

// Fact is the model of the snapshot: O(objects + rules) to build, O(1) to ask for a domain.
var Fact = &control.Fact[*Model]{
	Name:     "isolation",
	Doc:      "What confines each workload, what leaving it costs, and which workloads are one domain.",
	Kinds:    slices.Concat([]string{control.Pods, namespaceKind, nodeKind, podKind}, makers),
	Requires: []control.AnyFact{escapes.Fact, rbac.Seen, identities.Of, mtls.Fact, reach.Fact},
	Partial:  true,
	Derive:   derive,
}

// Workload is what runs one or more pod templates, with what confines it.
type Workload struct {
	Object  *world.Object
	Pods    []*world.PodTemplate
	Nodes   []string // where live pods of it run; empty when none was read
	Escapes []Escape // ways to its node or further, those that work first
	Vector  Vector

	vertex uint32
}

// Escape is a way out of one of the containers.
type Escape struct {
	escapes.Escape
	Container string
	Object    *world.Object // whose field Path is: the workload's, or one of its live pods
	Node      string        // "" for any node
}

// Model is the whole. It is immutable.
type Model struct {
	workloads []*Workload // ordered by namespace, kind and name
	byRef     map[world.Ref]*Workload
	tenants   map[string]tenant // by namespace

	g        *graph.Graph
	vertices []vertex
	steps    []Step
	certain  *partition
	possible *partition
	missing  []error
}

// Workloads returns all of them, ordered by namespace, kind and name; the list must not be changed.
func (m *Model) Workloads() []*Workload { return m.workloads }

// Workload returns what is known of an object, nil when it makes no pods or another object of the snapshot makes it.
func (m *Model) Workload(o *world.Object) *Workload { return m.byRef[o.Ref] }

// Missing says which parts of the world could not be read, so that more may be possible than the model holds.
func (m *Model) Missing() []error { return m.missing }

func derive(v *control.View) (*Model, error) {
	ways, err := escapes.Fact.Of(v)
	if err != nil {
		return nil, err
	}
	policy, err := rbac.Seen.Of(v)
	if err != nil {
		return nil, err
	}
	ids, err := identities.Of.Of(v)
	if err != nil {
		return nil, err
	}
	mesh, err := mtls.Fact.Of(v)
	if err != nil {
		return nil, err
	}
	network, err := reach.Fact.Of(v)
	if err != nil {
		return nil, err
	}
	b := &builder{
		Model: &Model{byRef: map[world.Ref]*Workload{}, tenants: map[string]tenant{}},
		view:  v, ways: ways, policy: policy, ids: ids, mesh: mesh, network: network, index: map[vertex]uint32{},
	}
	b.gaps()
	b.readCluster()
	b.findWorkloads()
	b.draw()
	b.g = b.edges.Build(len(b.vertices))
	b.certain = b.split(func(e graph.Edge) bool { return e.Kind == certain })
	b.possible = b.split(nil)
	return b.Model, nil
}

// builder is what a Model is made with.
type builder struct {
	*Model
	view    *control.View
	ways    *escapes.Model
	policy  *rbac.Policy
	ids     *identities.Identities
	mesh    *mtls.Model
	network *reach.Model
	edges   graph.Builder
	index   map[vertex]uint32
	running map[world.Ref]map[string]*world.Object // one live pod of each workload on each node
	tops    map[world.Ref]*world.Object
}

func (b *builder) gaps() {
	for _, kind := range []string{namespaceKind, nodeKind, podKind} {
		if err := b.view.Gapped(kind); err != nil {
			b.missing = append(b.missing, err)
		}
	}
	if err := b.policy.Gap(); err != nil {
		b.missing = append(b.missing, err)
	}
}

// findWorkloads lists what makes pods, leaves out what another object of the snapshot makes, and notes where live pods run.
func (b *builder) findWorkloads() {
	b.running = map[world.Ref]map[string]*world.Object{}
	for o := range b.view.All(control.Pods) {
		top, made := b.maker(o)
		if node := nodeOf(o); node != "" {
			if b.running[top] == nil {
				b.running[top] = map[string]*world.Object{}
			}
			b.running[top][node] = o
		}
		if made || o.Kind == "PodTemplate" || b.byRef[o.Ref] != nil {
			continue
		}
		w := &Workload{Object: o}
		for t := range o.Pods {
			w.Pods = append(w.Pods, t)
		}
		b.workloads = append(b.workloads, w)
		b.byRef[o.Ref] = w
	}
	slices.SortStableFunc(b.workloads, func(a, c *Workload) int { return a.Object.Ref.Compare(c.Object.Ref) })
	for _, w := range b.workloads {
		for node := range b.running[w.Object.Ref] {
			w.Nodes = append(w.Nodes, node)
		}
		slices.Sort(w.Nodes)
	}
}

// maker follows controllers up from an object; made says that the snapshot holds the one at the top, or one on the way.
func (b *builder) maker(o *world.Object) (top world.Ref, made bool) {
	top = o.Ref
	for range len(makers) + 1 {
		c := metav1.GetControllerOfNoCopy(o.Meta)
		if c == nil {
			break
		}
		top = world.Ref{Group: world.Group(c.APIVersion), Kind: c.Kind, Namespace: o.Namespace, Name: c.Name}
		next := b.byPods(top)
		if next == nil {
			break
		}
		o, made = next, true
	}
	return top, made
}

// tenant is what a namespace is declared to belong to.
type tenant struct {
	name   string
	object *world.Object // the Namespace that says so; nil when its name is all there is
	label  string
}

// tenantLabels mark namespaces of one tenant, in the order in which they count.
var tenantLabels = []string{"capsule.clastix.io/tenant", "toolkit.fluxcd.io/tenant", "bulwark.dev/tenant", "tenant"}

// platform is the tenant of the namespaces that Kubernetes itself keeps.
const platform = "Kubernetes itself"

// Tenant returns what a namespace belongs to: by a label of the Namespace, else the namespace itself.
func (m *Model) Tenant(namespace string) string {
	return cmp.Or(m.tenants[namespace].name, "namespace "+namespace)
}

func tenantOf(o *world.Object) tenant {
	switch o.Name {
	case "kube-system", "kube-node-lease", "kube-public":
		return tenant{name: platform, object: o}
	}
	for _, label := range tenantLabels {
		if v := o.Meta.Labels[label]; v != "" {
			return tenant{"tenant " + v, o, label}
		}
	}
	return tenant{}
}

// KubernetesOwn says whether a namespace is one of those that Kubernetes itself keeps.
func (m *Model) KubernetesOwn(namespace string) bool { return m.tenants[namespace].name == platform }
