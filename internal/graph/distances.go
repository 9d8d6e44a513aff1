package graph

import "slices"

// Never is the distance of what cannot be reached and the cost of what must not be walked.
const Never = None

// Distances is how far every vertex is from a set of ends, and the way there.
type Distances struct {
	Dist []uint32 // steps, or the sum of costs; Never when there is no way
	Next []Edge   // first step of a best way; its To is the neighbour nearer to the ends. Void at the ends and where Dist is Never

	forward bool // Next leads back towards the start, against the edges
}

// Reached says whether there is a way between v and the ends.
func (d *Distances) Reached(v uint32) bool { return d.Dist[v] != Never }

// Path returns the steps of a best way in the direction of the edges: from v to
// an end, or from a start to v when the search went forward. It is empty at
// the ends themselves and where there is no way.
func (d *Distances) Path(v uint32) []Arc {
	var path []Arc
	if !d.Reached(v) {
		return nil
	}
	for d.Next[v].To != None {
		e := d.Next[v]
		if d.forward {
			path = append(path, Arc{e.To, Edge{v, e.Kind, e.Evidence}})
		} else {
			path = append(path, Arc{v, e})
		}
		v = e.To
	}
	if d.forward {
		slices.Reverse(path)
	}
	return path
}

// Backward finds for every vertex the fewest steps to one of the sinks, and the step to take.
func (g *Graph) Backward(sinks []uint32, keep Keep) *Distances {
	d := newDistances(g.Vertices(), false)
	d.spread(&g.in, sinks, keep)
	return d
}

// Forward finds for every vertex the fewest steps to it from one of the sources.
func (g *Graph) Forward(sources []uint32, keep Keep) *Distances {
	d := newDistances(g.Vertices(), true)
	d.spread(&g.out, sources, keep)
	return d
}

func newDistances(vertices int, forward bool) *Distances {
	d := &Distances{Dist: make([]uint32, vertices), Next: make([]Edge, vertices), forward: forward}
	for v := range d.Dist {
		d.Dist[v] = Never
	}
	return d
}

// spread is breadth-first search from the ends over one direction of the
// graph. What was seen is kept in bits: they fit into a processor's cache.
func (d *Distances) spread(side *adjacency, ends []uint32, keep Keep) {
	queue := make([]uint32, 0, len(d.Dist))
	seen := make([]uint64, (len(d.Dist)+63)/64)
	for _, v := range ends {
		if d.Dist[v] == Never {
			d.Dist[v], d.Next[v].To = 0, None
			seen[v/64] |= 1 << (v % 64)
			queue = append(queue, v)
		}
	}
	for from, far := 0, uint32(1); from < len(queue); far++ {
		level := queue[from:]
		from = len(queue)
		for _, v := range level {
			for _, e := range side.row(v) {
				w := e.To
				if seen[w/64]&(1<<(w%64)) != 0 || (keep != nil && !keep(d.real(v, e))) {
					continue
				}
				seen[w/64] |= 1 << (w % 64)
				d.Dist[w], d.Next[w] = far, Edge{v, e.Kind, e.Evidence}
				queue = append(queue, w)
			}
		}
	}
}

// real gives an edge found in the row of v its true head.
func (d *Distances) real(v uint32, e Edge) Edge {
	if !d.forward {
		e.To = v
	}
	return e
}

// Cost is what walking an edge costs; Never forbids it.
type Cost func(Edge) uint32

// Cheapest finds for every vertex the least cost of a way to one of the sinks. Sums stay below Never.
func (g *Graph) Cheapest(sinks []uint32, cost Cost) *Distances {
	d := newDistances(g.Vertices(), false)
	var q byDistance
	for _, v := range sinks {
		if d.Dist[v] == Never {
			d.Dist[v], d.Next[v].To = 0, None
			q.push(0, v)
		}
	}
	for len(q) > 0 {
		far, v := q.pop()
		if far > d.Dist[v] {
			continue
		}
		for _, e := range g.in.row(v) {
			w := e.To
			if sum := add(far, cost(d.real(v, e))); sum < d.Dist[w] {
				d.Dist[w], d.Next[w] = sum, Edge{v, e.Kind, e.Evidence}
				q.push(sum, w)
			}
		}
	}
	return d
}

// add is a sum that is Never when a part is, and stays below it otherwise.
func add(a, b uint32) uint32 {
	if a == Never || b == Never {
		return Never
	}
	return uint32(min(uint64(a)+uint64(b), Never-1))
}

// byDistance is a binary heap of vertices by distance, and by number where distances are equal.
type byDistance []uint64

func (h *byDistance) push(far, v uint32) {
	*h = append(*h, uint64(far)<<32|uint64(v))
	q := *h
	for i := len(q) - 1; i > 0; {
		up := (i - 1) / 2
		if q[up] <= q[i] {
			break
		}
		q[up], q[i] = q[i], q[up]
		i = up
	}
}

func (h *byDistance) pop() (far, v uint32) {
	q := *h
	top := q[0]
	last := len(q) - 1
	q[0] = q[last]
	q = q[:last]
	for i := 0; ; {
		low := 2*i + 1
		if low >= last {
			break
		}
		if r := low + 1; r < last && q[r] < q[low] {
			low = r
		}
		if q[i] <= q[low] {
			break
		}
		q[i], q[low] = q[low], q[i]
		i = low
	}
	*h = q
	return uint32(top >> 32), uint32(top)
}
