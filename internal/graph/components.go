package graph

// Components are the strongly connected components of a graph: vertices of one
// component reach each other. They are numbered so that every edge between two
// of them leads from the higher number to the lower.
type Components struct {
	Of     []uint32 // component of each vertex
	member []uint32 // vertices, component by component
	start  []uint32 // where in member each component starts; one more at the end
}

// Len is the number of components.
func (c *Components) Len() int { return len(c.start) - 1 }

// Members returns the vertices of a component. The slice belongs to c.
func (c *Components) Members(component uint32) []uint32 {
	return c.member[c.start[component]:c.start[component+1]]
}

// Components finds the strongly connected components with Tarjan's algorithm,
// without recursion.
func (g *Graph) Components(keep Keep) *Components {
	t := tarjan{
		g: g, keep: keep, low: make([]uint32, g.Vertices()),
		Components: Components{Of: make([]uint32, g.Vertices()), member: make([]uint32, 0, g.Vertices()), start: []uint32{0}},
	}
	for v := range t.Of {
		t.Of[v] = None
	}
	for v := range t.low {
		if t.low[v] == 0 {
			t.visit(uint32(v))
		}
	}
	return &t.Components
}

type tarjan struct {
	Components
	g     *Graph
	keep  Keep
	low   []uint32 // 0 unseen; else the least visit number known to be reachable
	count uint32
	open  []uint32 // visited vertices whose component is not closed
	calls []call
}

// call is a vertex whose edges are being followed.
type call struct {
	v     uint32
	next  uint32 // index of the edge to follow next
	index uint32 // its visit number
}

func (t *tarjan) enter(v uint32) {
	t.count++
	t.low[v] = t.count
	t.open = append(t.open, v)
	t.calls = append(t.calls, call{v: v, index: t.count})
}

// visit walks everything that is reachable from root and closes its components.
func (t *tarjan) visit(root uint32) {
	t.enter(root)
	for len(t.calls) > 0 {
		c := &t.calls[len(t.calls)-1]
		if w := t.step(c); w != None {
			t.enter(w)
			continue
		}
		v, index := c.v, c.index
		t.calls = t.calls[:len(t.calls)-1]
		if t.low[v] == index {
			t.close(v)
		}
		if n := len(t.calls); n > 0 {
			up := t.calls[n-1].v
			t.low[up] = min(t.low[up], t.low[v])
		}
	}
}

// step follows the edges of c until one leads to a vertex not seen before, which it returns.
func (t *tarjan) step(c *call) uint32 {
	row := t.g.out.row(c.v)
	low := t.low[c.v]
	for int(c.next) < len(row) {
		e := row[c.next]
		c.next++
		if t.keep != nil && !t.keep(e) {
			continue
		}
		if t.low[e.To] == 0 {
			t.low[c.v] = low
			return e.To
		}
		low = min(low, t.low[e.To])
	}
	t.low[c.v] = low
	return None
}

// close takes the component of v, its first visited vertex, off the open
// vertices. Closed vertices get the highest low, so that edges to them change nothing.
func (t *tarjan) close(v uint32) {
	number := uint32(len(t.start) - 1)
	for {
		w := t.open[len(t.open)-1]
		t.open = t.open[:len(t.open)-1]
		t.Of[w] = number
		t.low[w] = None
		t.member = append(t.member, w)
		if w == v {
			break
		}
	}
	t.start = append(t.start, uint32(len(t.member)))
}
