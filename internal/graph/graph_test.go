package graph

import (
	"math/bits"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// small is a random graph of few vertices with its edges at hand; kind 1 edges
// are those that keepAll drops.
type small struct {
	n    int
	arcs []Arc
	g    *Graph
}

func drawArcs(t *rapid.T, n, most int, owner string) []Arc {
	vertex := rapid.Uint32Range(0, uint32(n-1))
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Arc {
		return Arc{vertex.Draw(t, "from"), Edge{vertex.Draw(t, "to"), rapid.Uint8Range(0, 1).Draw(t, "kind"), rapid.Uint32Range(0, 9).Draw(t, "evidence")}}
	}), 0, most).Draw(t, owner)
}

func drawSmall(t *rapid.T, n, most int) small {
	s := small{n: rapid.IntRange(1, n).Draw(t, "vertices")}
	s.arcs = drawArcs(t, s.n, most, "arcs")
	s.g = build(s.arcs, s.n)
	return s
}

func build(arcs []Arc, n int) *Graph {
	var b Builder
	for _, a := range arcs {
		b.Add(a.From, a.To, a.Kind, a.Evidence)
	}
	return b.Build(n)
}

func plain(e Edge) bool { return e.Kind == 0 }

// reach is the oracle: who reaches whom over plain edges, by repetition until nothing changes. gone is a set of vertices that are not there.
func (s small) reach(gone uint) [][]bool {
	m := make([][]bool, s.n)
	for i := range m {
		m[i] = make([]bool, s.n)
		m[i][i] = gone>>i&1 == 0
	}
	for changed := true; changed; {
		changed = false
		for _, a := range s.arcs {
			if a.Kind != 0 || gone>>a.From&1 == 1 || gone>>a.To&1 == 1 {
				continue
			}
			for i := range m {
				if m[i][a.From] && !m[i][a.To] {
					m[i][a.To], changed = true, true
				}
			}
		}
	}
	return m
}

func (s small) any(t *rapid.T, name string) []uint32 {
	return rapid.SliceOfNDistinct(rapid.Uint32Range(0, uint32(s.n-1)), 1, min(3, s.n), rapid.ID[uint32]).Draw(t, name)
}

func TestAdjacency(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSmall(t, 9, 30)
		if s.g.Vertices() != s.n || s.g.Edges() != len(s.arcs) {
			t.Fatalf("%d vertices, %d edges", s.g.Vertices(), s.g.Edges())
		}
		for v := range uint32(s.n) {
			var out, in []Arc
			for _, e := range s.g.Out(v) {
				out = append(out, Arc{v, e})
			}
			for from, e := range s.g.In(v) {
				in = append(in, Arc{from, e})
			}
			if want := only(s.arcs, func(a Arc) bool { return a.From == v }); !slices.Equal(out, want) {
				t.Fatalf("Out(%d) = %v, want %v", v, out, want)
			}
			if want := only(s.arcs, func(a Arc) bool { return a.To == v }); !slices.Equal(in, want) {
				t.Fatalf("In(%d) = %v, want %v", v, in, want)
			}
		}
	})
}

func only(arcs []Arc, want func(Arc) bool) []Arc {
	var out []Arc
	for _, a := range arcs {
		if want(a) {
			out = append(out, a)
		}
	}
	return out
}

// distances is the oracle of searches with costs: Floyd and Warshall.
func (s small) distances(cost Cost) [][]uint32 {
	m := make([][]uint32, s.n)
	for i := range m {
		m[i] = slices.Repeat([]uint32{Never}, s.n)
		m[i][i] = 0
	}
	for _, a := range s.arcs {
		m[a.From][a.To] = min(m[a.From][a.To], cost(a.Edge))
	}
	for k := range m {
		for i := range m {
			for j := range m {
				m[i][j] = min(m[i][j], add(m[i][k], m[k][j]))
			}
		}
	}
	return m
}

func unit(e Edge) uint32 {
	if e.Kind != 0 {
		return Never
	}
	return 1
}

func priced(e Edge) uint32 {
	if e.Evidence == 9 {
		return Never
	}
	return e.Evidence
}

func TestDistances(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSmall(t, 9, 30)
		ends := s.any(t, "ends")
		steps, costs := s.distances(unit), s.distances(priced)
		back, ahead, cheap := s.g.Backward(ends, plain), s.g.Forward(ends, plain), s.g.Cheapest(ends, priced)
		for v := range uint32(s.n) {
			wantBack, wantAhead, wantCheap := uint32(Never), uint32(Never), uint32(Never)
			for _, end := range ends {
				wantBack = min(wantBack, steps[v][end])
				wantAhead = min(wantAhead, steps[end][v])
				wantCheap = min(wantCheap, costs[v][end])
			}
			if back.Dist[v] != wantBack || ahead.Dist[v] != wantAhead || cheap.Dist[v] != wantCheap {
				t.Fatalf("vertex %d: %d %d %d, want %d %d %d", v, back.Dist[v], ahead.Dist[v], cheap.Dist[v], wantBack, wantAhead, wantCheap)
			}
			s.checkPath(t, back.Path(v), v, None, ends, wantBack, unit)
			s.checkPath(t, ahead.Path(v), None, v, ends, wantAhead, unit)
			s.checkPath(t, cheap.Path(v), v, None, ends, wantCheap, priced)
		}
	})
}

