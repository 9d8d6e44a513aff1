package attackgraph

import (
	"maps"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"

	"bulwark/facts/identities"
	"bulwark/facts/rbac"
	"bulwark/internal/graph"
	"bulwark/world"
)

// maxPatch bounds the changes that are drawn one by one.
const maxPatch = 64

// Update returns the graph of a snapshot that differs from the graph's own by
// the objects that changed. Roles, bindings, pods that others own and Secrets
// without an identity are drawn anew by themselves, unless what others hold
// depends on them; any other change has the whole graph drawn. g stays as it is.
func (g *Graph) Update(after *world.Snapshot, changed ...world.Ref) (*Graph, error) {
	if len(changed) > maxPatch || g.policy == nil {
		return Fact.In(after)
	}
	if g.untouched(after, changed) {
		return g, nil
	}
	p := &patcher{artist: g.drawn.copy(), after: after, dirty: map[uint32]bool{}}
	for _, ref := range changed {
		if !p.plan(ref) {
			return Fact.In(after)
		}
	}
	return p.run()
}

// copy returns an artist that draws on without changing the graph that is there.
func (a *artist) copy() *artist {
	b := *a
	g := *a.Graph
	b.Graph = &g
	g.vertices, g.ids = slices.Clone(a.vertices), maps.Clone(a.ids)
	g.proofs = slices.Clip(a.proofs)
	b.mentioned = a.mentioned.copy()
	g.objects, g.byRef, b.below = maps.Clone(a.objects), maps.Clone(a.byRef), maps.Clone(a.below)
	return &b
}

// patcher draws what changed.
type patcher struct {
	*artist
	after        *world.Snapshot
	dirty        map[uint32]bool // owners whose edges go
	bindings     []world.Ref
	pods         []*world.Object
	changedRoles []world.Ref
	grants       []grantAt // roles at scopes, whose edges go
	identity     []uint32  // subjects whose rights are folded anew
}

// plan finds out what of the graph goes with an object; false means that too much does.
func (p *patcher) plan(ref world.Ref) bool {
	switch ref.GroupKind() {
	case rbac.KindRoleBinding, rbac.KindClusterRoleBinding:
		return p.planBinding(ref)
	case rbac.KindRole, rbac.KindClusterRole:
		p.changedRoles = append(p.changedRoles, ref)
		return true
	case kindSecret:
		return p.planSecret(ref)
	case "Pod":
		return p.planPod(ref)
	}
	return false
}

func (p *patcher) planBinding(ref world.Ref) bool {
	k := key{kind: binding, namespace: ref.Namespace, name: ref.Name}
	if ref.Kind == "ClusterRoleBinding" {
		k.sub, k.namespace = 1, ""
	} else if p.namespaces[ref.Namespace] == nil {
		return false
	}
	if p.mentioned.bindings[ref.Name] {
		return false
	}
	if v, ok := p.have(k); ok {
		p.dirty[v] = true
		for u, e := range p.g.In(v) {
			if e.Kind == isBound && !p.planSubject(u) {
				return false
			}
		}
	}
	p.bindings = append(p.bindings, ref)
	return true
}

// planSubject has the rights of a subject folded anew. Those of some groups are
// part of what others hold, and what service accounts hold is part of what
// somebody has who may act as them.
func (p *patcher) planSubject(v uint32) bool {
	switch x := &p.vertices[v]; {
	case x.kind == Group && inherited(x.name), x.kind == Account && p.mentioned.actsAs:
		return false
	}
	if !p.dirty[v] {
		p.dirty[v] = true
		p.identity = append(p.identity, v)
	}
	return true
}

