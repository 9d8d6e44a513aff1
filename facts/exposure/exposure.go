// Package exposure answers by which doors a workload can be reached from outside the cluster, as far as Services,
// Ingresses and routes say: not whether a firewall, a NetworkPolicy or authentication stands in between.
package exposure

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"bulwark/control"
	"bulwark/facts/ingress"
	"bulwark/facts/workloads"
	"bulwark/world"
)

// Kind is what sort of door a Door is.
type Kind uint8

// Kinds of doors.
const (
	ServiceDoor Kind = iota // a Service of type NodePort or LoadBalancer, or with externalIPs
	IngressDoor             // an Ingress
	GatewayDoor             // a route of the Gateway API
	MeshDoor                // an Istio VirtualService on a Gateway that is open
)

// Door is one way from outside to a workload.
type Door struct {
	Kind    Kind
	Entry   *world.Object // the object that opens it
	Field   string        // where Entry does so
	Service *world.Object // the Service that leads to the workload
	Why     string        // in a few words: `Service "web" of type NodePort`
}

const (
	virtualService = "VirtualService.networking.istio.io"
	meshGateway    = "Gateway.networking.istio.io"
	scanResult     = "ServiceScanResult.kubescape.io"
	nodeKind       = "Node"
	podKind        = "Pod"
	namespaceKind  = "Namespace"
	sliceKind      = "EndpointSlice.discovery.k8s.io"
)

// Fact is the index of all doors.
var Fact = &control.Fact[*Index]{
	Name:     "exposure",
	Doc:      "Services, Ingresses and routes by which a workload can be reached from outside the cluster.",
	Kinds:    []string{"Service", virtualService, meshGateway, scanResult, nodeKind, podKind, sliceKind, namespaceKind, classKind, control.Pods},
	Requires: []control.AnyFact{workloads.Fact, ingress.Fact},
	Derive:   derive,
}

// Index holds the doors of every workload. It is immutable.
type Index struct {
	doors  map[*world.Object][]Door
	unauth map[*world.Object][]Unauthenticated
	chains map[*world.Object][]Chain
	byHand map[world.Ref][]*workloads.Workload // behind Services whose EndpointSlices somebody wrote

	publicNode *world.Object // a node with a public address
	nodesKnown error         // why there may be others
}

// Chains returns the ways to a workload, as far as entries decide: policies between pods are not asked, see Ranked.
func (x *Index) Chains(o *world.Object) []Chain { return x.chains[o] }

// Of returns the doors of a workload.
func (x *Index) Of(o *world.Object) []Door { return x.doors[o] }

// Unauthenticated is a Service port that a network scan was answered on without credentials.
type Unauthenticated struct {
	Service, Result *world.Object
	Port            int32
}

// Open returns the ports that lead to a workload and that a scan found to answer without credentials.
func (x *Index) Open(o *world.Object) []Unauthenticated { return x.unauth[o] }

func derive(v *control.View) (*Index, error) {
	inv, err := workloads.Fact.Of(v)
	if err != nil {
		return nil, err
	}
	in, err := ingress.Fact.Of(v)
	if err != nil {
		return nil, err
	}
	x := &Index{
		doors: map[*world.Object][]Door{}, unauth: map[*world.Object][]Unauthenticated{}, chains: map[*world.Object][]Chain{},
		byHand: map[world.Ref][]*workloads.Workload{}, nodesKnown: v.Knows(nodeKind, ""),
	}
	for o := range v.All("Service") {
		if s := inv.Service(o); s != nil {
			x.addService(s)
		}
	}
	for _, i := range in.Ingresses {
		x.addIngress(inv, i)
	}
	for _, r := range in.Routes {
		x.addRoute(inv, r)
	}
	x.readNodes(v.All(nodeKind))
	open := x.openGateways(v)
	for o := range v.All(virtualService) {
		x.addVirtualService(inv, o, open)
	}
	for o := range v.All(scanResult) {
		x.addScan(inv, o)
	}
	x.findChains(v, inv, in)
	return x, nil
}

