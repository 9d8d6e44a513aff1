package attackgraph

import (
	"fmt"
	"slices"
	"strings"

	"bulwark/facts/rbac"
	"bulwark/world"
)

// short forms of kinds on the command line.
var kindWords = map[string]string{
	"po": "pod", "deploy": "deployment", "ds": "daemonset", "sts": "statefulset", "rs": "replicaset", "cj": "cronjob", "rc": "replicationcontroller",
	"serviceaccount": "sa", "n": "node", "u": "user", "g": "group",
}

// Resolve returns what a word of the command line names: sa:ns/name,
// pod:ns/name (or any kind of workload), node:name, user:name, group:name,
// secret:ns/name, namespace:name, cloud:name, mesh:ns/name, internet, or a sink.
func (g *Graph) Resolve(word string) ([]uint32, error) {
	switch word {
	case "internet":
		return []uint32{g.ids[key{kind: Internet}]}, nil
	case "anonymous":
		return g.Resolve("user:" + rbac.UserAnonymous)
	}
	if slices.Contains(sinkNames[:], word) {
		return []uint32{g.Sink(word)}, nil
	}
	kind, rest, ok := strings.Cut(word, ":")
	if !ok || rest == "" && kind != "node" {
		return nil, fmt.Errorf("%q names nothing: use sa:NAMESPACE/NAME, pod:NAMESPACE/NAME, deployment:NAMESPACE/NAME, node:NAME, user:NAME, group:NAME, "+
			"secret:NAMESPACE/NAME, namespace:NAME, internet, or %s", word, strings.Join(sinkNames[:], ", "))
	}
	kind = strings.ToLower(kind)
	if long, ok := kindWords[kind]; ok {
		kind = long
	}
	ns, name, both := strings.Cut(rest, "/")
	if !both {
		ns, name = "", rest
	}
	switch kind {
	case "sa":
		return g.named(key{kind: Account, namespace: ns, name: name}, word)
	case "secret":
		return g.named(key{kind: Secret, namespace: ns, name: name}, word)
	case "mesh":
		return g.named(key{kind: Mesh, namespace: ns, name: name}, word)
	case "cloud":
		return g.named(key{kind: CloudRole, name: rest}, word)
	case "node":
		if rest == "" {
			return g.named(key{kind: SomeNode}, word)
		}
		return g.named(key{kind: Node, name: rest}, word)
	case "user":
		if ns, name, ok := rbac.AccountUser(rest); ok {
			return g.named(key{kind: Account, namespace: ns, name: name}, word)
		}
		if v, ok := g.ids[key{kind: User, name: rest}]; ok {
			return []uint32{v}, nil
		}
		return g.named(key{kind: Group, name: rbac.GroupAuthenticated}, word) // nobody binds it: it is any user
	case "group":
		if v, ok := g.ids[key{kind: Group, name: rest}]; ok {
			return []uint32{v}, nil
		}
		return g.named(key{kind: Group, name: rbac.GroupAuthenticated}, word)
	case "namespace", "ns":
		return g.podsOf(rest)
	}
	return g.workload(kind, ns, name, word)
}

func (g *Graph) named(k key, word string) ([]uint32, error) {
	if v, ok := g.ids[k]; ok {
		return []uint32{v}, nil
	}
	return nil, fmt.Errorf("nothing in the input is called %q%s", word, g.near(k.kind, k.name))
}

// podsOf returns the workloads of a namespace.
func (g *Graph) podsOf(namespace string) (out []uint32, err error) {
	for _, v := range g.roots {
		if g.vertices[v].namespace == namespace {
			out = append(out, v)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the input holds no workload of namespace %q", namespace)
	}
	return out, nil
}

func (g *Graph) workload(kind, namespace, name, word string) ([]uint32, error) {
	for o, v := range g.objects {
		if strings.EqualFold(o.Kind, kind) && o.Namespace == namespace && o.Name == name {
			return []uint32{v}, nil
		}
	}
	return nil, fmt.Errorf("nothing in the input is called %q%s", word, g.near(Workload, name))
}

// near suggests things of the same kind whose names are like the one that was not found.
func (g *Graph) near(k Kind, name string) string {
	var found []string
	for i := range g.vertices {
		v := &g.vertices[i]
		if v.kind == k && len(found) < 3 && name != "" && (strings.Contains(v.name, name) || strings.Contains(name, v.name)) {
			found = append(found, v.ID())
		}
	}
	if len(found) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(found, " or ") + "?"
}

// Of returns the vertex of an object that carries pods or is a service account.
func (g *Graph) Of(o *world.Object) (uint32, bool) {
	if v, ok := g.objects[o]; ok {
		return v, true
	}
	if o.Kind == kindAccount && o.Group == "" {
		v, ok := g.ids[key{kind: Account, namespace: o.Namespace, name: o.Name}]
		return v, ok
	}
	return 0, false
}
