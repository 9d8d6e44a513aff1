package picture

import (
	"cmp"
	"slices"
)

// Sizes in pixels.
const (
	nodeHeight  = 44
	nodeGap     = 18
	wireHeight  = 10 // room for an edge that passes a column
	columnGap   = 56 // between columns, and more where edges have labels
	margin      = 24
	sweeps      = 12 // over the columns, to untangle
	straightens = 8  // to pull things to the height of their neighbours
)

// point is a place in the picture.
type point struct{ x, y float64 }

// spot is a node in the layout, or a place where a long edge passes a column.
type spot struct {
	node          int // index in Graph.Nodes; -1 where an edge passes
	layer         int
	width, height float64
	x, y          float64 // left, and middle of the height
	left, right   []int   // neighbours in the columns beside
}

// route is the way of one edge through the layout.
type route struct {
	edge     int
	spots    []int // from left to right
	reversed bool  // it leads to the left
}

// layout is a graph with a place for everything.
type layout struct {
	spots         []spot
	layers        [][]int // spots by column, from top to bottom
	routes        []route
	width, height float64
}

// lay finds a place for everything: columns by the longest way from a start,
// then an order within each column with few crossings, then heights that make
// edges straight (after Sugiyama, Tagawa and Toda, 1981).
func lay(g *Graph) *layout {
	l := &layout{}
	index := make(map[string]int, len(g.Nodes))
	for i, n := range g.Nodes {
		index[n.ID] = i
		l.spots = append(l.spots, spot{node: i, width: nodeWidth(n), height: nodeHeight})
	}
	var arcs [][2]int
	var of []int // the edge of an arc
	for i, e := range g.Edges {
		if e.From != e.To {
			arcs = append(arcs, [2]int{index[e.From], index[e.To]})
			of = append(of, i)
		}
	}
	back := backArcs(len(g.Nodes), arcs)
	for i := range arcs {
		if back[i] {
			arcs[i][0], arcs[i][1] = arcs[i][1], arcs[i][0]
		}
	}
	for i, layer := range longest(len(g.Nodes), arcs) {
		l.spots[i].layer = layer
	}
	for i, a := range arcs {
		l.thread(of[i], a, back[i])
	}
	l.columns()
	l.untangle()
	l.place(g)
	return l
}

// backArcs says which arcs close a cycle in a walk in the order of the nodes.
func backArcs(n int, arcs [][2]int) []bool {
	out := make([][]int, n)
	for i, a := range arcs {
		out[a[0]] = append(out[a[0]], i)
	}
	const (
		unseen = iota
		open
		done
	)
	state := make([]int, n)
	next := make([]int, n)
	back := make([]bool, len(arcs))
	for root := range n {
		if state[root] != unseen {
			continue
		}
		stack := []int{root}
		state[root] = open
		for len(stack) > 0 {
			v := stack[len(stack)-1]
			if next[v] == len(out[v]) {
				state[v] = done
				stack = stack[:len(stack)-1]
				continue
			}
			arc := out[v][next[v]]
			next[v]++
			switch to := arcs[arc][1]; state[to] {
			case open:
				back[arc] = true
			case unseen:
				state[to] = open
				stack = append(stack, to)
			}
		}
	}
	return back
}

// longest returns the column of each node: the longest way to it, and for what
// nothing leads to the column before the first thing that it leads to.
func longest(n int, arcs [][2]int) []int {
	layer, waits := make([]int, n), make([]int, n)
	out := make([][]int, n)
	for _, a := range arcs {
		out[a[0]] = append(out[a[0]], a[1])
		waits[a[1]]++
	}
	var ready, starts []int
	for v := range n {
		if waits[v] == 0 {
			ready = append(ready, v)
		}
	}
	starts = slices.Clone(ready)
	for i := 0; i < len(ready); i++ {
		for _, to := range out[ready[i]] {
			layer[to] = max(layer[to], layer[ready[i]]+1)
			if waits[to]--; waits[to] == 0 {
				ready = append(ready, to)
			}
		}
	}
	for _, v := range starts {
		for i, to := range out[v] {
			if i == 0 || layer[to]-1 < layer[v] {
				layer[v] = layer[to] - 1
			}
		}
	}
	return layer
}

