// Package kubeapi collects objects from a live cluster, with one LIST (in
// pages) for each kind that is wanted and nothing else: no watches, no writes,
// no data of Secrets.
package kubeapi

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/flowcontrol"

	"bulwark/world"
)

// Defaults of Options, and limits.
const (
	DefaultQPS   = 50
	DefaultBurst = 100
	pageSize     = 500
	workers      = 4
	requestTime  = 60 * time.Second
)

// Options say which cluster to read, and how much of it.
type Options struct {
	Kubeconfig string   // path; empty means $KUBECONFIG, else ~/.kube/config, else the cluster this runs in
	Context    string   // of the kubeconfig; empty means its current one
	Namespaces []string // to read namespaced kinds from; empty means all
	QPS        float32  // requests a second; 0 means DefaultQPS
	Burst      int      // requests at once; 0 means DefaultBurst
	UserAgent  string   // empty means "bulwark"

	// Pods keeps every pod, also those that their controller's template stands for:
	// for questions about nodes and about what runs on them.
	Pods bool
}

// Source is one cluster. It implements source.Source.
type Source struct {
	opts Options
	cfg  *rest.Config
	name string

	http  *http.Client
	count counter
}

// New prepares to read the cluster that the options choose. It sends nothing.
func New(o Options) (*Source, error) {
	cfg, name, err := load(o)
	if err != nil {
		return nil, err
	}
	return NewForConfig(cfg, name, o)
}

// NewForConfig prepares to read the cluster of a configuration, called name
// where people see it. The options' Kubeconfig and Context are not used.
func NewForConfig(cfg *rest.Config, name string, o Options) (*Source, error) {
	s := &Source{opts: o, cfg: rest.CopyConfig(cfg), name: name}
	s.cfg.QPS, s.cfg.Burst = cmp.Or(o.QPS, DefaultQPS), cmp.Or(o.Burst, DefaultBurst)
	s.cfg.RateLimiter = flowcontrol.NewTokenBucketRateLimiter(s.cfg.QPS, s.cfg.Burst)
	s.cfg.UserAgent = cmp.Or(o.UserAgent, "bulwark")
	s.cfg.WarningHandler = rest.NoWarnings{} // deprecation is for controls to judge
	s.cfg.Timeout = requestTime
	s.cfg.Wrap(s.count.wrap)
	var err error
	if s.http, err = rest.HTTPClientFor(s.cfg); err != nil {
		return nil, fmt.Errorf("preparing to reach cluster %s: %w", name, err)
	}
	return s, nil
}

// Name returns "cluster NAME", with the name of the kubeconfig's context.
func (s *Source) Name() string { return "cluster " + s.name }

// Provides returns "*".
func (s *Source) Provides() []string { return []string{"*"} }

// Collect reads the wanted kinds: "Kind", "Kind.group", control.Pods for all
// that may carry a pod template, or control.AnyKind for all, of namespaced kinds
// only when namespaces were chosen, but for Events, Leases and ComponentStatus,
// which are read only when named. A kind that cannot be read becomes a
// gap that says which permission is missing. Pods, ReplicaSets and Jobs whose
// controller was read too are left out, but for pods that run something which
// their controller does not say. The error is non-nil when the server cannot be
// reached or refuses the credentials.
func (s *Source) Collect(ctx context.Context, want []string, b *world.Builder) error {
	c := &collector{source: s, b: b}
	if err := c.hello(ctx); err != nil {
		return fmt.Errorf("reading cluster %s: %w", s.name, err)
	}
	if err := c.discover(ctx); err != nil {
		return fmt.Errorf("reading cluster %s: %w", s.name, err)
	}
	c.read(ctx, c.choose(ctx, want))
	c.finish()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("reading cluster %s: %w", s.name, context.Cause(ctx))
	}
	return nil
}

// collector is one run of Collect.
type collector struct {
	source *Source
	b      *world.Builder
	served map[string]*kind // by group and kind
	broken map[string]error // groups that discovery could not ask

	mu    sync.Mutex
	items []item
	seen  map[string]bool // group and kind of what was read already
}

// item is an object that was read, with what grouping needs.
type item struct {
	obj        *world.Object
	uid, owner string // owner is the uid of its controller
}

// read lists kinds, a few at a time.
func (c *collector) read(ctx context.Context, kinds []*kind) {
	var wg sync.WaitGroup
	next := make(chan *kind)
	for range min(workers, len(kinds)) {
		wg.Go(func() {
			for k := range next {
				c.kind(ctx, k)
			}
		})
	}
	for _, k := range kinds {
		select {
		case next <- k:
		case <-ctx.Done():
		}
	}
	close(next)
	wg.Wait()
}

// kind lists one kind, in each namespace that was chosen, and says what became of it.
func (c *collector) kind(ctx context.Context, k *kind) {
	if c.seen[k.groupKind()] {
		return
	}
	namespaces := []string{""}
	whole := true
	if k.namespaced && len(c.source.opts.Namespaces) > 0 {
		namespaces, whole = slices.Clone(c.source.opts.Namespaces), false
		slices.Sort(namespaces)
		namespaces = slices.Compact(namespaces)
	}
	for _, ns := range namespaces {
		items, err := c.list(ctx, k, ns)
		c.mu.Lock()
		c.items = append(c.items, items...)
		c.mu.Unlock()
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			whole = false
			c.b.AddKindGap(k.groupKind(), c.explain(err, k, ns))
		}
	}
	if whole {
		c.b.MarkLive(k.groupKind())
	}
}
