package reach

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Change is a connection whose verdict differs between two models.
type Change struct {
	From, To string
	Atom
	Before, After Verdict // Denied for an end that is not there
	New           bool    // one of the ends is in one model only
}

// Opened says whether more is possible after the change than before.
func (c *Change) Opened() bool { return rank(c.After) > rank(c.Before) }

// Compare lists the connections between classes, and between them and the
// internet, the metadata service and the API server, that two models judge
// differently, at most limit of them, and how many there are beyond. Classes are
// the same when their names are.
func Compare(before, after *Model, limit int) (changes []Change, more int) {
	x := &comparer{limit: limit, models: [2]*Model{before, after}}
	x.names()
	atoms := commonAtoms(before, after)
	for _, a := range atoms {
		x.pairs(a)
		x.outside(a)
	}
	slices.SortStableFunc(x.out, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Before, b.Before), cmp.Compare(a.After, b.After),
			cmp.Compare(string(a.Protocol), string(b.Protocol)), cmp.Compare(a.First, b.First))
	})
	return joinChanges(x.out), x.more
}

// joinChanges joins ranges of ports that touch.
func joinChanges(in []Change) []Change {
	var out []Change
	for _, c := range in {
		if n := len(out); n > 0 {
			last := &out[n-1]
			if last.From == c.From && last.To == c.To && last.Protocol == c.Protocol && last.Before == c.Before && last.After == c.After && last.Last+1 == c.First {
				last.Last = c.Last
				continue
			}
		}
		out = append(out, c)
	}
	return out
}

// commonAtoms cuts the ports where either model does.
func commonAtoms(a, b *Model) []Atom {
	starts := map[corev1.Protocol][]int32{}
	for _, m := range [...]*Model{a, b} {
		for _, atom := range m.Atoms() {
			starts[atom.Protocol] = append(starts[atom.Protocol], atom.First)
		}
	}
	var out []Atom
	for _, p := range KnownProtocols() {
		list := starts[p]
		slices.Sort(list)
		list = slices.Compact(list)
		for i, s := range list {
			last := int32(maxPort)
			if i+1 < len(list) {
				last = list[i+1] - 1
			}
			out = append(out, Atom{p, s, last})
		}
	}
	return out
}

type comparer struct {
	models [2]*Model
	all    []string // names of the classes of either
	at     [2][]int // name → index of the class, -1 when it is not there
	to     [2][]int // index of the class → name
	sweeps [2]*sweep
	limit  int
	more   int
	out    []Change
}

func (x *comparer) names() {
	number := map[string]int{}
	for k, m := range x.models {
		x.to[k] = make([]int, len(m.classes))
		for i, c := range m.classes {
			n, ok := number[c.Name]
			if !ok {
				n = len(x.all)
				number[c.Name] = n
				x.all = append(x.all, c.Name)
			}
			x.to[k][i] = n
		}
		x.sweeps[k] = newSweep(m)
	}
	for k := range x.models {
		x.at[k] = make([]int, len(x.all))
		for i := range x.at[k] {
			x.at[k][i] = -1
		}
		for i, n := range x.to[k] {
			x.at[k][n] = i
		}
	}
}

// row returns the sources of a destination by their names.
func (x *comparer) row(k, name int, rows []Bits) Bits {
	out := newBits(len(x.all))
	if i := x.at[k][name]; i >= 0 {
		for from := range rows[i].All() {
			out.set(x.to[k][from])
		}
	}
	return out
}

func (x *comparer) pairs(a Atom) {
	var p [2]*Pairs
	for k, s := range x.sweeps {
		p[k] = s.pairs(a.Protocol, a.First)
	}
	for name := range x.all {
		var certain, possible [2]Bits
		for k := range p {
			certain[k], possible[k] = x.row(k, name, p[k].Certain), x.row(k, name, p[k].Possible)
		}
		for w := range certain[0] {
			if certain[0][w] == certain[1][w] && possible[0][w] == possible[1][w] {
				continue
			}
			for from := w * 64; from < min((w+1)*64, len(x.all)); from++ {
				x.add(Change{From: x.all[from], To: x.all[name], Atom: a, New: x.absent(from) || x.absent(name),
					Before: verdictOf(certain[0], possible[0], from), After: verdictOf(certain[1], possible[1], from)})
			}
		}
	}
}

func (x *comparer) absent(name int) bool { return x.at[0][name] < 0 || x.at[1][name] < 0 }

func verdictOf(certain, possible Bits, i int) Verdict {
	switch {
	case certain.Has(i):
		return Allowed
	case possible.Has(i):
		return Unknown
	}
	return Denied
}

func (x *comparer) outside(a Atom) {
	for name := range x.all {
		for _, other := range [...]func(*Model) Endpoint{(*Model).TheInternet, (*Model).MetadataService, (*Model).Server} {
			for _, in := range [...]bool{false, true} {
				c := Change{Atom: a, New: x.absent(name), Before: Denied, After: Denied}
				var v [2]Verdict
				for k, m := range x.models {
					v[k] = Denied
					i := x.at[k][name]
					e := other(m)
					if in && e.Kind != Internet {
						continue
					}
					from, to := Endpoint{Name: x.all[name]}, e
					if i >= 0 {
						from = m.Pods(m.classes[i])
					}
					if in {
						from, to = to, from
					}
					c.From, c.To = from.Name, to.Name
					if i >= 0 {
						v[k] = m.Verdict(from, to, a.Protocol, a.First)
					}
				}
				c.Before, c.After = v[0], v[1]
				x.add(c)
			}
		}
	}
}

func (x *comparer) add(c Change) {
	switch {
	case c.Before == c.After || c.From == "":
	case len(x.out) >= x.limit:
		x.more++
	default:
		x.out = append(x.out, c)
	}
}