// thread makes the spots by which an edge passes the columns between its ends.
func (l *layout) thread(edge int, arc [2]int, reversed bool) {
	r := route{edge: edge, spots: []int{arc[0]}, reversed: reversed}
	for layer := l.spots[arc[0]].layer + 1; layer < l.spots[arc[1]].layer; layer++ {
		l.spots = append(l.spots, spot{node: -1, layer: layer, height: wireHeight})
		r.spots = append(r.spots, len(l.spots)-1)
	}
	r.spots = append(r.spots, arc[1])
	for i := range len(r.spots) - 1 {
		a, b := r.spots[i], r.spots[i+1]
		l.spots[a].right = append(l.spots[a].right, b)
		l.spots[b].left = append(l.spots[b].left, a)
	}
	l.routes = append(l.routes, r)
}

func (l *layout) columns() {
	for i, s := range l.spots {
		for s.layer >= len(l.layers) {
			l.layers = append(l.layers, nil)
		}
		l.layers[s.layer] = append(l.layers[s.layer], i)
	}
}

// untangle orders each column by the mean place of its neighbours, to and fro,
// and keeps the order with the fewest crossings.
func (l *layout) untangle() {
	best, fewest := cloneLayers(l.layers), l.crossings()
	for sweep := 0; sweep < sweeps && fewest > 0; sweep++ {
		rank := l.ranks()
		if sweep%2 == 0 {
			for i := 1; i < len(l.layers); i++ {
				l.sortLayer(i, rank, func(s *spot) []int { return s.left })
			}
		} else {
			for i := len(l.layers) - 2; i >= 0; i-- {
				l.sortLayer(i, rank, func(s *spot) []int { return s.right })
			}
		}
		if n := l.crossings(); n < fewest {
			best, fewest = cloneLayers(l.layers), n
		}
	}
	l.layers = best
}

func cloneLayers(layers [][]int) [][]int {
	out := make([][]int, len(layers))
	for i, layer := range layers {
		out[i] = slices.Clone(layer)
	}
	return out
}

func (l *layout) ranks() []int {
	rank := make([]int, len(l.spots))
	for _, layer := range l.layers {
		for i, s := range layer {
			rank[s] = i
		}
	}
	return rank
}

func (l *layout) sortLayer(layer int, rank []int, beside func(*spot) []int) {
	weight := make(map[int]float64, len(l.layers[layer]))
	for i, s := range l.layers[layer] {
		weight[s] = float64(i)
		if near := beside(&l.spots[s]); len(near) > 0 {
			sum := 0
			for _, n := range near {
				sum += rank[n]
			}
			weight[s] = float64(sum) / float64(len(near))
		}
	}
	slices.SortStableFunc(l.layers[layer], func(a, b int) int { return cmp.Compare(weight[a], weight[b]) })
	for i, s := range l.layers[layer] {
		rank[s] = i
	}
}

// crossings counts how often edges cross between neighbouring columns.
func (l *layout) crossings() int {
	rank, n := l.ranks(), 0
	for _, layer := range l.layers {
		var ends []int // on the right, in the order of the left ends
		for _, s := range layer {
			near := slices.Clone(l.spots[s].right)
			slices.SortFunc(near, func(a, b int) int { return cmp.Compare(rank[a], rank[b]) })
			for _, to := range near {
				ends = append(ends, rank[to])
			}
		}
		n += inversions(ends)
	}
	return n
}

// inversions counts the pairs that are out of order, by merging.
func inversions(v []int) int {
	if len(v) < 2 {
		return 0
	}
	a, b := slices.Clone(v[:len(v)/2]), slices.Clone(v[len(v)/2:])
	n := inversions(a) + inversions(b)
	slices.Sort(a)
	slices.Sort(b)
	for i := range b {
		at, _ := slices.BinarySearch(a, b[i]+1)
		n += len(a) - at
	}
	return n
}
