// Package monitors derives which Services a ServiceMonitor of the Prometheus
// operator collects from.
package monitors

import (
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"bulwark/control"
	"bulwark/facts/selection"
	"bulwark/world"
)

// Services holds the labels of all Services by namespace. It is immutable.
type Services struct {
	byNamespace map[string][]labels.Set
	view        *control.View
}

// Fact is the Services of the snapshot, as monitors see them.
var Fact = &control.Fact[*Services]{
	Name:  "monitors",
	Doc:   "Labels of Services by namespace, for matching ServiceMonitors.",
	Kinds: []string{"Service"},
	Derive: func(v *control.View) (*Services, error) {
		s := &Services{byNamespace: map[string][]labels.Set{}, view: v}
		for o := range v.All("Service") {
			s.byNamespace[o.Namespace] = append(s.byNamespace[o.Namespace], o.Meta.Labels)
		}
		return s, nil
	},
}

// spec is the part of a ServiceMonitor that says what it matches.
type spec struct {
	Selector          metav1.LabelSelector `json:"selector"`
	NamespaceSelector struct {
		Any        bool     `json:"any"`
		MatchNames []string `json:"matchNames"`
	} `json:"namespaceSelector"`
}

// Matches says whether a ServiceMonitor matches any Service; an error says why
// that cannot be known.
func (s *Services) Matches(monitor *world.Object) (bool, error) {
	var m spec
	if err := monitor.Decode("spec", &m); err != nil {
		return false, err
	}
	sel, err := selection.Selector(&m.Selector)
	if err != nil {
		return false, err
	}
	namespaces := []string{monitor.Namespace}
	switch {
	case m.NamespaceSelector.Any:
		namespaces = slices.Sorted(maps.Keys(s.byNamespace))
	case len(m.NamespaceSelector.MatchNames) > 0:
		namespaces = m.NamespaceSelector.MatchNames
	}
	for _, ns := range namespaces {
		for _, set := range s.byNamespace[ns] {
			if sel.Matches(set) {
				return true, nil
			}
		}
	}
	if len(namespaces) == 0 {
		return false, s.view.Knows("Service", "")
	}
	for _, ns := range namespaces {
		if err := s.view.Knows("Service", ns); err != nil {
			return false, err
		}
	}
	return false, nil
}
