package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"bulwark/facts/rbac"
	"bulwark/internal/plain"
)

func rbacCommand(sys *system) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rbac",
		Short: "Compare the rights of two inputs",
		Long: `Compares who may do what. What an input says by itself is answered by
'bulwark who-can' (who may do this) and 'bulwark can' (what may they do), and
'bulwark generate rbac' proposes the least roles that somebody needs.`,
		Example: `  bulwark rbac diff ./main/deploy ./branch/deploy`,
	}
	cmd.AddCommand(rbacDiffCommand(sys))
	return cmd
}

func rbacDiffCommand(sys *system) *cobra.Command {
	a := newAccess(sys)
	cmd := &cobra.Command{
		Use:   "diff BEFORE AFTER",
		Short: "Say who gains and who loses which rights between two inputs",
		Long: `Compares what everybody may do, not how it is written: a renamed role, rules
that are split or an account that gets by itself what its group had before are no
difference. BEFORE and AFTER are files, folders, charts or -.

Exit codes: 0 nobody gains anything, 1 somebody does, 2 could not be compared, or
nobody does as far as could be read.`,
		Example: `  bulwark rbac diff ./main/deploy ./branch/deploy
  git show main:rbac.yaml | bulwark rbac diff - rbac.yaml`,
		Args: twoInputs("bulwark rbac diff ./old ./new"),
		RunE: func(c *cobra.Command, args []string) error { return a.diff(c.Context(), args) },
	}
	a.register(cmd)
	// The inputs are arguments here, and files: what a cluster holds is one input.
	for _, name := range []string{"in", "cluster", "context", "kubeconfig"} {
		if f := cmd.Flags().Lookup(name); f != nil {
			f.Hidden = true
		}
	}
	return cmd
}

// twoInputs takes the two inputs of a comparison.
func twoInputs(example string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 2 {
			return fmt.Errorf("say two inputs, the old one first: %s", example)
		}
		if args[0] == "-" && args[1] == "-" {
			return errors.New("only one of the two can be read from standard input")
		}
		return nil
	}
}

// changes is the answer of the comparison.
type changes struct {
	Gained   bool         `json:"gained"` // somebody gained something
	Lost     bool         `json:"lost"`
	Subjects []changeJSON `json:"subjects"`
}

type changeJSON struct {
	Subject subjectJSON      `json:"subject"`
	Gained  []permissionJSON `json:"gained,omitempty"`
	Lost    []permissionJSON `json:"lost,omitempty"`
}

func (a *access) diff(ctx context.Context, args []string) error {
	if len(a.in) > 0 || a.cluster || a.context != "" || a.kubeconfig != "" {
		return errors.New("the two inputs are the arguments: to compare with a cluster, save its objects with kubectl get -o yaml first")
	}
	var policies [2]*rbac.Policy
	for i, path := range args {
		var err error
		if policies[i], err = a.policy(ctx, path); err != nil {
			return err
		}
	}
	list := rbac.Diff(policies[0], policies[1], a.catalog)
	out := changes{Subjects: []changeJSON{}}
	for _, c := range list {
		out.Gained, out.Lost = out.Gained || len(c.Gained) > 0, out.Lost || len(c.Lost) > 0
		if a.json {
			out.Subjects = append(out.Subjects, a.changeOut(&c))
		}
	}
	if a.json {
		if err := writeJSON(a.sys.stdout, out); err != nil {
			return err
		}
	} else {
		a.printChanges(list)
	}
	if out.Gained {
		return codeError(exitFindings)
	}
	return a.blind()
}

func (a *access) policy(ctx context.Context, path string) (*rbac.Policy, error) {
	a.in = []string{path}
	z, err := a.read(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the roles and bindings of %s: %w", path, err)
	}
	return z.Policy, nil
}

func (a *access) changeOut(c *rbac.Change) changeJSON {
	out := changeJSON{Subject: subjectOut(c.Subject)}
	for i := range c.Gained {
		out.Gained = append(out.Gained, a.permissionOut(&c.Gained[i]))
	}
	for i := range c.Lost {
		out.Lost = append(out.Lost, a.permissionOut(&c.Lost[i]))
	}
	return out
}

func (a *access) printChanges(list []rbac.Change) {
	w := a.sys.stdout
	if len(list) == 0 {
		fmt.Fprintln(w, "Everybody may do the same as before.")
		return
	}
	gained, dangerous := 0, 0
	for _, c := range list {
		fmt.Fprintf(w, "%s\n", plain.Line(c.Subject.String()))
		if len(c.Gained) > 0 {
			gained++
			if slices.ContainsFunc(c.Gained, func(p rbac.Permission) bool { return len(p.Dangers) > 0 }) {
				dangerous++
			}
			a.printPermissions(c.Gained, "+")
		}
		a.printPermissions(c.Lost, "-")
		fmt.Fprintln(w)
	}
	differ := count(len(list), "subject") + " differ"
	if len(list) == 1 {
		differ += "s"
	}
	fmt.Fprintf(w, "%s: %d gain rights, %d of them dangerous ones.\n", differ, gained, dangerous)
}
