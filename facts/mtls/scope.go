package mtls

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bulwark/world"
)

// scope is what a Sidecar resource lets the proxies of some pods know.
type scope struct {
	object   *world.Object
	selector map[string]string
	selects  bool
	egress   bool     // has listeners for outbound traffic
	hosts    []string // "namespace/host" of all of them
}

func readScope(o *world.Object) (*scope, error) {
	var s struct {
		Selector *struct {
			Labels map[string]string `json:"labels"`
		} `json:"workloadSelector"`
		Egress []struct {
			Hosts []string `json:"hosts"`
		} `json:"egress"`
	}
	if err := o.Decode("spec", &s); err != nil {
		return nil, err
	}
	x := &scope{object: o, egress: len(s.Egress) > 0}
	if s.Selector != nil {
		x.selector, x.selects = s.Selector.Labels, len(s.Selector.Labels) > 0
	}
	for _, e := range s.Egress {
		x.hosts = append(x.hosts, e.Hosts...)
	}
	return x, nil
}

// scopeOf returns the Sidecar resource that counts for a client: one that selects it, else the namespace's oldest without
// a selector, else that of the root namespace; nil when it knows everything.
func (m *Model) scopeOf(client *Member) *scope {
	var plain *scope
	for _, s := range m.scopes[client.Namespace()] {
		switch {
		case s.selects && selects(s.selector, client.Labels):
			return s
		case !s.selects && (plain == nil || s.object.Meta.CreationTimestamp.Before(&plain.object.Meta.CreationTimestamp)):
			plain = s
		}
	}
	if plain != nil || client.Namespace() == m.Config.Root {
		return plain
	}
	for _, s := range m.scopes[m.Config.Root] {
		if !s.selects {
			return s
		}
	}
	return nil
}

// hides says whether the resource keeps a Service of a namespace from a client of another.
func (s *scope) hides(host, service, client string) bool {
	if s == nil || !s.egress {
		return false
	}
	for _, text := range s.hosts {
		namespace, name, ok := strings.Cut(text, "/")
		if !ok {
			continue
		}
		if namespace == "." {
			namespace = client
		}
		if (namespace == "*" || namespace == service) && (name == "*" || name == host || strings.HasPrefix(name, "*") && strings.HasSuffix(host, name[1:])) {
			return false
		}
	}
	return true
}

// labelSelector reads a selector as Linkerd does: one that is absent or empty selects everything.
func labelSelector(s *metav1.LabelSelector) (func(map[string]string) bool, error) {
	if s == nil {
		return func(map[string]string) bool { return true }, nil
	}
	sel, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return nil, err
	}
	return func(l map[string]string) bool { return sel.Matches(set(l)) }, nil
}
