package rbac

import (
	"fmt"
	"slices"
	"strings"

	"bulwark/control"
	"bulwark/facts/components"
	"bulwark/world"
)

// Chain is which authorizers the API server asks, in their order. Before all of
// them it allows members of system:masters everything.
type Chain struct {
	Modes []string // Node, RBAC, Webhook, AlwaysAllow, AlwaysDeny, ABAC
	Known bool     // read from an API server's configuration; otherwise what most clusters have
	From  string   // where it was read, or why it is not known

	// Beyond names an authorizer that a managed cluster has besides, "" when none is known.
	Beyond string
}

// defaultModes are those of kubeadm and of every managed service.
var defaultModes = []string{"Node", "RBAC"}

const kindNode = "Node"

// SeenChain is the chain of the API servers of a snapshot.
var SeenChain = &control.Fact[*Chain]{
	Name:     "authorization-chain",
	Doc:      "which authorizers the API server asks, from its flags and configuration",
	Kinds:    []string{kindNode, components.AuthorizationConfig},
	Requires: []control.AnyFact{components.Fact},
	Partial:  true,
	Derive:   func(v *control.View) (*Chain, error) { return deriveChain(v), nil },
}

func deriveChain(v *control.View) *Chain {
	inventory, err := components.Fact.Of(v)
	if err != nil {
		return assumed(v, err.Error())
	}
	var found *Chain
	for o, p := range inventory.All(components.APIServer) {
		c, ok := chainOf(v, o, p)
		switch {
		case !ok:
		case found == nil:
			found = c
		case !slices.Equal(found.Modes, c.Modes):
			found = differing(found, c)
		}
	}
	if found == nil {
		return assumed(v, "the input does not show how the API server is configured")
	}
	return found
}

// chainOf reads the chain of one API server; ok is false when its configuration does not tell.
func chainOf(v *control.View, o *world.Object, p *components.Process) (c *Chain, ok bool) {
	from := fmt.Sprintf("%s, %s", o.Ref, p.Name)
	if file := p.Get("authorization-config"); file.Set {
		for conf := range v.All(components.AuthorizationConfig) {
			return configured(conf), true
		}
		return nil, false
	}
	modes := p.Get("authorization-mode")
	switch {
	case modes.Err != nil || modes.Silent:
		return nil, false
	case modes.Set:
		return &Chain{Modes: modes.Values, Known: true, From: from}, true
	case p.DefaultsKnown():
		return &Chain{Modes: []string{"AlwaysAllow"}, Known: true, From: from + ", which has no --authorization-mode"}, true
	}
	return nil, false
}

// configured reads an AuthorizationConfiguration.
func configured(o *world.Object) *Chain {
	c := &Chain{Known: true, From: o.Ref.String()}
	var list []struct {
		Type string `json:"type"`
	}
	if err := o.Decode("authorizers", &list); err != nil {
		return &Chain{Modes: append(slices.Clone(defaultModes), "Webhook"), From: err.Error()}
	}
	for _, a := range list {
		c.Modes = append(c.Modes, a.Type)
	}
	return c
}

// differing is the chain of API servers that do not agree: it may allow what either does.
func differing(a, b *Chain) *Chain {
	c := &Chain{Modes: slices.Clone(a.Modes), From: "API servers that are configured differently: " + a.From + "; " + b.From}
	for _, m := range b.Modes {
		if !slices.Contains(c.Modes, m) {
			c.Modes = append(c.Modes, m)
		}
	}
	return c
}

// clouds are labels that the nodes of managed services bear, and who decides there besides RBAC.
var clouds = []struct{ label, beyond string }{
	{"cloud.google.com/gke-nodepool", "the IAM of Google Cloud"},
	{"eks.amazonaws.com/nodegroup", "EKS access policies"},
	{"eks.amazonaws.com/compute-type", "EKS access policies"},
	{"kubernetes.azure.com/cluster", "Azure RBAC, where it is switched on"},
}

// assumed is the chain of a cluster that does not show it.
func assumed(v *control.View, why string) *Chain {
	c := &Chain{Modes: defaultModes, From: why}
	if v.Gapped(kindNode) != nil {
		return c
	}
	for o := range v.All(kindNode) {
		for _, cloud := range clouds {
			if _, ok := o.Meta.Labels[cloud.label]; ok {
				c.Beyond = cloud.beyond
				return c
			}
		}
	}
	return c
}

// Has says whether the chain asks an authorizer.
func (c *Chain) Has(mode string) bool { return slices.Contains(c.Modes, mode) }

// Others names the authorizers that cannot be foreseen, "" when there is none.
func (c *Chain) Others() string {
	var out []string
	for _, m := range c.Modes {
		if m == "Webhook" || m == "ABAC" {
			out = append(out, map[string]string{"Webhook": "an authorization webhook", "ABAC": "a file of ABAC rules"}[m])
		}
	}
	if c.Beyond != "" {
		out = append(out, c.Beyond)
	}
	return strings.Join(slices.Compact(out), " and ")
}

// hookBefore says whether a webhook is asked before an authorizer: it may deny what that allows.
func (c *Chain) hookBefore(mode string) bool {
	hook, other := slices.Index(c.Modes, "Webhook"), slices.Index(c.Modes, mode)
	return hook >= 0 && other > hook
}