// planPod takes pods whose owner is known and that nothing special is about.
func (p *patcher) planPod(ref world.Ref) bool {
	o := p.after.Get(ref)
	v, there := p.byRef[ref]
	if p.cloud != nil || p.mesh != nil || there && (!p.plain(p.vertices[v].Object) || p.below[v] == 0) {
		return false
	}
	if there {
		p.dirty[v] = true
	}
	if o == nil {
		if there {
			delete(p.objects, p.vertices[v].Object)
			delete(p.byRef, ref)
		}
		return true
	}
	owner, ok := ownerOf(o)
	if _, known := p.byRef[owner]; !ok || !known || !p.plain(o) || p.namespaces[o.Namespace] == nil {
		return false
	}
	p.pods = append(p.pods, o)
	return true
}

// plain says whether an object's edges are all of its own.
func (p *patcher) plain(o *world.Object) bool {
	for t := range o.Pods {
		for i := range t.Spec.Volumes {
			if t.Spec.Volumes[i].PersistentVolumeClaim != nil {
				return false // the volume may be shared
			}
		}
	}
	for c := range o.Containers {
		if _, open := dockerPort(c); open || nightmare(c.Image) || controlPlaneImages[baseName(c.Image)] {
			return false
		}
	}
	return true
}

// run draws what was planned.
func (p *patcher) run() (*Graph, error) {
	first := len(p.vertices)
	if len(p.bindings)+len(p.changedRoles) > 0 {
		policy, err := rbac.Seen.In(p.after)
		if err != nil {
			return nil, err
		}
		before := p.policy
		p.policy, p.roles, p.artist.bindings = policy, map[*rbac.Role]*reading{}, nil
		if !p.planRoles(before) {
			return Fact.In(p.after)
		}
		for _, ref := range p.bindings {
			if !p.subjectsOf(ref) {
				return Fact.In(p.after)
			}
		}
	}
	p.erase()
	for _, g := range p.grants {
		p.drawGrant(g.vertex, g.role, g.scope)
	}
	for _, ref := range p.bindings {
		if b := p.bindingOf(ref); b != nil {
			p.drawBinding(b)
		}
	}
	p.foldIdentities(p.identity)
	if err := p.drawPods(); err != nil {
		return nil, err
	}
	p.spread(first)
	for v := first; v < len(p.vertices); v++ {
		if x := p.vertices[v]; x.kind == Account {
			p.drawAccount(p.namespace(x.namespace), x.name)
		}
	}
	p.fillSets(first)
	p.owner = 0
	p.finish()
	return p.Graph, nil
}

// subjectsOf plans the subjects of a binding as it is now.
func (p *patcher) subjectsOf(ref world.Ref) bool {
	b := p.bindingOf(ref)
	if b == nil {
		return true
	}
	for _, s := range b.Subjects {
		if s.Kind == rbacv1.ServiceAccountKind && p.namespaces[s.Namespace] == nil {
			return false
		}
		if v, ok := p.subject(s); ok && !p.planSubject(v) {
			return false
		}
	}
	return true
}

// erase takes the edges of what changed out.
func (p *patcher) erase() {
	arcs, owners := make([]graph.Arc, 0, len(p.arcs)+64), make([]uint32, 0, len(p.arcs)+64)
	for i, o := range p.owners {
		if o == 0 || !p.dirty[o] {
			arcs, owners = append(arcs, p.arcs[i]), append(owners, o)
		}
	}
	p.arcs, p.owners = arcs, owners
}

// drawPods draws pods below the workloads that own them.
func (p *patcher) drawPods() error {
	if len(p.pods) == 0 {
		return nil
	}
	ids, err := identities.Of.In(p.after)
	if err != nil {
		return err
	}
	for _, o := range p.pods {
		v, there := p.byRef[o.Ref]
		if there {
			delete(p.objects, p.vertices[v].Object)
			p.vertices[v].Object = o
			p.objects[o] = v
		} else {
			p.register(o)
			v = p.objects[o]
		}
		owner, _ := ownerOf(o)
		top := p.byRef[owner]
		if known, ok := p.below[top]; ok {
			top = known
		}
		p.below[v] = top
		done := p.own(v)
		p.link(top, v, contains)
		p.drawWorkload(v, o, ids)
		done()
	}
	return nil
}
