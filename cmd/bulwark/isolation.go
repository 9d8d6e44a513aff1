package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"bulwark/facts/isolation"
	"bulwark/internal/plain"
	"bulwark/internal/tri"
)

func isolationCommand(sys *system) *cobra.Command {
	q := &question{sys: sys}
	var possible bool
	cmd := &cobra.Command{
		Use:   "isolation [WORKLOAD]",
		Short: "Say which workloads are one domain, and what keeps one apart",
		Long: `Two workloads are one domain when each can come to control the other over
steps that nothing stops: out of the container, over a shared account, volume or
right. Without arguments: the domains, those that cross a border between tenants
first. With a workload: what confines it, the ways out, and why it shares its
domain with others.

A namespace is its own tenant unless a label says more (capsule.clastix.io/tenant,
toolkit.fluxcd.io/tenant, bulwark.dev/tenant or tenant). WORKLOAD is NAME,
NAMESPACE/NAME or KIND/NAMESPACE/NAME.`,
		Example: `  bulwark isolation -i ./deploy
  bulwark isolation -i ./deploy shop/web
  bulwark isolation --cluster --possible`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			m, snap, err := ask(c.Context(), q, isolation.Fact)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return isolationTable(q, m, possible)
			}
			o, err := pickWorkload(snap, args[0])
			if err != nil {
				return err
			}
			w := m.Workload(o)
			if w == nil {
				return fmt.Errorf("%s makes no pods", o.Ref)
			}
			return isolationOf(q, m, w, possible)
		},
	}
	q.register(cmd)
	cmd.Flags().BoolVar(&possible, "possible", false, "count what is not known as open")
	return cmd
}

// domainAnswer is one domain.
type domainAnswer struct {
	Workloads []string `json:"workloads"`
	Tenants   []string `json:"tenants"`
	Mixed     bool     `json:"mixed"`
	Why       []string `json:"why,omitempty"` // how the first comes to control one of each other tenant, and back
}

// domainsAnswer is the whole table.
type domainsAnswer struct {
	Certain bool           `json:"certain"` // what is not known counts as closed
	Domains []domainAnswer `json:"domains"`
	Classes []classAnswer  `json:"classes"`
	Missing []string       `json:"missing,omitempty"`
}

// classAnswer is a set of workloads that are confined alike.
type classAnswer struct {
	Vector    isolation.Vector `json:"vector"`
	Workloads []string         `json:"workloads"`
}

func isolationTable(q *question, m *isolation.Model, possible bool) error {
	a := domainsAnswer{Certain: !possible, Domains: []domainAnswer{}, Classes: classesOf(m)}
	for _, err := range m.Missing() {
		a.Missing = append(a.Missing, err.Error())
	}
	for _, d := range m.Domains(!possible) {
		a.Domains = append(a.Domains, answerDomain(m, d, possible))
	}
	slices.SortStableFunc(a.Domains, func(x, y domainAnswer) int {
		if x.Mixed != y.Mixed {
			if x.Mixed {
				return -1
			}
			return 1
		}
		return len(y.Workloads) - len(x.Workloads)
	})
	if q.json {
		return writeJSON(q.sys.stdout, a)
	}
	return a.print(q.sys.stdout, q.sys.fold())
}

func answerDomain(m *isolation.Model, d *isolation.Domain, possible bool) domainAnswer {
	a := domainAnswer{Tenants: d.Tenants, Mixed: d.Mixed()}
	for _, w := range d.Workloads {
		a.Workloads = append(a.Workloads, w.Object.Ref.String())
	}
	if !a.Mixed {
		return a
	}
	first := d.Workloads[0]
	shown := map[string]bool{m.Tenant(first.Object.Namespace): true}
	for _, w := range d.Workloads {
		if t := m.Tenant(w.Object.Namespace); !shown[t] && len(shown) <= mostTenants {
			shown[t] = true
			for _, line := range append(stepLines(m.Why(first, w, !possible)), stepLines(m.Why(w, first, !possible))...) {
				if !slices.Contains(a.Why, line) {
					a.Why = append(a.Why, line)
				}
			}
		}
	}
	return a
}

