package rbac

import (
	"bulwark/control"
	"bulwark/internal/tri"
)

// Authorizer decides requests as the API server of a snapshot does: the
// superuser group first, then the authorizers of its chain.
type Authorizer struct {
	*Policy
	Nodes *Nodes
	Chain *Chain
}

// Decider is the Authorizer of a snapshot, as far as it could be read.
var Decider = &control.Fact[*Authorizer]{
	Name:     "authorizer",
	Doc:      "the decisions of the API server: system:masters, Node, RBAC, and what is known of other authorizers",
	Requires: []control.AnyFact{Seen, SeenNodes, SeenChain},
	Partial:  true,
	Derive: func(v *control.View) (*Authorizer, error) {
		policy, err := Seen.Of(v)
		if err != nil {
			return nil, err
		}
		nodes, err := SeenNodes.Of(v)
		if err != nil {
			return nil, err
		}
		chain, err := SeenChain.Of(v)
		return &Authorizer{policy, nodes, chain}, err
	},
}

// Ask decides a request. It is yes or no only where that is certain from what
// was read; an assumed chain of Node and RBAC counts as certain, as no other is
// usual, unless the cluster is one of a cloud that decides by itself too.
func (a *Authorizer) Ask(u User, req Request) Answer {
	if u.In(GroupMasters) {
		return yes("members of %s may do everything: no authorizer is asked", GroupMasters)
	}
	answer := no("the API server asks neither Node nor RBAC")
	if node, ok := u.Node(); ok && a.Chain.Has("Node") {
		answer = a.foresee(a.Nodes.Ask(node, req), "Node")
	}
	if a.Chain.Has("RBAC") && answer.Verdict != tri.Yes {
		answer = a.foresee(a.Policy.Ask(u, req), "RBAC").or(answer)
	}
	if answer.Verdict == tri.Yes {
		return answer
	}
	if a.Chain.Has("AlwaysAllow") {
		if a.Chain.Has("Webhook") || !a.Chain.Known {
			return unknown("an API server allows everything (AlwaysAllow), but not every one, or a webhook may deny first")
		}
		return yes("the API server allows everything: AlwaysAllow is among its authorizers")
	}
	if others := a.Chain.Others(); others != "" && answer.Verdict == tri.No {
		return unknown("RBAC does not allow it, but %s may", others)
	}
	return answer
}

// foresee weakens a yes that a webhook, asked earlier, can turn into a denial.
func (a *Authorizer) foresee(answer Answer, mode string) Answer {
	if answer.Verdict == tri.Yes && a.Chain.hookBefore(mode) {
		return Answer{Verdict: tri.Unknown, Why: answer.Why + " allows it, but a webhook is asked before and may deny", Proof: answer.Proof}
	}
	return answer
}

// Decorative says whether RBAC decides nothing, as every request is allowed anyway.
func (a *Authorizer) Decorative() bool { return a.Chain.Known && a.Chain.Has("AlwaysAllow") }
