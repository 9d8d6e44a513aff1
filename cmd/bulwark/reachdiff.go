package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"bulwark/facts/reach"
	"bulwark/internal/picture"
	"bulwark/internal/plain"
)

func reachDiffCommand(sys *system) *cobra.Command {
	q := &reachQuestion{question: wholeQuestion(sys)}
	cmd := &cobra.Command{
		Use:   "diff BEFORE AFTER",
		Short: "Say which connections a change opens and closes",
		Long: `Compares two inputs, such as the folders of two branches, and lists every
connection between workloads, to and from the outside, that the second lets
through and the first does not, and the other way round. Workloads that only
one of them has are compared with being absent.

BEFORE and AFTER are files, folders, charts or -.

Exit codes: 0 nothing was opened, 1 something was, or may have been, 2 could not
be compared, or nothing was as far as could be read.`,
		Example: `  bulwark reach diff main/deploy branch/deploy
  bulwark reach diff main/deploy branch/deploy -o svg > change.svg`,
		Args: twoInputs("bulwark reach diff ./old ./new"),
		RunE: func(c *cobra.Command, args []string) error { return runReachDiff(c.Context(), q, args) },
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	q.registerAll(fs, false)
	q.registerSpace(cmd, "")
	fs.StringVar(&q.configFile, "config", "", "configuration `file`")
	fs.BoolVar(&q.json, "json", false, "answer in JSON")
	fs.BoolVarP(&q.quiet, "quiet", "q", false, "no progress, and no word about what could not be read")
	fs.StringVarP(&q.output, "output", "o", "text", "`format` of the answer: text, json, or a picture as dot, svg or html")
	return cmd
}

func runReachDiff(ctx context.Context, q *reachQuestion, args []string) error {
	q.by = "auto"
	if err := q.check([]string{"", ""}); err != nil {
		return err
	}
	var models [2]*reach.Model
	for i, path := range args {
		snap, err := q.snapshot(ctx, []string{path}, reach.Fact)
		if err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		if models[i], err = reach.Fact.In(snap); err != nil {
			return err
		}
	}
	d := newReachDiff(reach.Compare(models[0], models[1], maxChanges))
	if err := q.write(d); err != nil {
		return err
	}
	if len(d.Opened) > 0 {
		return codeError(exitFindings)
	}
	return q.blind()
}

// maxChanges bounds the changes that are listed.
const maxChanges = 10_000

// reachDiff is what a change opens and closes.
type reachDiff struct {
	Opened []reachChange `json:"opened"`
	Closed []reachChange `json:"closed"`
	More   int           `json:"notListed,omitempty"`
}

type reachChange struct {
	From   string        `json:"from"`
	To     string        `json:"to"`
	Ports  []string      `json:"ports"`
	Before reach.Verdict `json:"before"`
	After  reach.Verdict `json:"after"`
	New    bool          `json:"onlyInOne,omitempty"` // one of the ends is in one input only
}

func newReachDiff(changes []reach.Change, more int) *reachDiff {
	d := &reachDiff{Opened: []reachChange{}, Closed: []reachChange{}, More: more}
	for _, c := range changes {
		list := &d.Closed
		if c.Opened() {
			list = &d.Opened
		}
		port := portText(reach.PortAnswer{Atom: c.Atom})
		if n := len(*list); n > 0 {
			if last := &(*list)[n-1]; last.From == c.From && last.To == c.To && last.Before == c.Before && last.After == c.After {
				last.Ports = append(last.Ports, port)
				continue
			}
		}
		*list = append(*list, reachChange{c.From, c.To, []string{port}, c.Before, c.After, c.New})
	}
	return d
}

func (d *reachDiff) text(p *painter) {
	if len(d.Opened)+len(d.Closed) == 0 {
		p.line("the same connections are let through")
		return
	}
	for _, part := range []struct {
		title, mark string
		list        []reachChange
	}{{"opened", "+", d.Opened}, {"closed", "-", d.Closed}} {
		if len(part.list) == 0 {
			continue
		}
		p.line("%s: %d", part.title, len(part.list))
		var rows [][]string
		for _, c := range part.list {
			row := []string{part.mark, plain.Line(c.From) + " -> " + plain.Line(c.To), ports(c.Ports)}
			if c.Before == reach.Unknown || c.After == reach.Unknown {
				row[2] += fmt.Sprintf(" (%s before, %s after)", c.Before, c.After)
			} else if c.New {
				row[2] += " (one end is new)"
				if part.mark == "-" {
					row[2] = ports(c.Ports) + " (one end is gone)"
				}
			}
			rows = append(rows, row)
		}
		p.columns("  ", rows)
	}
	if d.More > 0 {
		p.line("and %d changes more", d.More)
	}
}

// ports joins ports; all protocols of every port are one phrase.
func ports(list []string) string {
	const all = "every TCP port, every UDP port, every SCTP port"
	if text := strings.Join(list, ", "); text != all {
		return text
	}
	return "every port"
}

func (d *reachDiff) graph() *picture.Graph {
	g := &picture.Graph{Title: "What the change opens and closes", Subtitle: "Dashed: closed"}
	for _, part := range []struct {
		tone picture.Tone
		list []reachChange
	}{{picture.Bad, d.Opened}, {picture.Good, d.Closed}} {
		for _, c := range part.list {
			addNode(g, c.From)
			addNode(g, c.To)
			g.Edges = append(g.Edges, picture.Edge{From: c.From, To: c.To, Label: ports(c.Ports), Tone: part.tone, Dashed: part.tone == picture.Good})
		}
	}
	return g
}
