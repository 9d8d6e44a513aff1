package graph

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestPaths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSmall(t, 7, 20)
		from, to := rapid.Uint32Range(0, uint32(s.n-1)).Draw(t, "from"), s.any(t, "to")
		k := rapid.IntRange(1, 12).Draw(t, "k")
		want := s.ways(from, to)
		got := s.g.Paths(from, to, k, priced)
		if len(got) != min(k, len(want)) {
			t.Fatalf("%d paths, want %d of %v", len(got), k, want)
		}
		for i, p := range got {
			if p.Cost != want[i] {
				t.Fatalf("path %d costs %d, want %d", i, p.Cost, want[i])
			}
			s.checkPath(t, p.Steps, from, None, to, p.Cost, priced)
			for _, q := range got[:i] {
				if p.same(q) {
					t.Fatalf("path %v twice", p)
				}
			}
			seen := map[uint32]bool{from: true}
			for _, a := range p.Steps {
				if seen[a.To] {
					t.Fatalf("path %v passes %d twice", p, a.To)
				}
				seen[a.To] = true
			}
		}
	})
}

// ways lists the costs of all simple ways from from to its first sink, by trying them all.
func (s small) ways(from uint32, to []uint32) []uint32 {
	direct := func(v, w uint32) uint32 {
		best := uint32(Never)
		for _, a := range s.arcs {
			if a.From == v && a.To == w {
				best = min(best, priced(a.Edge))
			}
		}
		return best
	}
	var out []uint32
	passed := make([]bool, s.n)
	var walk func(v, sum uint32)
	walk = func(v, sum uint32) {
		if slices.Contains(to, v) {
			out = append(out, sum)
			return
		}
		passed[v] = true
		for w := range uint32(s.n) {
			if price := direct(v, w); !passed[w] && price != Never {
				walk(w, sum+price)
			}
		}
		passed[v] = false
	}
	walk(from, 0)
	slices.Sort(out)
	return out
}

func drawRules(t *rapid.T, n int) []Rule {
	vertex := rapid.Uint32Range(0, uint32(n-1))
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Rule {
		return Rule{Head: vertex.Draw(t, "head"), Body: rapid.SliceOfN(vertex, 0, 3).Draw(t, "body"), Kind: 7}
	}), 0, 6).Draw(t, "rules")
}

func TestClosure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSmall(t, 9, 12)
		starts, rules := s.any(t, "starts"), drawRules(t, s.n)
		want := s.follows(starts, rules)
		c := s.g.Closure(starts, plain, rules)
		for v := range uint32(s.n) {
			if c.Has(v) != want[v] || slices.Contains(c.Gained(), v) != want[v] {
				t.Fatalf("Has(%d) = %v", v, c.Has(v))
			}
			steps, used := c.Witness(v)
			if !want[v] {
				if steps != nil || used != nil {
					t.Fatalf("witness of %d, which does not follow", v)
				}
				continue
			}
			s.checkWitness(t, v, steps, used, starts, rules)
		}
	})
}

// follows is the oracle: apply everything until nothing changes.
func (s small) follows(starts []uint32, rules []Rule) []bool {
	has := make([]bool, s.n)
	for _, v := range starts {
		has[v] = true
	}
	for changed := true; changed; {
		changed = false
		for _, a := range s.arcs {
			if a.Kind == 0 && has[a.From] && !has[a.To] {
				has[a.To], changed = true, true
			}
		}
		for _, r := range rules {
			if !has[r.Head] && !slices.ContainsFunc(r.Body, func(v uint32) bool { return !has[v] }) {
				has[r.Head], changed = true, true
			}
		}
	}
	return has
}

// checkWitness wants every step to be an edge or a rule, its needs met by then, and v gained at the end.
func (s small) checkWitness(t *rapid.T, v uint32, steps []Step, used, starts []uint32, rules []Rule) {
	has := map[uint32]bool{}
	for _, u := range used {
		if !slices.Contains(starts, u) {
			t.Fatalf("witness of %d uses %d, which is no start", v, u)
		}
		has[u] = true
	}
	for _, step := range steps {
		edge := len(step.Needs) == 1 && slices.Contains(s.arcs, Arc{step.Needs[0], Edge{step.Gives, step.Kind, step.Evidence}})
		rule := slices.ContainsFunc(rules, func(r Rule) bool { return r.Head == step.Gives && slices.Equal(r.Body, step.Needs) })
		if !edge && !rule || slices.ContainsFunc(step.Needs, func(n uint32) bool { return !has[n] }) {
			t.Fatalf("step %v of the witness %v of %d", step, steps, v)
		}
		has[step.Gives] = true
	}
	if !has[v] {
		t.Fatalf("witness %v does not give %d", steps, v)
	}
}

// TestReplace plays random changes against a graph built anew each time.
func TestReplace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		groups := map[uint32][]Arc{}
		var b Builder
		n := rapid.IntRange(1, 7).Draw(t, "vertices")
		for owner := range rapid.Uint32Range(0, 4).Draw(t, "owners") {
			b.Own(owner)
			groups[owner] = drawArcs(t, n, 6, "group")
			for _, a := range groups[owner] {
				b.Add(a.From, a.To, a.Kind, a.Evidence)
			}
		}
		l := b.BuildLive(n)
		for range rapid.IntRange(0, 12).Draw(t, "changes") {
			owner := rapid.Uint32Range(0, 5).Draw(t, "owner")
			groups[owner] = drawArcs(t, n+2, 6, "arcs")
			l.Replace(owner, groups[owner])
			checkSame(t, l, groups)
		}
	})
}

func checkSame(t *rapid.T, l *Live, groups map[uint32][]Arc) {
	var all, out, in []Arc
	for owner, arcs := range groups {
		all = append(all, arcs...)
		if !slices.Equal(l.Owned(owner), arcs) {
			t.Fatalf("owner %d has %v, want %v", owner, l.Owned(owner), arcs)
		}
	}
	for v := range uint32(l.Vertices()) {
		for _, e := range l.Out(v) {
			out = append(out, Arc{v, e})
		}
		for from, e := range l.In(v) {
			in = append(in, Arc{from, e})
		}
	}
	for _, arcs := range [][]Arc{all, out, in} {
		slices.SortFunc(arcs, func(a, b Arc) int {
			return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Evidence, b.Evidence))
		})
	}
	if !slices.Equal(all, out) || !slices.Equal(all, in) || l.Edges() != len(all) {
		t.Fatalf("edges %v out, %v in, want %v", out, in, all)
	}
}

// TestCompact changes one owner often enough for the rows to be laid out anew many times.
func TestCompact(t *testing.T) {
	var b Builder
	for i := range uint32(900) {
		b.Own(i)
		b.Add(i, (i+1)%900, 0, i)
	}
	l := b.BuildLive(900)
	for i := range uint32(100_000) {
		owner := i % 900
		l.Replace(owner, []Arc{{owner, Edge{(owner + 1) % 900, 0, i}}, {owner, Edge{0, 1, i}}})
	}
	if l.Edges() != 1800 || len(l.out.edges) > 4*1800 || len(l.in.edges) > 4*1800 {
		t.Errorf("%d edges in %d and %d places", l.Edges(), len(l.out.edges), len(l.in.edges))
	}
	if d := l.Backward([]uint32{0}, func(e Edge) bool { return e.Kind == 0 }); d.Dist[1] != 899 {
		t.Errorf("distance %d, want 899", d.Dist[1])
	}
}
