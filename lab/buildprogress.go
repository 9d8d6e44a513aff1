package lab

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

const (
	progressEvery   = 10 * time.Second
	complaintsLimit = 8 << 10 // bytes kept of what the compiler says beside package names
)

// buildProgress reads the output of `go build -v`: a line is the path of a package
// that is being compiled, or a complaint. It says how many packages there were
// every few seconds, and keeps the complaints.
type buildProgress struct {
	name  string
	total int // packages to compile when none is cached; 0 when not known
	to    io.Writer
	begin time.Time
	stop  chan struct{}
	ended sync.WaitGroup

	mu       sync.Mutex
	packages int
	rest     []byte // of a line that has not ended yet
	said     strings.Builder
}

// newBuildProgress starts reporting to w, or to nobody when w is nil.
func newBuildProgress(name string, total int, w io.Writer) *buildProgress {
	if w == nil {
		w = io.Discard
	}
	p := &buildProgress{name: name, total: total, to: w, begin: time.Now(), stop: make(chan struct{})}
	fmt.Fprintf(w, "lab: compiling %s of Kubernetes %s; minutes the first time, kept afterwards\n", name, ServerVersion)
	p.ended.Go(p.report)
	return p
}

func (p *buildProgress) report() {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-tick.C:
			p.say("")
		}
	}
}

func (p *buildProgress) say(end string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	of := ""
	if p.total > 0 {
		of = fmt.Sprintf(" of at most %d", p.total)
	}
	fmt.Fprintf(p.to, "lab: %s: %d%s packages compiled, %s%s\n", p.name, p.packages, of, time.Since(p.begin).Round(time.Second), end)
}

func (p *buildProgress) finish() {
	close(p.stop)
	p.ended.Wait()
	p.say(", finished")
}

// Write takes the build's output.
func (p *buildProgress) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rest = append(p.rest, b...)
	for {
		line, after, ok := bytes.Cut(p.rest, []byte("\n"))
		if !ok {
			break
		}
		p.line(string(line))
		p.rest = after
	}
	if len(p.rest) > complaintsLimit { // one endless line is not a package path
		p.line(string(p.rest))
		p.rest = nil
	}
	return len(b), nil
}

func (p *buildProgress) line(s string) {
	if s != "" && !strings.ContainsAny(s, " :#") {
		p.packages++
	} else if p.said.Len()+len(s) < complaintsLimit && !strings.HasPrefix(s, "go: downloading ") {
		p.said.WriteString("\n" + s)
	}
}

// complaints is what the build said beside package paths, ready to follow an error.
func (p *buildProgress) complaints() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}
