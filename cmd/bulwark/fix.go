package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"bulwark/config"
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
	file, err := config.Load(f.configFile)
	if err != nil {
		return err
	}
	cfg, err := f.prepare(sys, file, paths)
	if err != nil {
		return err
	}
	if cfg.Builder, err = f.builder(file); err != nil {
		return err
	}
	if cfg.Sources, err = f.sources(sys, paths, file); err != nil {
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
	plan, err := fix.Make(cmd.Context(), snap, opts, func(x *control.Finding) bool { return x.Severity >= cfg.MinSeverity })
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
	return showPatches(ctx, sys, f.charts, plan.Patches)
}

// writeFiles replaces each file at once, so that a crash leaves the old or the new one.
func writeFiles(files []fix.File) error {
	for _, file := range files {
		mode := fs.FileMode(0o644)
		switch info, err := os.Stat(file.Disk); {
		case err == nil && file.New:
			return fmt.Errorf("%s is there already: move it away, or apply the diff by hand", file.Shown)
		case err == nil:
			mode = info.Mode().Perm()
		case !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("looking at %s: %w", file.Shown, err)
		}
		if !file.New {
			if now, err := os.ReadFile(file.Disk); err != nil || string(now) != file.Before {
				return fmt.Errorf("%s changed while it was judged: run the command again", file.Shown)
			}
		}
		target := file.Disk
		if real, err := filepath.EvalSymlinks(target); err == nil {
			target = real
		}
		temp := target + ".bulwark"
		if err := os.WriteFile(temp, []byte(file.After), mode); err != nil {
			return fmt.Errorf("writing %s: %w", file.Shown, err)
		}
		if err := os.Rename(temp, target); err != nil {
			return fmt.Errorf("replacing %s: %w", file.Shown, err)
		}
	}
	return nil
}

// summary says on standard error what was, or would be, mended and what was not.
func (f *fixFlags) summary(sys *system, plan *fix.Plan) {
	w := sys.stderr
	verb, files := "would mend", ""
	if f.write {
		verb = "mended"
	}
	if len(plan.Files) > 0 {
		files = " in " + plain.Count(len(plan.Files), "file")
	}
	fmt.Fprintf(w, "%s %s%s", verb, plain.Count(plan.Mended, "finding"), files)
	switch n := len(plan.Patches); n {
	case 0:
	case 1:
		fmt.Fprint(w, "; 1 more object needs the change shown above")
	default:
		fmt.Fprintf(w, "; %d more objects need the changes shown above", n)
	}
	if plan.NoFix > 0 {
		fmt.Fprintf(w, "; %s for a person to mend", plain.Count(plan.NoFix, "finding"))
	}
	fmt.Fprintln(w)
	for _, l := range plan.Left {
		fmt.Fprintf(w, "%s%s not mended: %s\n", place(l.Finding), l.Finding.Control.ID, plain.Line(l.Why.Error()))
	}
	for _, a := range plan.Appeared {
		fmt.Fprintf(w, "%s%s appears with these changes: %s\n", place(a), a.Control.ID, plain.Line(a.Message))
	}
	if !f.write && len(plan.Files) > 0 {
		fmt.Fprintln(w, "run again with --write to change the files")
	}
}

// place is where a finding is, ending in ": ".
func place(f *control.Finding) string {
	if len(f.Evidence) > 0 && f.Evidence[0].Pos.File != "" {
		return plain.Line(fmt.Sprintf("%s:%d: ", f.Evidence[0].Pos.File, f.Evidence[0].Pos.Line))
	}
	return plain.Line(f.Subject.String()) + ": "
}