// mostTenants bounds for how many other tenants of a domain the ways are shown.
const mostTenants = 3

func stepLines(steps []isolation.Step) []string {
	var lines []string
	for _, s := range steps {
		line := fmt.Sprintf("%s -> %s: %s", s.From, s.To, s.Text)
		if !s.Certain {
			line += " (possible)"
		}
		if p := s.Pos(); p.File != "" {
			line += fmt.Sprintf("  %s:%d", p.File, p.Line)
		}
		lines = append(lines, line)
	}
	return lines
}

func classesOf(m *isolation.Model) []classAnswer {
	classes := []classAnswer{}
	at := map[isolation.Vector]int{}
	for _, w := range m.Workloads() {
		v := w.Vector.Class()
		i, ok := at[v]
		if !ok {
			i = len(classes)
			at[v] = i
			classes = append(classes, classAnswer{Vector: v})
		}
		classes[i].Workloads = append(classes[i].Workloads, w.Object.Ref.String())
	}
	slices.SortStableFunc(classes, func(a, b classAnswer) int {
		if d := costRank(a.Vector.Cost) - costRank(b.Vector.Cost); d != 0 {
			return d
		}
		return len(b.Workloads) - len(a.Workloads)
	})
	return classes
}

// costRank puts what is cheap to leave first.
func costRank(cost string) int {
	for i, prefix := range []string{"nothing", "perhaps", "a hole in the kernel"} {
		if strings.HasPrefix(cost, prefix) {
			return i
		}
	}
	return 3
}

func (a *domainsAnswer) print(w io.Writer, width int) error {
	alone := 0
	for _, d := range a.Domains {
		if len(d.Workloads) == 1 {
			alone++
			continue
		}
		mark := ""
		if d.Mixed {
			mark = "  CROSSES TENANTS"
		}
		fmt.Fprintf(w, "One domain: %d workloads of %s%s\n", len(d.Workloads), plain.Line(someOf(d.Tenants, 4)), mark)
		fmt.Fprintf(w, "  %s\n", plain.Line(someOf(d.Workloads, 6)))
		for _, line := range d.Why {
			fmt.Fprintf(w, "    %s\n", plain.Line(line))
		}
	}
	fmt.Fprintf(w, "%d %s a domain of its own\n\n", alone, plural(alone, "workload is", "workloads are each"))

	rows := [][]string{{"LEAVING IT TAKES", "CAPABILITIES", "SECCOMP", "USER NAMESPACE", "HOST", "SANDBOX", "WORKLOADS"}}
	for _, c := range a.Classes {
		rows = append(rows, []string{c.Vector.Cost, plain.Line(c.Vector.Capabilities), c.Vector.Seccomp,
			c.Vector.UserNamespace, c.Vector.HostNamespaces, plain.Line(c.Vector.Sandbox), plain.Line(someOf(c.Workloads, 3))})
	}
	if err := printColumns(w, "", width, rows); err != nil {
		return err
	}
	for _, why := range a.Missing {
		fmt.Fprintf(w, "\nMore may be possible: %s", plain.Line(why))
	}
	if len(a.Missing) > 0 {
		fmt.Fprintln(w)
	}
	return nil
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// workloadAnswer is what is known of one workload.
type workloadAnswer struct {
	Workload string           `json:"workload"`
	Tenant   string           `json:"tenant"`
	Vector   isolation.Vector `json:"vector"`
	Escapes  []escapeAnswer   `json:"escapes"`
	Shares   []shareAnswer    `json:"sharesDomainWith"`
	Controls []shareAnswer    `json:"controlsOfOtherTenants"`
}

type escapeAnswer struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Verdict   tri.Value `json:"works"`
	Container string    `json:"container"`
	Guards    []string  `json:"guards"`
	At        string    `json:"at,omitempty"`
}

type shareAnswer struct {
	Workload string   `json:"workload"`
	There    []string `json:"there"`
	Back     []string `json:"back,omitempty"`
}

