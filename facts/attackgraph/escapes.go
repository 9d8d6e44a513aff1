package attackgraph

import (
	"strconv"

	"bulwark/control"
	"bulwark/facts/escapes"
	"bulwark/facts/exposure"
	"bulwark/facts/iam"
	"bulwark/facts/identities"
	"bulwark/facts/mtls"
	"bulwark/facts/podsecurity"
	"bulwark/facts/rbac"
	"bulwark/facts/reach"
	"bulwark/internal/tri"
	"bulwark/world"
)

// requires are the facts that the graph is made of.
var requires = []control.AnyFact{rbac.Seen, rbac.SeenCatalog, identities.Of, podsecurity.Engines, exposure.Fact, escapes.Fact, reach.Fact, iam.Fact, mtls.Fact}

// drawEscapes draws what a process in the containers of a pod can take from the node under it.
func (a *artist) drawEscapes(v uint32, o *world.Object, t *world.PodTemplate) {
	if a.exits == nil {
		return
	}
	var hosts []target
	for c := range t.Containers {
		for _, e := range a.exits.Of(o, c) {
			if e.Verdict == tri.No || e.Author {
				continue
			}
			if hosts == nil {
				hosts = a.hostsOf(o, t.Spec)
			}
			a.drawEscape(v, o, c, &e, hosts)
		}
	}
}

// readEscapes reads what is known of the places where containers run.
func (a *artist) readEscapes() {
	ways, err := escapes.Fact.Of(a.view)
	if err != nil {
		a.missing = append(a.missing, Missing{"nodes under containers", err})
		return
	}
	a.exits = ways
}

func (a *artist) drawEscape(v uint32, o *world.Object, c world.Container, e *escapes.Escape, hosts []target) {
	n, err := strconv.Atoi(e.ID[1:])
	if err != nil || n < 1 || n > escapeCount {
		return
	}
	p := proof{spot: spot{object: o, path: e.Path, says: "container " + strconv.Quote(c.Name)}, fix: fixEscape, control: e.Control}
	if e.Path == "" {
		p.path = c.Path("")
	}
	for _, g := range e.Guards {
		if g.Open == tri.Unknown {
			p.guards = append(p.guards, doubt(g.Name, g.Why))
		}
	}
	s := firstEscape + step(n-1)
	for _, gain := range e.Gives {
		if to, ok := a.gained(gain); ok {
			a.edge(v, to, s, p)
			continue
		}
		for _, h := range hosts {
			here := p
			here.guards = append(here.guards[:len(here.guards):len(here.guards)], h.guards...)
			if to, ok := a.gainedOn(gain.What, h.vertex); ok {
				a.edge(v, to, s, here)
			}
		}
		for _, group := range gain.Groups {
			if gain.What == escapes.Identity {
				a.edge(v, a.group(group), s, p)
			}
		}
	}
}

// gained returns what an escape gives wherever the container runs.
func (a *artist) gained(g escapes.Gain) (uint32, bool) {
	switch g.What {
	case escapes.Identity:
		return a.user(g.User), g.User != ""
	case escapes.AnyIdentity, escapes.ClusterWrite:
		return a.sink(ClusterAdmin), true
	case escapes.AnyAccount:
		return a.place(allAccounts, "", ""), true
	case escapes.ClusterData:
		return a.right(readSecrets, everywhere), true
	}
	return 0, false
}

// gainedOn returns what an escape gives of the node that it is on.
func (a *artist) gainedOn(what escapes.What, host uint32) (uint32, bool) {
	x := a.vertices[host]
	switch what {
	case escapes.NodeRoot:
		return host, true
	case escapes.NodeIdentity, escapes.HostFiles:
		if x.kind == Node {
			return a.user(nodeUser + x.name), true
		}
		return a.place(accountsOn, "", ""), true
	case escapes.PodFiles:
		return a.place(accountsOn, "", x.name), true // of a node that is not known: of whatever runs there
	}
	return 0, false
}
