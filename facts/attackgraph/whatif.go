package attackgraph

import (
	"slices"

	"bulwark/facts/rbac"
)

// Holders returns the users, groups and service accounts of the graph that are
// not Kubernetes' own: somebody else could have their credentials.
func (g *Graph) Holders() (out []uint32) {
	builtin := g.builtinSubjects()
	for i := range g.vertices {
		switch v := &g.vertices[i]; v.kind {
		case User, Group, Account:
			if !builtin[v.key] && v.name != rbac.GroupMasters {
				out = append(out, uint32(i))
			}
		}
	}
	return out
}

// builtinSubjects are those that Kubernetes binds itself.
func (g *Graph) builtinSubjects() map[key]bool {
	out := map[key]bool{}
	if g.policy == nil {
		return out
	}
	for _, b := range g.policy.Bindings() {
		if b.Object != nil && !rbac.BuiltinBinding(b.Object) {
			continue
		}
		for _, s := range b.Subjects {
			switch s.Kind {
			case "ServiceAccount":
				out[key{kind: Account, namespace: s.Namespace, name: s.Name}] = true
			case "User":
				out[key{kind: User, name: s.Name}] = true
			}
		}
	}
	return out
}

// NewPaths compares two graphs of an estate, before and after a change, and
// returns the ways to the sinks that only the second one certainly has, or with
// o.Possible those that are only possible too. A way is new when its source did
// not reach the sink before. Service accounts whose token a new way of a
// workload uses are not listed again.
func NewPaths(before, after *Graph, o Options) *Survey {
	sure, maybe := before.reached(Options{}), before.reached(Options{Possible: true})
	sinks := after.Sinks()
	all := after.Survey(append(after.Sources(), after.Holders()...), sinks, o)
	used := map[uint32]bool{}
	for _, c := range all.Classes {
		had := maybe
		if c.Path.Certain {
			had = sure
		}
		c.Sources = slices.DeleteFunc(c.Sources, func(v uint32) bool { return had[pair{after.vertices[v].ID(), after.vertices[c.Sink].name}] })
	}
	all.Classes = slices.DeleteFunc(all.Classes, func(c *Class) bool { return len(c.Sources) == 0 })
	for _, c := range all.Classes {
		c.Path = after.again(c, o)
		if after.vertices[c.Path.From].kind == Workload {
			for _, v := range c.Path.Things() {
				used[v] = true
			}
		}
	}
	all.Classes = slices.DeleteFunc(all.Classes, func(c *Class) bool {
		c.Sources = slices.DeleteFunc(c.Sources, func(v uint32) bool { return after.vertices[v].kind == Account && used[v] })
		return len(c.Sources) == 0
	})
	return all
}

// again finds the path of the first source that a class still has.
func (g *Graph) again(c *Class, o Options) *Path {
	if c.Path.From == c.Sources[0] {
		return c.Path
	}
	o.Possible = !c.Path.Certain
	if ps := g.Shortest(c.Sources[:1], []uint32{c.Sink}, o); len(ps) > 0 {
		return ps[0]
	}
	return c.Path
}

// pair is a source and a sink by name, to compare two graphs.
type pair struct{ source, sink string }

// reached returns which sources reach which sinks; for a sink that is reached
// all that are less bad count as reached too, as reports leave them out.
func (g *Graph) reached(o Options) map[pair]bool {
	out := map[pair]bool{}
	sources := append(g.Sources(), g.Holders()...)
	hit := map[uint32]bool{}
	for i, sink := range g.sinks {
		d := g.g.Cheapest([]uint32{sink}, o.cost)
		for _, v := range sources {
			cloud := sinkNames[i] == CloudAdmin
			if d.Reached(v) || hit[v] && !cloud {
				out[pair{g.vertices[v].ID(), g.vertices[sink].name}] = true
				hit[v] = hit[v] || !cloud
			}
		}
	}
	return out
}
