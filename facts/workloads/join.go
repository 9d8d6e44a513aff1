package workloads

import (
	"strings"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"bulwark/facts/selection"
	"bulwark/world"
)

// matching returns the workloads of a namespace that a selector matches.
func (inv *Inventory) matching(namespace string, s labels.Selector) []*Workload {
	var found []*Workload
	for _, t := range inv.targets.Match(namespace, s) {
		for _, w := range inv.workloads[t.Object] {
			if w.Pod == t.Pod {
				found = append(found, w)
			}
		}
	}
	return found
}

func (inv *Inventory) joinServices() {
	for o := range inv.view.All(serviceKind) {
		typed, ok := o.Typed.(*corev1.Service)
		if !ok {
			continue
		}
		s := &Service{Object: o, Spec: &typed.Spec}
		inv.services[o] = s
		if _, seen := inv.named[o.Ref]; !seen {
			inv.named[o.Ref] = s
		}
		for _, host := range ExternalHosts(o) {
			inv.byHost[host] = append(inv.byHost[host], s)
		}
		if !s.Selects() {
			continue
		}
		key := selectorKey(s)
		inv.bySelector[key] = append(inv.bySelector[key], s)
		s.Workloads = inv.matching(o.Namespace, selection.Equal(s.Spec.Selector))
		for _, w := range s.Workloads {
			w.Services = append(w.Services, s)
		}
	}
}

// selectorKey tells Services of one namespace with equal selectors.
func selectorKey(s *Service) string {
	return s.Object.Namespace + "\x00" + labels.Set(s.Spec.Selector).String()
}

// ExternalDNS is the annotation by which the ExternalDNS controller is asked for names.
const ExternalDNS = "external-dns.alpha.kubernetes.io/hostname"

// ExternalHosts returns the DNS names that a Service asks ExternalDNS for.
func ExternalHosts(o *world.Object) []string {
	var hosts []string
	for host := range strings.SplitSeq(o.Annotation(ExternalDNS), ",") {
		if host = strings.ToLower(strings.TrimSpace(host)); host != "" {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

func (inv *Inventory) joinScalers() {
	for _, kind := range []string{scalerKind, kedaKind} {
		for o := range inv.view.All(kind) {
			s := ReadScaler(o)
			if s == nil {
				continue
			}
			inv.scalers[o] = s
			inv.attach(s)
		}
	}
}

// attach finds the target of a scaler among the objects of its namespace.
func (inv *Inventory) attach(s *Scaler) {
	ref := world.Ref{
		Group: world.Group(s.Target.APIVersion), Kind: s.Target.Kind,
		Namespace: s.Object.Namespace, Name: s.Target.Name,
	}
	w := inv.byRef[ref]
	if w == nil {
		return
	}
	s.Workload = w
	if w.Scaler == nil {
		w.Scaler = s
	}
}

// ReadScaler reads a HorizontalPodAutoscaler of any version or a KEDA
// ScaledObject; nil when its fields have the wrong types.
func ReadScaler(o *world.Object) *Scaler {
	switch typed := o.Typed.(type) {
	case *autoscalingv2.HorizontalPodAutoscaler:
		t := typed.Spec.ScaleTargetRef
		return &Scaler{Object: o, Min: typed.Spec.MinReplicas, Max: typed.Spec.MaxReplicas,
			Target: TargetRef{t.APIVersion, t.Kind, t.Name}}
	case *autoscalingv1.HorizontalPodAutoscaler:
		t := typed.Spec.ScaleTargetRef
		return &Scaler{Object: o, Min: typed.Spec.MinReplicas, Max: typed.Spec.MaxReplicas,
			Target: TargetRef{t.APIVersion, t.Kind, t.Name}}
	}
	var spec struct {
		Min     *int32    `json:"minReplicas"`
		Max     int32     `json:"maxReplicas"`
		KedaMin *int32    `json:"minReplicaCount"`
		KedaMax int32     `json:"maxReplicaCount"`
		Target  TargetRef `json:"scaleTargetRef"`
	}
	if o.Decode("spec", &spec) != nil {
		return nil
	}
	s := &Scaler{Object: o, Min: spec.Min, Max: spec.Max, Target: spec.Target}
	if o.GroupKind() != kedaKind {
		return s
	}
	s.Min, s.Max = spec.KedaMin, spec.KedaMax
	if s.Min == nil {
		s.Min = new(int32) // KEDA scales to zero unless told otherwise
	}
	if s.Target.Kind == "" {
		s.Target.Kind = "Deployment"
	}
	if s.Target.APIVersion == "" {
		s.Target.APIVersion = "apps/v1"
	}
	return s
}

func (inv *Inventory) joinBudgets() {
	for _, kind := range []string{budgetKind, oldBudget} {
		for o := range inv.view.All(kind) {
			spec := ReadBudget(o)
			if spec == nil {
				continue
			}
			b := &Budget{Object: o, Spec: spec}
			inv.budgets[o] = b
			sel, err := budgetSelector(o, spec.Selector)
			if err != nil {
				continue
			}
			b.Workloads = inv.matching(o.Namespace, sel)
			for _, w := range b.Workloads {
				w.Budgets = append(w.Budgets, b)
			}
		}
	}
}

// budgetSelector gives an empty selector its meaning: everything in policy/v1, nothing in policy/v1beta1.
func budgetSelector(o *world.Object, s *metav1.LabelSelector) (labels.Selector, error) {
	if s != nil && o.APIVersion == "policy/v1beta1" && len(s.MatchLabels)+len(s.MatchExpressions) == 0 {
		return labels.Nothing(), nil
	}
	return selection.Selector(s)
}

// ReadBudget reads the spec of a PodDisruptionBudget of any version; nil when
// its fields have the wrong types.
func ReadBudget(o *world.Object) *policyv1.PodDisruptionBudgetSpec {
	if typed, ok := o.Typed.(*policyv1.PodDisruptionBudget); ok {
		return &typed.Spec
	}
	spec := new(policyv1.PodDisruptionBudgetSpec)
	if o.Decode("spec", spec) != nil {
		return nil
	}
	return spec
}
