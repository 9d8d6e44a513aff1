// Package baseline compares a run with a saved one: which findings are new,
// which were known, and how many are gone.
package baseline

import (
	"fmt"
	"io"
	"os"

	"bulwark/control"
	"bulwark/report"
	"bulwark/report/json"
)

// Baseline is the identity of every finding of a saved run. It is for one run
// and one goroutine.
type Baseline struct {
	known map[string]bool // finding id → met again
	met   int
}

// Load reads a report that was saved with -o json.
func Load(path string) (*Baseline, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the baseline: %w", err)
	}
	defer f.Close()
	b, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("reading the baseline %s: %w; make one with 'bulwark scan -o json=%s'", path, err, path)
	}
	return b, nil
}

// Read reads a saved JSON report.
func Read(r io.Reader) (*Baseline, error) {
	c := collector{known: map[string]bool{}}
	if err := json.Replay(r, &c); err != nil {
		return nil, err
	}
	return &Baseline{known: c.known}, nil
}

// Status says whether the baseline had the finding. Findings that were excused
// there count as known.
func (b *Baseline) Status(f *control.Finding) control.Status {
	met, known := b.known[f.ID]
	if !known {
		return control.New
	}
	if !met {
		b.known[f.ID] = true
		b.met++
	}
	return control.Unchanged
}

// Gone returns how many findings of the baseline this run did not have.
func (b *Baseline) Gone() int { return len(b.known) - b.met }

type collector struct{ known map[string]bool }

func (c *collector) Begin(*report.Meta) error { return nil }
func (c *collector) Finding(f *control.Finding) error {
	if f.Status != control.Fixed {
		c.known[f.ID] = false
	}
	return nil
}
func (c *collector) Unknown(*control.Unknown) error { return nil }
func (c *collector) End(*report.Summary) error      { return nil }
