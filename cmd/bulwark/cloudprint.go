package main

import (
	"fmt"
	"io"
	"strings"

	"bulwark/internal/plain"
	"bulwark/internal/tri"
)

// print writes the answer for people.
func (a *cloudAnswer) print(w io.Writer) {
	switch {
	case a.detail:
		for i := range a.Accounts {
			a.Accounts[i].print(w)
		}
		for i := range a.Nodes {
			a.Nodes[i].print(w)
		}
		for i := range a.Roles {
			a.Roles[i].print(w)
		}
	default:
		a.overview(w)
	}
	if a.UpperBound != "" {
		line(w, "Upper bound: %s.", a.UpperBound)
	}
}

// overview lists every service account that can become a role, one line for each role.
func (a *cloudAnswer) overview(w io.Writer) {
	var rows [][]string
	for _, account := range a.Accounts {
		name := account.Namespace + "/" + account.Name
		if !account.Seen {
			name += " (not in the input)"
		}
		for _, g := range account.Grants {
			rows = append(rows, []string{plain.Line(name), certain(g.Verdict), plain.Line(g.Role.Name), plain.Line(g.Via), plain.Line(g.Role.leads())})
			name = ""
		}
	}
	if len(rows) == 0 {
		fmt.Fprintln(w, "No service account can become a role of a cloud, as far as the documents tell.")
	} else {
		_ = printColumns(w, "", 0, append([][]string{{"SERVICE ACCOUNT", "", "ROLE", "BY", "LEADS TO"}}, rows...))
	}
	for _, o := range a.Open {
		fmt.Fprintln(w)
		line(w, "%s: %s can become it%s", o.Role, o.Subjects, where(o.At))
	}
	if len(rows) > 0 {
		fmt.Fprintln(w)
		fmt.Fprintln(w, "'bulwark cloud sa:NAMESPACE/NAME' and 'bulwark cloud ROLE' say why.")
	}
}

// certain marks what is not certain.
func certain(v tri.Value) string {
	if v == tri.Unknown {
		return "perhaps"
	}
	return "can become"
}

func where(at string) string {
	if at == "" {
		return ""
	}
	return "  " + at
}

// leads says in a few words what a role comes to.
func (r *roleJSON) leads() string {
	var out []string
	switch {
	case r.Admin.Verdict == tri.No:
	case len(r.Admin.Steps) == 0 && r.Admin.Verdict == tri.Yes:
		out = append(out, "all rights in "+r.Admin.Of)
	case len(r.Admin.Steps) == 0 && r.Admin.Of == "":
		out = append(out, "unknown: the role was not exported")
	default:
		out = append(out, perhaps(r.Admin.Verdict)+"all rights in "+r.Admin.Of+" in "+count(len(r.Admin.Steps), "step"))
	}
	for _, way := range r.IntoCluster {
		if way.Admin {
			out = append(out, perhaps(way.Verdict)+"all rights in cluster "+way.Cluster)
			break
		}
	}
	if len(out) == 0 {
		return "-"
	}
	return strings.Join(out, ", ")
}

func perhaps(v tri.Value) string {
	if v == tri.Unknown {
		return "perhaps "
	}
	return ""
}

func (a *accountJSON) print(w io.Writer) {
	line(w, "Service account %s/%s", a.Namespace, a.Name)
	if !a.Seen {
		line(w, "  is not in the input: the answer is for one that somebody may make")
	}
	for _, o := range a.Workloads {
		line(w, "  used by %s", o)
	}
	if len(a.Grants) == 0 {
		line(w, "  can become no role of a cloud, as far as the documents tell")
	}
	for i := range a.Grants {
		a.Grants[i].print(w, certain(a.Grants[i].Verdict))
	}
	fmt.Fprintln(w)
}

func (g *grantJSON) print(w io.Writer, verb string) {
	line(w, "  %s %s  (%s, by %s)", verb, g.Role.ID, g.Role.Cloud, g.Via)
	for _, e := range g.By {
		line(w, "    because of %s%s", e.Text, where(e.At))
	}
	for _, e := range g.DependsOn {
		line(w, "    depends on %s%s", e.Text, where(e.At))
	}
	g.Role.leadsTo(w, "    ")
}

