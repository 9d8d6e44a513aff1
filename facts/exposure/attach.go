package exposure

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"bulwark/facts/ingress"
	"bulwark/world"
)

// fit is the answer of a comparison whose facts may be missing.
type fit uint8

const (
	no fit = iota
	maybe
	yes
)

// attaches says whether some listener of a Gateway takes a route: by section, namespace and host names.
func attaches(gw *ingress.Gateway, r *ingress.Route, p *ingress.Parent, namespaces func(string) *world.Object) fit {
	best := no
	for i := range gw.Listeners {
		l := &gw.Listeners[i]
		if p.SectionName != "" && p.SectionName != l.Name || !hostsMeet(l.Hostname, r.Hostnames) {
			continue
		}
		best = max(best, takes(gw, i, r.Object.Namespace, namespaces))
	}
	return best
}

// takes says whether a listener takes routes of a namespace; "Same" is the default.
func takes(gw *ingress.Gateway, i int, namespace string, namespaces func(string) *world.Object) fit {
	switch gw.Listeners[i].AllowedRoutes.Namespaces.From {
	case "All":
		return yes
	case "Selector":
		return selected(gw.Object, i, namespaces(namespace))
	case "None":
		return no
	}
	if namespace == gw.Object.Namespace {
		return yes
	}
	return no
}

func selected(gateway *world.Object, listener int, namespace *world.Object) fit {
	var spec struct {
		Listeners []struct {
			AllowedRoutes struct {
				Namespaces struct {
					Selector *metav1.LabelSelector `json:"selector"`
				} `json:"namespaces"`
			} `json:"allowedRoutes"`
		} `json:"listeners"`
	}
	if gateway.Decode("spec", &spec) != nil || listener >= len(spec.Listeners) || namespace == nil {
		return maybe
	}
	sel, err := metav1.LabelSelectorAsSelector(spec.Listeners[listener].AllowedRoutes.Namespaces.Selector)
	if err != nil || !sel.Matches(labels.Set(namespace.Meta.Labels)) {
		return no
	}
	return yes
}

// hostsMeet says whether a listener's host name and those of a route have one in common. None stands for every name, and a
// wildcard for one or more labels.
func hostsMeet(listener string, route []string) bool {
	if listener == "" || len(route) == 0 {
		return true
	}
	for _, host := range route {
		if covers(listener, host) || covers(host, listener) {
			return true
		}
	}
	return false
}

func covers(pattern, host string) bool {
	pattern, host = strings.ToLower(pattern), strings.ToLower(host)
	if pattern == host {
		return true
	}
	suffix, wild := strings.CutPrefix(pattern, "*")
	return wild && strings.HasSuffix(host, suffix) && len(host) > len(suffix)
}
