package istio

import (
	"slices"
	"strings"

	"istio.io/istio/pkg/workloadapi/security"

	"bulwark/facts/mtls"
)

// ztunnelMatches evaluates a policy as ztunnel documents it: any group, all rules of it, any match of a rule, and of a
// match every field that is set, whose values are alternatives. Addresses are left out. nil stands for plaintext.
func ztunnelMatches(a *security.Authorization, id *mtls.Identity, port uint32) bool {
	return slices.ContainsFunc(a.Groups, func(g *security.Group) bool {
		for _, rule := range g.Rules {
			if len(rule.Matches) > 0 && !slices.ContainsFunc(rule.Matches, func(m *security.Match) bool { return matches(m, id, port) }) {
				return false
			}
		}
		return true
	})
}

func matches(m *security.Match, id *mtls.Identity, port uint32) bool {
	principal, namespace := "", ""
	if id != nil {
		principal, namespace = id.Principal(), id.Namespace
	}
	account := func(s *security.ServiceAccountMatch) bool {
		return id != nil && s.Namespace == id.Namespace && s.ServiceAccount == id.Account
	}
	word := func(text string) func(*security.StringMatch) bool {
		return func(s *security.StringMatch) bool { return id != nil && stringMatches(s, text) }
	}
	return both(m.Principals, m.NotPrincipals, word(principal)) && both(m.Namespaces, m.NotNamespaces, word(namespace)) &&
		both(m.ServiceAccounts, m.NotServiceAccounts, account) &&
		both(m.DestinationPorts, m.NotDestinationPorts, func(p uint32) bool { return p == port })
}

func both[T any](want, not []T, is func(T) bool) bool {
	return (len(want) == 0 || slices.ContainsFunc(want, is)) && !slices.ContainsFunc(not, is)
}

func stringMatches(s *security.StringMatch, text string) bool {
	switch m := s.MatchType.(type) {
	case *security.StringMatch_Exact:
		return text == m.Exact
	case *security.StringMatch_Prefix:
		return strings.HasPrefix(text, m.Prefix)
	case *security.StringMatch_Suffix:
		return strings.HasSuffix(text, m.Suffix)
	case *security.StringMatch_Presence:
		return text != ""
	}
	return false
}
