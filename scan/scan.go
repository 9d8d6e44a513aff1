// Package scan is one run from inputs to a report: it collects, judges,
// applies what people excused, and closes with the scorecard of the 37 concepts.
package scan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"bulwark/control"
	"bulwark/report"
	"bulwark/source"
	"bulwark/world"
)

// Config says what to scan and how. The zero value of every field is usable
// but for Sources, Controls and Handler.
type Config struct {
	Sources  []source.Source
	Controls []*control.Control
	Facts    []control.AnyFact  // that are asked for besides the controls', for which Collect reads the kinds
	Offered  []*control.Control // all that could have been selected, for advice; nil when that is not known
	Handler  report.Handler

	Params     map[string]map[string]any   // parameters by control id
	Severities map[string]control.Severity // overrides by control id
	Builder    *world.Builder              // target version, completeness, default namespace
	Workers    int

	MinSeverity control.Severity // findings below are counted as their outcome but not reported
	Namespaces  []string         // only subjects of these, and the namespaces themselves; other cluster-scoped ones are always judged
	Excuses     Excuses
	Baseline    Baseline

	Meta     report.Meta                   // Version, Started and Inputs are the caller's to fill
	Now      func() time.Time              // for the elapsed time; nil leaves it zero
	Progress func(Progress)                // called now and then during long work; nil for none
	Visit    func(*control.Verdicts) error // sees every subject's verdicts, for callers that mend or score
}

// Excuses says which findings somebody excused, and what is wrong with the excuses.
type Excuses interface {
	Excuse(*world.Object, *control.Finding) *control.Suppression
	Honoured(*world.Snapshot) []string
	Notes() []report.ExceptionNote
}

// Baseline is a saved run that this one is compared with.
type Baseline interface {
	// Status says whether the baseline had the finding.
	Status(*control.Finding) control.Status
	// Gone returns how many findings of the baseline were not asked for.
	Gone() int
}

// Progress tells how far a run is.
type Progress struct {
	Stage string // "collecting" or "judging"
	What  string // the source, while collecting
	Done  int
	Total int
}

// ErrNothing is returned when no source gave a single object.
var ErrNothing = errors.New("nothing to judge: no Kubernetes object was found")

// Run does one run. The summary is returned even where the handler fails; an
// error means that not everything that was asked for could be done.
func Run(ctx context.Context, cfg Config) (*report.Summary, error) {
	start := cfg.now()
	snap, err := Collect(ctx, &cfg)
	if err != nil {
		return nil, err
	}
	return judge(ctx, &cfg, snap, start)
}

// Collect reads all sources into a snapshot. Of several sources, one that cannot
// be read at all is a gap; a single one is an error.
func Collect(ctx context.Context, cfg *Config) (*world.Snapshot, error) {
	if cfg.Builder == nil {
		cfg.Builder = &world.Builder{}
	}
	want := control.Wants(cfg.Controls, cfg.Facts...)
	for i, src := range cfg.Sources {
		cfg.progress(Progress{Stage: "collecting", What: src.Name(), Done: i, Total: len(cfg.Sources)})
		switch err := src.Collect(ctx, want, cfg.Builder); {
		case err != nil && (len(cfg.Sources) == 1 || ctx.Err() != nil):
			return nil, err
		case err != nil:
			cfg.Builder.AddGap(world.Gap{Pos: world.Pos{File: src.Name()}, Why: err})
		}
	}
	return cfg.Builder.Snapshot(), nil
}

// Judge runs the controls over a snapshot and reports.
func Judge(ctx context.Context, cfg *Config, snap *world.Snapshot) (*report.Summary, error) {
	return judge(ctx, cfg, snap, cfg.now())
}

