package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"bulwark/control"
	"bulwark/fix"
	"bulwark/internal/plain"
	"bulwark/scan"
)

// fixFlags are the flags of bulwark fix.
type fixFlags struct {
	inputFlags
	judgeFlags
	write bool
}

func fixCommand(sys *system) *cobra.Command {
	var f fixFlags
	cmd := &cobra.Command{
		Use:   "fix [PATH…]",
		Short: "Show, or make, the changes that mend what a scan finds",
		Long: `Judges like scan and prints the preferred fix of every finding as one unified
diff; comments, order and formatting survive. --write makes the changes. The
mended files are judged again before anything is printed, so that what is said
to be mended is. Objects that come out of a chart, an overlay or a cluster get a
change of a chart's values where one is proven to do it, else a Kustomize patch.`,
		Example: `  bulwark fix ./deploy
  bulwark fix ./deploy --control BW1807 --write
  bulwark fix ./deploy | patch -p1`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, sys, args) },
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.BoolVarP(&f.write, "write", "w", false, "change the files")
	f.inputFlags.register(fs, true)
	f.judgeFlags.register(fs)
	return cmd
}

func (f *fixFlags) run(cmd *cobra.Command, sys *system, paths []string) error {
	_, cfg, err := f.prepare(sys, &f.inputFlags, paths)
	if err != nil {
		return err
	}
	bar := newProgress(sys, false)
	defer bar.end()
	cfg.Progress = bar.show
	snap, err := scan.Collect(cmd.Context(), cfg)
	if err != nil {
		return err
	}
	bar.show(scan.Progress{Stage: "judging", What: plain.Count(snap.Len(), "object")})
	opts := control.Options{Controls: cfg.Controls, Params: cfg.Params, Severities: cfg.Severities, Workers: cfg.Workers, Excuse: cfg.Excuses.Excuse}
	var namespaces []string
	if f.namespace != "" {
		namespaces = []string{f.namespace}
	}
	plan, err := fix.Make(cmd.Context(), snap, opts, func(x *control.Finding) bool {
		return x.Severity >= cfg.MinSeverity && scan.InScope(x.Subject, namespaces)
	})
	if err != nil {
		return fmt.Errorf("planning the fixes: %w", err)
	}
	bar.end()
	tellGaps(sys.stderr, snap.Gaps())
	if err := f.show(cmd.Context(), sys, plan); err != nil {
		return err
	}
	if f.write {
		if err := writeFiles(plan.Files); err != nil {
			return err
		}
	}
	f.summary(sys, plan)
	if len(snap.Gaps()) > 0 || len(plan.Left) > 0 {
		return codeError(exitCannot)
	}
	return nil
}

// show prints the diff, and what has to be done elsewhere.
func (f *fixFlags) show(ctx context.Context, sys *system, plan *fix.Plan) error {
	for _, file := range plan.Files {
		name := strings.TrimPrefix(file.Shown, "/")
		before := "a/" + name
		if file.New {
			before = "/dev/null"
		}
		if !f.write {
			if _, err := sys.stdout.Write(diff.Diff(before, []byte(file.Before), "b/"+name, []byte(file.After))); err != nil {
				return err
			}
		}
	}
	if err := showPatches(ctx, sys, f.charts, plan.Patches); err != nil {
		return err
	}
	for _, o := range plan.Objects {
		if _, err := fmt.Fprintf(sys.stdout, "---\n# to add, for %s\n%s", plain.Line(o.For.Ref.String()), o.Text); err != nil {
			return err
		}
	}
	return nil
}

// summary says on standard error what was, or would be, mended and what was not.
func (f *fixFlags) summary(sys *system, plan *fix.Plan) {
	w := sys.stderr
	verb := "would mend"
	if f.write {
		verb = "mended"
	}
	var parts []string
	if len(plan.Files) > 0 {
		parts = append(parts, fmt.Sprintf("%s %s in %s", verb, plain.Count(plan.Mended, "finding"), plain.Count(len(plan.Files), "file")))
	}
	switch n := len(plan.Patches); {
	case n == 1:
		parts = append(parts, "1 object needs the change shown above")
	case n > 1:
		parts = append(parts, fmt.Sprintf("%d objects need the changes shown above", n))
	}
	if n := len(plan.Objects); n > 0 {
		parts = append(parts, plain.Count(n, "new object")+" shown above to add")
	}
	if len(parts) == 0 {
		parts = append(parts, "nothing that a machine can mend")
	}
	if plan.NoFix > 0 {
		parts = append(parts, plain.Count(plan.NoFix, "finding")+" for a person to mend")
	}
	fmt.Fprintln(w, strings.Join(parts, "; "))
	tellLeft(w, plan.Left)
	for _, a := range plan.Appeared {
		fmt.Fprintf(w, "%s%s appears with these changes: %s\n", place(a), a.Control.ID, plain.Line(a.Message))
	}
	if !f.write && len(plan.Files) > 0 {
		fmt.Fprintln(w, "run again with --write to change the files")
	}
}

// tellLeft says which findings were not mended and why, object by object.
func tellLeft(w io.Writer, left []fix.Left) {
	type group struct{ first, why, ids string }
	var groups []*group
	at := map[string]*group{}
	for _, l := range left {
		why := plain.Line(l.Why.Error())
		key := l.Finding.Subject.String() + why
		g := at[key]
		if g == nil {
			g = &group{first: place(l.Finding), why: why}
			at[key] = g
			groups = append(groups, g)
		}
		if id := l.Finding.Control.ID; !strings.Contains(g.ids, id) {
			g.ids += " " + id
		}
	}
	for _, g := range groups {
		fmt.Fprintf(w, "%snot mended:%s: %s\n", g.first, g.ids, g.why)
	}
}

// place is where a finding is, ending in ": ".
func place(f *control.Finding) string {
	if len(f.Evidence) > 0 && f.Evidence[0].Pos.File != "" {
		return plain.Line(fmt.Sprintf("%s:%d: ", f.Evidence[0].Pos.File, f.Evidence[0].Pos.Line))
	}
	return plain.Line(f.Subject.String()) + ": "
}
