package rbac

import (
	"fmt"

	"bulwark/internal/tri"
)

// Ask decides a request by RBAC alone: a no is unknown where a binding or a
// role may exist that was not read.
func (p *Policy) Ask(u User, req Request) Answer {
	if proof, ok := p.Prove(u, req); ok {
		return Answer{Verdict: tri.Yes, Why: proof.String(), Proof: &proof}
	}
	if err := p.mayHoldMore(u, req.Namespace); err != nil {
		return unknown("nothing that was read allows it, but %s", err)
	}
	return no("no binding allows it")
}

// unclear returns why the binding may give more than is known, or nil.
func (b *Binding) unclear() error {
	switch {
	case b.Role == nil && b.Unproven != nil:
		return fmt.Errorf("%s hands over %s, which was not found: %w", b.Ref, b.RoleRef, b.Unproven)
	case b.Role != nil && b.Role.Cut:
		return fmt.Errorf("%s selects more rules than are looked at", b.Role.Ref)
	}
	return nil
}

// String names the binding and the role.
func (p Proof) String() string { return fmt.Sprintf("%s to %s", p.Binding.Ref, p.Binding.RoleRef) }
