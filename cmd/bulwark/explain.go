package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bulwark/concept"
	"bulwark/config"
	"bulwark/control"
)

func explainCommand(sys *system) *cobra.Command {
	var ruleFiles []string
	cmd := &cobra.Command{
		Use:     "explain ID|CONCEPT",
		Short:   "Explain a control, a concept, or another tool's check",
		Example: "  bulwark explain BW1901\n  bulwark explain rbac\n  bulwark explain KSV-0017",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("explain what? Give an id, a concept or another tool's check: see '%s --help'", c.CommandPath())
			}
			return nil
		},
		ValidArgsFunction: completeExplain,
		RunE: func(_ *cobra.Command, args []string) error {
			file, err := config.Load("")
			if err != nil {
				return err
			}
			all, err := allControls(file, ruleFiles)
			if err != nil {
				return err
			}
			return explain(sys.stdout, min(sys.width, 100), all, strings.Join(args, " "))
		},
	}
	cmd.Flags().StringSliceVar(&ruleFiles, "rules", nil, "`files` or folders with rules of your own")
	return cmd
}

func explain(w io.Writer, width int, all []*control.Control, what string) error {
	for _, c := range all {
		if strings.EqualFold(c.ID, what) {
			return explainControl(w, width, c)
		}
	}
	if c, ok := concept.ByID(what); ok {
		return explainConcept(w, width, c, all)
	}
	found := byReference(all, what)
	if len(found) == 0 {
		hint := ""
		if near := concept.Suggest(what); len(near) > 0 {
			hint = "; did you mean " + strings.Join(near, ", ") + "?"
		}
		return fmt.Errorf("there is no control, concept or reference %q%s See 'bulwark controls' and 'bulwark concepts'", what, cmp.Or(hint, "."))
	}
	for i, c := range found {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := explainControl(w, width, c); err != nil {
			return err
		}
	}
	return nil
}

// byReference finds the controls that answer another tool's check or a framework's item.
func byReference(all []*control.Control, what string) []*control.Control {
	var out []*control.Control
	for _, c := range all {
		if slices.ContainsFunc(c.Refs, func(r string) bool {
			_, id, _ := strings.Cut(r, " ")
			return strings.EqualFold(r, what) || strings.EqualFold(id, what)
		}) {
			out = append(out, c)
		}
	}
	return out
}

func explainControl(w io.Writer, width int, c *control.Control) error {
	con, _ := concept.ByID(c.Concept)
	fmt.Fprintf(w, "%s  %s\n\n", c.ID, c.Title)
	fmt.Fprintf(w, "  concept   %d. %s\n  severity  %s\n  profile   %s\n  judges    %s\n",
		con.Number, con.Title, c.Severity, c.Profile, strings.Join(c.Kinds, ", "))
	for _, p := range c.Params {
		def := fmt.Sprintf("default %v", p.Default)
		if p.Default == nil {
			def = "no default: the control is off until it is set"
		}
		fmt.Fprintf(w, "  setting   %s\n", strings.TrimLeft(wrap(p.Name+": "+p.Doc+" ("+def+")", width, "            "), " "))
	}
	fmt.Fprintf(w, "\n%s\n", wrap(c.Doc, width, ""))
	if c.Remedy != nil {
		fmt.Fprintf(w, "\nFix (bulwark fix): %s\n", c.Remedy.Message)
	}
	if len(c.Refs) > 0 {
		fmt.Fprintf(w, "\nAlso known as\n%s\n", wrap(strings.Join(c.Refs, ", "), width, "  "))
	}
	return nil
}

func explainConcept(w io.Writer, width int, c concept.Concept, all []*control.Control) error {
	fmt.Fprintf(w, "%d. %s (%s)\n", c.Number, c.Title, c.ID)
	for _, part := range []struct{ title, text string }{
		{"What it is", c.What}, {"Where it applies", c.Where}, {"How to use it", c.How}, {"What Bulwark does", c.Acts},
	} {
		fmt.Fprintf(w, "\n%s\n%s\n", part.title, wrap(part.text, width, "  "))
	}
	fmt.Fprintf(w, "\nWhat can judge it\n")
	for _, tier := range concept.TierNames() {
		j := c.Tiers.Of(tier)
		inputs := make([]string, len(j.Inputs))
		for i, in := range j.Inputs {
			inputs[i] = string(in)
			if !in.Available() {
				inputs[i] += " (not in this version)"
			}
		}
		from := strings.Join(inputs, ", ")
		if from == "" {
			from = "nothing"
		}
		fmt.Fprintf(w, "%s\n", wrap(fmt.Sprintf("%s: %s. %s", tier, from, j.Note), width, "  "))
	}
	return listControls(w, width, controlsOf(all, c.ID), "\nControls")
}

func controlsOf(all []*control.Control, id string) []*control.Control {
	var out []*control.Control
	for _, c := range all {
		if c.Concept == id {
			out = append(out, c)
		}
	}
	return out
}
