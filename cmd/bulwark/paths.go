package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bulwark/facts/attackgraph"
	"bulwark/internal/picture"
	"bulwark/world"
)

// pathsQuestion is what paths is asked.
type pathsQuestion struct {
	question
	from, to    []string
	all         int
	by          string
	certain     bool
	blast       []string
	chokepoints bool
	whatIf      []string
	most        int
	output      string
}

func pathsCommand(sys *system) *cobra.Command {
	q := &pathsQuestion{question: wholeQuestion(sys)}
	cmd := &cobra.Command{
		Use:   "paths",
		Short: "Show how an attacker gets from here to there, and what breaks the way",
		Long: `Paths joins identities, rights, pods, nodes, Secrets and cloud roles into one
graph and shows how somebody who owns one thing comes to own another, step by
step, with the technique, the place in the input that makes it possible, and the
cheapest change that breaks it.

Without a question it asks for everything that somebody outside, or whoever
takes over a workload, could own first: which of them lead to cluster-admin, to
the cloud account, to root on a node, or to every Secret.

Things are named sa:NAMESPACE/NAME, pod:NAMESPACE/NAME (or deployment:,
daemonset: and so on), node:NAME, user:NAME, group:NAME, secret:NAMESPACE/NAME,
namespace:NAME, cloud:ROLE, internet, anonymous; ends also cluster-admin,
cloud-admin, node-root, all-secrets.

What could not be seen neither proves nor hides a way: ways with such a step are
shown after the certain ones and marked as possible. --certain leaves them out.

Exit codes: 0 answered, 1 --what-if found a new way, 2 could not do what was asked.`,
		Example: `  bulwark paths -i deploy                            what leads to something critical
  bulwark paths --from pod:shop/web --to cluster-admin
  bulwark paths --from user:jane --all 3 --by cost   the three easiest ways
  bulwark paths --blast sa:ci/deployer               all that its owner can come to own
  bulwark paths --chokepoints                        few changes that break most ways
  bulwark paths -i deploy --what-if new.yaml         a gate: exit 1 when it opens a way`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return q.run(cmd.Context()) },
	}
	fs := cmd.Flags()
	q.register(cmd)
	fs.StringArrayVar(&q.from, "from", nil, "what the attacker owns, as `THING`; may be repeated")
	fs.StringArrayVar(&q.to, "to", nil, "what the attacker is after, as `THING`; may be repeated")
	fs.IntVar(&q.all, "all", 0, "show up to `K` ways between the ends instead of the best")
	fs.StringVar(&q.by, "by", "steps", "what makes a way good: steps (few) or cost (little effort)")
	fs.BoolVar(&q.certain, "certain", false, "follow only steps that nothing unseen may stop")
	fs.StringArrayVar(&q.blast, "blast", nil, "list all that the owner of `THING` can come to own")
	fs.BoolVar(&q.chokepoints, "chokepoints", false, "list the few changes that break most ways")
	fs.StringArrayVar(&q.whatIf, "what-if", nil, "`FILE` or folder of objects not yet applied: list the ways that they would open")
	fs.IntVar(&q.most, "most", 10, "how many answers to show")
	fs.StringVarP(&q.output, "output", "o", "text", "form of the answer: text, json, svg, html or dot")
	return cmd
}

func (q *pathsQuestion) run(ctx context.Context) error {
	if err := q.check(); err != nil {
		return err
	}
	g, snap, err := ask(ctx, &q.question, attackgraph.Fact)
	if err != nil {
		return err
	}
	switch {
	case len(q.whatIf) > 0:
		return q.askWhatIf(ctx, g, snap)
	case len(q.blast) > 0:
		return q.askBlast(g)
	case q.chokepoints:
		return q.askChokepoints(g)
	case len(q.from)+len(q.to) > 0:
		return q.askBetween(g)
	}
	s := g.Survey(g.Sources(), g.Sinks(), q.options())
	return q.showSurvey(g, s, "")
}

func (q *pathsQuestion) options() attackgraph.Options {
	return attackgraph.Options{Possible: !q.certain, ByCost: q.by == "cost"}
}