// judge is Judge in a run that began at start.
func judge(ctx context.Context, cfg *Config, snap *world.Snapshot, start time.Time) (*report.Summary, error) {
	r := &run{cfg: cfg, snap: snap, tallies: map[*control.Control]*report.Tally{}, worst: map[string]control.Severity{}}
	r.summary.Counts = map[control.Severity]int{}
	r.summary.Gaps = snap.Gaps()
	meta := cfg.Meta
	meta.Schema, meta.Target, meta.Controls = report.Schema, snap.Target(), sortedControls(cfg.Controls)
	if cfg.Excuses != nil {
		meta.Honoured = cfg.Excuses.Honoured(snap)
	}
	if err := cfg.Handler.Begin(&meta); err != nil {
		return nil, fmt.Errorf("starting the report: %w", err)
	}
	opts := control.Options{Controls: cfg.Controls, Params: cfg.Params, Severities: cfg.Severities, Workers: cfg.Workers}
	if cfg.Excuses != nil {
		opts.Excuse = cfg.Excuses.Excuse
	}
	if err := control.Run(ctx, snap, opts, r.subject); err != nil {
		return nil, fmt.Errorf("judging: %w", err)
	}
	r.finish()
	if cfg.Now != nil {
		r.summary.Elapsed = cfg.now().Sub(start)
	}
	if err := cfg.Handler.End(&r.summary); err != nil {
		return &r.summary, fmt.Errorf("finishing the report: %w", err)
	}
	return &r.summary, nil
}

func (c *Config) now() time.Time {
	if c.Now == nil {
		return time.Time{}
	}
	return c.Now()
}

func (c *Config) progress(p Progress) {
	if c.Progress != nil {
		c.Progress(p)
	}
}

func sortedControls(cs []*control.Control) []*control.Control {
	cs = slices.Clone(cs)
	slices.SortFunc(cs, func(a, b *control.Control) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return cs
}

// run gathers the summary while verdicts pass by.
type run struct {
	cfg     *Config
	snap    *world.Snapshot
	summary report.Summary
	tallies map[*control.Control]*report.Tally
	worst   map[string]control.Severity // by concept
	done    int
}

// subject takes the verdicts of one subject.
func (r *run) subject(v *control.Verdicts) error {
	r.done++
	if r.done%1000 == 1 {
		r.cfg.progress(Progress{Stage: "judging", Done: r.done, Total: r.snap.Len()})
	}
	if !InScope(v.Subject.Ref, r.cfg.Namespaces) {
		return nil
	}
	r.summary.Objects++
	for o := range v.Outcomes {
		r.tally(o)
	}
	if r.cfg.Visit != nil {
		if err := r.cfg.Visit(v); err != nil {
			return err
		}
	}
	for _, f := range v.Findings {
		if err := r.finding(f); err != nil {
			return err
		}
	}
	for _, u := range v.Unknowns {
		if err := r.cfg.Handler.Unknown(u); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	return nil
}

// InScope says whether a subject belongs to the namespaces that were chosen:
// it is in one of them, it is one of them, or it is cluster-scoped. Without
// namespaces everything does.
func InScope(ref world.Ref, namespaces []string) bool {
	switch gk := ref.GroupKind(); {
	case len(namespaces) == 0:
		return true
	case gk == "Namespace":
		return slices.Contains(namespaces, ref.Name)
	default:
		return slices.Contains(namespaces, ref.Namespace) || ref.Namespace == "" && !world.Namespaced(gk)
	}
}

func (r *run) tally(o control.Outcome) {
	t := r.tallies[o.Control]
	if t == nil {
		t = new(report.Tally)
		r.tallies[o.Control] = t
	}
	switch o.Result {
	case control.Passed:
		t.Pass++
	case control.Failed:
		t.Fail++
	case control.Unsure:
		t.Unknown++
	case control.Inapplicable:
		t.NotApplicable++
	case control.Excused:
		t.Suppressed++
	}
}

func (r *run) finding(f *control.Finding) error {
	if r.cfg.Baseline != nil {
		f.Status = r.cfg.Baseline.Status(f)
	}
	switch {
	case f.Suppressed != nil:
		r.summary.Suppressed++
	default:
		r.summary.Counts[f.Severity]++
		if w, seen := r.worst[f.Control.Concept]; !seen || f.Severity > w {
			r.worst[f.Control.Concept] = f.Severity
		}
		switch f.Status {
		case control.New:
			r.summary.New++
		case control.Unchanged:
			r.summary.Unchanged++
		}
	}
	if f.Severity < r.cfg.MinSeverity {
		return nil
	}
	if err := r.cfg.Handler.Finding(f); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}
