package isolation

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/facts/escapes"
	"bulwark/facts/rbac"
	"bulwark/internal/hostpath"
	"bulwark/internal/tri"
	"bulwark/world"
)

// Kinds of edges.
const (
	certain  uint8 = iota // nothing stops it
	possible              // a guard is not known
)

// vertex is something that can be controlled.
type vertex struct{ kind, namespace, name string }

// Kinds of vertices besides workloads, whose kind is theirs.
const (
	onNode    = "node"
	account   = "service account"
	podsOf    = "pods of the namespace"
	volume    = "volume"
	wholeThis = "cluster"
)

func (v vertex) String() string {
	switch {
	case v.kind == wholeThis:
		return "the cluster"
	case v.kind == onNode && v.name == "":
		return "some node"
	case v.kind == podsOf:
		return v.kind + " " + v.namespace
	case v.namespace != "":
		return v.kind + " " + v.namespace + "/" + v.name
	}
	return v.kind + " " + v.name
}

// Step is one step from one thing to another, and why it can be taken.
type Step struct {
	From, To string
	Text     string
	Certain  bool
	Object   *world.Object // nil when nothing of the input is the reason
	Path     string
}

// Pos is where the reason was read; the zero Pos when nowhere.
func (s Step) Pos() world.Pos {
	if s.Object == nil {
		return world.Pos{}
	}
	return s.Object.Pos(s.Path)
}

func (b *builder) at(v vertex) uint32 {
	i, ok := b.index[v]
	if !ok {
		i = uint32(len(b.vertices))
		b.index[v] = i
		b.vertices = append(b.vertices, v)
	}
	return i
}

func (b *builder) edge(from, to uint32, v tri.Value, text string, o *world.Object, path string) {
	if v == tri.No {
		return
	}
	kind := possible
	if v == tri.Yes {
		kind = certain
	}
	b.edges.Add(from, to, kind, uint32(len(b.steps)))
	b.steps = append(b.steps, Step{Text: text, Certain: v == tri.Yes, Object: o, Path: path})
}

// readCluster notes what namespaces are declared to belong to.
func (b *builder) readCluster() {
	for o := range b.view.All(namespaceKind) {
		b.tenants[o.Name] = tenantOf(o)
	}
	for _, name := range []string{"kube-system", "kube-node-lease", "kube-public"} {
		if b.tenants[name].name == "" {
			b.tenants[name] = tenant{name: platform}
		}
	}
}

func nodeOf(o *world.Object) string {
	if p, ok := o.Typed.(*corev1.Pod); ok && o.Live() && p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed {
		return p.Spec.NodeName
	}
	return ""
}

// byPods returns an object that makes pods, nil when it was not read.
func (b *builder) byPods(ref world.Ref) *world.Object {
	if b.tops == nil {
		b.tops = map[world.Ref]*world.Object{}
		for o := range b.view.All("pods") {
			if b.tops[o.Ref] == nil {
				b.tops[o.Ref] = o
			}
		}
	}
	return b.tops[ref]
}

// draw makes all vertices and edges.
func (b *builder) draw() {
	for _, w := range b.workloads {
		w.vertex = b.at(vertex{w.Object.Kind, w.Object.Namespace, w.Object.Name})
		b.edge(b.at(vertex{kind: podsOf, namespace: w.Object.Namespace}), w.vertex, tri.Yes, "is one of them", nil, "")
	}
	whole := b.at(vertex{kind: wholeThis})
	namespaces := map[string]bool{}
	for _, w := range b.workloads {
		b.drawNodes(w)
		b.drawAccount(w)
		b.drawVolumes(w)
		w.Vector = b.vector(w)
		if ns := w.Object.Namespace; !namespaces[ns] {
			namespaces[ns] = true
			b.edge(whole, b.at(vertex{kind: podsOf, namespace: ns}), tri.Yes, "whoever owns the cluster owns them", nil, "")
		}
	}
	for o := range b.view.All(nodeKind) {
		if n, ok := o.Typed.(*corev1.Node); ok {
			b.edge(b.at(vertex{kind: onNode, name: o.Name}), whole, escapes.NodeOf(n).ControlPlane, "it is a node of the control plane", o, "metadata.labels")
		}
	}
	b.drawGrants(whole)
}