// check refuses questions that contradict themselves.
func (q *pathsQuestion) check() error {
	if q.json {
		if q.output != "text" && q.output != "json" {
			return fmt.Errorf("--json and -o %s are two answers: give one of them", q.output)
		}
		q.output = "json"
	}
	if forms := append([]string{"text", "json"}, picture.Formats()...); !slices.Contains(forms, q.output) {
		return fmt.Errorf("unknown format %q: use -o with one of %s", q.output, strings.Join(forms, ", "))
	}
	if q.by != "steps" && q.by != "cost" {
		return fmt.Errorf("--by %q: use steps or cost", q.by)
	}
	if q.most < 1 || q.all < 0 || q.all > 100 {
		return errors.New("--most is at least 1, and --all between 1 and 100")
	}
	asked := 0
	for _, is := range []bool{len(q.whatIf) > 0, len(q.blast) > 0, q.chokepoints && len(q.whatIf) == 0, len(q.from)+len(q.to) > 0 && !q.chokepoints} {
		if is {
			asked++
		}
	}
	if asked > 1 {
		return errors.New("ask one thing at a time: --from and --to, --blast, --chokepoints or --what-if")
	}
	return nil
}

// ends resolves the things that flags name.
func (q *pathsQuestion) ends(g *attackgraph.Graph, words []string, otherwise []uint32) ([]uint32, error) {
	if len(words) == 0 {
		return otherwise, nil
	}
	var out []uint32
	for _, w := range words {
		vs, err := g.Resolve(w)
		if err != nil {
			return nil, err
		}
		out = append(out, vs...)
	}
	return out, nil
}

func (q *pathsQuestion) askBetween(g *attackgraph.Graph) error {
	from, err := q.ends(g, q.from, g.Sources())
	if err != nil {
		return err
	}
	to, err := q.ends(g, q.to, g.Sinks())
	if err != nil {
		return err
	}
	if q.all > 0 {
		var all []*attackgraph.Path
		for _, v := range from[:min(len(from), q.most)] {
			for _, sink := range to {
				all = append(all, g.Ways(v, []uint32{sink}, q.all, q.options())...)
			}
		}
		return q.showPaths(g, all, from, to)
	}
	if len(q.from) == 0 || len(from) > 1 {
		return q.showSurvey(g, g.Survey(from, to, q.options()), strings.Join(q.to, ", "))
	}
	var all []*attackgraph.Path
	for _, sink := range to {
		all = append(all, g.Shortest(from, []uint32{sink}, q.options())...)
	}
	return q.showPaths(g, all, from, to)
}

func (q *pathsQuestion) askBlast(g *attackgraph.Graph) error {
	from, err := q.ends(g, q.blast, nil)
	if err != nil {
		return err
	}
	return q.showBlast(g, g.Blast(from))
}

func (q *pathsQuestion) askChokepoints(g *attackgraph.Graph) error {
	from, err := q.ends(g, q.from, g.Sources())
	if err != nil {
		return err
	}
	to, err := q.ends(g, q.to, g.Sinks())
	if err != nil {
		return err
	}
	return q.showChoke(g, g.Chokepoints(from, to, q.most, q.options()))
}

// askWhatIf compares the estate with what it would be with the new objects.
func (q *pathsQuestion) askWhatIf(ctx context.Context, before *attackgraph.Graph, snap *world.Snapshot) error {
	files := q.question
	files.cluster, files.context, files.kubeconfig = false, "", ""
	added, err := files.snapshot(ctx, q.whatIf, attackgraph.Fact)
	if err != nil {
		return fmt.Errorf("reading what would be applied: %w", err)
	}
	b := snap.Rebuild(func(o *world.Object) bool { return added.Get(o.Ref) == nil })
	for _, o := range added.Objects() {
		b.Add(o)
	}
	after, err := attackgraph.Fact.In(b.Snapshot())
	if err != nil {
		return err
	}
	s := attackgraph.NewPaths(before, after, q.options())
	if err := q.showNew(after, s, added.Len()); err != nil {
		return err
	}
	if len(s.Classes) > 0 {
		return codeError(exitFindings)
	}
	return files.blind()
}
