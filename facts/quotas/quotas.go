// Package quotas derives what each namespace grants and allows by LimitRange
// and ResourceQuota.
package quotas

import (
	corev1 "k8s.io/api/core/v1"

	"bulwark/control"
)

const (
	limitRangeKind = "LimitRange"
	quotaKind      = "ResourceQuota"
)

// Defaults are the amounts that a namespace gives to containers that state none.
type Defaults struct {
	Requests corev1.ResourceList
	Limits   corev1.ResourceList
}

// ByNamespace is what is known of every namespace. It is immutable.
type ByNamespace struct {
	defaults map[string]*Defaults
	ranges   map[string]int
	quotas   map[string]int
	view     *control.View
}

// Fact is the LimitRanges and ResourceQuotas of the snapshot.
var Fact = &control.Fact[*ByNamespace]{
	Name:  "quotas",
	Doc:   "Container defaults of LimitRanges, and which namespaces have a LimitRange or a ResourceQuota.",
	Kinds: []string{limitRangeKind, quotaKind},
	Derive: func(v *control.View) (*ByNamespace, error) {
		n := &ByNamespace{defaults: map[string]*Defaults{}, ranges: map[string]int{}, quotas: map[string]int{}, view: v}
		for o := range v.All(limitRangeKind) {
			if r, ok := o.Typed.(*corev1.LimitRange); ok {
				n.ranges[o.Namespace]++
				n.merge(o.Namespace, r.Spec.Limits)
			}
		}
		for o := range v.All(quotaKind) {
			n.quotas[o.Namespace]++
		}
		return n, nil
	},
}

// merge adds the container defaults of one LimitRange, filled in as the API
// server does: a maximum is the default limit, a default limit is the default
// request, and so is a minimum where nothing else says.
func (n *ByNamespace) merge(namespace string, items []corev1.LimitRangeItem) {
	d := n.defaults[namespace]
	if d == nil {
		d = &Defaults{Requests: corev1.ResourceList{}, Limits: corev1.ResourceList{}}
		n.defaults[namespace] = d
	}
	for _, item := range items {
		if item.Type != corev1.LimitTypeContainer {
			continue
		}
		fill(d.Limits, item.Default)
		fill(d.Limits, item.Max)
		fill(d.Requests, item.DefaultRequest)
		fill(d.Requests, item.Default)
		fill(d.Requests, item.Max)
		fill(d.Requests, item.Min)
	}
}

func fill(to, from corev1.ResourceList) {
	for name, amount := range from {
		if _, set := to[name]; !set {
			to[name] = amount
		}
	}
}

// Limit says whether the namespace gives a default limit of this resource.
func (n *ByNamespace) Limit(namespace string, name corev1.ResourceName) bool {
	d := n.defaults[namespace]
	if d == nil {
		return false
	}
	_, ok := d.Limits[name]
	return ok
}

// Request says whether the namespace gives a default request of this resource.
func (n *ByNamespace) Request(namespace string, name corev1.ResourceName) bool {
	d := n.defaults[namespace]
	if d == nil {
		return false
	}
	_, ok := d.Requests[name]
	return ok
}

// HasLimitRange says whether the namespace has a LimitRange; an error says why that cannot be known.
func (n *ByNamespace) HasLimitRange(namespace string) (bool, error) {
	return n.has(limitRangeKind, n.ranges, namespace)
}

// HasQuota says whether the namespace has a ResourceQuota; an error says why that cannot be known.
func (n *ByNamespace) HasQuota(namespace string) (bool, error) {
	return n.has(quotaKind, n.quotas, namespace)
}

func (n *ByNamespace) has(kind string, count map[string]int, namespace string) (bool, error) {
	if count[namespace] > 0 {
		return true, nil
	}
	return false, n.view.Knows(kind, namespace)
}
