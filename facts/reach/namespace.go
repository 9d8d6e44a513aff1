package reach

import (
	"bulwark/control"
)

// NameLabel is the label that the API server puts on every namespace.
const NameLabel = "kubernetes.io/metadata.name"

// calicoName is the label under which Calico knows a namespace's name.
const calicoName = "projectcalico.org/name"

// namespace is one namespace with what is known of its labels.
type namespace struct {
	name        string
	labels      map[string]string
	read        bool // the Namespace object is in the input
	first, last int  // classes [first, last) are its own
}

// label implements labelled. Objects of files that leave their namespace to the
// one who applies them are in a namespace of which nothing is known.
func (n *namespace) label(key string) (string, truth) {
	if key == NameLabel || key == calicoName {
		if n.name == "" {
			return "", maybe
		}
		return n.name, yes
	}
	if v, ok := n.labels[key]; ok {
		return v, yes
	}
	if !n.read {
		return "", maybe
	}
	return "", no
}

func readNamespaces(v *control.View) map[string]*namespace {
	all := map[string]*namespace{}
	for o := range v.All("Namespace") {
		if all[o.Name] == nil {
			all[o.Name] = &namespace{name: o.Name, labels: o.Meta.Labels, read: true}
		}
	}
	return all
}

// namespaceOf returns a namespace, making one of which only the name is known.
func (m *Model) namespaceOf(name string) *namespace {
	if n := m.namespaces[name]; n != nil {
		return n
	}
	return &namespace{name: name}
}