// leadsTo writes what a role comes to, step by step.
func (r *roleJSON) leadsTo(w io.Writer, indent string) {
	switch {
	case r.Admin.Verdict == tri.No:
	case len(r.Admin.Steps) == 0 && r.Admin.Of == "":
		line(w, "%swhat it may do is unknown: it was not exported", indent)
	default:
		line(w, "%s%shas all rights in %s%s", indent, perhaps(r.Admin.Verdict), r.Admin.Of, map[bool]string{true: "", false: ":"}[len(r.Admin.Steps) == 0])
	}
	for _, e := range r.Admin.By {
		line(w, "%s  because of %s%s", indent, e.Text, where(e.At))
	}
	if r.Admin.Of != "" {
		for _, e := range r.Admin.DependsOn {
			line(w, "%s  depends on %s%s", indent, e.Text, where(e.At))
		}
	}
	for i, s := range r.Admin.Steps {
		line(w, "%s  %d. %s%s", indent, i+1, s.Title, about(s.Target))
		s.evidence(w, indent+"     ")
	}
	rest := 0
	for i, way := range r.IntoCluster {
		if i > 0 && !way.Admin && r.Admin.Verdict == tri.Yes && len(r.Admin.Steps) == 0 {
			rest++ // it is no news that all rights give this too
			continue
		}
		line(w, "%s%s%s (cluster %s)", indent, perhaps(way.Verdict), way.Title, way.Cluster)
		for _, e := range way.By {
			if e.At != "" {
				line(w, "%s  because of %s%s", indent, e.Text, where(e.At))
			}
		}
		for _, e := range way.DependsOn {
			line(w, "%s  depends on %s%s", indent, e.Text, where(e.At))
		}
	}
	if rest > 0 {
		line(w, "%sand comes into it in %s", indent, count(rest, "other way"))
	}
}

func about(target string) string {
	if target == "" {
		return ""
	}
	return ": " + target
}

func (s *escalationJSON) evidence(w io.Writer, indent string) {
	line(w, "%sneeds %s (%s)", indent, strings.Join(s.Actions, " + "), s.ID)
	for _, e := range s.By {
		line(w, "%shas it by %s%s", indent, e.Text, where(e.At))
	}
	for _, e := range s.DependsOn {
		line(w, "%sdepends on %s%s", indent, e.Text, where(e.At))
	}
}

func (n *nodeJSON) print(w io.Writer) {
	line(w, "Node %s", n.Name)
	if len(n.Grants) == 0 {
		line(w, "  has no role of a cloud, as far as the documents tell")
	}
	for i := range n.Grants {
		n.Grants[i].print(w, perhaps(n.Grants[i].Verdict)+"has")
	}
	fmt.Fprintf(w, "  pods reach its metadata service: %s, %s%s\n", n.FromPods, plain.Line(n.BecauseOf.Text), where(n.BecauseOf.At))
}

// maxShown is how many targets of one way are written out.
const maxShown = 8

func (r *roleJSON) print(w io.Writer) {
	line(w, "%s  (%s)", r.ID, r.Cloud)
	for _, e := range r.Rights {
		line(w, "  has %s%s", e.Text, where(e.At))
	}
	if len(r.BecomeBy) > 0 {
		line(w, "  service accounts that can become it: %s", strings.Join(r.BecomeBy, ", "))
	}
	r.leadsTo(w, "  ")
	if len(r.Escalations) > 0 {
		line(w, "  ways to more, one step each:")
	}
	for _, group := range sameWays(r.Escalations) {
		var targets []string
		for _, s := range group {
			if s.Target != "" {
				targets = append(targets, shortTarget(s.Target))
			}
		}
		of := ""
		if len(targets) > 0 {
			of = ": " + someOf(targets, maxShown)
		}
		line(w, "    %s%s%s  (%s)", perhaps(group[0].Verdict), group[0].Title, of, group[0].ID)
	}
	fmt.Fprintln(w)
}

// sameWays groups ways that differ only in their target.
func sameWays(list []escalationJSON) [][]escalationJSON {
	var out [][]escalationJSON
	at := map[string]int{}
	for _, s := range list {
		key := s.ID + s.Verdict.String()
		i, seen := at[key]
		if !seen {
			i = len(out)
			at[key] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], s)
	}
	return out
}

// shortTarget drops what all targets of an account have in common.
func shortTarget(target string) string {
	if strings.HasPrefix(target, "arn:") {
		return target[strings.LastIndexByte(target, ':')+1:]
	}
	return target
}