// drawNodes draws the ways from a workload to its nodes and further, and from its nodes to it.
func (b *builder) drawNodes(w *Workload) {
	if len(w.Nodes) == 0 {
		b.drawNode(w, "", w.Object)
	}
	for _, name := range w.Nodes {
		b.drawNode(w, name, b.running[w.Object.Ref][name])
	}
	slices.SortStableFunc(w.Escapes, func(x, y Escape) int { return rank(x.Verdict) - rank(y.Verdict) })
}

// drawNode looks at one place where the workload runs, by its template or a live pod of it.
func (b *builder) drawNode(w *Workload, name string, o *world.Object) {
	node := b.at(vertex{kind: onNode, name: name})
	b.edge(node, w.vertex, b.runsOn(w, name), "its pods run there", w.Object, "spec")
	for c := range o.Containers {
		for _, e := range b.ways.Of(o, c) {
			way := Escape{e, c.Name, o, name}
			b.drawEscape(w, node, &way)
			known := func(have Escape) bool {
				return have.ID == e.ID && have.Container == c.Name && have.Verdict == e.Verdict
			}
			if !slices.ContainsFunc(w.Escapes, known) {
				w.Escapes = append(w.Escapes, way)
			}
		}
	}
}

func rank(v tri.Value) int { return map[tri.Value]int{tri.Yes: 0, tri.Unknown: 1, tri.No: 2}[v] }

// drawEscape draws what an escape gives a process in the container.
func (b *builder) drawEscape(w *Workload, node uint32, e *Escape) {
	if e.Author {
		return
	}
	text := fmt.Sprintf("%s %s (container %s)", e.ID, e.Title, e.Container)
	for _, g := range e.Gives {
		switch g.What {
		case escapes.NodeRoot, escapes.NodeIdentity, escapes.PodFiles:
			b.edge(w.vertex, node, e.Verdict, text, e.Object, e.Path)
		case escapes.AnyIdentity, escapes.AnyAccount, escapes.ClusterWrite:
			b.edge(w.vertex, b.at(vertex{kind: wholeThis}), e.Verdict, text, e.Object, e.Path)
		}
	}
}

// runsOn says whether pods of the workload run on a node. Of nodes that are not known, a DaemonSet that may run anywhere is
// on each.
func (b *builder) runsOn(w *Workload, node string) tri.Value {
	if node != "" {
		return tri.Yes
	}
	if w.Object.GroupKind() != daemonSetKind {
		return tri.Unknown
	}
	for _, t := range w.Pods {
		if len(t.Spec.NodeSelector) > 0 || t.Spec.Affinity != nil {
			return tri.Unknown
		}
	}
	return tri.Yes
}

// drawAccount joins workloads that hold a token of one service account: to the cluster they are one.
func (b *builder) drawAccount(w *Workload) {
	for _, t := range w.Pods {
		id := b.ids.Of(t)
		if id == nil || !id.HasToken() {
			continue
		}
		a := b.at(vertex{account, w.Object.Namespace, id.Account.Name})
		v := tri.Yes
		if id.Mounted && id.Source >= 3 { // by guess
			v = tri.Unknown
		}
		b.edge(w.vertex, a, v, "its token is mounted", w.Object, t.SpecPath("serviceAccountName"))
		b.edge(a, w.vertex, v, "runs as the same account", w.Object, t.SpecPath("serviceAccountName"))
	}
}

// drawVolumes joins workloads through volumes that they write: what one leaves there another may read or run.
func (b *builder) drawVolumes(w *Workload) {
	for _, t := range w.Pods {
		for i := range t.Spec.Volumes {
			v := &t.Spec.Volumes[i]
			key, ok := sharedVolume(w.Object.Namespace, v)
			if !ok {
				continue
			}
			at, path := b.at(key), t.SpecPath(fmt.Sprintf("volumes[%d]", i))
			if written(t, v.Name) {
				b.edge(w.vertex, at, sameStorage(v), "it writes to the volume", w.Object, path)
			}
			b.edge(at, w.vertex, tri.Unknown, "it mounts the volume, and may trust what is in it", w.Object, path)
		}
	}
}

