package control

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"

	"bulwark/internal/ytree"
	"bulwark/world"
)

// Options says what to run and how.
type Options struct {
	Controls   []*Control
	Params     map[string]map[string]any // settings by control id and parameter name
	Severities map[string]Severity       // overrides by control id
	Workers    int                       // goroutines; 0 means one for each CPU

	// Excuse, when set, says whether somebody excused a finding. It is called from several goroutines.
	Excuse func(*world.Object, *Finding) *Suppression

	// Strict lets a panic in a control or fact through, for tests. Otherwise it becomes an Unknown.
	Strict bool
}

// Verdicts is everything that was found out about one subject.
type Verdicts struct {
	Subject  *world.Object
	Findings []*Finding // ordered by control and place
	Unknowns []*Unknown

	Controls []*Control // that met the subject; shared, not to be changed
	Results  []Result   // how each of them ended
}

// Outcomes yields how each control that met the subject ended, by id.
func (v *Verdicts) Outcomes(yield func(Outcome) bool) {
	for i, c := range v.Controls {
		if !yield(Outcome{c, v.Results[i]}) {
			return
		}
	}
}

// Outcome is how one (control, subject) pair ended.
type Outcome struct {
	Control *Control
	Result  Result
}

// Result is the end of one (control, subject) pair.
type Result uint8

// Results. Excused means that it fails and every finding is suppressed.
const (
	Passed Result = iota
	Failed
	Unsure
	Inapplicable
	Excused
)

// chunkSize is how many subjects a worker takes at once.
const chunkSize = 64

