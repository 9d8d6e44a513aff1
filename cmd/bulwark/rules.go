package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"bulwark/config"
	"bulwark/internal/plain"
	"bulwark/rules"
)

func rulesCommand(sys *system) *cobra.Command {
	var configFile string
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Test, check and list rules of your own",
		Long: `Rules of your own are YAML files with conditions in CEL, the language of
Kubernetes admission policies, and tests beside them. scan, fix and export take
them with --rules or from the list rules of bulwark.yaml. docs/rules.md says how
to write them. Without FILES the commands below take those of bulwark.yaml.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringVar(&configFile, "config", "", "configuration `file` (default "+config.Name+" where there is one)")
	sub := func(use, short, long string, run func(*cobra.Command, *rules.Set) error) {
		cmd.AddCommand(&cobra.Command{
			Use: use + " [FILE|FOLDER…]", Short: short, Long: long,
			RunE: func(cmd *cobra.Command, args []string) error {
				set, err := loadRules(configFile, args)
				if err != nil {
					return err
				}
				return run(cmd, set)
			},
		})
	}
	sub("test", "Run the tests that stand beside the rules",
		"Exit codes: 0 every test does what it wants, 1 one does not, 2 the rules cannot be read.",
		func(cmd *cobra.Command, set *rules.Set) error { return testRules(cmd, sys, set) })
	sub("check", "Compile the rules and say from which server version each can be a policy",
		"Exit codes: 0 every rule compiles, 2 one does not.",
		func(_ *cobra.Command, set *rules.Set) error { return checkRules(sys, set) })
	sub("list", "List the rules", "",
		func(_ *cobra.Command, set *rules.Set) error { return listRules(sys, set) })
	return cmd
}

// loadRules reads the named rule files, else those of the configuration.
func loadRules(configFile string, paths []string) (*rules.Set, error) {
	if len(paths) == 0 {
		file, err := config.Load(configFile)
		if err != nil {
			return nil, err
		}
		if paths = file.Rules; len(paths) == 0 {
			return nil, errors.New("no rules are named: give files or folders, or list them under rules in " + config.Name)
		}
	}
	return rules.LoadSet(paths)
}

func testRules(cmd *cobra.Command, sys *system, set *rules.Set) error {
	results, err := set.Test(cmd.Context())
	if err != nil {
		return fmt.Errorf("running the tests of the rules: %w", err)
	}
	failed := 0
	for _, r := range results {
		if r.Err == nil {
			fmt.Fprintf(sys.stdout, "ok    %-12s %s\n", r.Rule.Control.ID, plain.Line(r.Name))
			continue
		}
		failed++
		fmt.Fprintf(sys.stdout, "FAIL  %-12s %s\n      %s:%d: %s\n", r.Rule.Control.ID, plain.Line(r.Name),
			plain.Line(r.Pos.File), r.Pos.Line, plain.Line(r.Err.Error()))
	}
	var untested []string
	for _, r := range set.Rules {
		if r.Tests() == 0 {
			untested = append(untested, r.Control.ID)
		}
	}
	fmt.Fprintf(sys.stdout, "%d rules, %d tests, %d failed\n", len(set.Rules), len(results), failed)
	if len(untested) > 0 {
		fmt.Fprintf(sys.stdout, "without tests: %s\n", strings.Join(untested, ", "))
	}
	if failed > 0 {
		return codeError(exitFindings)
	}
	return nil
}

func checkRules(sys *system, set *rules.Set) error {
	for _, r := range set.Rules {
		minor, err := r.FirstServer()
		if err != nil {
			return fmt.Errorf("%s:%d: rule %s: %w", r.Pos.File, r.Pos.Line, r.Control.ID, err)
		}
		fmt.Fprintf(sys.stdout, "ok    %-12s a policy from Kubernetes 1.%d on; %d tests\n", r.Control.ID, minor, r.Tests())
	}
	_, err := fmt.Fprintf(sys.stdout, "%d rules compile\n", len(set.Rules))
	return err
}

func listRules(sys *system, set *rules.Set) error {
	for _, r := range set.Rules {
		c := r.Control
		if _, err := fmt.Fprintf(sys.stdout, "%-12s  %-8s  %s  (%s; %s:%d)\n", c.ID, c.Severity, plain.Line(c.Title),
			strings.Join(c.Kinds, ", "), plain.Line(r.Pos.File), r.Pos.Line); err != nil {
			return err
		}
	}
	return nil
}