// sharedVolume names storage that several pods can mount.
func sharedVolume(namespace string, v *corev1.Volume) (vertex, bool) {
	switch {
	case v.PersistentVolumeClaim != nil:
		return vertex{volume, namespace, v.PersistentVolumeClaim.ClaimName}, true
	case v.HostPath != nil:
		return vertex{volume, "", "hostPath " + hostpath.Clean(v.HostPath.Path)}, true
	case v.NFS != nil:
		return vertex{volume, "", "nfs " + v.NFS.Server + ":" + v.NFS.Path}, true
	}
	return vertex{}, false
}

// sameStorage says whether two pods that mount the volume see the same: of a hostPath only those on one node do.
func sameStorage(v *corev1.Volume) tri.Value {
	if v.HostPath != nil {
		return tri.Unknown
	}
	return tri.Yes
}

func written(t *world.PodTemplate, name string) bool {
	for c := range t.Containers {
		for _, m := range c.VolumeMounts {
			if m.Name == name && !m.ReadOnly {
				return true
			}
		}
	}
	return false
}

// podPowers are requests by which running pods are taken over.
var podPowers = []rbac.Request{
	{Verb: "create", Resource: "pods/exec"}, {Verb: "get", Resource: "pods/exec"}, {Verb: "create", Resource: "pods/attach"}, {Verb: "get", Resource: "pods/attach"},
	{Verb: "patch", Resource: "pods/ephemeralcontainers"}, {Verb: "update", Resource: "pods/ephemeralcontainers"},
	{Verb: "patch", Group: "apps", Resource: "deployments"}, {Verb: "update", Group: "apps", Resource: "deployments"},
	{Verb: "patch", Group: "apps", Resource: "daemonsets"}, {Verb: "update", Group: "apps", Resource: "daemonsets"},
	{Verb: "patch", Group: "apps", Resource: "statefulsets"}, {Verb: "update", Group: "apps", Resource: "statefulsets"},
}

// nodePowers are requests by which every pod of the cluster is taken over.
var nodePowers = []rbac.Request{
	{Verb: "create", Resource: "nodes/proxy"}, {Verb: "get", Resource: "nodes/proxy"},
	{Verb: "escalate", Group: rbacv1.GroupName, Resource: "clusterroles"}, {Verb: "bind", Group: rbacv1.GroupName, Resource: "clusterroles"},
}

// drawGrants draws what service accounts may do to pods, once for each binding.
func (b *builder) drawGrants(whole uint32) {
	for _, g := range b.policy.Bindings() {
		to := whole
		if !g.ClusterWide() {
			to = b.at(vertex{kind: podsOf, namespace: g.Ref.Namespace})
		}
		req, ok := takesPods(g)
		if !ok {
			continue
		}
		text := fmt.Sprintf("%s lets it %s %s", g.Ref, req.Verb, req.Resource)
		for i, s := range g.Subjects {
			for _, a := range b.accountsOf(s) {
				b.edge(a, to, tri.Yes, text, g.Object, fmt.Sprintf("subjects[%d]", i))
			}
		}
	}
}

// takesPods finds a power over pods among the rules of a binding. A rule for named objects gives none over others.
func takesPods(g *rbac.Binding) (rbac.Request, bool) {
	rules := g.Rules()
	for i := range rules {
		if len(rules[i].ResourceNames) > 0 {
			continue
		}
		for _, req := range podPowers {
			if rbac.Matches(&rules[i], &req) {
				return req, true
			}
		}
		for _, req := range nodePowers {
			if g.ClusterWide() && rbac.Matches(&rules[i], &req) {
				return req, true
			}
		}
	}
	return rbac.Request{}, false
}

// accountsOf returns the service accounts, of those that workloads run as, that a subject stands for.
func (b *builder) accountsOf(s rbac.Subject) []uint32 {
	if s.Kind == rbacv1.ServiceAccountKind {
		if i, ok := b.index[vertex{account, s.Namespace, s.Name}]; ok {
			return []uint32{i}
		}
		return nil
	}
	if s.Kind != rbacv1.GroupKind || s.Name != rbac.GroupAuthenticated && !strings.HasPrefix(s.Name, rbac.GroupAccounts) {
		return nil
	}
	var found []uint32
	for i, v := range b.vertices {
		if v.kind == account && slices.Contains(rbac.AccountGroups(v.namespace), s.Name) {
			found = append(found, uint32(i))
		}
	}
	return found
}
