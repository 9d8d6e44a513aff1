package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"bulwark/facts/reach"
	"bulwark/internal/picture"
	"bulwark/internal/plain"
)

// reachQuestion is one call of the command.
type reachQuestion struct {
	question
	matrix, exposed bool
	by, output      string
}

func reachCommand(sys *system) *cobra.Command {
	q := &reachQuestion{question: wholeQuestion(sys)}
	cmd := &cobra.Command{
		Use:   "reach [FROM TO [PORT]]",
		Short: "Say which connections the network lets through, and by which rules",
		Long: `Says whether FROM may connect to TO, and walks through every policy that has a
say in it: NetworkPolicy, ClusterNetworkPolicy and its predecessors, Cilium's
and Calico's. Where something that matters is not in the input the answer is
unknown, with the reason.

FROM and TO are NAMESPACE/NAME or NAMESPACE/KIND/NAME of a workload, a pod or
(as TO) a Service, an address, a CIDR, or one of: internet, node, node/NAME,
imds (the metadata service of the cloud), api-server, dns, kubelet, etcd. PORT
is 80, 80/udp or the name of a port; of a Service it is the Service's port.
Without PORT all ports are judged.

--matrix is the table of all pairs. --exposed lists each way in from outside, with
the rules that decide it; for how far away the widest way of each workload begins,
ask 'bulwark exposure'.

Exit codes: 0 there is an answer, also when it is "denied", 2 there is none.`,
		Example: `  bulwark reach -i ./deploy shop/web shop/db 5432
  bulwark reach -i ./deploy shop/web imds
  bulwark reach -i ./deploy --matrix
  bulwark reach --cluster --exposed
  bulwark reach diff old/ new/`,
		Args: cobra.ArbitraryArgs, // check counts them
		RunE: func(c *cobra.Command, args []string) error { return runReach(c.Context(), q, args) },
	}
	q.register(cmd)
	fs := cmd.Flags()
	fs.BoolVar(&q.matrix, "matrix", false, "table of who reaches whom")
	fs.BoolVar(&q.exposed, "exposed", false, "what is reached from outside of the cluster, and by which way")
	fs.StringVar(&q.by, "by", "auto", "rows of the table: `workload`, namespace, or auto (namespaces when there are more than "+fmt.Sprint(maxMatrix)+" workloads)")
	fs.StringVarP(&q.output, "output", "o", "text", "`format` of the answer: text, json, or a picture as dot, svg or html")
	cmd.AddCommand(reachDiffCommand(sys))
	return cmd
}

// check refuses combinations that mean nothing.
func (q *reachQuestion) check(args []string) error {
	if q.json {
		if q.output != "text" && q.output != "json" {
			return fmt.Errorf("--json and -o %s are two forms of one answer: ask for one of them", q.output)
		}
		q.output = "json"
	}
	if !slices.Contains(append([]string{"text", "json"}, picture.Formats()...), q.output) {
		return fmt.Errorf("unknown format %q: use text, json, dot, svg or html", q.output)
	}
	if q.by != "auto" && q.by != "workload" && q.by != "namespace" {
		return fmt.Errorf("--by %s: use workload, namespace or auto", q.by)
	}
	switch whole := q.matrix || q.exposed; {
	case q.matrix && q.exposed:
		return fmt.Errorf("--matrix and --exposed are two questions: ask one of them")
	case whole && len(args) > 0:
		return fmt.Errorf("%q names an end, but --matrix and --exposed are about all of them", args[0])
	case !whole && len(args) != 2 && len(args) != 3:
		return fmt.Errorf("got %s, want FROM TO and perhaps PORT, or --matrix, or --exposed: bulwark reach shop/web shop/db 5432", count(len(args), "argument"))
	}
	return nil
}

func runReach(ctx context.Context, q *reachQuestion, args []string) error {
	if err := q.check(args); err != nil {
		return err
	}
	m, _, err := ask(ctx, &q.question, reach.Fact)
	if err != nil {
		return err
	}
	var a reachAnswer
	switch {
	case q.matrix:
		a = newMatrix(m, q.by)
	case q.exposed:
		a = newExposure(m)
	default:
		if a, err = newPairs(m, args); err != nil {
			return err
		}
	}
	return q.write(a)
}

// reachAnswer is an answer that can be shown in every format.
type reachAnswer interface {
	text(p *painter)
	graph() *picture.Graph
}

func (q *reachQuestion) write(a reachAnswer) error {
	switch q.output {
	case "json":
		return writeJSON(q.sys.stdout, a)
	case "text":
		p := &painter{w: q.sys.stdout, width: q.sys.fold(), color: q.sys.terminal && q.sys.getenv("NO_COLOR") == ""}
		a.text(p)
		if p.err != nil {
			return fmt.Errorf("writing the answer: %w", p.err)
		}
		return nil
	}
	return picture.Write(q.sys.stdout, q.output, a.graph())
}

// painter writes lines for people; the first error stays.
type painter struct {
	w     io.Writer
	width int // of the terminal, 0 when it is none
	color bool
	err   error
}

func (p *painter) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

// prose writes a sentence, folded so that it stands beside what introduces it.
func (p *painter) prose(intro, text string) {
	p.line("%s%s", intro, fold(plain.Line(text), plain.Width(intro), plain.Width(intro), p.width))
}

// verdict writes a verdict in its colour: what is open stands out.
func (p *painter) verdict(v reach.Verdict) string {
	if !p.color {
		return v.String()
	}
	return "\x1b[" + map[reach.Verdict]string{reach.Allowed: "33", reach.Denied: "32", reach.Unknown: "35"}[v] + "m" + v.String() + "\x1b[0m"
}

// assumptions are told under every answer.
func (p *painter) assumptions(list []string) {
	for i, a := range list {
		if i == 0 {
			p.line("")
		}
		p.prose("assumed: ", a)
	}
}

// columns writes rows with their cells aligned.
func (p *painter) columns(indent string, rows [][]string) {
	if p.err == nil {
		p.err = printColumns(p.w, indent, p.width, rows)
	}
}
