// Package lab runs a real Kubernetes control plane on this machine: etcd and
// kube-apiserver of one fixed version, each a child process, listening on the
// loopback address only, with TLS and RBAC on. The controller manager and the
// scheduler are there when asked for. There is no node: pods are stored, judged
// by admission and, with the scheduler, left pending.
//
// Tests use it where a fake API server would only repeat what its author
// believed; people use it through cmd/lab to try policies on.
//
// A cluster's data lives in one temporary directory. Stop ends the processes and
// removes it. On Linux the processes also end when the one that started them
// dies, however it dies, and the next Start removes the directory it left.
package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// ServerVersion is the Kubernetes version of every component in the lab.
const ServerVersion = "v1.37.2"

const (
	defaultStartTimeout = 90 * time.Second
	startAttempts       = 3 // a free port can be taken between choosing it and using it
)

// Options chooses what Start brings up. The zero value is etcd and an API server
// with upstream's defaults, RBAC, and no ServiceAccount admission (see
// Controllers).
type Options struct {
	// AdmissionStaticDir is a folder of static admission manifests: policies and
	// bindings, validating and mutating ones mixed as you like, that the API
	// server reads at boot. Names must end in ".static.k8s.io". The folder is
	// read once, at Start.
	AdmissionStaticDir string

	// APIServerFlags are added to the API server's command line, each as
	// "--name=value". A flag given here replaces the lab's own value for it.
	// The address and port cannot be replaced.
	APIServerFlags []string

	// FeatureGates are handed to every Kubernetes component.
	FeatureGates map[string]bool

	// Controllers starts kube-controller-manager. Without it, among much else:
	// the roles admin, edit and view have no rules (a controller aggregates
	// them), deleted namespaces stay in Terminating, and no namespace gets its
	// ServiceAccount "default". The ServiceAccount admission plugin would then
	// refuse every pod, so the lab turns that plugin off unless Controllers is
	// set.
	Controllers bool

	// Scheduler starts kube-scheduler.
	Scheduler bool

	// Progress, when set, hears what is being done and how far the build is.
	Progress io.Writer

	// StartTimeout bounds the start, without the build; 0 means 90 seconds.
	StartTimeout time.Duration
}

// Cluster is a running control plane. Its methods may be called from several
// goroutines.
type Cluster struct {
	work       *workDir
	pki        *pki
	endpoint   string
	kubeconfig string
	admin      *rest.Config
	client     kubernetes.Interface
	dynamic    dynamic.Interface
	processes  []*process // in the order they were started

	stopping chan struct{}
	stopOnce sync.Once
	stopErr  error
}

// Start builds the components if this user has not built them yet (minutes, once;
// see Build), starts them and returns when the API server says that it is ready.
// ctx bounds the build and the start; ending it later does not stop the cluster.
// An error carries the end of the log of the component that failed, and nothing
// is left running.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	bin, err := buildAll(ctx, o)
	if err != nil {
		return nil, err
	}
	sweepStale()
	for attempt := 1; ; attempt++ {
		c, err := startOnce(ctx, o, bin)
		if err == nil || !errors.Is(err, errPortTaken) || attempt == startAttempts {
			return c, err
		}
	}
}

func startOnce(ctx context.Context, o Options, bin binaries) (*Cluster, error) {
	timeout := o.StartTimeout
	if timeout == 0 {
		timeout = defaultStartTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c := &Cluster{stopping: make(chan struct{})}
	if err := c.start(ctx, o, bin); err != nil {
		return nil, fmt.Errorf("lab: start Kubernetes %s: %w", ServerVersion, errors.Join(err, c.Stop()))
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, o Options, bin binaries) error {
	work, err := newWorkDir()
	if err != nil {
		return err
	}
	c.work = work
	ports, err := freePorts()
	if err != nil {
		return err
	}
	if c.pki, err = newPKI(work.path); err != nil {
		return err
	}
	c.endpoint = fmt.Sprintf("https://%s:%d", loopback, ports.api)
	if err := c.connect(); err != nil {
		return err
	}
	components, err := c.components(o, bin, ports)
	if err != nil {
		return err
	}
	for _, spec := range components {
		if err := c.launch(ctx, spec); err != nil {
			return err
		}
	}
	return nil
}

// launch starts one component and waits until it is ready.
func (c *Cluster) launch(ctx context.Context, spec component) error {
	p, err := startProcess(spec.binary, spec.name, spec.args, c.work.path)
	if err != nil {
		return err
	}
	c.processes = append(c.processes, p)
	return p.waitReady(ctx, spec.ready)
}

// Wait blocks until ctx ends, Stop is called, or a component ends by itself; only
// the last is an error, and it carries the end of that component's log.
func (c *Cluster) Wait(ctx context.Context) error {
	died := make(chan *process, len(c.processes))
	for _, p := range c.processes {
		go func() {
			<-p.done
			died <- p
		}()
	}
	select {
	case <-ctx.Done():
		return nil
	case <-c.stopping:
		return nil
	case p := <-died:
		select {
		case <-c.stopping:
			return nil
		default:
			return fmt.Errorf("lab: %w", p.endedError("ended by itself"))
		}
	}
}

// Stop ends every component, last started first, and removes the cluster's
// directory. It takes at most a few seconds for each component, and may be called
// more than once; later calls return what the first did.
func (c *Cluster) Stop() error {
	c.stopOnce.Do(func() {
		close(c.stopping)
		var errs []error
		for i := len(c.processes) - 1; i >= 0; i-- {
			errs = append(errs, c.processes[i].stop())
		}
		if c.work != nil {
			errs = append(errs, c.work.remove())
		}
		c.stopErr = errors.Join(errs...)
	})
	return c.stopErr
}

// Dir is the cluster's directory: pki/ (laid out as kubeadm does), logs/, etcd/
// and the kubeconfig. It goes away with Stop.
func (c *Cluster) Dir() string { return c.work.path }

// check refuses options that could not work or would break the lab's promises.
func (o Options) check() error {
	for _, f := range o.APIServerFlags {
		name, _, hasValue := strings.Cut(f, "=")
		switch {
		case !strings.HasPrefix(name, "--") || !hasValue:
			return fmt.Errorf("lab: API server flag %q: write it as --name=value", f)
		case name == "--bind-address" || name == "--secure-port":
			return fmt.Errorf("lab: API server flag %q: the lab chooses the address and the port", f)
		}
	}
	return nil
}
