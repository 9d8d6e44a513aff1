package main

import (
	"fmt"
	"slices"
	"strings"

	"bulwark/facts/rbac"
	"bulwark/internal/plain"
)

// printPermissions writes permissions under their scopes. Resources of which the
// same may be done, for the same reason, share a line; sign stands before each.
func (a *access) printPermissions(list []rbac.Permission, sign string) {
	w := a.sys.stdout
	scope := ""
	for _, line := range joinPermissions(list) {
		first := &line[0]
		if s := inScope(first.Proofs[0].Binding); s != scope {
			scope = s
			fmt.Fprintf(w, "\n  %s\n", scope)
		}
		mark := sign
		if sign == " " && len(first.Dangers) > 0 {
			mark = "!"
		}
		text := plain.Line(linePhrase(line))
		for i, part := range plain.Wrap(text, max(a.sys.width-6, 40)) {
			fmt.Fprintf(w, "  %s %s\n", map[bool]string{true: mark, false: "   "}[i == 0], part)
		}
		for _, d := range lead(first.Dangers) {
			fmt.Fprintf(w, "      can %s (%s)\n", d.Title, d.ID)
		}
		a.printProofs(first.Proofs)
	}
}

// printProofs writes up to three reasons.
func (a *access) printProofs(list []rbac.Proof) {
	var lines []string
	for _, p := range list {
		if line := a.through(p) + a.because(p); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	for i, line := range lines {
		if i == 3 {
			fmt.Fprintf(a.sys.stdout, "      and %d more\n", len(lines)-i)
			return
		}
		fmt.Fprintf(a.sys.stdout, "      %s\n", line)
	}
}

// because is the group and the place of a proof, to stand behind it.
func (a *access) because(p rbac.Proof) string {
	var out string
	if p.Subject.Kind == "Group" {
		out = ", for group " + plain.Line(p.Subject.Name)
	}
	if at := a.readAt(p); at != "" {
		out += "  (" + plain.Line(at) + ")"
	}
	return out
}

// lead returns the primitives of a permission, of each title one.
func lead(all []*rbac.Primitive) []*rbac.Primitive {
	var out []*rbac.Primitive
	for _, p := range all {
		if !slices.ContainsFunc(out, func(q *rbac.Primitive) bool { return q.Title == p.Title }) {
			out = append(out, p)
		}
	}
	return out
}

// joinPermissions puts permissions together that differ in nothing but the resource.
func joinPermissions(list []rbac.Permission) [][]rbac.Permission {
	var out [][]rbac.Permission
	at := map[string]int{}
	for _, p := range list {
		key := fmt.Sprintf("%t %q %q %q %v %v %q %t", p.Everywhere, p.Namespace, p.Verbs, p.Names, p.Dangers, p.Proofs, p.Unclear, p.URL != "")
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], p)
	}
	return out
}

// linePhrase writes joined permissions in words.
func linePhrase(line []rbac.Permission) string {
	p := &line[0]
	if p.Unclear != "" {
		return "not known: " + p.Unclear
	}
	var what []string
	for i := range line {
		what = append(what, permissionTarget(&line[i]))
	}
	return phraseOf(p, strings.Join(what, ", "))
}

func permissionPhrase(p *rbac.Permission) string { return phraseOf(p, permissionTarget(p)) }

func phraseOf(p *rbac.Permission, target string) string {
	if target == "" {
		return ""
	}
	s := verbPhrase(p.Verbs) + " on " + target
	if p.Names != nil {
		s += " named " + someOf(p.Names, 6)
	}
	return s
}

// usual are the verbs that make up reading and writing, in the order in which permissions list them.
var usual = []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}

// verbPhrase joins verbs; all usual ones together are "read and write".
func verbPhrase(verbs []string) string {
	switch {
	case len(verbs) == 1 && verbs[0] == "*":
		return "everything"
	case len(verbs) >= len(usual) && slices.Equal(verbs[:len(usual)], usual):
		return strings.Join(append([]string{"read and write"}, verbs[len(usual):]...), ", ")
	}
	return strings.Join(verbs, ",")
}

// permissionTarget names the resource or the URL of a permission.
func permissionTarget(p *rbac.Permission) string {
	switch {
	case p.URL != "":
		return p.URL
	case p.Resource == "*" && p.Group == "*":
		return "all resources"
	case p.Resource == "*" && p.Group == "":
		return "all core resources"
	case p.Resource == "*":
		return "all of " + p.Group
	}
	return rbac.ResourceName(p.Resource, p.Group)
}
