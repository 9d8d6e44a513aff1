package graph

import "slices"

// Rule is a step that needs several things at once: who has every vertex of
// Body has Head too.
type Rule struct {
	Head     uint32
	Body     []uint32
	Kind     uint8
	Evidence uint32
}

// Closure is all that follows from what one starts with.
type Closure struct {
	how   []origin // how each vertex was gained first
	rules []Rule
	order []uint32 // vertices in the order in which they were gained
}

// origin is by what a vertex was gained: an edge from a vertex, or a rule.
type origin struct {
	from uint32 // tail of the edge; None for starts and rules
	edge Edge
	rule int32 // index of the rule; -1 for starts and edges
	had  bool
}

// Step is one step of a derivation: an edge from its one condition, or a rule with all of its own.
type Step struct {
	Needs    []uint32
	Gives    uint32
	Kind     uint8
	Evidence uint32
}

// Closure finds everything that follows from the starts over the edges and the
// rules. It is forward chaining in the way of Dowling and Gallier: each edge and
// each condition is looked at once. Vertices are gained in the order of their
// distance, so derivations are short. A rule without a body holds from the
// outset. Rules name vertices of the graph.
func (g *Graph) Closure(starts []uint32, keep Keep, rules []Rule) *Closure {
	c := &Closure{how: make([]origin, g.Vertices()), rules: rules}
	missing, waits := c.await(rules)
	for _, v := range starts {
		c.gain(v, origin{from: None, rule: -1})
	}
	for i := range rules {
		if missing[i] == 0 {
			c.gain(rules[i].Head, origin{from: None, rule: int32(i)})
		}
	}
	for i := 0; i < len(c.order); i++ {
		v := c.order[i]
		for _, e := range g.out.row(v) {
			if !c.how[e.To].had && (keep == nil || keep(e)) {
				c.gain(e.To, origin{from: v, edge: e, rule: -1})
			}
		}
		for _, r := range waits[v] {
			if missing[r]--; missing[r] == 0 {
				c.gain(rules[r].Head, origin{from: None, rule: r})
			}
		}
	}
	return c
}

// await counts the different conditions of each rule and lists for each vertex the rules that wait for it.
func (c *Closure) await(rules []Rule) (missing []int32, waits map[uint32][]int32) {
	missing, waits = make([]int32, len(rules)), map[uint32][]int32{}
	for i, r := range rules {
		for j, v := range r.Body {
			if !slices.Contains(r.Body[:j], v) {
				missing[i]++
				waits[v] = append(waits[v], int32(i))
			}
		}
	}
	return missing, waits
}

func (c *Closure) gain(v uint32, by origin) {
	if !c.how[v].had {
		by.had = true
		c.how[v] = by
		c.order = append(c.order, v)
	}
}

// Has says whether v follows from the starts.
func (c *Closure) Has(v uint32) bool { return c.how[v].had }

// Gained returns all that follows, starts first. The slice belongs to c.
func (c *Closure) Gained() []uint32 { return c.order }

// Witness returns a derivation of v, each step after those that it needs, and
// the starts it uses, ascending. Both are empty when v does not follow.
func (c *Closure) Witness(v uint32) (steps []Step, starts []uint32) {
	if !c.Has(v) {
		return nil, nil
	}
	seen := map[uint32]bool{v: true}
	open := []uint32{v}
	var used []uint32
	for len(open) > 0 {
		w := open[len(open)-1]
		open = open[:len(open)-1]
		used = append(used, w)
		for _, need := range c.step(w).Needs {
			if !seen[need] {
				seen[need] = true
				open = append(open, need)
			}
		}
	}
	rank := make(map[uint32]int, len(used))
	for i, w := range c.order {
		if seen[w] {
			rank[w] = i
		}
		if w == v {
			break
		}
	}
	slices.SortFunc(used, func(a, b uint32) int { return rank[a] - rank[b] })
	for _, w := range used {
		if o := c.how[w]; o.from == None && o.rule < 0 {
			starts = append(starts, w)
			continue
		}
		steps = append(steps, c.step(w))
	}
	slices.Sort(starts)
	return steps, starts
}

// step is the step by which v was gained; without needs for a start.
func (c *Closure) step(v uint32) Step {
	o := c.how[v]
	switch {
	case o.from != None:
		return Step{[]uint32{o.from}, v, o.edge.Kind, o.edge.Evidence}
	case o.rule >= 0:
		r := c.rules[o.rule]
		return Step{r.Body, v, r.Kind, r.Evidence}
	}
	return Step{Gives: v}
}
