package graph

import (
	"cmp"
	"container/heap"
	"slices"
)

// Path is a way through the graph and what it costs.
type Path struct {
	Steps []Arc
	Cost  uint32
}

// Paths returns up to k ways from from to the nearest of the sinks, cheapest
// first, none passing a vertex twice and no two passing the same vertices in
// the same order. Between two vertices the cheapest edge is taken. It is Yen's
// algorithm, each search drawn to the sinks by the true distances, and meant for
// showing a handful of ways, not for counting them.
func (g *Graph) Paths(from uint32, to []uint32, k int, cost Cost) []Path {
	y := yen{g: g, cost: cost, left: g.Cheapest(to, cost)}
	if k <= 0 || !y.left.Reached(from) {
		return nil
	}
	y.seen = make([]trail, g.Vertices())
	first := Path{Steps: y.left.Path(from), Cost: y.left.Dist[from]}
	found := []Path{first}
	if len(first.Steps) == 0 {
		return found
	}
	var waiting []Path
	for len(found) < k {
		for _, p := range y.branches(from, found) {
			if !slices.ContainsFunc(waiting, p.same) {
				waiting = append(waiting, p)
			}
		}
		if len(waiting) == 0 {
			break
		}
		slices.SortStableFunc(waiting, compare)
		found = append(found, waiting[0])
		waiting = waiting[1:]
	}
	return found
}

func compare(a, b Path) int {
	return cmp.Or(cmp.Compare(a.Cost, b.Cost), cmp.Compare(len(a.Steps), len(b.Steps)), slices.CompareFunc(a.Steps, b.Steps, func(x, y Arc) int {
		return cmp.Compare(x.To, y.To)
	}))
}

// same says whether two ways pass the same vertices.
func (p Path) same(q Path) bool {
	return slices.EqualFunc(p.Steps, q.Steps, func(a, b Arc) bool { return a.From == b.From && a.To == b.To })
}

type yen struct {
	g    *Graph
	cost Cost
	left *Distances // from each vertex to the sinks, in the whole graph

	seen  []trail // of the search of this round
	round uint32
}

// branches finds the cheapest ways that leave the way found last at each of its
// vertices and take no step that a way found before takes there.
func (y *yen) branches(from uint32, found []Path) []Path {
	last := found[len(found)-1].Steps
	passed := map[uint32]bool{}
	var out []Path
	var spent uint32
	for i, step := range last {
		barred := map[uint32]bool{}
		for _, p := range found {
			if i < len(p.Steps) && (Path{Steps: p.Steps[:i]}).same(Path{Steps: last[:i]}) {
				barred[p.Steps[i].To] = true
			}
		}
		if tail, price := y.search(step.From, barred, passed); tail != nil {
			out = append(out, Path{append(slices.Clone(last[:i]), tail...), add(spent, price)})
		}
		passed[step.From] = true
		spent = add(spent, y.cost(step.Edge))
	}
	return out
}

// search is A* from a vertex to the sinks around the passed vertices; the first step may not lead to a barred one.
func (y *yen) search(from uint32, barred, passed map[uint32]bool) ([]Arc, uint32) {
	y.round++
	y.seen[from] = trail{round: y.round}
	q := &frontier{{y.left.Dist[from], y.left.Dist[from], from}}
	for q.Len() > 0 {
		v := heap.Pop(q).(candidate).v
		t := &y.seen[v]
		if t.closed {
			continue
		}
		t.closed = true
		if y.left.Next[v].To == None && y.left.Reached(v) {
			return y.trace(from, v), t.far
		}
		for _, e := range y.g.out.row(v) {
			if passed[e.To] || (v == from && barred[e.To]) {
				continue
			}
			sum := add(t.far, y.cost(e))
			bound := add(sum, y.left.Dist[e.To])
			old := &y.seen[e.To]
			if bound == Never || (old.round == y.round && (old.closed || old.far <= sum)) {
				continue
			}
			*old = trail{round: y.round, far: sum, came: Arc{v, e}}
			heap.Push(q, candidate{bound, y.left.Dist[e.To], e.To})
		}
	}
	return nil, Never
}

func (y *yen) trace(from, v uint32) []Arc {
	out := []Arc{}
	for v != from {
		a := y.seen[v].came
		out = append(out, a)
		v = a.From
	}
	slices.Reverse(out)
	return out
}

// trail is what a search knows of a vertex; void when it is of an older round.
type trail struct {
	round  uint32
	far    uint32
	came   Arc
	closed bool
}

// candidate is a vertex with the least that a way through it can cost, and how much of that lies ahead.
type candidate struct{ bound, ahead, v uint32 }

type frontier []candidate

func (f frontier) Len() int { return len(f) }
func (f frontier) Less(i, j int) bool {
	a, b := f[i], f[j]
	return cmp.Or(cmp.Compare(a.bound, b.bound), cmp.Compare(a.ahead, b.ahead), cmp.Compare(a.v, b.v)) < 0
}
func (f frontier) Swap(i, j int) { f[i], f[j] = f[j], f[i] }

// Push adds a candidate; for container/heap.
func (f *frontier) Push(x any) { *f = append(*f, x.(candidate)) }

// Pop takes the last candidate off; for container/heap.
func (f *frontier) Pop() any {
	q := *f
	x := q[len(q)-1]
	*f = q[:len(q)-1]
	return x
}
