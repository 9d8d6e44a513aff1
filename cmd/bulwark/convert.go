package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"bulwark/report/json"
	"bulwark/report/open"
)

func convertCommand(sys *system) *cobra.Command {
	var format string
	var all bool
	cmd := &cobra.Command{
		Use:     "convert [FILE]",
		Short:   "Replay a saved JSON report into another format",
		Example: "  bulwark scan . -o json=report.jsonl\n  bulwark convert report.jsonl -o html > report.html",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			var in io.Reader = sys.stdin
			if len(args) == 1 && args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return fmt.Errorf("opening the saved report: %w", err)
				}
				defer f.Close()
				in = f
			}
			h, err := open.Open(format, sys.stdout, open.Options{
				Width: sys.width, All: all, Color: sys.terminal && sys.getenv("NO_COLOR") == "",
			})
			if err != nil {
				return err
			}
			return json.Replay(in, h)
		},
	}
	cmd.Flags().StringVarP(&format, "output", "o", "text", "`format`: "+strings.Join(open.Names(), ", "))
	cmd.Flags().BoolVar(&all, "all", false, "show every finding in text")
	return cmd
}
