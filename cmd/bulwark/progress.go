package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"bulwark/internal/plain"
	"bulwark/scan"
)

// progress shows one line on a terminal once work takes longer than a moment.
// The line goes away before anything else is written.
type progress struct {
	sys     *system
	started time.Time
	stop    chan struct{}

	mu    sync.Mutex
	state scan.Progress
	shown bool
	ended bool
}

const (
	progressAfter = 800 * time.Millisecond
	progressEvery = 200 * time.Millisecond
)

// newProgress starts to watch; end stops it. It shows nothing without a terminal.
func newProgress(sys *system, quiet bool) *progress {
	p := &progress{sys: sys, started: time.Now(), stop: make(chan struct{})}
	if quiet || !sys.errTerminal {
		p.ended = true
		return p
	}
	go p.watch()
	return p
}

func (p *progress) watch() {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-tick.C:
			p.draw(time.Since(p.started))
		}
	}
}

// show takes note of how far the work is.
func (p *progress) show(s scan.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state = s
}

func (p *progress) draw(passed time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended || passed < progressAfter || p.state.Stage == "" {
		return
	}
	line := fmt.Sprintf("%s %d of %d", p.state.Stage, p.state.Done, p.state.Total)
	if p.state.What != "" {
		line = p.state.Stage + " from " + plain.Line(p.state.What)
	}
	took := fmt.Sprintf(" (%.0f s)", passed.Seconds())
	fmt.Fprintf(p.sys.stderr, "\r\x1b[K%s%s", plain.CutMiddle(line, p.sys.width-1-len(took)), took)
	p.shown = true
}

// end takes the line away for good.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ended {
		close(p.stop)
	}
	p.ended = true
	if p.shown {
		fmt.Fprint(p.sys.stderr, "\r\x1b[K")
		p.shown = false
	}
}

// before returns a writer that ends the progress before the first byte.
func (p *progress) before(w io.Writer) io.Writer { return &afterProgress{p, w} }

type afterProgress struct {
	p *progress
	w io.Writer
}

func (a *afterProgress) Write(b []byte) (int, error) {
	if a.p != nil {
		a.p.end()
		a.p = nil
	}
	return a.w.Write(b)
}
