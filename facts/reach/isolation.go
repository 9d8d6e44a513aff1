package reach

import (
	"errors"
	"fmt"

	"bulwark/world"
)

// ErrUndecided is the reason of an answer that rests on a policy which cannot be judged without more knowledge.
var ErrUndecided = errors.New("cannot be decided")

// StandIn is a class of pods with these labels in a namespace, for questions
// about pods that are in no class.
func StandIn(namespace string, labels map[string]string) *Class {
	return &Class{Index: -1, Namespace: namespace, Labels: labels, ServiceAccount: "default", runtime: true}
}

// IsolatedBy returns the first policy that surely isolates a class in a
// direction, nil when none does; whether policies take effect at all is not
// asked. It returns an error wrapping ErrUndecided when none is known to and one
// may, and an error of world.Snapshot.Knows when a policy may be missing.
func (m *Model) IsolatedBy(c *Class, d Direction) (*world.Object, error) {
	var doubt error
	for _, list := range m.selecting(c) {
		for _, s := range list {
			side := &s.policy.sides[d]
			switch o := s.policy.object; {
			case side.isolates && s.sure == yes:
				return o, nil
			case doubt != nil:
			case side.isolates:
				doubt = fmt.Errorf("whether %s selects the pod %w%s", o.Ref, ErrUndecided, s.policy.because())
			case side.denies():
				doubt = fmt.Errorf("%s denies some of the traffic; whether that isolates the pod %w by its selectors alone", o.Ref, ErrUndecided)
			}
		}
	}
	return nil, m.doubt(c.Namespace, doubt)
}

// because is what a policy's doubt says, after a colon.
func (p *policy) because() string {
	if p.doubt == "" {
		return ""
	}
	return ": " + p.doubt
}

// denies says whether some rule may refuse something.
func (s *section) denies() bool {
	for _, r := range s.rules {
		if r.action&deny != 0 {
			return true
		}
	}
	return false
}

// accepts says whether some rule may let something through.
func (s *section) accepts() bool {
	for _, r := range s.rules {
		if r.action != deny && len(r.peers) > 0 {
			return true
		}
	}
	return false
}

// DefaultDeny returns a policy that isolates every pod of a namespace in a
// direction and lets nothing through, nil when there is none. Errors are as of IsolatedBy.
func (m *Model) DefaultDeny(namespace string, d Direction) (*world.Object, error) {
	var doubt error
	for at := range m.about(namespace) {
		p := m.policies[at]
		side := &p.sides[d]
		covers := m.coversNamespace(p, namespace)
		switch {
		case covers == no:
		case side.isolates && !side.accepts() && covers == yes:
			return p.object, nil
		case !side.isolates && side.denies() && doubt == nil:
			doubt = fmt.Errorf("%s denies some of the traffic; whether that is a default deny %w by its selectors alone", p.object.Ref, ErrUndecided)
		}
	}
	return nil, m.doubt(namespace, doubt)
}

// coversNamespace says whether a policy selects every pod of a namespace.
func (m *Model) coversNamespace(p *policy, name string) truth {
	if p.subject.pod.String() != "" {
		return no
	}
	t := known(p.subject.everyNS || p.subject.ns == nil && p.subject.home == name)
	if p.subject.ns != nil {
		t = p.subject.ns.match(m.namespaceOf(name))
	}
	return p.further(t)
}

// AnyPolicy returns one policy of a namespace, or one for every namespace that
// selects all of its pods; nil when there is none. Errors are as of IsolatedBy.
func (m *Model) AnyPolicy(namespace string) (*world.Object, error) {
	var doubt error
	for at := range m.about(namespace) {
		p := m.policies[at]
		own := world.Namespaced(p.object.GroupKind()) && p.object.Namespace == namespace
		switch covers := m.coversNamespace(p, namespace); {
		case own && p.doubt == "":
			return p.object, nil
		case covers == yes && (p.sides[Ingress].isolates || p.sides[Egress].isolates):
			return p.object, nil
		case covers != no && doubt == nil:
			doubt = fmt.Errorf("whether %s limits its pods %w by its selectors alone", p.object.Ref, ErrUndecided)
		}
	}
	return nil, m.doubt(namespace, doubt)
}

func (m *Model) doubt(namespace string, found error) error {
	switch {
	case found != nil:
		return found
	case len(m.unread) > 0:
		return fmt.Errorf("what a policy selects %w: %w", ErrUndecided, m.unread[0])
	}
	return m.KnowsPolicies(namespace)
}

// KnowsPolicies returns nil when finding no policy in a namespace proves that
// there is none.
func (m *Model) KnowsPolicies(namespace string) error { return m.missingFrom(namespace) }
