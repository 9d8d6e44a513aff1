package dockerfile

import (
	"slices"
	"sync"
)

// index finds parts of a file without a walk over all of it.
type index struct {
	all    []*Instruction // with triggers
	byWord map[string][]*Instruction
	calls  []Called
	byName map[string]chain // of calls

	derive  sync.Once
	derived any
}

// Called is a command of a RUN.
type Called struct {
	In      *Instruction
	Command *Command
	next    int // index of the next one of its name; 0 for none
}

// chain is the first and the last of the commands of a name.
type chain struct{ first, last int }

func (f *File) makeIndex() {
	x := &f.index
	x.byWord = make(map[string][]*Instruction, 12)
	count := 0
	for in := range f.walk {
		x.all = append(x.all, in)
		x.byWord[in.Keyword] = append(x.byWord[in.Keyword], in)
		if in.Keyword == "RUN" && in.Script != nil {
			count += len(in.Script.Commands)
		}
	}
	x.calls = make([]Called, 0, count)
	x.byName = make(map[string]chain, count/2)
	for _, in := range x.byWord["RUN"] {
		if in.Script == nil {
			continue
		}
		for _, c := range in.Script.Commands {
			n := len(x.calls)
			x.calls = append(x.calls, Called{In: in, Command: c})
			same, ok := x.byName[c.Name]
			if ok {
				x.calls[same.last].next = n
			} else {
				same.first = n
			}
			same.last = n
			x.byName[c.Name] = same
		}
	}
}

// Keyword returns the instructions of a keyword in order, those that ONBUILD
// wraps included.
func (f *File) Keyword(keyword string) []*Instruction { return f.index.byWord[keyword] }

// Calls returns the commands of all RUN in order, ONBUILD included; with names,
// those of these names.
func (f *File) Calls(names ...string) []Called {
	if len(names) == 0 {
		return f.index.calls
	}
	var at []int
	for _, name := range names {
		if same, ok := f.index.byName[name]; ok {
			at = append(at, same.first)
			for i := f.index.calls[same.first].next; i > 0; i = f.index.calls[i].next {
				at = append(at, i)
			}
		}
	}
	slices.Sort(at)
	out := make([]Called, len(at))
	for i, n := range at {
		out[i] = f.index.calls[n]
	}
	return out
}

// Derived returns what make has returned at the first call: knowledge that a
// package above keeps with the file. There is one such package, dockerrules.
func (f *File) Derived(make func() any) any {
	f.index.derive.Do(func() { f.index.derived = make() })
	return f.index.derived
}
