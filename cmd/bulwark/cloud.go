package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bulwark/facts/iam"
	"bulwark/internal/plain"
	"bulwark/internal/tri"
)

func cloudCommand(sys *system) *cobra.Command {
	q := &cloudQuestion{question: question{sys: sys}}
	cmd := &cobra.Command{
		Use:   "cloud [ROLE|sa:NAMESPACE/NAME|node:NAME]",
		Short: "Say which service account can become which role of a cloud, and what that leads to",
		Long: `Joins manifests or a cluster with documents that were exported of AWS, Google
Cloud or Azure (see docs/cloud.md for how) and answers who can become which
role, under what conditions, what the role can be turned into, and which ways
lead from it back into the cluster.

Trust decides, not annotations: an account that the trust of a role fits can
become it, whether or not anything says so in the cluster. What the documents
leave open is answered with "unknown" and what it depends on. Nothing is fetched.`,
		Example: `  bulwark cloud -i ./deploy -i ./aws-export
  bulwark cloud sa:shop/web -i ./deploy -i ./aws-export
  bulwark cloud arn:aws:iam::111122223333:role/deployer -i ./aws-export
  bulwark cloud --cluster -i ./aws-export --json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return q.run(c.Context(), args) },
	}
	q.register(cmd)
	return cmd
}

type cloudQuestion struct{ question }

func (q *cloudQuestion) run(ctx context.Context, args []string) error {
	m, _, err := ask(ctx, &q.question, iam.Fact)
	if err != nil {
		return err
	}
	if m.Empty() {
		return errors.New("no document of a cloud is in the input: name what was exported with -i (docs/cloud.md says how to export it)")
	}
	a := cloudAnswer{UpperBound: m.UpperBound()}
	word := ""
	if len(args) > 0 {
		word = args[0]
	}
	switch {
	case word == "":
		for _, account := range m.Accounts() {
			if grants := m.Assumable(account.Namespace, account.Name); len(grants) > 0 {
				a.Accounts = append(a.Accounts, accountOut(m, account, grants))
			}
		}
		a.Open = openTrusts(m)
	case strings.HasPrefix(word, "sa:"):
		namespace, name, ok := strings.Cut(strings.TrimPrefix(word, "sa:"), "/")
		if !ok || name == "" {
			return fmt.Errorf("%q names no service account: write sa:NAMESPACE/NAME", word)
		}
		a.Accounts = append(a.Accounts, accountOut(m, findAccount(m, namespace, name), m.Assumable(namespace, name)))
		a.detail = true
	case strings.HasPrefix(word, "node:"):
		name := strings.TrimPrefix(word, "node:")
		a.Nodes = append(a.Nodes, nodeOut(m, name))
		a.detail = true
	default:
		found := m.Find(word)
		if len(found) == 0 {
			return fmt.Errorf("no document tells of a role %q: give an ARN, an e-mail address, a principal id or a name", word)
		}
		for _, p := range found {
			a.Roles = append(a.Roles, roleOut(m, p, true))
		}
		a.detail = true
	}
	if q.json {
		return writeJSON(q.sys.stdout, a)
	}
	a.print(q.sys.stdout)
	return nil
}

func findAccount(m *iam.Model, namespace, name string) *iam.Account {
	if a := m.Account(namespace, name); a != nil {
		return a
	}
	return &iam.Account{Namespace: namespace, Name: name}
}

// cloudAnswer is the answer for machines; detail is for people.
type cloudAnswer struct {
	Accounts   []accountJSON `json:"serviceAccounts,omitempty"`
	Nodes      []nodeJSON    `json:"nodes,omitempty"`
	Roles      []roleJSON    `json:"roles,omitempty"`
	Open       []openJSON    `json:"openTrusts,omitempty"`
	UpperBound string        `json:"upperBound,omitempty"`

	detail bool
}

type accountJSON struct {
	Namespace string      `json:"namespace"`
	Name      string      `json:"name"`
	Seen      bool        `json:"seen"` // it is in the input
	Workloads []string    `json:"workloads,omitempty"`
	Grants    []grantJSON `json:"grants"`
}

type grantJSON struct {
	Role      roleJSON       `json:"role"`
	Via       string         `json:"via"`
	Verdict   tri.Value      `json:"verdict"`
	DependsOn []evidenceJSON `json:"dependsOn,omitempty"`
	By        []evidenceJSON `json:"by,omitempty"`
}

type nodeJSON struct {
	Name      string       `json:"name"`
	Grants    []grantJSON  `json:"grants"`
	FromPods  tri.Value    `json:"fromPods"` // whether pods get at it through the metadata service
	BecauseOf evidenceJSON `json:"because"`
}

type roleJSON struct {
	Cloud       string           `json:"cloud"`
	ID          string           `json:"id"`
	Name        string           `json:"name"`
	Admin       adminJSON        `json:"admin"`
	Rights      []evidenceJSON   `json:"rights,omitempty"`
	Escalations []escalationJSON `json:"escalations,omitempty"`
	IntoCluster []wayJSON        `json:"intoCluster,omitempty"`
	BecomeBy    []string         `json:"becomeBy,omitempty"`
}

type adminJSON struct {
	Verdict tri.Value        `json:"verdict"`
	Of      string           `json:"of,omitempty"`
	Steps   []escalationJSON `json:"steps,omitempty"`
	By      []evidenceJSON   `json:"by,omitempty"`

	DependsOn []evidenceJSON `json:"dependsOn,omitempty"`
}

type escalationJSON struct {
	ID        string         `json:"id"`
	Title     string         `json:"title"`
	Actions   []string       `json:"actions"`
	Target    string         `json:"target,omitempty"`
	Verdict   tri.Value      `json:"verdict"`
	Admin     tri.Value      `json:"admin"`
	DependsOn []evidenceJSON `json:"dependsOn,omitempty"`
	By        []evidenceJSON `json:"by,omitempty"`
}

type wayJSON struct {
	Title     string         `json:"title"`
	Cluster   string         `json:"cluster,omitempty"`
	Groups    []string       `json:"groups,omitempty"`
	Admin     bool           `json:"admin"`
	Verdict   tri.Value      `json:"verdict"`
	DependsOn []evidenceJSON `json:"dependsOn,omitempty"`
	By        []evidenceJSON `json:"by,omitempty"`
}

type openJSON struct {
	Role     string `json:"role"`
	Subjects string `json:"subjects"` // who can become it, as the trust says it
	At       string `json:"at,omitempty"`
}

type evidenceJSON struct {
	Text string `json:"text"`
	At   string `json:"at,omitempty"` // file:line
}

func evidenceOut(list []iam.Evidence) []evidenceJSON {
	var out []evidenceJSON
	for i := range list {
		e := evidenceJSON{Text: list[i].Text}
		if p := list[i].Pos(); p.File != "" {
			e.At = fmt.Sprintf("%s:%d", p.File, p.Line)
		}
		if !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	return out
}

func grantsOut(m *iam.Model, grants []iam.Grant) []grantJSON {
	out := []grantJSON{}
	for _, g := range grants {
		out = append(out, grantJSON{Role: roleOut(m, g.Role, false), Via: g.Via, Verdict: g.Verdict, DependsOn: evidenceOut(g.Why), By: evidenceOut(g.By)})
	}
	return out
}

func accountOut(m *iam.Model, a *iam.Account, grants []iam.Grant) accountJSON {
	out := accountJSON{Namespace: a.Namespace, Name: a.Name, Seen: a.Object != nil || len(a.Workloads) > 0, Grants: grantsOut(m, grants)}
	for _, o := range a.Workloads {
		out.Workloads = append(out.Workloads, o.Ref.String())
	}
	return out
}

func nodeOut(m *iam.Model, name string) nodeJSON {
	out := nodeJSON{Name: name, Grants: grantsOut(m, m.NodeRole(name))}
	v, why := m.Metadata(name, false)
	out.FromPods = v
	if because := evidenceOut([]iam.Evidence{why}); len(because) > 0 {
		out.BecauseOf = because[0]
	}
	return out
}

// roleOut describes a role; whole also lists its rights and who can become it.
func roleOut(m *iam.Model, p iam.Principal, whole bool) roleJSON {
	r := roleJSON{Cloud: p.Cloud, ID: p.ID, Name: p.Name}
	reach := m.Admin(p)
	r.Admin = adminJSON{Verdict: reach.Verdict, Of: reach.Of, Steps: escalationsOut(reach.Steps), By: evidenceOut(reach.By), DependsOn: evidenceOut(reach.Why)}
	for _, w := range m.IntoCluster(p) {
		r.IntoCluster = append(r.IntoCluster, wayJSON{w.Title, w.Cluster, w.Groups, w.Admin, w.Verdict, evidenceOut(w.Why), evidenceOut(w.By)})
	}
	if !whole {
		return r
	}
	r.Rights = evidenceOut(m.Rights(p))
	r.Escalations = escalationsOut(leastActions(m.Escalations(p)))
	for _, a := range m.Accounts() {
		for _, g := range m.Assumable(a.Namespace, a.Name) {
			if g.Role.ID == p.ID {
				r.BecomeBy = append(r.BecomeBy, fmt.Sprintf("%s/%s", a.Namespace, a.Name))
			}
		}
	}
	return r
}

func escalationsOut(list []iam.Escalation) []escalationJSON {
	var out []escalationJSON
	for _, x := range list {
		out = append(out, escalationJSON{x.ID, x.Title, x.Actions, x.Target, x.Verdict, x.Admin, evidenceOut(x.Why), evidenceOut(x.By)})
	}
	return out
}

// leastActions leaves out ways that need all that another way to the same thing needs, and more.
func leastActions(list []iam.Escalation) []iam.Escalation {
	return slices.DeleteFunc(slices.Clone(list), func(x iam.Escalation) bool {
		return slices.ContainsFunc(list, func(y iam.Escalation) bool {
			return y.Target == x.Target && tri.Compare(y.Verdict, x.Verdict) >= 0 && tri.Compare(y.Admin, x.Admin) >= 0 && len(y.Actions) < len(x.Actions) && subset(y.Actions, x.Actions)
		})
	})
}

func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
}

// openTrusts lists the roles that accounts can become which nobody has made yet.
func openTrusts(m *iam.Model) []openJSON {
	var out []openJSON
	for _, t := range m.OpenTrusts() {
		o := openJSON{Role: t.Role.ID, Subjects: t.Text}
		if e := evidenceOut([]iam.Evidence{t.At}); len(e) > 0 {
			o.At = e[0].At
		}
		out = append(out, o)
	}
	return out
}

func line(w io.Writer, format string, args ...any) {
	fmt.Fprintln(w, plain.Line(fmt.Sprintf(format, args...)))
}
