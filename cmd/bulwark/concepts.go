package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"bulwark/concept"
	"bulwark/config"
	"bulwark/control"
)

func conceptsCommand(sys *system) *cobra.Command {
	return &cobra.Command{
		Use:   "concepts",
		Short: "Print the guide: the 37 concepts and the controls of each",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			all, err := allControls(&config.File{}, nil)
			if err != nil {
				return err
			}
			width := min(sys.width, 100)
			for _, c := range concept.All() {
				fmt.Fprintf(sys.stdout, "%2d. %s (%s)\n%s\n", c.Number, c.Title, c.ID, wrap(c.What, width, "    "))
				for _, k := range controlsOf(all, c.ID) {
					fmt.Fprintf(sys.stdout, "    %s  %-8s  %s\n", k.ID, k.Severity, k.Title)
				}
				fmt.Fprintln(sys.stdout)
			}
			_, err = fmt.Fprintln(sys.stdout, "More about one of them: bulwark explain CONCEPT")
			return err
		},
	}
}

func controlsCommand(sys *system) *cobra.Command {
	var sel config.Selection
	var ruleFiles []string
	cmd := &cobra.Command{
		Use:   "controls",
		Short: "List the controls",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			file, err := config.Load("")
			if err != nil {
				return err
			}
			all, err := allControls(file, ruleFiles)
			if err != nil {
				return err
			}
			chosen, err := file.Choose(all, sel)
			if err != nil {
				return err
			}
			return listControls(sys.stdout, sys.width, chosen, "")
		},
	}
	cmd.Flags().StringVar(&sel.Profile, "profile", "all", "security, hygiene (and security), all")
	cmd.Flags().StringSliceVar(&sel.Concepts, "concept", nil, "only these concepts, by id, number or `name`")
	cmd.Flags().StringSliceVar(&ruleFiles, "rules", nil, "`files` or folders with rules of your own")
	return cmd
}

func listControls(w io.Writer, width int, list []*control.Control, heading string) error {
	if len(list) == 0 {
		return nil
	}
	if heading != "" {
		fmt.Fprintln(w, heading)
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range list {
		fmt.Fprintf(tw, "  %s\t%s\t%s\t%s\n", c.ID, c.Severity, c.Profile, c.Title)
	}
	return tw.Flush()
}
