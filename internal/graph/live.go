package graph

// Own says to whom the edges added from now on belong. Only owned edges can be
// replaced later; edges added before the first call belong to owner 0.
func (b *Builder) Own(owner uint32) {
	if b.owners == nil {
		b.owners = make([]uint32, len(b.arcs), max(cap(b.arcs), 1))
	}
	b.owner = owner
}

// Live is a graph whose edges can be replaced owner by owner: when an object
// changes, its group of edges is drawn anew and the rest stays as it is.
type Live struct {
	*Graph
	groups map[uint32][]Arc
}

// BuildLive is Build for a graph that will change.
func (b *Builder) BuildLive(vertices int) *Live {
	l := &Live{Graph: b.Build(vertices), groups: map[uint32][]Arc{}}
	for _, a := range []*adjacency{&l.out, &l.in} {
		a.ends = make([]uint32, len(a.rows))
		for v := range a.rows {
			a.ends[v] = a.rows[v].hi
		}
	}
	for i, a := range b.arcs {
		var owner uint32
		if b.owners != nil {
			owner = b.owners[i]
		}
		l.groups[owner] = append(l.groups[owner], a)
	}
	return l
}

// Owned returns the edges of an owner. The slice belongs to the graph.
func (l *Live) Owned(owner uint32) []Arc { return l.groups[owner] }

// Replace takes the edges of an owner out of the graph and puts others in
// their place; no arcs means that the owner is gone. New vertices appear as
// they are named. The time is that of the degrees of the vertices touched.
func (l *Live) Replace(owner uint32, arcs []Arc) {
	for _, a := range l.groups[owner] {
		l.out.remove(a.From, a.Edge)
		l.in.remove(a.To, Edge{a.From, a.Kind, a.Evidence})
	}
	delete(l.groups, owner)
	for _, a := range arcs {
		l.extend(max(a.From, a.To))
		l.out.add(a.From, a.Edge)
		l.in.add(a.To, Edge{a.From, a.Kind, a.Evidence})
	}
	if len(arcs) > 0 {
		l.groups[owner] = append([]Arc(nil), arcs...)
	}
	l.out.compact()
	l.in.compact()
}

// extend makes the graph large enough to hold vertex v.
func (g *Graph) extend(v uint32) {
	for uint32(len(g.out.rows)) <= v {
		for _, a := range []*adjacency{&g.out, &g.in} {
			a.rows, a.ends = append(a.rows, span{}), append(a.ends, 0)
		}
	}
}

// remove takes one edge equal to e out of the row of v and keeps the order of the others.
func (a *adjacency) remove(v uint32, e Edge) {
	row := a.row(v)
	for i := range row {
		if row[i] == e {
			copy(row[i:], row[i+1:])
			a.rows[v].hi--
			a.live--
			return
		}
	}
}

// add appends an edge to the row of v; a full row moves to the end of the edges, with room to grow.
func (a *adjacency) add(v uint32, e Edge) {
	s := &a.rows[v]
	if s.hi == a.ends[v] {
		n := s.hi - s.lo
		lo := uint32(len(a.edges))
		a.edges = append(a.edges, a.edges[s.lo:s.hi]...)
		a.edges = append(a.edges, make([]Edge, n/2+2)...)
		*s = span{lo, lo + n}
		a.ends[v] = uint32(len(a.edges))
	}
	a.edges[s.hi] = e
	s.hi++
	a.live++
}

// compact lays the rows out anew once more than half of the edges are room and waste.
func (a *adjacency) compact() {
	if len(a.edges) < 1024 || len(a.edges) < 2*a.live {
		return
	}
	edges := make([]Edge, 0, a.live+a.live/4)
	for v := range a.rows {
		lo := uint32(len(edges))
		edges = append(edges, a.row(uint32(v))...)
		a.rows[v] = span{lo, uint32(len(edges))}
		a.ends[v] = uint32(len(edges))
	}
	a.edges = edges
}
