package helm

import (
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"runtime/metrics"
	"strings"
	"time"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/engine"
)

// Limits of one rendering.
const (
	chartTime    = 60 * time.Second // with all repetitions
	renderTime   = 20 * time.Second
	renderMemory = 1 << 30 // bytes that the heap may grow by
	stopGrace    = 2 * time.Second
	maxFailing   = 40 // templates that fail before the chart is given up
)

// aside is what a template's file is called when it is left out: Helm parses
// files that begin with "_", so what they define stays known, but runs none.
const aside = "_bulwark_"

// rendering is what a chart's templates gave. Keys are Helm's template names.
type rendering struct {
	in     *instance
	texts  map[string]string
	failed map[string]error // templates that gave nothing
	lax    map[string]error // templates that only worked with required and fail ignored, and why
}

// render renders the chart with values over its own. When only is set, the
// other templates are left out. A template that fails takes no other with it.
func (c *Chart) render(ctx context.Context, values map[string]any, only string) (*rendering, error) {
	ctx, cancel := context.WithTimeout(ctx, chartTime)
	defer cancel()
	r, err := c.pass(ctx, values, only, map[string]error{}, false)
	if err != nil || len(r.failed) == 0 {
		return r, err
	}
	again, err := c.pass(ctx, values, only, hopeless(r.failed), true)
	if err != nil {
		return r, nil // what worked the first time still counts
	}
	for name, why := range r.failed {
		if text, ok := again.texts[name]; ok && again.failed[name] == nil {
			r.texts[name], r.lax[name] = text, why
			delete(r.failed, name)
		}
	}
	return r, nil
}

// hopeless picks the failures that ignoring required and fail cannot mend.
func hopeless(failed map[string]error) map[string]error {
	out := map[string]error{}
	for name, why := range failed {
		if errors.As(why, new(errSyntax)) || errors.Is(why, errStopped) {
			out[name] = why
		}
	}
	return out
}

// pass renders until all that is left works; failed are the templates to leave
// out from the start. With lax it ignores required and fail.
func (c *Chart) pass(ctx context.Context, values map[string]any, only string, failed map[string]error, lax bool) (*rendering, error) {
	for range maxFailing {
		in, err := c.load()
		if err != nil {
			return nil, err
		}
		top, err := c.prepare(in, values)
		if err != nil {
			return nil, err
		}
		in.arrange(only, failed)
		texts, culprit, err := c.run(ctx, in, top, lax)
		if err == nil {
			return &rendering{in: in, texts: texts, failed: failed, lax: map[string]error{}}, nil
		}
		if ctx.Err() != nil || in.files[culprit] == nil || failed[culprit] != nil {
			return nil, err
		}
		failed[culprit] = err
	}
	return nil, fmt.Errorf("more than %d templates fail", maxFailing)
}

// errSyntax marks a template that cannot be parsed.
type errSyntax struct{ error }

// arrange readies the templates to be run: those that failed are left out.
func (in *instance) arrange(only string, failed map[string]error) {
	for name, f := range in.files {
		base := path.Base(f.Name)
		why, bad := failed[name]
		var syntax errSyntax
		switch {
		case errors.As(why, &syntax):
			f.Data = nil
		case strings.HasPrefix(base, "_"):
			f.Data = []byte(instrument("", string(f.Data)))
		case bad || only != "" && name != only:
			f.Data = []byte(instrument("", string(f.Data)))
			f.Name = path.Join(path.Dir(f.Name), aside+base)
		default:
			f.Data = []byte(instrument(name, string(f.Data)))
		}
	}
}

// run executes the templates. When one fails, culprit is its name.
func (c *Chart) run(ctx context.Context, in *instance, top common.Values, lax bool) (texts map[string]string, culprit string, err error) {
	limited, cancel := context.WithTimeout(ctx, renderTime)
	defer cancel()
	g, out := new(guard), new(output)
	done := make(chan struct{})
	go func() {
		defer close(done)
		e := engine.Engine{CustomTemplateFuncs: functions(g, out.mark, lax)}
		out.texts, out.err = e.RenderWithContext(limited, in.root, top)
	}()
	heeded := watch(limited, g, done)
	switch {
	case ctx.Err() != nil:
		return nil, "", context.Cause(ctx)
	case !heeded:
		return nil, "", errStopped
	case g.spent():
		return nil, out.current, errStopped
	case out.err == nil:
		return out.texts, "", nil
	}
	if name := parseErrorIn(out.err); name != "" {
		return nil, name, errSyntax{out.err}
	}
	return nil, out.current, out.err
}

// output is what the goroutine that renders writes to; it is read when that has ended.
type output struct {
	texts   map[string]string
	err     error
	current string // the template that runs
}

func (o *output) mark(name string, dot any) string {
	if topLevel(name, dot) {
		o.current = name
	}
	return ""
}

// topLevel says whether a template runs by itself, not included by another.
func topLevel(name string, dot any) bool {
	vals, ok := dot.(map[string]any)
	if v, is := dot.(common.Values); is {
		vals, ok = v, true
	}
	if !ok {
		return false
	}
	t, ok := vals["Template"].(common.Values)
	return ok && t["Name"] == name
}

// watch waits for a rendering and stops one that takes too long or too much
// memory. False means that it did not heed: it is left to itself.
func watch(ctx context.Context, g *guard, done <-chan struct{}) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	start := heapBytes()
	for {
		select {
		case <-done:
			return true
		case <-tick.C:
			if heapBytes() < start+renderMemory {
				continue
			}
		case <-ctx.Done():
		}
		g.stop.Store(true)
		select {
		case <-done:
			return true
		case <-time.After(stopGrace):
			return false
		}
	}
}

func heapBytes() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return s[0].Value.Uint64()
}

var parseError = regexp.MustCompile(`^parse error (?:at|in) \(([^():]+)`)

func parseErrorIn(err error) string {
	if m := parseError.FindStringSubmatch(err.Error()); m != nil {
		return m[1]
	}
	return ""
}