// findChains finds how far away somebody can be who reaches each workload.
func (x *Index) findChains(v *control.View, inv *workloads.Inventory, in *ingress.Index) {
	x.readSlices(v.All(sliceKind), inv, v.All(podKind))
	for o := range v.All("Service") {
		if s := inv.Service(o); s != nil {
			x.serviceChains(s)
		}
	}
	f := readFronts(v, inv)
	for _, i := range in.Ingresses {
		x.ingressChains(inv, f, i)
	}
	namespace := func(name string) *world.Object { return v.Get(world.Ref{Kind: namespaceKind, Name: name}) }
	for _, r := range in.Routes {
		x.routeChains(inv, in, r, namespace)
	}
	for o := range v.All(control.Pods) {
		for _, w := range inv.Of(o) {
			x.hostPorts(w)
		}
	}
}

// open adds a door to every workload behind a Service.
func (x *Index) open(s *workloads.Service, d Door) {
	if s == nil {
		return
	}
	d.Service = s.Object
	for _, w := range s.Workloads {
		same := func(have Door) bool { return have.Kind == d.Kind && have.Entry == d.Entry && have.Service == d.Service }
		if !slices.ContainsFunc(x.doors[w.Object], same) {
			x.doors[w.Object] = append(x.doors[w.Object], d)
		}
	}
}

func (x *Index) addService(s *workloads.Service) {
	d := Door{Kind: ServiceDoor, Entry: s.Object, Field: "spec.type"}
	switch {
	case s.Spec.Type == corev1.ServiceTypeNodePort || s.Spec.Type == corev1.ServiceTypeLoadBalancer:
		d.Why = fmt.Sprintf("Service %q of type %s", s.Object.Name, s.Spec.Type)
	case len(s.Spec.ExternalIPs) > 0:
		d.Field, d.Why = "spec.externalIPs", fmt.Sprintf("external addresses of Service %q", s.Object.Name)
	default:
		return
	}
	reached := *s
	reached.Workloads = nil
	for _, w := range s.Workloads {
		if portResolves(s.Spec, w.Pod) {
			reached.Workloads = append(reached.Workloads, w)
		}
	}
	x.open(&reached, d)
}

// portResolves says whether some port of the Service exists on the pod: a number always may, a name must be declared.
func portResolves(s *corev1.ServiceSpec, t *world.PodTemplate) bool {
	if len(s.Ports) == 0 {
		return true
	}
	names := map[string]bool{}
	for c := range t.Containers {
		for i := range c.Ports {
			names[c.Ports[i].Name] = true
		}
	}
	return slices.ContainsFunc(s.Ports, func(p corev1.ServicePort) bool {
		return p.TargetPort.Type == intstr.Int || names[p.TargetPort.StrVal]
	})
}

func (x *Index) addIngress(inv *workloads.Inventory, in *ingress.Ingress) {
	why := fmt.Sprintf("Ingress %q", in.Object.Name)
	for b := range in.Backends {
		if b.Service != "" {
			x.open(inv.Named(in.Object.Namespace, b.Service), Door{Kind: IngressDoor, Entry: in.Object, Field: b.Field, Why: why})
		}
	}
}

func (x *Index) addRoute(inv *workloads.Inventory, r *ingress.Route) {
	why := fmt.Sprintf("%s %q", r.Object.Kind, r.Object.Name)
	for b := range r.Backends {
		if ref, ok := b.Service(r.Object.Namespace); ok {
			x.open(inv.Named(ref.Namespace, ref.Name), Door{Kind: GatewayDoor, Entry: r.Object, Field: b.Field, Why: why})
		}
	}
}

// addScan joins a result of Kubescape's network scanner to the Service of its name.
func (x *Index) addScan(inv *workloads.Inventory, o *world.Object) {
	var spec struct {
		Ports []struct {
			Port          int32 `json:"port"`
			Authenticated *bool `json:"authenticated"`
		} `json:"ports"`
	}
	s := inv.Named(o.Namespace, o.Name)
	if s == nil || o.Decode("spec", &spec) != nil {
		return
	}
	for _, p := range spec.Ports {
		if p.Authenticated == nil || *p.Authenticated || !ingress.HasPort(s.Object, intstr.FromInt32(p.Port)) {
			continue
		}
		for _, w := range s.Workloads {
			x.unauth[w.Object] = append(x.unauth[w.Object], Unauthenticated{Service: s.Object, Result: o, Port: p.Port})
		}
	}
}
