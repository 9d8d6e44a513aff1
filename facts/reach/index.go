package reach

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// index answers which classes a peer is about without comparing each of them.
type index struct {
	m         *Model
	by        map[string]*postings // by label key
	names     []*namespace         // that hold classes
	ends      []Endpoint           // of the classes
	subjects  map[*podPeer]set3
	rules     map[*rule]set3
	blocks    map[*blockPeer]set3
	spaces    map[string][]inNamespace // by text of a selector of namespaces
	namedPort map[string][]int32       // "name/protocol/number" → classes
}

// postings are the classes, in order, that have a label.
type postings struct {
	values map[string][]int32
	any    []int32
	unsure []int32
}

// set3 is what is surely and what is perhaps in a set.
type set3 struct{ sure, unsure span }

type inNamespace struct {
	*namespace
	truth truth
}

func newIndex(m *Model, relevant map[string]bool) *index {
	x := &index{m: m, by: make(map[string]*postings, len(relevant)), ends: make([]Endpoint, len(m.classes)),
		subjects: map[*podPeer]set3{}, rules: map[*rule]set3{}, blocks: map[*blockPeer]set3{}, spaces: map[string][]inNamespace{}, namedPort: map[string][]int32{}}
	for k := range relevant {
		x.by[k] = &postings{values: map[string][]int32{}}
	}
	for i, c := range m.classes {
		x.ends[i] = m.Pods(c)
		x.addPorts(c)
		if c.HostNetwork {
			continue
		}
		for k, p := range x.by {
			switch v, state := c.label(k); state {
			case yes:
				p.values[v] = append(p.values[v], int32(i))
				p.any = append(p.any, int32(i))
			case maybe:
				p.unsure = append(p.unsure, int32(i))
			}
		}
	}
	for _, name := range m.Namespaces() {
		x.names = append(x.names, m.namespaces[name])
	}
	return x
}

func (x *index) addPorts(c *Class) {
	for i := range c.Ports {
		p := &c.Ports[i]
		if p.Name != "" && c.number(p.Name, p.Protocol) == p.Number {
			key := portKey(p.Name, p.Protocol, p.Number)
			x.namedPort[key] = append(x.namedPort[key], int32(c.Index))
		}
	}
}

func portKey(name string, protocol corev1.Protocol, number int32) string {
	return name + "/" + string(protocol) + "/" + strconv.Itoa(int(number))
}

// of returns the pods that a description is about.
func (x *index) of(p *podPeer) (sure, unsure span) {
	s, ok := x.subjects[p]
	if !ok {
		s = x.podSet(p)
		x.subjects[p] = s
	}
	return s.sure, s.unsure
}

// peersOf returns the classes that a rule is about, whatever the port.
func (x *index) peersOf(r *rule) set3 {
	if s, ok := x.rules[r]; ok {
		return s
	}
	var s set3
	if len(r.peers) == 1 {
		s = x.compute(r.peers[0])
	} else {
		b := newSetBuilder(0, len(x.ends))
		for _, p := range r.peers {
			one := x.compute(p)
			b.merge(one)
		}
		for w := range b.unsure {
			b.unsure[w] &^= b.sure[w]
		}
		s = b.done()
	}
	x.rules[r] = s
	return s
}

func (x *index) compute(p peer) set3 {
	switch p := p.(type) {
	case *podPeer:
		sure, unsure := x.of(p)
		return set3{sure, unsure}
	case *blockPeer:
		s, ok := x.blocks[p]
		if !ok {
			s = x.blockSet(p)
			x.blocks[p] = s
		}
		return s
	}
	return x.slowSet(p)
}

// slowSet compares every class.
func (x *index) slowSet(p peer) set3 {
	b := newSetBuilder(0, len(x.ends))
	for i := range x.ends {
		b.add(i, p.match(x.m, &x.ends[i]))
	}
	return b.done()
}

// blockSet compares those classes one by one whose addresses are known; the others are alike.
func (x *index) blockSet(p *blockPeer) set3 {
	b := newSetBuilder(0, len(x.ends))
	unknown, asked := no, false
	for i := range x.ends {
		e := &x.ends[i]
		if e.Kind == Pods && len(e.Range) == 0 {
			if !asked {
				unknown, asked = p.match(x.m, e), true
			}
			b.add(i, unknown)
			continue
		}
		b.add(i, p.match(x.m, e))
	}
	return b.done()
}

func (x *index) podSet(p *podPeer) set3 {
	switch {
	case p.ns != nil:
		return x.acrossNamespaces(p)
	case p.everyNS:
		return x.podsIn(p.pod, 0, len(x.ends))
	}
	if n := x.m.namespaces[p.home]; n != nil {
		return x.podsIn(p.pod, n.first, n.last)
	}
	return set3{}
}

