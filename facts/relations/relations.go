// Package relations derives who declares to need whom over the network: from
// what workloads are told in variables, arguments and ConfigMaps, from Ingresses
// and routes, load balancers, webhooks, monitors, and rights that only make
// sense with the API server.
package relations

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
	"bulwark/facts/identities"
	"bulwark/facts/ingress"
	"bulwark/facts/rbac"
	"bulwark/facts/workloads"
	"bulwark/world"
)

// EndKind says what one end of a relation is.
type EndKind uint8

// Kinds of ends.
const (
	Workload  EndKind = iota // pods of one workload of the input
	Anywhere                 // any address, in the cluster or outside: clients of a load balancer
	Outside                  // a host outside of the cluster
	APIServer                // the API server
	Entry                    // whatever plays the ingress controller, and is not in the input
	Collector                // whatever collects metrics, and is not in the input
	Absent                   // a Service of the cluster that is not in the input
)

// End is one end of a relation.
type End struct {
	Kind      EndKind
	Workload  *world.Object // of Workload
	Pod       *world.PodTemplate
	Host      string   // of Outside and Absent: a name or an address
	Namespace string   // of Absent
	CIDRs     []string // of Anywhere: nil for all
}

// Relation is one connection that something in the input needs.
type Relation struct {
	From, To End
	Protocol corev1.Protocol
	Port     int32         // of the pods; 0 when any
	Why      string        // in a few words
	At       *world.Object // where that is said
	Path     string
}

// Pos returns where the relation is declared.
func (r *Relation) Pos() world.Pos { return r.At.Pos(r.Path) }

// Relations is what was found. It is immutable.
type Relations struct {
	List []Relation
	// Unclear are places that name a host which is neither known in the input nor
	// looks like one of the internet.
	Unclear []Relation
}

const (
	kindConfigMap  = "ConfigMap"
	kindValidating = "ValidatingWebhookConfiguration.admissionregistration.k8s.io"
	kindMutating   = "MutatingWebhookConfiguration.admissionregistration.k8s.io"
	kindAPIService = "APIService.apiregistration.k8s.io"
	kindCRD        = "CustomResourceDefinition.apiextensions.k8s.io"
	kindMonitor    = "ServiceMonitor.monitoring.coreos.com"
	kindPodMonitor = "PodMonitor.monitoring.coreos.com"
)

// Fact is the relations of the snapshot.
var Fact = &control.Fact[*Relations]{
	Name:     "relations",
	Doc:      "Which connections workloads declare to need, and where.",
	Kinds:    []string{control.Pods, kindConfigMap, kindValidating, kindMutating, kindAPIService, kindCRD, kindMonitor, kindPodMonitor},
	Requires: []control.AnyFact{workloads.Fact, ingress.Fact, identities.Of, rbac.Seen},
	Partial:  true,
	Derive:   derive,
}

// deriver holds what derivation looks things up in.
type deriver struct {
	view       *control.View
	inventory  *workloads.Inventory
	ingresses  *ingress.Index
	identities *identities.Identities
	policy     *rbac.Policy
	configMaps map[world.Ref]*world.Object
	out        *Relations
}

func derive(v *control.View) (*Relations, error) {
	d := &deriver{view: v, configMaps: map[world.Ref]*world.Object{}, out: &Relations{}}
	var err error
	if d.inventory, err = workloads.Fact.Of(v); err != nil {
		return nil, err
	}
	if d.ingresses, err = ingress.Fact.Of(v); err != nil {
		return nil, err
	}
	if d.identities, err = identities.Of.Of(v); err != nil {
		return nil, err
	}
	if d.policy, err = rbac.Seen.Of(v); err != nil {
		return nil, err
	}
	for o := range v.All(kindConfigMap) {
		d.configMaps[o.Ref] = o
	}
	for o := range v.All(control.Pods) {
		for t := range o.Pods {
			d.outbound(o, t)
			d.apiServer(o, t)
		}
	}
	d.entries()
	d.balancers()
	d.extensions()
	d.monitors()
	d.out.List = tidy(d.out.List)
	d.out.Unclear = tidy(d.out.Unclear)
	return d.out, nil
}

// tidy sorts relations and keeps the first of those that differ only in where they were found.
func tidy(list []Relation) []Relation {
	slices.SortStableFunc(list, compare)
	return slices.CompactFunc(list, func(a, b Relation) bool { return compare(a, b) == 0 })
}

func compare(a, b Relation) int {
	return cmp.Or(a.From.compare(&b.From), a.To.compare(&b.To), cmp.Compare(a.Port, b.Port), strings.Compare(string(a.Protocol), string(b.Protocol)))
}

func (e *End) compare(f *End) int {
	return cmp.Or(
		cmp.Compare(e.Kind, f.Kind), e.ref().Compare(f.ref()), strings.Compare(e.path(), f.path()),
		strings.Compare(e.Namespace, f.Namespace), strings.Compare(e.Host, f.Host), slices.Compare(e.CIDRs, f.CIDRs),
	)
}

func (e *End) ref() world.Ref {
	if e.Workload == nil {
		return world.Ref{}
	}
	return e.Workload.Ref
}

func (e *End) path() string {
	if e.Pod == nil {
		return ""
	}
	return e.Pod.Path
}

func workloadEnd(o *world.Object, t *world.PodTemplate) End {
	return End{Kind: Workload, Workload: o, Pod: t}
}

func (d *deriver) add(r Relation) {
	if r.Protocol == "" {
		r.Protocol = corev1.ProtocolTCP
	}
	d.out.List = append(d.out.List, r)
}