// mostShares bounds how many other workloads are explained one by one.
const mostShares = 20

func isolationOf(q *question, m *isolation.Model, w *isolation.Workload, possible bool) error {
	a := workloadAnswer{
		Workload: w.Object.Ref.String(), Tenant: m.Tenant(w.Object.Namespace), Vector: w.Vector,
		Escapes: []escapeAnswer{}, Shares: []shareAnswer{}, Controls: []shareAnswer{},
	}
	for i := range w.Escapes {
		a.Escapes = append(a.Escapes, answerEscape(&w.Escapes[i]))
	}
	domain := m.DomainOf(w, !possible)
	for _, other := range domain.Workloads {
		if other != w && len(a.Shares) < mostShares {
			a.Shares = append(a.Shares, shareAnswer{other.Object.Ref.String(), stepLines(m.Why(w, other, !possible)), stepLines(m.Why(other, w, !possible))})
		}
	}
	for _, other := range m.Controls(w, !possible) {
		if m.DomainOf(other, !possible) != domain && len(a.Controls) < mostShares {
			a.Controls = append(a.Controls, shareAnswer{Workload: other.Object.Ref.String(), There: stepLines(m.Why(w, other, !possible))})
		}
	}
	if q.json {
		return writeJSON(q.sys.stdout, a)
	}
	return a.print(q.sys.stdout)
}

func answerEscape(e *isolation.Escape) escapeAnswer {
	out := escapeAnswer{ID: e.ID, Title: e.Title, Verdict: e.Verdict, Container: e.Container, Guards: []string{}}
	for _, g := range e.Guards {
		if e.Verdict == tri.Yes || g.Open != tri.Yes {
			out.Guards = append(out.Guards, fmt.Sprintf("%s: %s", g.Name, g.Why))
		}
	}
	if p := e.Object.Pos(e.Path); p.File != "" {
		out.At = fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return out
}

func (a *workloadAnswer) print(w io.Writer) error {
	fmt.Fprintf(w, "%s (%s)\n", plain.Line(a.Workload), plain.Line(a.Tenant))
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	v := &a.Vector
	for _, row := range [][2]string{
		{"leaving it takes", v.Cost}, {"user namespace", v.UserNamespace}, {"sandbox", v.Sandbox}, {"seccomp", v.Seccomp}, {"AppArmor", v.AppArmor},
		{"SELinux", v.SELinux}, {"capabilities", v.Capabilities}, {"host namespaces", v.HostNamespaces}, {"shared volumes", v.Volumes},
		{"service account", v.Account}, {"nodes", v.Nodes}, {"network", v.Segment}, {"mesh identity", v.Mesh},
	} {
		fmt.Fprintf(tw, "  %s\t%s\n", row[0], plain.Line(row[1]))
	}
	if err := tw.Flush(); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	a.printEscapes(w)
	printShares(w, "One domain with", a.Shares)
	printShares(w, "Comes to control, of other tenants,", a.Controls)
	return nil
}

func (a *workloadAnswer) printEscapes(w io.Writer) {
	word := map[tri.Value]string{tri.Yes: "works", tri.Unknown: "may work", tri.No: "is stopped"}
	for _, e := range a.Escapes {
		fmt.Fprintf(w, "\n%s %s: %s %s (container %s)\n", e.ID, plain.Line(e.Title), word[e.Verdict], plain.Line(e.At), plain.Line(e.Container))
		for _, g := range e.Guards {
			fmt.Fprintf(w, "    %s\n", plain.Line(g))
		}
	}
}

func printShares(w io.Writer, heading string, list []shareAnswer) {
	for _, s := range list {
		fmt.Fprintf(w, "\n%s %s\n", heading, plain.Line(s.Workload))
		for _, line := range s.There {
			fmt.Fprintf(w, "    %s\n", plain.Line(line))
		}
		for i, line := range s.Back {
			if i == 0 {
				fmt.Fprintln(w, "  and back")
			}
			fmt.Fprintf(w, "    %s\n", plain.Line(line))
		}
	}
}
