package ingress

import "bulwark/world"

// GrantKind is the kind of ReferenceGrants.
const GrantKind = grantKind

// Grants is a list of ReferenceGrants, for those who ask without the Fact.
type Grants []*grant

// ReadGrants reads ReferenceGrants; those that cannot be read grant nothing.
func ReadGrants(objects func(func(*world.Object) bool)) Grants {
	var out Grants
	for o := range objects {
		g := &grant{namespace: o.Namespace}
		if o.Decode("spec", g) == nil {
			out = append(out, g)
		}
	}
	return out
}

// Allow says whether some grant lets from point at to, which is in another namespace.
func (gs Grants) Allow(from, to world.Ref) bool {
	for _, g := range gs {
		if g.allows(from, to) {
			return true
		}
	}
	return false
}
