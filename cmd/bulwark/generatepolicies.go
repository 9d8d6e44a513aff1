package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"bulwark/facts/reach"
	"bulwark/facts/relations"
	"bulwark/generate/policies"
	"bulwark/internal/plain"
	"bulwark/source/flows"
)

// policiesFlags are the flags of bulwark generate networkpolicy.
type policiesFlags struct {
	question
	flows      []string
	namespaces []string
}

func generatePoliciesCommand(sys *system) *cobra.Command {
	f := policiesFlags{question: question{sys: sys}}
	cmd := &cobra.Command{
		Use:     "networkpolicy",
		Aliases: []string{"networkpolicies", "netpol"},
		Short:   "Propose NetworkPolicies: deny all, allow what is needed",
		Long: `Finds who needs whom: Services that variables, arguments and ConfigMaps name,
Ingresses and routes, load balancers, webhooks, monitors, rights at the API
server and, when given, flows that Hubble saw. Writes a default deny for every
namespace, the cluster's DNS, and for each workload what it needs, each rule with
its reason. Every need is then replayed against the proposal, and what becomes
impossible is counted on standard error.`,
		Example: `  bulwark generate networkpolicy -i deploy/ > policies.yaml
  hubble observe -o jsonpb --last 100000 | bulwark generate networkpolicy --cluster -n shop --flows -`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringSliceVarP(&f.namespaces, "namespace", "n", nil, "make policies for these `namespaces` (default all but kube-system and its like); file objects without one are taken to be in it, when it is one")
	fs.StringArrayVar(&f.flows, "flows", nil, "`file` with flows that Hubble saw, or - for standard input; may be repeated")
	f.registerInput(cmd)
	return cmd
}

func (f *policiesFlags) run(cmd *cobra.Command) error {
	if len(f.namespaces) == 1 {
		f.space = f.namespaces[0]
	}
	snap, err := f.snapshot(cmd.Context(), nil, relations.Fact, reach.Fact)
	if err != nil {
		return err
	}
	rel, err := relations.Fact.In(snap)
	if err != nil {
		return err
	}
	seen, err := f.observed()
	if err != nil {
		return err
	}
	p, err := policies.Propose(snap, append(seen.Needs(snap), rel.List...), policies.Options{Namespaces: f.namespaces})
	if err != nil {
		return err
	}
	if err := p.WriteYAML(f.sys.stdout); err != nil {
		return err
	}
	if !f.quiet {
		tellProposal(f.sys.stderr, p, seen, rel.Unclear)
	}
	if len(p.Unmet) > 0 {
		return codeError(exitFindings)
	}
	return nil
}

// observed reads the flows that were given.
func (f *policiesFlags) observed() (*policies.Observed, error) {
	seen := new(policies.Observed)
	for _, name := range f.flows {
		if err := f.read(name, seen); err != nil {
			return nil, fmt.Errorf("reading flows from %s: %w", plain.Line(name), err)
		}
	}
	return seen, nil
}

func (f *policiesFlags) read(name string, seen *policies.Observed) error {
	var in io.Reader = f.sys.stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	stats, err := flows.Read(in, seen.Add)
	if err == nil && stats.Skipped > 0 {
		fmt.Fprintf(f.sys.stderr, "bulwark: %s: %s skipped; the first: %s\n", plain.Line(name), plain.Count(stats.Skipped, "line"), stats.FirstBad)
	}
	return err
}

// maxUnmet bounds the needs of one sort that are told.
const maxUnmet = 10

// tellProposal says what was proven and what changes.
func tellProposal(w io.Writer, p *policies.Proposal, seen *policies.Observed, unclear []relations.Relation) {
	fmt.Fprintf(w, "%s for %s; %d replayed and let through", plain.Count(len(p.Policies), "policy"), plain.Count(len(p.Needs), "need"), p.Proven)
	if n := len(p.Unproven) + len(p.Rest); n > 0 {
		fmt.Fprintf(w, ", %d with an end that is not in the input", n)
	}
	fmt.Fprintln(w)
	fmt.Fprintf(w, "Pairs of workloads that can talk: %d of %d, before %d\n", p.After.Pairs, p.After.Of, p.Before.Pairs)
	fmt.Fprintf(w, "Workloads that can reach the internet: %d, before %d; the metadata service: %d, before %d\n",
		p.After.Internet, p.Before.Internet, p.After.Metadata, p.Before.Metadata)
	for _, u := range p.Unmet[:min(len(p.Unmet), maxUnmet)] {
		fmt.Fprintf(w, "Still refused, by a policy that is there already: %s\n", plain.Line(u.Why))
	}
	for _, s := range p.Skipped[:min(len(p.Skipped), maxUnmet)] {
		fmt.Fprintf(w, "No policy for %s: %s\n", plain.Line(s.What), s.Why)
	}
	for _, r := range unclear[:min(len(unclear), maxUnmet)] {
		fmt.Fprintf(w, "Not clear, and not allowed: %s (%s)\n", plain.Line(r.Why), plain.Line(r.Pos().String()))
	}
	if more := len(unclear) - maxUnmet; more > 0 {
		fmt.Fprintf(w, "and %d more that are not clear\n", more)
	}
	if seen.Foreign+seen.Dropped > 0 {
		fmt.Fprintf(w, "Flows left out: %d between things that are not in the input, %d beyond what is kept\n", seen.Foreign, seen.Dropped)
	}
}
