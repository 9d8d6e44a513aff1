// Package workloads derives the inventory of workloads: what each runs, how
// many replicas it asks for, and which budgets, autoscalers and Services are
// about it.
package workloads

import (
	"reflect"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"

	"bulwark/control"
	"bulwark/facts/selection"
	"bulwark/world"
)

// Workload is one pod template with what stands around it.
type Workload struct {
	Object   *world.Object
	Pod      *world.PodTemplate
	Labels   map[string]string // of the pods
	Replicas *int32            // as written; nil when not written or when the kind has none
	Budgets  []*Budget
	Scaler   *Scaler // the first that targets it
	Services []*Service
}

// Count returns the replicas that are asked for: the autoscaler's floor where
// there is one, else what is written, else the API's default of one.
func (w *Workload) Count() int32 {
	if w.Scaler != nil {
		return w.Scaler.Floor()
	}
	if w.Replicas != nil {
		return *w.Replicas
	}
	return 1
}

// Budget is a PodDisruptionBudget with the workloads that it selects.
type Budget struct {
	Object    *world.Object
	Spec      *policyv1.PodDisruptionBudgetSpec
	Workloads []*Workload
}

// Scaler is a HorizontalPodAutoscaler or a KEDA ScaledObject.
type Scaler struct {
	Object *world.Object
	Min    *int32 // nil when not written
	Max    int32  // 0 when not written
	Target TargetRef
	// Workload is the target, nil when no workload of that name was read.
	Workload *Workload
}

// Floor returns the least number of replicas that it scales to.
func (s *Scaler) Floor() int32 {
	if s.Min != nil {
		return *s.Min
	}
	return 1
}

// TargetRef names what a Scaler scales, within its own namespace.
type TargetRef struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
}

// Service is a Service with the workloads that its selector matches.
type Service struct {
	Object    *world.Object
	Spec      *corev1.ServiceSpec
	Workloads []*Workload
}

// Selects says whether the Service is meant to find pods by labels.
func (s *Service) Selects() bool {
	return len(s.Spec.Selector) > 0 && s.Spec.Type != corev1.ServiceTypeExternalName
}

// Inventory is the whole, by object. It is immutable.
type Inventory struct {
	workloads  map[*world.Object][]*Workload
	byRef      map[world.Ref]*Workload // the first of each name
	budgets    map[*world.Object]*Budget
	scalers    map[*world.Object]*Scaler
	services   map[*world.Object]*Service
	named      map[world.Ref]*Service
	bySelector map[string][]*Service
	byHost     map[string][]*Service
	targets    *selection.Index
	view       *control.View
}

// kinds that the inventory joins to the workloads. Budgets and autoscalers of
// versions that the API no longer serves are read too.
const (
	budgetKind  = "PodDisruptionBudget.policy"
	oldBudget   = "PodDisruptionBudget" // written with apiVersion v1 by mistake
	scalerKind  = "HorizontalPodAutoscaler.autoscaling"
	kedaKind    = "ScaledObject.keda.sh"
	serviceKind = "Service"
)

// Fact is the inventory of the snapshot.
var Fact = &control.Fact[*Inventory]{
	Name:     "workloads",
	Doc:      "Workloads with their replicas, disruption budgets, autoscalers and Services.",
	Kinds:    []string{control.Pods, budgetKind, oldBudget, scalerKind, kedaKind, serviceKind},
	Requires: []control.AnyFact{selection.Pods},
	Derive:   derive,
}

func derive(v *control.View) (*Inventory, error) {
	targets, err := selection.Pods.Of(v)
	if err != nil {
		return nil, err
	}
	inv := &Inventory{
		workloads: map[*world.Object][]*Workload{}, byRef: map[world.Ref]*Workload{}, budgets: map[*world.Object]*Budget{},
		scalers: map[*world.Object]*Scaler{}, services: map[*world.Object]*Service{},
		named: map[world.Ref]*Service{}, bySelector: map[string][]*Service{}, byHost: map[string][]*Service{},
		targets: targets, view: v,
	}
	for o := range v.All(control.Pods) {
		for t := range o.Pods {
			w := &Workload{Object: o, Pod: t, Replicas: Replicas(o)}
			if t.Meta != nil {
				w.Labels = t.Meta.Labels
			}
			inv.workloads[o] = append(inv.workloads[o], w)
			if inv.byRef[o.Ref] == nil {
				inv.byRef[o.Ref] = w
			}
		}
	}
	inv.joinServices()
	inv.joinScalers()
	inv.joinBudgets()
	return inv, nil
}

// Replicas reads spec.replicas of any kind that has one; nil when it is not written.
func Replicas(o *world.Object) *int32 {
	if o.Typed == nil {
		var spec struct {
			Replicas *int32 `json:"replicas"`
		}
		if o.Decode("spec", &spec) != nil {
			return nil
		}
		return spec.Replicas
	}
	v := reflect.Indirect(reflect.ValueOf(o.Typed))
	if v.Kind() != reflect.Struct {
		return nil
	}
	spec := v.FieldByName("Spec")
	if !spec.IsValid() || spec.Kind() != reflect.Struct {
		return nil
	}
	field := spec.FieldByName("Replicas")
	if !field.IsValid() {
		return nil
	}
	n, _ := field.Interface().(*int32)
	return n
}

// Of returns the workloads of an object, one for each pod template.
func (inv *Inventory) Of(o *world.Object) []*Workload { return inv.workloads[o] }

// Budget returns what is known of a PodDisruptionBudget, nil when it cannot be read.
func (inv *Inventory) Budget(o *world.Object) *Budget { return inv.budgets[o] }

// Scaler returns what is known of an autoscaler, nil when it cannot be read.
func (inv *Inventory) Scaler(o *world.Object) *Scaler { return inv.scalers[o] }

// Service returns what is known of a Service.
func (inv *Inventory) Service(o *world.Object) *Service { return inv.services[o] }

// Named returns the Service of a name, or nil.
func (inv *Inventory) Named(namespace, name string) *Service {
	return inv.named[world.Ref{Kind: serviceKind, Namespace: namespace, Name: name}]
}

// KnowsWorkloads returns nil when matching no workload in a namespace proves that there is none.
func (inv *Inventory) KnowsWorkloads(namespace string) error { return inv.targets.Knows(namespace) }

// KnowsServices returns nil when finding no Service in a namespace proves that there is none.
func (inv *Inventory) KnowsServices(namespace string) error {
	return inv.view.Knows(serviceKind, namespace)
}

// KnowsBudgets returns nil when finding no budget in a namespace proves that there is none.
func (inv *Inventory) KnowsBudgets(namespace string) error {
	return inv.view.Knows(budgetKind, namespace)
}

// SameSelector returns the other Services of the same namespace that select by exactly the same labels.
func (inv *Inventory) SameSelector(s *Service) []*Service {
	return others(inv.bySelector[selectorKey(s)], s)
}

// SameHost returns the other Services, of any namespace, that ask for the same external DNS name.
func (inv *Inventory) SameHost(s *Service, host string) []*Service {
	return others(inv.byHost[host], s)
}

func others(all []*Service, self *Service) []*Service {
	var found []*Service
	for _, s := range all {
		if s != self && s.Object.Ref != self.Object.Ref {
			found = append(found, s)
		}
	}
	return found
}
