package gcp

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"bulwark/internal/tri"
	"bulwark/internal/ytree"
	"bulwark/source/cloud"
	"bulwark/world"
)

// denial is one rule of a deny policy.
type denial struct {
	on                     string // what it is attached to, as projects/123; "" when its name does not say
	principals, exceptions []string
	permissions, spared    []string
	condition              *condition
}

// attachment is what the name of a deny policy or boundary says it is attached to.
func attachment(name string) string {
	_, rest, ok := strings.Cut(name, "policies/")
	if !ok {
		return ""
	}
	point, _, _ := strings.Cut(rest, "/denypolicies")
	if decoded, err := url.PathUnescape(point); err == nil {
		point = decoded
	}
	return strings.TrimPrefix(point, "cloudresourcemanager.googleapis.com/")
}

func (e *Estate) readDenials(o *world.Object) {
	n := cloud.Tree(o)
	rules := n.Get("rules")
	if rules == nil {
		return
	}
	for i := range rules.Items {
		r := rules.Items[i].Get("denyRule")
		if r == nil {
			continue
		}
		d := &denial{
			on: attachment(n.Text("name")), principals: r.Get("deniedPrincipals").Texts(), exceptions: r.Get("exceptionPrincipals").Texts(),
			permissions: r.Get("deniedPermissions").Texts(), spared: r.Get("exceptionPermissions").Texts(),
		}
		if c := r.Get("denialCondition"); c != nil && c.Kind == ytree.Map {
			d.condition = &condition{c.Text("title"), c.Text("expression")}
		}
		e.denials = append(e.denials, d)
	}
}

// denyName is a member as deny policies write it.
func denyName(name string) string {
	if email, ok := strings.CutPrefix(name, "serviceAccount:"); ok {
		return "principal://iam.googleapis.com/projects/-/serviceAccounts/" + email
	}
	return name
}

// denied asks whether a deny policy takes the permission away.
func (e *Estate) denied(m *Member, permission string, on Resource) (tri.Value, string) {
	for _, d := range e.denials {
		if d.on != "" && d.on != on.Name && !slices.Contains(on.Above, d.on) {
			continue
		}
		if !lists(d.permissions, permission) || lists(d.spared, permission) {
			continue
		}
		deny := Member{Sets: m.Sets, Workload: m.Workload}
		for _, n := range m.Names {
			deny.Names = append(deny.Names, denyName(n))
		}
		v, why := deny.named(d.principals)
		if except, _ := deny.named(d.exceptions); except != tri.No {
			v = tri.And(v, except.Not())
		}
		if d.condition != nil && v != tri.No {
			c := e.conditions.holds(d.condition.Expression, on)
			if c == tri.Unknown {
				why = conditionText(d.condition)
			}
			v = tri.And(v, c)
		}
		if d.on == "" && v == tri.Yes {
			v, why = tri.Unknown, "where it is attached"
		}
		if v != tri.No {
			return v, "a deny policy: " + why
		}
	}
	return tri.No, ""
}

// lists says whether permissions of a deny policy, such as
// "iam.googleapis.com/roles.update", hold one that roles write as "iam.roles.update".
func lists(permissions []string, permission string) bool {
	for _, p := range permissions {
		service, name, ok := strings.Cut(p, ".googleapis.com/")
		if ok {
			p = service + "." + name
		}
		if service == "cloudresourcemanager" {
			p = "resourcemanager." + name
		}
		if match(p, permission) {
			return true
		}
	}
	return false
}

// boundaryRule names what principals under a boundary may reach.
type boundaryRule struct{ resources []string }

type boundaryBinding struct {
	policy, set string
	condition   *condition
}

func (e *Estate) readBoundary(o *world.Object) {
	n := cloud.Tree(o)
	rules := n.Lookup("details.rules")
	var out []boundaryRule
	if rules != nil {
		for i := range rules.Items {
			out = append(out, boundaryRule{rules.Items[i].Get("resources").Texts()})
		}
	}
	e.boundaries[n.Text("name")] = out
}

func (e *Estate) readBoundaryBinding(o *world.Object) {
	n := cloud.Tree(o)
	b := boundaryBinding{policy: n.Text("policy")}
	if t := n.Get("target"); t != nil {
		b.set = t.Text("principalSet")
	}
	if c := n.Get("condition"); c != nil && c.Kind == ytree.Map {
		b.condition = &condition{c.Text("title"), c.Text("expression")}
	}
	e.bound = append(e.bound, b)
}

// within asks whether the boundaries of a principal let it reach the resource:
// the union of what they name, everything without one.
func (e *Estate) within(m *Member, _ string, on Resource) Allowed {
	out := Allowed{Verdict: tri.Yes}
	any := false
	reach := tri.No
	for _, b := range e.bound {
		v := m.inSet(b.set)
		if b.condition != nil {
			v = tri.And(v, tri.Unknown)
		}
		if v == tri.No {
			continue
		}
		any = true
		for _, r := range e.boundaries[b.policy] {
			for _, name := range r.resources {
				name = strings.TrimPrefix(name, "//cloudresourcemanager.googleapis.com/")
				if name == on.Name || slices.Contains(on.Above, name) {
					reach = tri.Yes
				}
			}
		}
		if v == tri.Unknown {
			reach = tri.Or(reach, tri.Unknown)
			out.Why = append(out.Why, fmt.Sprintf("whether boundary %q is in force", b.policy))
		}
	}
	if any {
		out.Verdict = reach
	}
	return out
}

// inSet asks whether a member is in a set of principals that a boundary is bound to.
func (m *Member) inSet(set string) tri.Value {
	if slices.Contains(m.Sets, set) {
		return tri.Yes
	}
	for _, n := range m.Names {
		if project := projectOf(strings.TrimPrefix(n, "serviceAccount:")); project != "" && strings.HasSuffix(set, "/projects/"+project) {
			return tri.Yes
		}
	}
	if strings.Contains(set, "/organizations/") || strings.Contains(set, "/folders/") || strings.Contains(set, "/projects/") && !strings.Contains(set, "workloadIdentityPools") {
		return tri.Unknown
	}
	return tri.No
}
