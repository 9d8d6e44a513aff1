package graph

// Tree is the dominator tree of a graph seen from its sinks: the parent of a
// vertex is the nearest other vertex that all its ways to the sinks share.
// Vertices without a way to a sink are not in the tree.
type Tree struct {
	parent []uint32 // None at the sinks, where there is no shared vertex, and outside of the tree
	order  []uint32 // vertices of the tree, each after its parent
	inside []bool
}

// Dominators finds which vertices all ways to one sink share.
func (g *Graph) Dominators(sink uint32, keep Keep) *Tree { return g.DominatorsOf([]uint32{sink}, keep) }

// DominatorsOf is Dominators for ways to any of several sinks. The algorithm is
// that of Cooper, Harvey and Kennedy, over the vertices renumbered in reverse postorder.
func (g *Graph) DominatorsOf(sinks []uint32, keep Keep) *Tree {
	d := dominators{g: g, keep: keep, number: make([]uint32, g.Vertices())}
	d.walk(sinks)
	d.collect(sinks)
	for d.round() {
	}
	return d.tree()
}

// dominators works on numbers: 0 is a root before all sinks, the vertices in
// reverse postorder of the walk against the edges follow.
type dominators struct {
	g      *Graph
	keep   Keep
	number []uint32 // of each vertex; 0 = not reached
	order  []uint32 // vertex of number i+1
	start  []uint32 // nexts[start[i]:start[i+1]] are what number i+1 may step to
	nexts  []uint32
	idom   []uint32 // by number; None = not known yet
}

// walk numbers the vertices that reach a sink.
func (d *dominators) walk(sinks []uint32) {
	const seen = None
	var post []uint32
	var calls []call
	for _, s := range sinks {
		if d.number[s] != 0 {
			continue
		}
		d.number[s] = seen
		calls = append(calls, call{v: s})
		for len(calls) > 0 {
			c := &calls[len(calls)-1]
			if w := d.step(c); w != None {
				d.number[w] = seen
				calls = append(calls, call{v: w})
				continue
			}
			post = append(post, c.v)
			calls = calls[:len(calls)-1]
		}
	}
	d.order = make([]uint32, len(post))
	for i, v := range post {
		d.order[len(post)-1-i] = v
		d.number[v] = uint32(len(post) - i)
	}
}

// step finds the next tail of c.v that was not seen before.
func (d *dominators) step(c *call) uint32 {
	row := d.g.in.row(c.v)
	for int(c.next) < len(row) {
		e := row[c.next]
		c.next++
		if d.number[e.To] == 0 && (d.keep == nil || d.keep(Edge{c.v, e.Kind, e.Evidence})) {
			return e.To
		}
	}
	return None
}

// collect lists for each number where it may step to, so that the rounds run over flat arrays.
func (d *dominators) collect(sinks []uint32) {
	n := len(d.order)
	d.start = make([]uint32, n+1)
	d.nexts = make([]uint32, 0, min(d.g.Edges(), 4*n)+len(sinks))
	end := make(map[uint32]bool, len(sinks))
	for _, s := range sinks {
		end[s] = true
	}
	for i, v := range d.order {
		if end[v] {
			d.nexts = append(d.nexts, 0)
		}
		for _, e := range d.g.out.row(v) {
			if m := d.number[e.To]; m != 0 && (d.keep == nil || d.keep(e)) {
				d.nexts = append(d.nexts, m)
			}
		}
		d.start[i+1] = uint32(len(d.nexts))
	}
	d.idom = make([]uint32, n+1)
	for i := range d.idom {
		d.idom[i] = None
	}
	d.idom[0] = 0
}

// round brings every vertex nearer to its dominator and says whether anything changed.
func (d *dominators) round() bool {
	changed := false
	for i := range d.order {
		best := uint32(None)
		for _, m := range d.nexts[d.start[i]:d.start[i+1]] {
			switch {
			case d.idom[m] == None:
			case best == None:
				best = m
			default:
				best = d.meet(best, m)
			}
		}
		if d.idom[i+1] != best {
			d.idom[i+1], changed = best, true
		}
	}
	return changed
}

// meet is the nearest number above both.
func (d *dominators) meet(a, b uint32) uint32 {
	for a != b {
		for a > b {
			a = d.idom[a]
		}
		for b > a {
			b = d.idom[b]
		}
	}
	return a
}

func (d *dominators) tree() *Tree {
	t := &Tree{parent: make([]uint32, d.g.Vertices()), inside: make([]bool, d.g.Vertices()), order: d.order}
	for v := range t.parent {
		t.parent[v] = None
	}
	for i, v := range d.order {
		t.inside[v] = true
		if up := d.idom[i+1]; up != 0 {
			t.parent[v] = d.order[up-1]
		}
	}
	return t
}

// Reached says whether v has a way to a sink.
func (t *Tree) Reached(v uint32) bool { return t.inside[v] }

// Parent is the nearest vertex after v that all ways from v to the sinks share,
// None when they share none.
func (t *Tree) Parent(v uint32) uint32 { return t.parent[v] }

// Chain returns all vertices after v that its ways to the sinks share, nearest first.
func (t *Tree) Chain(v uint32) []uint32 {
	var out []uint32
	for v = t.parent[v]; v != None; v = t.parent[v] {
		out = append(out, v)
	}
	return out
}

// Losses counts for every vertex how many others would lose their last way to
// the sinks if it were taken away. Only vertices that count says yes to are
// counted; nil counts all.
func (t *Tree) Losses(count func(v uint32) bool) []uint32 {
	below := make([]uint32, len(t.parent))
	for i := len(t.order) - 1; i >= 0; i-- {
		v := t.order[i]
		up := t.parent[v]
		if up == None {
			continue
		}
		below[up] += below[v]
		if count == nil || count(v) {
			below[up]++
		}
	}
	return below
}
