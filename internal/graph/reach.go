package graph

import (
	"iter"
	"math/bits"
)

// Reach says for every vertex which of the sinks it reaches. Vertices that
// reach the same sinks mostly share one row of bits.
type Reach struct {
	Components *Components
	sinks      int
	words      int      // words of a row
	row        []uint32 // row of each component
	bits       []uint64 // rows; row 0 is empty
}

// Sources finds for every vertex the set of the sinks it reaches; a sink
// reaches itself. The strongly connected components are walked from the ends of
// the graph to its beginnings, so that each edge is looked at once.
func (g *Graph) Sources(sinks []uint32, keep Keep) *Reach {
	c := g.Components(keep)
	words := (len(sinks) + 63) / 64
	r := &Reach{Components: c, sinks: len(sinks), words: words, row: make([]uint32, c.Len()), bits: make([]uint64, words)}
	r.place(sinks)
	for i := range c.Len() {
		r.join(g, uint32(i), keep)
	}
	return r
}

// place gives the components that hold sinks a row of their own.
func (r *Reach) place(sinks []uint32) {
	for i, v := range sinks {
		at := r.Components.Of[v]
		if r.row[at] == 0 {
			r.row[at] = r.fresh(0)
		}
		r.at(r.row[at])[i/64] |= 1 << (i % 64)
	}
}

// join gives a component what its successors reach. It makes a row only when
// no row that is there already says the same.
func (r *Reach) join(g *Graph, component uint32, keep Keep) {
	mine := r.row[component]
	owned := mine != 0
	for _, v := range r.Components.Members(component) {
		for _, e := range g.out.row(v) {
			other := r.row[r.Components.Of[e.To]]
			if other == 0 || other == mine || (keep != nil && !keep(e)) {
				continue
			}
			switch {
			case mine == 0:
				mine = other
			case r.holds(mine, other):
			case !owned && r.holds(other, mine):
				mine = other
			default:
				if !owned {
					mine, owned = r.fresh(mine), true
				}
				into, from := r.at(mine), r.at(other)
				for i := range into {
					into[i] |= from[i]
				}
			}
		}
	}
	r.row[component] = mine
}

// fresh makes a row with the bits of another.
func (r *Reach) fresh(like uint32) uint32 {
	n := uint32(len(r.bits) / max(r.words, 1))
	r.bits = append(r.bits, r.at(like)...)
	return n
}

func (r *Reach) at(row uint32) []uint64 {
	return r.bits[int(row)*r.words : (int(row)+1)*r.words]
}

// holds says whether row a has all bits of row b.
func (r *Reach) holds(a, b uint32) bool {
	x, y := r.at(a), r.at(b)
	for i := range x {
		if y[i]&^x[i] != 0 {
			return false
		}
	}
	return true
}

// Has says whether v reaches the sink with that index in the sinks asked for.
func (r *Reach) Has(v uint32, sink int) bool {
	return r.of(v)[sink/64]&(1<<(sink%64)) != 0
}

// Count is the number of sinks that v reaches.
func (r *Reach) Count(v uint32) int {
	n := 0
	for _, w := range r.of(v) {
		n += bits.OnesCount64(w)
	}
	return n
}

// Of yields the indices of the sinks that v reaches, ascending.
func (r *Reach) Of(v uint32) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i, w := range r.of(v) {
			for ; w != 0; w &= w - 1 {
				if !yield(i*64 + bits.TrailingZeros64(w)) {
					return
				}
			}
		}
	}
}

func (r *Reach) of(v uint32) []uint64 { return r.at(r.row[r.Components.Of[v]]) }
