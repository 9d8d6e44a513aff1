package graph

import "slices"

// MinCut finds the cheapest set of vertices, none of them in from or to, whose
// removal leaves no way from from to to. price gives what taking a vertex away
// costs, Never where it cannot be taken away; a nil price is one for each. ok is
// false when no such set exists, as when an edge leads straight across. Of
// equally cheap sets it is the one nearest to to.
//
// The algorithm is Dinic's, on the part of the graph between the two ends, each
// vertex split in two with its price between.
func (g *Graph) MinCut(from, to []uint32, keep Keep, price func(v uint32) uint32) (cut []uint32, ok bool) {
	n := g.between(from, to, keep, price)
	for n.rank() {
		for {
			pushed := n.push()
			if pushed == 0 {
				break
			}
			if pushed >= endless {
				return nil, false
			}
		}
	}
	return n.cut(), true
}

// endless is more than all prices together may come to.
const endless = uint64(1) << 62

// network is a flow network. Vertex i of the part stands as 2i (entry) and 2i+1
// (exit); two more are the source and the target. Arc a and a^1 are each other's reverse.
type network struct {
	vertex         []uint32 // of the part, by index
	head           []uint32
	room           []uint64
	first          []int32 // first arc of each network vertex
	after          []int32 // next arc of the same vertex
	source, target uint32
	level          []uint32
	next           []int32 // arc to try next
}

// between builds the network of what lies on ways from from to to.
func (g *Graph) between(from, to []uint32, keep Keep, price func(v uint32) uint32) *network {
	ahead, back := g.Forward(from, keep), g.Backward(to, keep)
	index := make(map[uint32]uint32)
	n := new(network)
	for v := range ahead.Dist {
		if v := uint32(v); ahead.Reached(v) && back.Reached(v) {
			index[v] = uint32(len(n.vertex))
			n.vertex = append(n.vertex, v)
		}
	}
	n.source, n.target = uint32(2*len(n.vertex)), uint32(2*len(n.vertex)+1)
	n.first = make([]int32, 2*len(n.vertex)+2)
	for i := range n.first {
		n.first[i] = -1
	}
	for i, v := range n.vertex {
		i := uint32(i)
		n.arc(2*i, 2*i+1, cost(v, ahead, back, price))
		if ahead.Dist[v] == 0 {
			n.arc(n.source, 2*i, endless)
		}
		if back.Dist[v] == 0 {
			n.arc(2*i+1, n.target, endless)
		}
		for _, e := range g.out.row(v) {
			if j, ok := index[e.To]; ok && (keep == nil || keep(e)) {
				n.arc(2*i+1, 2*j, endless)
			}
		}
	}
	return n
}

func cost(v uint32, ahead, back *Distances, price func(v uint32) uint32) uint64 {
	switch {
	case ahead.Dist[v] == 0 || back.Dist[v] == 0:
		return endless
	case price == nil:
		return 1
	case price(v) == Never:
		return endless
	}
	return uint64(price(v))
}

func (n *network) arc(from, to uint32, room uint64) {
	n.half(from, to, room)
	n.half(to, from, 0)
}

func (n *network) half(from, to uint32, room uint64) {
	n.head, n.room = append(n.head, to), append(n.room, room)
	n.after = append(n.after, n.first[from])
	n.first[from] = int32(len(n.head) - 1)
}

// rank numbers the network vertices by their distance from the source over arcs with room.
func (n *network) rank() bool {
	n.level = make([]uint32, len(n.first))
	n.level[n.source] = 1
	queue := []uint32{n.source}
	for i := 0; i < len(queue); i++ {
		v := queue[i]
		for a := n.first[v]; a >= 0; a = n.after[a] {
			if w := n.head[a]; n.room[a] > 0 && n.level[w] == 0 {
				n.level[w] = n.level[v] + 1
				queue = append(queue, w)
			}
		}
	}
	n.next = slices.Clone(n.first)
	return n.level[n.target] != 0
}

// push sends as much as fits along one more way of rising rank, 0 when there is none.
func (n *network) push() uint64 {
	var way []int32
	v := n.source
	for v != n.target {
		a := n.next[v]
		switch {
		case a >= 0 && n.room[a] > 0 && n.level[n.head[a]] == n.level[v]+1:
			way = append(way, a)
			v = n.head[a]
		case a >= 0:
			n.next[v] = n.after[a]
		case len(way) == 0:
			return 0
		default: // dead end: step back and try the arc after
			last := way[len(way)-1]
			way = way[:len(way)-1]
			v = n.head[last^1]
			n.next[v] = n.after[last]
		}
	}
	least := endless
	for _, a := range way {
		least = min(least, n.room[a])
	}
	for _, a := range way {
		n.room[a] -= least
		n.room[a^1] += least
	}
	return least
}

// cut lists the vertices whose exit still leads to the target over arcs with room while their entry does not.
func (n *network) cut() []uint32 {
	open := make([]bool, len(n.first))
	open[n.target] = true
	queue := []uint32{n.target}
	for i := 0; i < len(queue); i++ {
		for a := n.first[queue[i]]; a >= 0; a = n.after[a] {
			if w := n.head[a]; n.room[a^1] > 0 && !open[w] {
				open[w] = true
				queue = append(queue, w)
			}
		}
	}
	var out []uint32
	for i, v := range n.vertex {
		if open[2*i+1] && !open[2*i] {
			out = append(out, v)
		}
	}
	return out
}
