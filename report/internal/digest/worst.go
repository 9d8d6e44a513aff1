package digest

import (
	"cmp"
	"slices"

	"bulwark/control"
)

// Worst keeps the worst N of any number of items, the earlier of two equally
// bad ones. The zero value keeps everything.
type Worst[T any] struct {
	Limit   int // 0 means no limit
	Dropped int // items that were not kept

	buckets [control.Critical + 1][]numbered[T]
	seq, n  int
}

type numbered[T any] struct {
	seq  int
	item T
}

// Add keeps the item unless there are enough that are as bad.
func (w *Worst[T]) Add(sev control.Severity, item T) {
	sev = min(sev, control.Critical)
	w.seq++
	if w.Limit > 0 && w.n >= w.Limit {
		low := w.lowest()
		w.Dropped++
		if low >= sev {
			return
		}
		b := w.buckets[low]
		b[len(b)-1] = numbered[T]{}
		w.buckets[low] = b[:len(b)-1]
		w.n--
	}
	w.buckets[sev] = append(w.buckets[sev], numbered[T]{w.seq, item})
	w.n++
}

// Len returns how many items are kept.
func (w *Worst[T]) Len() int { return w.n }

func (w *Worst[T]) lowest() control.Severity {
	for sev := range w.buckets {
		if len(w.buckets[sev]) > 0 {
			return control.Severity(sev)
		}
	}
	return control.Critical
}

// Items returns what was kept, in the order it was added.
func (w *Worst[T]) Items() []T {
	all := slices.Concat(w.buckets[:]...)
	slices.SortFunc(all, func(a, b numbered[T]) int { return cmp.Compare(a.seq, b.seq) })
	out := make([]T, len(all))
	for i := range all {
		out[i] = all[i].item
	}
	return out
}