// checkPath wants a path of real edges between from and to that costs what it should; None stands for one of the ends.
func (s small) checkPath(t *rapid.T, path []Arc, from, to uint32, ends []uint32, want uint32, cost Cost) {
	if len(path) == 0 {
		if v := min(from, to); want != Never && !slices.Contains(ends, v) {
			t.Fatalf("no path for vertex %d at distance %d", v, want)
		}
		return
	}
	at := func(v, fixed uint32) bool { return v == fixed || fixed == None && slices.Contains(ends, v) }
	if !at(path[0].From, from) || !at(path[len(path)-1].To, to) {
		t.Fatalf("path %v from %d to %d", path, from, to)
	}
	var sum uint32
	for i, a := range path {
		if !slices.Contains(s.arcs, a) || i > 0 && path[i-1].To != a.From {
			t.Fatalf("step %v of %v", a, path)
		}
		sum = add(sum, cost(a.Edge))
	}
	if sum != want {
		t.Fatalf("path %v costs %d, want %d", path, sum, want)
	}
}

func TestComponentsAndSources(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSmall(t, 10, 30)
		sinks := s.any(t, "sinks")
		if rapid.Bool().Draw(t, "many") { // more than one word of bits
			sinks = slices.Repeat(sinks, 70)
		}
		m := s.reach(0)
		r := s.g.Sources(sinks, plain)
		c := r.Components
		for v := range uint32(s.n) {
			for w := range uint32(s.n) {
				if same := m[v][w] && m[w][v]; same != (c.Of[v] == c.Of[w]) {
					t.Fatalf("vertices %d and %d in one component: want %v", v, w, same)
				}
			}
			if !slices.Contains(c.Members(c.Of[v]), v) {
				t.Fatalf("component %d does not list %d", c.Of[v], v)
			}
			count := 0
			var list []int
			for i, sink := range sinks {
				if m[v][sink] != r.Has(v, i) {
					t.Fatalf("%d reaches %d: got %v", v, sink, r.Has(v, i))
				}
				if m[v][sink] {
					count++
					list = append(list, i)
				}
			}
			if r.Count(v) != count || !slices.Equal(slices.Collect(r.Of(v)), list) {
				t.Fatalf("vertex %d: count %d of %v, want %v", v, r.Count(v), slices.Collect(r.Of(v)), list)
			}
		}
		for _, a := range s.arcs {
			if a.Kind == 0 && c.Of[a.From] < c.Of[a.To] {
				t.Fatalf("edge %v leads to a higher component", a)
			}
		}
	})
}

func TestDominators(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSmall(t, 9, 26)
		sinks := s.any(t, "sinks")
		tree := s.g.DominatorsOf(sinks, plain)
		reaches := func(v uint32, gone uint) bool {
			m := s.reach(gone)
			return slices.ContainsFunc(sinks, func(k uint32) bool { return m[v][k] })
		}
		losses := make([]uint32, s.n)
		for v := range uint32(s.n) {
			if tree.Reached(v) != reaches(v, 0) {
				t.Fatalf("Reached(%d) = %v", v, tree.Reached(v))
			}
			var want []uint32
			for w := range uint32(s.n) {
				if w != v && reaches(v, 0) && !reaches(v, 1<<w) {
					want = append(want, w)
					losses[w]++
				}
			}
			got := tree.Chain(v)
			if (len(got) > 0) != (tree.Parent(v) != None) || len(got) > 0 && got[0] != tree.Parent(v) {
				t.Fatalf("parent of %d is %d, chain %v", v, tree.Parent(v), got)
			}
			if slices.Sort(got); !slices.Equal(got, want) {
				t.Fatalf("ways from %d share %v, want %v", v, got, want)
			}
		}
		if got := tree.Losses(nil); !slices.Equal(got, losses) {
			t.Fatalf("losses %v, want %v", got, losses)
		}
	})
}

func TestMinCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSmall(t, 9, 26)
		from, to := s.any(t, "from"), s.any(t, "to")
		prices := rapid.SliceOfN(rapid.SampledFrom([]uint32{0, 1, 2, 3, Never}), s.n, s.n).Draw(t, "prices")
		cut, ok := s.g.MinCut(from, to, plain, func(v uint32) uint32 { return prices[v] })
		best, found := s.cheapestCut(from, to, prices)
		if ok != found {
			t.Fatalf("cut %v possible: %v, want %v", cut, ok, found)
		}
		if !ok {
			return
		}
		var gone uint
		var sum uint32
		for _, v := range cut {
			gone |= 1 << v
			sum = add(sum, prices[v])
		}
		if sum != best || !s.apart(from, to, gone) || !s.allowed(from, to, gone) {
			t.Fatalf("cut %v costs %d, want %d", cut, sum, best)
		}
	})
}

// cheapestCut tries every set of vertices.
func (s small) cheapestCut(from, to, prices []uint32) (best uint32, ok bool) {
	best = Never
	for gone := range uint(1) << s.n {
		var sum uint32
		for rest := gone; rest != 0; rest &= rest - 1 {
			sum = add(sum, prices[bits.TrailingZeros(rest)])
		}
		if sum < best && s.allowed(from, to, gone) && s.apart(from, to, gone) {
			best = sum
		}
	}
	return best, best != Never
}

func (s small) allowed(from, to []uint32, gone uint) bool {
	return !slices.ContainsFunc(slices.Concat(from, to), func(v uint32) bool { return gone>>v&1 == 1 })
}

func (s small) apart(from, to []uint32, gone uint) bool {
	m := s.reach(gone)
	for _, v := range from {
		if slices.ContainsFunc(to, func(w uint32) bool { return m[v][w] }) {
			return false
		}
	}
	return true
}
