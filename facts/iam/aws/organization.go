package aws

import (
	"fmt"
	"slices"
	"strings"

	"bulwark/facts/iam/awspolicy"
	"bulwark/internal/ytree"
	"bulwark/source/cloud"
	"bulwark/world"
)

// Types of guard rails.
const (
	serviceControl  = "SERVICE_CONTROL_POLICY"
	resourceControl = "RESOURCE_CONTROL_POLICY"
)

// guardRail is a policy of the organization and what it is attached to.
type guardRail struct {
	id, name, kind string
	policy         *awspolicy.Policy
	targets        []target
	attached       bool // the targets were exported
}

type target struct{ id, kind string }

func (e *Estate) readOrganization(in *Inputs) {
	for _, o := range in.GuardRails {
		e.readGuardRail(o)
	}
	for _, o := range in.AccountPaths {
		n := cloud.Tree(o)
		for _, p := range items(n, "Parents") {
			id := p.Str
			if p.Kind == ytree.Map {
				id = p.Text("Id")
			}
			e.paths[n.Text("AccountId")] = append(e.paths[n.Text("AccountId")], id)
		}
	}
	for _, o := range in.Organizations {
		n := cloud.Tree(o)
		e.management = n.Text("MasterAccountId") + n.Text("ManagementAccountId")
	}
}

func (e *Estate) readGuardRail(o *world.Object) {
	n := cloud.Tree(o)
	summary := n.Get("PolicySummary")
	g := guardRail{id: summary.Text("Id"), name: summary.Text("Name"), kind: summary.Text("Type")}
	if g.kind == "" {
		g.kind = serviceControl
	}
	if g.kind != serviceControl && g.kind != resourceControl {
		return
	}
	g.policy = e.policy(o, n.Get("Content"), g.name, "Content", awspolicy.Identity)
	list := n.Get("Targets")
	g.attached = list != nil
	for _, t := range items(n, "Targets") {
		g.targets = append(g.targets, target{t.Text("TargetId"), t.Text("Type")})
	}
	e.rails = append(e.rails, g)
}

// HasGuardRails says whether any policy of the organization was exported. Where
// none was, every answer is an upper bound.
func (e *Estate) HasGuardRails() bool { return len(e.rails) > 0 }

// levels returns the guard rails of one type that an account stands under, by
// what they are attached to.
func (e *Estate) levels(account, kind string) [][]*awspolicy.Policy {
	if account == e.management && account != "" {
		return nil
	}
	byTarget := map[string][]*awspolicy.Policy{}
	for i := range e.rails {
		g := &e.rails[i]
		if g.kind != kind {
			continue
		}
		if !g.attached {
			byTarget[""] = append(byTarget[""], e.unsure(g, fmt.Sprintf("whether policy %q of the organization is attached above account %s", g.name, account)))
		}
		for _, t := range g.targets {
			switch e.above(account, t) {
			case yes:
				byTarget[t.id] = append(byTarget[t.id], g.policy)
			case maybe:
				byTarget[t.id] = append(byTarget[t.id], e.unsure(g, fmt.Sprintf("whether account %s is below %s, where policy %q is attached", account, t.id, g.name)))
			}
		}
	}
	ids := make([]string, 0, len(byTarget))
	for id := range byTarget {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	var out [][]*awspolicy.Policy
	for _, id := range ids {
		out = append(out, byTarget[id])
	}
	return out
}

type certainty uint8

const (
	no certainty = iota
	maybe
	yes
)

// above says whether an account stands below a target.
func (e *Estate) above(account string, t target) certainty {
	switch {
	case t.id == account, t.kind == "ROOT", strings.HasPrefix(t.id, "r-"):
		return yes
	case t.kind == "ACCOUNT":
		return no
	}
	path, known := e.paths[account]
	switch {
	case slices.Contains(path, t.id):
		return yes
	case known:
		return no
	}
	return maybe
}

// unsure returns a policy that may not be in force.
func (e *Estate) unsure(g *guardRail, why string) *awspolicy.Policy {
	p := *g.policy
	p.Unsure = why
	e.owners[&p] = e.owners[g.policy]
	return &p
}
