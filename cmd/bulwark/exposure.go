package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"bulwark/facts/exposure"
	"bulwark/internal/plain"
	"bulwark/internal/tri"
	"bulwark/world"
)

func exposureCommand(sys *system) *cobra.Command {
	q := &question{sys: sys}
	cmd := &cobra.Command{
		Use:   "exposure [WORKLOAD]",
		Short: "Say from how far away somebody reaches a workload",
		Long: `The widest circle that reaches each workload over Services, Ingresses, gateways,
node ports and the pod network, with network policies judged for the source that
the pod really sees: the client, a node that has taken its place, or the pods of
an ingress controller.

Circles: nobody, namespace, cluster, vpc (the network around the nodes), internet.
"vpc, perhaps internet" means that something which decides is not in the input.

WORKLOAD is NAME, NAMESPACE/NAME or KIND/NAMESPACE/NAME; a Service stands for the
workload behind it. This ranks workloads by their widest way. 'bulwark reach
--exposed' lists the ways one by one instead, each with the rules that decide it,
and 'bulwark reach' asks about one connection.`,
		Example: `  bulwark exposure -i ./deploy
  bulwark exposure --cluster shop/web`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			r, snap, err := ask(c.Context(), q, exposure.Ranked)
			if err != nil {
				return err
			}
			list := topWorkloads(snap)
			if len(args) == 1 {
				o, err := pickWorkload(snap, args[0])
				if err != nil {
					return err
				}
				list = []*world.Object{o}
			}
			return tellExposure(q, r, list, len(args) == 1)
		},
	}
	q.register(cmd)
	return cmd
}

// exposureAnswer is how exposed one workload is.
type exposureAnswer struct {
	Workload string          `json:"workload"`
	Who      exposure.Who    `json:"who"`
	May      exposure.Who    `json:"mayBe"`
	Ways     []passageAnswer `json:"ways"`

	text string
}

type passageAnswer struct {
	Why    string          `json:"by"`
	Who    exposure.Who    `json:"who"`
	May    exposure.Who    `json:"mayBe"`
	Port   int32           `json:"port,omitempty"`
	Source exposure.Source `json:"podSees"`
	Policy tri.Value       `json:"policyAllows"`
	Limit  string          `json:"limit,omitempty"`
	Doubt  string          `json:"doubt,omitempty"`
	At     world.Pos       `json:"position"`
}

func tellExposure(q *question, r *exposure.Ranking, list []*world.Object, whole bool) error {
	answers := make([]exposureAnswer, 0, len(list))
	for _, o := range list {
		answers = append(answers, exposureOf(r, o))
	}
	slices.SortStableFunc(answers, func(a, b exposureAnswer) int {
		if a.Who != b.Who {
			return int(b.Who) - int(a.Who)
		}
		return int(b.May) - int(a.May)
	})
	switch {
	case q.json:
		return writeJSON(q.sys.stdout, answers)
	case whole:
		return answers[0].print(q.sys.stdout, q.sys.fold())
	}
	rows := [][]string{{"WHO", "WORKLOAD", "WIDEST WAY"}}
	for i := range answers {
		a := &answers[i]
		rows = append(rows, []string{a.text, plain.Line(a.Workload), plain.Line(a.widest())})
	}
	return printColumns(q.sys.stdout, "", q.sys.fold(), rows)
}

func exposureOf(r *exposure.Ranking, o *world.Object) exposureAnswer {
	e := r.Of(o)
	a := exposureAnswer{Workload: o.Ref.String(), Who: e.Who, May: e.May, Ways: []passageAnswer{}, text: e.String()}
	for _, p := range e.Passages {
		a.Ways = append(a.Ways, passageAnswer{p.Why, p.Who, p.May, p.Port, p.Source, p.Policy, p.Limit, p.Doubt, p.Entry.Pos(p.Field)})
	}
	return a
}

// widest is the way that gives the answer; the pod network when none from outside does.
func (a *exposureAnswer) widest() string {
	for _, who := range []func(*passageAnswer) bool{
		func(p *passageAnswer) bool { return p.Policy == tri.Yes && p.Who == a.Who },
		func(p *passageAnswer) bool { return p.Policy != tri.No && p.May == a.May },
	} {
		for i := range a.Ways {
			if p := &a.Ways[i]; who(p) {
				return p.text()
			}
		}
	}
	if a.May == exposure.Nobody {
		return "-"
	}
	return "the pod network"
}

func (p *passageAnswer) text() string {
	text := p.Why
	if p.Port != 0 {
		text += fmt.Sprintf(" to port %d", p.Port)
	}
	if p.Limit != "" {
		text += ", " + p.Limit
	}
	if p.Doubt != "" {
		text += " (" + p.Doubt + ")"
	}
	return text
}

func (a *exposureAnswer) print(w io.Writer, width int) error {
	if _, err := fmt.Fprintf(w, "%s can be reached from: %s\n", plain.Line(a.Workload), a.text); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	for i := range a.Ways {
		p := &a.Ways[i]
		circle := p.Who.String()
		if p.May > p.Who {
			circle += ", perhaps " + p.May.String()
		}
		rows := [][]string{
			{plain.Line(p.text())},
			{fmt.Sprintf("the pod sees the %s; policies: %s", p.Source, word(p.Policy, "let it in", "refuse it"))},
		}
		if p.At.File != "" {
			rows = append(rows, []string{fmt.Sprintf("%s:%d", plain.Line(p.At.File), p.At.Line)})
		}
		if _, err := fmt.Fprintf(w, "\n  %s\n", circle); err != nil {
			return fmt.Errorf("writing the answer: %w", err)
		}
		if err := printColumns(w, "    ", width, rows); err != nil {
			return err
		}
	}
	return nil
}
