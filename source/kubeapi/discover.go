package kubeapi

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes/scheme"

	"bulwark/control"
	"bulwark/world"
)

// kind is one kind of the cluster in the version to read it in.
type kind struct {
	gvk        schema.GroupVersionKind
	resource   string
	namespaced bool
	typed      bool // client-go has a Go type for it
}

func (k *kind) groupKind() string { return world.GroupKind(k.gvk.Group, k.gvk.Kind) }

// crdKind is the kind that defines custom resources.
const crdKind = "CustomResourceDefinition.apiextensions.k8s.io"

// podKinds are the built-in kinds that carry pod templates.
var podKinds = [...]string{"Pod", "PodTemplate", "ReplicationController", "Deployment.apps", "ReplicaSet.apps",
	"StatefulSet.apps", "DaemonSet.apps", "Job.batch", "CronJob.batch"}

// passing are kinds of passing interest, read only when named.
var passing = map[string]bool{"ComponentStatus": true, "Event": true, "Event.events.k8s.io": true, "Lease.coordination.k8s.io": true}

// skipGroups answer with figures about objects, not with objects.
var skipGroups = map[string]bool{"metrics.k8s.io": true, "custom.metrics.k8s.io": true, "external.metrics.k8s.io": true}

func (c *collector) discovery() (*discovery.DiscoveryClient, error) {
	return discovery.NewDiscoveryClientForConfigAndClient(c.source.cfg, c.source.http)
}

// hello asks for the server's version, which is the first thing that fails
// when it cannot be reached.
func (c *collector) hello(ctx context.Context) error {
	d, err := c.discovery()
	if err != nil {
		return err
	}
	v, err := d.ServerVersionWithContext(ctx)
	switch {
	case apierrors.IsForbidden(err):
		return nil // the version stays open
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("the API server at %s refuses the credentials: %w (log in again, or choose another --context)", c.source.cfg.Host, err)
	case err != nil:
		return fmt.Errorf("the API server at %s cannot be reached: %w (is it up, is its address right, is the VPN on?)", c.source.cfg.Host, err)
	}
	minor, err := strconv.Atoi(strings.TrimRight(v.Minor, "+"))
	if err == nil && c.b.Target == 0 {
		c.b.Target = minor
	}
	return nil
}

// discover learns which kinds the server has.
func (c *collector) discover(ctx context.Context) error {
	d, err := c.discovery()
	if err != nil {
		return err
	}
	groups, lists, err := d.ServerGroupsAndResourcesWithContext(ctx)
	c.broken = map[string]error{}
	var failed *discovery.ErrGroupDiscoveryFailed
	switch {
	case errors.As(err, &failed):
		for gv, why := range failed.Groups {
			c.broken[gv.Group] = why
		}
	case err != nil:
		return fmt.Errorf("asking which kinds the API server has: %w", err)
	}
	c.served = map[string]*kind{}
	for _, l := range lists {
		gv, err := schema.ParseGroupVersion(l.GroupVersion)
		if err != nil || skipGroups[gv.Group] {
			continue
		}
		for i := range l.APIResources {
			c.note(gv, &l.APIResources[i], groups)
		}
	}
	return nil
}

// note keeps a kind in the best version: one that client-go has a type for,
// then the one that the server prefers, then the one that it lists first.
func (c *collector) note(gv schema.GroupVersion, r *metav1.APIResource, groups []*metav1.APIGroup) {
	if strings.Contains(r.Name, "/") || !slices.Contains(r.Verbs, "list") {
		return
	}
	k := &kind{gvk: gv.WithKind(r.Kind), resource: r.Name, namespaced: r.Namespaced}
	// Whether definitions have a Go type depends on what else is linked in.
	k.typed = k.groupKind() != crdKind && scheme.Scheme.Recognizes(k.gvk)
	old := c.served[k.groupKind()]
	if old == nil || k.typed && !old.typed || k.typed == old.typed && preferred(gv, groups) {
		c.served[k.groupKind()] = k
	}
}

func preferred(gv schema.GroupVersion, groups []*metav1.APIGroup) bool {
	for _, g := range groups {
		if g.Name == gv.Group {
			return g.PreferredVersion.Version == gv.Version
		}
	}
	return false
}

// choose turns what is wanted into kinds to list, in a fixed order. What the
// server does not have needs no request: it is known to be absent.
func (c *collector) choose(ctx context.Context, want []string) []*kind {
	wanted := map[string]bool{}
	for _, w := range want {
		switch w {
		case control.AnyKind:
			for gk, k := range c.served {
				inScope := k.namespaced || len(c.source.opts.Namespaces) == 0
				wanted[gk] = wanted[gk] || inScope && !passing[gk]
			}
		case control.Pods:
			for _, gk := range podKinds {
				wanted[gk] = true
			}
		default:
			wanted[w] = true
		}
	}
	if slices.Contains(want, control.Pods) && !slices.Contains(want, control.AnyKind) {
		for _, gk := range c.podCustomKinds(ctx, wanted[crdKind]) {
			wanted[gk] = true
		}
	}
	var kinds []*kind
	for gk, yes := range wanted {
		if k := c.served[gk]; yes && k != nil {
			kinds = append(kinds, k)
		} else if yes {
			c.absent(gk)
		}
	}
	slices.SortFunc(kinds, func(a, b *kind) int { return strings.Compare(a.groupKind(), b.groupKind()) })
	if slices.Contains(want, control.AnyKind) {
		c.brokenGroups()
	}
	return kinds
}

// absent says what is known of a kind that the server does not list.
func (c *collector) absent(groupKind string) {
	_, group, _ := strings.Cut(groupKind, ".")
	if why := c.broken[group]; why != nil {
		c.b.AddKindGap(groupKind, brokenGroup(group, why))
		return
	}
	c.b.MarkLive(groupKind)
}

func (c *collector) brokenGroups() {
	for group, why := range c.broken {
		c.b.AddGap(world.Gap{What: world.Ref{Group: group, Kind: "*"}, Why: brokenGroup(group, why)})
	}
}

func brokenGroup(group string, why error) error {
	return fmt.Errorf("the API group %s does not answer: %w (kubectl get apiservices shows why)", group, why)
}
