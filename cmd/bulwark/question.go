package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"bulwark/config"
	"bulwark/control"
	"bulwark/scan"
	"bulwark/world"
)

// question is what commands share that answer one question about an estate
// instead of judging it. Its inputs are named by flags, as the arguments are the
// question.
type question struct {
	sys *system
	inputFlags
	in         []string // files, folders, charts or "-"
	configFile string
	json       bool
	quiet      bool
}

// wholeQuestion is a question about nodes and single pods too: of a cluster it
// reads every pod.
func wholeQuestion(sys *system) question {
	return question{sys: sys, inputFlags: inputFlags{pods: true}}
}

func (q *question) register(c *cobra.Command) {
	fs := c.Flags()
	fs.SortFlags = false
	fs.StringArrayVarP(&q.in, "in", "i", nil, "`path` to look at: a file, folder, glob, packaged chart or - (default the working directory); may be repeated")
	q.registerAll(fs, true)
	fs.StringVar(&q.configFile, "config", "", "configuration `file` (default "+config.Name+" where there is one)")
	fs.BoolVar(&q.json, "json", false, "answer in JSON")
	fs.BoolVarP(&q.quiet, "quiet", "q", false, "no progress, and no word about what could not be read")
}

// snapshot reads what facts look at from inputs: those of the flags when paths
// are nil.
func (q *question) snapshot(ctx context.Context, paths []string, facts ...control.AnyFact) (*world.Snapshot, error) {
	if paths == nil {
		paths = q.in
	}
	file, err := config.Load(q.configFile)
	if err != nil {
		return nil, err
	}
	cfg := &scan.Config{Facts: facts}
	if cfg.Builder, err = q.builder(file); err != nil {
		return nil, err
	}
	if cfg.Sources, err = q.sources(q.sys, paths, file); err != nil {
		return nil, err
	}
	bar := newProgress(q.sys, q.quiet)
	cfg.Progress = bar.show
	snap, err := scan.Collect(ctx, cfg)
	bar.end()
	if err != nil {
		return nil, err
	}
	if snap.Len() == 0 {
		return nil, scan.ErrNothing
	}
	if !q.quiet {
		tellGaps(q.sys.stderr, snap.Gaps())
	}
	return snap, nil
}

// ask reads the inputs and derives one fact of them.
func ask[T any](ctx context.Context, q *question, fact *control.Fact[T]) (answer T, snap *world.Snapshot, err error) {
	snap, err = q.snapshot(ctx, nil, fact)
	if err != nil {
		return answer, nil, err
	}
	answer, err = fact.In(snap)
	return answer, snap, err
}

// writeJSON writes an answer for machines.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	return nil
}