func (x *index) acrossNamespaces(p *podPeer) set3 {
	in := x.matching(p.ns)
	if len(in) == len(x.names) && !slices.ContainsFunc(in, func(n inNamespace) bool { return n.truth != yes }) {
		return x.podsIn(p.pod, 0, len(x.ends))
	}
	b := newSetBuilder(0, len(x.ends))
	for _, n := range in {
		s := x.podsIn(p.pod, n.first, n.last)
		for i := range s.sure.members() {
			b.add(i, n.truth)
		}
		for i := range s.unsure.members() {
			b.add(i, maybe)
		}
	}
	return b.done()
}

// matching returns the namespaces that a selector is or may be about.
func (x *index) matching(m matcher) []inNamespace {
	text := m.String()
	if _, calico := m.(*expression); calico {
		text = "\x00" + text
	}
	if in, ok := x.spaces[text]; ok {
		return in
	}
	var in []inNamespace
	for _, n := range x.candidates(m) {
		if t := m.match(n); t != no {
			in = append(in, inNamespace{n, t})
		}
	}
	x.spaces[text] = in
	return in
}

// candidates spares most namespaces a comparison where a selector names them.
func (x *index) candidates(m matcher) []*namespace {
	s, ok := m.(*selector)
	if !ok {
		return x.names
	}
	for i := range s.reqs {
		if r := &s.reqs[i]; r.key == NameLabel && !r.exists && !r.negate {
			var out []*namespace
			for _, v := range append(slices.Clone(r.values), "") {
				if n := x.m.namespaces[v]; n != nil && n.last > 0 && !slices.Contains(out, n) {
					out = append(out, n)
				}
			}
			slices.SortFunc(out, func(a, b *namespace) int { return a.first - b.first })
			return out
		}
	}
	return x.names
}

// podsIn returns the classes from first to before last that a matcher of labels is about.
func (x *index) podsIn(m matcher, first, last int) set3 {
	b := newSetBuilder(first, last)
	s, ok := m.(*selector)
	if !ok {
		for i := first; i < last; i++ {
			if c := x.m.classes[i]; !c.HostNetwork {
				b.add(i, m.match(c))
			}
		}
		return b.done()
	}
	for i := first; i < last; i++ {
		if !x.m.classes[i].HostNetwork {
			b.add(i, yes)
		}
	}
	possible := slices.Clone(b.sure)
	for i := range s.reqs {
		t, u := x.required(&s.reqs[i], b.at, len(b.sure), first, last)
		for w := range b.sure {
			b.sure[w] &= t[w]
			possible[w] &= t[w] | u[w]
		}
	}
	for w := range possible {
		b.unsure[w] = possible[w] &^ b.sure[w]
	}
	return b.done()
}

// required returns the classes that surely, and those that perhaps, meet one requirement.
func (x *index) required(r *requirement, at, words, first, last int) (sure, unsure Bits) {
	sure, unsure = make(Bits, words), make(Bits, words)
	put := func(into Bits, list []int32) {
		from, _ := slices.BinarySearch(list, int32(first))
		for _, i := range list[from:] {
			if int(i) >= last {
				break
			}
			into.set(int(i) - at*64)
		}
	}
	p := x.by[r.key]
	if p == nil {
		p = &postings{}
	}
	put(unsure, p.unsure)
	if r.exists {
		put(sure, p.any)
	} else {
		for _, v := range r.values {
			put(sure, p.values[v])
		}
	}
	if r.negate {
		for w := range sure {
			sure[w] = ^(sure[w] | unsure[w])
		}
	}
	return sure, unsure
}

// setBuilder makes a set3 of classes from first to before last.
type setBuilder struct {
	at           int
	sure, unsure Bits
}

func newSetBuilder(first, last int) *setBuilder {
	at := first / 64
	words := max((last+63)/64-at, 0)
	return &setBuilder{at, make(Bits, words), make(Bits, words)}
}

func (b *setBuilder) add(i int, t truth) {
	switch t {
	case yes:
		b.sure.set(i - b.at*64)
	case maybe:
		b.unsure.set(i - b.at*64)
	}
}

// merge adds a set to a builder of all classes.
func (b *setBuilder) merge(s set3) {
	b.sure[s.sure.at:].or(s.sure.words)
	b.unsure[s.unsure.at:].or(s.unsure.words)
}

func (b *setBuilder) done() set3 {
	return set3{span{b.at, b.sure}.trimmed(), span{b.at, b.unsure}.trimmed()}
}