// Run judges every subject of the snapshot with every control that applies and
// hands the verdicts to emit one subject at a time, in the snapshot's order
// whatever the number of workers. It stops at the first error of emit and when
// ctx is cancelled.
func Run(ctx context.Context, snap *world.Snapshot, opts Options, emit func(*Verdicts) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := newRunner(snap, opts)
	workers := opts.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	objects := snap.Slice()
	chunks := (len(objects) + chunkSize - 1) / chunkSize
	done := make([]chan []*Verdicts, chunks)
	for i := range done {
		done[i] = make(chan []*Verdicts, 1)
	}
	next := make(chan int)
	window := make(chan struct{}, 4*workers) // chunks judged and not yet emitted
	var wg sync.WaitGroup
	for range min(workers, chunks) {
		wg.Go(func() {
			for i := range next {
				done[i] <- r.chunk(ctx, objects[i*chunkSize:min((i+1)*chunkSize, len(objects))])
			}
		})
	}
	go func() {
		defer close(next)
		for i := range chunks {
			select {
			case window <- struct{}{}:
			case <-ctx.Done():
				return
			}
			select {
			case next <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	defer wg.Wait()
	defer cancel()
	for i := range chunks {
		var vs []*Verdicts
		select {
		case vs = <-done[i]:
		case <-ctx.Done():
			return ctx.Err()
		}
		<-window
		for _, v := range vs {
			if err := emit(v); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// runner holds what is shared by all subjects of a run.
type runner struct {
	opts   Options
	facts  *facts
	byKind map[string][]*Control // by group and kind, Pods and AnyKind
	dup    map[*world.Object]bool

	mu    sync.Mutex
	plans map[planKey][]*Control
}

type planKey struct {
	groupKind string
	pods      bool
}

func newRunner(snap *world.Snapshot, opts Options) *runner {
	r := &runner{
		opts:   opts,
		facts:  &facts{snap: snap, strict: opts.Strict},
		byKind: map[string][]*Control{},
		plans:  map[planKey][]*Control{},
		dup:    snap.Repeated(),
	}
	controls := slices.Clone(opts.Controls)
	slices.SortFunc(controls, func(a, b *Control) int { return strings.Compare(a.ID, b.ID) })
	for _, c := range controls {
		if !c.configured(opts.Params[c.ID]) {
			continue
		}
		for _, k := range c.Kinds {
			r.byKind[k] = append(r.byKind[k], c)
		}
	}
	return r
}

// configured says whether every parameter without a default has been set.
func (c *Control) configured(set map[string]any) bool {
	for _, p := range c.Params {
		if _, ok := set[p.Name]; !ok && p.Default == nil {
			return false
		}
	}
	return true
}

// plan returns the controls for a kind of object, by id.
func (r *runner) plan(o *world.Object) []*Control {
	key := planKey{o.GroupKind(), o.HasPods()}
	r.mu.Lock()
	defer r.mu.Unlock()
	if p, ok := r.plans[key]; ok {
		return p
	}
	p := slices.Concat(r.byKind[key.groupKind], r.byKind[AnyKind])
	if key.pods {
		p = append(p, r.byKind[Pods]...)
	}
	slices.SortFunc(p, func(a, b *Control) int { return strings.Compare(a.ID, b.ID) })
	p = slices.Compact(p)
	r.plans[key] = p
	return p
}

// Wants returns the kinds that a set of controls, and facts asked for on their
// own, need collected: their subjects and, through the facts they require,
// everything else they look at.
func Wants(controls []*Control, facts ...AnyFact) []string {
	seen := map[string]bool{}
	var fact func(AnyFact)
	fact = func(f AnyFact) {
		for _, k := range f.factKinds() {
			seen[k] = true
		}
		for _, g := range f.factRequires() {
			fact(g)
		}
	}
	for _, f := range facts {
		fact(f)
	}
	for _, c := range controls {
		for _, k := range c.Kinds {
			seen[k] = true
		}
		for _, f := range c.Requires {
			fact(f)
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

func (r *runner) chunk(ctx context.Context, objects []*world.Object) []*Verdicts {
	out := make([]*Verdicts, 0, len(objects))
	for _, o := range objects {
		if ctx.Err() != nil {
			break
		}
		out = append(out, r.judge(o))
	}
	return out
}

// scratch is memory for judging one subject, which is used again for the next.
type scratch struct {
	arena ytree.Arena // for the subject's tree
	found []placedFinding
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// judge runs every control that applies to one subject.
func (r *runner) judge(o *world.Object) *Verdicts {
	plan := r.plan(o)
	mem := scratches.Get().(*scratch)
	defer scratches.Put(mem)
	tree := sync.OnceValue(func() *ytree.Node { return o.TreeIn(&mem.arena) })
	v := &Verdicts{Subject: o, Controls: plan, Results: make([]Result, 0, len(plan))}
	var pass Pass
	found := mem.found[:0]
	for _, c := range plan {
		pass = Pass{Control: c, Subject: o, run: r.facts, params: r.opts.Params[c.ID], tree: tree, findings: pass.findings[:0]}
		err := r.check(&pass)
		if err != nil {
			pass.Unknown("", "%s", err)
		}
		v.Results = append(v.Results, pass.result())
		for _, p := range pass.findings {
			found = append(found, placedFinding{pending: p, control: c})
		}
		for i := range pass.unknowns {
			v.Unknowns = append(v.Unknowns, &pass.unknowns[i])
		}
	}
	if len(found) > 0 {
		r.finish(v, tree(), fold(found))
		clear(found)
		mem.found = found
	}
	if len(v.Unknowns) > 0 {
		paths := make([]string, len(v.Unknowns))
		for i, u := range v.Unknowns {
			paths[i] = u.Pos.Path
		}
		for i, at := range o.Place(tree(), paths) {
			v.Unknowns[i].Pos = at.Pos
		}
	}
	return v
}

func (p *Pass) result() Result {
	switch {
	case len(p.findings) > 0:
		return Failed
	case len(p.unknowns) > 0:
		return Unsure
	case p.na:
		return Inapplicable
	}
	return Passed
}

func (r *runner) check(p *Pass) (err error) {
	if !r.opts.Strict {
		defer func() {
			if x := recover(); x != nil {
				err = fmt.Errorf("this is a defect of Bulwark, please report it: control %s failed: %v", p.Control.ID, x)
			}
		}()
	}
	return p.Control.Check(p)
}
