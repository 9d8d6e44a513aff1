package rbac

import (
	"fmt"
	"strings"

	"bulwark/control"
	"bulwark/facts/rbac"
)

// power is one dangerous right that a role may hand out: the row of a table
// from which the control, its documentation and its CEL form are made.
type power struct {
	id       string
	title    string // of the control
	can      string // completes "the holder can …"
	why      string // what an attacker makes of it
	instead  string // what to grant instead
	good     string // the rules of a role that passes, YAML
	severity control.Severity
	profile  control.Profile
	refs     []string
	grants   []rbac.Grant
}

// control makes the control that judges roles by themselves.
func (p *power) control() *control.Control {
	return &control.Control{
		ID: p.id, Concept: concept, Title: p.title, Doc: p.doc(),
		Severity: p.severity, Profile: p.profile, Refs: p.refs,
		Kinds: rbac.Roles(), Check: p.check, Deny: rbac.AnyCEL(p.grants),
	}
}

// check reports each rule that holds the right. Roles with a name of
// Kubernetes' own are the business of BW1207.
func (p *power) check(pass *control.Pass) error {
	o := pass.Subject
	if rbac.ReservedName(o.Kind, o.Name) {
		return nil
	}
	rules := rbac.RulesOf(o)
	for i := range rules {
		for j := range p.grants {
			g := &p.grants[j]
			if !g.In(o.Kind, &rules[i]) {
				continue
			}
			note := ""
			if g.Cluster && o.Kind == "Role" {
				note = "; without effect until it stands in a ClusterRole"
			}
			pass.Report(fmt.Sprintf("rules[%d]", i), "%s %q: the holder can %s (%s)%s", o.Kind, o.Name, p.can, g.Found(o.Kind, &rules[i]), note)
			break
		}
	}
	return nil
}

// doc writes the documentation of the control from the row.
func (p *power) doc() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nIt fires on every rule of a Role or ClusterRole that grants ", p.why)
	for i := range p.grants {
		if i > 0 {
			b.WriteString(", or ")
		}
		b.WriteString(describe(&p.grants[i]))
	}
	b.WriteString(". ")
	if !p.grants[0].Literal {
		b.WriteString("A `*` among verbs, groups or resources counts as granting it")
		if p.grants[0].Cluster {
			b.WriteString(", but `*` resources in a Role do not reach objects without a namespace")
		}
		b.WriteString(". ")
	}
	if !p.grants[0].AnyName && !p.grants[0].OnlyNames {
		b.WriteString("Rules narrowed by `resourceNames` are fine. ")
	}
	b.WriteString("Roles that Kubernetes itself ships are judged by BW1207.\n\n")
	fmt.Fprintf(&b, "%s\n\n```yaml\nrules:\n%s\n```\n", p.instead, strings.TrimSpace(p.good))
	return b.String()
}

func describe(g *rbac.Grant) string {
	verbs := strings.Join(g.Verbs, "`, `")
	resources := strings.Join(g.Resources, "`, `")
	group := g.Group
	if group == "" {
		group = "core"
	}
	if g.AnyGroup {
		group = "any"
	}
	if g.OnlyNames {
		resources += "` named `" + strings.Join(g.Names, "`, `")
	}
	return fmt.Sprintf("`%s` on `%s` (%s group)", verbs, resources, group)
}
