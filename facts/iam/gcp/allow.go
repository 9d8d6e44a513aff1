package gcp

import (
	"fmt"
	"slices"
	"strings"

	"bulwark/internal/tri"
)

// Member is somebody who asks: every name under which bindings may know him.
type Member struct {
	Names []string // "serviceAccount:…", "principal://…"
	Sets  []string // "principalSet://…" that he is in

	Workload bool // a service account of Kubernetes, which is in no group
}

// GSA is a service account of Google Cloud as a member.
func GSA(email string) Member { return Member{Names: []string{"serviceAccount:" + email}} }

// named asks whether a list of members holds the caller.
func (m *Member) named(members []string) (tri.Value, string) {
	out, why := tri.No, ""
	for _, entry := range members {
		switch {
		case slices.Contains(m.Names, entry), slices.Contains(m.Sets, entry), entry == "allUsers", entry == "allAuthenticatedUsers",
			entry == "principalSet://goog/public:all":
			return tri.Yes, ""
		case m.Workload:
		case strings.HasPrefix(entry, "group:"), strings.HasPrefix(entry, "principalSet://goog/group/"):
			out, why = tri.Unknown, fmt.Sprintf("whether it is in %q", entry)
		}
	}
	return out, why
}

// Allowed asks whether somebody has a permission on a resource: denials come
// first, then what the boundary of a principal leaves, then the bindings of the
// resource and of everything above it.
func (e *Estate) Allowed(m Member, permission string, on Resource) Allowed {
	denied, why := e.denied(&m, permission, on)
	if denied == tri.Yes {
		return Allowed{Verdict: tri.No}
	}
	out := e.within(&m, permission, on)
	if out.Verdict == tri.No {
		return out
	}
	given := Allowed{Verdict: tri.No}
	for _, id := range append([]string{on.Name}, on.Above...) {
		for _, b := range e.bindings[id] {
			v, reason := e.gives(b, &m, permission, on)
			switch {
			case v == tri.Yes && given.Verdict != tri.Yes:
				given = Allowed{Verdict: tri.Yes, By: []*Binding{b}}
			case v == tri.Yes:
				given.By = append(given.By, b)
			case v == tri.Unknown && given.Verdict != tri.Yes:
				given.Verdict = tri.Unknown
				given.By, given.Why = append(given.By, b), append(given.Why, reason)
			}
		}
	}
	given.Verdict = tri.And(given.Verdict, out.Verdict)
	if given.Verdict != tri.No && denied == tri.Unknown {
		given.Verdict = tri.Unknown
		given.Why = append(given.Why, why)
	}
	if given.Verdict == tri.Unknown {
		given.Why = append(given.Why, out.Why...)
	}
	return given
}

// gives asks whether one binding gives the permission.
func (e *Estate) gives(b *Binding, m *Member, permission string, on Resource) (tri.Value, string) {
	named, why := m.named(b.Members)
	if named == tri.No {
		return tri.No, ""
	}
	has := e.holds(b.Role, permission)
	if has == tri.No {
		return tri.No, ""
	}
	if has == tri.Unknown {
		why = fmt.Sprintf("whether role %q has %s: it was not exported", b.Role, permission)
	}
	v := tri.And(named, has)
	if b.Condition != nil {
		c := e.conditions.holds(b.Condition.Expression, on)
		if c == tri.Unknown {
			why = conditionText(b.Condition)
		}
		v = tri.And(v, c)
	}
	return v, why
}

// holds asks whether a role has a permission: as it was exported, else as Google
// publishes it, as far as it matters here.
func (e *Estate) holds(role, permission string) tri.Value {
	if list, ok := e.roles[role]; ok {
		return tri.Of(slices.Contains(list, permission))
	}
	if patterns, ok := published(role); ok {
		yes := false
		for _, p := range patterns {
			if rest, not := strings.CutPrefix(p, "!"); not {
				if match(rest, permission) {
					return tri.No
				}
			} else if match(p, permission) {
				yes = true
			}
		}
		return tri.Of(yes)
	}
	service, _, _ := strings.Cut(strings.TrimPrefix(role, "roles/"), ".")
	if strings.HasPrefix(role, "roles/") && !strings.HasPrefix(permission, service+".") {
		return tri.No // the roles of a service hold its own permissions; those with actAs are listed
	}
	return tri.Unknown
}

// match compares a permission with a pattern that may end in "*" or have one inside.
func match(pattern, permission string) bool {
	before, after, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == permission
	}
	return len(permission) >= len(before)+len(after) && strings.HasPrefix(permission, before) && strings.HasSuffix(permission, after)
}
